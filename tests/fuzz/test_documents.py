"""Any text as documentation: `docs fill` and `docs lint` end with an answer or one clear line, and touch
nothing but what stands between markers."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.fuzz.bounded import held
from tests.fuzz.laws import Law, asked, at_home, one_clear_line, run, stored
from tests.stores import fact

_WORDS = [
    "<!-- kscan:since PACKET_A -->",
    "<!-- kscan:value PACKET_B -->",
    "<!-- kscan:table PACKET_* -->",
    "<!-- /kscan -->",
    "<!-- kscan:",
    "-->",
    "<!--",
    "kscan:since",
    "<!-- kscan:since NOTHING -->",
    "<!-- kscan:table [ -->",
    "<!--kscan:since X-->",
    "<!-- kscan:value \u00b2 -->",
    "<!-- kscan:since PACKET_A --><!-- kscan:since PACKET_B -->",
    "PACKET_A",
    "PACKET_B",
    "(since Linux 4.2)",
    "(since Linux 99999999999999999999.1)",
    "(since v4.3)",
    "| name | since |\n| --- | --- |\n| PACKET_A | 4.2 |\n",
    "|",
    "---",
    "\n",
    "name: PACKET_A\nversion: 4.1\n",
    "- name: PACKET_B\n",
    "version: 4.2\n",
    "PACKET_A: 4.1\n",
    "\\fBPACKET_A\\fP",
    ".B PACKET_B",
    ".TP\n",
    ".. kscan:since::",
    "```",
    "    ",
    "> ",
    "* ",
    "&lt;",
    "\r\n",
    "\r",
    "\0",
    "\u2028",
    "\x85",
    "\ufeff",
    "\\",
    "`",
    "[a](b)",
    "bpf_skb_load_bytes()",
    "text",
    "BPF_FUNC_x",
    "{{",
    "}}",
    "%s",
]
_SUFFIXES = [".md", ".rst", ".yaml", ".yml", ".2", ".7", ".txt", ".3bpf"]
_TEXT = st.one_of(
    st.lists(st.sampled_from(_WORDS), max_size=40).map(" ".join),
    st.lists(st.sampled_from(_WORDS) | st.text(max_size=5), max_size=30).map("".join),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
DOCUMENTS = st.tuples(st.sampled_from(_SUFFIXES), _TEXT | st.binary(max_size=200))
_MARKER = re.compile(r"<!-- kscan:(\w+) (\S+) -->(.*?)<!-- /kscan -->", re.S)


_STORE = stored(
    {
        "v4.2": {"linux/a.h": [fact("PACKET_A", 1)]},
        "v4.3": {"linux/a.h": [fact("PACKET_A", 1), fact("PACKET_B", "<b>|`", type="char [6]")]},
    }
)


def written(document: tuple[str, bytes]) -> None:
    """Filled, filled again, and held against the kernels."""
    held(lambda: _written(*document))


def _outside(data: bytes) -> str:
    """A document without what is between its markers."""
    return _MARKER.sub(r"<!-- kscan:\1 \2 --><!-- /kscan -->", data.decode())


def _written(suffix: str, data: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        at_home(Path(folder, "home"), _STORE)
        path = Path(folder, f"it{suffix}")
        path.write_bytes(data)
        checked, _, complained = asked("docs", "fill", "--check", str(path))
        assert path.read_bytes() == data
        one_clear_line(0 if checked == 1 and not complained else checked, complained)
        code, _, complained = asked("docs", "fill", str(path))
        one_clear_line(code, complained)
        if code == 0:
            now = path.read_bytes()
            assert _outside(now) == _outside(data)
            assert asked("docs", "fill", "--check", str(path))[0] == 0, now
            assert asked("docs", "fill", str(path))[0] == 0
            assert path.read_bytes() == now
        else:
            assert path.read_bytes() == data
        linted, said, complained = asked("docs", "lint", str(path), "--format", "json")
        one_clear_line(0 if linted == 1 and said.strip() else linted, complained)
        assert {entry.name for entry in Path(folder).iterdir()} == {"home", path.name}
    return f"{code} {linted}"


LAWS = [Law("documents", DOCUMENTS, written)]


def test_any_document_is_filled_or_refused() -> None:
    run(LAWS[0], 100)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".md", "<!-- kscan:since PACKET_A -->" * 3000),
        (".md", "<!-- kscan:since PACKET_A -->x<!-- /kscan -->\n" * 2000),
        (".md", "<!-- kscan:since " + "A" * 500_000),
        (".md", "<!--" * 100_000 + " kscan:"),
        (".md", "<!--" + " " * 200_000 + "kscan:\n" + "<!--\n" * 50_000),
        (".md", "<!-- kscan:x y -->" + "a" * 200_000),
        (".md", "PACKET_A " * 30_000 + "(since Linux 4.1)\n"),
        (".md", "A_A, " * 60_000 + "\n"),
        (".md", "PACKET_A (since Linux 4.1)" * 8000 + "\n"),
        (".md", "PACKET_A" + " ," * 100_000 + "\n"),
        (".md", "PACKET_A" + " " * 200_000 + "x\n"),
        (".md", "| since | a |\n|" + "-" * 100_000 + "x|\n"),
        (".md", "| since |\n| " + "- " * 50_000 + "\n" + "|[a" * 50_000 + "\n"),
        (".md", "|" * 200_000 + "\n|" + "-|" * 100_000 + "\n" + "|4.1" * 50_000 + "\n"),
        (".yaml", " " * 200_000 + "name: PACKET_A\n" + "-" * 100_000 + "\n"),
        (".yaml", "name: A_" + "A" * 200_000 + "!\n" + "A_" * 100_000 + ": 4.1x\n"),
        (".2", "\\f[" * 60_000 + "\n" + "\\fB" * 60_000 + "\n"),
    ],
    ids=lambda value: value if len(value) < 6 else f"{value[:20].strip()!r} {len(value) >> 10}k",
)
def test_a_long_document_takes_little(suffix: str, text: str) -> None:
    held(lambda: _written(suffix, text.encode()))
