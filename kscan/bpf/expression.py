"""Integer expressions of C as instructions are written with, evaluated without a parser's weight."""

import re
from collections.abc import Callable, Sequence

from kscan.errors import KscanError
from kscan.parse.lex import IDENTIFIER, NUMBER, Token


class NotInteger(KscanError):
    """An expression that has no integer value here."""


def _divided(a: int, b: int) -> int:
    """C's division, towards zero."""
    if b == 0:
        raise NotInteger("a division by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_Operation = Callable[[int, int], int]
_LEVELS: tuple[dict[str, _Operation], ...] = (
    {"||": lambda a, b: int(bool(a or b))},
    {"&&": lambda a, b: int(bool(a and b))},
    {"|": lambda a, b: a | b},
    {"^": lambda a, b: a ^ b},
    {"&": lambda a, b: a & b},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"<<": lambda a, b: a << b if 0 <= b < 64 else 0, ">>": lambda a, b: a >> b if 0 <= b < 64 else 0},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": _divided, "%": lambda a, b: a - b * _divided(a, b)},
)
_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a, "+": lambda a: a, "~": lambda a: ~a, "!": lambda a: int(not a)
}  # fmt: skip
# Integer types that casts in instructions name, by bits; a minus sign where they are signed.
_TYPES = {
    "__u8": 8, "__u16": 16, "__u32": 32, "__u64": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64, "__s8": -8,
    "__s16": -16, "__s32": -32, "__s64": -64, "s8": -8, "s16": -16, "s32": -32, "s64": -64, "u_int": 32,
    "u_char": 8, "u_short": 16, "u_int32_t": 32, "uint8_t": 8, "uint16_t": 16, "uint32_t": 32,
    "uint64_t": 64, "int32_t": -32, "int64_t": -64, "char": -8, "short": -16, "int": -32, "long": -64,
    "unsigned": 32, "signed": -32, "bool": 8, "__force": 0,
}  # fmt: skip
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*")
_DEEPEST = 200


def evaluate(tokens: Sequence[Token], value_of: Callable[[str], int | None]) -> int:
    """The value of an expression; `value_of` gives that of a name. Raises NotInteger."""
    walk = _Walk(tokens, value_of)
    value = walk.conditional()
    if walk.at < len(tokens):
        raise NotInteger(f"{tokens[walk.at].text!r} is not expected after {walk.said()!r}")
    return value


class _Walk:
    def __init__(self, tokens: Sequence[Token], value_of: Callable[[str], int | None]) -> None:
        self.tokens, self.value_of = tokens, value_of
        self.at = self.depth = 0

    def said(self) -> str:
        return " ".join(token.text for token in self.tokens[: self.at])

    def _next(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def conditional(self) -> int:
        condition = self.binary(0)
        if self._next() != "?":
            return condition
        self.at += 1
        yes = self.conditional()
        self._take(":")
        no = self.conditional()
        return yes if condition else no

    def binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self.unary()
        value = self.binary(level + 1)
        while self._next() in _LEVELS[level]:
            operation = _LEVELS[level][self._next()]
            self.at += 1
            value = operation(value, self.binary(level + 1))
        return value

    def unary(self) -> int:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotInteger("an expression nested too deeply")
        try:
            return self._unary()
        finally:
            self.depth -= 1

    def _unary(self) -> int:
        if self.at >= len(self.tokens):
            raise NotInteger("an expression that ends too early")
        token = self.tokens[self.at]
        self.at += 1
        if token.text in _UNARY:
            return _UNARY[token.text](self.unary())
        if token.text == "(":
            cast = self._cast()
            if cast is not None:
                return _narrowed(self.unary(), cast)
            value = self.conditional()
            self._take(")")
            return value
        if token.kind == NUMBER:
            return _number(token.text)
        if token.kind == IDENTIFIER:
            value_or_none = self.value_of(token.text)
            if value_or_none is not None:
                return value_or_none
            raise NotInteger(f"{token.text} has no value here")
        raise NotInteger(f"{token.text!r} is no number")

    def _cast(self) -> int | None:
        """Takes `type )` where one stands here: its bits, negative where signed."""
        words: list[str] = []
        while self._next(len(words)) in _TYPES:
            words.append(self._next(len(words)))
        if not words or self._next(len(words)) != ")":
            return None
        self.at += len(words) + 1
        bits = max((abs(_TYPES[word]) for word in words if word not in ("unsigned", "signed")), default=32)
        unsigned = "unsigned" in words or any(_TYPES[word] > 0 for word in words if word != "signed")
        return bits if unsigned else -bits

    def _take(self, text: str) -> None:
        if self._next() != text:
            raise NotInteger(f"{text!r} is missing after {self.said()!r}")
        self.at += 1


def _narrowed(value: int, bits: int) -> int:
    width = abs(bits)
    if width == 0:
        return value
    value &= (1 << width) - 1
    return value - (1 << width) if bits < 0 and value >> (width - 1) else value


def _number(text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise NotInteger(f"{text} is no integer")
    octal = found[1].startswith("0") and found[1].isdigit() and len(found[1]) > 1
    try:
        return int(found[1], 8 if octal else 0)
    except ValueError:
        raise NotInteger(f"{text} is no integer") from None
