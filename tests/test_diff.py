"""Changes between two releases: what each is called, and whether it can break a program."""

import pytest

from kscan.diff import compare
from kscan.history import History
from kscan.model import Fact
from tests.conftest import Scan
from tests.kernels import makefile
from tests.stores import UNREAD, Facts, Made, fact, history, member

A, B, INSIDE = "linux/a.h", "linux/b.h", "include/linux/a.h"
Changes = list[tuple[str, str, str | None, str | None, bool]]


def changes(found: History, old: str = "v4.2", new: str = "v4.3", scope: str = "all") -> Changes:
    rows, _ = compare(found, old, new, scope)
    return [(r["change"], r["name"], r["old"], r["new"], r["breaking"]) for r in rows]


def between(old: list[Fact], new: list[Fact], header: str = A) -> Changes:
    return changes(history({"v4.2": {header: old}, "v4.3": {header: new}}))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([], [fact("X", 7)], [("added", "X", None, "7", False)], id="added"),
        pytest.param([fact("X", 7)], [], [("removed", "X", "7", None, True)], id="removed"),
        pytest.param([fact("X", 1)], [fact("X", 2)], [("value", "X", "1", "2", True)], id="value"),
        pytest.param(
            [fact("X_MAX", 1)], [fact("X_MAX", 2)], [("value", "X_MAX", "1", "2", False)], id="sentinel"
        ),
        pytest.param(
            [fact("__BPF_FUNC_MAX_ID", 1, "enumerator")], [fact("__BPF_FUNC_MAX_ID", 2, "enumerator")],
            [("value", "__BPF_FUNC_MAX_ID", "1", "2", False)], id="sentinel-id",
        ),
        pytest.param(
            [fact("X_MAXIMUM", 1)], [fact("X_MAXIMUM", 2)], [("value", "X_MAXIMUM", "1", "2", True)],
            id="no-sentinel",
        ),
        pytest.param(
            [fact("X", None, reason="a call")], [fact("X", 2)], [("value", "X", "macro", "2", False),
            ("type", "X", None, "int", False)], id="value-not-known-before",
        ),
        pytest.param(
            [fact("X", 1)], [fact("X", 1, "enumerator")], [("kind", "X", "macro", "enumerator", False)],
            id="macro-to-enumerator",
        ),
        pytest.param(
            [fact("X", 1)], [fact("X", None, "function_macro", type="(a)")],
            [("value", "X", "1", "(a)", False), ("kind", "X", "macro", "function_macro", True)],
            id="macro-takes-parameters",
        ),
        pytest.param(
            [fact("X", 1)], [fact("X", 1, type="unsigned int")], [("type", "X", "int", "unsigned int", False)],
            id="type",
        ),
        pytest.param(
            [fact("M", None, "function_macro", type="(a)")], [fact("M", None, "function_macro", type="(a, b)")],
            [("type", "M", "(a)", "(a, b)", True)], id="parameters",
        ),
        pytest.param(
            [fact("s", None, "struct", size=4), member("s.a", 0, 4)],
            [fact("s", None, "struct", size=8), member("s.a", 0, 4), member("s.b", 4, 4)],
            [("layout", "s", "4 bytes", "8 bytes", False), ("added", "s.b", None, "__u32", False)],
            id="struct-grew-at-its-end",
        ),
        pytest.param(
            [fact("s", None, "struct", size=8)], [fact("s", None, "struct", size=4)],
            [("layout", "s", "8 bytes", "4 bytes", True)], id="struct-shrank",
        ),
        pytest.param(
            [fact("s", None, "struct", size=8)], [fact("s", None, "struct", reason="not known")],
            [("layout", "s", "8 bytes", "size not known", False)], id="size-not-known",
        ),
        pytest.param(
            [member("s.a", 0, 4)], [member("s.a", 4, 4)],
            [("layout", "s.a", "at byte 0, 4 bytes", "at byte 4, 4 bytes", True)], id="member-moved",
        ),
        pytest.param(
            [member("s.a", 0, 4)], [member("s.a", 0, 8, "__u64")],
            [("type", "s.a", "__u32", "__u64", False),
             ("layout", "s.a", "at byte 0, 4 bytes", "at byte 0, 8 bytes", True)], id="member-wider",
        ),
        pytest.param(
            [fact("s.a", None, "member", bit_offset=8, bit_size=4, size=1)],
            [fact("s.a", None, "member", bit_offset=12, bit_size=4, size=1)],
            [("layout", "s.a", "at byte 1, 4 bits", "at byte 1 bit 4, 4 bits", True)], id="bits-moved",
        ),
        pytest.param(
            [member("s.a", 0, 4)], [fact("s.a", None, "member", type="__u32", reason="not known")],
            [("layout", "s.a", "at byte 0, 4 bytes", "place not known", False)], id="place-not-known",
        ),
        pytest.param(
            [fact("t", None, "typedef", type="int", size=4)], [fact("t", None, "typedef", type="long", size=8)],
            [("type", "t", "int", "long", False), ("layout", "t", "4 bytes", "8 bytes", True)],
            id="typedef-grew",
        ),
        pytest.param(
            [fact("s", None, "struct", size=4)], [fact("s", None, "union", size=4)],
            [("kind", "s", "struct", "union", True)], id="struct-to-union",
        ),
        pytest.param([fact("X", line=1)], [fact("X", line=50)], [], id="line-only"),
    ],
)  # fmt: skip
def test_changes(old: list[Fact], new: list[Fact], expected: Changes) -> None:
    assert between(old, new) == expected


def test_a_move_is_no_removal() -> None:
    found = history({"v3.17": {A: [fact("X")], B: []}, "v3.18": {A: [], B: [fact("X", line=9)]}})
    (row,), unsure = compare(found, "v3.17", "v3.18")
    assert (row["change"], row["old"], row["new"], row["breaking"], unsure) == ("moved", A, B, False, 0)
    places = row["old_path"], row["old_line"], row["new_path"], row["new_line"]
    assert places == (f"include/uapi/{A}", 1, f"include/uapi/{B}", 9)
    assert row["permalink"].endswith(f"/v3.18/include/uapi/{B}#L9")


def test_the_place_of_what_is_gone_is_the_old_one() -> None:
    (row,), _ = compare(history({"v4.2": {A: [fact("X", line=5)]}, "v4.3": {A: []}}), "v4.2", "v4.3")
    assert (row["old_path"], row["old_line"]) == (f"include/uapi/{A}", 5)
    assert (row["new_path"], row["new_line"]) == (None, None)
    assert row["permalink"].endswith(f"/v4.2/include/uapi/{A}#L5")


@pytest.mark.parametrize(
    ("facts", "new"),
    [([fact("X", 1)], [fact("X", 2)]),
     ([member("s.a", 0, 4)], [member("s.a", 4, 4)]), ([fact("s", None, "struct")], [fact("s", None, "union")])],
    ids=["value", "member-moved", "kind"],
)  # fmt: skip
def test_what_is_internal_breaks_no_program(facts: list[Fact], new: list[Fact]) -> None:
    releases = {"v4.2": Made({INSIDE: facts}, sets=(INSIDE,)), "v4.3": Made({INSIDE: new}, sets=(INSIDE,))}
    found = history(releases)
    assert [change[-1] for change in changes(found)] == [False]
    assert changes(found, scope="uapi") == []


def test_what_comes_or_goes_inside_the_kernel_may_be_in_another_file() -> None:
    facts = [[fact("f", None, "function")], [fact("X", 1)]]
    found = history({f"v4.{n}": Made({INSIDE: one}, sets=(INSIDE,)) for n, one in enumerate(facts)})
    assert compare(found, "v4.0", "v4.1") == ([], 2)


@pytest.mark.parametrize(
    ("files", "sets", "removed", "unsure"),
    [
        pytest.param({A: UNREAD}, ("uapi",), [], 2, id="unread"),
        pytest.param({B: []}, (B,), [], 2, id="not-asked-for"),
        pytest.param({B: []}, ("uapi",), ["X", "Y"], 0, id="header-gone"),
        pytest.param({A: [], B: UNREAD}, ("uapi",), ["X", "Y"], 0, id="another-header-unread"),
    ],
)
def test_what_was_not_read_is_left_out_and_counted(
    files: dict[str, Facts], sets: tuple[str, ...], removed: list[str], unsure: int
) -> None:
    found = history({"v4.2": {A: [fact("X"), fact("Y")]}, "v4.3": Made(files, sets=sets)})
    for old, new, change in (("v4.2", "v4.3", "removed"), ("v4.3", "v4.2", "added")):
        rows, left_out = compare(found, old, new)
        assert [(row["name"], row["change"]) for row in rows] == [(name, change) for name in removed]
        assert left_out == unsure


def test_two_rows_where_both_scopes_change() -> None:
    old = Made({A: [fact("X", 1)], INSIDE: [fact("X", 1)]}, sets=("uapi", INSIDE))
    new = Made({A: [fact("X", 2)], INSIDE: [fact("X", 2)]}, sets=("uapi", INSIDE))
    rows, _ = compare(history({"v4.2": old, "v4.3": new}), "v4.2", "v4.3")
    assert {row["scope"]: row["breaking"] for row in rows} == {"uapi": True, "internal": False}


def test_labels_and_stable_releases_compare() -> None:
    line = {"v4.4": {A: [fact("X", 1)]}, "v4.4.206": {A: [fact("X", 2)]},
            "mine": Made({A: [fact("X", 3)]}, is_label=True)}  # fmt: skip
    found = history(line)
    assert changes(found, "v4.4", "v4.4.206") == [("value", "X", "1", "2", True)]
    assert changes(found, "v4.4.206", "mine") == [("value", "X", "2", "3", True)]
    assert changes(found, "mine", "mine") == []


def test_read_from_headers(read: Scan) -> None:
    old = "struct s {\n\tint a;\n\tint b;\n};\n#define X 1\n"
    new = "struct s {\n\tint b;\n\tint a;\n\tint c;\n};\nenum { X = 1, Y };\n"
    found = read({tag: {"Makefile": makefile(tag), "include/uapi/linux/a.h": text}
                  for tag, text in (("v4.2", old), ("v4.3", new))})  # fmt: skip
    assert changes(found) == [
        ("kind", "X", "macro", "enumerator", False),
        ("added", "Y", None, "2", False),
        ("layout", "s", "8 bytes", "12 bytes", False),
        ("layout", "s.a", "at byte 0, 4 bytes", "at byte 4, 4 bytes", True),
        ("layout", "s.b", "at byte 4, 4 bytes", "at byte 0, 4 bytes", True),
        ("added", "s.c", None, "int", False),
    ]


def test_a_guard_that_is_gone_breaks_nothing() -> None:
    """Installed headers have it without _UAPI."""
    guard = fact("_UAPI_LINUX_A_H", None)
    with history({"v4.2": {"linux/a.h": [guard, fact("X_H")]}, "v4.3": {"linux/a.h": []}}) as found:
        rows, _ = compare(found, "v4.2", "v4.3")
    assert [(row["name"], row["breaking"]) for row in rows] == [("X_H", True), ("_UAPI_LINUX_A_H", False)]
