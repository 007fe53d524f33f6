"""Markers in Markdown, filled in place with what the kernels say.

<!-- kscan:since PACKET_FANOUT_EBPF -->v4.3<!-- /kscan -->
<!-- kscan:value PACKET_FANOUT_EBPF -->7<!-- /kscan -->
<!-- kscan:table PACKET_FANOUT_* -->
...
<!-- /kscan -->
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from kscan.errors import KscanError
from kscan.history import History
from kscan.markdown import escaped, markdown
from kscan.rows import Row, plain
from kscan.wording import in_words, newest_value
from kscan.writing import writing

_MARKER = re.compile(r"<!-- kscan:(\w+) (\S+) -->((?:(?!<!-- kscan:).)*?)<!-- /kscan -->", re.S)
# What is meant as a marker, well written or not.
_BEGINS = re.compile(r"<!--\s*kscan:[^>\n]*>?")
# What Markdown shows as it stands: an example of a marker is none.
_FENCED = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*(?P=fence)[`~]*[ \t\r]*$|\Z)", re.M | re.S
)
# Within a line: what goes over several, only Markdown itself can tell.
_CODE = re.compile(r"(?<![`\\])(?P<ticks>`{1,2})(?!`)[^\n]{1,1000}?(?<!`)(?P=ticks)(?!`)")
_COLUMNS = ("name", "since", "value", "header")
# What Markdown takes as it is for where a link leads.
_ADDRESS = re.compile(r"https?://[\w.~/:#?&=%+@,-]+", re.A)


def fill(history: History, paths: Iterable[Path], *, check: bool = False) -> list[Path]:
    """Fills the markers of files; those in which anything changed, or would with `check`, which writes
    nothing. Raises KscanError, with file and line, for a marker that cannot be filled: then none is written."""
    texts = {path: _now(history, path) for path in paths}
    changed = {path: now for path, (before, now) in texts.items() if now != before}
    for path, now in {} if check else changed.items():
        with writing(path) as stream:
            stream.write(now)
    return list(changed)


def _now(history: History, path: Path) -> tuple[str, str]:
    """The text of a file, and what it is to be."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise KscanError(f"{path}: {getattr(error, 'strerror', None) or 'no UTF-8 text'}") from None

    verbatim = [block.span() for block in _FENCED.finditer(text)]
    outside = _FENCED.sub(lambda block: " " * len(block[0]), text)
    verbatim += [code.span() for code in _CODE.finditer(outside)]

    def stands(found: re.Match[str]) -> bool:
        return any(first <= found.start() < end for first, end in verbatim)

    def part(found: re.Match[str]) -> str:
        if stands(found):
            return found[0]
        line = text.count("\n", 0, found.start()) + 1
        said = _filled(history, found[1], found[2], f"{path}:{line}")
        # In a list, an admonition or a quotation a table is what begins as the marker's line does.
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        begins = re.match(r"[\s>]*", before)
        said = _beginning(said, begins[0] if begins else "")
        said = said.replace("\n", "\r\n") if "\r\n" in text else said
        return f"<!-- kscan:{found[1]} {found[2]} -->{said}<!-- /kscan -->"

    closed = {found.start() for found in _MARKER.finditer(text)}
    for found in _BEGINS.finditer(text):
        if found.start() not in closed and not stands(found):
            line = text.count("\n", 0, found.start()) + 1
            like = "<!-- kscan:since NAME -->...<!-- /kscan -->"
            raise KscanError(f"{path}:{line}: {found[0]} is no marker with an end of its own, such as {like}")
    return text, _MARKER.sub(part, text)


def _beginning(text: str, begins: str) -> str:
    """Text whose lines after the first begin so; an empty one has no space at its end."""
    first, *lines = text.split("\n")
    last = len(lines) - 1
    said = (begins + line if line or at == last else begins.rstrip() for at, line in enumerate(lines))
    return "\n".join([first, *said])


def _filled(history: History, what: str, word: str, where: str) -> str:
    if what not in _KINDS:
        raise KscanError(f"{where}: kscan:{what} is no marker; there are {', '.join(_KINDS)}")
    rows = [_shown(history, name) for name in history.found([word])]
    missing = [row["name"] for row in rows if row["since"] is None]
    if missing:
        raise KscanError(f"{where}: {history.unknown(missing[0])}")
    if what != "table" and len(rows) != 1:
        raise KscanError(f"{where}: {word} means {len(rows)} names, and kscan:{what} is of one")
    try:
        return _KINDS[what](rows)
    except KscanError as error:
        raise KscanError(f"{where}: {error}") from None


def _shown(history: History, name: str) -> Row:
    """What a table says of a name, user space's before the kernel's own: `value` is the newest."""
    found = next(iter(history.when(name)), None)
    if found is None:
        return {"name": name, "since": None}
    return {**found, "since": in_words(found), "value": newest_value(found)}


def value_of(row: Row) -> str:
    """The value of a row as text. Raises KscanError where it has none."""
    if row["value"] is None:
        why = f": {row['reason']}" if row["reason"] else ""
        raise KscanError(f"{row['name']}, a {row['kind'].replace('_', ' ')}, has no value{why}")
    return plain(row["value"])


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
    "value": lambda rows: escaped(value_of(rows[0])),
    "table": lambda rows: f"\n\n{_table(rows)}\n\n",
}
