"""What in a release does not look like mainline, told by the releases beside it.

A header or a name that one release has and neither the one before nor the one after may be a vendor's, or a
backport; what both have and it has not may have been lost on the way (an import that folds case). Each can be
mainline's own all the same: that is for a person to decide (dataset/folder.py, Decision).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Spans = Sequence[tuple[int, int]]
"""Stretches of releases by number, from one to another."""


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


def suspicions(headers: Mapping[str, Spans], names: Mapping[str, Sequence[tuple[str, int, int]]],
               count: int) -> dict[int, Suspicion]:  # fmt: skip
    """By number of the release, of `count`, what sets it apart from both its neighbours.

    `headers` gives the stretches of each header, `names` those of each name with the header it stands in.
    """
    extra: dict[int, set[str]] = {}
    lost: dict[int, set[str]] = {}
    for header, spans in headers.items():
        for number in _alone(spans, count):
            extra.setdefault(number, set()).add(header)
        for number in _holes(spans):
            lost.setdefault(number, set()).add(header)
    extra_names: dict[int, set[str]] = {}
    lost_names: dict[int, set[str]] = {}
    for name, places in names.items():
        spans = [(first, last) for _, first, last in places]
        for number in _alone(spans, count):
            if not _stands_in(places, number, extra.get(number, set())):
                extra_names.setdefault(number, set()).add(name)
        for number in _holes(spans):
            if not _stands_in(places, number + 1, lost.get(number, set())):
                lost_names.setdefault(number, set()).add(name)
    found = {}
    for number in sorted(extra.keys() | lost.keys() | extra_names.keys() | lost_names.keys()):
        kinds = (extra, lost, extra_names, lost_names)
        found[number] = Suspicion(*(tuple(sorted(kind.get(number, ()))) for kind in kinds))
    return found


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _alone(spans: Iterable[tuple[int, int]], count: int) -> Iterator[int]:
    """The releases that have something their neighbours lack; the first and last have one neighbour only."""
    return (first for first, last in _joined(spans) if first == last and 1 < first < count)


def _holes(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    """The releases that lack what both neighbours have."""
    return (after[0] - 1 for before, after in pairwise(_joined(spans)) if after[0] - before[1] == 2)


def _stands_in(places: Iterable[tuple[str, int, int]], number: int, headers: Iterable[str]) -> bool:
    return any(first <= number <= last and header in headers for header, first, last in places)


def _list(what: str, items: Sequence[str]) -> str:
    shown = ", ".join(items[:3]) + (", …" if len(items) > 3 else "")
    return f"{len(items)} {what}{'s' if len(items) > 1 else ''} ({shown})"
