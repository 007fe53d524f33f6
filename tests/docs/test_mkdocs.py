"""A small MkDocs site that `docs fill` filled: what it says is what the kernels say, and reaches the reader."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree
from urllib.parse import urlsplit

import pytest

import kscan
from kscan.docs.fill import fill
from kscan.errors import KscanError
from kscan.history import History

DEMO = Path(__file__).parent / "mkdocs"
PAGES = sorted(path.name for path in (DEMO / "docs").glob("*.md"))
MARKER = re.compile(r"(<!-- kscan:\w+ \S+ -->).*?(<!-- /kscan -->)", re.S)
BLOCKS = ("p", "li", "td", "th", "h1", "h2", "pre")
# Attributes that a browser follows by itself.
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """What a reader sees of a page: the text of each block, tables cell by cell; and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.comments: list[str] = []
        self.loads: list[str] = []
        self.blocks: list[tuple[str, str]] = []
        self.tables: list[list[list[tuple[str, str | None]]]] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open.append(tag)
        if address := given.get(LOADED.get(tag, "")):
            self.loads.append(address)
        if tag in BLOCKS:
            self.blocks.append((tag, ""))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append(("", None))
        elif tag == "a" and {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] = ("", given["href"])

    def handle_endtag(self, tag: str) -> None:
        # What has no end tag, such as img, ends with what holds it.
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            within, text = self.blocks[-1] if self.blocks else ("", "")
            self.blocks[-1:] = [(within, text + data)]
            if {"td", "th"} & set(self._open):
                said, address = self.tables[-1][-1][-1]
                self.tables[-1][-1][-1] = (said + data, address)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data.strip())


@pytest.fixture(scope="module")
def shipped() -> Iterator[History]:
    found = History("/nowhere", data=Path(kscan.__file__).parent / "shipped.sqlite")
    yield found
    found.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mkdocs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(DEMO / "mkdocs.yml")]
    done = subprocess.run([*command, "--site-dir", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_what_the_kernels_say(name: str, shipped: History, tmp_path: Path) -> None:
    page = copytree(DEMO / "docs", tmp_path / "docs") / name
    said = page.read_bytes()
    page.write_text(MARKER.sub(r"\1\2", said.decode()), encoding="utf-8")
    assert fill(shipped, [page])
    assert page.read_bytes() == said


def test_a_name_that_no_kernel_has_stops_it(shipped: History, tmp_path: Path) -> None:
    page = copytree(DEMO / "docs", tmp_path / "docs") / "packet-fanout.md"
    text = page.read_text().replace("kscan:since PACKET_FANOUT_QM", "kscan:since PACKET_FANOUT_QUEUE")
    page.write_text(text)
    line = next(number for number, said in enumerate(text.split("\n"), 1) if "FANOUT_QUEUE" in said)
    with pytest.raises(KscanError, match=rf"packet-fanout\.md:{line}: no name PACKET_FANOUT_QUEUE in "):
        fill(shipped, [page])
    assert page.read_text() == text


@pytest.mark.parametrize(
    ("name", "tag", "said"),
    [
        ("index", "li", "a classic filter since v2.6.12 or earlier, and an eBPF one since v3.19."),
        ("packet-fanout", "p", "PACKET_FANOUT (option 18), which exists since v3.1. The mode decides"),
        ("packet-fanout", "p", "With PACKET_FANOUT_EBPF (value 7, since v4.3) a program of yours decides."),
    ],
)
def test_a_sentence_stays_one(name: str, tag: str, said: str, site: Path) -> None:
    blocks = Page(site / f"{name}.html").blocks
    assert [within for within, text in blocks if said in " ".join(text.split())] == [tag]


@pytest.mark.parametrize(
    ("name", "pattern"), [("index", "SO_ATTACH_REUSEPORT_?BPF"), ("packet-fanout", "PACKET_FANOUT_*")]
)
def test_a_table_arrives_with_its_rows_and_links(name: str, pattern: str, shipped: History, site: Path) -> None:
    rows = [shipped.when(found)[0] for found in shipped.names(pattern)]
    assert len(rows) > 1
    head, *lines = Page(site / f"{name}.html").tables[0]
    assert head == [("name", None), ("since", None), ("value", None), ("header", None)]
    assert lines == [
        [
            (row["name"], None),
            (row["first_seen"] + " or earlier" * (row["status"] == "from_oldest"), row["permalink"]),
            (str(row["value"]), None), (row["header"], None),
        ]
        for row in rows
    ]  # fmt: skip


def test_a_table_of_ones_own_takes_markers(site: Path) -> None:
    assert [[text for text, _ in row] for row in Page(site / "packet-fanout.html").tables[1]] == [
        ["to spread by", "use", "from"],
        ["flow", "PACKET_FANOUT_HASH", "v3.1"],
        ["receive queue", "PACKET_FANOUT_QM", "v3.14"],
    ]


def test_a_table_in_a_list_does_not_end_it(site: Path) -> None:
    text = (site / "index.html").read_text()
    (numbered,) = re.findall(r"<ol>.*?</ol>", text, re.S)
    assert (numbered.count("<li>"), numbered.count("<table>"), text.count("<table>")) == (3, 1, 1)


@pytest.mark.parametrize("name", PAGES)
def test_markers_stay_out_of_sight(name: str, site: Path) -> None:
    page = Page(site / name.replace(".md", ".html"))
    markers = MARKER.findall((DEMO / "docs" / name).read_text())
    # The theme has comments of its own.
    said = [comment for comment in page.comments if "kscan" in comment]
    assert said == [part[5:-4] for marker in markers for part in marker]
    for text in (page.text, (site / "search" / "search_index.json").read_text()):
        assert not re.search(r"kscan:|/kscan|<!--|-->|&lt;!|\\u003c!", text)
    assert not any("|" in text for _, text in page.blocks)


def test_what_is_searched_is_what_was_filled_in(site: Path) -> None:
    pages = json.loads((site / "search" / "search_index.json").read_text())["docs"]
    assert any(re.search(r"PACKET_FANOUT_EBPF \(value 7\s*, since v4\.3", page["text"]) for page in pages)


def test_a_reader_loads_nothing_from_outside(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for path in pages:
        loads = Page(path).loads
        assert loads
        for address in map(urlsplit, loads):
            assert (address.scheme, address.netloc) == ("", ""), (path, address)
            base = site if address.path.startswith("/") else path.parent
            assert (base / address.path.lstrip("/")).is_file(), (path, address)
    for path in site.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*[\"']?(https?:)?//", path.read_text(encoding="utf-8")), path
