"""How values lie in SQLite, and scripts statement by statement: what the store and the dataset share."""

import sqlite3
from collections.abc import Iterator

from kscan.errors import UsageError

_LARGEST = 2**63 - 1
# Letters of a text to look for: SQLite refuses some more.
_LONGEST = 10_000


def to_sqlite(value: int | str | None) -> int | str | None:
    """A value as SQLite keeps it: an integer beyond 64 bits as text."""
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST else value


def from_sqlite(value: int | str | None, kind: str | None) -> int | str | None:
    """The value that to_sqlite() was given: text is a string only where the C type is an array."""
    return int(value) if isinstance(value, str) and not (kind or "").endswith("]") else value


def as_glob(pattern: str) -> str:
    """A pattern of GLOB for what a shell pattern matches (fnmatch): `!` negates there, `^` here."""
    _check(pattern)
    said, at = "", 0
    while at < len(pattern):
        # A bracket that stands first in a class is one of its letters.
        negated = pattern.startswith("[!", at)
        end = pattern.find("]", at + 2 + negated) if pattern[at] == "[" else -1
        if end < 0:
            said += "[[]" if pattern[at] == "[" else pattern[at]
            at += 1
            continue
        said += _class(pattern[at + 1 + negated : end], negated)
        at = end + 1
    return said


def _class(letters: str, negated: bool) -> str:
    if negated:
        return f"[^{letters}]"
    if letters == "^":
        return letters
    if letters.startswith("^"):
        # One that is in the class anyway keeps it from being first.
        letters = letters[2 if letters[1] == "-" and len(letters) > 2 else 1] + letters
    return f"[{letters}]"


def _check(text: str) -> None:
    if len(text) > _LONGEST:
        raise UsageError(f"{text[:40]}…: {len(text)} letters to look for; a name has fewer")


def containing(text: str) -> str:
    """A pattern of LIKE ... ESCAPE '\\' for what contains a text."""
    _check(text)
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
