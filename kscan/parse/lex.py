"""Text to tokens, and a file to its directives.

A file is read once, whatever releases it is part of: `skeleton` keeps its directives and the text
between them, in order, with the line numbers of the file as it stands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from kscan.errors import UnreadableHeader

IDENTIFIER, NUMBER, STRING, CHARACTER, PUNCTUATION = "i", "n", "s", "c", "p"
# A `#pragma pack` among the tokens: its text is what stands in the parentheses, with them.
PACK = "pack"

_TOKEN = re.compile(
    r"""(?P<s>(?:L|u8|u|U)?"(?:\\.|[^"\\])*")
      | (?P<c>(?:L|u|U)?'(?:\\.|[^'\\])+')
      | (?P<i>[A-Za-z_$][\w$]*)
      | (?P<n>\.?[0-9](?:[eEpP][+-]|[\w.])*)
      | (?P<p>["'].*|\.\.\.|<<=|>>=|\#\#|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s])
    """,
    re.X | re.A,
)
# A quote without its partner takes all up to the end of its line, as it does in gcc.
_COMMENT = re.compile(r"""//(?:\\\n|[^\n])*|/\*.*?\*/|/\*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""", re.S)
_DIRECTIVE = re.compile(r"(?:\s|\\\n)*(?P<mark>\#|%:)(?:\s|\\\n)*(?P<name>\w*)\s*(?P<rest>.*)", re.S)
_DEFINE = re.compile(r"(?P<name>[A-Za-z_$][\w$]*)(?P<call>\((?P<params>[^)]*)\))?", re.A)
_INCLUDE = re.compile(r"""[<"](?P<target>[^>"]+)[>"]""")
_WORD = re.compile(r"[A-Za-z_]\w*|[0-9][\w.]*", re.A)
_CONTINUED = re.compile(r"\\[ \t\r]*\n")

# Lines that are kept with what was made of them, and the longest of those: the releases of a header have most
# of theirs in common.
_MOST_LINES = 32_768
_LONGEST_LINE = 400

_NOTHING: frozenset[str] = frozenset()


class Token(NamedTuple):
    """One preprocessing token. `spaced` tells whether white space came before it; `hidden` are the
    macros whose expansion it came from and that may not be expanded in it again."""

    kind: str
    text: str
    line: int
    spaced: bool = False
    hidden: frozenset[str] = _NOTHING


@dataclass
class Define:
    """`#define`: object-like when `params` is None; a variadic one ends its params in `...` or `x...`.

    `text` is its body, which begins on `body_line`; tokens are made of it when they are asked for.
    """

    name: str
    params: tuple[str, ...] | None
    text: str
    line: int
    body_line: int
    end_line: int

    @cached_property
    def word(self) -> str:
        """The body where it is one plain word or number, else nothing."""
        text = self.text.strip(" \t\r\n\\")
        return text if _WORD.fullmatch(text) else ""

    @cached_property
    def body(self) -> tuple[Token, ...]:
        return tuple(tokenize(self.text, self.body_line))

    @cached_property
    def written(self) -> tuple[object, ...]:
        """The macro wherever it stands: what is written alike expands alike."""
        return self.name, self.params, self.text

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """What the macro does, with however much white space it is written."""
        return self.params, tuple((t.text, t.spaced) for t in self.body)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        return _line(self.text).identifiers

    @cached_property
    def pastes(self) -> bool:
        return "##" in self.text and any(token.text == "##" for token in self.body)


@dataclass(frozen=True, slots=True)
class Directive:
    """Any other directive: `name` is if, ifdef, undef, include, error …; `rest` what follows it."""

    name: str
    rest: str
    line: int


@dataclass(frozen=True)
class Text:
    """Lines between directives: (line number, text without comments)."""

    lines: list[tuple[int, str]] = field(default_factory=list)

    def says(self, words: re.Pattern[str]) -> bool:
        """Whether a pattern is found in any line: asked before tokens are made, which takes long."""
        return words.search(self._spelled) is not None

    @cached_property
    def _spelled(self) -> str:
        return "\n".join(text for _, text in self.lines)

    @property
    def tokens(self) -> list[Token]:
        """Made anew each time: they take more room than all else that is known of a file."""
        tokens: list[Token] = []
        for line, text in self.lines:
            tokens += tokenize(text, line)
        return tokens

    @cached_property
    def identifiers(self) -> frozenset[str]:
        return _NOTHING.union(*(_line(text).identifiers for _, text in self.lines))


Item = Define | Directive | Text


class _Line(NamedTuple):
    """What a text is, wherever it stands: its tokens, numbered from its first line, and the names in it."""

    tokens: tuple[Token, ...]
    identifiers: frozenset[str]


def tokenize(text: str, line: int) -> list[Token]:
    """The tokens of `text`, whose first line is `line`; continued lines count on."""
    # Millions are made in a scan: the named tuple's own constructor would take most of the time.
    new = tuple.__new__
    return [
        new(Token, (kind, word, line + number, spaced, hidden))
        for kind, word, number, spaced, hidden in _line(text).tokens
    ]


def _line(text: str) -> _Line:
    return _kept_line(text) if len(text) < _LONGEST_LINE else _made_line(text)


def _made_line(text: str) -> _Line:
    new, hidden = tuple.__new__, _NOTHING
    tokens = []
    for number, piece in enumerate(_CONTINUED.split(text) if "\\" in text else (text,)):
        last = 0
        for found in _TOKEN.finditer(piece):
            start, end = found.span()
            tokens.append(new(Token, (found.lastgroup, found[0], number, start > last, hidden)))
            last = end
    return _Line(tuple(tokens), frozenset(token.text for token in tokens if token.kind == IDENTIFIER))


_kept_line = lru_cache(_MOST_LINES)(_made_line)


def skeleton(text: str) -> list[Item]:
    """The directives of a file and the text between them, in order.

    Raises UnreadableHeader for a comment that never ends.
    """
    items: list[Item] = []
    between = Text()
    for line, end_line, logical in _logical_lines(_without_comments(text)):
        found = _DIRECTIVE.match(logical) if "#" in logical or "%:" in logical else None
        if not found:
            if logical.strip(" \\\t\r\n"):
                between.lines.append((line, logical))
            continue
        if between.lines:
            items.append(between)
            between = Text()
        name, rest = found["name"], found["rest"].rstrip(" \t\r\n\\")
        if name == "define":
            defined = _define(rest, line + logical.count("\n", 0, found.start("rest")), end_line)
            if defined:
                items.append(defined)
        elif name:
            marked = line + logical.count("\n", 0, found.start("mark"))
            items.append(Directive(name, _CONTINUED.sub(" ", rest), marked))
    if between.lines:
        items.append(between)
    return items


def closing_brace(tokens: Sequence[Token], opening: int) -> int:
    """Where the brace at `opening` is closed; the number of tokens where it never is."""
    depth = 0
    for number in range(opening, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[number].text, 0)
        if depth == 0:
            return number
    return len(tokens)


def include_target(rest: str) -> str | None:
    """The file an `#include` names; None when a macro names it."""
    found = _INCLUDE.match(rest.lstrip())
    return found["target"] if found else None


def _without_comments(text: str) -> str:
    """A comment becomes a space; its line ends become continued ones, so that a directive goes on
    after a comment in its middle and every line keeps its number."""

    def blank(found: re.Match[str]) -> str:
        matched = found.group()
        if matched == "/*":
            line = text.count("\n", 0, found.start()) + 1
            raise UnreadableHeader("comment without end", line)
        if matched.startswith("/"):
            return " " + "\\\n" * matched.count("\n")
        return matched

    return _COMMENT.sub(blank, text.removeprefix("\ufeff").replace("\r\n", "\n"))


def _logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """First line, last line and text of each logical line; continuations are kept in the text."""
    pending: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        continued = "\\" in line and line.rstrip(" \t\r").endswith("\\")
        if not continued and not pending:
            yield number, number, line
            continue
        pending.append(line)
        if not continued:
            yield number - len(pending) + 1, number, "\n".join(pending)
            pending = []
    if pending:
        yield number - len(pending) + 1, number, "\n".join(pending)


def _define(rest: str, line: int, end_line: int) -> Define | None:
    found = _DEFINE.match(rest)
    if not found:
        return None
    params = None
    if found["call"] is not None:
        spelled = _CONTINUED.sub(" ", found["params"])
        params = tuple(p.strip().replace(" ", "") for p in spelled.split(",")) if spelled.strip() else ()
    text = rest[found.end() :]
    body_line = line + rest.count("\n", 0, found.end())
    if end_line > line:
        # A comment that runs on below the macro does not belong to it.
        last = max((token.line for token in tokenize(text, body_line)), default=line)
        end_line = min(end_line, last)
    return Define(found["name"], params, text, line, body_line, end_line)
