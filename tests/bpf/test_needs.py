"""What programs need, on releases of our own in which BPF grows."""

import csv
import io
import json
import os
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.bpf.needs import LIMITS, judged, needs_of
from kscan.cli import main
from kscan.errors import KscanError
from kscan.history import History
from kscan.rows import EXACT, FROM_OLDEST, NEEDS, UNKNOWN_NAME, WINDOW, Row
from kscan.scan import Request, scan
from kscan.sources.trees import open_tree
from kscan.store import Store
from tests.bpf.elf import EXIT, FUNC, OBJECT, Btf, Elf, Section, insn, load, with_maps
from tests.bpf.releases import home_with
from tests.conftest import Scan
from tests.kernels import makefile, write_tree

Write = Callable[..., str]


@pytest.fixture
def grown(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> History:
    """The history of our growing releases, for questions and commands alike."""
    monkeypatch.setenv("KSCAN_HOME", str(home_with(tmp_path_factory.getbasetemp() / "grown")))
    return History()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into the working folder and gives its name."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(content: bytes | str, name: str = "prog.bin") -> str:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return run


def _told(rows: list[Row]) -> set[tuple[str, str, str | None]]:
    return {(row["need"], row["name"], row["first_seen"]) for row in rows}


def _of_one(history: History, path: str) -> dict[tuple[str, str], Row]:
    return {(row["need"], row["name"]): row for row in needs_of(history, [path])}


# Instructions whose opcode alone tells: slots, the words of the table, and since when our releases have them.
_OPCODES = [
    (EXIT, "BPF_JMP|BPF_EXIT", "v3.18", EXACT),
    (insn(0x07, 1, imm=1), "BPF_ALU64|BPF_ADD|BPF_K", "v3.18", EXACT),
    (insn(0xA5, 1), "BPF_JMP|BPF_JLT|BPF_K", "v4.14", EXACT),
    (insn(0xDD, 1, 2), "BPF_JMP|BPF_JSLE|BPF_X", "v4.14", EXACT),
    (insn(0x16, 1), "BPF_JMP32|BPF_JEQ|BPF_K", "v5.1", EXACT),
    (insn(0x06), "BPF_JMP32|BPF_JA", "v6.6", EXACT),
    (insn(0xD7, 1, imm=16), "BPF_ALU64|BPF_END|BPF_TO_LE", "v6.6", EXACT),
    (insn(0x81, 1, 2), "BPF_LDX|BPF_MEMSX|BPF_W", "v6.6", EXACT),
    (insn(0x20), "BPF_LD|BPF_ABS|BPF_W", "v3.19", EXACT),  # refused by bpf(2) at first
]  # fmt: skip


@pytest.mark.parametrize(("slots", "words", "since", "status"), _OPCODES, ids=[row[1] for row in _OPCODES])
def test_an_opcode_dates_its_instruction(
    grown: History, write: Write, slots: bytes, words: str, since: str, status: str
) -> None:
    (row,) = needs_of(grown, [write(slots)])
    assert (row["need"], row["name"], row["first_seen"], row["status"]) == ("instruction", words, since, status)
    assert (row["value"], row["value_text"]) == (slots[0], f"0x{slots[0]:02x}")
    assert (row["used_at"], row["path"]) == ("+0", "kernel/bpf/core.c")
    assert row["permalink"].startswith(f"https://github.com/torvalds/linux/blob/{since}/kernel/bpf/core.c#L")


def test_an_opcode_of_no_table_is_told_by_its_bits(grown: History, write: Write) -> None:
    (row,) = needs_of(grown, [write(insn(0x8D, 1))])
    assert (row["name"], row["value_text"]) == ("BPF_JMP|BPF_CALL|BPF_X", "0x8d")
    assert (row["status"], row["first_seen"]) == (UNKNOWN_NAME, None)


# Slots whose fields make another instruction of a known opcode: what our releases or our rows say of it.
_VARIANTS = [
    (insn(0x34, 1, off=1, imm=3), "sdiv", "v6.6"),
    (insn(0x3F, 1, 2, off=1), "sdiv", "v6.6"),
    (insn(0x97, 1, off=1, imm=3), "smod", "v6.6"),
    (insn(0x9C, 1, 2, off=1), "smod", "v6.6"),
    (insn(0xBF, 1, 2, off=8), "movsx", "v6.6"),
    (insn(0xBF, 1, 2, off=32), "movsx", "v6.6"),
    (insn(0xBC, 1, 2, off=16), "movsx", "v6.6"),
    (insn(0xBF, 1, 2, off=1, imm=1), "BPF_ADDR_SPACE_CAST", "v6.9"),
    # The word is older than bpf(2), which no program could be loaded without.
    (insn(0xDB, 1, 2), "BPF_XADD", "v3.18"),
    (insn(0xC3, 1, 2), "BPF_XADD", "v3.18"),
    (insn(0xDB, 1, 2, imm=0x40), "BPF_ATOMIC", "v5.12"),
    (insn(0xC3, 1, 2, imm=0x50), "BPF_ATOMIC", "v5.12"),
    (insn(0xDB, 1, 2, imm=0xA0), "BPF_ATOMIC", "v5.12"),
    (insn(0xDB, 1, 2, imm=0x01), "BPF_FETCH", "v5.12"),
    (insn(0xC3, 1, 2, imm=0xA1), "BPF_FETCH", "v5.12"),
    (insn(0xDB, 1, 2, imm=0xE1), "BPF_XCHG", "v5.12"),
    (insn(0xC3, 1, 2, imm=0xF1), "BPF_CMPXCHG", "v5.12"),
    (insn(0xDB, 1, 2, imm=0x100), "load-acquire", "v6.15"),
    (insn(0xD3, 1, 2, imm=0x110), "store-release", "v6.15"),
    (insn(0xE5), "BPF_MAY_GOTO", "v6.9"),
    (insn(0x85, src=1, imm=5), "BPF_PSEUDO_CALL", "v4.16"),
    (insn(0x85, src=2, imm=5), "BPF_PSEUDO_KFUNC_CALL", "v5.13"),
    (load(1, src=1), "BPF_PSEUDO_MAP_FD", "v3.18"),
    (load(1, src=2), "BPF_PSEUDO_MAP_VALUE", "v5.2"),
    (load(1, src=3), "BPF_PSEUDO_BTF_ID", "v5.10"),
    (load(1, src=4), "BPF_PSEUDO_FUNC", "v5.13"),
    (load(1, src=5), "map-index", "v5.14"),
    (load(1, src=6), "map-index", "v5.14"),
]


@pytest.mark.parametrize(
    ("slots", "name", "since"), _VARIANTS, ids=[f"{row[1]} {row[0].hex()}" for row in _VARIANTS]
)
def test_fields_make_an_instruction_younger(
    grown: History, write: Write, slots: bytes, name: str, since: str
) -> None:
    rows = needs_of(grown, [write(slots)])
    (row,) = [row for row in rows if row["name"] == name]
    assert (row["need"], row["first_seen"]) == ("instruction", since)
    opcodes = [row for row in rows if (row["value_text"] or "").lower() == f"0x{slots[0]:02x}"]
    assert len(rows) == 1 + len(opcodes) == 2
    if "-" in name or name in ("sdiv", "smod", "movsx"):
        assert (row["status"], row["permalink"]) == (None, None)
        assert row["note"].startswith("curated: ")
        assert f"{since} by Documentation/" in row["note"]
    else:
        assert row["status"] in (EXACT, FROM_OLDEST)
        assert "/include/uapi/linux/bpf.h#L" in row["permalink"]


@pytest.mark.parametrize(
    "slots", [insn(0x37, 1, imm=3), insn(0x97, 1), insn(0xBF, 1, 2), insn(0xBC, 1), load(1), insn(0x85, imm=1)]
)
def test_plain_fields_make_no_other_instruction(grown: History, write: Write, slots: bytes) -> None:
    rows = needs_of(grown, [write(slots)])
    assert [row["need"] for row in rows if row["need"] != "helper"] == ["instruction"]


def test_the_second_half_of_a_load_is_no_instruction(grown: History, write: Write) -> None:
    second = struct.pack("<BBhI", 0, 0, 0, 0x95959595)
    rows = needs_of(grown, [write(load(1)[:8] + second + EXIT)])
    assert {(row["name"], row["used_at"]) for row in rows} == {
        ("BPF_LD|BPF_IMM|BPF_DW", "+0"),
        ("BPF_JMP|BPF_EXIT", "+2"),
    }


def test_helpers_by_number(grown: History, write: Write) -> None:
    calls = b"".join(insn(0x85, imm=number) for number in (1, 5, 1, 131, 132, 999, -1))
    rows = {row["name"]: row for row in needs_of(grown, [write(calls)]) if row["need"] == "helper"}
    assert {name: (row["first_seen"], row["status"], row["used_at"]) for name, row in rows.items()} == {
        "BPF_FUNC_map_lookup_elem": ("v3.19", EXACT, "+0 and 1 more"),
        "BPF_FUNC_ktime_get_ns": ("v4.1", EXACT, "+1"),
        "BPF_FUNC_ringbuf_reserve": ("v5.8", EXACT, "+3"),
        "BPF_FUNC_ringbuf_submit": ("v5.8", EXACT, "+4"),
        "helper 999": (None, UNKNOWN_NAME, "+5"),
        "helper -1": (None, UNKNOWN_NAME, "+6"),
    }


def _object() -> Elf:
    elf = Elf().code("kprobe/our_probe", load(1) + load(2) + load(3) + insn(0x85, imm=131)
                     + insn(0x85, src=1, imm=-1) + EXIT)  # fmt: skip
    elf.code(".text", EXIT).data(".maps").data(".bss")
    elf.sections.append(Section(".BTF", with_maps(("ring", 27, 0), ("table", 1, 0x81), ("next", 77, 0))))
    elf.relocate("kprobe/our_probe", 0, elf.symbol("ring", ".maps", 0, OBJECT))
    elf.relocate("kprobe/our_probe", 2, elf.symbol("hits", ".bss", 0, OBJECT))
    elf.relocate("kprobe/our_probe", 4, elf.symbol("callback", ".text", 0, FUNC))
    return elf.relocate("kprobe/our_probe", 7, elf.symbol("bpf_our_kfunc"))


def test_an_object_needs_its_maps_types_flags_and_sections(grown: History, write: Write) -> None:
    found = _of_one(grown, write(_object().write(), "a.o"))
    told = {key: (row["first_seen"], row["used_at"]) for key, row in found.items() if "|" not in key[1]}
    assert told == {
        ("map type", "BPF_MAP_TYPE_RINGBUF"): ("v5.8", "map ring"),
        ("map type", "BPF_MAP_TYPE_HASH"): ("v3.19", "map table"),
        ("map type", "map type 77"): (None, "map next"),
        ("flag", "BPF_F_NO_PREALLOC"): ("v4.6", "map table"),
        ("flag", "BPF_F_RDONLY_PROG"): ("v5.2", "map table"),
        ("program type", "BPF_PROG_TYPE_KPROBE"): ("v4.1", "section kprobe/our_probe"),
        ("helper", "BPF_FUNC_ringbuf_reserve"): ("v5.8", "kprobe/our_probe+6"),
        ("instruction", "BPF_PSEUDO_MAP_FD"): ("v3.18", "kprobe/our_probe+0"),
        ("instruction", "BPF_PSEUDO_MAP_VALUE"): ("v5.2", "kprobe/our_probe+2"),
        ("instruction", "BPF_PSEUDO_FUNC"): ("v5.13", "kprobe/our_probe+4"),
        ("instruction", "BPF_PSEUDO_KFUNC_CALL"): ("v5.13", "kprobe/our_probe+7"),
    }
    assert found["map type", "map type 77"]["status"] == UNKNOWN_NAME
    assert found["instruction", "BPF_JMP|BPF_EXIT"]["used_at"] == "kprobe/our_probe+8 and 1 more"


def test_an_old_maps_section_is_read(grown: History, write: Write) -> None:
    elf = Elf().code("socket", EXIT).data("maps", struct.pack("<5I", 2, 4, 8, 16, 1))
    elf.symbol("old", "maps", 0, OBJECT)
    told = _told(needs_of(grown, [write(elf.write(), "a.o")]))
    assert ("map type", "BPF_MAP_TYPE_ARRAY", "v3.19") in told
    assert ("flag", "BPF_F_NO_PREALLOC", "v4.6") in told


def test_a_flag_that_no_release_has_is_not_passed_over(grown: History, write: Write) -> None:
    elf = Elf().code("socket", EXIT)
    elf.sections.append(Section(".BTF", with_maps(("known", 1, 1 << 20))))
    rows = needs_of(grown, [write(elf.write(), "a.o")])
    assert [row["status"] for row in rows if row["need"] == "flag"] == [UNKNOWN_NAME]


def test_the_map_in_a_map_is_needed_too(grown: History, write: Write) -> None:
    """__array(values, struct { __uint(type, …) }): an array of pointers to the inner definition."""
    btf = Btf()
    inner = btf.struct("inner", [("type", btf.number(27))])
    values = btf.array(btf.pointer(inner), 0)
    outer = btf.struct("", [("type", btf.number(1)), ("values", values)])
    btf.section(".maps", [btf.variable("outer", outer)])
    elf = Elf().code("socket", EXIT)
    elf.sections.append(Section(".BTF", btf.write()))
    told = _told(needs_of(grown, [write(elf.write(), "a.o")]))
    assert ("map type", "BPF_MAP_TYPE_HASH", "v3.19") in told
    assert ("map type", "BPF_MAP_TYPE_RINGBUF", "v5.8") in told


def test_a_variable_of_the_kernel_is_found_by_its_btf(grown: History, write: Write) -> None:
    """`extern const int x __ksym` is loaded as BPF_PSEUDO_BTF_ID, not as a map's value."""
    btf = Btf()
    btf.section(".ksyms", [btf.variable("kernel_thing", btf.qualified(10, btf.integer()))])
    elf = Elf().code("socket", load(1) + EXIT)
    elf.sections.append(Section(".BTF", btf.write()))
    elf.relocate("socket", 0, elf.symbol("kernel_thing"))
    told = _told(needs_of(grown, [write(elf.write(), "a.o")]))
    assert ("instruction", "BPF_PSEUDO_BTF_ID", "v5.10") in told
    assert ("instruction", "BPF_PSEUDO_MAP_VALUE", "v5.2") not in told


def test_what_the_loader_says_of_the_kernel_is_a_maps_value(grown: History, write: Write) -> None:
    """`extern int x __kconfig` lies in a map that the loader fills."""
    btf = Btf()
    btf.section(".kconfig", [btf.variable("LINUX_KERNEL_VERSION", btf.integer())])
    elf = Elf().code("socket", load(1) + EXIT)
    elf.sections.append(Section(".BTF", btf.write()))
    elf.relocate("socket", 0, elf.symbol("LINUX_KERNEL_VERSION"))
    assert ("instruction", "BPF_PSEUDO_MAP_VALUE", "v5.2") in _told(
        needs_of(grown, [write(elf.write(), "a.o")])
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    places=st.lists(st.tuples(st.integers(0, 4000), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF])), max_size=4),
    length=st.none() | st.integers(0, 4000),
)
def test_needs_of_a_damaged_object_are_told_or_refused(
    places: list[tuple[int, int]], length: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(_object().write())
    for at, value in places:
        data[at % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.o"
    path.write_bytes(data[:length])
    history = History(home_with(tmp_path_factory.getbasetemp() / "grown") / "kscan.sqlite")
    with suppress(KscanError):
        assert needs_of(history, [str(path)])
    history.close()


@pytest.mark.parametrize(
    ("section", "types"),
    [
        ("xdp", {("program type", "BPF_PROG_TYPE_XDP", "v4.8")}),
        ("xdp/own", {("program type", "BPF_PROG_TYPE_XDP", "v4.8")}),
        ("?tc", {("program type", "BPF_PROG_TYPE_SCHED_CLS", "v4.1")}),
        ("kprobe/x", {("program type", "BPF_PROG_TYPE_KPROBE", "v4.1")}),
        (
            "fentry/x",
            {("program type", "BPF_PROG_TYPE_TRACING", "v5.5"), ("attach type", "BPF_TRACE_FENTRY", "v5.5")},
        ),
        (
            "fentry.s/x",
            {("program type", "BPF_PROG_TYPE_TRACING", "v5.5"), ("attach type", "BPF_TRACE_FENTRY", "v5.5"),
             ("flag", "BPF_F_SLEEPABLE", "v5.10")},
        ),
        (
            "cgroup/dev",
            {("program type", "BPF_PROG_TYPE_UNSPEC", "v3.18"), ("attach type", "BPF_CGROUP_DEVICE", "v4.15")},
        ),
        ("cgroup", set()),
        ("fentryx", set()),
        (".text", set()),
        ("own", set()),
    ],
)  # fmt: skip
def test_a_sections_name_tells_program_and_attach_type(
    grown: History, write: Write, section: str, types: set[tuple[str, str, str]]
) -> None:
    """For xdp libbpf says an attach type only since v5.9: programs of before load without one."""
    rows = needs_of(grown, [write(Elf().code(section, EXIT).write(), "a.o")])
    assert {told for told in _told(rows) if told[0] != "instruction" and told[2] is not None} == types


def test_a_section_that_no_loader_knows_is_not_passed_over(grown: History, write: Write) -> None:
    rows = needs_of(grown, [write(Elf().code("own", EXIT).write(), "a.o")])
    (row,) = [row for row in rows if row["need"] == "program type"]
    assert (row["status"], "own" in row["name"]) == (UNKNOWN_NAME, True)


@pytest.mark.parametrize(
    "section",
    ["license", "version", "maps", ".maps", ".data", ".data.own", ".bss", ".bss.own", ".rodata", ".rodata.own",
     ".ksyms", ".kconfig", ".struct_ops", ".struct_ops.link", "?.struct_ops", ".addr_space.1", ".text"],
)  # fmt: skip
def test_a_section_of_data_in_a_source_is_no_program(grown: History, write: Write, section: str) -> None:
    text = f'int own SEC("{section}");\nint x = BPF_ANY;\n'
    assert _told(needs_of(grown, [write(text, "a.c")])) == {("constant", "BPF_ANY", "v3.18")}


_FILTER = """\
{ 0x28, 0, 0, 0xfffff03c },
{ 0x20, 0, 0, 0xfffff000 },
{ 0x30, 0, 0, 0xfffff004 },
{ 0x28, 0, 0, 0x0000000c },
{ 0x30, 0, 0, 0xffffefff },
{ 0x0, 0, 0, 0xfffff038 },
{ 0x48, 0, 0, 0xfffff038 },
{ 0x6, 0, 0, 0x00000000 },
"""


def test_a_classic_filter_needs_its_opcodes_and_extensions(grown: History, write: Write) -> None:
    rows = needs_of(grown, [write(_FILTER, "filter")])
    found = {(row["need"], row["name"]): (row["first_seen"], row["status"], row["used_at"]) for row in rows}
    assert {key: value for key, value in found.items() if key[0] == "extension"} == {
        ("extension", "SKF_AD_VLAN_TPID"): ("v4.1", EXACT, "+0"),
        ("extension", "SKF_AD_PROTOCOL"): ("v3.17", FROM_OLDEST, "+1"),
        ("extension", "SKF_AD_PKTTYPE"): ("v3.17", FROM_OLDEST, "+2"),
    }
    assert found["classic instruction", "BPF_LD|BPF_H|BPF_ABS"] == ("v3.17", FROM_OLDEST, "+0 and 1 more")
    assert found["classic instruction", "BPF_RET|BPF_K"] == ("v3.17", FROM_OLDEST, "+7")
    assert {need for need, _ in found} == {"classic instruction", "extension"}


def test_a_classic_and_an_extended_opcode_of_one_byte_are_two(grown: History, write: Write) -> None:
    rows = needs_of(grown, [write("1\n6 0 0 0\n", "a"), write(insn(0x06), "b")])
    assert _told(rows) == {
        ("classic instruction", "BPF_RET|BPF_K", "v3.17"),
        ("instruction", "BPF_JMP32|BPF_JA", "v6.6"),
    }


_SOURCE = """\
#include <linux/bpf.h>
/* BPF_F_RDONLY_PROG bpf_map_delete_elem( */
// BPF_MAP_TYPE_RINGBUF
static const char *text = "BPF_F_RDONLY_PROG bpf_map_update_elem(";
struct { int (*type)[BPF_MAP_TYPE_HASH]; } counts SEC(".maps");
SEC("kprobe/our_probe")
int probe(void *ctx)
{
	u64 now = bpf_ktime_get_ns();
	int bpf_map_delete_elem = 1, own = 2, BPF_OWN = 3;
	bpf_own_function(ctx);
#ifdef OTHER
	return bpf_map_update_elem(&counts, &now, &own, BPF_NOEXIST);
#else
	return bpf_map_update_elem(&counts, &now, &own, BPF_ANY);
#endif
}
#if 0
#ifdef OTHER
int left_out = BPF_F_RDONLY_PROG;
#else
int out_too = BPF_F_RDONLY_PROG;
#endif
#elif 0
int also = BPF_F_RDONLY_PROG;
#elifdef OTHER
int meant = BPF_EXIST;
#endif
"""


def test_a_source_needs_its_constants_helpers_and_sections(grown: History, write: Write) -> None:
    rows = needs_of(grown, [write(_SOURCE, "probe.c")])
    assert {(row["need"], row["name"], row["first_seen"], row["used_at"]) for row in rows} == {
        ("constant", "BPF_MAP_TYPE_HASH", "v3.19", "probe.c:5"),
        ("program type", "BPF_PROG_TYPE_KPROBE", "v4.1", "probe.c:6"),
        ("helper", "BPF_FUNC_ktime_get_ns", "v4.1", "probe.c:9"),
        ("helper", "BPF_FUNC_map_update_elem", "v3.19", "probe.c:13 and 1 more"),
        ("constant", "BPF_NOEXIST", "v3.18", "probe.c:13"),
        ("constant", "BPF_ANY", "v3.18", "probe.c:15"),
        ("constant", "BPF_EXIST", "v3.18", "probe.c:27"),
    }


def test_what_a_sources_own_macros_use_is_needed(grown: History, write: Write) -> None:
    text = (
        "#define FLAGS (BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG)\n"
        "#define RESERVE(map) \\\n\tbpf_ringbuf_reserve(map, 8, 0)\n"
        "int flags = FLAGS;\nvoid *f(void *map) { return RESERVE(map); }\n"
    )
    told = _told(needs_of(grown, [write(text, "macros.c")]))
    assert ("constant", "BPF_F_RDONLY_PROG", "v5.2") in told
    assert ("helper", "BPF_FUNC_ringbuf_reserve", "v5.8") in told


def test_the_arrays_of_a_source_are_instructions(grown: History, write: Write) -> None:
    text = (
        "struct bpf_insn program[] = {\n\tBPF_MOV64_IMM(1, fd),\n"
        "\t{ BPF_JMP32 | BPF_JEQ | BPF_K, 1, 0, 0, 0 },\n\t{ 0x85, 0, 0, 0, 5 },\n\tBPF_EXIT_INSN(),\n};\n"
    )
    rows = needs_of(grown, [write(text, "array.c")])
    found = {(row["need"], row["name"]): (row["first_seen"], row["used_at"]) for row in rows}
    assert found["instruction", "BPF_JMP32|BPF_JEQ|BPF_K"] == ("v5.1", "program+1")
    assert found["helper", "BPF_FUNC_ktime_get_ns"] == ("v4.1", "program+2")
    assert found["constant", "BPF_JMP32"] == ("v5.1", "array.c:3")
    assert found["instruction", "BPF_ALU64|BPF_MOV|BPF_K"] == ("v3.18", "program+0")


def test_an_array_that_does_not_stand_alone_leaves_the_rest(grown: History, write: Write) -> None:
    text = "struct bpf_insn program[] = { MADE_ELSEWHERE(1) };\nint x = BPF_F_RDONLY_PROG;\n"
    rows = needs_of(grown, [write(text, "array.c")])
    assert [row["name"] for row in rows if row["status"] == EXACT] == ["BPF_F_RDONLY_PROG"]
    (unread,) = [row for row in rows if row["status"] != EXACT]
    assert (unread["status"], "array.c:1" in unread["name"]) == (UNKNOWN_NAME, True)


def test_a_source_whose_name_begins_like_a_number(grown: History, write: Write) -> None:
    rows = needs_of(grown, [write("struct bpf_insn f[] = { MADE_ELSEWHERE(1) };\nint x = BPF_ANY;\n", "0x.c")])
    assert {row["name"] for row in rows if row["status"] == EXACT} == {"BPF_ANY"}


@pytest.mark.parametrize("padding", range(8))
def test_a_sources_length_says_nothing(grown: History, write: Write, padding: int) -> None:
    text = "int x = BPF_ANY;" + "\n" * padding
    assert _told(needs_of(grown, [write(text, "a.c")])) == {("constant", "BPF_ANY", "v3.18")}


def test_a_header_is_a_source(grown: History, write: Write) -> None:
    assert _told(needs_of(grown, [write("int x = BPF_ANY;\n", "a.h")])) == {("constant", "BPF_ANY", "v3.18")}


@pytest.mark.parametrize("text", ["int main(void) { return 0; }\n", "", "\n" * 16, "/* BPF_ANY */"])
def test_a_source_without_any_need_says_so(grown: History, write: Write, text: str) -> None:
    with pytest.raises(KscanError, match="nothing in it that a kernel has to know"):
        needs_of(grown, [write(text, "plain.c")])


def test_a_source_that_is_no_c_is_one_line(grown: History, write: Write) -> None:
    with pytest.raises(KscanError, match=r"broken\.c"):
        needs_of(grown, [write("int x; /* and so on", "broken.c")])


def test_names_stand_for_themselves(grown: History) -> None:
    rows = needs_of(grown, ["BPF_F_RDONLY_PROG", "BPF_MAP_TYPE_RINGBUF", "BPF_XADD"])
    assert [(row["need"], row["name"], row["first_seen"], row["used_at"]) for row in rows] == [
        ("name", "BPF_MAP_TYPE_RINGBUF", "v5.8", "asked"),
        ("name", "BPF_F_RDONLY_PROG", "v5.2", "asked"),
        ("name", "BPF_XADD", "v3.17", "asked"),
    ]
    assert [row["status"] for row in rows] == [EXACT, EXACT, FROM_OLDEST]


def test_a_name_and_a_file_in_one_question(grown: History, write: Write) -> None:
    rows = needs_of(grown, ["BPF_F_RDONLY_PROG", write(EXIT)])
    assert [row["need"] for row in rows] == ["name", "instruction"]


def test_a_word_that_is_both_no_file_and_no_name(grown: History, write: Write) -> None:
    write("")
    with pytest.raises(
        KscanError, match=r"^no name BPF_F_RDONLY_PROGS in 29 scanned releases; near: BPF_F_RDONLY_PROG"
    ):
        needs_of(grown, ["BPF_F_RDONLY_PROGS"])
    for word in ("nothing.o", "./nothing", "a b"):
        with pytest.raises(KscanError, match=f"^{word}: no such file$"):
            needs_of(grown, [word])


def test_a_file_whose_name_is_a_word(grown: History, write: Write) -> None:
    assert _told(needs_of(grown, [write(EXIT, "program")])) == {("instruction", "BPF_JMP|BPF_EXIT", "v3.18")}


def test_what_decides_comes_first(grown: History, write: Write) -> None:
    slots = (insn(0x85, imm=999) + insn(0x34, 1, off=1) + insn(0x16, 1) + insn(0xDB, 1, 2, imm=1)
             + insn(0x85, imm=131) + insn(0x85, imm=1) + EXIT)  # fmt: skip
    rows = needs_of(grown, [write(slots)])
    assert [(row["first_seen"], row["need"], row["name"]) for row in rows] == [
        (None, "helper", "helper 999"),
        ("v6.6", "instruction", "sdiv"),
        ("v5.12", "instruction", "BPF_FETCH"),
        ("v5.8", "helper", "BPF_FUNC_ringbuf_reserve"),
        ("v5.1", "instruction", "BPF_JMP32|BPF_JEQ|BPF_K"),
        ("v3.19", "helper", "BPF_FUNC_map_lookup_elem"),
        ("v3.18", "instruction", "BPF_ALU|BPF_DIV|BPF_K"),
        ("v3.18", "instruction", "BPF_JMP|BPF_CALL"),
        ("v3.18", "instruction", "BPF_JMP|BPF_EXIT"),
        ("v3.18", "instruction", "BPF_STX|BPF_XADD|BPF_DW"),
    ]


def _headers(texts: dict[str, str]) -> dict[str, dict[str, str]]:
    """Releases of nothing but a bpf.h."""
    return {tag: {"Makefile": makefile(tag), "include/uapi/linux/bpf.h": text} for tag, text in texts.items()}


def test_v6_10_is_after_v6_9(read: Scan) -> None:
    one, two = "#define BPF_F_ONE 1\n", "#define BPF_F_TWO 2\n"
    history = read(_headers({"v6.8": "\n", "v6.9": one, "v6.10": one + two}), sets=("bpf",))
    rows = needs_of(history, ["BPF_F_ONE", "BPF_F_TWO"])
    assert [row["first_seen"] for row in rows] == ["v6.10", "v6.9"]
    late, unsure = judged(rows, "v6.9")
    assert ([row["name"] for row in late], unsure) == (["BPF_F_TWO"], [])


def test_of_two_names_for_a_number_the_older_counts(read: Scan, write: Write) -> None:
    """A helper that is given a second name is as old as it was."""
    old = "enum bpf_func_id { BPF_FUNC_unspec, BPF_FUNC_one, };\n"
    new = "enum bpf_func_id { BPF_FUNC_unspec, BPF_FUNC_one, BPF_FUNC_another = BPF_FUNC_one, };\n"
    history = read(_headers({"v4.2": "\n", "v4.3": old, "v4.4": new}), sets=("bpf",))
    rows = needs_of(history, [write(insn(0x85, imm=1))])
    assert [(r["name"], r["first_seen"]) for r in rows if r["need"] == "helper"] == [("BPF_FUNC_one", "v4.3")]


def test_a_release_that_was_not_read_leaves_a_window(read: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    history = read(_headers({"v4.2": "\n", "v4.9": "#define BPF_F_ONE 1\n"}), sets=("bpf",))
    (row,) = needs_of(history, ["BPF_F_ONE"])
    assert (row["first_seen"], row["last_without"], row["status"]) == ("v4.9", "v4.2", WINDOW)
    codes = {tag: main(["needs", "BPF_F_ONE", "--max", tag]) for tag in ("v4.2", "v4.5", "v4.9")}
    assert codes == {"v4.2": 1, "v4.5": 3, "v4.9": 0}
    assert "v4.9 is younger than v4.5" not in capsys.readouterr().err


def test_what_went_is_not_there(read: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"v4.2": "#define BPF_F_ONE 1\n", "v4.3": "#define BPF_F_ONE 1\n", "v4.6": "\n"}
    read(_headers(files), sets=("bpf",)).close()
    told = {}
    for tag in ("v4.3", "v4.5", "v4.6", "v4.7"):
        code = main(["needs", "BPF_F_ONE", "--max", tag])
        told[tag] = code, capsys.readouterr().err.splitlines()[1:]
    gone = "kscan: BPF_F_ONE (asked): v4.6 is without it"
    assert told == {
        "v4.3": (0, []),
        "v4.5": (3, ["kscan: BPF_F_ONE (asked): gone after v4.3, by v4.6: cannot know for v4.5"]),
        "v4.6": (1, [gone]), "v4.7": (1, [gone]),
    }  # fmt: skip


def test_a_constant_of_a_source_is_compiled_in(read: Scan, tmp_path: Path) -> None:
    """That headers are without it takes nothing away from the kernel."""
    read(_headers({"v4.2": "#define BPF_OLD_ONE 1\n", "v4.6": "\n"}), sets=("bpf",)).close()
    source = tmp_path / "a.c"
    source.write_text("int f(void)\n{\n\treturn BPF_OLD_ONE;\n}\n")
    assert main(["needs", str(source), "--max", "v4.6"]) == 0
    assert main(["needs", "BPF_OLD_ONE", "--max", "v4.6"]) == 1


def test_a_kernel_under_a_label_is_enough(tmp_path: Path, write: Write) -> None:
    """`kscan scan … --as debian-12` and nothing else: no version to order by, and no error."""
    text = "enum bpf_func_id { BPF_FUNC_unspec, BPF_FUNC_one, };\nenum bpf_map_type { BPF_MAP_TYPE_NONE, };\n"
    tree = write_tree(tmp_path / "tree", _headers({"v4.3": text})["v4.3"])
    scan(open_tree(tree), ["own-kernel"], Request(("bpf",), label="own-kernel"), Store())
    rows = needs_of(History(), [write(insn(0x85, imm=1)), "BPF_FUNC_one"])
    assert {(row["need"], row["name"], row["first_seen"]) for row in rows if row["status"] != UNKNOWN_NAME} == {
        ("helper", "BPF_FUNC_one", "own-kernel"),
        ("name", "BPF_FUNC_one", "own-kernel"),
    }
    assert main(["needs", "BPF_FUNC_one", "--max", "v4.3"]) == 3
    assert main(["disasm", write(insn(0x85, imm=1))]) == 0


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("command", ["needs", "disasm"])
@pytest.mark.parametrize(
    "data", [insn(0x16, 1) + EXIT, b"1\n6 0 0 0\n", b"{ 0x6, 0, 0, 0x0 },\n", Elf().code("xdp", EXIT).write()],
    ids=["bytes", "ddd", "dd", "object"],
)  # fmt: skip
def test_standard_input_is_read_once(
    data: bytes, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`tcpdump -dd … | kscan needs -`: what was read is gone."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main([command, "-", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("grown", "write")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("command", ["needs", "disasm"])
def test_a_pipe_is_read_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`kscan needs <(tcpdump -dd …)`: a shell gives the path of a pipe."""
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(_FILTER.encode(),), daemon=True)
    writer.start()
    assert main([command, "pipe", "--format", "json"]) == 0
    writer.join()
    assert json.loads(capsys.readouterr().out)


class TestMax:
    """`kscan needs --max`: 0 where everything was there, 1 where something is younger."""

    def _ask(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
        code = main(["needs", *arguments])
        return code, [line for line in capsys.readouterr().err.splitlines() if line != f"kscan: {LIMITS}"]

    @pytest.mark.usefixtures("grown")
    def test_exit_codes_and_what_is_said(self, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        path = write(insn(0x16, 1) + insn(0x34, 1, off=1) + EXIT)
        assert self._ask(capsys, path) == (0, [])
        for tag in ("v6.6", "6.6", "v6.9", "v6.6.1"):
            assert self._ask(capsys, path, "--max", tag) == (0, [])
        assert self._ask(capsys, path, "--max", "v5.1") == (1, ["kscan: sdiv (+1): v6.6 is younger than v5.1"])
        assert self._ask(capsys, path, "--max", "v6.6-rc1")[0] == 1
        assert self._ask(capsys, path, "--max", "v5.0", "--format", "json") == (
            1,
            [
                "kscan: sdiv (+1): v6.6 is younger than v5.0",
                "kscan: BPF_JMP32|BPF_JEQ|BPF_K (+0): v5.1 is younger than v5.0",
            ],
        )

    @pytest.mark.usefixtures("grown")
    @pytest.mark.parametrize("tag", ["debian-12", "soon", "v", "5"])
    def test_what_is_no_release(self, write: Write, tag: str, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = self._ask(capsys, write(EXIT), "--max", tag)
        assert (code in (1, 2), len(said)) == (True, 1)
        assert tag in said[0]

    @pytest.mark.usefixtures("grown")
    @pytest.mark.parametrize("slots", [insn(0x85, imm=999), insn(0x8D, 1)], ids=["helper", "opcode"])
    def test_what_no_release_has_is_no_yes(
        self, write: Write, slots: bytes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Something that no scanned release knows may be younger than any of them."""
        code, said = self._ask(capsys, write(slots + EXIT), "--max", "v5.1")
        assert code == 3
        assert "cannot know for v5.1" in said[0]

    @pytest.mark.usefixtures("grown")
    def test_what_may_be_older_is_not_said_to_be_younger(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The oldest release read has it: whether v3.10 does is not known."""
        code, said = self._ask(capsys, "BPF_XADD", "--max", "v3.10")
        assert code == 3
        assert [line for line in said if "is younger than" in line] == []


class TestCommand:
    """`kscan needs` as a user has it."""

    pytestmark = pytest.mark.usefixtures("grown")

    def test_the_table_and_its_limits(self, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["needs", write(insn(0x16, 1) + insn(0x85, imm=999))]) == 0
        out, err = capsys.readouterr()
        assert [line.split() for line in out.splitlines()] == [
            ["first_seen", "need", "name", "used_at", "status"],
            ["helper", "helper", "999", "+1", "unknown_name"],
            ["v5.1", "instruction", "BPF_JMP32|BPF_JEQ|BPF_K", "+0", "exact"],
            ["v3.18", "instruction", "BPF_JMP|BPF_CALL", "+1", "exact"],
        ]
        assert err == f"kscan: {LIMITS}\n"

    @pytest.mark.parametrize("form", ["json", "csv", "md"])
    def test_other_forms_have_every_column_and_no_words(
        self, form: str, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = write(_object().write(), "a.o")
        assert main(["needs", path, "--format", form]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        wanted = needs_of(History(), [path])
        if form == "json":
            rows = json.loads(out)
            assert rows == [{column: row[column] for column in NEEDS} for row in wanted]
            assert list(rows[0]) == list(NEEDS)
        elif form == "csv":
            read = list(csv.DictReader(io.StringIO(out)))
            plain = [{k: "" if row[k] is None else str(row[k]) for k in NEEDS} for row in wanted]
            assert read == plain
        else:
            assert out.splitlines()[0] == f"| {' | '.join(NEEDS)} |"
            assert len(out.splitlines()) == len(wanted) + 2

    @pytest.mark.parametrize(
        "word",
        ["nothing", "nothing.o", "ünknown", "x" * 5000, "a\nb", "\x1b[31m", "X" * 200, ".", "/", "*", " "],
    )
    def test_bad_words_are_one_line(self, word: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        write("")
        assert main(["needs", word]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err[:7]) == ("", 1, "kscan: ")
        assert "\x1b" not in err

    @pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\xff" * 9, b"words, no program at all"])
    def test_bad_files_are_one_line(
        self, data: bytes, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["needs", write(data)]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err[:7]) == ("", 1, "kscan: ")

    def test_an_argument_that_is_no_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["needs", "\udcff"]) in (1, 2)
        assert capsys.readouterr().err.count("\n") == 1

    def test_no_word_is_wrong_usage(self) -> None:
        for arguments in (["needs"], ["needs", ""], ["needs", "BPF_ANY", "--format", "xml"]):
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code == 2
