"""Programs in files: ELF objects, raw bytes, what tcpdump prints, and arrays in C source."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kscan.bpf.definitions import Definitions, SourceWords
from kscan.bpf.instruction import CALL, SIZE, Classic, Insn, decode_all
from kscan.bpf.phrases import from_source
from kscan.catalog.hooks import CBPF, EBPF
from kscan.errors import KscanError, UnreadableHeader
from kscan.parse.lex import IDENTIFIER, Item, Text, Token, skeleton

# Far above the kernel's own limit of a program, and a stop for files that are no programs.
LARGEST, LARGEST_TEXT = 64 << 20, 8 << 20
_DDD = re.compile(r"\d{1,10}(?:\n\d{1,10} \d{1,10} \d{1,10} \d{1,10})+", re.A)
_DD = re.compile(r"\s*(?:\{[^{}]*\}[\s,]*)+")
_FOUR = re.compile(
    r"\s*(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})\s*" + r",\s*(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})\s*" * 3, re.A
)
STRUCTS = {"sock_filter": CBPF, "bpf_insn": EBPF}


@dataclass
class Program:
    """One program: where it lies, its instructions, and by number of an instruction what its object
    says of it (a map, a function, a variable)."""

    file: str
    section: str
    flavour: str
    slots: Sequence[Insn | Classic]
    notes: dict[int, str] = field(default_factory=dict)
    kfuncs: frozenset[int] = frozenset()
    big_endian: bool = False


def read_programs(path: str, words: Definitions | None = None) -> list[Program]:
    """The programs of a file, or of standard input for `-`. `words` resolves macros of source text.
    Raises KscanError."""
    return programs_in(path, read_bytes(path), words)


def programs_in(path: str, data: bytes, words: Definitions | None = None) -> list[Program]:
    """The programs of a file's bytes. Raises KscanError."""
    if data.startswith(b"\x7fELF"):
        from kscan.bpf.objects import read_object

        return read_object(path, data).programs
    if len(data) > LARGEST_TEXT:
        raise KscanError(
            f"{path}: larger than {LARGEST_TEXT >> 20} MiB; no source, filter or program in bytes is"
        )
    text = _as_text(data)
    if text is not None:
        lines = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
        if _DDD.fullmatch(lines):
            return [_decimal(path, lines)]
        if _DD.fullmatch(text):
            return [_literal(path, text)]
        programs = list(source_arrays(path, source_items(path, text), words))
        if programs:
            return programs
        raise KscanError(f"{path}: no array of struct sock_filter or struct bpf_insn in it, and no tcpdump -dd")
    # An instruction without a zero byte is rare, a program of them is none.
    if len(data) % SIZE or b"\0" not in data:
        raise KscanError(f"{path}: {len(data)} bytes are no ELF object and no whole number of instructions")
    return [Program(path, "", EBPF, list(decode_all(data)))]


def read_bytes(path: str) -> bytes:
    """A file, no larger than a program can be. Raises KscanError."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        elif Path(path).is_dir():
            raise KscanError(f"{path}: no file but a folder")
        else:
            with open(path, "rb") as file:
                data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise KscanError(f"{path}: no such file") from None
    except OSError as error:
        raise KscanError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise KscanError(f"{path!r}: {error}") from None
    if len(data) > LARGEST:
        raise KscanError(f"{path}: larger than {LARGEST >> 20} MiB; no program is")
    return data


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _decimal(path: str, text: str) -> Program:
    """`tcpdump -ddd`: a count, then four numbers a line."""
    count, *lines = (line.split() for line in text.splitlines() if line.strip())
    slots = [_classic(path, [int(number) for number in line]) for line in lines]
    if int(count[0]) != len(slots):
        raise KscanError(f"{path}: says {count[0]} instructions and has {len(slots)}")
    return Program(path, "", CBPF, slots)


def _literal(path: str, text: str) -> Program:
    """`tcpdump -dd`: four numbers in braces."""
    slots = []
    for row in re.findall(r"\{([^{}]*)\}", text):
        found = _FOUR.fullmatch(row)
        if not found:
            raise KscanError(f"{path}: {{{row[:60]}}} is no instruction as tcpdump -dd prints them")
        slots.append(_classic(path, [_number(number) for number in found.groups()]))
    return Program(path, "", CBPF, slots)


def _number(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)


def _classic(path: str, numbers: Sequence[int]) -> Classic:
    for number, bits in zip(numbers, (16, 8, 8, 32), strict=True):
        if number >> bits:
            raise KscanError(f"{path}: {number} does not fit {bits} bits")
    return Classic(*numbers)


def source_items(path: str, text: str) -> list[Item]:
    """The directives and text of a source. Raises KscanError, naming it."""
    try:
        return skeleton(text)
    except UnreadableHeader as why:
        raise KscanError(f"{path}: {why}") from None


def source_arrays(path: str, items: Sequence[Item], release: Definitions | None) -> Iterator[Program]:
    """`struct sock_filter NAME[] = { … }` and the same of bpf_insn, in a source."""
    tokens = [token for item in items if isinstance(item, Text) for token in item.tokens]
    words = SourceWords(items, release)
    for at, token in enumerate(tokens):
        flavour = STRUCTS.get(token.text)
        if flavour is None or at + 4 >= len(tokens) or tokens[at + 1].kind != IDENTIFIER:
            continue
        opening = _opening(tokens, at + 2)
        if opening is not None:
            try:
                found = list(elements(tokens, opening))
            except KscanError as why:
                raise KscanError(f"{path}: {why}") from None
            yield _array(path, tokens[at + 1].text, flavour, found, words)


def _array(path: str, name: str, flavour: str, found: list[tuple[Token, ...]], words: SourceWords) -> Program:
    slots: list[Insn | Classic] = []
    program = Program(path, name, flavour, slots)
    for element in found:
        words.missing = []
        try:
            readings = from_source(element, words)
        except KscanError as why:
            raise KscanError(f"{path}:{element[0].line}: {why}") from None
        reading = next((r for r in readings if r.flavour == flavour), None)
        if reading is None:
            raise KscanError(f"{path}:{element[0].line}: no {flavour} instruction")
        if words.missing:
            program.notes[len(slots)] = f"{joined(words.missing)} not known, 0 here"
        slots += reading.insns
    return program


def _opening(tokens: Sequence[Token], start: int) -> int | None:
    """Where the values of an array begin, whose brackets are at `start`; None for another declaration."""
    if tokens[start].text != "[":
        return None
    end = next((n for n in range(start, min(start + 12, len(tokens))) if tokens[n].text == "]"), None)
    if end is None or [t.text for t in tokens[end + 1 : end + 3]] != ["=", "{"]:
        return None
    return end + 2


def elements(tokens: Sequence[Token], opening: int) -> Iterator[tuple[Token, ...]]:
    """The elements of an initialiser that opens at `opening`."""
    depth = 0
    element: list[Token] = []
    for number in range(opening + 1, len(tokens)):
        token = tokens[number]
        if depth == 0 and token.text in (",", "}"):
            if element:
                yield tuple(element)
            element = []
            if token.text == "}":
                return
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(token.text, 0)
        element.append(token)
    raise KscanError(f"line {tokens[opening].line}: an array that does not end")


def name_helpers(programs: Iterable[Program], names: Mapping[int, str]) -> None:
    """Notes at each call of a helper what it is called; calls that their object names stay as they are."""
    for program in programs:
        for at, slot in enumerate(program.slots):
            if isinstance(slot, Insn) and slot.code == CALL and slot.src == 0 and slot.imm in names:
                program.notes.setdefault(at, names[slot.imm])


def joined(names: Iterable[str]) -> str:
    """Names in one line, none said twice."""
    return ", ".join(dict.fromkeys(names))
