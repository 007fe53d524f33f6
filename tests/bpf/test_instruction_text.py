"""Instructions as bytes and as text, and back: every field, every code, newer words, bad text."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.bpf.cbpf_text import NotClassic, assemble_classic, classic_text, disassemble_classic
from kscan.bpf.ebpf_asm import NotInstruction, assemble
from kscan.bpf.ebpf_text import UNKNOWN, disassemble, text_of
from kscan.bpf.instruction import (
    LD_IMM64,
    Classic,
    Insn,
    decode,
    decode_all,
    decode_classic,
    encode,
    encode_classic,
    grouped,
    signed,
)
from kscan.errors import KscanError

eight_bytes = st.binary(min_size=8, max_size=8)
bytes_of_code = st.integers(0, 255)
registers = st.integers(0, 10)
offsets = st.integers(-(2**15), 2**15 - 1)
immediates = st.integers(-(2**31), 2**31 - 1)
# Values that some code tells apart, more often than chance has them.
likely_offsets = st.sampled_from([0, 0, 1, 8, 16, 32]) | offsets
likely_immediates = st.sampled_from([0, 1, 16, 32, 64, 0x41, 0x50, 0xE1, 0xF1, 0x100, 0x110]) | immediates
insns = st.builds(Insn, bytes_of_code, registers, registers, likely_offsets, likely_immediates)
words = st.integers(0, 2**32 - 1)
classics = st.builds(Classic, st.integers(0, 0x1FF), bytes_of_code, bytes_of_code, words)


@settings(deadline=None, derandomize=True)
@given(eight_bytes, st.booleans())
def test_any_eight_bytes_come_back(data: bytes, big_endian: bool) -> None:
    assert encode(decode(data, big_endian=big_endian), big_endian=big_endian) == data
    assert encode_classic(decode_classic(data, big_endian=big_endian), big_endian=big_endian) == data


@settings(deadline=None, derandomize=True)
@given(insns, classics, st.booleans())
def test_any_fields_come_back(insn: Insn, classic: Classic, big_endian: bool) -> None:
    assert decode(encode(insn, big_endian=big_endian), big_endian=big_endian) == insn
    assert decode_classic(encode_classic(classic, big_endian=big_endian), big_endian=big_endian) == classic


def test_the_fields_of_a_slot_in_both_byte_orders() -> None:
    insn = Insn(0x7B, dst=10, src=3, off=-8, imm=0x01020304)
    assert encode(insn).hex(" ") == "7b 3a f8 ff 04 03 02 01"
    assert encode(insn, big_endian=True).hex(" ") == "7b a3 ff f8 01 02 03 04"
    classic = Classic(0x15, jt=1, jf=2, k=0x0A0B0C0D)
    assert encode_classic(classic).hex(" ") == "15 00 01 02 0d 0c 0b 0a"
    assert encode_classic(classic, big_endian=True).hex(" ") == "00 15 01 02 0a 0b 0c 0d"


# What a text tells: the codes of each kind, and the fields that they use.
ALU = "00 10 20 40 50 60 70 a0 b0 c0"
JUMPS = "10 20 30 40 50 60 70 a0 b0 c0 d0"
Fields = dict[str, st.SearchStrategy[int]]
FORMS: list[tuple[str, tuple[int, ...], Fields]] = [
    (ALU, (0x04, 0x07), {"dst": registers, "imm": immediates}),
    (ALU, (0x0C, 0x0F), {"dst": registers, "src": registers}),
    ("30 90", (0x04, 0x07), {"dst": registers, "off": st.sampled_from([0, 1]), "imm": immediates}),
    ("30 90", (0x0C, 0x0F), {"dst": registers, "src": registers, "off": st.sampled_from([0, 1])}),
    ("80", (0x04, 0x07), {"dst": registers}),
    ("d0", (0x04, 0x0C, 0x07), {"dst": registers, "imm": st.sampled_from([16, 32, 64])}),
    ("b0", (0x0C,), {"dst": registers, "src": registers, "off": st.sampled_from([8, 16])}),
    ("b0", (0x0F,), {"dst": registers, "src": registers, "off": st.sampled_from([8, 16, 32])}),
    ("b0", (0x0F,), {"dst": registers, "src": registers, "off": st.just(1), "imm": immediates}),
    (JUMPS, (0x05, 0x06), {"dst": registers, "off": offsets, "imm": immediates}),
    (JUMPS, (0x0D, 0x0E), {"dst": registers, "src": registers, "off": offsets}),
    ("00 e0", (0x05,), {"off": offsets}),
    ("00", (0x06,), {"imm": immediates}),
    ("00 80", (0x0D,), {"dst": registers}),
    ("80", (0x05,), {"imm": immediates}),
    ("90", (0x05,), {}),
    ("60 68 70 78 80 88 90", (0x01,), {"dst": registers, "src": registers, "off": offsets}),
    ("20 28 30", (0x00,), {"imm": immediates}),
    ("40 48 50", (0x00,), {"src": registers}),
    ("60 68 70 78", (0x02,), {"dst": registers, "off": offsets, "imm": immediates}),
    ("60 68 70 78", (0x03,), {"dst": registers, "src": registers, "off": offsets}),
    ("c0 d8", (0x03,), {
        "dst": registers, "src": registers, "off": offsets,
        "imm": st.sampled_from([0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1]),
    }),
    ("c0 c8 d0 d8", (0x03,), {
        "dst": registers, "src": registers, "off": offsets, "imm": st.sampled_from([0x100, 0x110]),
    }),
]  # fmt: skip


def _with(codes: Iterable[int], fields: Fields) -> st.SearchStrategy[Insn]:
    return st.builds(
        Insn, st.sampled_from([*codes]), *(fields.get(name, st.just(0)) for name in Insn._fields[1:])
    )


def _codes(highs: str, lows: tuple[int, ...]) -> list[int]:
    return [high | low for high in bytes.fromhex(highs) for low in lows]


tidy = st.one_of([_with(_codes(highs, lows), fields) for highs, lows, fields in FORMS])


@settings(max_examples=800, deadline=None, derandomize=True)
@given(tidy)
def test_a_text_tells_all_that_is_used(insn: Insn) -> None:
    assert text_of([insn]) != UNKNOWN
    assert assemble(text_of([insn])) == (insn,)


@settings(deadline=None, derandomize=True)
@given(registers, immediates, immediates)
def test_a_64_bit_load_is_told_by_its_number(dst: int, low: int, high: int) -> None:
    load = (Insn(LD_IMM64, dst, imm=low), Insn(0, imm=high))
    assert text_of(load) == f"r{dst} = {(high << 32) + (low & 0xFFFFFFFF)} ll"
    assert assemble(text_of(load)) == load


@settings(max_examples=800, deadline=None, derandomize=True)
@given(insns)
def test_any_instruction_with_a_text_is_the_one_that_the_text_says(insn: Insn) -> None:
    text = text_of([insn])
    if text != UNKNOWN:
        assert text_of(assemble(text)) == text


@settings(max_examples=500, deadline=None, derandomize=True)
@given(bytes_of_code, st.integers(0, 15), st.integers(0, 15), likely_offsets, likely_immediates)
def test_every_text_that_is_written_can_be_read(code: int, dst: int, src: int, off: int, imm: int) -> None:
    """Registers that four bits can say, and no machine has, too."""
    text = text_of([Insn(code, dst, src, off, imm)])
    if text != UNKNOWN:
        assert text_of(assemble(text)) == text


def test_every_code_that_is_made_is_known() -> None:
    codes = {code for highs, lows, _ in FORMS for code in _codes(highs, lows)}
    known = {code for code in range(256) for imm in (0, 16, 0x100) if text_of([Insn(code, imm=imm)]) != UNKNOWN}
    assert known == codes


# What LLVM 19 cannot make, little-endian.
NEWER = {
    "d3 21 f8 ff 00 01 00 00": "w1 = load_acquire((u8 *)(r2 - 8))",
    "cb 21 00 00 00 01 00 00": "w1 = load_acquire((u16 *)(r2 + 0))",
    "c3 21 10 00 00 01 00 00": "w1 = load_acquire((u32 *)(r2 + 16))",
    "db 21 ff 7f 00 01 00 00": "r1 = load_acquire((u64 *)(r2 + 32767))",
    "d3 21 f8 ff 10 01 00 00": "store_release((u8 *)(r1 - 8), w2)",
    "cb 21 00 00 10 01 00 00": "store_release((u16 *)(r1 + 0), w2)",
    "c3 21 10 00 10 01 00 00": "store_release((u32 *)(r1 + 16), w2)",
    "db 2a 00 80 10 01 00 00": "store_release((u64 *)(r10 - 32768), r2)",
    "0d 01 00 00 00 00 00 00": "gotox r1",
    "0d 0a 00 00 00 00 00 00": "gotox r10",
}  # fmt: skip


@pytest.mark.parametrize(("data", "text"), NEWER.items())
def test_newer_instructions(data: str, text: str) -> None:
    slots = decode_all(bytes.fromhex(data))
    assert text_of(slots) == text
    assert assemble(text) == tuple(slots)


# Bytes that look like an instruction and are none.
NONE = {
    "an atomic of 8 bits that adds": "d3 21 00 00 00 00 00 00",
    "an exchange of 16 bits": "cb 21 00 00 e1 00 00 00",
    "an atomic with an operation that is none": "db 21 00 00 20 00 00 00",
    "a sign extension from 24 bits": "bf 21 18 00 00 00 00 00",
    "a sign extension from 32 bits to 32": "bc 21 20 00 00 00 00 00",
    "a sign extension of a constant": "b7 01 08 00 05 00 00 00",
    "a cast in 32 bits": "bc 21 01 00 00 00 00 00",
    "a signed addition": "07 01 01 00 05 00 00 00",
    "a division with an offset": "37 01 02 00 05 00 00 00",
    "a change of byte order of 8 bits": "d4 01 00 00 08 00 00 00",
    "a swap by register": "df 21 00 00 20 00 00 00",
    "a negation by register": "8f 21 00 00 00 00 00 00",
    "a signed load of 64 bits": "99 21 00 00 00 00 00 00",
    "a packet load of 64 bits": "38 00 00 00 05 00 00 00",
    "a call in the class of 32-bit jumps": "86 00 00 00 05 00 00 00",
    "an exit by register": "9d 00 00 00 00 00 00 00",
    "zeros": "00 00 00 00 00 00 00 00",
    "ones": "ff ff ff ff ff ff ff ff",
}  # fmt: skip


@pytest.mark.parametrize("data", NONE.values(), ids=NONE)
def test_bytes_that_are_no_instruction(data: str) -> None:
    assert text_of(decode_all(bytes.fromhex(data))) == UNKNOWN


LOAD = "18 01 00 00 78 56 34 12"


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (f"{LOAD} 00 00 00 00 01 00 00 00", [(0, 2, "r1 = 4600387192 ll")]),
        (f"{LOAD} 00 00 00 00 ff ff ff ff", [(0, 2, "r1 = -3989547400 ll")]),
        (LOAD, [(0, 1, UNKNOWN)]),
        (f"{LOAD} 95 00 00 00 00 00 00 00", [(0, 2, UNKNOWN)]),
        (
            f"{LOAD} 00 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00 {LOAD}",
            [(0, 2, "r1 = 305419896 ll"), (2, 1, "exit"), (3, 1, UNKNOWN)],
        ),
    ],
)
def test_a_64_bit_load_is_of_two_slots(data: str, lines: list[tuple[int, int, str]]) -> None:
    program = decode_all(bytes.fromhex(data))
    assert [(at, len(slots), text) for at, slots, text in disassemble(program)] == lines
    assert [slot for group in grouped(program) for slot in group] == program


@pytest.mark.parametrize("size", [1, 7, 9, 15, 17])
def test_a_program_that_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(KscanError, match=rf"^{size} bytes are no whole number of 8-byte instructions$"):
        decode_all(bytes(size))


def test_no_bytes_are_an_empty_program() -> None:
    assert decode_all(b"") == []
    assert disassemble([]) == []
    assert disassemble_classic([]) == []


def _refusal(text: str, error: type[KscanError]) -> str:
    """The complaint about a text: one line that quotes it."""
    with pytest.raises(error) as caught:
        (assemble if error is NotInstruction else assemble_classic)(text)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(repr(text.strip()[:60]))
    return said


REFUSED = {
    "r12 = 5": "registers",
    "r1 += r15": "registers",
    "r99999 = 1": "registers",
    "w12 = 5": "registers",
    "r1 = *(u8 *)(r16 + 0)": "registers",
    "r1 = 4294967296": "does not fit",
    "r1 = -2147483649": "does not fit",
    "r1 = *(u8 *)(r2 + 32768)": "does not fit",
    "*(u8 *)(r2 - 32769) = 5": "does not fit",
    "if r1 == 1 goto +32768": "does not fit",
    "goto -32769": "does not fit",
    "may_goto +40000": "does not fit",
    "gotol +2147483648": "does not fit",
    "call 4294967296": "does not fit",
    "r1 = 18446744073709551616 ll": "does not fit",
    "r1 = -9223372036854775809 ll": "does not fit",
    "r1 = addr_space_cast(r2, 0, 65536)": "does not fit",
    "r1 = addr_space_cast(r2, 65536, 0)": "does not fit",
    "": "is no eBPF instruction",
    "   ": "is no eBPF instruction",
    ";": "is no eBPF instruction",
    "hello world": "is no eBPF instruction",
    "r1": "is no eBPF instruction",
    "r1 =": "is no eBPF instruction",
    "r1 = = 5": "is no eBPF instruction",
    "r1 = 5 5": "is no eBPF instruction",
    "r1 = 0xg": "is no eBPF instruction",
    "r1 = 010": "is no eBPF instruction",
    "r1 = 5 ll ll": "is no eBPF instruction",
    "r1 = r2\nexit": "is no eBPF instruction",
    "exit 5": "is no eBPF instruction",
    "r1 = w2": "is no eBPF instruction",
    "r1 = -r2": "is no eBPF instruction",
    "r1 = be32 r2": "is no eBPF instruction",
    "r1 = be24 r1": "is no eBPF instruction",
    "w1 = (s32)w2": "is no eBPF instruction",
    "if r1 == w2 goto +1": "is no eBPF instruction",
    "if r1 <> r2 goto +1": "is no eBPF instruction",
    "r2 = *(u24 *)(r1 + 0)": "is no eBPF instruction",
    "r2 = *(s64 *)(r1 + 0)": "is no eBPF instruction",
    "r0 = *(u64 *)skb[5]": "is no eBPF instruction",
    "w1 = *(u64 *)(r2 + 0)": "is no eBPF instruction",
    "*(u64 *)(r1 + 0) = w2": "is no eBPF instruction",
    "*(s32 *)(r1 + 0) = r2": "is no eBPF instruction",
    "lock *(u16 *)(r1 + 0) += r2": "is no eBPF instruction",
    "lock *(s64 *)(r1 + 0) += r2": "is no eBPF instruction",
    "lock *(u64 *)(r1 + 0) += w2": "is no eBPF instruction",
    "r2 = atomic_fetch_add((u64 *)(r1 + 0), r3)": "is no eBPF instruction",
    "r2 = atomic_fetch_add((u64 *)(r1 + 0), w2)": "is no eBPF instruction",
    "r2 = atomic_fetch_sub((u64 *)(r1 + 0), r2)": "is no eBPF instruction",
    "r3 = xchg_64(r1 + 0, r2)": "is no eBPF instruction",
    "r2 = xchg_64(r1 + 0, w2)": "is no eBPF instruction",
    "r1 = cmpxchg_64(r1 + 0, r0, r2)": "is no eBPF instruction",
    "r0 = cmpxchg_64(r1 + 0, w0, r2)": "is no eBPF instruction",
    "r0 = cmpxchg_64(r1 + 0, r2)": "is no eBPF instruction",
    "w1 = load_acquire((u64 *)(r2 + 0))": "is no eBPF instruction",
    "r1 = load_acquire((s8 *)(r2 + 0))": "is no eBPF instruction",
    "store_release((u64 *)(r1 + 0), w2)": "is no eBPF instruction",
    f"r1 = {'9' * 5000}": "",
    f"r{'9' * 5000} = 1": "",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:50]))
def test_a_text_that_is_no_instruction_is_refused(text: str) -> None:
    assert REFUSED[text] in _refusal(text, NotInstruction)


# One instruction, however it is spelled.
SPELLED = {
    "r1 = 16": Insn(0xB7, 1, imm=16),
    "  r1   =\t0x10 ; ": Insn(0xB7, 1, imm=16),
    "R1 = 0X10": Insn(0xB7, 1, imm=16),
    "r1 = 4294967295": Insn(0xB7, 1, imm=-1),
    "w1 = 0xffffffff": Insn(0xB4, 1, imm=-1),
    "r1 = *(u32 *)(r2 + 0x10)": Insn(0x61, 1, 2, 16),
    "w1 = *(u32 *)(r2 + 16)": Insn(0x61, 1, 2, 16),
    "w1 = *(u8 *)(r2 - 16)": Insn(0x71, 1, 2, -16),
    "*(u32 *)(r1 + 0) = w2": Insn(0x63, 1, 2),
    "*(u32 *)(r1 + 0) = r2": Insn(0x63, 1, 2),
    "lock *(u32 *)(r1 + 0) += w2": Insn(0xC3, 1, 2),
    "lock *(u32 *)(r1 + 0) += r2": Insn(0xC3, 1, 2),
    "r2 = xchg_64(r1 + 0x8, r2)": Insn(0xDB, 1, 2, 8, 0xE1),
    "goto 5": Insn(0x05, off=5),
    "goto +5 <entry+0x30>": Insn(0x05, off=5),
    "if r1 > r2 goto +5 <.text+0x30>": Insn(0x2D, 1, 2, 5),
    "if r1 < r2 goto +5 <.text+0x30>": Insn(0xAD, 1, 2, 5),
    "if w1 <= 7 goto -1 <LBB0_2>": Insn(0xB6, 1, off=-1, imm=7),
    "if r1 s<= 7 goto -1 <LBB0_2>": Insn(0xD5, 1, off=-1, imm=7),
}  # fmt: skip


@pytest.mark.parametrize(("text", "insn"), SPELLED.items())
def test_a_spelling_that_llvm_has(text: str, insn: Insn) -> None:
    assert assemble(text) == (insn,)


def test_a_text_that_stands_for_another_kind_of_64_bit_load() -> None:
    """A map's descriptor is no number: LLVM names the kind."""
    load = (Insn(LD_IMM64, 1, 2, imm=7), Insn(0))
    assert text_of(load) == "ld_pseudo r1, 2, 7"
    assert assemble("ld_pseudo r1, 2, 7") == load


# Classic BPF.

jumps = st.integers(0, 255)
CLASSIC_FORMS: list[tuple[str, Fields]] = [
    ("20 28 30 40 48 50 00 60 01 61 b1 02 03 04 14 24 34 44 54 64 74 94 a4 06", {"k": words}),
    ("80 81 0c 1c 2c 3c 4c 5c 6c 7c 84 9c ac 07 87 16", {}),
    ("15 25 35 45", {"jt": jumps, "jf": jumps, "k": words}),
    ("1d 2d 3d 4d", {"jt": jumps, "jf": jumps}),
    ("05", {"k": words}),
]


def _classic_with(codes: bytes, fields: Fields) -> st.SearchStrategy[Classic]:
    names = Classic._fields[1:]
    return st.builds(Classic, st.sampled_from([*codes]), *(fields.get(name, st.just(0)) for name in names))


tidy_classics = st.one_of([_classic_with(bytes.fromhex(codes), fields) for codes, fields in CLASSIC_FORMS])
places = st.integers(0, 300)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(tidy_classics)
def test_a_classic_text_tells_all_that_is_used(insn: Classic) -> None:
    assert not classic_text(insn).startswith("unimp")
    assert assemble_classic(classic_text(insn)) == insn


@settings(deadline=None, derandomize=True)
@given(tidy_classics, places)
def test_a_line_of_a_listing_tells_where_it_stands(insn: Classic, at: int) -> None:
    line = disassemble_classic([Classic(0x16)] * at + [insn])[at]
    assert line.startswith(f"({at:03}) ")
    assert assemble_classic(line) == insn
    assert " ".join(line.split()) == f"({at:03}) {classic_text(insn, at)}"


@settings(max_examples=500, deadline=None, derandomize=True)
@given(classics)
def test_any_classic_instruction_with_a_text_is_the_one_that_the_text_says(insn: Classic) -> None:
    text = classic_text(insn)
    if not text.startswith("unimp"):
        assert classic_text(assemble_classic(text)) == text


def test_every_classic_code_that_is_made_is_known() -> None:
    codes = {code for codes, _ in CLASSIC_FORMS for code in bytes.fromhex(codes)}
    assert {code for code in range(0x200) if not classic_text(Classic(code)).startswith("unimp")} == codes
    assert classic_text(Classic(0x123)) == "unimp 0x123"


# Text that tcpdump writes for what no expression of test_tcpdump makes, or that is easily confused.
CLASSIC = {
    "ldx #pktlen": Classic(0x81),
    "ret": Classic(0x16),
    "ret #-1": Classic(0x06, k=0xFFFFFFFF),
    "ret #262144": Classic(0x06, k=262144),
    "neg": Classic(0x84),
    "jset x jt 1 jf 3": Classic(0x4D, 0, 2),
    "jeq #0x800 jt 256 jf 1": Classic(0x15, 255, 0, 0x800),
    "ja 8": Classic(0x05, k=7),
    "ja -1": Classic(0x05, k=0xFFFFFFFE),
    "ld #0xffffffff": Classic(0x00, k=0xFFFFFFFF),
    "add #-1": Classic(0x04, k=0xFFFFFFFF),
    "ldb [x + -5]": Classic(0x50, k=0xFFFFFFFB),
    "ldh [proto]": Classic(0x28, k=0xFFFFF000),
    "ldh [-4095]": Classic(0x28, k=0xFFFFF001),
    "ld [vlan_tpid]": Classic(0x20, k=0xFFFFF03C),
    "ld [-4032]": Classic(0x20, k=0xFFFFF040),
    "ldh [x + -4096]": Classic(0x48, k=0xFFFFF000),
    "ldxb 4*([14]&0xf)": Classic(0xB1, k=14),
    "ldxb 4*([-1]&0xf)": Classic(0xB1, k=0xFFFFFFFF),
    "stx M[15]": Classic(0x03, k=15),
    "st M[-1]": Classic(0x02, k=0xFFFFFFFF),
}  # fmt: skip


@pytest.mark.parametrize(("text", "insn"), CLASSIC.items())
def test_classic_text_both_ways(text: str, insn: Classic) -> None:
    assert classic_text(insn) == text
    assert assemble_classic(text) == insn


def test_a_listing_is_laid_out_as_tcpdump_does() -> None:
    program = [Classic(0x28, k=12), Classic(0x15, 0, 1, 0x800), Classic(0x06, k=262144), Classic(0x16)]
    assert disassemble_classic(program) == [
        "(000) ldh      [12]",
        "(001) jeq      #0x800           jt 2\tjf 3",
        "(002) ret      #262144",
        "(003) ret",
    ]


CLASSIC_REFUSED = {
    "": "is no cBPF instruction",
    "  ": "is no cBPF instruction",
    "hello": "is no cBPF instruction",
    "ld": "is no cBPF instruction",
    "ld 5": "is no cBPF instruction",
    "ld [x]": "is no cBPF instruction",
    "ld [y + 5]": "is no cBPF instruction",
    "ld [nonsense]": "is no cBPF instruction",
    "ld #010": "is no cBPF instruction",
    "ld [08]": "is no cBPF instruction",
    "ldxb [14]": "is no cBPF instruction",
    "ldhx [14]": "is no cBPF instruction",
    "tax 5": "is no cBPF instruction",
    "neg x": "is no cBPF instruction",
    "ret x": "is no cBPF instruction",
    "unimp 0x123": "is no cBPF instruction",
    "add y": "is no cBPF instruction",
    "add #5 #5": "is no cBPF instruction",
    "ret #0\nret #0": "is no cBPF instruction",
    "jeq #5": "a conditional jump has jt and jf",
    "ret #0 jt 1 jf 2": "a conditional jump has jt and jf",
    "ja 5 jt 1 jf 2": "a conditional jump has jt and jf",
    "ld #4294967296": "does not fit",
    "add #-2147483649": "does not fit",
    "jeq #5 jt 257 jf 1": "does not fit",
    "jeq #5 jt 0 jf 1": "does not fit",
    "(010) jeq #5 jt 5 jf 11": "does not fit",
    f"ld #{'9' * 5000}": "",
    f"jeq #5 jt {'9' * 5000} jf 1": "",
}  # fmt: skip


@pytest.mark.parametrize("text", CLASSIC_REFUSED, ids=lambda text: repr(text[:50]))
def test_a_text_that_is_no_classic_instruction_is_refused(text: str) -> None:
    assert CLASSIC_REFUSED[text] in _refusal(text, NotClassic)


# A text with one of its words exchanged.
PIECES = [
    "", " ", "r1", "w2", "r12", "x", "5", "-1", "07", "0x10", "0x", "99999999999", "\u0663", "\xe9", "=", "+",
    "-", "<", "(", ")", "[", "]", ",", "#", "s", "u32", "s8", "u64", "32", "_64", "if", "goto", "call", "ll",
    "lock", "ld", "ldh", "ret", "jt", "jf", "proto",
]  # fmt: skip


@st.composite
def altered(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    pieces = re.findall(r"\w+|\W", draw(texts))
    at = draw(st.sampled_from([at for at, piece in enumerate(pieces) if piece != " "]))
    return "".join([*pieces[:at], draw(st.sampled_from(PIECES)), *pieces[at + 1 :]])


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(altered(tidy.map(lambda insn: text_of([insn]))))
def test_an_altered_text_is_an_instruction_or_refused(text: str) -> None:
    try:
        made = assemble(text)
    except NotInstruction:
        return
    assert assemble(text_of(made)) == made


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(altered(tidy_classics.map(classic_text)))
def test_an_altered_classic_text_is_an_instruction_or_refused(text: str) -> None:
    try:
        made = assemble_classic(text)
    except NotClassic:
        return
    assert assemble_classic(classic_text(made)) == made


def test_a_signed_number_of_some_bits() -> None:
    assert [signed(value, 8) for value in (0, 127, 128, 255, 256, -1, -129)] == [0, 127, -128, -1, 0, -1, 127]
