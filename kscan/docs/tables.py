"""Tables of documents, as text: those of Markdown, and reST's simple, grid and list tables.

What a table has beside cells in rows below one title for each column is left out: cells that span others.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_GRID = re.compile(r"\s*\+(?:[-=]+\+)+\s*")
_BORDER = re.compile(r"(\s*)=+(?: +=+)+\s*")
_PART = re.compile(r"=+")
_LIST = re.compile(r"(\s*)\.\. list-table::")
_CELL = re.compile(r"(\s*)(\* - |- )?(.*)")


class Table(NamedTuple):
    """The titles of columns, and rows with the number of the line on which each begins."""

    titles: Sequence[str]
    rows: list[tuple[int, list[str]]]


def tables(lines: Sequence[str]) -> Iterator[Table]:
    """The tables of a text, given its lines."""
    at = 0
    while at < len(lines):
        end, table = at + 1, None
        for pattern, read in _FORMS:
            if pattern.fullmatch(lines[at]):
                end, table = read(lines, at)
                break
        if table is not None and table.titles:
            yield Table(table.titles, [row for row in table.rows if len(row[1]) >= 2])
        at = end


_Read = tuple[int, Table | None]


def _markdown(lines: Sequence[str], at: int) -> _Read:
    if at + 1 >= len(lines) or "|" not in lines[at + 1] or not _RULE.fullmatch(lines[at + 1]):
        return at + 1, None
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end, Table(_split(lines[at]), [(n + 1, _split(lines[n])) for n in range(at + 2, end)])


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _grid(lines: Sequence[str], at: int) -> _Read:
    titles: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    row: list[str] = []
    end = first = at + 1
    while end < len(lines) and lines[end].strip()[:1] in ("|", "+"):
        line = lines[end]
        if _GRID.fullmatch(line):
            if "=" in line:
                titles = row
            elif row:
                rows.append((first + 1, row))
            first, row = end + 1, []
        else:
            cells = _split(line)
            row = cells if not row else [f"{a} {b}".strip() for a, b in zip(row, cells, strict=False)]
        end += 1
    return end, Table(titles, rows)


def _simple(lines: Sequence[str], at: int) -> _Read:
    columns = [found.start() for found in _PART.finditer(lines[at])]
    rows: list[tuple[int, list[str]]] = []
    titles: list[str] = []
    borders, end = 1, at + 1
    while end < len(lines) and borders < 3:
        line = lines[end]
        if _BORDER.fullmatch(line):
            borders += 1
            titles = titles or [
                " ".join(parts).strip() for parts in zip(*(row for _, row in rows), strict=True)
            ]
            rows = rows if borders > 2 else []
        elif line.strip():
            cells = [line[a:b].strip() for a, b in zip(columns, [*columns[1:], None], strict=True)]
            if rows and not cells[0]:
                rows[-1] = rows[-1][0], [f"{a} {b}".strip() for a, b in zip(rows[-1][1], cells, strict=True)]
            elif not set(line.strip()) <= set("- "):
                rows.append((end + 1, cells))
        elif borders == 1:
            break
        end += 1
    return end, Table(titles, rows) if borders == 3 else None


def _list(lines: Sequence[str], at: int) -> _Read:
    margin = len(lines[at]) - len(lines[at].lstrip())
    rows: list[tuple[int, list[str]]] = []
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin):
        found = _CELL.fullmatch(lines[end])
        if found and found[2] == "* - ":
            rows.append((end + 1, [found[3].strip()]))
        elif found and rows and found[2]:
            rows[-1][1].append(found[3].strip())
        elif found and rows:
            rows[-1][1][-1] = f"{rows[-1][1][-1]} {found[3]}".strip()
        end += 1
    headed = any(re.fullmatch(r"\s*:header-rows: 1\s*", line) for line in lines[at:end])
    return end, Table(rows[0][1], rows[1:]) if headed and rows else None


_FORMS = (
    (_GRID, _grid),
    (_BORDER, _simple),
    (re.compile(f"{_LIST.pattern}.*"), _list),
    (re.compile(r".*\|.*"), _markdown),
)
