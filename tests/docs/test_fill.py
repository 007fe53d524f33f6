"""Markers in Markdown: filled, checked, refused."""

from pathlib import Path

import pytest

from kscan.docs.fill import fill
from kscan.errors import KscanError
from kscan.history import History
from tests.stores import fact, history

A = "linux/a.h"
HEAD = "| name | since | value | header |\n| --- | --- | --- | --- |"


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
        ("table ?EW", f"\n\n{HEAD}\n| NEW | v4.2 | 7 | linux/a.h |\n\n"),
    ],
)
def test_markers(marker: str, said: str, names: History, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"Before <!-- kscan:{marker} -->what was\nthere<!-- /kscan --> after\n")
    assert fill(names, path, check=True)
    assert "what was" in path.read_text()
    assert fill(names, path)
    assert path.read_text() == f"Before <!-- kscan:{marker} -->{said}<!-- /kscan --> after\n"
    assert not fill(names, path)
    assert not fill(names, path, check=True)
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
        fill(names, path)
    assert said in str(raised.value)
    assert path.read_text() == text
    names.close()


def test_a_file_without_markers_is_left_alone(names: History, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("<!-- kscan:since NEW --> no end\n")
    assert not fill(names, path)
    names.close()
