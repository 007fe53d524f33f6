"""Where programs run: one row through renames of words, functions and files."""

import pytest

from kscan.bpf.hooks import hooks, undescribed_sites
from kscan.bpf.sites import site_cells, sites, sites_at
from kscan.catalog.hooks import ATTACH_TYPES, HOOKS
from kscan.catalog.sites import SITES
from kscan.cli import main
from kscan.history import History
from tests.conftest import Scan
from tests.kernels import makefile

_SOCKET, _LINUX = "include/uapi/asm-generic/socket.h", "include/uapi/linux/bpf.h"


def _kernel(version: str, files: dict[str, str]) -> dict[str, str]:
    return {"Makefile": makefile(version), _SOCKET: "#define SO_ATTACH_FILTER 26\n", _LINUX: "", **files}


def _function(name: str, line: str) -> str:
    return f"static int {name}(struct sk_buff *skb)\n{{\n\t{line}\n}}\n"


@pytest.fixture
def renamed(read: Scan) -> History:
    """Our own kernel whose PPP driver moves, whose filter's function is renamed, and the words with it."""
    old = {
        "drivers/net/ppp_generic.c": _function("ppp_send_frame", "return sk_run_filter(skb, f);"),
        "net/core/filter.c": _function("sk_filter", "return SK_RUN_FILTER(f, skb);")
        + "\n"
        + _function("sk_convert_filter", "return 0;"),
        "net/kcm/kcmsock.c": _function(
            "kcm_parse_func_strparser", "return (*prog->bpf_func)(skb, prog->insnsi);"
        ),
    }
    new = {
        "drivers/net/ppp/ppp_generic.c": "\n" + _function("ppp_send_frame", "return bpf_prog_run(f, skb);"),
        "net/core/filter.c": _function("sk_filter_trim_cap", "return bpf_prog_run_save_cb(f, skb);")
        + "\n\n"
        + _function("bpf_convert_filter", "return 0;"),
        "net/mystery.c": _function("mystery", "return 0;"),
        "kernel/seccomp.c": _function("unheard_of", "return bpf_prog_run(f, skb);"),
    }
    return read({"v4.15": _kernel("v4.15", old), "v4.16": _kernel("v4.16", new)}, sets=("bpf",))


def test_a_place_is_one_row_through_renames(renamed: History) -> None:
    rows = {row["site"]: row for row in sites(renamed)}
    ppp = rows["ppp-send"]
    assert (ppp["first_seen"], ppp["last_seen"], ppp["removed_in"], ppp["line"]) == ("v4.15", "v4.16", None, 3)
    assert ppp["words"] == "v4.15 sk_run_filter in ppp_send_frame(); v4.16 bpf_prog_run in ppp_send_frame()"
    socket = rows["socket"]["words"]
    assert socket == "v4.15 SK_RUN_FILTER in sk_filter(); v4.16 bpf_prog_run_save_cb in sk_filter_trim_cap()"
    assert rows["socket"]["hooks"].split() == ["socket-cbpf", "socket-ebpf", "tun-cbpf"]


def test_the_conversion_of_classic_programs_is_a_row(renamed: History) -> None:
    (row,) = [row for row in sites(renamed) if row["role"] == "convert"]
    assert row["words"] == "v4.15 sk_convert_filter; v4.16 bpf_convert_filter"
    (now,) = [row for row in sites_at(renamed, "v4.16") if row["role"] == "convert"]
    assert (now["name"], now["line"], now["end_line"]) == ("bpf_convert_filter", 7, 10)


def test_a_call_through_a_pointer_is_a_run(renamed: History) -> None:
    (row,) = [row for row in sites(renamed) if row["site"] == "kcm"]
    assert (row["name"], row["removed_in"]) == ("bpf_func", "v4.16")


def test_at_a_release_each_call_has_its_line(renamed: History) -> None:
    rows = {row["site"]: row for row in sites_at(renamed, "v4.16")}
    assert (rows["ppp-send"]["path"], rows["ppp-send"]["line"], rows["ppp-send"]["first_seen"]) == (
        "drivers/net/ppp/ppp_generic.c",
        4,
        "v4.15",
    )
    assert "kcm" not in rows


def test_a_place_nobody_described_is_named(renamed: History) -> None:
    assert undescribed_sites(renamed) == ["kernel/seccomp.c unheard_of"]
    (row,) = [row for row in sites(renamed) if row["site"] == "kernel/seccomp.c:unheard_of"]
    assert (row["hooks"], row["title"]) == (None, "not described yet")


def test_cells_say_the_word_and_the_line_or_why_there_is_none(renamed: History) -> None:
    cells = {row["site"]: cells for row, cells in site_cells(renamed)}
    assert cells["ppp-send"] == ["sk_run_filter L3", "bpf_prog_run L4"]
    assert cells["kcm"] == ["bpf_func L3", "no_header"]


def test_a_hook_says_where_its_programs_run(renamed: History) -> None:
    rows = {row["id"]: row for row in hooks(renamed)}
    assert rows["socket-cbpf"]["runs"] == "net/core/filter.c:3 sk_filter_trim_cap()"
    assert rows["ppp-pass"]["runs"] == "drivers/net/ppp/ppp_generic.c:4 ppp_send_frame()"
    earlier = {row["id"]: row for row in hooks(renamed, "v4.15")}
    assert earlier["socket-cbpf"]["runs"] == "net/core/filter.c:3 sk_filter()"


def test_sites_serve_hooks_that_are_there() -> None:
    ids = {hook.id for hook in HOOKS}
    attach = {name.removeprefix("BPF_").lower().replace("_", "-") for name in ATTACH_TYPES}
    for site in SITES:
        for hook in site.hooks:
            assert hook in ids or hook.removesuffix("-link") in attach, f"{site.id} serves {hook}"
    for site in SITES:
        assert len(site.places) == len(set(site.places))
    assert len({site.id for site in SITES}) == len(SITES)


@pytest.mark.usefixtures("renamed")
def test_the_command_shows_places_and_says_when_there_are_none(
    read: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sites", "--at", "v4.16", "--format", "csv"]) == 0
    assert "bpf_prog_run_save_cb" in capsys.readouterr().out
    read({"v4.17": _kernel("v4.17", {})}, sets=("bpf",))
    assert main(["sites", "--at", "v4.17"]) == 1
    assert capsys.readouterr().err == "kscan: no scanned source of v4.17 runs programs\n"
