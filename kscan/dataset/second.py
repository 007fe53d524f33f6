"""A second source: headers copied from the kernel at each release, such as iproute2 keeps.

A release of the dataset may be read as a point release X.Y.Z, which can have names by backport, or as a
candidate. A name that is new in it and also in the copy at vX.Y.0, with the same value, came with X.Y; one that
the copy lacks may not have. One whose value the copy has otherwise is left open.
"""

from collections import defaultdict
from collections.abc import Iterator

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.dataset.folder import CONFIRMED, UNKNOWN, Decision, Folder
from kscan.dataset.ledger import Ledger
from kscan.model import UAPI
from kscan.store import Store
from kscan.version import KernelVersion

_Value = int | str | None
_New = tuple[str, str, _Value]
"""Header, name and value."""


def second_source(folder: Folder, store: Store, called: str) -> list[Decision]:
    """What a second source says of the names that are new in releases read as others: a decision a release and
    header.

    `store` holds its releases under tags vX.Y.0; `called` is its name.
    """
    new = _new_names(folder)
    copies = {KernelVersion(tag): tag for tag in store.tags(DEFAULT_PROFILE.name)}
    decisions = []
    for release in folder.releases():
        tag = copies.get(release.version)
        if tag is None or KernelVersion(release.exact).is_final:
            continue
        copied = _names(store, tag)
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for header, name, value in new[release.tag]:
            values = copied.get(header, {}).get(name)
            if values is not None:
                if value is None or not values.isdisjoint((value, None)):
                    found[header, CONFIRMED].add(name)
            elif header in copied and _is_copied(name):
                found[header, UNKNOWN].add(name)
        for (header, decision), names in found.items():
            why = f"{called} {tag}"
            why = why if decision == CONFIRMED else f"in {release.exact}, not in {why}"
            decisions.append(Decision(release.tag, decision, UAPI, header, tuple(sorted(names)), why))
    return decisions


def _is_copied(name: str) -> bool:
    """Whether a copy would have a name: `make headers_install` renames guards, and members of members stand in
    other headers, which a copy may lack."""
    return not name.startswith("_UAPI") and name.count(".") < 2


def _names(store: Store, tag: str) -> dict[str, dict[str, set[_Value]]]:
    """By header, the names of a copy with their values; headers that could not be read wholly are left out."""
    found = {}
    for row in store.files(tag, DEFAULT_PROFILE.name):
        reading = store.reading(row.reading)
        if row.scope == UAPI and reading.failure is None and not reading.problems:
            names: dict[str, set[_Value]] = {}
            for fact in reading.facts:
                names.setdefault(fact.name, set()).add(fact.value)
            found[row.header] = names
    return found


def _new_names(folder: Folder) -> dict[str, list[_New]]:
    """By release, header, name and value of what no header of the release before has."""
    releases = folder.releases()
    number = {release.tag: at for at, release in enumerate(releases)}
    began: list[tuple[int, _New]] = []
    stood: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for what, first, last in _stretches(folder, number):
        began.append((first, what))
        stood[what[1]].append((first, last))
    new: dict[str, list[_New]] = defaultdict(list)
    for at, what in began:
        if at and not any(first < at <= last + 1 for first, last in stood[what[1]]):
            new[releases[at].tag].append(what)
    return new


def _stretches(folder: Folder, number: dict[str, int]) -> Iterator[tuple[_New, int, int]]:
    """Every fact of user space's headers, with the first and last release where it stands."""
    for scope, header in folder.headers():
        if scope == UAPI:
            for stand in Ledger(folder.ledger(scope, header), folder.place(scope, header)).stands:
                last = number[stand.until] - 1 if stand.until else len(number) - 1
                yield (header, stand.fact.name, stand.fact.value), number[stand.first], last
