"""The report as Markdown: tables that parse, text that is only text, links that lead somewhere."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from kscan.history import History
from kscan.report.content import Content
from kscan.report.papers import papers
from kscan.report.site import write_report
from tests.report.reading import A, record
from tests.stores import Made, fact, history, member

HOSTILE = "<script>alert(1)</script>\"'|`a`\\|*b*[c](javascript:d)\n__e__<!-- ~f~ &amp; \x1b[31m"
# A file may be called so.
HEADER = "linux/[x](javascript:alert(1))|<b>`_a_ %41.h"
PROOF = "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L67"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Paper(NamedTuple):
    """What a reader sees: tables as rows of cells, headings, where it leads, and how text is marked."""

    tables: list[list[list[str]]]
    headings: list[str]
    links: list[str]
    kinds: set[str]


def paper(text: str) -> Paper:
    found = Paper([], [], [], set())
    tokens = READER.parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "table_open":
            found.tables.append([])
        elif token.type == "tr_open":
            found.tables[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found.tables[-1][-1].append("")
        elif token.type in ("html_block", "fence", "code_block"):
            found.kinds.add(token.type)
        children = token.children or []
        said = "".join(child.content for child in children)
        if before is not None and before.type in ("th_open", "td_open"):
            found.tables[-1][-1][-1] = said
        if before is not None and before.type == "heading_open":
            found.headings.append(said)
        found.kinds.update(child.type for child in children)
        found.links.extend(
            str(child.attrs.get("href", child.attrs.get("src"))) for child in children if child.attrs
        )
    return found


PLAIN = {"text", "text_special", "softbreak", "link_open", "link_close", "image", "code_inline"}


def test_every_table_has_a_row_for_each_and_a_cell_for_each_column(found: History) -> None:
    content = Content(found)
    texts = dict(papers(content))
    for table in content.tables.values():
        (rows,) = paper(texts[f"md/{table.id}.md"]).tables
        assert rows[0] == [*(heading for _, heading in table.shown), "line"]
        assert {len(row) for row in rows} == {len(table.shown) + 1}
        assert len(rows) == len(table.items) + 1
    (releases,) = paper(texts["md/releases.md"]).tables
    assert [row[0] for row in releases] == ["tag", *content.tags]
    (structs,) = paper(texts["md/structs.md"]).tables
    assert len(structs) == 1 + sum(
        1 + sum(place.symbol is not None for place in s.places) for s in content.structs
    )


def test_names_are_listed_once_by_header(found: History) -> None:
    content = Content(found)
    texts = dict(papers(content))
    listed = [row[0] for path, text in texts.items() if path.startswith("md/names/")
              for row in paper(text).tables[0][1:]]  # fmt: skip
    expected = [symbol.name for symbol in content.symbols if symbol.key[0] == "uapi"]
    assert sorted(listed) == sorted(expected)
    counts = [int(count) for count in re.findall(r": (\d+)$", texts["md/names.md"], re.M)]
    assert sum(counts) == len(expected)


def test_a_paper_says_what_a_table_does(scanned: History) -> None:
    texts = dict(papers(Content(scanned)))
    head, *rows = paper(texts["md/fanout.md"]).tables[0]
    (row,) = (dict(zip(head, row, strict=True)) for row in rows if row[0] == "PACKET_FANOUT_EBPF")
    assert (row["value"], row["since"], row["policy"]) == ("7", "v4.3", "fanout_demux_bpf")
    assert row["line"] == PROOF
    head, *rows = paper(texts["md/names/linux-if_packet.h.md"]).tables[0]
    (row,) = (dict(zip(head, row, strict=True)) for row in rows if row[0] == "PACKET_FANOUT_EBPF")
    assert row == {"name": "PACKET_FANOUT_EBPF", "kind": "macro", "value": "7", "since": "v4.3", "line": PROOF}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A report in which all that is not kscan's own is hostile."""
    facts = [fact("S", HOSTILE, type="char [9]"), fact("R", None, reason=HOSTILE),
             *record("s", 4, member("s.m", 0, 4, HOSTILE))]  # fmt: skip
    made = Made({A: facts, HEADER: [fact("H", HOSTILE, type="char [9]")]}, suspicion=HOSTILE, source=HOSTILE,
                permalink="javascript:alert(2)")  # fmt: skip
    write_report(history({"v4.2": made}), str(tmp_path / "report"))
    return tmp_path / "report"


def test_text_is_only_text(hostile: Path) -> None:
    said = []
    for path in hostile.rglob("*.md"):
        found = paper(path.read_text())
        assert found.kinds <= PLAIN, path
        assert found.kinds.isdisjoint({"link_open", "image"}) or path.name in ("README.md", "names.md")
        assert all(not unquote(link).startswith(("javascript:", "http")) for link in found.links), path
        said += [cell for table in found.tables for row in table for cell in row] + found.headings
    shown = " ".join(HOSTILE.splitlines())
    assert said.count(shown) >= 5
    assert HEADER in said


def follow(path: Path) -> set[Path]:
    """The files that a paper leads to."""
    found = paper(path.read_text())
    return {(path.parent / unquote(link)).resolve() for link in found.links if not link.startswith("https://")}


def held(folder: Path) -> None:
    """Holds that all links of papers lead to files, and lead to all papers."""
    led_to = set()
    for path in folder.rglob("*.md"):
        followed = follow(path)
        assert [target for target in followed if not target.is_file()] == []
        led_to |= followed
    # From the first paper every other is reached, and every table in every form.
    papers_here = {path for path in folder.rglob("*.md") if path.name != "README.md"}
    assert papers_here <= led_to
    forms = {"csv": ".csv", "api/v1": ".json", "md": ".md"}
    listed = {path.stem for path in (folder / "md").glob("*.md")}
    assert {folder / form / f"{id_}{suffix}" for id_ in listed for form, suffix in forms.items()} <= led_to
    assert folder / "growth.svg" in led_to


def test_links_lead_to_files(small: Path) -> None:
    held(small.resolve())


def test_links_lead_to_files_whatever_a_header_is_called(hostile: Path) -> None:
    held(hostile.resolve())


def test_links_lead_to_files_of_what_ships(shipped: Path) -> None:
    held(shipped.resolve())


def test_the_first_paper_says_what_was_read(scanned: History) -> None:
    content = Content(scanned)
    start = dict(papers(content))["README.md"]
    assert f"{len(content.symbols)} names of 3 kernels, v4.2 to v5.6, for x86-64" in start
    assert f"![{content.growth_about}](growth.svg)" in start
