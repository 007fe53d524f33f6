"""The growth of the interface as an image."""

from collections.abc import Iterable, Sequence
from itertools import cycle

from kscan.report.growth import Series
from kscan.report.render import environment
from kscan.rows import plain

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 680, 12, 310
_COLORS = ("#2f7fd0", "#c8662a", "#37966c", "#a45cc4", "#b08a1f", "#d0493a")
_APART = 14


def chart(tags: Sequence[str], series: Sequence[Series], about: str) -> str:
    """An SVG with a line for each series, by release."""
    most = max((count for one in series for count in one.counts if count is not None), default=0) or 1
    step = max(10 * round(most / 40), 1)

    def x(number: int) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * number / max(len(tags) - 1, 1), 1)

    def y(count: int) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * count / most, 1)

    ends = _spread([y(one.counts[-1] or 0) for one in series])
    return environment().get_template("growth.svg").render(
        about=about,
        grid=[(count, y(count)) for count in range(0, most + 1, step)],
        marks=[(tags[at], x(at)) for at in range(0, len(tags), max(len(tags) // 8, 1))],
        lines=[
            {"path": _path(None if count is None else (x(at), y(count)) for at, count in enumerate(one.counts)),
             "color": color, "label": one.label, "count": plain(one.counts[-1]), "y": end + 4}
            for one, color, end in zip(series, cycle(_COLORS), ends, strict=False)
        ],
    )  # fmt: skip


def _path(points: Iterable[tuple[float, float] | None]) -> str:
    """Steps through points; a gap where one is not known."""
    said: list[str] = []
    before = None
    for point in points:
        if point is not None:
            said.append(f"M{point[0]} {point[1]}" if before is None else f"H{point[0]}V{point[1]}")
        before = point
    return "".join(said)


def _spread(ends: Sequence[float]) -> list[float]:
    """Heights moved apart, for what is written there to be read; none below the chart."""
    spread: dict[int, float] = {}
    order = sorted(range(len(ends)), key=lambda number: ends[number])
    lowest, highest = 0.0, float(_BOTTOM)
    for number in order:
        lowest = spread[number] = max(ends[number], lowest + _APART)
    for number in reversed(order):
        spread[number] = min(spread[number], highest)
        highest = spread[number] - _APART
    return [spread[number] for number in range(len(ends))]
