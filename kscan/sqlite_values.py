"""How values lie in SQLite, and scripts statement by statement: what the store and the dataset share."""

import sqlite3
from collections.abc import Iterator

from kscan.errors import UsageError

_LARGEST = 2**63 - 1
_ALL = f"{chr(1)}-{chr(0x10FFFF)}"
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
    """A class of letters and ranges; a range that ends before it begins has none."""
    given: list[str] = []
    at = 0
    while at < len(letters):
        is_range = letters[at + 1 : at + 2] == "-" and at + 2 < len(letters)
        first, last = letters[at], letters[at + 2 if is_range else at]
        given += [f"{first}-{last}" if first < last else first] if first <= last else []
        at += 3 if is_range else 1
    if not given:
        return "?" if negated else f"[^{_ALL}]"
    # `]` ends a class but at its beginning, `^` negates one there, `-` means itself at its end.
    given = [part for one in given for part in (("]", f"^{one[1:]}") if one.startswith("]-") else (one,))]
    given.sort(key=lambda part: (part != "]", part == "-", part.startswith("^")))
    body = "".join(given)
    if negated:
        return f"[^{body}]"
    if set(body) == {"^"}:
        return "^"
    # What is in the class anyway keeps `^` from standing first.
    return f"[{body[-1] if body.startswith('^') else ''}{body}]"


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
