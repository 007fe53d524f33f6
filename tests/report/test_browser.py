"""What pages load: each name once, each where its name leads, and differences as kscan.diff has them."""

import tempfile
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.diff import compare
from kscan.history import History
from kscan.model import Problem, Reading
from kscan.report.browser import chunks, diff_data, growth_data, index, script
from kscan.report.content import Content
from kscan.report.paths import chunk_of
from kscan.rows import Row, plain
from kscan.wording import since_of
from tests.report.reading import HISTORIES, A, B, bits, differences, record, states_of, taken
from tests.stores import UNREAD, Made, fact, history, member

HOSTILE = "</script><!--\u2028\"'\\ \x1b &amp; ❦"


def test_a_chunk_is_told_by_the_sha256_of_a_name() -> None:
    # printf PACKET_FANOUT_EBPF | sha256sum
    assert chunk_of("PACKET_FANOUT_EBPF") == "f0"
    assert all(chunk_of(name) == sha256(name.encode()).hexdigest()[:2] for name in ("", "bpf_insn.code", "ü"))


@pytest.mark.parametrize("data", [{}, [], [HOSTILE], {HOSTILE: [None, 1, True, {"a": HOSTILE}]}])
def test_a_script_hands_over_what_it_was_given(data: object) -> None:
    assert taken(script("symbols/4a", data)) == ("symbols/4a", data)


@pytest.mark.parametrize(
    ("row", "since"),
    [
        ({"first_seen": "v4.3", "status": "exact", "last_without": "v4.2"}, "v4.3"),
        ({"first_seen": "v2.6.12", "status": "from_oldest", "last_without": None}, "≤ v2.6.12"),
        ({"first_seen": "v4.3", "status": "window", "last_without": "v4.0"}, "after v4.0, by v4.3"),
    ],
)
def test_since_when_in_a_few_words(row: Row, since: str) -> None:
    assert since_of({**row, "removed_in": "v5.6", "scope": "uapi"}) == since


def loaded(content: Content) -> dict[str, Any]:
    return chunks(content.symbols, content.struct_files)


def test_the_index_has_each_name_once_and_chunks_have_every_symbol(found: History) -> None:
    content = Content(found)
    rows = index(content.symbols)
    assert [row[0] for row in rows] == list(dict.fromkeys(symbol.name for symbol in content.symbols))
    parts = loaded(content)
    assert list(parts) == sorted({chunk_of(symbol.name) for symbol in content.symbols})
    for name, kind, scope, since, chunk, header in rows:
        # What the index says of a name is what its place shows first: user space's.
        first = next(symbol for symbol in content.symbols if symbol.name == name)
        began, _, gone = since.partition(", gone ")
        assert [kind, scope, began, header] == [
            first.when["kind"], first.when["scope"], since_of(first.when), first.when["header"],
        ]  # fmt: skip
        assert gone.rpartition(" ")[2] == (first.when["removed_in"] or "")
        assert name in parts[chunk]["names"]
    groups = [
        (name, group["scope"])
        for part in parts.values()
        for name, found in part["names"].items()
        for group in found
    ]
    assert sorted(groups) == sorted((symbol.name, symbol.key[0]) for symbol in content.symbols)


SPOKEN = ("since", "to", "until", "kind", "header", "value_text", "type", "reason", "path", "line", "permalink")


def read(span: list[Any], texts: list[str]) -> Row:
    """A span as assets/name.js reads it."""
    said = dict(zip(SPOKEN[:9], (texts[number] for number in span[:9]), strict=True))
    line, offset, count, size, before, after = span[9:]
    address = texts[before] + (said["path"] + after if after else "")
    return {**said, "line": line, "bit_offset": offset, "bit_size": count, "size": size, "permalink": address}


def test_a_place_shows_the_spans_and_states_of_a_name(found: History) -> None:
    for chunk, part in loaded(Content(found)).items():
        for name, groups in part["names"].items():
            assert chunk_of(name) == chunk
            shown = [read(span, part["texts"]) for group in groups for span in group["spans"]]
            rows = [
                span.fact.row() | {"since": span.since, "to": span.last.tag, "until": span.until}
                for facts in found.seen(name).values() for span in found.stretches(facts)
            ]  # fmt: skip
            assert [{key: span[key] for key in SPOKEN} for span in shown] == [
                {key: plain(row[key]) if key != "line" else row[key] for key in SPOKEN} for row in rows
            ]
            if len(groups) == 1:
                states = [found.has(name, release.tag) for release in found.mainline]
                assert states_of(groups[0]["runs"]) == states


def test_a_place_shows_where_a_member_lies() -> None:
    (part,) = (p for p in loaded(Content(history(HISTORIES["layouts"]))).values() if "s.b" in p["names"])
    shown = [read(span, part["texts"]) for span in part["names"]["s.b"][0]["spans"]]
    assert [(row["since"], row["bit_offset"], row["bit_size"], row["size"]) for row in shown] == [
        ("v4.2", 32, 3, 1),
        ("v4.3", 3, 3, 1),
    ]


def test_only_what_has_a_page_leads_to_it(scanned: History) -> None:
    content = Content(scanned)
    pages = {struct.name for struct in content.structs}
    drawn = {
        name for part in loaded(content).values() for name, groups in part["names"].items()
        for group in groups if group["struct"]
    }  # fmt: skip
    assert "bpf_insn.code" in drawn
    assert drawn == {
        symbol.name for symbol in content.symbols
        if symbol.key[1] in ("type", "member") and symbol.name.split(".")[0] in pages
    }  # fmt: skip


def test_a_constant_may_be_named_as_a_struct_is() -> None:
    (part,) = loaded(Content(history({"v4.2": {A: [fact("x"), *record("x", 4)]}}))).values()
    assert [group["struct"] for group in part["names"]["x"]] == ["", "x"]


def test_a_chart_gets_every_release_and_series(scanned: History) -> None:
    content = Content(scanned)
    data = growth_data(content.releases, content.series)
    assert data["releases"] == ["v4.2", "v4.3", "v5.6"]
    assert [(row["label"], tuple(row["counts"])) for row in data["series"]] == content.series


def told(found: History, old: str, new: str) -> tuple[list[tuple[object, ...]], int]:
    """What kscan.diff says, as the page shows it."""
    rows, unsure = compare(found, old, new, "uapi")
    columns = ("name", "change", "old", "new", "header", "breaking")
    return [tuple("" if row[column] is None else row[column] for column in columns) for row in rows], unsure


def compare_all(found: History, tags: list[str] | None = None) -> int:
    """Holds the data of the page against kscan.diff, for every two releases; how many differences there are."""
    content = Content(found, tags=tags)
    _, data = taken(script("diff", diff_data(content.symbols)))
    said = 0
    for (old, one), (new, two) in product(enumerate(content.tags), repeat=2):
        expected = told(found, one, two)
        assert differences(data, old, new) == expected, (one, two)
        said += len(expected[0])
    return said


@pytest.mark.parametrize("which", HISTORIES)
def test_the_page_of_differences_says_what_a_diff_says(which: str) -> None:
    found = history(HISTORIES[which])
    assert compare_all(found) > 0
    tags = [release.tag for release in found.mainline]
    compare_all(found, tags[::2])
    compare_all(found, tags[1:])


def test_the_page_of_differences_says_it_of_scanned_kernels(scanned: History) -> None:
    assert compare_all(scanned) > 20


_CONSTANTS = [
    fact("X", 1), fact("X", 2), fact("X", 1, "enumerator"), fact("X", None, "function_macro", type="(a)"),
]  # fmt: skip
_LAYOUTS = [
    record("s", 4, member("s.a", 0, 4)),
    record("s", 8, member("s.a", 4, 4), bits("s.b", 0, 3)),
    record("s", 4, member("s.a", 0, 4), kind="union"),
    [fact("s", None, "typedef", type="int", size=4)],
]
_CONTENTS = st.one_of(
    st.just(UNREAD),
    st.just(Reading((fact("X", 1),), (Problem(3, "no C"),))),
    st.builds(
        lambda constant, layout: [*constant, *layout],
        st.sampled_from([[], *([one] for one in _CONSTANTS)]),
        st.sampled_from([[], *_LAYOUTS]),
    ),
)
_FILES = st.dictionaries(st.sampled_from([A, B]), _CONTENTS)
_MADE = st.tuples(_FILES, st.sampled_from([("uapi",), (A,), (B,)])).map(
    lambda made: Made(made[0], sets=made[1])
)
_TAGS = ("v4.1", "v4.2", "v4.4", "v4.2.9")


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.fixed_dictionaries(dict.fromkeys(_TAGS, _MADE)))
def test_the_page_of_differences_says_what_a_diff_says_whatever_was_read(releases: dict[str, Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = history(releases, Path(folder) / "kscan.sqlite")
        compare_all(found)
        compare_all(found, ["v4.1", "v4.4"])
        found.close()
