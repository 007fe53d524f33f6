"""Every name of a report with its history."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from kscan.catalog.sets import HeaderSet
from kscan.history import History
from kscan.model import INTERNAL
from kscan.report.tables import Run, runs_of
from kscan.rows import Row
from kscan.seen import Key, Release, Stretch


class Symbol(NamedTuple):
    """A name in one scope and family: when it appeared, its spans, and, over the releases of the report and
    by their numbers, its states and which span each lies in."""

    key: Key
    when: Row
    stretches: tuple[Stretch, ...]
    runs: tuple[Run, ...]
    within: tuple[tuple[int, int, Stretch], ...]

    @property
    def name(self) -> str:
        return self.key[2]


def symbols(history: History, chosen: HeaderSet | None, releases: Sequence[Release]) -> list[Symbol]:
    """User space's names, and constants of the kernel's own, of what a set covers, in order of name. Its
    functions are left out: they would be most of a report, and nobody builds against them."""
    order = [history.order_of(release) for release in releases]

    def within(stretch: Stretch) -> tuple[int, int, Stretch]:
        first = bisect_left(order, history.order_of(stretch.first))
        return first, bisect_right(order, history.order_of(stretch.last)) - 1, stretch

    found = []
    for facts in history.all_seen(chosen):
        if facts[0].key[:2] == (INTERNAL, "function"):
            continue
        cells = history.cells(facts, releases)
        runs = runs_of(state for _, state, _ in cells)
        stretches = tuple(history.stretches(facts))
        inside = tuple(span for span in map(within, stretches) if span[0] <= span[1])
        found.append(Symbol(facts[0].key, history.when_of(facts), stretches, runs, inside))
    return found
