"""Expressions that instructions are written with: C's values, or one line that says why there is none.

The values were taken from gcc 12 on x86-64.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.bpf.expression import NotInteger, evaluate
from kscan.errors import KscanError
from kscan.parse.lex import tokenize

NAMES = {"BPF_JMP": 0x05, "BPF_EXIT": 0x90, "BPF_ALU64": 0x07, "BPF_MOV": 0xB0, "BPF_X": 0x08, "MINUS": -3}


def value(text: str) -> int:
    return evaluate(tuple(tokenize(text, 1)), NAMES.get)


def _ids(rows: dict[str, int]) -> list[object]:
    return [pytest.param(text, expected, id=text) for text, expected in rows.items()]


NUMBERS = {
    "0": 0, "7": 7, "149": 149, "0x95": 149, "0X95": 149, "0xAbC": 2748, "010": 8, "0777": 511, "00": 0,
    "0u": 0, "10U": 10, "10L": 10, "10lu": 10, "10ull": 10, "0xFFul": 255, "0777L": 511, "1ULL": 1, "017u": 15,
    "18446744073709551615": 18446744073709551615, "0xffffffffffffffffULL": 18446744073709551615,
}  # fmt: skip
PRECEDENCE = {
    "1 + 2 * 3": 7, "(1 + 2) * 3": 9, "2 * 3 % 4": 2, "10 - 4 - 3": 3, "64 >> 2 >> 1": 8, "100 / 10 / 5": 2,
    "1 << 2 + 1": 8, "0x10 | 1 & 3 ^ 2": 19, "6 & 3 == 3": 0, "1 == 2 < 3": 1, "5 > 3 > 1": 0, "3 >= 3 != 0": 1,
    "1 + 2 == 3 && 4 | 0": 1, "0 || 0 && 1": 0, "1 || 0 && 0": 1, "5 && 0": 0, "2 && 3": 1, "0 || 7": 1,
    "1 ^ 3 & 2": 3, "4 | 1 ^ 1": 4, "1 <= 2": 1, "2 <= 1": 0, "BPF_JMP | BPF_EXIT": 0x95,
    "BPF_ALU64|BPF_MOV|BPF_X": 0xBF, "(BPF_JMP | BPF_EXIT) & 0xf0": 0x90, "(BPF_JMP)|(BPF_EXIT)": 0x95,
}  # fmt: skip
DIVISION = {"-7 / 2": -3, "-7 % 2": -1, "7 / -2": -3, "7 % -2": 1, "-7 / -2": 3, "-7 % -2": -1, "0 / 5": 0}
UNARY = {
    "-5": -5, "- -5": 5, "+5": 5, "~0": -1, "~5": -6, "~~5": 5, "!0": 1, "!5": 0, "!-1": 0, "!!7": 1,
    "!5 + 1": 1, "-2 * 3": -6, "2 - -3": 5, "-(1 + 2)": -3, "~(1 << 4)": -17, "-MINUS": 3, "-1 >> 1": -1,
}  # fmt: skip
TERNARY = {
    "1 ? 2 : 3": 2, "0 ? 2 : 3": 3, "1 ? 2 : 0 ? 3 : 4": 2, "0 ? 1 : 0 ? 3 : 4": 4, "1 ? 0 ? 5 : 6 : 7": 6,
    "1 + 1 == 2 ? 10 | 5 : 1": 15, "(1 ? 2 : 3) + 1": 3, "0 || 1 ? 4 : 5": 4, "-1 ? 1 : 2": 1,
}  # fmt: skip
CASTS = {
    "(__u8)-1": 255, "(unsigned int)-1": 4294967295, "(int)0xffffffff": -1, "(__u8)-1 + 1": 256,
    "(unsigned)-1": 4294967295, "(signed)0xffffffff": -1, "(char)200": -56, "(signed char)200": -56,
    "(unsigned char)300 * 2": 88, "(short)0x8000": -32768, "(unsigned short)(1 << 16 | 5)": 5,
    "(__s16)0x8000": -32768, "(__u16)~0": 65535, "~(__u16)0": -1, "(__u32)-1 >> 28": 15,
    "(long)1 << 40": 1 << 40, "(unsigned long)-1": 18446744073709551615,
    "(unsigned long long)-1": 18446744073709551615, "(long unsigned int)-1": 18446744073709551615,
    "(long long)-1": -1, "(long int)-1": -1, "(__u64)-1": (1 << 64) - 1, "(__s64)0xffffffffffffffff": -1,
    "(u8)0x1ff": 255, "(s32)0x80000000": -2147483648, "(int)(__u8)-1": 255, "(__u8)(int)-1": 255, "(int)+3": 3,
    "(int)-(3)": -3, "(1)+2": 3, "(BPF_JMP)-1": 4, "-(__u8)-1": -255, "(void *)0": 0,
    "(void *)-1": 18446744073709551615, "(const int)-1": -1, "(const __u8 *)5": 5, "(__force __u16)-1": 65535,
    "(__u64)(0x1122334455667788) >> 32": 0x11223344, "(__u32)(0x1122334455667788)": 0x55667788,
    "(short unsigned)-1": 65535,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), _ids(NUMBERS | PRECEDENCE | DIVISION | UNARY | TERNARY | CASTS))
def test_values_are_those_of_c(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    _ids({"(short int)65536": 0, "(unsigned short int)-1": 65535, "(short int)0x8000": -32768}),
)
def test_a_short_int_is_a_short(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(("text", "expected"), _ids({"(bool)2": 1, "(bool)256": 1, "(bool)0": 0}))
def test_a_bool_is_one_or_zero(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    _ids({"~0U": 0xFFFFFFFF, "-1U": 0xFFFFFFFF, "~0U >> 28": 15, "~0ULL >> 1": (1 << 63) - 1, "-1 < 0U": 0,
          "0xffffffff + 1U": 0}),
)  # fmt: skip
def test_a_suffix_makes_arithmetic_unsigned(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), _ids({"1 ? 2 : 1 / 0": 2, "0 ? 1 / 0 : 3": 3, "0 && 1 / 0": 0, "1 || 1 / 0": 1})
)
def test_what_is_not_evaluated_has_no_error(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too early"), ("1 +", "ends too early"), ("-", "ends too early"), ("(", "ends too early"),
        ("(__u8)", "ends too early"), ("(1", "')' belongs"), ("((1)", "')' belongs"), ("1 ? 2", "':' belongs"),
        ("1 ? : 2", "':' is no number"), ("1 2", "'2' is not expected after '1'"),
        ("1)", "')' is not expected after '1'"), ("1, 2", "','"), ("0x95 BPF_JMP", "'BPF_JMP'"),
        ("1 = 1", "'='"), ("1++", "'++'"), ("1 << << 2", "'<<' is no number"), ("* 2", "'*' is no number"),
        ("'a'", "is no number"), ('"text"', "is no number"), ("UNHEARD", "UNHEARD has no value here"),
        ("sizeof(int)", "sizeof"), ("BPF_JMP | UNHEARD", "UNHEARD has no value here"), ("BPF_JMP(1)", "'('"),
        ("1 / 0", "division by zero"), ("1 % 0", "division by zero"), ("5 / (3 - 3)", "division by zero"),
        ("08", "08 is no integer"), ("09u", "09u is no integer"), ("1.5", "1.5 is no integer"),
        ("1e5", "1e5 is no integer"), ("0x", "0x is no integer"), ("0xg", "0xg is no integer"),
        ("12ab", "12ab is no integer"), ("()", "')' is no number"), ("{ 1 }", "'{' is no number"),
        ("\u0663", "is no number"),
    ],
)  # fmt: skip
def test_what_has_no_value_says_why(text: str, said: str) -> None:
    with pytest.raises(NotInteger) as why:
        value(text)
    assert said in str(why.value)
    assert "\n" not in str(why.value)


@pytest.mark.parametrize("text", ["0x" + "f" * 5000, "9" * 5000, "0" * 4999 + "8", "1" * 5000 + "x"])
def test_a_number_without_measure_is_none(text: str) -> None:
    with pytest.raises(NotInteger) as why:
        value(text)
    assert len(str(why.value)) < 200


def test_a_reason_is_an_error_of_kscans() -> None:
    assert issubclass(NotInteger, KscanError)


def test_a_name_is_asked_for_once_each_time_it_is_met() -> None:
    asked: list[str] = []

    def value_of(name: str) -> int:
        asked.append(name)
        return 1

    assert evaluate(tuple(tokenize("A | B | A", 1)), value_of) == 1
    assert asked == ["A", "B", "A"]


def test_the_name_of_a_type_in_parentheses_is_a_cast_only_where_it_stands_alone() -> None:
    known = {"int": 4, "u8": 9}.get
    assert evaluate(tuple(tokenize("(u8 + 1)", 1)), known) == 10
    assert evaluate(tuple(tokenize("u8", 1)), known) == 9


def test_nesting_that_c_promises_is_taken() -> None:
    """63 levels of parentheses are what C says that every compiler takes."""
    assert value("(" * 63 + "7" + ")" * 63) == 7


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 5000 + "1" + ")" * 5000, id="parentheses"),
        pytest.param("(" * 100_000, id="parentheses-that-stay-open"),
        pytest.param("-" * 5001 + "1", id="minus"),
        pytest.param("- " * 5000 + "1", id="minus-apart"),
        pytest.param("!" * 5000 + "1", id="not"),
        pytest.param("(int)" * 5000 + "1", id="casts"),
        pytest.param("1 ? 1 : " * 5000 + "1", id="ternaries-behind"),
        pytest.param("1 ? " * 5000 + "1" + " : 1" * 5000, id="ternaries-within"),
        pytest.param("1 - (" * 5000 + "1" + ")" * 5000, id="differences"),
    ],
)
def test_deep_nesting_is_an_error_of_kscans(text: str) -> None:
    with pytest.raises(NotInteger):
        value(text)


def test_a_long_expression_has_a_value() -> None:
    assert value(" + ".join(["1"] * 20_000)) == 20_000
    assert value(" | ".join(f"{1 << bit % 8:#x}" for bit in range(20_000))) == 255


# Expressions at random, against Python: a tree is spelled with C's precedence and evaluated by itself.


class Tree(NamedTuple):
    """An expression: as text, how tightly it binds (as C's grammar has it), and its value."""

    text: str
    binds: int
    value: int


_OPERATORS: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "*": (10, lambda a, b: a * b), "/": (10, lambda a, b: math.trunc(Fraction(a, b))),
    "%": (10, lambda a, b: int(Fraction(a) - b * math.trunc(Fraction(a, b)))), "+": (9, lambda a, b: a + b),
    "-": (9, lambda a, b: a - b), "<<": (8, lambda a, b: a * 2**b),
    ">>": (8, lambda a, b: math.floor(a / Fraction(2**b))), "<": (7, lambda a, b: int(a < b)),
    ">": (7, lambda a, b: int(a > b)), "<=": (7, lambda a, b: int(a <= b)), ">=": (7, lambda a, b: int(a >= b)),
    "==": (6, lambda a, b: int(a == b)), "!=": (6, lambda a, b: int(a != b)), "&": (5, lambda a, b: a & b),
    "^": (4, lambda a, b: a ^ b), "|": (3, lambda a, b: a | b), "&&": (2, lambda a, b: int(a != 0 and b != 0)),
    "||": (1, lambda a, b: int(a != 0 or b != 0)),
}  # fmt: skip
_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a, "+": lambda a: a, "~": lambda a: -a - 1, "!": lambda a: int(a == 0)
}  # fmt: skip
# Types that every operation brings to int: the tree knows no other.
_CASTS = {"__u8": (0, 8), "__u16": (0, 16), "__s16": (15, 16), "int": (31, 32), "signed char": (7, 8)}
_PRIMARY, _PREFIX, _CHOICE = 12, 11, 0


def _inside(tree: Tree, least: int) -> str:
    return tree.text if tree.binds >= least else f"({tree.text})"


def _number(form: str, value: int) -> Tree:
    return Tree(form.format(value), _PRIMARY, value)


def _prefixed(mark: str, tree: Tree) -> Tree:
    return Tree(f"{mark} {_inside(tree, _PREFIX)}", _PREFIX, _wrapped(_UNARY[mark](tree.value)))


def _wrapped(value: int) -> int:
    """As an int of 32 bits holds it."""
    return (value + 2**31) % 2**32 - 2**31


def _cast(name: str, tree: Tree) -> Tree:
    sign, bits = _CASTS[name]
    value = tree.value % 2**bits
    value -= 2**bits if sign and value >= 2**sign else 0
    return Tree(f"({name}){_inside(tree, _PREFIX)}", _PREFIX, value)


def _joined(left: Tree, mark: str, right: Tree) -> Tree:
    binds, value = _OPERATORS[mark]
    if mark in ("/", "%", "<<", ">>"):
        right = _number("{}", right.value % 31 + 1)
    return Tree(
        f"{_inside(left, binds)} {mark} {_inside(right, binds + 1)}",
        binds,
        _wrapped(value(left.value, right.value)),
    )


def _chosen(condition: Tree, yes: Tree, no: Tree) -> Tree:
    text = f"{_inside(condition, 1)} ? {yes.text} : {no.text}"
    return Tree(text, _CHOICE, yes.value if condition.value else no.value)


_NUMBERS = st.builds(_number, st.sampled_from(["{}", "{:#x}", "0{:o}"]), st.integers(0, 0x7FFFFFFF))
_TREES = st.recursive(
    _NUMBERS,
    lambda trees: st.one_of(
        st.builds(_prefixed, st.sampled_from(sorted(_UNARY)), trees),
        st.builds(_cast, st.sampled_from(sorted(_CASTS)), trees),
        st.builds(_joined, trees, st.sampled_from(sorted(_OPERATORS)), trees),
        st.builds(_chosen, trees, trees, trees),
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(_TREES)
def test_any_expression_has_the_value_of_its_tree(tree: Tree) -> None:
    assert value(tree.text) == tree.value, tree.text


_WORDS = (
    "(", ")", "?", ":", "-", "~", "!", "+", "*", "/", "%", "<<", ">>", "<", "==", "&&", "||", "|", "&", "1",
    "0", "07", "08", "0x1f", "1.5", "BPF_JMP", "UNHEARD", "int", "__u8", "unsigned", "long", "__force", ",",
    "{", "}", "'a'", '"s"', "++", "\u0663", "\u2028", "\x00",
)  # fmt: skip


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.one_of(st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join), st.text(max_size=60)))
def test_any_text_has_a_value_or_a_reason(text: str) -> None:
    with suppress(NotInteger):
        assert isinstance(value(text), int)
