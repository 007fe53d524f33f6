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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from kscan.batch import Batch, Block, Packed, Said
from kscan.blobs import unpacked
from kscan.errors import StoreError, UnknownTag
from kscan.model import Fact, Problem, Reading, Trace
from kscan.near import near_tags
from kscan.place import SCHEMA_VERSION, check_file, check_version, closed_if_failing, is_busy, store_path
from kscan.sqlite_values import from_sqlite, statements

# How hard zlib tries: the usual level takes half as long again for a thirtieth less.
_LEVEL = 4
# How many contents wait to be packed at once.
_WAITING = 32
# How many contents are written at once: what was brought before a failure is kept, but for so many.
_WRITTEN_AT_ONCE = 4096
# Values in one question: older versions of SQLite take 999.
_ASKED_AT_ONCE = 500


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
            with closed_if_failing(self.db):
                self.db.execute("PRAGMA foreign_keys = ON")
                self.db.execute("PRAGMA synchronous = NORMAL")
                self.said = _Said(self.db)
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
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self.said.forget()
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise StoreError(f"{self.path}: another command writes it; run it again") from None
            raise StoreError(
                f"{self.path}: {error}; is there room, and may it be written? KSCAN_HOME names another folder"
            ) from None
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}; delete it and fetch again") from None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self.db.close()

    # Contents.

    def missing_blobs(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` whose content is not here yet, in order."""
        asked = dict.fromkeys(ids)
        known = {blob for (blob,) in _among(self.db, "SELECT id FROM blob WHERE id", asked)}
        return [blob for blob in asked if blob not in known]

    def add_blobs(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Keeps contents under their git ids, some at once: nobody waits for what is yet to be brought."""
        packed = _packed(contents)
        while some := list(itertools.islice(packed, _WRITTEN_AT_ONCE)):
            with self.writing():
                self.db.executemany("INSERT OR IGNORE INTO blob VALUES (?, ?)", some)

    def blob(self, blob: str) -> bytes | None:
        """The content with this id, or None."""
        packed = self.packed_blob(blob)
        return unpacked(packed, blob, self.path) if packed is not None else None

    def packed_blob(self, blob: str) -> bytes | None:
        """The content with this id as it is kept (kscan.blobs.unpacked), or None."""
        row = self.db.execute("SELECT data FROM blob WHERE id = ?", (blob,)).fetchone()
        return row[0] if row else None

    # Readings.

    def traces(self, keys: Set[tuple[str, str]]) -> dict[tuple[str, str], list[tuple[str, str, int]]]:
        """By contents and modes, the closures and circumstances in which they were read, and the readings; the
        latest, which hold most often, first."""
        query = "SELECT blob, mode, closure, circumstances, reading_id FROM trace WHERE blob"
        found: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for blob, mode, *told in _among(self.db, query, {blob for blob, _ in keys}, "ORDER BY rowid DESC"):
            if (blob, mode) in keys:
                found.setdefault((blob, mode), []).append(tuple(told))
        return found

    def read_before(self, keys: Set[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Those of contents and modes that have any trace."""
        query = "SELECT DISTINCT blob, mode FROM trace WHERE blob"
        return keys & set(_among(self.db, query, {blob for blob, _ in keys}))

    def lengths(self, blobs: Iterable[str]) -> dict[str, int]:
        """How many bytes contents take as they are kept."""
        return dict(_among(self.db, "SELECT id, length(data) FROM blob WHERE id", blobs))

    def add_readings(self, batch: Batch, again: Sequence[tuple[Trace, int]] = ()) -> list[int]:
        """Keeps readings with their traces, in one transaction; returns the readings' numbers, trace by
        trace. `again` are further traces of readings that are here."""
        with self.writing():
            blocks = self._blocks(batch)
            numbers = [self._reading(packed, blocks) for packed in batch.readings]
            new = [(trace, numbers[one]) for trace, one in batch.traces]
            kept = [(*trace, number) for trace, number in (*new, *again)]
            same = "DELETE FROM trace WHERE blob = ? AND mode = ? AND closure = ?"
            self.db.executemany(same, (one[:3] for one in kept))
            self.db.executemany("INSERT INTO trace VALUES (?, ?, ?, ?, ?)", kept)
            return [number for _, number in new]

    def _blocks(self, batch: Batch) -> list[tuple[int, int]]:
        """The numbers of a batch's blocks and how many facts they have. Facts are looked for where a block is
        new: most of what a header says is in it from release to release."""
        digests = (block.digest for block in batch.blocks)
        known: dict[bytes, int] = dict(_among(self.db, "SELECT digest, id FROM block WHERE digest", digests))
        new = [block for block in batch.blocks if block.digest not in known]
        said = list(dict.fromkeys(itertools.chain.from_iterable(block.said for block in new)))
        numbers = dict(zip(said, self.said.numbers([batch.said[one] for one in said]), strict=True))
        known |= {block.digest: self._block(block, numbers) for block in new}
        return [(known[block.digest], len(block.said)) for block in batch.blocks]

    def _block(self, block: Block, numbers: Mapping[int, int]) -> int:
        number = self.db.execute("INSERT INTO block (digest) VALUES (?)", (block.digest,)).lastrowid or 0
        said = map(numbers.__getitem__, block.said)
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
        """Enters a release with its files, in the place of what was known of it before; its number stays, which
        those who read have in hand."""
        key = release.tag, release.profile
        with self.writing():
            known = self.db.execute("SELECT id FROM release WHERE tag = ? AND profile = ?", key).fetchone()
            cursor = self.db.execute(
                "INSERT OR REPLACE INTO release (id, tag, profile, is_label, exact, source, commit_id,"
                " permalink, sets, suspicion, reader) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (known[0] if known else None, *key, release.is_label, release.exact, release.source,
                 release.commit, release.permalink, "\n".join(release.sets), release.suspicion,
                 release.reader),
            )  # fmt: skip
            number = cursor.lastrowid
            self.db.executemany(
                "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)",
                ((number, row.scope, row.header, row.path, row.blob, row.reading) for row in rows),
            )

    def forget(self, tags: Collection[str], profile: str) -> None:
        """Takes releases out, all of them or none. Contents and readings stay: they are true whatever release
        they were met in. Raises UnknownTag."""
        with self.writing():
            known = [tag for (tag,) in self.db.execute("SELECT tag FROM release WHERE profile = ?", (profile,))]
            for tag in tags:
                if tag not in known:
                    raise UnknownTag(tag, near_tags(tag, known), "what was fetched or scanned")
            self.db.executemany(
                "DELETE FROM release WHERE tag = ? AND profile = ?", ((tag, profile) for tag in tags)
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


class _Names:
    """The numbers of names; those that were asked for are kept. None is ever taken away."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.known: dict[str, int] = {}

    def numbers(self, names: Sequence[str]) -> list[int]:
        """The number of each; a new name gets one."""
        known = self.known
        unknown = dict.fromkeys(name for name in names if name not in known)
        known.update(_among(self.db, "SELECT text, id FROM name WHERE text", unknown))
        return [known[name] if name in known else self._add(name) for name in names]

    def _add(self, name: str) -> int:
        number = self.db.execute("INSERT INTO name (text) VALUES (?)", (name,)).lastrowid or 0
        self.known[name] = number
        return number


class _Said:
    """The numbers of facts wherever they stand; those that were asked for are kept. None is ever taken away."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.names = _Names(db)
        self.known: dict[Said, int] = {}

    def numbers(self, said: Sequence[Said]) -> list[int]:
        """The number of each; a new one gets one."""
        known = self.known
        unknown = [one for one in said if one not in known]
        names = self.names.numbers([name for name, _ in unknown])
        rows = [_marked(number, rest) for number, (_, rest) in zip(names, unknown, strict=True)]
        marks = (row[-1] for row in rows)
        here = {tuple(row): number for number, *row in _among(self.db, "SELECT * FROM said WHERE mark", marks)}
        for one, row in zip(unknown, rows, strict=True):
            known[one] = here[row] if row in here else self._add(row)
        return [known[one] for one in said]

    def _add(self, row: Sequence[object]) -> int:
        insert = "INSERT INTO said VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return self.db.execute(insert, row).lastrowid or 0

    def forget(self) -> None:
        """What is kept may not be true any more."""
        self.known.clear()
        self.names.known.clear()


def _marked(name: int, rest: Sequence[object]) -> tuple[object, ...]:
    """A row of `said` but for its number."""
    row = name, *rest
    digest = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return *row, int.from_bytes(digest, "big", signed=True)


def _among(db: sqlite3.Connection, select: str, values: Iterable[object], order: str = "") -> Iterator[Any]:
    """The rows of `select`, which ends in a column, where that is one of `values`: many in one question."""
    left = iter(values)
    while some := list(itertools.islice(left, _ASKED_AT_ONCE)):
        yield from db.execute(f"{select} IN ({', '.join('?' * len(some))}) {order}", some)
