"""The user's layer: the store of what was fetched or scanned, and what it is asked, in SQL."""

import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from kscan.blobs import unpacked
from kscan.catalog.profiles import PROFILES
from kscan.layers import About
from kscan.layers.unread import Place, Unread
from kscan.model import INTERNAL
from kscan.place import check_file, check_version, closed_if_failing, put_back, read_only, unusable
from kscan.seen import Release, Seen
from kscan.sqlite_values import as_glob, containing, from_sqlite
from kscan.version import KernelVersion

_SEEN = """
    SELECT file.release_id, file.scope, file.header, file.path, name.text, fact.kind, fact.line,
           fact.end_line, fact.value, fact.type, fact.reason, fact.bit_offset, fact.bit_size, fact.size
    FROM name JOIN fact ON fact.name_id = name.id AND fact.kind <> 'use'
    JOIN file ON file.reading_id = fact.reading_id
"""
_USED = _SEEN.replace("fact.kind <> 'use'", "fact.kind = 'use'")
_PLACE = "file.header, fact.line, fact.end_line, coalesce(fact.bit_offset, -1), name.text, fact.kind"
# A store keeps names that no release has any more, and those of other profiles.
_NAMES = """
    SELECT text FROM name WHERE EXISTS (
        SELECT 1 FROM fact JOIN file USING (reading_id) JOIN release ON release.id = file.release_id
        WHERE fact.name_id = name.id AND fact.kind <> 'use' AND release.profile = ?
              AND ? IN ('all', file.scope))
"""
_FILES = """
    SELECT file.release_id, reading.failure IS NULL AND NOT EXISTS (
               SELECT 1 FROM problem WHERE problem.reading_id = reading.id)
    FROM file JOIN reading ON reading.id = file.reading_id WHERE file.scope = ? AND file.header = ?
"""
_ABOUT = """
    SELECT exact, source, commit_id, suspicion, count(file.header),
           sum(reading.id IS NOT NULL AND reading.failure IS NULL AND NOT EXISTS (
               SELECT 1 FROM problem WHERE problem.reading_id = reading.id)),
           sum(reading.failure IS NOT NULL) + (
               SELECT count(*) FROM problem JOIN file AS f ON f.reading_id = problem.reading_id
               WHERE f.release_id = release.id)
    FROM release LEFT JOIN file ON file.release_id = release.id
    LEFT JOIN reading ON reading.id = file.reading_id WHERE release.id = ?
"""
_PROBLEMS = """
    SELECT file.release_id, file.scope, file.header, file.path, problem.line, problem.reason
    FROM file JOIN problem USING (reading_id)
    UNION ALL
    SELECT file.release_id, file.scope, file.header, file.path, NULL, reading.failure
    FROM file JOIN reading ON reading.id = file.reading_id WHERE reading.failure IS NOT NULL
"""
_UNREAD = """
    SELECT file.release_id, file.scope, file.path, file.blob FROM file WHERE file.reading_id IN (
        SELECT reading_id FROM problem UNION SELECT id FROM reading WHERE failure IS NOT NULL)
"""

USER = "user"


class UserLayer:
    """The user's own store: the releases of one profile that were fetched or scanned. Raises
    StoreError where there is no store."""

    name = USER

    def __init__(self, path: str, profile: str) -> None:
        self.path, self.profile = path, profile
        try:
            check_file(path)
            put_back(path)
            self.db = sqlite3.connect(read_only(path), uri=True)
            with closed_if_failing(self.db):
                check_version(self.db, path)
                self._version, self._file = self._data_version(), _identity(path)
                self.releases = {release.id: release for release in self._load()}
        except sqlite3.Error as error:
            raise unusable(error, path) from None

    def _load(self) -> Iterator[Release]:
        query = "SELECT id, tag, is_label, exact, permalink, sets FROM release WHERE profile = ?"
        for number, tag, is_label, exact, permalink, sets in self.db.execute(query, (self.profile,)):
            version = None if is_label else KernelVersion.parse(tag)
            given = tuple(sets.split("\n"))
            exactly = KernelVersion.parse(exact)
            bits = PROFILES[self.profile].long_bits
            yield Release(number, tag, version, exactly, permalink, given, bits, bool(is_label))

    def is_current(self) -> bool:
        """Whether no other command wrote to the store since it was opened, nor made it anew."""
        try:
            return self._file == _identity(self.path) and self._version == self._data_version()
        except (OSError, sqlite3.OperationalError):
            return False

    def _data_version(self) -> int:
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Lets go of the file."""
        self.db.close()

    def about(self, release: Release) -> About:
        """What is told of a release."""
        found = self.db.execute(_ABOUT, (release.id,)).fetchone()
        return (*found[:5], found[5] or 0, found[6] or 0)

    def problems(self) -> Iterator[tuple[Release, str, str, str, int | None, str]]:
        """What could not be read: release, scope, header, path, line, reason."""
        for number, *rest in self.db.execute(_PROBLEMS):
            if number in self.releases:
                yield (self.releases[number], *rest)

    # Facts.

    def _seen(
        self, query: str, given: Sequence[object] = (), names: Collection[str] | None = None
    ) -> Iterator[Seen]:
        for number, *rest in self.db.execute(query, given):
            release = self.releases.get(number)
            if release is not None and (names is None or rest[3] in names):
                fact = Seen(release, *rest)
                yield fact._replace(value=from_sqlite(fact.value, fact.type))

    def by_name(self, name: str, scope: str = "all") -> Iterator[Seen]:
        """Every fact with a name, in one scope or in all."""
        return self._seen(f"{_SEEN} WHERE name.text = ? AND ? IN ('all', file.scope)", (name, scope))

    def in_order(self, names: Collection[str] | None = None) -> Iterator[Seen]:
        """Every fact, or every one that has one of these names, in order of name."""
        return self._seen(f"{_SEEN} ORDER BY name.text", (), names)

    def at(self, release: Release, pattern: str = "*") -> Iterator[Seen]:
        """The facts of a release whose name a shell pattern matches, in the order of its files."""
        query = f"{_SEEN} WHERE file.release_id = ? AND name.text GLOB ? ORDER BY file.scope DESC, {_PLACE}"
        return self._seen(query, (release.id, as_glob(pattern)))

    def among(self, release: Release, names: Collection[str]) -> Iterator[Seen]:
        """The facts of a release that have one of these names."""
        return self._seen(f"{_SEEN} WHERE file.release_id = ?", (release.id,), names)

    def apart(self, old: Release, new: Release) -> set[str]:
        """The names that one of two releases has otherwise than the other, and maybe more."""
        query = """
            SELECT name.text FROM fact JOIN name ON name.id = fact.name_id WHERE fact.reading_id IN (
                SELECT reading_id FROM file WHERE release_id IN (?, ?)
                GROUP BY scope, header, reading_id HAVING count(*) = 1)
        """
        return {name for (name,) in self.db.execute(query, (old.id, new.id))}

    def of_path(self, release: Release, path: str) -> Iterator[Seen]:
        """The facts of one file, in its order."""
        query = f"{_SEEN} WHERE file.release_id = ? AND file.path = ? ORDER BY {_PLACE}"
        return self._seen(query, (release.id, path))

    def uses(self, sort: str, release: Release | None = None) -> Iterator[Seen]:
        """The uses of one sort, of one release or of all, in order of path and line."""
        query, given = f"{_USED} WHERE fact.owner = ?", [sort]
        if release is not None:
            query, given = f"{query} AND file.release_id = ?", [sort, str(release.id)]
        return self._seen(f"{query} ORDER BY file.path, fact.line, name.text", given)

    # Names.

    def names(self, pattern: str | None = None, scope: str = "all") -> Iterator[str]:
        """The names that facts of any release have in one scope or in all, or those a shell pattern matches."""
        query, given = _NAMES, [self.profile, scope]
        if pattern is not None:
            query, given = f"{query} AND text GLOB ?", [*given, as_glob(pattern)]
        return (text for (text,) in self.db.execute(query, given))

    def containing(self, text: str) -> Iterator[str]:
        """The names that contain a text, whatever the case."""
        query = "SELECT text FROM name WHERE text LIKE ? ESCAPE '\\'"
        return (name for (name,) in self.db.execute(query, (containing(text),)))

    def names_in(self, scope: str, header: str) -> Iterator[str]:
        """The names that a header has in any release."""
        query = """
            SELECT DISTINCT name.text FROM file JOIN release ON release.id = file.release_id
            JOIN fact USING (reading_id) JOIN name ON name.id = fact.name_id
            WHERE file.scope = ? AND file.header = ? AND release.profile = ?
        """
        return (name for (name,) in self.db.execute(query, (scope, header, self.profile)))

    def shown(self, release: Release) -> Iterator[tuple[str, str]]:
        """Header and name of all that user space's headers of a release have."""
        query = """
            SELECT DISTINCT file.header, name.text FROM file JOIN fact USING (reading_id)
            JOIN name ON name.id = fact.name_id WHERE file.release_id = ? AND file.scope = 'uapi'
        """
        return iter(self.db.execute(query, (release.id,)))

    def enumerators(self, enum: str) -> Iterator[tuple[str, int | str | None]]:
        """The enumerators of an enum of user space's headers, with the greatest value of each."""
        query = """
            SELECT name.text, max(fact.value) FROM fact JOIN name ON name.id = fact.name_id
            JOIN file ON file.reading_id = fact.reading_id
            JOIN release ON release.id = file.release_id
            WHERE fact.owner = ? AND file.scope = 'uapi' AND release.profile = ? GROUP BY name.text
        """
        return iter(self.db.execute(query, (enum, self.profile)))

    def aliases(self, enum: str) -> Iterator[set[str]]:
        """The names that an enum has for one value, wherever it has several."""
        query = """
            SELECT fact.reading_id, fact.value, name.text FROM fact JOIN name ON name.id = fact.name_id
            WHERE fact.owner = ? AND fact.value IS NOT NULL AND EXISTS (
                SELECT 1 FROM file JOIN release ON release.id = file.release_id
                WHERE file.reading_id = fact.reading_id AND file.scope = 'uapi' AND release.profile = ?)
        """
        same: dict[tuple[int, object], set[str]] = {}
        for reading, value, name in self.db.execute(query, (enum, self.profile)):
            same.setdefault((reading, value), set()).add(name)
        return (names for names in same.values() if len(names) > 1)

    # Files.

    def files(self, scope: str, header: str) -> dict[Release, bool]:
        """The releases that have a header, and whether it could be read in each, wholly."""
        found = self.db.execute(_FILES, (scope, header))
        return {self.releases[number]: bool(whole) for number, whole in found if number in self.releases}

    def headers(self) -> Iterator[tuple[str, str]]:
        """Scope and name of every header that any release has."""
        query = """
            SELECT DISTINCT scope, header FROM file JOIN release ON release.id = release_id WHERE profile = ?
        """
        return iter(self.db.execute(query, (self.profile,)))

    @cached_property
    def with_internal(self) -> frozenset[Release]:
        """The releases of which any internal file was read."""
        query = "SELECT DISTINCT release_id FROM file WHERE scope = ?"
        found = self.db.execute(query, (INTERNAL,))
        return frozenset(self.releases[number] for (number,) in found if number in self.releases)

    def internal_paths(self, release: Release) -> list[str]:
        """The internal files of a release."""
        query = "SELECT path FROM file WHERE release_id = ? AND scope = ? ORDER BY path"
        return [path for (path,) in self.db.execute(query, (release.id, INTERNAL))]

    @cached_property
    def unread(self) -> Unread:
        """The files that could not be read wholly."""
        places: dict[str, list[Place]] = {}
        for number, scope, path, blob in self.db.execute(_UNREAD):
            if number in self.releases:
                places.setdefault(blob, []).append((self.releases[number], scope, path))
        texts = ((self._content(blob), where) for blob, where in places.items())
        return Unread((text, where) for text, where in texts if text is not None)

    def _content(self, blob: str) -> str | None:
        row = self.db.execute("SELECT data FROM blob WHERE id = ?", (blob,)).fetchone()
        return unpacked(row[0], blob, self.path).decode("utf-8", "replace") if row else None

    def text(self, release: Release, path: str) -> str | None:
        """The text of a file as it was read; None where it is not kept."""
        query = "SELECT blob FROM file WHERE release_id = ? AND path = ?"
        row = self.db.execute(query, (release.id, path)).fetchone()
        return self._content(row[0]) if row else None

    def doubt(self, release: Release, scope: str, what: str) -> str | None:
        """None: what a user's tree shows is taken as it is."""
        return None

    def doubted_names(self, release: Release) -> set[tuple[str, str]]:
        """Nothing."""
        return set()

    def second_source(self, fact: Seen) -> str | None:
        """None: a user's point release stands alone."""
        return None


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino
