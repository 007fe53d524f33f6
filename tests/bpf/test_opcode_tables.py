"""Opcodes as the kernel's tables have them: every form that a table ever had, and what is answered from it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.bpf.becomes import SOURCE, becomes
from kscan.bpf.opcode_tables import OWN, Opcodes
from kscan.bpf.opcodes import describe, opcode_cells, opcodes
from kscan.bpf.readings import readings
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import CLASSES, MODES, OPERATIONS, REFUSED, REFUSED_BY_WORDS, SIZES, VARIANTS
from kscan.history import History
from kscan.model import CLASSIC, INTERNAL, INTERPRETER, PUBLIC, SECCOMP
from kscan.rows import ABSENT, EXACT, FROM_OLDEST, OPCODES, PRESENT, UNPARSED, WINDOW, Row
from kscan.scan import Request, scan
from kscan.sources.choose import tree_source
from kscan.store import Store
from kscan.version import KernelVersion
from tests.conftest import Scan
from tests.kernels import makefile, write_tree
from tests.parse.reading import read as read_header
from tests.parse.reading import table

# A table's text to its facts: FIRST TABLE WORDS [= what a later switch calls it].

_SOCKETS, _CORE, _CALLS = "net/core/filter.c", "kernel/bpf/core.c", "kernel/seccomp.c"

FORMS = {
    "labels of the switch that ran programs": (
        """
static int check(int code)
{
	switch (code) {
	case BPF_MISC|BPF_TXA:
		return 0;
	}
}
int sk_run_filter(struct our *f, int n)
{
	switch (f->code) {
	case BPF_ALU|BPF_ADD|BPF_X:
		a += x;
		continue;
	case BPF_RET|BPF_K: return f->k;
	case BPF_ST:
	case BPF_LD | BPF_W
		| BPF_ABS:
		switch (f->k) {
		case SKF_AD_OURS:
			break;
		case 7:
			break;
		default:
			break;
		}
	default:
		return 0;
	}
}
""",
        """
11 classic BPF_ALU|BPF_ADD|BPF_X
14 classic BPF_RET|BPF_K
15 classic BPF_ST
16 classic BPF_LD|BPF_W|BPF_ABS
""",
    ),
    "codes, and the kernel's own names in the switch": (
        """
int sk_run_filter(struct our *f)
{
	switch (f->code) {
	case BPF_S_ALU_ADD_K:
		return 1;
	case BPF_S_RET_K:
		return 0;
	}
}
int sk_chk_filter(struct our *f)
{
	static const u8 codes[] = {
		[BPF_ALU|BPF_ADD|BPF_K] = BPF_S_ALU_ADD_K,
		[BPF_RET|BPF_K]         = BPF_S_RET_K,
		[BPF_ST] = BPF_S_ST,
	};
	code = codes[code];
}
void undo(struct our *f)
{
	static const u16 decodes[] = {
		[BPF_S_ALU_ADD_K] = BPF_ALU|BPF_ADD|BPF_K,
		[BPF_S_RET_K] = BPF_RET|BPF_K,
	};
	to = decodes[f->code];
}
""",
        """
13 classic BPF_ALU|BPF_ADD|BPF_K = BPF_S_ALU_ADD_K
14 classic BPF_RET|BPF_K = BPF_S_RET_K
15 classic BPF_ST = BPF_S_ST
""",
    ),
    "codes that count from one": (
        "static const u8 codes[] = {\n\t[BPF_RET|BPF_K] = BPF_S_RET_K + 1,\n};\n",
        "2 classic BPF_RET|BPF_K = BPF_S_RET_K\n",
    ),
    "codes that are true": (
        """
static bool chk_code_allowed(u16 code)
{
	static const bool codes[] = {
		/* [BPF_MISC | BPF_TAX] = true, */
		[BPF_ALU | BPF_ADD | BPF_K] = true,
		[BPF_LD | BPF_W | BPF_ABS] = true, [BPF_RET | BPF_A] = true,
		[BPF_JMP |
		BPF_JA] = true
	};
	if (code >= ARRAY_SIZE(codes))
		return false;
	return codes[code];
}
""",
        """
5 classic BPF_ALU|BPF_ADD|BPF_K
6 classic BPF_LD|BPF_W|BPF_ABS
6 classic BPF_RET|BPF_A
7 classic BPF_JMP|BPF_JA
""",
    ),
    "jumps by a macro inside the initialiser": (
        """
unsigned int run(void *ctx, struct our *insn)
{
	static const void *jumptable[256] = {
		[0 ... 255] = &&nothing,
#define DL(A, B, C)	[BPF_##A|BPF_##B|BPF_##C] = &&A##_##B##_##C
		DL(ALU, ADD, X),
		DL(ALU, ADD, K), DL(ALU64, MOV, K),
		DL(JMP, EXIT,
			K),
		[BPF_JMP|BPF_CALL|0] = &&call,
#undef DL
	};
	goto *jumptable[insn->code];
}
""",
        """
6 interpreter BPF_ALU|BPF_ADD|BPF_X
7 interpreter BPF_ALU64|BPF_MOV|BPF_K
7 interpreter BPF_ALU|BPF_ADD|BPF_K
8 interpreter BPF_JMP|BPF_EXIT|BPF_K
10 interpreter BPF_JMP|BPF_CALL|0
""",
    ),
    "one map for two tables, each with more": (
        """
#define BPF_INSN_MAP(INSN_2, INSN_3)	\\
	/* sums */			\\
	INSN_3(ALU, ADD, X),		\\
	INSN_3(ALU, ADD, K),		\\
	INSN_2(ALU, NEG),		\\
	INSN_2(JMP, EXIT)

bool known(u8 code)
{
#define TWO(x, y) [BPF_##x | BPF_##y] = true
#define THREE(x, y, z) [BPF_##x | BPF_##y | BPF_##z] = true
	static const bool public_insntable[256] = {
		[0 ... 255] = false,
		BPF_INSN_MAP(TWO, THREE),
		[BPF_LD | BPF_ABS | BPF_B] = true,
	};
#undef THREE
#undef TWO
	return public_insntable[code];
}

u64 run(u64 *regs)
{
#define TWO_LABEL(x, y) [BPF_##x | BPF_##y] = &&x##_##y
#define THREE_LABEL(x, y, z) [BPF_##x | BPF_##y | BPF_##z] = &&x##_##y##_##z
	static const void * const jumptable[256] __our_attribute = {
		[0 ... 255] = &&nothing,
		BPF_INSN_MAP(TWO_LABEL, THREE_LABEL),
		[BPF_JMP | BPF_TAIL_CALL] = &&JMP_TAIL_CALL,
	};
	goto *jumptable[insn->code];
}
""",
        """
3 interpreter BPF_ALU|BPF_ADD|BPF_X
3 public BPF_ALU|BPF_ADD|BPF_X
4 interpreter BPF_ALU|BPF_ADD|BPF_K
4 public BPF_ALU|BPF_ADD|BPF_K
5 interpreter BPF_ALU|BPF_NEG
5 public BPF_ALU|BPF_NEG
6 interpreter BPF_JMP|BPF_EXIT
6 public BPF_JMP|BPF_EXIT
15 public BPF_LD|BPF_ABS|BPF_B
29 interpreter BPF_JMP|BPF_TAIL_CALL
""",
    ),
    "seccomp by the kernel's own names": (
        """
static int seccomp_check_filter(struct our *f, unsigned int n)
{
	switch (code) {
	case BPF_S_LD_W_ABS:
		continue;
	case BPF_S_RET_K:
	case BPF_S_RET_A:
		continue;
	}
}
static void other(void)
{
	switch (code) {
	case BPF_S_ST:
		break;
	}
}
""",
        "4 seccomp BPF_S_LD_W_ABS\n6 seccomp BPF_S_RET_K\n7 seccomp BPF_S_RET_A\n",
    ),
    "seccomp by plain labels": (
        """
static int seccomp_check_filter(struct our *f, unsigned int n)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
		f->code = BPF_LDX | BPF_W | BPF_ABS;
		continue;
	case BPF_RET | BPF_K: case BPF_RET | BPF_A:
		continue;
	default:
		return -EINVAL;
	}
}
""",
        "4 seccomp BPF_LD|BPF_W|BPF_ABS\n7 seccomp BPF_RET|BPF_A\n7 seccomp BPF_RET|BPF_K\n",
    ),
    "what is no entry": (
        """
static const bool codes[] = {
	[0 ... 255] = false,
	[5] = true,
	[OUR_RET | BPF_K] = true,
	[BPF_RET + BPF_K] = true,
	[BPF_JMP | (BPF_JEQ)] = true,
	[BPF_ALU | BPF_ADD ... BPF_ALU | BPF_SUB] = true,
	[] = true,
	true,
	{ [BPF_RET | BPF_K] = true },
};
extern const bool codes[256];
static const bool codes_of_others[] = { [BPF_RET | BPF_A] = true };
static const bool others[] = { [BPF_RET | BPF_A] = true };
bool use(void) { return codes[BPF_RET | BPF_A] == jumptable[BPF_JMP]; }
int codes(void) { return x[BPF_RET]; }
""",
        "",
    ),
    "a table that does not end": (
        "static const bool codes[] = {\n\t[BPF_RET | BPF_K] = true,\n",
        "2 classic BPF_RET|BPF_K\n",
    ),
    "a table's name and nothing else": ("jumptable[\n", ""),
    "a table's name that ends a file": ("static int f(void) { return 0; }\n/* see */ codes", ""),
    "a label that does not end": ("int sk_run_filter(void)\n{\n\tswitch (a) {\n\tcase BPF_RET }\n}\n", ""),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(FORMS))
def test_each_entry_of_a_table_is_a_fact_at_its_line(
    text: str, expected: list[str], files: dict[str, str]
) -> None:
    reading = read_header(text, files, name=_CORE, scope=INTERNAL)
    tables = (CLASSIC, SECCOMP, INTERPRETER, PUBLIC)
    facts = sorted(fact for fact in reading.facts if fact.owner in tables)
    found = [f"{f.line} {f.owner} {f.name}" + (f" = {f.type}" if f.type else "") for f in facts]
    assert reading.failure is None
    assert sorted(found) == sorted(expected)
    assert all(fact.kind == "use" and fact.end_line == fact.line for fact in facts)


_SOUP = (
    "codes", "jumptable", "[", "]", "=", "{", "}", "BPF_RET", "|", "BPF_K", ",", "case", ":", ";", "0", "...",
    "'", '"', "\n", "int sk_run_filter(void)", "BPF_S_RET_K", "#define DL(A) [BPF_##A] = A\n", "DL(RET)", "DL(",
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(_SOUP), max_size=30))
def test_no_source_is_lost_by_odd_tables(words: list[str]) -> None:
    reading = read_header(" ".join(words), name=_SOCKETS, scope=INTERNAL)
    assert "kscan failed" not in (reading.failure or "")


# Releases: what words mean there, and tables of entries one a line.

_WORDS = {
    "BPF_LD": 0x00, "BPF_LDX": 0x01, "BPF_ST": 0x02, "BPF_STX": 0x03, "BPF_ALU": 0x04, "BPF_JMP": 0x05,
    "BPF_RET": 0x06, "BPF_MISC": 0x07, "BPF_W": 0x00, "BPF_H": 0x08, "BPF_B": 0x10, "BPF_IMM": 0x00,
    "BPF_ABS": 0x20, "BPF_IND": 0x40, "BPF_MEM": 0x60, "BPF_LEN": 0x80, "BPF_MSH": 0xA0, "BPF_ADD": 0x00,
    "BPF_NEG": 0x80, "BPF_MOD": 0x90, "BPF_JA": 0x00, "BPF_JEQ": 0x10, "BPF_K": 0x00, "BPF_X": 0x08,
    "BPF_A": 0x10, "BPF_TAX": 0x00, "BPF_TXA": 0x80,
}  # fmt: skip
_NEWER = {
    "BPF_ALU64": 0x07, "BPF_JMP32": 0x06, "BPF_DW": 0x18, "BPF_XADD": 0xC0, "BPF_MOV": 0xB0, "BPF_CALL": 0x80,
    "BPF_EXIT": 0x90,
}  # fmt: skip
_COMMON_H, _BPF_H = "include/uapi/linux/bpf_common.h", "include/uapi/linux/bpf.h"
_INTERNAL_H = "include/linux/filter.h"
_LOAD = "enum bpf_cmd {\n\tBPF_MAP_CREATE,\n\tBPF_PROG_LOAD,\n};\n"
_TAIL_CALL = {"BPF_TAIL_CALL": 0xF0}
_UNREAD = "/* a comment that does not end\n"

_JUMPTABLE = "static const void *jumptable[256]"
_PUBLIC_TABLE = "static const bool public_insntable[256]"
_CODES, _ALLOWED = "static const u8 codes[]", "static const bool codes[]"


def _defines(words: Mapping[str, int]) -> str:
    return "".join(f"#define {name}\t{value:#04x}\n" for name, value in words.items())


def _array(head: str, entries: str) -> str:
    """A table with the entries of `WORDS[=VALUE]`, the first on its second line."""
    pairs = [entry.partition("=") for entry in entries.split()]
    return f"{head} = {{\n" + "".join(f"\t[{words}] = {to or 'true'},\n" for words, _, to in pairs) + "};\n"


def _switch(function: str, labels: str) -> str:
    """A function with a label on each line from its fourth."""
    cases = "".join(f"\tcase {label}:\n" for label in labels.split())
    return f"static int {function}(void)\n{{\n\tswitch (code) {{\n{cases}\t}}\n}}\n"


def _kernel(
    version: str, files: Mapping[str, str], newer: Mapping[str, int] = _NEWER, load: str = _LOAD
) -> dict[str, str]:
    words = {_COMMON_H: _defines(_WORDS), _BPF_H: _defines(newer) + load}
    return {"Makefile": makefile(version), **words, **files}


def _core(interpreter: str, public: str | None = None) -> dict[str, str]:
    return {_CORE: _array(_JUMPTABLE, interpreter) + (_array(_PUBLIC_TABLE, public) if public else "")}


def _by_code(rows: list[Row]) -> dict[str, Row]:
    """The rows that the tables themselves give, the first of a code."""
    found: dict[str, Row] = {}
    for row in rows:
        if row["variant"] is None:
            found.setdefault(f"{row['flavour']} {row['code']}", row)
    return found


def _read(read: Scan, releases: Mapping[str, Mapping[str, str]]) -> History:
    return read({tag: _kernel(tag, files) for tag, files in releases.items()}, sets=("bpf",))


_EXIT, _TAIL = "BPF_JMP|BPF_EXIT", "BPF_JMP|BPF_TAIL_CALL"


def test_nothing_is_loadable_before_there_is_bpf_2(read: Scan) -> None:
    releases = {"v3.17": _kernel("v3.17", _core(_EXIT), load=""), "v3.18": _kernel("v3.18", _core(_EXIT))}
    row = _by_code(opcodes(read(releases, sets=("bpf",))))["eBPF 0x95"]
    assert (row["loadable"], row["in_interpreter"]) == ("v3.18", "≤ v3.17")
    assert (row["first_seen"], row["status"], row["last_without"]) == ("v3.18", EXACT, "v3.17")


def test_without_bpf_2_opcodes_are_the_kernels_own(read: Scan) -> None:
    history = read({"v3.17": _kernel("v3.17", _core(_EXIT), load="")}, sets=("bpf",))
    assert _by_code(opcodes(history)) == {}
    row = _by_code(opcodes(history, everything=True))["eBPF 0x95"]
    assert (row["loadable"], row["in_interpreter"], row["status"]) == (None, "≤ v3.17", FROM_OLDEST)


@pytest.mark.parametrize("words", [row.words for row in REFUSED if row.until])
def test_packet_loads_were_refused_at_first(read: Scan, words: str) -> None:
    history = _read(read, {"v3.18": _core(words), "v3.19": _core(words)})
    (row,) = _by_code(opcodes(history)).values()
    assert (row["loadable"], row["in_interpreter"]) == ("v3.19", "≤ v3.18")
    assert (row["status"], row["last_without"]) == (EXACT, "v3.18")


def test_a_stable_release_refuses_what_its_own_release_refused(read: Scan) -> None:
    """v3.18.9 is a later release than v3.18, but of the same verifier."""
    tables = {_CORE: _core("BPF_LD|BPF_ABS|BPF_W BPF_JMP|BPF_EXIT")[_CORE]}
    history = read({"v3.18.9": _kernel("v3.18.9", tables)}, sets=("bpf",))
    rows = _by_code(opcodes(history, everything=True))
    assert rows["eBPF 0x95"]["loadable"] == "≤ v3.18.9"
    assert rows["eBPF 0x20"]["loadable"] is None


def test_the_tail_call_is_never_loadable(read: Scan) -> None:
    """From v4.2 by one spelling, from v4.13 by another, from v4.16 because it is not public."""
    tail = {_INTERNAL_H: _defines(_TAIL_CALL)}
    releases = {
        "v4.12": _core(f"{_EXIT} BPF_JMP|BPF_CALL|BPF_X"),
        "v4.13": _core(f"{_EXIT} {_TAIL}") | tail,
        "v4.15": _core(f"{_EXIT} {_TAIL}") | tail,
        "v4.16": _core(f"{_EXIT} {_TAIL}", _EXIT) | tail,
    }
    history = _read(read, releases)
    assert list(_by_code(opcodes(history))) == ["eBPF 0x95"]
    for tag in releases:
        assert list(_by_code(opcodes(history, tag))) == ["eBPF 0x95"]
    rows = _by_code(opcodes(history, everything=True))
    assert (rows["eBPF 0x8d"]["loadable"], rows["eBPF 0x8d"]["in_interpreter"]) == (None, "≤ v4.12 to v4.12")
    assert (rows["eBPF 0xf5"]["loadable"], rows["eBPF 0xf5"]["in_interpreter"]) == (None, "v4.13")
    assert (rows["eBPF 0x95"]["loadable"], rows["eBPF 0x95"]["removed_in"]) == ("≤ v4.12", None)


def test_the_public_table_alone_says_what_is_loadable_once_it_is_there(read: Scan) -> None:
    both = f"{_EXIT} BPF_ALU|BPF_NEG"
    rows = _by_code(
        opcodes(_read(read, {"v4.15": _core(both), "v4.16": _core(both, f"{_EXIT} BPF_JMP|BPF_JA")}))
    )
    assert rows["eBPF 0x05"]["loadable"] == "v4.16"
    assert rows["eBPF 0x84"]["loadable"] == "≤ v4.15 to v4.15"
    assert rows["eBPF 0x84"]["removed_in"] == "v4.16"
    assert rows["eBPF 0x84"]["in_interpreter"] == "≤ v4.15"


def test_one_byte_may_be_the_kernels_own_opcode_and_a_users(read: Scan) -> None:
    """0xe5 is a call with arguments inside the kernel from v4.16, and to user space a jump from v6.9."""
    own, jump = "BPF_JMP|BPF_CALL_ARGS", "BPF_JMP|BPF_JCOND"
    inside = {_INTERNAL_H: _defines({"BPF_CALL_ARGS": 0xE0})}
    tables = _core(f"{_EXIT} {own}", f"{_EXIT} {jump}") | inside
    history = read(
        {
            "v6.7": _kernel("v6.7", _core(_EXIT, _EXIT)),
            "v6.8": _kernel("v6.8", _core(f"{_EXIT} {own}", _EXIT) | inside),
            "v6.9": _kernel("v6.9", tables, _NEWER | {"BPF_JCOND": 0xE0}),
        },
        sets=("bpf",),
    )
    (loadable,) = [row for row in opcodes(history) if row["code"] == "0xe5" and row["variant"] is None]
    assert (loadable["name"], loadable["loadable"], loadable["in_interpreter"]) == (jump, "v6.9", None)
    rows = [
        row for row in opcodes(history, everything=True) if row["code"] == "0xe5" and row["variant"] is None
    ]
    assert [(row["name"], row["loadable"], row["in_interpreter"]) for row in rows] == [
        (jump, "v6.9", None),
        (own, None, "v6.8"),
    ]
    early = _by_code(opcodes(history, "v6.8", everything=True))
    assert early["eBPF 0xe5"]["name"] == own
    known = Opcodes(history)
    for tag, sort in (("v6.8", OWN), ("v6.9", PUBLIC)):
        found = known.entry(history.release(tag), EBPF, 0xE5)
        assert found is not None
        assert found[0] == sort


def test_a_first_release_says_how_it_is_bounded(read: Scan) -> None:
    tables = _core(f"{_EXIT} BPF_ALU|BPF_NEG", f"{_EXIT} BPF_ALU|BPF_NEG")
    rows = _by_code(
        opcodes(_read(read, {"v5.1": _core(_EXIT, _EXIT), "v5.3": tables, "v5.4": _core(_EXIT, _EXIT)}))
    )
    assert (rows["eBPF 0x95"]["loadable"], rows["eBPF 0x95"]["in_interpreter"]) == ("≤ v5.1", "≤ v5.1")
    assert (rows["eBPF 0x84"]["loadable"], rows["eBPF 0x84"]["in_interpreter"]) == ("by v5.3 to v5.3",) * 2


def test_an_opcode_may_leave_the_interpreter_and_stay_public(read: Scan) -> None:
    load = "BPF_LD|BPF_ABS|BPF_W"
    releases = {"v4.17": _core(f"{load} {_EXIT}", f"{load} {_EXIT}"), "v4.18": _core(_EXIT, f"{load} {_EXIT}")}
    row = _by_code(opcodes(_read(read, releases)))["eBPF 0x20"]
    assert (row["loadable"], row["in_interpreter"]) == ("≤ v4.17", "≤ v4.17 to v4.17")
    assert row["removed_in"] is None


def test_an_opcode_that_is_only_public_has_no_release_inside(read: Scan) -> None:
    releases = {"v6.18": _core(_EXIT, _EXIT), "v6.19": _core(_EXIT, f"{_EXIT} BPF_JMP|BPF_JA|BPF_X")}
    row = _by_code(opcodes(_read(read, releases)))["eBPF 0x0d"]
    assert (row["loadable"], row["in_interpreter"], row["status"]) == ("v6.19", None, EXACT)


# Words.


def test_an_entry_with_a_word_that_the_release_lacks_is_left_out(read: Scan) -> None:
    tables = _core(f"{_EXIT} BPF_JMP|BPF_NEWS")
    later = _NEWER | {"BPF_NEWS": 0xE0}
    history = read({"v4.2": _kernel("v4.2", tables), "v4.3": _kernel("v4.3", tables, later)}, sets=("bpf",))
    rows = _by_code(opcodes(history))
    assert set(rows) == {"eBPF 0x95", "eBPF 0xe5"}
    assert rows["eBPF 0x95"]["first_seen"] == "v4.2"
    assert (rows["eBPF 0xe5"]["first_seen"], rows["eBPF 0xe5"]["name"]) == ("v4.3", "BPF_JMP|BPF_NEWS")


def test_a_word_has_the_value_of_its_release(read: Scan) -> None:
    tables = _core("BPF_JMP|BPF_NEWS")
    releases = {
        "v4.2": _kernel("v4.2", tables, _NEWER | {"BPF_NEWS": 0xB0}),
        "v4.3": _kernel("v4.3", tables, _NEWER | {"BPF_NEWS": 0xC0}),
    }
    history = read(releases, sets=("bpf",))
    rows = _by_code(opcodes(history))
    assert {code: (row["first_seen"], row["removed_in"]) for code, row in rows.items()} == {
        "eBPF 0xb5": ("v4.2", "v4.3"),
        "eBPF 0xc5": ("v4.3", None),
    }
    assert set(_by_code(opcodes(history, "v4.2"))) == {"eBPF 0xb5"}


def test_user_spaces_value_goes_before_the_kernels_own(read: Scan) -> None:
    tables = _core("BPF_JMP|BPF_NEWS BPF_JMP|BPF_INSIDE")
    inside = {_INTERNAL_H: _defines({"BPF_NEWS": 0xA0, "BPF_INSIDE": 0xF0})}
    history = read({"v4.2": _kernel("v4.2", tables | inside, _NEWER | {"BPF_NEWS": 0xB0})}, sets=("bpf",))
    assert set(_by_code(opcodes(history))) == {"eBPF 0xb5"}
    assert set(_by_code(opcodes(history, everything=True))) == {"eBPF 0xb5", "eBPF 0xf5"}


@pytest.mark.parametrize(
    ("number", "code"),
    [("0", "0x05"), ("0x90", "0x95"), ("144", "0x95"), ("0220", "0x95"), ("0x90U", "0x95"), ("00", "0x05")],
)
def test_a_number_among_the_words_counts_as_c_counts_it(read: Scan, number: str, code: str) -> None:
    history = _read(read, {"v4.2": _core(f"BPF_JMP|{number}")})
    assert set(_by_code(opcodes(history))) == {f"eBPF {code}"}


@pytest.mark.parametrize("number", ["09", "1.5", "0xg", "0b", "1e3"])
def test_a_number_that_is_none_leaves_its_entry_out(read: Scan, number: str) -> None:
    history = _read(read, {"v4.2": _core(f"BPF_JMP|{number} {_EXIT}")})
    assert set(_by_code(opcodes(history))) == {"eBPF 0x95"}


@pytest.mark.parametrize("value", ["0x100", "0x1000", "(-1)"])
def test_a_word_that_is_no_part_of_a_byte_leaves_its_entry_out(read: Scan, value: str) -> None:
    words = {_INTERNAL_H: f"#define BPF_WIDE {value}\n"}
    history = _read(read, {"v4.2": _core(f"BPF_JMP|BPF_WIDE {_EXIT}") | words})
    assert set(_by_code(opcodes(history))) == {"eBPF 0x95"}


def test_the_first_of_two_entries_for_a_code_places_it(read: Scan) -> None:
    history = _read(read, {"v4.2": _core(f"{_EXIT} BPF_STX|BPF_XADD|BPF_W BPF_STX|192")})
    row = _by_code(opcodes(history))["eBPF 0xc3"]
    assert (row["name"], row["line"]) == ("BPF_STX|BPF_XADD|BPF_W", 3)


def test_a_renamed_word_is_one_row_with_both_spellings(read: Scan) -> None:
    newer = _NEWER | {"BPF_ATOMIC": 0xC0}
    old, new = "BPF_STX|BPF_XADD|BPF_DW", "BPF_STX|BPF_ATOMIC|BPF_DW"
    releases = {
        "v5.10": _kernel("v5.10", _core(old, old)),
        "v5.11": _kernel("v5.11", _core(old, "BPF_STX|BPF_DW|BPF_XADD")),
        "v5.12": _kernel("v5.12", _core(new, new), newer),
    }
    row = _by_code(opcodes(read(releases, sets=("bpf",))))["eBPF 0xdb"]
    assert (row["name"], row["first_seen"], row["removed_in"]) == (old, "v5.10", None)
    assert row["names"] == f"{old} v5.10; {new} v5.12"


# What was not read.


def test_a_table_that_could_not_be_read_leaves_the_bound_open(read: Scan) -> None:
    tables = _core(_EXIT)
    history = _read(read, {"v4.0": {_CORE: "int a;\n"}, "v4.1": {_CORE: _UNREAD}, "v4.2": tables})
    row = _by_code(opcodes(history))["eBPF 0x95"]
    assert (row["first_seen"], row["status"], row["note"]) == ("v4.2", WINDOW, "v4.1 could not be read")
    (line,) = [cells for row, cells in opcode_cells(history) if row["code"] == "0x95"]
    assert line == [ABSENT, UNPARSED, PRESENT]


@pytest.mark.parametrize("everything", [False, True])
def test_a_table_that_is_not_found_any_more_is_not_read(read: Scan, everything: bool) -> None:
    """Its form has changed: that says nothing of what is in it, whoever asks."""
    lost = {_CORE: "int a;\n", _SOCKETS: "int b;\n", _CALLS: "int c;\n"}
    both = _core(_EXIT, _EXIT) | {
        _SOCKETS: _array(_ALLOWED, "BPF_ST"), _CALLS: _switch("seccomp_check_filter", "BPF_ST"),
    }  # fmt: skip
    history = _read(read, {"v4.15": _core(_EXIT), "v4.16": both, "v4.17": lost})
    known = Opcodes(history)
    lines = [known.line(EBPF, 0x95), known.line(EBPF, 0x84), known.line(CBPF, 0x02)]
    lines += [known.line_of(sort, 0x95) for sort in (INTERPRETER, PUBLIC, CLASSIC, SECCOMP, OWN)]
    assert {line[-1][1] for line in lines} == {UNPARSED}
    rows = _by_code(opcodes(history, everything=everything))
    assert {row["removed_in"] for row in rows.values()} == {None}
    assert (rows["eBPF 0x95"]["loadable"], rows["cBPF 0x02"]["in_seccomp"]) == ("≤ v4.15", "v4.16")


def test_a_public_table_that_is_lost_is_not_made_up_from_the_interpreters(read: Scan) -> None:
    inside = f"{_EXIT} BPF_ALU|BPF_NEG"
    history = _read(read, {"v4.16": _core(inside, _EXIT), "v4.17": _core(inside)})
    known = Opcodes(history)
    assert [state for _, state, _ in known.line(EBPF, 0x95)] == [PRESENT, UNPARSED]
    assert [state for _, state, _ in known.line(EBPF, 0x84)] == [ABSENT, UNPARSED]
    assert [state for _, state, _ in known.line_of(INTERPRETER, 0x84)] == [PRESENT, PRESENT]


def test_the_oldest_release_says_nothing_of_what_was_before(read: Scan) -> None:
    row = _by_code(opcodes(_read(read, {"v4.2": _core(_EXIT)})))["eBPF 0x95"]
    assert (row["status"], row["note"]) == (FROM_OLDEST, "v4.2 or earlier")


def test_a_release_between_that_was_not_fetched_leaves_the_bound_open(read: Scan) -> None:
    releases = {"v4.1": _core(_EXIT), "v4.3": _core(f"{_EXIT} BPF_ALU|BPF_NEG")}
    row = _by_code(opcodes(_read(read, releases)))["eBPF 0x84"]
    assert (row["status"], row["last_without"]) == (WINDOW, "v4.1")


def test_a_word_whose_header_could_not_be_read_leaves_the_bound_open(read: Scan) -> None:
    """What BPF_EXIT is at v4.1 nobody knows: that its entry is not understood does not make it absent."""
    releases = {
        "v4.0": _kernel("v4.0", _core("BPF_ALU|BPF_NEG")),
        "v4.1": _kernel("v4.1", _core(f"BPF_ALU|BPF_NEG {_EXIT}")) | {_BPF_H: _UNREAD},
        "v4.2": _kernel("v4.2", _core(f"BPF_ALU|BPF_NEG {_EXIT}")),
    }
    row = _by_code(opcodes(read(releases, sets=("bpf",))))["eBPF 0x95"]
    assert (row["first_seen"], row["status"]) == ("v4.2", WINDOW)


def test_whether_bpf_2_is_there_may_not_be_known(read: Scan) -> None:
    """BPF_PROG_LOAD stands in a header that could not be read at v4.1: it is not without it."""
    releases = {
        "v4.1": _kernel("v4.1", _core("BPF_ALU|BPF_NEG")) | {_BPF_H: _UNREAD},
        "v4.2": _kernel("v4.2", _core("BPF_ALU|BPF_NEG")),
    }
    row = _by_code(opcodes(read(releases, sets=("bpf",))))["eBPF 0x84"]
    assert (row["first_seen"], row["status"]) == ("v4.2", FROM_OLDEST)


# Classic programs and seccomp.


def test_a_classic_opcode_is_one_row_through_the_forms_of_its_table(read: Scan) -> None:
    labels, entries = "BPF_RET|BPF_K BPF_ST", "BPF_RET|BPF_K=BPF_S_RET_K BPF_ST=BPF_S_ST"
    decodes = _array("static const u16 decodes[]", "BPF_S_RET_K=BPF_RET|BPF_K BPF_S_ST=BPF_ST")
    mixed = {"Makefile": makefile("v2.6.38"), "include/linux/Kbuild": "unifdef-y += filter.h\n",
             "include/linux/filter.h": _defines(_WORDS)}  # fmt: skip
    releases = {
        "v2.6.38": mixed | {_SOCKETS: _switch("sk_run_filter", labels)},
        "v2.6.39": mixed
        | {"Makefile": makefile("v2.6.39"), _SOCKETS: "\n" + _array(_CODES, entries) + decodes},
        "v3.16": _kernel("v3.16", {_SOCKETS: _array(_ALLOWED, f"{labels} BPF_ALU|BPF_MOD|BPF_K")}),
    }
    history = read(releases, sets=("bpf",))
    rows = _by_code(opcodes(history))
    assert set(rows) == {"cBPF 0x02", "cBPF 0x06", "cBPF 0x94"}
    assert (rows["cBPF 0x06"]["first_seen"], rows["cBPF 0x06"]["last_seen"]) == ("v2.6.38", "v3.16")
    assert (rows["cBPF 0x06"]["status"], rows["cBPF 0x06"]["loadable"]) == (FROM_OLDEST, None)
    assert (rows["cBPF 0x94"]["status"], rows["cBPF 0x94"]["last_without"]) == (WINDOW, "v2.6.39")
    known = Opcodes(history)
    lines = [fact.line for _, _, fact in known.line(CBPF, 0x06) if fact is not None]
    assert lines == [4, 3, 2]
    assert known.codes(CLASSIC) == [0x02, 0x06, 0x94]


def test_seccomps_names_are_what_the_table_of_their_release_says(read: Scan) -> None:
    names = "BPF_S_RET_K BPF_S_RET_A BPF_S_ST"
    releases = {
        "v3.14": {
            _SOCKETS: _array(_CODES, "BPF_RET|BPF_K=BPF_S_RET_K BPF_RET|BPF_A=BPF_S_OTHER BPF_ST=BPF_S_ST"),
            _CALLS: _switch("seccomp_check_filter", names),
        },
        "v3.15": {
            _SOCKETS: _array(_CODES, "BPF_RET|BPF_K=BPF_S_RET_K BPF_RET|BPF_A=BPF_S_RET_A BPF_ST=BPF_S_ST"),
            _CALLS: _switch("seccomp_check_filter", names),
        },
        "v3.16": {
            _SOCKETS: _array(_ALLOWED, "BPF_RET|BPF_K BPF_RET|BPF_A BPF_ST"),
            _CALLS: _switch("seccomp_check_filter", "BPF_RET|BPF_K BPF_RET|BPF_A"),
        },
    }
    history = _read(read, releases)
    rows = _by_code(opcodes(history))
    assert {code: row["in_seccomp"] for code, row in rows.items()} == {
        "cBPF 0x02": "≤ v3.14 to v3.15",
        "cBPF 0x06": "≤ v3.14",
        # v3.14's switch has a name that its table does not map: which opcode that is, is not known.
        "cBPF 0x16": "≤ v3.15",
    }
    assert {row["first_seen"] for row in rows.values()} == {"v3.14"}
    lines = [fact.line for _, _, fact in Opcodes(history).line_of(SECCOMP, 0x06) if fact is not None]
    assert lines == [4, 4, 4]


def test_an_opcode_that_seccomp_never_takes_says_so(read: Scan) -> None:
    files = {
        _SOCKETS: _array(_ALLOWED, "BPF_RET|BPF_K BPF_ST"),
        _CALLS: _switch("seccomp_check_filter", "BPF_ST"),
    }
    rows = _by_code(opcodes(_read(read, {"v4.2": files})))
    assert (rows["cBPF 0x06"]["in_seccomp"], rows["cBPF 0x02"]["in_seccomp"]) == (None, "≤ v4.2")


# Rows.


def test_a_row_is_placed_at_its_entry(read: Scan) -> None:
    files = _core(f"BPF_ALU|BPF_NEG {_EXIT}") | {_SOCKETS: _array(_ALLOWED, "BPF_ST BPF_RET|BPF_K")}
    rows = opcodes(_read(read, {"v4.2": files}))
    assert [row["flavour"] for row in rows if row["variant"] is None] == [CBPF, CBPF, EBPF, EBPF]
    by_code = _by_code(rows)
    given = {"name": _EXIT, "kind": "use", "scope": INTERNAL, "path": _CORE, "line": 3, "end_line": 3,
             "value": 0x95, "value_text": "0x95", "code": "0x95", "class": "BPF_JMP", "op": "BPF_EXIT",
             "type": None, "becomes": None, "names": f"{_EXIT} v4.2", "in_seccomp": None}  # fmt: skip
    assert {key: by_code["eBPF 0x95"][key] for key in given} == given
    assert (by_code["cBPF 0x06"]["path"], by_code["cBPF 0x06"]["line"]) == (_SOCKETS, 3)
    assert (by_code["cBPF 0x06"]["becomes"], by_code["cBPF 0x06"]["in_interpreter"]) == ("w0 = k; exit", None)
    assert all(set(row) == set(OPCODES) for row in rows)


def test_a_table_that_moves_keeps_its_rows(read: Scan) -> None:
    jumps = _array(_JUMPTABLE, _EXIT)
    releases = {"v3.18": {_SOCKETS: "\n\n" + jumps}, "v3.19": {_CORE: jumps, _SOCKETS: "int a;\n"}}
    row = _by_code(opcodes(_read(read, releases)))["eBPF 0x95"]
    assert (row["first_seen"], row["last_seen"], row["removed_in"], row["path"]) == (
        "v3.18", "v3.19", None, _SOCKETS,
    )  # fmt: skip
    assert row["note"] == f"v3.18 or earlier; in {_CORE} from v3.19"


def test_at_a_release_each_row_is_there_with_its_line(read: Scan) -> None:
    tail = {_INTERNAL_H: _defines(_TAIL_CALL)}
    releases = {
        "v4.15": _core(f"BPF_ALU|BPF_NEG {_EXIT}"),
        "v4.16": _core(f"{_EXIT} {_TAIL}", f"{_EXIT} BPF_JMP|BPF_JA") | tail,
    }
    history = _read(read, releases)
    early, late = _by_code(opcodes(history, "v4.15")), _by_code(opcodes(history, "v4.16"))
    assert set(early) == {"eBPF 0x84", "eBPF 0x95"}
    assert set(late) == {"eBPF 0x05", "eBPF 0x95"}
    assert (early["eBPF 0x95"]["line"], late["eBPF 0x95"]["line"]) == (3, 6)
    assert (late["eBPF 0x95"]["first_seen"], late["eBPF 0x95"]["status"]) == ("v4.15", FROM_OLDEST)
    inside = _by_code(opcodes(history, "4.16", everything=True))
    assert set(inside) == {"eBPF 0x05", "eBPF 0x95", "eBPF 0xf5"}


def test_instructions_that_share_a_code_are_rows_of_their_own(read: Scan) -> None:
    """Proved by the history of the kernel's name for one, at a release placed where that has it."""
    both = f"{_EXIT} BPF_STX|BPF_XADD|BPF_DW"
    releases = {
        "v5.11": _kernel("v5.11", _core(both, both)),
        "v5.12": _kernel("v5.12", _core(both, both), {"BPF_FETCH": 1, **_NEWER}),
        "v5.13": _kernel("v5.13", _core(both, both), {**_NEWER, "BPF_FETCH": 1}),
    }
    history = read(releases, sets=("bpf",))
    rows = {row["variant"]: row for row in opcodes(history) if row["variant"]}
    assert len(rows) == len(VARIANTS)
    fetch = rows["atomic operation that gives the old value"]
    assert (fetch["name"], fetch["code"], fetch["flavour"]) == ("BPF_FETCH", "0xc3, 0xdb", EBPF)
    assert (fetch["first_seen"], fetch["status"], fetch["line"], fetch["path"]) == ("v5.12", EXACT, 1, _BPF_H)
    divide = rows["signed division"]
    assert (divide["name"], divide["first_seen"], divide["curated_since"]) == ("sdiv", None, "v6.6")
    assert (divide["field"], divide["line"], divide["curated_source"] is not None) == ("off == 1", None, True)
    at = {tag: {row["name"] for row in opcodes(history, tag) if row["variant"]} for tag in ("v5.11", "v5.12")}
    assert at["v5.12"] - at["v5.11"] == {"BPF_FETCH"}
    assert "sdiv" not in at["v5.12"]
    (later,) = [row for row in opcodes(history, "v5.13") if row["name"] == "BPF_FETCH"]
    assert later["line"] == 1 + len(_NEWER)


def test_a_word_is_no_instruction_where_no_program_may_have_its_byte(read: Scan) -> None:
    """BPF_XADD was the kernel's own word for its own instruction, and moved when programs got it."""
    inside = {"include/linux/filter.h": "#define BPF_XADD 0xc0\n"}
    newer = {name: value for name, value in _NEWER.items() if name != "BPF_XADD"}
    add = _core(f"{_EXIT} BPF_STX|BPF_XADD|BPF_DW")
    releases = {
        "v3.17": _kernel("v3.17", add | inside, newer, load=""),
        "v3.18": _kernel("v3.18", add | inside, newer),
        "v3.19": _kernel("v3.19", add),
    }
    history = read(releases, sets=("bpf",))
    (row,) = [row for row in opcodes(history) if row["name"] == "BPF_XADD"]
    told = [row[key] for key in ("first_seen", "last_without", "last_seen", "removed_in", "status", "scope")]
    assert told == ["v3.18", "v3.17", "v3.19", None, EXACT, INTERNAL]
    assert [row["name"] for row in opcodes(history, "v3.17") if row["variant"]] == []
    (cells,) = [cells for row, cells in opcode_cells(history) if row["name"] == "BPF_XADD"]
    assert cells == [ABSENT, PRESENT, PRESENT]


def test_a_tree_under_a_label_proves_its_instructions(tmp_path: Path) -> None:
    both = f"{_EXIT} BPF_STX|BPF_XADD|BPF_DW"
    tree = write_tree(tmp_path / "tree", _kernel("v5.12", _core(both, both), {"BPF_FETCH": 1, **_NEWER}))
    with ThreadPoolExecutor(1) as executor:
        scan(tree_source(str(tree)), ["here"], Request(("bpf",), label="here"), Store(), executor=executor)
    history = History()
    (row,) = readings(history, "{ 0xdb, 1, 2, 0, 1 }")
    assert (row["first_seen"], row["status"]) == ("here", FROM_OLDEST)
    (listed,) = [row for row in opcodes(history) if row["name"] == "BPF_FETCH"]
    assert (listed["first_seen"], listed["line"]) == ("here", 1)


def test_a_table_that_is_not_understood_takes_no_instruction_away(read: Scan) -> None:
    files = {_CORE: "int none;\n"}
    history = read({"v5.12": _kernel("v5.12", files, {"BPF_FETCH": 1, **_NEWER})}, sets=("bpf",))
    assert [row["first_seen"] for row in readings(history, "{ 0xdb, 1, 2, 0, 1 }")] == ["v5.12"]


def test_a_curated_release_stands_for_a_name_that_the_kernel_has_not(read: Scan) -> None:
    history = _read(read, {"v6.5": _core(_EXIT, _EXIT), "v6.6": _core(_EXIT, _EXIT)})
    names = {tag: {row["name"] for row in opcodes(history, tag)} for tag in ("v6.5", "v6.6")}
    assert names["v6.6"] - names["v6.5"] == {"sdiv", "smod", "movsx"}


def test_a_store_without_tables_has_no_opcodes(read: Scan) -> None:
    history = _read(read, {"v4.2": {}})
    assert _by_code(opcodes(history, everything=True)) == {}
    # Curated instructions stay.
    assert all(row["variant"] for row, _ in opcode_cells(history))
    known = Opcodes(history)
    release = history.release("v4.2")
    assert known.codes(CLASSIC, SECCOMP, INTERPRETER, PUBLIC, OWN) == []
    for flavour in (CBPF, EBPF):
        assert not known.knows(release, flavour)
        assert known.entry(release, flavour, 0x95) is None


@pytest.mark.parametrize("flavour", [CBPF, EBPF])
def test_a_store_without_tables_has_no_opcode_in_any_release(read: Scan, flavour: str) -> None:
    history = _read(read, {"v4.2": {}})
    assert [fact for _, _, fact in Opcodes(history).line(flavour, 0x95)] == [None]


def test_the_entry_of_an_opcode_is_the_public_one_first(read: Scan) -> None:
    files = _core(f"BPF_ALU|BPF_NEG {_EXIT} {_TAIL}", _EXIT) | {
        _SOCKETS: _array(_ALLOWED, "BPF_ST"), _INTERNAL_H: _defines(_TAIL_CALL),
    }  # fmt: skip
    history = _read(read, {"v4.15": _core(_EXIT), "v4.16": files})
    known = Opcodes(history)
    now, before = history.release("v4.16"), history.release("v4.15")

    def places(flavour: str, *codes: int) -> list[tuple[str, int] | None]:
        found = (known.entry(now, flavour, code) for code in codes)
        return [entry and (entry[0], entry[1].line) for entry in found]

    extended = [(INTERPRETER, 2), (PUBLIC, 7), (OWN, 4), None]
    assert places(EBPF, 0x84, 0x95, 0xF5, 0x02) == extended
    assert places(CBPF, 0x02, 0x95) == [(CLASSIC, 2), None]
    assert known.entry(before, CBPF, 0x02) is None
    assert (known.knows(before, EBPF), known.knows(before, CBPF), known.knows(now, CBPF)) == (True, False, True)


def test_what_becomes_of_a_classic_opcode_is_told_where_it_is_converted(read: Scan) -> None:
    """Before v3.15 classic programs were run as they are."""
    table = _array(_ALLOWED, "BPF_RET|BPF_K")
    converting = table + "int sk_convert_filter(void)\n{\n\treturn 0;\n}\n"
    history = _read(read, {"v3.14": {_SOCKETS: table}, "v3.15": {_SOCKETS: converting}})
    told = {tag: opcodes(history, tag)[0]["becomes"] for tag in ("v3.14", "v3.15")}
    assert told == {"v3.14": None, "v3.15": "w0 = k; exit"}
    (row,) = _by_code(opcodes(history)).values()
    assert (row["becomes"], row["curated_source"]) == ("w0 = k; exit", SOURCE)


# What bits say, and the curated rows.

_VALUES = _WORDS | _NEWER | {
    "BPF_SUB": 0x10, "BPF_MUL": 0x20, "BPF_DIV": 0x30, "BPF_OR": 0x40, "BPF_AND": 0x50, "BPF_LSH": 0x60,
    "BPF_RSH": 0x70, "BPF_XOR": 0xA0, "BPF_ARSH": 0xC0, "BPF_END": 0xD0, "BPF_TO_LE": 0x00, "BPF_TO_BE": 0x08,
    "BPF_JGT": 0x20, "BPF_JGE": 0x30, "BPF_JSET": 0x40, "BPF_JNE": 0x50, "BPF_JSGT": 0x60, "BPF_JSGE": 0x70,
    "BPF_JLT": 0xA0, "BPF_JLE": 0xB0, "BPF_JSLT": 0xC0, "BPF_JSLE": 0xD0, "BPF_JCOND": 0xE0, "BPF_MEMSX": 0x80,
    "BPF_ATOMIC": 0xC0,
}  # fmt: skip


def test_the_names_of_bits_are_the_kernels_values() -> None:
    named = [*(CLASSES[flavour] for flavour in CLASSES), SIZES, *MODES.values(), *OPERATIONS.values()]
    for names in named:
        assert {word: _VALUES[word] for word in names.values()} == {word: bits for bits, word in names.items()}


@pytest.mark.parametrize("flavour", [CBPF, EBPF])
def test_what_the_bits_of_a_code_say_adds_up_to_it(flavour: str) -> None:
    """Every code byte: the names are never of another; where every part has a name they give the code."""
    for code in range(256):
        said = describe(flavour, code)
        words = [said[key] for key in ("class", "op", "source", "size", "mode") if said[key]]
        total = 0
        for word in words:
            total |= _VALUES[word]
        assert total & ~code == 0, (hex(code), words)
        assert (said["code"], said["flavour"]) == (f"0x{code:02x}", flavour)


@pytest.mark.parametrize(
    ("flavour", "code", "said"),
    [
        (CBPF, 0x00, "BPF_LD BPF_W BPF_IMM"), (CBPF, 0x28, "BPF_LD BPF_H BPF_ABS"), (CBPF, 0x02, "BPF_ST"),
        (CBPF, 0x03, "BPF_STX"), (CBPF, 0x04, "BPF_ALU BPF_ADD BPF_K"), (CBPF, 0x0C, "BPF_ALU BPF_ADD BPF_X"),
        (CBPF, 0x05, "BPF_JMP BPF_JA BPF_K"), (CBPF, 0x4D, "BPF_JMP BPF_JSET BPF_X"),
        (CBPF, 0x06, "BPF_RET BPF_K"), (CBPF, 0x16, "BPF_RET BPF_A"), (CBPF, 0x07, "BPF_MISC BPF_TAX"),
        (CBPF, 0x87, "BPF_MISC BPF_TXA"), (CBPF, 0xB1, "BPF_LDX BPF_B BPF_MSH"),
        (CBPF, 0x81, "BPF_LDX BPF_W BPF_LEN"), (EBPF, 0x95, "BPF_JMP BPF_EXIT BPF_K"),
        (EBPF, 0x18, "BPF_LD BPF_DW BPF_IMM"), (EBPF, 0xBF, "BPF_ALU64 BPF_MOV BPF_X"),
        (EBPF, 0x06, "BPF_JMP32 BPF_JA BPF_K"), (EBPF, 0xD4, "BPF_ALU BPF_END BPF_TO_LE"),
        (EBPF, 0xDC, "BPF_ALU BPF_END BPF_TO_BE"), (EBPF, 0xD7, "BPF_ALU64 BPF_END BPF_TO_LE"),
        (EBPF, 0xDB, "BPF_STX BPF_DW BPF_ATOMIC"), (EBPF, 0x81, "BPF_LDX BPF_W BPF_MEMSX"),
        (EBPF, 0x62, "BPF_ST BPF_W BPF_MEM"), (EBPF, 0xE5, "BPF_JMP BPF_JCOND BPF_K"),
        (EBPF, 0xAE, "BPF_JMP32 BPF_JLT BPF_X"),
    ],
)  # fmt: skip
def test_what_the_bits_of_a_code_say(flavour: str, code: int, said: str) -> None:
    row = describe(flavour, code)
    assert " ".join(row[key] for key in ("class", "op", "size", "mode", "source") if row[key]) == said


@pytest.mark.parametrize(
    ("words", "code", "mode"),
    [
        ("BPF_LDX|BPF_PROBE_MEM|BPF_W", "0x21", "BPF_ABS"),
        ("BPF_LDX|BPF_PROBE_MEMSX|BPF_B", "0x51", "BPF_IND"),
        ("BPF_ST|BPF_NOSPEC", "0xc2", "BPF_ATOMIC"),
    ],
)
def test_a_row_names_no_mode_that_its_own_words_contradict(
    read: Scan, words: str, code: str, mode: str
) -> None:
    """BPF_ABS is a mode of BPF_LD alone, BPF_ATOMIC of BPF_STX: elsewhere those bits are the kernel's own."""
    inside = {_INTERNAL_H: _defines({"BPF_PROBE_MEM": 0x20, "BPF_PROBE_MEMSX": 0x40, "BPF_NOSPEC": 0xC0})}
    rows = _by_code(opcodes(_read(read, {"v6.6": _core(words, _EXIT) | inside}), everything=True))
    assert rows[f"eBPF {code}"]["name"] == words
    assert rows[f"eBPF {code}"]["mode"] != mode


BECOMES = {
    0x00: "w0 = k", 0x01: "w7 = k", 0x02: "*(u32 *)(r10 - place of M[k]) = r0",
    0x03: "*(u32 *)(r10 - place of M[k]) = r7", 0x04: "w0 += k", 0x0C: "w0 += w7", 0x14: "w0 -= k",
    0x1C: "w0 -= w7", 0x24: "w0 *= k", 0x2C: "w0 *= w7", 0x34: "w0 /= k", 0x3C: "if w7 == 0 return 0; w0 /= w7",
    0x44: "w0 |= k", 0x4C: "w0 |= w7", 0x54: "w0 &= k", 0x5C: "w0 &= w7", 0x64: "w0 <<= k", 0x6C: "w0 <<= w7",
    0x74: "w0 >>= k", 0x7C: "w0 >>= w7", 0x84: "w0 = -w0", 0x94: "w0 %= k",
    0x9C: "if w7 == 0 return 0; w0 %= w7", 0xA4: "w0 ^= k", 0xAC: "w0 ^= w7", 0x05: "goto +k",
    0x06: "w0 = k; exit", 0x16: "exit", 0x15: "if r0 == k goto jt, else goto jf",
    0x1D: "if r0 == r7 goto jt, else goto jf", 0x25: "if r0 > k goto jt, else goto jf",
    0x2D: "if r0 > r7 goto jt, else goto jf", 0x35: "if r0 >= k goto jt, else goto jf",
    0x3D: "if r0 >= r7 goto jt, else goto jf", 0x45: "if r0 & k goto jt, else goto jf",
    0x4D: "if r0 & r7 goto jt, else goto jf",
    0x20: "r0 = *(u32 *)skb[k], or a field of the packet where k is an extension",
    0x28: "r0 = *(u16 *)skb[k], or a field of the packet where k is an extension",
    0x30: "r0 = *(u8 *)skb[k], or a field of the packet where k is an extension",
    0x40: "r0 = *(u32 *)skb[r7 + k]", 0x48: "r0 = *(u16 *)skb[r7 + k]", 0x50: "r0 = *(u8 *)skb[r7 + k]",
    0x60: "r0 = *(u32 *)(r10 - place of M[k])", 0x61: "r7 = *(u32 *)(r10 - place of M[k])",
    0x80: "r0 = length of the packet, from its context", 0x81: "r7 = length of the packet, from its context",
    0xB1: "r7 = 4 * (*(u8 *)skb[k] & 0xf), r0 kept",
}  # fmt: skip
# Between A and X the kernel copies whole registers (BPF_MOV64_REG at v5.6).
TRANSFERS = {0x07: "r7 = r0", 0x87: "r0 = r7"}


@pytest.mark.parametrize(
    ("code", "text"), [pytest.param(*row, id=hex(row[0])) for row in sorted((BECOMES | TRANSFERS).items())]
)
def test_what_becomes_of_a_classic_instruction(code: int, text: str) -> None:
    assert becomes(code) == text


def test_what_is_no_classic_instruction_becomes_nothing() -> None:
    """bpf_convert_filter() gives up at every other code."""
    others = {hex(code): becomes(code) for code in range(256) if code not in BECOMES | TRANSFERS}
    assert {code: text for code, text in others.items() if text is not None} == {}


def test_what_was_refused_is_told_by_the_words_of_the_interpreters_table() -> None:
    assert len(REFUSED_BY_WORDS) == len(REFUSED) == 8
    for row in REFUSED:
        assert row.until is None or KernelVersion.parse(row.until) is not None
        assert row.reason
        assert row.source.startswith("kernel/bpf/verifier.c at v")
        words = row.words.split("|")
        assert words[0] in CLASSES[EBPF].values()
        assert all(word in _VALUES or word == "BPF_TAIL_CALL" for word in words)


def test_variants_have_one_id_each_and_codes_that_extended_programs_have() -> None:
    assert len({row.id for row in VARIANTS}) == len({row.title for row in VARIANTS}) == len(VARIANTS)
    symbols = [row.symbol for row in VARIANTS if row.symbol]
    assert len(set(symbols)) == len(symbols)
    for row in VARIANTS:
        assert KernelVersion.parse(row.since) is not None
        assert row.codes
        assert row.field
        assert row.source
        for code in row.codes:
            said = describe(EBPF, code)
            assert said["op"] or said["mode"], (row.id, hex(code))
