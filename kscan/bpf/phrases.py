"""Instructions in any phrasing: initialisers, macro calls, bytes, numbers, assembly text.

Words are resolved by one release's own words; what the text leaves open gives both readings.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from kscan.bpf.cbpf_text import NotClassic, assemble_classic
from kscan.bpf.definitions import Words
from kscan.bpf.ebpf_asm import NotInstruction, assemble
from kscan.bpf.expression import NotInteger, evaluate, integer
from kscan.bpf.instruction import LD_IMM64, SIZE, Classic, Insn, decode_all, decode_classic, signed
from kscan.catalog.hooks import CBPF, EBPF
from kscan.errors import KscanError, UnreadableHeader
from kscan.parse.expand import Budget, expand, spell
from kscan.parse.lex import IDENTIFIER, PUNCTUATION, Token, closing_brace, tokenize

_BYTE = re.compile(r"0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3}", re.A)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}\s*){8}(?:(?:[0-9a-fA-F]{2}\s*){8})?")
# Bytes apart, or many of them: too few or too many.
_BYTES = re.compile(r"(?:[0-9a-fA-F]{2}\s+)+[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{2}){5,}")
_CLASSIC_FIELDS = ("code", "jt", "jf", "k")
_EXTENDED_FIELDS = ("code", "dst_reg", "src_reg", "off", "imm")
_BITS = {"code": 16, "jt": 8, "jf": 8, "k": 32}
# Far more than an instruction takes, and a stop for macros that grow without end.
MOST_TOKENS = 5000
# As much of a text as a message repeats.
_LONGEST = 60
# What may stand around an initialiser: a compound literal's type and parentheses, separators.
_AROUND = frozenset(("(", ")", ",", ";", "struct", "bpf_insn", "sock_filter", "const"))


class NotPhrase(KscanError):
    """Text that is no instruction in any phrasing."""


class Phrase(NamedTuple):
    """One reading of a text: one instruction of a flavour, a 64-bit load with its two slots. `bare`
    says that only the opcode is known."""

    flavour: str
    insns: tuple[Insn, ...] | tuple[Classic, ...]
    bare: bool = False


def read_phrase(text: str, words: Words) -> list[Phrase]:
    """The readings of a text, the likelier first. Raises NotPhrase."""
    said = text.strip()
    if _BYTE.fullmatch(said):
        with suppress(NotInteger):
            number = integer(said)
            if number < 256:
                return _bare(number)
    if _HEX.fullmatch(said):
        return _from_bytes(bytes.fromhex("".join(said.split())))
    if _BYTES.fullmatch(said):
        raise NotPhrase(f"{said[:_LONGEST]!r} is {len(''.join(said.split())) // 2} bytes; an instruction has 8")
    assembled = _assembled(said)
    if assembled:
        return assembled
    tokens = tuple(tokenize(said, 1))
    if any(token.text == "{" for token in tokens) or _is_call(tokens):
        return from_source(tokens, words)
    try:
        value = evaluate(tokens, words.value)
    except NotInteger as why:
        raise NotPhrase(
            f"{said[:_LONGEST]!r}: {why} {words.where}; an instruction is a byte (0x95), an initialiser"
            " ({ … }), a macro call, 8 bytes of hex, or text such as 'exit'"
        ) from None
    if not 0 <= value < 256:
        raise NotPhrase(f"{said[:_LONGEST]!r} is {value}: an opcode is a byte")
    return _bare(value)


def from_source(tokens: Sequence[Token], words: Words) -> list[Phrase]:
    """The readings of an initialiser or a macro call in source text. Raises NotPhrase."""
    flavour = _told(token.text for token in tokens)
    try:
        expanded = expand(tokens, words, "", Budget(MOST_TOKENS))
    except UnreadableHeader as why:
        raise NotPhrase(str(why.problem)) from None
    except RecursionError:
        raise NotPhrase(f"{_said(tokens)!r}: nested too deeply") from None
    flavour = flavour or _told(token.text for token in expanded)
    groups = list(_initialisers(expanded, words))
    readings = []
    for wanted in (EBPF, CBPF) if flavour is None else (flavour,):
        made = [_made(group, wanted, words) for group in groups]
        if all(insn is not None for insn in made):
            readings.append(Phrase(wanted, tuple(made)))  # type: ignore[arg-type]
    if not readings:
        raise NotPhrase(f"{_said(tokens)!r} has not the fields of an instruction")
    if not all(_is_one(reading) for reading in readings):
        raise NotPhrase(f"{_said(tokens)!r} is {len(groups)} instructions; ask for one")
    return readings


def _is_one(reading: Phrase) -> bool:
    """Whether slots are one instruction: two are a 64-bit load."""
    if len(reading.insns) == 2:
        return reading.flavour == EBPF and reading.insns[0].code == LD_IMM64 and reading.insns[1].code == 0
    return len(reading.insns) == 1


def _bare(code: int) -> list[Phrase]:
    return [Phrase(EBPF, (Insn(code),), bare=True), Phrase(CBPF, (Classic(code),), bare=True)]


def _from_bytes(data: bytes) -> list[Phrase]:
    readings = [Phrase(EBPF, tuple(decode_all(data)))]
    if not _is_one(readings[0]):
        raise NotPhrase(f"{data.hex(' ')} is two instructions; ask for one")
    if len(data) == SIZE:
        readings.append(Phrase(CBPF, (decode_classic(data),)))
    return readings


def _assembled(said: str) -> list[Phrase]:
    readings: list[Phrase] = []
    try:
        readings.append(Phrase(EBPF, assemble(said)))
    except NotInstruction as why:
        if "registers" in str(why) or "fit" in str(why):
            raise NotPhrase(str(why)) from None
    try:
        readings.append(Phrase(CBPF, (assemble_classic(said),)))
    except NotClassic as why:
        if "fit" in str(why):
            raise NotPhrase(str(why)) from None
    return readings


def _is_call(tokens: Sequence[Token]) -> bool:
    return len(tokens) > 2 and tokens[0].kind == IDENTIFIER and tokens[1].text == "("


def _told(words: Iterable[str]) -> str | None:
    """The flavour that words tell by themselves."""
    for word in words:
        if word in ("BPF_STMT", "BPF_JUMP", "sock_filter", "jt", "jf"):
            return CBPF
        if word.endswith("_INSN") or word in ("bpf_insn", "dst_reg", "src_reg", "imm"):
            return EBPF
    return None


def _said(tokens: Sequence[Token]) -> str:
    text = spell(tokens)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _initialisers(tokens: Sequence[Token], words: Words) -> Iterator[list[list[Token]]]:
    """The fields of each `{ … }`. Raises NotPhrase for anything else among them."""
    at = 0
    found = False
    while at < len(tokens):
        if tokens[at].text == "{":
            end = closing_brace(tokens, at)
            if end == len(tokens):
                raise NotPhrase(f"{_said(tokens)!r}: a brace is not closed")
            yield _fields(tokens[at + 1 : end])
            at, found = end, True
        elif tokens[at].text not in _AROUND:
            word = tokens[at].text
            where = f"{words.where}, or its text is not kept (kscan fetch brings it)"
            raise NotPhrase(
                f"{_said(tokens)!r}: {word[:_LONGEST]!r} is no macro that makes an instruction {where}"
            )
        at += 1
    if not found:
        raise NotPhrase(f"{_said(tokens)!r} is no initialiser")


def _fields(tokens: Sequence[Token]) -> list[list[Token]]:
    fields: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(token.text, 0)
        if token.text == "," and token.kind == PUNCTUATION and depth == 0:
            fields.append([])
        else:
            fields[-1].append(token)
    return [field for field in fields if field]


def _made(fields: list[list[Token]], flavour: str, words: Words) -> Insn | Classic | None:
    """The instruction that fields give in a flavour; None where they are not of it."""
    names = _CLASSIC_FIELDS if flavour == CBPF else _EXTENDED_FIELDS
    values = dict.fromkeys(names, 0)
    designated = [field[0].text == "." for field in fields]
    if not any(designated) and len(fields) not in (1, len(names)):
        return None
    for number, field in enumerate(fields):
        if designated[number]:
            if len(field) < 4 or field[2].text != "=" or field[1].text not in names:
                return None
            name, value = field[1].text, field[3:]
        elif any(designated):
            return None
        else:
            name, value = names[number], field
        try:
            values[name] = evaluate(value, words.value if name == "code" else words.field_value)
        except NotInteger as why:
            raise NotPhrase(f"{_said(value)!r}: {why} {words.where}") from None
    return _checked(values, flavour)


def _checked(values: dict[str, int], flavour: str) -> Insn | Classic:
    """Fields as the structure keeps them. Raises NotPhrase where one does not fit."""
    limits = _BITS if flavour == CBPF else {"code": 8, "dst_reg": 4, "src_reg": 4, "off": 16, "imm": 32}
    for name, bits in limits.items():
        value = values[name]
        if not -(1 << (bits - 1)) <= value < 1 << bits:
            raise NotPhrase(f"{name} = {value} does not fit its {bits} bits")
    if flavour == CBPF:
        return Classic(*(values[name] & (1 << bits) - 1 for name, bits in _BITS.items()))
    code, dst, src, off, imm = (values[name] for name in _EXTENDED_FIELDS)
    return Insn(code & 0xFF, dst & 15, src & 15, signed(off, 16), signed(imm, 32))
