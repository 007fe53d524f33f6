"""eBPF text against LLVM 19: programs of clang-19 and llvm-mc-19 as llvm-objdump-19 writes them.

LLVM's words are those of its default CPU, and those of v4 where the default CPU has none. Run by
`make test-real`.
"""

import random
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, product
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from kscan.bpf.ebpf_asm import NotInstruction, assemble
from kscan.bpf.ebpf_text import disassemble, text_of
from kscan.bpf.instruction import LD_IMM64, Insn, decode_all, encode

CLANG, MC, OBJDUMP = "clang-19", "llvm-mc-19", "llvm-objdump-19"
SOURCES = sorted((Path(__file__).parent / "programs").glob("*.c"))
RANDOM_SOURCES = 12
RANDOM_LISTINGS = 8
CPUS = ("v1", "v2", "v3", "v4")
# Each target, and whether it is big-endian.
TARGETS = {"bpfel": False, "bpfeb": True}

# Which of the 256 code bytes LLVM 19 can make, by class.
MADE = frozenset(bytes.fromhex("""
    18 20 28 30 40 48 50
    61 69 71 79 81 89 91
    62 6a 72 7a
    63 6b 73 7b c3 db
    04 14 24 34 44 54 64 74 84 94 a4 b4 c4 d4
    0c 1c 2c 3c 4c 5c 6c 7c    9c ac bc cc dc
    05 15 25 35 45 55 65 75 85 95 a5 b5 c5 d5 e5
       1d 2d 3d 4d 5d 6d 7d 8d    ad bd cd dd
    06 16 26 36 46 56 66 76       a6 b6 c6 d6
       1e 2e 3e 4e 5e 6e 7e       ae be ce de
    07 17 27 37 47 57 67 77 87 97 a7 b7 c7 d7
    0f 1f 2f 3f 4f 5f 6f 7f    9f af bf cf
"""))  # fmt: skip
# What an offset or an immediate tells apart under one code byte.
ATOMICS = {0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1}
WIDTHS, SIGNED = {16, 32, 64}, {0, 1}
VARIANTS = {
    "imm": {0xC3: ATOMICS, 0xDB: ATOMICS, 0xD4: WIDTHS, 0xDC: WIDTHS, 0xD7: WIDTHS},
    "off": {
        0x34: SIGNED, 0x3C: SIGNED, 0x37: SIGNED, 0x3F: SIGNED, 0x94: SIGNED, 0x9C: SIGNED, 0x97: SIGNED,
        0x9F: SIGNED, 0xBC: {0, 8, 16}, 0xBF: {0, 1, 8, 16, 32},
    },
}  # fmt: skip

# Every form of assembly, {d} {s} registers, {o} an offset, {a} the same within an address, {i} an immediate.
OPERATIONS = ("+=", "-=", "*=", "/=", "s/=", "%=", "s%=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "=")
CONDITIONS = ("==", "!=", "&", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=")
WORDS = {"add": "+", "or": "|", "and": "&", "xor": "^"}
FORMS = {
    "alu64": [f"r{{d}} {op} {right}" for op in OPERATIONS for right in ("r{s}", "{i}")],
    "alu32": [f"w{{d}} {op} {right}" for op in OPERATIONS for right in ("w{s}", "{i}")],
    "one register": [
        "r{d} = -r{d}", "w{d} = -w{d}", "r{d} = (s8)r{s}", "r{d} = (s16)r{s}", "r{d} = (s32)r{s}",
        "w{d} = (s8)w{s}", "w{d} = (s16)w{s}",
        *(f"r{{d}} = {word}{bits} r{{d}}" for word in ("le", "be", "bswap") for bits in (16, 32, 64)),
    ],
    "wide": ["r{d} = {w} ll", "r{d} = addr_space_cast(r{s}, {n}, {n})"],
    "jmp64": [f"if r{{d}} {op} {right} goto {{o}}" for op in CONDITIONS for right in ("r{s}", "{i}")],
    "jmp32": [f"if w{{d}} {op} {right} goto {{o}}" for op in CONDITIONS for right in ("w{s}", "{i}")],
    "jumps": ["goto {o}", "gotol {o}", "may_goto {o}", "call {i}", "callx r{d}", "exit"],
    "loads": [
        *(f"r{{d}} = *({kind} *)(r{{s}} {{a}})" for kind in ("u8", "u16", "u32", "u64", "s8", "s16", "s32")),
        *(f"w{{d}} = *({kind} *)(r{{s}} {{a}})" for kind in ("u8", "u16", "u32")),
    ],
    "packet": [f"r0 = *(u{bits} *)skb[{at}]" for bits in (8, 16, 32) for at in ("{i}", "r{s}")],
    "stores": [
        *(f"*(u{bits} *)(r{{d}} {{a}}) = {right}" for bits in (8, 16, 32, 64) for right in ("r{s}", "{i}")),
        *(f"*(u{bits} *)(r{{d}} {{a}}) = w{{s}}" for bits in (8, 16, 32)),
    ],
    "atomics": [
        "lock *(u32 *)(r{d} {a}) += r{s}",
        *(f"lock *(u{bits} *)(r{{d}} {{a}}) {mark}= {letter}{{s}}"
          for bits, letter in ((32, "w"), (64, "r")) for mark in WORDS.values()),
        *(f"{letter}{{s}} = atomic_fetch_{word}((u{bits} *)(r{{d}} {{a}}), {letter}{{s}})"
          for bits, letter in ((32, "w"), (64, "r")) for word in WORDS),
        *(f"{letter}{{s}} = xchg{suffix}(r{{d}} {{a}}, {letter}{{s}})"
          for letter, suffix in (("w", "32_32"), ("r", "_64"))),
        *(f"{letter}0 = cmpxchg{suffix}(r{{d}} {{a}}, {letter}0, {letter}{{s}})"
          for letter, suffix in (("w", "32_32"), ("r", "_64"))),
    ],
}  # fmt: skip
OFFSETS = (0, 1, -1, 7, -8, 16, 32767, -32768)
IMMEDIATES = (0, 1, -1, 10, 0x7FFFFFFF, -0x80000000, 0x12345678)
WIDES = (0, 1, -1, 2**31, -(2**31), 2**32 - 1, 2**32, 2**63 - 1, -(2**63), 0x123456789ABCDEF0)
# r11 is of LLVM's own, but it writes it.
REGISTERS = range(12)

# What says something that no instruction does; LLVM refuses it.
REFUSED = [
    "r0", "r1 = w2", "w1 = r2", "r1 = -r2", "w1 = (s32)w2", "w1 = be16 w1", "r1 == 2", "r12 = 5",
    "r1 = 99999999999999999999999 ll", "goto +40000", "goto -32769", "gotol +4294967295", "call r5",
    "if r1 == w2 goto +1", "if r1 = r2 goto +1", "r0 = *(u64 *)skb[r7]", "r1 = *(u8 *)skb[5]",
    "w1 = *(u64 *)(r2 + 0)", "w1 = *(s8 *)(r2 + 0)", "r1 = *(s64 *)(r2 + 0)", "r1 = *(u8 *)(w2 + 0)",
    "*(u64 *)(r1 + 0) = w2", "*(s32 *)(r1 + 0) = r2", "*(s8 *)(r1 + 0) = 5", "lock *(u64 *)(r1 + 0) += w2",
    "lock *(s64 *)(r1 + 0) += r2", "lock *(u32 *)(r1 + 0) &= r2", "lock *(u16 *)(r1 + 0) += r2",
    "r2 = atomic_fetch_add((u64 *)(r1 + 0), w2)", "w2 = atomic_fetch_add((u32 *)(r1 + 0), r2)",
    "w2 = atomic_fetch_add((u64 *)(r1 + 0), w2)", "r2 = xchg_64(r1 + 0, w2)", "w2 = xchg_64(r1 + 0, w2)",
    "r0 = cmpxchg_64(r1 + 0, w0, r2)", "r0 = cmpxchg_64(r1 + 0, r0, w2)", "r3 = cmpxchg_64(r1 + 0, r0, r2)",
]  # fmt: skip

_FILE = re.compile(r"(?P<path>/.+):\tfile format elf64-bpf")
_SECTION = re.compile(r"Disassembly of section (?P<name>.+):")
_LINE = re.compile(r" *(?P<at>\d+):\t(?P<bytes>(?:[0-9a-f]{2} )*[0-9a-f]{2})\t(?P<text>.+)")
_TARGET = re.compile(r" <[^<>]+>$")
UNKNOWN = "<unknown>"

_Section = tuple[Path, str]


class Line(NamedTuple):
    """An instruction as LLVM writes it: the number of its first slot, its bytes, where it stands, its
    text for the default CPU and for v4, and that with the target of a jump."""

    at: int
    data: bytes
    big_endian: bool
    where: str
    default: str
    newest: str
    annotated: str

    @property
    def slots(self) -> tuple[Insn, ...]:
        return tuple(decode_all(self.data, big_endian=self.big_endian))

    @property
    def misread(self) -> bool:
        """Whether the default CPU takes a 32-bit atomic that it does not know for the one it knows."""
        return self.slots[0].code == 0xC3 and self.slots[0].imm != 0

    @property
    def text(self) -> str:
        return self.newest if self.misread or self.default == UNKNOWN else self.default

    @property
    def readable(self) -> set[str]:
        """The texts that say all of the instruction."""
        return {self.newest} if self.misread else {self.default, self.newest} - {UNKNOWN}


class Program(NamedTuple):
    """An object file: by section its bytes, and its instructions."""

    path: Path
    big_endian: bool
    sections: dict[str, bytes]
    lines: dict[str, list[Line]]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    """What these tests need; a missing tool fails them by name."""
    missing = [tool for tool in (CLANG, MC, OBJDUMP) if shutil.which(tool) is None]
    assert not missing, f"{', '.join(missing)} not installed; make deps names the packages"


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[:6])}: {done.stderr[:500]}"
    return done.stdout


def _listed(paths: Sequence[Path], *flags: str) -> Iterator[tuple[_Section, int, bytes, str]]:
    """The lines of `llvm-objdump -d`: where, number, bytes, text with the target of a jump."""
    path, name = Path(), ""
    for line in _run(OBJDUMP, "-d", "-z", "--no-print-imm-hex", *flags, *map(str, paths)).splitlines():
        if found := _FILE.fullmatch(line):
            path = Path(found["path"])
        elif found := _SECTION.fullmatch(line):
            name = found["name"]
        elif found := _LINE.fullmatch(line):
            yield (path, name), int(found["at"]), bytes.fromhex(found["bytes"]), found["text"]


def _plain(text: str) -> str:
    """LLVM's text without the target of a jump, words parted by one space."""
    return text if text == UNKNOWN else " ".join(_TARGET.sub("", text).split())


def _read(paths: Sequence[Path]) -> list[Program]:
    """Objects of one byte order, as LLVM writes them for both CPUs."""
    programs = {}
    for path in paths:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            code = [s for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_EXECINSTR and s["sh_size"]]
            sections = {section.name: bytes(section.data()) for section in code}
            programs[path] = Program(path, not elf.little_endian, sections, {name: [] for name in sections})
    for default, newest in zip(_listed(paths), _listed(paths, "--mcpu=v4"), strict=True):
        assert default[:3] == newest[:3]
        (path, name), at, data, text = default
        program = programs[path]
        where = f"{path.name} {name} {at}: {data.hex(' ')}"
        told = (_plain(text), _plain(newest[3]), newest[3])
        program.lines[name].append(Line(at, data, program.big_endian, where, *told))
    return list(programs.values())


# The programs: C of our own, random C, every form of assembly, random assembly.


def _random_c(seed: int) -> str:
    """Functions of random statements: arithmetic, memory, branches, loops; nothing that needs v4."""
    rng = random.Random(f"c {seed}")
    kinds = ("char", "short", "int", "long")
    types = [*kinds, "signed char", *(f"unsigned {kind}" for kind in kinds)]

    def value(depth: int) -> str:
        if depth == 0 or rng.random() < 0.2:
            large = rng.choice((9, 300, 2**16, 2**31, 2**40))
            place = f"(({rng.choice(types)} *)p)[{rng.randrange(-20, 20)}]"
            leaves: list[str] = [*"abcd", *"abcd", str(rng.randrange(large)), place]
            return rng.choice(leaves)
        left, right = value(depth - 1), value(depth - 1)
        form = rng.randrange(7)
        if form == 0:
            return f"({left} {rng.choice(('<<', '>>'))} ({right} & 31))"
        if form == 1:
            kind = f"unsigned {rng.choice(kinds[2:])}"
            return f"(({kind}){left} {rng.choice('/%')} (({kind}){right} | {rng.randrange(1, 99)}u))"
        if form == 2:
            return f"({rng.choice(types)})({left})"
        if form == 3:
            return f"{rng.choice('-~!')}({left})"
        return f"({left} {rng.choice(('+', '-', '*', '&', '|', '^', '<', '==', '>='))} {right})"

    def statement(depth: int) -> str:
        form = rng.randrange(3 if depth == 0 else 6)
        if form == 0:
            return f"(({rng.choice(types)} *)p)[{rng.randrange(-20, 20)}] = {value(2)};"
        if form in (1, 2):
            return f"{rng.choice('abcd')} {rng.choice(('', '+', '-', '^', '*'))}= {value(3)};"
        inner = " ".join(statement(depth - 1) for _ in range(rng.randrange(1, 4)))
        if form == 3:
            return f"if ({value(2)} {rng.choice(('<', '>', '==', '!=', '&'))} {value(1)}) {{ {inner} }}"
        if form == 4:
            turns = rng.randrange(3, 200)
            return (
                f"\n#pragma clang loop unroll(disable)\nfor (int i = 0; i < {turns}; i++) {{ a += i; {inner} }}"
            )
        cases = " ".join(f"case {n}: {statement(0)} break;" for n in rng.sample(range(-5, 900), 3))
        return f"switch ((int)({value(1)})) {{ {cases} default: {inner} }}"

    return "\n".join(
        f"unsigned long f{number}({rng.choice(types)} a, {rng.choice(types)} b, unsigned long c, void *p)\n"
        f"{{\n{rng.choice(types)} d = {value(1)};\n"
        + "\n".join(statement(2) for _ in range(rng.randrange(2, 6)))
        + "\nreturn a ^ b ^ c ^ d;\n}"
        for number in range(6)
    )


def _filled(form: str, rng: random.Random) -> str:
    """A line of assembly: each field an edge, or any value that it holds."""
    off = rng.choice((*OFFSETS, rng.randrange(-(2**15), 2**15)))
    imm = rng.choice((*IMMEDIATES, rng.randrange(-(2**31), 2**31)))
    wide = rng.choice((*WIDES, rng.randrange(-(2**63), 2**63)))
    return re.sub("{n}", lambda _: str(rng.choice((0, 1, 65535, rng.randrange(2**16)))), form).format(
        d=rng.choice(REGISTERS), s=rng.choice(REGISTERS), i=imm, w=wide, o=f"{off:+}",
        a=f"{'-' if off < 0 else '+'} {abs(off)}",
    )  # fmt: skip


def _assembly() -> dict[str, list[str]]:
    """Listings by name: each group of forms with edges in its fields, then all forms in any order."""
    rng = random.Random("assembly")
    listings = {
        name: [_filled(form, rng) for form in forms for _ in range(12)] for name, forms in FORMS.items()
    }
    every = [form for forms in FORMS.values() for form in forms]
    for number in range(RANDOM_LISTINGS):
        listings[f"random {number}"] = [_filled(rng.choice(every), rng) for _ in range(200)]
    return listings


def _compiled(folder: Path, target: str) -> list[Path]:
    sources = [*SOURCES]
    for seed in range(RANDOM_SOURCES):
        sources.append(folder / f"random{seed}.c")
        sources[-1].write_text(_random_c(seed))

    def compiled(job: tuple[Path, str]) -> Path:
        source, cpu = job
        made = folder / f"{source.stem}-{cpu}.{target}.o"
        _run(CLANG, "-w", "-target", target, f"-mcpu={cpu}", "-O2", "-c", str(source), "-o", str(made))
        return made

    with ThreadPoolExecutor() as pool:
        return list(pool.map(compiled, product(sources, CPUS)))


def _assembled(folder: Path, target: str, name: str, lines: Iterable[str]) -> Path:
    made = folder / f"{name.replace(' ', '')}.{target}.o"
    text = "".join(f"{line}\n" for line in lines)
    _run(MC, "-triple", target, "-mcpu=v4", "-filetype=obj", "-o", str(made), text=text)
    return made


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Program]:
    """The C programs for every version and both byte orders."""
    folders = {target: tmp_path_factory.mktemp(target) for target in TARGETS}
    return [program for target, folder in folders.items() for program in _read(_compiled(folder, target))]


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Program, list[str]]]:
    """The listings in both byte orders, each with the lines it was made of."""
    made = []
    for target in TARGETS:
        folder = tmp_path_factory.mktemp(target)
        listings = _assembly()
        paths = [_assembled(folder, target, name, lines) for name, lines in listings.items()]
        made += list(zip(_read(paths), listings.values(), strict=True))
    return made


@pytest.fixture(scope="module")
def programs(compiled: list[Program], assembled: list[tuple[Program, list[str]]]) -> list[Program]:
    return compiled + [program for program, _ in assembled]


@pytest.fixture(scope="module")
def lines(programs: list[Program]) -> list[Line]:
    return [line for program in programs for section in program.lines.values() for line in section]


def _taken(text: str) -> tuple[Insn, ...] | str:
    """What the reader makes of a text; its complaint where it takes it not."""
    try:
        return assemble(text)
    except NotInstruction as why:
        return str(why)


def _told_by_text(slots: tuple[Insn, ...]) -> tuple[Insn, ...]:
    """The slots as a text tells them: LLVM does not write what kind of call a call is."""
    return tuple(slot._replace(src=0) if slot.code == 0x85 else slot for slot in slots)


def test_hundreds_of_programs_are_compared(
    compiled: list[Program], programs: list[Program], lines: list[Line]
) -> None:
    exits = [line for line in lines if line.newest == "exit"]
    print(f"{len(compiled)} compiled programs, {len(programs)} programs, {len(lines)} instructions")
    assert len(compiled) >= 200
    assert len(exits) > 1000
    assert len(lines) > 20000
    assert len({line.data for line in lines}) > 5000


def test_nothing_of_a_program_is_left_out(programs: list[Program]) -> None:
    for program in programs:
        joined = {name: b"".join(line.data for line in found) for name, found in program.lines.items()}
        assert joined == program.sections, program.path


def test_a_program_has_llvms_text(programs: list[Program]) -> None:
    wrong = []
    for program in programs:
        for name, data in program.sections.items():
            ours = disassemble(decode_all(data, big_endian=program.big_endian))
            theirs = program.lines[name]
            assert [at for at, _, _ in ours] == [line.at for line in theirs], program.path
            pairs = zip(ours, theirs, strict=True)
            wrong += [(line.where, text, line.text) for (_, _, text), line in pairs if text != line.text]
    assert wrong == []


def test_llvms_text_makes_the_same_slots(lines: list[Line]) -> None:
    made = [(line, text, _taken(text)) for line in lines for text in line.readable]
    assert len(made) > len(lines)
    assert [(line.where, text, got) for line, text, got in made if got != _told_by_text(line.slots)] == []


def test_the_target_that_llvm_puts_behind_a_jump_is_passed_over(lines: list[Line]) -> None:
    jumps = {
        line.annotated: line for line in lines if _TARGET.search(line.annotated) and line.annotated != UNKNOWN
    }
    assert len(jumps) > 500
    made = [(text, _taken(text), line.slots) for text, line in jumps.items()]
    assert [(text, got) for text, got, slots in made if got != slots] == []


def test_what_was_assembled_makes_the_same_slots(assembled: list[tuple[Program, list[str]]]) -> None:
    wrong = []
    for program, written in assembled:
        (section,) = program.lines.values()
        pairs = zip(section, written, strict=True)
        wrong += [(line.where, text, _taken(text)) for line, text in pairs if _taken(text) != line.slots]
    assert wrong == []


def test_bytes_come_back(lines: list[Line]) -> None:
    for line in lines:
        assert b"".join(encode(slot, big_endian=line.big_endian) for slot in line.slots) == line.data, (
            line.where
        )


@pytest.mark.parametrize("target", TARGETS)
def test_llvm_assembles_our_text_to_the_same_bytes(lines: list[Line], target: str, tmp_path: Path) -> None:
    """Both ways: what kscan writes is what LLVM reads."""
    wanted = {text_of(line.slots): line for line in lines if line.big_endian == TARGETS[target]}
    (program,) = _read([_assembled(tmp_path, target, "ours", wanted)])
    (made,) = program.lines.values()
    slots = [_told_by_text(line.slots) for line in wanted.values()]
    assert [line.slots for line in made] == slots


def test_every_code_byte_that_llvm_makes_is_met(lines: list[Line]) -> None:
    assert {line.data[0] for line in lines} == MADE


@pytest.mark.parametrize("field", VARIANTS)
def test_every_variant_of_a_code_byte_is_met(lines: list[Line], field: str) -> None:
    value = attrgetter(field)
    met: dict[int, set[int]] = {}
    for slot in {line.slots[0] for line in lines}:
        met.setdefault(slot.code, set()).add(value(slot))
    assert {code: met[code] for code in VARIANTS[field]} == VARIANTS[field]


# Any bytes at all: what LLVM takes for an instruction, kscan does, in the same words.

_Told = tuple[str, str, str]


def _swept(folder: Path, target: str, slots: Iterable[Insn]) -> list[tuple[Insn, _Told]]:
    """Slots of any kind, a 64-bit load with its second one: bytes, our text, LLVM's."""
    big = TARGETS[target]
    groups = [(slot, Insn(0)) if slot.code == LD_IMM64 else (slot,) for slot in slots]
    made = [b"".join(encode(slot, big_endian=big) for slot in group) for group in groups]
    rows = [f".byte {','.join(map(str, data))}" for data in made]
    (program,) = _read([_assembled(folder, target, "swept", rows)])
    (lines,) = program.lines.values()
    theirs = {line.at: line.text for line in lines}
    starts = accumulate((len(group) for group in groups), initial=0)
    return [
        (group[0], (data.hex(" "), text_of(group), theirs[at]))
        for group, data, at in zip(groups, made, starts, strict=False)
    ]


def _differing(swept: Iterable[tuple[Insn, _Told]]) -> list[_Told]:
    return [told for _, told in swept if told[1] != told[2]]


# The one code byte that only newer LLVM has a word for.
GOTOX = 0x0D
EXIT = 0x95


@pytest.mark.parametrize("target", TARGETS)
def test_any_bytes_have_llvms_text(tmp_path: Path, target: str) -> None:
    imms = (0, 1, 16, 32, 64, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1, -5, 2**31 - 1)
    codes = sorted({*range(256)} - {GOTOX, EXIT, LD_IMM64})
    fields = product(codes, ((1, 2), (11, 10)), (0, 1, 8, 16, 32, -3), imms)
    swept = _swept(tmp_path, target, (Insn(code, *pair, off, imm) for code, pair, off, imm in fields))
    assert {slot.code for slot, (_, _, theirs) in swept if theirs != UNKNOWN} == MADE - {EXIT, LD_IMM64}
    assert _differing(swept) == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_field_that_must_be_zero_makes_no_instruction(tmp_path: Path, target: str) -> None:
    """LLVM looks at two: the immediate of an exit, the offset of a 64-bit load."""
    exits = [
        Insn(EXIT, dst, src, off, imm) for dst, src, off, imm in product((0, 5), (0, 7), (0, 9), (0, 1, -1))
    ]
    loads = [Insn(LD_IMM64, dst, 0, off, imm) for dst, off, imm in product((0, 11), (0, 1, -1), (0, 1, -1))]
    swept = _swept(tmp_path, target, exits + loads)
    assert {(slot.code, theirs == UNKNOWN) for slot, (_, _, theirs) in swept} == {
        (EXIT, False), (EXIT, True), (LD_IMM64, False), (LD_IMM64, True),
    }  # fmt: skip
    assert _differing(swept) == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_register_that_is_none_makes_no_instruction(tmp_path: Path, target: str) -> None:
    pairs = [(dst, src) for dst, src in product(range(16), repeat=2) if dst > 11 or src > 11]
    codes = sorted(MADE - {EXIT, LD_IMM64})
    fields = product(codes, pairs, (0, 16))
    swept = _swept(tmp_path, target, (Insn(code, *pair, imm=imm) for code, pair, imm in fields))
    assert _differing(swept) == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_64_bit_load_of_something_other_than_a_number(tmp_path: Path, target: str) -> None:
    """LLVM says what kind of thing it is: a map's descriptor is no number."""
    loads = [Insn(LD_IMM64, 3, kind, imm=77) for kind in range(1, 7)]
    swept = _swept(tmp_path, target, loads)
    assert [theirs for _, (_, _, theirs) in swept] == [f"ld_pseudo r3, {kind}, 77" for kind in range(1, 7)]
    assert _differing(swept) == []
    assert [_taken(theirs) for _, (_, _, theirs) in swept] == [(load, Insn(0)) for load in loads]


@pytest.mark.parametrize("text", REFUSED)
def test_what_llvm_refuses_is_refused(text: str) -> None:
    command = [MC, "-triple", "bpfel", "-mcpu=v4"]
    done = subprocess.run(command, input=f"{text}\n", capture_output=True, text=True, check=False)
    assert "error:" in done.stderr
    with pytest.raises(NotInstruction):
        assemble(text)
