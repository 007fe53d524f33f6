"""BPF object files: their programs, and the maps that BTF or an old maps section defines.

pyelftools lives here.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, Symbol, SymbolTableSection

from kscan.bpf.instruction import CALL, LD_IMM64, SIZE, Insn, decode
from kscan.bpf.programs import Program
from kscan.catalog.hooks import EBPF
from kscan.errors import KscanError
from kscan.rows import spelled

_BPF_MACHINE = "EM_BPF"
_CODE = 0x4  # SHF_EXECINSTR
_BTF_MAGIC = 0xEB9F
_PTR, _ARRAY, _STRUCT, _UNION, _ENUM, _FUNC_PROTO, _VAR, _DATASEC, _ENUM64 = 2, 3, 4, 5, 6, 13, 14, 15, 19
_SKIPPED = (8, 9, 10, 11, 18)  # typedef, volatile, const, restrict, type tag
# struct bpf_map_def: type, key, value, entries and, later, flags.
_OLD_MAP = 20
# Bytes of each member that follows a type.
_WIDTHS = {_STRUCT: 12, _UNION: 12, _ENUM: 8, _FUNC_PROTO: 8, _DATASEC: 12, _ENUM64: 12}


class Map(NamedTuple):
    """A map that an object defines, by the numbers in it."""

    name: str
    type: int
    flags: int


@dataclass
class Object:
    """What an object file has. `loads` tells by (section, slot) what a 64-bit load is of: map, data or
    function."""

    programs: list[Program] = field(default_factory=list)
    maps: list[Map] = field(default_factory=list)
    loads: dict[tuple[str, int], str] = field(default_factory=dict)
    unread_maps: bool = False


def read_object(path: str, data: bytes) -> Object:
    """The programs and maps of an object. Raises KscanError, whatever its bytes say of themselves."""
    try:
        return _Reader(path, data).read()
    except KscanError:
        raise
    except Exception as error:
        # The format's own numbers lead anywhere; pyelftools answers with errors of many kinds.
        raise KscanError(f"{path}: a malformed ELF object") from error


class _Reader:
    def __init__(self, path: str, data: bytes) -> None:
        self.path, self.data = path, data
        self.elf = ELFFile(io.BytesIO(data))
        self.order: Literal["little", "big"] = "little" if self.elf.little_endian else "big"
        if self.elf["e_machine"] != _BPF_MACHINE:
            raise KscanError(f"{path}: an ELF object, but not of BPF; compile with clang -target bpf")
        if self.elf["e_shentsize"] and self.elf.num_sections() * self.elf["e_shentsize"] > len(data):
            raise KscanError(f"{path}: a malformed ELF object (more sections than bytes)")
        self.sections = list(self.elf.iter_sections())
        self.object = Object()

    def read(self) -> Object:
        code = [s for s in self.sections if s["sh_type"] == "SHT_PROGBITS" and s["sh_flags"] & _CODE]
        if sum(len(self._bytes(section)) for section in code) > len(self.data):
            raise KscanError(f"{self.path}: a malformed ELF object (sections that overlap)")
        for section in self.sections:
            if section["sh_type"] == "SHT_PROGBITS" and section["sh_flags"] & _CODE and section["sh_size"]:
                self._program(section)
        self.object.maps = [*self._btf_maps(), *self._old_maps()]
        has_maps = any(section.name in (".maps", "maps") and section["sh_size"] for section in self.sections)
        self.object.unread_maps = has_maps and not self.object.maps
        return self.object

    def _bytes(self, section: Section) -> bytes:
        """The raw bytes of a section: never unpacked, never beyond the file."""
        start, size = section["sh_offset"], section["sh_size"]
        if start + size > len(self.data):
            raise KscanError(f"{self.path}: a malformed ELF object ({section.name!r} ends after the file)")
        return self.data[start : start + size]

    def _program(self, section: Section) -> None:
        data = self._bytes(section)
        if len(data) % SIZE:
            raise KscanError(f"{self.path}: section {section.name!r} ends in a truncated instruction")
        big = not self.elf.little_endian
        slots: list[Insn] = [decode(data[at : at + SIZE], big_endian=big) for at in range(0, len(data), SIZE)]
        program = Program(self.path, spelled(section.name), EBPF, slots, big_endian=big)
        kfuncs = set()
        for at, symbol, name in self._relocations(section):
            if at >= len(slots):
                continue
            program.notes[at] = spelled(self._called(slots[at], symbol) or name)
            if slots[at].code == LD_IMM64:
                kind = self._kind(symbol)
                if kind is not None:
                    self.object.loads[section.name, at] = kind
            elif slots[at].code == CALL and symbol["st_shndx"] == "SHN_UNDEF":
                kfuncs.add(at)
        program.kfuncs = frozenset(kfuncs)
        self.object.programs.append(program)

    def _relocations(self, section: Section) -> Iterator[tuple[int, Symbol, str]]:
        """Slot, symbol and its name for each relocation of a section."""
        number = self.sections.index(section)
        for table in self.sections:
            if not isinstance(table, RelocationSection) or table["sh_info"] != number:
                continue
            symbols = self.sections[table["sh_link"]]
            if not isinstance(symbols, SymbolTableSection):
                continue
            for relocation in table.iter_relocations():
                symbol = symbols.get_symbol(relocation["r_info_sym"])
                yield relocation["r_offset"] // SIZE, symbol, symbol.name or self._section_name(symbol)

    def _section_name(self, symbol: Symbol) -> str:
        number = symbol["st_shndx"]
        return str(self.sections[number].name) if isinstance(number, int) else str(number)

    def _called(self, slot: Insn, symbol: Symbol) -> str | None:
        """The function that a call within the object leads to, where the symbol is only its section."""
        if slot.code != CALL or symbol.name:
            return None
        return self._functions.get((symbol["st_shndx"], (slot.imm + 1) * SIZE))

    @cached_property
    def _functions(self) -> dict[tuple[object, int], str]:
        """The functions of the object by section and place in it."""
        return {
            (symbol["st_shndx"], symbol["st_value"]): str(symbol.name)
            for table in self.sections
            if isinstance(table, SymbolTableSection)
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC"
        }

    def _kind(self, symbol: Symbol) -> str | None:
        """What a 64-bit load of a symbol is of; None where it takes nothing of the kernel."""
        if symbol["st_shndx"] == "SHN_UNDEF":
            return self._externs.get(symbol.name)
        name = self._section_name(symbol)
        if name in (".maps", "maps"):
            return "map"
        return "function" if symbol["st_info"]["type"] == "STT_FUNC" or name == ".text" else "data"

    def _old_maps(self) -> Iterator[Map]:
        """struct bpf_map_def in a section named maps: type, key, value, entries, flags."""
        for number, section in enumerate(self.sections):
            if section.name != "maps":
                continue
            data = self._bytes(section)
            for table in self.sections:
                if isinstance(table, SymbolTableSection):
                    for symbol in table.iter_symbols():
                        at, size = symbol["st_value"], symbol["st_size"] or _OLD_MAP
                        words = [data[n : n + 4] for n in range(at, min(at + size, len(data)), 4)]
                        numbers = [int.from_bytes(word, self.order) for word in words if len(word) == 4]
                        if symbol["st_shndx"] == number and symbol.name and numbers:
                            yield Map(symbol.name, numbers[0], numbers[4] if len(numbers) > 4 else 0)

    def _btf_maps(self) -> Iterator[Map]:
        for btf in self._btfs:
            yield from btf.maps()

    @cached_property
    def _btfs(self) -> list["_Btf"]:
        order = "<" if self.order == "little" else ">"
        return [_Btf(self._bytes(section), order) for section in self.sections if section.name == ".BTF"]

    @cached_property
    def _externs(self) -> dict[str, str]:
        return {name: kind for btf in self._btfs for name, kind in btf.externs()}


class _Type(NamedTuple):
    name: str
    kind: int
    type: int
    members: tuple[tuple[str, int], ...]
    many: int


class _Btf:
    """The types of a .BTF section, as far as maps need them."""

    def __init__(self, data: bytes, order: str) -> None:
        magic, _, _, head, types, type_size, strings, string_size = struct.unpack_from(f"{order}HBBIIIII", data)
        if magic != _BTF_MAGIC:
            raise ValueError("no BTF")
        self.strings = data[head + strings : head + strings + string_size]
        self.types: list[_Type] = [_Type("void", 0, 0, (), 0)]
        at, end = head + types, head + types + type_size
        while at < min(end, len(data)):
            at = self._add(data, at, order)

    def _name(self, at: int) -> str:
        return self.strings[at : self.strings.find(b"\0", at)].decode("utf-8", "replace")

    def _add(self, data: bytes, at: int, order: str) -> int:
        name, info, size = struct.unpack_from(f"{order}III", data, at)
        kind, many = info >> 24 & 31, info & 0xFFFF
        at += 12
        members: list[tuple[str, int]] = []
        count = 0
        width: int = {1: 4, _ARRAY: 12, _VAR: 4, 17: 4}.get(kind, 0)
        width += many * _WIDTHS.get(kind, 0)
        if kind == _ARRAY:
            size, _, count = struct.unpack_from(f"{order}III", data, at)
        elif kind in (_STRUCT, _UNION):
            for number in range(many):
                text, type_, _ = struct.unpack_from(f"{order}III", data, at + 12 * number)
                members.append((self._name(text), type_))
        elif kind == _DATASEC:
            for number in range(many):
                members.append(("", struct.unpack_from(f"{order}III", data, at + 12 * number)[0]))
        self.types.append(_Type(self._name(name), kind, size, tuple(members), count))
        return at + width

    def _plain(self, number: int) -> _Type:
        """A type without the names and qualifiers around it; one that leads in a circle is void."""
        for _ in range(32):
            found = self.types[number] if number < len(self.types) else self.types[0]
            if found.kind not in _SKIPPED:
                return found
            number = found.type
        return self.types[0]

    def maps(self) -> Iterator[Map]:
        """The variables of the section .maps, and the maps that are their values."""
        for section in self.types:
            if section.kind == _DATASEC and section.name == ".maps":
                for _, number in section.members:
                    variable = self._plain(number)
                    yield from self._map(variable.name, self._plain(variable.type), depth=0)

    def _map(self, name: str, definition: _Type, depth: int) -> Iterator[Map]:
        """A map by the members of its definition; a number stands as a pointer to an array so long."""
        numbers = {member: self._number(type_) for member, type_ in definition.members}
        yield Map(name, numbers.get("type", 0), numbers.get("map_flags", 0))
        values = dict(definition.members).get("values")
        if values is not None and depth == 0:
            pointer = self._plain(self._plain(values).type)
            inner = self._plain(pointer.type) if pointer.kind == _PTR else pointer
            if any(member == "type" for member, _ in inner.members):
                yield from self._map(f"in {name}", inner, depth + 1)

    def externs(self) -> Iterator[tuple[str, str]]:
        """The outside variables by name: one of the kernel with its type, or of its configuration. A
        kernel's symbol without a type is an address and no more."""
        for section in self.types:
            if section.kind == _DATASEC and section.name in (".ksyms", ".kconfig"):
                for _, number in section.members:
                    variable = self._plain(number)
                    if section.name == ".kconfig":
                        yield variable.name, "data"
                    elif self._plain(variable.type).kind:
                        yield variable.name, "btf-id"

    def _number(self, member: int) -> int:
        pointer = self._plain(member)
        return self._plain(pointer.type).many if pointer.kind == _PTR else 0
