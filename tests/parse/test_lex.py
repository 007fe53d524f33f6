"""Text to directives and tokens: comments, continued lines, and the line numbers that stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.parse.lex import IDENTIFIER, Definition, Text, nesting, skeleton, tokenize
from tests.laws.histories import TIMEOUT, law
from tests.parse.reading import lines, table

TEXT = {
    "a comment in the middle of a directive": (
        """
#define A /* one
   two
   three */ 5
#define B 6
""",
        """
1-3 macro A = 5 int
4 macro B = 6 int
""",
    ),
    "a comment before the #": (
        """
/* one
   two */ #define A 5
#define B 6
""",
        """
2 macro A = 5 int
3 macro B = 6 int
""",
    ),
    "a comment inside the directive's word": (
        """
# /* x */ define A 1
#/* x */ifdef A
#define B 2
#endif /* A */
""",
        """
1 macro A = 1 int
3 macro B = 2 int
""",
    ),
    "a comment that runs on after a macro": (
        """
#define A 1 /* what
 * A
 * is */
#define B 2
""",
        """
1 macro A = 1 int
4 macro B = 2 int
""",
    ),
    "a comment after a macro, code behind it": (
        """
#define A 1 /*
*/ + 1
#define B 2
""",
        """
1-2 macro A = 2 int
3 macro B = 2 int
""",
    ),
    "continued lines": (
        r"""
#define A \
    1 + \
    2
#define B 2
""",
        """
1-3 macro A = 3 int
4 macro B = 2 int
""",
    ),
    "a continued line that ends in blanks": (
        "#define A 1 + \\ \t\n    2\n#define B 3\n",
        """
1-2 macro A = 3 int
3 macro B = 3 int
""",
    ),
    "a directive that goes on over a line's end, within its word or behind it": (
        "#define \\\n A 1\n#define/*\n*/B 2\n#de\\\nfine C 3\n#i\\\nf \\\nA\n#undef \\\n B\n#end\\\nif\n",
        """
2 macro A = 1 int
6 macro C = 3 int
""",
    ),
    "a name that goes on over a line's end, and its parentheses": (
        "#define LO\\\nNG 1\n#define CALL\\\n(a) (a)\n#define BARE\\\n (3)\n#define SUM CALL(LONG)\n",
        """
1-2 macro LONG = 1 int
3-4 function_macro CALL (a)
5-6 macro BARE = 3 int
7 macro SUM = 1 int
""",
    ),
    "a continued line at the end of the file": (
        "#define A 1 + \\\n2 \\",
        """
1-2 macro A = 3 int
""",
    ),
    "a // comment that goes on": (
        r"""
// one \
#define A 1
#define B 2 // two
""",
        """
3 macro B = 2 int
""",
    ),
    "a comment's mark inside a string": (
        """
#define URL "https://example.org/*" /* ours */
#define AFTER 1
""",
        """
1 macro URL = 'https://example.org/*' char [22]
2 macro AFTER = 1 int
""",
    ),
    "a quote in a comment and an apostrophe in text": (
        """
/* don't " */
#if 0
don't
#endif
#define A 1
#define Q '"'
#define B 2
""",
        """
5 macro A = 1 int
6 macro Q = 34 int
7 macro B = 2 int
""",
    ),
    "CRLF": (
        "#define A 1\r\n#define B \\\r\n 2\r\nstruct s {\r\n    int a;\r\n};\r\n",
        """
1 macro A = 1 int
2-3 macro B = 2 int
4-6 struct s size 4
5 member s.a int @0
""",
    ),
    "a missing final newline": (
        "#define A 1\n#define B 2",
        """
1 macro A = 1 int
2 macro B = 2 int
""",
    ),
    "an unterminated comment": (
        """
#define A 1
/* and
 so on
""",
        """
failure line 2: comment without end
""",
    ),
    "an empty file": (
        "",
        "",
    ),
    "blanks around the #": (
        "  #  define  A  1  \n    #\tifdef A\n#\tdefine\tB\t2\n    # endif\n",
        """
1 macro A = 1 int
3 macro B = 2 int
""",
    ),
    "a tab between name and value": (
        """
#define A		1
""",
        """
1 macro A = 1 int
""",
    ),
    "a parenthesis after a space is no parameter": (
        """
#define A (1)
#define F() 1
#define G(x)1
""",
        """
1 macro A = 1 int
2 function_macro F ()
3 function_macro G (x)
""",
    ),
    "a form feed and other blanks": (
        "\x0c#define A 1\n\x0b\n#define B 2\n",
        """
1 macro A = 1 int
3 macro B = 2 int
""",
    ),
    "words that are not ASCII, in comments": (
        """
/* über */
#define A 1
""",
        """
2 macro A = 1 int
""",
    ),
    "words that go on over a line's end": (
        r"""
#define TEXT "one \
two"
#define NUMBER 1\
2
#define A_B 3
#if A_\
B == 3
#define SUM (A_B +\
    NUMBER)
#endif
enum { E\
F = 5,
    G, };
""",
        """
1-2 macro TEXT = 'one two' char [8]
3-4 macro NUMBER = 12 int
5 macro A_B = 3 int
8-9 macro SUM = 15 int
11-12 enumerator EF = 5 int
13 enumerator G = 6 int
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(TEXT))
def test_text(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


# What looks for names and brackets without tokens could take for them what is none, and the other way round.
_ODD = (
    "a", "L", "u8", "$b", "0x1F", "1e+", ".5", "..", "'", '"', "\\", "\\\n", "\\ \n", "\n", " ", "\f", ";",
    "(", ")", "{", "}", "[", "]", "##", "->", "é", "\x1c", "#", "9a'",
)  # fmt: skip


@pytest.mark.timeout(TIMEOUT)
@law(2000)
@given(st.lists(st.sampled_from(_ODD), min_size=1, max_size=12).map("".join))
def test_names_and_brackets_are_those_of_the_tokens(text: str) -> None:
    body = Definition("X", None, text, 0, 0)
    assert body.identifiers == {token.text for token in tokenize(text, 0) if token.kind == IDENTIFIER}
    for item in skeleton(text):
        if isinstance(item, Text):
            tokens = item.tokens
            assert item.identifiers == {token.text for token in tokens if token.kind == IDENTIFIER}
            expected, found = nesting(token.text for token in tokens), item.says.nesting
            assert (found[:2], found.closed, bool(found.last)) == (expected[:2], expected.closed, bool(tokens))
