"""The Python API: each method answers as the command line does, with rows of the types it names."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile
from typing import Any, get_args, get_type_hints

import pandas as pd
import pytest

import kscan
from kscan import Kernels, rows
from kscan.cli import main
from kscan.errors import KscanError, StoreError, UnknownName, UnknownTag
from kscan.history import History
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from kscan.version import KernelVersion
from tests.kernels import HISTORY
from tests.stores import UNREAD, Made, fact, history

Ask = Callable[[Kernels], Any]
QUESTIONS: dict[str, tuple[Ask, type]] = {
    "releases": (lambda kernels: kernels.releases, rows.ReleaseRow),
    "when PACKET_FANOUT_EBPF BPF_JMP": (lambda k: k.when("PACKET_FANOUT_EBPF", "BPF_JMP"), rows.WhenRow),
    "when 'PACKET_FANOUT_*'": (lambda k: k.when("PACKET_FANOUT_*"), rows.WhenRow),
    "when 'bpf_insn*' --scope uapi": (lambda k: k.when("bpf_insn*", scope="uapi"), rows.WhenRow),
    "history BPF_ANY 'bpf_insn.*'": (lambda k: k.history("BPF_ANY", "bpf_insn.*"), rows.SpanRow),
    "history BPF_JMP --scope uapi": (lambda k: k.history("BPF_JMP", scope="uapi"), rows.SpanRow),
    "at v5.6": (lambda k: k.at("v5.6"), rows.AtRow),
    "at 4.3 'bpf_insn*'": (lambda k: k.at("4.3", "bpf_insn*"), rows.AtRow),
    "at v5.6 'bpf_*' --scope internal": (lambda k: k.at("v5.6", "bpf_*", "internal"), rows.AtRow),
    "diff v4.2 v5.6": (lambda k: k.diff("v4.2", "v5.6"), rows.DiffRow),
    "diff v5.6 v4.3 --scope uapi": (lambda k: k.diff("v5.6", "v4.3", "uapi"), rows.DiffRow),
    "search fanout": (lambda k: k.search("fanout"), rows.SearchRow),
    "hooks": (lambda k: k.hooks(), rows.HookRow),
    "fanout": (lambda k: k.fanout(), rows.FanoutRow),
    "fanout --at v4.2": (lambda k: k.fanout("v4.2"), rows.FanoutRow),
    "opcodes": (lambda k: k.opcodes(), rows.OpcodeRow),
    "opcodes --at v4.3": (lambda k: k.opcodes("v4.3"), rows.OpcodeRow),
    "helpers": (lambda k: k.listing("bpf_func_id"), rows.ListingRow),
    "commands": (lambda k: k.listing("bpf_cmd"), rows.ListingRow),
    "sites": (lambda k: k.sites(), rows.SiteRow),
    "flags": (lambda k: k.flags(), rows.ListingRow),
}
LISTS = {
    "maps": "bpf_map_type",
    "progs": "bpf_prog_type",
}


@pytest.fixture(scope="module")
def store(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our history, scanned once."""
    made = Store(tmp_path_factory.mktemp("store") / "kscan.sqlite")
    with ThreadPoolExecutor(1) as executor:
        scan(DiskRepository(repository), HISTORY, Request(("bpf",)), made, executor=executor)
    made.db.close()
    return made.path


@pytest.fixture
def kernels(store: Path, home: Path) -> Iterator[Kernels]:
    """What is fetched, for the API and the command line alike."""
    home.mkdir()
    copyfile(store, home / "kscan.sqlite")
    with Kernels() as found:
        yield found


def told(command: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command line's JSON."""
    capsys.readouterr()
    assert main([*shlex.split(command), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", QUESTIONS)
def test_a_method_answers_as_the_command_does(
    command: str, kernels: Kernels, capsys: pytest.CaptureFixture[str]
) -> None:
    ask, _ = QUESTIONS[command]
    answer = ask(kernels)
    assert answer
    assert [dict(row) for row in answer] == told(command, capsys)


def of_type(value: object, hint: Any) -> bool:
    """Whether a value is of a type that a row names."""
    if get_args(hint) and not isinstance(hint, type):
        return any(
            of_type(value, part) if not isinstance(part, str) else value == part for part in get_args(hint)
        )
    return type(value) is hint


@pytest.mark.parametrize("command", QUESTIONS)
def test_rows_are_of_their_types(command: str, kernels: Kernels) -> None:
    ask, kind = QUESTIONS[command]
    hints = get_type_hints(kind)
    for row in ask(kernels):
        assert list(row) == list(kind.__annotations__)
        assert [key for key, value in row.items() if not of_type(value, hints[key])] == []


def test_every_method_is_asked() -> None:
    names = {name for name in vars(Kernels) if not name.startswith("_")} - {"close", "has"}
    asked = {line.split()[0] for line in QUESTIONS} | {"listing", "sections", "problems"}
    assert names <= asked


def test_hooks_of_a_release_say_where_it_runs_their_programs(
    kernels: Kernels, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {row["id"]: row["runs"] for row in kernels.hooks("v4.3")}
    said = told("hooks --at v4.3", capsys)
    assert [answer[row["id"]] for row in said] == [row["runs"] for row in said]
    assert answer["fanout-cbpf"] == "net/packet/af_packet.c:1426 fanout_demux_bpf()"
    assert list(answer) == [row["id"] for row in said]
    assert "fanout-cbpf" not in {row["id"] for row in kernels.hooks("v4.2")}


def test_what_is_not_known_of_a_release_is_not_said_to_be_absent() -> None:
    history(
        {"v4.2": {"linux/a.h": [fact("X")]}, "v4.3": {"linux/a.h": UNREAD}, "v4.4": {"linux/a.h": []}}
    ).close()
    with Kernels() as found:
        assert [row["name"] for row in found.at("v4.2", "X")] == ["X"]
        assert found.at("v4.4", "X") == []
        with pytest.raises(KscanError, match=r"^X: cannot know \(its header could not be read\) for v4\.3$"):
            found.at("v4.3", "X")
        with pytest.raises(UnknownName, match="no name Y in"):
            found.at("v4.4", "Y")


def test_listings_are_by_enum(capsys: pytest.CaptureFixture[str]) -> None:
    enumerators = [fact("BPF_MAP_TYPE_HASH", 1, "enumerator", owner="bpf_map_type"),
                   fact("BPF_PROG_TYPE_XDP", 6, "enumerator", owner="bpf_prog_type")]  # fmt: skip
    history({"v4.8": {"linux/bpf.h": enumerators}}).close()
    with Kernels() as found:
        for command, enum in LISTS.items():
            said = [row for row in told(command, capsys) if row["group"] == enum]
            assert [dict(row) for row in found.listing(enum)] == said != []
        assert [row["group"] for row in found.listing("bpf_prog_type", "bpf_map_type")] == [*LISTS.values()][
            ::-1
        ]
        assert found.listing() == []
        with pytest.raises(UnknownName, match="no name no_enum in"):
            found.listing("bpf_map_type", "no_enum")


def test_problems_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    history({"v4.2": {"linux/a.h": UNREAD, "linux/b.h": [fact("X")]}}).close()
    with Kernels() as found:
        (row,) = found.problems
        assert list(row) == list(rows.ProblemRow.__annotations__)
        assert [dict(row)] == told("releases --problems", capsys)


def test_sites_and_sections_of_a_release(kernels: Kernels, capsys: pytest.CaptureFixture[str]) -> None:
    assert [dict(row) for row in kernels.sites("v4.3")] == told("sites --at v4.3", capsys) != []
    assert kernels.sections("v4.3") == []


# Scopes and patterns.


@pytest.fixture
def both_scopes() -> Iterator[Kernels]:
    """Names that user space has and names of the kernel's own, alike in spelling."""
    history({"v4.2": {"linux/a.h": [fact("X_A"), fact("X_B")],
                      "include/linux/a.h": [fact("X_B"), fact("X_C")]}}).close()  # fmt: skip
    with Kernels() as found:
        yield found


@pytest.mark.parametrize(("scope", "names"), [("uapi", ["X_A", "X_B"]), ("internal", ["X_B", "X_C"])])
def test_a_pattern_means_the_names_of_its_scope(
    both_scopes: Kernels, scope: str, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Sequence[Mapping[str, Any]]] = [
        both_scopes.when("X_*", scope=scope), both_scopes.history("X_*", scope=scope),
        both_scopes.at("v4.2", "X_*", scope), told(f"when X_* --scope {scope}", capsys),
        told(f"history X_* --scope {scope}", capsys),
    ]  # fmt: skip
    for answer in asked:
        assert [row["name"] for row in answer] == names
        assert {row["scope"] for row in answer} == {scope}
    assert main(["has", "X_*", "--in", "v4.2", "--scope", scope]) == 0
    assert capsys.readouterr().out == "".join(f"{name}: in v4.2\n" for name in names)


def test_what_is_of_the_other_scope_is_told_as_that(
    both_scopes: Kernels, capsys: pytest.CaptureFixture[str]
) -> None:
    for ask in (both_scopes.when, both_scopes.history):
        with pytest.raises(KscanError, match=r"X_A\* means no internal name; scope all has both"):
            ask("X_A*", scope="internal")
    with pytest.raises(KscanError, match="X_A is not internal but uapi"):
        both_scopes.at("v4.2", "X_A", "internal")
    with pytest.raises(KscanError, match="scope is one of all, uapi, internal, not 'public'"):
        both_scopes.at("v4.2", "X_A", "public")
    assert main(["has", "X_A", "X_B", "--in", "v4.2", "--scope", "internal"]) == 1
    said = capsys.readouterr()
    assert (said.out, "X_A is not internal" in said.err) == ("X_B: in v4.2\n", True)


# A store that others write to, and what is no text.


def test_what_is_fetched_meanwhile_is_seen(tmp_path: Path) -> None:
    one = tmp_path / "one.sqlite"
    history({"v4.2": {"linux/a.h": [fact("X")]}}, one).close()
    with Kernels(one) as found:
        assert found.has("X", "v4.2") == "present"
        for again in ({"v4.2": {"linux/a.h": [fact("X"), fact("Y")]}}, {"v4.3": {"linux/a.h": [fact("Z")]}}):
            history(again, one).close()
        assert [(row["first_seen"], row["removed_in"]) for row in found.when("X")] == [("v4.2", "v4.3")]
        assert [row["first_seen"] for row in found.when("Y", "Z")] == ["v4.2", "v4.3"]
        assert [row["tag"] for row in found.releases if row["layer"] == "user"] == ["v4.2", "v4.3"]


def test_a_release_that_is_entered_again_has_its_number_and_its_new_files_only(tmp_path: Path) -> None:
    one = tmp_path / "one.sqlite"
    with history({"v4.2": {"linux/a.h": [fact("X")], "linux/b.h": []}}, one) as first:
        history({"v4.1": {"linux/a.h": []}, "v4.2": {"linux/a.h": [fact("Y")]}}, one).close()
        with History(one) as after:
            assert first.release("v4.2").id == after.release("v4.2").id
            assert [row["name"] for row in after.at("v4.2")] == ["Y"]
            assert [row["headers"] for row in after.list_releases() if row["tag"] == "v4.2"] == [1]


def test_kernels_that_come_to_be_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KSCAN_DATA")
    with Kernels(tmp_path / "new.sqlite") as found:
        count = len(found.releases)
        history({"v9.2": {"linux/a.h": [fact("NEW")]}}, tmp_path / "new.sqlite").close()
        assert len(found.releases) == count + 1
        assert [row["first_seen"] for row in found.when("NEW")] == ["v9.2"]


def test_a_store_that_was_made_anew_is_seen(tmp_path: Path) -> None:
    one = tmp_path / "one.sqlite"
    history({"v4.2": {"linux/a.h": [fact("X")]}}, one).close()
    with Kernels(one) as found:
        assert found.when("X")
        one.unlink()
        history({"v4.3": {"linux/a.h": [fact("Y")]}}, one).close()
        assert [row["tag"] for row in found.releases] == ["v4.3"]
        assert found.when("Y")


def test_another_thread_does_not_close_them(kernels: Kernels) -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(KscanError, match="another thread"):
        executor.submit(kernels.close).result()
    assert kernels.when("BPF_JMP")


def test_errors_of_sqlite_are_errors_of_ours(tmp_path: Path) -> None:
    one = tmp_path / "one.sqlite"
    history({"v4.2": {"linux/a.h": [fact(f"X{n}") for n in range(3000)]}}, one).close()
    with Kernels(one) as found:
        size = one.stat().st_size
        with one.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * (size - 8192))
        with pytest.raises(StoreError, match=r"; if that stays so, delete .*one\.sqlite and fetch again"):
            found.when("X2999")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda k: k.when("\ud800"), "half a character"),
        (lambda k: k.search("\ud800"), "half a character"),
        (lambda k: k.search("x" * 60_000), "60000 letters to look for"),
        (lambda k: k.when("x*" * 30_000), "60000 letters to look for"),
    ],
)
def test_what_can_be_no_name_is_told(ask: Ask, said: str, kernels: Kernels) -> None:
    with pytest.raises(KscanError, match=said):
        ask(kernels)


def test_another_architectures_release_changes_nothing(tmp_path: Path) -> None:
    def made(profile: str, *names: str) -> Made:
        return Made({"linux/a.h": [fact(name) for name in names]}, profile=profile)

    one = tmp_path / "one.sqlite"
    asked = {"v4.2": made("x86-64", "X"), "v4.3": made("x86-64", "Y")}
    history(asked, one).close()
    with Kernels(one) as found:
        before = found.diff("v4.2", "v4.3"), found.releases, found.when("*")
        other = Made({"linux/only.h": [fact("X")], "linux/a.h": [fact("W")]}, sets=("uapi",), profile="arm64")
        history({"v4.4": other}, one).close()
        assert (found.diff("v4.2", "v4.3"), found.releases, found.when("*")) == before


def test_sections_are_those_of_the_loaders(capsys: pytest.CaptureFixture[str]) -> None:
    section = fact("xdp", None, "use", type="BPF_PROG_TYPE_XDP", owner="section")
    history({"v4.8": Made({"tools/lib/bpf/libbpf.c": [section]})}).close()
    with Kernels() as found:
        (row,) = found.sections()
        assert list(row) == list(rows.SectionRow.__annotations__)
        assert [dict(row)] == told("sections", capsys)


STATES = {
    "present": Made({"linux/a.h": [fact("X")]}),
    "absent": Made({"linux/a.h": []}),
    "no_header": Made({"linux/b.h": []}),
    "unparsed": Made({"linux/a.h": UNREAD}),
    "not_scanned": Made({"linux/b.h": []}, sets=("linux/b.h",)),
}


def test_a_state_is_one_of_five() -> None:
    history({f"v4.{number}": made for number, made in enumerate(STATES.values(), 1)}).close()
    with Kernels() as found:
        assert [found.has("X", f"v4.{number}") for number in range(1, 6)] == list(STATES)
        assert set(STATES) == set(get_args(rows.State))
        assert found.has("X", "4.2", "uapi") == "absent"
        with pytest.raises(KscanError, match="X is not internal but uapi"):
            found.has("X", "v4.1", "internal")


@pytest.mark.parametrize(
    "ask",
    [
        lambda k: k.has("BPF_JMP", "v9.9"),
        lambda k: k.at("v9.9"),
        lambda k: k.diff("v9.9", "v4.2"),
        lambda k: k.diff("v4.2", "v9.9"),
        lambda k: k.hooks("v9.9"),
        lambda k: k.fanout("v9.9"),
        lambda k: k.opcodes("v9.9"),
    ],
)
def test_a_release_that_is_not_known_is_an_error(ask: Ask, kernels: Kernels) -> None:
    with pytest.raises(UnknownTag) as raised:
        ask(kernels)
    assert raised.value.tag == "v9.9"
    assert raised.value.near == ("v4.2", "v4.3", "v5.6")


@pytest.mark.parametrize(
    "ask",
    [
        lambda k: k.when("PACKET_FANOUT_EBFP"),
        lambda k: k.when("BPF_JMP", "PACKET_FANOUT_EBFP"),
        lambda k: k.history("PACKET_FANOUT_EBFP"),
        lambda k: k.has("PACKET_FANOUT_EBFP", "v4.3"),
    ],
)
def test_a_name_that_no_release_has_is_an_error(ask: Ask, kernels: Kernels) -> None:
    with pytest.raises(UnknownName) as raised:
        ask(kernels)
    assert raised.value.name == "PACKET_FANOUT_EBFP"
    assert "PACKET_FANOUT_EBPF" in raised.value.near


def test_a_pattern_that_matches_nothing_is_an_error_where_names_are_asked_for(kernels: Kernels) -> None:
    for ask in (kernels.when, kernels.history, lambda name: kernels.at("v4.3", name)):
        with pytest.raises(UnknownName):
            ask("NOTHING_*")
    assert kernels.search("no such name") == []


def test_names_are_answered_once_in_the_order_asked(kernels: Kernels) -> None:
    names = [row["name"] for row in kernels.when("PACKET_FANOUT_LB", "PACKET_FANOUT_[CL]*", "BPF_JMP")]
    assert names == ["PACKET_FANOUT_LB", "PACKET_FANOUT_CBPF", "PACKET_FANOUT_CPU", "BPF_JMP"]
    assert (kernels.when(), kernels.history()) == ([], [])


def test_a_name_of_the_other_scope_is_told(kernels: Kernels) -> None:
    for ask in (kernels.when, kernels.history):
        with pytest.raises(KscanError, match="BPF_JMP is not internal but uapi"):
            ask("BPF_JMP", scope="internal")


def test_errors_have_one_root() -> None:
    assert issubclass(kscan.UnknownName, kscan.KscanError)
    assert issubclass(kscan.UnknownTag, kscan.KscanError)
    history({"v3.0": {"linux/a.h": []}}).close()
    with Kernels() as found, pytest.raises(kscan.KscanError, match=r"v3\.0 has no packet fanout"):
        found.fanout("v3.0")


def test_it_closes(kernels: Kernels) -> None:
    with Kernels() as found:
        assert found.when("BPF_JMP")
    for ended in (found, kernels):
        ended.close()
        ended.close()
        with pytest.raises(KscanError, match="closed"):
            ended.search("x")


@pytest.mark.usefixtures("kernels")
def test_it_closes_where_an_error_is_raised() -> None:
    with pytest.raises(UnknownTag), Kernels() as found:
        found.at("v9.9")
    with pytest.raises(KscanError, match="closed"):
        found.search("x")


def test_another_thread_is_told_to_make_its_own(kernels: Kernels) -> None:
    def ask() -> int:
        with Kernels() as own:
            return len(own.search("BPF_JMP"))

    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(KscanError, match="another thread"):
            executor.submit(kernels.search, "BPF_JMP").result()
        assert executor.submit(ask).result() == len(kernels.search("BPF_JMP"))


def test_a_store_and_a_profile_are_chosen(tmp_path: Path) -> None:
    for name in ("one", "two"):
        history({"v4.2": {"linux/a.h": [fact(name)]}}, tmp_path / name).close()
    for store in (tmp_path / "one", str(tmp_path / "one")):
        with Kernels(store) as found:
            assert found.search("") == found.search("one") != []
    with pytest.raises(StoreError, match="no arm64 release scanned yet"):
        Kernels(tmp_path / "one", profile="arm64")
    with pytest.raises(StoreError, match="no kernel scanned yet"):
        Kernels(tmp_path / "nowhere")


def test_what_ships_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSCAN_DATA", str(Path(kscan.__file__).parent / "shipped.sqlite"))
    with Kernels() as found:
        (row,) = found.when("PACKET_FANOUT_EBPF")
        assert (row["first_seen"], row["value"], row["status"]) == ("v4.3", 7, "exact")
        assert found.has("PACKET_FANOUT_EBPF", "v4.2") == "absent"
        assert len(found.releases) > 100
        assert len(found.sections()) > 100


# Frames.


def types(table: pd.DataFrame) -> dict[str, str]:
    return {str(column): str(kind) for column, kind in table.dtypes.items()}


@pytest.mark.parametrize("command", QUESTIONS)
def test_rows_make_a_frame(command: str, kernels: Kernels) -> None:
    ask, kind = QUESTIONS[command]
    answer: Sequence[Mapping[str, Any]] = ask(kernels)
    table = kscan.frame(answer)
    assert list(table) == list(kind.__annotations__)
    assert len(table) == len(answer)
    plain = {int: "Int64", bool: "boolean", str: "string"}
    for column, found in types(table).items():
        kinds = {type(row[column]) for row in answer} - {type(None)}
        mixed = column in ("value", "current_value") or len(kinds) != 1
        assert found == ("object" if mixed else plain[kinds.pop()]), column
    values = [
        [None if value is pd.NA else value for value in row] for row in table.astype(object).values.tolist()
    ]
    assert values == [list(row.values()) for row in answer]


# The package.


def test_what_is_public_is_there() -> None:
    for name in kscan.__all__:
        assert getattr(kscan, name).__name__ == name
    assert (kscan.Kernels, kscan.KernelVersion) == (Kernels, KernelVersion)
    assert sorted(kscan.__all__) == kscan.__all__
    assert {*kscan.__all__, "__version__"} == set(dir(kscan))


@pytest.mark.parametrize("name", ["kernels_", "Frame", "DataFrame", "__wrapped__"])
def test_what_is_not_public_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'kscan' has no attribute '{name}'"):
        getattr(kscan, name)


_LOADED = """
import sys
before = set(sys.modules)
{0}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(name for name in loaded if name not in sys.stdlib_module_names or name == "sqlite3"))
"""


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import kscan; kscan.__version__, kscan.__all__", "kscan"),
        ("import kscan; kscan.KscanError, kscan.UnknownTag, kscan.KernelVersion", "kscan"),
        ("import kscan; kscan.Kernels", "kscan sqlite3"),
        (
            "import kscan\nwith kscan.Kernels() as k: k.when('X'), k.diff('v4.2', 'v4.2'), k.hooks()",
            "kscan sqlite3",
        ),
    ],
)
def test_only_what_is_asked_for_is_loaded(statement: str, loaded: str) -> None:
    history({"v4.2": {"linux/a.h": [fact("X")]}}).close()
    command = [sys.executable, "-c", _LOADED.format(statement)]
    # Coverage, measuring, would have loaded sqlite3 itself.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=bare)
    assert done.stdout == f"{loaded}\n"


# Types, as a program that uses them has them.

_PROGRAM = """
import kscan
from kscan import KernelVersion, Kernels, KscanError, UnknownName, UnknownTag

def first(kernels: Kernels, name: str) -> str | None:
    try:
        return kernels.when(name)[0]["first_seen"]
    except (UnknownName, UnknownTag) as error:
        raise KscanError(error.near[0]) from None

with kscan.Kernels("store", profile="arm64") as kernels:
    tags: list[str] = [row["tag"] for row in kernels.releases]
    newest: KernelVersion = max(KernelVersion(tag) for tag in tags)
    spans: list[tuple[str, str]] = [(row["from"], row["to"]) for row in kernels.history("X", scope="uapi")]
    sizes: list[int | None] = [row["size"] for row in kernels.at("v4.3", "bpf_*")]
    breaking: list[bool] = [row["breaking"] for row in kernels.diff("v4.2", "v4.3")]
    kinds: set[str] = {row["kind"] for row in kernels.search("x")}
    if kernels.has("X", "v4.2") == "not_scanned":
        print(first(kernels, "X"), newest, spans, sizes, breaking, kinds)
    rows = (kernels.hooks()[0]["twin"], kernels.fanout()[0]["policy"], kernels.opcodes()[0]["class"],
            kernels.listing("bpf_cmd")[0]["aliases"], kernels.sites()[0]["words"],
            kernels.sections()[0]["section"])
    table = kscan.frame(kernels.hooks(), ["id", "title"])
    print(table.dtypes, rows, kscan.__version__)
"""
_WRONG = {
    'kernels.when("X")[0]["firstseen"]': "typeddict-item",
    'kernels.search("X")[0]["status"]': "typeddict-item",
    'kernels.has("X", "v4.2") == "perhaps"': "comparison-overlap",
    "kernels.at(4.3)": "arg-type",
    'kernels.whenever("X")': "attr-defined",
    'len(kernels.when("X")[0]["first_seen"])': "arg-type",
    'kscan.Kernels("store", "arm64")': "call-arg",
    "kscan.frame(kernels)": "arg-type",
}


def test_a_type_checker_takes_a_program_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    lines = [*_PROGRAM.splitlines(), *(f"    {line}" for line in _WRONG)]
    (tmp_path / "program.py").write_text("\n".join(lines) + "\n")
    options = ("--strict", "--config-file=", "--no-error-summary", "--hide-error-context")
    command = [sys.executable, "-m", "mypy", *options, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    first = len(lines) - len(_WRONG) + 1
    assert [int(line.split(":")[1]) for line in errors] == list(range(first, len(lines) + 1)), done.stdout
    assert [line.rpartition("[")[2].rstrip("]") for line in errors] == list(_WRONG.values())
