"""What an include asked and did: for the next header that meets it in the same circumstances.

Most headers begin with the same few includes. Walking one asks which macros there are and what other includes
mean, and changes macros; where all answers are as before, so is what it does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kscan.parse.expand import Macro
from kscan.parse.recent import Recent

if TYPE_CHECKING:
    from kscan.parse.preprocess import File, Part

# Circumstances of one file that are kept: those met last.
_MOST_KEPT = 8


@dataclass
class Walked:
    """`asked` macros by name as they were before (None: not there), `found` includes by name; `changed` macros
    (None: undefined), `parts` of text; `met`, `spent` and `deepest` count what it cost. `repeats` tells whether
    it may be taken for another header's."""

    asked: dict[str, Macro | None] = field(default_factory=dict)
    found: dict[str, "File | None"] = field(default_factory=dict)
    changed: dict[str, Macro | None] = field(default_factory=dict)
    parts: "list[Part]" = field(default_factory=list)
    met: int = 0
    spent: int = 0
    deepest: int = 0
    repeats: bool = True

    @cached_property
    def paths(self) -> frozenset[str]:
        """The files it included."""
        return frozenset(file.path for file in self.found.values() if file)

    def ask(self, names: Iterable[str], macros: dict[str, Macro]) -> None:
        """Remembers what `names` were before anything changed here."""
        for name in names:
            if name not in self.asked and name not in self.changed:
                self.asked[name] = macros.get(name)

    def holds(self, macros: dict[str, Macro], find: "Callable[[str], File | None]") -> bool:
        """Whether everything it asked would be answered as before."""
        return all(macros.get(name) == macro for name, macro in self.asked.items()) and all(
            find(name) == file for name, file in self.found.items()
        )

    def take_in(self, inner: "Walked", depth: int) -> None:
        """Adds what an include inside this one asked and did."""
        for name, macro in inner.asked.items():
            if name not in self.changed:
                self.asked.setdefault(name, macro)
        self.found |= inner.found
        self.changed |= inner.changed
        self.deepest = max(self.deepest, inner.deepest + depth)
        self.repeats = self.repeats and inner.repeats


class Memory:
    """Includes as they were walked before."""

    def __init__(self) -> None:
        self._walked: Recent[File, list[Walked]] = Recent()

    def of(self, file: "File") -> list[Walked]:
        """The ways in which a file was walked, the latest first."""
        return self._walked.get(file) or []

    def keep(self, file: "File", walked: Walked) -> None:
        if walked.repeats:
            self._walked[file] = [walked, *self.of(file)[: _MOST_KEPT - 1]]

    def turn(self) -> None:
        """Forgets what was not met since the last turn."""
        self._walked.turn()
