"""Opcodes as the kernel's own tables and switches spell them.

A use is named by its words (`BPF_ALU|BPF_ADD|BPF_X`), as the release's macros give them their value; `owner`
says which table it stands in, `type` what the table maps it to where a later switch goes by that name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kscan.model import CLASSIC, INTERPRETER, PUBLIC, SECCOMP, Fact
from kscan.parse.expand import Macro, expand
from kscan.parse.lex import IDENTIFIER, NUMBER, Item, Text, Token, closing_brace

# Arrays by name; `decodes` beside `codes`, its inverse, has another name.
_ARRAYS = {"jumptable": INTERPRETER, "public_insntable": PUBLIC, "codes": CLASSIC}
# Switches by function: before there was an array, and for seccomp's own subset.
_SWITCHES = {"sk_run_filter": CLASSIC, "seccomp_check_filter": SECCOMP}
_TABLE = re.compile(rf"\b(?:{'|'.join(_ARRAYS)})\b")
# From v2.6.39 to v3.15 switches go by the kernel's own names, which `codes` maps opcodes to.
_OWN = "BPF_S_"
_PREFIX = "BPF_"
# An array's brackets and attributes between its name and its values.
_LONGEST_HEAD = 12


def opcodes(items: Iterable[Item], functions: Sequence[Fact], macros: Mapping[str, Macro]) -> Iterator[Fact]:
    """A fact for each opcode of each table and switch in a source."""
    texts = [item for item in items if isinstance(item, Text)]
    switches = [function for function in functions if function.name in _SWITCHES]
    if not switches and not any(text.matches(_TABLE) for text in texts):
        return
    tokens = [token for text in texts for token in text.tokens]
    names = {token.text for token in tokens}
    if _ARRAYS.keys() & names:
        yield from _arrays(tokens, macros)
    for function in switches:
        inside = [token for token in tokens if function.line <= token.line <= function.end_line]
        yield from _cases(inside, _SWITCHES[function.name])


def _arrays(tokens: Sequence[Token], macros: Mapping[str, Macro]) -> Iterator[Fact]:
    for start, token in enumerate(tokens[:-1]):
        table = _ARRAYS.get(token.text)
        if table and tokens[start + 1].text == "[":
            opening = _initialiser(tokens, start)
            if opening is not None:
                body = tokens[opening + 1 : closing_brace(tokens, opening)]
                yield from _entries(expand(body, macros, ""), table)


def _initialiser(tokens: Sequence[Token], start: int) -> int | None:
    """Where the values of the array at `start` begin; None where it is only used."""
    for number in range(start + 2, min(start + _LONGEST_HEAD, len(tokens) - 1)):
        if tokens[number].text == "=" and tokens[number + 1].text == "{":
            return number + 1
        if tokens[number].text in (";", "=", ")"):
            return None
    return None


def _entries(tokens: Sequence[Token], table: str) -> Iterator[Fact]:
    """The designated elements `[WORDS] = …`, ranges left out."""
    for number, token in enumerate(tokens):
        if token.text == "[" and (number == 0 or tokens[number - 1].text == ","):
            end = next((n for n in range(number, len(tokens)) if tokens[n].text == "]"), len(tokens))
            words = _words(tokens[number + 1 : end])
            if words:
                maps_to = tokens[end + 2].text if len(tokens) > end + 2 else ""
                yield _fact(words, table, maps_to if maps_to.startswith(_OWN) else None)


def _cases(tokens: Sequence[Token], table: str) -> Iterator[Fact]:
    """The labels `case WORDS:` of a function."""
    for number, token in enumerate(tokens):
        if token.text == "case":
            end = next((n for n in range(number, len(tokens)) if tokens[n].text == ":"), len(tokens))
            words = _words(tokens[number + 1 : end])
            if words and not (table == CLASSIC and words[0].text.startswith(_OWN)):
                yield _fact(words, table, None)


def _words(tokens: Sequence[Token]) -> list[Token]:
    """The words of `A | B | C`; none for another expression, or one that is about something else."""
    words, marks = tokens[::2], tokens[1::2]
    if not words or any(mark.text != "|" for mark in marks) or not words[0].text.startswith(_PREFIX):
        return []
    return list(words) if all(word.kind in (IDENTIFIER, NUMBER) for word in words) else []


def _fact(words: Sequence[Token], table: str, maps_to: str | None) -> Fact:
    line = words[0].line
    return Fact("use", "|".join(word.text for word in words), line, line, type=maps_to, owner=table)
