"""The store: one SQLite file with every content read, every fact, and which release has which.

Contents, readings and traces are true whatever release they were met in, so they are written as
they come; a release is written whole, in one transaction, at the end. What is interrupted leaves no
half of a release behind and need not be done again.
"""

import hashlib
import itertools
import sqlite3
import zlib
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from kscan.batch import Batch, Block, Packed, Said
from kscan.blobs import unpacked
from kscan.errors import StoreError
from kscan.model import Fact, Problem, Reading, Trace
from kscan.place import SCHEMA_VERSION, check_file, check_version, store_path
from kscan.sqlite_values import from_sqlite, statements

# How hard zlib tries: the usual level takes half as long again for a thirtieth less.
_LEVEL = 4
# How many contents wait to be packed at once.
_WAITING = 32


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release as it is entered; see schema.sql for the fields."""

    tag: str
    profile: str
    is_label: bool
    exact: str
    source: str
    commit: str | None
    permalink: str | None
    sets: tuple[str, ...]
    suspicion: str | None
    reader: str = ""


class Known(NamedTuple):
    """What is known of a release that is here already; `reader` is the code that read it."""

    source: str
    commit: str | None
    sets: tuple[str, ...]
    reader: str
    permalink: str | None
    exact: str
    suspicion: str | None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a release and what reading it gave."""

    scope: str
    header: str
    path: str
    blob: str
    reading: int


class Store:
    """The store at `path`, made where it is missing. Raises StoreError where it cannot be used."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(store_path())
        check_file(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self.db.execute("PRAGMA foreign_keys = ON")
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.names = _Names(self.db)
            self.said = _Said(self.db, self.names)
            self._make()
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreError(f"{self.path}: {error}; set KSCAN_HOME to a folder that can be written") from None
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}; delete it and fetch again") from None

    def _make(self) -> None:
        if self._version() == 0:
            with self.writing():
                if self._version() == 0:
                    script = files("kscan").joinpath("schema.sql").read_text()
                    for statement in statements(script):
                        self.db.execute(statement)
                    self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        check_version(self.db, self.path)

    def _version(self) -> int:
        return int(self.db.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it or nothing."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            self.names.new.clear()
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self.names.clear()
                self.said.clear()
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self.path}: {error}; is there room, and may it be written? KSCAN_HOME names another folder"
            ) from None
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}; delete it and fetch again") from None

    # Contents.

    def missing_blobs(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` whose content is not here yet, in order."""
        known = "SELECT 1 FROM blob WHERE id = ?"
        return [i for i in dict.fromkeys(ids) if not self.db.execute(known, (i,)).fetchone()]

    def add_blobs(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Keeps contents under their git ids."""
        with self.writing():
            self.db.executemany("INSERT OR IGNORE INTO blob VALUES (?, ?)", _packed(contents))

    def blob(self, blob: str) -> bytes | None:
        """The content with this id, or None."""
        packed = self.packed_blob(blob)
        return unpacked(packed, blob, self.path) if packed is not None else None

    def packed_blob(self, blob: str) -> bytes | None:
        """The content with this id as it is kept (kscan.blobs.unpacked), or None."""
        row = self.db.execute("SELECT data FROM blob WHERE id = ?", (blob,)).fetchone()
        return row[0] if row else None

    # Readings.

    def traces(self, blob: str, mode: str) -> list[tuple[str, str, int]]:
        """The closures and circumstances in which a content was read, and the readings."""
        query = "SELECT closure, circumstances, reading_id FROM trace WHERE blob = ? AND mode = ?"
        return self.db.execute(query, (blob, mode)).fetchall()

    def add_readings(self, batch: Batch, again: Sequence[tuple[Trace, int]] = ()) -> list[int]:
        """Keeps readings with their traces, in one transaction; returns the readings' numbers, trace by
        trace. `again` are further traces of readings that are here."""
        with self.writing():
            said = [self.said[one] for one in batch.said]
            blocks = [(self._block(block, said), len(block.said)) for block in batch.blocks]
            numbers = [self._reading(packed, blocks) for packed in batch.readings]
            new = [(trace, numbers[one]) for trace, one in batch.traces]
            kept = [(*trace, number) for trace, number in (*new, *again)]
            same = "DELETE FROM trace WHERE blob = ? AND mode = ? AND closure = ?"
            self.db.executemany(same, (one[:3] for one in kept))
            self.db.executemany("INSERT INTO trace VALUES (?, ?, ?, ?, ?)", kept)
            return [number for _, number in new]

    def _block(self, block: Block, numbers: Sequence[int]) -> int:
        said = array("q", map(numbers.__getitem__, block.said))
        digest = hashlib.sha1(said.tobytes() + block.lines.tobytes()).digest()
        known = self.db.execute("SELECT id FROM block WHERE digest = ?", (digest,)).fetchone()
        if known:
            return int(known[0])
        number = self.db.execute("INSERT INTO block (digest) VALUES (?)", (digest,)).lastrowid or 0
        places = zip(itertools.repeat(number), itertools.count(), said, block.lines, strict=False)
        self.db.executemany("INSERT INTO stands VALUES (?, ?, ?, ?)", places)
        return number

    def _reading(self, packed: Packed, known: Sequence[tuple[int, int]]) -> int:
        """Keeps a reading, given the numbers of the batch's blocks and how many facts they have."""
        blocks = array("q", [known[one][0] for one in packed.blocks])
        digest = hashlib.sha1(blocks.tobytes() + packed.lines.tobytes())
        digest.update(repr((packed.problems, packed.failure)).encode("utf-8", "surrogatepass"))
        same = self.db.execute("SELECT id FROM reading WHERE digest = ?", (digest.hexdigest(),)).fetchone()
        if same:
            return int(same[0])
        cursor = self.db.execute(
            "INSERT INTO reading (digest, failure) VALUES (?, ?)", (digest.hexdigest(), packed.failure)
        )
        number = int(cursor.lastrowid or 0)
        self.db.executemany(
            "INSERT INTO problem VALUES (?, ?, ?)", ((number, *problem) for problem in packed.problems)
        )
        before = itertools.accumulate((known[one][1] for one in packed.blocks), initial=0)
        places = zip(itertools.repeat(number), before, blocks, packed.lines, strict=False)
        self.db.executemany("INSERT INTO holds VALUES (?, ?, ?, ?)", places)
        return number

    # Releases.

    def add_release(self, release: ReleaseRow, rows: Sequence[FileRow]) -> None:
        """Enters a release with its files, in the place of what was known of it before."""
        with self.writing():
            self.db.execute("DELETE FROM release WHERE tag = ? AND profile = ?", (release.tag, release.profile))
            cursor = self.db.execute(
                "INSERT INTO release (tag, profile, is_label, exact, source, commit_id, permalink, sets,"
                " suspicion, reader) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (release.tag, release.profile, release.is_label, release.exact, release.source,
                 release.commit, release.permalink, "\n".join(release.sets), release.suspicion,
                 release.reader),
            )  # fmt: skip
            number = cursor.lastrowid
            self.db.executemany(
                "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)",
                ((number, row.scope, row.header, row.path, row.blob, row.reading) for row in rows),
            )

    def known_release(self, tag: str, profile: str) -> Known | None:
        """What is known of a release that is here, or None."""
        query = """
            SELECT source, commit_id, sets, reader, permalink, exact, suspicion FROM release
            WHERE tag = ? AND profile = ?
        """
        row = self.db.execute(query, (tag, profile)).fetchone()
        return Known(row[0], row[1], tuple(row[2].split("\n")), *row[3:]) if row else None

    def tags(self, profile: str) -> list[str]:
        """The tags of the releases that are here, labels left out."""
        query = "SELECT tag FROM release WHERE profile = ? AND NOT is_label"
        return [tag for (tag,) in self.db.execute(query, (profile,))]

    def files(self, tag: str, profile: str) -> list[FileRow]:
        """The files of a release."""
        query = """
            SELECT scope, header, path, blob, reading_id FROM file JOIN release ON release.id = release_id
            WHERE tag = ? AND profile = ?
        """
        return [FileRow(*row) for row in self.db.execute(query, (tag, profile))]

    def reading(self, number: int) -> Reading:
        """A reading as it was given to add_readings."""
        query = """
            SELECT kind, text, line, end_line, value, type, reason, bit_offset, bit_size, size, owner
            FROM fact JOIN name ON name.id = name_id WHERE reading_id = ? ORDER BY number
        """
        found = (Fact(*row) for row in self.db.execute(query, (number,)))
        facts = tuple(fact._replace(value=from_sqlite(fact.value, fact.type)) for fact in found)
        rows = self.db.execute("SELECT line, reason FROM problem WHERE reading_id = ?", (number,))
        problems = tuple(Problem(*row) for row in rows)
        (failure,) = self.db.execute("SELECT failure FROM reading WHERE id = ?", (number,)).fetchone()
        return Reading(facts, problems, failure)


def _packed(contents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Contents as they are kept. Another thread packs them while the next are brought: zlib needs no Python."""
    waiting: deque[tuple[str, Future[bytes]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for blob, data in contents:
            waiting.append((blob, pool.submit(zlib.compress, data, _LEVEL)))
            if len(waiting) > _WAITING:
                yield _done(waiting.popleft())
        yield from map(_done, waiting)


def _done(waiting: tuple[str, "Future[bytes]"]) -> tuple[str, bytes]:
    blob, packed = waiting
    return blob, packed.result()


class _Names(dict[str, int]):
    """The numbers of names, those that were asked for; a new name gets one. None is ever taken away. `new` are
    those of this transaction: nothing of them was here before it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self.db = db
        self.new: set[int] = set()

    def __missing__(self, name: str) -> int:
        row = self.db.execute("SELECT id FROM name WHERE text = ?", (name,)).fetchone()
        number = self[name] = int(row[0]) if row else self._add(name)
        return number

    def _add(self, name: str) -> int:
        number = self.db.execute("INSERT INTO name (text) VALUES (?)", (name,)).lastrowid or 0
        self.new.add(number)
        return number


_SAME = """
    SELECT id FROM said WHERE +name_id = ? AND kind = ? AND further = ? AND value IS ? AND type IS ?
    AND reason IS ? AND bit_offset IS ? AND bit_size IS ? AND size IS ? AND +owner IS ? AND mark = ?
"""


class _Said(dict[Said, int]):
    """The numbers of facts wherever they stand, those that were asked for; a new one gets one. None is ever
    taken away."""

    def __init__(self, db: sqlite3.Connection, names: _Names) -> None:
        super().__init__()
        self.db, self.names = db, names

    def __missing__(self, said: Said) -> int:
        name, rest = said
        row = self.names[name], *rest
        digest = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        row = *row, int.from_bytes(digest, "big", signed=True)
        found = None if row[0] in self.names.new else self.db.execute(_SAME, row).fetchone()
        number = self[said] = int(found[0]) if found else self._add(row)
        return number

    def _add(self, row: Sequence[object]) -> int:
        insert = "INSERT INTO said VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return self.db.execute(insert, row).lastrowid or 0
