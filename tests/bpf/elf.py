"""A small writer of BPF objects: 64-bit ELF of either byte order, and BTF. What it writes may lie."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EM_BPF, EM_X86_64 = 247, 62
PROGBITS, SYMTAB, STRTAB, NOBITS, REL = 1, 2, 3, 8, 9
ALLOC, EXEC = 0x2, 0x4
NOTYPE, OBJECT, FUNC, SECTION = range(4)
R_64_64, R_64_32 = 1, 10
HEADER, ENTRY = 64, 64
# Places in the file's header.
E_TYPE, E_MACHINE, E_SHOFF, E_SHENTSIZE, E_SHNUM, E_SHSTRNDX = 16, 18, 40, 58, 60, 62
# Places in a section's.
SH_NAME, SH_TYPE, SH_FLAGS, SH_OFFSET, SH_SIZE, SH_LINK, SH_INFO, SH_ENTSIZE = 0, 4, 8, 24, 32, 40, 44, 56


def insn(code: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0, *, big: bool = False) -> bytes:
    """The eight bytes of one slot."""
    registers = dst << 4 | src if big else src << 4 | dst
    imm = (imm & 0xFFFFFFFF) - (imm >> 31 & 1) * (1 << 32)
    return struct.pack(f"{'>' if big else '<'}BBhi", code, registers, off, imm)


def load(dst: int, value: int = 0, src: int = 0, *, big: bool = False) -> bytes:
    """A 64-bit load: two slots."""
    return insn(0x18, dst, src, 0, value, big=big) + insn(0, imm=value >> 32, big=big)


EXIT = insn(0x95)


@dataclass
class Section:
    """A section; `size` and `entsize` are what its header says, true where nothing is given."""

    name: str
    data: bytes
    type: int = PROGBITS
    flags: int = 0
    link: int = 0
    info: int = 0
    entsize: int = 0
    size: int | None = None


@dataclass
class Symbol:
    """A symbol in a section named by `section`; without one it is undefined."""

    name: str
    section: str | None = None
    value: int = 0
    kind: int = NOTYPE
    size: int = 0


@dataclass
class Elf:
    """An object. Relocations are (slot, number of a symbol) by section name."""

    big: bool = False
    machine: int = EM_BPF
    sections: list[Section] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)
    relocations: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def code(self, name: str, data: bytes) -> "Elf":
        """A section of instructions."""
        self.sections.append(Section(name, data, flags=ALLOC | EXEC))
        return self

    def data(self, name: str, data: bytes = bytes(64)) -> "Elf":
        """A section of data."""
        self.sections.append(Section(name, data, flags=ALLOC))
        return self

    def symbol(
        self, name: str, section: str | None = None, value: int = 0, kind: int = NOTYPE, size: int = 0
    ) -> int:
        """The number that relocations use for a symbol."""
        self.symbols.append(Symbol(name, section, value, kind, size))
        return len(self.symbols)

    def relocate(self, section: str, slot: int, symbol: int) -> "Elf":
        """Lets an instruction refer to a symbol."""
        self.relocations.setdefault(section, []).append((slot, symbol))
        return self

    def write(self) -> bytes:
        """The file."""
        order = ">" if self.big else "<"
        numbers = {section.name: number for number, section in enumerate(self.sections, 1)}
        symtab = len(self.sections) + 1
        symbol_names, offsets = _strings(symbol.name for symbol in self.symbols)
        table = bytes(24)
        for symbol, name in zip(self.symbols, offsets, strict=True):
            home = numbers[symbol.section] if symbol.section is not None else 0
            table += struct.pack(
                f"{order}IBBHQQ", name, 1 << 4 | symbol.kind, 0, home, symbol.value, symbol.size
            )
        made = [
            *self.sections,
            Section(".symtab", table, SYMTAB, link=symtab + 1, info=1, entsize=24),
            Section(".strtab", symbol_names, STRTAB),
        ]
        for name, places in self.relocations.items():
            entries = b"".join(struct.pack(f"{order}QQ", 8 * at, n << 32 | R_64_64) for at, n in places)
            made.append(Section(f".rel{name}", entries, REL, 0, symtab, numbers[name], 16))
        section_names, offsets = _strings([*(section.name for section in made), ".shstrtab"])
        made.append(Section(".shstrtab", section_names, STRTAB))
        return self._laid_out(made, offsets, order)

    def _laid_out(self, sections: Sequence[Section], names: Sequence[int], order: str) -> bytes:
        body, headers = b"", bytes(ENTRY)
        for section, name in zip(sections, names, strict=True):
            body += bytes(-len(body) % 8)
            size = len(section.data) if section.size is None else section.size
            headers += struct.pack(
                f"{order}IIQQQQIIQQ", name, section.type, section.flags, 0, HEADER + len(body), size,
                section.link, section.info, 8, section.entsize,
            )  # fmt: skip
            body += section.data
        body += bytes(-len(body) % 8)
        ident = b"\x7fELF" + bytes([2, 2 if self.big else 1, 1]) + bytes(9)
        head = struct.pack(
            f"{order}HHIQQQIHHHHHH", 1, self.machine, 1, 0, 0, HEADER + len(body), 0, HEADER, 0, 0, ENTRY,
            len(sections) + 1, len(sections),
        )  # fmt: skip
        return ident + head + body + headers


def _strings(texts: Iterable[str]) -> tuple[bytes, list[int]]:
    """A table of strings, and where each begins."""
    table, offsets = b"\0", []
    for text in texts:
        offsets.append(len(table) if text else 0)
        table += text.encode() + b"\0" if text else b""
    return table, offsets


def patched(data: bytes, at: int, form: str, value: int) -> bytes:
    """`data` with a number written over at a place."""
    number = struct.pack(form, value)
    return data[:at] + number + data[at + len(number) :]


def header_of(data: bytes, name: str, *, big: bool = False) -> int:
    """Where the header of the section of a name lies in a file that `write` made."""
    order = ">" if big else "<"
    (start,) = struct.unpack_from(f"{order}Q", data, E_SHOFF)
    count, strings = struct.unpack_from(f"{order}HH", data, E_SHNUM)
    (names,) = struct.unpack_from(f"{order}Q", data, start + strings * ENTRY + SH_OFFSET)
    for number in range(1, count):
        (offset,) = struct.unpack_from(f"{order}I", data, start + number * ENTRY)
        if data[names + offset : data.index(b"\0", names + offset)] == name.encode():
            return start + number * ENTRY
    raise KeyError(name)


class Btf:
    """Types by number, from 1 on."""

    def __init__(self, *, big: bool = False) -> None:
        self.order = ">" if big else "<"
        self.types: list[bytes] = []
        self.strings = b"\0"

    def _name(self, text: str) -> int:
        if not text:
            return 0
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def add(self, kind: int, name: str, many: int, number: int, *words: int) -> int:
        """A type of a kind; `number` is its size, or the type it is made of."""
        head = (self._name(name), kind << 24 | many, number)
        self.types.append(struct.pack(f"{self.order}{3 + len(words)}I", *head, *words))
        return len(self.types)

    @property
    def next(self) -> int:
        """The number of the type that is added next."""
        return len(self.types) + 1

    def integer(self) -> int:
        return self.add(1, "int", 0, 4, 32)

    def pointer(self, to: int) -> int:
        return self.add(2, "", 0, to)

    def array(self, of: int, many: int) -> int:
        return self.add(3, "", 0, 0, of, of, many)

    def struct(self, name: str, members: Sequence[tuple[str, int]]) -> int:
        words = [word for text, type_ in members for word in (self._name(text), type_, 0)]
        return self.add(4, name, len(members), 8 * len(members), *words)

    def typedef(self, name: str, of: int) -> int:
        return self.add(8, name, 0, of)

    def qualified(self, kind: int, of: int) -> int:
        """volatile (9), const (10), restrict (11) or a type tag (18)."""
        return self.add(kind, "tag" if kind == 18 else "", 0, of)

    def variable(self, name: str, of: int) -> int:
        return self.add(14, name, 0, of, 1)

    def section(self, name: str, variables: Sequence[int]) -> int:
        words = [word for number in variables for word in (number, 0, 8)]
        return self.add(15, name, len(variables), 8 * len(variables), *words)

    def number(self, value: int) -> int:
        """How a map's definition says a number: a pointer to an array so long."""
        return self.pointer(self.array(self.integer(), value))

    def write(self) -> bytes:
        types = b"".join(self.types)
        head = struct.pack(
            f"{self.order}HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(self.strings)
        )
        return head + types + self.strings


def with_maps(*maps: tuple[str, int, int], big: bool = False) -> bytes:
    """The .BTF of an object with maps of (name, type, flags)."""
    btf = Btf(big=big)
    made = []
    for name, type_, flags in maps:
        members = [("type", btf.number(type_)), ("max_entries", btf.number(8))]
        members += [("map_flags", btf.number(flags))] if flags else []
        made.append(btf.variable(name, btf.struct("", members)))
    btf.section(".maps", made)
    return btf.write()
