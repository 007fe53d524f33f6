"""Packet fanout: modes and policies as a switch of our own words has them."""

import pytest

from kscan.bpf.fanout import fanout
from kscan.cli import main
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import RUN_SITE
from tests.conftest import Scan
from tests.kernels import makefile

_MODES = "".join(
    f"#define PACKET_FANOUT_{mode} {value}\n" for value, mode in enumerate(("HASH", "LB", "CBPF", "EBPF"))
)
_HEADER = f"{_MODES}#define PACKET_FANOUT_FLAG_DEFRAG 0x8000\n#define PACKET_FANOUT_UNSERVED 9\n"
_SOURCE = """\
static unsigned int fanout_demux_hash(struct f *f)
{
	return 1;
}
static unsigned int fanout_demux_lb(struct f *f)
{
	return 2;
}
static unsigned int fanout_demux_bpf(struct f *f)
{
	return BPF_PROG_RUN(f->prog, 0);
}
static int packet_rcv_fanout(struct f *f)
{
	if (flag(f, PACKET_FANOUT_FLAG_DEFRAG))
		return 0;
	switch (f->type) {
	case PACKET_FANOUT_HASH:
	default:
		return fanout_demux_hash(f);
	case PACKET_FANOUT_LB:
		return fanout_demux_lb(f);
	case PACKET_FANOUT_CBPF:
	case PACKET_FANOUT_EBPF:
		return fanout_demux_bpf(f);
	}
}
static int other(struct f *f)
{
	switch (f->type) {
	case PACKET_FANOUT_UNSERVED:
		return fanout_demux_lb(f);
	}
}
"""


def _kernel(version: str, source: str = _SOURCE) -> dict[str, str]:
    return {
        "Makefile": makefile(version),
        "include/uapi/linux/if_packet.h": _HEADER,
        "net/packet/af_packet.c": source,
    }


def test_each_mode_of_the_switch_has_its_policy(read: Scan) -> None:
    history = read({"v5.6": _kernel("v5.6")}, sets=("bpf",))
    rows = fanout(history)
    assert [(r["mode"], r["value"], r["policy"], r["policy_line"], r["policy_end_line"]) for r in rows] == [
        ("PACKET_FANOUT_HASH", 0, "fanout_demux_hash", 1, 4),
        ("PACKET_FANOUT_LB", 1, "fanout_demux_lb", 5, 8),
        ("PACKET_FANOUT_CBPF", 2, "fanout_demux_bpf", 9, 12),
        ("PACKET_FANOUT_EBPF", 3, "fanout_demux_bpf", 9, 12),
    ]


def test_the_run_site_is_kept_with_the_function_around_it(read: Scan) -> None:
    history = read({"v5.6": _kernel("v5.6")}, sets=("bpf",))
    uses = history.uses(RUN_SITE, history.release("v5.6"))
    assert [(u.name, u.line, u.type) for u in uses] == [("BPF_PROG_RUN", 11, "fanout_demux_bpf")]


def test_the_table_tells_fixed_code_from_programs_under_the_modes_permalink(
    scanned: History, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {row["mode"]: row for row in fanout(scanned, "v4.3")}
    assert (rows["PACKET_FANOUT_QM"]["runs"], rows["PACKET_FANOUT_EBPF"]["runs"]) == (
        None,
        "BPF_PROG_RUN L1426",
    )
    assert rows["PACKET_FANOUT_CPU"]["policy_permalink"].endswith("/af_packet.c#L1356-L1361")
    assert main(["fanout", "--at", "v4.2"]) == 0
    heading = "https://github.com/torvalds/linux/blob/v4.2/include/uapi/linux/if_packet.h#L"
    assert capsys.readouterr().out.startswith(heading)


def test_a_use_is_no_definition(read: Scan) -> None:
    history = read({"v5.6": _kernel("v5.6")}, sets=("bpf",))
    assert history.when("BPF_PROG_RUN") == []
    assert {row["kind"] for row in history.at("v5.6")} <= {"macro", "function"}


def test_a_release_without_fanout_says_so(read: Scan) -> None:
    history = read({"v3.0": _kernel("v3.0", "int nothing;\n")}, sets=("bpf",))
    with pytest.raises(KscanError, match=r"v3\.0 has no packet fanout"):
        fanout(history)
