"""Macros: what each has for a value at the end of its header."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kscan.errors import UnreadableHeader
from kscan.model import Fact
from kscan.parse.constant import NotConstant, Number, bytes_of, is_wide, literal, text_of, value_of
from kscan.parse.declarations import BUILTIN_TYPES
from kscan.parse.expand import Budget, Macro, expand, within_reach
from kscan.parse.layout import Meaning, Types
from kscan.parse.lex import IDENTIFIER, NUMBER, STRING, Define, Token
from kscan.parse.preprocess import Unit
from kscan.parse.recent import Recent

# Tokens that a value may have and come from.
MOST_VALUE = 100_000

_OPERATORS = frozenset(
    [
        "sizeof",
        "__alignof__",
        "__alignof",
        "_Alignof",
        "__builtin_offsetof",
        "offsetof",
        "typeof",
        "__typeof__",
        "__typeof",
        "__builtin_constant_p",
    ]
)
_TYPE_WORDS = (
    frozenset(
        [
            "char",
            "const",
            "double",
            "enum",
            "float",
            "int",
            "long",
            "short",
            "signed",
            "struct",
            "union",
            "unsigned",
            "void",
            "volatile",
            "__signed__",
            "__volatile__",
            "_Bool",
            "__int128",
            "*",
        ]
    )
    | BUILTIN_TYPES
)


Constant = tuple[int | str, str]


class Expansion(NamedTuple):
    """What the body of a macro becomes, the tokens that it cost, and the names left in it; by what these mean,
    its value and type or the reason why it has none."""

    body: tuple[Token, ...]
    cost: int
    names: frozenset[str]
    told: dict[Meaning, Constant | str]


# By profile, the macro and those that it can meet, as they are written.
Expansions = Recent[tuple[object, ...], Expansion]


def macros(unit: Unit, types: Types, expansions: Expansions | None = None) -> Iterator[Fact]:
    """A fact for each macro that the header defines and that is still there at its end; `expansions` are what
    was expanded before, and are added to.

    `#define X X`, which only tells the preprocessor that an enumerator exists, gives none.
    """
    reader = _Macros(unit.macros, unit.file.path, types, expansions or Recent())
    # A header without a guard may come around again, by another one that includes it back.
    for define in {id(define): define for define in unit.defines}.values():
        current = unit.macros.get(define.name)
        if current is None or current.define is not define:
            continue
        fact = reader.fact(define)
        if fact is not None:
            yield fact


def macro(define: Define, known: Mapping[str, Macro], home: str, types: Types) -> Fact | None:
    """The fact of one macro: its parameters, its value, or the reason why it has none; None where it
    only names itself."""
    return _Macros(known, home, types, Recent()).fact(define)


class _Macros:
    """Macros as they are at the end of a header, whose values cost no more than a budget in all."""

    def __init__(self, known: Mapping[str, Macro], home: str, types: Types, expansions: Expansions) -> None:
        self.known, self.home, self.types, self.expansions = known, home, types, expansions
        self.budget = Budget()

    def fact(self, define: Define) -> Fact | None:
        if define.says.params is not None:
            params = f"({', '.join(define.says.params)})"
            return Fact("function_macro", define.name, define.line, define.end_line, type=params,
                        reason="takes parameters")  # fmt: skip
        if define.says.word == define.name:
            return None
        value: int | str | None = None
        kind: str | None = None
        reason: str | None = None
        try:
            value, kind = self._value(define)
        except NotConstant as why:
            reason = str(why)
        except UnreadableHeader as why:
            reason = why.problem
        except RecursionError:
            reason = "nested too deeply"
        return Fact("macro", define.name, define.line, define.end_line, value, kind, reason)

    def _value(self, define: Define) -> Constant:
        plain = literal(define.says.word, self.types.types)
        if plain is not None:
            return plain.value, plain.type.name
        body = define.says.body
        if not body:
            raise NotConstant("empty")
        if len(body) == 1 and body[0].kind in (NUMBER, STRING):
            return _constant(body, self.types)
        expansion = self._expansion(define)
        meaning = self.types.within_reach(expansion.names)
        told = expansion.told.get(meaning)
        if told is None:
            told = expansion.told[meaning] = _told(expansion.body, self.types)
        if isinstance(told, str):
            raise NotConstant(told)
        return told

    def _expansion(self, define: Define) -> Expansion:
        call = Token(IDENTIFIER, define.name, define.line)
        touched = within_reach((define.name,), self.known)
        if touched is self.known:
            # To look for what all macros say would take longer than to expand it.
            return self._expand(call, touched)
        key = (
            self.types.profile.name,
            define.name,
            *(touched[name].define.says.written for name in sorted(touched)),
        )
        before = self.expansions.get(key)
        if before is not None and before.cost <= min(MOST_VALUE, self.budget.left):
            self.budget.spend(before.cost, call)
            return before
        expansion = self.expansions[key] = self._expand(call, touched)
        return expansion

    def _expand(self, call: Token, touched: Mapping[str, Macro]) -> Expansion:
        budget = Budget(MOST_VALUE, self.budget)
        body = tuple(expand((call,), touched, self.home, budget))
        names = frozenset(token.text for token in body if token.kind == IDENTIFIER)
        return Expansion(body, MOST_VALUE - budget.left, names, {})


def _told(body: Sequence[Token], types: Types) -> Constant | str:
    try:
        return _constant(body, types)
    except NotConstant as why:
        return str(why)


def _constant(body: Sequence[Token], types: Types) -> Constant:
    if not body:
        raise NotConstant("empty")
    if all(token.kind == STRING for token in body):
        literals = "".join(token.text for token in body)
        if any(is_wide(token.text) for token in body):
            raise NotConstant("a wide string")
        return text_of(literals), f"char [{len(bytes_of(literals)) + 1}]"
    number = _number(body, types)
    return number.value, number.type.name


def _number(body: Sequence[Token], types: Types) -> Number:
    if len(body) == 1 and body[0].kind == NUMBER:
        number = literal(body[0].text, types.types)
        if number is not None:
            return number
    words = [token.text for token in body]
    known = frozenset(word for word in words if word in types.typedefs or word in BUILTIN_TYPES)
    plain = list(itertools.takewhile(lambda word: word not in ("__attribute__", "__attribute"), words))
    if not plain:
        raise NotConstant("an attribute")
    if all(word in _TYPE_WORDS or word in known for word in plain if word) or words[0] in ("struct", "enum"):
        raise NotConstant("names a type")
    if "{" in words:
        raise NotConstant("code in braces" if words[:2] == ["(", "{"] or "do" in words else "an initialiser")
    try:
        return value_of(words, known, types)
    except NotConstant:
        for word, following in itertools.pairwise(body):
            if word.kind == IDENTIFIER and following.text == "(" and word.text not in _OPERATORS:
                raise NotConstant(f"a call of {word.text}, which is no macro here") from None
        raise
