"""How values lie in SQLite, and scripts statement by statement: what the store and the dataset share."""

import sqlite3
from collections.abc import Iterator

_LARGEST = 2**63 - 1


def to_sqlite(value: int | str | None) -> int | str | None:
    """A value as SQLite keeps it: an integer beyond 64 bits as text."""
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST else value


def from_sqlite(value: int | str | None, kind: str | None) -> int | str | None:
    """The value that to_sqlite() was given: text is a string only where the C type is an array."""
    return int(value) if isinstance(value, str) and not (kind or "").endswith("]") else value


def containing(text: str) -> str:
    """A pattern of LIKE ... ESCAPE '\\' for what contains a text."""
    wild = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{wild}%"


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one, so that they can run in one transaction."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
