"""Any text at all as a header: read in bounded time and memory, every fact in its file and fit to keep."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from kscan.batch import Batch
from kscan.model import INTERNAL, UAPI, Fact, Reading, Trace
from kscan.store import Store
from tests.fuzz.bounded import held
from tests.fuzz.laws import Law, run
from tests.parse.reading import OUR, read

_WORDS = [
    *[
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ":",
        "?",
        ".",
        "->",
        "...",
        "=",
        "==",
        "+",
        "-",
        "*",
        "/",
        "%",
        "&",
        "|",
        "^",
        "~",
        "!",
        "<",
        ">",
        "<<",
        ">>",
        "&&",
        "||",
        "#",
        "##",
        "\\",
        "@",
        "`",
        "$",
        '"',
        "'",
        "\x00",
        "\r",
        "\x0c",
        "\x0b",
    ],
    *[
        "int",
        "char",
        "long",
        "unsigned",
        "short",
        "void",
        "struct",
        "union",
        "enum",
        "typedef",
        "const",
        "static",
        "inline",
        "extern",
        "sizeof",
    ],
    *[
        "__attribute__",
        "((packed))",
        "((aligned(8)))",
        "((aligned(x)))",
        "((mode(DI)))",
        "((vector_size(16)))",
        "typeof",
        "_Bool",
    ],
    *[
        "_Alignof",
        "offsetof",
        "__builtin_offsetof",
        "__extension__",
        "asm",
        "__int128",
        "_Static_assert",
        "__VA_ARGS__",
        "defined",
    ],
    *[
        "__has_include",
        "__u8",
        "__u32",
        "__u64",
        "__be16",
        "a",
        "b",
        "c",
        "A",
        "B",
        "C",
        "X",
        "Y",
        "F",
        "G",
        "bpf_x",
        "size_t",
        "__kernel__",
        "L",
        "u8",
        ",##",
        "#@",
    ],
    *[
        "0",
        "1",
        "2",
        "7",
        "08",
        "0x",
        "0xff",
        "1ULL",
        "1.5",
        "1e5",
        ".5",
        "31",
        "63",
        "64",
        "-1",
        "4294967296",
        "99999999999999999999",
        "'\\x41'",
        "'ab'",
        '"s"',
        '"\\""',
    ],
    "\u00b2",
    "\u0661",
    "\u2028",
    "\x85",
    "\ufeff",
    "\ud7ff",
    "\U0001f600",
    "/*",
    "*/",
    "//",
    "\n",
    "\r\n",
    "\\\n",
    "\n#define A ",
    "\n#define F(x) ",
    "\n#define G(x, ...) ",
    "\n#define H(x...) ",
    "\n#undef A\n",
    "\n#if ",
    "\n#ifdef A\n",
    "\n#ifndef B\n",
    "\n#elif ",
    "\n#else\n",
    "\n#endif\n",
    "\n#error no\n",
    "\n#include <linux/types.h>\n",
    '\n#include "other.h"\n',
    "\n#include <linux/our.h>\n",
    "\n#include A\n",
    "\n#include_next <a.h>\n",
    "\n#pragma pack(1)\n",
    "\n#pragma pack(push, 2)\n",
    "\n#pragma pack()\n",
    "\n#pragma pack(",
    "\n#line 5\n",
    '\n# 7 "x" 1\n',
    "\n#pragma once\n",
    "%:define A 1\n",
    "\n#define X _IOW('T', 200, int)\n",
    "\n#define BPF_STMT(c, k) { (unsigned short)(c), 0, 0, k }\n",
    "struct a { int x; };",
    "struct a { __u64 x:3; };",
    "enum e { A, B = 5 };",
    "typedef int t;",
    "int f(int x);",
    "static inline int f(void) { return 1; }",
    "union { int x; struct { int y; }; };",
]

_HEADER = """\
/* ours */
#ifndef OUR_H
#define OUR_H
#include <linux/types.h>
#define OUR_ONE 1
#define OUR_ALL (OUR_ONE | 1 << 4 | 0x20UL)
#define OUR_NAME "name \\"x\\""
#define OUR_CALL(a, b...) a ## b + #a
#define OUR_IO _IOWR('O', OUR_ONE, struct our_thing)
#if defined(__KERNEL__) || OUR_ONE > 0 && !defined OUR_TWO
enum our_enum { OUR_A, OUR_B = OUR_ALL, OUR_C = OUR_B + sizeof(int), __OUR_MAX };
#define OUR_MAX (__OUR_MAX - 1)
#else
#error never
#endif
typedef struct { __u8 code:4, flags:4; } our_bits;
#pragma pack(push, 1)
struct our_thing {
	__u32 kind;	// one
	union { __u64 wide __attribute__((aligned(8))); our_bits bits[OUR_ALL]; struct { __be16 x, y; } inner; };
	char name[OUR_MAX];
	void (*call)(struct our_thing *, int);
	__u8 rest[];
} __attribute__((packed));
#pragma pack(pop)
static inline __u32 our_kind(const struct our_thing *it) { return it->kind; }
#endif
"""
_OTHER = "#ifndef OUR_OTHER\n#define OUR_OTHER 5\n#include <linux/our.h>\nstruct other { int x; };\n#endif\n"

Changes = list[tuple[int, int, str]]


def mutated(header: str, changes: Changes) -> str:
    """A header with pieces cut out and others put in their place."""
    for at, length, new in changes:
        start = at % (len(header) + 1)
        header = header[:start] + new + header[start + length :]
    return header


_SOUP = st.lists(st.sampled_from(_WORDS), max_size=120).map(" ".join)
_TIGHT = st.lists(st.sampled_from(_WORDS), max_size=60).map("".join)
_CHANGE = st.tuples(
    st.integers(0, len(_HEADER)), st.integers(0, 30), st.sampled_from(_WORDS) | st.text(max_size=8)
)
_MUTATED = st.lists(_CHANGE, max_size=8).map(lambda changes: mutated(_HEADER, changes))
_NOISE = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "replace")) | st.text(max_size=300)
_REPEATED = st.tuples(_TIGHT, st.sampled_from(_WORDS), st.integers(1, 3000), _TIGHT).map(
    lambda parts: parts[0] + parts[1] * parts[2] + parts[3]
)
# Macros that call each other in any way, which is where text grows.
_BODY = st.lists(
    st.sampled_from(
        [
            "A",
            "B",
            "C",
            "F(",
            "G(",
            ")",
            "x",
            ",",
            "#",
            "##",
            "1",
            "+",
            "x##x",
            "#x",
            "F(x)",
            "G(x,x)",
            "(",
            '"s"',
            "__VA_ARGS__",
        ]
    ),
    max_size=9,
)
_MACROS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", "F(x)", "G(x, y)", "G(x, ...)"]), _BODY), min_size=2, max_size=9
).map(
    lambda rows: (
        "".join(f"#define {head} {' '.join(body)}\n" for head, body in rows)
        + "#if A + F(1)\n#endif\nenum e { A, F(B) = C };\nint x[G(A, F(B))];\n"
    )
)
# Types that hold each other in any way.
_MEMBER = st.tuples(
    st.sampled_from(
        ["int", "char", "struct s0", "struct s1", "struct s2", "union s3", "t", "enum e", "__u64", "void *"]
    ),
    st.sampled_from(["", "*", "**", "(*f)(int)"]),
    st.sampled_from(
        ["", ":3", ":0", ":99", "[4]", "[]", "[0]", "[-1]", "[sizeof(struct s1)]", "[1UL << 40]", "[A]"]
    ),
    st.sampled_from(
        ["", " __attribute__((packed))", " __attribute__((aligned(16)))", " __attribute__((aligned(0)))"]
    ),
)
_TYPES = st.lists(st.lists(_MEMBER, max_size=5), min_size=1, max_size=4).map(
    lambda structs: (
        "enum e { A = 3 };\ntypedef struct s1 t;\n"
        + "".join(
            f"{'union' if n == 3 else 'struct'} s{n} {{ "
            + " ".join(
                f"{kind} {stars or f'm{m}'}{array}{how};" for m, (kind, stars, array, how) in enumerate(members)
            )
            + " };\n"
            for n, members in enumerate(structs)
        )
        + "#define X sizeof(struct s0)\n#define Y offsetof(struct s1, m0)\n"
    )
)
HEADERS = st.one_of(_SOUP, _TIGHT, _MUTATED, _MACROS, _TYPES, _NOISE, _REPEATED)


def reads(text: str, scope: str = UAPI, profile: str = "x86-64") -> None:
    """A header is read, or not with a reason, and what is found fits."""
    held(lambda: fits(read(text, {"linux/other.h": _OTHER}, scope=scope, profile=profile), text))


def fits(reading: Reading, text: str) -> str:
    """What holds of every reading."""
    lines = text.replace("\r\n", "\n").count("\n") + 1
    why = reading.failure or ""
    assert "kscan failed" not in why, why
    assert "\n" not in why, why
    for fact in reading.facts:
        assert 1 <= fact.line <= fact.end_line <= lines, fact
        for number in (fact.bit_offset, fact.bit_size, fact.size):
            assert number is None or -(2**63) <= number < 2**63, fact
        assert fact.value is None or fact.type, fact
        repr(tuple(fact)).encode()
    for problem in reading.problems:
        assert 0 <= problem.line <= lines, problem
    return f"{len(reading.facts)} facts, {why[:200]}"


LAWS = [
    Law("headers", HEADERS, reads),
    Law("headers-s390x", HEADERS, lambda text: reads(text, profile="s390x")),
    Law("sources", HEADERS, lambda text: reads(text, INTERNAL)),
]


@pytest.mark.parametrize(
    ("law", "count"), list(zip(LAWS, (200, 30, 50), strict=True)), ids=[law.name for law in LAWS]
)
def test_any_text_is_read_or_refused(law: Law, count: int) -> None:
    run(law, count)


def doubling(first: str, levels: int, between: str = " ") -> str:
    """Macros of which each is the one before it twice."""
    text = f"#define A0 {first}\n"
    return text + "".join(f"#define A{n} A{n - 1}{between}A{n - 1}\n" for n in range(1, levels + 1))


def _nested(levels: int) -> str:
    text = "struct s0 { int a; int b; };\n"
    return text + "".join(f"struct s{n} {{ struct s{n - 1} a, b; }};\n" for n in range(1, levels + 1))


# Small files that ask for much: each takes moments, or is told in a reason.
BOMBS = {
    "a macro that doubles forty times": doubling("x", 40) + "int A40;\n",
    "declarations by a macro that doubles": doubling("int x;", 18) + "A18\n",
    "the same in pieces": doubling("int x;", 14) + "A14\n#define Q\n" * 60,
    "a condition that doubles": doubling("1", 16, "+") + "#if A16\n#endif\n",
    "values that double": doubling("1", 14, "+") + "".join(f"#define V{n} A14\n" for n in range(60)),
    "strings of strings": "#define S(x) #x #x\n#define T(x) S(x)\n#define E "
    + "T(" * 24
    + "\\"
    + ")" * 24
    + "\nint a = E;\n",
    "calls in calls": "#define F(x) x x\nint a = " + "F(" * 25 + "1" + ")" * 25 + ";\n",
    "calls that paste": "#define P(a, b) a##b\nint " + "P(" * 2000 + "a" + ",b)" * 2000 + ";\n",
    "a long text in many places": '#define A "'
    + "x" * 1_000_000
    + '"\n'
    + "".join(f"char *a{n} = A;\n#undef Z\n" for n in range(4000)),
    "a long argument in many places": "#define F(x) x x x x x x x x x x x x x x x x\n"
    + "".join(f'char *a{n} = F(F("{"x" * 100_000}{n}"));\n#undef Z\n' for n in range(10)),
    "itself": "#define A A B\n#define B B A\n#define F(x) F(x)(x)\nint A; int F(F)(F)(F);\n",
    "a quote that does not end": '"' + '\\"' * 60_000 + "\n",
    "a character that does not end": "'" + "\\'" * 60_000 + "\n",
    "types and one bad line": "".join(f"typedef int t{n};\n" for n in range(1500)) + "@;\n",
    "attributes on attributes": "int " + "a __attribute__((packed)) " * 20_000 + ";\n",
    "attributes of one": "int a " + "__attribute__((packed)) " * 20_000 + ";\n",
    "structs of structs": _nested(13) + "".join(f"struct q{n} {{ struct s13 a; }};\n" for n in range(100)),
    "structs of structs of structs": _nested(40),
    "parentheses": "#define A " + "(" * 100_000 + "1" + ")" * 100_000 + "\n#if A\n#endif\nint x[A];\n",
    "a sum": "#define A " + "1+" * 30_000 + "1\n#if A\n#endif\nenum { B = A };\n",
    "conditions": "#if 1\n" * 50_000 + "#endif\n" * 50_000,
    "braces": "struct a {" * 3000 + "int x;" + "};" * 3000,
    "stars": "int " + "*" * 30_000 + "a;\n",
    "questions": "#define A "
    + "1 ? (" * 300
    + "1"
    + ") : (1)" * 300
    + "\n#define B "
    + "1 ? 1 : " * 3000
    + "1\n",
    "a long name": "int " + "a" * 2_000_000 + ";\n#define " + "B" * 2_000_000 + " 1\n",
    "a long line": "int a;" * 10_000 + "\n",
    "a long number": "#define A 0x"
    + "f" * 500_000
    + "\n#define B '"
    + "a" * 50_000
    + "'\n#if 1"
    + "0" * 50_000
    + "\n#endif\n",
    "digits": f"#define A {'1' * 1_000_000}\nint a[A];\nint b[{'1' * 1_000_000}];\n",
    "digits of a condition": f"#if {'1' * 1_000_000} + 1\n#endif\n",
    "many enumerators": "enum {" + ",".join(f"A{n}" for n in range(10_000)) + "};\n",
    "arrays of arrays": "struct a { char a" + "[0x7fffffffffffffffUL]" * 40 + "; };\n",
    "comments": "/* */" * 50_000 + "\n" + "//\\\n" * 50_000,
    "continued lines": "#define A \\\n" * 50_000 + "1\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_header_takes_little(bomb: str) -> None:
    # A fault is caught where headers are read: one of no memory, too.
    assert "kscan failed" not in held(lambda: read(BOMBS[bomb]).failure)


def test_a_small_source_takes_little() -> None:
    """Those of the same bombs that a file read alone can be."""
    for name in ("a quote that does not end", "calls in calls", "braces", "conditions", "values that double"):
        held(lambda name=name: read(BOMBS[name], scope=INTERNAL).failure)  # type: ignore[misc]


def test_thousands_of_facts_of_one_name_take_little(tmp_path: Path) -> None:
    def kept() -> int:
        store = Store(tmp_path / "kscan.sqlite")
        for first in (0, 20_000):
            facts = [Fact("enumerator", "A", n + 1, n + 1, first + n, "int") for n in range(20_000)]
            trace = Trace(str(first), "test", "")
            store.add_readings(Batch.of([(trace, Reading(tuple(facts)))]))
        return len(store.reading(2).facts)

    assert held(kept).strip() == "20000"


def _fan(levels: int, times: int) -> dict[str, str]:
    return {f"linux/i{n}.h": f"#include <linux/i{n + 1}.h>\n" * times for n in range(levels)}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f"#include <{OUR}>\n" * 2, {}),
        (
            "#include <linux/a.h>\n",
            {"linux/a.h": "#include <linux/b.h>\n", "linux/b.h": "#include <linux/a.h>\n"},
        ),
        ('#include "../linux/./our.h"\n#include "../../../our.h"\n', {}),
        ("#include <linux/i0.h>\n", _fan(28, 2)),
        ("#include <linux/i0.h>\n", _fan(5, 40)),
        ("#include <linux/i0.h>\n", _fan(90, 1)),
        ("#define A <linux/our.h>\n#include A\n#define B B\n#include B\n", {}),
        ("#include <" + "a/" * 50_000 + "b.h>\n" + '#include "' + "../" * 50_000 + 'b.h"\n', {}),
    ],
    ids=["itself", "each other", "odd paths", "fan of 2", "fan of 40", "chain", "by macros", "long"],
)
def test_includes_end(text: str, files: dict[str, str]) -> None:
    held(lambda: read(text, files).failure)


# One line each, that once broke a law: what is expected is a reading, whatever is in it.
LAWFUL = {
    "a superscript for a number": "#pragma pack(\u00b2)\nstruct a { int b; };\n",
    "an array beyond all memory": "struct a { char a[0x7fffffffffffffffUL][0x7fffffffffffffffUL]; int b; };\n",
}


@pytest.mark.parametrize("case", LAWFUL)
def test_what_broke_a_law_is_read(case: str) -> None:
    reads(LAWFUL[case])


def test_no_size_is_negative() -> None:
    """What gcc refuses has no size, and nothing that lies behind it has a place."""
    facts = read("struct a { char a[-5]; int b; };\n").facts
    assert [fact for fact in facts if (fact.size or 0) < 0 or (fact.bit_offset or 0) < 0] == []
    assert [fact.name for fact in facts if fact.kind == "struct" and fact.size is not None] == []


def test_a_byte_order_mark_says_nothing() -> None:
    """As for gcc: what stands behind it counts."""
    assert [fact.name for fact in read("\ufeff#define A 1\n").facts] == ["A"]
