"""History: every question about names and releases, computed from facts and tags.

A query reads the store and the data that ships, nothing else: no network, no parser, no third-party package.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache, cached_property
from heapq import merge
from itertools import groupby

from kscan.catalog.profiles import DEFAULT_PROFILE, PROFILES
from kscan.catalog.sets import GENERATED, NEVER_IN_A_TREE, SETS, HeaderSet, is_pattern, set_of
from kscan.errors import KscanError, StoreError, UnknownName, UnknownTag, UsageError
from kscan.layers import Layer
from kscan.layers.shipped import ShippedLayer
from kscan.layers.user import USER, UserLayer
from kscan.model import FAMILIES, INTERNAL, SENTINEL, UAPI
from kscan.near import near_names, near_tags
from kscan.place import data_path, is_made, store_path
from kscan.rows import (
    ABSENT,
    AT,
    EXACT,
    FROM_OLDEST,
    HISTORY,
    NO_HEADER,
    NOT_SCANNED,
    PRESENT,
    PROBLEMS,
    RELEASES,
    SEARCH,
    UNPARSED,
    WHEN,
    WINDOW,
    Row,
    empty,
)
from kscan.seen import Cell, Key, Release, Seen, Stretch
from kscan.suspect import Unknown, suspicions
from kscan.version import KernelVersion

# How a reason ends that tells what is left to another header.
_NOT_HERE = (" known here", " defined here", " macro here")
# States that tell whether a release has a name.
_KNOWN = (PRESENT, ABSENT, NO_HEADER)


class History:
    """The releases of one profile, the user's own and those that ship, and what can be asked of them.

    `path` is the user's store, which need not be there, `data` the shipped data, empty for none. Raises
    StoreError where there is no release at all.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        profile: str = DEFAULT_PROFILE.name,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        if profile not in PROFILES:
            raise UsageError(f"no profile {profile}; there are {', '.join(PROFILES)}")
        self.profile = profile
        self.path = os.fspath(path or store_path())
        self.layers = _layers(self.path, data_path() if data is None else os.fspath(data), profile)
        self.releases = {release.id: release for layer in self.layers for release in layer.releases.values()}
        if not self.releases:
            self.close()
            raise StoreError(
                f"no {profile} release scanned yet; start with: kscan fetch v4.2 v4.3{self._chosen}"
            )

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the files; no question can be asked any more."""
        for layer in self.layers:
            layer.close()

    def is_current(self) -> bool:
        """Whether the store has not changed since it was opened, nor come to be."""
        own = [layer for layer in self.layers if isinstance(layer, UserLayer)]
        return all(layer.is_current() for layer in own) if own else not is_made(self.path)

    def layer_of(self, release: Release) -> Layer:
        """The layer that has a release."""
        return next(layer for layer in self.layers if release.id in layer.releases)

    # Releases.

    @cached_property
    def mainline(self) -> list[Release]:
        """The mainline releases and candidates, oldest first."""
        line = [(r.version, r.tag, r) for r in self.releases.values() if r.version and r.version.is_mainline]
        return [release for _, _, release in sorted(line)]

    @cached_property
    def others(self) -> list[Release]:
        """Stable releases in order, then labels: lines of their own."""
        stable = [(r.version, r.tag, r) for r in self.releases.values() if r.version and not r.on_mainline]
        labels = [(r.tag, r) for r in self.releases.values() if r.version is None]
        return [r for _, _, r in sorted(stable)] + [r for _, r in sorted(labels)]

    @property
    def newest(self) -> Release:
        """The newest mainline release, or what comes last where there is none."""
        return (self.mainline or self.others)[-1]

    def order_of(self, release: Release) -> int:
        """Where a release stands among all: mainline, then stable series, then labels."""
        return self._order[release.id]

    @cached_property
    def _order(self) -> dict[int, int]:
        return {release.id: number for number, release in enumerate((*self.mainline, *self.others))}

    def release(self, tag: str) -> Release:
        """The release with this tag or label; `4.3` finds v4.3. Raises UnknownTag."""
        # A store may have two tags of one version: what is asked for by name comes first.
        found = next((r for r in self.releases.values() if r.tag == tag), None)
        wanted = KernelVersion.parse(tag.lower()) if found is None else None
        if wanted is not None:
            found = next((r for r in self.releases.values() if r.version == wanted), None)
        if found is not None:
            return found
        near = near_tags(tag, [r.tag for r in self.releases.values()])
        # What is no version is a label, maybe of another profile.
        to_add = f"kscan fetch {wanted.tag}" if wanted else f"kscan scan PATH --as {tag}"
        advice = "that is a name" if self.seen(tag) else f"to add it: {to_add}{self._chosen}"
        raise UnknownTag(tag, near, "the store", advice)

    @property
    def _chosen(self) -> str:
        """What commands need to be of this profile."""
        return "" if self.profile == DEFAULT_PROFILE.name else f" --profile {self.profile}"

    def list_releases(self) -> list[Row]:
        """A row for each release, mainline first."""
        rows = []
        for release in (*self.mainline, *self.others):
            layer = self.layer_of(release)
            exact, source, commit, suspicion, headers, parsed, problems = layer.about(release)
            row = empty(
                RELEASES, tag=release.tag, source=source, commit=commit, layer=layer.name, headers=headers
            )
            row |= {"exact": exact or None, "parsed": parsed, "problems": problems}
            beside = self._beside(release) if layer.name == USER else None
            rows.append(row | {"suspicion": "; ".join(said for said in (suspicion, beside) if said) or None})
        return rows

    def _beside(self, release: Release) -> str | None:
        """What sets a release of the user's apart from those before and after it, in what all three were
        read for."""
        at = self.mainline.index(release) if release in self.mainline else 0
        three = self.mainline[at - 1 : at + 2] if at else []
        if len(three) < 3:
            return None
        every = {header for layer in self.layers for scope, header in layer.headers() if scope == UAPI}
        common = {h for h in every if all(self._is_covered(r, UAPI, h) for r in three)}
        headers: dict[str, list[tuple[int, int]]] = {}
        names: dict[str, list[tuple[str, int, int]]] = {}
        unread: dict[str, set[int]] = {}
        doubted: dict[str, set[int]] = {}
        for number, one in enumerate(three, 1):
            for header in common:
                whole = self._readable(one, UAPI, header)
                if whole is not None:
                    headers.setdefault(header, []).append((number, number))
                if whole is False or self.layer_of(one).doubt(one, UAPI, header):
                    unread.setdefault(header, set()).add(number)
            for header, name in self._shown(one):
                if header in common:
                    names.setdefault(name, []).append((header, number, number))
            for _, name in self.layer_of(one).doubted_names(one):
                doubted.setdefault(name, set()).add(number)
        found = suspicions(headers, names, len(three), Unknown(unread, doubted))
        return str(found.get(2, "")) or None

    def _shown(self, release: Release) -> frozenset[tuple[str, str]]:
        if release.id not in self._known_shown:
            self._known_shown[release.id] = frozenset(self.layer_of(release).shown(release))
        return self._known_shown[release.id]

    @cached_property
    def _known_shown(self) -> dict[int, frozenset[tuple[str, str]]]:
        return {}

    def problems(self) -> list[Row]:
        """What could not be read, by release and header."""
        found = [problem for layer in self.layers for problem in layer.problems()]
        found.sort(key=lambda row: (self.order_of(row[0]), row[1:4], row[4] or 0))
        return [dict(zip(PROBLEMS, (release.tag, *rest), strict=True)) for release, *rest in found]

    # Names.

    def names(self, pattern: str, scope: str = "all") -> list[str]:
        """The names a shell pattern matches, sorted."""
        return sorted({name for layer in self.layers for name in layer.names(pattern, scope)})

    @cached_property
    def all_names(self) -> frozenset[str]:
        """Every name, of whatever kind."""
        return frozenset(name for layer in self.layers for name in layer.names())

    def seen(self, name: str, scope: str = "all") -> dict[Key, list[Seen]]:
        """Where a name occurs, by scope and family, uapi first; each list in order of release."""
        facts = (fact for layer in self.layers for fact in layer.by_name(name, scope))
        return _by_key(sorted(facts, key=lambda fact: self.order_of(fact.release)))

    def found(self, words: Iterable[str], scope: str = "all") -> list[str]:
        """The names that words, and the names of a scope that patterns mean, each once, in the order asked. A
        word that means none stays as it is."""
        names: dict[str, None] = {}
        for word in words:
            matches = self.names(word, scope) if is_pattern(word) else [word]
            names.update(dict.fromkeys(matches or [word]))
        return list(names)

    def unknown(self, name: str, scope: str = "all", *, near: bool = True) -> KscanError:
        """The error for a name that no scanned release has, or only in the other scope; with what is `near`."""
        others = {found for found, _, _ in self.seen(name)} - {scope}
        if scope != "all" and others:
            return KscanError(f"{name} is not {scope} but {others.pop()}; scope all has both")
        if scope != "all" and is_pattern(name) and self.names(name):
            return KscanError(f"{name} means no {scope} name; scope all has both")
        found = near_names(name, self.all_names) if near else []
        unread = max(self._unread(name, scope), default=None)
        if unread:
            beside = f"{unread[1]} of {unread[2].tag} has the word and could not be read wholly"
        else:
            beside = "most of the kernel's own files are not read" if scope != UAPI else ""
        if name.startswith("__NR_"):
            beside = (
                "headers with system calls' numbers are made with a kernel: kscan scan reads installed ones"
            )
        return UnknownName(name, found, f"{len(self.releases)} scanned releases", beside)

    def _unread(self, name: str, scope: str) -> list[tuple[int, str, Release]]:
        """The releases with a file that has `name` as a word and could not be read wholly, each with its place
        among all and the file's path. Of what ships no text is known."""
        if (name, scope) not in self._known_unread:
            places = (place for layer in self.layers for place in layer.unread.having(name))
            found = [(self.order_of(release), path, release) for release, where, path in places
                     if scope in ("all", where)]  # fmt: skip
            self._known_unread[name, scope] = found
        return self._known_unread[name, scope]

    @cached_property
    def _known_unread(self) -> dict[tuple[str, str], list[tuple[int, str, Release]]]:
        return {}

    def is_unread(self, release: Release, scope: str, name: str) -> bool:
        """Whether a release may have a name after all, in a file that could not be read wholly."""
        return any(one.id == release.id for _, _, one in self._unread(name, scope))

    # Cells: whether a release has a name.

    def _readable(self, release: Release, scope: str, header: str) -> bool | None:
        """Whether a release's header could be read, wholly; None where it has none."""
        key = scope, header
        if key not in self._files:
            self._files[key] = {
                release.id: whole for layer in self.layers for release, whole in layer.files(*key).items()
            }
        return self._files[key].get(release.id)

    @cached_property
    def _files(self) -> dict[tuple[str, str], dict[int, bool]]:
        return {}

    def cell(self, release: Release, scope: str, headers: Iterable[str], name: str = "") -> str:
        """Why a name of these headers is not in them in `release`: absent, no_header, unparsed, not_scanned."""
        layer = self.layer_of(release)
        if layer.doubt(release, scope, name):
            return NOT_SCANNED
        states = set()
        for header in headers:
            readable = self._readable(release, scope, header)
            if readable is None:
                known = self._is_covered(release, scope, header) and not layer.doubt(release, scope, header)
                states.add(NO_HEADER if known else NOT_SCANNED)
            else:
                states.add(ABSENT if readable else UNPARSED)
        return next(state for state in (NOT_SCANNED, UNPARSED, ABSENT, NO_HEADER) if state in states)

    def _elsewhere(self, state: str, release: Release, fact: Seen, *, curated: bool) -> str:
        """`state` of a name, or why it is not known where that says that there is none: a file that could not
        be read wholly may have it; what is the kernel's own and not `curated`, any of the many files that are
        not read."""
        if state not in (ABSENT, NO_HEADER):
            return state
        if self.is_unread(release, fact.scope, fact.name) or self.left_open(release, fact):
            return UNPARSED
        return NOT_SCANNED if fact.is_internal and not curated else state

    def left_open(self, release: Release, fact: Seen) -> str | None:
        """Why a release may have a member after all: it stands in one whose type a header leaves to another,
        so that nothing is known of what is in it."""
        path = fact.name if fact.kind == "member" else ""
        while path := path.rpartition(".")[0]:
            reasons, within = self._holders(fact.scope, path)
            if release.id in reasons:
                return None if release.id in within else reasons[release.id]
        return None

    def _holders(self, scope: str, path: str) -> tuple[dict[int, str | None], frozenset[int]]:
        """By release that has a type or member, why it is not laid out; and the releases that have any member
        in it."""
        if (scope, path) not in self._known_holders:
            kinds = "type", "member"
            seen = {kind: self.seen(path, scope).get((scope, kind, path), []) for kind in kinds}
            reasons = {f.release.id: f.reason for kind in kinds for f in seen[kind] if _may_hold(f)}
            within: set[int] = set()
            if any(reasons.values()):
                for name in self.names(f"{path}.*", scope):
                    within.update(f.release.id for f in self.seen(name, scope)[scope, "member", name])
            self._known_holders[scope, path] = reasons, frozenset(within)
        return self._known_holders[scope, path]

    @cached_property
    def _known_holders(self) -> dict[tuple[str, str], tuple[dict[int, str | None], frozenset[int]]]:
        return {}

    def _is_covered(self, release: Release, scope: str, header: str) -> bool:
        """Whether the scan of `release` would have read a header that lay in its tree."""
        if scope == UAPI:
            if header == NEVER_IN_A_TREE:
                return False
            if any(fnmatchcase(header, pattern) for pattern in GENERATED) and self._was_there(release, header):
                return False
            # A set knows where its names lay before they moved; a pattern asked for one place only.
            return any(word in SETS and set_of(word).covers(header) for word in release.sets)
        # Installed headers have nothing internal: their kernel may have it yet.
        if release not in self.layer_of(release).with_internal:
            return False
        sets = [set_of(word) for word in release.sets]
        return any(header in s.internal if s.internal else s.covers(header) for s in sets)

    def _was_there(self, release: Release, header: str) -> bool:
        """Whether an older release has a header as a file."""
        self._readable(release, UAPI, header)
        having = (self.releases[number] for number in self._files[UAPI, header])
        return any(self.order_of(other) < self.order_of(release) for other in having)

    def cells(
        self, facts: Sequence[Seen], releases: Sequence[Release] | None = None, *, curated: bool = False
    ) -> list[Cell]:
        """`releases`, by default the mainline, one by one: whether each has the name, and the fact. Of what is
        `curated` the catalog knows the places, the kernel's own too: it is in no other file."""
        by_release = best(facts)
        scope, name = facts[0].scope, facts[0].name
        without = self._without(scope, tuple(sorted({fact.header for fact in facts})))
        doubted = self._doubted.get((scope, name), ())
        line: list[Cell] = []
        for release in self.mainline if releases is None else releases:
            fact = by_release.get(release.id)
            if fact is not None:
                line.append((release, PRESENT, fact))
                continue
            state = NOT_SCANNED if release.id in doubted else without[release.id]
            line.append((release, self._elsewhere(state, release, facts[0], curated=curated), None))
        return line

    def _without(self, scope: str, headers: tuple[str, ...]) -> dict[int, str]:
        """By release, why a name of these headers is not in it."""
        if (scope, headers) not in self._known_without:
            states = {number: self.cell(release, scope, headers) for number, release in self.releases.items()}
            self._known_without[scope, headers] = states
        return self._known_without[scope, headers]

    @cached_property
    def _known_without(self) -> dict[tuple[str, tuple[str, ...]], dict[int, str]]:
        return {}

    @cached_property
    def _doubted(self) -> dict[tuple[str, str], list[int]]:
        """By scope and name, the releases of which they are in doubt."""
        doubted: dict[tuple[str, str], list[int]] = {}
        for number, release in self.releases.items():
            for what in self.layer_of(release).doubted_names(release):
                doubted.setdefault(what, []).append(number)
        return doubted

    # Questions.

    def when(self, name: str, scope: str = "all", *, curated: bool = False) -> list[Row]:
        """When a name appeared: a row for each scope and family; empty for a name nobody has. `curated` as in
        cells."""
        return [self.when_of(facts, curated=curated) for facts in self.seen(name, scope).values()]

    def when_of(self, facts: list[Seen], cells: Sequence[Cell] | None = None, *, curated: bool = False) -> Row:
        """When what these facts show appeared; they are of one scope, not none, and need not have one
        name: what a place is called may change. `cells` are theirs, where they are known already; `curated` as
        in cells."""
        line = self.cells(facts, curated=curated) if cells is None else cells
        fact = next((fact for _, _, fact in line if fact is not None), None)
        if fact is None:
            return self._beside_mainline(facts)
        newest = next(fact for _, _, fact in reversed(line) if fact is not None)
        bounds = self.bounds(line)
        current = None if bounds["removed_in"] or self._lost(line, newest) else newest.value
        return fact.row(WHEN, current_value=current, **bounds)

    def bounds(self, line: Sequence[Cell]) -> Row:
        """How a line of cells, in order of release and with some fact, is bounded: first_seen,
        last_without, last_seen, removed_in, status and note."""
        present = [number for number, (_, state, _) in enumerate(line) if state == PRESENT]
        first, last = present[0], present[-1]
        release, newest = line[first][0], line[last][0]
        status, without, notes = self._bound(line, first)
        removed = next((r for r, s, _ in line[last + 1 :] if s in (ABSENT, NO_HEADER)), None)
        notes += self._notes(line, first, last)
        newest_fact = line[last][2]
        assert newest_fact is not None
        lost = self._lost(line, newest_fact)
        if lost is not None:
            notes.append(f"from {lost.tag} on in no file that was read")
        if removed and not removed.is_itself:
            notes.append(f"{removed.tag} was read as {removed.exact}, which is without it")
        if removed and not (removed is line[last + 1][0] and _adjacent(newest, removed)):
            notes.append(f"removed after {newest.tag}, by {removed.tag}")
        return {
            "first_seen": release.tag,
            "last_without": without,
            "last_seen": newest.tag,
            "removed_in": removed.tag if removed else None,
            "status": status,
            "note": "; ".join(notes) or None,
        }

    def _lost(self, line: Sequence[Cell], newest: Seen) -> Release | None:
        """The first release after the `newest` that has a name of the kernel's own of which such files were
        read, but none with it."""
        later = (
            release for release, state, _ in line
            if state == NOT_SCANNED and self.order_of(release) > self.order_of(newest.release)
            and release in self.layer_of(release).with_internal
        )  # fmt: skip
        return next(later, None) if newest.is_internal else None

    def _bound(self, line: Sequence[Cell], first: int) -> tuple[str, str | None, list[str]]:
        """How surely a stretch begins at `first`: status, the last release known to be without, notes."""
        release, _, found = line[first]
        assert found is not None
        unknown: list[tuple[str, str]] = []
        before = None
        unsure = lacks = False
        for earlier, state, fact in reversed(line[:first]):
            if fact is not None or state in (ABSENT, NO_HEADER):
                before, lacks = earlier, state == NO_HEADER
                break
            unsure = True
            unknown.append((earlier.tag, self._why_unknown(earlier, state, found)))
        notes = [_said_of(list(same), why) for why, same in groupby(unknown, lambda pair: pair[1])]
        if before is None:
            return FROM_OLDEST, None, [f"{release.tag} or earlier", *notes]
        if not release.is_itself and release.exact is not None:
            other = self.layer_of(release).second_source(found)
            notes.append(f"seen in {release.exact}{f' and {other}' if other else ''}")
            unsure = unsure or other is None
        if lacks and found.scope == UAPI:
            # The kernel may have had the name: programs did not get it.
            notes.append(f"{before.tag} has no {found.header} for user space")
        if before.is_younger:
            notes.append(f"{before.tag} was read as {before.exact}")
            unsure = True
        if not _adjacent(before, release):
            unsure = True
        return WINDOW if unsure else EXACT, before.tag, notes

    def _why_unknown(self, release: Release, state: str, fact: Seen) -> str:
        layer = self.layer_of(release)
        doubt = layer.doubt(release, fact.scope, fact.name) or layer.doubt(release, fact.scope, fact.header)
        said = "could not be read" if state == UNPARSED else "was not scanned for it"
        left_open = self.left_open(release, fact) if state == UNPARSED else None
        said = f"does not tell ({left_open})" if left_open else said
        if fact.is_internal and state == NOT_SCANNED and release in layer.with_internal:
            said = "in no file that was read"
        return f"is not known: {doubt}" if doubt else said

    def _beside_mainline(self, facts: list[Seen]) -> Row:
        """A name that only stable releases or labels have: bounded within its stable series, or by
        nothing where labels alone have it."""
        ordered = sorted(best(facts).values(), key=lambda fact: self.order_of(fact.release))
        first = ordered[0]
        line = self.cells(facts, self._series(first.release))
        at = next(number for number, (_, _, fact) in enumerate(line) if fact is not None)
        status, without, notes = self._bound(line, at)
        tags = ", ".join(fact.release.tag for fact in ordered[:3])
        if first.release.version is None:
            notes = []
        return first.row(
            WHEN,
            first_seen=first.release.tag,
            last_without=without,
            last_seen=ordered[-1].release.tag,
            current_value=ordered[-1].value,
            status=status,
            note="; ".join([f"not on the scanned mainline; in {tags}", *notes]),
        )

    def _series(self, release: Release) -> list[Release]:
        """The stable series of a release with the mainline release it began with; a label is alone."""
        if release.version is None:
            return [release]
        base = release.version.base
        start = [
            r for r in self.mainline if r.version is not None and r.version.is_final and r.version.base == base
        ]
        return start + [r for r in self.others if r.version is not None and r.version.base == base]

    def _notes(self, line: Sequence[Cell], first: int, last: int) -> list[str]:
        notes = []
        newest = line[last][2]
        start = line[first][2]
        assert newest is not None
        assert start is not None
        gaps = [r.tag for r, s, _ in line[first:last] if s in (ABSENT, NO_HEADER)]
        if gaps:
            notes.append(f"not in {', '.join(gaps)}")
        if newest.kind != start.kind:
            notes.append(f"{newest.kind} from {_since(line, lambda fact: fact.kind == newest.kind)}")
        if newest.header != start.header:
            notes.append(f"in {newest.header} from {_since(line, lambda fact: fact.header == newest.header)}")
        if newest.value != start.value:
            now = "no value" if newest.value is None else f"value {newest.value}"
            # Of what was not known then it may have been the same.
            now += " known" if start.value is None and (start.reason or "").endswith(_NOT_HERE) else ""
            notes.append(f"{now} from {_since(line, lambda fact: fact.value == newest.value)}")
        if start.scope == UAPI:
            earlier = self._internal_before(start, first)
            notes += [f"internal from {earlier.release.tag} ({earlier.header})"] if earlier else []
        return notes

    def _internal_before(self, start: Seen, first: int) -> Seen | None:
        """The same name inside the kernel, in a release before it came to user space."""
        facts = self.seen(start.name, INTERNAL).get((INTERNAL, FAMILIES[start.kind], start.name), [])
        by_release = best(facts)
        return next((by_release[r.id] for r in self.mainline[:first] if r.id in by_release), None)

    def spans(self, name: str, scope: str = "all", beside: Sequence[str] = ()) -> list[Row]:
        """The history of a name: a row for each stretch in which it kept value, type, kind, header and layout;
        `beside` are columns of a release's answers that rows have, too."""
        return [row for facts in self.seen(name, scope).values() for row in self._spans(facts, beside)]

    def _spans(self, facts: list[Seen], beside: Sequence[str] = ()) -> Iterator[Row]:
        for span in self.stretches(facts):
            said = {"from": span.first.tag, "to": span.last.tag}
            yield span.fact.row((*HISTORY, *beside), **said, status=span.status)

    def stretches(self, facts: list[Seen], line: Sequence[Cell] | None = None) -> Iterator[Stretch]:
        """What facts of one history say, a stretch for each span of the mainline, in order; then one for
        each release beside it. `line` are the cells of `facts`, where they are known already."""
        cells = self.cells(facts) if line is None else line
        for number, (_, _, fact) in enumerate(cells):
            before = cells[number - 1][2] if number else None
            if fact is not None and (before is None or before.content != fact.content):
                yield self._stretch(cells, number)
        aside = (fact for fact in facts if not fact.release.on_mainline)
        for fact in sorted(best(aside).values(), key=lambda fact: self.order_of(fact.release)):
            yield Stretch(fact.release, fact.release, EXACT, None, False, None, fact, fact)

    def _stretch(self, line: Sequence[Cell], first: int) -> Stretch:
        fact = line[first][2]
        assert fact is not None
        release, _, latest = line[first]
        assert latest is not None
        following = first + 1
        for other, _, found in line[first + 1 :]:
            if found is None or found.content != fact.content:
                break
            release, latest, following = other, found, following + 1
        status, before, _ = self._bound(line, first)
        came = next((state != PRESENT for _, state, _ in reversed(line[:first]) if state in _KNOWN), False)
        after = next((cell for cell in line[following:] if cell[1] in _KNOWN), None)
        gone = after[0] if after and after[1] != PRESENT else None
        return Stretch(line[first][0], release, status, before, came, gone, fact, latest)

    def all_seen(self, chosen: HeaderSet | None = None) -> Iterator[list[Seen]]:
        """Every name's facts, one scope and family at a time, in order of name; where a set is given, of those
        that lay in what it covers in any release: what moved elsewhere is still there."""
        covers = cache(chosen.covers) if chosen else None
        names = covers and {
            name
            for layer in self.layers
            for scope, header in layer.headers() if covers(header)
            for name in layer.names_in(scope, header)
        }  # fmt: skip
        lines = (layer.in_order(names) for layer in self.layers)
        for _, facts in groupby(merge(*lines, key=lambda fact: fact.name), lambda fact: fact.name):
            for found in _by_key(facts).values():
                if covers is None or any(covers(fact.header) for fact in found):
                    yield found

    def all_spans(self) -> Iterator[Row]:
        """The history of every name."""
        return (row for facts in self.all_seen() for row in self._spans(facts))

    def at(self, tag: str, pattern: str = "*", scope: str = "all") -> list[Row]:
        """What a release has, in the order of its files; members with their place in the struct."""
        release = self.release(tag)
        facts = self.layer_of(release).at(release, pattern)
        return [fact.row(AT) for fact in facts if scope in ("all", fact.scope)]

    def had(self, rows: Iterable[tuple[str, Row]], tag: str, scope: str = "all") -> tuple[list[Row], int]:
        """Of rows, each with the curated name that proves it, those whose name a release has, with its value
        and place there; and of how many that is not known."""
        release = self.release(tag)
        found, unsure = [], 0
        for name, row in rows:
            state = self.has(name, tag, scope, curated=True)
            unsure += state in (NOT_SCANNED, UNPARSED)
            if state == PRESENT:
                facts = (fact for known in self.seen(name, scope).values() for fact in known)
                found.append(row | best(f for f in facts if f.release.id == release.id)[release.id].row())
        return found, unsure

    def why_without(self, tag: str, pattern: str, scope: str = "all") -> str:
        """Why a release has nothing that a pattern matches: absent, or unparsed or not_scanned where that is
        not known. Raises UnknownName for what no release has, KscanError for what is of the other scope."""
        names = self.names(pattern, scope)
        if not names:
            raise self.unknown(pattern, scope)
        states = {self.has(name, tag, scope) for name in names}
        return next((state for state in (NOT_SCANNED, UNPARSED) if state in states), ABSENT)

    def apart(self, old: Release, new: Release, scope: str = "all") -> tuple[list[Seen], list[Seen]]:
        """The facts of two releases, those left out that are surely the same in both."""
        layers = self.layer_of(old), self.layer_of(new)
        if layers[0] is layers[1]:
            names = layers[0].apart(old, new)
            both = (layers[0].among(release, names) for release in (old, new))
        else:
            both = (layer.at(release) for layer, release in zip(layers, (old, new), strict=True))
        before, after = ([f for f in facts if scope in ("all", f.scope)] for facts in both)
        return before, after

    def unsure_names(self, release: Release) -> set[tuple[str, str]]:
        """Scope and name of everything ever seen in a header that `release` was not read for, or
        that could not be read in it: whether it has them is not known."""
        names: set[tuple[str, str]] = set()
        for scope, header in {found for layer in self.layers for found in layer.headers()}:
            if self.cell(release, scope, [header]) in (UNPARSED, NOT_SCANNED):
                for layer in self.layers:
                    names.update((scope, name) for name in layer.names_in(scope, header))
        return names | self.layer_of(release).doubted_names(release)

    def uses(self, sort: str, release: Release | None = None) -> list[Seen]:
        """The uses of one sort (run sites, policies, sections), of one release or of all, in order of
        path and line."""
        layers = self.layers if release is None else [self.layer_of(release)]
        return [fact for layer in layers for fact in layer.uses(sort, release)]

    def enumerators(self, enum: str) -> list[str]:
        """The enumerators an enum of user space's headers has in any release, sentinels left out, in
        the order of their values."""
        values: dict[str, tuple[bool, int]] = {}
        for layer in self.layers:
            for name, value in layer.enumerators(enum):
                # Beyond 64 bits a value is kept as text; there may be none.
                known = value is not None, int(value or 0)
                values[name] = max(known, values.get(name, known))
        found = sorted(values, key=lambda name: (values[name], name))
        return [name for name in found if not SENTINEL.search(name)]

    def aliases(self, enum: str) -> dict[str, list[str]]:
        """By enumerator, the other names that the same enum has for the same value in some release."""
        found: dict[str, set[str]] = {}
        for layer in self.layers:
            for names in layer.aliases(enum):
                for name in names:
                    found.setdefault(name, set()).update(n for n in names - {name} if not SENTINEL.search(n))
        return {name: sorted(others) for name, others in found.items()}

    def facts_of(self, release: Release, path: str) -> list[Seen]:
        """The facts of one file, in its order."""
        return list(self.layer_of(release).of_path(release, path))

    def has(self, name: str, tag: str, scope: str = "all", *, curated: bool = False) -> str:
        """Whether a release has a name: present, absent, no_header, unparsed or not_scanned. That it is absent,
        user space's headers tell, where they have it in any release. `curated` as in cells."""
        release = self.release(tag)
        groups = self.seen(name, scope)
        if not groups:
            if self.is_unread(release, scope, name):
                return UNPARSED
            raise self.unknown(name, scope)
        if any(fact.release.id == release.id for facts in groups.values() for fact in facts):
            return PRESENT
        public = [facts for (found_scope, _, _), facts in groups.items() if found_scope == UAPI]
        states = set()
        for facts in public or groups.values():
            state = self.cell(release, facts[0].scope, {fact.header for fact in facts}, name)
            states.add(self._elsewhere(state, release, facts[0], curated=curated))
        return next(s for s in (NOT_SCANNED, UNPARSED, ABSENT, NO_HEADER) if s in states)

    def search(self, text: str) -> list[Row]:
        """The names that contain `text`, whatever the case, with their first and last release."""
        names = {name for layer in self.layers for name in layer.containing(text)}
        rows = []
        for name in sorted(names, key=lambda name: (len(name), name)):
            for when in self.when(name):
                rows.append({column: when.get(column) for column in (*SEARCH, "status")})
        return rows


def _may_hold(fact: Seen) -> bool:
    """Whether there may be members in it: not in a pointer, an array or a number."""
    return not re.search(r"[])*]$|\b(?:char|int|long|short|float|double|void)\b", fact.type or "")


def _layers(path: str, data: str, profile: str) -> list[Layer]:
    """The layers that answer, the user's own first: what it has hides the same tag below it."""
    layers: list[Layer] = []
    if is_made(path):
        layers.append(UserLayer(path, profile))
    elif not data:
        raise StoreError(f"no kernel scanned yet ({path} is not there); start with: kscan fetch v4.2 v4.3")
    # A checkout may be without: what was fetched answers alone then. A file that is named must be there.
    named = os.environ.get("KSCAN_DATA") is not None or data != data_path()
    if data and (os.path.exists(data) or named or not layers):
        own = (release.version for layer in layers for release in layer.releases.values())
        try:
            shipped = ShippedLayer(data, {version for version in own if version is not None})
        except BaseException:
            for layer in layers:
                layer.close()
            raise
        if shipped.profile == profile:
            layers.append(shipped)
        else:
            shipped.close()
    return layers


def _by_key(facts: Iterable[Seen]) -> dict[Key, list[Seen]]:
    """Facts by what they are the history of, uapi first."""
    found: dict[Key, list[Seen]] = {}
    for fact in facts:
        found.setdefault(fact.key, []).append(fact)
    return dict(sorted(found.items(), key=lambda item: (item[0][0] != UAPI, item[0])))


def best(facts: Iterable[Seen]) -> dict[int, Seen]:
    """One fact a release where a name is defined more than once: one with a value, then the first."""
    best: dict[int, Seen] = {}
    for fact in facts:
        known = best.get(fact.release.id)
        if known is None or _rank(fact) < _rank(known):
            best[fact.release.id] = fact
    return best


def _rank(fact: Seen) -> tuple[object, ...]:
    # Where a header has both, a macro stands before the enumerator of its name: #define A (A - 1).
    is_behind = fact.kind == "enumerator"
    known = fact.value is not None or fact.size is not None
    return not known, fact.is_of_other_abi, fact.header, is_behind, fact.line, fact.kind


def _since(line: Sequence[Cell], holds: Callable[[Seen], bool]) -> str:
    """The first release of the last stretch in which a name was so."""
    since = ""
    unbroken = False
    for release, _, fact in line:
        if fact is not None:
            same = holds(fact)
            since = since if same and unbroken else release.tag
            unbroken = same
    return since


def _adjacent(before: Release, release: Release) -> bool:
    """Whether no release lies between two."""
    old, new = before.version, release.version
    return old is not None and new is not None and new.follows(old)


def _said_of(releases: list[tuple[str, str]], why: str) -> str:
    """What is said of releases, the newest first, of which the same is not known."""
    newest, oldest = releases[0][0], releases[-1][0]
    return f"{newest} {why}" if newest == oldest else f"{newest} down to {oldest}: {why}"
