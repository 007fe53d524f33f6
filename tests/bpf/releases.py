"""Small kernels of our own in which BPF grows from release to release: words, tables, enums, sections."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from kscan.version import KernelVersion
from tests.kernels import Files, make_history, makefile

TAGS = """
    v3.17 v3.18 v3.19 v4.0 v4.1 v4.5 v4.6 v4.7 v4.8 v4.13 v4.14 v4.15 v4.16 v5.0 v5.1 v5.2 v5.4 v5.5 v5.7 v5.8
    v5.9 v5.10 v5.11 v5.12 v5.13 v6.5 v6.6 v6.8 v6.9
"""

# A release, and the words that it adds to the headers of user space.
_WORDS = (
    ("v3.17", "LD 0x00, LDX 0x01, ST 0x02, STX 0x03, ALU 0x04, JMP 0x05, RET 0x06, MISC 0x07, ALU64 0x07"),
    ("v3.17", "W 0x00, H 0x08, B 0x10, DW 0x18, IMM 0x00, ABS 0x20, IND 0x40, MEM 0x60, LEN 0x80, MSH 0xa0"),
    ("v3.17", "ADD 0x00, SUB 0x10, MUL 0x20, DIV 0x30, OR 0x40, AND 0x50, LSH 0x60, RSH 0x70, NEG 0x80"),
    ("v3.17", "MOD 0x90, XOR 0xa0, MOV 0xb0, ARSH 0xc0, END 0xd0, TO_LE 0x00, TO_BE 0x08, XADD 0xc0"),
    ("v3.17", "JA 0x00, JEQ 0x10, JGT 0x20, JGE 0x30, JSET 0x40, JNE 0x50, JSGT 0x60, JSGE 0x70, CALL 0x80"),
    ("v3.17", "EXIT 0x90, K 0x00, X 0x08, A 0x10, TAX 0x00, TXA 0x80"),
    ("v3.18", "PSEUDO_MAP_FD 1, ANY 0, NOEXIST 1, EXIST 2"),
    ("v4.6", "F_NO_PREALLOC (1U << 0)"),
    ("v4.14", "JLT 0xa0, JLE 0xb0, JSLT 0xc0, JSLE 0xd0"),
    ("v4.16", "PSEUDO_CALL 1"),
    ("v5.1", "JMP32 0x06"),
    ("v5.2", "PSEUDO_MAP_VALUE 2, F_RDONLY_PROG (1U << 7)"),
    ("v5.10", "PSEUDO_BTF_ID 3, F_SLEEPABLE (1U << 4)"),
    ("v5.12", "ATOMIC 0xc0, FETCH 0x01, XCHG (0xe0 | BPF_FETCH), CMPXCHG (0xf0 | BPF_FETCH)"),
    ("v5.13", "PSEUDO_KFUNC_CALL 2, PSEUDO_FUNC 4"),
    ("v6.6", "MEMSX 0x80"),
    ("v6.9", "JCOND 0xe0, ADDR_SPACE_CAST 1"),
)  # fmt: skip
# By enum: a release, and the enumerators that it adds.
_ENUMS: dict[str, Sequence[tuple[str, str]]] = {
    "bpf_cmd": (("v3.18", "MAP_CREATE|PROG_LOAD = 5"),),
    "bpf_map_type": (
        ("v3.18", "MAP_TYPE_UNSPEC"),
        ("v3.19", "MAP_TYPE_HASH|MAP_TYPE_ARRAY"),
        ("v5.8", "MAP_TYPE_RINGBUF = 27"),
    ),
    "bpf_prog_type": (
        ("v3.18", "PROG_TYPE_UNSPEC"),
        ("v3.19", "PROG_TYPE_SOCKET_FILTER"),
        ("v4.1", "PROG_TYPE_KPROBE|PROG_TYPE_SCHED_CLS"),
        ("v4.8", "PROG_TYPE_XDP"),
        ("v5.5", "PROG_TYPE_TRACING"),
    ),
    "bpf_attach_type": (("v4.15", "CGROUP_DEVICE"), ("v5.5", "TRACE_FENTRY"), ("v5.9", "XDP")),
    "bpf_func_id": (
        ("v3.18", "FUNC_unspec"),
        ("v3.19", "FUNC_map_lookup_elem|FUNC_map_update_elem|FUNC_map_delete_elem"),
        ("v4.1", "FUNC_ktime_get_ns = 5"),
        ("v5.8", "FUNC_ringbuf_reserve = 131|FUNC_ringbuf_submit"),
        ("v5.13", "FUNC_for_each_map_elem = 164"),
    ),
    "bpf_cond_pseudo_jmp": (("v6.9", "MAY_GOTO"),),
}  # fmt: skip
# Linux's extensions of classic programs: places of loads from SKF_AD_OFF on.
_EXTENSIONS = (("v3.17", "PROTOCOL 0, PKTTYPE 4, RANDOM 56"), ("v4.1", "VLAN_TPID 60"))
_ALU = "ADD SUB MUL DIV OR AND LSH RSH MOD XOR"
_JUMPS = "JEQ JGT JGE JSET"
_SIGNED = "JNE JSGT JSGE"
_SECTIONS = (
    ("v4.16", 'OUR_SEC("socket", BPF_PROG_TYPE_SOCKET_FILTER), OUR_SEC("xdp", BPF_PROG_TYPE_XDP),'
     ' OUR_SEC("kprobe/", BPF_PROG_TYPE_KPROBE), OUR_SEC("tc", BPF_PROG_TYPE_SCHED_CLS),'
     ' OUR_SEC("cgroup/dev", BPF_PROG_TYPE_UNSPEC, BPF_CGROUP_DEVICE),'),
    ("v5.5", 'OUR_SEC("fentry/", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY),'),
    ("v5.10", 'OUR_SEC("fentry.s/", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, SEC_SLEEPABLE),'),
)  # fmt: skip
# From here on libbpf says an attach type for xdp, which older programs go without.
_XDP_ATTACHES = "v5.9"
_CLASSIC = """\
#define BPF_STMT(code, k) { (unsigned short)(code), 0, 0, k }
#define BPF_JUMP(code, k, jt, jf) { (unsigned short)(code), jt, jf, k }
#define SKF_AD_OFF (-0x1000)
#define SKF_AD_MAX 64
"""
# The kernel's macros that make instructions, as ours spell them.
MACROS = """\
#define OUR_INSN(...) ((struct bpf_insn){ __VA_ARGS__ })
#define BPF_RAW_INSN(code, to, from, away, k) OUR_INSN(code, to, from, away, k)
#define BPF_MOV64_IMM(to, k) OUR_INSN(BPF_MOV | BPF_ALU64, to, 0, 0, k)
#define BPF_MOV64_REG(to, from) OUR_INSN(BPF_X | BPF_MOV | BPF_ALU64, to, from, 0, 0)
#define BPF_LDX_MEM(size, to, from, away) OUR_INSN(size | BPF_MEM | BPF_LDX, to, from, away, 0)
#define BPF_LD_IMM64(to, k) OUR_INSN(BPF_DW, to, 0, 0, (u32)(k)), OUR_INSN(0, 0, 0, 0, (k) >> 32)
#define BPF_EXIT_INSN() OUR_INSN(BPF_EXIT | BPF_JMP, 0, 0, 0, 0)
"""


def _until(tag: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    """What rows have added by a release."""
    return [added for since, added in rows if KernelVersion(since) <= KernelVersion(tag)]


def _is_from(tag: str, since: str) -> bool:
    return KernelVersion(since) <= KernelVersion(tag)


def _defines(prefix: str, added: Iterable[str]) -> str:
    pairs = (pair.split(None, 1) for words in added for pair in words.split(", "))
    return "".join(f"#define {prefix}{name} {value}\n" for name, value in pairs)


def _enum(enum: str, tag: str) -> str:
    names = [name for words in _until(tag, _ENUMS[enum]) for name in words.split("|")]
    return f"enum {enum} {{\n" + "".join(f"\tBPF_{name},\n" for name in names) + "};\n" if names else ""


def _entries(tag: str) -> Iterable[str]:
    """The opcodes of extended programs, as a release's table spells them."""
    for kind in ("ALU", "ALU64"):
        yield from (f"{kind} | {op} | {by}" for op in f"{_ALU} ARSH MOV".split() for by in "KX")
        yield f"{kind} | NEG"
    yield from ("ALU | END | TO_LE", "ALU | END | TO_BE")
    for kind in ["JMP", *(["JMP32"] if _is_from(tag, "v5.1") else [])]:
        jumps = f"{_JUMPS} {_SIGNED}{' JLT JLE JSLT JSLE' if _is_from(tag, 'v4.14') else ''}".split()
        yield from (f"{kind} | {op} | {by}" for op in jumps for by in "KX")
    yield from ("JMP | JA", "JMP | CALL", "JMP | EXIT", "LD | IMM | DW")
    yield from (f"{kind} | MEM | {size}" for kind in ("LDX", "ST", "STX") for size in ("B", "H", "W", "DW"))
    yield from (f"LD | {mode} | {size}" for mode in ("ABS", "IND") for size in "BHW")
    atomic = "ATOMIC" if _is_from(tag, "v5.12") else "XADD"
    yield from (f"STX | {atomic} | W", f"STX | {atomic} | DW")
    if _is_from(tag, "v6.6"):
        yield from ("JMP32 | JA", "ALU64 | END | TO_LE", *(f"LDX | MEMSX | {size}" for size in "BHW"))
    if _is_from(tag, "v6.9"):
        yield "JMP | JCOND"


def _table(head: str, entries: Iterable[str], value: str) -> str:
    def spelled(entry: str) -> str:
        return " | ".join(f"BPF_{word}" for word in entry.split(" | "))

    return f"{head} = {{\n" + "".join(f"\t[{spelled(entry)}] = {value},\n" for entry in entries) + "};\n"


def _classic() -> Iterable[str]:
    yield from (f"ALU | {op} | {by}" for op in _ALU.split() for by in "KX")
    yield from (f"LD | {size} | {mode}" for size in "WHB" for mode in ("ABS", "IND"))
    yield from (f"JMP | {op} | {by}" for op in _JUMPS.split() for by in "KX")
    yield from (f"{kind} | {mode}" for kind in ("LD", "LDX") for mode in ("W | LEN", "IMM", "MEM"))
    yield from ("ALU | NEG", "LDX | B | MSH", "ST", "STX", "MISC | TAX", "MISC | TXA", "RET | K", "RET | A")
    yield "JMP | JA"


def _loader(tag: str) -> str:
    rows = "\n\t".join(_until(tag, _SECTIONS))
    if _is_from(tag, _XDP_ATTACHES):
        rows = rows.replace("BPF_PROG_TYPE_XDP)", "BPF_PROG_TYPE_XDP, BPF_XDP)")
    return f"static const struct {{ const char *sec; }} section_names[] = {{\n\t{rows}\n}};\n"


def kernel(tag: str) -> dict[str, str]:
    """The files of one of our releases."""
    enums = "".join(_enum(enum, tag) for enum in _ENUMS)
    extensions = _defines("SKF_AD_", _until(tag, _EXTENSIONS))
    loads = _table("static void *jumptable[256]", _entries(tag), "0")
    if _is_from(tag, "v4.16"):
        loads += _table("static const bool public_insntable[256]", _entries(tag), "true")
    words = _defines("BPF_", _until(tag, _WORDS))
    files = {
        "Makefile": makefile(tag),
        "include/uapi/linux/types.h": "typedef unsigned int __u32;\n",
        "include/uapi/linux/bpf.h": f"#include <linux/types.h>\n{words}{enums}",
        "include/uapi/linux/filter.h": f"#include <linux/bpf.h>\n{_CLASSIC}{extensions}",
        "include/linux/filter.h": MACROS,
        "net/core/filter.c": _table("static const unsigned char codes[]", _classic(), "1"),
        "kernel/bpf/core.c": loads,
    }
    if _is_from(tag, "v4.16"):
        files["tools/lib/bpf/libbpf.c"] = _loader(tag)
    return files


@cache
def kernels() -> dict[str, Files]:
    """All of them."""
    return {tag: kernel(tag) for tag in TAGS.split()}


@cache
def home_with(folder: Path) -> Path:
    """A folder for KSCAN_HOME in which all of them are read."""
    return read_into(folder, kernels())


def read_into(folder: Path, releases: Mapping[str, Files]) -> Path:
    """A folder for KSCAN_HOME, in `folder`, in which releases are read."""
    repository = make_history(folder / "linux.git", releases)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
        patch.setenv("KSCAN_HOME", str(folder / "home"))
        scan(DiskRepository(repository), list(releases), Request(("bpf",)), Store(), executor=executor)
    return folder / "home"
