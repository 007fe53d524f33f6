"""Text to extended instructions: what llvm-objdump writes, with either register size in loads and stores."""

import re
from collections.abc import Callable, Sequence

from kscan.bpf.ebpf_text import (
    ABS,
    ALU_OPS,
    ATOMIC,
    ATOMIC_OPS,
    CALL,
    CMPXCHG,
    COND,
    END,
    EXIT,
    FETCH,
    IND,
    JA,
    JUMPS,
    LOAD_ACQ,
    MEM,
    MEMSX,
    MOV,
    NEG,
    SIZES,
    STORE_REL,
    XCHG,
    X,
)
from kscan.bpf.instruction import ALU, ALU64, JMP, JMP32, LD, LD_IMM64, LDX, LONGEST, ST, STX, Insn, signed
from kscan.errors import KscanError

_DIGITS = r"0x[0-9a-f]{1,40}|0|[1-9][0-9]{0,40}"
_NUMBER = rf"([+-]?(?:{_DIGITS}))"
_PLACE = rf"\(\s*r([0-9]{{1,5}})\s*([+-])\s*({_DIGITS})\s*\)"
_AT = rf"\(\s*(u|s)(8|16|32|64)\s*\*\s*\)\s*{_PLACE}"
_REGISTER = r"([rw])([0-9]{1,5})"
_BY_SIZE = {size: bits for bits, size in SIZES.items()}
_BY_ALU = {mark: op for op, mark in ALU_OPS.items()}
_BY_JUMP = {mark: op for op, mark in JUMPS.items()}
_BY_MARK = {mark: op for op, (mark, _) in ATOMIC_OPS.items()}
_BY_WORD = {word: op for op, (_, word) in ATOMIC_OPS.items()}
# What LLVM puts behind a jump: where it leads.
_TARGET = re.compile(r"\s+<[^<>]*>$")


class NotInstruction(KscanError):
    """Text that is no extended instruction."""


def assemble(text: str) -> tuple[Insn, ...]:
    """The slots of one instruction. Raises NotInstruction, or where a number does not fit its field."""
    if len(text) > LONGEST:
        raise NotInstruction(f"{text[:60]!r}…: longer than an instruction is")
    said = " ".join(_TARGET.sub("", text.strip().rstrip(";").lower()).split())
    for pattern, make in _READERS:
        found = pattern.fullmatch(said)
        made = make(found) if found else None
        if made is not None:
            return tuple(_checked(insn, text) for insn in made)
    raise NotInstruction(f"{text.strip()[:60]!r} is no eBPF instruction as llvm-objdump writes them (r0 = 0)")


def _checked(insn: Insn, text: str) -> Insn:
    if not (insn.dst < 12 and insn.src < 12):
        raise NotInstruction(f"{text.strip()[:60]!r}: there are registers 0 to 10, and 11 of the kernel's own")
    if not -(1 << 15) <= insn.off < 1 << 15:
        raise NotInstruction(f"{text.strip()[:60]!r}: {insn.off} does not fit the 16 bits of an offset")
    if not -(1 << 31) <= insn.imm < 1 << 32:
        raise NotInstruction(f"{text.strip()[:60]!r}: {insn.imm} does not fit the 32 bits of an immediate")
    return insn._replace(imm=signed(insn.imm, 32))


def _int(text: str) -> int:
    return int(text.replace(" ", ""), 0)


def _fits(letter: str, size: str) -> bool:
    """Whether a register is as wide as what an atomic operation works on."""
    return letter == ("r" if size == "64" else "w")


def _class(letter: str, wide: int, narrow: int) -> int:
    return wide if letter == "r" else narrow


def _read_wide(found: re.Match[str]) -> tuple[Insn, ...]:
    value = _int(found[2])
    if not -(1 << 63) <= value < 1 << 64:
        raise NotInstruction(f"{found[0]!r}: {value} does not fit the 64 bits of an immediate")
    return Insn(LD_IMM64, int(found[1]), imm=signed(value, 32)), Insn(0, imm=signed(value >> 32, 32))


def _read_pseudo(found: re.Match[str]) -> tuple[Insn, ...] | None:
    kind = _int(found[2])
    return (Insn(LD_IMM64, int(found[1]), kind, imm=_int(found[3])), Insn(0)) if 0 < kind < 12 else None


def _read_neg(found: re.Match[str]) -> tuple[Insn, ...] | None:
    if found[1] != found[3] or found[2] != found[4]:
        return None
    return (Insn(_class(found[1], ALU64, ALU) | NEG, int(found[2])),)


def _read_end(found: re.Match[str]) -> tuple[Insn, ...] | None:
    code = {"le": ALU | END, "be": ALU | END | X, "bswap": ALU64 | END}[found[2]]
    return (Insn(code, int(found[1]), imm=int(found[3])),) if found[1] == found[4] else None


def _read_sign_move(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, bits = found[1], int(found[3])
    if letter != found[4] or bits not in ((8, 16, 32) if letter == "r" else (8, 16)):
        return None
    return (Insn(_class(letter, ALU64, ALU) | MOV | X, int(found[2]), int(found[5]), bits),)


def _read_cast(found: re.Match[str]) -> tuple[Insn, ...]:
    if not (0 <= _int(found[3]) < 1 << 16 and 0 <= _int(found[4]) < 1 << 16):
        raise NotInstruction(f"{found[0]!r}: an address space does not fit 16 bits")
    spaces = _int(found[3]) << 16 | _int(found[4])
    return (Insn(ALU64 | MOV | X, int(found[1]), int(found[2]), 1, spaces),)


def _read_alu(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, mark, source, src, number = found.groups()
    off = 0
    if mark in ("s/=", "s%="):
        mark, off = mark[1:], 1
    if source and source != letter:
        return None
    code = _class(letter, ALU64, ALU) | _BY_ALU[mark] | (X if source else 0)
    if source:
        return (Insn(code, int(dst), int(src), off),)
    return (Insn(code, int(dst), off=off, imm=_int(number)),)


def _read_jump(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, mark, source, src, number, off = found.groups()
    if source and source != letter:
        return None
    code = _class(letter, JMP, JMP32) | _BY_JUMP[mark]
    if source:
        return (Insn(code | X, int(dst), int(src), _int(off)),)
    return (Insn(code, int(dst), off=_int(off), imm=_int(number)),)


def _off(sign: str, number: str) -> int:
    return -_int(number) if sign == "-" else _int(number)


def _read_load(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, kind, size, base, sign, number = found.groups()
    if (size == "64" and kind == "s") or (letter == "w" and (size == "64" or kind == "s")):
        return None
    mode = MEM if kind == "u" else MEMSX
    return (Insn(LDX | mode | _BY_SIZE[size], int(dst), int(base), _off(sign, number)),)


def _read_store(found: re.Match[str]) -> tuple[Insn, ...] | None:
    kind, size, base, sign, number, letter, src, value = found.groups()
    if kind == "s" or (letter == "w" and size == "64"):
        return None
    off = _off(sign, number)
    if src is None:
        return (Insn(ST | MEM | _BY_SIZE[size], int(base), off=off, imm=_int(value)),)
    return (Insn(STX | MEM | _BY_SIZE[size], int(base), int(src), off),)


def _read_lock(found: re.Match[str]) -> tuple[Insn, ...] | None:
    kind, size, base, sign, number, mark, letter, src = found.groups()
    if kind == "s" or size not in ("32", "64"):
        return None
    # LLVM's default CPU, which knows no 32-bit registers, has this one operation on 32 bits.
    if not _fits(letter, size) and not (size == "32" and mark == "+"):
        return None
    code = STX | ATOMIC | _BY_SIZE[size]
    return (Insn(code, int(base), int(src), _off(sign, number), _BY_MARK[mark]),)


def _read_fetch(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, word, kind, size, base, sign, number, other, src = found.groups()
    if kind == "s" or letter != other or dst != src or size not in ("32", "64") or not _fits(letter, size):
        return None
    code = STX | ATOMIC | _BY_SIZE[size]
    return (Insn(code, int(base), int(src), _off(sign, number), _BY_WORD[word] | FETCH),)


def _read_exchange(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, compare, suffix, base, sign, number, old, other, src = found.groups()
    size = "64" if suffix == "_64" else "32"
    expected = f", {letter}0" if compare else None
    if other != letter or old != expected or not _fits(letter, size):
        return None
    if dst != ("0" if compare else src):
        return None
    imm = CMPXCHG if compare else XCHG
    return (Insn(STX | ATOMIC | _BY_SIZE[size], int(base), int(src), _off(sign, number), imm),)


def _read_acquire(found: re.Match[str]) -> tuple[Insn, ...] | None:
    letter, dst, kind, size, base, sign, number = found.groups()
    if kind == "s" or not _fits(letter, size):
        return None
    code = STX | ATOMIC | _BY_SIZE[size]
    return (Insn(code, int(dst), int(base), _off(sign, number), LOAD_ACQ),)


def _read_release(found: re.Match[str]) -> tuple[Insn, ...] | None:
    kind, size, base, sign, number, letter, src = found.groups()
    if kind == "s" or not _fits(letter, size):
        return None
    code = STX | ATOMIC | _BY_SIZE[size]
    return (Insn(code, int(base), int(src), _off(sign, number), STORE_REL),)


def _read_packet(found: re.Match[str]) -> tuple[Insn, ...] | None:
    size, number, src = found.groups()
    if size == "64":
        return None
    if src is not None:
        return (Insn(LD | IND | _BY_SIZE[size], src=int(src)),)
    return (Insn(LD | ABS | _BY_SIZE[size], imm=_int(number)),)


def _read_gotol(found: re.Match[str]) -> tuple[Insn, ...]:
    if _int(found[1]) >= 1 << 31:
        raise NotInstruction(f"{found[0]!r}: {found[1]} does not fit the 32 bits of an offset")
    return (Insn(JMP32 | JA, imm=_int(found[1])),)


def _alternatives(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[Insn, ...] | None]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (rf"r([0-9]{{1,5}}) = {_NUMBER} ll", _read_wide),
        (rf"ld_pseudo r([0-9]{{1,5}}), {_NUMBER}, {_NUMBER}", _read_pseudo),
        (rf"{_REGISTER} = - ?{_REGISTER}", _read_neg),
        (r"r(\d+) = (le|be|bswap)(16|32|64) r(\d+)", _read_end),
        (rf"{_REGISTER} = \(s(8|16|32)\) ?{_REGISTER}", _read_sign_move),
        (rf"r(\d+) = addr_space_cast\(r(\d+), {_NUMBER}, {_NUMBER}\)", _read_cast),
        (rf"{_REGISTER} ({_alternatives([*_BY_ALU, 's/=', 's%='])}) (?:{_REGISTER}|{_NUMBER})", _read_alu),
        (
            rf"if {_REGISTER} ({_alternatives(list(_BY_JUMP))}) (?:{_REGISTER}|{_NUMBER}) goto {_NUMBER}",
            _read_jump,
        ),
        (rf"goto {_NUMBER}", lambda found: (Insn(JMP | JA, off=_int(found[1])),)),
        (rf"gotol {_NUMBER}", _read_gotol),
        (r"gotox r(\d+)", lambda found: (Insn(JMP | JA | X, int(found[1])),)),
        (rf"may_goto {_NUMBER}", lambda found: (Insn(JMP | COND, off=_int(found[1])),)),
        (rf"call {_NUMBER}", lambda found: (Insn(JMP | CALL, imm=_int(found[1])),)),
        (r"callx r(\d+)", lambda found: (Insn(JMP | CALL | X, int(found[1])),)),
        (r"exit", lambda _: (Insn(JMP | EXIT),)),
        (rf"{_REGISTER} = \*{_AT}", _read_load),
        (rf"\*{_AT} = (?:{_REGISTER}|{_NUMBER})", _read_store),
        (rf"lock \*{_AT} ([+|&^])= {_REGISTER}", _read_lock),
        (rf"{_REGISTER} = atomic_fetch_(add|or|and|xor)\({_AT}, {_REGISTER}\)", _read_fetch),
        (rf"{_REGISTER} = (cmp)?xchg(_64|32_32){_PLACE[:-2]}(, [rw]0)?, {_REGISTER}\)", _read_exchange),
        (rf"{_REGISTER} = load_acquire\({_AT}\)", _read_acquire),
        (rf"store_release\({_AT}, {_REGISTER}\)", _read_release),
        (rf"r0 = \*\(u(8|16|32|64) \*\)skb\[(?:{_NUMBER}|r(\d+))\]", _read_packet),
    )
)
