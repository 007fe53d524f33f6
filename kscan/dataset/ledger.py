"""The ledger of one header: what it says from release to release, as text that a person can review.

    = v4.3 <blob> include/uapi/linux/if_packet.h     from here on the file is this content
    + 66 macro PACKET_FANOUT_CBPF 6 int              a fact, at its line (66+2: it ends two lines below)
    ~ 12 macro X 2 int                               the fact of this kind and name is another
    - macro Y                                        it is gone (`#2`: the second of that kind and name)
    @ 60 4                                           what stood from line 60 on moved down four lines
    ! 12 <reason>                                    a line that could not be read; `!` alone: nothing could
    x v6.8                                           from here on the release has no such file

data/README.md describes it for readers.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kscan.errors import KscanError
from kscan.model import FAMILIES, Fact, Problem, Reading

_MOST_LINES = 1 << 31


class State(NamedTuple):
    """A header from release `tag` on: its content and what reading it gave; no reading where the
    releases have no such file."""

    tag: str
    path: str = ""
    blob: str = ""
    reading: Reading | None = None


def canonical(facts: Iterable[Fact]) -> list[Fact]:
    """Facts in the one order that ledgers keep: by line, members of one line by their place."""
    return sorted(facts, key=_order)


def _order(fact: Fact) -> tuple[object, ...]:
    at = -1 if fact.bit_offset is None else fact.bit_offset
    return fact.line, fact.end_line, at, fact.name, fact.kind, repr(fact[4:])


def write(states: Iterable[State]) -> Iterator[str]:
    """The lines of a ledger, without their ends."""
    before = State("")
    facts: list[Fact] = []
    for state in states:
        if state.reading is None:
            yield f"x\t{state.tag}"
            before, facts = State(""), []
            continue
        path = "" if state.path == before.path else state.path
        yield _joined("=", state.tag, state.blob, path)
        following = canonical(state.reading.facts)
        yield from _changes(facts, following)
        for problem in state.reading.problems:
            yield _joined("!", problem.line, _text(problem.reason))
        if state.reading.failure is not None:
            yield _joined("!", "", _text(state.reading.failure))
        before, facts = state, following


def _changes(old: Sequence[Fact], new: Sequence[Fact]) -> Iterator[str]:
    """The lines that make of one canonical list the next."""
    pairs, removed, added = _matched(old, new)
    shifts: list[tuple[int, int]] = []
    delta, at = 0, 0
    for i, j in pairs:
        moved = new[j].line - old[i].line
        if moved != delta:
            if at == old[i].line:
                # Two facts of one line that part: the second counts as another fact.
                removed.append(i)
                added.append(j)
                continue
            shifts.append((old[i].line, moved))
            delta = moved
        at = old[i].line
    for line, moved in shifts:
        yield f"@\t{line}\t{moved}"
    gone = sorted(removed)
    come = sorted(added)
    swapped = _unique(old, gone) & _unique(new, come)
    for i in gone:
        if (old[i].kind, old[i].name) not in swapped:
            yield _joined("-", old[i].kind, _text(old[i].name), _ordinal(old, i))
    for j in come:
        yield _line("~" if (new[j].kind, new[j].name) in swapped else "+", new[j])


def _matched(old: Sequence[Fact], new: Sequence[Fact]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Facts that say the same, in order, wherever they stand; then those left over on each side."""
    waiting: dict[tuple[object, ...], list[int]] = {}
    for i in reversed(range(len(old))):
        waiting.setdefault(_content(old[i]), []).append(i)
    pairs: list[tuple[int, int]] = []
    added: list[int] = []
    for j, fact in enumerate(new):
        found = waiting.get(_content(fact))
        if found:
            pairs.append((found.pop(), j))
        else:
            added.append(j)
    removed = [i for left in waiting.values() for i in left]
    return sorted(pairs), removed, added


def _content(fact: Fact) -> tuple[object, ...]:
    return fact.kind, fact.name, fact.end_line - fact.line, *fact[4:]


def _unique(facts: Sequence[Fact], among: Sequence[int]) -> set[tuple[str, str]]:
    """Kinds and names that stand once in a list, and there among the given."""
    count: dict[tuple[str, str], int] = {}
    for fact in facts:
        count[fact.kind, fact.name] = count.get((fact.kind, fact.name), 0) + 1
    return {key for i in among if count[key := (facts[i].kind, facts[i].name)] == 1}


def _ordinal(facts: Sequence[Fact], number: int) -> str:
    same = [i for i, f in enumerate(facts) if (f.kind, f.name) == (facts[number].kind, facts[number].name)]
    return f"#{same.index(number) + 1}" if len(same) > 1 else ""


def _line(mark: str, fact: Fact) -> str:
    span = fact.end_line - fact.line
    place = f"{fact.line}+{span}" if span else str(fact.line)
    return _joined(
        mark, place, fact.kind, _text(fact.name), _value(fact.value), _text(fact.type), _text(fact.reason),
        _number(fact.bit_offset), _number(fact.bit_size), _number(fact.size), _text(fact.owner),
    )  # fmt: skip


def _joined(*fields: object) -> str:
    return "\t".join(str(field) for field in fields).rstrip("\t")


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _value(value: int | str | None) -> str:
    return json.dumps(value) if isinstance(value, str) else _number(value)


def _text(text: str | None) -> str:
    """Text as it is; in quotes where it would not read back."""
    if text is None:
        return ""
    plain = text and text[0] != '"' and text.isprintable()
    return text if plain else json.dumps(text)


# And back.


class Stand(NamedTuple):
    """A fact as it stands where it appears, and the tags of the states where it does so and where it is
    gone; None where it stays to the end."""

    fact: Fact
    first: str
    until: str | None


class Shift(NamedTuple):
    """At state `tag`, what stood from `line` on, to the next shift, moved down by `delta` lines."""

    tag: str
    line: int
    delta: int


def shift_of(line: int, shifts: Iterable[tuple[object, int, int]]) -> int:
    """By how many lines the shifts of one state, in order of line, move a line down."""
    delta = 0
    for _, start, moved in shifts:
        if start > line:
            break
        delta = moved
    return delta


class Ledger:
    """A ledger that is read: its states, facts by where they stand, shifts. Raises KscanError, naming file
    and line, for text that is none."""

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.states: list[State] = []
        self.stands: list[Stand] = []
        self.shifts: list[Shift] = []
        reader = _Reader(self)
        for number, line in enumerate(lines, 1):
            try:
                reader.line(line.rstrip("\n").split("\t"))
            except (ValueError, IndexError, KeyError) as error:
                raise KscanError(f"{name}:{number}: no line of a ledger ({error!r:.80})") from None
        reader.finish()
        self.stands += (Stand(standing.born, standing.first, None) for standing in reader.standing)


@dataclass(slots=True)
class _Standing:
    fact: Fact
    born: Fact
    first: str
    order: tuple[object, ...]


def _standing(fact: Fact, tag: str) -> _Standing:
    return _Standing(fact, fact, tag, _order(fact)[2:])


class _Reader:
    """Takes the lines of a ledger one by one and keeps what stands."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.standing: list[_Standing] = []
        self.path = ""
        self._begin(None)

    def _begin(self, head: State | None) -> None:
        self.head = head
        self.shifts: list[Shift] = []
        self.removed: set[int] = set()
        self.added: list[Fact] = []
        self.problems: list[Problem] = []
        self.failure: str | None = None

    def line(self, fields: list[str]) -> None:
        mark = fields[0]
        if mark in ("=", "x"):
            self.finish()
            self.path = fields[3] if len(fields) > 3 else self.path
            self._begin(State(fields[1]) if mark == "x" else State(fields[1], self.path, fields[2], Reading()))
        elif self.head is None or self.head.reading is None:
            raise ValueError("a change without a state")
        elif mark == "@":
            if self.shifts and int(fields[1]) <= self.shifts[-1].line:
                raise ValueError("shifts in another order than their lines")
            self.shifts.append(Shift(self.head.tag, int(fields[1]), int(fields[2])))
        elif mark == "-":
            ordinal = int(fields[3].removeprefix("#")) if len(fields) > 3 else 1
            self.removed.add(self._index(fields[1], _untext(fields[2]) or "", ordinal))
        elif mark in ("+", "~"):
            fact = _fact(fields)
            self.added.append(fact)
            if mark == "~":
                self.removed.add(self._index(fact.kind, fact.name, 1))
        elif mark == "!":
            self._problem(fields)
        else:
            raise ValueError(f"{mark} begins no line")

    def _problem(self, fields: list[str]) -> None:
        reason = _untext(fields[2]) or ""
        if fields[1]:
            self.problems.append(Problem(int(fields[1]), reason))
        else:
            self.failure = reason

    def _index(self, kind: str, name: str, ordinal: int) -> int:
        facts = (standing.fact for standing in self.standing)
        same = [i for i, fact in enumerate(facts) if fact.name == name and fact.kind == kind]
        if not 0 < ordinal <= len(same):
            raise ValueError(f"no {kind} {name} number {ordinal} stands before it")
        return same[ordinal - 1]

    def finish(self) -> None:
        """Ends the state that was begun."""
        head = self.head
        if head is None:
            return
        if head.reading is None:
            self.removed = set(range(len(self.standing)))
        for index in sorted(self.removed):
            gone = self.standing[index]
            self.ledger.stands.append(Stand(gone.born, gone.first, head.tag))
        kept = [standing for i, standing in enumerate(self.standing) if i not in self.removed]
        for standing in kept if self.shifts else ():
            standing.fact = self._moved(standing.fact)
        self.standing = [*kept, *(_standing(fact, head.tag) for fact in self.added)]
        self.standing.sort(key=lambda standing: (standing.fact.line, standing.fact.end_line, *standing.order))
        if head.reading is not None:
            facts = tuple(standing.fact for standing in self.standing)
            head = head._replace(reading=Reading(facts, tuple(self.problems), self.failure))
        self.ledger.states.append(head)
        self.ledger.shifts += self.shifts

    def _moved(self, fact: Fact) -> Fact:
        delta = shift_of(fact.line, self.shifts)
        return fact._replace(line=fact.line + delta, end_line=fact.end_line + delta) if delta else fact


def _fact(fields: list[str]) -> Fact:
    _, place, kind, name, *rest = [*fields, *[""] * (11 - len(fields))]
    if kind not in FAMILIES:
        raise ValueError(f"{kind} is no kind")
    line, _, span = place.partition("+")
    if not 0 < int(line) <= int(line) + int(span or 0) < _MOST_LINES:
        raise ValueError(f"{place:.20} is no place")
    value, type_, reason, bit_offset, bit_size, size, owner = rest
    return Fact(
        kind, _untext(name) or "", int(line), int(line) + int(span or 0),
        _unvalue(value), _untext(type_), _untext(reason),
        _int(bit_offset), _int(bit_size), _int(size), _untext(owner),
    )  # fmt: skip


def _unvalue(text: str) -> int | str | None:
    return _untext(text) if text[:1] == '"' else _int(text)


def _int(text: str) -> int | None:
    return int(text) if text else None


def _untext(text: str) -> str | None:
    if text[:1] != '"':
        return text or None
    found = json.loads(text)
    if not isinstance(found, str):
        raise ValueError(f"{text:.40} is no text")
    return found
