"""Structs: where members lie, where none does, and how it came to that."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.history import History
from kscan.model import Fact
from kscan.report.content import Content
from kscan.report.structs import Place, Struct, drawn
from tests.report.reading import A, B, Releases, bits, record
from tests.stores import fact, history, member


def of(releases: Releases) -> Struct:
    (struct,) = Content(history(releases)).structs
    return struct


def laid_out(*members: Fact, size: int | None = 8, kind: str = "struct") -> Struct:
    return of({"v4.2": {A: record("s", size, *members, kind=kind)}})


def places(struct: Struct) -> list[tuple[str, str, int | None, int | None, int]]:
    return [place[:5] for place in struct.places]


def holes(struct: Struct) -> list[tuple[str, str, int, int]]:
    assert all((place.label in ("hole", "padding")) == (place.symbol is None) for place in struct.places)
    return [(p.label, p.type, p.start or 0, p.bits or 0) for p in struct.places if p.symbol is None]


UNKNOWN = fact("s.b", None, "member", type="struct other", reason="not known")


@pytest.mark.parametrize(
    ("members", "size", "expected"),
    [
        pytest.param([member("s.a", 0, 4), member("s.b", 4, 4)], 8, [], id="full"),
        pytest.param(
            [member("s.a", 0, 1, "__u8"), member("s.b", 4, 4)], 8, [("hole", "3 B", 8, 24)], id="hole"
        ),
        pytest.param([member("s.a", 0, 8), member("s.b", 8, 6)], 16, [("padding", "2 B", 112, 16)], id="tail"),
        pytest.param(
            [member("s.a", 4, 1), member("s.b", 6, 1)], 8,
            [("hole", "4 B", 0, 32), ("hole", "1 B", 40, 8), ("padding", "1 B", 56, 8)], id="every-kind",
        ),
        pytest.param([bits("s.a", 0, 3), bits("s.b", 3, 5)], 1, [], id="bits-full"),
        pytest.param([bits("s.a", 0, 3)], 1, [("padding", "5 bits", 3, 5)], id="bits-padding"),
        pytest.param(
            [bits("s.a", 0, 3), member("s.b", 4, 4)], 8, [("hole", "3 B 5 bits", 3, 29)], id="bits-hole"
        ),
        pytest.param([bits("s.a", 2, 6), bits("s.b", 0, 1)], 1, [("hole", "1 bit", 1, 1)], id="bits-between"),
        pytest.param(
            [member("s.a", 0, 8), member("s.a.x", 0, 2), member("s.a.y", 4, 4)], 8,
            [("hole", "2 B", 16, 16)], id="nested-struct",
        ),
        pytest.param(
            [member("s.u", 0, 8), member("s.u.x", 0, 8), member("s.u.y", 0, 1), member("s.z", 8, 4)], 12, [],
            id="nested-union",
        ),
        pytest.param([member("s.a", 0, 4), member("s.b", 4, 0, "char []")], 4, [], id="flexible-array"),
        pytest.param([member("s.a", 0, 1), UNKNOWN], 8, [], id="place-not-known"),
        pytest.param([member("s.a", 0, 1)], None, [], id="size-not-known"),
        pytest.param([fact("s.a", None, "member", type="x", bit_offset=0)], 8, [], id="length-not-known"),
        pytest.param([], 8, [], id="members-not-known"),
    ],
)  # fmt: skip
def test_holes_are_where_no_member_lies(
    members: list[Fact], size: int | None, expected: list[tuple[str, str, int, int]]
) -> None:
    assert holes(laid_out(*members, size=size)) == expected
    # The smaller member of a union leaves no hole.
    assert holes(laid_out(*members, size=size, kind="union")) == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 112), st.integers(0, 16)), min_size=1, max_size=6))
def test_holes_are_all_that_members_leave(lain: list[tuple[int, int]]) -> None:
    members = [bits(f"s.m{number}", first, count) for number, (first, count) in enumerate(lain)]
    with tempfile.TemporaryDirectory() as folder:
        releases = {"v4.2": {A: record("s", 16, *members)}}
        (struct,) = Content(history(releases, Path(folder) / "kscan.sqlite")).structs
    taken = {bit for first, count in lain for bit in range(first, first + count)}
    left = [bit for _, _, first, count in holes(struct) for bit in range(first, first + count)]
    assert left == sorted(set(range(128)) - taken)


def test_members_lie_in_the_order_of_their_places() -> None:
    members = [member("s.b", 4, 4), UNKNOWN._replace(name="s.c"), member("s.a", 0, 4, "struct in"),
               member("s.a.y", 2, 2, "__u16"), member("s.a.x", 0, 2, "__u16")]  # fmt: skip
    struct = laid_out(*members)
    assert places(struct) == [
        ("a", "struct in", 0, 32, 0),
        ("a.x", "__u16", 0, 16, 1),
        ("a.y", "__u16", 16, 16, 1),
        ("b", "__u32", 32, 32, 0),
        ("c", "struct other", None, None, 0),
    ]
    assert [place.label for place in struct.places if place.parts] == ["a"]


def test_members_stand_under_the_member_they_lie_in() -> None:
    names = ("s.b", "s.a", "s.b.x", "s.a.y", "s.a.x")
    struct = laid_out(*(member(name, 0, 8) for name in names), kind="union")
    assert [place.label for place in struct.places] == ["a", "a.x", "a.y", "b", "b.x"]


def test_a_bit_field_says_its_length() -> None:
    (place,) = (place for place in laid_out(bits("s.a", 4, 3), size=1).places if place.symbol)
    assert place[:4] == ("a", "__u8:3", 4, 3)


def test_structs_are_those_that_user_space_has() -> None:
    found = history({
        "v4.2": {A: [*record("t", 4), *record("s", 4), *record("u", 4, kind="union"), fact("e", None, "enum")],
                 "include/linux/a.h": record("inside", 4)},
        "v4.3": {A: [fact("t", None, "typedef", type="int", size=4), *record("s", 4)]},
    })  # fmt: skip
    # What became a typedef is no struct any more; what is gone is still told.
    assert [(s.name, s.fact.kind) for s in Content(found).structs] == [("s", "struct"), ("u", "union")]


GREW: Releases = {
    "v4.1": {A: record("s", 4, member("s.a", 0, 4))},
    "v4.2": {A: record("s", 8, member("s.a", 0, 4), member("s.b", 4, 4))},
    "v4.3": {A: record("s", 8, member("s.b", 0, 4), member("s.c", 4, 4))},
}
Steps = list[tuple[str, int | str | None, list[str], list[str]]]


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        pytest.param(
            GREW,
            [("v4.1", 4, ["a"], []), ("v4.2", 8, ["b"], []), ("v4.3", 8, ["c"], ["a"])],
            id="came-and-went",
        ),
        pytest.param({"v4.1": {A: record("s", 4), B: []}, "v4.2": {A: [], B: record("s", 4)}},
                     [("v4.1", 4, [], [])], id="a-move-is-no-growth"),
        pytest.param({"v4.1": {A: record("s", 4)}, "v4.2": {A: []}, "v4.3": {A: record("s", 4)}},
                     [("v4.1", 4, [], []), ("v4.2", "gone", [], []), ("v4.3", 4, [], [])], id="came-back"),
        pytest.param(
            {"v4.1": {A: record("s", 4, member("s.a", 0, 4))}, "v4.2": {A: record("s", 4)},
             "v4.3": {A: record("s", 4, member("s.a", 0, 4))}},
            [("v4.1", 4, ["a"], []), ("v4.2", 4, [], ["a"]), ("v4.3", 4, ["a"], [])], id="a-member-came-back",
        ),
        pytest.param({"v4.1": {A: record("s", None)}, "v4.2": {A: record("s", 4)}},
                     [("v4.1", None, [], []), ("v4.2", 4, [], [])], id="size-not-known-at-first"),
        pytest.param({**GREW, "v4.1.9": {A: record("s", 4, member("s.x", 0, 4))}},
                     [("v4.1", 4, ["a"], []), ("v4.2", 8, ["b"], []), ("v4.3", 8, ["c"], ["a"])],
                     id="a-stable-release-is-beside"),
        pytest.param({"v4.1": {A: []}, "v4.1.8": {A: record("s", 4)}, "v4.1.9": {A: record("s", 8)}},
                     [("v4.1.8", 4, [], []), ("v4.1.9", 8, [], [])], id="a-stable-series-alone"),
    ],
)  # fmt: skip
def test_how_a_struct_grew(releases: Releases, expected: Steps) -> None:
    steps = [(s.date, "gone" if s.is_gone else s.size, s.added, s.removed) for s in of(releases).growth]
    assert steps == [(f"≤ {date}" if not date.startswith("v4.1.") and at == 0 else date, *rest)
                     for at, (date, *rest) in enumerate(expected)]  # fmt: skip


def test_members_that_a_struct_lost_lie_nowhere() -> None:
    struct = of(GREW)
    assert [place.label for place in struct.places] == ["b", "c"]


def test_a_layout_is_that_of_the_newest_mainline_release() -> None:
    beside = {
        "v4.3.9": {A: record("s", 4, member("s.a", 0, 4), member("s.x", 0, 4))},
        "mine": {A: record("s", 2)},
    }
    struct = of({**GREW, **beside})
    assert (struct.fact.release.tag, struct.fact.size, len(struct.places)) == ("v4.3", 8, 2)


def test_a_struct_that_is_gone_keeps_its_last_layout() -> None:
    struct = of({**GREW, "v4.4": {A: []}})
    assert places(struct) == [("b", "__u32", 0, 32, 0), ("c", "__u32", 32, 32, 0)]


@pytest.mark.parametrize(
    ("place", "size", "bar"),
    [
        ((0, 32), 8, (0, 500)),
        ((32, 32), 8, (500, 500)),
        ((0, 64), 8, (0, 1000)),
        ((0, 1), 4096, (0, 3)),
        ((8 * 4095, 8), 4096, (997, 3)),
        ((64, 0), 8, (997, 3)),
        ((None, 32), 8, None),
        ((0, None), 8, None),
        ((0, 32), None, None),
        ((0, 0), 0, None),
    ],
)
def test_bars_lie_in_the_struct(
    place: tuple[int | None, int | None], size: int | None, bar: tuple[float, float] | None
) -> None:
    found = drawn(laid_out(size=size), Place("a", "", *place, 0, False, None))
    assert found == (bar and {"x": bar[0], "width": bar[1]})


def test_no_bar_is_out_of_sight(scanned: History) -> None:
    structs = Content(scanned).structs
    bars = [bar for struct in structs for place in struct.places if (bar := drawn(struct, place))]
    assert len(bars) > 10
    assert all(0 <= bar["x"] <= bar["x"] + bar["width"] <= 1000 for bar in bars)
