"""Which lines of a header are in force, and what its includes bring."""

import pytest

from tests.parse.reading import lines, read, table

CONDITIONS = {
    "an #elif after a taken branch is not evaluated": (
        """
#if 1
#define A 1
#elif 1 / 0
#define B 1
#else
#define C 1
#endif
""",
        """
2 macro A = 1 int
""",
    ),
    "an unknown name in #if is 0": (
        """
#if UNKNOWN
#define A 1
#elif UNKNOWN == 0
#define B 1
#endif
""",
        """
4 macro B = 1 int
""",
    ),
    "#if asks a macro's value": (
        """
#define VERSION(a, b) (((a) << 8) + (b))
#define OURS VERSION(2, 3)
#if OURS >= VERSION(2, 2)
#define NEW 1
#endif
""",
        """
1 function_macro VERSION (a, b)
2 macro OURS = 515 int
4 macro NEW = 1 int
""",
    ),
    "a dead branch may say anything": (
        """
#if 0
it isn't C at all: " { (
#error never
#if garbage (((
#endif
#endif
#define X 1
""",
        """
7 macro X = 1 int
""",
    ),
    "#undef ends a macro, #define begins it anew": (
        """
#define A 1
#define B 2
#undef A
#undef B
#define B 3
""",
        """
5 macro B = 3 int
""",
    ),
    "a macro redefined has its last value": (
        """
#define A 1
#define B A
#undef A
#define A 2
""",
        """
2 macro B = 2 int
4 macro A = 2 int
""",
    ),
    "#if without #endif": (
        """
#define X 1
#if 1
#define Y 2
""",
        """
failure line 2: #if without #endif in linux/our.h
""",
    ),
    "#endif without #if": (
        """
#define X 1
#endif
""",
        """
failure line 2: #endif without #if
""",
    ),
    "#else without #if": (
        """
#define X 1
#else
""",
        """
failure line 2: #else without #if
""",
    ),
    "an include loop": (
        """
#include "our.h"
#define X 1
""",
        """
failure linux/our.h includes itself without end
""",
    ),
    "#if that cannot be decided": (
        """
#define X 1
#if 1 / 0
#endif
""",
        """
failure line 2: #if 1 / 0: division by zero
""",
    ),
    "an include that is not there loses nothing": (
        """
#include <linux/nowhere.h>
#define X 1
""",
        """
2 macro X = 1 int
""",
    ),
    "an include named by a macro": (
        """
#define WHERE <rdma/there.h>
#include WHERE
#define X THERE
""",
        """
1 macro WHERE ! not an expression
3 macro X = 7 int
""",
        {
            "rdma/there.h": """
#define THERE 7
"""
        },
    ),
    "the word linux in an include named by a macro is a macro, too": (
        """
#define WHERE <linux/there.h>
#include WHERE
#define X THERE
""",
        """
1 macro WHERE ! not an expression
3 macro X ! THERE is no constant known here
""",
        {
            "linux/there.h": """
#define THERE 7
"""
        },
    ),
    "a guarded header that includes itself through another": (
        """
#ifndef OUR_H
#define OUR_H
#include <linux/other.h>
#define X 1
#endif
""",
        """
2 macro OUR_H ! empty
4 macro X = 1 int
""",
        {
            "linux/other.h": """
#include <linux/our.h>
#define OTHER 1
"""
        },
    ),
    "a header without guard that another one includes back": (
        """
#define X 1
#include <linux/other.h>
""",
        """
1 macro X = 1 int
""",
        {
            "linux/other.h": """
#ifndef OTHER_H
#define OTHER_H
#include <linux/our.h>
#endif
"""
        },
    ),
    "an include beside the header": (
        """
#include "beside.h"
#define X BESIDE
""",
        """
2 macro X = 3 int
""",
        {
            "linux/beside.h": """
#define BESIDE 3
"""
        },
    ),
    "text included inside #pragma pack, which packs it too": (
        """
#pragma pack(push, 1)
#include <linux/other.h>
#pragma pack(pop)
""",
        """
failure line 2: text included within #pragma pack in linux/our.h
""",
        {
            "linux/other.h": """
struct other { char a; int b; };
"""
        },
    ),
    "#pragma pack within an include that pops what was pushed in front of it": (
        """
#pragma pack(push, 1)
#include <linux/other.h>
struct s { char a; int b; };
""",
        """
failure line 2: text included within #pragma pack in linux/our.h
""",
        {
            "linux/other.h": """
#pragma pack(pop)
"""
        },
    ),
    "macros included inside #pragma pack": (
        """
#pragma pack(push, 1)
#include <linux/other.h>
struct s { char a; int b[N]; };
""",
        """
3 struct s size 9
3 member s.a char @0
3 member s.b int [2] @8
""",
        {
            "linux/other.h": """
#define N 2
"""
        },
    ),
    "#pragma pack within a struct": (
        """
struct s { char a;
#pragma pack(1)
int b; };
struct t { char a; };
""",
        """
2 problem #pragma pack within a declaration
""",
    ),
    "#pragma pack within a function": (
        """
static inline void f(void) {
#pragma pack(1)
}
""",
        """
2 problem #pragma pack within a declaration
""",
    ),
    "an include that leaves #pragma pack on": (
        """
#include <linux/push.h>
struct s { char a; int b; };
""",
        """
failure #pragma pack holds beyond the end of linux/push.h
""",
        {
            "linux/push.h": """
#pragma pack(1)
"""
        },
    ),
    "#pragma pack as it was, behind an include": (
        """
#include <linux/packs.h>
struct s { char a; int b; };
""",
        """
2 struct s size 8
2 member s.a char @0
2 member s.b int @32
""",
        {
            "linux/packs.h": """
#pragma pack(push, 1)
#pragma pack(2)
#pragma pack(pop)
#pragma pack(pop)
"""
        },
    ),
    "a macro pushed": (
        """
#define X 1
#pragma push_macro("X")
""",
        """
failure line 2: #pragma push_macro("X") in linux/our.h is not followed
""",
    ),
    "pragmas that change nothing here": (
        """
#pragma once
#pragma GCC diagnostic push
_Pragma("GCC diagnostic pop") struct s { char a; };
""",
        """
3 struct s size 1
3 member s.a char @0
""",
    ),
    "an operator that packs": (
        """
#define PACKED _Pragma("pack(1)")
PACKED
struct s { char a; int b; };
""",
        """
failure line 1: #pragma pack(1) in linux/our.h is not followed
""",
    ),
    "an operator that packs, made by a macro of an include": (
        """
#include <linux/other.h>
struct s { char a; int b; };
""",
        """
failure line 2: #pragma pack(1) in linux/other.h is not followed
""",
        {
            "linux/other.h": """
#define ASK(x) _Pragma(#x)
ASK(pack(1))
"""
        },
    ),
    "an operator that nobody asks": (
        """
#define ASK(x) _Pragma(#x)
#pragma ms_struct off
#pragma scalar_storage_order default
struct s { char a; };
""",
        """
1 function_macro ASK (x)
4 struct s size 1
4 member s.a char @0
""",
    ),
    "what follows asm and _Pragma": (
        """
int f(void) __asm__("g");
asm volatile ("nop");
_Pragma("once") struct s { char a; };
""",
        """
3 struct s size 1
3 member s.a char @0
""",
    ),
    "what a compiler knows without a definition is there": (
        """
#if defined(__has_attribute) && defined __LINE__
#define X 1
#endif
#ifndef __has_include
#define Y 2
#endif
""",
        """
2 macro X = 1 int
""",
    ),
    "what it says is not followed": (
        """
#define WHERE __LINE__
#if WHERE > 1
#define X 1
#endif
""",
        """
failure line 2: #if asks for __LINE__, which is not followed
""",
    ),
    "nor what it has of its own": (
        """
#if __has_attribute(counted_by)
#define X 1
#endif
""",
        """
failure line 1: #if asks for __has_attribute, which is not followed
""",
    ),
    "text included within a declaration": (
        """
#define X 1
struct x { int a;
#include <linux/f.h>
int b; };
""",
        """
1 macro X = 1 int
3 problem text included within a declaration
""",
        {"linux/f.h": "int q[4];\n"},
    ),
    "text included before a declaration has its name": (
        """
int before;
struct
#include <linux/f.h>
x { char a; };
""",
        """
3 problem text included within a declaration
""",
        {"linux/f.h": "__attribute__((packed))\n"},
    ),
    "text included between declarations, and none within": (
        """
typedef int a;
#include <linux/f.h>
struct x { f_t c;
#include <linux/n.h>
int b[N]; };
""",
        """
1 typedef a int size 4
3-5 struct x size 16
3 member x.c f_t @0
5 member x.b int [3] @32
""",
        {"linux/f.h": "typedef int f_t;\n", "linux/n.h": "#define N 3\n"},
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(CONDITIONS))
def test_conditions(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


def test_what_fails_in_an_include_is_placed_there() -> None:
    """The line is one of the file that is named: the header itself may have fewer."""
    files = {"linux/one.h": "\n\n#include <linux/two.h>\n", "linux/two.h": "\n\n\n#if 1 / 0\n#endif\n"}
    failed = read("#include <linux/one.h>\n", files).failure
    assert failed == "line 4: #if 1 / 0: division by zero (in linux/two.h)"
    assert read("#if 1 / 0\n#endif\n").failure == "line 1: #if 1 / 0: division by zero"
    named = {"linux/one.h": '#include "two.inc"\n', "linux/two.inc": "\n#error of linux/x.h\n"}
    assert read("#include <linux/one.h>\n", named).failure == "line 2: #error of linux/x.h (linux/two.inc)"
