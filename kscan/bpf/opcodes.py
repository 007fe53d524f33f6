"""Opcodes by release, as the kernel's tables have them: for sockets, seccomp, the interpreter and bpf(2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from kscan.bpf.becomes import becomes
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import (
    CLASSES,
    MODES,
    OPERATIONS,
    REFUSED_BY_WORDS,
    SIZES,
    VARIANTS,
    Refused,
    Variant,
)
from kscan.history import Cell, History, Release, Seen
from kscan.model import CLASSIC, INTERNAL, INTERPRETER, PUBLIC, SECCOMP, UAPI
from kscan.rows import ABSENT, BOUNDS, OPCODES, PRESENT, UNPARSED, Row, empty
from kscan.version import KernelVersion

_OWN = "BPF_S_"
_LOADS = "BPF_PROG_LOAD"
_FAR = {0: "LD", 1: "LDX", 2: "ST", 3: "STX"}


@dataclass
class _Table:
    """One table of the kernel through its releases: by release and code, the entry."""

    files: tuple[str, ...]
    entries: dict[int, dict[int, Seen]] = field(default_factory=dict)
    first: Release | None = None

    def cell(self, history: History, release: Release, code: int) -> Cell:
        entry = self.entries.get(release.id, {}).get(code)
        if entry is not None:
            return release, PRESENT, entry
        state = history.cell(release, INTERNAL, self.files)
        # A table that was there and is not found any more has changed its form.
        lost = state == ABSENT and release.id not in self.entries and self.began_by(history, release)
        return release, UNPARSED if lost else state, None

    def began_by(self, history: History, release: Release) -> bool:
        """Whether an earlier release has the table."""
        return self.first is not None and history.order_of(self.first) < history.order_of(release)


# The sources that hold each table, whenever.
_FILES = {
    CLASSIC: ("net/core/filter.c",),
    SECCOMP: ("kernel/seccomp.c",),
    INTERPRETER: ("kernel/bpf/core.c", "net/core/filter.c"),
    PUBLIC: ("kernel/bpf/core.c",),
}


class Opcodes:
    """The opcode tables of a store. A word (`BPF_ALU`) has the value that the release's own macros give
    it; an entry with a word that the release does not define is left out."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._values: dict[str, dict[int, int]] = {}
        self.tables = {sort: self._table(sort) for sort in (CLASSIC, INTERPRETER, PUBLIC)}
        self.tables[SECCOMP] = self._table(SECCOMP)

    def _table(self, sort: str) -> _Table:
        table = _Table(_FILES[sort])
        for fact in self.history.uses(sort):
            code = self._code(fact)
            if code is not None:
                table.entries.setdefault(fact.release.id, {}).setdefault(code, fact)
        found = (self.history.releases[number] for number in table.entries)
        table.first = min(found, key=self.history.order_of, default=None)
        return table

    def _code(self, fact: Seen) -> int | None:
        """The byte that an entry's words are at its release."""
        if fact.name.startswith(_OWN):
            return self._own_names.get((fact.release.id, fact.name))
        code = 0
        for word in fact.name.split("|"):
            value = int(word, 0) if word[0].isdigit() else self._value(word, fact.release)
            if value is None:
                return None
            code |= value
        return code if code < 256 else None

    @cached_property
    def _own_names(self) -> dict[tuple[int, str], int]:
        """The kernel's own names of v2.6.39 to v3.15, by what its table maps to them."""
        classic = self.tables[CLASSIC].entries
        return {(release, fact.type): code for release, found in classic.items()
                for code, fact in found.items() if fact.type}  # fmt: skip

    def _value(self, word: str, release: Release) -> int | None:
        if word not in self._values:
            known: dict[int, int] = {}
            for (scope, _, _), facts in self.history.seen(word).items():
                for fact in facts:
                    if isinstance(fact.value, int) and (scope == UAPI or fact.release.id not in known):
                        known[fact.release.id] = fact.value
            self._values[word] = known
        return self._values[word].get(release.id)

    # By release.

    def entry(self, release: Release, flavour: str, code: int) -> Seen | None:
        """Where a table of a release has an opcode: for eBPF the public one first."""
        for sort in (CLASSIC,) if flavour == CBPF else (PUBLIC, INTERPRETER):
            found = self.tables[sort].entries.get(release.id, {}).get(code)
            if found is not None:
                return found
        return None

    def knows(self, release: Release, flavour: str) -> bool:
        """Whether any table of the flavour was read in a release."""
        sorts = (CLASSIC,) if flavour == CBPF else (PUBLIC, INTERPRETER)
        return any(release.id in self.tables[sort].entries for sort in sorts)

    def _loadable(self, release: Release, code: int) -> Cell:
        """Whether bpf(2) takes an opcode: its own table says so from v4.16 on; before, the interpreter's
        less what the verifier refused, where there is bpf(2) at all."""
        public = self.tables[PUBLIC]
        if release.id in public.entries or public.began_by(self.history, release):
            return public.cell(self.history, release, code)
        cell = self.tables[INTERPRETER].cell(self.history, release, code)
        entry = cell[2]
        if entry is None:
            return cell
        refused = REFUSED_BY_WORDS.get(entry.name)
        if (refused and not _is_over(refused, release)) or release.id not in self._with_bpf:
            return release, ABSENT, None
        return cell

    @cached_property
    def _with_bpf(self) -> set[int]:
        """The releases that have bpf(2)'s command to load programs."""
        return {fact.release.id for facts in self.history.seen(_LOADS).values() for fact in facts}

    def line(self, flavour: str, code: int, sort: str | None = None) -> list[Cell]:
        """An opcode by mainline release: whether a classic program, or bpf(2), may have it; in one table
        with `sort`."""
        releases = self.history.mainline or self.history.others
        if sort is None and flavour == EBPF:
            return [self._loadable(release, code) for release in releases]
        table = self.tables[sort or CLASSIC]
        return [table.cell(self.history, release, code) for release in releases]

    def codes(self, flavour: str) -> list[int]:
        """Every opcode that a table of any release has."""
        sorts = (CLASSIC,) if flavour == CBPF else (INTERPRETER, PUBLIC)
        found = {code for sort in sorts for entries in self.tables[sort].entries.values() for code in entries}
        return sorted(found)


def opcodes(history: History, tag: str | None = None, *, everything: bool = False) -> list[Row]:
    """A row for each opcode, classic ones first, in order of code; with `tag` those that the release
    has, at its lines. Those of the kernel's own use, which no user may load, are there with
    `everything`; instructions that share a code byte follow as curated rows with a `variant`."""
    known = Opcodes(history)
    release = history.release(tag) if tag else None
    rows = [
        row
        for flavour in (CBPF, EBPF)
        for code in known.codes(flavour)
        for row in _rows(known, flavour, code, release)
        if everything or row["loadable"] or flavour == CBPF
    ]
    return rows + [
        _variant_row(history, variant) for variant in VARIANTS if _is_there(history, variant, release)
    ]


def opcode_cells(history: History) -> list[tuple[Row, list[str]]]:
    """Each opcode's row with a cell for each mainline release: what a classic program, or bpf(2), may
    have."""
    known = Opcodes(history)
    return [
        (row, [state for _, state, _ in known.line(flavour, code)])
        for flavour in (CBPF, EBPF)
        for code in known.codes(flavour)
        for row in _rows(known, flavour, code, None)
    ]


def _rows(known: Opcodes, flavour: str, code: int, release: Release | None) -> Iterator[Row]:
    history = known.history
    line = known.line(flavour, code)
    inside = known.line(flavour, code, INTERPRETER) if flavour == EBPF else []
    seccomp = known.line(flavour, code, SECCOMP) if flavour == CBPF else []
    shown = line if _first(line) else inside
    fact = _first(shown)
    if fact is None:
        return
    if release is not None:
        fact = next((found for at, _, found in shown if at.id == release.id), None)
        if fact is None:
            return
    bounds = history.bounds(shown)
    row = fact.row(OPCODES, **bounds) | describe(flavour, code)
    yield row | {
        "name": fact.name,
        "type": None,
        "value": code,
        "value_text": f"0x{code:02x}",
        "loadable": _since(history, line) if flavour == EBPF else None,
        "in_interpreter": _since(history, inside) if flavour == EBPF else None,
        "in_seccomp": _since(history, seccomp) if flavour == CBPF else None,
        "becomes": becomes(code) if flavour == CBPF else None,
        "names": _names(shown),
    }


def _is_over(refused: Refused, release: Release) -> bool:
    """Whether a release takes again what earlier ones refused."""
    until = KernelVersion.parse(refused.until or "")
    return until is not None and release.version is not None and release.version > until


def _first(line: list[Cell]) -> Seen | None:
    return next((fact for _, _, fact in line if fact is not None), None)


def _names(line: list[Cell]) -> str:
    """What the tables call an opcode, each spelling from the release that has it first."""
    said: dict[str, str] = {}
    for release, _, fact in line:
        if fact is not None:
            said.setdefault("|".join(sorted(fact.name.split("|"))), f"{fact.name} {release.tag}")
    return "; ".join(said.values())


def _is_there(history: History, variant: Variant, release: Release | None) -> bool:
    """Whether a release has an instruction: by its symbol, or by the curated release where it has none."""
    if release is None:
        return True
    if variant.symbol is not None:
        return bool(history.seen(variant.symbol)) and history.has(variant.symbol, release.tag) == PRESENT
    since = KernelVersion.parse(variant.since)
    return since is not None and release.version is not None and release.version >= since


def _since(history: History, line: list[Cell]) -> str | None:
    """The first release of a line in which an opcode is; with what bounds it where that is not exact."""
    if _first(line) is None:
        return None
    bounds = history.bounds(line)
    return f"{bounds['first_seen']}" + (f" to {bounds['last_seen']}" if bounds["removed_in"] else "")


def describe(flavour: str, code: int) -> Row:
    """What the bits of a code byte say: class, operation, source, size and mode by their names."""
    kind = CLASSES[flavour][code & 7]
    row: Row = {"flavour": flavour, "code": f"0x{code:02x}", "class": kind, "op": None, "source": None,
                "size": None, "mode": None}  # fmt: skip
    operations = OPERATIONS.get((flavour, kind))
    if operations is not None:
        source = "BPF_X" if code & 8 else "BPF_K"
        op = operations.get(code & 0xF0)
        if op == "BPF_END":
            source = "BPF_TO_BE" if code & 8 else "BPF_TO_LE"
        return row | {"op": op, "source": source}
    if kind in ("BPF_RET", "BPF_MISC"):
        word = {"BPF_RET": {0: "BPF_K", 0x10: "BPF_A"}, "BPF_MISC": {0: "BPF_TAX", 0x80: "BPF_TXA"}}[kind]
        return row | {"source" if kind == "BPF_RET" else "op": word.get(code & 0xF8)}
    if flavour == CBPF and kind in ("BPF_ST", "BPF_STX"):
        return row
    return row | {"size": SIZES[code & 0x18], "mode": MODES[flavour].get(code & 0xE0)}


def _variant_row(history: History, variant: Variant) -> Row:
    """A curated row; where the kernel has a name for it, that name's history is the proof."""
    found = history.when(variant.symbol) if variant.symbol else []
    row = found[0] if found else {}
    placed = ("value", "value_text", "path", "line", "end_line", "permalink", "header", "scope", "kind")
    given = {key: row.get(key) for key in (*BOUNDS, *placed)}
    codes = ", ".join(f"0x{code:02x}" for code in variant.codes)
    return empty(OPCODES, name=variant.symbol or variant.id, flavour=EBPF, code=codes, variant=variant.title,
                 field=variant.field, curated_since=variant.since, curated_source=variant.source,
                 **given)  # fmt: skip
