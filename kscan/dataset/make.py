"""Makes the SQLite file that ships of the dataset's text: the same bytes for the same text.

Imports nothing but the standard library and kscan's own: the build hook runs it before kscan is installed.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.dataset.folder import DROP, UNKNOWN, Folder, settled
from kscan.dataset.ledger import Ledger, Stand, State, shift_of
from kscan.errors import KscanError
from kscan.model import Fact
from kscan.place import DATA_VERSION, read_only
from kscan.sqlite_values import statements, to_sqlite
from kscan.suspect import Unknown, suspicions
from kscan.version import KernelVersion, github_link
from kscan.writing import replacing

# What makes the file: another version of it makes another file.
CODE = (
    "dataset/make.py", "dataset/ledger.py", "dataset/folder.py", "dataset/schema.sql", "suspect.py",
    "version.py", "model.py", "sqlite_values.py", "catalog/profiles.py", "place.py", "errors.py",
)  # fmt: skip
# User space's headers: whether each content could be read wholly; where names stand.
_READ = """
    SELECT name, first, last, failure IS NULL AND NOT EXISTS (
        SELECT 1 FROM problem WHERE problem.header_id = content.header_id AND problem.first = content.first)
    FROM content JOIN header ON header.id = header_id WHERE scope = 'uapi'
"""
_STANDS = """
    SELECT name.text, header.name, first, last FROM fact JOIN name ON name.id = name_id
    JOIN header ON header.id = header_id WHERE scope = 'uapi'
"""


def make(folder: Folder, target: Path) -> None:
    """Writes the file, whole or not at all. Raises KscanError for text that is no dataset."""
    if target.exists() and not target.is_file():
        raise KscanError(f"{target}: cannot be made: there is something that is no file")
    try:
        with replacing(target) as beside, closing(sqlite3.connect(beside, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA page_size = 4096")
            db.execute("BEGIN")
            for statement in statements(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")):
                db.execute(statement)
            _Maker(db, folder).make()
            db.execute(f"PRAGMA user_version = {DATA_VERSION}")
            db.execute("COMMIT")
            db.execute("VACUUM")
    except (sqlite3.Error, OSError, OverflowError) as error:
        raise KscanError(f"{target}: cannot be made: {error}") from None


def digest(folder: Folder) -> str:
    """A digest of a dataset's text and of the code that makes the file of it."""
    root = Path(__file__).parent.parent
    parts = [folder.digest(), *(hashlib.sha256((root / name).read_bytes()).hexdigest() for name in CODE)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def made_of(target: Path) -> str | None:
    """The digest that a file was made with; None for what is no such file."""
    try:
        with closing(sqlite3.connect(read_only(str(target)), uri=True)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] == DATA_VERSION:
                return str(db.execute("SELECT digest FROM about").fetchone()[0])
    except sqlite3.Error:
        pass
    return None


@dataclass
class _Gone:
    """At which releases a header does not count, and which of its names do not."""

    wholly: set[int] = field(default_factory=set)
    names: dict[str, set[int]] = field(default_factory=dict)


class _Maker:
    def __init__(self, db: sqlite3.Connection, folder: Folder) -> None:
        self.db = db
        self.folder = folder
        self.releases = folder.releases()
        self.decisions = settled(folder.decisions())
        self.number = {release.tag: number for number, release in enumerate(self.releases, 1)}
        headers = set(folder.headers())
        for decision in self.decisions:
            where = str(folder.path / "decisions.tsv")
            self._known(decision.tag, where)
            if (decision.scope, decision.header) not in headers:
                raise KscanError(f"{where}: {decision.tag}: no ledger of {decision.scope} {decision.header}")
        self.names: dict[str, int] = {}

    def make(self) -> None:
        self.db.execute("INSERT INTO about VALUES (?, ?)", (DEFAULT_PROFILE.name, digest(self.folder)))
        for number, release in enumerate(self.releases, 1):
            link = github_link(KernelVersion(release.exact))
            self.db.execute(
                "INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (number, release.tag, release.exact, release.source, release.commit or None, link,
                 "\n".join(release.sets.split()), release.remark or None),
            )  # fmt: skip
        self._decisions()
        gone = self._gone()
        for number, header in enumerate(self.folder.headers(), 1):
            self.db.execute("INSERT INTO header VALUES (?, ?, ?)", (number, *header))
            place = self.folder.place(*header)
            ledger = Ledger(self.folder.ledger(*header), place)
            numbers = [self._known(state.tag, place) for state in ledger.states]
            odd = next((s.fact.name for s in ledger.stands if _is_odd(s.fact)), None)
            if odd is not None:
                raise KscanError(f"{place}: {odd} is a text, but no array by its type")
            if sorted(set(numbers)) != numbers:
                raise KscanError(f"{place}: its states are not in order of release")
            self._header(number, ledger, gone.get(header, _Gone()))
        self._suspicions()

    def _known(self, tag: str, where: str) -> int:
        if tag not in self.number:
            raise KscanError(f"{where}: {tag} is no release of releases.tsv")
        return self.number[tag]

    def _gone(self) -> dict[tuple[str, str], _Gone]:
        """By header, what decisions take away."""
        found: dict[tuple[str, str], _Gone] = {}
        for decision in self.decisions:
            if decision.decision in (DROP, UNKNOWN):
                gone = found.setdefault((decision.scope, decision.header), _Gone())
                number = self.number[decision.tag]
                if not decision.names:
                    gone.wholly.add(number)
                for name in decision.names:
                    gone.names.setdefault(name, set()).add(number)
        return found

    def _decisions(self) -> None:
        for decision in self.decisions:
            for name in decision.names or (None,):
                self.db.execute(
                    "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)",
                    (self.number[decision.tag], decision.decision, decision.scope, decision.header, name,
                     decision.reason),
                )  # fmt: skip

    def _header(self, header: int, ledger: Ledger, gone: _Gone) -> None:
        lasts = [*(self.number[state.tag] - 1 for state in ledger.states[1:]), len(self.releases)]
        for state, last in zip(ledger.states, lasts, strict=True):
            if state.reading is not None:
                for first, end in _left(self.number[state.tag], last, gone.wholly):
                    self._content(header, state, first, end)
        shifts = [(self.number[tag], line, delta) for tag, line, delta in ledger.shifts]
        self.db.executemany("INSERT INTO shift VALUES (?, ?, ?, ?)", ((header, *shift) for shift in shifts))
        stands = ((self.number[s.first], self._last(s), s.fact) for s in ledger.stands)
        for first, last, fact in sorted(stands, key=lambda stand: (stand[0], stand[2].line, stand[1])):
            for start, end in _left(first, last, gone.wholly | gone.names.get(fact.name, frozenset())):
                moved = _moved(fact.line, shifts, first, start) - fact.line if start > first else 0
                self._fact(header, start, end, fact, moved)

    def _last(self, stand: Stand) -> int:
        return self.number[stand.until] - 1 if stand.until else len(self.releases)

    def _fact(self, header: int, first: int, last: int, fact: Fact, moved: int) -> None:
        self.db.execute(
            "INSERT INTO fact VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._name(fact.name), header, first, last, fact.line + moved, fact.end_line + moved, fact.kind,
             to_sqlite(fact.value), fact.type, fact.reason, fact.bit_offset, fact.bit_size, fact.size,
             fact.owner),
        )  # fmt: skip

    def _content(self, header: int, state: State, first: int, last: int) -> None:
        assert state.reading is not None
        self.db.execute(
            "INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)",
            (header, first, last, state.path, state.blob, state.reading.failure),
        )
        self.db.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?)",
            ((header, first, *problem) for problem in state.reading.problems),
        )

    def _suspicions(self) -> None:
        """What is still odd after the decisions."""
        headers: dict[str, list[tuple[int, int]]] = {}
        unread: dict[str, set[int]] = {}
        for header, first, last, wholly in self.db.execute(_READ):
            headers.setdefault(header, []).append((first, last))
            if not wholly:
                unread.setdefault(header, set()).update(range(first, last + 1))
        names: dict[str, list[tuple[str, int, int]]] = {}
        for name, header, first, last in self.db.execute(_STANDS):
            names.setdefault(name, []).append((header, first, last))
        doubted: dict[str, set[int]] = {}
        for decision in self.decisions:
            if decision.decision == UNKNOWN:
                for name in decision.names:
                    doubted.setdefault(name, set()).add(self.number[decision.tag])
                if not decision.names:
                    unread.setdefault(decision.header, set()).add(self.number[decision.tag])
        found = suspicions(headers, names, len(self.releases), Unknown(unread, doubted))
        for number, said in found.items():
            self.db.execute("UPDATE release SET suspicion = ? WHERE id = ?", (str(said), number))

    def _name(self, name: str) -> int:
        if name not in self.names:
            self.names[name] = len(self.names) + 1
            self.db.execute("INSERT INTO name VALUES (?, ?)", (self.names[name], name))
        return self.names[name]


def _is_odd(fact: Fact) -> bool:
    """Whether a value would not read back: a large integer is kept as text."""
    return isinstance(fact.value, str) and not (fact.type or "").endswith("]")


def _left(first: int, last: int, gone: Set[int]) -> Iterator[tuple[int, int]]:
    """What is left of the releases from one to another, in stretches."""
    start = first
    for number in sorted(gone):
        if start <= number <= last:
            if start < number:
                yield start, number - 1
            start = number + 1
    if start <= last:
        yield start, last


def _moved(line: int, shifts: Sequence[tuple[int, int, int]], first: int, to: int) -> int:
    """Where a line of release `first` stands at release `to`."""
    for _, rows in groupby((s for s in shifts if first < s[0] <= to), lambda shift: shift[0]):
        line += shift_of(line, rows)
    return line
