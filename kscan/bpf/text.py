"""Programs as lines of text and as rows; and text as bytes."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.bpf.cbpf_text import assemble_classic, disassemble_classic
from kscan.bpf.ebpf_asm import NotInstruction, assemble
from kscan.bpf.ebpf_text import disassemble
from kscan.bpf.instruction import Classic, Insn, encode, encode_classic
from kscan.bpf.programs import Program
from kscan.catalog.hooks import CBPF
from kscan.errors import KscanError
from kscan.rows import DISASM, Row, empty, spelled


def program_rows(programs: Iterable[Program]) -> list[Row]:
    """A row for each instruction: `at` is the number of its slot, `bytes` as they lie in memory."""
    return [row for program in programs for row in _rows(program)]


def _rows(program: Program) -> Iterator[Row]:
    for at, data, text in _instructions(program):
        yield empty(DISASM, file=spelled(program.file), section=program.section or None, at=at,
                    flavour=program.flavour, bytes=data.hex(" "), text=" ".join(text.split()),
                    note=program.notes.get(at))  # fmt: skip


def _instructions(program: Program) -> Iterator[tuple[int, bytes, str]]:
    classic = [slot for slot in program.slots if isinstance(slot, Classic)]
    for at, (slot, line) in enumerate(zip(classic, disassemble_classic(classic), strict=True)):
        yield at, encode_classic(slot), line.partition(") ")[2]
    extended = [slot for slot in program.slots if isinstance(slot, Insn)]
    for at, group, text in disassemble(extended):
        yield at, b"".join(encode(slot, big_endian=program.big_endian) for slot in group), text


def program_lines(programs: Sequence[Program]) -> Iterator[str]:
    """The lines that people read: a head a program, then its instructions."""
    for number, program in enumerate(programs):
        if number:
            yield ""
        many = f"{len(program.slots)} instruction{'s' if len(program.slots) != 1 else ''}"
        head = f"{program.file}: {f'{program.section}, ' if program.section else ''}"
        yield f"{spelled(head)}{program.flavour}, {many}"
        for at, data, text in _instructions(program):
            note = program.notes.get(at)
            if program.flavour == CBPF:
                yield f"({at:03}) {text}{f'    ; {spelled(note)}' if note else ''}"
                continue
            yield f"{at:8}:\t{data.hex(' ')}\t{text}{f'    ; {spelled(note)}' if note else ''}"


def assembled(text: str) -> Iterator[str]:
    """An instruction's bytes and its initialisers, for each flavour that text can be of. Raises
    KscanError where it is of none."""
    try:
        slots = assemble(text)
    except NotInstruction as why:
        try:
            classic = assemble_classic(text)
        except KscanError:
            raise why from None
        yield f"cBPF  {encode_classic(classic).hex(' ')}"
        yield f"      {{ 0x{classic.code:02x}, {classic.jt}, {classic.jf}, 0x{classic.k:08x} }}"
        return
    for slot in slots:
        fields = f"0x{slot.code:02x}, 0x{slot.dst:x}, 0x{slot.src:x}, 0x{slot.off & 0xFFFF:04x}"
        yield f"eBPF  {encode(slot).hex(' ')}"
        yield f"      {{ {fields}, 0x{slot.imm & 0xFFFFFFFF:08x} }}"
