"""The kernel's opcode tables through the releases: for sockets, seccomp, the interpreter and bpf(2)."""

from dataclasses import dataclass, field
from functools import cached_property

from kscan.bpf.expression import NotInteger, integer
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import REFUSED_BY_WORDS, Refused
from kscan.history import History
from kscan.model import CLASSIC, INTERNAL, INTERPRETER, PUBLIC, SECCOMP, UAPI
from kscan.rows import ABSENT, NO_HEADER, PRESENT, UNPARSED
from kscan.seen import Cell, Release, Seen
from kscan.version import KernelVersion

OWN = "own"
"""The part of the interpreter's table that only the kernel itself may use: its words are no user's, or no
release lets them through. One byte may stand for such an opcode and, in the public table, for another."""

_NAMED = "BPF_S_"
_LOADS = "BPF_PROG_LOAD"
# The sources that hold each table, whenever.
_FILES = {
    CLASSIC: ("net/core/filter.c",),
    SECCOMP: ("kernel/seccomp.c",),
    INTERPRETER: ("kernel/bpf/core.c", "net/core/filter.c"),
    OWN: ("kernel/bpf/core.c", "net/core/filter.c"),
    PUBLIC: ("kernel/bpf/core.c",),
}
_BY_FLAVOUR = {CBPF: (CLASSIC,), EBPF: (PUBLIC, INTERPRETER, OWN)}


@dataclass
class _Table:
    """One table: by release and code, the entry; and the first release with any."""

    files: tuple[str, ...]
    entries: dict[int, dict[int, Seen]] = field(default_factory=dict)
    first: Release | None = None
    # Releases with an entry whose words have no value: which opcode that is, is not known.
    unsure: set[int] = field(default_factory=set)

    def cell(self, history: History, release: Release, code: int) -> Cell:
        entry = self.entries.get(release.id, {}).get(code)
        if entry is not None:
            return release, PRESENT, entry
        state = history.cell(release, INTERNAL, self.files)
        # A table that was there and is not found any more has changed its form.
        lost = state == ABSENT and release.id not in self.entries and self.began_by(history, release)
        return release, UNPARSED if lost or (state == ABSENT and release.id in self.unsure) else state, None

    def began_by(self, history: History, release: Release) -> bool:
        """Whether an earlier release has the table."""
        return self.first is not None and history.order_of(self.first) < history.order_of(release)


class Opcodes:
    """The opcode tables of a store. A word (`BPF_ALU`) has the value that the release's own macros give
    it; an entry with a word that the release does not define is left out."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._values: dict[str, dict[int, int]] = {}
        self._users: set[str] = set()
        self._load_states: dict[int, str] = {}
        self.tables = {sort: _Table(files) for sort, files in _FILES.items()}
        for sort in (CLASSIC, INTERPRETER, PUBLIC, SECCOMP):
            for fact in history.uses(sort):
                self._add(sort, fact)
        for table in self.tables.values():
            found = (history.releases[number] for number in table.entries)
            table.first = min(found, key=history.order_of, default=None)
        # The kernel's own opcodes come and go with the table that they stand in.
        self.tables[OWN].first = self.tables[INTERPRETER].first
        for number in self.tables[INTERPRETER].entries:
            self.tables[OWN].entries.setdefault(number, {})

    def _add(self, sort: str, fact: Seen) -> None:
        code = self._code(fact)
        if code is None:
            self.tables[sort].unsure.add(fact.release.id)
            return
        if sort == INTERPRETER and self._is_own(fact):
            sort = OWN
        self.tables[sort].entries.setdefault(fact.release.id, {}).setdefault(code, fact)

    def _is_own(self, fact: Seen) -> bool:
        """Whether an entry of the interpreter is for the kernel alone."""
        refused = REFUSED_BY_WORDS.get(fact.name)
        if refused is not None and refused.until is None:
            return True
        words = [word for word in fact.name.split("|") if not word[0].isdigit()]
        return not all(word in self._users for word in words) and bool(self._users)

    def _code(self, fact: Seen) -> int | None:
        """The byte that an entry's words are at its release."""
        if fact.name.startswith(_NAMED):
            return self._own_names.get((fact.release.id, fact.name))
        code = 0
        for word in fact.name.split("|"):
            value = _number(word) if word[0].isdigit() else self._value(word, fact.release)
            if value is None:
                return None
            code |= value
        return code if 0 <= code < 256 else None

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
                        self._users.update([word] if scope == UAPI else [])
            self._values[word] = known
        return self._values[word].get(release.id)

    # What a release has.

    def entry(self, release: Release, flavour: str, code: int) -> tuple[str, Seen] | None:
        """The table of a release that has an opcode, and its entry: for eBPF the public one first."""
        for sort in _BY_FLAVOUR[flavour]:
            found = self.tables[sort].entries.get(release.id, {}).get(code)
            if found is not None:
                return sort, found
        return None

    def knows(self, release: Release, flavour: str) -> bool:
        """Whether any table of the flavour was read in a release."""
        return any(release.id in self.tables[sort].entries for sort in _BY_FLAVOUR[flavour])

    def lacks(self, release: Release, flavour: str, code: int) -> bool:
        """Whether every table of the flavour is known to be without an opcode in a release."""
        tables = [self.tables[sort] for sort in _BY_FLAVOUR[flavour] if self.tables[sort].first is not None]
        states = {table.cell(self.history, release, code)[1] for table in tables}
        return bool(states) and states <= {ABSENT, NO_HEADER}

    def loadable(self, release: Release, code: int) -> Cell:
        """Whether bpf(2) takes an opcode: its own table says so from v4.16 on; before, what the
        interpreter has and the verifier did not refuse, where there is bpf(2) at all."""
        public = self.tables[PUBLIC]
        if release.id in public.entries or public.began_by(self.history, release):
            return public.cell(self.history, release, code)
        cell = self.tables[INTERPRETER].cell(self.history, release, code)
        entry = cell[2]
        if entry is None:
            return cell
        refused = REFUSED_BY_WORDS.get(entry.name)
        if refused and not _is_over(refused, release):
            return release, ABSENT, None
        state = self._load_state(release)
        return cell if state == PRESENT else (release, state, None)

    def refuses(self, release: Release, code: int) -> bool:
        """Whether programs of a release are known not to have an opcode; where no table was understood, nothing
        is."""
        return self._has_extended and self.loadable(release, code)[1] in (ABSENT, NO_HEADER)

    @cached_property
    def _has_extended(self) -> bool:
        return any(self.knows(release, EBPF) for release in self.releases)

    def _load_state(self, release: Release) -> str:
        """Whether a release has bpf(2)'s command to load programs."""
        if release.id not in self._load_states:
            known = bool(self.history.seen(_LOADS))
            self._load_states[release.id] = self.history.has(_LOADS, release.tag) if known else ABSENT
        return self._load_states[release.id]

    # Through the releases.

    def line(self, flavour: str, code: int) -> list[Cell]:
        """Whether a classic program, or bpf(2), may have an opcode, by mainline release."""
        if flavour == CBPF:
            return self.line_of(CLASSIC, code)
        return [self.loadable(release, code) for release in self.releases]

    def line_of(self, sort: str, code: int) -> list[Cell]:
        """Whether a table has an opcode, by mainline release."""
        return [self.tables[sort].cell(self.history, release, code) for release in self.releases]

    @property
    def releases(self) -> list[Release]:
        """The mainline, or what there is where there is none."""
        return self.history.mainline or self.history.others

    def codes(self, *sorts: str) -> list[int]:
        """Every opcode that one of the tables has in any release."""
        return sorted({c for sort in sorts for entries in self.tables[sort].entries.values() for c in entries})


def _number(word: str) -> int | None:
    try:
        return integer(word)
    except NotInteger:
        return None


def _is_over(refused: Refused, release: Release) -> bool:
    """Whether a release takes again what earlier ones refused."""
    until = KernelVersion.parse(refused.until or "")
    version = release.version or release.exact
    # A point release keeps what its own release refused.
    return until is not None and version is not None and version.base > until.base
