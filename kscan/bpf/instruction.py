"""Instructions of both machines as numbers, and their eight bytes.

Classic: struct sock_filter {code 16, jt 8, jf 8, k 32}. Extended: struct bpf_insn {code 8, dst 4, src 4,
off 16 signed, imm 32 signed}; a 64-bit load takes two of them.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kscan.errors import KscanError

SIZE = 8

# Classes and what belongs to them: the layout of the code byte, the same in every release.
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
JMP32, ALU64 = 6, 7
# A 64-bit load: BPF_LD | BPF_IMM | BPF_DW.
LD_IMM64 = 0x18
# Characters of an instruction's text: more is none.
LONGEST = 200
# A call: BPF_JMP | BPF_CALL.
CALL = 0x85


class Insn(NamedTuple):
    """One slot of an extended program."""

    code: int
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0


class Classic(NamedTuple):
    """One instruction of a classic program."""

    code: int
    jt: int = 0
    jf: int = 0
    k: int = 0


def encode(insn: Insn, *, big_endian: bool = False) -> bytes:
    """The eight bytes of a slot."""
    registers = insn.dst << 4 | insn.src if big_endian else insn.src << 4 | insn.dst
    return struct.pack(">BBhi" if big_endian else "<BBhi", insn.code, registers, insn.off, insn.imm)


def decode(data: bytes, *, big_endian: bool = False) -> Insn:
    """The slot that eight bytes are."""
    code, registers, off, imm = struct.unpack(">BBhi" if big_endian else "<BBhi", data)
    low, high = registers & 15, registers >> 4
    return Insn(code, high, low, off, imm) if big_endian else Insn(code, low, high, off, imm)


def encode_classic(insn: Classic, *, big_endian: bool = False) -> bytes:
    """The eight bytes of a classic instruction."""
    return struct.pack(">HBBI" if big_endian else "<HBBI", *insn)


def decode_classic(data: bytes, *, big_endian: bool = False) -> Classic:
    """The classic instruction that eight bytes are."""
    return Classic(*struct.unpack(">HBBI" if big_endian else "<HBBI", data))


def decode_all(data: bytes, *, big_endian: bool = False) -> list[Insn]:
    """The slots of a program. Raises KscanError where bytes are left over."""
    if len(data) % SIZE:
        raise KscanError(f"{len(data)} bytes are no whole number of {SIZE}-byte instructions")
    return [decode(data[at : at + SIZE], big_endian=big_endian) for at in range(0, len(data), SIZE)]


def grouped(slots: Iterable[Insn]) -> Iterator[tuple[Insn, ...]]:
    """The instructions of a program: one slot each, a 64-bit load two. A load that lacks its second
    slot stands alone."""
    waiting: Insn | None = None
    for slot in slots:
        if waiting is not None:
            yield waiting, slot
            waiting = None
        elif slot.code == LD_IMM64:
            waiting = slot
        else:
            yield (slot,)
    if waiting is not None:
        yield (waiting,)


def signed(value: int, bits: int) -> int:
    """`value` modulo two to the `bits`, as a signed number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
