"""Objects that clang-19 makes of our own programs: `kscan disasm` against llvm-objdump-19, instruction by
instruction, and `kscan needs` against what we argue by hand. Run by `make test-real`.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from kscan.bpf.needs import needs_of
from kscan.bpf.objects import Map, read_object
from kscan.cli import main
from kscan.history import History
from kscan.rows import UNKNOWN_NAME
from tests.bpf.releases import TAGS, home_with

CLANG, OBJDUMP = "clang-19", "llvm-objdump-19"
CPUS = ("v1", "v2", "v3", "v4")
TARGETS = ("bpfel", "bpfeb")

_HEAD = """\
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
#define SEC(name) __attribute__((section(name), used))
#define NUMBER(name, value) int (*name)[value]
#define TYPE(name, type) type *name
#define NOINLINE __attribute__((noinline))
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*update)(void *, const void *, const void *, u64) = (void *)2;
static u64 (*now)(void) = (void *)5;
struct context { u32 a, b, c, d; u64 wide, wider; s64 left; s32 right; s8 small; s16 middle; };
"""


class Program(NamedTuple):
    """A program of ours; compiled for `cpu` it loads from release `since` on, because of `decides`
    (names of which each is that young), and `why` says how we know."""

    cpu: str
    since: str
    decides: tuple[str, ...]
    why: str
    source: str


PROGRAMS = {
    "hash": Program(
        "v1", "v3.19", ("BPF_MAP_TYPE_HASH", "BPF_FUNC_map_lookup_elem", "BPF_FUNC_map_update_elem",
                        "BPF_PROG_TYPE_SOCKET_FILTER"),
        "v1 has the instructions of v3.18; the first maps, helpers and program types came with v3.19",
        """
        struct { NUMBER(type, 1); NUMBER(max_entries, 8); TYPE(key, u32); TYPE(value, u64); }
            counts SEC(".maps");
        SEC("socket") int count(void *context)
        {
            u32 key = 1; u64 one = 1; u64 *value = lookup(&counts, &key);
            if (value) *value = *value + 1; else update(&counts, &key, &one, 0);
            return 0;
        }
        """),
    "old_map": Program(
        "v1", "v4.6", ("BPF_F_NO_PREALLOC",),
        "a map of the section maps, with a flag that came with v4.6",
        """
        struct { u32 type, key, value, entries, flags; } table SEC("maps") = { 1, 4, 8, 10, 1 };
        SEC("socket") int f(void *context)
        {
            u32 key = 1; u64 *value = lookup(&table, &key);
            return value ? *value : 0;
        }
        """),
    "ring": Program(
        "v2", "v5.8", ("BPF_MAP_TYPE_RINGBUF", "BPF_FUNC_ringbuf_reserve", "BPF_FUNC_ringbuf_submit"),
        "ring buffers and their helpers came together",
        """
        struct { NUMBER(type, 27); NUMBER(max_entries, 4096); } ring SEC(".maps");
        static void *(*reserve)(void *, u64, u64) = (void *)131;
        static void (*submit)(void *, u64) = (void *)132;
        SEC("kprobe/our_probe") int f(void *context)
        {
            u64 *event = reserve(&ring, 8, 0);
            if (!event) return 0;
            *event = now();
            submit(event, 0);
            return 0;
        }
        """),
    "jumps_32": Program(
        "v3", "v5.1", ("BPF_JMP32|BPF_JGT|BPF_K", "BPF_JMP32|BPF_JSLT|BPF_X"),
        "v3 compares 32-bit registers; the class BPF_JMP32 came with v5.1",
        """
        SEC("socket") int f(struct context *c) { if (c->a > 5) return 1; return (s32)c->b < (s32)c->c ? 2 : 0; }
        """),
    "jumps_less": Program(
        "v2", "v4.14", ("BPF_JMP|BPF_JLT|BPF_X",),
        "v2 has jumps for less than, which came with v4.14",
        """
        SEC("socket") int f(struct context *c)
        {
            int result = 1;
            asm volatile("if %[a] < %[b] goto +1\\nr0 = 3" : : [a] "r"(c->wide), [b] "r"(c->wider) : "r0");
            return result;
        }
        """),
    "division": Program(
        "v4", "v6.6", ("sdiv", "smod"),
        "signed division shares its opcode with the unsigned one; offset 1 tells it since v6.6",
        """
        SEC("socket") int f(struct context *c)
        {
            s64 by = c->wider;
            return c->left / by + c->wide % 7 + c->left % (by + 1);
        }
        """),
    "sign": Program(
        "v4", "v6.6", ("movsx", "BPF_LDX|BPF_MEMSX|BPF_B", "BPF_LDX|BPF_MEMSX|BPF_H"),
        "loads and moves that extend the sign came with v6.6",
        """
        SEC("socket") int f(struct context *c)
        {
            s64 sum = c->small;
            sum += c->middle;
            return (sum + (s64)(s32)(c->wide * c->wider)) >> 33;
        }
        """),
    "swap": Program(
        "v4", "v6.6", ("BPF_ALU64|BPF_END|BPF_TO_LE",),
        "unconditional swaps came with v6.6",
        """
        SEC("socket") int f(struct context *c) { return __builtin_bswap64(c->wide) + __builtin_bswap32(c->a); }
        """),
    "fetch": Program(
        "v3", "v5.12", ("BPF_FETCH", "BPF_XCHG", "BPF_CMPXCHG"),
        "atomic operations that give the old value came with v5.12; their opcode is that of the older addition",
        """
        SEC("tc") int f(struct context *c)
        {
            u64 old = __sync_fetch_and_add(&c->wide, c->wider);
            old += __sync_val_compare_and_swap(&c->wide, 1, 2);
            return old + __sync_lock_test_and_set(&c->wider, 3) + __sync_fetch_and_or(&c->wide, 4);
        }
        """),
    "addition": Program(
        "v1", "v4.1", ("BPF_PROG_TYPE_SCHED_CLS",),
        "an atomic addition whose result nobody asks for is as old as bpf(2); classifiers came with v4.1",
        """
        SEC("tc") int f(struct context *c) { __sync_fetch_and_add(&c->wide, 3); return 0; }
        """),
    "globals": Program(
        "v2", "v5.2", ("BPF_PSEUDO_MAP_VALUE",),
        "global variables are values of maps, whose address programs may load since v5.2",
        """
        static volatile u64 hits; const volatile u32 limit = 3; u64 table[4] = { 1, 2, 3, 4 };
        SEC("socket") int f(struct context *c) { hits += limit; return hits + table[c->a & 3]; }
        """),
    "flags": Program(
        "v2", "v5.2", ("BPF_F_RDONLY_PROG",),
        "maps that programs may only read came with v5.2",
        """
        struct {
            NUMBER(type, 2); NUMBER(max_entries, 8); NUMBER(map_flags, 0x80); TYPE(key, u32); TYPE(value, u64);
        } fixed SEC(".maps");
        SEC("xdp") int f(void *context)
        {
            u32 key = 1; u64 *value = lookup(&fixed, &key);
            return value ? *value : 0;
        }
        """),
    "calls": Program(
        "v1", "v4.16", ("BPF_PSEUDO_CALL",),
        "calls of a function of the same program came with v4.16",
        """
        static NOINLINE int twice(int a) { asm volatile(""); return a * 2; }
        static NOINLINE int thrice(int a) { asm volatile(""); return a * 3; }
        SEC("socket") NOINLINE int again(struct context *c) { return thrice(c->b); }
        SEC("socket") int f(struct context *c) { return twice(c->a) + thrice(c->b) + again(c); }
        """),
    "callback": Program(
        "v2", "v5.13", ("BPF_PSEUDO_FUNC", "BPF_FUNC_for_each_map_elem"),
        "the address of a function is given to a helper that came with v5.13",
        """
        struct { NUMBER(type, 2); NUMBER(max_entries, 8); TYPE(key, u32); TYPE(value, u64); } all SEC(".maps");
        static long (*each)(void *, void *, void *, u64) = (void *)164;
        static long one(void *map, u32 *key, u64 *value, void *context) { return *value > 5; }
        SEC("tc") int f(void *context) { return each(&all, one, 0, 0); }
        """),
    "kernel_function": Program(
        "v3", "v5.13", ("BPF_PSEUDO_KFUNC_CALL",),
        "calls of functions of the kernel came with v5.13",
        """
        extern int bpf_our_kfunc(int a) SEC(".ksyms");
        SEC("tc") int f(struct context *c) { return bpf_our_kfunc(c->a); }
        """),
    "kernel_variable": Program(
        "v3", "v5.10", ("BPF_PSEUDO_BTF_ID",),
        "a variable of the kernel with its type is found by its BTF, since v5.10; one without is an address",
        """
        extern const int our_typed SEC(".ksyms");
        extern const void our_plain SEC(".ksyms");
        SEC("tc") int f(struct context *c) { return our_typed + (c->wide == (u64)&our_plain); }
        """),
    "plain_symbol": Program(
        "v1", "v4.1", ("BPF_PROG_TYPE_SCHED_CLS",),
        "the address of a symbol is a number that the loader finds in kallsyms: only the classifier is young",
        """
        extern const void our_plain SEC(".ksyms");
        SEC("tc") int f(struct context *c) { return c->wide == (u64)&our_plain; }
        """),
    "configuration": Program(
        "v1", "v5.2", ("BPF_PSEUDO_MAP_VALUE",),
        "what the loader says of the kernel's configuration lies in a map like any global variable",
        """
        extern int LINUX_KERNEL_VERSION SEC(".kconfig");
        SEC("tc") int f(void *context) { return LINUX_KERNEL_VERSION; }
        """),
    "xdp": Program(
        "v1", "v4.8", ("BPF_PROG_TYPE_XDP",),
        "a section xdp is of the type that came with v4.8; the attach type that libbpf adds may be left out",
        """
        SEC("xdp") int f(struct context *c) { return c->a + 14 > c->b ? 1 : 2; }
        """),
    "device": Program(
        "v1", "v4.15", ("BPF_CGROUP_DEVICE",),
        "a section cgroup/dev has an attach type that came with v4.15",
        """
        SEC("cgroup/dev") int f(struct context *c) { return c->a == 1; }
        """),
    "entry": Program(
        "v1", "v5.5", ("BPF_PROG_TYPE_TRACING", "BPF_TRACE_FENTRY"),
        "a section fentry/… has both a program type and an attach type, of v5.5",
        """
        SEC("fentry/our_function") int f(u64 *c) { return c[0] == 1; }
        """),
    "stores": Program(
        "v4", "v3.19", ("BPF_PROG_TYPE_SOCKET_FILTER",),
        "stores of numbers, which only v4 makes, are as old as bpf(2)",
        """
        SEC("socket") int f(struct context *c) { c->wide = 1; c->a = 2; c->middle = 3; c->small = 4; return 0; }
        """),
    "packet": Program(
        "v1", "v3.19", ("BPF_LD|BPF_ABS|BPF_B", "BPF_LD|BPF_IND|BPF_H", "BPF_PROG_TYPE_SOCKET_FILTER"),
        "loads of the packet, which v3.18 refused",
        """
        u64 byte_of(void *, u64) asm("llvm.bpf.load.byte");
        u64 half_of(void *, u64) asm("llvm.bpf.load.half");
        SEC("socket") int f(struct context *c) { return byte_of(c, 3) + half_of(c, c->a); }
        """),
    "may_goto": Program(
        "v4", "v6.9", ("BPF_MAY_GOTO", "BPF_JMP|BPF_JCOND"),
        "a jump that may be taken, written as its bytes",
        """
        SEC("socket") int f(struct context *c)
        {
            asm volatile(".byte 0xe5; .byte 0; .short 0; .long 0");
            return c->a;
        }
        """),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    """What these tests need; a missing tool fails them by name."""
    missing = [tool for tool in (CLANG, OBJDUMP) if shutil.which(tool) is None]
    assert not missing, f"{', '.join(missing)} not installed; make deps names the packages"


@pytest.fixture
def grown(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> History:
    """The history of our own releases in which BPF grows."""
    monkeypatch.setenv("KSCAN_HOME", str(home_with(tmp_path_factory.getbasetemp() / "grown")))
    return History()


def _compiled(name: str, cpu: str, target: str, folder: Path) -> Path | None:
    """The object of a program; None where a CPU has no instruction for it."""
    source, made = folder / f"{name}.c", folder / f"{name}.{cpu}.{target}.o"
    source.write_text(_HEAD + PROGRAMS[name].source)
    done = subprocess.run(
        [CLANG, "-target", target, f"-mcpu={cpu}", "-O2", "-g", "-w", "-c", source, "-o", made],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = re.search(r"unsupported|not support|Cannot select|invalid|too many", done.stderr)
    assert done.returncode == 0 or refused, f"{name}, {cpu}: {done.stderr}"
    return made if done.returncode == 0 else None


_LINE = re.compile(r"\s*(\d+):\t((?:[0-9a-f]{2} )*[0-9a-f]{2})\t(.*)")
_TARGET = re.compile(r"\s+<[^<> ]*>$")


def _as_llvm(path: Path) -> list[tuple[str, int, str, str]]:
    """Section, number of the slot, bytes and text of each instruction: in the words of the default CPU,
    of v4 where it has none."""
    default, newest = (_dump(path, *more) for more in ((), ("--mcpu=v4",)))
    assert [row[:3] for row in default] == [row[:3] for row in newest]
    return [old if old[3] != "<unknown>" else new for old, new in zip(default, newest, strict=True)]


def _dump(path: Path, *more: str) -> list[tuple[str, int, str, str]]:
    asked = [OBJDUMP, "-d", "--no-print-imm-hex", *more, path]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    section, rows = "", []
    for line in done.stdout.splitlines():
        if line.startswith("Disassembly of section "):
            section = line.removeprefix("Disassembly of section ").removesuffix(":")
        elif found := _LINE.fullmatch(line):
            rows.append((section, int(found[1]), found[2], _TARGET.sub("", found[3])))
    return rows


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_instruction_is_as_llvm_writes_it(
    name: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compared = 0
    for cpu in CPUS:
        path = _compiled(name, cpu, target, tmp_path)
        if path is None:
            continue
        assert main(["disasm", str(path), "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["section"], row["at"], row["bytes"], row["text"]) for row in rows] == _as_llvm(path)
        compared += len(rows)
    assert compared > 3


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("cpu", CPUS)
def test_maps_and_helpers_are_named(cpu: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = {}
    for name in ("hash", "old_map", "ring", "globals", "calls", "kernel_function", "callback"):
        assert main(["disasm", str(_compiled(name, cpu, "bpfel", tmp_path)), "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        notes[name] = {(row["text"].split(" ")[0], row["note"]) for row in rows if row["note"]}
        assert [row for row in rows if row["text"].startswith("call ") and not row["note"]] == []
    assert {note for _, note in notes["hash"]} == {"counts", "bpf_map_lookup_elem", "bpf_map_update_elem"}
    assert {note for _, note in notes["old_map"]} == {"table", "bpf_map_lookup_elem"}
    assert {note for _, note in notes["ring"]} == {
        "ring", "bpf_ringbuf_reserve", "bpf_ringbuf_submit", "bpf_ktime_get_ns",
    }  # fmt: skip
    assert {note for _, note in notes["globals"]} >= {"limit", "table"}
    assert notes["calls"] == {("call", "twice"), ("call", "thrice"), ("call", "again")}
    assert notes["kernel_function"] == {("call", "bpf_our_kfunc")}
    assert {note for _, note in notes["callback"]} >= {"all", "bpf_for_each_map_elem"}


@pytest.mark.parametrize("target", TARGETS)
def test_maps_have_the_numbers_of_the_source(target: str, tmp_path: Path) -> None:
    found = {}
    for name in ("hash", "old_map", "ring", "flags", "callback"):
        path = _compiled(name, "v3", target, tmp_path)
        assert path is not None
        found[name] = read_object(str(path), path.read_bytes()).maps
    assert found == {
        "hash": [Map("counts", 1, 0)],
        "old_map": [Map("table", 1, 1)],
        "ring": [Map("ring", 27, 0)],
        "flags": [Map("fixed", 2, 0x80)],
        "callback": [Map("all", 2, 0)],
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_needs_what_we_argue_by_hand(
    name: str, target: str, tmp_path: Path, grown: History, capsys: pytest.CaptureFixture[str]
) -> None:
    program = PROGRAMS[name]
    path = _compiled(name, program.cpu, target, tmp_path)
    assert path is not None
    rows = needs_of(grown, [str(path)])
    assert [row["name"] for row in rows if row["status"] == UNKNOWN_NAME] == []
    youngest = {row["name"] for row in rows if row["first_seen"] == program.since}
    assert (rows[0]["first_seen"], youngest) == (program.since, set(program.decides)), program.why
    tags = TAGS.split()
    before = tags[tags.index(program.since) - 1]
    assert main(["needs", str(path), "--max", program.since]) == 0
    assert main(["needs", str(path), "--max", before]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "younger" in line]
    assert len(said) == len(program.decides)


@pytest.mark.parametrize(("cpu", "since"), [("v1", "v3.19"), ("v2", "v4.14"), ("v3", "v5.1"), ("v4", "v6.6")])
def test_a_cpu_of_llvm_is_a_release(cpu: str, since: str, tmp_path: Path, grown: History) -> None:
    """One source: what -mcpu lets clang use decides."""
    source = """
        SEC("socket") int f(struct context *c)
        {
            int sum = 0;
            if (c->wide <= c->wider) sum += 1;
            if ((s32)c->a <= (s32)c->b) sum += c->small;
            return sum;
        }
    """
    path = tmp_path / "one.o"
    (tmp_path / "one.c").write_text(_HEAD + source)
    made = [CLANG, "-target", "bpf", f"-mcpu={cpu}", "-O2", "-g", "-w", "-c", tmp_path / "one.c", "-o", path]
    subprocess.run(made, check=True)
    assert needs_of(grown, [str(path)])[0]["first_seen"] == since


def test_objects_without_types_are_read(tmp_path: Path, grown: History) -> None:
    """Without -g there is no BTF: instructions and sections are all that can be told."""
    (tmp_path / "bare.c").write_text(_HEAD + PROGRAMS["xdp"].source)
    path = tmp_path / "bare.o"
    subprocess.run([CLANG, "-target", "bpf", "-O2", "-w", "-c", tmp_path / "bare.c", "-o", path], check=True)
    found = read_object(str(path), path.read_bytes())
    assert (found.maps, [program.section for program in found.programs]) == ([], ["xdp"])
    assert "BPF_PROG_TYPE_XDP" in {row["name"] for row in needs_of(grown, [str(path)])}


def test_an_object_of_another_machine_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "native.c").write_text("int f(void) { return 1; }\n")
    path = tmp_path / "native.o"
    subprocess.run([CLANG, "-c", tmp_path / "native.c", "-o", path], check=True)
    assert main(["disasm", str(path)]) == 1
    assert "not of BPF" in capsys.readouterr().err
