"""Tables of documents, as text: those of Markdown, and reST's simple, grid and list tables.

A row whose cells are not those of the titles is left out: cells that span others, a bar that stands for itself.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_GRID = re.compile(r"\s*\+(?:[-=]+\+)+\s*")
_BORDER = re.compile(r"\s*=+(?: +=+)+\s*")
_PART = re.compile(r"=+")
_LIST = re.compile(r"\s*\.\. list-table::.*")
_ITEM = re.compile(r"(\s*(?:\* +)?)-(?: +(.*)|)")
_HEADED = re.compile(r"\s*:header-rows: 1\s*")

Row = tuple[int, list[str]]


class Table(NamedTuple):
    """The titles of columns, and rows with the number of the line on which each begins."""

    titles: Sequence[str]
    rows: list[Row]


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
            yield table
        at = end


_Read = tuple[int, Table | None]


def _markdown(lines: Sequence[str], at: int) -> _Read:
    if at + 1 >= len(lines) or "|" not in lines[at + 1] or not _RULE.fullmatch(lines[at + 1]):
        return at + 1, None
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    titles = _split(lines[at])
    rows = [(number + 1, _split(lines[number])) for number in range(at + 2, end)]
    # A row may have fewer cells than there are titles; one with more has a bar that is none.
    return end, Table(titles, [row for row in rows if len(row[1]) <= len(titles)])


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _grid(lines: Sequence[str], at: int) -> _Read:
    corners = [number for number, letter in enumerate(lines[at]) if letter == "+"]
    titles: list[str] = []
    rows: list[Row] = []
    row: list[str] = []
    is_whole = True
    end = first = at + 1
    while end < len(lines) and lines[end].strip()[:1] in ("|", "+"):
        line = lines[end]
        is_border = _GRID.fullmatch(line) is not None
        is_whole = is_whole and all(line[corner : corner + 1] == "|+"[is_border] for corner in corners)
        if not is_border:
            cells = [line[a + 1 : b].strip() for a, b in pairwise(corners)]
            row = [f"{a} {b}".strip() for a, b in zip(row, cells, strict=True)] if row else cells
        else:
            if is_whole and row and "=" in line:
                titles = row
            elif is_whole and row:
                rows.append((first + 1, row))
            first, row, is_whole = end + 1, [], True
        end += 1
    return end, Table(titles, rows)


def _simple(lines: Sequence[str], at: int) -> _Read:
    columns = [found.start() for found in _PART.finditer(lines[at])]
    rows: list[Row] = []
    titles: list[str] = []
    end = at + 1
    while end < len(lines):
        line = lines[end]
        end += 1
        if _BORDER.fullmatch(line):
            if titles or not "".join(lines[end : end + 1]).strip():
                # The last border; where no other came before, there are no titles.
                return end, Table(titles, rows)
            titles = [" ".join(parts).strip() for parts in zip(*(row for _, row in rows), strict=True)]
            rows = []
        elif line.strip():
            cells = [line[a:b].strip() for a, b in zip(columns, [*columns[1:], None], strict=True)]
            if rows and not cells[0]:
                rows[-1] = rows[-1][0], [f"{a} {b}".strip() for a, b in zip(rows[-1][1], cells, strict=True)]
            elif not set(line.strip()) <= set("- ") and all(line[a - 1 : a] in (" ", "") for a in columns[1:]):
                rows.append((end, cells))
        elif not titles:
            break
    return at + 1, None


def _list(lines: Sequence[str], at: int) -> _Read:
    margin = len(lines[at]) - len(lines[at].lstrip())
    rows: list[Row] = []
    dash = -1
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin):
        found = _ITEM.fullmatch(lines[end])
        if found and "*" in found[1]:
            dash = len(found[1])
            rows.append((end + 1, [(found[2] or "").strip()]))
        elif found and rows and len(found[1]) == dash:
            rows[-1][1].append((found[2] or "").strip())
        elif rows:
            rows[-1][1][-1] = f"{rows[-1][1][-1]} {lines[end].strip()}".strip()
        end += 1
    if not rows or not any(map(_HEADED.fullmatch, lines[at:end])):
        return end, None
    (_, titles), *rest = rows
    return end, Table(titles, [row for row in rest if len(row[1]) == len(titles)])


_FORMS = (
    (_GRID, _grid),
    (_BORDER, _simple),
    (_LIST, _list),
    (re.compile(r".*\|.*"), _markdown),
)
