"""Tables: states as runs, release by release, over all releases or some."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.history import History
from kscan.model import Fact
from kscan.report.browser import encoded
from kscan.report.content import Content
from kscan.report.tables import KINDS, Item, Kind, Run, Table, runs_of, table_of
from kscan.rows import Row
from tests.report.reading import ELSEWHERE, FAILED, STATES, A, states_of
from tests.stores import Made, fact, history

WORDS = ("present", "absent", "no_header", "unparsed", "not_scanned")
SAID = ("BPF_PROG_RUN L1426", "bpf_prog_run L1; sk_run_filter L2", "v4.3", "")


def expanded(runs: tuple[Run, ...]) -> list[str]:
    return [run.state for run in runs for _ in range(run.first, run.last + 1)]


@given(st.lists(st.sampled_from(WORDS + SAID), max_size=30))
def test_runs_say_what_the_states_say(states: list[str]) -> None:
    runs = runs_of(states)
    said = [state if state in WORDS else "present" for state in states]
    assert expanded(runs) == said
    assert states_of(encoded(runs)) == said
    assert [n for run in runs for n in range(run.first, run.last + 1)] == list(range(len(states)))
    assert all(one.state != two.state for one, two in pairwise(runs))
    assert [Item({}, runs).has(n) for n in range(len(states))] == said


def test_runs_in_a_word() -> None:
    runs = runs_of(["no_header"] * 40 + ["absent"] * 15 + ["BPF_PROG_RUN L9", "present"])
    assert runs == (Run("no_header", 0, 39), Run("absent", 40, 54), Run("present", 55, 56))
    assert encoded(runs) == "40h15a2p"
    assert {encoded([Run(state, 0, 0)]): state for state in WORDS} == {f"1{k}": v for k, v in STATES.items()}


def test_a_release_that_no_run_covers_is_none_of_the_reports() -> None:
    with pytest.raises(StopIteration):
        Item({}, runs_of(["absent"])).has(1)


def one(found: History, tags: list[str] | None = None) -> Table:
    """A table of one row with a state for each mainline release."""
    states = ["absent", "unparsed", "word L12", "present"]
    kind = Kind("k", "K", "about", ("name",), (("name", "name"),), lambda _: [({"name": "X"}, states)])
    wanted = [release for release in found.mainline if tags is None or release.tag in tags]
    return table_of(kind, found, wanted)


def test_a_table_is_of_the_releases_that_are_chosen() -> None:
    found = history({tag: {A: []} for tag in ("v4.1", "v4.2", "v4.3", "v4.4", "v4.2.8")})
    assert one(found).items == [
        ({"name": "X"}, (Run("absent", 0, 0), Run("unparsed", 1, 1), Run("present", 2, 3)))
    ]
    assert one(found, ["v4.1", "v4.4"]).items == [({"name": "X"}, (Run("absent", 0, 0), Run("present", 1, 1)))]
    assert one(found, ["v4.3"]).items == [({"name": "X"}, (Run("present", 0, 0),))]
    assert one(found)[:5] == ("k", "K", "about", ("name",), (("name", "name"),))


def maps(*names: str) -> list[Fact]:
    return [
        fact(f"BPF_MAP_TYPE_{name}", at, "enumerator", owner="bpf_map_type") for at, name in enumerate(names)
    ]


def test_the_states_of_a_listing_are_those_of_its_names() -> None:
    found = history({
        "v4.1": ELSEWHERE, "v4.2": {A: maps("HASH")}, "v4.3": FAILED, "v4.4": {A: maps("HASH", "ARRAY")},
    })  # fmt: skip
    items = Content(found).tables["maps"].items
    assert [(item.row["name"], encoded(item.runs)) for item in items] == [
        ("BPF_MAP_TYPE_HASH", "1n1p1u1p"),
        ("BPF_MAP_TYPE_ARRAY", "1n1a1u1p"),
    ]
    assert [item.row["first_seen"] for item in Content(found, tags=["v4.4"]).tables["maps"].items] == [
        "v4.2",
        "v4.4",
    ]


def test_a_hook_that_no_release_has_is_not_known_to_be_absent() -> None:
    found = history({"v4.1": {A: [fact("SO_ATTACH_FILTER", 26)]}, "v4.2": {A: []}})
    lanes = {item.row["symbol"]: encoded(item.runs) for item in Content(found).tables["hooks"].items}
    assert lanes["SO_ATTACH_FILTER"] == "1p1a"
    assert lanes["SO_ATTACH_BPF"] == "2n"


def test_hooks_stand_beside_their_twins(scanned: History) -> None:
    rows = [item.row for item in Content(scanned).tables["hooks"].items]
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    # Two classic hooks may have the same twin: it stands beside the first.
    beside: dict[str, Row] = {}
    for before, row in pairwise(rows):
        if before["flavour"] == "cBPF" and before["twin"] in ids:
            beside.setdefault(before["twin"], row)
    assert beside
    assert all(row["id"] == twin for twin, row in beside.items())


def test_fanout_keeps_the_proof_of_the_first_release(scanned: History) -> None:
    rows = {item.row["mode"]: item.row for item in Content(scanned).tables["fanout"].items}
    assert "/v5.6/" in rows["PACKET_FANOUT_EBPF"]["permalink"]
    assert "/v4.3/" in rows["PACKET_FANOUT_EBPF"]["since_permalink"]


def test_what_no_kernel_has_is_an_empty_table() -> None:
    tables = Content(history({"v4.1": Made({A: []})})).tables
    assert list(tables) == [kind.id for kind in KINDS]
    assert [id_ for id_, table in tables.items() if not table.items] == [
        "fanout", "helpers", "maps", "progs", "commands", "flags", "sites", "sections",
    ]  # fmt: skip


def test_every_row_has_what_its_table_shows(scanned: History) -> None:
    tables = Content(scanned).tables
    assert [id_ for id_, table in tables.items() if not table.items] == ["maps", "progs", "sections"]
    for table in tables.values():
        shown = {column for column, _ in table.shown}
        for item in table.items:
            assert shown | set(table.columns) <= item.row.keys(), table.id
            assert (item.runs[0].first, item.runs[-1].last) == (0, 2)
