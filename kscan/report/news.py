"""What each release of a report brought since the one before: user space's names that came, changed, went."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from kscan.diff import changes
from kscan.model import UAPI
from kscan.report.symbols import Symbol
from kscan.rows import Row
from kscan.seen import Release


class Dated(NamedTuple):
    """A row with the release it is from, as surely as that is known: "v4.3", "after v5.12, by v5.14"."""

    row: Row
    date: str


class New(NamedTuple):
    """What is new in a release: names that came, or came back, as they are there; rows of a diff for what
    changed; and names that went, as they were."""

    tag: str
    exact: str | None
    added: list[Dated]
    changed: list[Dated]
    removed: list[Dated]


def news(found: Iterable[Symbol], releases: Sequence[Release]) -> dict[str, New]:
    """By tag, what each of `releases` brought; what the oldest has is not said to be new."""
    brought = [New(r.tag, r.exact.tag if r.exact else None, [], [], []) for r in releases]
    for symbol in found:
        if symbol.key[0] != UAPI:
            continue
        for first, _, stretch in symbol.within:
            if first in symbol.came:
                brought[first].added.append(Dated(stretch.fact.row(), symbol.arrival(stretch).since))
        for number in symbol.went:
            last = next(stretch for _, end, stretch in reversed(symbol.within) if end < number)
            brought[number].removed.append(Dated(last.latest.row(), last.until or releases[number].tag))
        for (_, _, old), (first, _, new) in pairwise(symbol.within):
            if first not in symbol.came:
                brought[first].changed.extend(Dated(row, new.since) for row in changes(old.fact, new.fact))
    return {new.tag: new for new in brought}
