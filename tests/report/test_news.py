"""What each release brought, and that it is what a diff with the release before says."""

from itertools import pairwise

import pytest

from kscan.diff import compare
from kscan.report.content import Content
from kscan.report.news import New
from tests.report.reading import HISTORIES, A, B, Releases
from tests.stores import Made, fact, history


def news(releases: Releases, tags: list[str] | None = None) -> dict[str, New]:
    return Content(history(releases), tags=tags).news


def said(new: New) -> tuple[list[str], list[str], list[str]]:
    changed = [f"{row['name']} {row['change']} {row['old']} {row['new']}" for row in new.changed]
    return [s.name for s in new.added], changed, [s.name for s in new.removed]


NOTHING: tuple[list[str], list[str], list[str]] = ([], [], [])
Expected = dict[str, tuple[list[str], list[str], list[str]]]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("came and went", {"v4.1": NOTHING, "v4.2": (["X"], [], []), "v4.3": ([], [], ["OTHER"]),
                           "v4.4": ([], [], ["X"])}),
        ("windows", {"v4.0": NOTHING, "v4.2": (["X"], [], ["OTHER"]), "v4.5": ([], ["X value 1 2"], []),
                     "v4.9": ([], [], ["X"])}),
        ("unparsed", {"v4.1": NOTHING, "v4.2": NOTHING, "v4.3": ([], ["X value 1 2"], []), "v4.4": NOTHING}),
        ("not scanned", {"v4.1": NOTHING, "v4.2": NOTHING, "v4.3": NOTHING,
                         "v4.4": (["OTHER"], [], ["X"])}),
        ("came back", {"v4.1": NOTHING, "v4.2": ([], [], ["X"]), "v4.3": (["X"], [], ["OTHER"]),
                       "v4.4": ([], [], ["X"]), "v4.5": (["X"], [], [])}),
        ("moved", {"v4.1": NOTHING, "v4.2": ([], [f"X moved {A} {B}"], []), "v4.3": NOTHING}),
        ("beside the mainline", {"v4.1": NOTHING, "v4.2": (["X"], [], ["OTHER"])}),
        ("internal", {"v4.1": NOTHING, "v4.2": (["X"], [], [])}),
    ],
)  # fmt: skip
def test_what_came_changed_and_went(which: str, expected: Expected) -> None:
    assert {tag: said(new) for tag, new in news(HISTORIES[which]).items()} == expected


def test_what_the_oldest_release_has_is_not_new() -> None:
    releases: Releases = {"v4.1": {A: [fact("X")]}, "v4.2": {A: [fact("X"), fact("Y")]}}
    assert said(news(releases)["v4.1"]) == NOTHING
    # Nor is it where only what was read later shows it.
    assert said(news({"v4.0": Made({B: []}, sets=(B,)), **releases})["v4.1"]) == NOTHING


def test_what_the_oldest_that_is_chosen_brought_is_told() -> None:
    releases: Releases = {"v4.1": {A: []}, "v4.2": {A: [fact("X")]}, "v4.3": {A: [fact("X")]}}
    assert {tag: said(new) for tag, new in news(releases, ["v4.2", "v4.3"]).items()} == {
        "v4.2": (["X"], [], []),
        "v4.3": NOTHING,
    }


def test_a_release_says_which_tree_was_read() -> None:
    found = news({"v4.1": {A: []}, "v4.2": Made({A: []}, exact="v4.2.8")})
    assert [(new.tag, new.exact) for new in found.values()] == [("v4.1", "v4.1"), ("v4.2", "v4.2.8")]


@pytest.mark.parametrize("which", [name for name in HISTORIES if name not in ("unparsed", "not scanned")])
def test_news_are_what_a_diff_with_the_release_before_says(which: str) -> None:
    found = history(HISTORIES[which])
    new = Content(found).news
    for old, tag in pairwise(new):
        rows, unsure = compare(found, old, tag, "uapi")
        if not unsure:
            assert [s.name for s in new[tag].added] == [r["name"] for r in rows if r["change"] == "added"]
            assert [s.name for s in new[tag].removed] == [r["name"] for r in rows if r["change"] == "removed"]
            assert new[tag].changed == [r for r in rows if r["change"] not in ("added", "removed")]
