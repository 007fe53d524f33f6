"""A second source: headers copied from the kernel at each release, such as iproute2 keeps.

A release of the dataset may be read as a point release X.Y.Z, which can have names by backport. A name that is
new in it and also in the copy at vX.Y.0 came with X.Y; one that the copy lacks may not have.
"""

from collections import defaultdict
from collections.abc import Iterator

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.dataset.folder import CONFIRMED, UNKNOWN, Decision, Folder, ReleaseLine
from kscan.dataset.ledger import Ledger
from kscan.model import UAPI
from kscan.store import Store
from kscan.version import KernelVersion

_Name = tuple[str, str]
"""Header and name."""


def second_source(folder: Folder, store: Store, called: str) -> list[Decision]:
    """What a second source says of the names that are new in point releases: a decision a release and header.

    `store` holds its releases under tags vX.Y.0; `called` is its name.
    """
    new = _new_names(folder)
    decisions = []
    for release in folder.releases():
        tag = _copy_of(release, store)
        if tag is None or KernelVersion(release.exact).point == 0:
            continue
        copied = _names(store, tag)
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for header, name in new[release.tag]:
            if name in copied.get(header, ()):
                found[header, CONFIRMED].add(name)
            elif header in copied and _is_copied(name):
                found[header, UNKNOWN].add(name)
        for (header, decision), names in found.items():
            why = f"{called} {tag}"
            why = why if decision == CONFIRMED else f"in {release.exact}, not in {why}"
            decisions.append(Decision(release.tag, decision, UAPI, header, tuple(sorted(names)), why))
    return decisions


def _is_copied(name: str) -> bool:
    """Whether a copy would have a name: `make headers_install` renames guards, and what members of members
    there are is for headers to say that a copy may lack."""
    return not name.startswith("_UAPI") and name.count(".") < 2


def _copy_of(release: ReleaseLine, store: Store) -> str | None:
    version = release.version
    for tag in store.tags(DEFAULT_PROFILE.name):
        if KernelVersion(tag) == version:
            return tag
    return None


def _names(store: Store, tag: str) -> dict[str, set[str]]:
    """By header, the names of a copy; headers that could not be read wholly are left out."""
    found = {}
    for row in store.files(tag, DEFAULT_PROFILE.name):
        reading = store.reading(row.reading)
        if row.scope == UAPI and reading.failure is None and not reading.problems:
            found[row.header] = {fact.name for fact in reading.facts}
    return found


def _new_names(folder: Folder) -> dict[str, list[_Name]]:
    """By release, the names that no header of the release before has."""
    releases = folder.releases()
    number = {release.tag: at for at, release in enumerate(releases)}
    began: list[tuple[int, str, str]] = []
    stood: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for header, name, first, last in _stretches(folder, number):
        began.append((first, header, name))
        stood[name].append((first, last))
    new: dict[str, list[_Name]] = defaultdict(list)
    for at, header, name in began:
        if at and not any(first < at <= last + 1 for first, last in stood[name]):
            new[releases[at].tag].append((header, name))
    return new


def _stretches(folder: Folder, number: dict[str, int]) -> Iterator[tuple[str, str, int, int]]:
    """Header, name, first and last release of every fact of user space's headers."""
    for scope, header in folder.headers():
        if scope == UAPI:
            for stand in Ledger(folder.ledger(scope, header), folder.place(scope, header)).stands:
                last = number[stand.until] - 1 if stand.until else len(number) - 1
                yield header, stand.fact.name, number[stand.first], last
