"""One header of one release, settled: preprocessed, parsed, its values and layouts computed."""

from functools import cache

from kscan.catalog.profiles import Profile
from kscan.errors import UnreadableHeader
from kscan.facts.macros import macros
from kscan.facts.types import types_of
from kscan.model import Fact, Problem, Reading
from kscan.parse.declarations import Forms, Syntax, parse_declarations
from kscan.parse.layout import Types
from kscan.parse.lex import IDENTIFIER
from kscan.parse.preprocess import Part, Unit, preprocess
from kscan.parse.shims import shim, shim_items


class Parsed:
    """Syntax by part, kept between headers and releases: text is parsed once for all that share it.

    What pycparser makes of a text depends on it and on which of its words are types.
    """

    def __init__(self) -> None:
        self._words: dict[tuple[object, ...], frozenset[str]] = {}
        self._syntax: dict[tuple[object, ...], Syntax] = {}
        self._forms: Forms = {}

    def syntax(self, part: Part, types: Types) -> Syntax:
        """What `part` declares, given the types before it. Raises UnreadableHeader."""
        tokens = None
        if part.key not in self._words:
            tokens = part.tokens()
            self._words[part.key] = frozenset(t.text for t in tokens if t.kind == IDENTIFIER)
        type_names = frozenset(word for word in self._words[part.key] if word in types.typedefs)
        key = (part.key, type_names)
        if key not in self._syntax:
            self._syntax[key] = parse_declarations(tokens or part.tokens(), type_names, self._forms)
        return self._syntax[key]


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
    facts = list(macros(unit, types))
    for syntax in own:
        problems += [Problem(line, reason) for line, reason in syntax.problems]
        facts += types_of(syntax, types)
        facts += [Fact("function", f.name, f.place.line, f.place.end_line) for f in syntax.functions]
    return Reading(tuple(sorted(facts, key=_in_file_order)), tuple(problems))


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
            syntax = parse_declarations(part.tokens(), frozenset(types.typedefs))
            types.add(syntax)
    everything.typedefs, everything.tags = types.typedefs, types.tags
    return everything


def _in_file_order(fact: Fact) -> tuple[int, str, str]:
    return fact.line, fact.name, fact.kind
