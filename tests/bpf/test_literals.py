"""`kscan uses 'PHRASE'`: places that write an instruction, however they spell it."""

import json
from pathlib import Path

import pytest

from kscan.bpf.literals import spelled_uses
from kscan.bpf.phrases import NotPhrase
from kscan.cli import main
from kscan.errors import KscanError
from kscan.history import History
from kscan.rows import COMMON
from tests.bpf.releases import kernel, read_into
from tests.conftest import Scan

_CLASSIFIER = "net/core/ptp_classifier.c"
_FANOUT = "tools/testing/selftests/net/psock_fanout.c"
_TEXT = "Documentation/networking/cdc_mbim.txt"
_VERIFIER = "tools/testing/selftests/bpf/verifier/sock.c"
_SOCK = "net/core/filter.c"

# Our own source; each line that ends in a number is asked for by that number.
_SOURCE = """\
/* { 0x06, 0, 0, 0x00000000 } and BPF_STMT(BPF_RET | BPF_K, 0) */
static const char *said = "{ 0x06, 0, 0, 0x00000000 } BPF_STMT(BPF_RET | BPF_K, 0)";
#define OWN_RET 0x06
static const struct sock_filter table[] = {
	{ 0x06, 0, 0, 0x00000000 },
	{ 6, 0, 0, 0 },
	{ BPF_RET | BPF_K, 0, 0, 0 },
	{ .code = BPF_RET | BPF_K, .k = 0 },
	{ OWN_RET, 0x0, 00, 1 - 1 },
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_K + BPF_RET, 0), // BPF_STMT(BPF_RET, 0)
	BPF_JUMP(BPF_RET, 0, 0, 0),
	{ 0x06, 0, 0, 0x00000001 },
	{ 0x06, 1, 0, 0 },
	{ 0x06, 0, 1, 0 },
	{ 0x16, 0, 0, 0 },
	BPF_STMT(BPF_RET | BPF_A, 0),
	BPF_STMT(BPF_RET | BPF_K, not_known),
};

static int reject(struct sk_buff *skb)
{
	struct sock_filter one[] = {
		BPF_STMT(BPF_RET |
			BPF_K, 0),
	};
	struct bpf_insn two[] = {
		{ 0x06, 0, 0, 0, 0 },
		BPF_RAW_INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 0),
		((struct bpf_insn) { .code = BPF_JMP32 | BPF_JA, .off = 0 }),
		BPF_EXIT_INSN(),
		BPF_MOV64_IMM(1, 7),
		BPF_LD_IMM64(2, 1ULL << 32),
	};
	if (skb) { return 0; }
	return own(one, two);
}
"""
_RET = "{ 0x06, 0, 0, 0x00000000 }"
_RET_LINES = [5, 6, 7, 8, 9, 10, 11, 12, 24]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a release that has our source, and one whose words mean something else."""
    old, new = kernel("v6.8"), kernel("v6.9")
    old["include/uapi/linux/bpf.h"] = old["include/uapi/linux/bpf.h"].replace("BPF_RET 0x06", "BPF_RET 0x46")
    for files in (old, new):
        files[_CLASSIFIER] = _SOURCE
        files[_FANOUT] = "int main(void)\n{\n\treturn 6;\n}\n"
    return read_into(tmp_path_factory.mktemp("spelled"), {"v6.8": old, "v6.9": new})


@pytest.fixture
def spelled(filled: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """Their history, for questions and commands alike."""
    monkeypatch.setenv("KSCAN_HOME", str(filled))
    return History()


def _lines(history: History, phrase: str, tag: str = "v6.9") -> list[int]:
    rows = spelled_uses(history, phrase, tag)
    assert {row["path"] for row in rows} <= {_CLASSIFIER}
    return [row["line"] for row in rows]


@pytest.mark.parametrize(
    "phrase",
    [_RET, "{ 6, 0, 0, 0 }", "BPF_STMT(BPF_RET | BPF_K, 0)", "ret #0", "{ .code = BPF_RET, .k = 0 }",
     "BPF_STMT(BPF_RET+BPF_K,0)", "((struct sock_filter) { BPF_RET | BPF_K, 0, 0, 0 })", " { 0x6,0,0,0 } , "],
)  # fmt: skip
def test_every_phrasing_of_one_instruction_and_no_other(spelled: History, phrase: str) -> None:
    assert _lines(spelled, phrase) == _RET_LINES


@pytest.mark.parametrize(
    ("phrase", "lines"),
    [
        ("{ 0x06, 0, 0, 0x00000001 }", [13]),
        ("ret #1", [13]),
        ("{ 0x06, 1, 0, 0 }", [14]),
        ("{ 0x06, 0, 1, 0 }", [15]),
        ("BPF_STMT(BPF_RET | BPF_A, 0)", [16, 17]),
        ("{ 0x06, 0, 0, 0, 0 }", [28, 29, 30]),
        ("gotol +0", [28, 29, 30]),
        ("BPF_EXIT_INSN()", [31]),
        ("{ 0x95, 0, 0, 0, 0 }", [31]),
        ("exit", [31]),
        ("r1 = 7", [32]),
        ("b7 01 00 00 07 00 00 00", [32]),
        ("r2 = 4294967296 ll", [33]),
        ("BPF_LD_IMM64(2, 0x100000000)", [33]),
        ("{ 0x07, 0, 0, 0 }", []),
        ("r1 = 8", []),
        ("r2 = 0 ll", []),
    ],
)
def test_four_fields_are_classic_and_five_extended(spelled: History, phrase: str, lines: list[int]) -> None:
    assert _lines(spelled, phrase) == lines


@pytest.mark.parametrize("phrase", ["0x06", "6", "BPF_RET | BPF_K", "BPF_K|BPF_RET", "BPF_JMP32 | BPF_JA"])
def test_a_bare_opcode_is_every_instruction_with_it(spelled: History, phrase: str) -> None:
    """Of either flavour: the byte is both classic ret and extended gotol."""
    assert _lines(spelled, phrase) == [*_RET_LINES[:-1], 13, 14, 15, 24, 28, 29, 30]


def test_eight_bytes_are_read_in_both_flavours(spelled: History) -> None:
    assert _lines(spelled, "06 00 00 00 00 00 00 00") == [*_RET_LINES, 28, 29, 30]


def test_words_mean_what_the_release_says(spelled: History) -> None:
    assert _lines(spelled, _RET, "v6.8") == [5, 6, 9]
    assert _lines(spelled, "BPF_STMT(BPF_RET | BPF_K, 0)", "v6.8") == [7, 8, 10, 11, 12, 24]


def test_a_row_has_the_spelling_the_function_and_the_proof(spelled: History) -> None:
    *_, table, inside = spelled_uses(spelled, _RET, "v6.9")
    assert list(inside) == list(COMMON)
    assert (table["name"], table["reason"], table["line"]) == ("BPF_JUMP(BPF_RET, 0, 0, 0)", None, 12)
    assert (inside["name"], inside["reason"]) == ("BPF_STMT(BPF_RET | BPF_K, 0)", "in reject()")
    assert (inside["line"], inside["end_line"]) == (24, 25)
    assert inside["permalink"] == (f"https://github.com/torvalds/linux/blob/v6.9/{_CLASSIFIER}#L24-L25")
    assert (inside["kind"], inside["scope"], inside["header"]) == ("use", "internal", _CLASSIFIER)


def test_places_come_in_order_of_path_and_line(read: Scan) -> None:
    files = kernel("v6.9")
    one = "static struct sock_filter f[] = { BPF_STMT(BPF_RET, 0), BPF_STMT(BPF_RET, 0), };\n"
    files |= {_FANOUT: one, _CLASSIFIER: f"\n{one}", _VERIFIER: f"{one}\n{one}"}
    history = read({"v6.9": files}, sets=("bpf",))
    rows = spelled_uses(history, _RET, "v6.9")
    assert [(row["path"], row["line"]) for row in rows] == [
        (_CLASSIFIER, 2), (_CLASSIFIER, 2), (_VERIFIER, 1), (_VERIFIER, 1), (_VERIFIER, 3), (_VERIFIER, 3),
        (_FANOUT, 1), (_FANOUT, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "A device's filter\n=================\n\nIt ends::\n\n   BPF_STMT(BPF_RET|BPF_K, 0), /* no more */\n",
        "# a title, not a directive\n\n\n\n\n   struct sock_filter f[] = { { 0x06, 0, 0, 0x0 } };\n",
        "See /sys/*/filter, which\nholds what\nthe device's\nfilter is,\n\n   BPF_STMT(BPF_RET|BPF_K, 0),\n",
        'A "quote\nthat goes on\n\n\n\n   BPF_STMT(BPF_RET|BPF_K, 0),\nover lines".\n',
    ],
    ids=["apostrophe", "number sign", "slash and star", "quote"],
)
def test_texts_of_documentation_are_read_like_sources(read: Scan, text: str) -> None:
    history = read({"v6.9": kernel("v6.9") | {_TEXT: text}}, sets=("bpf",))
    (row,) = spelled_uses(history, _RET, "v6.9")
    assert (row["path"], row["line"], row["reason"]) == (_TEXT, 6, None)


@pytest.mark.parametrize(
    "text",
    [
        "struct sock_filter *f;\nint numbers[][4] = { { 6, 0, 0, 0 } };\n",
        "struct sock_filter *f;\nint numbers[] = { 6, 0, 0, 0 };\n",
        "struct sock_filter *f;\nstruct other o = { 6, 0, 0, 0 };\n",
        "struct sock_filter *f;\nvoid g(void) { own(6, 0, 0, 0); }\n",
    ],
    ids=["rows of numbers", "numbers", "another struct", "a call"],
)
def test_numbers_that_are_no_instructions(read: Scan, text: str) -> None:
    history = read({"v6.9": kernel("v6.9") | {_CLASSIFIER: text}}, sets=("bpf",))
    assert spelled_uses(history, _RET, "v6.9") == []


@pytest.mark.parametrize(
    "head",
    [
        "bool f(struct sock_filter *old, struct bpf_insn **new)",
        "int f(struct bpf_insn *new, struct sock_filter *old)",
        "struct sock_filter *f(void)",
        "int f(struct sock_filter one)",
    ],
)
def test_what_a_function_takes_says_nothing_of_what_it_writes(read: Scan, head: str) -> None:
    text = (
        f"{head}\n{{\n\t*new++ = BPF_EXIT_INSN();\n\tuse(BPF_STMT(BPF_RET, 0), (int[]) {{ 6, 0, 0, 0 }});\n}}\n"
    )
    history = read({"v6.9": kernel("v6.9") | {_CLASSIFIER: text}}, sets=("bpf",))
    for phrase, lines in (("exit", [3]), (_RET, [4])):
        rows = [row for row in spelled_uses(history, phrase, "v6.9") if row["path"] == _CLASSIFIER]
        assert [(row["line"], row["reason"]) for row in rows] == [(line, "in f()") for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        "void f(void)\n{\n\tuse((struct bpf_insn) { .code = BPF_JMP32 | BPF_JA });\n}\n",
        "void f(struct bpf_insn *i)\n{\n\t*i = (struct bpf_insn) {\n\t\t.code = BPF_JMP32 | BPF_JA };\n}\n",
        "\n\nstruct bpf_insn f[] = { { .code = BPF_JMP32 | BPF_JA } };\n",
    ],
    ids=["a compound literal", "an assignment", "an array"],
)
def test_what_stands_before_an_initialiser_tells_its_flavour(read: Scan, text: str) -> None:
    history = read({"v6.9": kernel("v6.9") | {_CLASSIFIER: text}}, sets=("bpf",))
    assert [row["line"] for row in spelled_uses(history, "gotol +0", "v6.9")] == [3]
    assert spelled_uses(history, _RET, "v6.9") == []


@pytest.mark.parametrize(
    "text",
    [
        "#define REJECT BPF_STMT(BPF_RET | BPF_K, 0)\nstruct sock_filter f[] = { REJECT };\n",
        "#define REJECT(value) { BPF_RET, 0, 0, value }\nstruct sock_filter f[] = { REJECT(0) };\n",
    ],
    ids=["a macro's body", "a macro's call"],
)
def test_what_a_sources_own_macro_writes(read: Scan, text: str) -> None:
    """Either the line that spells it or the one that calls it; it is not passed over."""
    history = read({"v6.9": kernel("v6.9") | {_CLASSIFIER: text}}, sets=("bpf",))
    assert {row["path"] for row in spelled_uses(history, _RET, "v6.9")} == {_CLASSIFIER}


def test_a_source_that_is_no_c_is_left_out(read: Scan) -> None:
    files = kernel("v6.9") | {_CLASSIFIER: "struct sock_filter f; /* without end", _FANOUT: _SOURCE}
    history = read({"v6.9": files}, sets=("bpf",))
    assert {row["path"] for row in spelled_uses(history, _RET, "v6.9")} == {_FANOUT}


@pytest.mark.timeout(30)
def test_odd_brackets_take_moments(read: Scan) -> None:
    text = "struct sock_filter f[] = {" + "{ BPF_STMT(" * 20_000 + "}" * 20_000 + "{ 6, 0, 0, 0 }"
    history = read({"v6.9": kernel("v6.9") | {_CLASSIFIER: text}}, sets=("bpf",))
    assert len(spelled_uses(history, _RET, "v6.9")) == 1


@pytest.mark.parametrize(
    "phrase", ["nothing at all", "{ 1, 2 }", "BPF_NEVER(1)", "BPF_NEVER | BPF_K", "{ 70000, 0, 0, 0 }"]
)
def test_what_is_no_instruction_raises(spelled: History, phrase: str) -> None:
    with pytest.raises(NotPhrase):
        spelled_uses(spelled, phrase, "v6.9")


def test_a_release_that_is_not_there_raises(spelled: History) -> None:
    with pytest.raises(KscanError, match=r"^no release v9\.9 in the store"):
        spelled_uses(spelled, _RET, "v9.9")


@pytest.mark.usefixtures("spelled")
class TestCommand:
    """`kscan uses 'PHRASE' --at TAG`."""

    def test_the_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["uses", "BPF_EXIT_INSN()", "--at", "v6.9"]) == 0
        out, err = capsys.readouterr()
        assert [line.split() for line in out.splitlines()] == [
            ["path", "line", "reason"],
            [_CLASSIFIER, "31", "in", "reject()"],
        ]
        assert err == ""

    def test_json_has_the_columns_of_uses(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["uses", _RET, "--at", "6.9", "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [row["line"] for row in rows] == _RET_LINES
        assert all(list(row) == list(COMMON) for row in rows)

    def test_a_name_is_still_a_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["uses", "own", "--at", "v6.9", "--format", "json"]) == 0
        assert [row["line"] for row in json.loads(capsys.readouterr().out)] == [36]

    def test_no_place_is_an_answer_of_no(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["uses", "{ 0x07, 0, 0, 0 }", "--at", "v6.9"]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err == "kscan: { 0x07, 0, 0, 0 }: not used in the scanned sources of v6.9\n"

    @pytest.mark.parametrize(
        "phrase",
        ["{", "{ }", "{ 1, 2 }", "ä + 1", " ", "(", "\x1b[31m", "x " * 50_000, "{ " * 5000, "BPF_NEVER(1)",
         "1" * 5000, "{ \udcff }"],
    )  # fmt: skip
    @pytest.mark.timeout(20)
    def test_bad_phrases_are_one_line(self, phrase: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["uses", phrase, "--at", "v6.9"]) in (1, 2)
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err[:7]) == ("", 1, "kscan: ")
        assert "\x1b" not in err

    def test_a_release_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        for what in (_RET, "BPF_EXIT_INSN"):
            assert main(["uses", what, "--at", "v9.9"]) == 1
            assert capsys.readouterr().err.startswith("kscan: no release v9.9 in the store")

    def test_nothing_and_no_release_are_wrong_usage(self) -> None:
        for arguments in (["uses", "", "--at", "v6.9"], ["uses", _RET], ["uses"]):
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code == 2
