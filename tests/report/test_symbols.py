"""Names of a report: their spans and states, over all releases or some."""

import pytest

from kscan.catalog.sets import HeaderSet
from kscan.errors import KscanError, UnknownTag
from kscan.report.browser import encoded
from kscan.report.content import Content
from kscan.report.symbols import Symbol
from tests.report.reading import HISTORIES, A, B, Releases
from tests.stores import Made, fact, history

INSIDE = "include/linux/a.h"
FOUR: Releases = {
    "v4.1": {A: [fact("Y")]},
    "v4.2": {A: [fact("X", 1)]},
    "v4.3": {A: [fact("X", 2)]},
    "v4.4": {A: [fact("X", 2)]},
}


def of(releases: Releases, name: str = "X", tags: list[str] | None = None) -> Symbol:
    (symbol,) = (s for s in Content(history(releases), tags=tags).symbols if s.name == name)
    return symbol


def within(symbol: Symbol) -> list[tuple[int, int, object]]:
    return [(first, last, stretch.fact.value) for first, last, stretch in symbol.within]


@pytest.mark.parametrize(
    ("tags", "lane", "inside"),
    [
        (None, "1a3p", [(1, 1, 1), (2, 3, 2)]),
        ([], "1a3p", [(1, 1, 1), (2, 3, 2)]),
        (["v4.4", "v4.1"], "1a1p", [(1, 1, 2)]),
        (["v4.2", "v4.4"], "2p", [(0, 0, 1), (1, 1, 2)]),
        (["v4.3", "v4.4"], "2p", [(0, 1, 2)]),
        (["4.3"], "1p", [(0, 0, 2)]),
        (["v4.2", "v4.2"], "1p", [(0, 0, 1)]),
    ],
)
def test_states_and_spans_are_of_the_releases_that_are_chosen(
    tags: list[str] | None, lane: str, inside: list[tuple[int, int, int]]
) -> None:
    symbol = of(FOUR, tags=tags)
    assert (encoded(symbol.runs), within(symbol)) == (lane, inside)
    # What is told of a name is told from all that is known.
    assert (symbol.when["first_seen"], symbol.when["last_without"]) == ("v4.2", "v4.1")
    assert [(s.first.tag, s.last.tag) for s in symbol.stretches] == [("v4.2", "v4.2"), ("v4.3", "v4.4")]


def test_what_no_chosen_release_has_is_left_out() -> None:
    content = Content(history(FOUR), tags=["v4.1"])
    assert [symbol.name for symbol in content.symbols] == ["Y"]
    assert content.names == 1


def test_a_release_beside_the_mainline_is_refused() -> None:
    found = history(HISTORIES["beside the mainline"])
    for tag in ("v4.1.9", "mine"):
        with pytest.raises(KscanError, match=rf"{tag} is not of the mainline: a report is of its releases"):
            Content(found, tags=["v4.1", tag])


def test_a_release_that_is_not_known_is_told_with_what_is_near() -> None:
    with pytest.raises(UnknownTag, match=r"no release v4\.9 .*near: v4\.2, v4\.3, v4\.4") as raised:
        Content(history(FOUR), tags=["v4.1", "v4.9"])
    assert raised.value.tag == "v4.9"


def test_releases_are_listed_as_chosen() -> None:
    content = Content(history({**FOUR, "v4.2.1": {A: []}}), tags=["v4.3", "v4.1"])
    assert content.tags == ["v4.1", "v4.3"]
    assert [row["tag"] for row in content.release_rows] == ["v4.1", "v4.3"]
    assert list(content.news) == ["v4.1", "v4.3"]
    assert {len(one.counts) for one in content.series} == {2}


@pytest.mark.parametrize(
    ("which", "came", "went"),
    [
        ("came and went", (1,), (3,)),
        ("windows", (1,), (3,)),
        ("unparsed", (), ()),
        ("not scanned", (), (3,)),
        ("came back", (2, 4), (1, 3)),
        ("moved", (), ()),
    ],
)
def test_where_a_name_came_and_went(which: str, came: tuple[int, ...], went: tuple[int, ...]) -> None:
    symbol = of(HISTORIES[which])
    assert (symbol.came, symbol.went) == (came, went)


@pytest.mark.parametrize("which", HISTORIES)
def test_a_name_comes_and_goes_where_its_answer_says(which: str) -> None:
    content = Content(history(HISTORIES[which]))
    for symbol in content.symbols:
        when = symbol.when
        came, went = ([content.tags[number] for number in numbers] for numbers in (symbol.came, symbol.went))
        if symbol.newest.last.on_mainline:
            assert (when["first_seen"] in came) == (when["status"] != "from_oldest")
            assert when["removed_in"] in (None, *went[-1:])
            # The spans tell the same.
            assert [s.first.tag for s in symbol.stretches if s.came] == came
            assert [s.gone.tag for s in symbol.stretches if s.gone] == went


def test_spans_beside_the_mainline_are_kept_apart() -> None:
    symbol = of(HISTORIES["beside the mainline"])
    assert [(s.first.tag, s.fact.value) for s in symbol.stretches] == [("v4.2", 1), ("v4.1.9", 1), ("mine", 9)]
    assert within(symbol) == [(1, 1, 1)]
    assert symbol.newest.last.tag == "v4.2"
    alone = of(HISTORIES["beside the mainline"], "LABEL")
    assert (encoded(alone.runs), within(alone), alone.newest.last.tag) == ("2a", [], "mine")


def test_names_are_in_order_and_the_kernels_own_functions_left_out() -> None:
    inside = [fact("run", None, "function", type="void (void)"), fact("X", 2), fact("INSIDE")]
    found = history({"v4.1": {A: [fact("X"), fact("B")], INSIDE: inside}})
    assert [(s.name, s.key[0]) for s in Content(found).symbols] == [
        ("B", "uapi"), ("INSIDE", "internal"), ("X", "uapi"), ("X", "internal"),
    ]  # fmt: skip


def test_names_are_those_of_the_set() -> None:
    found = history({"v4.1": Made({A: [fact("X")], B: [fact("Y")]})})
    chosen = HeaderSet("b", (B,))
    assert [symbol.name for symbol in Content(found, chosen).symbols] == ["Y"]
    assert [symbol.name for symbol in Content(found).symbols] == ["X", "Y"]
