"""Passages: the text of a file cut where declarations end, each read once wherever it stands.

Releases of a header differ in a few places. What lies between is met again on other lines and, now and then,
with other macros.
"""

from collections.abc import Sequence

from kscan.errors import UnreadableHeader
from kscan.parse.declarations import Passage, Pieces, read_passage
from kscan.parse.expand import Budget, expand
from kscan.parse.lex import FLAT, Nesting, Token, nesting
from kscan.parse.packing import UNPACKED, Packs
from kscan.parse.preprocess import Active, Pack, Part
from kscan.parse.recent import Recent

# How a text ends behind which a declaration need not go on: with a function or a macro's call, too.
_MAY_END = frozenset((";", "}", ")", '"', ""))


class Passages:
    """What passages declare and how their brackets nest, by their texts and by what their macros mean."""

    def __init__(self) -> None:
        self._nested: Recent[tuple[object, ...], tuple[Nesting, int]] = Recent()
        self._passages: Recent[tuple[object, ...], Passage] = Recent()
        self._pieces: Pieces = Recent()

    def turn(self) -> None:
        """Forgets what was not asked for since the last turn."""
        for kept in (self._nested, self._passages, self._pieces):
            kept.turn()

    def of(self, part: Part) -> list[tuple[int, Passage]]:
        """The passages of a part by their lines. Raises UnreadableHeader for brackets that do not match, for
        `#pragma pack` between them, and as `expand` does."""
        budget = Budget()
        found: list[tuple[int, Passage]] = []
        above = 0
        packs = UNPACKED
        waiting: list[Active] = []
        met = FLAT
        last = next((active for active in reversed(part.texts) if active.text.says), None)
        for active in part.texts:
            if isinstance(active.text, Pack):
                _check_place(active.text, met)
            if not active.text.says:
                continue
            waiting.append(active)
            met = met.then(self._nesting(active, part.file.path, budget))
            if met.closed or active is last:
                line = waiting[0].line
                passage = self._passage(waiting, part.file.path, above, packs)
                found.append((line, passage))
                above = line + passage.last if passage.pieces else above
                packs, waiting, met = passage.packs, [], FLAT
        return found

    def _nesting(self, active: Active, path: str, budget: Budget) -> Nesting:
        if isinstance(active.text, Pack):
            return FLAT
        if not active.macros:
            return active.text.says.nesting
        key = active.wherever(active.line)
        before = self._nested.get(key)
        if before is not None and before[1] <= budget.left:
            budget.left -= before[1]
            return before[0]
        left = budget.left
        met = nesting(token.text for token in _tokens([active], path, budget))
        self._nested[key] = met, left - budget.left
        return met

    def _passage(self, texts: Sequence[Active], path: str, above: int, packs: Packs) -> Passage:
        line = texts[0].line
        # Only words of the file's own macros can have lines above those of their passage.
        near = above - line if above > line or any(active.own for active in texts) else None
        key = near, packs, *(active.wherever(line) for active in texts)
        found = self._passages.get(key)
        if found is None:
            tokens = _tokens(texts, path, Budget())
            found = read_passage(tokens, line, line if near is None else above, packs, self._pieces)
            self._passages[key] = found
        return found


def _check_place(mark: Pack, met: Nesting) -> None:
    """Raises UnreadableHeader where a declaration goes on behind what is no text of the file: gcc lays structs
    out by what holds where they end, and a text is read without those it includes."""
    if met.depth > 0 and mark.says:
        raise UnreadableHeader("#pragma pack within a declaration", mark.line)
    if not mark.says and (met.depth > 0 or met.last not in _MAY_END):
        raise UnreadableHeader("text included within a declaration", mark.line)


def _tokens(texts: Sequence[Active], path: str, budget: Budget) -> list[Token]:
    return [token for active in texts for token in expand(active.text.tokens, active.macros, path, budget)]
