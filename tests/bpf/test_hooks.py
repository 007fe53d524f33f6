"""Hook points: curated rows are sound, and what kernels show is measured or accounted for."""

import pytest

from kscan.bpf.hooks import hooks, unaccounted
from kscan.catalog.hooks import ATTACH_TYPES, CBPF, EBPF, HOOKS
from kscan.cli import main
from kscan.history import History
from tests.conftest import Scan
from tests.kernels import makefile
from tests.stores import fact, history

_BPF = """\
enum bpf_prog_type {{ BPF_PROG_TYPE_UNSPEC, BPF_PROG_TYPE_SOCKET_FILTER, {programs} }};
enum bpf_attach_type {{ BPF_CGROUP_INET_INGRESS, {attach} __MAX_BPF_ATTACH_TYPE }};
#define MAX_BPF_ATTACH_TYPE __MAX_BPF_ATTACH_TYPE
"""


def _kernel(version: str, programs: str = "", attach: str = "") -> dict[str, str]:
    return {
        "Makefile": makefile(version),
        "include/uapi/linux/bpf.h": _BPF.format(programs=programs, attach=attach),
        "include/uapi/asm-generic/socket.h": "#define SO_ATTACH_FILTER 26\n",
    }


@pytest.fixture
def measured(read: Scan) -> History:
    return read({"v4.10": _kernel("v4.10"), "v4.11": _kernel("v4.11", attach="BPF_BRAND_NEW,")}, sets=("bpf",))


def test_ids_are_unique_and_twins_point_at_each_other() -> None:
    rows = {hook.id: hook for hook in HOOKS}
    assert len(rows) == len(HOOKS)
    for hook in HOOKS:
        if hook.twin is not None:
            twin = rows[hook.twin]
            assert twin.twin == hook.id
            assert {twin.flavour, hook.flavour} == {CBPF, EBPF}


def test_a_flavour_says_whether_a_program_type_is_taken() -> None:
    assert all((hook.program_type is None) == (hook.flavour == CBPF) for hook in HOOKS)


def test_a_curated_release_names_its_source() -> None:
    assert all((hook.since is None) == (hook.source is None) for hook in HOOKS)


def test_attach_types_are_keyed_by_name() -> None:
    assert all(name == row.name and row.name.startswith("BPF_") for name, row in ATTACH_TYPES.items())


def test_rows_tell_measured_from_curated(measured: History) -> None:
    rows = {row["id"]: row for row in hooks(measured)}
    classic = rows["socket-cbpf"]
    assert (classic["first_seen"], classic["curated_since"], classic["source"]) == (
        "v4.10",
        "v2.2",
        "socket(7)",
    )
    assert classic["measured"] is True
    unseen = rows["seccomp"]
    assert (unseen["first_seen"], unseen["measured"]) == (None, False)


def test_a_new_attach_type_appears_without_a_row(measured: History) -> None:
    (row,) = [row for row in hooks(measured) if row["symbol"] == "BPF_BRAND_NEW"]
    assert (row["id"], row["first_seen"], row["flavour"]) == ("brand-new", "v4.11", EBPF)


def test_what_no_row_accounts_for_is_named(read: Scan) -> None:
    known = read({"v4.10": _kernel("v4.10")}, sets=("bpf",))
    assert unaccounted(known) == []
    strange = read({"v4.11": _kernel("v4.11", "BPF_PROG_TYPE_STRANGE", "BPF_BRAND_NEW,")}, sets=("bpf",))
    assert unaccounted(strange) == ["BPF_PROG_TYPE_STRANGE", "BPF_BRAND_NEW"]


def test_enumerators_of_a_macro_list_belong_to_their_enum(scanned: History) -> None:
    assert scanned.enumerators("bpf_func_id") == [
        "BPF_FUNC_unspec",
        "BPF_FUNC_map_lookup_elem",
        "BPF_FUNC_map_update_elem",
        "BPF_FUNC_map_delete_elem",
    ]


def test_at_a_release_only_what_it_has_and_what_cannot_be_known_is_said(
    read: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    unread = {**_kernel("v4.11", attach="BPF_BRAND_NEW,"), "include/uapi/linux/seccomp.h": "#error not today\n"}
    had = {**_kernel("v4.10"), "include/uapi/linux/seccomp.h": "#define SECCOMP_MODE_FILTER 2\n"}
    read({"v4.10": had, "v4.11": unread}, sets=("bpf",))
    assert main(["hooks", "--at", "v4.10", "--format", "csv"]) == 0
    there = capsys.readouterr()
    assert ("BPF_BRAND_NEW" in there.out, "SECCOMP_MODE_FILTER" in there.out, there.err) == (False, True, "")
    assert main(["hooks", "--at", "v4.11"]) == 0
    later = capsys.readouterr()
    assert ("BPF_BRAND_NEW" in later.out, "SECCOMP_MODE_FILTER" in later.out) == (True, False)
    assert later.err == "kscan: 1 names left out: files that may have them were not read in v4.11\n"


def test_a_hook_that_is_gone_says_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    name = "SECCOMP_MODE_FILTER"
    with history({"v4.2": {"linux/seccomp.h": [fact(name)]}, "v4.3": {"linux/seccomp.h": []}}) as found:
        (row,) = [row for row in hooks(found) if row["symbol"] == name]
    assert (row["last_seen"], row["removed_in"]) == ("v4.2", "v4.3")
    assert main(["hooks"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(name)]
    assert "≤ v4.2 to v4.2" in line
