"""Programs in files: ELF objects, raw bytes, what tcpdump prints, and arrays in C source."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kscan.bpf.definitions import Definitions, SourceWords
from kscan.bpf.instruction import CALL, SIZE, Classic, Insn, decode_all
from kscan.bpf.phrases import from_source
from kscan.catalog.hooks import CBPF, EBPF
from kscan.errors import KscanError
from kscan.parse.lex import IDENTIFIER, Text, Token, skeleton

# Far above the kernel's own limit of a program, and a stop for files that are no programs.
LARGEST = 64 << 20
_DDD = re.compile(rb"\s*\d+\s*\n(?:\s*\d+[ \t]+\d+[ \t]+\d+[ \t]+\d+[ \t]*(?:\n|$))+\s*")
_DD = re.compile(rb"\s*(?:\{\s*(?:0x)?[0-9a-fA-F]+\s*,\s*\d+\s*,\s*\d+\s*,\s*0x[0-9a-fA-F]+\s*\}\s*,?\s*)+")
_STRUCTS = {"sock_filter": CBPF, "bpf_insn": EBPF}


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
    """The programs of a file. `words` resolves macros of source text. Raises KscanError."""
    data = read_bytes(path)
    if data.startswith(b"\x7fELF"):
        from kscan.bpf.objects import read_object

        return read_object(path, data).programs
    if _DDD.fullmatch(data):
        return [_decimal(path, data.decode())]
    if _DD.fullmatch(data):
        return [_literal(path, data.decode())]
    text = _as_text(data)
    programs = list(_arrays(path, text, words)) if text is not None else []
    if programs:
        return programs
    if text is not None and len(data) % SIZE:
        raise KscanError(f"{path}: no array of struct sock_filter or struct bpf_insn in it, and no tcpdump -dd")
    if not data or len(data) % SIZE:
        raise KscanError(f"{path}: {len(data)} bytes are no ELF object and no whole number of instructions")
    return [Program(path, "", EBPF, list(decode_all(data)))]


def read_bytes(path: str) -> bytes:
    """A file, no larger than a program can be. Raises KscanError."""
    try:
        file = Path(path)
        if not file.is_file():
            raise KscanError(f"{path}: no such file")
        if file.stat().st_size > LARGEST:
            raise KscanError(f"{path}: larger than {LARGEST >> 20} MiB; no program is")
        return file.read_bytes()
    except OSError as error:
        raise KscanError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise KscanError(f"{path!r}: {error}") from None


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
    rows = re.findall(r"\{([^}]*)\}", text)
    return Program(
        path, "", CBPF, [_classic(path, [int(n.strip(), 0) for n in row.split(",")]) for row in rows]
    )


def _classic(path: str, numbers: Sequence[int]) -> Classic:
    for number, bits in zip(numbers, (16, 8, 8, 32), strict=True):
        if number >> bits:
            raise KscanError(f"{path}: {number} does not fit {bits} bits")
    return Classic(*numbers)


def _arrays(path: str, text: str, release: Definitions | None) -> Iterator[Program]:
    """`struct sock_filter NAME[] = { … }` and the same of bpf_insn, in source text."""
    items = skeleton(text)
    tokens = [token for item in items if isinstance(item, Text) for token in item.tokens]
    words = SourceWords(items, release)
    for at, token in enumerate(tokens):
        flavour = _STRUCTS.get(token.text)
        if flavour is None or at + 4 >= len(tokens) or tokens[at + 1].kind != IDENTIFIER:
            continue
        opening = _opening(tokens, at + 2)
        if opening is not None:
            yield _array(path, tokens[at + 1].text, flavour, list(elements(tokens, opening)), words)


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
    for token in tokens[opening + 1 :]:
        if depth == 0 and token.text in (",", "}"):
            if element:
                yield tuple(element)
            element = []
            if token.text == "}":
                return
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(token.text, 0)
        element.append(token)


def name_helpers(programs: Iterable[Program], names: Mapping[int, str]) -> None:
    """Notes at each call of a helper what it is called; calls that their object names stay as they are."""
    for program in programs:
        for at, slot in enumerate(program.slots):
            if isinstance(slot, Insn) and slot.code == CALL and slot.src == 0 and slot.imm in names:
                program.notes.setdefault(at, names[slot.imm])


def joined(names: Iterable[str]) -> str:
    """Names in one line, none said twice."""
    return ", ".join(dict.fromkeys(names))
