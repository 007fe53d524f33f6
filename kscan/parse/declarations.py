"""Declarations: tokens of a part to pycparser's syntax, with every node's place in the file.

pycparser is given one token a line, so that the line of its coordinates is the number of a token,
and a token knows its line in the file. GNU attributes that bear on layout become C23 ones, which
pycparser keeps; function bodies are left out.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pycparser import c_ast
from pycparser.c_parser import ParseError

from kscan.errors import UnreadableHeader
from kscan.parse.constant import SPELLINGS, Node
from kscan.parse.lex import CLOSING, IDENTIFIER, OPENING, PACK, PUNCTUATION, Token
from kscan.parse.packing import Packs, repacked
from kscan.parse.recent import Recent
from kscan.parse.words import c_parser

# Types that the compiler brings along.
BUILTIN_TYPES = frozenset(("__int128_t", "__uint128_t", "__builtin_va_list", "_Float128", "__float128"))
_LAYOUT_ATTRIBUTES = frozenset(("packed", "aligned", "mode", "vector_size", "ms_struct"))
_SPELLINGS = {
    **SPELLINGS,
    "__signed": "signed",
    "__const__": "const",
    "__const": "const",
    "__volatile__": "volatile",
    "__volatile": "volatile",
    "__inline__": "inline",
    "__inline": "inline",
    "__restrict": "restrict",
    "__restrict__": "restrict",
    "_Noreturn": "",
    "__thread": "",
}
_COORDINATE = re.compile(r"[^:]*:(?P<token>\d+)(?::\d+)?: (?P<said>.*)", re.S)
_WORDS = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "typeof",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "_Bool",
        "__int128",
        "_Alignof",
        "alignof",
        "_Alignas",
        "_Static_assert",
        "static_assert",
    ]
)
_ATTRIBUTE = ("__attribute__", "__attribute")
# What is left out with its parentheses.
_LEFT_OUT = frozenset(("asm", "__asm__", "__asm", "_Pragma"))
# Tokens that the width of a bit-field may have.
_LONGEST_WIDTH = 1000
_ENDS_DECLARATOR = frozenset((":", ";", "{", "}", ","))
_ENDS_ENUMERATOR, _ENDS_MEMBER, _BEFORE_MEMBER = frozenset(",}"), frozenset(";,"), frozenset(";{,")
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.A)
_OPEN_TYPE = frozenset((";", "{", "}", "(", ",", "const", "volatile", "typedef", "extern", "static", "inline"))


@dataclass(frozen=True, slots=True)
class Place:
    """First and last line in the file."""

    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body."""

    name: str
    place: Place

    def moved(self, lines: int) -> "Function":
        """The same, so many lines below."""
        return Function(self.name, Place(self.place.line + lines, self.place.end_line + lines))


class Form:
    """What pycparser makes of one external declaration, wherever it stands: equal words are parsed once.

    `texts` are its tokens, `words` the names in it, `types` those of them that were types before; `nodes` come
    with the types that are defined in them, outermost first; `tags` hold definitions only, structs, unions and
    enums together: C has one room for their names; `enumerators` name the enum that holds each, `variables`
    have a type to ask for. Coordinates number the declaration's own tokens.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        texts: Sequence[str],
        closing: dict[int, int],
        words: frozenset[str],
        types: frozenset[str],
    ) -> None:
        self.texts = texts
        self.words = words
        self.types = types
        self.closing = closing
        self.opening = {close: opened for opened, close in closing.items()}
        self.nodes = [(node, tuple(_types_within(node))) for node in nodes]
        self.typedefs = {node.name: node for node in nodes if isinstance(node, c_ast.Typedef)}
        # Of a variable only the type counts, and that where an arm of a condition is not taken.
        self.asks = words if "?" in texts else frozenset[str]()
        self.variables = {node.name: node for node in nodes if isinstance(node, c_ast.Decl) and node.name}
        self.tags: dict[str, Node] = {}
        self.enumerators: dict[str, Node] = {}
        for inner in (inner for _, within in self.nodes for inner in within):
            if isinstance(inner, c_ast.Enum):
                self.enumerators |= {enumerator.name: inner for enumerator in inner.values.enumerators}
            if inner.name:
                self.tags[inner.name] = inner

    @cached_property
    def digest(self) -> str:
        """Of all that pycparser was given."""
        return hashlib.sha1(repr((self.texts, sorted(self.types))).encode("utf-8", "surrogatepass")).hexdigest()


class Piece:
    """The words of one external declaration, wherever it stands: `text` has one a line, `lines` are theirs,
    counted from the first one's."""

    def __init__(self, text: str, lines: tuple[int, ...]) -> None:
        self.text, self.lines = text, lines
        self.words = frozenset(text.split("\n"))


class Placed(NamedTuple):
    """A piece where it begins; `above` is the line of what comes before it, counted from there, or None where
    that is no line below any of its own."""

    piece: Piece
    line: int
    above: int | None


class Passage(NamedTuple):
    """What a text declares that ends where a declaration ends: its `pieces` and the `functions` in it by lines
    counted from its own; the names in it, those of them that stand where only a type can; the last line of its
    pieces and what `#pragma pack` asks for at its end."""

    pieces: tuple[Placed, ...]
    functions: tuple[Function, ...]
    names: frozenset[str]
    guessed: frozenset[str]
    last: int
    packs: Packs


@dataclass(frozen=True, slots=True)
class Declaration:
    """A form where it stands."""

    form: Form
    piece: Piece
    line: int
    above: int | None

    def place(self, node: Node) -> Place:
        """Where a declaration, member, enumerator or type stands, from its first word to its end."""
        at = _number(node)
        lines = self.piece.lines
        if isinstance(node, c_ast.Enumerator):
            lines = lines[at : self._ahead(at, _ENDS_ENUMERATOR)]
            # One that macros bring together from several places has the line of its name only.
            ordered = all(a <= b for a, b in itertools.pairwise(lines))
            return Place(self.line + lines[0], self.line + (lines[-1] if ordered else lines[0]))
        start = self._start(at)
        first = _own_line(lines[start : at + 1], lines[start - 1] if start else self.above)
        return Place(self.line + first, self.line + max(first, lines[self._ahead(at, _ENDS_MEMBER)]))

    def _start(self, at: int) -> int:
        while at > 0 and self.form.texts[at - 1] not in _BEFORE_MEMBER:
            at = self.form.opening.get(at - 1, at - 1)
        return at

    def _ahead(self, at: int, stops: frozenset[str]) -> int:
        last = len(self.piece.lines) - 1
        while at < last and self.form.texts[at] not in stops:
            at = self.form.closing.get(at, at) + 1
        return min(at, last)


Named = tuple[dict[str, Form], dict[str, Form], dict[str, Form]]


@dataclass(eq=False)
class Syntax:
    """What a part declares: `declarations` in order, what they name by name (as in Form), and what could not be
    read: `problems` are (line, reason). `words` are the names in all of it; `named` has forms by the types and
    enumerators they declare, by their tags, and by their variables and functions."""

    declarations: list[Declaration] = field(default_factory=list)
    typedefs: dict[str, Node] = field(default_factory=dict)
    tags: dict[str, Node] = field(default_factory=dict)
    enumerators: dict[str, Node] = field(default_factory=dict)
    variables: dict[str, Node] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    named: Named = field(default_factory=lambda: ({}, {}, {}))

    def add(self, declaration: Declaration) -> None:
        """Enters one, and what it names."""
        form = declaration.form
        self.declarations.append(declaration)
        share((self.typedefs, form.typedefs), (self.enumerators, form.enumerators),
              (self.variables, form.variables))  # fmt: skip
        self.tags |= form.tags
        self.words |= form.words
        ordinary, tags, variables = self.named
        ordinary.update(dict.fromkeys((*form.typedefs, *form.enumerators), form))
        tags.update(dict.fromkeys(form.tags, form))
        variables.update(dict.fromkeys(form.variables, form))


def share(*tables: tuple[dict[str, Node], Mapping[str, Node]]) -> None:
    """Enters names into tables that have one room for them, each with what is new in it: the last declaration
    of a name is what it means."""
    for _, new in tables:
        for table, _ in tables:
            for name in table.keys() & new.keys():
                del table[name]
    for table, new in tables:
        table.update(new)


class Misread(NamedTuple):
    """Why pycparser does not take a declaration, and at which of its tokens."""

    token: int
    reason: str


# By the words of a declaration, and by those of them that are types.
Forms = Recent[tuple[str, frozenset[str]], Form | Misread]
# By words and lines.
Pieces = Recent[tuple[str, tuple[int, ...]], Piece]


def read_passage(tokens: Sequence[Token], line: int, above: int, packs: Packs, pieces: Pieces) -> Passage:
    """What preprocessed `tokens` declare, as if the passage that begins on `line` began on line 0; `above` is
    the line of what comes before, `packs` what `#pragma pack` asked for there. `pieces` are those of before,
    and are added to. Raises UnreadableHeader for brackets that do not match."""
    functions: list[Function] = []
    rewritten, packed = _rewrite(tokens, line, above, functions, packs)
    found = []
    for words in _external(rewritten):
        first = words[0].line
        lines = tuple(token.line - first for token in words)
        key = "\n".join(token.text for token in words), lines
        piece = pieces.get(key)
        if piece is None:
            piece = pieces[key] = Piece(*key)
        found.append(Placed(piece, first - line, above - first if above - first > min(lines) else None))
        above = words[-1].line
    names = frozenset(token.text for token in tokens if token.kind == IDENTIFIER)
    return Passage(tuple(found), tuple(functions), names, _guessed_types(rewritten), above - line, packed)


def parse_declarations(
    passages: Sequence[tuple[int, Passage]], type_names: frozenset[str], forms: Forms
) -> Syntax:
    """The declarations in passages by their lines; `type_names` are the typedefs known before, `forms` what was
    parsed before and is added to.

    What pycparser does not take is left out, one declaration at a time, and named in `problems`.
    """
    syntax = Syntax()
    names = set(type_names | BUILTIN_TYPES)
    names.update(*(passage.guessed for _, passage in passages))
    for line, passage in passages:
        for piece, at, above in passage.pieces:
            key = piece.text, piece.words & names
            form = forms.get(key)
            if form is None:
                form = forms[key] = _parse(*key)
            if isinstance(form, Form):
                names.update(form.typedefs)
                syntax.add(Declaration(form, piece, line + at, above))
            else:
                syntax.problems.append((line + at + piece.lines[form.token], form.reason))
        syntax.functions += [f.moved(line) for f in passage.functions]
    return syntax


def _own_line(lines: Sequence[int], above: int | None) -> int:
    """The first of the lines of tokens where one stands as it is written: a line above that of the text before
    comes from a macro."""
    return next((line for line in lines if above is None or line >= above), lines[-1])


def _number(node: Node) -> int:
    """The number of the token a node begins with; a declaration without a name begins with its type."""
    while node.coord is None:
        node = node.type
    return int(node.coord.line) - 2


def _parse(text: str, types: frozenset[str]) -> Form | Misread:
    """A declaration with one token a line, below a line with the types it names: token 0 stands on line 2."""
    texts = text.split("\n")
    prelude = "".join(f"typedef int {name};" for name in sorted(types))
    try:
        unit = c_parser().parse(f"{prelude}\n{text}", "")
    except (ParseError, RecursionError) as error:
        found = _COORDINATE.match(str(error))
        at = int(found["token"]) - 2 if found else 0
        # Where pycparser knows no place, it says "?: " or ": ".
        said = found["said"] if found else str(error).lstrip("?: ")
        said = "nested too deeply" if isinstance(error, RecursionError) else said
        return Misread(at if 0 <= at < len(texts) else 0, f"declaration not understood: {said}")
    nodes = [node for node in unit.ext if node.coord is None or node.coord.line > 1]
    # Those inside attributes too, which are one token.
    return Form(nodes, texts, dict(_pairs(texts)), frozenset(_NAME.findall(text)), types)


def _external(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Each external declaration: up to its semicolon outside all brackets."""
    first = depth = 0
    for at, token in enumerate(tokens):
        text = token.text
        depth += (text in OPENING) - (text in CLOSING)
        if text == ";" and not depth:
            yield tokens[first : at + 1]
            first = at + 1
    if first < len(tokens):
        yield tokens[first:]


def _pairs(texts: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The numbers of each opening bracket and its partner: of one that is missing, -1."""
    opened: list[int] = []
    for number, text in enumerate(texts):
        if text in OPENING:
            opened.append(number)
        elif text in CLOSING:
            yield (opened.pop() if opened else -1), number
    yield from ((number, -1) for number in reversed(opened))


def _brackets(tokens: Sequence[Token]) -> dict[int, int]:
    """The number of each opening bracket's partner."""
    partner = {}
    for opening, closing in _pairs(token.text for token in tokens):
        if opening < 0:
            raise UnreadableHeader(f"{tokens[closing].text} closes nothing", tokens[closing].line)
        if closing < 0:
            raise UnreadableHeader(f"{tokens[opening].text} is not closed", tokens[opening].line)
        partner[opening] = closing
    return partner


def _rewrite(
    tokens: Sequence[Token], line: int, above: int, functions: list[Function], packs: Packs
) -> tuple[list[Token], Packs]:
    """Tokens as pycparser takes them, and what `#pragma pack` asks for behind them; function bodies become a
    semicolon and go to `functions`, whose lines count from `line`."""
    closing = _brackets(tokens)
    done: list[Token] = []
    depth = start = at = 0
    while at < len(tokens):
        token = tokens[at]
        text = token.text
        if token.kind == PACK:
            packs = repacked(packs, text, token.line)
            at += 1
            start += start == at - 1
            continue
        if text in _ATTRIBUTE:
            end = closing.get(at + 1, at)
            kept = _layout_attributes(tokens[at + 1 : end + 1])
            if kept:
                _attribute(done, token._replace(kind=PUNCTUATION, text=f"[[{kept}]]"))
            at = end + 1
            continue
        if text in _LEFT_OUT:
            at = _behind(tokens, at, closing)
            continue
        if text == "{" and depth == 0 and done and done[-1].text == ")":
            end = closing[at]
            name = _function_name(done)
            if name:
                before = tokens[start - 1].line if start else above
                first = _own_line([token.line for token in tokens[start : at + 1]], before)
                # One that a macro makes ends in the macro's text, which stands elsewhere.
                functions.append(Function(name, Place(first - line, max(first, tokens[end].line) - line)))
            done.append(token._replace(text=";"))
            at = start = end + 1
            continue
        if text in ("_Static_assert", "static_assert") and depth == 0:
            at = closing.get(at + 1, at) + 1
            continue
        depth += (text in OPENING) - (text in CLOSING)
        spelled = _SPELLINGS.get(text, text)
        if spelled:
            done.append(token if spelled == text else token._replace(text=spelled))
        if packs[-1].limit and text in ("struct", "union") and _opens_body(tokens, at, closing):
            done.append(Token(PUNCTUATION, f"[[gnu::pragma_pack({packs[-1].limit})]]", token.line))
        at += 1
        if text == ";" and depth == 0:
            start = at
    return done, packs


def _behind(tokens: Sequence[Token], at: int, closing: Mapping[int, int]) -> int:
    """Where the text goes on behind `asm volatile (…)` or `_Pragma(…)` at `at`."""
    opening = at + 1
    while opening < len(tokens) and tokens[opening].kind == IDENTIFIER:
        opening += 1
    is_call = opening < len(tokens) and tokens[opening].text == "("
    return closing[opening] + 1 if is_call else at + 1


def _opens_body(tokens: Sequence[Token], at: int, closing: Mapping[int, int]) -> bool:
    """Whether the struct or union at `at` is defined here: a brace follows, after at most attributes and a
    tag."""
    at += 1
    while at < len(tokens) and tokens[at].text in _ATTRIBUTE:
        at = closing.get(at + 1, at) + 1
    return any(token.text == "{" for token in tokens[at : at + 2])


def _function_name(done: Sequence[Token]) -> str | None:
    depth = 0
    for number in range(len(done) - 1, -1, -1):
        depth += (done[number].text == ")") - (done[number].text == "(")
        if depth == 0:
            before = done[number - 1] if number else None
            return before.text if before and before.kind == IDENTIFIER else None
    return None


def _layout_attributes(tokens: Sequence[Token]) -> str:
    """`((packed, aligned(8)))` as `gnu::packed, gnu::aligned(8)`; "" when none bears on layout."""
    kept: list[str] = []
    inner = tokens[2:-2]
    at = 0
    while at < len(inner):
        name = inner[at].text.strip("_")
        at += 1
        given: list[str] = []
        if at < len(inner) and inner[at].text == "(":
            depth = 0
            while at < len(inner):
                depth += (inner[at].text == "(") - (inner[at].text == ")")
                given.append(_SPELLINGS.get(inner[at].text, inner[at].text))
                at += 1
                if depth == 0:
                    break
        if name in _LAYOUT_ATTRIBUTES:
            kept.append(f"gnu::{name}{' '.join(given)}")
        at += 1  # the comma
    return ", ".join(kept)


def _attribute(done: list[Token], attribute: Token) -> None:
    """Adds an attribute where C23 has it: one specifier a place, that of a bit-field before its width."""
    nearest = range(len(done) - 1, max(len(done) - _LONGEST_WIDTH, 0) - 1, -1)
    at = next((n for n in nearest if done[n].text in _ENDS_DECLARATOR), -1)
    at = at if at >= 0 and done[at].text == ":" else len(done)
    before = done[at - 1].text if at else ""
    if before.startswith("[[") and before != "[[":
        joined = f"{before.removesuffix(']]')}, {attribute.text.removeprefix('[[')}"
        done[at - 1] = attribute._replace(text=joined)
    else:
        done.insert(at, attribute)


def _guessed_types(tokens: Sequence[Token]) -> frozenset[str]:
    """Names that stand where only a type can: `NAME x`, `NAME *x` at the start of a declaration.

    For names whose own header is not there: a declaration of another name in this header must not
    be lost with them.
    """
    found = set()
    before = ";"
    for number, token in enumerate(tokens[:-2]):
        if token.kind == IDENTIFIER and token.text not in _WORDS and before in _OPEN_TYPE:
            following = tokens[number + 1]
            starred = following.text == "*" and tokens[number + 2].kind == IDENTIFIER
            if starred or (following.kind == IDENTIFIER and following.text not in _WORDS):
                found.add(token.text)
        before = token.text
    return frozenset(found)


def _types_within(node: Node) -> Iterator[Node]:
    """Every struct, union and enum defined in `node`, outermost first; not those among the parameters of a
    function, which nobody else sees.

    Attributes after the closing brace are the type's own: they move from the use to the definition.
    """
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, c_ast.AttributedType) and defines(current.type):
            current.type.attributes = [*current.type.attributes, *current.attributes]
        if defines(current):
            yield current
        within = [child for _, child in current.children() if not isinstance(child, c_ast.ParamList)]
        pending += reversed(within)


def defines(node: Node) -> bool:
    """Whether `node` is a struct, union or enum with its body."""
    if isinstance(node, c_ast.Enum):
        return node.values is not None
    return isinstance(node, c_ast.Struct | c_ast.Union) and node.decls is not None


def tag_word(node: Node) -> str:
    """struct, union or enum."""
    return type(node).__name__.lower()
