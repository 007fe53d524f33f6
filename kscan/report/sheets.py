"""A report's tables as CSV: tidy, with one type a column."""

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from kscan.model import UAPI
from kscan.report.browser import span_row
from kscan.report.content import Content
from kscan.rows import AT, RELEASES, WHEN, Row
from kscan.sheets import write_csv

_SPANS = ("name", "kind", "scope", "header", "from", "to", "status", "value_text", "type", "bit_offset",
          "bit_size", "size", "path", "line")  # fmt: skip
_CELLS = ("table", "name", "from", "to", "state")


def csv_files(content: Content) -> Iterator[tuple[str, str]]:
    """Each table's path in the report with its text."""
    for table in content.tables.values():
        yield _csv(table.id, (item.row for item in table.items), table.columns)
    uapi = [symbol for symbol in content.symbols if symbol.key[0] == UAPI]
    yield _csv("names", (symbol.when for symbol in uapi), WHEN)
    spans = (span_row(stretch, _SPANS) for symbol in uapi for stretch in symbol.stretches)
    yield _csv("spans", spans, _SPANS)
    yield _csv("cells", _cells(content), _CELLS)
    yield _csv("structs", layouts(content), AT)
    yield _csv("releases", content.release_rows, RELEASES)
    counts = ({"release": tag, **{one.label: one.counts[at] for one in content.series}}
              for at, tag in enumerate(content.tags))  # fmt: skip
    yield _csv("growth", counts, ("release", *(one.label for one in content.series)))


def _csv(name: str, rows: Iterable[Row], columns: Sequence[str]) -> tuple[str, str]:
    text = StringIO()
    write_csv(text, rows, columns)
    return f"csv/{name}.csv", text.getvalue()


def layouts(content: Content) -> Iterator[Row]:
    """Structs, each followed by its members, as the newest release that has it lays them out."""
    for struct in content.structs:
        yield struct.fact.row(AT)
        yield from (member.row(AT) for member in struct.members)


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
        return " ".join(filter(None, (row["flavour"], row["code"], row.get("variant"))))
    if "section" in row:
        return f"{row['header']} {row['section']}"
    return str(row.get("id") or row.get("site") or row["name"])
