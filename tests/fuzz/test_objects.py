"""Any object, filter or source for `needs` and `disasm`, from the command line on: one clear line where it
is no program.

tests/bpf/test_programs.py holds the reader to the same; here it is what a user asks."""

import os
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.bpf.elf import EXIT, Elf, insn, load, with_maps
from tests.bpf.elf import Section as ElfSection
from tests.fuzz.bounded import held
from tests.fuzz.laws import Law, asked, at_home, one_clear_line, run, stored
from tests.fuzz.test_archives import damaged
from tests.stores import fact


def _object(*, big: bool = False) -> bytes:
    code = (
        load(1, 0, 1, big=big)
        + insn(0x85, imm=1, big=big)
        + insn(0x85, src=2, imm=7, big=big)
        + (insn(0xDB, 1, 2, imm=0x41, big=big) + insn(0x95, big=big))
    )
    elf = Elf(big=big).code("xdp", code).code("socket", code).data("license", b"GPL\0").data("maps", bytes(40))
    elf.sections.append(ElfSection(".BTF", with_maps(("m", 1, 0), ("ring", 27, 1), big=big)))
    elf.relocate("xdp", 0, elf.symbol("m", "maps", kind=1, size=20))
    elf.relocate("socket", 0, elf.symbol("n", "maps", 20, kind=1, size=20))
    return elf.write()


_OBJECTS = [_object(), _object(big=True)]
_SOURCE = """\
#define OURS BPF_JMP | BPF_EXIT
static struct bpf_insn prog[] = { BPF_MOV64_IMM(0, 1), { OURS, 0, 0, 0, 0 }, BPF_EXIT_INSN(), };
struct sock_filter filter[] = { BPF_STMT(BPF_RET | BPF_K, 0xffff), { 0x6, 0, 0, 0x00040000 }, };
"""
_WORDS = [
    "{",
    "}",
    "(",
    ")",
    ",",
    "|",
    "<<",
    "0x",
    "99999999999",
    "struct bpf_insn x[] = {",
    "BPF_EXIT_INSN()",
    "/*",
    '"',
    "#define ",
]
_TEXT = st.lists(
    st.tuples(st.integers(0, len(_SOURCE)), st.integers(0, 20), st.sampled_from(_WORDS) | st.text(max_size=4)),
    max_size=6,
)


def _mutated(changes: list[tuple[int, int, str]]) -> bytes:
    text = _SOURCE
    for at, length, new in changes:
        text = text[:at] + new + text[at + length :]
    return text.encode("utf-8", "surrogateescape")


_NUMBERS = st.lists(st.lists(st.integers(0, 1 << 33), min_size=4, max_size=4), max_size=5)
FILES = st.one_of(
    st.builds(
        damaged,
        st.sampled_from(_OBJECTS),
        st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=9)), max_size=6),
        st.none() | st.integers(0, 1500),
    ),
    _TEXT.map(_mutated),
    _NUMBERS.map(lambda rows: "".join(f"{{ {', '.join(map(hex, row))} }},\n" for row in rows).encode()),
    _NUMBERS.map(
        lambda rows: f"{len(rows)}\n".encode() + "\n".join(" ".join(map(str, row)) for row in rows).encode()
    ),
    st.binary(max_size=25).map(lambda data: (data + bytes(8))[: len(data) // 8 * 8 + 8]),
    st.binary(max_size=300),
)


_STORE = stored({"v4.2": {"linux/bpf.h": [fact("BPF_MAP_TYPE_HASH", 1)]}})


@cache
def _ready() -> None:
    """What a first question imports: each fork has it then."""
    bounded_home = os.environ.get("KSCAN_HOME")
    _told(_OBJECTS[0])
    _told(_SOURCE.encode())
    if bounded_home is not None:
        os.environ["KSCAN_HOME"] = bounded_home


def told(data: bytes) -> None:
    """`needs` and `disasm` of a file, in every form."""
    _ready()
    held(lambda: _told(data))


def _told(data: bytes) -> str:
    codes = []
    with tempfile.TemporaryDirectory() as folder:
        at_home(Path(folder, "home"), _STORE)
        path = Path(folder, "it")
        path.write_bytes(data)
        for words in (("disasm",), ("needs",), ("needs", "--max", "v4.2"), ("disasm", "--format", "json")):
            code, _, complained = asked(words[0], str(path), *words[1:])
            one_clear_line(code, complained)
            codes.append(code)
        assert path.read_bytes() == data
        assert {entry.name for entry in Path(folder).iterdir()} == {"it", "home"}
    return str(codes)


LAWS = [Law("objects", FILES, told)]


def test_any_file_is_told_or_refused() -> None:
    run(LAWS[0], 100)


@pytest.mark.parametrize(
    "data",
    [
        EXIT * 20_000,
        b"{ 0x6, 0, 0, 0x0 },\n" * 20_000,
        b"20000\n" + b"6 0 0 0\n" * 20_000,
        b"struct bpf_insn a[] = { " + b"(" * 50_000 + b"1" + b")" * 50_000 + b" };\n",
        b"struct bpf_insn a[] = { {" + b"1+" * 50_000 + b"1} };\n",
        b"struct bpf_insn a[] = {" * 3000 + b"};" * 3000,
        b"#define A0 1\n"
        + b"".join(b"#define A%d A%d + A%d\n" % (n, n - 1, n - 1) for n in range(1, 40))
        + b"struct bpf_insn a[] = { { A39, 0, 0, 0, 0 } };\n",
        b'"' + b'\\"' * 60_000,
    ],
    ids=["bytes", "dd", "ddd", "parentheses", "sum", "arrays", "macros", "quote"],
)
def test_a_small_file_takes_little(data: bytes) -> None:
    _ready()
    held(lambda: _told(data), seconds=5)


def test_relocations_in_the_thousands() -> None:
    """A symbol each, and a section of calls."""
    elf = Elf().code("tc", load(1) * 5000 + EXIT)
    for number in range(5000):
        elf.relocate("tc", 2 * number, elf.symbol(f"map{number}", None))
    _ready()
    held(lambda: _told(elf.write()), seconds=6)
