"""Macros in macros: calls, arguments, pasting, and what is not expanded again."""

import pytest

from tests.parse.reading import lines, table

MACROS = {
    "function-like macros": (
        """
#define A(x) ((x) + 1)
#define B() 5
#define C(x, y...) y
#define D(fmt, ...) fmt
#define E( a , b ) a
#define V A(2)
#define W A
""",
        """
1 function_macro A (x)
2 function_macro B ()
3 function_macro C (x, y...)
4 function_macro D (fmt, ...)
5 function_macro E (a, b)
6 macro V = 3 int
7 macro W ! A is no constant known here
""",
    ),
    "macros by way of others": (
        """
#define A B
#define B C + 1
#define C 2
#define D (A * 2)
""",
        """
1 macro A = 3 int
2 macro B = 3 int
3 macro C = 2 int
4 macro D = 4 int
""",
    ),
    "a macro that is defined below": (
        """
#define A LATER
#define LATER 9
""",
        """
1 macro A = 9 int
2 macro LATER = 9 int
""",
    ),
    "a macro that means itself by another": (
        """
#define A B
#define B A
""",
        """
1 macro A ! A is no constant known here
2 macro B ! B is no constant known here
""",
    ),
    "pasting and quoting": (
        r"""
#define PASTE(a, b) a ## b
#define QUOTE(x) #x
#define XQUOTE(x) QUOTE(x)
#define N 4
#define A PASTE(1, 2)
#define B PASTE(0x, ff)
#define C QUOTE(a  + b)
#define D XQUOTE(N)
#define E QUOTE(N)
#define F QUOTE("x\n")
""",
        r"""
1 function_macro PASTE (a, b)
2 function_macro QUOTE (x)
3 function_macro XQUOTE (x)
4 macro N = 4 int
5 macro A = 12 int
6 macro B = 255 int
7 macro C = 'a + b' char [6]
8 macro D = '4' char [2]
9 macro E = 'N' char [2]
10 macro F = '"x\\n"' char [6]
""",
    ),
    "the white space of what is quoted": (
        r"""
#define QUOTE(x...) #x
#define XQUOTE(x...) QUOTE(x)
#define N 3
#define NOTHING
#define A XQUOTE((N))
#define B XQUOTE(v1-N)
#define MINUS(a, b) XQUOTE(a-b)
#define C MINUS(1, 2)
#define BESIDE(a, b) XQUOTE(a b)
#define D BESIDE(1,2)
#define E XQUOTE(a , b)
#define F XQUOTE(x NOTHING/y)
#define G XQUOTE(\n)
#define H QUOTE("\n" '\"')
#define I BESIDE(,2)
#define GLUED(p, ...) (y) + p ## __VA_ARGS__
#define J XQUOTE(GLUED(,"s" ))
#define TWICE(p...) -+p p
#define K XQUOTE(TWICE()y)
struct s { char a[sizeof(QUOTE(a
b))]; };
""",
        r"""
1 function_macro QUOTE (x...)
2 function_macro XQUOTE (x...)
3 macro N = 3 int
4 macro NOTHING ! empty
5 macro A = '(3)' char [4]
6 macro B = 'v1-3' char [5]
7 function_macro MINUS (a, b)
8 macro C = '1-2' char [4]
9 function_macro BESIDE (a, b)
10 macro D = '1 2' char [4]
11 macro E = 'a , b' char [6]
12 macro F = 'x /y' char [5]
13 macro G = '\n' char [2]
14 macro H = '"\\n" \'\\"\'' char [10]
15 macro I = '2' char [2]
16 function_macro GLUED (p, ...)
17 macro J = '(y) + "s"' char [10]
18 function_macro TWICE (p...)
19 macro K = '-+ y' char [5]
20-21 struct s size 4
20-21 member s.a char [4] @0
""",
    ),
    "optional arguments": (
        """
#define FIRST(x, ...) x
#define COUNT(a, b, c, n, ...) n
#define A FIRST(1)
#define B FIRST(2, 3, 4)
#define C COUNT(x, ##__VA_ARGS__, 3, 2, 1, 0)
""",
        """
1 function_macro FIRST (x, ...)
2 function_macro COUNT (a, b, c, n, ...)
3 macro A = 1 int
4 macro B = 2 int
5 macro C = 2 int
""",
    ),
    "a call with the wrong number of arguments": (
        """
#define F(a, b) a
#define A F(1)
#define B F(1, 2, 3)
#define C F(1, 2
#define NONE() 3
#define D NONE(1)
#define E NONE( )
""",
        """
1 function_macro F (a, b)
2 macro A ! macro F is called with too few arguments
3 macro B ! macro F is called with too many arguments
4 macro C ! call of macro F does not end
5 function_macro NONE ()
6 macro D ! macro NONE is called with too many arguments
7 macro E = 3 int
""",
    ),
    "a macro over lines has all of them": (
        r"""
#define A \
    (1 | \
     2)
#define F(x) \
    do { \
    } while (0)
""",
        """
1-3 macro A = 3 int
4-6 function_macro F (x)
""",
    ),
    "empty macros": (
        """
#define A
#define B /* nothing */
#define C A
""",
        """
1 macro A ! empty
2 macro B ! empty
3 macro C ! empty
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(MACROS))
def test_macros(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected
