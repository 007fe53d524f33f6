"""Markers in Markdown, filled in place with what the kernels say.

<!-- kscan:since PACKET_FANOUT_EBPF -->v4.3<!-- /kscan -->
<!-- kscan:value PACKET_FANOUT_EBPF -->7<!-- /kscan -->
<!-- kscan:table PACKET_FANOUT_* -->
...
<!-- /kscan -->
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from kscan.errors import KscanError
from kscan.history import History
from kscan.markdown import escaped, markdown
from kscan.model import INTERNAL
from kscan.rows import EXACT, FROM_OLDEST, Row, plain

_MARKER = re.compile(r"<!-- kscan:(\w+) (\S+) -->((?:(?!<!-- kscan:).)*?)<!-- /kscan -->", re.S)
# What is meant as a marker, well written or not.
_BEGINS = re.compile(r"<!--\s*kscan:[^>\n]*>?")
_COLUMNS = ("name", "since", "value", "header")
# What Markdown takes as it is for where a link leads.
_ADDRESS = re.compile(r"https?://[\w.~/:#?&=%+@,-]+", re.A)


def fill(history: History, path: Path, *, check: bool = False) -> bool:
    """Fills the markers of a file; whether anything changed, or would with `check`, which writes nothing.
    Raises KscanError, naming the line, for a marker that cannot be filled."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise KscanError(f"{path}: {getattr(error, 'strerror', None) or 'no UTF-8 text'}") from None

    def part(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start()) + 1
        said = _filled(history, found[1], found[2], f"{path}:{line}")
        # In a list or an admonition a table is what is indented as it is.
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        indent = before[: len(before) - len(before.lstrip())]
        said = re.sub(r"\n(?!\n)", f"\n{indent}", said)
        said = said.replace("\n", "\r\n") if "\r\n" in text else said
        return f"<!-- kscan:{found[1]} {found[2]} -->{said}<!-- /kscan -->"

    closed = {found.start() for found in _MARKER.finditer(text)}
    for found in _BEGINS.finditer(text):
        if found.start() not in closed:
            line = text.count("\n", 0, found.start()) + 1
            like = "<!-- kscan:since NAME -->...<!-- /kscan -->"
            raise KscanError(f"{path}:{line}: {found[0]} is no marker with an end of its own, such as {like}")
    now = _MARKER.sub(part, text)
    if now != text and not check:
        real = path.resolve()
        beside = real.with_name(f".{real.name}.new")
        beside.write_text(now, encoding="utf-8", newline="")
        shutil.copymode(real, beside)
        os.replace(beside, real)
    return now != text


def _filled(history: History, what: str, word: str, where: str) -> str:
    if what not in _KINDS:
        raise KscanError(f"{where}: kscan:{what} is no marker; there are {', '.join(_KINDS)}")
    rows = [_shown(history, name) for name in history.found([word])]
    missing = [row["name"] for row in rows if row["since"] is None]
    if missing:
        raise KscanError(f"{where}: {history.unknown(missing[0])}")
    if what != "table" and len(rows) != 1:
        raise KscanError(f"{where}: {word} means {len(rows)} names, and kscan:{what} is of one")
    return _KINDS[what](rows)


def _shown(history: History, name: str) -> Row:
    """What a table says of a name, user space's before the kernel's own: `value` is the newest."""
    found = next(iter(history.when(name)), None)
    if found is None:
        return {"name": name, "since": None}
    return {**found, "since": in_words(found), "value": newest_value(found)}


def newest_value(row: Row) -> int | str | None:
    """What a name has now; what it first had where it is gone."""
    value: int | str | None = row["value"] if row["current_value"] is None else row["current_value"]
    return value


def in_words(row: Row) -> str:
    """Since when, as one writes it: `v4.3`, `v2.6.12 or earlier`, `after v6.14, by v6.17`; and until when."""
    first = row["first_seen"]
    since = first if row["status"] == EXACT else f"after {row['last_without']}, by {first}"
    since = f"{first} or earlier" if row["status"] == FROM_OLDEST else since
    # Of the kernel's own files not all were read: a name may have moved.
    gone = row["removed_in"] if row["scope"] != INTERNAL else None
    return f"{since}, removed in {gone}" if gone else since


def _table(rows: list[Row]) -> str:
    """Rows as a table, in which since when leads to the line that proves it."""
    head, rule, *lines = markdown(rows, _COLUMNS).split("\n")
    for number, row in enumerate(rows):
        name, since, rest = lines[number].split(" | ", 2)
        if _ADDRESS.fullmatch(row["permalink"] or ""):
            since = f"[{since}]({row['permalink']})"
        lines[number] = " | ".join((name, since, rest))
    return "\n".join((head, rule, *lines))


_KINDS: dict[str, Callable[[list[Row]], str]] = {
    "since": lambda rows: rows[0]["since"],
    "value": lambda rows: escaped(plain(rows[0]["value"])),
    "table": lambda rows: f"\n\n{_table(rows)}\n\n",
}
