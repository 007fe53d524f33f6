"""Which of the instructions that share a code byte one is, by its other fields."""

from collections.abc import Iterator

from kscan.bpf.instruction import CALL, LD_IMM64, Insn

_ATOMIC = (0xC3, 0xDB, 0xCB, 0xD3)
_PSEUDO = {1: "map-fd", 2: "map-value", 3: "btf-id", 4: "function", 5: "map-index", 6: "map-index"}
_LOADED = {"map": "map-fd", "data": "map-value", "function": "function", "btf-id": "btf-id"}
_ALU_DIVIDES = {0x30: "sdiv", 0x90: "smod"}


def variants_of(slot: Insn, load: str | None, is_kfunc: bool) -> Iterator[str]:
    """The instructions that share this slot's code and that its fields make it."""
    kind, op = slot.code & 7, slot.code & 0xF0
    if kind in (4, 7) and op in _ALU_DIVIDES and slot.off == 1:
        yield _ALU_DIVIDES[op]
    elif slot.code in (0xBC, 0xBF) and slot.off:
        yield "addr-space-cast" if slot.off == 1 else "movsx"
    elif slot.code in _ATOMIC:
        yield from _atomic(slot.imm)
    elif slot.code == CALL and (is_kfunc or slot.src == 2):
        yield "call-kfunc"
    elif slot.code == CALL and slot.src == 1:
        yield "call-local"
    elif slot.code == 0xE5:
        yield "may-goto"
    elif slot.code == LD_IMM64:
        name = _LOADED.get(load or "") or _PSEUDO.get(slot.src)
        if name:
            yield name


def _atomic(imm: int) -> Iterator[str]:
    exact = {0x00: "atomic-add", 0xE1: "xchg", 0xF1: "cmpxchg", 0x100: "load-acquire", 0x110: "store-release"}
    if imm in exact:
        yield exact[imm]
    elif imm & 1:
        yield "atomic-fetch"
    else:
        yield "atomic-logic"
