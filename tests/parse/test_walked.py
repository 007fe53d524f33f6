"""What one header left behind never shows in the next: includes, expansions and readings are taken over only
where everything that they depend on is the same. Each case reads headers in turn, in one process."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.parse.reading import lines, read


class Header(NamedTuple):
    """A header, what it includes, and its facts that begin with OUR or our."""

    text: str
    files: Mapping[str, str]
    expected: list[str]


ASKS = "#ifdef WIDE\n#define ITS 2\n#else\n#define ITS 1\n#endif\n"
SIZE = {"linux/its.h": "#include <linux/size.h>\nenum { ITS = ITS_SIZE };\nstruct its { char a[ITS_SIZE]; };\n"}
USES = "#include <linux/its.h>\nstruct our { struct its a[2]; };\n#define OUR sizeof(struct our)\n"
IN_TURN = {
    "a macro that it asks for": [
        Header(
            "#define WIDE\n#include <linux/its.h>\n#define OUR ITS\n",
            {"linux/its.h": ASKS},
            ["3 macro OUR = 2 int"],
        ),
        Header("#include <linux/its.h>\n#define OUR ITS\n", {"linux/its.h": ASKS}, ["2 macro OUR = 1 int"]),
        Header(
            "#include <linux/a.h>\n#include <linux/its.h>\n#define OUR ITS\n",
            {"linux/its.h": ASKS, "linux/a.h": "#define WIDE\n"},
            ["3 macro OUR = 2 int"],
        ),
        Header(
            "#include <linux/a.h>\n#include <linux/its.h>\n#define OUR ITS\n",
            {"linux/its.h": ASKS, "linux/a.h": "#define WIDE\n#undef WIDE\n"},
            ["3 macro OUR = 1 int"],
        ),
    ],
    "a name in its text": [
        Header(
            "#define BY [4]\n#include <linux/its.h>\n#define OUR sizeof(its)\n",
            {"linux/its.h": "typedef int its BY;\n"},
            ["3 macro OUR = 16 unsigned long"],
        ),
        Header(
            "#define TO [8]\n#define BY TO\n#include <linux/its.h>\n#define OUR sizeof(its)\n",
            {"linux/its.h": "typedef int its BY;\n"},
            ["4 macro OUR = 32 unsigned long"],
        ),
        Header(
            "#define TO [2]\n#define BY TO\n#include <linux/its.h>\n#define OUR sizeof(its)\n",
            {"linux/its.h": "typedef int its BY;\n"},
            ["4 macro OUR = 8 unsigned long"],
        ),
    ],
    "what an include of its own is": [
        Header(
            USES,
            {**SIZE, "linux/size.h": "#define ITS_SIZE 3\n"},
            ["2 struct our size 6", "2 member our.a struct its [2] @0", "3 macro OUR = 6 unsigned long"],
        ),
        Header(
            USES,
            {**SIZE, "linux/size.h": "#define ITS_SIZE 5\n"},
            ["2 struct our size 10", "2 member our.a struct its [2] @0", "3 macro OUR = 10 unsigned long"],
        ),
        Header(
            USES,
            {**SIZE, "linux/size.h": "#define ITS_SIZE 3\n#define MORE 1\n"},
            ["2 struct our size 6", "2 member our.a struct its [2] @0", "3 macro OUR = 6 unsigned long"],
        ),
    ],
    "an enumerator in an attribute": [
        Header(
            "#include <linux/its.h>\nstruct our { char a; } __attribute__((aligned(ITS)));\n",
            {"linux/its.h": "enum { ITS = 4 };\n"},
            ["2 struct our size 4", "2 member our.a char @0"],
        ),
        Header(
            "#include <linux/its.h>\nstruct our { char a; } __attribute__((aligned(ITS)));\n",
            {"linux/its.h": "enum { ITS = 8 };\n"},
            ["2 struct our size 8", "2 member our.a char @0"],
        ),
    ],
    "an enumerator two headers away": [
        Header(
            "#include <linux/its.h>\nenum { OUR = ITS };\n",
            {"linux/its.h": "#include <linux/a.h>\nenum { ITS = A + 1 };\n", "linux/a.h": "enum { A = 1 };\n"},
            ["2 enumerator OUR = 2 int"],
        ),
        Header(
            "#include <linux/its.h>\nenum { OUR = ITS };\n",
            {"linux/its.h": "#include <linux/a.h>\nenum { ITS = A + 1 };\n", "linux/a.h": "enum { A = 2 };\n"},
            ["2 enumerator OUR = 3 int"],
        ),
    ],
    "a macro that was there and is not any more": [
        Header(
            "#include <linux/its.h>\n#define OUR ITS\n",
            {"linux/its.h": "#define ITS 1\n"},
            ["2 macro OUR = 1 int"],
        ),
        Header(
            "#include <linux/its.h>\n#define OUR ITS\n",
            {"linux/its.h": "enum { ITS = 7 };\n"},
            ["2 macro OUR = 7 int"],
        ),
        Header(
            "#include <linux/its.h>\n#define OUR ITS\n", {}, ["2 macro OUR ! ITS is no constant known here"]
        ),
    ],
    "a macro that is taken back later": [
        Header(
            "#define OUR A\n#include <linux/its.h>\n#undef A\n",
            {"linux/its.h": "#define A 1\nenum { A_ };\n"},
            ["1 macro OUR ! A is no constant known here"],
        ),
        Header(
            "#define OUR A\n#include <linux/its.h>\n#undef B\n",
            {"linux/its.h": "#define A 1\nenum { A_ };\n"},
            ["1 macro OUR = 1 int"],
        ),
    ],
    "a macro that pastes": [
        Header(
            "#include <linux/its.h>\n#define OUR J(A, B)\n",
            {"linux/its.h": "#define J(a, b) a##b\n#define AB 1\n"},
            ["2 macro OUR = 1 int"],
        ),
        Header(
            "#include <linux/its.h>\n#define AB 2\n#define OUR J(A, B)\n",
            {"linux/its.h": "#define J(a, b) a##b\n"},
            ["3 macro OUR = 2 int"],
        ),
    ],
    "a declaration on other lines": [
        Header("struct our { int a; };\n", {}, ["1 struct our size 4", "1 member our.a int @0"]),
        Header("\n\nstruct our { int a; };\n", {}, ["3 struct our size 4", "3 member our.a int @0"]),
        Header("struct our {\n\tint a;\n};\n", {}, ["1-3 struct our size 4", "2 member our.a int @0"]),
        Header("\nstruct our\n{ int\na; };\n", {}, ["2-4 struct our size 4", "3-4 member our.a int @0"]),
        Header(
            "#define BEGIN struct\nint x;\nBEGIN our { int a; };\n",
            {},
            ["3 struct our size 4", "3 member our.a int @0"],
        ),
    ],
    "a type that its own header declares": [
        Header("typedef int t;\n#define OUR sizeof(t)\n", {}, ["2 macro OUR = 4 unsigned long"]),
        Header("typedef char t;\n#define OUR sizeof(t)\n", {}, ["2 macro OUR = 1 unsigned long"]),
        Header("#define OUR sizeof(t)\n", {}, ["1 macro OUR ! t is no constant known here"]),
        Header("struct our { size_t a; };\n", {}, ["1 struct our size 8", "1 member our.a size_t @0"]),
        Header(
            "#include <linux/its.h>\nstruct our { size_t a; };\n",
            {"linux/its.h": "typedef short size_t;\n"},
            ["2 struct our size 2", "2 member our.a size_t @0"],
        ),
    ],
    "an include that includes the header": [
        Header(
            "#ifndef G\n#define G\n#include <linux/its.h>\n#define OUR ITS\n#endif\n",
            {"linux/its.h": "#include <linux/our.h>\n#define ITS 1\n"},
            ["4 macro OUR = 1 int"],
        ),
        Header(
            "#ifndef ONCE\n#define ONCE\n#include <linux/its.h>\n#define OUR ITS\n#endif\n",
            {"linux/its.h": "#include <linux/our.h>\n#define ITS 1\n"},
            ["4 macro OUR = 1 int"],
        ),
    ],
}


@pytest.mark.parametrize("turn", IN_TURN.values(), ids=IN_TURN)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_header_has_only_what_is_its_own(turn: list[Header], backwards: bool) -> None:
    for text, files, expected in [*turn, *turn][:: -1 if backwards else 1]:
        found = [line for line in lines(text, files) if " OUR" in line or " our" in line]
        assert found == expected


def test_a_header_that_others_included_before_is_read_by_itself() -> None:
    generic = "#define OUR_GENERIC 1\nstruct our { int a; };\n"
    files = {"asm-generic/our.h": generic, "asm/our.h": "#include <asm-generic/our.h>\n"}
    lines("#include <asm/our.h>\n#define A OUR_GENERIC\n", files)
    expected = ["1 macro OUR_GENERIC = 1 int", "2 struct our size 4", "2 member our.a int @0"]
    assert lines(generic, files, name="asm-generic/our.h") == expected
    assert lines("#include <asm/our.h>\n#define A OUR_GENERIC\n", files) == ["2 macro A = 1 int"]


def test_what_an_include_changes_elsewhere_costs_no_new_reading() -> None:
    text = "#include <linux/its.h>\nstruct our { its_t a; };\n#define OUR ITS\n"
    its = "typedef short its_t;\n#define ITS 3\n"
    first = read(text, {"linux/its.h": its})
    same = read(text, {"linux/its.h": f"/* More. */\nstruct more {{ int a; }};\n{its}#define MORE 1\n"})
    other = read(text, {"linux/its.h": its.replace("short", "long")})
    assert same is first
    assert (other is first, [fact.size for fact in other.facts if fact.kind == "struct"]) == (False, [8])


def test_profiles_share_no_value() -> None:
    for profile, bits in {"x86-64": 64, "i386": 32}.items():
        found = lines("#define OUR (~0UL >> 1)\nstruct our { long a; };\n", profile=profile)
        assert found == [
            f"1 macro OUR = {2 ** (bits - 1) - 1} unsigned long",
            f"2 struct our size {bits // 8}",
            "2 member our.a long @0",
        ]
