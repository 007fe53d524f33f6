"""One header of one release, settled: preprocessed, parsed, its values and layouts computed."""

import hashlib
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from kscan.catalog.profiles import Profile
from kscan.errors import UnreadableHeader
from kscan.facts.macros import Expansions, macros
from kscan.facts.types import Told, types_of
from kscan.model import Fact, Problem, Reading
from kscan.parse.declarations import Forms, Passage, Syntax, parse_declarations
from kscan.parse.expand import within_reach
from kscan.parse.layout import Types
from kscan.parse.passages import Passages
from kscan.parse.preprocess import Part, Unit, preprocess
from kscan.parse.recent import Recent
from kscan.parse.shims import shim, shim_items
from kscan.parse.walked import Memory

# Macros that the texts of a header may meet, each text its own, for its circumstances to be told.
_MOST_TOLD = 20_000


class Settled(NamedTuple):
    """What a header says. `circumstances` are a digest of all that its facts come from, so that where it is
    equal so are they, whatever else its includes changed; empty where that is too much to tell. `reading` is
    None where it is known for these circumstances."""

    circumstances: str
    reading: Reading | None


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A part's passages by their lines and the names in them."""

    passages: list[tuple[int, Passage]]
    names: frozenset[str]


class Parsed:
    """What is kept between headers and releases, so that nothing is worked out twice: the syntax of parts and
    of single declarations and what they tell, what macros expand to, what includes do.

    What pycparser makes of a text depends on it and on which of its words are types.
    """

    def __init__(self) -> None:
        self._passages = Passages()
        self._names: Recent[tuple[object, ...], frozenset[str]] = Recent()
        self._parts: Recent[tuple[object, ...], _Read] = Recent()
        self._syntax: Recent[tuple[object, ...], Syntax] = Recent()
        self._forms: Forms = Recent()
        self.expansions: Expansions = Recent()
        self.told: Told = Recent()
        self.includes = Memory()
        self.circumstances: Recent[tuple[object, ...], str] = Recent()
        self.readings: Recent[str, Reading] = Recent()

    def turn(self) -> None:
        """Forgets what was not asked for since the last turn."""
        kept = (
            self._passages,
            self._names,
            self._parts,
            self._syntax,
            self._forms,
            self.expansions,
            self.told,
            self.includes,
            self.circumstances,
            self.readings,
        )
        for one in kept:
            one.turn()

    def names(self, part: Part) -> frozenset[str]:
        """The names that the text of a part can become, and such as macros drop: it is read only where names
        are pasted together, which can make any. Raises UnreadableHeader."""
        found = self._names.get(part.key)
        if found is None:
            unread = _names(part)
            found = self._names[part.key] = self._part(part).names if unread is None else unread
        return found

    def _part(self, part: Part) -> _Read:
        """What stands in a part. Raises UnreadableHeader."""
        found = self._parts.get(part.key)
        if found is None:
            passages = self._passages.of(part)
            names = frozenset().union(*(passage.names for _, passage in passages))
            found = self._parts[part.key] = _Read(passages, names)
        return found

    def syntax(self, part: Part, types: Types) -> Syntax:
        """What `part` declares, given the types before it. Raises UnreadableHeader."""
        read = self._part(part)
        key = part.key, _type_names(read.names, types)
        syntax = self._syntax.get(key)
        if syntax is None:
            syntax = self._syntax[key] = parse_declarations(read.passages, key[1], self._forms)
        return syntax


def _names(part: Part) -> frozenset[str] | None:
    """Those in its text and in the macros that this can meet; None where one of these pastes."""
    says = {id(m.define.says): m.define.says for active in part.texts for m in active.macros.values()}.values()
    if any(one.pastes for one in says):
        return None
    texts = (active.text.identifiers for active in part.texts)
    return frozenset().union(*texts, *(one.identifiers for one in says))


def _type_names(names: frozenset[str], types: Types) -> frozenset[str]:
    return frozenset(name for name in names if name in types.typedefs)


def settle(unit: Unit, profile: Profile, parsed: Parsed, known: Container[str] = ()) -> Settled:
    """The facts of a preprocessed header, if they are not `known` for its circumstances; what an included
    header declares badly is that one's problem, not this one's."""
    if unit.failure:
        return Settled("", Reading(failure=str(unit.failure)))
    try:
        return _settle(unit, profile, parsed, known)
    except UnreadableHeader as why:
        return Settled("", Reading(failure=str(why)))
    except RecursionError:
        return Settled("", Reading(failure="nested too deeply"))


def _settle(unit: Unit, profile: Profile, parsed: Parsed, known: Container[str]) -> Settled:
    first = next((at for at, part in enumerate(unit.parts) if _is_own(part, unit)), len(unit.parts))
    types = Types(profile)
    types.add(_libc_types(profile))
    for part in unit.parts[:first]:
        with suppress(UnreadableHeader):
            types.add(parsed.syntax(part, types))
    parts = unit.parts[first:]
    circumstances = _circumstances(unit, parts, types, parsed)
    if circumstances in known:
        return Settled(circumstances, None)
    reading = parsed.readings.get(circumstances)
    if reading is None:
        reading = _reading(unit, parts, types, parsed)
        if circumstances:
            parsed.readings[circumstances] = reading
    return Settled(circumstances, reading)


def _is_own(part: Part, unit: Unit) -> bool:
    return part.file.path == unit.file.path


def _reading(unit: Unit, parts: Iterable[Part], types: Types, parsed: Parsed) -> Reading:
    """The facts of a header whose own `parts`, and what comes behind them, follow `types`."""
    own: list[Syntax] = []
    problems: list[Problem] = []
    for part in parts:
        mine = _is_own(part, unit)
        try:
            syntax = parsed.syntax(part, types)
        except UnreadableHeader as why:
            problems += [Problem(why.line, why.problem)] if mine else []
            continue
        types.add(syntax)
        own += [syntax] if mine else []
    facts = list(macros(unit, types, parsed.expansions))
    for syntax in own:
        problems += [Problem(line, reason) for line, reason in syntax.problems]
        facts += types_of(syntax, types, parsed.told)
        facts += [Fact("function", f.name, f.place.line, f.place.end_line) for f in syntax.functions]
    return Reading(tuple(sorted(facts, key=_in_file_order)), tuple(problems))


def _circumstances(unit: Unit, parts: Sequence[Part], types: Types, parsed: Parsed) -> str:
    """As in Settled: the header's text, what its macros and those of its text say, and what the names in it
    mean in front of it. Nothing of it is parsed for that."""
    defines = [define for define in unit.defines if unit.macros.get(define.name, (None,))[0] is define]
    touched = within_reach([define.name for define in defines], unit.macros)
    met = sum(len(active.meanings) for part in parts for active in part.texts)
    if touched is unit.macros or met > _MOST_TOLD:
        return ""
    names = {name for macro in touched.values() for name in macro.define.says.identifiers}
    try:
        written_in = [parsed.names(part) for part in parts]
    except UnreadableHeader:
        return ""
    names.update(*written_in)
    lines = tuple(define.line for define in defines)
    written = frozenset(macro.define.says.written for macro in touched.values())
    type_names = [_type_names(one, types) for one in written_in]
    meaning = types.within_reach(names)
    own = tuple(_is_own(part, unit) for part in parts)
    texts = zip((part.key for part in parts), type_names, strict=True)
    key = types.profile.name, unit.file.blob, lines, own, written, meaning, *texts
    told = parsed.circumstances.get(key)
    if told is None:
        # Most texts meet the same few macros: each is told once.
        says: dict[object, int] = {one: number for number, one in enumerate(sorted(written))}
        met_by = [_met(part, says) for part in parts]
        means = sorted((table, name, form.digest) for table, name, form in meaning)
        own_say = len(written)
        all_of_it = repr(
            (*key[:4], own_say, met_by, [sorted(names) for names in type_names], list(says), means)
        )
        told = parsed.circumstances[key] = hashlib.sha1(all_of_it.encode("utf-8", "surrogatepass")).hexdigest()
    return told


def _met(part: Part, says: dict[object, int]) -> tuple[str, list[tuple[int, list[tuple[int, int | None]]]]]:
    """What texts of a part count, by their lines, and which macros they meet, by the number in `says` of what
    these say; new ones are entered."""
    texts = [
        (active.line, [(says.setdefault(said, len(says)), line) for said, line in active.meanings])
        for active in part.texts
    ]
    return part.file.blob, texts


# What programs include before a header that leaves size_t, struct sockaddr or struct timespec to
# them. A header that declares such a type itself has its own.
_LIBC = ("stddef.h", "stdint.h", "sys/types.h", "sys/socket.h", "time.h")


@cache
def _libc_types(profile: Profile) -> Syntax:
    everything = Syntax()
    types = Types(profile)
    for name in _LIBC:
        file = shim(name)
        assert file is not None
        for part in preprocess(file, shim, shim_items, profile).parts:
            syntax = parse_declarations(Passages().of(part), frozenset(types.typedefs), Recent())
            types.add(syntax)
    everything.typedefs, everything.tags, everything.named = types.typedefs, types.tags, types.named
    everything.variables = types.variables
    return everything


def _in_file_order(fact: Fact) -> tuple[int, str, str]:
    return fact.line, fact.name, fact.kind
