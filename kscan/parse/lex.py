"""Text to tokens, and a file to its directives.

A file is read once, whatever releases it is part of: `skeleton` keeps its directives and the text
between them, in order, with the line numbers of the file as it stands.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from kscan.errors import UnreadableHeader
from kscan.parse.recent import Recent

IDENTIFIER, NUMBER, STRING, CHARACTER, PUNCTUATION = "i", "n", "s", "c", "p"
# A `#pragma pack` among the tokens: its text is what stands in the parentheses, with them.
PACK = "pack"

_STRING, _CHARACTER = r"""(?:L|u8|u|U)?"(?:\\.|[^"\\\n])*\"""", r"""(?:L|u|U)?'(?:\\.|[^'\\\n])+'"""
# A quote without its partner takes all up to the end of its line, as it does in gcc.
_UNCLOSED = r"""["'].*"""
# For patterns with re.X.
QUOTED = f"{_STRING} | {_CHARACTER} | {_UNCLOSED}"
_NAME, _DIGITS = r"[A-Za-z_$][\w$]*", r"\.?[0-9](?:[eEpP][+-]|[\w.])*"
_TOKEN = re.compile(
    rf"""(?P<s>{_STRING}) | (?P<c>{_CHARACTER}) | (?P<i>{_NAME}) | (?P<n>{_DIGITS})
      | (?P<p>{_UNCLOSED}|\.\.\.|<<=|>>=|\#\#|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s])
    """,
    re.X | re.A,
)
# Names and brackets in a text whose tokens nobody needs yet: to make those takes many times as long.
_NAMES = re.compile(rf"{QUOTED} | ({_NAME}) | {_DIGITS}", re.X | re.A)
_MARKS = re.compile(rf"{QUOTED} | ([][(){{}};])", re.X | re.A)
_COMMENT = re.compile(
    r"""//(?:\\[ \t\r]*\n|[^\n])*|/\*.*?\*/|/\*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""", re.S
)
_SPLICE = r"(?:\\[ \t\r]*\n)"
_BLANK = rf"(?:\s|{_SPLICE})*"
_DIRECTIVE = re.compile(
    rf"{_BLANK}(?P<mark>\#|%:){_BLANK}(?P<name>(?:\w|{_SPLICE}(?=\w))*){_BLANK}(?P<rest>.*)", re.S
)
_DEFINE = re.compile(rf"(?P<name>{_NAME}(?:{_SPLICE}+[\w$]+)*)(?P<call>{_SPLICE}*\((?P<params>[^)]*)\))?", re.A)
_INCLUDE = re.compile(r"""[<"](?P<target>[^>"]+)[>"]""")
_WORD = re.compile(r"[A-Za-z_]\w*|[0-9][\w.]*", re.A)
_CONTINUED = re.compile(_SPLICE)
# An empty line before something at the left margin that is no closing bracket.
_MARGIN = re.compile(r"\n\n(?=[^\s})])")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")

# Lines that are kept with what was made of them, and the longest of those: the releases of a header have most
# of theirs in common.
_MOST_LINES = 32_768
_LONGEST_LINE = 400

_NOTHING: frozenset[str] = frozenset()
_SPACE, _QUOTE = " \t\n\r\f\v", '"'


class Token(NamedTuple):
    """One preprocessing token. `spaced` tells whether white space came before it; `hidden` are the
    macros whose expansion it came from and that may not be expanded in it again."""

    kind: str
    text: str
    line: int
    spaced: bool = False
    hidden: frozenset[str] = _NOTHING


@dataclass
class Definition:
    """What a `#define` says, wherever it stands: object-like when `params` is None; a variadic one ends its
    params in `...` or `x...`. `text` is its body, which begins `body_line` lines below the first and ends
    `last_line` lines below; tokens are made of it when they are asked for."""

    name: str
    params: tuple[str, ...] | None
    text: str
    body_line: int
    last_line: int

    @cached_property
    def word(self) -> str:
        """The body where it is one plain word or number, else nothing."""
        text = self.text.strip(" \t\r\n\\")
        return text if _WORD.fullmatch(text) else ""

    @cached_property
    def body(self) -> tuple[Token, ...]:
        return tuple(tokenize(self.text, self.body_line)) if self.body_line else _line(self.text)

    @cached_property
    def written(self) -> tuple[object, ...]:
        """What is written alike expands alike."""
        return self.name, self.params, self.text

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """What the macro does, with however much white space it is written."""
        return self.params, tuple((t.text, t.spaced) for t in self.body)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        return _names(self.text)

    @cached_property
    def has_pragma(self) -> bool:
        return "_Pragma" in self.text and "_Pragma" in self.identifiers

    @cached_property
    def pastes(self) -> bool:
        return "##" in self.text and any(token.text == "##" for token in self.body)


class Define(NamedTuple):
    """A `#define` on its line."""

    says: Definition
    line: int

    @property
    def name(self) -> str:
        return self.says.name

    @property
    def end_line(self) -> int:
        return self.line + self.says.last_line

    @property
    def tokens(self) -> list[Token]:
        """Its body's, where they stand."""
        return tokenize(self.says.text, self.line + self.says.body_line)


class Directive(NamedTuple):
    """Any other directive: `name` is if, ifdef, undef, include, error …; `rest` what follows it."""

    name: str
    rest: str
    line: int


class Lines:
    """Text without comments, wherever it stands: lines by their numbers, counted from any."""

    def __init__(self, lines: Sequence[tuple[int, str]]) -> None:
        self.lines = lines

    def tokens(self, line: int) -> list[Token]:
        """Its tokens where line 0 is `line`. Made anew each time: they take more room than all else that is
        known of a file."""
        tokens: list[Token] = []
        for number, text in self.lines:
            found = tokenize(text, line + number)
            # The end of the line before is white space.
            if found and not found[0].spaced:
                found[0] = found[0]._replace(spaced=True)
            tokens += found
        return tokens

    @cached_property
    def spelled(self) -> str:
        return "\n".join(text for _, text in self.lines)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        return _names(self.spelled)

    @cached_property
    def nesting(self) -> "Nesting":
        text = _joined(self.spelled)
        found = nesting(_MARKS.findall(text))
        last = text.rstrip(_SPACE)[-1:]
        # A quote that nothing closes may end as a declaration does.
        return found._replace(last=_QUOTE if last == ";" != found.last else last)

    @property
    def ends(self) -> bool:
        """Whether a declaration ends with it as it is written, whatever its macros become."""
        return self.lines[-1][1].rstrip(" \\\t\r\n").endswith(";") and self.nesting.closed


class Text(NamedTuple):
    """Lines between directives, where they stand: the number of the line that they count from."""

    says: Lines
    line: int

    @property
    def lines(self) -> list[tuple[int, str]]:
        """(line number, text)."""
        return [(self.line + number, text) for number, text in self.says.lines]

    @property
    def tokens(self) -> list[Token]:
        return self.says.tokens(self.line)

    @property
    def identifiers(self) -> frozenset[str]:
        return self.says.identifiers

    def matches(self, words: re.Pattern[str]) -> bool:
        """Whether a pattern is found in any line: asked before tokens are made, which takes long."""
        return words.search(self.says.spelled) is not None


Item = Define | Directive | Text


class Nesting(NamedTuple):
    """The `lowest` depth of brackets in a text and the `depth` at its end, counted from 0; its `last` token, or
    how that ends."""

    lowest: int
    depth: int
    last: str

    @property
    def closed(self) -> bool:
        """Whether a declaration ends with the text, and nothing of it began before."""
        return self.lowest == self.depth == 0 and self.last == ";"

    def then(self, following: "Nesting") -> "Nesting":
        """That of this text and the one that follows."""
        lowest = min(self.lowest, self.depth + following.lowest)
        return Nesting(lowest, self.depth + following.depth, following.last or self.last)


FLAT = Nesting(0, 0, "")


def tokenize(text: str, line: int) -> list[Token]:
    """The tokens of `text`, whose first line is `line`; continued lines count on."""
    # Millions are made in a scan: the named tuple's own constructor would take most of the time.
    new = tuple.__new__
    return [
        new(Token, (kind, word, line + number, spaced, hidden))
        for kind, word, number, spaced, hidden in _line(text)
    ]


def _line(text: str) -> tuple[Token, ...]:
    """The tokens of a text, numbered from its first line."""
    return _kept_line(text) if len(text) < _LONGEST_LINE else _made_line(text)


def _made_line(text: str) -> tuple[Token, ...]:
    new, hidden = tuple.__new__, _NOTHING
    tokens = []
    pieces = _CONTINUED.split(text) if "\\" in text else [text]
    # Where the second line and those behind it begin.
    begins = list(itertools.accumulate(map(len, pieces[:-1])))
    last = 0
    for found in _TOKEN.finditer("".join(pieces)):
        start, end = found.span()
        line = bisect_right(begins, start) if begins else 0
        tokens.append(new(Token, (found.lastgroup, found[0], line, start > last, hidden)))
        last = end
    return tuple(tokens)


_kept_line = lru_cache(_MOST_LINES)(_made_line)


def _names(text: str) -> frozenset[str]:
    return frozenset(_NAMES.findall(_joined(text))) - {""}


def _joined(text: str) -> str:
    """`text` with its continued lines made one, as C joins them: a word may go on over a line's end."""
    return _CONTINUED.sub("", text) if "\\" in text else text


# What stretches of text were made into, each as if it began on line 0.
Stretches = Recent[str, tuple[Item, ...]]


def skeleton(text: str, stretches: Stretches | None = None) -> list[Item]:
    """The directives of a file and the text between them, in order.

    `stretches` are what was read before, and are added to: where they are given, text is cut between
    declarations, too. Raises UnreadableHeader for a comment that never ends.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if stretches is None:
        return [_moved(item, 1) for item in _items(text)]
    new = tuple.__new__
    items: list[Item] = []
    waiting = _Waiting()
    for line, stretch in _stretches(text):
        found = stretches.get(stretch)
        if found is None:
            found = stretches[stretch] = _items(stretch, line)
        here: list[Item] = [new(type(item), (*item[:-1], line + item[-1])) for item in found]
        if waiting.texts and here and isinstance(first := here[0], Text):
            waiting.add(first)
            del here[0]
        if here or waiting.nesting.closed:
            items += waiting.taken()
        if here and isinstance(last := here[-1], Text) and not last.says.ends:
            waiting.add(last)
            del here[-1]
        items += here
    return items + waiting.taken()


class _Waiting:
    """Texts that a declaration goes on from one to the next of: they become one."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.nesting = FLAT

    def add(self, text: Text) -> None:
        self.texts.append(text)
        self.nesting = self.nesting.then(text.says.nesting)

    def taken(self) -> list[Item]:
        texts, self.texts, self.nesting = self.texts, [], FLAT
        return [_text([line for text in texts for line in text.lines])] if len(texts) > 1 else [*texts]


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """`text` cut where an empty line comes before something at the left margin, outside comments: (first line,
    stretch)."""
    start, line = 0, 1
    while start < len(text):
        end = _end_of_stretch(text, start)
        yield line, text[start:end]
        line += text.count("\n", start, end)
        start = end


def _end_of_stretch(text: str, start: int) -> int:
    """Behind the empty line. A comment that goes on over it is followed once; after a second one the rest is
    one stretch: no text is looked at more often than that."""
    end = start
    for _ in range(2):
        found = _MARGIN.search(text, end)
        if not found:
            return len(text)
        end = found.end()
        opened = _open_comment(text[start:end])
        if opened is None:
            return end
        closed = text.find("*/", start + opened + 2)
        if closed < 0:
            return len(text)
        end = closed
    return len(text)


def _items(text: str, first: int = 1) -> tuple[Item, ...]:
    """What `text` holds, which begins on line `first` of its file, as if it were line 0."""
    items: list[Item] = []
    between: list[tuple[int, str]] = []
    for line, logical in _logical_lines(_without_comments(text, first)):
        if "#" in logical or "%:" in logical:
            found = _kept_directive(logical) if len(logical) < _LONGEST_LINE else _directive(logical)
            if found is not None:
                if between:
                    items.append(_text(between))
                    between = []
                items += [_moved(item, line) for item in found]
                continue
        if logical.strip(" \\\t\r\n"):
            between.append((line, logical))
    if between:
        items.append(_text(between))
    return tuple(items)


def _text(lines: Sequence[tuple[int, str]]) -> Text:
    first = lines[0][0]
    return Text(Lines([(line - first, text) for line, text in lines]), first)


def _moved(item: Item, lines: int) -> Item:
    return tuple.__new__(type(item), (*item[:-1], item[-1] + lines))


def nesting(texts: Iterable[str]) -> Nesting:
    """How the brackets among a text's tokens nest."""
    depth = lowest = 0
    last = ""
    for last in texts:
        if last in OPENING:
            depth += 1
        elif last in CLOSING:
            depth -= 1
            lowest = min(lowest, depth)
    return Nesting(lowest, depth, last)


def closing_brace(tokens: Sequence[Token], opening: int) -> int:
    """Where the brace at `opening` is closed; the number of tokens where it never is."""
    depth = 0
    for number in range(opening, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[number].text, 0)
        if depth == 0:
            return number
    return len(tokens)


def included(items: Iterable[Item]) -> Iterator[str]:
    """The files that includes among a file's items name, whatever their conditions; those of macros are left
    out."""
    for item in items:
        if isinstance(item, Directive) and item.name == "include" and (target := include_target(item.rest)):
            yield target


def include_target(rest: str) -> str | None:
    """The file an `#include` names; None when a macro names it."""
    found = _INCLUDE.match(rest.lstrip())
    return found["target"] if found else None


def _without_comments(text: str, first: int) -> str:
    """A comment becomes a space; its line ends become continued ones, so that a directive goes on
    after a comment in its middle and every line keeps its number."""

    def blank(found: re.Match[str]) -> str:
        matched = found.group()
        if matched == "/*":
            raise UnreadableHeader("comment without end", first + text.count("\n", 0, found.start()))
        if matched.startswith("/"):
            return " " + "\\\n" * matched.count("\n")
        return matched

    return _COMMENT.sub(blank, text)


def _open_comment(text: str) -> int | None:
    """Where a comment begins that does not end in `text`."""
    last = text.rfind("/*")
    if last < 0 or last + 1 < text.rfind("*/"):
        return None
    return next((found.start() for found in _COMMENT.finditer(text) if found[0] == "/*"), None)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """First line, from 0, and text of each logical line; continuations are kept in the text."""
    pending: list[str] = []
    for number, line in enumerate(text.split("\n")):
        continued = "\\" in line and line.rstrip(" \t\r").endswith("\\")
        if not continued and not pending:
            yield number, line
            continue
        pending.append(line)
        if not continued:
            yield number - len(pending) + 1, "\n".join(pending)
            pending = []
    if pending:
        yield number - len(pending) + 1, "\n".join(pending)


def _directive(logical: str) -> tuple[Define | Directive, ...] | None:
    """The directive that a logical line is, as if on line 0: none where it says nothing, None where it is
    text."""
    found = _DIRECTIVE.match(logical)
    if not found:
        return None
    name, rest = _joined(found["name"]), found["rest"].rstrip(" \t\r\n\\")
    if name == "define":
        return _define(rest, logical.count("\n", 0, found.start("rest")))
    if not name:
        return ()
    return (Directive(name, _joined(rest), logical.count("\n", 0, found.start("mark"))),)


_kept_directive = lru_cache(_MOST_LINES)(_directive)


def _define(rest: str, line: int) -> tuple[Define, ...]:
    """A definition from what stands behind the word, on `line`; nothing where it names nothing."""
    found = _DEFINE.match(rest)
    if not found:
        return ()
    params = None
    if found["call"] is not None:
        spelled = _joined(found["params"])
        params = tuple(p.strip().replace(" ", "") for p in spelled.split(",")) if spelled.strip() else ()
    text = rest[found.end() :]
    body_line = rest.count("\n", 0, found.end())
    # A comment that runs on below the macro does not belong to it: it has become white space at the end.
    last_line = rest.rstrip(_SPACE + "\\").count("\n")
    return (Define(Definition(_joined(found["name"]), params, text, body_line, last_line), line),)
