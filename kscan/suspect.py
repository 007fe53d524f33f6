"""What in a release does not look like mainline, told by the releases beside it.

A header or a name that one release has and neither the one before nor the one after may be a vendor's, or a
backport; what both have and it has not may have been lost on the way (an import that folds case). Each can be
mainline's own all the same: that is for a person to decide (dataset/folder.py, Decision).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import NamedTuple

Spans = Sequence[tuple[int, int]]
"""Stretches of releases by number, from one to another."""
Places = Sequence[tuple[str, int, int]]
"""Stretches with the header that a name stands in."""


class Suspicion(NamedTuple):
    """What a release alone has, and what it alone lacks; names of such headers are not told again."""

    extra_headers: tuple[str, ...] = ()
    lost_headers: tuple[str, ...] = ()
    extra_names: tuple[str, ...] = ()
    lost_names: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = (("has", "header", self.extra_headers), ("lacks", "header", self.lost_headers),
                ("has", "name", self.extra_names), ("lacks", "name", self.lost_names))  # fmt: skip
        return "; ".join(f"alone {verb} {_list(what, items)}" for verb, what, items in told if items)


class Unknown(NamedTuple):
    """At which releases a header was not read, or not wholly, and a name is in doubt."""

    headers: Mapping[str, Set[int]]
    names: Mapping[str, Set[int]]


NOTHING_UNKNOWN = Unknown({}, {})


def suspicions(
    headers: Mapping[str, Spans], names: Mapping[str, Places], count: int, unknown: Unknown = NOTHING_UNKNOWN
) -> dict[int, Suspicion]:
    """By number of the release, of `count`, what sets it apart from both its neighbours.

    `headers` gives the stretches of each header, `names` those of each name with the header it stands in;
    what is unknown of a release sets nothing apart.
    """
    extra: dict[int, set[str]] = {}
    lost: dict[int, set[str]] = {}
    for header, spans in headers.items():
        may = unknown.headers.get(header, frozenset())
        _collect(header, _alone(spans, count, may), extra)
        _collect(header, _holes(spans, may), lost)
    extra_names: dict[int, set[str]] = {}
    lost_names: dict[int, set[str]] = {}
    for name, places in names.items():
        spans = [(first, last) for _, first, last in places]
        may = set(unknown.names.get(name, ())).union(
            *(unknown.headers.get(header, ()) for header in {place[0] for place in places})
        )
        alone = (n for n in _alone(spans, count, may) if not _stands_in(places, n, extra.get(n, set())))
        holes = (n for n in _holes(spans, may) if not _stands_in(places, n + 1, lost.get(n, set())))
        _collect(name, alone, extra_names)
        _collect(name, holes, lost_names)
    kinds = (extra, lost, extra_names, lost_names)
    numbers = sorted({number for kind in kinds for number in kind})
    return {n: Suspicion(*(tuple(sorted(kind.get(n, ()))) for kind in kinds)) for n in numbers}


def _collect(what: str, numbers: Iterable[int], found: dict[int, set[str]]) -> None:
    for number in numbers:
        found.setdefault(number, set()).add(what)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _alone(spans: Iterable[tuple[int, int]], count: int, may: Set[int]) -> Iterator[int]:
    """The releases that have something their neighbours lack; the first and last have one neighbour only."""
    for first, last in _joined(spans):
        if first == last and 1 < first < count and not may & {first - 1, first, first + 1}:
            yield first


def _holes(spans: Iterable[tuple[int, int]], may: Set[int]) -> Iterator[int]:
    """The releases that lack what both neighbours have."""
    for before, after in pairwise(_joined(spans)):
        if after[0] - before[1] == 2 and after[0] - 1 not in may:
            yield after[0] - 1


def _stands_in(places: Iterable[tuple[str, int, int]], number: int, headers: Iterable[str]) -> bool:
    return any(first <= number <= last and header in headers for header, first, last in places)


def _list(what: str, items: Sequence[str]) -> str:
    shown = ", ".join(items[:3]) + (", …" if len(items) > 3 else "")
    return f"{len(items)} {what}{'s' if len(items) > 1 else ''} ({shown})"
