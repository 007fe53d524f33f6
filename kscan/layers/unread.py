"""Files that could not be read wholly, by the words in them: a name among those may be declared there."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from kscan.seen import Release

_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.A)
# Where no name is declared: comments, strings, characters. What nothing ends goes on to its line's end, or the
# text's: it would be looked at anew from each beginning in it.
ASIDE = re.compile(r"""/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""", re.S)
# Names that are looked for in texts; for more of them the words of all texts are gathered.
_LOOKED_FOR = 8

Place = tuple[Release, str, str]
"""Release, scope and path of a file."""


class Unread:
    """Texts with the places that have each."""

    def __init__(self, texts: Iterable[tuple[str, Sequence[Place]]]) -> None:
        self.texts = list(texts)
        self.asked = 0

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [_words(text) for text, _ in self.texts]

    def having(self, name: str) -> list[Place]:
        """The places of the texts that have a name, of a member (`s.a`) all its parts; none for what is no
        name."""
        parts = name.split(".")
        if not self.texts or not all(map(_NAME.fullmatch, parts)):
            return []
        self.asked += 1
        if self.asked > _LOOKED_FOR:
            found = [words.issuperset(parts) for words in self._words]
        else:
            # To look for a name takes a fraction of gathering words.
            found = [all(part in text for part in parts) and _words(text).issuperset(parts)
                     for text, _ in self.texts]  # fmt: skip
        return [place for (_, places), has in zip(self.texts, found, strict=True) if has for place in places]


def _words(text: str) -> frozenset[str]:
    return frozenset(_NAME.findall(ASIDE.sub(" ", text)))
