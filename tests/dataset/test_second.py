"""A second source tells which names of a point release came with the release itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kscan.dataset.folder import Decision
from kscan.dataset.second import second_source
from kscan.model import Problem, Reading
from tests.datasets import of_shipped, store_of, text_of
from tests.stores import UNREAD, Made, fact

A, B, INSIDE = "linux/a.h", "linux/b.h", "include/linux/a.h"
OLD, X, Y, Z = (fact(name, line=number) for number, name in enumerate(("OLD", "X", "Y", "Z"), 1))
POINT = "v4.2.8"


def told(tmp_path: Path, releases: Mapping[str, Any], copies: Mapping[str, Any]) -> list[Decision]:
    """What a copy says of a dataset; decisions by release and header in one order."""
    folder = text_of(tmp_path / "data", releases)
    store = store_of(tmp_path / "second.sqlite", copies)
    found = second_source(folder, store, "iproute2")
    store.db.close()
    return sorted(found)


def confirmed(header: str, *names: str, tag: str = "v4.2") -> Decision:
    return Decision(tag, "confirmed", "uapi", header, names, f"iproute2 {tag}.0")


def unknown(header: str, *names: str, tag: str = "v4.2", exact: str = POINT) -> Decision:
    return Decision(tag, "unknown", "uapi", header, names, f"in {exact}, not in iproute2 {tag}.0")


BEFORE: dict[str, Any] = {"v4.1": {A: [OLD], B: [fact("THERE")]}}


@pytest.mark.parametrize(
    ("release", "copy", "decisions"),
    [
        pytest.param({A: [OLD, X]}, {A: [OLD, X]}, [confirmed(A, "X")], id="copied"),
        pytest.param({A: [OLD, X]}, {A: [OLD]}, [unknown(A, "X")], id="not-copied"),
        pytest.param(
            {A: [OLD, Y, Z, X]}, {A: [OLD, X, Z]}, [confirmed(A, "X", "Z"), unknown(A, "Y")], id="some-copied"
        ),
        pytest.param({A: [OLD, X]}, {B: [X]}, [], id="header-not-copied"),
        pytest.param({A: [OLD, X]}, {A: UNREAD}, [], id="copy-not-read"),
        pytest.param({A: [OLD, X]}, {A: Reading((OLD,), (Problem(3, "no C"),))}, [], id="copy-read-in-part"),
        pytest.param({A: [OLD]}, {A: [OLD, X]}, [], id="nothing-new"),
        pytest.param({A: []}, {A: []}, [], id="only-gone"),
        pytest.param({A: [fact("OLD", 7, line=9)]}, {A: [OLD]}, [], id="a-value-is-no-new-name"),
        pytest.param({B: [OLD]}, {B: []}, [], id="moved-from-another-header"),
        pytest.param({A: [OLD, X, fact("X", 2, line=9)]}, {A: [OLD]}, [unknown(A, "X")], id="defined-twice"),
        pytest.param(
            {A: [OLD, X], B: [X]},
            {A: [OLD, X], B: []},
            [confirmed(A, "X"), unknown(B, "X")],
            id="in-two-headers",
        ),
        pytest.param(
            {"linux/new.h": [X]}, {"linux/new.h": [X]}, [confirmed("linux/new.h", "X")], id="new-header"
        ),
        pytest.param({A: [OLD], INSIDE: [X]}, {A: [OLD], INSIDE: []}, [], id="internal"),
        pytest.param(
            {A: [OLD, fact("_UAPI_LINUX_A_H", None), fact("s.in.deep", None, "member")]},
            {A: [OLD]},
            [],
            id="what-no-copy-has",
        ),
        pytest.param(
            {A: [OLD, fact("s", None, "struct"), fact("s.a", None, "member")]},
            {A: [OLD, fact("s", None, "struct")]},
            [confirmed(A, "s"), unknown(A, "s.a")],
            id="members",
        ),
    ],
)
def test_new_names_of_a_point_release(
    tmp_path: Path, release: Any, copy: Any, decisions: list[Decision]
) -> None:
    releases = {**BEFORE, "v4.2": Made(release, exact=POINT)}
    assert told(tmp_path, releases, {"v4.2.0": copy}) == decisions


def test_a_release_that_is_itself_needs_no_second_source(tmp_path: Path) -> None:
    assert told(tmp_path, {**BEFORE, "v4.2": {A: [OLD, X]}}, {"v4.2.0": {A: [OLD]}}) == []


def test_a_release_without_a_copy_stays_as_it_is(tmp_path: Path) -> None:
    releases = {**BEFORE, "v4.2": Made({A: [OLD, X]}, exact=POINT)}
    assert told(tmp_path, releases, {"v4.1.0": {A: [OLD]}, "v4.3.0": {A: [OLD]}}) == []


def test_of_the_oldest_nothing_is_new(tmp_path: Path) -> None:
    assert told(tmp_path, {"v4.2": Made({A: [X]}, exact=POINT)}, {"v4.2.0": {A: []}}) == []


@pytest.mark.parametrize("tag", ["v2.6.38", "v3.19", "v4.2"])
def test_tags_are_matched_by_version(tmp_path: Path, tag: str) -> None:
    exact = f"{tag}.8"
    releases = {"v2.6.37": {A: [OLD]}, tag: Made({A: [OLD, X]}, exact=exact)}
    copies = {"v2.6.37": {A: [X]}, f"{tag}.0": {A: [OLD, X]}, "v4.20.0": {A: []}}
    assert told(tmp_path, releases, copies) == [confirmed(A, "X", tag=tag)]


def test_a_name_is_new_once_and_again_when_it_comes_back(tmp_path: Path) -> None:
    has, lacks = {A: [OLD, X]}, {A: [OLD]}
    releases = {"v4.1": lacks, "v4.2": Made(has, exact=POINT), "v4.3": Made(has, exact="v4.3.1"),
                "v4.4": lacks, "v4.5": Made(has, exact="v4.5.2")}  # fmt: skip
    copies = {f"{tag}.0": lacks for tag in releases}
    assert told(tmp_path, releases, copies) == [
        unknown(A, "X"),
        unknown(A, "X", tag="v4.5", exact="v4.5.2"),
    ]


def test_a_change_of_its_line_makes_no_name_new(tmp_path: Path) -> None:
    releases = {"v4.1": {A: [OLD, fact("X", line=9)]}, "v4.2": Made({A: [fact("X", 2, line=1)]}, exact=POINT)}
    assert told(tmp_path, releases, {"v4.2.0": {A: [OLD]}}) == []


def test_what_a_second_source_says_is_answered(tmp_path: Path) -> None:
    releases: dict[str, Any] = {**BEFORE, "v4.2": Made({A: [OLD, X, Y]}, exact=POINT), "v4.3": {A: [OLD, X, Y]}}
    decisions = told(tmp_path, releases, {"v4.2.0": {A: [OLD, X]}})
    found = of_shipped(tmp_path / "made", releases, decisions)
    rows = {name: found.when(name)[0] for name in ("X", "Y")}
    assert [(rows[n]["first_seen"], rows[n]["status"], rows[n]["note"]) for n in "XY"] == [
        ("v4.2", "exact", "seen in v4.2.8 and iproute2 v4.2.0"),
        ("v4.3", "window", "v4.2 is not known: in v4.2.8, not in iproute2 v4.2.0"),
    ]
    found.close()
