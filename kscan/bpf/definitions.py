"""What one release's own headers define: the words that instructions are written with."""

from collections.abc import Iterator, Mapping

from kscan.errors import KscanError
from kscan.history import History, Release, Seen, best
from kscan.parse.expand import Macro
from kscan.parse.lex import Define, skeleton
from kscan.source_lines import source_text


class Definitions(Mapping[str, Macro]):
    """The macros of a release that take parameters, by name, as its kept text has them; and the
    values of its constants. What was asked for is remembered in `used`, in order."""

    def __init__(self, history: History, release: Release) -> None:
        self.history, self.release = history, release
        self.used: dict[str, Seen] = {}
        self._seen: dict[str, Seen | None] = {}
        self._macros: dict[str, Macro | None] = {}

    def find(self, name: str) -> Seen | None:
        """A constant or macro of the release, user space's before the kernel's own."""
        if name not in self._seen:
            groups = self.history.seen(name)
            facts = [f for (_, family, _), found in groups.items() if family == "constant" for f in found]
            here = [fact for fact in facts if fact.release.id == self.release.id]
            valued = [fact for fact in here if fact.value is not None]
            self._seen[name] = best(valued or here).get(self.release.id) if here else None
        return self._seen[name]

    def value(self, name: str) -> int | None:
        """The value of a constant; None where the release has none of the name."""
        fact = self.find(name)
        if fact is None or not isinstance(fact.value, int):
            return None
        self.used.setdefault(name, fact)
        return fact.value

    def __getitem__(self, name: str) -> Macro:
        if name not in self._macros:
            fact = self.find(name)
            is_macro = fact is not None and fact.kind == "function_macro"
            self._macros[name] = self._read(fact) if fact is not None and is_macro else None
        macro = self._macros[name]
        if macro is None:
            raise KeyError(name)
        self.used.setdefault(name, self._seen[name])  # type: ignore[arg-type]
        return macro

    def _read(self, fact: Seen) -> Macro | None:
        try:
            text = source_text(self.history, self.release, fact.path)
        except KscanError:
            return None
        lines = text.split("\n")[fact.line - 1 : fact.end_line]
        defines = [item for item in skeleton("\n".join(lines)) if isinstance(item, Define)]
        return Macro(defines[0], "") if defines else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._macros)

    def __len__(self) -> int:
        return len(self._macros)
