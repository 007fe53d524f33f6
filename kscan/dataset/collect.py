"""From the store of scanned releases to the dataset's text: what each header says, release by release."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.dataset.folder import Folder, ReleaseLine
from kscan.dataset.ledger import Ledger, State, canonical, write
from kscan.errors import KscanError, UnknownTag
from kscan.model import Reading
from kscan.near import near_tags
from kscan.store import FileRow, Store
from kscan.version import KernelVersion

Header = tuple[str, str]
"""Scope and name."""


def collect(
    store: Store,
    folder: Folder,
    tags: Iterable[str],
    published: Mapping[str, ReleaseLine],
    *,
    fresh: bool = False,
) -> None:
    """Writes releases of the store into the folder, beside those that are there or in their place; `fresh`: in
    the place of all that is there.

    `published` says of a tag where its tree was published, where that is not the store's own source. A ledger
    has what the trees show: decisions count later. Raises UnknownTag for a release that the store lacks.
    """
    known = {} if fresh or not folder.exists() else {release.tag: release for release in folder.releases()}
    new = {tag: _release(store, tag, published) for tag in tags}
    files = {tag: _files(store, tag) for tag in new}
    releases = sorted((known | new).values(), key=lambda release: release.version)
    for one, other in pairwise(releases):
        if one.version == other.version:
            raise KscanError(
                f"{one.tag} and {other.tag} are one release: {folder.path} has room for one of them"
            )
    reading = lru_cache(512)(lambda number: _canonical(store.reading(number)))
    headers = {header for found in files.values() for header in found} | set(folder.headers())
    written = []
    for header in sorted(headers):
        old = Ledger(folder.ledger(*header), folder.place(*header)).states if known else []
        # A command that was stopped may have written states of what it was to add.
        strange = next((state.tag for state in old if state.tag not in known | new), None)
        if strange is not None:
            again = "was adding it stopped? add it again"
            raise KscanError(f"{folder.place(*header)}: {strange} is no release of releases.tsv; {again}")
        line = list(_line(old, releases))
        for at, release in enumerate(releases):
            if release.tag in new:
                line[at] = _state(release.tag, files[release.tag].get(header), reading)
        written.append((header, list(write(_changes(line)))))
    for header, lines in written:
        folder.write_ledger(*header, lines)
    folder.write_releases(releases)


def _release(store: Store, tag: str, published: Mapping[str, ReleaseLine]) -> ReleaseLine:
    known = store.known_release(tag, DEFAULT_PROFILE.name)
    if known is None:
        tags = store.tags(DEFAULT_PROFILE.name)
        raise UnknownTag(tag, near_tags(tag, tags), "the store", f"to add it: kscan fetch {tag} --set uapi")
    line = ReleaseLine(tag, known.exact, known.source, known.commit or "", " ".join(known.sets),
                       known.suspicion or "")  # fmt: skip
    given = published.get(tag)
    return (
        line if given is None else line._replace(source=given.source, commit=given.commit, remark=given.remark)
    )


def _files(store: Store, tag: str) -> dict[Header, FileRow]:
    return {(row.scope, row.header): row for row in store.files(tag, DEFAULT_PROFILE.name)}


def _canonical(reading: Reading) -> Reading:
    return reading._replace(facts=tuple(canonical(reading.facts)))


def _line(states: Sequence[State], releases: Sequence[ReleaseLine]) -> Iterator[State]:
    """The state of a header at each release: that of the last change up to it."""
    versions = [KernelVersion(state.tag) for state in states]
    at = -1
    for release in releases:
        while at + 1 < len(states) and versions[at + 1] <= release.version:
            at += 1
        yield states[at]._replace(tag=release.tag) if at >= 0 else State(release.tag)


def _state(tag: str, row: FileRow | None, reading: Callable[[int], Reading]) -> State:
    return State(tag) if row is None else State(tag, row.path, row.blob, reading(row.reading))


def _changes(line: Iterable[State]) -> Iterator[State]:
    """The states that differ from the one before them."""
    before = State("")
    for state in line:
        if state[1:] != before[1:]:
            yield state
        before = state
