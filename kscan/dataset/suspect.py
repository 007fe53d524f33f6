"""What in a release does not look like mainline, told by the releases beside it.

A header or a name that one release has and neither the one before nor the one after may be a vendor's, or a
backport; what both have and it has not may have been lost on the way (an import that folds case). Each can be
true: that is for a person to decide (folder.Decision).
"""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

Item = tuple[str, str]
"""Scope with a header or a name."""


class Shown(NamedTuple):
    """What a release shows: its headers, and the names in them."""

    headers: frozenset[Item]
    names: Mapping[Item, str]
    """The header that each name stands in."""


class Suspicion(NamedTuple):
    """What a release alone has, and what it alone lacks; names of such headers are not told again."""

    extra_headers: tuple[Item, ...]
    lost_headers: tuple[Item, ...]
    extra_names: tuple[Item, ...]
    lost_names: tuple[Item, ...]

    def __bool__(self) -> bool:
        return any(self)

    def __str__(self) -> str:
        told = (("has", "headers", self.extra_headers), ("lacks", "headers", self.lost_headers),
                ("has", "names", self.extra_names), ("lacks", "names", self.lost_names))  # fmt: skip
        return "; ".join(f"alone {verb} {_list(what, items)}" for verb, what, items in told if items)


def suspicion(before: Shown, release: Shown, after: Shown) -> Suspicion:
    """What sets a release apart from both its neighbours."""
    extra = release.headers - before.headers - after.headers
    lost = (before.headers & after.headers) - release.headers
    extra_names = release.names.keys() - before.names.keys() - after.names.keys()
    lost_names = (before.names.keys() & after.names.keys()) - release.names.keys()
    return Suspicion(
        tuple(sorted(extra)),
        tuple(sorted(lost)),
        _elsewhere(extra_names, release.names, extra),
        _elsewhere(lost_names, after.names, lost),
    )


def _elsewhere(names: Set[Item], places: Mapping[Item, str], headers: Set[Item]) -> tuple[Item, ...]:
    """The names that do not stand in these headers."""
    return tuple(sorted(name for name in names if (name[0], places[name]) not in headers))


def _list(what: str, items: Sequence[Item]) -> str:
    shown = ", ".join(name for _, name in items[:3]) + (", …" if len(items) > 3 else "")
    return f"{len(items)} {what if len(items) > 1 else what.removesuffix('s')} ({shown})"
