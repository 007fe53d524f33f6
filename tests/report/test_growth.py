"""Growth: how many of each kind every release has, and the image of it."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from kscan.model import Fact
from kscan.report.chart import chart
from kscan.report.content import Content
from kscan.report.growth import Series
from tests.report.reading import ELSEWHERE, FAILED, A, B, Releases
from tests.stores import Made, fact, history

HOSTILE = "</text><script>alert(1)</script>\"' & ]]> <!--"
SVG = "{http://www.w3.org/2000/svg}"
BOTTOM = 310.0
LABELS = ["helpers", "hook points", "eBPF opcodes", "attach types", "map types", "program types"]


def helpers(*names: str, of: str = "bpf_func_id") -> list[Fact]:
    return [fact(f"BPF_{name}", at, "enumerator", owner=of) for at, name in enumerate(names)]


def counts(releases: Releases, label: str = "helpers") -> tuple[int | None, ...]:
    series = {one.label: one.counts for one in Content(history(releases)).series}
    assert list(series) == LABELS
    return series[label]


def test_names_are_counted_in_every_release() -> None:
    assert counts({
        "v4.1": {A: []}, "v4.2": {A: helpers("FUNC_a", "FUNC_b")}, "v4.3": {A: helpers("FUNC_b")},
        "v4.4": {B: []}, "v4.5": {A: helpers("FUNC_a", "FUNC_b", "FUNC_c")},
    }) == (0, 2, 1, 0, 3)  # fmt: skip


@pytest.mark.parametrize("unknown", [FAILED, ELSEWHERE], ids=["unparsed", "not-scanned"])
def test_what_was_not_read_is_not_counted(unknown: Made) -> None:
    releases: Releases = {"v4.1": {A: helpers("FUNC_a")}, "v4.2": unknown, "v4.3": {A: helpers("FUNC_b")}}
    assert counts(releases) == (1, None, 1)


def test_each_enum_is_counted_apart() -> None:
    progs = helpers("PROG_TYPE_A", "PROG_TYPE_B", of="bpf_prog_type")
    attach = helpers("ATTACH_A", of="bpf_attach_type")
    releases: Releases = {"v4.1": {A: [*progs, *attach]}}
    assert [counts(releases, label) for label in LABELS[3:]] == [(1,), (0,), (2,)]


def test_sentinels_are_no_helpers() -> None:
    assert counts({"v4.1": {A: helpers("FUNC_a", "FUNC_MAX_ID")}}) == (1,)


def drawing(*lines: tuple[int | None, ...], about: str = "about", label: str = "it") -> ElementTree.Element:
    """The chart of six series, these first; the others have nothing."""
    length = len(lines[0])
    rest = [(0,) * length] * (6 - len(lines))
    series = [Series(label, line) for line in (*lines, *rest)]
    return ElementTree.fromstring(chart([f"v4.{n}" for n in range(length)], series, about))


def paths(root: ElementTree.Element) -> list[str]:
    return [path.attrib["d"] for path in root.iter(f"{SVG}path")]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[MH]([\d.]+)[ V]([\d.]+)", path)]


def test_each_series_is_a_line() -> None:
    root = drawing((0, 5, 10), (10, 0, 0))
    assert root.tag == f"{SVG}svg"
    assert len(paths(root)) == 6
    assert points(paths(root)[0]) == [(40, BOTTOM), (360, 161), (680, 12)]
    assert points(paths(root)[1]) == [(40, 12), (360, BOTTOM), (680, BOTTOM)]


def test_the_chart_of_real_series_is_one_line_each() -> None:
    content = Content(history({"v4.1": {A: helpers("FUNC_a")}, "v4.2": FAILED, "v4.3": {A: []}}))
    root = ElementTree.fromstring(chart(content.tags, content.series, content.growth_about))
    assert len(paths(root)) == len(content.series)
    assert root.findtext(f"{SVG}title") == content.growth_about
    assert "v4.3 has 0 helpers" in content.growth_about


def test_where_nothing_is_known_the_line_is_broken() -> None:
    (path, *_) = paths(drawing((1, None, 3, 4)))
    assert [part.count("H") for part in path.split("M")[1:]] == [0, 1]
    assert [x for x, _ in points(path)] == [40, 466.7, 680]
    assert paths(drawing((None, None)))[0] == ""


def test_what_is_not_known_at_last_has_no_number() -> None:
    said = [text.text for text in drawing((3, None), label="helpers").iter(f"{SVG}text")]
    assert "None" not in " ".join(text or "" for text in said)
    content = Content(history({"v4.1": {A: helpers("FUNC_a")}, "v4.2": FAILED}))
    assert "None" not in content.growth_about
    assert "helpers" not in content.growth_about


@pytest.mark.parametrize("count", [0, 1, 7, None])
def test_one_release_is_drawn(count: int | None) -> None:
    root = drawing((count,))
    assert len(paths(root)) == 6
    assert all(0 <= x <= 800 and 0 <= y <= 340 for path in paths(root) for x, y in points(path))


def test_text_is_only_text() -> None:
    root = drawing((1, 2), about=HOSTILE, label=HOSTILE)
    assert root.attrib["aria-label"] == root.findtext(f"{SVG}title") == HOSTILE
    assert f"{HOSTILE} 2" in [text.text for text in root.iter(f"{SVG}text")]
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "style", "line", "text", "path")
    }


@pytest.mark.parametrize("last", [(0,) * 6, (100,) * 6, (100, 99, 98, 50, 1, 0), (3, None, 3, 2, 2, 2)])
def test_labels_are_apart_and_in_sight(last: tuple[int | None, ...]) -> None:
    root = drawing(*((count,) for count in last))
    heights = sorted(float(text.attrib["y"]) for text in root.iter(f"{SVG}text") if text.attrib["x"] == "688")
    assert len(heights) == 6
    assert all(below - above >= 12 for above, below in pairwise(heights))
    assert 0 < heights[0] <= heights[-1] < 330
