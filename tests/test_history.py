"""Questions about names: what each answer says, how surely, and what it must not mix up."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.catalog.sets import HeaderSet
from kscan.diff import compare
from kscan.errors import KscanError, StoreError, UnknownName, UnknownTag, UsageError
from kscan.history import History
from kscan.model import Fact, Reading
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from kscan.version import KernelVersion
from tests.conftest import Scan
from tests.kernels import kernel, make_history, makefile
from tests.stores import UNREAD, Made, enter, fact, history, member

A, B, INSIDE = "linux/a.h", "linux/b.h", "include/linux/a.h"
HAS, LACKS = {A: [fact("X")]}, {A: [fact("OTHER")]}
FAILED, NO_HEADER = {A: UNREAD}, {B: [fact("OTHER")]}
DAMAGED = {A: Reading((fact("OTHER"),), ((7, "a line that is no C"),))}
ELSEWHERE = Made(NO_HEADER, sets=(B,))


@pytest.mark.parametrize(
    ("releases", "status", "first_seen", "last_without", "note"),
    [
        pytest.param({"v4.1": LACKS, "v4.2": HAS}, "exact", "v4.2", "v4.1", None, id="neighbours"),
        pytest.param(
            {"v4.1": NO_HEADER, "v4.2": HAS}, "exact", "v4.2", "v4.1",
            "v4.1 has no linux/a.h for user space", id="new-header",
        ),
        pytest.param({"v3.19": LACKS, "v4.0": HAS}, "exact", "v4.0", "v3.19", None, id="new-major"),
        pytest.param({"v2.6.39": LACKS, "v3.0": HAS}, "exact", "v3.0", "v2.6.39", None, id="three-numbers"),
        pytest.param({"v4.2": HAS}, "from_oldest", "v4.2", None, "v4.2 or earlier", id="oldest"),
        pytest.param(
            {"v4.1": FAILED, "v4.2": HAS}, "from_oldest", "v4.2", None,
            "v4.2 or earlier; v4.1 could not be read", id="oldest-unread",
        ),
        pytest.param({"v4.0": LACKS, "v4.2": HAS}, "window", "v4.2", "v4.0", None, id="between-not-scanned"),
        pytest.param(
            {"v4.0": LACKS, "v4.1": FAILED, "v4.2": HAS}, "window", "v4.2", "v4.0",
            "v4.1 could not be read", id="between-unread",
        ),
        pytest.param(
            {"v4.0": LACKS, "v4.1": DAMAGED, "v4.2": HAS}, "window", "v4.2", "v4.0",
            "v4.1 could not be read", id="between-read-in-part",
        ),
        pytest.param(
            {"v4.0": LACKS, "v4.1": ELSEWHERE, "v4.2": HAS}, "window", "v4.2", "v4.0",
            "v4.1 was not scanned for it", id="between-header-not-asked-for",
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2": Made(HAS, exact="v4.2.8")}, "window", "v4.2", "v4.1",
            "seen in v4.2.8", id="known-by-a-point-release",
        ),
        pytest.param(
            {"v4.1": Made(LACKS, exact="v4.1-rc5"), "v4.2": HAS}, "window", "v4.2", "v4.1",
            "v4.1 was read as v4.1-rc5", id="before-is-a-candidate",
        ),
        pytest.param(
            {"v4.1": Made(LACKS, exact="v4.1.9"), "v4.2": HAS}, "exact", "v4.2", "v4.1", None,
            id="before-is-a-point-release",
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2-rc1": HAS, "v4.2": HAS}, "exact", "v4.2-rc1", "v4.1", None, id="candidate"
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2-rc2": HAS, "v4.2": HAS}, "window", "v4.2-rc2", "v4.1", None,
            id="second-candidate-first-not-scanned",
        ),
        pytest.param(
            {"v4.2-rc1": LACKS, "v4.2-rc2": HAS, "v4.2": HAS}, "exact", "v4.2-rc2", "v4.2-rc1", None,
            id="candidate-after-candidate",
        ),
        pytest.param({"v4.2": HAS, "v4.2-rc7": LACKS}, "exact", "v4.2", "v4.2-rc7", None, id="rc-before"),
        pytest.param({"v4.1-rc7": LACKS, "v4.2": HAS}, "window", "v4.2", "v4.1-rc7", None, id="rc-and-next"),
    ],
)  # fmt: skip
def test_an_answer_says_how_surely(
    releases: dict[str, Made], status: str, first_seen: str, last_without: str | None, note: str | None
) -> None:
    (row,) = history(releases).when("X")
    found = (row["status"], row["first_seen"], row["last_without"], row["note"])
    assert found == (status, first_seen, last_without, note)


@pytest.mark.parametrize(
    ("releases", "last_seen", "removed_in", "current", "note"),
    [
        pytest.param({"v4.1": LACKS, "v4.2": HAS, "v4.3": LACKS}, "v4.2", "v4.3", None, None, id="removed"),
        pytest.param({"v4.1": LACKS, "v4.2": HAS, "v4.3": NO_HEADER}, "v4.2", "v4.3", None, None, id="header"),
        pytest.param({"v4.1": LACKS, "v4.2": HAS, "v4.3": FAILED}, "v4.2", None, 1, None, id="unread"),
        pytest.param({"v4.1": LACKS, "v4.2": HAS, "v4.3": ELSEWHERE}, "v4.2", None, 1, None, id="elsewhere"),
        pytest.param(
            {"v4.1": LACKS, "v4.2": HAS, "v4.4": LACKS}, "v4.2", "v4.4", None,
            "removed after v4.2, by v4.4", id="end-not-scanned",
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2": HAS, "v4.3": FAILED, "v4.4": LACKS}, "v4.2", "v4.4", None,
            "removed after v4.2, by v4.4", id="end-unread",
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2": HAS, "v4.3": LACKS, "v4.4": HAS}, "v4.4", None, 1, "not in v4.3", id="back"
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2": HAS, "v4.3": LACKS, "v4.4": HAS, "v4.5": LACKS}, "v4.4", "v4.5", None,
            "not in v4.3", id="back-and-gone",
        ),
    ],
)  # fmt: skip
def test_names_end(
    releases: dict[str, Made], last_seen: str, removed_in: str | None, current: int | None, note: str | None
) -> None:
    (row,) = history(releases).when("X")
    found = (row["first_seen"], row["last_seen"], row["removed_in"], row["current_value"], row["note"])
    assert found == ("v4.2", last_seen, removed_in, current, note)


VALUES = {A: [fact("X", 1)]}, {A: [fact("X", 2)]}


@pytest.mark.parametrize(
    ("releases", "spans", "note"),
    [
        pytest.param(
            {"v3.17": {"linux/filter.h": [fact("X")], "linux/bpf_common.h": []},
             "v3.18": {"linux/filter.h": [], "linux/bpf_common.h": [fact("X")]}},
            [("v3.17", "v3.17"), ("v3.18", "v3.18")], "in linux/bpf_common.h from v3.18", id="BPF_JMP",
        ),
        pytest.param(
            {"v3.3": {"linux/if_ppp.h": [fact("X")]}, "v3.4": {"linux/ppp-ioctl.h": [fact("X")]}},
            [("v3.3", "v3.3"), ("v3.4", "v3.4")], "in linux/ppp-ioctl.h from v3.4", id="PPPIOCSPASS",
        ),
        pytest.param(
            {"v5.6": HAS, "v5.7": {A: [fact("X", kind="enumerator")]}},
            [("v5.6", "v5.6"), ("v5.7", "v5.7")], "enumerator from v5.7", id="macro-to-enumerator",
        ),
        pytest.param(
            {"v5.9": VALUES[0], "v5.10": VALUES[1], "v5.11": VALUES[1]},
            [("v5.9", "v5.9"), ("v5.10", "v5.11")], "value 2 from v5.10", id="value",
        ),
        pytest.param(
            {"v5.9": VALUES[0], "v5.10": VALUES[1], "v5.11": VALUES[0], "v5.12": VALUES[0]},
            [("v5.9", "v5.9"), ("v5.10", "v5.10"), ("v5.11", "v5.12")], None, id="value-and-back",
        ),
        pytest.param(
            {"v5.9": HAS, "v5.10": {A: [fact("X", line=90, end_line=91)]}}, [("v5.9", "v5.10")], None, id="line"
        ),
        pytest.param(
            {"v5.9": HAS, "v5.10": LACKS, "v5.11": HAS}, [("v5.9", "v5.9"), ("v5.11", "v5.11")],
            "not in v5.10", id="away",
        ),
    ],
)  # fmt: skip
def test_a_change_of_form_is_one_history(
    releases: dict[str, Made], spans: list[tuple[str, str]], note: str | None
) -> None:
    found = history(releases)
    (row,) = found.when("X")
    oldest = next(iter(releases))
    assert (row["first_seen"], row["removed_in"]) == (oldest, None)
    assert row["note"] == "; ".join([f"{oldest} or earlier", *([note] if note else [])])
    assert [(span["from"], span["to"]) for span in found.spans("X")] == spans


def test_types_and_constants_of_one_name_are_two_histories() -> None:
    found = history({"v4.1": LACKS, "v4.2": {A: [fact("X"), fact("X", None, "struct", size=8)]}})
    assert [(row["kind"], row["first_seen"]) for row in found.when("X")] == [
        ("macro", "v4.2"),
        ("struct", "v4.2"),
    ]


EXIT = [fact("BPF_EXIT", 0x90)]


def test_an_internal_name_that_comes_to_user_space_is_two_rows() -> None:
    found = history(
        {
            "v3.14": Made({INSIDE: [], A: []}, sets=("uapi", INSIDE)),
            "v3.15": Made({INSIDE: EXIT, A: []}, sets=("uapi", INSIDE)),
            "v3.18": Made({INSIDE: [], A: EXIT}, sets=("uapi", INSIDE)),
        }
    )
    uapi, internal = found.when("BPF_EXIT")
    assert (uapi["scope"], uapi["first_seen"], uapi["status"]) == ("uapi", "v3.18", "window")
    assert uapi["note"] == "internal from v3.15 (include/linux/a.h)"
    assert (internal["scope"], internal["first_seen"], internal["last_seen"]) == ("internal", "v3.15", "v3.15")
    # Any other file of the kernel's own may have had it, or have it yet.
    assert (internal["status"], internal["last_without"], internal["removed_in"]) == ("from_oldest", None, None)
    unseen = "in no file that was read"
    assert internal["note"] == f"v3.15 or earlier; v3.14 {unseen}; from v3.18 on {unseen}"
    assert found.has("BPF_EXIT", "v3.14") == "absent"
    assert found.has("BPF_EXIT", "v3.14", "internal") == "not_scanned"
    assert [row["scope"] for row in found.when("BPF_EXIT", "internal")] == ["internal"]
    assert [row["scope"] for row in found.spans("BPF_EXIT")] == ["uapi", "internal"]
    assert [row["scope"] for row in found.spans("BPF_EXIT", "uapi")] == ["uapi"]


def test_what_the_catalog_places_is_known_to_be_absent() -> None:
    lines = {"v4.0": [], "v4.1": [fact("f", None, "function")], "v4.2": []}
    found = history({tag: Made({INSIDE: facts}, sets=(INSIDE,)) for tag, facts in lines.items()})
    (row,) = found.when("f", curated=True)
    assert (row["status"], row["last_without"], row["removed_in"]) == ("exact", "v4.0", "v4.2")
    assert (found.has("f", "v4.2"), found.has("f", "v4.2", curated=True)) == ("not_scanned", "absent")
    assert found.had([("f", {})], "v4.2") == ([], 0)


def test_a_release_of_which_nothing_internal_was_read_says_nothing_of_it() -> None:
    inside = {"v4.1": [fact("X", 7)], "v4.2": []}
    lines = {tag: Made({INSIDE: facts}, sets=(INSIDE,)) for tag, facts in inside.items()}
    (row,) = history({"v4.1": lines["v4.1"], "v4.3": Made({A: []})}).when("X")
    assert (row["current_value"], row["note"]) == (7, "v4.1 or earlier")
    (row,) = history({**lines, "v4.3": Made({A: []})}).when("X")
    assert (row["current_value"], row["note"]) == (
        None,
        "v4.1 or earlier; from v4.2 on in no file that was read",
    )


def test_an_internal_name_is_not_said_to_be_unknown() -> None:
    found = history({"v4.2": Made({INSIDE: EXIT}, sets=(INSIDE,))})
    assert found.when("BPF_EXIT", "uapi") == []
    message = "BPF_EXIT is not uapi but internal; scope all has both"
    assert str(found.unknown("BPF_EXIT", "uapi")) == message
    with pytest.raises(KscanError, match="not uapi but internal"):
        found.has("BPF_EXIT", "v4.2", "uapi")


def test_other_lines_never_disturb_the_mainline() -> None:
    line = {"v4.3": LACKS, "v4.4": LACKS, "v4.5": HAS}
    plain = history(line)
    expected = plain.when("X"), plain.spans("X")
    store = Store()
    enter(store, "v4.4.206", Made({A: [fact("X", 7), fact("BACKPORT")]}))
    enter(store, "debian-12", Made({A: [fact("X", 9)]}, is_label=True, permalink=None))
    found = History()
    assert found.when("X") == expected[0]
    assert found.spans("X")[: len(expected[1])] == expected[1]
    assert [(s["from"], s["to"], s["value"]) for s in found.spans("X")[len(expected[1]) :]] == [
        ("v4.4.206", "v4.4.206", 7),
        ("debian-12", "debian-12", 9),
    ]
    assert [r["tag"] for r in found.list_releases()] == ["v4.3", "v4.4", "v4.5", "v4.4.206", "debian-12"]
    assert found.at("debian-12", "X")[0]["value"] == 9
    (backport,) = found.when("BACKPORT")
    bounded = backport["first_seen"], backport["last_without"], backport["status"]
    assert bounded == ("v4.4.206", "v4.4", "window")
    assert backport["note"] == "not on the scanned mainline; in v4.4.206"


def test_a_backport_is_bounded_within_its_series() -> None:
    has = Made({A: [fact("BACKPORT")]})
    found = history({"v6.11": LACKS, "v6.11.10": LACKS, "v6.11.11": has, "v6.12": LACKS})
    (row,) = found.when("BACKPORT")
    assert (row["first_seen"], row["last_without"], row["status"]) == ("v6.11.11", "v6.11.10", "exact")


def test_a_vendor_tag_is_beside_the_mainline() -> None:
    found = history({"v4.4": LACKS, "v4.4-acme1": Made({A: [fact("ACME")]}), "v4.5": LACKS})
    (row,) = found.when("ACME")
    assert (
        row["note"] == "not on the scanned mainline; in v4.4-acme1; v4.4-acme1 or earlier"
        or row["last_without"]
    )
    assert [release.tag for release in found.mainline] == ["v4.4", "v4.5"]


def test_an_older_tree_under_a_tag_proves_nothing_absent() -> None:
    found = history({"v4.2": Made(LACKS, exact="v4.1"), "v4.3": HAS})
    (row,) = found.when("X")
    assert (row["status"], row["note"]) == ("window", "v4.2 was read as v4.1")


def test_a_store_of_labels_alone_answers() -> None:
    found = history({"debian-12": Made(HAS, is_label=True, permalink=None)})
    (row,) = found.when("X")
    assert (row["first_seen"], row["permalink"], row["value"]) == ("debian-12", None, 1)


def test_candidates_stand_before_their_release() -> None:
    tags = ["v4.3", "v4.10", "v4.3-rc10", "v4.2", "v4.3-rc2", "v2.6.39", "v4.2.8"]
    found = history(dict.fromkeys(tags, HAS))
    assert [release.tag for release in found.mainline] == [
        "v2.6.39", "v4.2", "v4.3-rc2", "v4.3-rc10", "v4.3", "v4.10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [2**64 - 1, 2**63, 2**63 - 1, -(2**63), -(2**63) + 1, -1, 0],
    ids=["u64-max", "2^63", "s64-max", "s64-min", "s64-min+1", "minus-one", "zero"],
)
def test_values_are_exact(value: int) -> None:
    found = history({"v4.2": {A: [fact("X", value, type="long")]}})
    (row,) = found.at("v4.2")
    assert (row["value"], row["value_text"], type(row["value"])) == (value, str(value), int)
    assert found.when("X")[0]["current_value"] == value


@pytest.mark.parametrize("text", ["", "12", "99999999999999999999", "tab\tend"])
def test_strings_stay_strings(text: str) -> None:
    (row,) = history({"v4.2": {A: [fact("X", text, type=f"char [{len(text) + 1}]")]}}).at("v4.2")
    assert (row["value"], row["value_text"]) == (text, text)


@pytest.mark.parametrize(
    ("made", "cell"),
    [
        pytest.param(Made(HAS), "present", id="present"),
        pytest.param(Made(LACKS), "absent", id="absent"),
        pytest.param(Made(NO_HEADER), "no_header", id="no-header"),
        pytest.param(Made(FAILED), "unparsed", id="unread"),
        pytest.param(Made(DAMAGED), "unparsed", id="read-in-part"),
        pytest.param(ELSEWHERE, "not_scanned", id="not-asked-for"),
        pytest.param(Made(NO_HEADER, sets=("linux/*.h",)), "not_scanned", id="pattern-knows-one-place"),
    ],
)
def test_cells(made: Made, cell: str) -> None:
    found = history({"v4.2": made, "v4.3": HAS})
    (facts,) = found.seen("X").values()
    assert [(release.tag, state) for release, state, _ in found.cells(facts)] == [
        ("v4.2", cell),
        ("v4.3", "present"),
    ]
    assert found.has("X", "v4.2") == cell


@pytest.mark.parametrize(
    ("made", "cell"),
    [
        pytest.param(
            Made({"include/linux/filter.h": []}), "not_scanned", id="uapi-reads-no-other-internal-file"
        ),
        pytest.param(Made({INSIDE: []}, sets=(INSIDE,)), "not_scanned", id="another-file-may-have-it"),
        pytest.param(Made({INSIDE: UNREAD}, sets=(INSIDE,)), "unparsed", id="unread"),
        pytest.param(Made({INSIDE: [fact("X")]}, sets=(INSIDE,)), "present", id="present"),
        pytest.param(Made({B: []}, sets=("include/*",)), "not_scanned", id="nothing-internal-read"),
        pytest.param(
            Made({B: []}, sets=("include/*",), is_label=True, permalink=None),
            "not_scanned",
            id="installed-headers",
        ),
    ],
)
def test_cells_of_internal_names(made: Made, cell: str) -> None:
    found = history({"v4.2": made, "v4.3": Made({INSIDE: [fact("X")]}, sets=(INSIDE,))})
    assert found.has("X", "v4.2") == cell


def test_a_moved_name_is_unsure_where_either_header_is() -> None:
    found = history({"v4.1": Made({A: [], B: UNREAD}), "v4.2": HAS, "v4.3": {B: [fact("X")]}})
    assert found.has("X", "v4.1") == "unparsed"
    assert found.when("X")[0]["status"] == "from_oldest"


_UNREAD_PATH = "include/uapi/linux/a.h"


def test_a_name_of_which_only_the_word_was_read_is_not_known_to_be_absent(read: Scan) -> None:
    odd = 'enum { LOST = 1 ? };\n/* LATER */ // SOON\n#define SAID "SPOKEN"\n'
    texts = {"v4.2": "enum { KEPT };\n", "v4.3": odd + "enum { KEPT };\n"}
    found = read({tag: {_UNREAD_PATH: text} for tag, text in texts.items()})
    assert found.has("LOST", "v4.3") == "unparsed"
    lacking = ["LOS", "LATER", "SOON", "SPOKEN", "?", "", "."]
    for lacks, tag in (("LOST", "v4.2"), *((name, "v4.3") for name in lacking)):
        with pytest.raises(UnknownName):
            found.has(lacks, tag)
    beside = f"{_UNREAD_PATH} of v4.3 has the word and could not be read wholly"
    assert str(found.unknown("LOST")) == f"no name LOST in 2 scanned releases; {beside}"
    assert "word" not in str(found.unknown("LOST", "internal"))


@pytest.mark.parametrize("asked_before", [0, 20], ids=["one name", "one of many"])
def test_a_name_that_comes_from_an_unread_file_may_have_been_there(read: Scan, asked_before: int) -> None:
    """Where it is found later, in another header, does not say that it was not here."""
    moved = "struct moved { int a; };\n"
    texts = {"v4.2": {_UNREAD_PATH: f"#error no\n{moved}"}, "v4.3": {"include/uapi/linux/b.h": moved}}
    found = read(texts)
    for number in range(asked_before):
        found.layers[0].unread.having(f"NAME_{number}")
    for name in ("moved", "moved.a"):
        assert found.has(name, "v4.2") == found.has(name, "v4.2", curated=True) == "unparsed"
        assert found.had([(name, {})], "v4.2") == ([], 1)
        (row,) = found.when(name)
        assert (row["first_seen"], row["last_without"], row["status"]) == ("v4.3", None, "from_oldest")
    assert compare(found, "v4.2", "v4.3") == ([], 2)


@pytest.mark.parametrize(
    ("tag", "exact", "owner"),
    [("v4.2", "v4.2", "torvalds"), ("v4.2", "v4.2.8", "gregkh"), ("v5.5", "v5.5-rc5", "torvalds"),
     ("v4.3-rc1", "v4.3-rc1", "torvalds"), ("v5.6.4", "v5.6.4", "gregkh")],
)  # fmt: skip
def test_permalinks_lead_to_the_exact_tag(read: Scan, tag: str, exact: str, owner: str) -> None:
    found = read(
        {tag: {"Makefile": makefile(exact), "include/uapi/linux/a.h": "#define X 1\n#define Y \\\n 2\n"}}
    )
    first, second = found.at(tag)
    address = f"https://github.com/{owner}/linux/blob/{exact}/include/uapi/linux/a.h"
    assert (first["permalink"], second["permalink"]) == (f"{address}#L1", f"{address}#L2-L3")
    assert found.list_releases()[0]["exact"] == exact


@pytest.mark.parametrize(
    ("label", "template", "link"),
    [
        (None, "https://example.org/{tag}/{path}?a={line}&b={end_line}",
         "https://example.org/v4.2/include/uapi/linux/if_packet.h?a=59&b=59"),
        ("mine", None, None),
        ("mine", "https://example.org/{tag}#{lines}", "https://example.org/v4.2#L59"),
    ],
    ids=["template", "label", "label-with-template"],
)  # fmt: skip
def test_permalinks_can_be_told(
    tmp_path: Path, label: str | None, template: str | None, link: str | None
) -> None:
    repository = DiskRepository(make_history(tmp_path / "one", {"v4.2": kernel("v4.2")}))
    request = Request(("linux/if_packet.h",), label=label, permalink=template)
    with ThreadPoolExecutor(1) as executor:
        scan(repository, ["v4.2"], request, Store(), executor=executor)
    assert History().at(label or "v4.2", "PACKET_FANOUT_HASH")[0]["permalink"] == link


@pytest.mark.parametrize(
    ("text", "names"),
    [("fanout", ["PACKET_FANOUT", "PACKET_FANOUT_LB"]), ("_LB", ["PACKET_FANOUT_LB"]), ("%", []),
     ("ET_F", ["PACKET_FANOUT", "PACKET_FANOUT_LB"]),
     ("PACKET_FANOUT_LB", ["PACKET_FANOUT_LB"]), ("nothing", [])],
    ids=["case", "underscore-is-no-wildcard", "nor-percent", "inside", "whole", "none"],
)  # fmt: skip
def test_search(text: str, names: list[str]) -> None:
    found = history({"v4.2": {A: [fact("PACKET_FANOUT_LB"), fact("PACKET_FANOUT"), fact("ALBUM")]}})
    assert [row["name"] for row in found.search(text)] == names


def test_search_tells_first_and_last(scanned: History) -> None:
    rows = {row["name"]: (row["first_seen"], row["last_seen"]) for row in scanned.search("fanout_")}
    assert rows["PACKET_FANOUT_EBPF"] == ("v4.3", "v5.6")
    assert rows["fanout_demux_cpu"] == ("v4.2", "v4.3")


@pytest.mark.parametrize(
    ("asked", "near"),
    [("bpf_map_lookup_elem", "BPF_FUNC_map_lookup_elem"), ("PACKET_FANOUT_EPBF", "PACKET_FANOUT_EBPF"),
     ("packet_fanout_hash", "PACKET_FANOUT_HASH"), ("bpf_insn.cod", "bpf_insn.code")],
    ids=["helper", "typo", "case", "member"],
)  # fmt: skip
def test_unknown_names_come_with_the_nearest(scanned: History, asked: str, near: str) -> None:
    with pytest.raises(UnknownName) as raised:
        scanned.has(asked, "v4.2")
    assert raised.value.near[0] == near


@pytest.mark.parametrize("tag", ["v4.2", "4.2", "4.2.0"])
def test_tags_are_found_by_version(scanned: History, tag: str) -> None:
    assert scanned.release(tag).tag == "v4.2"


def test_unknown_tags_come_with_the_nearest(scanned: History) -> None:
    with pytest.raises(UnknownTag) as raised:
        scanned.at("v4.4")
    assert raised.value.near == ("v4.2", "v4.3", "v5.6")
    assert "kscan fetch v4.4" in str(raised.value)


@pytest.mark.usefixtures("scanned")
def test_profiles_are_apart() -> None:
    with pytest.raises(StoreError, match="no arm64 release scanned yet"):
        History(profile="arm64")


def test_a_name_defined_twice_is_the_one_with_a_value() -> None:
    found = history({"v4.2": {A: [fact("X", None, reason="empty")], B: [fact("X", 5)]}})
    assert [(row["header"], row["value"]) for row in found.when("X")] == [(B, 5)]


def test_problems_are_listed_by_release_and_header() -> None:
    found = history({"v4.3": {A: UNREAD}, "v4.2": {**DAMAGED, B: UNREAD}})
    assert [tuple(row.values()) for row in found.problems()] == [
        ("v4.2", "uapi", A, f"include/uapi/{A}", 7, "a line that is no C"),
        ("v4.2", "uapi", B, f"include/uapi/{B}", None, "line 3: no C"),
        ("v4.3", "uapi", A, f"include/uapi/{A}", None, "line 3: no C"),
    ]
    assert [(r["headers"], r["parsed"], r["problems"]) for r in found.list_releases()] == [(2, 0, 2), (1, 0, 1)]


def test_members_are_placed_and_named_by_path() -> None:
    found = history(
        {"v4.2": {A: [fact("s", None, "struct", size=8), member("s.a", 0, 4), member("s.b", 4, 4)]}}
    )
    assert [(r["name"], r["bit_offset"], r["size"]) for r in found.at("v4.2", "s.*")] == [
        ("s.a", 0, 4),
        ("s.b", 32, 4),
    ]


# Laws over small random histories.

_TAGS = ("v4.0", "v4.1", "v4.2-rc1", "v4.2", "v4.4", "v4.5")
_FACTS = st.builds(
    fact,
    st.sampled_from(["X", "Y"]),
    st.sampled_from([0, 1, 2**64 - 1]),
    st.sampled_from(["macro", "enumerator"]),
    st.integers(1, 3),
)
_FILES = st.one_of(st.lists(_FACTS, max_size=2, unique_by=lambda found: found.name), st.just(UNREAD))
_RELEASES = st.dictionaries(
    st.sampled_from(_TAGS),
    st.builds(
        lambda files, sets: Made(files, sets=sets),
        st.dictionaries(st.sampled_from([A, B, INSIDE]), _FILES, min_size=1),
        st.sampled_from([("uapi", INSIDE), (A,)]),
    ),
    min_size=1,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_RELEASES)
def test_spans_are_disjoint_and_rebuild_every_release(releases: dict[str, Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = history(releases, Path(folder) / "kscan.sqlite")
        line = [release.tag for release in found.mainline]
        rebuilt: dict[str, dict[tuple[str, str], tuple[object, ...]]] = {tag: {} for tag in line}
        for span in found.all_spans():
            for tag in line[line.index(span["from"]) : line.index(span["to"]) + 1]:
                key = span["scope"], span["name"]
                assert key not in rebuilt[tag]
                rebuilt[tag][key] = span["value"], span["kind"], span["header"]
        for tag in line:
            there: dict[tuple[str, str], tuple[object, ...]] = {}
            for row in found.at(tag):
                there.setdefault((row["scope"], row["name"]), (row["value"], row["kind"], row["header"]))
            assert rebuilt[tag] == there


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_RELEASES)
def test_answers_are_bounded_by_what_was_read(releases: dict[str, Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = history(releases, Path(folder) / "kscan.sqlite")
        for row in map(found.when_of, found.all_seen()):
            having = [r.tag for r in found.mainline if found.at(r.tag, row["name"], row["scope"])]
            assert (row["first_seen"], row["last_seen"]) == (having[0], having[-1])
            before = row["last_without"]
            assert (before is None) == (row["status"] == "from_oldest")
            if before:
                assert found.has(row["name"], before, row["scope"]) in ("absent", "no_header")
                assert KernelVersion(before) < KernelVersion(row["first_seen"])
            if row["status"] == "exact":
                tags = [r.tag for r in found.mainline]
                assert tags.index(row["first_seen"]) == tags.index(before) + 1


def test_the_header_of_the_profiles_programs_counts_where_two_define_a_name() -> None:
    """asm/unistd.h includes unistd_32.h or unistd_64.h; user space gets both as files."""
    both = {"asm/unistd_32.h": [fact("__NR_read", 3)], "asm/unistd_64.h": [fact("__NR_read", 0)]}
    (span,) = history({"v3.1": both, "v3.2": both}).spans("__NR_read")
    assert (span["value"], span["header"], span["from"], span["to"]) == (0, "asm/unistd_64.h", "v3.1", "v3.2")


def test_a_name_that_leaves_what_a_set_covers_is_not_gone() -> None:
    found = history({
        "v3.1": {"linux/a.h": [fact("MOVES"), fact("GOES")], "linux/b.h": [fact("APART")]},
        "v3.2": {"linux/a.h": [], "linux/b.h": [fact("APART"), fact("MOVES")]},
    })  # fmt: skip
    rows = {
        row["name"]: row["removed_in"]
        for row in map(found.when_of, found.all_seen(HeaderSet("a", ("linux/a.h",))))
    }
    assert rows == {"GOES": "v3.2", "MOVES": None}


def test_a_header_that_the_build_makes_is_not_gone() -> None:
    found = history({
        "v3.1": {"linux/a.h": []},
        "v3.2": {"linux/a.h": [], "asm/unistd_64.h": [fact("__NR_read", 0)]},
        "v3.3": {"linux/a.h": []},
    })  # fmt: skip
    (row,) = found.when("__NR_read")
    assert (row["first_seen"], row["last_seen"], row["removed_in"]) == ("v3.2", "v3.2", None)
    assert (row["last_without"], row["status"]) == ("v3.1", "exact")
    assert found.has("__NR_read", "v3.3") == "not_scanned"


def test_releases_of_which_the_same_is_not_known_are_told_together() -> None:
    unread = Made({"linux/a.h": UNREAD})
    found = history({
        "v4.0": {"linux/a.h": []}, "v4.1": unread, "v4.2": unread, "v4.3": {"linux/a.h": [fact("X")]},
    })  # fmt: skip
    (row,) = found.when("X")
    assert row["note"] == "v4.2 down to v4.1: could not be read"


def test_a_macro_stands_before_the_enumerator_of_its_name() -> None:
    """As C has it behind `#define LAST (LAST - 1)`, where a header has both."""
    both = [fact("LAST", 2, "enumerator", line=3), fact("LAST", 1, "macro", line=5)]
    found = history({"v4.2": {"linux/a.h": both}, "v4.3": {"linux/a.h": both[:1]}})
    (row,) = found.when("LAST")
    assert (row["value"], row["kind"], row["current_value"]) == (1, "macro", 2)
    assert [(row["from"], row["value"]) for row in found.spans("LAST")] == [("v4.2", 1), ("v4.3", 2)]
    assert [(row["change"], row["old"], row["new"]) for row in compare(found, "v4.2", "v4.3")[0]] == [
        ("value", "1", "2"), ("kind", "macro", "enumerator"),
    ]  # fmt: skip


def test_a_profile_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="no profile z80; there are x86-64, i386"):
        History(profile="z80")


def test_what_only_a_built_kernel_has_is_told() -> None:
    found = history({"v4.2": {"linux/a.h": [fact("X")]}})
    with pytest.raises(UnknownName, match="numbers are made with a kernel: kscan scan reads installed ones"):
        found.has("__NR_bpf", "v4.2")


def test_what_is_in_a_type_that_a_header_leaves_to_another_is_not_known() -> None:
    def box(reason: str | None = None, inside: tuple[str, ...] = ()) -> dict[str, list[Fact]]:
        held = [member(f"box.of.{name}", 0, 4) for name in inside]
        return {A: [fact("box", None, "struct"), member("box.of", 0, 4, "struct of", reason=reason), *held]}

    left = "struct of is not defined here"
    asked = history({
        "v4.1": LACKS, "v4.2": box(left), "v4.3": box(None, ("x",)), "v4.4": box(left),
        "v4.5": box(left, ("x",)), "v4.6": box(left, ("x", "y")), "v4.7": box(None, ()),
    })  # fmt: skip
    (first,) = asked.when("box.of.x")
    assert (first["status"], first["first_seen"], first["last_without"]) == ("window", "v4.3", "v4.1")
    assert (first["note"], first["removed_in"]) == (f"v4.2 does not tell ({left})", "v4.7")
    states = [asked.has("box.of.x", f"v4.{minor}") for minor in range(1, 8)]
    known = ["absent", "unparsed", "present", "unparsed", "present", "present", "absent"]
    assert states == known
    # Of a type that has members there, all are known.
    assert [asked.has("box.of.y", tag) for tag in ("v4.4", "v4.5")] == ["unparsed", "absent"]
    rows, unsure = compare(asked, "v4.3", "v4.4")
    assert ([row["name"] for row in rows if row["change"] == "removed"], unsure) == ([], 1)
    rows, unsure = compare(asked, "v4.6", "v4.7")
    assert ([row["name"] for row in rows if row["change"] == "removed"], unsure) == (
        ["box.of.x", "box.of.y"],
        0,
    )


def test_a_value_that_became_known_is_no_change() -> None:
    unknown = {A: [fact("X", None, reason="Y is no constant known here")]}
    (row,) = history({"v4.1": LACKS, "v4.2": unknown, "v4.3": HAS}).when("X")
    assert (row["note"], row["current_value"]) == ("value 1 known from v4.3", 1)


def test_a_value_that_came_to_be_is_a_change() -> None:
    (row,) = history({"v4.1": LACKS, "v4.2": {A: [fact("X", None, reason="empty")]}, "v4.3": HAS}).when("X")
    assert row["note"] == "value 1 from v4.3"


@pytest.mark.parametrize("kind", ["const unsigned int *", "int", "struct x [4]", "void (*)(int)"])
def test_what_is_no_struct_holds_nothing(kind: str) -> None:
    held = member("box.of", 0, 4, kind, reason="struct beside is not defined here")
    asked = history({
        "v4.2": {A: [fact("box", None, "struct"), held]},
        "v4.3": {A: [fact("box", None, "struct"), member("box.of", 0, 4), member("box.of.x", 0, 4)]},
    })  # fmt: skip
    assert (asked.has("box.of.x", "v4.2"), asked.when("box.of.x")[0]["status"]) == ("absent", "exact")
