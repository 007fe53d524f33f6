"""Circumstances: where they are equal a header says the same, whatever else its includes changed."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.model import Reading
from kscan.read import Kept
from tests.laws.histories import TIMEOUT, law
from tests.parse.reading import read, trace

pytestmark = pytest.mark.timeout(TIMEOUT)

# What includes and headers are made of; each leans on others by a type, a macro, a constant or a pasted name.
_PARTS = (
    "#define N 4\n",
    "#define N 8\n",
    "#undef N\n",
    "#define WIDE long\n",
    "#define F(x) (x + N)\n",
    "#define F(x) x ## _t\n",
    "#define M F(1)\n",
    "typedef int our_t;\n",
    "typedef long our_t;\n",
    "typedef WIDE wide_t;\n",
    "struct s { our_t a; };\n",
    "struct s { char a[N]; };\n",
    "struct t { struct s one; int two; };\n",
    "enum { A = N, B };\n",
    "enum { B = 7 };\n",
    "#define C (B + 1)\n",
    "#define SIZE sizeof(struct s)\n",
    "#define our_t short\n",
    "struct u { our_t u; F(our) *v; };\n",
    "F(our) f(our_t, wide_t);\n",
    "static inline int g(void) { return N; }\n",
    "#pragma pack(1)\n",
    "#pragma pack()\n",
    "#ifdef N\n#define HAS_N 1\n#endif\n",
    "#ifdef N\n#define D 1\n#else\n#define D 1\n#endif\n",
    "\n\n",
    "int odd odd;\n",
    "}\n",
    "union w { long a; wide_t b; } __attribute__((aligned(N)));\n",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PARTS), max_size=5).map("".join)
_BEFORE, _BEHIND = '#include "linux/before.h"\n', '#include "linux/behind.h"\n'


@law(600)
@given(_TEXTS, _TEXTS, st.lists(st.tuples(_TEXTS, _TEXTS), min_size=2, max_size=4))
def test_equal_circumstances_have_equal_readings(
    head: str, body: str, includes: Sequence[tuple[str, str]]
) -> None:
    text = f"{head}{_BEFORE}{body}{_BEHIND}"
    found: dict[str, Reading] = {}
    for before, behind in includes:
        files = {"linux/before.h": before, "linux/behind.h": behind}
        circumstances = trace(text, files, kept=Kept()).circumstances
        reading = read(text, files, kept=Kept())
        if circumstances:
            assert found.setdefault(circumstances, reading) == reading
            assert trace(text, files).circumstances == circumstances


_TEXT = f"{_BEFORE}struct s {{ our_t a; }};\n#define X (OUR + 1)\n"
_SAYS = "typedef int our_t;\n#define OUR 1\n"


@pytest.mark.parametrize(
    ("before", "same"),
    [
        ("\n\n" + _SAYS, True),
        ("#define MORE 2\nstruct more { int a; };\n" + _SAYS, True),
        ("typedef int some_t;\n" + _SAYS.replace("int", "some_t"), False),
        (_SAYS.replace("int", "long"), False),
        (_SAYS.replace("1", "2"), False),
        (_SAYS.replace("1", "(B)"), False),
        (_SAYS + "#define our_t int\n", False),
        (_SAYS + "#define a b\n", False),
        ("#pragma pack(1)\n" + _SAYS + "#pragma pack()\n", True),
    ],
    ids=[
        "lines",
        "unused",
        "type-of-type",
        "type",
        "macro",
        "macro-of-macro",
        "type-as-macro",
        "member",
        "pack",
    ],
)
def test_what_tells_circumstances_apart(before: str, same: bool) -> None:
    one, other = (trace(_TEXT, {"linux/before.h": text}).circumstances for text in (_SAYS, before))
    assert one
    assert (one == other) is same


def test_what_comes_behind_tells_them_apart_too() -> None:
    """A macro means what it does at the end of all."""
    text = '#include "linux/before.h"\n#define A B\nstruct s { char a[A]; };\n#include "linux/behind.h"\n'
    before = {"linux/before.h": "#define B 1\n"}
    kept = trace(text, {**before, "linux/behind.h": "\n"}).circumstances
    gone = trace(text, {**before, "linux/behind.h": "#undef B\n"}).circumstances
    assert kept
    assert kept != gone


def test_a_text_that_cannot_be_read_has_circumstances_too() -> None:
    """They are told before it is read: what it says then goes by them alone."""
    text, kept = '#include "linux/other.h"\nint a; }\n', Kept()
    one, other = ({"linux/other.h": said} for said in ("int b;\n", "int b, c;\n"))
    assert trace(text, one, kept=kept).circumstances == trace(text, other, kept=kept).circumstances != ""
    assert [problem.reason for problem in read(text, one).problems] == ["} closes nothing"]
    assert read(text, one, kept=kept) == read(text, other, kept=Kept())


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("#error no\n", {}),
        ("#define P(a) a ## _t\n#define X P(1)\n", {}),
        (
            '#include "linux/many.h"\n#define P(a) a ## _t\n' + "P(our);\n\n" * 30,
            {"linux/many.h": "".join(f"#define M{number} {number}\n" for number in range(1000))},
        ),
    ],
    ids=["failure", "pasted", "many"],
)
def test_what_is_too_much_to_tell(text: str, files: Mapping[str, str]) -> None:
    assert trace(text, files).circumstances == ""
