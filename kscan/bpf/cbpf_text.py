"""Classic instructions as text, as `tcpdump -d` writes it, and back."""

import re
from collections.abc import Sequence

from kscan.bpf.instruction import ALU, JMP, LD, LDX, LONGEST, MISC, RET, ST, STX, Classic, signed
from kscan.errors import KscanError

_K, _X, _A = 0x00, 0x08, 0x10
_JUMPS = {0x10: "jeq", 0x20: "jgt", 0x30: "jge", 0x40: "jset"}
# Operation: its word, and how its constant is written.
_ALU = {
    0x00: ("add", "d"), 0x10: ("sub", "d"), 0x20: ("mul", "d"), 0x30: ("div", "d"), 0x40: ("or", "x"),
    0x50: ("and", "x"), 0x60: ("lsh", "d"), 0x70: ("rsh", "d"), 0x90: ("mod", "d"), 0xA0: ("xor", "x"),
}  # fmt: skip
_NEG, _TAX, _TXA = 0x80, 0x00, 0x80
# Linux's extensions, loads from SKF_AD_OFF on, by libpcap's names for them.
_WORDS_OF_LINUX = (
    "proto", "type", "ifidx", "nla", "nlan", "mark", "queue", "hatype", "rxhash", "cpu", "xor_x", "vlan_tci",
    "vlanp", "poff", "random", "vlan_tpid",
)  # fmt: skip
_EXTENSIONS = {word: 0xFFFFF000 + 4 * number for number, word in enumerate(_WORDS_OF_LINUX)}
_BY_OFFSET = {k: word for word, k in _EXTENSIONS.items()}
_SIZES = {0x00: "", 0x08: "h", 0x10: "b"}
_IMM, _ABS, _IND, _MEM, _LEN, _MSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0


def disassemble_classic(program: Sequence[Classic]) -> list[str]:
    """The lines of `tcpdump -d`, numbered, jumps by the number they lead to."""
    return [f"({at:03}) {_laid_out(insn, at)}" for at, insn in enumerate(program)]


def classic_text(insn: Classic, at: int = 0) -> str:
    """The text of one instruction that stands `at`, words parted by one space."""
    return " ".join(_laid_out(insn, at).split())


def _laid_out(insn: Classic, at: int) -> str:
    word, operand = _parts(insn, at)
    if insn.code & 7 == JMP and word != "ja" and word != "unimp":
        return f"{word:<8} {operand:<16} jt {at + 1 + insn.jt}\tjf {at + 1 + insn.jf}"
    return f"{word:<8} {operand}".rstrip()


def _parts(insn: Classic, at: int) -> tuple[str, str]:
    made = _WRITERS[insn.code & 7](insn, at) if insn.code < 0x100 else None
    return made or ("unimp", f"0x{insn.code:x}")


def _load(insn: Classic, _: int) -> tuple[str, str] | None:
    mode, size = insn.code & 0xE0, _SIZES.get(insn.code & 0x18)
    if size is None:
        return None
    if mode in (_ABS, _IND):
        offset = signed(insn.k, 32)
        return f"ld{size}", f"[{_BY_OFFSET.get(insn.k, offset)}]" if mode == _ABS else f"[x + {offset}]"
    if size:
        return None
    operand = {_IMM: f"#0x{insn.k:x}", _MEM: f"M[{signed(insn.k, 32)}]", _LEN: "#pktlen"}.get(mode)
    return ("ld", operand) if operand else None


def _load_index(insn: Classic, _: int) -> tuple[str, str] | None:
    operand = {
        _IMM: f"#0x{insn.k:x}", _MEM: f"M[{signed(insn.k, 32)}]", _LEN: "#pktlen",
        0x10 | _MSH: f"4*([{signed(insn.k, 32)}]&0xf)",
    }.get(insn.code & 0xF8)  # fmt: skip
    return ("ldxb" if insn.code & 0x10 else "ldx", operand) if operand else None


def _store(insn: Classic, _: int) -> tuple[str, str] | None:
    word = {ST: "st", STX: "stx"}.get(insn.code)
    return (word, f"M[{signed(insn.k, 32)}]") if word else None


def _arithmetic(insn: Classic, _: int) -> tuple[str, str] | None:
    if insn.code == ALU | _NEG:
        return "neg", ""
    word, form = _ALU.get(insn.code & 0xF0, ("", ""))
    if not word:
        return None
    number = f"#0x{insn.k:x}" if form == "x" else f"#{signed(insn.k, 32)}"
    return word, "x" if insn.code & _X else number


def _jump(insn: Classic, at: int) -> tuple[str, str] | None:
    if insn.code == JMP:
        return "ja", str(at + 1 + signed(insn.k, 32))
    word = _JUMPS.get(insn.code & 0xF0)
    return (word, "x" if insn.code & _X else f"#0x{insn.k:x}") if word else None


def _return(insn: Classic, _: int) -> tuple[str, str] | None:
    return {RET | _K: ("ret", f"#{signed(insn.k, 32)}"), RET | _A: ("ret", "")}.get(insn.code)


def _transfer(insn: Classic, _: int) -> tuple[str, str] | None:
    return {MISC | _TAX: ("tax", ""), MISC | _TXA: ("txa", "")}.get(insn.code)


_WRITERS = {
    LD: _load, LDX: _load_index, ST: _store, STX: _store, ALU: _arithmetic, JMP: _jump, RET: _return,
    MISC: _transfer,
}  # fmt: skip


# And back.

_LINE = re.compile(
    r"(?:\((?P<at>\d{1,9})\)\s*)?(?P<word>[a-z]+)\s*(?P<operand>.*?)"
    r"(?:\s+jt\s+(?P<jt>\d{1,9})\s+jf\s+(?P<jf>\d{1,9}))?",
    re.S,
)
_NUMBER = r"(-?(?:0x[0-9a-f]{1,40}|0|[1-9][0-9]{0,40}))"
_OPERANDS = {
    "number": re.compile(rf"#{_NUMBER}"),
    "absolute": re.compile(rf"\[(?:{_NUMBER}|({'|'.join(_EXTENSIONS)}))\]"),
    "indexed": re.compile(rf"\[x \+ {_NUMBER}\]"),
    "memory": re.compile(rf"m\[{_NUMBER}\]"),
    "header": re.compile(rf"4\*\(\[{_NUMBER}\]&0xf\)"),
    "target": re.compile(_NUMBER),
    "length": re.compile(r"#pktlen"),
    "x": re.compile(r"x"),
    "none": re.compile(r""),
}
_WORDS = (
    (JMP, {word: op for op, word in _JUMPS.items()}),
    (ALU, {word: op for op, (word, _) in _ALU.items()}),
)
_CODES = {
    **{(f"ld{mark}", "absolute"): LD | size | _ABS for size, mark in _SIZES.items()},
    **{(f"ld{mark}", "indexed"): LD | size | _IND for size, mark in _SIZES.items()},
    **{(word, "number"): kind | op | _K for kind, words in _WORDS for word, op in words.items()},
    **{(word, "x"): kind | op | _X for kind, words in _WORDS for word, op in words.items()},
    ("ld", "number"): LD | _IMM, ("ldx", "number"): LDX | _IMM, ("ld", "memory"): LD | _MEM,
    ("ldx", "memory"): LDX | _MEM, ("ld", "length"): LD | _LEN, ("ldx", "length"): LDX | _LEN,
    ("ldxb", "header"): LDX | 0x10 | _MSH, ("st", "memory"): ST, ("stx", "memory"): STX, ("ja", "target"): JMP,
    ("ret", "number"): RET | _K, ("ret", "none"): RET | _A, ("neg", "none"): ALU | _NEG,
    ("tax", "none"): MISC | _TAX, ("txa", "none"): MISC | _TXA,
}  # fmt: skip


class NotClassic(KscanError):
    """Text that is no classic instruction."""


def assemble_classic(text: str) -> Classic:
    """One instruction as `tcpdump -d` writes it; without a number in front it stands at 0, and jumps
    lead to the number they name. Raises NotClassic."""
    if len(text) > LONGEST:
        raise NotClassic(f"{text[:60]!r}…: longer than an instruction is")
    said = " ".join(text.strip().rstrip(";").lower().split())
    found = _LINE.fullmatch(said)
    if found:
        for form, pattern in _OPERANDS.items():
            code = _CODES.get((found["word"], form))
            operand = pattern.fullmatch(found["operand"]) if code is not None else None
            if code is not None and operand:
                k = 0
                if operand.groups():
                    k = int(operand[1], 0) if operand[1] else _EXTENSIONS[operand[2]]
                return _made(code, k, found, text)
    raise NotClassic(f"{text.strip()[:60]!r} is no cBPF instruction as tcpdump -d writes them (ret #0)")


def _made(code: int, k: int, found: re.Match[str], text: str) -> Classic:
    at = int(found["at"] or 0)
    if (code & 7 == JMP and code != JMP) != (found["jt"] is not None):
        raise NotClassic(f"{text.strip()[:60]!r}: a conditional jump has jt and jf, others do not")
    if code == JMP:
        k -= at + 1
    jt, jf = (int(found[name] or at + 1) - at - 1 for name in ("jt", "jf"))
    if not (0 <= jt < 256 and 0 <= jf < 256 and -(1 << 31) <= k < 1 << 32):
        raise NotClassic(f"{text.strip()[:60]!r}: a number does not fit its field")
    return Classic(code, jt, jf, k & 0xFFFFFFFF)
