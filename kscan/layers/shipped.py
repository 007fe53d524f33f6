"""The layer that ships with kscan: facts by the releases between which they stand (dataset/schema.sql)."""

import os
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from kscan.errors import StoreError
from kscan.layers import About
from kscan.layers.unread import Unread
from kscan.model import INTERNAL
from kscan.place import check_data_version, closed_if_failing, read_only
from kscan.seen import Release, Seen
from kscan.sqlite_values import as_glob, containing, from_sqlite
from kscan.version import KernelVersion

# Above every number that a release of the user's store has.
_OFFSET = 1 << 40

_FACT = """
    SELECT fact.header_id, fact.first, fact.last, name.text, fact.kind, fact.line, fact.end_line, fact.value,
           fact.type, fact.reason, fact.bit_offset, fact.bit_size, fact.size
    FROM {} WHERE fact.kind {} 'use'
"""
_BY_NAME = _FACT.format("name JOIN fact ON fact.name_id = name.id", "<>")
_BY_FACT = _FACT.format("fact JOIN name ON name.id = fact.name_id", "<>")
_VISIBLE = "EXISTS (SELECT 1 FROM release WHERE id BETWEEN fact.first AND fact.last AND id IN ({}))"
_USED = _FACT.format("fact JOIN name ON name.id = fact.name_id", "=")


class Recorded(NamedTuple):
    """A file of a release as it was read: git's id of its content."""

    scope: str
    header: str
    path: str
    blob: str


class _File(NamedTuple):
    """A header through the releases: its contents in order (first, last, path, read wholly), its paths by
    release, and at which releases lines moved: for each, from which lines on, by how much."""

    scope: str
    header: str
    contents: tuple[tuple[int, int, str, bool], ...]
    paths: dict[int, str]
    moves: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]

    def lines(self, line: int, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """The line through the releases: from one to another, at which line."""
        start = first
        for release, starts, deltas in self.moves:
            if start < release <= last:
                at = bisect_right(starts, line) - 1
                if at >= 0 and deltas[at]:
                    yield start, release - 1, line
                    start, line = release, line + deltas[at]
        yield start, last, line


class ShippedLayer:
    """The releases of the dataset, but for `hidden` versions. Raises StoreError for a file that is no
    dataset."""

    name = "shipped"

    def __init__(self, path: str, hidden: Collection[KernelVersion] = ()) -> None:
        self.path = path
        if not os.path.isfile(path):
            what = ": no file" if os.path.exists(path) else " is not there, the data that ships"
            raise StoreError(f"{path}{what}; install kscan again, or in a checkout: kscan dataset make")
        try:
            self.db = sqlite3.connect(read_only(path), uri=True)
            with closed_if_failing(self.db):
                check_data_version(self.db, path)
                found = {release.id: release for release in self._load()}
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}; install kscan again") from None
        self.releases = {number: release for number, release in found.items() if release.version not in hidden}
        # What stands in hidden releases only is not there.
        self._visible = _VISIBLE.format(", ".join(str(number - _OFFSET) for number in self.releases))
        if len(found) == len(self.releases):
            self._visible = "TRUE"
        seen = f"fact.name_id = name.id AND fact.kind <> 'use' AND {self._visible}"
        self._is_seen = f"EXISTS (SELECT 1 FROM fact WHERE {seen})"
        of_header = f"JOIN header ON header.id = fact.header_id WHERE header.scope = ? AND {seen}"
        self._is_seen_in = f"EXISTS (SELECT 1 FROM fact {of_header})"

    def _load(self) -> Iterator[Release]:
        for number, tag, exact, permalink, sets in self.db.execute(
            "SELECT id, tag, exact, permalink, sets FROM release"
        ):
            versions = KernelVersion.parse(tag), KernelVersion.parse(exact)
            yield Release(number + _OFFSET, tag, *versions, permalink, tuple(sets.split("\n")))

    @property
    def profile(self) -> str:
        """The profile that the releases were read for."""
        return str(self.db.execute("SELECT profile FROM about").fetchone()[0])

    def close(self) -> None:
        """Lets go of the file."""
        self.db.close()

    def about(self, release: Release) -> About:
        """What is told of a release."""
        number = release.id - _OFFSET
        query = "SELECT exact, source, commit_id, suspicion FROM release WHERE id = ?"
        exact, source, commit, suspicion = self.db.execute(query, (number,)).fetchone()
        query = """
            SELECT count(*), sum(failure IS NULL AND lines = 0), sum((failure IS NOT NULL) + lines) FROM (
                SELECT failure, (SELECT count(*) FROM problem
                    WHERE problem.header_id = content.header_id AND problem.first = content.first) AS lines
                FROM content WHERE first <= ? AND last >= ?)
        """
        headers, parsed, problems = self.db.execute(query, (number, number)).fetchone()
        return exact, source, commit, suspicion, headers, parsed or 0, problems or 0

    def problems(self) -> Iterator[tuple[Release, str, str, str, int | None, str]]:
        """What could not be read: release, scope, header, path, line, reason."""
        query = """
            SELECT content.first, content.last, header.scope, header.name, content.path, problem.line,
                   problem.reason
            FROM problem JOIN content USING (header_id, first) JOIN header ON header.id = content.header_id
            UNION ALL
            SELECT content.first, content.last, header.scope, header.name, content.path, NULL, content.failure
            FROM content JOIN header ON header.id = content.header_id WHERE content.failure IS NOT NULL
        """
        for first, last, *rest in self.db.execute(query):
            for release in self._between(first, last):
                yield (release, *rest)

    def _between(self, first: int, last: int) -> Iterator[Release]:
        for number in range(first + _OFFSET, last + _OFFSET + 1):
            if number in self.releases:
                yield self.releases[number]

    # Facts.

    def _file(self, header: int) -> _File:
        if header not in self._known:
            scope, name = self.db.execute("SELECT scope, name FROM header WHERE id = ?", (header,)).fetchone()
            read = self.db.execute(
                "SELECT first, last, path, failure IS NULL AND NOT EXISTS (SELECT 1 FROM problem WHERE"
                " problem.header_id = content.header_id AND problem.first = content.first)"
                " FROM content WHERE header_id = ? ORDER BY first", (header,),
            )  # fmt: skip
            contents = tuple(read)
            shifts = self.db.execute(
                "SELECT release, line, delta FROM shift WHERE header_id = ? ORDER BY release, line", (header,)
            )
            moves = []
            for release, rows in groupby(shifts, lambda row: row[0]):
                _, lines, deltas = zip(*rows, strict=True)
                moves.append((release, lines, deltas))
            paths = {release: path for first, last, path, _ in contents for release in range(first, last + 1)}
            self._known[header] = _File(scope, name, contents, paths, tuple(moves))
        return self._known[header]

    @cached_property
    def _known(self) -> dict[int, _File]:
        return {}

    def _seen(self, rows: Iterable[tuple[Any, ...]], only: int | None = None) -> Iterator[Seen]:
        """The facts of rows as they stand in each release, or in one."""
        for row in rows:
            header, first, last, name, kind, line, end_line, value, type_, *rest = row
            if only is not None and not first <= only <= last:
                continue
            file = self._file(header)
            value = from_sqlite(value, type_)
            span = end_line - line
            content = value, type_, *rest
            for start, end, at in file.lines(line, first, last if only is None else only):
                if only is not None and end < only:
                    continue
                for release in self._between(max(start, only or start), end):
                    path = file.paths[release.id - _OFFSET]
                    yield Seen(release, file.scope, file.header, path, name, kind, at, at + span, *content)

    def by_name(self, name: str, scope: str = "all") -> Iterator[Seen]:
        """Every fact with a name, in one scope or in all."""
        rows = self.db.execute(f"{_BY_NAME} AND name.text = ?", (name,))
        return self._seen(row for row in rows if scope in ("all", self._file(row[0]).scope))

    def in_order(self, names: Collection[str] | None = None) -> Iterator[Seen]:
        """Every fact, or every one that has one of these names, in order of name."""
        rows = self.db.execute(f"{_BY_NAME} ORDER BY name.text")
        return self._seen(row for row in rows if names is None or row[3] in names)

    def at(self, release: Release, pattern: str = "*") -> Iterator[Seen]:
        """The facts of a release whose name a shell pattern matches, in the order of its files."""
        number = release.id - _OFFSET
        query = f"{_BY_FACT} AND fact.first <= ? AND fact.last >= ?"
        given: list[object] = [number, number]
        if pattern != "*":
            query, given = f"{query} AND name.text GLOB ?", [*given, as_glob(pattern)]
        facts = self._seen(self.db.execute(query, given), number)
        return iter(sorted(sorted(facts, key=_place), key=lambda fact: fact.scope, reverse=True))

    def among(self, release: Release, names: Collection[str]) -> Iterator[Seen]:
        """The facts of a release that have one of these names."""
        number = release.id - _OFFSET
        rows = self.db.execute(f"{_BY_FACT} AND fact.first <= ? AND fact.last >= ?", (number, number))
        return self._seen((row for row in rows if row[3] in names), number)

    def apart(self, old: Release, new: Release) -> set[str]:
        """The names that one of two releases has otherwise than the other, and maybe more."""
        query = """
            SELECT name.text FROM fact JOIN name ON name.id = fact.name_id
            WHERE (fact.first <= ? AND fact.last >= ?) <> (fact.first <= ? AND fact.last >= ?)
        """
        one, other = old.id - _OFFSET, new.id - _OFFSET
        return {name for (name,) in self.db.execute(query, (one, one, other, other))}

    def of_path(self, release: Release, path: str) -> Iterator[Seen]:
        """The facts of one file, in its order."""
        number = release.id - _OFFSET
        found = self.db.execute(
            "SELECT header_id FROM content WHERE path = ? AND first <= ? AND last >= ?", (path, number, number)
        )
        for (header,) in found.fetchall():
            query = f"{_BY_FACT} AND fact.header_id = ? AND fact.first <= ? AND fact.last >= ?"
            facts = self._seen(self.db.execute(query, (header, number, number)), number)
            yield from sorted(facts, key=_place)

    def uses(self, sort: str, release: Release | None = None) -> Iterator[Seen]:
        """The uses of one sort, of one release or of all, in order of path and line."""
        number = None if release is None else release.id - _OFFSET
        rows = self.db.execute(f"{_USED} AND fact.owner = ?", (sort,))
        return iter(sorted(self._seen(rows, number), key=lambda fact: (fact.path, fact.line, fact.name)))

    # Names.

    def names(self, pattern: str | None = None, scope: str = "all") -> Iterator[str]:
        """The names that facts of any release have in one scope or in all, or those a shell pattern matches."""
        is_seen, given = (self._is_seen, []) if scope == "all" else (self._is_seen_in, [scope])
        query = f"SELECT text FROM name WHERE {is_seen}"
        if pattern is not None:
            query, given = f"{query} AND text GLOB ?", [*given, as_glob(pattern)]
        return (text for (text,) in self.db.execute(query, given))

    def containing(self, text: str) -> Iterator[str]:
        """The names that contain a text, whatever the case."""
        query = f"SELECT text FROM name WHERE text LIKE ? ESCAPE '\\' AND {self._is_seen}"
        return (name for (name,) in self.db.execute(query, (containing(text),)))

    def names_in(self, scope: str, header: str) -> Iterator[str]:
        """The names that a header has in any release."""
        query = f"""
            SELECT DISTINCT name.text FROM header JOIN fact ON fact.header_id = header.id
            JOIN name ON name.id = fact.name_id WHERE header.scope = ? AND header.name = ? AND {self._visible}
        """
        return (name for (name,) in self.db.execute(query, (scope, header)))

    def shown(self, release: Release) -> Iterator[tuple[str, str]]:
        """Header and name of all that user space's headers of a release have."""
        query = """
            SELECT DISTINCT header.name, name.text FROM fact JOIN header ON header.id = fact.header_id
            JOIN name ON name.id = fact.name_id WHERE first <= ? AND last >= ? AND header.scope = 'uapi'
        """
        number = release.id - _OFFSET
        return iter(self.db.execute(query, (number, number)))

    def enumerators(self, enum: str) -> Iterator[tuple[str, int | str | None]]:
        """The enumerators of an enum of user space's headers, with the greatest value of each."""
        query = f"""
            SELECT name.text, max(fact.value) FROM fact JOIN name ON name.id = fact.name_id
            JOIN header ON header.id = fact.header_id
            WHERE fact.owner = ? AND header.scope = 'uapi' AND {self._visible} GROUP BY name.text
        """
        return iter(self.db.execute(query, (enum,)))

    def aliases(self, enum: str) -> Iterator[set[str]]:
        """The names that an enum has for one value, wherever it has several."""
        query = f"""
            SELECT fact.header_id, fact.value, fact.first, fact.last, name.text
            FROM fact JOIN name ON name.id = fact.name_id JOIN header ON header.id = fact.header_id
            WHERE fact.owner = ? AND fact.value IS NOT NULL AND header.scope = 'uapi' AND {self._visible}
            ORDER BY fact.header_id, fact.value
        """
        for _, rows in groupby(self.db.execute(query, (enum,)), lambda row: row[:2]):
            spans = [row[2:] for row in rows]
            for first, last, name in spans:
                names = {other for f, t, other in spans if f <= last and t >= first}
                if len(names) > 1:
                    yield from ({name, other} for other in names - {name})

    # Files.

    def files(self, scope: str, header: str) -> dict[Release, bool]:
        """The releases that have a header, and whether it could be read in each, wholly."""
        query = "SELECT id FROM header WHERE scope = ? AND name = ?"
        found = self.db.execute(query, (scope, header)).fetchone()
        contents = self._file(found[0]).contents if found else ()
        return {r: bool(whole) for first, last, _, whole in contents for r in self._between(first, last)}

    def headers(self) -> Iterator[tuple[str, str]]:
        """Scope and name of every header that any release has."""
        return iter(self.db.execute("SELECT scope, name FROM header"))

    @cached_property
    def with_internal(self) -> frozenset[Release]:
        """The releases of which any internal file was read."""
        query = "SELECT first, last FROM content JOIN header ON header.id = header_id WHERE scope = ?"
        return frozenset(r for span in self.db.execute(query, (INTERNAL,)) for r in self._between(*span))

    def internal_paths(self, release: Release) -> list[str]:
        """The internal files of a release."""
        query = """
            SELECT path FROM content JOIN header ON header.id = header_id
            WHERE first <= ? AND last >= ? AND scope = ? ORDER BY path
        """
        number = release.id - _OFFSET
        return [path for (path,) in self.db.execute(query, (number, number, INTERNAL))]

    def recorded(self, release: Release) -> Iterator[Recorded]:
        """Every file of a release."""
        query = """
            SELECT scope, name, path, blob FROM content JOIN header ON header.id = header_id
            WHERE first <= ? AND last >= ? ORDER BY path
        """
        number = release.id - _OFFSET
        return (Recorded(*row) for row in self.db.execute(query, (number, number)))

    def decided(self, release: Release) -> set[str]:
        """The headers of which a decision says something in a release."""
        query = "SELECT DISTINCT header FROM decision WHERE release = ?"
        return {header for (header,) in self.db.execute(query, (release.id - _OFFSET,))}

    @cached_property
    def unread(self) -> Unread:
        """None: no header's text ships."""
        return Unread(())

    def text(self, release: Release, path: str) -> str | None:
        """None: no header's text ships."""
        return None

    # Decisions.

    def doubt(self, release: Release, scope: str, what: str) -> str | None:
        """Why it is not known whether a release has a header or a name, though its tree was read."""
        return self._doubts.get((release.id, scope, what))

    def doubted_names(self, release: Release) -> set[tuple[str, str]]:
        """Scope and name of all that is in doubt of a release."""
        return {(scope, what) for number, scope, what in self._doubts if number == release.id}

    def second_source(self, fact: Seen) -> str | None:
        """What else has a name that was first seen in a point release."""
        if fact.header not in self._confirmed:
            query = """
                SELECT release, name, reason FROM decision WHERE header = ? AND decision = 'confirmed'
            """
            rows = self.db.execute(query, (fact.header,))
            self._confirmed[fact.header] = {(number, name): reason for number, name, reason in rows}
        return self._confirmed[fact.header].get((fact.release.id - _OFFSET, fact.name))

    @cached_property
    def _confirmed(self) -> dict[str, dict[tuple[int, str], str]]:
        return {}

    @cached_property
    def _doubts(self) -> dict[tuple[int, str, str], str]:
        query = "SELECT release, scope, coalesce(name, header), reason FROM decision WHERE decision = 'unknown'"
        return {
            (number + _OFFSET, scope, what): reason for number, scope, what, reason in self.db.execute(query)
        }


def _place(fact: Seen) -> tuple[object, ...]:
    """Where a fact stands: the order of files, and of facts in one."""
    at = -1 if fact.bit_offset is None else fact.bit_offset
    return fact.header, fact.line, fact.end_line, at, fact.name, fact.kind
