"""What the data that ships says, with nothing fetched and no network: the facts that every build must give."""

import doctest
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import kscan
from kscan.bpf.listings import flags, listing
from kscan.bpf.readings import readings
from kscan.bpf.sites import sites
from kscan.dataset.folder import Folder
from kscan.dataset.make import digest, made_of
from kscan.history import History

ROOT = Path(kscan.__file__).parent
SHIPPED = ROOT / "shipped.sqlite"

# Any use of a socket ends the process.
_OFFLINE = """
import sys
def watch(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"network: {event}")
sys.addaudithook(watch)
from kscan.cli import main
sys.exit(main())
"""


@cache
def history() -> History:
    return History("/nowhere", data=SHIPPED)


def ask(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with no store and no network."""
    environment = {"KSCAN_HOME": str(home), "KSCAN_DATA": str(SHIPPED), "COLUMNS": "80", "PATH": ""}
    command = [sys.executable, "-c", _OFFLINE, *words]
    return subprocess.run(
        command, env=environment, cwd=ROOT.parent, capture_output=True, text=True, check=False
    )


def test_the_file_is_made_of_the_text_that_is_here() -> None:
    assert made_of(SHIPPED) == digest(Folder(ROOT.parent / "data")), "run: kscan dataset make"


@pytest.mark.parametrize(
    ("name", "first_seen", "last_without", "status"),
    [
        ("PACKET_FANOUT_HASH", "v3.1", "v3.0", "exact"),
        ("PACKET_FANOUT_CBPF", "v4.3", "v4.2", "exact"),
        ("PACKET_FANOUT_EBPF", "v4.3", "v4.2", "exact"),
        ("BPF_PROG_TYPE_SOCKET_FILTER", "v3.19", "v3.18", "exact"),
        ("BPF_FUNC_get_prandom_u32", "v4.1", "v4.0", None),
        ("BPF_MAP_TYPE_HASH", "v3.19", "v3.18", "exact"),
        ("BPF_MAP_CREATE", "v3.18", "v3.17", None),
        ("BPF_TOKEN_CREATE", "v6.9", "v6.8", "exact"),
        ("BPF_LINK_TYPE_STRUCT_OPS", "v5.19", "v5.18", "exact"),
        ("BPF_MEMSX", "v6.6", "v6.5", "exact"),
        ("SO_ATTACH_FILTER", "v2.6.12", None, "from_oldest"),
        ("NETLINK_ROUTE", "v2.6.12", None, "from_oldest"),
    ],
)
def test_when_names_appeared(name: str, first_seen: str, last_without: str | None, status: str | None) -> None:
    (row,) = (row for row in history().when(name) if row["scope"] == "uapi")
    assert (row["first_seen"], row["last_without"]) == (first_seen, last_without)
    assert status in (None, row["status"])


def when(name: str) -> dict[str, Any]:
    (row,) = history().when(name)
    return row


def test_a_name_that_no_release_between_was_read_for_is_a_window() -> None:
    row = when("BPF_LOAD_ACQ")
    assert row["last_without"] == "v6.14"
    assert row["first_seen"] in ("v6.15", "v6.16", "v6.17")
    assert row["status"] == ("exact" if row["first_seen"] == "v6.15" else "window")


def test_a_name_that_was_removed() -> None:
    row = when("TCA_RSVP_POLICE")
    assert (row["last_seen"], row["removed_in"]) == ("v6.7", "v6.8")


def test_a_macro_that_became_an_enumerator() -> None:
    spans = [(row["kind"], row["from"], row["to"]) for row in history().spans("BPF_ANY")]
    assert spans[0] == ("macro", "v3.19", "v5.6")
    assert [(kind, first) for kind, first, _ in spans[1:]] == [("enumerator", "v5.7")]


def test_a_value_that_changed() -> None:
    spans = [(row["value"], row["from"]) for row in history().spans("PERF_MEM_SNOOPX_SHIFT")]
    assert spans == [(37, "v4.14"), (38, "v5.10")]


def test_a_backport_does_not_date_a_name() -> None:
    row = when("BPF_F_REDIRECT_FLAGS")
    assert (row["first_seen"], row["last_without"]) != ("v6.11", "v6.10")
    assert row["first_seen"] == "v6.12"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["when", "did", "PACKET_FANOUT_EBPF", "appear"], 0, "blob/v4.3/include/uapi/linux/if_packet.h#L67"),
        (["has", "PACKET_FANOUT_EBPF", "--in", "v4.2"], 1, "PACKET_FANOUT_EBPF: not in v4.2"),
        (["history", "BPF_ANY"], 0, "enumerator"),
        (["diff", "v4.2", "v4.3", "--scope", "uapi"], 0, "PACKET_FANOUT_CBPF"),
        (["at", "v5.6", "bpf_insn*"], 0, "bpf_insn.dst_reg"),
        (["hooks"], 0, "SO_ATTACH_REUSEPORT_EBPF"),
        (["fanout"], 0, "fanout_demux_cpu"),
        (["helpers"], 0, "BPF_FUNC_get_prandom_u32"),
        (["opcodes"], 0, "0x95"),
        (["opcode", "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }"], 0, "BPF_EXIT = 0x90"),
        (["needs", "BPF_JMP", "BPF_F_LOCK"], 0, "v5.1"),
        (["sites"], 0, "bpf_prog_run_clear_cb"),
        (["sections"], 0, "BPF_PROG_TYPE_XDP"),
        (["search", "fanout_ebpf"], 0, "PACKET_FANOUT_EBPF"),
        (["releases"], 0, "v2.6.12"),
        (["show", "BPF_JMP", "--at", "v5.6"], 1, ""),
    ],
)
def test_questions_are_answered_with_the_network_off(
    words: list[str], code: int, said: str, tmp_path: Path
) -> None:
    done = ask(tmp_path / "empty", *words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stdout
    assert "network" not in done.stderr
    assert not (tmp_path / "empty").exists()


def test_what_the_readme_shows_of_python_is_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KSCAN_HOME", str(tmp_path))
    monkeypatch.setenv("KSCAN_DATA", str(SHIPPED))
    shown = re.findall(r"^```pycon\n(.*?)^```", (ROOT.parent / "README.md").read_text(), re.S | re.M)
    (tmp_path / "shown.txt").write_text("\n".join(shown))
    failed, tried = doctest.testfile(str(tmp_path / "shown.txt"), module_relative=False)
    assert (failed, tried > 3) == (0, True)


def test_text_that_does_not_ship_is_linked_and_how_to_bring_it_said(tmp_path: Path) -> None:
    done = ask(tmp_path, "show", "BPF_JMP", "--at", "v5.6")
    assert "/include/uapi/linux/bpf_common.h#L12: the text is not here" in done.stderr
    assert done.stderr.endswith("to bring it: kscan fetch v5.6\n")
    done = ask(tmp_path, "uses", "BPF_PROG_RUN", "--at", "v5.6")
    said = "kscan: the sources of v5.6: the text is not here; to bring it: kscan fetch v5.6\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_every_release_says_where_it_came_from(tmp_path: Path) -> None:
    rows = json.loads(ask(tmp_path, "releases", "--format", "json").stdout)
    assert {row["layer"] for row in rows} == {"shipped"}
    published = [row for row in rows if row["source"].startswith("github.com/")]
    assert all(len(row["commit"]) >= 10 for row in published)
    assert all(row["source"].startswith("debian:linux") for row in rows if row not in published)
    assert len(rows) >= 100


def test_the_data_holds_no_text_of_a_kernel() -> None:
    """A comment, or a macro's body, would be one: values are numbers, strings, or nothing."""
    with_value = "SELECT count(*) FROM fact WHERE kind = 'function_macro' AND value IS NOT NULL"
    layer = history().layers[0]
    assert layer.db.execute(with_value).fetchone() == (0,)  # type: ignore[attr-defined]
    comments = [path for path in (ROOT.parent / "data").rglob("*.txt") if "/*" in path.read_text()]
    assert comments == []


@pytest.mark.parametrize(
    ("text", "first_seen"),
    [
        ("0xdb", "v3.18"),
        # The word is older than the instruction: BPF_XADD is in v3.15, what bpf(2) loads begins with v3.18.
        ("lock *(u64 *)(r1 + 0) += r2", "v3.18"),
        ("lock *(u64 *)(r1 + 0) |= r2", "v5.12"),
        ("r1 s/= r2", "v6.6"),
        ("exit", "v3.18"),
    ],
)
def test_an_instruction_is_as_old_as_its_byte_and_what_the_byte_means(text: str, first_seen: str) -> None:
    assert [row["first_seen"] for row in readings(history(), text)] == [first_seen]


def test_a_flag_is_no_command_and_what_helpers_take_is_a_flag() -> None:
    assert "BPF_COMMON_ATTRS" not in {row["name"] for row in listing(history(), ["bpf_cmd"])}
    groups = {row["name"]: (row["group"], row["first_seen"]) for row in flags(history())}
    assert groups["BPF_COMMON_ATTRS"] == ("command", "v7.2")
    assert groups["BPF_RB_NO_WAKEUP"] == ("call", "v5.8")
    assert groups["BPF_SK_STORAGE_GET_F_CREATE"] == ("call", "v5.2")


@pytest.mark.parametrize(
    ("site", "first_seen", "last_without"), [("io-uring", "v7.0", "v6.19"), ("seccomp", "v3.5", "v3.4")]
)
def test_places_that_run_programs_are_as_old_as_their_sources(
    site: str, first_seen: str, last_without: str
) -> None:
    (row,) = [row for row in sites(history()) if row["site"] == site]
    assert (row["first_seen"], row["last_without"], row["status"]) == (first_seen, last_without, "exact")
