"""Exports and reports: the same bytes each time, exact values, and inert whatever a header says."""

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from kscan.cli.show import markdown, show
from kscan.errors import KscanError, StoreError
from kscan.history import History
from kscan.report.browser import encoded
from kscan.report.content import Content
from kscan.report.export import export_all
from kscan.report.site import write_report
from kscan.rows import HISTORY, RELEASES, WHEN, empty
from tests.stores import UNREAD, Made, fact, history, member

A = "linux/a.h"
HOSTILE = "<script>alert(1)</script>\"'|`a`\\|*b*[c](javascript:d)\n__e__<!-- ~f~ &amp; \x1b[31m"
EXACT = {"BIG": 2**64 - 1, "NEAR": 2**53 + 1, "LOW": -(2**63), "ONE": 1}


@pytest.fixture
def hostile() -> History:
    """Text of every kind that is not kscan's own: values, reasons, labels, sources, suspicions."""
    facts = [fact("S", HOSTILE, type="char [9]"), fact("R", None, reason=HOSTILE), member("s.m", 0, 4, HOSTILE)]
    return history(
        {
            "v4.2": Made({A: facts}, suspicion=HOSTILE, source=HOSTILE, permalink="javascript:alert(2)"),
            "v4.3": Made({A: [fact("S", "plain", type="char [6]")]}, permalink='https://x/"><script>{path}'),
            HOSTILE: Made(
                {A: [fact("S", "label", type="char [6]"), fact("L", 1)]}, is_label=True, permalink=None
            ),
        }
    )


@pytest.fixture
def exact() -> History:
    """Values that a column of floats would round, and one that is not known."""
    facts = [fact(name, value, type="long") for name, value in EXACT.items()]
    return history({"v4.2": {A: [*facts, fact("NONE", None, reason="empty")]}, "v4.3": {A: facts}})


def folder(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.usefixtures("scanned")
def test_a_report_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pages = write_report(History(), str(tmp_path / name))
        assert {"index", "hooks", "opcodes", "names", "name", "diff", "structs"} < {page.stem for page in pages}
    assert folder(tmp_path / "one") == folder(tmp_path / "two")
    assert b"PACKET_FANOUT_EBPF" in folder(tmp_path / "one")["fanout.html"]


def test_the_order_of_scans_does_not_show(tmp_path: Path) -> None:
    releases = {
        f"v4.{n}": {A: [fact("X", n), fact(f"X{n}", n)], "linux/b.h": [fact(f"Y{n}", n)]} for n in range(4)
    }
    for name, order in (("one", sorted(releases)), ("two", sorted(releases, reverse=True))):
        found = history({tag: releases[tag] for tag in order}, tmp_path / f"{name}.sqlite")
        write_report(found, str(tmp_path / name))
        for form in ("csv", "json"):
            export_all(found, form, str(tmp_path / name / f"all.{form}"))
    assert folder(tmp_path / "one") == folder(tmp_path / "two")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_has_every_span(scanned: History, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"all.{form}"
    assert export_all(scanned, form, str(out)) == 0
    text = out.read_text()
    rows = json.loads(text) if form == "json" else list(csv.DictReader(io.StringIO(text)))
    assert [(row["scope"], row["name"], row["from"], row["to"]) for row in rows] == [
        (row["scope"], row["name"], row["from"], row["to"]) for row in scanned.all_spans()
    ]
    assert all(tuple(row) == HISTORY for row in rows)
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_an_export_of_nothing_is_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    export_all(history({"v4.2": {A: []}}), "json", None)
    assert json.loads(capsys.readouterr().out) == []


def test_pandas_reads_an_export_with_its_types(scanned: History, tmp_path: Path) -> None:
    export_all(scanned, "csv", str(tmp_path / "all.csv"))
    table = pd.read_csv(tmp_path / "all.csv", dtype_backend="numpy_nullable")
    assert list(table) == list(HISTORY)
    assert (table.dtypes[["value", "line", "end_line"]] == "Int64").all()
    assert (table.dtypes[["name", "kind", "from", "to", "status", "header"]] == "string").all()
    assert table[table["name"] == "PACKET_FANOUT_EBPF"]["value"].tolist() == [7]


def test_values_are_exact_in_files(exact: History, tmp_path: Path) -> None:
    write_report(exact, str(tmp_path))
    table = pd.read_csv(tmp_path / "csv" / "names.csv", dtype=str).set_index("name")
    assert list(table.reset_index()) == ["name", *(column for column in WHEN if column != "name")]
    for column in ("value", "value_text"):
        assert table[column].dropna().to_dict() == {name: str(value) for name, value in EXACT.items()}
    assert table.loc["ONE", ["line", "current_value", "first_seen"]].tolist() == ["1", "1", "v4.2"]
    assert pd.isna(table.loc["NONE", "value"])


def test_pandas_reads_a_report_with_its_types(scanned: History, tmp_path: Path) -> None:
    write_report(scanned, str(tmp_path))
    names = pd.read_csv(tmp_path / "csv" / "names.csv", dtype_backend="numpy_nullable").set_index("name")
    assert (names.dtypes[["value", "line", "end_line", "current_value"]] == "Int64").all()
    releases = pd.read_csv(tmp_path / "csv" / "releases.csv")
    assert list(releases) == list(RELEASES)
    assert releases[["headers", "parsed", "problems"]].dtypes.eq("int64").all()


def test_a_line_tells_five_things_apart() -> None:
    has, lacks = {A: [fact("X")]}, {A: [fact("Y")]}
    found = history({"v4.1": Made({"linux/b.h": []}, sets=("linux/b.h",)), "v4.2": {"linux/b.h": []},
                     "v4.3": {A: UNREAD}, "v4.4": lacks, "v4.5": has})  # fmt: skip
    (x,) = [symbol for symbol in Content(found).symbols if symbol.name == "X"]
    assert [run.state for run in x.runs] == ["not_scanned", "no_header", "unparsed", "absent", "present"]
    assert encoded(x.runs) == "1n1h1u1a1p"


class Page(HTMLParser):
    """What a browser makes of a page: its elements, links, event handlers and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_pages_are_inert(hostile: History, tmp_path: Path) -> None:
    write_report(hostile, str(tmp_path))
    said = ""
    for path in tmp_path.rglob("*.html"):
        page = Page(path.read_text())
        assert all(link.startswith(("https://", "#", "data:,")) or (path.parent / link.split("#")[0]).exists()
                   for link in page.links), path  # fmt: skip
        assert page.tags.count("script") == sum(link.endswith(".js") for link in page.links)
        assert page.handlers == []
        said += page.text
    assert said.count(HOSTILE) >= 2


def test_a_report_needs_a_mainline_release(tmp_path: Path) -> None:
    found = history({"mine": Made({A: [fact("X")]}, is_label=True, permalink=None)})
    with pytest.raises(StoreError, match="no mainline release to report on"):
        write_report(found, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_links_of_a_page_lead_to_the_proof(scanned: History, tmp_path: Path) -> None:
    write_report(scanned, str(tmp_path))
    links = Page((tmp_path / "fanout.html").read_text()).links
    assert "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L67" in links


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "a|b", "a\\|b", "a\\\\|b", "`|`", "<b>x</b>", "&lt;b&gt;", "__x__ and _y_", "*x*", "~~x~~",
     "[x](https://example.org)", "![x](y)", "a_b_c", "trailing\\", "\r\nnext", "(code, k)", "__u8[16]"],
)  # fmt: skip
def test_markdown_is_inert(text: str) -> None:
    (row, *_) = [empty(WHEN, name="X", value=text, note=text, permalink="https://x.org/a_b/__c.h#L1")]
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    cells: list[str] = []
    for token in reader.parse(markdown([row], WHEN)):
        kinds = {child.type for child in token.children or ()}
        assert kinds <= {"text", "text_special"}
        if token.type == "inline":
            cells.append("".join(child.content for child in token.children or ()))
    header, line = cells[: len(WHEN)], cells[len(WHEN) :]
    assert header == list(WHEN)
    said = " ".join(text.splitlines()).strip()
    assert dict(zip(WHEN, line, strict=True)) == {
        **dict.fromkeys(WHEN, ""), "name": "X", "value": said, "note": said,
        "permalink": "https://x.org/a_b/__c.h#L1",
    }  # fmt: skip


def test_a_permalink_stays_a_link_in_markdown() -> None:
    link = "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L59-L64"
    assert f" {link} |" in markdown([empty(WHEN, permalink=link)], WHEN)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_read_back_is_what_was_there(
    hostile: History, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(hostile.when("S"), WHEN, form, "when")
    out = capsys.readouterr().out
    (row,) = json.loads(out) if form == "json" else csv.DictReader(io.StringIO(out, newline=""))
    assert row["value"] == row["value_text"] == HOSTILE


def test_a_table_keeps_one_line_a_row_and_no_escapes(
    hostile: History, capsys: pytest.CaptureFixture[str]
) -> None:
    show(hostile.when("S"), WHEN, "table", "when")
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 2
    assert "\x1b" not in out
    assert "\\n__e__" in out


def in_the_way(path: Path) -> str:
    path.write_text("a file\n")
    return str(path)


@pytest.mark.parametrize(
    "write",
    [
        write_report,
        lambda found, out: export_all(found, "csv", f"{out}/all.csv"),
    ],
    ids=["report", "export"],
)
def test_where_nothing_can_be_written(tmp_path: Path, write: Callable[[History, str], object]) -> None:
    found = history({"v4.2": {A: [fact("X")]}})
    out = in_the_way(tmp_path / "file")
    with pytest.raises(KscanError, match="cannot be written") as raised:
        write(found, out)
    assert "\n" not in str(raised.value)
    assert Path(out).read_text() == "a file\n"


def test_a_failed_export_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = history({"v4.2": {A: [fact("X")]}})
    out = tmp_path / "all.csv"
    export_all(found, "csv", str(out))
    before = out.read_bytes()

    def fails(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(History, "all_spans", fails)
    with pytest.raises(KeyboardInterrupt):
        export_all(found, "csv", str(out))
    assert (out.read_bytes(), [path.name for path in tmp_path.iterdir() if "all" in path.name]) == (
        before,
        ["all.csv"],
    )
