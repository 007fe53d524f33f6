"""Extended instructions as text, as `llvm-objdump -d --no-print-imm-hex` writes it.

Loads and stores name 64-bit registers as LLVM's default CPU does; with --mcpu=v4 it says w1 there. What the
default CPU does not know (32-bit atomics) is written as v4 has it.
"""

import re
from collections.abc import Callable, Sequence

from kscan.bpf.instruction import ALU, ALU64, JMP, JMP32, LD, LD_IMM64, LDX, ST, STX, Insn, grouped, signed

UNKNOWN = "<unknown>"
# Four bits name sixteen registers; r11 is the most that LLVM and the kernel itself use.
_NO_REGISTER = re.compile(r"\b[rw]1[2-5]\b")

SIZES = {0x00: "32", 0x08: "16", 0x10: "8", 0x18: "64"}
ALU_OPS = {
    0x00: "+=", 0x10: "-=", 0x20: "*=", 0x30: "/=", 0x40: "|=", 0x50: "&=", 0x60: "<<=", 0x70: ">>=",
    0x90: "%=", 0xA0: "^=", 0xB0: "=", 0xC0: "s>>=",
}  # fmt: skip
JUMPS = {
    0x10: "==", 0x20: ">", 0x30: ">=", 0x40: "&", 0x50: "!=", 0x60: "s>", 0x70: "s>=", 0xA0: "<",
    0xB0: "<=", 0xC0: "s<", 0xD0: "s<=",
}  # fmt: skip
ATOMIC_OPS = {0x00: ("+", "add"), 0x40: ("|", "or"), 0x50: ("&", "and"), 0xA0: ("^", "xor")}
NEG, MOV, END, DIV, MOD = 0x80, 0xB0, 0xD0, 0x30, 0x90
JA, CALL, EXIT, COND = 0x00, 0x80, 0x90, 0xE0
X = 0x08
ABS, IND, MEM, MEMSX, ATOMIC = 0x20, 0x40, 0x60, 0x80, 0xC0
FETCH, XCHG, CMPXCHG = 0x01, 0xE1, 0xF1
LOAD_ACQ, STORE_REL = 0x100, 0x110
MASK32 = 0xFFFFFFFF


def disassemble(slots: Sequence[Insn]) -> list[tuple[int, tuple[Insn, ...], str]]:
    """The instructions of a program: number of the first slot, slots, text; "<unknown>" for what is
    no instruction."""
    lines = []
    at = 0
    for group in grouped(slots):
        lines.append((at, group, text_of(group)))
        at += len(group)
    return lines


def text_of(group: Sequence[Insn]) -> str:
    """The text of one instruction of one slot, or of two."""
    insn = group[0]
    text = _wide(group) if insn.code == LD_IMM64 else _WRITERS[insn.code & 7](insn)
    return UNKNOWN if text is None or _NO_REGISTER.search(text) else text


def _wide(group: Sequence[Insn]) -> str | None:
    insn = group[0]
    if len(group) < 2 or group[1].code or insn.off:
        return None
    if insn.src:
        return f"ld_pseudo r{insn.dst}, {insn.src}, {insn.imm & MASK32}"
    return f"r{insn.dst} = {signed(group[1].imm << 32 | insn.imm & MASK32, 64)} ll"


def _alu(insn: Insn) -> str | None:
    wide = insn.code & 7 == ALU64
    letter = "r" if wide else "w"
    op, by_register = insn.code & 0xF0, insn.code & X
    dst, src = f"{letter}{insn.dst}", f"{letter}{insn.src}"
    if op == NEG:
        return None if by_register else f"{dst} = -{dst}"
    if op == END:
        return _end(insn, wide)
    if op not in ALU_OPS:
        return None
    if op == MOV and by_register and insn.off:
        return _odd_move(insn, dst, src)
    sign = ""
    if insn.off:
        if op not in (DIV, MOD) or insn.off != 1:
            return None
        sign = "s"
    return f"{dst} {sign}{ALU_OPS[op]} {src if by_register else insn.imm}"


def _end(insn: Insn, wide: bool) -> str | None:
    """A change of byte order; always of a 64-bit register in LLVM's words."""
    if insn.imm not in (16, 32, 64) or (wide and insn.code & X):
        return None
    word = "bswap" if wide else "be" if insn.code & X else "le"
    return f"r{insn.dst} = {word}{insn.imm} r{insn.dst}"


def _odd_move(insn: Insn, dst: str, src: str) -> str | None:
    """A move that extends the sign, or casts between address spaces."""
    wide = insn.code & 7 == ALU64
    if insn.off in (8, 16, 32)[: 3 if wide else 2]:
        return f"{dst} = (s{insn.off}){src}"
    if insn.off == 1 and wide:
        return f"{dst} = addr_space_cast({src}, {insn.imm >> 16 & 0xFFFF}, {insn.imm & 0xFFFF})"
    return None


def _jump(insn: Insn) -> str | None:
    wide = insn.code & 7 == JMP
    letter = "r" if wide else "w"
    op, by_register = insn.code & 0xF0, insn.code & X
    if op in JUMPS:
        right = f"{letter}{insn.src}" if by_register else insn.imm
        return f"if {letter}{insn.dst} {JUMPS[op]} {right} goto {insn.off:+}"
    if op == JA and not wide:
        return None if by_register else f"gotol {insn.imm:+}"
    if not wide:
        return None
    if op == JA:
        return f"gotox r{insn.dst}" if by_register else f"goto {insn.off:+}"
    if op == CALL:
        return f"callx r{insn.dst}" if by_register else f"call {insn.imm}"
    if by_register or (op == EXIT and insn.imm):
        return None
    return {EXIT: "exit", COND: f"may_goto {insn.off:+}"}.get(op)


def _place(insn: Insn, base: int, size: str, kind: str = "u") -> str:
    sign = "-" if insn.off < 0 else "+"
    return f"({kind}{size} *)(r{base} {sign} {abs(insn.off)})"


def _load(insn: Insn) -> str | None:
    size, mode = SIZES[insn.code & 0x18], insn.code & 0xE0
    if mode == MEM:
        return f"r{insn.dst} = *{_place(insn, insn.src, size)}"
    if mode == MEMSX and size != "64":
        return f"r{insn.dst} = *{_place(insn, insn.src, size, 's')}"
    return None


def _packet_load(insn: Insn) -> str | None:
    size, mode = SIZES[insn.code & 0x18], insn.code & 0xE0
    if size == "64" or mode not in (ABS, IND):
        return None
    return f"r0 = *(u{size} *)skb[{insn.imm if mode == ABS else f'r{insn.src}'}]"


def _store(insn: Insn) -> str | None:
    if insn.code & 0xE0 != MEM:
        return None
    return f"*{_place(insn, insn.dst, SIZES[insn.code & 0x18])} = {insn.imm}"


def _store_register(insn: Insn) -> str | None:
    size, mode = SIZES[insn.code & 0x18], insn.code & 0xE0
    if mode == MEM:
        return f"*{_place(insn, insn.dst, size)} = r{insn.src}"
    return _atomic(insn, size) if mode == ATOMIC else None


def _atomic(insn: Insn, size: str) -> str | None:
    if insn.imm == LOAD_ACQ:
        letter = "r" if size == "64" else "w"
        return f"{letter}{insn.dst} = load_acquire({_place(insn, insn.src, size)})"
    letter = "r" if size == "64" else "w"
    src, place = f"{letter}{insn.src}", _place(insn, insn.dst, size)
    if insn.imm == STORE_REL:
        return f"store_release({place}, {src})"
    if size not in ("32", "64"):
        return None
    if insn.imm in (XCHG, CMPXCHG):
        at = place.partition("*)")[2][1:-1]
        suffix = "_64" if size == "64" else "32_32"
        if insn.imm == XCHG:
            return f"{src} = xchg{suffix}({at}, {src})"
        return f"{letter}0 = cmpxchg{suffix}({at}, {letter}0, {src})"
    mark, word = ATOMIC_OPS.get(insn.imm & ~FETCH, ("", ""))
    if not mark:
        return None
    if insn.imm & FETCH:
        return f"{src} = atomic_fetch_{word}({place}, {src})"
    if word == "add" and size == "32":
        # As LLVM's default CPU writes it, which knows no 32-bit registers.
        src = f"r{insn.src}"
    return f"lock *{place} {mark}= {src}"


_WRITERS: dict[int, Callable[[Insn], str | None]] = {
    LD: _packet_load, LDX: _load, ST: _store, STX: _store_register, ALU: _alu, ALU64: _alu, JMP: _jump,
    JMP32: _jump,
}  # fmt: skip
