"""What the words mean that instructions are written with: by a release's own headers, by a source itself."""

from collections.abc import Iterable
from typing import Protocol

from kscan.errors import KscanError
from kscan.history import History, best
from kscan.model import UAPI
from kscan.parse.expand import Macro
from kscan.parse.lex import Define, Item, skeleton
from kscan.seen import Release, Seen
from kscan.source_lines import source_text

# The address that helpers are counted from: a call's number is its distance.
_CALL_BASE = "__bpf_call_base"


class Words(Protocol):
    """Macros by name, and the values of constants: of an opcode's own words, and of other fields.
    `where` says for a message what was asked."""

    where: str

    def get(self, name: str, /) -> Macro | None: ...
    def value(self, name: str) -> int | None: ...
    def field_value(self, name: str) -> int | None: ...


class Definitions:
    """The macros of a release that take parameters, by name, as its kept text has them; and the
    values of its constants. What was asked for is remembered in `used`, in order."""

    def __init__(self, history: History, release: Release) -> None:
        self.history, self.release = history, release
        self.where = f"at {release.tag}"
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
            users = [fact for fact in valued or here if fact.scope == UAPI]
            self._seen[name] = best(users or valued or here).get(self.release.id) if here else None
        return self._seen[name]

    def value(self, name: str) -> int | None:
        """The value of a constant; None where the release has none of the name."""
        if name == _CALL_BASE:
            return 0
        fact = self.find(name)
        if fact is None or not isinstance(fact.value, int):
            return None
        self.used.setdefault(name, fact)
        return fact.value

    def field_value(self, name: str) -> int | None:
        """The value of a constant in any field."""
        return self.value(name)

    def get(self, name: str, /) -> Macro | None:
        """A macro with parameters; None where the release has none of the name, or its text is not kept."""
        fact = self.find(name)
        if fact is None or fact.kind != "function_macro":
            return None
        if name not in self._macros:
            self._macros[name] = self._read(fact)
        macro = self._macros[name]
        if macro is not None:
            self.used.setdefault(name, fact)
        return macro

    def _read(self, fact: Seen) -> Macro | None:
        try:
            text = source_text(self.history, self.release, fact.path)
        except KscanError:
            return None
        lines = text.split("\n")[fact.line - 1 : fact.end_line]
        defines = [item for item in skeleton("\n".join(lines)) if isinstance(item, Define)]
        return Macro(defines[0], "") if defines else None


class SourceWords:
    """The words of a source text: its own macros, then a release's. What neither has counts as 0 in any
    field but the opcode's, and is remembered in `missing`: a register's offset may come from a compiler."""

    def __init__(self, items: Iterable[Item], release: Definitions | None) -> None:
        self.own = {item.name: Macro(item, "") for item in items if isinstance(item, Define)}
        self.release = release
        self.where = release.where if release is not None else "without a scanned kernel (kscan fetch v6.12)"
        self.missing: list[str] = []

    def value(self, name: str) -> int | None:
        """The value of a constant of the release; the source's own macros were expanded before."""
        return self.release.value(name) if self.release is not None else None

    def field_value(self, name: str) -> int:
        """The same; 0 for a name that nothing says anything of."""
        value = self.value(name)
        if value is None:
            self.missing.append(name)
        return value or 0

    def get(self, name: str, /) -> Macro | None:
        """A macro of the source, or of the release."""
        if name in self.own or self.release is None:
            return self.own.get(name)
        return self.release.get(name)
