"""Structs and unions: how they lie in memory, and how they grew."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kscan.history import History
from kscan.model import UAPI
from kscan.report.symbols import Symbol
from kscan.report.tables import Run
from kscan.rows import Row
from kscan.seen import Seen

_RECORDS = ("struct", "union")


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


class Growth(NamedTuple):
    """What a release did to a struct."""

    tag: str
    size: int | None
    added: list[str]
    removed: list[str]


class Struct(NamedTuple):
    """A struct or union with its members as the newest release that has it lays them out, and those it lost."""

    symbol: Symbol
    fact: Seen
    places: list[Place]
    gone: list[Symbol]
    growth: list[Growth]

    @property
    def name(self) -> str:
        return self.symbol.name

    @property
    def runs(self) -> tuple[Run, ...]:
        return self.symbol.runs


def structs(history: History, found: Iterable[Symbol]) -> list[Struct]:
    """User space's structs and unions, in order of name."""
    records: list[Symbol] = []
    members: dict[str, list[Symbol]] = {}
    for symbol in found:
        if symbol.key[:2] == (UAPI, "member"):
            members.setdefault(symbol.name.split(".")[0], []).append(symbol)
        elif symbol.key[0] == UAPI and symbol.newest.fact.kind in _RECORDS:
            records.append(symbol)
    return [_struct(history, record, members.get(record.name, [])) for record in records]


def _struct(history: History, record: Symbol, members: list[Symbol]) -> Struct:
    last = record.newest
    until = history.order_of(last.last)
    there = [m for m in members if history.order_of(m.newest.last) == until]
    gone = [m for m in members if history.order_of(m.newest.last) < until]
    places = [_place(member, members) for member in there]
    holes = [] if last.fact.kind == "union" else _holes(last.fact.size, places)
    starts = {place.label: _first(place) for place in places}
    places = sorted([*places, *holes], key=lambda place: _order(place, starts))
    return Struct(record, last.fact, places, gone, _growth(history, record, members))


def _first(place: Place) -> tuple[bool, int]:
    return place.start is None, place.start or 0


def _order(place: Place, starts: dict[str, tuple[bool, int]]) -> list[tuple[tuple[bool, int], str]]:
    """By place, but what lies in a member right after it, though others of a union begin there too."""
    parts = place.label.split(".") if place.symbol else []
    inside = (".".join(parts[:length]) for length in range(1, len(parts)))
    return [*((starts.get(label, _first(place)), label) for label in inside), (_first(place), place.label)]


def _place(member: Symbol, members: Iterable[Symbol]) -> Place:
    fact = member.newest.fact
    _, _, label = member.name.partition(".")
    bits = fact.bit_size if fact.bit_size is not None else None if fact.size is None else fact.size * 8
    kind = f"{fact.type}:{fact.bit_size}" if fact.bit_size is not None else fact.type or ""
    parts = any(other.name.startswith(f"{member.name}.") for other in members)
    return Place(label, kind, fact.bit_offset, bits, label.count("."), parts, member)


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
    return " ".join(said for said in (f"{size} B" if size else "", f"{rest} bits" if rest else "") if said)


def _growth(history: History, record: Symbol, members: Iterable[Symbol]) -> list[Growth]:
    """The releases in which a struct came, changed its size, or gained or lost members, oldest first."""
    on_mainline = record.newest.last.on_mainline
    sizes = {stretch.first.tag: stretch.fact.size for stretch in record.stretches}
    came: dict[str, list[str]] = {}
    went: dict[str, list[str]] = {}
    for member in members:
        label = member.name.partition(".")[2]
        for tag in {member.when["first_seen"], *member.came}:
            came.setdefault(tag, []).append(label)
        for tag in member.went:
            went.setdefault(tag, []).append(label)
    found: list[Growth] = []
    size: int | None = None
    for release in history.mainline if on_mainline else history.others:
        tag = release.tag
        before, size = size, sizes.get(tag, size)
        is_new = not found or tag in record.came or size != before
        if (tag in sizes and is_new) or tag in came or tag in went:
            found.append(Growth(tag, size, came.get(tag, []), went.get(tag, [])))
    return found


def drawn(struct: Struct, place: Place) -> Row | None:
    """Where a bar lies, in thousandths of the struct, none too thin to see; None where it is not known."""
    whole = (struct.fact.size or 0) * 8
    if not whole or place.start is None or place.bits is None:
        return None
    width = round(max(place.bits * 1000 / whole, 3), 1)
    return {"x": round(min(place.start * 1000 / whole, 1000 - width), 1), "width": width}
