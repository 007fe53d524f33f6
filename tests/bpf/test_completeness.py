"""Every release read: what the committed tables say of a hundred kernels, the catalog accounts for."""

import csv
from pathlib import Path

import pytest

from kscan.bpf.cbpf_text import assemble_classic, classic_text
from kscan.bpf.ebpf_asm import assemble
from kscan.bpf.ebpf_text import text_of
from kscan.bpf.hooks import KNOWN_TYPES
from kscan.bpf.instruction import (
    LD_IMM64,
    Classic,
    Insn,
    decode,
    decode_classic,
    encode,
    encode_classic,
)
from kscan.bpf.sites import site_cells
from kscan.history import History

REPORTS = Path(__file__).parent.parent.parent / "reports" / "csv"
SHIPPED = Path(__file__).parent.parent.parent / "kscan" / "shipped.sqlite"


def _rows(name: str) -> list[dict[str, str]]:
    with (REPORTS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _state(table: str, name: str, tag: str) -> str:
    """What the cells say of a row at a release."""
    order = [row["tag"] for row in _rows("releases")]
    (state,) = [
        row["state"] for row in _rows("cells")
        if (row["table"], row["name"]) == (table, name)
        and order.index(row["from"]) <= order.index(tag) <= order.index(row["to"])
    ]  # fmt: skip
    return state


def test_every_type_of_every_release_is_a_hook_or_has_a_remark() -> None:
    rows = _rows("progs")
    assert len(rows) > 100
    assert [row["name"] for row in rows if row["name"] not in KNOWN_TYPES] == []


def test_every_place_that_runs_programs_is_described() -> None:
    rows = _rows("sites")
    assert len(rows) > 70
    assert [row["site"] for row in rows if row["title"] == "not described yet"] == []


def test_every_flag_of_a_command_is_told_what_it_is_for() -> None:
    """Flags of the bpf(2) commands stand beside each other with a group; the rest are calls' flags."""
    groups = {row["name"]: row["group"] for row in _rows("flags")}
    assert groups["BPF_F_SLEEPABLE"] == "program load"
    assert groups["BPF_F_UPROBE_MULTI_PATH_FD"] == "link create"


@pytest.mark.parametrize(
    ("table", "key", "name", "first_seen"),
    [
        ("hooks", "symbol", "SO_ATTACH_REUSEPORT_EBPF", "v4.5"),
        ("hooks", "symbol", "SO_ATTACH_FILTER", "v2.6.12"),
        ("progs", "name", "BPF_PROG_TYPE_NETFILTER", "v6.4"),
        ("progs", "name", "BPF_PROG_TYPE_SOCKET_FILTER", "v3.19"),
        ("maps", "name", "BPF_MAP_TYPE_RINGBUF", "v5.8"),
        ("hooks", "symbol", "TUNSETSTEERINGEBPF", "v4.16"),
        ("names", "name", "PACKET_FANOUT_FLAG_UNIQUEID", "v4.12"),
        ("fanout", "mode", "PACKET_FANOUT_ROLLOVER", "v3.10"),
        ("fanout", "mode", "PACKET_FANOUT_RND", "v3.12"),
        ("fanout", "mode", "PACKET_FANOUT_QM", "v3.14"),
        ("fanout", "mode", "PACKET_FANOUT_EBPF", "v4.3"),
    ],
)
def test_the_committed_tables_say_what_is_known(table: str, key: str, name: str, first_seen: str) -> None:
    """Facts of shared/seed-facts.md and the issue, argued from kernel history, not from kscan."""
    assert {row["first_seen"] for row in _rows(table) if row[key] == name} == {first_seen}


def test_a_site_keeps_its_row_through_renames() -> None:
    history = History("/nowhere", data=SHIPPED)
    (cells,) = [cells for row, cells in site_cells(history) if row["site"] == "fanout"]
    said = dict(zip((release.tag for release in history.mainline), cells, strict=True))
    assert (said["v4.3"], said["v5.6"]) == ("BPF_PROG_RUN L1426", "bpf_prog_run_clear_cb L1404")
    assert said["v4.2"] == "absent"
    assert [_state("sites", "fanout", tag) for tag in ("v4.2", "v4.3", "v7.3")] == [
        "absent",
        "present",
        "present",
    ]


def _opcode(code: str) -> dict[str, str]:
    (row,) = [row for row in _rows("opcodes") if (row["code"], row["flavour"]) == (code, "eBPF")]
    return row


@pytest.mark.parametrize(
    ("code", "last_without", "first"),
    [
        ("0x16", "v5.0", "v5.1"),  # BPF_JMP32 | BPF_JEQ | BPF_K
        ("0x81", "v6.5", "v6.6"),  # BPF_LDX | BPF_MEMSX | BPF_W
        ("0xc4", "v4.20", "v5.0"),  # BPF_ALU | BPF_ARSH | BPF_K
        ("0x20", "v3.18", "v3.19"),  # BPF_LD | BPF_ABS | BPF_W, which no interpreter has from v4.18 on
    ],
)
def test_opcodes_come_with_their_release_and_stay(code: str, last_without: str, first: str) -> None:
    states = [_state("opcodes", f"eBPF {code}", tag) for tag in (last_without, first, "v7.3")]
    assert states == ["absent", "present", "present"]


def test_one_opcode_keeps_its_row_under_two_names() -> None:
    names = _opcode("0xdb")["names"]
    assert names == "BPF_STX|BPF_XADD|BPF_DW v3.18; BPF_STX|BPF_ATOMIC|BPF_DW v5.12"
    assert _opcode("0x20")["in_interpreter"] == "by v3.15 to v4.17"


def test_every_opcode_of_every_release_encodes_and_decodes() -> None:
    rows = [row for row in _rows("opcodes") if not row["variant"]]
    for row in rows:
        code = int(row["code"], 16)
        if row["flavour"] == "cBPF":
            classic = Classic(code, 0, 0, 5)
            assert decode_classic(encode_classic(classic)) == classic
            assert assemble_classic(classic_text(classic)).code == code, row["name"]
            continue
        # A byte swap has its width in imm, 8 and 16 bits are loaded and stored with order only, and a
        # 64-bit load takes a second slot.
        imm = 16 if row["op"] == "BPF_END" else 0x100 if code in (0xCB, 0xD3) else 0
        insn = Insn(code, 1, imm=imm)
        assert decode(encode(insn)) == insn
        slots = (insn, Insn(0)) if code == LD_IMM64 else (insn,)
        assert assemble(text_of(slots))[0].code == code, row["name"]
    assert len(rows) > 170
