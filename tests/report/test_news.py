"""What each release brought, and that it is what a diff with the release before says."""

from itertools import pairwise

import pytest

from kscan.diff import compare
from kscan.report.content import Content
from kscan.report.news import Dated, New
from tests.report.reading import HISTORIES, A, B, Releases
from tests.stores import Made, fact, history


def news(releases: Releases, tags: list[str] | None = None) -> dict[str, New]:
    return Content(history(releases), tags=tags).news


def said(new: New) -> tuple[list[str], list[str], list[str]]:
    changed = [f"{row['name']} {row['change']} {row['old']} {row['new']}" for row, _ in new.changed]
    return names(new.added), changed, names(new.removed)


def names(rows: list[Dated]) -> list[str]:
    return [dated.row["name"] for dated in rows]


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


def test_a_release_brought_what_the_one_before_in_the_report_lacks() -> None:
    releases: Releases = {
        "v4.1": {A: [fact("OLD"), fact("GONE")]}, "v4.2": {A: [fact("OLD"), fact("X")]},
        "v4.3": {A: [fact("OLD", 2), fact("X")]}, "v4.4": {A: [fact("OLD", 2), fact("X", 2)]},
    }  # fmt: skip
    found = news(releases, ["v4.1", "v4.4"])
    assert {tag: said(new) for tag, new in found.items()} == {
        "v4.1": NOTHING,
        "v4.4": (["X"], ["OLD value 1 2"], ["GONE"]),
    }
    # Each is dated by all that is known, and shown as it is in that release.
    assert [found["v4.4"].added[0].date, found["v4.4"].added[0].row["value"]] == ["v4.2", 2]
    assert [found["v4.4"].changed[0].date, found["v4.4"].removed[0].date] == ["v4.3", "v4.2"]


def test_what_came_back_is_shown_as_it_is_then() -> None:
    again = news(HISTORIES["came back"])
    shown = {
        tag: [(row["value"], row["permalink"], date) for row, date in new.added] for tag, new in again.items()
    }
    found = history(HISTORIES["came back"])
    at = {tag: found.at(tag)[0] for tag in ("v4.3", "v4.5")}
    assert shown["v4.3"] == [(1, at["v4.3"]["permalink"], "v4.3")]
    assert shown["v4.5"] == [(3, at["v4.5"]["permalink"], "v4.5")]


def test_what_is_not_known_exactly_is_dated_so() -> None:
    found = news(HISTORIES["windows"])
    assert [d.date for d in (*found["v4.2"].added, *found["v4.2"].removed)] == ["after v4.0, by v4.2"] * 2
    assert found["v4.5"].changed[0].date == "after v4.2, by v4.5"
    assert found["v4.9"].removed[0].date == "after v4.5, by v4.9"


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
            assert names(new[tag].added) == [r["name"] for r in rows if r["change"] == "added"]
            assert names(new[tag].removed) == [r["name"] for r in rows if r["change"] == "removed"]
            changed = [dated.row for dated in new[tag].changed]
            assert changed == [r for r in rows if r["change"] not in ("added", "removed")]
