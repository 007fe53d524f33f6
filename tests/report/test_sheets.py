"""Tables of pandas and CSV: one type a column, exact values, tidy."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from kscan.frames import frame
from kscan.history import History
from kscan.report.content import Content
from kscan.report.sheets import csv_files
from kscan.report.tables import KINDS
from kscan.rows import AT, DIFF, RELEASES, WHEN, plain
from tests.report.reading import HISTORIES, A
from tests.report.test_api import COLUMNS
from tests.stores import fact, history

BIG = 2**64 - 1
EXACT = {"BIG": BIG, "NEAR": 2**53 + 1, "LOW": -(2**63), "ONE": 1}


def tables(content: Content) -> dict[str, pd.DataFrame]:
    """The CSV files as pandas reads them, by name."""
    return {
        path.removeprefix("csv/").removesuffix(".csv"): pd.read_csv(
            io.StringIO(text), dtype_backend="numpy_nullable"
        )
        for path, text in csv_files(content)
    }


def test_each_column_has_one_type() -> None:
    table = frame([
        {"number": 1, "truth": True, "text": "a", "value": 1, "nothing": None, "many": 1},
        {"number": None, "truth": None, "text": None, "value": "a", "nothing": None, "many": "a"},
        {"number": 2**53 + 1, "truth": False, "text": "", "value": BIG, "nothing": None, "many": True},
    ])  # fmt: skip
    assert {column: str(kind) for column, kind in table.dtypes.items()} == {
        "number": "Int64", "truth": "boolean", "text": "string", "value": "object", "nothing": "object",
        "many": "object",
    }  # fmt: skip
    assert table["number"].tolist() == [1, pd.NA, 2**53 + 1]
    assert table["truth"].tolist() == [True, pd.NA, False]
    assert table["value"].tolist() == [1, "a", BIG]


def test_a_value_is_no_float_whatever_stands_beside_it() -> None:
    table = frame([{"value": BIG, "current_value": None}, {"value": None, "current_value": 7}])
    assert [value for value in table["value"] if value is not None] == [BIG]
    assert [type(value) for value in table["current_value"] if value is not None] == [int]


@pytest.mark.parametrize("columns", [None, ("name", "line")])
def test_no_rows_are_a_table_too(columns: tuple[str, ...] | None) -> None:
    table = frame([], columns)
    assert (len(table), list(table)) == (0, list(columns or ()))


def test_columns_are_those_that_are_asked_for() -> None:
    table = frame([{"a": 1, "b": "x", "c": True}], ["c", "a", "none"])
    assert list(table) == ["c", "a", "none"]
    assert [str(kind) for kind in table.dtypes] == ["boolean", "Int64", "object"]


@pytest.mark.parametrize("wide", [2**63, -(2**63) - 1])
def test_what_64_bits_do_not_hold_stays_whole(wide: int) -> None:
    assert frame([{"size": 1}, {"size": wide}])["size"].tolist() == [1, wide]
    assert str(frame([{"size": 2**63 - 1}])["size"].dtype) == "Int64"


def test_answers_have_their_types(scanned: History) -> None:
    table = frame(scanned.at("v5.6"))
    assert list(table) == list(AT)
    assert {str(table.dtypes[column]) for column in ("line", "end_line", "bit_offset", "bit_size", "size")} == {
        "Int64"
    }
    assert {str(table.dtypes[column]) for column in ("name", "kind", "header", "type", "permalink")} == {
        "string"
    }
    changes = [dated.row for dated in Content(scanned).news["v5.6"].changed]
    assert str(frame(changes, DIFF).dtypes["breaking"]) == "boolean"


def test_values_are_exact_in_every_file() -> None:
    found = history({"v4.2": {A: [fact(name, value) for name, value in EXACT.items()]}})
    texts = dict(csv_files(Content(found)))
    for name, column in (("names", "value"), ("names", "current_value"), ("spans", "value_text")):
        rows = csv.DictReader(io.StringIO(texts[f"csv/{name}.csv"]))
        assert {row["name"]: row[column] for row in rows} == {n: str(value) for n, value in EXACT.items()}


def test_pandas_reads_every_column_with_its_type(scanned: History) -> None:
    content = Content(scanned)
    read = tables(content)
    assert list(read) == [kind.id for kind in KINDS] + [
        "names",
        "spans",
        "cells",
        "structs",
        "releases",
        "growth",
    ]
    assert [tuple(read[name]) for name in ("names", "structs", "releases")] == [WHEN, AT, RELEASES]
    assert {id_: tuple(read[id_]) for id_ in COLUMNS} == COLUMNS
    whole = {
        "names": ["line", "value"], "spans": ["line", "bit_offset"], "structs": ["size"], "helpers": ["value"],
        "fanout": ["policy_line"], "releases": ["headers"], "growth": ["helpers"],
    }  # fmt: skip
    for name, columns in whole.items():
        assert {str(kind) for kind in read[name].dtypes[columns]} == {"Int64"}, name
    assert str(read["hooks"].dtypes["measured"]) == "boolean"
    for name, column in (("names", "name"), ("spans", "from"), ("cells", "state"), ("releases", "tag")):
        assert str(read[name].dtypes[column]) == "string", (name, column)


def test_every_row_is_in_its_file(scanned: History) -> None:
    content = Content(scanned)
    texts = dict(csv_files(content))
    for table in content.tables.values():
        rows = list(csv.DictReader(io.StringIO(texts[f"csv/{table.id}.csv"])))
        said = [{column: item.row.get(column) for column in table.columns} for item in table.items]
        assert rows == [{c: plain(v) for c, v in row.items()} for row in said]


def test_cells_are_tidy(found: History) -> None:
    content = Content(found)
    cells = tables(content)["cells"]
    assert list(cells) == ["table", "name", "from", "to", "state"]
    assert not cells.isna().any().any()
    number = {tag: at for at, tag in enumerate(content.tags)}
    rows = [(row["table"], number[row["from"]], number[row["to"]]) for row in cells.to_dict("records")]
    assert list(dict.fromkeys(table for table, _, _ in rows)) == [
        t.id for t in content.tables.values() if t.items
    ]
    expected = sum(len(item.runs) for table in content.tables.values() for item in table.items)
    assert len(rows) == expected
    # The rows of one name cover every release once.
    at = 0
    for _, first, last in rows:
        assert (first, last >= first) == (at, True)
        at = (last + 1) % len(content.tags)
    assert at == 0


def test_cells_say_which_releases_have_a_row(scanned: History) -> None:
    cells = tables(Content(scanned))["cells"]
    said = [tuple(row[1:]) for row in cells[cells["name"] == "PACKET_FANOUT_EBPF"].itertuples()]
    assert said == [
        ("fanout", "PACKET_FANOUT_EBPF", "v4.2", "v4.2", "absent"),
        ("fanout", "PACKET_FANOUT_EBPF", "v4.3", "v5.6", "present"),
    ]


def test_a_cell_is_of_one_row(shipped: Path) -> None:
    cells = pd.read_csv(shipped / "csv" / "cells.csv")
    oldest = cells[cells["from"] == "v2.6.12"]
    assert len(oldest) == len(pd.concat(pd.read_csv(shipped / "csv" / f"{kind.id}.csv") for kind in KINDS))
    assert not oldest[["table", "name"]].duplicated().any()


def test_spans_are_those_of_the_history() -> None:
    found = history(HISTORIES["layouts"])
    spans = tables(Content(found))["spans"]
    columns = [column for column in spans if column not in ("bit_offset", "bit_size", "size")]
    assert [[None if pd.isna(value) else value for value in row] for row in spans[columns].values] == [
        [row[str(column)] for column in columns]
        for name in sorted(found.all_names)
        for row in found.spans(name)
    ]
    where = spans[spans["name"] == "s.b"][["from", "to", "bit_offset", "bit_size", "size"]]
    assert where.values.tolist() == [["v4.2", "v4.2", 32, 3, 1], ["v4.3", "v4.3", 3, 3, 1]]


def test_names_and_spans_are_of_user_space() -> None:
    read = tables(Content(history(HISTORIES["internal"])))
    assert set(read["names"]["scope"]) == set(read["spans"]["scope"]) == {"uapi"}


def test_growth_has_a_row_for_each_release(scanned: History) -> None:
    content = Content(scanned)
    growth = tables(content)["growth"]
    assert growth["release"].tolist() == content.tags
    for one in content.series:
        assert tuple(None if pd.isna(count) else count for count in growth[one.label]) == one.counts


def test_what_is_not_known_is_empty_and_no_zero() -> None:
    found = history(HISTORIES["unparsed"])
    text = dict(csv_files(Content(found)))["csv/growth.csv"]
    assert text.splitlines()[1].split(",")[:2] == ["v4.1", "0"]
    assert pd.isna(tables(Content(found))["growth"]["hook points"][0])


def test_a_struct_is_followed_by_its_members(small: Path) -> None:
    table = pd.read_csv(small / "csv" / "structs.csv", dtype_backend="numpy_nullable")
    names = table["name"].tolist()
    at = names.index("bpf_insn")
    assert names[at : at + 6] == [
        "bpf_insn",
        *(f"bpf_insn.{m}" for m in ("code", "dst_reg", "src_reg", "off", "imm")),
    ]
    assert table["bit_size"][at + 2] == 4
