"""Section names by which a loader knows a program's type: libbpf's tables, and bpf_load.c before them.

A use is named as the table spells the section; `type` is the program type and, where the table says so, the
attach type and flags (SEC_SLEEPABLE, SEC_XDP_FRAGS) behind it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from kscan.model import SECTION, Fact
from kscan.parse.constant import text_of
from kscan.parse.lex import IDENTIFIER, STRING, Define, Item, Text, Token

# libbpf's array, by its name of v4.16 to v5.5 and from v5.6.
_TABLES = frozenset(("section_names", "section_defs"))
_ABOUT = re.compile("|".join((*sorted(_TABLES), "strncmp")))
_PROGRAM, _ATTACH = "BPF_PROG_TYPE_", "BPF_"
# What is kept of the rest: what a loader asks the kernel for; designated fields have other words for it.
_FLAGS = {
    "SEC_SLEEPABLE": "SEC_SLEEPABLE", "SEC_XDP_FRAGS": "SEC_XDP_FRAGS", "is_sleepable": "SEC_SLEEPABLE",
}  # fmt: skip
# bpf_load.c compares prefixes: bool is_x = strncmp(event, "x", …) == 0.
_COMPARES = re.compile(r"bool (\w+) = strncmp \( event , (\"[^\"]*\")")
_DECIDES = re.compile(r"if \( ((?:\w+ \|\| )*\w+) \) \{ prog_type = (BPF_PROG_TYPE_\w+) ;")


def sections(items: Iterable[Item]) -> Iterator[Fact]:
    """A fact for each section name of a source that has such a table."""
    types: dict[str, str] = {}
    for item in items:
        if isinstance(item, Define):
            # What a macro pastes a type's name from is no type.
            named = [word for word in item.says.identifiers if word.startswith(_PROGRAM) and word != _PROGRAM]
            types |= dict.fromkeys([item.name], named[0]) if named else {}
        elif isinstance(item, Text) and item.matches(_ABOUT):
            yield from _table(item.tokens, types) if _TABLES & item.identifiers else ()
            yield from _comparisons(item.tokens) if "strncmp" in item.identifiers else ()


def _table(tokens: Sequence[Token], types: dict[str, str]) -> Iterator[Fact]:
    """The entries `WORD("name", TYPE, …)` between the braces of the array; `types` holds the program
    types that macros of the file name by themselves."""
    texts = [token.text for token in tokens]
    head = ["[", "]", "=", "{"]
    starts = [n for n, text in enumerate(texts) if text in _TABLES and texts[n + 1 : n + 5] == head]
    for start in starts:
        end = _closing(texts, start + 4)
        for number in range(start + 5, end):
            if tokens[number].kind == STRING and texts[number - 1] == "(" and texts[number + 1] == ",":
                rest = tokens[number + 2 : _closing(texts, number - 1)]
                words = [token.text for token in rest if token.kind == IDENTIFIER]
                yield _section(tokens[number], words, types.get(texts[number - 2]))


def _closing(texts: Sequence[str], opening: int) -> int:
    """Where the bracket at `opening` is closed; the end where it never is."""
    depth = 0
    for number in range(opening, len(texts)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(texts[number], 0)
        if depth == 0:
            return number
    return len(texts)


def _section(name: Token, words: Sequence[str], program: str | None) -> Fact:
    """The first word is the program type, whole or without its prefix, unless the macro knows it."""
    if not program:
        program, words = words[0], words[1:]
        program = program if program.startswith(_PROGRAM) else _PROGRAM + program
    attach = next((word for word in words if word.startswith(_ATTACH)), None)
    flags = [_FLAGS[word] for word in words if word in _FLAGS]
    return _fact(name, " ".join(word for word in (program, attach, *flags) if word))


def _fact(name: Token, type_: str | None) -> Fact:
    return Fact("use", text_of(name.text), name.line, name.line, type=type_, owner=SECTION)


def _comparisons(tokens: Sequence[Token]) -> Iterator[Fact]:
    spelled = " ".join(token.text for token in tokens)
    named = {found[2]: found[1] for found in _COMPARES.finditer(spelled)}
    types = {word: found[2] for found in _DECIDES.finditer(spelled) for word in re.findall(r"\w+", found[1])}
    for number, token in enumerate(tokens):
        if token.text in named and tokens[number - 2].text == "event":
            yield _fact(token, types.get(named[token.text]))
