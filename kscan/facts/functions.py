"""Functions in kernel sources, found by their braces: sources are not parsed with their closure."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.model import Fact
from kscan.parse.lex import IDENTIFIER, Directive, Item, Text, Token

# Macros that stand for the head of a function: the first argument names it.
_HEADS = {"SYSCALL_DEFINE": "sys_", "COMPAT_SYSCALL_DEFINE": "compat_sys_", "BPF_CALL_": ""}
_NOT_NAMES = frozenset(("__attribute__", "__attribute", "__aligned", "__section", "typeof", "__typeof__"))


def functions(items: Iterable[Item]) -> Iterator[Fact]:
    """A fact for each function with a body, from its first word to its closing brace.

    Conditionals may open a brace in each branch: every branch starts at the depth of its #if.
    """
    depth = 0
    opened: list[int] = []
    head: list[Token] = []
    name: str | None = None
    first = 0
    for item in items:
        if isinstance(item, Directive):
            if item.name in ("if", "ifdef", "ifndef"):
                opened.append(depth)
            elif item.name in ("else", "elif") and opened:
                depth = opened[-1]
            elif item.name == "endif" and opened:
                opened.pop()
        if not isinstance(item, Text):
            continue
        for token in item.tokens:
            if token.text == "{":
                if depth == 0:
                    name, first = _name(head), head[0].line if head else token.line
                depth += 1
            elif token.text == "}":
                depth = max(0, depth - 1)
                if depth == 0:
                    if name:
                        yield Fact("function", name, first, token.line)
                    name, head = None, []
            elif depth == 0 and token.text == ";":
                head = []
            elif depth == 0:
                head.append(token)


def _name(head: Sequence[Token]) -> str | None:
    """The name of the function that `head` begins; None for a struct, an initialiser, an array."""
    if not head or head[-1].text in ("=", "]") or head[0].text in ("struct", "union", "enum") and len(head) < 4:
        return None
    for number, token in enumerate(head[:-1]):
        if head[number + 1].text != "(" or token.kind != IDENTIFIER or token.text in _NOT_NAMES:
            continue
        for macro, prefix in _HEADS.items():
            if token.text.startswith(macro) and number + 2 < len(head):
                return prefix + head[number + 2].text
        return token.text
    return None
