"""Macros: what each has for a value at the end of its header."""

import itertools
from collections.abc import Iterator, Sequence

from kscan.errors import UnreadableHeader
from kscan.model import Fact
from kscan.parse.constant import NotConstant, Number, bytes_of, literal, text_of, value_of
from kscan.parse.declarations import BUILTIN_TYPES
from kscan.parse.expand import Budget, Macros, expand
from kscan.parse.layout import Types
from kscan.parse.lex import IDENTIFIER, NUMBER, STRING, Define, Token
from kscan.parse.preprocess import Unit

# Tokens that a value may have and come from.
MOST_VALUE = 100_000

_OPERATORS = frozenset(
    [
        "sizeof",
        "__alignof__",
        "_Alignof",
        "__builtin_offsetof",
        "offsetof",
        "typeof",
        "__typeof__",
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


def macros(unit: Unit, types: Types) -> Iterator[Fact]:
    """A fact for each macro that the header defines and that is still there at its end.

    `#define X X`, which only tells the preprocessor that an enumerator exists, gives none.
    """
    budget = Budget()
    # A header without a guard may come around again, by another one that includes it back.
    for define in {id(define): define for define in unit.defines}.values():
        current = unit.macros.get(define.name)
        if current is None or current.define is not define:
            continue
        fact = macro(define, unit.macros, unit.file.path, types, budget)
        if fact is not None:
            yield fact


def macro(define: Define, known: Macros, home: str, types: Types, budget: Budget | None = None) -> Fact | None:
    """The fact of one macro: its parameters, its value, or the reason why it has none; None where it
    only names itself. `budget` is that of all values of its header."""
    if define.params is not None:
        params = f"({', '.join(define.params)})"
        return Fact("function_macro", define.name, define.line, define.end_line, type=params,
                    reason="takes parameters")  # fmt: skip
    if [token.text for token in define.body] == [define.name]:
        return None
    return _object_macro(define, known, home, types, Budget(MOST_VALUE, budget))


def _object_macro(define: Define, known: Macros, home: str, types: Types, budget: Budget) -> Fact:
    value: int | str | None = None
    kind: str | None = None
    reason: str | None = None
    try:
        value, kind = _value(define, known, home, types, budget)
    except NotConstant as why:
        reason = str(why)
    except UnreadableHeader as why:
        reason = why.problem
    except RecursionError:
        reason = "nested too deeply"
    return Fact("macro", define.name, define.line, define.end_line, value, kind, reason)


def _value(define: Define, known: Macros, home: str, types: Types, budget: Budget) -> tuple[int | str, str]:
    body: Sequence[Token] = define.body
    if not body:
        raise NotConstant("empty")
    if not (len(body) == 1 and body[0].kind in (NUMBER, STRING)):
        body = expand((Token(IDENTIFIER, define.name, define.line),), known, home, budget)
    if not body:
        raise NotConstant("empty")
    if all(token.kind == STRING for token in body):
        literals = "".join(token.text for token in body)
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
