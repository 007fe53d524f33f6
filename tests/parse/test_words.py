"""Words that were met before are given to pycparser as it would find them itself."""

import io

import pytest
from pycparser.c_parser import CParser, ParseError

from kscan.parse.words import c_parser

_TEXTS = [
    "int\nx\n;",
    "typedef int a; typedef int b;\nstruct\ns\n{\na\nb\n;\n}\n[[gnu::packed, gnu::aligned(8)]]\n;",
    'enum\ne\n{\nA\n=\n\'x\'\n,\nB\n=\n"a b\\"c"\n"d"\n}\n;',
    "int\nx\n=\n.5e+3f\n+\n0x1fULL\n>>=\n...\n;",
    "typedef\nint\nx\n;\nvoid\nf\n(\nint\nx\n)\n;\nx\ny\n;",
    "int\n@\n;",
    "int\n'\n;",
    "int x = 09;\n\nint\n\n\ny",
    "",
]


def _read(parser: CParser, text: str) -> str:
    shown = io.StringIO()
    try:
        parser.parse(text, "f").show(shown, attrnames=True, nodenames=True, showcoord=True)
    except ParseError as why:
        return str(why)
    return shown.getvalue()


@pytest.mark.parametrize("text", _TEXTS)
def test_the_tokens_are_pycparsers(text: str) -> None:
    plain = _read(CParser(dialect="c23"), text)
    for _ in ("new words", "known ones"):
        assert _read(c_parser(), text) == plain


def test_a_number_of_a_thousand_letters_is_refused_on_its_line() -> None:
    with pytest.raises(ParseError, match=r"^f:4:1: a number of more than 1000 letters"):
        c_parser().parse(f"int\nx\n=\n{'1' * 1001}\n;", "f")
    assert c_parser().parse(f"int\nx\n=\n{'1' * 1000}\n;", "f").ext[0].init.value == "1" * 1000
