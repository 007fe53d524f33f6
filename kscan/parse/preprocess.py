"""A header with its includes, as the compiler sees it: which text and which macros are active.

Files are not pasted together. Each file of the closure gives one `Part`, the active text of its
own lines with what it takes to expand them; a part is identified by content and by the macros it
meets, so that it is parsed once however many headers and releases include it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from kscan.catalog.profiles import COMMON, Profile
from kscan.errors import UnreadableHeader
from kscan.parse.constant import (
    Integer,
    Node,
    NotConstant,
    Number,
    integer_types,
    is_true,
    parse_expression,
    respell,
    text_of,
)
from kscan.parse.expand import Budget, Macro, expand, within_reach
from kscan.parse.lex import (
    IDENTIFIER,
    NUMBER,
    PACK,
    STRING,
    Define,
    Directive,
    Item,
    Text,
    Token,
    include_target,
    skeleton,
    tokenize,
)
from kscan.parse.packing import UNPACKED, repacked
from kscan.parse.walked import Memory, Walked

DEEPEST_INCLUDE = 100
# Directives, texts and macros that reading a header with its includes may meet, some more than once.
MOST_MET = 500_000
# Pragmas that change layouts or macros: those in which pack stands alone are followed.
_PACK = re.compile(r"pack\b", re.A)
_BEARS = re.compile(
    r"pack\b|push_macro\b|pop_macro\b|ms_struct\s+on\b|scalar_storage_order\s+(?:big|little)-endian\b", re.A
)
# How many macros that the text before met too count as one: they are looked at, and nothing else.
_MET_AGAIN = 16
# Tokens of one condition.
MOST_CONDITION = 20_000
# Letters of a condition that cannot be decided, as the reason shows it.
_SHOWN = 200

# What a program includes beside a header to use its constants: many ioctl numbers are written with
# _IOW() in headers that leave its definition to <sys/ioctl.h>. Read after the header, so that they
# change nothing in it.
AMBIENT = ("linux/ioctl.h", "linux/sockios.h")


class File(NamedTuple):
    """A file of a release: its logical name (linux/bpf.h), its path in the tree, its content's id."""

    name: str
    path: str
    blob: str


Find = Callable[[str], File | None]
Read = Callable[[str], Sequence[Item]]


class Pack(NamedTuple):
    """A `#pragma pack`, kept in its place among the text for the declarations that follow; or, saying nothing,
    text that was included there. Neither may stand within a declaration."""

    says: str
    line: int

    @property
    def identifiers(self) -> frozenset[str]:
        return frozenset()

    @property
    def tokens(self) -> tuple[Token]:
        return (Token(PACK, self.says, self.line),)


class Active(NamedTuple):
    """Text that counts, with the macros that it can meet; `meanings` are what those say and the lines of those
    that are the file's own."""

    text: Text | Pack
    macros: dict[str, Macro]
    meanings: tuple[tuple[object, int | None], ...] = ()

    @property
    def line(self) -> int:
        return self.text.line

    @property
    def own(self) -> bool:
        """Whether it meets macros of its own file."""
        return any(line is not None for _, line in self.meanings)

    def wherever(self, line: int) -> tuple[object, ...]:
        """What is equal becomes equal tokens, with lines counted from `line`."""
        meanings: object = self.meanings
        if self.own:
            meanings = tuple((says, own if own is None else own - line) for says, own in self.meanings)
        return self.text.says, self.text.line - line, meanings


@dataclass(frozen=True)
class Part:
    """The active text of one file in one context. Equal keys have equal tokens."""

    file: File
    key: tuple[object, ...]
    texts: tuple[Active, ...]


@dataclass
class Unit:
    """A header preprocessed: `parts` in the order in which their text ends, its own last; `macros`
    as they are at its end; `defines` its own active ones; `closure` every include asked for, with
    the content it met or None; `failure` why nothing of it can be read."""

    file: File
    parts: list[Part] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    defines: list[Define] = field(default_factory=list)
    closure: dict[str, str | None] = field(default_factory=dict)
    failure: UnreadableHeader | None = None


def preprocess(
    file: File,
    find: Find,
    read: Read,
    profile: Profile,
    entry: File | None = None,
    memory: Memory | None = None,
) -> Unit:
    """`file` with everything it includes, under `profile`, `__KERNEL__` undefined.

    `find` resolves an include's name in the release, `read` gives the items of a content. `entry`
    is the header through which user space reaches `file`, where that is another one. `memory` has the includes
    of headers before, and is added to. A unit fails for an active #error, unbalanced conditionals and includes
    without end.
    """
    walk = _Walk(file, find, read, memory or Memory())
    walk.unit.macros.update(_predefined(profile))
    try:
        walk.file(entry or file, 0)
    except UnreadableHeader as why:
        # One that was never raised: frames, its own and of what it came from, hold the unit.
        walk.unit.failure = UnreadableHeader(why.problem, why.line, why.file)
    except RecursionError:
        walk.unit.failure = UnreadableHeader("nested too deeply")
    walk.add_ambient()
    return walk.unit


@lru_cache
def _predefined(profile: Profile) -> dict[str, Macro]:
    items = skeleton(COMMON + profile.defines)
    return {item.name: Macro(item, "") for item in items if isinstance(item, Define)}


class _Conditional:
    """The state of one #if … #endif: whether the lines around it and its branch are active."""

    def __init__(self, outer: bool, line: int) -> None:
        self.outer, self.line = outer, line
        self.active = self.taken = False

    def branch(self, holds: bool) -> None:
        self.active = self.outer and not self.taken and holds
        self.taken = self.taken or self.active


class _Walk:
    """One pass over a header and its includes; the macros are those at the current line."""

    def __init__(self, root: File, find: Find, read: Read, memory: Memory) -> None:
        self.unit = Unit(root)
        self.find, self.read, self.memory = find, read, memory
        self.met = 0
        self.budget = Budget()
        self.walked = Walked()

    def included(self, file: File, depth: int) -> None:
        """Walks a file that is included, or repeats what it did before where nothing it asks has changed."""
        outer = self.walked
        header = self.unit.file.path
        for before in self.memory.of(file) if file.path != header else ():
            affordable = (
                self.met + before.met <= MOST_MET
                and before.spent <= self.budget.left
                and depth + before.deepest <= DEEPEST_INCLUDE
            )
            if affordable and header not in before.paths and before.holds(self.unit.macros, self.find):
                self._repeat(before)
                if outer.repeats:
                    outer.take_in(before, 1)
                return
        self.walked = inner = Walked(met=-self.met, spent=self.budget.left)
        parts = len(self.unit.parts)
        try:
            self.file(file, depth)
        except UnreadableHeader as why:
            # The line is one of the innermost.
            raise UnreadableHeader(why.problem, why.line, why.file or file.name) from None
        inner.parts = self.unit.parts[parts:]
        inner.met += self.met
        inner.spent -= self.budget.left
        self.memory.keep(file, inner)
        if outer.repeats:
            outer.take_in(inner, 1)
        self.walked = outer

    def _repeat(self, before: Walked) -> None:
        unit = self.unit
        for name, macro in before.changed.items():
            if macro is None:
                unit.macros.pop(name, None)
            else:
                unit.macros[name] = macro
        for name, file in before.found.items():
            unit.closure.setdefault(name, file.blob if file else None)
        unit.parts += before.parts
        self.met += before.met
        self.budget.left -= before.spent

    def _find(self, name: str) -> File | None:
        """What an include means; asked for the closure, and for those who include this file later."""
        found = self.walked.found[name] = self.find(name)
        self.unit.closure.setdefault(name, found.blob if found else None)
        return found

    def file(self, file: File, depth: int) -> None:
        if depth > DEEPEST_INCLUDE:
            raise UnreadableHeader(f"{file.name} includes itself without end")
        own = file.path == self.unit.file.path
        walked = self.walked
        # The header itself is told apart from what it includes.
        walked.repeats = walked.repeats and not own
        macros = self.unit.macros
        texts = _Texts(self, file)
        conditions: list[_Conditional] = []
        active = True
        items = self.read(file.blob)
        self.meet(len(items), file)
        for position, item in enumerate(items):
            if texts.met and not isinstance(item, Text):
                texts.interrupted()
            if isinstance(item, Directive) and item.name in _CONDITIONALS:
                self._condition(item, conditions, active)
                active = all(c.active for c in conditions[-1:])
            elif not active:
                continue
            elif isinstance(item, Text):
                texts.add(position, item)
            elif isinstance(item, Define):
                name = item.says.name
                macros[name] = walked.changed[name] = Macro(item, file.path)
                if own:
                    self.unit.defines.append(item)
            else:
                self._directive(position, item, texts, depth)
        if conditions:
            raise UnreadableHeader(f"#if without #endif in {file.name}", conditions[-1].line)
        if texts.packs != UNPACKED and depth:
            raise UnreadableHeader(f"#pragma pack holds beyond the end of {file.name}")
        self.unit.parts += texts.parts()

    def _directive(self, position: int, item: Directive, texts: "_Texts", depth: int) -> None:
        """Follows an active directive that is neither a condition nor #define."""
        if item.name == "undef":
            name = item.rest.split()[0] if item.rest else ""
            self.unit.macros.pop(name, None)
            self.walked.changed[name] = None
        elif item.name in ("include", "include_next"):
            parts = len(self.unit.parts)
            self._include(item, texts.file, depth)
            if len(self.unit.parts) > parts:
                if texts.packs != UNPACKED:
                    raise UnreadableHeader(f"text included within #pragma pack in {texts.file.name}", item.line)
                texts.add_included(position, item)
        elif item.name == "pragma" and _PACK.match(item.rest):
            texts.add_pack(position, item)
        elif item.name == "pragma":
            self.follow(item.rest, item.line, texts.file)
        elif item.name == "error":
            problem = f"#error {item.rest} ({texts.file.name})"
            raise UnreadableHeader(problem.replace("\n", " "), item.line)

    def follow(self, pragma: str, line: int, file: File) -> None:
        """Raises UnreadableHeader for a pragma that bears on what is read here."""
        if _BEARS.match(pragma):
            raise UnreadableHeader(f"#pragma {pragma} in {file.name} is not followed", line)

    def meet(self, things: int, file: File) -> None:
        self.met += things
        if self.met > MOST_MET:
            raise UnreadableHeader(f"more than {MOST_MET} directives and macros to follow, in {file.name}")

    def add_ambient(self) -> None:
        """Adds AMBIENT beside the unit: what the unit has of its own stays, macros and types alike."""
        own_macros, own_parts = dict(self.unit.macros), self.unit.parts
        self.unit.parts = []
        for name in AMBIENT:
            self._add(name)
        self.unit.macros.update(own_macros)
        self.unit.parts += own_parts

    def _add(self, name: str) -> None:
        """Adds a header; one that cannot be read adds nothing."""
        found = self._find(name)
        if found and found.path != self.unit.file.path:
            try:
                self.included(found, 1)
            except (UnreadableHeader, RecursionError):
                return

    def _include(self, item: Directive, file: File, depth: int) -> None:
        target = include_target(item.rest)
        if target is None:
            target = self._target(item, file)
        names = [target]
        if item.rest.startswith('"') and "/" in file.name:
            names.insert(0, _beside(file.name, target))
        found = None
        for name in names if item.name == "include" else ():
            found = self._find(name)
            if found:
                break
        if found:
            self.included(found, depth + 1)

    def _target(self, item: Directive, file: File) -> str:
        """What an include means that a macro spells: only what stands in a macro as it is, for that much can be
        seen of a header before it is read, and is brought."""
        # All macros are looked at.
        self.walked.repeats = False
        spelled = "".join(t.text for t in self._expand(tokenize(item.rest, item.line), file.path))
        bodies = ("".join(t.text for t in macro.define.says.body) for macro in self.unit.macros.values())
        return (include_target(spelled) if spelled in bodies else None) or item.rest

    def within_reach(self, names: Iterable[str]) -> Mapping[str, Macro]:
        """The macros that `names` can become, which this file depends on then."""
        macros, walked = self.unit.macros, self.walked
        touched = within_reach(names, macros)
        walked.repeats = walked.repeats and touched is not macros
        if walked.repeats:
            walked.ask(names, macros)
            for macro in touched.values():
                walked.ask(macro.define.says.identifiers, macros)
        return touched

    def _expand(self, tokens: Iterable[Token], home: str) -> list[Token]:
        return expand(tokens, self.unit.macros, home, Budget(MOST_CONDITION, self.budget))

    def _condition(self, item: Directive, conditions: list[_Conditional], active: bool) -> None:
        if item.name in ("if", "ifdef", "ifndef"):
            conditions.append(_Conditional(active, item.line))
        elif not conditions:
            raise UnreadableHeader(f"#{item.name} without #if", item.line)
        if item.name == "endif":
            conditions.pop()
            return
        last = conditions[-1]
        last.branch(last.outer and not last.taken and self._holds(item))

    def _holds(self, item: Directive) -> bool:
        macros = self.unit.macros
        if item.name == "else":
            return True
        name = item.rest.split()[0] if item.rest else ""
        if item.name in ("ifdef", "elifdef", "ifndef", "elifndef"):
            self.walked.ask((name,), macros)
            return _is_defined(name, macros) is item.name.endswith("ifdef")
        asked = list(tokenize(item.rest, item.line))
        self.within_reach([token.text for token in asked if token.kind == IDENTIFIER])
        tokens = list(_defined_answered(asked, macros))
        expanded = self._expand(tokens, "")
        own = next((t.text for t in expanded if t.text in _COMPILERS_OWN), None)
        if own:
            raise UnreadableHeader(f"#{item.name} asks for {own}, which is not followed", item.line)
        text = respell("0" if t.kind == IDENTIFIER else t.text for t in expanded)
        try:
            return _condition_value(text)
        except NotConstant as reason:
            raise UnreadableHeader(f"#{item.name} {item.rest[:_SHOWN]}: {reason}", item.line) from None


class _Texts:
    """The active text of a file, as it is found; `key` is its part's."""

    def __init__(self, walk: _Walk, file: File) -> None:
        self.walk, self.file = walk, file
        self.found: list[Active] = []
        self.key: list[object] = [file.blob]
        self.packs = UNPACKED
        self.interrupted()

    def interrupted(self) -> None:
        """A directive may change macros: what the texts before it met is forgotten."""
        self.met: set[str] = set()
        self.every: Active | None = None

    def add(self, position: int, text: Text) -> None:
        macros = self.walk.unit.macros
        touched = self.walk.within_reach(text.identifiers)
        again = len(self.met.intersection(touched)) if self.every is None else len(touched)
        self.walk.meet(len(touched) - again + again // _MET_AGAIN, self.file)
        if touched is macros and self.every is not None:
            active = self.every._replace(text=text)
        else:
            meanings = tuple(_meaning(touched[name], self.file.path) for name in sorted(touched))
            active = Active(text, dict(touched), meanings)
            self.may_ask = any(macro.define.says.has_pragma for macro in touched.values())
            self.met.update(touched)
        if touched is macros:
            self.every = active
        if self.may_ask or "_Pragma" in text.identifiers:
            self._follow_pragmas(text)
        self.found.append(active)
        self.key.append((position, active.meanings))

    def _follow_pragmas(self, text: Text) -> None:
        words = self.walk._expand(text.tokens, self.file.path)
        for word, _, pragma in zip(words, words[1:], words[2:], strict=False):
            if word.text == "_Pragma" and pragma.kind == STRING:
                self.walk.follow(text_of(pragma.text), word.line, self.file)

    def add_pack(self, position: int, pragma: Directive) -> None:
        self.packs = repacked(self.packs, pragma.rest, pragma.line)
        self._mark(position, Pack(pragma.rest, pragma.line))

    def add_included(self, position: int, include: Directive) -> None:
        """Remembers where the text of another file stands, if any of ours comes before it."""
        if self.found:
            self._mark(position, Pack("", include.line))

    def _mark(self, position: int, mark: Pack) -> None:
        self.found.append(Active(mark, {}))
        self.key.append((position, mark.says))

    def parts(self) -> list[Part]:
        """The part that they are; none without any."""
        return [Part(self.file, tuple(self.key), tuple(self.found))] if self.found else []


# What a compiler has as macros without definitions: what they say depends on it, or on where they stand.
_COMPILERS_OWN = frozenset(
    (
        *(f"__has_{what}" for what in ("attribute", "builtin", "c_attribute", "cpp_attribute")),
        *(f"__has_{what}" for what in ("include", "include_next")),
        *(f"__{what}__" for what in ("COUNTER", "LINE", "FILE", "BASE_FILE", "INCLUDE_LEVEL", "DATE", "TIME")),
        "__TIMESTAMP__",
        "_Pragma",
    )
)
_CONDITIONALS = frozenset(("if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"))


def _meaning(macro: Macro, path: str) -> tuple[object, int | None]:
    """What a macro means for the text of a file: its words, and their lines where it is the file's own."""
    define = macro.define
    return define.says.written, define.line + define.says.body_line if macro.home == path else None


def _beside(name: str, target: str) -> str:
    parts = name.split("/")[:-1]
    for step in target.split("/"):
        if step == ".." and parts:
            parts.pop()
        elif step not in (".", ""):
            parts.append(step)
    return "/".join(parts)


def _is_defined(name: str, macros: dict[str, Macro]) -> bool:
    return name in macros or name in _COMPILERS_OWN


def _defined_answered(tokens: Iterable[Token], macros: dict[str, Macro]) -> Iterable[Token]:
    """`defined X` replaced by 0 or 1."""
    ahead = iter(tokens)
    for token in ahead:
        if token.text == "defined":
            name = next(ahead, token)
            if name.text == "(":
                name = next(ahead, token)
                next(ahead, None)
            yield Token(NUMBER, str(int(_is_defined(name.text, macros))), token.line, True)
        else:
            yield token


class _Conditions:
    """Constants in #if: every type but char is 64 bits wide and no name is left."""

    types = {
        name: kind if name == "char" else Integer(name, 64, kind.signed, kind.rank)
        for name, kind in integer_types(Profile("cpp", "", (), 64, 8, True, "", "")).items()
    }

    def enumerator(self, name: str) -> Number:
        raise NotConstant(f"unknown name {name}")

    def size_of(self, node: Node) -> int:
        raise NotConstant("sizeof in #if")

    def align_of(self, node: Node, alone: bool) -> int:
        return self.size_of(node)

    def offset_of(self, node: Node, path: Node) -> int:
        raise NotConstant("offsetof in #if")

    def integer(self, node: Node) -> Integer:
        raise NotConstant("a cast in #if")

    def variable(self, name: str, *, called: bool) -> Integer:
        return self.enumerator(name).type


@lru_cache(maxsize=4096)
def _condition_value(text: str) -> bool:
    return is_true(parse_expression(text), _Conditions())
