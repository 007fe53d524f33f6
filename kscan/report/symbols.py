"""Every name of a report with its history."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kscan.catalog.sets import HeaderSet
from kscan.history import History
from kscan.model import INTERNAL
from kscan.report.tables import Run, runs_of
from kscan.rows import ABSENT, NO_HEADER, PRESENT, Row
from kscan.seen import Key, Release, Stretch


class Symbol(NamedTuple):
    """A name in one scope and family: when it appeared and its spans; and, over the releases of the report and
    by their numbers, in which it came, one before being known without it, in which it went, its states, and
    which span each lies in."""

    key: Key
    when: Row
    stretches: tuple[Stretch, ...]
    came: tuple[int, ...]
    went: tuple[int, ...]
    runs: tuple[Run, ...]
    within: tuple[tuple[int, int, Stretch], ...]

    @property
    def name(self) -> str:
        return self.key[2]

    @property
    def newest(self) -> Stretch:
        """The last span: of the mainline, where it has any."""
        return next((s for s in reversed(self.stretches) if s.last.on_mainline), self.stretches[-1])

    def arrival(self, stretch: Stretch) -> Stretch:
        """The span in which the name came that `stretch` still has."""
        at = next(number for number, other in enumerate(self.stretches) if other is stretch)
        return next((s for s in self.stretches[at::-1] if s.came), self.stretches[0])


def symbols(history: History, chosen: HeaderSet | None, releases: Sequence[Release]) -> list[Symbol]:
    """User space's names, and constants of the kernel's own, of what a set covers, in order of name; where
    not all of the mainline is reported on, those that some of `releases` has. The kernel's functions are left
    out: they would be most of a report, and nobody builds against them."""
    order = [history.order_of(release) for release in releases]
    numbers = [history.mainline.index(release) for release in releases]

    def within(stretch: Stretch) -> tuple[int, int, Stretch]:
        first = bisect_left(order, history.order_of(stretch.first))
        return first, bisect_right(order, history.order_of(stretch.last)) - 1, stretch

    found = []
    for facts in history.all_seen(chosen):
        if facts[0].key[:2] == (INTERNAL, "function"):
            continue
        line = history.cells(facts)
        stretches = tuple(history.stretches(facts, line))
        inside = tuple(span for span in map(within, stretches) if span[0] <= span[1])
        if not inside and len(releases) < len(history.mainline):
            continue
        states = [line[number][1] for number in numbers]
        when = history.when_of(facts, line)
        found.append(Symbol(facts[0].key, when, stretches, *_turns(states), runs_of(states), inside))
    return found


def _turns(states: Iterable[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where a line of states turns from known absence to presence, and back."""
    came: list[int] = []
    went: list[int] = []
    before: bool | None = None
    for number, state in enumerate(states):
        now = True if state == PRESENT else False if state in (ABSENT, NO_HEADER) else before
        if before is not None and now != before:
            (came if now else went).append(number)
        before = now
    return tuple(came), tuple(went)
