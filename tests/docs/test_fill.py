"""Markers in Markdown: filled, checked, refused."""

from collections import Counter
from pathlib import Path

import pytest

from kscan.docs.fill import fill
from kscan.docs.lint import AGREES, lint
from kscan.errors import KscanError
from kscan.history import History
from tests.stores import Made, fact, history

A = "linux/a.h"
HEAD = "| name | since | value | header |\n| --- | --- | --- | --- |"
NEW = "https://github.com/torvalds/linux/blob/v4.2/include/uapi/linux/a.h#L1"


@pytest.fixture
def names() -> History:
    old = {A: [fact("OLD", 1), fact("GONE", 2)]}
    return history({"v4.1": old, "v4.2": {A: [fact("OLD", 1), fact("NEW", 7)]}, "v4.4": {
        A: [fact("OLD", 1), fact("NEW", 7), fact("LATE", 9)]}})  # fmt: skip


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("since NEW", "v4.2"),
        ("since OLD", "v4.1 or earlier"),
        ("since LATE", "after v4.2, by v4.4"),
        ("since GONE", "v4.1 or earlier, removed in v4.2"),
        ("value NEW", "7"),
        ("table ?EW", f"\n\n{HEAD}\n| NEW | [v4.2]({NEW}) | 7 | linux/a.h |\n\n"),
    ],
)
def test_markers(marker: str, said: str, names: History, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"Before <!-- kscan:{marker} -->what was\nthere<!-- /kscan --> after\n")
    assert fill(names, [path], check=True)
    assert "what was" in path.read_text()
    assert fill(names, [path])
    assert path.read_text() == f"Before <!-- kscan:{marker} -->{said}<!-- /kscan --> after\n"
    assert not fill(names, [path])
    assert not fill(names, [path], check=True)
    names.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n<!-- kscan:since NOWHERE --><!-- /kscan -->", "a.md:2: no name NOWHERE in 3 scanned releases"),
        (
            "<!-- kscan:until NEW --><!-- /kscan -->",
            "a.md:1: kscan:until is no marker; there are since, value, table",
        ),
        (
            "<!-- kscan:since NEW --><!-- /kscan --> <!-- kscan:since N --><!-- /kscan -->",
            "a.md:1: no name N in",
        ),
    ],
)
def test_a_marker_that_cannot_be_filled_leaves_the_file(
    text: str, said: str, names: History, tmp_path: Path
) -> None:
    path = tmp_path / "a.md"
    path.write_text(text)
    with pytest.raises(KscanError) as raised:
        fill(names, [path])
    assert said in str(raised.value)
    assert path.read_text() == text
    names.close()


def test_a_file_without_markers_is_left_alone(names: History, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("<!-- a comment --> `kscan:since NEW`\n")
    assert not fill(names, [path])
    names.close()


def test_a_table_is_indented_as_its_marker_is(names: History, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("1. One\n\n    <!-- kscan:table NEW --><!-- /kscan -->\n\n    More\n")
    assert fill(names, [path])
    assert path.read_text().split("\n") == [
        "1. One", "", "    <!-- kscan:table NEW -->", "",
        *(f"    {line}" for line in (*HEAD.split("\n"), f"| NEW | [v4.2]({NEW}) | 7 | linux/a.h |")),
        "", "    <!-- /kscan -->", "", "    More", "",
    ]  # fmt: skip
    assert not fill(names, [path])
    names.close()


@pytest.mark.parametrize(
    "permalink", [None, "javascript:alert(1)", "https://x/)<script>", "https://x/a b", "https://x/|", "{path}"]
)
def test_only_an_address_becomes_a_link(permalink: str | None, tmp_path: Path) -> None:
    found = history({"v4.1": {A: [fact("OTHER")]}, "v4.2": Made({A: [fact("NEW", 7)]}, permalink=permalink)})
    path = tmp_path / "a.md"
    path.write_text("<!-- kscan:table NEW --><!-- /kscan -->")
    assert fill(found, [path])
    assert "| NEW | v4.2 | 7 | linux/a.h |" in path.read_text()
    found.close()


def test_what_a_table_says_is_a_claim_that_agrees(tmp_path: Path) -> None:
    found = history({"v4.1": {A: [fact("OTHER")]}, "v4.2": {A: [fact("SO_NEW")]}})
    path = tmp_path / "a.md"
    path.write_text("<!-- kscan:table SO_* --><!-- /kscan -->")
    fill(found, [path])
    assert lint(found, [path]) == ([], Counter({AGREES: 1}), [], [])
    found.close()


def test_what_left_a_file_of_the_kernels_own_is_not_told_removed(tmp_path: Path) -> None:
    own = "net/a.c"
    found = history({"v4.1": {own: [fact("X")]}, "v4.2": {own: [fact("Y")]}})
    path = tmp_path / "a.md"
    path.write_text("<!-- kscan:since X --><!-- /kscan -->")
    assert found.when("X")[0]["removed_in"] is None
    fill(found, [path])
    assert "-->v4.1 or earlier<!--" in path.read_text()
    found.close()


def test_a_marker_that_is_not_closed_takes_nothing_with_it(scanned: History, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "A <!-- kscan:since BPF_ANY -->v1\n\nprose\n\n<!-- kscan:since BPF_ANY -->v1<!-- /kscan -->\n"
    page.write_text(text)
    with pytest.raises(KscanError, match=r"page\.md:1: <!-- kscan:since BPF_ANY --> is no marker with an end"):
        fill(scanned, [page])
    assert page.read_text() == text


def test_lines_end_as_they_did(scanned: History, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"A\r\n<!-- kscan:table PACKET_FANOUT_EBPF --><!-- /kscan -->\r\nB\r\n")
    assert fill(scanned, [page])
    assert b"\n" not in page.read_bytes().replace(b"\r\n", b"")
    assert not fill(scanned, [page])


@pytest.mark.parametrize("fence", ["```", "~~~~"])
@pytest.mark.parametrize("end", ["{}\n", "{}`\n", ""])
def test_an_example_of_a_marker_is_none(fence: str, end: str, names: History, tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    example = f"{fence}markdown\n<!-- kscan:since NEW -->v1<!-- /kscan -->\n<!--kscan:odd-->\n{end}".format(
        fence
    )
    page.write_text(f"<!-- kscan:since NEW -->v1<!-- /kscan -->\n> {example}")
    fill(names, [page])
    filled, _, rest = page.read_text().partition("\n")
    assert "v1" not in filled
    assert rest == f"> {example}"


@pytest.mark.parametrize(
    "marker",
    [
        "<!-- kscan:since  NEW -->",
        "<!--kscan:since NEW-->",
        "<!-- kscan:since NEW OLD -->",
        "<!-- kscan:since * -->",
        "<!-- kscan:value * -->",
    ],
)
def test_what_is_meant_as_a_marker_is_not_passed_over(marker: str, names: History, tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(f"One\n{marker}old<!-- /kscan -->\n")
    with pytest.raises(KscanError, match=r"a\.md:2: "):
        fill(names, [page], check=True)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Write `<!-- kscan:since NAME -->...<!-- /kscan -->`, then", ""),
        ("Write ``<!-- kscan:since `NAME -->``, then", ""),
        ("`A` <!-- kscan:since KNOWN -->?<!-- /kscan --> `B`",
         "`A` <!-- kscan:since KNOWN -->v4.3<!-- /kscan --> `B`"),
        (r"An escaped \` tick, <!-- kscan:since KNOWN -->?<!-- /kscan --> and `B`",
         r"An escaped \` tick, <!-- kscan:since KNOWN -->v4.3<!-- /kscan --> and `B`"),
        ("- a tick ` here\n- <!-- kscan:since KNOWN -->?<!-- /kscan --> `B`",
         "- a tick ` here\n- <!-- kscan:since KNOWN -->v4.3<!-- /kscan --> `B`"),
        ("A tick ` here\n\n<!-- kscan:since KNOWN -->?<!-- /kscan --> `B`",
         "A tick ` here\n\n<!-- kscan:since KNOWN -->v4.3<!-- /kscan --> `B`"),
    ],
)  # fmt: skip
def test_a_marker_in_code_is_an_example(text: str, filled: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(text)
    with history({"v4.2": {"linux/a.h": []}, "v4.3": {"linux/a.h": [fact("KNOWN")]}}) as found:
        assert fill(found, [path]) == ([path] if filled else [])
    assert path.read_text() == (filled or text)


def test_one_marker_that_cannot_be_filled_leaves_all_files(names: History, tmp_path: Path) -> None:
    pages = [tmp_path / "a.md", tmp_path / "b.md"]
    for page, name in zip(pages, ("NEW", "NOWHERE"), strict=True):
        page.write_text(f"<!-- kscan:since {name} -->old<!-- /kscan -->\n")
    with pytest.raises(KscanError, match=r"b\.md:1: no name NOWHERE"):
        fill(names, pages)
    assert "old" in pages[0].read_text()
    pages[1].write_text("nothing to fill\n")
    assert fill(names, pages) == pages[:1]


def test_a_name_without_a_value_says_why(tmp_path: Path) -> None:
    found = history({"v4.2": {A: [fact("CALL", None, reason="a call"), fact("m", None, "function_macro")]}})
    page = tmp_path / "a.md"
    for name, why in (("CALL", "a macro, has no value: a call"), ("m", "a function macro, has no value")):
        page.write_text(f"\n<!-- kscan:value {name} --><!-- /kscan -->")
        with pytest.raises(KscanError, match=rf"a\.md:2: {name}, {why}$"):
            fill(found, [page])


def test_a_table_in_a_quotation_stays_in_it(names: History, tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("> Said:\n>\n> <!-- kscan:table NEW --><!-- /kscan -->\n\nAfter\n")
    assert fill(names, [page])
    lines = page.read_text().split("\n")
    assert lines[2:8] == [
        "> <!-- kscan:table NEW -->", ">", *(f"> {line}" for line in HEAD.split("\n")),
        f"> | NEW | [v4.2]({NEW}) | 7 | linux/a.h |", ">",
    ]  # fmt: skip
    assert lines[8:] == ["> <!-- /kscan -->", "", "After", ""]
    assert not fill(names, [page])


def test_a_link_stays_a_link_and_a_mode_a_mode(names: History, tmp_path: Path) -> None:
    page, link = tmp_path / "a.md", tmp_path / "link.md"
    page.write_text("<!-- kscan:since NEW --><!-- /kscan -->\n")
    page.chmod(0o600)
    link.symlink_to(page)
    assert fill(names, [link])
    assert link.is_symlink()
    assert ("v4.2" in page.read_text(), page.stat().st_mode & 0o777) == (True, 0o600)
