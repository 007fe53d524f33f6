"""Texts are cut where declarations end; what lies between is read once, never otherwise than in its place."""

import gc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.errors import UnreadableHeader
from kscan.parse import declarations
from kscan.parse.lex import Define, Directive, Stretches, Text, skeleton
from kscan.parse.recent import Recent
from kscan.read import Kept
from tests.laws.histories import TIMEOUT, law
from tests.parse.reading import line, lines, read

pytestmark = pytest.mark.timeout(TIMEOUT)

# Lines that begin, continue or end what a cut must not tear: comments, brackets, strings, continued lines.
_LINES = (
    "", "", "", "/*", "*/", "/*/", " * and", "/* one */", "// two \\", "//", "int a;", "  int b;", "struct s {",
    "};", "}", "(", ")", "f(1,", "2)", "enum e {", "A,", '"text', "'", '"a\\', "#define X 1", "#define Y \\",
    "#define Z (2 + \\", "  3)", "#if 1", "#endif", "# /* */ define W 4", "%:define V 5", "#", "x /* y",
    "z */ ;", ";", "\\", "\t", "#define U /* goes", "\f", "asm volatile (", "\r",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_LINES), max_size=24).map("\n".join)


def _said(text: str, stretches: Stretches | None) -> object:
    """All that a text says, with its lines, however it is cut."""
    said: list[object] = []
    try:
        for item in skeleton(text, stretches):
            match item:
                case Text():
                    said += item.tokens
                case Define():
                    said.append((item.says.written, item.line, item.end_line, item.tokens))
                case Directive():
                    said.append(tuple(item))
    except UnreadableHeader as why:
        return why.problem, why.line
    return said


@law(1500)
@given(st.lists(_TEXTS, min_size=1, max_size=3))
def test_a_text_in_stretches_says_what_it_says_whole(texts: Sequence[str]) -> None:
    stretches: Stretches = Recent()
    for text in (*texts, *texts, "\n".join(texts)):
        assert _said(text, stretches) == _said(text, None)


# What headers are made of, in parts that lean on one another: own macros, types, packing, long calls.
_PARTS = (
    "#define WORDS \\\n\tint words; \\\n\tlong more\n",
    "#define NAMES X(A) X(B)\n#define X(n) n,\nenum names {\n\tNAMES\n};\n#undef X\n",
    "#define HEAD static inline\n",
    "#define E(a, \\\n b) V = a, W = b\n\nenum v { E(1, 2) };\n",
    "#define E(a, b) V = a, W = b\n\n\nenum v { E(1, 2) };\n",
    "HEAD int f(void)\n{\n\treturn 1;\n}\n",
    "struct s {\n\n\tint a;\n\n\tchar b[N];\n};\n",
    "struct t {\n\tWORDS;\n};\n",
    "#define N 4\n",
    "#undef N\n#define N 8\n",
    "enum {\n\tC,\n#define C C\n\tD = 3,\n\n\tE\n};\n",
    "typedef int our_t;\n",
    "typedef long our_t;\n",
    "struct u { our_t a; };\n",
    "union s { char a; };\n",
    "struct w { struct s a; union s b; };\n",
    "enum { P = 3, Q = sizeof(struct k { char x[P]; }) };\n",
    "enum { R = S, T = sizeof(struct l) };\nenum { S = R };\n",
    "struct l { char x[T]; };\n",
    "#define LATER sizeof(struct l) + sizeof(struct k) + R\n",
    "typedef int S;\n",
    "our_t g(our_t, missing_t x);\n",
    "missing_t *h;\n",
    "#pragma pack(push, 1)\n",
    "#pragma pack(pop)\n",
    "struct p {\n\tchar a;\n#pragma pack(2)\n\tlong b;\n};\n",
    "#define CALL(a, b) int a, b\nCALL(i,\n\n\tj);\n",
    "/* One.\n\n   Two. */\n",
    "\n\n",
    "#define OPEN struct o {\n#define CLOSE int x; };\n",
    "OPEN\n\n",
    "CLOSE\n",
    "struct q {\n",
    "}\n__attribute__((packed));\n",
    "int odd odd;\n",
    ")\n",
    "#define SUM (C + D)\n",
    "#define SIZE sizeof(struct s)\n",
    "asm volatile (\"\");\n",
)  # fmt: skip
_HEADERS = st.lists(st.sampled_from(_PARTS), max_size=9)


@law(400)
@given(st.lists(_HEADERS, min_size=1, max_size=3))
def test_what_was_read_before_shows_in_no_header(headers: Sequence[Sequence[str]]) -> None:
    kept = Kept()
    for parts in (*headers, *headers, [part for header in headers for part in header]):
        for text in ("\n".join(parts), "".join(parts)):
            assert read(text, kept=kept) == read(text, kept=Kept())


def _chain(first: str, following: str, count: int) -> str:
    return "".join([first, *(following.format(n, n - 1) for n in range(1, count))])


@pytest.mark.parametrize("count", [20, 33, 34, 49, 50, 51, 66, 67, 99, 100, 101, 130])
@pytest.mark.parametrize(
    "chain",
    [
        ("struct s0 { int a; };\n", "struct s{0} {{ struct s{1} m; int a; }};\n"),
        ("struct s0 { int a; };\n", "struct s{0} {{ char m[sizeof(struct s{1}) / 2 + 1]; }};\n"),
        ("struct s0 { int a; };\n", "struct s{0} {{ struct s{1} m[2]; }};\n"),
        ("enum { A0, B0 };\n", "enum {{ A{0} = A{1} + 1, B{0} }};\n"),
        (
            "enum { A0, B0 };\n",
            "enum {{ A{0} = sizeof(int[A{1} + 1]), B{0} = B{1} ? 1 : sizeof(int[A{1}]) }};\n",
        ),
        ("typedef int t0;\n", "typedef t{1} t{0};\n"),
    ],
)
def test_how_deep_a_type_is_does_not_go_by_what_was_read_before(chain: tuple[str, str], count: int) -> None:
    """A part of a chain that was told before is not settled anew."""
    kept = Kept()
    for more in (0, 1, 3, 0):
        text = _chain(*chain, count + more) + "int other;\n"
        assert read(text, kept=kept) == read(text, kept=Kept())


def test_a_passage_that_moved_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    struct = "struct our {\n\tint a;\n\n\tchar b;\n};\n"
    parsed: list[str] = []
    parse = declarations._parse
    monkeypatch.setattr(
        declarations, "_parse", lambda text, types: (parsed.append(text), parse(text, types))[1]
    )
    kept = Kept()
    first = read(f"{struct}\nint other;\n", kept=kept)
    before = list(parsed)
    moved = read(f"/* More. */\n\nint more;\n\n{struct}\nint other;\n", kept=kept)
    assert [line(fact) for fact in first.facts][:2] == ["1-5 struct our size 8", "2 member our.a int @0"]
    assert [line(fact) for fact in moved.facts][:2] == ["5-9 struct our size 8", "6 member our.a int @0"]
    assert parsed[len(before) :] == ["int\nmore\n;"]


def test_a_macro_goes_by_the_lines_of_its_body() -> None:
    below = "#define E(a, \\\n b) X = a, Y = b\n\nstruct s { int a; };\n\nenum e { E(1, 2) };\n"
    beside = "#define E(a, b) X = a, Y = b\n\n\nstruct s { int a; };\n\nenum e { E(1, 2) };\n"
    for turn in ([below, beside], [beside, below]):
        kept = Kept()
        for text in turn:
            assert read(text, kept=kept) == read(text, kept=Kept())


def test_structs_that_meet_every_macro_are_read() -> None:
    flex = "#define FLEX(T, N) struct { struct {} __e_ ## N; T N[]; }\n"
    plain = "".join(f"#define M{number} {number}\n" for number in range(2000))
    structs = [f"struct s{number} {{ int n; FLEX(int, x); }};\n" for number in range(300)]
    together, apart = (read(flex + plain + between.join(structs), kept=Kept()) for between in ("", "\n"))
    assert (together.failure, apart.failure, len(apart.facts)) == (None, None, len(together.facts))


@pytest.mark.parametrize(
    "text",
    [
        "#if 1 +\n#endif\n",
        "#error no\n",
        "/* open",
        "#if 1\n",
        "struct s {",
        ")\n",
        "int odd odd;\n",
        "#define A B +\n",
    ],
)
def test_what_cannot_be_read_leaves_no_circle(text: str) -> None:
    """Workers have no collector."""
    kept = Kept()
    read(text, kept=kept)
    gc.collect()
    gc.disable()
    try:
        for number in range(3):
            read(f"/* {number} */ {text}", kept=kept)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_pragma_pack_pushes_has_a_bound() -> None:
    pushed = "#pragma pack(push, 1)\nstruct s { int a; };\n"
    assert lines(pushed * 99)[-1:] == ["198 member s.a int @0"]
    assert lines(pushed * 101) == ["failure line 201: #pragma pack is pushed more than 100 times"]


CUT = {
    "a call over an empty line": (
        "#define P(a, b) struct a { int b; }\nP(s,\n\nm);\n",
        ["1 function_macro P (a, b)", "1-4 struct s size 4", "1 member s.m int @0"],
    ),
    "a struct that a macro opens": (
        "#define BEGIN struct s {\nBEGIN\n\nint a;\n\n};\n",
        ["1 macro BEGIN ! names a type", "1-6 struct s size 4", "4 member s.a int @0"],
    ),
    "an attribute after an empty line": (
        "struct s { char a; int b; }\n\n__attribute__((packed));\n",
        ["1-3 struct s size 5", "1 member s.a char @0", "1 member s.b int @8"],
    ),
    "packing that goes on": (
        "#pragma pack(1)\nint x;\n\nstruct s { char a; int b; };\n\n#pragma pack()\n"
        "struct t { char a; int b; };\n",
        ["4 struct s size 5", "4 member s.a char @0", "4 member s.b int @8",
         "7 struct t size 8", "7 member t.a char @0", "7 member t.b int @32"],
    ),
    "a comment that ends and another that begins": (
        "int x; /* a\n\n*/ int y; /* b\n\n*/ struct s { int z; };\n\n#define A 1\n",
        ["5 struct s size 4", "5 member s.z int @0", "7 macro A = 1 int"],
    ),
    "a comment that closes nothing": (
        "#define A 1 /*/\n\n#define NOT 2\n*/\n#define B 3\n", ["1 macro A = 1 int", "5 macro B = 3 int"],
    ),
    "a type that a later passage uses before it is one": (
        "struct s { t a; };\n\nt *x;\n",
        ["1 struct s ! type t is not known here", "1 member s.a t ! type t is not known here"],
    ),
}  # fmt: skip


# What would take hours if anything was looked at again for each part that follows.
LONG = {
    "empty lines": "\n" * 1_000_000 + " ",
    "empty lines, then a bracket": "\n" * 1_000_000 + "}",
    "a declaration in many stretches": "struct s {\n\n" + "int a;\n\n" * 50_000,
    "brackets that close nothing": ")\n\nint a;\n\n" * 50_000,
    "comments over empty lines": "/*\n\na */ int a; " * 50_000,
    "comments that begin": "/*\n\na " * 50_000,
    "declarations": "int a;\n\n" * 50_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_is_looked_at_once(text: str) -> None:
    assert _said(text, Recent()) == _said(text, None)


@pytest.mark.parametrize(("text", "expected"), CUT.values(), ids=CUT)
def test_a_cut_tears_nothing(text: str, expected: list[str]) -> None:
    assert lines(text) == expected
    assert lines(f"\n\n{text}") == lines(f"\n\n{text}", kept=Kept())
