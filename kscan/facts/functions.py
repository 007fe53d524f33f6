"""Functions in kernel sources, found by their braces: sources are not parsed with their closure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kscan.model import Fact
from kscan.parse.lex import IDENTIFIER, PUNCTUATION, QUOTED, Directive, Item, Text, Token, tokenize

# Macros that stand for the head of a function: the first argument names it.
_HEADS = {"SYSCALL_DEFINE": "sys_", "COMPAT_SYSCALL_DEFINE": "compat_sys_", "BPF_CALL_": ""}
_NOT_NAMES = frozenset(
    ("__attribute__", "__attribute", "__aligned", "__section", "__printf", "__scanf", "typeof", "__typeof__")
)
# Braces, and the strings in which a brace is none.
_BRACE = re.compile(rf"[{{}}] | {QUOTED}", re.X)


def functions(items: Iterable[Item]) -> Iterator[Fact]:
    """A fact for each function with a body, from its first word to its closing brace.

    Conditionals may open a brace in each branch: every branch starts at the depth of its #if.
    """
    walk = _Braces()
    opened: list[int] = []
    for item in items:
        if isinstance(item, Text):
            for line, text in item.lines:
                # Bodies are most of a source, and most of their lines have no brace.
                if not walk.depth or "{" in text or "}" in text:
                    yield from walk.line(line, text)
        elif isinstance(item, Directive):
            if item.name in ("if", "ifdef", "ifndef"):
                opened.append(walk.depth)
            elif item.name in ("else", "elif") and opened:
                walk.depth = opened[-1]
            elif item.name == "endif" and opened:
                opened.pop()


class _Braces:
    """Follows braces; what stands before one that opens outside all others may name a function."""

    def __init__(self) -> None:
        self.depth = 0
        self.head: list[Token] = []
        self.name: str | None = None
        self.first = 0

    def line(self, number: int, text: str) -> Iterator[Fact]:
        """Takes a line; gives the functions that end in it."""
        end = 0
        if self.depth and "\n" not in text:
            for brace in _BRACE.finditer(text):
                if brace[0] in ("{", "}"):
                    yield from self.token(Token(PUNCTUATION, brace[0], number))
                    end = brace.end()
                    if self.depth == 0:
                        break
            else:
                return
        for token in tokenize(text[end:], number):
            if self.depth == 0 or token.text in ("{", "}"):
                yield from self.token(token)

    def token(self, token: Token) -> Iterator[Fact]:
        """Takes one token outside bodies, or a brace; gives the function that ends with it."""
        if token.text == "{":
            if self.depth == 0 and self.name is None:
                head = _last_head(self.head)
                self.name = _name(head)
                self.first = head[0].line if head else token.line
            self.depth += 1
        elif token.text == "}":
            self.depth = max(0, self.depth - 1)
            if self.depth == 0:
                if self.name:
                    yield Fact("function", self.name, self.first, token.line)
                self.name, self.head = None, []
        elif self.depth == 0 and token.text == ";":
            self.head = []
        elif self.depth == 0:
            self.head.append(token)


def _last_head(head: Sequence[Token]) -> Sequence[Token]:
    """`head` from where the function begins: what stands before may be a macro called as a statement
    of its own, without a semicolon. After its parameters a function has annotations at most: one word,
    or a word with parentheses."""
    depth = start = 0
    called = ""
    for number, token in enumerate(head[:-2]):
        if depth == 0 and token.kind == IDENTIFIER:
            called = token.text
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text == ")" and called not in _NOT_NAMES:
            word, after = head[number + 1], head[number + 2]
            if word.kind == IDENTIFIER and (after.kind == IDENTIFIER or after.text == "*"):
                start = number + 1
    return head[start:]


def _name(head: Sequence[Token]) -> str | None:
    """The name of the function that `head` begins; None for a struct, an initialiser, an array."""
    if (
        not head
        or head[-1].text in ("=", "]")
        or (head[0].text in ("struct", "union", "enum") and len(head) < 4)
    ):
        return None
    for number, token in enumerate(head[:-1]):
        if head[number + 1].text != "(" or token.kind != IDENTIFIER or token.text in _NOT_NAMES:
            continue
        for macro, prefix in _HEADS.items():
            if token.text.startswith(macro) and number + 2 < len(head):
                return prefix + head[number + 2].text
        return token.text
    return None
