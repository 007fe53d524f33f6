"""What sets a release apart from both its neighbours."""

from pathlib import Path
from typing import Any

import pytest

from kscan.dataset.folder import DROP, UNKNOWN, Decision
from kscan.history import History
from kscan.suspect import Suspicion, suspicions
from tests.datasets import of_shipped, of_store
from tests.stores import UNREAD, Made, fact

A, B = "linux/a.h", "linux/b.h"


def of(
    extra_headers: str = "", lost_headers: str = "", extra_names: str = "", lost_names: str = ""
) -> Suspicion:
    given = (extra_headers, lost_headers, extra_names, lost_names)
    return Suspicion(*(tuple(words.split()) for words in given))


ALL = [(1, 5)]


@pytest.mark.parametrize(
    ("headers", "names", "found"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({A: ALL}, {"X": [(A, 1, 5)]}, {}, id="always"),
        pytest.param({A: [(3, 5)]}, {"X": [(A, 3, 5)]}, {}, id="new-and-stays"),
        pytest.param({A: [(1, 3)]}, {"X": [(A, 1, 3)]}, {}, id="goes"),
        pytest.param({A: [(3, 3)]}, {}, {3: of(A)}, id="alone-has-a-header"),
        pytest.param({A: [(1, 2), (4, 5)]}, {}, {3: of("", A)}, id="alone-lacks-a-header"),
        pytest.param({A: ALL}, {"X": [(A, 3, 3)]}, {3: of("", "", "X")}, id="alone-has-a-name"),
        pytest.param(
            {A: ALL}, {"X": [(A, 1, 2), (A, 4, 5)]}, {3: of("", "", "", "X")}, id="alone-lacks-a-name"
        ),
        pytest.param({A: [(3, 3)]}, {"X": [(A, 3, 3)]}, {3: of(A)}, id="names-of-an-extra-header"),
        pytest.param(
            {A: [(1, 2), (4, 5)]}, {"X": [(A, 1, 2), (A, 4, 5)]}, {3: of("", A)}, id="names-of-a-lost-header"
        ),
        pytest.param({A: [(2, 3)]}, {"X": [(A, 2, 3)]}, {}, id="two-releases-are-not-alone"),
        pytest.param({A: [(1, 1), (4, 5)]}, {}, {}, id="two-releases-are-no-hole"),
        pytest.param({A: [(1, 1)]}, {"X": [(A, 1, 1)]}, {}, id="the-oldest-has-one-neighbour"),
        pytest.param({A: [(5, 5)]}, {"X": [(A, 5, 5)]}, {}, id="the-newest-has-one-neighbour"),
        pytest.param({A: [(2, 2), (4, 4)]}, {}, {2: of(A), 3: of("", A), 4: of(A)}, id="in-and-out"),
        pytest.param(
            {A: ALL, B: ALL}, {"X": [(A, 1, 2), (B, 3, 3), (A, 4, 5)]}, {}, id="in-another-header-for-a-while"
        ),
        pytest.param({A: ALL}, {"X": [(A, 1, 2), (A, 3, 3), (A, 4, 5)]}, {}, id="another-value-for-a-while"),
        pytest.param({A: ALL}, {"X": [(A, 4, 5), (A, 1, 3), (A, 2, 2)]}, {}, id="in-any-order"),
        pytest.param(
            {A: [(3, 3)], B: ALL}, {"X": [(A, 3, 3)], "Y": [(B, 3, 3)]}, {3: of(A, "", "Y")}, id="both-sorts"
        ),
        pytest.param(
            {A: [(3, 3)], B: ALL}, {"X": [(A, 3, 3), (B, 1, 2), (B, 4, 5)]}, {3: of(A)}, id="moves-and-back"
        ),
    ],
)
def test_what_is_odd(headers: Any, names: Any, found: dict[int, Suspicion]) -> None:
    assert suspicions(headers, names, 5) == found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (of(), ""),
        (of(A), "alone has 1 header (linux/a.h)"),
        (of("", "a.h b.h"), "alone lacks 2 headers (a.h, b.h)"),
        (of("", "", "A B C"), "alone has 3 names (A, B, C)"),
        (of("", "", "", "A B C D"), "alone lacks 4 names (A, B, C, …)"),
        (of("a.h", "", "X", "Y"), "alone has 1 header (a.h); alone has 1 name (X); alone lacks 1 name (Y)"),
    ],
    ids=["nothing", "one", "two", "three", "more", "several"],
)
def test_what_is_said(given: Suspicion, said: str) -> None:
    assert str(given) == said


# As releases tell it.

HAS, LACKS = {A: [fact("X"), fact("Y")]}, {A: [fact("Y")]}
CASES: list[Any] = [
    pytest.param({"v4.1": LACKS, "v4.2": HAS, "v4.3": LACKS}, "alone has 1 name (X)", id="has"),
    pytest.param({"v4.1": HAS, "v4.2": LACKS, "v4.3": HAS}, "alone lacks 1 name (X)", id="lacks"),
    pytest.param(
        {"v4.1": HAS, "v4.2": {**HAS, B: [fact("Z")]}, "v4.3": HAS},
        "alone has 1 header (linux/b.h)",
        id="header",
    ),
    pytest.param({"v4.1": HAS, "v4.2": HAS, "v4.3": LACKS}, None, id="nothing"),
    pytest.param(
        {"v4.1": HAS, "v4.2": {A: UNREAD}, "v4.3": HAS}, None, id="what-could-not-be-read-is-not-lacked"
    ),
    pytest.param({"v4.1": HAS, "v4.2": {}, "v4.3": HAS}, "alone lacks 1 header (linux/a.h)", id="lost-header"),
    pytest.param(
        {"v4.1": {A: []}, "v4.2": {}, "v4.3": {A: []}},
        "alone lacks 1 header (linux/a.h)",
        id="lost-empty-header",
    ),
]


def suspicion_of(history: History, tag: str) -> str | None:
    found: dict[str, str | None] = {row["tag"]: row["suspicion"] for row in history.list_releases()}
    history.close()
    return found[tag]


@pytest.mark.parametrize(("releases", "said"), CASES)
@pytest.mark.parametrize("ships", [True, False], ids=["shipped", "user"])
def test_a_release_tells_what_it_alone_has(
    tmp_path: Path, releases: Any, said: str | None, ships: bool
) -> None:
    found = of_shipped(tmp_path, releases) if ships else of_store(tmp_path / "own.sqlite", releases)
    assert suspicion_of(found, "v4.2") == said


def test_what_was_not_asked_for_is_not_lacked(tmp_path: Path) -> None:
    releases: dict[str, Any] = {"v4.1": HAS, "v4.2": Made({B: []}, sets=(B,)), "v4.3": HAS}
    assert suspicion_of(of_store(tmp_path / "own.sqlite", releases), "v4.2") is None


@pytest.mark.parametrize(
    ("shows", "decision"),
    [(HAS, DROP), (LACKS, UNKNOWN)],
    ids=["what-is-dropped", "what-is-unknown"],
)  # fmt: skip
def test_what_is_decided_is_odd_no_more(tmp_path: Path, shows: Any, decision: str) -> None:
    other = LACKS if shows is HAS else HAS
    given = Decision("v4.2", decision, "uapi", A, ("X",), "why")
    found = of_shipped(tmp_path, {"v4.1": other, "v4.2": shows, "v4.3": other}, [given])
    assert suspicion_of(found, "v4.2") is None
