"""What ships answers as the store it was collected from."""

import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan import history as history_module
from kscan.dataset.folder import CONFIRMED, DROP, UNKNOWN, Decision
from kscan.diff import compare
from kscan.errors import KscanError, StoreError
from kscan.history import History
from kscan.model import POLICY, RUN_SITE, Problem, Reading
from kscan.seen import Seen
from tests.datasets import NOWHERE, Releases, finals, is_internal, of_shipped, of_store, shipped
from tests.stores import UNREAD, Made, fact, member

A, B, C, INSIDE, SOURCE = "linux/a.h", "linux/b.h", "linux/c.h", "include/linux/a.h", "net/packet/af_packet.c"
SETS = ("uapi", INSIDE)


PATTERNS = ("X*", "*.*", "[!X]*", "NONE*")


def answers(history: History) -> dict[str, Any]:
    """Everything that a history says, by question; the layer that says it left out, and what sets a release
    apart, which a store tells of what it was read for alone."""
    tags = [release.tag for release in history.mainline]
    names = history.names("*")
    headers = [A, B, C, INSIDE, SOURCE]
    releases = [history.release(tag) for tag in tags]
    found: dict[str, Any] = {
        "releases": [{**row, "layer": None, "suspicion": None} for row in history.list_releases()],
        "problems": history.problems(),
        "names": names,
        "names by pattern": [history.names(pattern) for pattern in PATTERNS],
        "names by scope": [[history.names(p, scope) for p in PATTERNS] for scope in ("uapi", "internal")],
        "all names": sorted(history.all_names),
        "search": [history.search(text) for text in ("x", "S.", "_", "%", "e")],
        "when": {name: history.when(name) for name in names},
        "spans": {name: history.spans(name) for name in names},
        "all when": [history.when_of(facts) for facts in history.all_seen()],
        "all spans": list(history.all_spans()),
        "enumerators": history.enumerators("e"),
        "aliases": history.aliases("e"),
        "covered": [(sorted(history.unsure_names(release))) for release in releases],
    }
    for scope in ("uapi", "internal"):
        found[f"when {scope}"] = {name: history.when(name, scope) for name in names}
    for tag, release in zip(tags, releases, strict=True):
        paths = {fact.path for fact in history.layer_of(release).at(release)}
        found[f"at {tag}"] = history.at(tag), history.at(tag, "X*"), history.at(tag, "s.?", "uapi")
        found[f"has {tag}"] = {name: history.has(name, tag) for name in names}
        found[f"uses {tag}"] = [list(map(plain, history.uses(sort, release))) for sort in (RUN_SITE, POLICY)]
        found[f"files of {tag}"] = history.layer_of(release).internal_paths(release)
        found[f"facts of {tag}"] = {p: list(map(plain, history.facts_of(release, p))) for p in sorted(paths)}
    for old, new in [*pairwise(tags), *pairwise(reversed(tags)), (tags[0], tags[-1])]:
        found[f"diff {old} {new}"] = compare(history, old, new)
    found["uses"] = [sorted(map(plain, history.uses(sort)), key=repr) for sort in (RUN_SITE, POLICY)]
    found["files"] = {
        header: sorted(
            (release.tag, whole)
            for layer in history.layers
            for release, whole in layer.files("internal" if is_internal(header) else "uapi", header).items()
        )
        for header in headers
    }
    return found


def plain(fact: Seen) -> tuple[object, ...]:
    """A fact without the number of its release, which is the layer's own."""
    return (fact.release.tag, *fact[1:])


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for question, answer in expected.items():
        assert found[question] == answer, question


def use(name: str, line: int, sort: str, within: str) -> Any:
    return fact(name, None, "use", line, type=within, owner=sort)


STRUCT = [fact("s", None, "struct", 20, end_line=24, size=8), member("s.a", 0, 4, line=21),
          member("s.b", 4, 4, line=22, bit_size=3)]  # fmt: skip
ENUM = [fact(f"X_{n}", n, "enumerator", 30 + n, owner="e") for n in range(3)]
ALIAS = fact("X_TWO", 2, "enumerator", 33, owner="e")
SITES = [fact("run", None, "function", 5, end_line=9, type="int (void)"),
         use("PROG_RUN", 7, RUN_SITE, "run"), use("MODE", 8, POLICY, "demux")]  # fmt: skip


def down(facts: list[Any], by: int) -> list[Any]:
    return [f._replace(line=f.line + by, end_line=f.end_line + by) for f in facts]


HISTORY: dict[str, Made] = {
    "v3.5": Made({A: [fact("X", 1, line=4), *STRUCT, *ENUM], B: [fact("MOVES", 7)]}, sets=SETS),
    # Headers move to include/uapi/, and the lines of A by one.
    "v3.7": Made(
        {A: [fact("NEW", 3), *down([fact("X", 1, line=4), *STRUCT, *ENUM], 1)], C: [fact("MOVES", 7)]},
        sets=SETS, suspicion="odd",
    ),
    "v3.8": Made({A: [fact("X", 2, line=4), fact("X", None, line=9, reason="needs Y"), *STRUCT, *ENUM, ALIAS],
                  C: Reading((fact("MOVES", 7),), (Problem(3, "no C"),)), SOURCE: SITES}, sets=SETS),
    "v3.9": Made({A: UNREAD, C: [fact("MOVES", 7)], SOURCE: down(SITES, 6)}, sets=SETS, exact="v3.9.4"),
    "v3.10": Made(
        {A: [fact("X", 2, "enumerator", 40, owner="e"), *STRUCT[:2], *down(ENUM, 2)], INSIDE: [fact("X", 2)],
         SOURCE: SITES[:1]},
        sets=SETS,
    ),
    "v3.11": Made(
        {A: [fact("X", 1, line=4), fact("WIDE", 2**64 - 1, line=5, type="unsigned long"),
             fact("TEXT", "99999999999999999999", line=6, type="char [21]"), *STRUCT, *ENUM, ALIAS],
         B: [fact("MOVES", 7)]},
        sets=SETS,
    ),
    "v3.13": Made(
        {A: [fact("X", 1, line=4), fact("WIDE", -(2**63), line=5, type="long"),
             fact("TEXT", "", line=6, type="char [1]"), *STRUCT, *ENUM, ALIAS]},
        sets=SETS,
    ),
}  # fmt: skip
# What lies beside in a store and is no release of the mainline, or not yet.
BESIDE: dict[str, Made] = {
    "v3.10.7": Made({A: [fact("X", 77), fact("BACKPORT")], "linux/beside.h": [fact("BESIDE")]}),
    "v3.12-rc3": Made({A: [fact("CANDIDATE")]}),
    "v3.4-acme1": Made({A: [fact("ACME")]}),
    "debian-12": Made({A: [fact("X", 9), fact("PACKAGED")]}, is_label=True),
}


def test_a_small_history_answers_as_its_store(tmp_path: Path) -> None:
    stored = of_store(tmp_path / "store.sqlite", HISTORY)
    found = of_shipped(tmp_path / "made", dict(reversed((HISTORY | BESIDE).items())))
    assert_same(answers(found), answers(stored))
    assert {row["layer"] for row in found.list_releases()} == {"shipped"}
    assert {row["layer"] for row in stored.list_releases()} == {"user"}
    # What the law compares is not nothing.
    said = answers(found)
    assert [(row["from"], row["to"], row["value"], row["kind"]) for row in said["spans"]["X"][:4]] == [
        ("v3.5", "v3.7", 1, "macro"), ("v3.8", "v3.8", 2, "macro"), ("v3.10", "v3.10", 2, "enumerator"),
        ("v3.11", "v3.13", 1, "macro"),
    ]  # fmt: skip
    assert [row["value"] for row in said["spans"]["WIDE"]] == [2**64 - 1, -(2**63)]
    assert [row["value"] for row in said["spans"]["TEXT"]] == ["99999999999999999999", ""]
    assert said["aliases"] == {"X": ["X_2"], "X_2": ["X", "X_TWO"], "X_TWO": ["X_2"]}
    assert [fact[6] for fact in said["uses v3.9"][0]] == [13]
    assert len(said["problems"]) == 2
    found.close()
    stored.close()


def test_lines_are_those_of_each_release(tmp_path: Path) -> None:
    found = of_shipped(tmp_path, HISTORY)
    lines = {tag: [(row["path"], row["line"]) for row in found.at(tag, "s.b")] for tag in HISTORY}
    uapi = f"include/uapi/{A}"
    assert lines == {
        "v3.5": [(f"include/{A}", 22)], "v3.7": [(uapi, 23)], "v3.8": [(uapi, 22)], "v3.9": [], "v3.10": [],
        "v3.11": [(uapi, 22)], "v3.13": [(uapi, 22)],
    }  # fmt: skip
    (row,) = found.at("v3.7", "s")
    assert row["permalink"] == f"https://github.com/torvalds/linux/blob/v3.7/{uapi}#L21-L25"
    found.close()


def test_no_header_text_ships(tmp_path: Path) -> None:
    found = of_shipped(tmp_path, HISTORY)
    release = found.release("v3.8")
    assert found.layer_of(release).text(release, f"include/uapi/{A}") is None
    found.close()


# The law over random histories.

_TAGS = ("v3.5", "v3.6", "v3.7", "v3.8", "v3.10", "v3.9.2", "v3.9-rc1", "debian-12")
_VALUES = st.sampled_from([0, 1, 2**64 - 1, "", "1"])


def _fact(name: str, value: int | str, kind: str, line: int, span: int) -> Any:
    if kind == "use":
        return use(name, line, RUN_SITE, "f")
    if kind == "member":
        return member(f"s.{name}", line, 4, line=line)
    if kind == "enumerator":
        return fact(name, len(name), kind, line, owner="e")
    type_ = "long" if isinstance(value, int) else "char [2]"
    return fact(name, value, kind, line, end_line=line + span, type=type_)


_FACTS = st.builds(
    _fact,
    st.sampled_from(["X", "X_Y", "e"]),
    _VALUES,
    st.sampled_from(["macro", "macro", "enumerator", "struct", "member", "use"]),
    st.integers(1, 6),
    st.integers(0, 1),
)
_LISTS = st.lists(_FACTS, max_size=4, unique_by=lambda f: (f.line, f.name, f.kind))
_READINGS = st.one_of(
    _LISTS,
    _LISTS,
    st.just(UNREAD),
    st.builds(lambda facts: Reading(tuple(facts), (Problem(3, "no C"),)), _LISTS),
)
_POOLS = st.lists(_READINGS, min_size=1, max_size=3)


@st.composite
def _histories(draw: st.DrawFn) -> dict[str, Made]:
    """Releases whose headers say one of few things, so that they often say the same for long; some lines
    on."""
    pool = draw(_POOLS)
    releases = {}
    for tag in draw(st.lists(st.sampled_from(_TAGS), min_size=1, unique=True)):
        files: dict[str, Any] = {}
        for header in draw(st.sets(st.sampled_from([A, B, INSIDE, SOURCE]))):
            reading = draw(st.sampled_from(pool))
            files[header] = down(reading, draw(st.integers(0, 2))) if isinstance(reading, list) else reading
        is_label = tag == "debian-12"
        exact = draw(st.sampled_from([None, None, f"{tag}.4"])) if tag in ("v3.7", "v3.10") else None
        releases[tag] = Made(files, exact, draw(st.sampled_from([SETS, SETS, (A,)])), is_label)
    return releases


@settings(max_examples=30, deadline=None, derandomize=True)
@given(_histories())
def test_what_ships_answers_as_the_store_does(releases: dict[str, Made]) -> None:
    line = finals(releases)
    with tempfile.TemporaryDirectory() as folder:
        if not line:
            with pytest.raises(StoreError, match="no x86-64 release"):
                of_shipped(Path(folder), releases)
            return
        found = of_shipped(Path(folder), releases)
        stored = of_store(Path(folder) / "alone.sqlite", {tag: releases[tag] for tag in line})
        assert_same(answers(found), answers(stored))
        found.close()
        stored.close()


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param([fact("Y", None, "enumerator", 7, owner="e", reason="needs Z")], id="no-value"),
        pytest.param([fact("Y", 2**64 - 1, "enumerator", 7, owner="e", type="unsigned long")], id="wide"),
        pytest.param(
            [fact("Y", None, "enumerator", n, owner="e", reason="needs Z") for n in (7, 8)], id="twice"
        ),
    ],
)
def test_enumerators_come_in_order_whatever_their_values(tmp_path: Path, odd: list[Any]) -> None:
    releases = {"v4.1": {A: [*ENUM, *odd]}}
    for history in (of_store(tmp_path / "store.sqlite", releases), of_shipped(tmp_path / "made", releases)):
        assert sorted(history.enumerators("e")) == ["X_0", "X_1", "X_2", "Y"]
        assert [name for name in history.enumerators("e") if name != "Y"] == ["X_0", "X_1", "X_2"]
        history.close()


# Layers.


def layered(tmp_path: Path, own: Releases, ships: Releases) -> History:
    """What both answer together."""
    file = shipped(tmp_path / "made", ships)
    of_store(tmp_path / "own.sqlite", own).close()
    return History(tmp_path / "own.sqlite", data=file)


SHIPS: Mapping[str, Any] = {
    "v4.1": {A: [fact("X", 1)]},
    "v4.2": {A: [fact("X", 2), fact("ONLY_SHIPPED")]},
    "v4.3": {A: [fact("X", 3)]},
}


def test_the_users_release_hides_the_shipped_one_and_only_that(tmp_path: Path) -> None:
    found = layered(tmp_path, {"v4.2": Made({A: [fact("X", 22)]}, source="/mine")}, SHIPS)
    assert [(row["tag"], row["layer"], row["source"]) for row in found.list_releases()] == [
        ("v4.1", "shipped", "/kernels"), ("v4.2", "user", "/mine"), ("v4.3", "shipped", "/kernels"),
    ]  # fmt: skip
    assert [(row["from"], row["to"], row["value"]) for row in found.spans("X")] == [
        ("v4.1", "v4.1", 1), ("v4.2", "v4.2", 22), ("v4.3", "v4.3", 3),
    ]  # fmt: skip
    assert found.at("v4.2", "X")[0]["value"] == 22
    found.close()


def test_a_name_of_a_hidden_release_is_no_name(tmp_path: Path) -> None:
    found = layered(tmp_path, {"v4.2": {A: [fact("X", 22)]}}, SHIPS)
    assert found.when("ONLY_SHIPPED") == []
    assert found.names("*") == ["X"]
    assert list(found.all_names) == ["X"]
    assert str(found.unknown("ONLY_SHIPPED", "uapi")) == "no name ONLY_SHIPPED in 3 scanned releases"
    found.close()


def test_an_enumerator_of_a_hidden_release_is_none(tmp_path: Path) -> None:
    ships = {"v4.1": {A: ENUM[:1]}, "v4.2": {A: [*ENUM, ALIAS]}}
    found = layered(tmp_path, {"v4.2": {A: ENUM[:2]}}, ships)
    assert (found.enumerators("e"), found.aliases("e")) == (["X_0", "X_1"], {})
    found.close()


def test_a_hidden_header_is_not_asked_for(tmp_path: Path) -> None:
    ships: Releases = {"v4.1": {A: [fact("X")]}, "v4.2": {A: UNREAD, B: [fact("Y")]}}
    found = layered(tmp_path, {"v4.2": {A: [fact("X", 2)]}}, ships)
    assert found.problems() == []
    assert found.uses(RUN_SITE) == []
    assert [f.release.tag for facts in found.seen("X").values() for f in facts] == ["v4.1", "v4.2"]
    assert compare(found, "v4.1", "v4.2")[0][0]["change"] == "value"
    found.close()


@pytest.mark.parametrize(
    ("own", "order"),
    [
        ({"v4.0": {A: []}}, ["v4.0", "v4.1", "v4.2", "v4.3"]),
        ({"v4.2-rc1": {A: []}, "v4.4": {A: []}}, ["v4.1", "v4.2-rc1", "v4.2", "v4.3", "v4.4"]),
        ({"v4.2.8": {A: []}}, ["v4.1", "v4.2", "v4.3", "v4.2.8"]),
        ({"mine": Made({A: []}, is_label=True)}, ["v4.1", "v4.2", "v4.3", "mine"]),
        ({tag: {A: []} for tag in SHIPS}, ["v4.1", "v4.2", "v4.3"]),
    ],
    ids=["older", "between-and-newer", "stable", "label", "all-hidden"],
)
def test_both_stand_in_one_line(tmp_path: Path, own: Any, order: list[str]) -> None:
    found = layered(tmp_path, own, SHIPS)
    assert [row["tag"] for row in found.list_releases()] == order
    assert [row["tag"] for row in found.list_releases() if row["layer"] == "user"] == list(own)
    assert [found.order_of(found.release(tag)) for tag in order] == list(range(len(order)))
    found.close()


def test_what_the_user_adds_narrows_what_ships(tmp_path: Path) -> None:
    """A release between two that ship makes a window exact, or says where a name was not."""
    ships = {"v4.1": {A: [fact("OLD")]}, "v4.3": {A: [fact("OLD"), fact("X")]}}
    alone = of_shipped(tmp_path / "alone", ships)
    assert [(r["status"], r["last_without"]) for r in alone.when("X")] == [("window", "v4.1")]
    alone.close()
    found = layered(tmp_path, {"v4.2": {A: [fact("OLD")]}}, ships)
    assert [(r["status"], r["last_without"]) for r in found.when("X")] == [("exact", "v4.2")]
    assert compare(found, "v4.2", "v4.3")[0][0]["name"] == "X"
    assert [row["change"] for row in compare(found, "v4.1", "v4.2")[0]] == []
    found.close()


def elsewhere(made: Made) -> Made:
    """A release with the same names on other lines."""
    return made._replace(
        files={h: down(facts, 10) if isinstance(facts, list) else facts for h, facts in made.files.items()},
        source="/elsewhere",
    )


@settings(max_examples=20, deadline=None, derandomize=True)
@given(_histories(), st.data())
def test_layers_answer_as_one_store_of_all(releases: dict[str, Made], data: st.DataObject) -> None:
    line = finals(releases)
    own = data.draw(st.lists(st.sampled_from(sorted(releases)), unique=True))
    ships = {tag: releases[tag] for tag in line if tag not in own}
    if not ships or not own:
        return
    # What the user has hides the same releases as another reads them.
    other = {tag: elsewhere(releases[tag]) for tag in own if tag in line}
    with tempfile.TemporaryDirectory() as folder:
        found = layered(Path(folder), {tag: releases[tag] for tag in own}, ships | other)
        stored = of_store(Path(folder) / "all.sqlite", {tag: releases[tag] for tag in (*own, *ships)})
        said, expected = answers(found), answers(stored)
        assert_same(said, expected)
        found.close()
        stored.close()


@pytest.mark.parametrize("own", [True, False], ids=["beside-a-store", "alone"])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(lambda path: path.write_text("no database" * 99), "file is not a database"),
     (lambda path: path.write_bytes(b""), "a dataset of another version of kscan (schema 0, this one has 1)"),
     (lambda path: (path.unlink(), path.mkdir()), "")],
    ids=["damaged", "empty", "a-folder"],
)  # fmt: skip
def test_data_that_cannot_be_used(tmp_path: Path, spoil: object, said: str, own: bool) -> None:
    file = shipped(tmp_path / "made", SHIPS)
    assert callable(spoil)
    spoil(file)
    if own:
        of_store(tmp_path / "own.sqlite", SHIPS).close()
    with pytest.raises(StoreError) as raised:
        History(tmp_path / "own.sqlite" if own else NOWHERE, data=file)
    assert str(raised.value).startswith(f"{file}: {said}")
    assert "install kscan again" in str(raised.value)


def test_data_that_is_not_there(tmp_path: Path) -> None:
    gone = tmp_path / "gone.sqlite"
    with pytest.raises(
        StoreError, match=r"gone\.sqlite is not there, the data that ships; install kscan again"
    ):
        History(NOWHERE, data=gone)
    of_store(tmp_path / "own.sqlite", SHIPS).close()
    with pytest.raises(StoreError, match=r"gone\.sqlite is not there"):
        History(tmp_path / "own.sqlite", data=gone)


def test_a_checkout_may_be_without_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched answers alone where the file was never made; one that is named must be there."""
    monkeypatch.delenv("KSCAN_DATA")
    monkeypatch.setattr(history_module, "data_path", lambda: str(tmp_path / "gone.sqlite"))
    of_store(tmp_path / "own.sqlite", SHIPS).close()
    found = History(tmp_path / "own.sqlite")
    assert {row["layer"] for row in found.list_releases()} == {"user"}
    found.close()
    monkeypatch.setenv("KSCAN_DATA", str(tmp_path / "gone.sqlite"))
    with pytest.raises(StoreError, match=r"gone\.sqlite is not there"):
        History(tmp_path / "own.sqlite")


def test_what_ships_is_of_one_profile(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no arm64 release"):
        History(NOWHERE, "arm64", shipped(tmp_path, SHIPS))


def test_questions_write_nothing(tmp_path: Path) -> None:
    file = shipped(tmp_path, HISTORY)
    file.chmod(0o444)
    before = file.read_bytes()
    found = History(NOWHERE, data=file)
    answers(found)
    found.close()
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data.sqlite", "shipped.sqlite"]


# Decisions.

NAMES = {
    "v4.1": {A: [fact("OLD", 1, line=2)], B: [fact("Z")]},
    "v4.2": {A: [fact("X", 5, line=1), fact("OLD", 1, line=4), fact("BELOW", line=8)], B: [fact("Z")]},
    "v4.3": {A: [fact("X", 5, line=3), fact("OLD", 1, line=6), fact("BELOW", line=10)], B: [fact("Z")]},
    "v4.4": {A: [fact("X", 5, line=3), fact("OLD", 1, line=9), fact("BELOW", line=13)], B: [fact("Z")]},
    "v4.5": {A: [fact("X", 5, line=1), fact("OLD", 1, line=5), fact("BELOW", line=9)], B: [fact("Z")]},
}


def decided(tmp_path: Path, *decisions: Decision, **exact: str) -> History:
    releases = {tag: Made(made, exact=exact.get(tag.replace(".", "_"))) for tag, made in NAMES.items()}
    return of_shipped(tmp_path, releases, decisions)


def decision(tag: str, what: str, header: str, *names: str) -> Decision:
    return Decision(tag, what, "uapi", header, names, "why")


def lines(found: History, name: str) -> dict[str, int]:
    return {row_tag: row["line"] for row_tag in NAMES for row in found.at(row_tag, name)}


def test_without_decisions_the_tree_speaks(tmp_path: Path) -> None:
    found = decided(tmp_path)
    assert lines(found, "OLD") == {"v4.1": 2, "v4.2": 4, "v4.3": 6, "v4.4": 9, "v4.5": 5}
    assert lines(found, "X") == {"v4.2": 1, "v4.3": 3, "v4.4": 3, "v4.5": 1}
    assert lines(found, "BELOW") == {"v4.2": 8, "v4.3": 10, "v4.4": 13, "v4.5": 9}
    found.close()


@pytest.mark.parametrize("tag", list(NAMES))
@pytest.mark.parametrize("what", [DROP, UNKNOWN])
@pytest.mark.parametrize("names", [(), ("OLD",), ("BELOW", "X")], ids=["header", "name", "names"])
def test_what_is_taken_away_leaves_the_other_lines_right(
    tmp_path: Path, tag: str, what: str, names: tuple[str, ...]
) -> None:
    plain = decided(tmp_path / "plain")
    found = decided(tmp_path / "decided", decision(tag, what, A, *names))
    for name in ("OLD", "X", "BELOW", "Z"):
        expected = lines(plain, name)
        if name in (names or ("OLD", "X", "BELOW")):
            expected.pop(tag, None)
        assert lines(found, name) == expected
    plain.close()
    found.close()


@pytest.mark.parametrize(
    ("what", "names", "state"),
    [(DROP, ("X",), "absent"), (DROP, (), "no_header"), (UNKNOWN, ("X",), "not_scanned"),
     (UNKNOWN, (), "not_scanned")],
    ids=["drop-name", "drop-header", "unknown-name", "unknown-header"],
)  # fmt: skip
def test_what_is_decided_counts(tmp_path: Path, what: str, names: tuple[str, ...], state: str) -> None:
    found = decided(tmp_path, decision("v4.3", what, A, *names))
    assert [found.has("X", tag) for tag in NAMES] == ["absent", "present", state, "present", "present"]
    assert [found.has("OLD", tag) for tag in NAMES][2] == ("present" if names else state)
    assert found.has("Z", "v4.3") == "present"
    unsure = {name for _, name in found.unsure_names(found.release("v4.3"))}
    assert ("X" in unsure) is (what == UNKNOWN)
    found.close()


def test_what_is_dropped_at_first_came_later(tmp_path: Path) -> None:
    found = decided(tmp_path, decision("v4.2", DROP, A, "X"))
    (row,) = found.when("X")
    assert [row[c] for c in ("first_seen", "last_without", "status", "note")] == ["v4.3", "v4.2", "exact", None]
    found.close()


def test_what_is_dropped_everywhere_is_no_name(tmp_path: Path) -> None:
    found = decided(tmp_path, *(decision(tag, DROP, A, "X") for tag in NAMES))
    assert found.when("X") == []
    assert found.names("*") == ["BELOW", "OLD", "Z"]
    with pytest.raises(KscanError, match="no name X"):
        found.has("X", "v4.2")
    found.close()


@pytest.mark.parametrize("names", [(), ("X",)], ids=["header", "name"])
def test_what_is_unknown_is_a_window_with_its_reason(tmp_path: Path, names: tuple[str, ...]) -> None:
    found = decided(tmp_path, decision("v4.2", UNKNOWN, A, *names))
    (row,) = found.when("X")
    assert [row[c] for c in ("first_seen", "last_without", "status")] == ["v4.3", "v4.1", "window"]
    assert row["note"] == "v4.2 is not known: why"
    (span,) = found.spans("X")
    assert (span["from"], span["to"], span["status"]) == ("v4.3", "v4.5", "window")
    found.close()


def test_what_is_unknown_in_the_middle_breaks_no_history(tmp_path: Path) -> None:
    found = decided(tmp_path, decision("v4.3", UNKNOWN, A, "X"))
    (row,) = found.when("X")
    assert [row[c] for c in ("first_seen", "status", "last_seen", "note")] == ["v4.2", "exact", "v4.5", None]
    rows, unsure = compare(found, "v4.2", "v4.3")
    assert ([r["name"] for r in rows], unsure) == ([], 1)
    found.close()


def test_an_unknown_name_of_one_header_is_known_of_another(tmp_path: Path) -> None:
    found = decided(tmp_path, decision("v4.3", UNKNOWN, B, "X"))
    assert found.has("X", "v4.3") == "present"
    found.close()


def test_a_point_release_alone_is_a_window(tmp_path: Path) -> None:
    found = decided(tmp_path, v4_2="v4.2.8")
    (row,) = found.when("X")
    assert [row[c] for c in ("first_seen", "last_without", "status", "note")] == [
        "v4.2", "v4.1", "window", "seen in v4.2.8",
    ]  # fmt: skip
    assert row["permalink"] == f"https://github.com/gregkh/linux/blob/v4.2.8/include/uapi/{A}#L1"
    found.close()


def test_a_second_source_makes_it_exact(tmp_path: Path) -> None:
    found = decided(tmp_path, Decision("v4.2", CONFIRMED, "uapi", A, ("X",), "iproute2 v4.2.0"), v4_2="v4.2.8")
    (row,) = found.when("X")
    assert [row[c] for c in ("first_seen", "last_without", "status", "note")] == [
        "v4.2", "v4.1", "exact", "seen in v4.2.8 and iproute2 v4.2.0",
    ]  # fmt: skip
    assert [found.has("X", tag) for tag in NAMES] == ["absent", *["present"] * 4]
    found.close()


@pytest.mark.parametrize(
    "other",
    [
        decision("v4.2", CONFIRMED, A, "OLD"),
        decision("v4.2", CONFIRMED, B, "X"),
        decision("v4.3", CONFIRMED, A, "X"),
    ],
    ids=["name", "header", "release"],
)
def test_only_what_was_confirmed_is(tmp_path: Path, other: Decision) -> None:
    found = decided(tmp_path, other, v4_2="v4.2.8")
    assert [(row["status"], row["note"]) for row in found.when("X")] == [("window", "seen in v4.2.8")]
    found.close()


_DECISIONS = st.lists(
    st.builds(
        lambda what, header, names: ("", what, "uapi", header, tuple(sorted(names)), "why"),
        st.sampled_from([DROP, UNKNOWN]),
        st.sampled_from([A, B]),
        st.sets(st.sampled_from(["X", "X_Y", "s.X"]), max_size=2),
    ),
    max_size=4,
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(_histories(), _DECISIONS, st.data())
def test_decisions_take_away_what_they_name_and_nothing_else(
    releases: dict[str, Made], given_: list[Any], data: st.DataObject
) -> None:
    line = finals(releases)
    if not line:
        return
    headers = {header for tag in line for header in releases[tag].files}
    decisions = [Decision(data.draw(st.sampled_from(line)), *rest) for _, *rest in given_ if rest[2] in headers]
    gone = {(d.tag, d.header, name) for d in decisions for name in d.names or ("",)}
    with tempfile.TemporaryDirectory() as folder:
        plain, found = (
            of_shipped(Path(folder, "a"), releases),
            of_shipped(Path(folder, "b"), releases, decisions),
        )
        for tag in line:
            left = [
                row
                for row in plain.at(tag)
                if not {(tag, row["header"], ""), (tag, row["header"], row["name"])} & gone
            ]
            assert found.at(tag) == left
        plain.close()
        found.close()
