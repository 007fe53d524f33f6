"""Structs and unions: how they lie in memory, and how they grew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kscan.history import History
from kscan.model import RECORDS, UAPI
from kscan.report.symbols import Symbol
from kscan.report.tables import Run
from kscan.rows import Row
from kscan.seen import Release, Seen, Stretch
from kscan.wording import counted


class Place(NamedTuple):
    """A member, or a hole, in the last layout: from bit `start`, `bits` long; None where that is not known.
    `depth` is how many structs it lies in, `parts` whether members lie in it; a hole has no symbol."""

    label: str
    type: str
    start: int | None
    bits: int | None
    depth: int
    parts: bool
    symbol: Symbol | None


@dataclass
class Growth:
    """What a release did to a struct; `date` says how surely it was that release. `size` is None for one that
    is gone, or of which it is not known."""

    tag: str
    date: str
    size: int | None = None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    is_gone: bool = False


class Struct(NamedTuple):
    """A struct or union as the newest release that has it lays it out, and how it came to be that."""

    symbol: Symbol
    fact: Seen
    places: list[Place]
    growth: list[Growth]

    @property
    def name(self) -> str:
        return self.symbol.name

    @property
    def runs(self) -> tuple[Run, ...]:
        return self.symbol.runs

    @property
    def members(self) -> list[Seen]:
        """The members, in their order."""
        return [place.symbol.newest.latest for place in self.places if place.symbol]


def structs(history: History, found: Iterable[Symbol]) -> list[Struct]:
    """User space's structs and unions, in order of name."""
    records: list[Symbol] = []
    members: dict[str, list[Symbol]] = {}
    for symbol in found:
        if symbol.key[:2] == (UAPI, "member"):
            members.setdefault(symbol.name.split(".")[0], []).append(symbol)
        elif symbol.key[0] == UAPI and symbol.newest.fact.kind in RECORDS:
            records.append(symbol)
    return [_struct(history, record, members.get(record.name, [])) for record in records]


def _struct(history: History, record: Symbol, members: list[Symbol]) -> Struct:
    last = record.newest
    there = [member for member in members if member.newest.last.id == last.last.id]
    holding = {above for member in there for above in _above(member.name)}
    places = [_place(member, member.name in holding) for member in there]
    holes = [] if last.latest.kind == "union" else _holes(last.latest.size, places)
    starts = {place.label: _first(place) for place in places}
    places = sorted([*places, *holes], key=lambda place: _order(place, starts))
    return Struct(record, last.latest, places, _growth(history, record, members))


def _first(place: Place) -> tuple[bool, int]:
    return place.start is None, place.start or 0


def _order(place: Place, starts: dict[str, tuple[bool, int]]) -> list[tuple[tuple[bool, int], str]]:
    """By place, but what lies in a member right after it, though others of a union begin there too."""
    inside = _above(place.label) if place.symbol else []
    return [*((starts.get(label, _first(place)), label) for label in inside), (_first(place), place.label)]


def _above(label: str) -> list[str]:
    """The members that one lies in, the outermost first."""
    parts = label.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _place(member: Symbol, has_parts: bool) -> Place:
    fact = member.newest.latest
    _, _, label = member.name.partition(".")
    bits = fact.bit_size if fact.bit_size is not None else None if fact.size is None else fact.size * 8
    kind = f"{fact.type}:{fact.bit_size}" if fact.bit_size is not None else fact.type or ""
    return Place(label, kind, fact.bit_offset, bits, label.count("."), has_parts, member)


def _holes(size: int | None, places: Sequence[Place]) -> list[Place]:
    """Bits of a struct in which no member lies; none where not every place is known."""
    if size is None or not places or any(p.start is None or p.bits is None for p in places):
        return []
    holes, end = [], 0
    for start, bits in sorted((p.start or 0, p.bits or 0) for p in places if not p.parts):
        if start > end:
            holes.append(Place("hole", _length(start - end), end, start - end, 0, False, None))
        end = max(end, start + bits)
    if size * 8 > end:
        holes.append(Place("padding", _length(size * 8 - end), end, size * 8 - end, 0, False, None))
    return holes


def _length(bits: int) -> str:
    size, rest = divmod(bits, 8)
    return " ".join(filter(None, (f"{size} B" if size else "", counted(rest, "bit") if rest else "")))


def _growth(history: History, record: Symbol, members: Iterable[Symbol]) -> list[Growth]:
    """The releases in which a struct came, changed its size, gained or lost members, or went, oldest first."""
    steps: dict[Release, Growth] = {}

    def step(release: Release, date: str | None) -> Growth:
        return steps.setdefault(release, Growth(release.tag, date or release.tag))

    own = _along(record, record)
    sizes: dict[Release, int | None] = {}
    for before, stretch in zip((None, *own), own, strict=False):
        sizes[stretch.first] = stretch.latest.size
        if before is None or stretch.came or before.latest.size != stretch.latest.size:
            step(stretch.first, stretch.since)
        if stretch.gone:
            step(stretch.gone, stretch.until).is_gone = True
    for member in members:
        label = member.name.partition(".")[2]
        for number, stretch in enumerate(_along(member, record)):
            if stretch.came or number == 0:
                step(stretch.first, stretch.since).added.append(label)
            if stretch.gone and not (stretch.gone in steps and steps[stretch.gone].is_gone):
                step(stretch.gone, stretch.until).removed.append(label)
    size: int | None = None
    for release in sorted(steps.keys() | sizes.keys(), key=history.order_of):
        size = sizes.get(release, size)
        if release in steps and not steps[release].is_gone:
            steps[release].size = size
    return [steps[release] for release in sorted(steps, key=history.order_of)]


def _along(symbol: Symbol, record: Symbol) -> list[Stretch]:
    """The spans of a symbol on the mainline; where the record was never there, on the lines beside it."""
    return [s for s in symbol.stretches if s.last.on_mainline == record.newest.last.on_mainline]


def drawn(struct: Struct, place: Place) -> Row | None:
    """Where a bar lies, in thousandths of the struct, none too thin to see; None where it is not known."""
    whole = (struct.fact.size or 0) * 8
    if not whole or place.start is None or place.bits is None:
        return None
    width = round(max(place.bits * 1000 / whole, 3), 1)
    return {"x": round(min(place.start * 1000 / whole, 1000 - width), 1), "width": width}
