"""What a program needs: the oldest kernel that has each instruction, helper, type, flag and constant of it."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kscan.bpf.definitions import Definitions
from kscan.bpf.instruction import CALL, LD_IMM64, Classic
from kscan.bpf.listings import by_value
from kscan.bpf.opcode_tables import Opcodes
from kscan.bpf.opcodes import variant_when, words_of
from kscan.bpf.programs import Program, programs_in, read_bytes, source_arrays, source_items
from kscan.bpf.sections import sections
from kscan.bpf.variants import variants_of
from kscan.catalog.flags import FLAGS, MAP
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import VARIANTS_BY_ID
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import UAPI
from kscan.parse.lex import IDENTIFIER, Directive, Item, Token
from kscan.rows import BOUNDS, FROM_OLDEST, NEEDS, UNKNOWN_NAME, WINDOW, Row, empty, spelled
from kscan.version import KernelVersion, or_last

LIMITS = "needs does not see verifier limits, kfuncs, BTF types, nor what distributions backport"
_HELPERS = "bpf_func_id"
# Sections of other things than programs; so are those that begin with a dot.
_NO_PROGRAM = ("maps", "license", "version")
# What libbpf's tables say of a section, and the flag of BPF_PROG_LOAD that it makes of it.
_SECTION_FLAGS = {"SEC_SLEEPABLE": "BPF_F_SLEEPABLE", "SEC_XDP_FRAGS": "BPF_F_XDP_HAS_FRAGS"}
_AD_OFF = 0xFFFFF000  # SKF_AD_OFF: extensions are loads from there on


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
    rows.sort(key=lambda row: (row["need"], row["name"]))
    # What is not known is not in time either: it comes before the youngest.
    return sorted(rows, key=lambda row: or_last(row["first_seen"]), reverse=True)


def judged(rows: Iterable[Row], tag: str) -> tuple[list[Row], list[Row]]:
    """Of what a program needs: what release `tag` lacks, and what it is not known whether it has. Raises
    KscanError where `tag` is no release."""
    limit = KernelVersion.parse(tag)
    if limit is None:
        raise KscanError(f"{tag} is no release; write it as v5.4")
    late: list[Row] = []
    unsure: list[Row] = []
    for row in rows:
        first = KernelVersion.parse(row["first_seen"] or "")
        without = KernelVersion.parse(row["last_without"] or "")
        last, gone = (KernelVersion.parse(row[key] or "") for key in ("last_seen", "removed_in"))
        if first is None:
            unsure.append(row)
        elif first > limit:
            # A window is open: what lies between its ends may have it already.
            begins = without is not None and without < limit
            is_open = row["status"] == FROM_OLDEST or (row["status"] == WINDOW and begins)
            (unsure if is_open else late).append(row)
        elif row["need"] != "constant" and gone is not None and last is not None and limit > last:
            # A constant is compiled in: only headers are without it.
            (late if limit >= gone else unsure).append(row)
    return late, unsure


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
            for program in programs_in(word, data, Definitions(self.history, self.history.newest)):
                self._program(program, {})

    # Objects.

    def _object(self, path: str, data: bytes) -> None:
        from kscan.bpf.objects import read_object

        found = read_object(path, data)
        for program in found.programs:
            loads = {at: kind for (section, at), kind in found.loads.items() if section == program.section}
            self._section(program.section, f"section {program.section}")
            self._program(program, loads)
        if found.unread_maps:
            self.found.add("map type", "not in the object (compile with -g)", "section .maps")
        types = by_value(self.history, "bpf_map_type")
        for known in found.maps:
            place = f"map {known.name}"
            self.found.add("map type", types.get(known.type, f"map type {known.type}"), place)
            for name in self._flags(known.flags):
                self.found.add("flag", name, place)

    def _flags(self, bits: int) -> Iterator[str]:
        """The names of a map's flags; what no name accounts for as a number."""
        for name, group in FLAGS.items():
            if group == MAP:
                value = next((row["value"] for row in self.history.when(name, UAPI)), None)
                if isinstance(value, int) and value and bits & value == value:
                    bits &= ~value
                    yield name
        if bits:
            yield f"map flags 0x{bits:x}"

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
                needs = (("program type", row["program_type"]), ("attach type", row["attach_type"]))
                for need, known_name in (*needs, *(("flag", flag) for flag in _implied(row))):
                    if known_name:
                        self.found.add(need, known_name, place)
                return
        if not said.startswith(".") and said not in _NO_PROGRAM:
            self.found.add("program type", f"unknown to libbpf: {spelled(name)}", place)

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
            for variant in variants_of(slot, loads.get(at), at in program.kfuncs):
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
        and arrays of instructions. Every branch of its conditions counts, but for what stands under #if 0."""
        items = list(_meant(source_items(path, text)))
        tokens = [token for item in items for token in _tokens(item)]
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
        try:
            for program in source_arrays(path, items, Definitions(self.history, self.history.newest)):
                self._program(program, {})
        except KscanError as why:
            # The rest of the source is told all the same; what this would need is not known.
            self.found.add("array not read", str(why), path)

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
        if name in VARIANTS_BY_ID:
            return self._variant(name, used)
        if need.endswith("instruction") and name.startswith("0x"):
            return self._opcode(CBPF if need.startswith("classic") else EBPF, int(name, 16), used)
        found = self.history.when(name)
        if not found:
            return empty(NEEDS, name=name, status=UNKNOWN_NAME, **used)
        return empty(NEEDS, **{**found[0], **used})

    def _opcode(self, flavour: str, code: int, used: dict[str, str]) -> Row:
        line = self.opcodes.line(flavour, code)
        fact = next((found for _, _, found in line if found is not None), None)
        if fact is None:
            words = words_of(flavour, code).replace(" ", "")
            return empty(NEEDS, name=words, value=code, value_text=f"0x{code:02x}", status=UNKNOWN_NAME, **used)
        row = fact.row(NEEDS, **self.history.bounds(line), **used)
        return row | {"value": code, "value_text": f"0x{code:02x}", "type": None}

    def _variant(self, name: str, used: dict[str, str]) -> Row:
        variant = VARIANTS_BY_ID[name]
        first = variant_when(self.opcodes, variant)
        if first is not None:
            return empty(NEEDS, **{**first, **used, "name": variant.symbol})
        note = f"curated: {variant.title}, {variant.since} by {variant.source}"
        row = empty(NEEDS, name=variant.id, first_seen=variant.since, note=note, **used)
        return row | dict.fromkeys(key for key in BOUNDS if key not in ("first_seen", "note"))


def _meant(items: Iterable[Item]) -> Iterator[Item]:
    """The parts of a source, but for those under #if 0."""
    out: list[bool] = []
    for item in items:
        if isinstance(item, Directive):
            is_zero = item.rest.strip() == "0"
            if item.name in ("if", "ifdef", "ifndef"):
                out.append(item.name == "if" and is_zero)
            elif out and item.name in ("elif", "elifdef", "elifndef", "else"):
                out[-1] = item.name == "elif" and is_zero
            elif out and item.name == "endif":
                out.pop()
        if not any(out):
            yield item


def _tokens(item: Item) -> Sequence[Token]:
    """The tokens of a part of a source; a macro's are what it will be."""
    return () if isinstance(item, Directive) else item.tokens


def _implied(row: Row) -> Iterator[str]:
    """The load flags that a section's name stands for."""
    for word, flag in _SECTION_FLAGS.items():
        if word in (row["flags"] or ""):
            yield flag


def _is_file(word: str) -> bool:
    try:
        return os.path.exists(word)
    except ValueError:
        return False
