"""Makes the SQLite file that ships of the dataset's text: the same bytes for the same text.

Imports nothing but the standard library and kscan's own: the build hook runs it before kscan is installed.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from kscan.dataset.folder import Folder
from kscan.dataset.ledger import Ledger, State
from kscan.model import Fact
from kscan.place import DATA_VERSION
from kscan.version import KernelVersion, github_link

_LARGEST = 2**63 - 1
_PROFILE = "x86-64"


def make(folder: Folder, target: Path) -> None:
    """Writes the file, whole or not at all. Raises KscanError for text that is no dataset."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    try:
        db = sqlite3.connect(beside, isolation_level=None)
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA page_size = 4096")
        db.execute("BEGIN")
        for statement in _statements(Path(__file__).with_name("schema.sql").read_text()):
            db.execute(statement)
        _Maker(db, folder).make()
        db.execute(f"PRAGMA user_version = {DATA_VERSION}")
        db.execute("COMMIT")
        db.execute("VACUUM")
        db.close()
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


class _Maker:
    def __init__(self, db: sqlite3.Connection, folder: Folder) -> None:
        self.db = db
        self.folder = folder
        self.releases = folder.releases()
        self.number = {release.tag: number for number, release in enumerate(self.releases, 1)}
        self.names: dict[str, int] = {}

    def make(self) -> None:
        self.db.execute("INSERT INTO about VALUES (?, ?)", (_PROFILE, self.folder.digest()))
        for number, release in enumerate(self.releases, 1):
            link = github_link(KernelVersion(release.exact))
            self.db.execute(
                "INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number, release.tag, release.exact, release.source, release.commit or None, link,
                 "\n".join(release.sets.split()), release.remark or None),
            )  # fmt: skip
        self._decisions()
        for number, (scope, header) in enumerate(self.folder.headers(), 1):
            self.db.execute("INSERT INTO header VALUES (?, ?, ?)", (number, scope, header))
            self._header(number, Ledger(self.folder.ledger(scope, header), self.folder.place(scope, header)))

    def _decisions(self) -> None:
        for decision in self.folder.decisions():
            for name in decision.names or (None,):
                self.db.execute(
                    "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)",
                    (self.number[decision.tag], decision.decision, decision.scope, decision.header, name,
                     decision.reason),
                )  # fmt: skip

    def _header(self, header: int, ledger: Ledger) -> None:
        lasts = [*(self.number[state.tag] - 1 for state in ledger.states[1:]), len(self.releases)]
        for state, last in zip(ledger.states, lasts, strict=True):
            if state.reading is not None:
                self._content(header, state, last)
        self.db.executemany(
            "INSERT INTO shift VALUES (?, ?, ?, ?)",
            ((header, self.number[tag], line, delta) for tag, line, delta in ledger.shifts),
        )
        stands = sorted(ledger.stands, key=lambda stand: (self.number[stand.first], stand.fact.line))
        for fact, first, until in stands:
            last = self.number[until] - 1 if until else len(self.releases)
            self.db.execute(
                "INSERT INTO fact VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._name(fact.name), header, self.number[first], last, fact.line, fact.end_line, fact.kind,
                 _value(fact), fact.type, fact.reason, fact.bit_offset, fact.bit_size, fact.size, fact.owner),
            )  # fmt: skip

    def _content(self, header: int, state: State, last: int) -> None:
        assert state.reading is not None
        first = self.number[state.tag]
        self.db.execute(
            "INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)",
            (header, first, last, state.path, state.blob, state.reading.failure),
        )
        self.db.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?)",
            ((header, first, *problem) for problem in state.reading.problems),
        )

    def _name(self, name: str) -> int:
        if name not in self.names:
            self.names[name] = len(self.names) + 1
            self.db.execute("INSERT INTO name VALUES (?, ?)", (self.names[name], name))
        return self.names[name]


def _value(fact: Fact) -> int | str | None:
    value = fact.value
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST else value
