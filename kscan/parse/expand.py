"""Macro expansion, by Dave Prosser's algorithm: each token carries the macros it may not become.

A token keeps the line that spells it while it stays in its own file, so that an enumerator made by
an X-macro is placed where its name is written; what comes from a macro of another file takes the
line of the call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from kscan.errors import UnreadableHeader
from kscan.parse.lex import CHARACTER, IDENTIFIER, PUNCTUATION, STRING, Define, Definition, Token, tokenize

# Far above any kernel header met so far, and a stop for text that grows without end.
MOST_TOKENS = 300_000


class Budget:
    """How many tokens a text may still become, as a part of a `whole` that has its own. What a header costs
    is counted, not timed: it is read, or is not, on every machine alike."""

    __slots__ = ("left", "most", "whole")

    def __init__(self, most: int = MOST_TOKENS, whole: "Budget | None" = None) -> None:
        self.most = self.left = most
        self.whole = whole

    def spend(self, tokens: int, call: Token) -> None:
        """Raises UnreadableHeader where there is not so much left for a call."""
        self.left -= tokens
        if self.left < 0:
            raise UnreadableHeader(f"text grows beyond {self.most} tokens at macro {call.text}", call.line)
        if self.whole is not None:
            self.whole.spend(tokens, call)


# Letters of a text that count as a token.
_LETTERS = 8


class Macro(NamedTuple):
    """A definition and the file that holds it ("" for the profile's own)."""

    define: Define
    home: str


class Macros(Protocol):
    """Definitions by name: a mapping, or what answers like one."""

    def get(self, name: str, /) -> Macro | None: ...


Arguments = Mapping[str, Sequence[Token]]


def expand(tokens: Iterable[Token], macros: Macros, home: str, budget: Budget | None = None) -> list[Token]:
    """`tokens` of the file `home`, fully expanded.

    Raises UnreadableHeader where a call does not end or the text grows beyond `budget`.
    """
    # As in `tokenize`: what a named tuple's own methods do to make one would take most of the time.
    new = tuple.__new__
    budget = budget or Budget()
    ahead = list(tokens)
    ahead.reverse()
    done: list[Token] = []
    while ahead:
        token = ahead.pop()
        macro = macros.get(token.text) if token.kind == IDENTIFIER else None
        if macro is None or token.text in token.hidden:
            done.append(token)
            continue
        says = macro.define.says
        arguments: Arguments = {}
        hidden = token.hidden
        if says.params is not None:
            if not (ahead and ahead[-1].text == "("):
                done.append(token)
                continue
            given, commas, close = _arguments(ahead, token)
            arguments = _bind(says, given, commas, token)
            hidden &= close.hidden
        hidden |= {says.name}
        first, own = (macro.define.line, 1) if macro.home == home else (token.line, 0)
        body: Sequence[Token] = [
            new(Token, (kind, text, first + own * number, spaced, kept))
            for kind, text, number, spaced, kept in says.body
        ]
        letters = len(says.text)
        if says.params is not None or says.pastes:
            body = _substitute(body, arguments, macros, home, budget)
            if body and not body[-1].text:
                del body[-1]
                ahead[-1:] = [following._replace(spaced=True) for following in ahead[-1:]]
            letters = sum([len(part.text) for part in body])
        # Each token of the body keeps the names that are hidden in it; one can be as long as a file.
        budget.spend(1 + max(len(body), letters // _LETTERS) + len(hidden), token)
        for kind, text, line, spaced, kept in reversed(body):
            ahead.append(new(Token, (kind, text, line, spaced, kept | hidden if kept else hidden)))
        # What comes of a call stands where the call stood; where nothing does, its space remains.
        if ahead and ahead[-1].spaced != token.spaced and (body or token.spaced):
            ahead[-1] = ahead[-1]._replace(spaced=token.spaced)
    return done


def within_reach(names: Iterable[str], macros: Mapping[str, Macro]) -> Mapping[str, Macro]:
    """The macros that expanding `names` can meet: all there are where one of them pastes, since a
    pasted name can be any."""
    found: dict[str, Macro] = {}
    pending = [name for name in names if name in macros]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        macro = found[name] = macros[name]
        if macro.define.says.pastes:
            return macros
        pending += [n for n in macro.define.says.identifiers if n in macros and n not in found]
    return found


def spell(tokens: Iterable[Token]) -> str:
    """The text of `tokens`, one space where there was white space."""
    return "".join((" " if t.spaced else "") + t.text for t in tokens).strip()


def _string(tokens: Iterable[Token]) -> str:
    """The literal that `#` makes of an argument: what is quoted in it is quoted again."""
    quoted = (STRING, CHARACTER)
    spelled = (
        t._replace(text=t.text.replace("\\", "\\\\").replace('"', '\\"')) if t.kind in quoted else t
        for t in tokens
    )
    return f'"{spell(spelled)}"'


def _arguments(ahead: list[Token], call: Token) -> tuple[list[list[Token]], list[Token], Token]:
    """Takes `( … )` off `ahead`: the arguments, the commas between them, the closing parenthesis."""
    ahead.pop()
    given: list[list[Token]] = [[]]
    commas: list[Token] = []
    depth = 0
    while ahead:
        token = ahead.pop()
        if token.text == ")" and depth == 0:
            return given, commas, token
        if token.text == "," and depth == 0:
            given.append([])
            commas.append(token)
            continue
        depth += (token.text == "(") - (token.text == ")")
        given[-1].append(token)
    raise UnreadableHeader(f"call of macro {call.text} does not end", call.line)


def _bind(says: Definition, given: list[list[Token]], commas: list[Token], call: Token) -> Arguments:
    params = says.params or ()
    if not params and given == [[]]:
        return {}
    bound: dict[str, Sequence[Token]] = {}
    for position, param in enumerate(params):
        if param.endswith("..."):
            rest: list[Token] = []
            for number, argument in enumerate(given[position:], position):
                rest += [commas[number - 1]._replace(line=call.line)] if number > position else []
                rest += argument
            bound[param[:-3] or "__VA_ARGS__"] = rest
            return bound
        if position >= len(given):
            raise UnreadableHeader(f"macro {says.name} is called with too few arguments", call.line)
        bound[param] = given[position]
    if len(given) > len(params):
        raise UnreadableHeader(f"macro {says.name} is called with too many arguments", call.line)
    return bound


def _substitute(
    body: Sequence[Token], arguments: Arguments, macros: Macros, home: str, budget: Budget
) -> list[Token]:
    """`body` with its parameters replaced, `#` made a string and `##` glued; a token without text at its end
    where space remains there."""
    done: list[Token] = []
    # Once for each argument, however often the body has it: calls in calls would double at each level.
    expanded: dict[str, list[Token]] = {}
    position = 0
    while position < len(body):
        part = body[position]
        following = body[position + 1] if position + 1 < len(body) else None
        if part.text == "#" and following is not None and following.text in arguments:
            text = _string(arguments[following.text])
            budget.spend(len(text) // _LETTERS, part)
            done.append(Token(STRING, text, part.line, part.spaced))
            position += 2
        elif part.text == "##" and following is not None and done:
            budget.spend(len(done[-1].text) // _LETTERS, part)
            _glue(done, _raw(following, arguments), following.text in arguments)
            position += 2
        elif part.text in arguments:
            if following is not None and following.text == "##":
                done += _standing(_raw(part, arguments), part)
            else:
                if part.text not in expanded:
                    expanded[part.text] = expand(arguments[part.text], macros, home, budget)
                done += _standing(expanded[part.text], part)
            position += 1
        else:
            done.append(part)
            position += 1
    return list(_without_empty(done))


def _standing(tokens: Sequence[Token], place: Token) -> list[Token]:
    """Tokens in the place of a parameter: what comes first has the space that was in front of that. Nothing
    still holds its place: GNU's `, ##args` looks at it."""
    first = tokens[0] if tokens else Token(PUNCTUATION, "", place.line)
    return [first._replace(spaced=place.spaced), *tokens[1:]]


def _without_empty(tokens: Iterable[Token]) -> Iterator[Token]:
    """Tokens that have a text; the space in front of one that has none remains, in front of one without at the
    end."""
    spaced = False
    for token in tokens:
        if token.text:
            yield token._replace(spaced=True) if spaced and not token.spaced else token
        spaced = not token.text and (spaced or token.spaced)
    if spaced:
        yield Token(PUNCTUATION, "", 0, True)


def _raw(part: Token, arguments: Arguments) -> list[Token]:
    return list(arguments[part.text]) if part.text in arguments else [part]


def _glue(done: list[Token], right: list[Token], is_argument: bool) -> None:
    """Glues the first of `right` to the last of `done`; the line is that of the argument's text."""
    left = done.pop()
    if left.text == "," and is_argument:
        if right:
            done += [left, *right]
        return
    if not right:
        done.append(left)
        return
    line = right[0].line if is_argument or not left.text else left.line
    glued = list(tokenize(left.text + right[0].text, line))
    if glued:
        glued[0] = glued[0]._replace(spaced=left.spaced)
    done += glued
    done += right[1:]
