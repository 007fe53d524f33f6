"""What a program needs: the oldest kernel that has each instruction, helper, type, flag and constant of it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from kscan.bpf.definitions import Definitions
from kscan.bpf.instruction import CALL, LD_IMM64, Classic, Insn
from kscan.bpf.listings import by_value
from kscan.bpf.opcodes import Opcodes, describe
from kscan.bpf.programs import Program, read_bytes, read_programs
from kscan.bpf.sections import sections
from kscan.catalog.flags import FLAGS, MAP
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import VARIANTS
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import UAPI
from kscan.parse.lex import IDENTIFIER, Text, skeleton
from kscan.rows import BOUNDS, NEEDS, UNKNOWN_NAME, Row, empty
from kscan.version import KernelVersion

LIMITS = "needs does not see verifier limits, kfuncs, BTF types, nor what distributions backport"
_HELPERS = "bpf_func_id"
_ATOMIC = (0xC3, 0xDB, 0xCB, 0xD3)
_PSEUDO = {1: "map-fd", 2: "map-value", 3: "btf-id", 4: "function", 5: "map-index", 6: "map-index"}
_LOADED = {"map": "map-fd", "data": "map-value", "function": "function"}
_ALU_DIVIDES = {0x30: "sdiv", 0x90: "smod"}
_AD_OFF = 0xFFFFF000  # SKF_AD_OFF: extensions are loads from there on
_BY_ID = {variant.id: variant for variant in VARIANTS}


@dataclass
class _Found:
    """What was found used, by kind and name, with the first places of each."""

    places: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, need: str, name: str, place: str) -> None:
        self.places.setdefault((need, name), []).append(place)


def needs_of(history: History, files: Iterable[str]) -> list[Row]:
    """A row for each thing that files and names use, what decides the oldest kernel first. Raises
    KscanError for a file that cannot be read, and for a name that no scanned release has."""
    reader = _Reader(history)
    for word in files:
        reader.word(word)
    rows = [reader.row(need, name, places) for (need, name), places in reader.found.places.items()]
    if not rows:
        raise KscanError("nothing in it that a kernel has to know")
    return sorted(rows, key=_order)


def younger(rows: Iterable[Row], tag: str) -> list[Row]:
    """The rows of what a release may not have: first seen after it."""
    limit = KernelVersion.parse(tag)
    if limit is None:
        raise KscanError(f"{tag} is no release; write it as v5.4")
    late = []
    for row in rows:
        first = KernelVersion.parse(row["first_seen"] or "")
        if first is not None and first > limit:
            late.append(row)
    return late


def _order(row: Row) -> tuple[object, ...]:
    version = KernelVersion.parse(row["first_seen"] or "")
    return (version is not None, _Newest(version), row["need"], row["name"])


class _Newest:
    """Versions in falling order."""

    def __init__(self, version: KernelVersion | None) -> None:
        self.version = version

    def __lt__(self, other: "_Newest") -> bool:
        return self.version is not None and other.version is not None and self.version > other.version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Newest) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)


class _Reader:
    def __init__(self, history: History) -> None:
        self.history = history
        self.found = _Found()
        self.opcodes = Opcodes(history)

    def word(self, word: str) -> None:
        """A file, or a name."""
        if self.history.seen(word):
            self.found.add("name", word, "asked")
            return
        if re.fullmatch(r"\w+", word) and not _is_file(word):
            raise self.history.unknown(word)
        data = read_bytes(word)
        if data.startswith(b"\x7fELF"):
            self._object(word, data)
        elif word.endswith((".c", ".h")):
            self._source(word, data.decode("utf-8", "replace"))
        else:
            for program in read_programs(word, Definitions(self.history, self.history.newest)):
                self._program(program, {})

    # Objects.

    def _object(self, path: str, data: bytes) -> None:
        from kscan.bpf.objects import read_object

        found = read_object(path, data)
        for program in found.programs:
            loads = {at: kind for (section, at), kind in found.loads.items() if section == program.section}
            self._section(program.section, f"section {program.section}")
            self._program(program, loads)
        types = by_value(self.history, "bpf_map_type")
        for known in found.maps:
            place = f"map {known.name}"
            self.found.add("map type", types.get(known.type, f"map type {known.type}"), place)
            for name in self._flags(known.flags):
                self.found.add("flag", name, place)

    def _flags(self, bits: int) -> Iterator[str]:
        for name, group in FLAGS.items():
            if group == MAP:
                value = next((row["value"] for row in self.history.when(name, UAPI)), None)
                if isinstance(value, int) and value and bits & value == value:
                    yield name

    @cached_property
    def _helpers(self) -> dict[int, str]:
        return by_value(self.history, _HELPERS)

    @cached_property
    def _section_rows(self) -> list[tuple[str, Row]]:
        rows = sections(self.history)
        named = [(row["section"].rstrip("/+"), row) for row in rows if row["path"].endswith("libbpf.c")]
        return sorted(named, key=lambda item: -len(item[0]))

    def _section(self, name: str, place: str) -> None:
        """The program and attach type that a section's name means to libbpf."""
        said = name.lstrip("?")
        for known, row in self._section_rows:
            if said == known or said.startswith(known + "/"):
                for need, column in (("program type", "program_type"), ("attach type", "attach_type")):
                    if row[column]:
                        self.found.add(need, row[column], place)
                return

    # Instructions.

    def _program(self, program: Program, loads: dict[int, str]) -> None:
        head = f"{program.section}+" if program.section else "+"
        skip = False
        for at, slot in enumerate(program.slots):
            if skip:
                skip = False
                continue
            place = f"{head}{at}"
            if isinstance(slot, Classic):
                self._classic(slot, place)
                continue
            skip = slot.code == LD_IMM64
            self.found.add("instruction", f"0x{slot.code:02x}", place)
            for variant in _variants(slot, loads.get(at), at in program.kfuncs):
                self.found.add("instruction", variant, place)
            if slot.code == CALL and slot.src == 0 and at not in program.kfuncs and at not in program.notes:
                self.found.add("helper", self._helpers.get(slot.imm, f"helper {slot.imm}"), place)

    def _classic(self, slot: Classic, place: str) -> None:
        self.found.add("classic instruction", f"0x{slot.code:02x}", place)
        if slot.code & 0xE7 == 0x20 and slot.k >= _AD_OFF:
            name = self._extensions.get(slot.k - _AD_OFF)
            if name:
                self.found.add("extension", name, place)

    @cached_property
    def _extensions(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for name in self.history.names("SKF_AD_*"):
            for row in self.history.when(name, UAPI):
                if (
                    isinstance(row["value"], int)
                    and row["value"] >= 0
                    and name not in ("SKF_AD_MAX", "SKF_AD_OFF")
                ):
                    found.setdefault(row["value"], name)
        return found

    # Sources.

    def _source(self, path: str, text: str) -> None:
        """Words of a source that are constants of user space's headers, helpers it calls, sections;
        and arrays of instructions. Every branch of its conditions counts."""
        tokens = [token for item in skeleton(text) if isinstance(item, Text) for token in item.tokens]
        known = set(self.history.enumerators(_HELPERS))
        for at, token in enumerate(tokens):
            place = f"{path}:{token.line}"
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            helper = f"BPF_FUNC_{token.text.removeprefix('bpf_')}"
            if token.kind != IDENTIFIER:
                continue
            if token.text.startswith("bpf_") and following == "(" and helper in known:
                self.found.add("helper", helper, place)
            elif token.text == "SEC" and following == "(" and at + 2 < len(tokens):
                self._section(tokens[at + 2].text.strip('"'), place)
            elif (UAPI, "constant", token.text) in self._keys(token.text):
                self.found.add("constant", token.text, place)
        for program in self._programs(path):
            self._program(program, {})

    def _programs(self, path: str) -> list[Program]:
        """The arrays of instructions in a source; none where it has none, or none that stand alone."""
        try:
            return read_programs(path, Definitions(self.history, self.history.newest))
        except KscanError:
            return []

    def _keys(self, name: str) -> Iterable[tuple[str, str, str]]:
        if name not in self._asked:
            self._asked[name] = tuple(self.history.seen(name, UAPI)) if name.isupper() or "_" in name else ()
        return self._asked[name]

    @cached_property
    def _asked(self) -> dict[str, tuple[tuple[str, str, str], ...]]:
        return {}

    # Rows.

    def row(self, need: str, name: str, places: list[str]) -> Row:
        """The row of one need, with the history that dates it."""
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        used = {"need": need, "used_at": places[0] + more}
        if name in _BY_ID:
            return self._variant(name, used)
        if name.startswith("0x"):
            return self._opcode(CBPF if need.startswith("classic") else EBPF, int(name, 16), used)
        found = self.history.when(name)
        if not found:
            return empty(NEEDS, name=name, status=UNKNOWN_NAME, **used)
        return empty(NEEDS, **{**found[0], **used})

    def _opcode(self, flavour: str, code: int, used: dict[str, str]) -> Row:
        line = self.opcodes.line(flavour, code)
        fact = next((found for _, _, found in line if found is not None), None)
        if fact is None:
            said = describe(flavour, code)
            words = "|".join(said[key] for key in ("class", "op", "mode", "size", "source") if said[key])
            return empty(NEEDS, name=words, value=code, value_text=f"0x{code:02x}", status=UNKNOWN_NAME, **used)
        row = fact.row(NEEDS, **self.history.bounds(line), **used)
        return row | {"value": code, "value_text": f"0x{code:02x}", "type": None}

    def _variant(self, name: str, used: dict[str, str]) -> Row:
        variant = _BY_ID[name]
        found = self.history.when(variant.symbol) if variant.symbol else []
        if found:
            # The kernel may have had the word for itself before user space got it.
            first = min(found, key=lambda row: KernelVersion.parse(row["first_seen"]) or KernelVersion("v99.0"))
            return empty(NEEDS, **{**first, **used, "name": variant.symbol})
        note = f"curated: {variant.title}, {variant.since} by {variant.source}"
        row = empty(NEEDS, name=variant.id, first_seen=variant.since, note=note, **used)
        return row | dict.fromkeys(key for key in BOUNDS if key not in ("first_seen", "note"))


def _is_file(word: str) -> bool:
    try:
        read_bytes(word)
    except KscanError:
        return False
    return True


def _variants(slot: Insn, load: str | None, is_kfunc: bool) -> Iterator[str]:
    """The instructions that share this slot's code and that its fields make it."""
    kind, op = slot.code & 7, slot.code & 0xF0
    if kind in (4, 7) and op in _ALU_DIVIDES and slot.off == 1:
        yield _ALU_DIVIDES[op]
    elif slot.code in (0xBC, 0xBF) and slot.off:
        yield "addr-space-cast" if slot.off == 1 else "movsx"
    elif slot.code in _ATOMIC:
        yield from _atomic(slot.imm)
    elif slot.code == CALL and (is_kfunc or slot.src == 2):
        yield "call-kfunc"
    elif slot.code == CALL and slot.src == 1:
        yield "call-local"
    elif slot.code == 0xE5:
        yield "may-goto"
    elif slot.code == LD_IMM64:
        name = _LOADED.get(load or "") or _PSEUDO.get(slot.src)
        if name:
            yield name


def _atomic(imm: int) -> Iterator[str]:
    exact = {0x00: "atomic-add", 0xE1: "xchg", 0xF1: "cmpxchg", 0x100: "load-acquire", 0x110: "store-release"}
    if imm in exact:
        yield exact[imm]
    elif imm & 1:
        yield "atomic-fetch"
    else:
        yield "atomic-logic"
