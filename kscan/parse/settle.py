"""One header of one release, settled: preprocessed, parsed, its values and layouts computed."""

from collections.abc import Sequence
from functools import cache

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


class Parsed:
    """What is kept between headers and releases, so that nothing is worked out twice: the syntax of parts and
    of single declarations and what they tell, what macros expand to, what includes do.

    What pycparser makes of a text depends on it and on which of its words are types.
    """

    def __init__(self) -> None:
        self._passages = Passages()
        self._parts: Recent[tuple[object, ...], tuple[list[tuple[int, Passage]], frozenset[str]]] = Recent()
        self._syntax: Recent[tuple[object, ...], Syntax] = Recent()
        self._forms: Forms = Recent()
        self.expansions: Expansions = Recent()
        self.told: Told = Recent()
        self.includes = Memory()
        self.readings: Recent[tuple[object, ...], Reading] = Recent()

    def turn(self) -> None:
        """Forgets what was not asked for since the last turn."""
        kept = (
            self._passages,
            self._parts,
            self._syntax,
            self._forms,
            self.expansions,
            self.told,
            self.includes,
            self.readings,
        )
        for one in kept:
            one.turn()

    def syntax(self, part: Part, types: Types) -> Syntax:
        """What `part` declares, given the types before it. Raises UnreadableHeader."""
        known = self._parts.get(part.key)
        if known is None:
            passages = self._passages.of(part)
            known = passages, frozenset().union(*(passage.names for _, passage in passages))
            self._parts[part.key] = known
        passages, words = known
        type_names = frozenset(word for word in words if word in types.typedefs)
        key = (part.key, type_names)
        syntax = self._syntax.get(key)
        if syntax is None:
            syntax = self._syntax[key] = parse_declarations(passages, type_names, self._forms)
        return syntax


def settle(unit: Unit, profile: Profile, parsed: Parsed) -> Reading:
    """The facts of a preprocessed header; what an included header declares badly is that one's
    problem, not this one's."""
    if unit.failure:
        return Reading(failure=str(unit.failure))
    try:
        return _settle(unit, profile, parsed)
    except UnreadableHeader as why:
        return Reading(failure=str(why))
    except RecursionError:
        return Reading(failure="nested too deeply")


def _settle(unit: Unit, profile: Profile, parsed: Parsed) -> Reading:
    types = Types(profile)
    types.add(_libc_types(profile))
    own: list[Syntax] = []
    problems: list[Problem] = []
    for part in unit.parts:
        mine = part.file.path == unit.file.path
        try:
            syntax = parsed.syntax(part, types)
        except UnreadableHeader as why:
            problems += [Problem(why.line, why.problem)] if mine else []
            continue
        types.add(syntax)
        own += [syntax] if mine else []
    key = _circumstances(unit, profile, own, problems, types)
    before = parsed.readings.get(key) if key is not None else None
    if before is not None:
        return before
    facts = list(macros(unit, types, parsed.expansions))
    for syntax in own:
        problems += [Problem(line, reason) for line, reason in syntax.problems]
        facts += types_of(syntax, types, parsed.told)
        facts += [Fact("function", f.name, f.place.line, f.place.end_line) for f in syntax.functions]
    reading = Reading(tuple(sorted(facts, key=_in_file_order)), tuple(problems))
    if key is not None:
        parsed.readings[key] = reading
    return reading


def _circumstances(
    unit: Unit, profile: Profile, own: Sequence[Syntax], problems: Sequence[Problem], types: Types
) -> tuple[object, ...] | None:
    """All that the facts of a header come from, so that those of another release with the same are the same,
    whatever else its includes changed; None where that is too much to tell."""
    defines = [define for define in unit.defines if unit.macros.get(define.name, (None,))[0] is define]
    touched = within_reach([define.name for define in defines], unit.macros)
    if touched is unit.macros:
        return None
    names = {name for macro in touched.values() for name in macro.define.says.identifiers}
    for syntax in own:
        names |= syntax.words
    return (
        profile.name,
        unit.file.blob,
        tuple(define.line for define in defines),
        frozenset(macro.define.says.written for macro in touched.values()),
        tuple(own),
        tuple(problems),
        types.within_reach(names),
    )


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
    return everything


def _in_file_order(fact: Fact) -> tuple[int, str, str]:
    return fact.line, fact.name, fact.kind
