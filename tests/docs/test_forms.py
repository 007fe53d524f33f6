"""The forms that others keep by hand: what each says, and that our own words contradict no kernel."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kscan.docs.forms import chosen, feature_yaml, header, manual, versions_table
from kscan.docs.lint import CONTRADICTED, lint
from kscan.errors import KscanError, UnknownName
from kscan.history import History
from kscan.rows import Row
from tests.stores import fact, history

A = "linux/a.h"
OLD = [fact("A_OLD", 1), fact("A_GONE", 2)]
NEW = [fact("A_OLD", 1), fact("A_NEW", 0xFFFFFFFF, type="unsigned int"), fact("A_TEXT", 'a"b', type="char [4]"),
       fact("A_BELOW", -3), fact("A_CALL", None, "function_macro", type="(x)")]  # fmt: skip


@pytest.fixture
def names() -> Iterator[History]:
    found = history({"v4.1": {A: OLD}, "v4.2": {A: NEW}, "v4.4": {A: [*NEW, fact("A_LATE", 9)]}})
    yield found
    found.close()


@pytest.fixture
def rows(names: History) -> list[Row]:
    return chosen(names, ["A_OLD", "A_NEW", "A_LATE"])


def test_yaml(rows: list[Row]) -> None:
    assert list(feature_yaml(rows)) == [
        '- name: "linux/a.h"', "  features:",
        "    - name: A_OLD", "      version: v4.1", "      after: null",
        "    - name: A_NEW", "      version: v4.2",
        "    - name: A_LATE", "      version: v4.4", "      after: v4.2",
    ]  # fmt: skip


def test_a_table_of_versions(rows: list[Row]) -> None:
    (table,) = versions_table(rows)
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.split("\n")]
    assert cells == [
        ["Name", "Kernel version"], ["---", "---"],
        ["A_OLD", "v4.1 or earlier"], ["A_NEW", "v4.2"], ["A_LATE", "after v4.2, by v4.4"],
    ]  # fmt: skip


def test_a_manual_claims_only_what_is_exact(rows: list[Row]) -> None:
    assert list(manual(rows)) == [
        ".TP", ".B A_OLD", ".TP", '.BR A_NEW " (since Linux 4.2)"', ".TP", ".B A_LATE",
    ]  # fmt: skip


def test_a_header_defines_what_is_missing(names: History) -> None:
    assert list(header(names, ["A_NEW", "A_TEXT", "A_BELOW"]))[3:] == [
        "", "#ifndef A_NEW", "#define A_NEW 4294967295U /* v4.2 */", "#endif",
        "", "#ifndef A_TEXT", '#define A_TEXT "a\\"b" /* v4.2 */', "#endif",
        "", "#ifndef A_BELOW", "#define A_BELOW (-3) /* v4.2 */", "#endif",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("A_GONE", r"^A_GONE \(macro\) is no constant of v4\.4 with a value$"),
        ("A_CALL", r"^A_CALL \(function_macro\) is no constant"),
    ],
)
def test_a_header_has_constants_only(word: str, said: str, names: History) -> None:
    with pytest.raises(KscanError, match=said):
        list(header(names, [word]))


def test_a_header_of_a_pattern_names_what_it_leaves_out(names: History) -> None:
    said = list(header(names, ["A_*"]))
    assert "#define A_BELOW (-3) /* v4.2 */" in said
    assert said[-1].startswith("/* No constants of v4.4 with a value: ")
    assert {"A_GONE", "A_CALL"} <= set(said[-1].strip(" */").replace(",", "").split())
    with pytest.raises(KscanError, match="A_CALL"):
        list(header(names, ["A_*", "A_CALL"]))
    with pytest.raises(KscanError, match="A_GONE"):
        list(header(names, ["A_GON*"]))


def test_a_header_leaves_out_how_far_a_release_counts() -> None:
    """Programs would take one release's for another's."""
    older, newer = ([fact("A_RING_NUM", 1), fact("A_MAX", last)] for last in (2, 3))
    with closing(history({"v4.1": {A: older}, "v4.2": {A: newer}})) as found:
        said = list(header(found, ["A_*"]))
        assert said[-1] == "/* End markers, each release has its own: A_MAX */"
        defined = [line for line in said if line.startswith("#define")]
        assert defined == ["#define A_RING_NUM 1 /* v4.1 or earlier */"]
        assert list(header(found, ["A_M*"]))[-1] == said[-1]
        assert "#define A_MAX 3 /* v4.1 or earlier */" in header(found, ["A_MAX"])


def test_yaml_takes_names_for_text() -> None:
    with closing(history({"v4.1": {A: [fact(name, 1) for name in ("ON", "null", "TRUE", "A")]}})) as found:
        lines = feature_yaml(chosen(found, ["*"]))
        names = [line.split("name: ")[1] for line in lines if line.startswith("    - name")]
    assert sorted(names) == ['"ON"', '"TRUE"', '"null"', "A"]


def test_an_unknown_name_is_said(names: History) -> None:
    with pytest.raises(UnknownName, match="no name NOWHERE"):
        chosen(names, ["NOWHERE"])


@pytest.mark.parametrize(
    ("file", "form", "count"),
    [("a.yaml", feature_yaml, 3), ("a.7", manual, 1), ("a.md", versions_table, 1)],
)
def test_what_is_written_contradicts_no_kernel(
    file: str, form: Callable[[Iterable[Row]], Iterable[str]], count: int, rows: list[Row], names: History,
    tmp_path: Path,
) -> None:  # fmt: skip
    (tmp_path / file).write_text("\n".join(form(rows)))
    found, counted, *_ = lint(names, [tmp_path])
    assert (found, counted[CONTRADICTED], counted.total()) == ([], 0, count)
