"""The facts every build must reproduce, on small kernels of our own with the lines of the real ones."""

import pytest

from kscan.history import History
from kscan.rows import Row
from kscan.source_lines import definitions, uses_of


def one(history: History, tag: str, name: str, scope: str = "uapi") -> Row:
    (row,) = [row for row in history.at(tag, name) if row["scope"] == scope]
    return row


@pytest.mark.parametrize(
    ("tag", "name", "value", "line"),
    [
        ("v4.2", "PACKET_FANOUT_HASH", 0, 59),
        ("v4.2", "PACKET_FANOUT_LB", 1, 60),
        ("v4.2", "PACKET_FANOUT_CPU", 2, 61),
        ("v4.2", "PACKET_FANOUT_ROLLOVER", 3, 62),
        ("v4.2", "PACKET_FANOUT_RND", 4, 63),
        ("v4.2", "PACKET_FANOUT_QM", 5, 64),
        ("v4.3", "PACKET_FANOUT_CBPF", 6, 66),
        ("v4.3", "PACKET_FANOUT_EBPF", 7, 67),
        ("v5.6", "BPF_JMP", 0x05, 12),
        ("v5.6", "BPF_RET", 0x06, 13),
        ("v5.6", "BPF_K", 0x00, 50),
        ("v5.6", "BPF_EXIT", 0x90, 44),
    ],
)
def test_constants_have_their_value_and_line(
    scanned: History, tag: str, name: str, value: int, line: int
) -> None:
    row = one(scanned, tag, name)
    assert (row["value"], row["line"], row["type"]) == (value, line, "int")


def test_first_releases(scanned: History) -> None:
    for name in ("PACKET_FANOUT_CBPF", "PACKET_FANOUT_EBPF"):
        (row,) = scanned.when(name)
        assert (row["first_seen"], row["last_without"], row["status"]) == ("v4.3", "v4.2", "exact")
        assert row["permalink"].startswith(
            "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L"
        )


def test_instructions_are_laid_out(scanned: History) -> None:
    rows = {row["name"]: row for row in scanned.at("v5.6", "bpf_insn*")}
    assert (rows["bpf_insn"]["line"], rows["bpf_insn"]["end_line"], rows["bpf_insn"]["size"]) == (65, 71, 8)
    places = {n: (r["bit_offset"], r["bit_size"], r["size"]) for n, r in rows.items() if r["kind"] == "member"}
    assert places == {
        "bpf_insn.code": (0, None, 1),
        "bpf_insn.dst_reg": (8, 4, 1),
        "bpf_insn.src_reg": (12, 4, 1),
        "bpf_insn.off": (16, None, 2),
        "bpf_insn.imm": (32, None, 4),
    }
    classic = one(scanned, "v5.6", "sock_filter")
    assert (classic["line"], classic["end_line"], classic["size"]) == (24, 29, 8)


def test_macros_with_parameters_have_their_place(scanned: History) -> None:
    exit_insn = one(scanned, "v5.6", "BPF_EXIT_INSN", "internal")
    assert (exit_insn["path"], exit_insn["line"], exit_insn["end_line"]) == ("include/linux/filter.h", 366, 372)
    stmt = one(scanned, "v5.6", "BPF_STMT")
    assert (stmt["line"], stmt["type"], stmt["value"]) == (49, "(code, k)", None)


@pytest.mark.parametrize(
    ("tag", "name", "lines"),
    [("v4.2", "fanout_demux_cpu", (1355, 1360)), ("v4.2", "fanout_demux_qm", (1408, 1413)),
     ("v4.3", "fanout_demux_bpf", (1416, 1430)), ("v5.6", "fanout_demux_bpf", (1394, 1408))],
)  # fmt: skip
def test_functions_have_their_lines(scanned: History, tag: str, name: str, lines: tuple[int, int]) -> None:
    row = one(scanned, tag, name, "internal")
    assert (row["line"], row["end_line"]) == lines


@pytest.mark.parametrize(
    ("tag", "name", "line"), [("v4.3", "BPF_PROG_RUN", 1426), ("v5.6", "bpf_prog_run_clear_cb", 1404)]
)
def test_the_place_where_the_kernel_runs_a_program(scanned: History, tag: str, name: str, line: int) -> None:
    (use,) = uses_of(scanned, name, tag)
    assert (use["path"], use["line"], use["reason"]) == (
        "net/packet/af_packet.c",
        line,
        "in fanout_demux_bpf()",
    )


def test_adjacent_definitions_share_one_permalink(scanned: History) -> None:
    modes = [f"PACKET_FANOUT_{mode}" for mode in ("HASH", "LB", "CPU", "ROLLOVER", "RND", "QM")]
    (block,) = definitions(scanned, modes, "v4.2")
    head, first, *_ = block.splitlines()
    assert head == "https://github.com/torvalds/linux/blob/v4.2/include/uapi/linux/if_packet.h#L59-L64"
    assert first == "59  #define PACKET_FANOUT_HASH 0"


def test_x_macro_enumerators_stand_where_their_name_is_spelled(scanned: History) -> None:
    lookup = one(scanned, "v5.6", "BPF_FUNC_map_lookup_elem")
    assert (lookup["value"], lookup["line"], lookup["kind"]) == (1, 102, "enumerator")
    (spans, moved) = scanned.spans("BPF_FUNC_map_lookup_elem")[0], scanned.spans("BPF_FUNC_map_delete_elem")[0]
    assert (spans["from"], spans["to"]) == ("v4.2", "v5.6")
    assert (moved["from"], moved["status"]) == ("v5.6", "window")
