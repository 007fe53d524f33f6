"""Any words on the command line: an answer, or one clear line, and nothing written but below KSCAN_HOME."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.fuzz.bounded import Broken, held
from tests.fuzz.laws import Law, asked, at_home, one_clear_line, run, stored
from tests.stores import Made, fact, history, member

_NAMES = [
    fact("PACKET_A", 1),
    fact("PACKET_B", 2),
    fact("did", 3),
    fact("BPF_JMP", 5),
    fact("S", "x", type="char [2]"),
]
_STRUCT = [fact("bpf_insn", None, "struct", type="struct bpf_insn", size=8), member("bpf_insn.code", 0, 1)]
_QUESTIONS = [
    "when",
    "has",
    "show",
    "history",
    "at",
    "diff",
    "hooks",
    "fanout",
    "helpers",
    "maps",
    "progs",
    "commands",
    "flags",
    "sites",
    "sections",
    "opcodes",
    "opcode",
    "asm",
    "uses",
    "search",
    "releases",
    "needs",
    "disasm",
    "export",
    "header",
]
_WORDS = [
    "PACKET_A",
    "PACKET_*",
    "did",
    "v4.2",
    "v4.3",
    "4.3",
    "mine",
    "--in",
    "--at",
    "--since",
    "--max",
    "--format",
    "json",
    "csv",
    "md",
    "table",
    "yaml",
    "man",
    "--scope",
    "uapi",
    "--profile",
    "arm64",
    "--breaking",
    "--all",
    "--",
    "--help",
    "--version",
    "-",
    "-x",
    "--format=json",
    "bpf_insn",
    "bpf_insn.code",
    "*",
    "[",
    "[!",
    "?",
    "[]]",
    "\\",
    "%",
    "_",
    "v",
    "v99999999999999999999.1",
    "v4.2-rc1",
    "v4..3",
    "",
    " ",
    "\t",
    "'",
    '"',
    "{",
    "0x95",
    "r0 = 0",
    "r0 += r1",
    "exit",
    "if r1 > 5 goto +2",
    "ret #0",
    "ldh [12]",
    "95 00 00 00 00 00 00 00",
    "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }",
    "BPF_EXIT_INSN()",
    "BPF_STMT(0x6, 0)",
    "(((",
    "1 << 99999999999",
    "lock *(u64 *)(r1 + 0) += r2",
    "since when is PACKET_A there?",
    "when did PACKET_B appear",
    "\ufeff",
    "\u2028",
    "\u202e",
    "\x1b[31m",
    "\u0661",
    "\u00b2",
    "\U0001f600",
    "a\nb",
    "\x7f",
    "\udcff",
    "\udc80\udcff",
    "x" * 3000,
    "*" * 60,
    "(" * 2000,
    "[a-" * 50,
    "9" * 5000,
    "0x" + "f" * 5000,
]
# No path but one below nowhere: what is written, `--out`, has tests of its own.
_WORD = st.one_of(
    st.sampled_from(_WORDS),
    st.text(max_size=12).filter(lambda text: "\0" not in text and "/" not in text),
    st.binary(max_size=6).map(os.fsdecode).filter(lambda text: "\0" not in text and "/" not in text),
)
QUESTIONS = st.lists(_WORD, max_size=5).flatmap(
    lambda rest: st.sampled_from([*_QUESTIONS, "when", "has", "opcode"]).map(lambda command: [command, *rest])
)
ANYTHING = st.lists(_WORD, max_size=5)
_SAFE = frozenset(("fetch", "scan", "report", "dataset", "docs", "verify"))


_STORE = stored(
    {
        "v4.2": {"linux/a.h": _NAMES[:1] + _STRUCT},
        "v4.3": {"linux/a.h": _NAMES + _STRUCT, "net/core/filter.c": [fact("f", None, "function")]},
        "mine": Made({"linux/a.h": _NAMES[1:]}, is_label=True, permalink=None),
    }
)


def answers(words: list[str]) -> None:
    """What a user gets for words, on a small store."""
    if words and (words[0].split() or [""])[0].lower() in _SAFE:
        return
    held(lambda: _answer(words))


def _answer(words: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        at_home(Path(folder, "home"), _STORE)
        os.mkdir(os.path.join(folder, "cwd"))
        os.chdir(os.path.join(folder, "cwd"))
        code, _, complained = asked(*words)
        one_clear_line(code, complained)
        assert os.listdir(folder) in (["home", "cwd"], ["cwd", "home"])
        assert os.listdir(".") == []
    return f"{code} {complained[:200]}"


LAWS = [Law("questions", QUESTIONS, answers), Law("anything", ANYTHING, answers)]


@pytest.mark.parametrize("law", LAWS, ids=[law.name for law in LAWS])
def test_any_words_are_answered_or_refused(law: Law) -> None:
    run(law, 80)


@pytest.mark.parametrize(
    "words",
    [
        ["when", "*" * 60 + "x"],
        ["when", "[" * 3000],
        ["when", "?" * 3000],
        ["when", "PACKET_" + "*A" * 60],
        ["search", "%_" * 3000],
        ["when", *(f"NAME_{n}" for n in range(2000))],
        ["opcode", "(" * 50_000],
        ["opcode", "1+" * 20_000 + "1"],
        ["opcode", "{" * 5000 + "}" * 5000],
        ["asm", "r0 = " + "9" * 20_000],
        ["asm", "if " * 20_000],
        ["has", "PACKET_A", "--in", "v" + "9" * 20_000],
        ["at", "v4." + "1" * 5000],
        ["diff", "v4.2", "v4.3" * 1000],
    ],
    ids=lambda words: f"{words[0]} {words[1][:12]}",
)
def test_long_words_take_little(words: list[str]) -> None:
    answers(words)


@pytest.mark.parametrize("word", [b"\xff", b"PACKET_\xff*", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
@pytest.mark.parametrize("command", ["when", "has", "search", "opcode", "header"])
def test_bytes_that_are_no_text_are_one_line(command: str, word: bytes) -> None:
    """As the operating system gives them: another locale's file names."""
    history({"v4.2": {"linux/a.h": _NAMES}})
    extra = [b"--in", b"v4.2"] if command == "has" else []
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"kscan", command.encode(), word, *extra],
        capture_output=True,
        check=False,
    )
    try:
        one_clear_line(done.returncode, done.stderr.decode())
    except UnicodeDecodeError as error:
        raise Broken(f"{done.stderr!r}") from error
