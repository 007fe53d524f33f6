"""Uses that later answers are made of: where a program runs, and which policy a fanout mode has.

A use is placed at its line; `type` names the function around it, or what the use leads to.
"""

from collections.abc import Iterable, Iterator, Sequence

from kscan.catalog.run_sites import RUN_WORDS
from kscan.model import Fact
from kscan.parse.lex import IDENTIFIER, Item, Text, Token

_SWITCH = "packet_rcv_fanout"
_MODE, _POLICY = "PACKET_FANOUT_", "fanout_demux_"


def run_sites(items: Iterable[Item], functions: Sequence[Fact]) -> Iterator[Fact]:
    """A fact for each call that runs a program, `type` being the function it stands in. The heads of
    functions of these names are definitions and no calls."""
    for token, following in _pairs(items):
        if token.text in RUN_WORDS and following.text == "(":
            inside = next((f for f in functions if f.line <= token.line <= f.end_line), None)
            if inside is not None and inside.name != token.text:
                yield Fact("use", token.text, token.line, token.line, type=inside.name)


def fanout_policies(items: Iterable[Item], functions: Sequence[Fact]) -> Iterator[Fact]:
    """A fact for each mode that packet_rcv_fanout()'s switch handles, `type` being the policy
    function that its case calls."""
    switch = next((f for f in functions if f.name == _SWITCH), None)
    if switch is None:
        return
    waiting: list[Token] = []
    inside = False
    for token, following in _pairs(items):
        if not switch.line <= token.line <= switch.end_line:
            continue
        inside = inside or token.text == "switch"
        if inside and token.text == "case" and following.text.startswith(_MODE):
            waiting.append(following)
        elif waiting and token.text.startswith(_POLICY) and following.text == "(":
            yield from (Fact("use", mode.text, mode.line, mode.line, type=token.text) for mode in waiting)
            waiting = []


def _pairs(items: Iterable[Item]) -> Iterator[tuple[Token, Token]]:
    for item in items:
        if isinstance(item, Text):
            yield from (
                pair for pair in zip(item.tokens, item.tokens[1:], strict=False) if pair[0].kind == IDENTIFIER
            )
