"""Integer expressions of C as instructions are written with, evaluated without a parser's weight."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kscan.errors import KscanError
from kscan.parse.lex import IDENTIFIER, NUMBER, Token


class NotInteger(KscanError):
    """An expression that has no integer value here."""


class _Int(NamedTuple):
    """A value with C's type: its bits, and whether it has a sign."""

    value: int
    bits: int = 32
    signed: bool = True

    def as_type(self, bits: int, signed: bool) -> "_Int":
        """The value in another type, wrapped as C does."""
        value = self.value & (1 << bits) - 1
        return _Int(value - (1 << bits) if signed and value >> (bits - 1) else value, bits, signed)


# By what binds tighter. Comparisons give an int; shifts have the type of what is shifted.
_PRECEDENCE = {
    word: level
    for level, words in enumerate(("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"), 1)
    for word in words.split()
}
_TRUTHS: dict[str, Callable[[int, int], bool]] = {
    "||": lambda a, b: bool(a or b), "&&": lambda a, b: bool(a and b), "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_NUMBERS: dict[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "+": lambda a, b: a + b,
    "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    # Towards zero, as C divides.
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1),
}  # fmt: skip
_UNARY: dict[str, Callable[[int], int]] = {"-": lambda a: -a, "+": lambda a: a, "~": lambda a: ~a}
# Integer types that casts in instructions name, by bits; a minus sign where they are signed.
_TYPES = {
    "__u8": 8, "__u16": 16, "__u32": 32, "__u64": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64, "__s8": -8,
    "__s16": -16, "__s32": -32, "__s64": -64, "s8": -8, "s16": -16, "s32": -32, "s64": -64, "u_int": 32,
    "u_char": 8, "u_short": 16, "u_int32_t": 32, "uint8_t": 8, "uint16_t": 16, "uint32_t": 32,
    "uint64_t": 64, "int32_t": -32, "int64_t": -64, "char": -8, "short": -16, "int": -32, "long": -64,
    "unsigned": 32, "signed": -32, "bool": 1, "_Bool": 1,
}  # fmt: skip
_NO_BITS = frozenset(("const", "__force", "void"))
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)", re.A)
_DEEPEST = 120
# Digits of a number: more than any field holds.
_LONGEST = 40


def evaluate(tokens: Sequence[Token], value_of: Callable[[str], int | None]) -> int:
    """The value of an expression; `value_of` gives that of a name. Raises NotInteger."""
    walk = _Walk(tokens, value_of)
    try:
        value = walk.conditional()
    except RecursionError:
        raise NotInteger("an expression nested too deeply") from None
    if walk.at < len(tokens):
        raise NotInteger(f"{tokens[walk.at].text!r} is not expected after {walk.said()!r}")
    return value.value


def integer(text: str) -> int:
    """The value of an integer as C writes it. Raises NotInteger."""
    return _literal(text).value


def _literal(text: str) -> _Int:
    found = _NUMBER.fullmatch(text)
    if not found or len(text) > _LONGEST:
        raise NotInteger(f"{text[:_LONGEST]} is no integer")
    octal = found[1].startswith("0") and found[1].isdigit() and len(found[1]) > 1
    try:
        value = int(found[1], 8 if octal else 0)
    except ValueError:
        raise NotInteger(f"{text} is no integer") from None
    suffix = found[2].lower()
    decimal = found[1].isdigit() and not octal
    for bits in (32, 64) if "l" not in suffix else (64,):
        if "u" not in suffix and value < 1 << (bits - 1):
            return _Int(value, bits)
        if value < 1 << bits and ("u" in suffix or not decimal):
            return _Int(value, bits, signed=False)
    return _Int(value, 64, signed=False)


def _named(value: int) -> _Int:
    """The value of a name, in the least type of C that holds it."""
    if -(1 << 31) <= value < 1 << 31:
        return _Int(value)
    if 0 <= value < 1 << 32:
        return _Int(value, 32, signed=False)
    return _Int(value, 64, signed=value < 1 << 63)


class _Walk:
    def __init__(self, tokens: Sequence[Token], value_of: Callable[[str], int | None]) -> None:
        self.tokens, self.value_of = tokens, value_of
        self.at = self.depth = 0
        # Inside what C does not evaluate, a division by zero is no fault.
        self.unused = 0

    def said(self) -> str:
        return " ".join(token.text for token in self.tokens[: self.at])

    def _next(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def conditional(self) -> _Int:
        condition = self._binary(1)
        if self._next() != "?":
            return condition
        self.at += 1
        yes = self._maybe(bool(condition.value), self.conditional)
        self._take(":")
        no = self._maybe(not condition.value, self.conditional)
        bits, signed = _common(yes, no)
        return (yes if condition.value else no).as_type(bits, signed)

    def _maybe(self, used: bool, part: Callable[[], _Int]) -> _Int:
        self.unused += not used
        value = part()
        self.unused -= not used
        return value

    def _binary(self, least: int) -> _Int:
        left = self._unary()
        while (level := _PRECEDENCE.get(self._next(), 0)) >= least:
            word = self._next()
            self.at += 1
            used = not (word == "&&" and not left.value) and not (word == "||" and left.value)
            right = self._maybe(used, lambda level=level: self._binary(level + 1))  # type: ignore[misc]
            left = self._operation(word, left, right)
        return left

    def _operation(self, word: str, left: _Int, right: _Int) -> _Int:
        if word in ("&&", "||"):
            return _Int(int(_TRUTHS[word](left.value, right.value)))
        if word in ("<<", ">>"):
            bits, signed = _promoted(left)
            value, by = left.as_type(bits, signed).value, right.value
            if not 0 <= by < bits:
                if not self.unused:
                    raise NotInteger(f"a shift by {by}")
                return _Int(0, bits, signed)
            return _Int(value << by if word == "<<" else value >> by).as_type(bits, signed)
        bits, signed = _common(left, right)
        a, b = left.as_type(bits, signed).value, right.as_type(bits, signed).value
        if word in _TRUTHS:
            return _Int(int(_TRUTHS[word](a, b)))
        if word in ("/", "%") and b == 0:
            if not self.unused:
                raise NotInteger("a division by zero")
            return _Int(0, bits, signed)
        return _Int(_NUMBERS[word](a, b)).as_type(bits, signed)

    def _unary(self) -> _Int:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotInteger("an expression nested too deeply")
        value = self._primary()
        self.depth -= 1
        return value

    def _primary(self) -> _Int:
        if self.at >= len(self.tokens):
            raise NotInteger("an expression that ends too early")
        token = self.tokens[self.at]
        self.at += 1
        if token.text == "!":
            return _Int(int(not self._unary().value))
        if token.text in _UNARY:
            operand = self._unary()
            bits, signed = _promoted(operand)
            return _Int(_UNARY[token.text](operand.as_type(bits, signed).value)).as_type(bits, signed)
        if token.text == "(":
            cast = self._cast()
            if cast is not None:
                return _converted(self._unary(), cast)
            value = self.conditional()
            self._take(")")
            return value
        if token.kind == NUMBER:
            return _literal(token.text)
        if token.kind == IDENTIFIER:
            named = self.value_of(token.text)
            if named is not None:
                return _named(named)
            raise NotInteger(f"{token.text[:_LONGEST]} has no value here")
        raise NotInteger(f"{token.text[:_LONGEST]!r} is no number")

    def _cast(self) -> int | None:
        """Takes `type )` where one stands here: its bits, negative where signed. A pointer has 64."""
        ahead = 0
        while self._next(ahead) in _TYPES or self._next(ahead) in _NO_BITS:
            ahead += 1
        words = [self._next(number) for number in range(ahead)]
        stars = 0
        while self._next(ahead + stars) == "*":
            stars += 1
        if not words or self._next(ahead + stars) != ")":
            return None
        self.at += ahead + stars + 1
        return 64 if stars else _bits(words)

    def _take(self, text: str) -> None:
        if self._next() != text:
            found = self._next() or "the end"
            raise NotInteger(f"{found!r} stands where {text!r} belongs after {self.said()!r}")
        self.at += 1


def _promoted(value: _Int) -> tuple[int, bool]:
    return (32, True) if value.bits < 32 else (value.bits, value.signed)


def _common(left: _Int, right: _Int) -> tuple[int, bool]:
    """The type that C brings two operands to."""
    (bits, signed), (other_bits, other_signed) = _promoted(left), _promoted(right)
    if bits == other_bits:
        return bits, signed and other_signed
    return max((bits, signed), (other_bits, other_signed))


def _converted(value: _Int, cast: int) -> _Int:
    return _Int(int(bool(value.value)), 1, signed=False) if cast == 1 else value.as_type(abs(cast), cast < 0)


def _bits(words: Sequence[str]) -> int:
    """The bits of a type's words: `int` gives way to what it stands beside."""
    named = [_TYPES[word] for word in words if word in _TYPES and word not in ("int", "unsigned", "signed")]
    width = max((abs(bits) for bits in named), default=32)
    unsigned = "unsigned" in words or any(bits > 0 for bits in named)
    return width if unsigned else -width
