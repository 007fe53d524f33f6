"""What is said of a release among others is what its tree alone says; spans take it apart and together."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given

from kscan.history import History
from kscan.kernels import Kernels
from kscan.model import FAMILIES
from kscan.rows import Row
from tests.kernels import Files
from tests.laws.histories import TIMEOUT, asked, facts, folder_of, histories, law, read

pytestmark = pytest.mark.timeout(TIMEOUT)

Key = tuple[str, str, str]
_CONTENT = ("kind", "header", "value", "type", "reason", "bit_offset", "bit_size", "size")
# What a span's row keeps of it.
_SHOWN = ("kind", "header", "value", "value_text", "type", "reason")


def key(row: Row) -> Key:
    return row["scope"], FAMILIES[row["kind"]], row["name"]


def rank(row: Row) -> tuple[bool, str, int]:
    """Which of several rows of a name in a release counts, the least."""
    return row["value"] is None and row["size"] is None, row["header"], row["line"]


def best(rows: list[Row]) -> dict[Key, Row]:
    """By name, the row that counts where a release has several: one with a value, then the first."""
    found: dict[Key, Row] = {}
    for row in sorted(rows, key=rank):
        found.setdefault(key(row), row)
    return found


def spans_of(history: History) -> dict[Key, list[Row]]:
    """The spans of each name, in the order told."""
    found: dict[Key, list[Row]] = {}
    for name in history.names("*"):
        for span in history.spans(name):
            found.setdefault(key(span), []).append(span)
    return found


@law(12)
@given(histories(at_least=2))
def test_a_release_says_what_a_scan_of_it_alone_says(releases: Mapping[str, Files]) -> None:
    with folder_of(releases) as (folder, linux):
        together = read(folder / "together.sqlite", linux, [list(releases)])
        for tag in releases:
            alone = read(folder / f"{tag}.sqlite", linux, [[tag]])
            with Kernels(together) as found, Kernels(alone) as expected:
                assert found.at(tag) == expected.at(tag)
            with asked(together) as history, asked(alone) as single:
                assert [row for row in history.problems() if row["tag"] == tag] == single.problems()
                names = single.names("*")
                assert {name for name in names if history.has(name, tag) != "present"} == set()
                others = set(history.names("*")) - set(names)
                assert {name for name in others if history.has(name, tag) == "present"} == set()


@law(12)
@given(histories())
def test_spans_rebuild_every_release(releases: Mapping[str, Files]) -> None:
    with folder_of(releases) as (folder, linux), asked(read(folder / "s", linux, [list(releases)])) as history:
        line = [found.tag for found in (*history.mainline, *history.others)]
        rebuilt: dict[str, dict[Key, Row]] = {tag: {} for tag in line}
        for name, spans in spans_of(history).items():
            for span in spans:
                for tag in line[line.index(span["from"]) : line.index(span["to"]) + 1]:
                    assert name not in rebuilt[tag], f"two spans of {name} hold {tag}"
                    rebuilt[tag][name] = span
        for tag, rows in facts(history).items():
            expected = best(rows)
            assert rebuilt[tag].keys() == expected.keys()
            for name, row in expected.items():
                assert [rebuilt[tag][name][c] for c in _SHOWN] == [row[c] for c in _SHOWN]


@law(12)
@given(histories())
def test_spans_of_a_name_are_disjoint_in_order_and_as_long_as_can_be(releases: Mapping[str, Files]) -> None:
    with folder_of(releases) as (folder, linux), asked(read(folder / "s", linux, [list(releases)])) as history:
        line = [found.tag for found in (*history.mainline, *history.others)]
        there = {tag: best(rows) for tag, rows in facts(history).items()}
        beside = {found.tag for found in history.others}
        for name, spans in spans_of(history).items():
            for span in spans:
                first = there[span["from"]][name]
                assert (first["line"], first["path"]) == (span["line"], span["path"])
                assert line.index(span["from"]) <= line.index(span["to"])
                assert span["from"] == span["to"] or not beside & {span["from"], span["to"]}
            for span, following in pairwise(spans):
                assert line.index(span["to"]) < line.index(following["from"])
                touch = line.index(span["to"]) + 1 == line.index(following["from"])
                if touch and following["from"] not in beside:
                    old, new = there[span["to"]][name], there[following["from"]][name]
                    assert [old[c] for c in _CONTENT] != [new[c] for c in _CONTENT]


@law(12)
@given(histories())
def test_every_answer_leads_to_its_line(releases: Mapping[str, Files]) -> None:
    """What is named stands on the line that is said to prove it, in the file as git has it."""
    with folder_of(releases) as (folder, linux), asked(read(folder / "s", linux, [list(releases)])) as history:
        for tag, rows in facts(history).items():
            for row in rows:
                lines = releases[tag][row["path"]].split("\n")[row["line"] - 1 : row["end_line"]]
                # A member of a struct that stands elsewhere is where the member stands that holds it.
                words = row["name"].split(".")
                assert any(word in line for line in lines for word in words[1:] or words)
