"""An instruction in any phrasing: what it resolves to, and how a release spells it back."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.bpf.definitions import Definitions
from kscan.bpf.instruction import Classic, Insn, encode, encode_classic
from kscan.bpf.phrases import NotPhrase, Phrase, read_phrase
from kscan.bpf.readings import readings
from kscan.catalog.hooks import CBPF, EBPF
from kscan.errors import KscanError, UnknownTag
from kscan.history import History
from kscan.parse.expand import Macro
from kscan.parse.lex import Define, skeleton
from kscan.rows import FROM_OLDEST, OPCODE, Row
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from tests.conftest import Scan
from tests.kernels import make_history, makefile

# A kernel of our own: words, macros that make instructions, and the tables of its opcodes.

_CLASSIC_WORDS = {
    "BPF_LD": 0x00, "BPF_LDX": 0x01, "BPF_ST": 0x02, "BPF_STX": 0x03, "BPF_ALU": 0x04, "BPF_JMP": 0x05,
    "BPF_RET": 0x06, "BPF_MISC": 0x07, "BPF_W": 0x00, "BPF_H": 0x08, "BPF_B": 0x10, "BPF_IMM": 0x00,
    "BPF_ABS": 0x20, "BPF_IND": 0x40, "BPF_MEM": 0x60, "BPF_LEN": 0x80, "BPF_MSH": 0xA0, "BPF_ADD": 0x00,
    "BPF_SUB": 0x10, "BPF_MUL": 0x20, "BPF_DIV": 0x30, "BPF_OR": 0x40, "BPF_AND": 0x50, "BPF_LSH": 0x60,
    "BPF_RSH": 0x70, "BPF_NEG": 0x80, "BPF_MOD": 0x90, "BPF_XOR": 0xA0, "BPF_JA": 0x00, "BPF_JEQ": 0x10,
    "BPF_JGT": 0x20, "BPF_JGE": 0x30, "BPF_JSET": 0x40, "BPF_K": 0x00, "BPF_X": 0x08, "BPF_A": 0x10,
    "BPF_TAX": 0x00, "BPF_TXA": 0x80,
}  # fmt: skip
_EXTENDED_WORDS = {
    "BPF_ALU64": 0x07, "BPF_JMP32": 0x06, "BPF_DW": 0x18, "BPF_ATOMIC": 0xC0, "BPF_XADD": 0xC0, "BPF_MOV": 0xB0,
    "BPF_ARSH": 0xC0, "BPF_END": 0xD0, "BPF_TO_LE": 0x00, "BPF_TO_BE": 0x08, "BPF_JNE": 0x50, "BPF_JSGT": 0x60,
    "BPF_JSGE": 0x70, "BPF_JLT": 0xA0, "BPF_JLE": 0xB0, "BPF_JSLT": 0xC0, "BPF_JSLE": 0xD0, "BPF_CALL": 0x80,
    "BPF_EXIT": 0x90, "BPF_FETCH": 0x01, "BPF_XCHG": 0xE1, "BPF_CMPXCHG": 0xF1, "BPF_PSEUDO_MAP_FD": 1,
}  # fmt: skip
_NEWER_WORDS = {"BPF_MEMSX": 0x80}
_VALUES = _CLASSIC_WORDS | _EXTENDED_WORDS | _NEWER_WORDS

_SIZES, _SOURCES = ("W", "H", "B"), ("K", "X")
_SUMS = ("ADD", "SUB", "MUL", "DIV", "OR", "AND", "LSH", "RSH", "MOD", "XOR")
_MORE_SUMS = (*_SUMS, "MOV", "ARSH")
_TESTS = ("JEQ", "JGT", "JGE", "JSET")
_MORE_TESTS = (*_TESTS, "JNE", "JSGT", "JSGE", "JLT", "JLE", "JSLT", "JSLE")
_CLASSIC_CODES = (
    *(f"ALU {op} {source}" for op in _SUMS for source in _SOURCES), "ALU NEG",
    *(f"JMP {op} {source}" for op in _TESTS for source in _SOURCES), "JMP JA",
    *(f"LD {size} {mode}" for size in _SIZES for mode in ("ABS", "IND")), "LD W LEN", "LDX W LEN", "LDX B MSH",
    "LD IMM", "LD MEM", "LDX IMM", "LDX MEM", "ST", "STX", "RET K", "RET A", "MISC TAX", "MISC TXA",
)  # fmt: skip
_EXTENDED_CODES = (
    *(f"{kind} {op} {source}" for kind in ("ALU", "ALU64") for op in _MORE_SUMS for source in _SOURCES),
    "ALU NEG", "ALU64 NEG", "ALU END TO_LE", "ALU END TO_BE",
    *(f"{kind} {op} {source}" for kind in ("JMP", "JMP32") for op in _MORE_TESTS for source in _SOURCES),
    "JMP JA", "JMP CALL", "JMP EXIT",
    *(f"{kind} MEM {size}" for kind in ("LDX", "ST", "STX") for size in (*_SIZES, "DW")), "STX ATOMIC W",
    "STX ATOMIC DW", "LD IMM DW", *(f"LD {mode} {size}" for mode in ("ABS", "IND") for size in _SIZES),
)  # fmt: skip
_NEWER_CODES = (*(f"LDX MEMSX {size}" for size in _SIZES), "ALU64 END TO_LE", "JMP32 JA")

# Macros by head: the fields of the instruction that a call makes.
_MACROS = {
    "BPF_RAW_INSN(c, d, s, o, i)": "c, d, s, o, i",
    "BPF_EXIT_INSN()": "BPF_JMP | BPF_EXIT, 0, 0, 0, 0",
    "BPF_MOV64_IMM(d, i)": "BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i",
    "BPF_MOV32_IMM(d, i)": "BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, i",
    "BPF_MOV64_REG(d, s)": "BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0",
    "BPF_MOV32_REG(d, s)": "BPF_ALU | BPF_MOV | BPF_X, d, s, 0, 0",
    "BPF_ALU64_IMM(op, d, i)": "BPF_ALU64 | BPF_OP(op) | BPF_K, d, 0, 0, i",
    "BPF_ALU32_IMM(op, d, i)": "BPF_ALU | BPF_OP(op) | BPF_K, d, 0, 0, i",
    "BPF_ALU64_REG(op, d, s)": "BPF_ALU64 | BPF_OP(op) | BPF_X, d, s, 0, 0",
    "BPF_ALU32_REG(op, d, s)": "BPF_ALU | BPF_OP(op) | BPF_X, d, s, 0, 0",
    "BPF_LD_ABS(n, i)": "BPF_LD | BPF_SIZE(n) | BPF_ABS, 0, 0, 0, i",
    "BPF_LD_IND(n, s, i)": "BPF_LD | BPF_SIZE(n) | BPF_IND, 0, s, 0, i",
    "BPF_LDX_MEM(n, d, s, o)": "BPF_LDX | BPF_SIZE(n) | BPF_MEM, d, s, o, 0",
    "BPF_STX_MEM(n, d, s, o)": "BPF_STX | BPF_SIZE(n) | BPF_MEM, d, s, o, 0",
    "BPF_ST_MEM(n, d, o, i)": "BPF_ST | BPF_SIZE(n) | BPF_MEM, d, 0, o, i",
    "BPF_ATOMIC_OP(n, op, d, s, o)": "BPF_STX | BPF_SIZE(n) | BPF_ATOMIC, d, s, o, op",
    "BPF_JMP_IMM(op, d, i, o)": "BPF_JMP | BPF_OP(op) | BPF_K, d, 0, o, i",
    "BPF_JMP_REG(op, d, s, o)": "BPF_JMP | BPF_OP(op) | BPF_X, d, s, o, 0",
    "BPF_JMP32_IMM(op, d, i, o)": "BPF_JMP32 | BPF_OP(op) | BPF_K, d, 0, o, i",
    "BPF_JMP32_REG(op, d, s, o)": "BPF_JMP32 | BPF_OP(op) | BPF_X, d, s, o, 0",
    "BPF_JMP_A(o)": "BPF_JMP | BPF_JA, 0, 0, o, 0",
    # A distance from an address: the kernel's own counts from nothing, others have no value.
    "BPF_EMIT_CALL(f)": "BPF_JMP | BPF_CALL, 0, 0, 0, ((f) - __bpf_call_base)",
    "OUR_EMIT_CALL(f)": "BPF_JMP | BPF_CALL, 0, 0, 0, ((f) - our_call_base)",
}
_NEWER_MACROS = {
    "BPF_ENDIAN(to, d, n)": "BPF_ALU | BPF_END | BPF_SRC(to), d, 0, 0, n",
    "BPF_LDX_MEMSX(n, d, s, o)": "BPF_LDX | BPF_SIZE(n) | BPF_MEMSX, d, s, o, 0",
    "BPF_BSWAP(d, n)": "BPF_ALU64 | BPF_END | BPF_SRC(BPF_TO_LE), d, 0, 0, n",
    "BPF_JMP32_A(i)": "BPF_JMP32 | BPF_JA, 0, 0, 0, i",
    "BPF_MOVSX64_REG(d, s, o)": "BPF_ALU64 | BPF_MOV | BPF_X, d, s, o, 0",
    "BPF_ALU64_IMM_OFF(op, d, i, o)": "BPF_ALU64 | BPF_OP(op) | BPF_K, d, 0, o, i",
}
_LD_IMM64 = """
#define BPF_LD_IMM64(d, v) BPF_LD_IMM64_RAW(d, 0, v)
#define BPF_LD_IMM64_RAW(d, s, v) \\
	((struct bpf_insn) { .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = d, .src_reg = s, .imm = (__u32)(v) }), \\
	((struct bpf_insn) { .imm = ((__u64)(v)) >> 32 })
#define OUR_TWICE(x) ((x) | (x))
#define OUR_PAIR(x) x, x
#define OUR_LOOP(x) OUR_LOOP_BACK(x) OUR_LOOP_BACK(x)
#define OUR_LOOP_BACK(x) OUR_LOOP(x) OUR_LOOP(x)
"""
_REGISTERS = "enum {\n" + "".join(f"\tBPF_REG_{number},\n" for number in range(11)) + "\tMAX_OUR_REG,\n};\n"
_SOME_HELPERS = (
    "enum bpf_func_id {\n\tBPF_FUNC_unspec,\n\tBPF_FUNC_ours,\n};\nenum bpf_cmd {\n\tBPF_PROG_LOAD = 5,\n};\n"
)
_BITS = "#define BPF_OP(c)   ((c) & 0xf0)\n#define BPF_SIZE(c) ((c) & 0x18)\n#define BPF_SRC(c)  ((c) & 0x08)\n"
_USER_FILTER = """
struct sock_filter {
	unsigned short code;
	unsigned char jt, jf;
	unsigned int k;
};
#define BPF_STMT(c, v) { (unsigned short)(c), 0, 0, v }
#define BPF_JUMP(c, v, yes, no) { (unsigned short)(c), yes, no, v }
"""

_COMMON_H, _BPF_H, _FILTER_H = (f"include/uapi/linux/{name}.h" for name in ("bpf_common", "bpf", "filter"))
_INTERNAL_H, _CORE, _SOCKETS = "include/linux/filter.h", "kernel/bpf/core.c", "net/core/filter.c"
LINK = "https://kernel.example/{tag}/{path}#{lines}"


def _defines(words: Mapping[str, int]) -> str:
    return "".join(f"#define {name}\t{value:#04x}\n" for name, value in words.items())


def _macros(heads: Mapping[str, str]) -> str:
    text = ""
    for head, fields in heads.items():
        code, dst, src, off, imm = fields.split(", ")
        text += f"#define {head} ((struct bpf_insn) {{ \\\n\t\t.code = {code}, \\\n\t\t.dst_reg = {dst}, \\\n"
        text += f"\t\t.src_reg = {src}, \\\n\t\t.off = {off}, \\\n\t\t.imm = {imm} }})\n"
    return text


def _array(head: str, codes: tuple[str, ...]) -> str:
    entries = [" | ".join(f"BPF_{word}" for word in code.split()) for code in codes]
    return f"{head} = {{\n" + "".join(f"\t[{entry}] = true,\n" for entry in entries) + "};\n"


def _release(version: str, *, newer: bool, macros: bool = True) -> dict[str, str]:
    codes = _EXTENDED_CODES + (_NEWER_CODES if newer else ())
    heads = _MACROS | (_NEWER_MACROS if newer else {}) if macros else {}
    words = _EXTENDED_WORDS | (_NEWER_WORDS if newer else {})
    return {
        "Makefile": makefile(version),
        _COMMON_H: _BITS + _defines(_CLASSIC_WORDS),
        _BPF_H: _defines(words) + _REGISTERS + _SOME_HELPERS,
        _FILTER_H: _USER_FILTER if macros else "struct sock_filter;\n",
        _INTERNAL_H: (_macros(heads) + _LD_IMM64) if macros else "int nothing;\n",
        _CORE: _array("static const void *jumptable[256]", codes)
        + _array("static const bool public_insntable[256]", codes),
        _SOCKETS: _array("static const bool codes[]", _CLASSIC_CODES),
    }


_RELEASES = {
    "v5.19": _release("v5.19", newer=False, macros=False),
    "v6.5": _release("v6.5", newer=False),
    "v6.6": _release("v6.6", newer=True),
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Three releases: one without any macro, one without what v6.6 brought, v6.6."""
    folder = tmp_path_factory.mktemp("phrases")
    path = folder / "store.sqlite"
    store = Store(path)
    kernels = DiskRepository(make_history(folder / "linux.git", _RELEASES))
    with ThreadPoolExecutor(1) as executor:
        scan(kernels, list(_RELEASES), Request(("bpf",), permalink=LINK), store, executor=executor)
    store.db.close()
    return History(path)


@pytest.fixture(scope="module")
def words(history: History) -> Definitions:
    """What v6.6 defines."""
    return Definitions(history, history.release("v6.6"))


def _codes(entries: tuple[str, ...]) -> list[int]:
    return [sum({word: _VALUES[f"BPF_{word}"] for word in entry.split()}.values()) for entry in entries]


EXTENDED, CLASSIC = _codes(_EXTENDED_CODES + _NEWER_CODES), _codes(_CLASSIC_CODES)
LOAD, EXIT, RET = 0x18, Insn(0x95), Classic(0x06)


def _only(phrases: list[Phrase], flavour: str) -> Phrase:
    (found,) = [phrase for phrase in phrases if phrase.flavour == flavour]
    return found


def _row(history: History, text: str, flavour: str, tag: str | None = None) -> Row:
    (found,) = [row for row in readings(history, text, tag) if row["flavour"] == flavour]
    return found


# Every phrasing.

EXITS = (
    "{ 0x95, 0, 0, 0, 0 }", "{ 0x95, 0x0, 0x0, 0x0000, 0x00000000 }", "{149,0,0,0,0}", "{ 0225, 0, 0, 0, 0, }",
    "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }", "{BPF_JMP|BPF_EXIT,0,0,0,0},",
    "{ .code = BPF_JMP | BPF_EXIT, .imm = 0 }", "(struct bpf_insn) { .code = 0x95 }",
    "((struct bpf_insn) { .off = 0, .code = BPF_EXIT | BPF_JMP, .dst_reg = 0 })", "BPF_EXIT_INSN()",
    "BPF_EXIT_INSN(),", " BPF_EXIT_INSN ( ) ", "BPF_RAW_INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)",
    "BPF_RAW_INSN(0x95, BPF_REG_0, BPF_REG_0, 0, 0);", "95 00 00 00 00 00 00 00", "9500000000000000",
    "95000000 00000000", "95 00\n00 00 00 00\t00 00", "exit", "  exit  ", "exit;", "EXIT", "0x95", "149",
    "0X95", "BPF_JMP | BPF_EXIT", "BPF_EXIT|BPF_JMP", "BPF_JMP | 0x90", "(0x90 | 5)",
)  # fmt: skip
RETS = (
    "{ 0x06, 0, 0, 0 }", "{ 0x6, 0, 0, 0x00000000 }", "{ BPF_RET | BPF_K, 0, 0, 0 }", "{BPF_RET|BPF_K,0,0,0},",
    "{ BPF_RET, 0, 0, 0 }", "(struct sock_filter) { .code = BPF_RET | BPF_K }", "{ .code = 6, .k = 0 }",
    "{ .jt = 0, .jf = 0, .code = 06 }", "BPF_STMT(BPF_RET | BPF_K, 0)", "BPF_STMT(BPF_RET|BPF_K, 0),",
    "BPF_STMT(6, 0)", "BPF_JUMP(BPF_RET | BPF_K, 0, 0, 0)", "06 00 00 00 00 00 00 00", "0600000000000000",
    "ret #0", "ret #0x0", "RET #0;", "(000) ret      #0", "(017) ret #0", "0x06", "0x6", "6", "BPF_RET | BPF_K",
    "BPF_RET",
)  # fmt: skip


@pytest.mark.parametrize("text", EXITS)
def test_every_phrasing_of_exit_is_the_same_instruction(
    history: History, words: Definitions, text: str
) -> None:
    assert _only(read_phrase(text, words), EBPF).insns == (EXIT,)
    row = _row(history, text, EBPF)
    given = {
        "flavour": EBPF, "code": "0x95", "class": "BPF_JMP", "op": "BPF_EXIT", "size": None, "mode": None,
        "dst": 0, "src": 0, "off": 0, "imm": 0, "jt": None, "k": None, "text": "exit",
        "call": "BPF_EXIT_INSN()", "literal": "{ 0x95, 0x0, 0x0, 0x0000, 0x00000000 }", "status": FROM_OLDEST,
        "first_seen": "v5.19", "macros": "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }",
    }  # fmt: skip
    assert {key: row[key] for key in given} == given
    assert set(OPCODE) <= set(row)


@pytest.mark.parametrize("text", RETS)
def test_every_phrasing_of_ret_is_the_same_instruction(history: History, words: Definitions, text: str) -> None:
    assert _only(read_phrase(text, words), CBPF).insns == (RET,)
    row = _row(history, text, CBPF)
    given = {
        "flavour": CBPF, "code": "0x06", "class": "BPF_RET", "op": None, "source": "BPF_K", "jt": 0, "jf": 0,
        "k": 0, "dst": None, "imm": None, "text": "ret #0", "literal": "{ 0x06, 0, 0, 0x00000000 }",
        "macros": "{ BPF_RET | BPF_K, 0, 0, 0 }", "call": "BPF_STMT(BPF_RET | BPF_K, 0)", "first_seen": "v5.19",
    }  # fmt: skip
    assert {key: row[key] for key in given} == given


@pytest.mark.parametrize(("text", "flavour"), [("0x95", EBPF), ("exit", EBPF), ("6", CBPF), ("ret #0", CBPF)])
def test_what_is_told_of_an_instruction_tells_it_again(
    history: History, words: Definitions, text: str, flavour: str
) -> None:
    row = _row(history, text, flavour)
    said = _only(read_phrase(row["literal"], words), flavour)
    for key in ("text", "macros", "call"):
        assert _only(read_phrase(row[key], words), flavour) == said, key


@pytest.mark.parametrize(
    ("text", "bare"),
    [("0x95", True), ("BPF_JMP | BPF_EXIT", True), ("149", True), ("exit", False), ("{ 0x95 }", False),
     ("BPF_EXIT_INSN()", False), ("9500000000000000", False)],
)  # fmt: skip
def test_a_code_alone_is_a_bare_one(history: History, words: Definitions, text: str, bare: bool) -> None:
    assert {phrase.bare for phrase in read_phrase(text, words)} == {bare}
    assert _row(history, text, EBPF)["bare"] is bare


@pytest.mark.parametrize(
    ("text", "insn"),
    [
        ("{ 0xb7, 1, 0, 0, -1 }", Insn(0xB7, 1, 0, 0, -1)),
        ("{ 0xb7, 1, 0, 0, 0xffffffff }", Insn(0xB7, 1, 0, 0, -1)),
        ("{ 0x61, 1, 10, 0xfff8, 0 }", Insn(0x61, 1, 10, -8, 0)),
        ("{ 0x61, 1, 10, -8, 0 }", Insn(0x61, 1, 10, -8, 0)),
        ("{ .code = 0x61, .off = -4, .src_reg = BPF_REG_10 }", Insn(0x61, 0, 10, -4, 0)),
        ("{ .imm = (1 << 4) | 2, .code = (__u8)(0x700 | BPF_MOV | BPF_ALU64) }", Insn(0xB7, imm=18)),
        ("BPF_MOV64_IMM(BPF_REG_3, -5)", Insn(0xB7, 3, 0, 0, -5)),
        ("BPF_ALU32_REG(BPF_XOR, BPF_REG_2, 1 + 2)", Insn(0xAC, 2, 3)),
        ("BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_10, -(8 * 2))", Insn(0x79, 1, 10, -16)),
        ("BPF_JMP_IMM(BPF_JNE, BPF_REG_0, 0x800, +2)", Insn(0x55, 0, 0, 2, 0x800)),
        ("BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ours)", Insn(0x85, imm=1)),
        ("BPF_EMIT_CALL(BPF_FUNC_ours)", Insn(0x85, imm=1)),
        ("BPF_ATOMIC_OP(BPF_DW, BPF_ADD | BPF_FETCH, BPF_REG_1, BPF_REG_2, -8)", Insn(0xDB, 1, 2, -8, 1)),
        ("r1 += -7", Insn(0x07, 1, 0, 0, -7)), ("w3 = w4", Insn(0xBC, 3, 4)), ("goto -3", Insn(0x05, off=-3)),
        ("*(u32 *)(r10 - 4) = r1", Insn(0x63, 10, 1, -4)), ("if r1 s> 5 goto +7", Insn(0x65, 1, 0, 7, 5)),
        ("61 a1 f8 ff 00 00 00 00", Insn(0x61, 1, 10, -8, 0)),
        ("b7 01 00 00 ff ff ff 7f", Insn(0xB7, 1, imm=2**31 - 1)),
    ],
)  # fmt: skip
def test_fields_of_extended_instructions(words: Definitions, text: str, insn: Insn) -> None:
    assert _only(read_phrase(text, words), EBPF).insns == (insn,)


@pytest.mark.parametrize(
    ("text", "insn"),
    [
        ("{ 0x15, 1, 2, 0x800 }", Classic(0x15, 1, 2, 0x800)),
        ("{ 0x15, 0xff, 255, -1 }", Classic(0x15, 255, 255, 2**32 - 1)),
        ("BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 5)", Classic(0x15, 0, 5, 0x800)),
        ("BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12)", Classic(0x28, k=12)),
        ("{ .k = 12, .code = 0x28 }", Classic(0x28, k=12)),
        ("BPF_STMT(BPF_LD | BPF_W | BPF_ABS, -4096)", Classic(0x20, k=0xFFFFF000)),
        ("ldh [12]", Classic(0x28, k=12)),
        ("(003) jeq      #0x800           jt 4\tjf 7", Classic(0x15, 0, 3, 0x800)), ("tax", Classic(0x07)),
        ("15 00 05 02 00 08 00 00", Classic(0x15, 5, 2, 0x800)), ("{ .jt = 4 }", Classic(0, jt=4)),
        ("15000502 00080000", Classic(0x15, 5, 2, 0x800)),
    ],
)  # fmt: skip
def test_fields_of_classic_instructions(words: Definitions, text: str, insn: Classic) -> None:
    assert _only(read_phrase(text, words), CBPF).insns == (insn,)


# Flavours.


@pytest.mark.parametrize(
    ("text", "flavours"),
    [
        ("{ 0x06 }", [EBPF, CBPF]), ("{ BPF_RET }", [EBPF, CBPF]), ("{ .code = 0x06 }", [EBPF, CBPF]),
        ("{ 0x06, 0, 0, 0 }", [CBPF]), ("{ 0x06, 0, 0, 0, 0 }", [EBPF]),
        ("(struct sock_filter) { 0x06 }", [CBPF]), ("(struct bpf_insn) { 0x06 }", [EBPF]),
        ("{ .code = 0x06, .k = 1 }", [CBPF]), ("{ .code = 0x06, .jt = 1 }", [CBPF]),
        ("{ .code = 0x06, .imm = 1 }", [EBPF]), ("{ .code = 0x06, .off = 1 }", [EBPF]),
        ("{ .code = 0x06, .dst_reg = 1 }", [EBPF]), ("0x06", [EBPF, CBPF]),
        ("06 00 00 00 00 00 00 00", [EBPF, CBPF]), ("BPF_STMT(0x06, 0)", [CBPF]),
        ("BPF_RAW_INSN(0x06, 0, 0, 0, 0)", [EBPF]), ("exit", [EBPF]), ("ret #1", [CBPF]), ("goto +1", [EBPF]),
        ("ja 1", [CBPF]), ("neg", [CBPF]), ("r1 = -r1", [EBPF]),
    ],
)  # fmt: skip
def test_what_a_text_leaves_open_has_two_readings(words: Definitions, text: str, flavours: list[str]) -> None:
    assert [phrase.flavour for phrase in read_phrase(text, words)] == flavours


def test_a_reading_that_no_table_has_is_left_out(history: History) -> None:
    """0x06 is `ret` to a socket in every release, and a long jump to bpf(2) from v6.6 on."""
    assert [row["flavour"] for row in readings(history, "{ 0x06 }", "v6.5")] == [CBPF]
    assert [row["flavour"] for row in readings(history, "{ 0x06 }", "v6.6")] == [EBPF, CBPF]
    assert [row["text"] for row in readings(history, "{ 0x06 }")] == ["gotol +0", "ret #0"]
    assert [row["first_seen"] for row in readings(history, "0x06")] == ["v6.6", "v5.19"]


@pytest.mark.parametrize(
    "text", ["0xff", "{ 0xff, 0, 0, 0, 0 }", "{ 0x106, 0, 0, 0 }", "ff 00 00 00 00 00 00 00", "0x08"]
)
def test_an_instruction_that_no_table_has_is_none(history: History, text: str) -> None:
    with pytest.raises(NotPhrase, match=r"is no instruction that v6\.6 knows$"):
        readings(history, text)


def test_a_release_may_lack_an_instruction_that_another_has(history: History) -> None:
    assert readings(history, "gotol +5", "v6.6")
    for text in ("gotol +5", "{ 0x06, 0, 0, 0, 5 }"):
        with pytest.raises(NotPhrase, match=r"v6\.5"):
            readings(history, text, "v6.5")
    with pytest.raises(UnknownTag):
        readings(history, "exit", "v6.7")


@pytest.mark.parametrize(
    "text", ["r1 = (s8)r2", "{ 0xbf, 1, 2, 8, 0 }", "r1 s/= 3", "w1 s%= w2", "37 01 01 00 03 00 00 00"]
)
def test_what_shares_a_code_with_an_older_instruction_is_told_apart(history: History, text: str) -> None:
    """The code is there in every release, and what the other fields make of it only from v6.6 on."""
    row = _row(history, text, EBPF, "v6.6")
    assert (row["first_seen"], row["code"] in ("0xbf", "0x37", "0x9c")) == ("v6.6", True)
    assert _row(history, row["code"], EBPF, "v6.5")["first_seen"] == "v5.19"
    with pytest.raises(NotPhrase, match=r"v6\.5 knows"):
        readings(history, text, "v6.5")


def test_an_instruction_of_the_kernels_own_says_so(read: Scan) -> None:
    """What the interpreter has and no program may: its words are in no header of user space."""
    own = {
        _CORE: _array("static const void *jumptable[256]", ("JMP EXIT", "JMP TAIL_CALL"))
        + _array("static const bool public_insntable[256]", ("JMP EXIT",)),
        _INTERNAL_H: "#define BPF_TAIL_CALL 0xf0\n",
    }
    found = read({"v6.6": _RELEASES["v6.6"] | own}, sets=("bpf",))
    row = _row(found, "{ 0xf5, 0, 0, 0, 0 }", EBPF)
    assert (row["own"], row["first_seen"]) == (True, "v6.6")
    assert row["macros"] == "{ BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0 }"
    assert [item["name"] for item in row["resolved"]] == ["BPF_JMP", "BPF_TAIL_CALL"]
    assert {row["own"] for row in readings(found, "exit") + readings(found, "ret #0")} == {False}


def test_without_tables_the_bits_of_a_code_decide(read: Scan) -> None:
    headers = {
        _COMMON_H: _defines(_CLASSIC_WORDS),
        _BPF_H: _defines(_EXTENDED_WORDS),
        "Makefile": makefile("v4.2"),
    }
    found = read({"v4.2": headers}, sets=("bpf",))
    for text, flavour in (
        ("exit", EBPF),
        ("{ 0x95, 0, 0, 0, 0 }", EBPF),
        ("ret #0", CBPF),
        ("BPF_RET | BPF_K", CBPF),
    ):
        row = _row(found, text, flavour)
        assert (row["first_seen"], row["status"], row["call"]) == (None, None, None)
    assert _row(found, "exit", EBPF)["macros"] == "{ BPF_JMP | BPF_EXIT | BPF_K, 0, 0, 0, 0 }"
    with pytest.raises(NotPhrase):
        readings(found, "0xff")


# Two slots.

_WIDE = (Insn(LOAD, 2, 0, 0, 0x55667788), Insn(0, imm=0x11223344))


@pytest.mark.parametrize(
    "text",
    [
        "BPF_LD_IMM64(BPF_REG_2, 0x1122334455667788)", "BPF_LD_IMM64(BPF_REG_2, 0x1122334455667788ULL),",
        "BPF_LD_IMM64_RAW(BPF_REG_2, 0, 0x1122334455667788)", "r2 = 0x1122334455667788 ll",
        "r2 = 1234605616436508552 ll", "18 02 00 00 88 77 66 55 00 00 00 00 44 33 22 11",
        "18020000887766550000000044332211", "{ 0x18, 2, 0, 0, 0x55667788 }, { 0, 0, 0, 0, 0x11223344 }",
        "{ BPF_LD | BPF_IMM | BPF_DW, 2, 0, 0, 0x55667788 }, { 0, 0, 0, 0, 0x11223344 },",
    ],
)  # fmt: skip
def test_a_64_bit_load_has_two_slots(history: History, words: Definitions, text: str) -> None:
    assert read_phrase(text, words) == [Phrase(EBPF, _WIDE)]
    (row,) = readings(history, text)
    assert row["text"] == "r2 = 1234605616436508552 ll"
    assert row["call"] == "BPF_LD_IMM64(BPF_REG_2, 1234605616436508552)"
    assert read_phrase(row["macros"], words) == read_phrase(row["literal"], words) == [Phrase(EBPF, _WIDE)]


def test_a_64_bit_load_of_a_map_says_so_by_its_source(history: History, words: Definitions) -> None:
    text = "BPF_LD_IMM64_RAW(BPF_REG_1, BPF_PSEUDO_MAP_FD, 7)"
    insns = (Insn(LOAD, 1, 1, 0, 7), Insn(0))
    assert read_phrase(text, words) == [Phrase(EBPF, insns)]
    assert readings(history, text)[0]["call"] == "BPF_LD_IMM64_RAW(BPF_REG_1, 1, 7)"
    assert read_phrase("BPF_LD_IMM64(BPF_REG_1, -1)", words)[0].insns == (
        Insn(LOAD, 1, imm=-1),
        Insn(0, imm=-1),
    )


@pytest.mark.parametrize(
    "text",
    [
        "BPF_EXIT_INSN(), BPF_EXIT_INSN()", "{ 0x95, 0, 0, 0, 0 }, { 0x95, 0, 0, 0, 0 }",
        "95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00", "BPF_MOV64_IMM(BPF_REG_0, 0), BPF_EXIT_INSN()",
        "BPF_LD_IMM64(BPF_REG_1, 1), BPF_EXIT_INSN()", "{ 0x06, 0, 0, 0 }, { 0x06, 0, 0, 1 }",
        "BPF_STMT(BPF_RET, 0), BPF_STMT(BPF_RET, 0)", "{ 0x95 } { 0x95 }", "{ 0x95 }, { 0x95 }, { 0x95 }",
        "OUR_PAIR(BPF_EXIT_INSN())",
    ],
)  # fmt: skip
def test_two_instructions_are_not_one(words: Definitions, text: str) -> None:
    """A phrase is one instruction; two slots are one only where the first is a 64-bit load."""
    with pytest.raises(NotPhrase):
        read_phrase(text, words)


# What is none.

ERRORS = {
    "{ 0xb7, 0, 0, 0, 0x1ffffffff }": "imm = 8589934591 does not fit",
    "{ 6, 0, 0, 0x1ffffffff }": "k = 8589934591 does",
    "BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, sizeof_ours ? 4 : 4)": "sizeof_ours has no value here",
    "BPF_JMP_IMM(BPF_JNE, BPF_REG_0, (0, 1), 2)": "(0, 1)", "": "''", "   ": "''", "\n\t\n": "''",
    "exit exit": "exit", "hello": "hello has no value here at v6.6",
    "BPF_EXIT_INSN": "BPF_EXIT_INSN has no value here", "BPF_NEVER_HEARD()": "'BPF_NEVER_HEARD' is no macro",
    "BPF_NEVER_HEARD(1, 2)": "'BPF_NEVER_HEARD' is no macro", "FOO(BPF_EXIT_INSN())": "'FOO' is no macro",
    "BPF_EXIT_INSN() | 1": "'|' is no macro", "{ 0x95 } or so": "'or' is no macro", "sizeof(int)": "sizeof",
    "{ BPF_NEVER_HEARD, 0, 0, 0, 0 }": "BPF_NEVER_HEARD has no value here at v6.6",
    "{ BPF_JMP | BPF_NEVER_HEARD }": "BPF_NEVER_HEARD has no value here",
    "{ 0x95, x, 0, 0, 0 }": "x has no value here",
    "BPF_MOV64_IMM(BPF_REG_11, 0)": "BPF_REG_11 has no value here",
    "OUR_EMIT_CALL(BPF_FUNC_ours)": "our_call_base", "BPF_MOV64_IMM(BPF_REG_0)": "too few arguments",
    "BPF_MOV64_IMM(1, 2, 3)": "too many arguments", "BPF_MOV64_IMM(1, 2": "does not end",
    "BPF_MOV64_IMM(": "BPF_MOV64_IMM", "{ 0, 0, 0, 0, 0, 0 }": "fields", "{ 0x95, 0, 0, 0, 0, 0, 0 }": "fields",
    "{ 0x95, 0, 0 }": "fields", "{ 0x95, 0 }": "fields", "{ }": "fields", "{}": "fields", "{ , }": "fields",
    "{ .code = 1, .foo = 2 }": "fields", "{ .code = 1, 2 }": "fields", "{ 1, .code = 2 }": "fields",
    "{ .jt = 1, .imm = 2 }": "fields", "{ .code }": "fields", "{ .code = }": "fields", "{ . }": "fields",
    "{ code: 1 }": "code", "{ 0x95": "brace", "{ 0x95, 0, 0, 0, 0": "brace", "{": "brace",
    "BPF_MOV64_IMM(1, {)": "", "{ { 0x95 }": "brace", "}": "'}'", "{ { 0x95 } }": "'{'",
    "{ 0x195, 0, 0, 0, 0 }": "fit", "{ 0x95, 16, 0, 0, 0 }": "dst_reg = 16 does not fit",
    "{ 0x95, 0, 16, 0, 0 }": "src_reg = 16 does not fit", "{ 0x95, -9, 0, 0, 0 }": "dst_reg = -9 does not fit",
    "{ 0x95, 0, 0, 0x10000, 0 }": "off = 65536 does not fit",
    "{ 0x95, 0, 0, -32769, 0 }": "off = -32769 does not fit", "{ 0x15, 256, 0, 0 }": "jt = 256 does not fit",
    "{ 0x15, 0, 300, 0 }": "jf = 300 does not fit", "{ 0x10006, 0, 0, 0 }": "code = 65542 does not fit",
    "{ 0x95, 0, 0, 0, 0x10000000000000000 }": "fit", "{ 0x06, 0, 0, 0x10000000000000000 }": "fit",
    "BPF_JUMP(0x15, 0, 256, 0)": "fit", "BPF_MOV64_IMM(16, 0)": "fit",
    "{ 0x95, 0, 0, 1 / 0, 0 }": "division by zero", "1 / 0": "division by zero",
    "256": "is 256: an opcode is a byte", "0x100": "an opcode is a byte", "-1": "an opcode is a byte",
    "BPF_JMP << 8": "an opcode is a byte", "999": "an opcode is a byte", "r12 = 1": "registers",
    "goto +40000": "does not fit", "r1 = 0x1ffffffff": "does not fit", "95 00 00 00": "4 bytes",
    "9500": "an opcode is a byte", "95 00 00 00 00 00 00 00 95 00": "10 bytes", "zz 00 00 00 00 00 00 00": "zz",
    "0x": "0x", "1.5": "1.5", "08a": "08a", "'a'": "is no number", '"exit"': "is no number", "exit()": "exit",
    "0x95,": "','", "exit #": "", "#define X": "#", "// exit": "'/'", "\\": "", "@": "", "\x00": "",
    "\u2713": "", "\u0669\u0665": "", "\ud800": "", "{ \u0669 }": "", "BPF_JMP \u2028| BPF_EXIT": "",
    "é(1)": "", "{ 'a\nb', 0, 0, 0, 0 }": "", '"a\nb" { 0x95 }': "", "0x95 \x00": "", "{ 0x95 }\x1b[31m": "",
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [pytest.param(*row, id=ascii(row[0])) for row in ERRORS.items()])
def test_what_is_no_instruction_is_told_in_one_line(
    history: History, words: Definitions, text: str, said: str
) -> None:
    with pytest.raises(KscanError) as why:
        read_phrase(text, words)
    assert said in str(why.value)
    assert "\n" not in str(why.value)
    assert str(why.value).strip()
    with pytest.raises(KscanError):
        readings(history, text)


@pytest.mark.parametrize(
    "text",
    [
        "r0 = 010", "r0 = 08", "goto +08", "call 007", "ret #010", "ret #09", "ld [09]", "ldh [012]", "ja 08",
        "if r1 == 010 goto +1", "*(u8 *)(r1 + 010) = 1",
    ],
)  # fmt: skip
def test_a_number_with_a_leading_zero_is_a_number_or_none(words: Definitions, text: str) -> None:
    with suppress(NotPhrase):
        assert len(read_phrase(text, words)) == 1


@pytest.mark.parametrize("space", ["\u00a0", "\x1c", "\x85", "\u2028", "\u3000"])
def test_bytes_may_be_parted_by_any_space(words: Definitions, space: str) -> None:
    with suppress(NotPhrase):
        assert read_phrase(f"95{space}00 00 00 00 00 00 00", words)[0].insns == (EXIT,)


@pytest.mark.parametrize(
    ("text", "code"), [("010", 8), ("(010)", 8), ("0010", 8), ("{ 010, 0, 0, 0 }", 8), ("06", 6)]
)
def test_a_leading_zero_means_the_same_in_every_phrasing(words: Definitions, text: str, code: int) -> None:
    """An octal number, as C has it: in a byte alone as well as in an expression."""
    assert _only(read_phrase(text, words), CBPF).insns == (Classic(code),)


@pytest.mark.parametrize(
    "text", ["jeq #1 jt 300 jf 0", "(000) jeq #1 jt 1 jf 900", "ret #0x1ffffffff", "ja 99999999999"]
)
def test_a_number_of_a_classic_text_that_does_not_fit_is_told(words: Definitions, text: str) -> None:
    with pytest.raises(NotPhrase, match="fit"):
        read_phrase(text, words)


_LONG = 5000
LONG = {
    "hex": "0x" + "f" * _LONG, "decimal": "9" * _LONG, "register": f"r{'9' * _LONG} = 1",
    "target": "goto +" + "9" * _LONG, "immediate": "r1 = " + "9" * _LONG, "classic": "ret #" + "9" * _LONG,
    "classic-hex": "ret #0x" + "9" * _LONG, "place": f"({'9' * _LONG}) ret #0",
    "jump": f"jeq #0 jt {'9' * _LONG} jf 1", "field": f"{{ 0x{'f' * _LONG}, 0, 0, 0 }}",
    "shift": "1 << 63" + " << 63" * _LONG, "product": "9999 * " * _LONG + "1", "sum": "1 + " * _LONG + "1",
    "word": "a" * _LONG, "words": "a " * _LONG, "digits-and-words": "95 " * _LONG,
    "fields": "{ " + "0, " * _LONG + "}",
    "open": "{" * _LONG, "closed": "}" * _LONG, "pairs": "{}" * _LONG,
    "instructions": "{ 0x95, 0, 0, 0, 0 }, " * _LONG, "calls": "BPF_EXIT_INSN(), " * 500, "quotes": '"' * _LONG,
    "one-quote": "'" * _LONG, "backslashes": "\\" * _LONG, "spaces": "x" + " " * _LONG + "y",
    "lines": "x" + "\n" * _LONG + "y", "angles": "goto +1" + " <" * _LONG, "astral": "\U0001f600" * _LONG,
    "marks": "%" * _LONG, "hashes": "#" * _LONG, "commas": "," * _LONG,
    "arguments": "BPF_MOV64_IMM(" + "1, " * _LONG + "1)",
    "string-argument": f'BPF_MOV64_IMM(1, "{"a" * _LONG}")',
}  # fmt: skip
DEEP = {
    "parentheses": "(" * _LONG + "1" + ")" * _LONG, "parentheses-left-open": "(" * _LONG,
    "minus": "- " * _LONG + "1", "in-a-field": "{ " + "(" * _LONG + "1" + ")" * _LONG + ", 0, 0, 0 }",
    "ternaries": "1 ? 1 : " * _LONG + "1", "casts": "(int)" * _LONG + "1", "braces": "{" * _LONG + "}" * _LONG,
    "in-an-argument": "BPF_MOV64_IMM(1, " + "(" * _LONG + "1" + ")" * _LONG + ")",
    "calls": "BPF_OP(" * _LONG + "1" + ")" * _LONG, "calls-left-open": "BPF_OP(" * _LONG,
    "calls-in-a-field": "{ " + "BPF_OP(" * 400 + "1" + ")" * 400 + ", 0, 0, 0, 0 }",
}  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in (LONG | DEEP).items()])
def test_a_text_without_measure_is_no_instruction(words: Definitions, text: str) -> None:
    with pytest.raises(NotPhrase) as why:
        read_phrase(text, words)
    assert "\n" not in str(why.value)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("OUR_LOOP(1)", id="that-come-back"),
        pytest.param("{ " + "OUR_TWICE(" * 30 + "1" + ")" * 30 + ", 0, 0, 0, 0 }", id="nested"),
    ],
)
def test_macros_that_grow_without_end_are_stopped_soon(words: Definitions, text: str) -> None:
    with pytest.raises(NotPhrase):
        read_phrase(text, words)


SOUP = (
    "{", "}", "(", ")", ",", ";", ".", "=", "|", "&", "<<", ">>", "-", "+", "~", "?", ":", "/", "%", "#", "##",
    "'", '"', "\\", "0", "1", "6", "0x95", "149", "255", "256", "-1", "010", "08", "0x", "1.5",
    "0xffffffffffffffff", "95", "00", "ff", "9500000000000000", "struct", "bpf_insn", "sock_filter", "const",
    "int", "__u8", "unsigned", ".code", ".jt", ".k", ".imm", ".dst_reg", ".off", "code", "imm", "BPF_JMP",
    "BPF_EXIT", "BPF_RET", "BPF_K", "BPF_REG_1", "BPF_NEVER_HEARD", "BPF_EXIT_INSN", "BPF_EXIT_INSN()",
    "BPF_RAW_INSN", "BPF_MOV64_IMM", "BPF_LD_IMM64", "BPF_STMT", "BPF_JUMP", "BPF_OP", "BPF_EMIT_CALL",
    "OUR_TWICE", "OUR_PAIR", "exit", "r0", "r1", "r10", "r99", "w1", "+=", "s>=", "goto", "call", "if", "ll",
    "*(u32 *)(r1 + 4)", "lock", "ret", "#0", "#010", "#0x", "jeq", "jt", "jf", "ldh", "[12]", "[x + 1]", "M[1]",
    "(000)", "x", "tax", "\n", "\t", "\u00a0", "\u2028", "\u0663", "\x00", "\ud800", "é", "\U0001f600", "/*",
    "*/", "//", "<x>",
)  # fmt: skip


def _is_well_formed(phrase: Phrase) -> bool:
    if phrase.flavour == CBPF:
        (classic,) = phrase.insns
        assert isinstance(classic, Classic)
        return len(encode_classic(classic)) == 8
    insns = [insn for insn in phrase.insns if isinstance(insn, Insn)]
    assert len(insns) == len(phrase.insns)
    return 1 <= len(insns) <= 2 and all(len(encode(insn)) == 8 for insn in insns)


def _reads(text: str, words: Definitions) -> None:
    """A text is refused in one line, or has readings of one flavour each that are instructions."""
    try:
        found = read_phrase(text, words)
    except KscanError as why:
        said = str(why)
    else:
        flavours = [phrase.flavour for phrase in found]
        assert flavours in ([EBPF], [CBPF], [EBPF, CBPF])
        assert all(_is_well_formed(phrase) for phrase in found)
        said = "read"
    assert said.strip()
    assert "\n" not in said


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(SOUP), max_size=14), st.sampled_from(("", " ", "  ")))
def test_any_soup_of_words_is_read_or_refused(words: Definitions, soup: list[str], between: str) -> None:
    _reads(between.join(soup), words)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=80), st.text(st.characters(codec="ascii"), max_size=60)))
def test_any_text_is_read_or_refused(words: Definitions, text: str) -> None:
    _reads(text, words)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.sampled_from(EXITS + RETS + tuple(ERRORS)),
    st.integers(0, 80),
    st.integers(0, 10),
    st.sampled_from(("", *SOUP)),
)
def test_any_altered_phrase_is_read_or_refused(
    words: Definitions, text: str, at: int, length: int, instead: str
) -> None:
    _reads(text[:at] + instead + text[at + length :], words)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(EXITS + RETS), st.lists(st.sampled_from(SOUP), max_size=3))
def test_any_reading_can_be_told(history: History, text: str, soup: list[str]) -> None:
    with suppress(KscanError):
        for row in readings(history, " ".join((text, *soup))):
            assert set(OPCODE) <= set(row)


# What a release makes of an instruction.

_SHORT = st.one_of(st.just(0), st.integers(-(2**15), 2**15 - 1))
_INT = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from((0, 1, -1, 16, 32, 64)))
_BYTE, _UNSIGNED = st.integers(0, 255), st.integers(0, 2**32 - 1)


def _slots(insn: Insn, high: int) -> tuple[Insn, ...]:
    return (insn, Insn(0, imm=high)) if insn.code == LOAD else (insn,)


def _insns(registers: int) -> st.SearchStrategy[tuple[Insn, ...]]:
    register = st.integers(0, registers - 1)
    return st.builds(_slots, st.builds(Insn, st.sampled_from(EXTENDED), register, register, _SHORT, _INT), _INT)


_CLASSICS = st.builds(Classic, st.sampled_from(CLASSIC), _BYTE, _BYTE, _UNSIGNED)


def _tells(history: History, words: Definitions, data: bytes, said: Phrase) -> Row:
    """The row of an instruction given as bytes; each of its spellings is read back as the instruction."""
    row = _row(history, data.hex(), said.flavour)
    assert {key: row[key] for key in said.insns[0]._asdict() if key != "code"} == {
        key: value for key, value in said.insns[0]._asdict().items() if key != "code"
    }
    assert row["code"] == f"0x{said.insns[0].code:02x}"
    for key in ("literal", "macros", "call"):
        assert row[key] is None or said in read_phrase(row[key], words), (key, row[key])
    return row


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_insns(11))
def test_any_extended_instruction_is_spelled_so_that_it_reads_back(
    history: History, words: Definitions, insns: tuple[Insn, ...]
) -> None:
    row = _tells(history, words, b"".join(map(encode, insns)), Phrase(EBPF, insns))
    if len(insns) == 1:
        assert row["call"] is not None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_insns(16))
def test_registers_that_have_no_name_are_numbers(
    history: History, words: Definitions, insns: tuple[Insn, ...]
) -> None:
    row = _tells(history, words, b"".join(map(encode, insns)), Phrase(EBPF, insns))
    assert not any(f"BPF_REG_{number}" in (row["call"] or "") for number in range(11, 16))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_CLASSICS)
def test_any_classic_instruction_is_spelled_so_that_it_reads_back(
    history: History, words: Definitions, insn: Classic
) -> None:
    assert _tells(history, words, encode_classic(insn), Phrase(CBPF, (insn,)))["call"] is not None


CALLS = {
    "exit": "BPF_EXIT_INSN()", "r3 = -5": "BPF_MOV64_IMM(BPF_REG_3, -5)",
    "w3 = 5": "BPF_MOV32_IMM(BPF_REG_3, 5)", "r1 = r6": "BPF_MOV64_REG(BPF_REG_1, BPF_REG_6)",
    "w1 = w6": "BPF_MOV32_REG(BPF_REG_1, BPF_REG_6)", "r1 += 7": "BPF_ALU64_IMM(BPF_ADD, BPF_REG_1, 7)",
    "w1 ^= 7": "BPF_ALU32_IMM(BPF_XOR, BPF_REG_1, 7)",
    "r1 /= r2": "BPF_ALU64_REG(BPF_DIV, BPF_REG_1, BPF_REG_2)",
    "w1 s>>= w2": "BPF_ALU32_REG(BPF_ARSH, BPF_REG_1, BPF_REG_2)",
    "r1 = be16 r1": "BPF_ENDIAN(BPF_TO_BE, BPF_REG_1, 16)",
    "r1 = le64 r1": "BPF_ENDIAN(BPF_TO_LE, BPF_REG_1, 64)", "r1 = bswap32 r1": "BPF_BSWAP(BPF_REG_1, 32)",
    "r1 = (s8)r2": "BPF_MOVSX64_REG(BPF_REG_1, BPF_REG_2, 8)", "r0 = *(u16 *)skb[12]": "BPF_LD_ABS(BPF_H, 12)",
    "r0 = *(u8 *)skb[r3]": "BPF_LD_IND(BPF_B, BPF_REG_3, 0)",
    "r1 = *(u64 *)(r10 - 8)": "BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_10, -8)",
    "r1 = *(s32 *)(r2 + 4)": "BPF_LDX_MEMSX(BPF_W, BPF_REG_1, BPF_REG_2, 4)",
    "*(u32 *)(r10 - 4) = r1": "BPF_STX_MEM(BPF_W, BPF_REG_10, BPF_REG_1, -4)",
    "*(u8 *)(r1 + 0) = 9": "BPF_ST_MEM(BPF_B, BPF_REG_1, 0, 9)", "gotol +70000": "BPF_JMP32_A(70000)",
    "lock *(u64 *)(r1 + 8) += r2": "BPF_ATOMIC_OP(BPF_DW, BPF_ADD, BPF_REG_1, BPF_REG_2, 8)",
    "r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)":
        "BPF_ATOMIC_OP(BPF_DW, BPF_OR | BPF_FETCH, BPF_REG_1, BPF_REG_2, 0)",
    "if r1 == 5 goto +3": "BPF_JMP_IMM(BPF_JEQ, BPF_REG_1, 5, 3)", "goto -2": "BPF_JMP_A(-2)",
    "if r1 s< r2 goto +3": "BPF_JMP_REG(BPF_JSLT, BPF_REG_1, BPF_REG_2, 3)",
    "if w1 & 4 goto +3": "BPF_JMP32_IMM(BPF_JSET, BPF_REG_1, 4, 3)",
    "if w1 != w2 goto -3": "BPF_JMP32_REG(BPF_JNE, BPF_REG_1, BPF_REG_2, -3)",
    "r1 = 7 ll": "BPF_LD_IMM64(BPF_REG_1, 7)", "r1 s/= 3": "BPF_ALU64_IMM_OFF(BPF_DIV, BPF_REG_1, 3, 1)",
    "call 7": "BPF_JMP_IMM(BPF_CALL, BPF_REG_0, 7, 0)",
    "{ 0x95, 1, 2, 3, 4 }": "BPF_RAW_INSN(BPF_JMP | BPF_EXIT | BPF_K, BPF_REG_1, BPF_REG_2, 3, 4)",
    "ret #5": "BPF_STMT(BPF_RET | BPF_K, 5)", "ret": "BPF_STMT(BPF_RET | BPF_A, 0)",
    "ldh [12]": "BPF_STMT(BPF_LD | BPF_ABS | BPF_H, 12)",
    "jeq #0x800 jt 1 jf 4": "BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2048, 0, 3)",
    "ja 4": "BPF_STMT(BPF_JMP | BPF_JA | BPF_K, 3)", "{ 0x06, 1, 0, 0 }": "BPF_JUMP(BPF_RET | BPF_K, 0, 1, 0)",
    "tax": "BPF_STMT(BPF_MISC | BPF_TAX, 0)",
}  # fmt: skip


@pytest.mark.parametrize(("text", "call"), [pytest.param(*row, id=row[0]) for row in CALLS.items()])
def test_the_plainest_macro_that_makes_an_instruction_is_its_call(
    history: History, words: Definitions, text: str, call: str
) -> None:
    (row,) = readings(history, text)
    assert row["call"] == call
    assert read_phrase(call, words) == read_phrase(text, words)


@pytest.mark.parametrize(
    ("text", "tag", "call"),
    [
        ("exit", "v5.19", None), ("r1 = 5", "v5.19", None), ("ret #0", "v5.19", None),
        ("r1 = 7 ll", "v5.19", None),
        ("r1 = be16 r1", "v6.5", "BPF_RAW_INSN(BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_1, BPF_REG_0, 0, 16)"),
        ("r1 = be16 r1", "v6.6", "BPF_ENDIAN(BPF_TO_BE, BPF_REG_1, 16)"),
        ("exit", "v6.5", "BPF_EXIT_INSN()"),
    ],
)  # fmt: skip
def test_a_call_is_one_that_the_release_has(history: History, text: str, tag: str, call: str | None) -> None:
    (row,) = readings(history, text, tag)
    assert (row["call"], row["first_seen"]) == (call, "v5.19")
    assert row["macros"] is not None


def test_a_call_needs_the_text_of_its_macro(history: History, tmp_path: Path) -> None:
    """Only facts of a file may be kept: its macros are then known by name and not by what they do."""
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(Path(history.layers[0].path).read_bytes())
    store = Store(copy)
    store.db.execute("UPDATE file SET blob = 'gone' WHERE path = ?", (_INTERNAL_H,))
    store.db.close()
    bare = History(copy)
    (row,) = readings(bare, "exit")
    assert (row["call"], row["macros"]) == (None, "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }")
    with pytest.raises(NotPhrase, match=r"'BPF_EXIT_INSN' is no macro .* or its text is not kept"):
        readings(bare, "BPF_EXIT_INSN()")
    assert readings(bare, "ret #0")[0]["call"] == "BPF_STMT(BPF_RET | BPF_K, 0)"


# What was looked up.


def _place(path: str, start: str, tag: str) -> str:
    """The address of what begins so in a file of a release."""
    lines = _RELEASES[tag][path].split("\n")
    first = next(number for number, line in enumerate(lines, 1) if line.strip("\t").startswith(start))
    last = first
    while lines[last - 1].endswith("\\"):
        last += 1
    return f"https://kernel.example/{tag}/{path}#L{first}" + (f"-L{last}" if last > first else "")


@pytest.mark.parametrize("tag", ["v6.5", "v6.6"])
def test_resolved_names_have_their_value_and_place_at_the_release(history: History, tag: str) -> None:
    (row,) = readings(history, "BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, BPF_FUNC_ours)", tag)
    found = {item["name"]: (item["value"], item["permalink"]) for item in row["resolved"]}
    assert found == {
        "BPF_ALU64_IMM": (None, _place(_INTERNAL_H, "#define BPF_ALU64_IMM(", tag)),
        "BPF_OP": (None, _place(_COMMON_H, "#define BPF_OP(", tag)),
        "BPF_ALU64": (0x07, _place(_BPF_H, "#define BPF_ALU64\t", tag)),
        "BPF_ADD": (0x00, _place(_COMMON_H, "#define BPF_ADD\t", tag)),
        "BPF_K": (0x00, _place(_COMMON_H, "#define BPF_K\t", tag)),
        "BPF_REG_2": (2, _place(_BPF_H, "BPF_REG_2,", tag)),
        "BPF_FUNC_ours": (1, _place(_BPF_H, "BPF_FUNC_ours,", tag)),
    }
    assert len(row["resolved"]) == len(found)


def test_numbers_are_resolved_by_the_words_of_the_table(history: History) -> None:
    (row,) = readings(history, "exit", "v5.19")
    assert [(item["name"], item["value"]) for item in row["resolved"]] == [
        ("BPF_JMP", 0x05),
        ("BPF_EXIT", 0x90),
    ]
    assert row["resolved"][1]["permalink"] == _place(_BPF_H, "#define BPF_EXIT\t", "v5.19")
    (row,) = readings(history, "exit")
    assert [item["name"] for item in row["resolved"]] == ["BPF_JMP", "BPF_EXIT", "BPF_EXIT_INSN"]


def test_each_reading_has_the_names_that_it_needs(history: History) -> None:
    extended, classic = readings(history, "{ 0x06 }")
    assert [item["name"] for item in extended["resolved"]][:2] == ["BPF_JMP32", "BPF_JA"]
    assert [item["name"] for item in classic["resolved"]] == ["BPF_RET", "BPF_K", "BPF_STMT"]


def test_without_an_address_a_name_is_placed_by_path_and_line(read: Scan) -> None:
    found = read({"v6.6": _RELEASES["v6.6"]}, sets=("bpf",))
    (row,) = readings(found, "exit")
    line = _RELEASES["v6.6"][_BPF_H].split("\n").index("#define BPF_EXIT\t0x90") + 1
    (exits,) = [item for item in row["resolved"] if item["name"] == "BPF_EXIT"]
    assert exits["permalink"].endswith((f"{_BPF_H}:{line}", f"{_BPF_H}#L{line}"))


def test_a_word_of_a_table_that_is_a_number_keeps_its_value(read: Scan) -> None:
    """v3.15 spells some entries with a number: what `macros` says is the instruction all the same."""
    table = (
        "static const void *jumptable[256] = {\n\t[BPF_JMP|0x90] = &&l1,\n\t[BPF_JMP|BPF_CALL|0] = &&l2,\n};\n"
    )
    found = read({"v6.6": _RELEASES["v6.6"] | {_CORE: table}}, sets=("bpf",))
    known = Definitions(found, found.newest)
    for text in ("exit", "call 1"):
        (row,) = readings(found, text)
        assert read_phrase(row["macros"], known) == read_phrase(text, known)


# The words of a release.


def test_definitions_are_those_of_their_release(history: History) -> None:
    old, new = (Definitions(history, history.release(tag)) for tag in ("v6.5", "v6.6"))
    assert (old.value("BPF_MEMSX"), new.value("BPF_MEMSX")) == (None, 0x80)
    assert (old.get("BPF_JMP32_A"), new.get("BPF_JMP32_A") is not None) == (None, True)
    assert (old.where, new.where) == ("at v6.5", "at v6.6")
    assert (new.field_value("BPF_EXIT"), new.field_value("BPF_NEVER_HEARD")) == (0x90, None)


def test_definitions_remember_what_was_asked_for(history: History) -> None:
    known = Definitions(history, history.release("v6.6"))
    assert known.value("BPF_EXIT") == 0x90
    assert known.value("BPF_NEVER_HEARD") is None
    assert known.value("BPF_EXIT_INSN") is None
    assert known.value("bpf_func_id") is None
    assert known.get("BPF_EXIT") is None
    assert known.get("BPF_JMP_A") is not None
    assert known.value("BPF_EXIT") == 0x90
    assert list(known.used) == ["BPF_EXIT", "BPF_JMP_A"]
    assert {name: fact.path for name, fact in known.used.items()} == {
        "BPF_EXIT": _BPF_H,
        "BPF_JMP_A": _INTERNAL_H,
    }


def test_a_macro_is_the_text_of_its_lines(history: History) -> None:
    known = Definitions(history, history.release("v6.6"))
    (define,) = [
        item
        for item in skeleton(_macros({"BPF_JMP_A(o)": _MACROS["BPF_JMP_A(o)"]}))
        if isinstance(item, Define)
    ]
    found = known.get("BPF_JMP_A")
    assert isinstance(found, Macro)
    assert (found.define.name, found.define.says.shape) == ("BPF_JMP_A", define.says.shape)


def test_user_spaces_words_go_before_the_kernels_own(read: Scan) -> None:
    files = _RELEASES["v6.6"] | {_INTERNAL_H: "#define BPF_EXIT 0x70\n#define BPF_INSIDE 0x90\n"}
    found = read({"v6.6": files}, sets=("bpf",))
    known = Definitions(found, found.newest)
    assert (known.value("BPF_EXIT"), known.value("BPF_INSIDE")) == (0x90, 0x90)
    assert _only(read_phrase("BPF_JMP | BPF_INSIDE", known), EBPF).insns == (EXIT,)
