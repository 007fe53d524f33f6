"""pycparser, given one word a line: a word that was met before is not looked at again."""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from pycparser.c_lexer import CLexer, Token
from pycparser.c_parser import CParser

# Words kept with the tokens they are: names of kernels are many, words of headers few.
_MOST_WORDS = 65_536
# Letters of a number: Python reads no longer decimal one, C has none, and pycparser takes kilobytes a digit.
LONGEST_NUMBER = 1000
# Brackets in one another, for each of which pycparser calls itself a dozen times.
DEEPEST = 100
_BRACKETS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}
_DIALECT = "c23"


@cache
def c_parser() -> CParser:
    """One for all: each is a circle of objects, which would wait for the collector with all its tokens."""
    return CParser(lexer=_Lexer, dialect=_DIALECT)


class _Lexer(CLexer):  # type: ignore[misc]
    """pycparser's tokens of a text, its lines taken one by one: attributes and strings end on theirs."""

    def input(self, text: str, filename: str = "") -> None:
        super().input("", filename)
        self.tokens = self._tokens(text.split("\n"), filename)

    def token(self) -> Token | None:
        return next(self.tokens, None)

    def _tokens(self, words: Iterable[str], filename: str) -> Iterator[Token]:
        depth = 0
        for line, word in enumerate(words, 1):
            if word in _BRACKETS:
                depth += _BRACKETS[word]
                if depth > DEEPEST:
                    self.error_func("nested too deeply", line, 1)
            try:
                found = _tokens_of(word)
            except _Unreadable as why:
                self.error_func(why.problem, line, why.column)
                continue
            for kind, value, column in found:
                # The parser writes into tokens: these are its own.
                yield Token(kind, value, line, column, filename)


class _Unreadable(Exception):
    """Why a line is no C, and from which column on."""

    def __init__(self, problem: str, column: int) -> None:
        self.problem, self.column = problem, column


@lru_cache(_MOST_WORDS)
def _tokens_of(word: str) -> tuple[tuple[str, str, int], ...]:
    """Type, text and column of what pycparser finds in a line."""
    if len(word) > LONGEST_NUMBER and word[0] in "0123456789.":
        raise _Unreadable(f"a number of more than {LONGEST_NUMBER} letters", 1)
    lexer = _plain()
    lexer.input(word)
    return tuple((token.type, token.value, token.column) for token in iter(lexer.token, None))


@cache
def _plain() -> CLexer:
    return CLexer(_refuse, dialect=_DIALECT)


def _refuse(problem: str, _: int, column: int) -> None:
    raise _Unreadable(problem, column)
