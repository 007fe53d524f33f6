"""Integer constants as C computes them: value, sign and width.

Expressions are parsed by pycparser; what a name, a type or a size means is asked of the caller,
because that is settled per release.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import pycparser
from pycparser import c_ast
from pycparser.c_parser import ParseError

from kscan.catalog.profiles import Profile
from kscan.parse.words import LONGEST_NUMBER, c_parser

PARSER_VERSION: str = pycparser.__version__
Node = Any  # pycparser's nodes are not typed

_LITERAL = re.compile(
    r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)((?:[uU](?:ll|LL|[lL])?|(?:ll|LL|[lL])[uU]?)?)", re.A
)
_HEX = "[0-9a-fA-F]"
# Bytes in hexadecimal or octal, characters by their number in Unicode (which ends at 10ffff), letters.
_ESCAPE = re.compile(
    rf"\\(?:x({_HEX}+)|([0-7]{{1,3}})|u({_HEX}{{4}})|U(00(?:0{_HEX}|10){_HEX}{{4}})|(.))", re.S
)
_ESCAPED = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "0": 0, "e": 27}
# GNU spellings inside expressions; those of declarations come on top of them.
# `alignof`, which no C17 has, stays apart from `_Alignof`: gcc gives another number for what i386 aligns less
# inside a struct.
SPELLINGS = {
    "__alignof__": "alignof",
    "__alignof": "alignof",
    "__builtin_offsetof": "offsetof",
    "__signed__": "signed",
    "__extension__": "",
    "__typeof__": "typeof",
    "__typeof": "typeof",
}


class NotConstant(Exception):
    """Why an expression has no value; the reason is for the user."""


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer type: `rank` orders the conversions (int 3, long 4, long long 5). An address is a number of
    one that knows that it is a `pointer`: how far a step goes is told by what it points to."""

    name: str
    bits: int
    signed: bool
    rank: int
    pointer: bool = False

    def wrap(self, value: int) -> int:
        """`value` as this type stores it."""
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value


class Number(NamedTuple):
    """A constant with its type."""

    value: int
    type: Integer


def integer_types(profile: Profile) -> dict[str, Integer]:
    """The integer types of `profile` by their full C name."""
    rows = [
        ("_Bool", 8, False, 0),
        ("char", 8, profile.char_signed, 1),
        ("signed char", 8, True, 1),
        ("unsigned char", 8, False, 1),
        ("short", 16, True, 2),
        ("unsigned short", 16, False, 2),
        ("int", 32, True, 3),
        ("unsigned int", 32, False, 3),
        ("long", profile.long_bits, True, 4),
        ("unsigned long", profile.long_bits, False, 4),
        ("long long", 64, True, 5),
        ("unsigned long long", 64, False, 5),
    ]
    if profile.long_bits == 64:
        rows += [("__int128", 128, True, 6), ("unsigned __int128", 128, False, 6)]
    return {name: Integer(name, bits, signed, rank) for name, bits, signed, rank in rows}


class Meaning(Protocol):
    """What a constant expression may ask: each raises NotConstant with the reason."""

    types: dict[str, Integer]

    def enumerator(self, name: str) -> Number: ...
    def size_of(self, node: Node) -> int: ...
    def align_of(self, node: Node, alone: bool) -> int: ...
    def offset_of(self, node: Node, path: Node) -> int: ...
    def integer(self, node: Node) -> Integer: ...
    def variable(self, name: str, *, called: bool) -> Integer: ...


@lru_cache(maxsize=65536)
def parse_expression(text: str, type_names: frozenset[str] = frozenset()) -> Node:
    """The syntax tree of a C expression; raises NotConstant where pycparser takes it for none."""
    known = "".join(f"typedef int {name};\n" for name in sorted(type_names))
    try:
        unit = c_parser().parse(f"{known}int\nx\n=\n{text}\n;", "")
    except (ParseError, RecursionError):
        raise NotConstant("not an expression") from None
    last = unit.ext[-1]
    if len(unit.ext) != len(type_names) + 1 or not isinstance(last, c_ast.Decl) or last.init is None:
        raise NotConstant("not an expression")
    return last.init


def respell(texts: Iterable[str]) -> str:
    """Tokens joined for pycparser, one a line, GNU spellings replaced by the standard ones."""
    return "\n".join(SPELLINGS.get(text, text) for text in texts)


def literal(text: str, types: dict[str, Integer]) -> Number | None:
    """The integer literal that `text` is, typed as C types it (6.4.4.1); None for any other text."""
    found = _LITERAL.fullmatch(text)
    if not found or len(text) > LONGEST_NUMBER:
        return None
    digits, suffix = found[1], found[2].lower()
    octal = digits[0] == "0" and digits.isdigit() and len(digits) > 1
    if octal and not set(digits) <= set("01234567"):
        return None
    value = int(digits, 8 if octal else 0)
    decimal = not octal and digits.isdigit() and digits != "0"
    for name in ("int", "long", "long long")[suffix.count("l") :]:
        for candidate in (name, f"unsigned {name}"):
            kind = types[candidate]
            if ("u" in suffix and kind.signed) or (decimal and "u" not in suffix and not kind.signed):
                continue
            if value < 1 << (kind.bits - kind.signed):
                return Number(value, kind)
    # In #if there is nothing wider, and gcc takes such a number for unsigned.
    widest = types["unsigned long long"]
    return Number(value, widest) if types["int"].bits == 64 and value >> 64 == 0 else None


def is_wide(literals: str) -> bool:
    """Whether a string literal has more than a byte for each character."""
    return literals.startswith(("L", 'u"', "U"))


def text_of(literals: str) -> str:
    """The characters of a C string literal (adjacent ones already joined by pycparser)."""
    return bytes_of(literals).decode("utf-8", "backslashreplace")


def bytes_of(literals: str) -> bytes:
    """The bytes of a C string literal, without the zero at its end."""
    return b"".join(_bytes(part) for part in re.findall(r'"((?:\\.|[^"\\])*)"', literals, re.S))


def _bytes(text: str) -> bytes:
    """What stands between quotes as gcc stores it: UTF-8."""
    data = b""
    position = 0
    for found in _ESCAPE.finditer(text):
        data += text[position : found.start()].encode() + _escaped(found)
        position = found.end()
    return data + text[position:].encode()


def _escaped(found: re.Match[str]) -> bytes:
    if found[1] or found[2]:
        return bytes([int(found[1] or found[2], 16 if found[1] else 8) & 255])
    if found[3] or found[4]:
        # A surrogate is no character: gcc takes none, and whatever it stands for here harms nothing.
        return chr(int(found[3] or found[4], 16)).encode("utf-8", "surrogatepass")
    letter = _ESCAPED.get(found[5])
    return found[5].encode() if letter is None else bytes([letter])


def evaluate(node: Node, ask: Meaning) -> Number:
    """The value of an integer constant expression; raises NotConstant with the reason."""
    rule = _RULES.get(type(node).__name__)
    if rule is None:
        raise NotConstant("not a constant expression")
    return rule(node, ask)


def value_of(words: Sequence[str], type_names: frozenset[str], ask: Meaning) -> Number:
    """The value of an expression given as tokens; raises NotConstant with the reason.

    Expressions that differ in their literals and sizes only are parsed once: most macros are of few forms,
    such as what _IOW() expands to.
    """
    if not _ABOUT_TYPES.isdisjoint(words):
        # What these look into is settled elsewhere, where no stand-in is known.
        return evaluate(parse_expression(respell(words), type_names), ask)
    try:
        form, literals = _form(words, type_names, ask)
        return evaluate(parse_expression(respell(form), type_names), _Filled(ask, literals))
    except NotConstant:
        # The text itself gives the reason in its own words.
        return evaluate(parse_expression(respell(words), type_names), ask)


_STANDS_IN = "kscan_literal_"


def _form(
    words: Sequence[str], type_names: frozenset[str], ask: Meaning
) -> tuple[list[str], dict[str, Number]]:
    """`words` with names in the place of literals and of what sizeof gives, and what the names stand for."""
    literals: dict[str, Number] = {}
    form: list[str] = []
    at = 0
    while at < len(words):
        word, number, end = words[at], None, at + 1
        if word == "sizeof":
            end = _operand(words, end)
            size = parse_expression(respell(words[at:end]), type_names.intersection(words[at:end]))
            number = evaluate(size, ask)
        elif word[:1].isdigit():
            number = literal(word, ask.types)
        elif word[:1] == "'":
            number = _character(word, ask)
        elif word.startswith(_STANDS_IN):
            raise NotConstant("a name that stands for a literal here")
        name = f"{_STANDS_IN}{len(literals)}"
        if number is not None:
            literals[name] = number
        form.append(word if number is None else name)
        at = end
    return form, literals


def _operand(words: Sequence[str], at: int) -> int:
    """Where what sizeof asks about ends, in parentheses of its own. Raises NotConstant for other operands."""
    depth = 0
    for number in range(at, len(words)):
        depth += (words[number] == "(") - (words[number] == ")")
        if depth == 0:
            if number == at or (words[number + 1 : number + 2] and words[number + 1] in _GOES_ON):
                break
            return number + 1
    raise NotConstant("a sizeof without parentheses")


# After parentheses, what would make them part of a longer operand.
_GOES_ON = frozenset(("[", "(", "{", ".", "->", "++", "--"))
_ASKS = ("_Alignof", "alignof", "offsetof", "typeof")
_ABOUT_TYPES = frozenset((*(word for word, said in SPELLINGS.items() if said in _ASKS), *_ASKS))


class _Filled:
    """What `ask` says, and literals by the names that stand for them."""

    def __init__(self, ask: Meaning, literals: dict[str, Number]) -> None:
        self.types, self.literals = ask.types, literals
        self.outer = ask
        self.size_of, self.align_of = ask.size_of, ask.align_of
        self.offset_of, self.integer, self.variable = ask.offset_of, ask.integer, ask.variable

    def enumerator(self, name: str) -> Number:
        return self.literals[name] if name in self.literals else self.outer.enumerator(name)


def is_true(node: Node, ask: Meaning) -> bool:
    return evaluate(node, ask).value != 0


def _constant(node: Node, ask: Meaning) -> Number:
    if node.type == "string":
        raise NotConstant("a string inside an expression")
    if node.value.endswith("'"):
        return _character(node.value, ask)
    number = literal(node.value, ask.types)
    if number is None:
        too_large = _LITERAL.fullmatch(node.value) and not re.match(r"0\d", node.value)
        said = "fits no type" if too_large else "is no integer"
        raise NotConstant("a floating constant" if "." in node.value else f"{node.value[:80]} {said}")
    return number


def _character(text: str, ask: Meaning) -> Number:
    codes = _bytes(text[text.index("'") + 1 : -1])
    # What wchar_t is, psABIs of 32 bits tell in different ways.
    if text[0] in "uU" or (text[0] == "L" and (len(codes) > 1 or codes[0] > 127 or not _wide(ask))):
        raise NotConstant("a wide character")
    # Of more characters than an int has bytes, the last ones count.
    value = int.from_bytes(codes[-4:], "big")
    kind = ask.types["char"] if len(codes) == 1 else ask.types["int"]
    return Number(kind.wrap(value), ask.types["int"])


def _promoted(number: Number, ask: Meaning) -> Number:
    return Number(number.value, _promoted_type(number.type, ask))


def _promoted_type(kind: Integer, ask: Meaning) -> Integer:
    return ask.types["int"] if kind.rank < 3 else kind


def common_type(left: Integer, right: Integer, types: dict[str, Integer]) -> Integer:
    """The type two promoted operands meet in (6.3.1.8)."""
    if left.pointer or right.pointer:
        return left if left.pointer else right
    if left.signed == right.signed:
        return left if left.rank >= right.rank else right
    unsigned, signed = (right, left) if left.signed else (left, right)
    if unsigned.rank >= signed.rank:
        return unsigned
    if signed.bits > unsigned.bits:
        return signed
    return types[f"unsigned {signed.name}"]


def _unary(node: Node, ask: Meaning) -> Number:
    if node.op == "sizeof":
        return Number(ask.size_of(node.expr), ask.types["unsigned long" if _wide(ask) else "unsigned int"])
    if node.op in ("_Alignof", "alignof"):
        return Number(
            ask.align_of(node.expr, node.op == "alignof"),
            ask.types["unsigned long" if _wide(ask) else "unsigned int"],
        )
    if node.op == "&":
        return _address(node.expr, ask)
    number = _promoted(evaluate(node.expr, ask), ask)
    if number.type.pointer and node.op != "!":
        raise NotConstant("arithmetic with addresses")
    match node.op:
        case "-":
            return Number(number.type.wrap(-number.value), number.type)
        case "~":
            return Number(number.type.wrap(~number.value), number.type)
        case "+":
            return number
        case "!":
            return Number(int(number.value == 0), ask.types["int"])
    raise NotConstant(f"operator {node.op} in a constant")


def _wide(ask: Meaning) -> bool:
    return ask.types["long"].bits == 64


def _is_pointer(node: Node) -> bool:
    return isinstance(node, c_ast.Cast) and isinstance(node.to_type.type, c_ast.PtrDecl)


def _is_address(node: Node) -> bool:
    return isinstance(node, c_ast.UnaryOp) and node.op == "&"


def _step(node: Node, ask: Meaning) -> int:
    """The size of what a pointer, cast so, points to; GNU C counts void in bytes."""
    target = node.to_type.type.type
    if isinstance(target, c_ast.TypeDecl) and getattr(target.type, "names", None) == ["void"]:
        return 1
    return max(1, ask.size_of(c_ast.Typename(None, [], None, target)))


def _distance(ask: Meaning) -> Integer:
    """The type of a difference of pointers: ptrdiff_t."""
    return ask.types["long" if _wide(ask) else "int"]


def _address(node: Node, ask: Meaning) -> Number:
    """`&((struct x *)0)->member`, the offset written by hand."""
    if isinstance(node, c_ast.StructRef) and node.type == "->" and isinstance(node.name, c_ast.Cast):
        pointer = node.name.to_type.type
        if isinstance(pointer, c_ast.PtrDecl) and evaluate(node.name.expr, ask).value == 0:
            size = ask.types["unsigned long" if _wide(ask) else "unsigned int"]
            return Number(ask.offset_of(pointer.type, node.field), size)
    raise NotConstant("an address")


def _divide(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": lambda a, b: a - b * _divide(a, b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}
_COMPARISON: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _binary(node: Node, ask: Meaning) -> Number:
    op = node.op
    if op in ("&&", "||"):
        first = is_true(node.left, ask)
        decided = first if op == "||" else not first
        return Number(int(first if decided else is_true(node.right, ask)), ask.types["int"])
    left = _promoted(evaluate(node.left, ask), ask)
    right = _promoted(evaluate(node.right, ask), ask)
    if op in ("<<", ">>") and not (left.type.pointer or right.type.pointer):
        if not 0 <= right.value < left.type.bits:
            raise NotConstant(f"shift by {right.value} in {left.type.bits} bits")
        value = left.value << right.value if op == "<<" else left.value >> right.value
        return Number(left.type.wrap(value), left.type)
    if op == "-" and _is_pointer(node.left) and _is_pointer(node.right):
        apart = _distance(ask).wrap(left.value - right.value)
        return Number(_divide(apart, _step(node.left, ask)), _distance(ask))
    if op in "+-" and (_is_address(node.left) or _is_address(node.right)):
        raise NotConstant("arithmetic with addresses")
    if op in "+-" and _is_pointer(node.left) and not right.type.pointer:
        right = Number(right.value * _step(node.left, ask), left.type)
    elif op == "+" and _is_pointer(node.right) and not left.type.pointer:
        left = Number(left.value * _step(node.right, ask), right.type)
    elif (left.type.pointer or right.type.pointer) and op not in _COMPARISON:
        raise NotConstant("arithmetic with addresses")
    kind = common_type(left.type, right.type, ask.types)
    a, b = kind.wrap(left.value), kind.wrap(right.value)
    if op in _COMPARISON:
        return Number(int(_COMPARISON[op](a, b)), ask.types["int"])
    if op not in _ARITHMETIC:
        raise NotConstant(f"operator {op} in a constant")
    if op in "/%" and b == 0:
        raise NotConstant("division by zero")
    return Number(kind.wrap(_ARITHMETIC[op](a, b)), kind)


def _ternary(node: Node, ask: Meaning) -> Number:
    taken, left = (node.iftrue, node.iffalse) if is_true(node.cond, ask) else (node.iffalse, node.iftrue)
    chosen = _promoted(evaluate(taken, ask), ask)
    kind = common_type(chosen.type, _type_of(left, ask), ask.types)
    return Number(kind.wrap(chosen.value), kind)


def _type_of(node: Node, ask: Meaning) -> Integer:
    """The promoted type of what is not taken, which need have no value: each part of it is looked at once, for
    conditions stand within conditions. Raises NotConstant where it is not known."""
    match node:
        case c_ast.BinaryOp(op="<<" | ">>"):
            return _type_of(node.left, ask)
        case c_ast.BinaryOp(op=op) if op in _COMPARISON or op in ("&&", "||"):
            return ask.types["int"]
        case c_ast.BinaryOp():
            left, right = _type_of(node.left, ask), _type_of(node.right, ask)
            apart = left.pointer and right.pointer
            return _distance(ask) if apart else common_type(left, right, ask.types)
        case c_ast.UnaryOp(op="-" | "+" | "~"):
            return _type_of(node.expr, ask)
        case c_ast.UnaryOp(op="!"):
            return ask.types["int"]
        case c_ast.TernaryOp():
            return common_type(_type_of(node.iftrue, ask), _type_of(node.iffalse, ask), ask.types)
        case c_ast.Cast():
            return _promoted_type(ask.integer(node.to_type), ask)
        case c_ast.FuncCall(name=c_ast.ID(name=name)) if name not in _OPERATORS:
            return _promoted_type(ask.variable(name, called=True), ask)
        case c_ast.ID(name=name):
            return _promoted_type(_named_type(name, ask), ask)
    return _promoted(evaluate(node, ask), ask).type


def _named_type(name: str, ask: Meaning) -> Integer:
    try:
        return ask.enumerator(name).type
    except NotConstant:
        return ask.variable(name, called=False)


def _cast(node: Node, ask: Meaning) -> Number:
    kind = ask.integer(node.to_type)
    value, given = evaluate(node.expr, ask)
    if given.pointer:
        # gcc makes an address wider as if it had a sign.
        value -= (value >> (given.bits - 1)) << given.bits
    if kind.name == "_Bool":
        return Number(int(value != 0), kind)
    return Number(kind.wrap(value), kind)


def _identifier(node: Node, ask: Meaning) -> Number:
    return ask.enumerator(node.name)


def _call(node: Node, ask: Meaning) -> Number:
    if isinstance(node.name, c_ast.ID) and node.name.name == "offsetof" and len(node.args.exprs) == 2:
        target, path = node.args.exprs
        return Number(
            ask.offset_of(target.type, path), ask.types["unsigned long" if _wide(ask) else "unsigned int"]
        )
    name = node.name.name if isinstance(node.name, c_ast.ID) else "an expression"
    if name == _IS_CONSTANT and node.args is not None:
        # What is asked about is a constant, or evaluating it says why it is none.
        evaluate(node.args.exprs[0], ask)
        return Number(1, ask.types["int"])
    raise NotConstant(f"a call of {name}")


_IS_CONSTANT = "__builtin_constant_p"
# What is called like a function and is none.
_OPERATORS = frozenset((_IS_CONSTANT, "offsetof"))
_RULES: dict[str, Callable[[Node, Meaning], Number]] = {
    "Constant": _constant,
    "UnaryOp": _unary,
    "BinaryOp": _binary,
    "TernaryOp": _ternary,
    "Cast": _cast,
    "ID": _identifier,
    "FuncCall": _call,
}
