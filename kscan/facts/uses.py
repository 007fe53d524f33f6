"""Uses that later answers are made of: where a program runs, and which policy a fanout mode has.

A use is placed at its line; `type` names the function around it, or what the use leads to, `owner` what
sort of use it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from kscan.catalog.run_sites import RUN_WORDS
from kscan.model import POLICY, RUN_SITE, Fact
from kscan.parse.lex import IDENTIFIER, Item, Text, Token, tokenize

_RUN = re.compile(rf"\b(?:{'|'.join(sorted(RUN_WORDS))})\b")
_SWITCH = "packet_rcv_fanout"
_MODE, _POLICY = "PACKET_FANOUT_", "fanout_demux_"
_FANOUT = re.compile(rf"\bswitch\b|{_MODE}|{_POLICY}")
_CALL, _POINTER_CALL, _MEMBER = ("(",), (")", "("), ("->", ".")


def run_sites(items: Iterable[Item], functions: Sequence[Fact]) -> Iterator[Fact]:
    """A fact for each call that runs a program, `type` being the function it stands in. The heads of
    functions of these names are definitions and no calls; those of a pointer are `(*p->word)(…)`."""
    for text in (item for item in items if isinstance(item, Text) and item.matches(_RUN)):
        lines = text.lines
        for at, (_, line) in enumerate(lines):
            if _RUN.search(line):
                yield from _runs_on(lines, at, functions)


def _runs_on(lines: Sequence[tuple[int, str]], at: int, functions: Sequence[Fact]) -> Iterator[Fact]:
    """The runs on a line: what comes before a word and the two tokens after may stand on its neighbours."""
    before, here, after = (
        [token for line, spelled in some for token in tokenize(spelled, line)]
        for some in (lines[max(at - 1, 0) : at], lines[at : at + 1], lines[at + 1 : at + 3])
    )
    last = ""
    for window in _windows([*before, *here, *after]):
        token = window[0]
        is_call = _follows(window, _CALL) or _is_member_call(last, window)
        last = token.text
        if token.text in RUN_WORDS and is_call and any(token is one for one in here):
            inside = next((f for f in functions if f.line <= token.line <= f.end_line), None)
            if inside is not None and inside.name != token.text:
                yield Fact("use", token.text, token.line, token.line, type=inside.name, owner=RUN_SITE)


def fanout_policies(items: Iterable[Item], functions: Sequence[Fact]) -> Iterator[Fact]:
    """A fact for each mode that packet_rcv_fanout()'s switch handles, `type` being the policy
    function that its case calls."""
    switch = next((f for f in functions if f.name == _SWITCH), None)
    if switch is None:
        return
    waiting: list[Token] = []
    inside = False
    texts = (item for item in items if isinstance(item, Text) and item.matches(_FANOUT))
    for window in (window for text in texts for window in _windows(text.tokens)):
        token = window[0]
        if not switch.line <= token.line <= switch.end_line:
            continue
        inside = inside or token.text == "switch"
        if inside and token.text == "case" and window[1].text.startswith(_MODE):
            waiting.append(window[1])
        elif waiting and token.text.startswith(_POLICY) and _follows(window, _CALL):
            for mode in waiting:
                yield Fact("use", mode.text, mode.line, mode.line, type=token.text, owner=POLICY)
            waiting = []


def _windows(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Each identifier, and what leads to a member, with the two tokens that follow it."""
    for number, token in enumerate(tokens[:-1]):
        if token.kind == IDENTIFIER or token.text in _MEMBER:
            yield tokens[number : number + 3]


def _is_member_call(before: str, window: Sequence[Token]) -> bool:
    """Whether a pointer that a structure holds is called; a parameter `(*word)(…)` is no call."""
    return before in _MEMBER and _follows(window, _POINTER_CALL)


def _follows(window: Sequence[Token], texts: tuple[str, ...]) -> bool:
    return tuple(token.text for token in window[1 : 1 + len(texts)]) == texts
