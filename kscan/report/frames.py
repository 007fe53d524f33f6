"""Rows as tables of pandas, and a report's tables as CSV, a row each: tidy, with one type a column."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from kscan.model import UAPI
from kscan.report.browser import span_row
from kscan.report.content import Content
from kscan.rows import AT, RELEASES, WHEN, Row

# Columns that hold numbers and text alike.
_MIXED = ("value", "current_value")
_TYPES = {int: "Int64", bool: "boolean", str: "string"}
_SPANS = ("name", "kind", "scope", "header", "from", "to", "status", "value_text", "type", "bit_offset",
          "bit_size", "size", "path", "line")  # fmt: skip
_CELLS = ("table", "name", "from", "to", "state")


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows as a table, with the columns in this order: whole numbers Int64, truth boolean, text string, each
    with nulls; objects for what holds numbers and text alike, for a column of floats would round them."""
    wanted = None if columns is None else list(columns)
    table = pd.DataFrame([dict(row) for row in rows], columns=wanted, dtype=object)
    types: dict[Hashable, str] = {}
    for column in table:
        kinds = {type(value) for value in table[column] if value is not None}
        if column not in _MIXED and len(kinds) == 1:
            types[column] = _TYPES.get(kinds.pop(), "object")
    return table.astype(types)


def csv_files(content: Content) -> Iterator[tuple[str, str]]:
    """Each table's path in the report with its text."""
    for table in content.tables.values():
        yield _csv(table.id, [item.row for item in table.items], table.columns)
    uapi = [symbol for symbol in content.symbols if symbol.key[0] == UAPI]
    yield _csv("names", [symbol.when for symbol in uapi], WHEN)
    spans = (span_row(stretch, _SPANS) for symbol in uapi for stretch in symbol.stretches)
    yield _csv("spans", list(spans), _SPANS)
    yield _csv("cells", list(_cells(content)), _CELLS)
    yield _csv("structs", list(layouts(content)), AT)
    yield _csv("releases", content.release_rows, RELEASES)
    counts = ({"release": tag, **{one.label: one.counts[at] for one in content.series}}
              for at, tag in enumerate(content.tags))  # fmt: skip
    yield _csv("growth", list(counts), ("release", *(one.label for one in content.series)))


def _csv(name: str, rows: Sequence[Row], columns: Sequence[str]) -> tuple[str, str]:
    return f"csv/{name}.csv", frame(rows, columns).to_csv(index=False, lineterminator="\n")


def layouts(content: Content) -> Iterator[Row]:
    """Structs, each followed by its members, as the newest release that has it lays them out."""
    for struct in content.structs:
        yield struct.fact.row(AT)
        members = (place.symbol.newest.fact for place in struct.places if place.symbol)
        yield from (fact.row(AT) for fact in members)


def _cells(content: Content) -> Iterable[Row]:
    """Which releases have each row of each table: a row for each stretch of releases that are alike."""
    for table in content.tables.values():
        for item in table.items:
            for run in item.runs:
                yield {"table": table.id, "name": _called(item.row), "state": run.state,
                       "from": content.tags[run.first], "to": content.tags[run.last]}  # fmt: skip


def _called(row: Row) -> str:
    """What tells a row from the others of its table: two flavours, and two loaders, may use one name."""
    if "code" in row:
        return f"{row['flavour']} {row['code']}"
    if "section" in row:
        return f"{row['header']} {row['section']}"
    return str(row.get("id") or row.get("site") or row["name"])
