"""Names, values and places that are code somewhere else: every form that kscan writes keeps them inert."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.fuzz.laws import asked
from tests.stores import Made, fact, history, member

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HEADER = f"linux/{EVIL}'\"|`]](javascript:alert(3)).h"
STRINGS = [
    EVIL,
    "</script><script>alert(4)//",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a|b`c`*d*_e_[f](javascript:g)",
    "\u202e\u2028</title>",
    "<!-- /kscan --><!-- kscan:since X -->",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31m",
    '"; DROP TABLE x',
    "${x}`id`",
]
FORMULA = re.compile(r"[\t\r]?[=+@-](?![\d.]+$|$)")


@pytest.fixture(autouse=True)
def _evil() -> None:
    """Releases of two tags, with strings, types and headers that mean harm."""
    facts = [fact(f"OUR_{n}", text, type=f"char [{len(text)}]") for n, text in enumerate(STRINGS)]
    facts += [fact("PACKET_FANOUT_EVIL", 3, type=EVIL), fact("BPF_EVIL", 5, "enumerator", owner="bpf_cmd")]
    facts += [
        fact("our_struct", None, "struct", type="struct our_struct", size=8),
        member("our_struct.x", 0, 4, f"{EVIL} *"),
    ]
    facts += [
        fact("OUR_WHY", None, reason=f"{EVIL} | why"),
        fact("$evil", 1),
        fact("our_f", None, "function_macro", type=f"({EVIL})"),
    ]
    link = "javascript:alert(5)//{tag}/{path}{lines}"
    history(
        {
            "v4.2": Made({HEADER: facts[:3]}, source=EVIL, suspicion=f"{EVIL} | `x`"),
            "v4.3": Made({HEADER: facts, "linux/bpf.h": facts}, permalink=link, source=EVIL, suspicion=EVIL),
        }
    )


class _Page(HTMLParser):
    """What a browser would run or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").endswith(".js"):
            self.bad.append(str(given))
        if tag == "img" and "onerror" in given:
            self.bad.append(str(given))
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("href", "src") and (value or "").strip().lower().startswith("javascript:")
            ):
                self.bad.append(f"{tag} {name}={value}")


def runs(page: str) -> list[str]:
    parser = _Page()
    parser.feed(page)
    return parser.bad


def test_a_report_runs_nothing_of_a_kernels(tmp_path: Path) -> None:
    code, _, complained = asked("report", "--set", "uapi", "--out", str(tmp_path / "report"))
    assert code == 0, complained
    pages = list((tmp_path / "report").rglob("*.html"))
    assert pages
    assert [(page.name, bad) for page in pages if (bad := runs(page.read_text()))] == []
    for data in (tmp_path / "report").rglob("*.json"):
        json.loads(data.read_text())
    for paper in (tmp_path / "report").rglob("*.md"):
        assert runs(MarkdownIt("commonmark").enable("table").render(paper.read_text())) == [], paper.name
    inside = (tmp_path / "report").resolve()
    assert all(path.resolve().is_relative_to(inside) for path in inside.rglob("*"))
    assert {path.name for path in tmp_path.iterdir()} == {"report", "home"}


@pytest.mark.parametrize(
    "command", ["when OUR_*", "at v4.3", "history OUR_*", "diff v4.2 v4.3", "search our", "releases", "export"]
)
def test_markdown_and_csv_are_rows(command: str) -> None:
    words = command.split()
    if command != "export":
        _, said, _ = asked(*words, "--format", "md")
        assert runs(MarkdownIt("commonmark").enable("table").render(said)) == []
        lines = said.rstrip("\n").split("\n")
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(re.findall(r"\|", lines[0]))}
    _, said, _ = asked(*words, "--format", "csv")
    _, rows, _ = asked(*words, "--format", "json")
    assert len(list(csv.reader(io.StringIO(said, newline="")))) == len(json.loads(rows)) + 1


@pytest.mark.parametrize("command", ["when OUR_*", "at v4.3", "history OUR_*", "diff v4.2 v4.3", "export"])
def test_no_cell_of_csv_is_a_formula(command: str) -> None:
    """A spreadsheet computes a text cell that begins with = + - or @."""
    _, said, _ = asked(*command.split(), "--format", "csv")
    cells = {cell for row in csv.reader(io.StringIO(said, newline="")) for cell in row}
    assert sorted(cell for cell in cells if FORMULA.match(cell)) == []


def test_no_cell_of_a_reports_csv_is_a_formula(tmp_path: Path) -> None:
    assert asked("report", "--set", "uapi", "--out", str(tmp_path / "report"))[0] == 0
    cells = set()
    for file in (tmp_path / "report/csv").glob("*.csv"):
        cells |= {cell for row in csv.reader(io.StringIO(file.read_text(), newline="")) for cell in row}
    assert sorted(cell for cell in cells if FORMULA.match(cell)) == []


@pytest.mark.parametrize(
    "command", ["when OUR_*", "at v4.3", "show OUR_1 --at v4.3", "releases", "diff v4.2 v4.3", "search our"]
)
def test_a_table_moves_no_cursor(command: str) -> None:
    _, said, complained = asked(*command.split())
    assert [char for char in said + complained if not char.isprintable() and char not in "\n\t"] == []


def test_what_is_filled_in_is_text(tmp_path: Path) -> None:
    path = tmp_path / "it.md"
    names = ["OUR_0", "OUR_1", "OUR_8", "OUR_10"]
    path.write_text(
        "".join(f"x <!-- kscan:value {name} -->?<!-- /kscan -->\n\n" for name in names)
        + "<!-- kscan:table OUR_* -->\n<!-- /kscan -->\n\nThe end.\n"
    )
    assert asked("docs", "fill", str(path))[0] == 0
    text = path.read_text()
    assert runs(MarkdownIt("commonmark").enable("table").render(text)) == []
    assert (text.count("<!-- kscan:"), text.count("<!-- /kscan -->")) == (5, 5)
    assert asked("docs", "fill", "--check", str(path))[0] == 0


def test_forms_for_documentation_are_whole() -> None:
    for form in ("yaml", "md", "man"):
        code, said, _ = asked("export", "OUR_*", "PACKET_*", "--format", form)
        assert code in (0, 1)
        assert "<script>" not in MarkdownIt("commonmark").enable("table").render(said) or form != "md"
        assert not [
            line for line in said.split("\n") if form == "man" and re.match(r"[.'](so|sy|pso|open|pi)\b", line)
        ]
    code, said, complained = asked("header", "OUR_*", "PACKET_*", "BPF_*")
    assert code in (0, 1), complained
    assert all(re.match(r"#|/\*|\s*\*|$", line) for line in said.split("\n")), said
