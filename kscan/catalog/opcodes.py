"""What no table of the kernel says of its opcodes: curated, each row with its source.

The layout of a code byte is part of the interface and the same in every release: three bits of class, then
for arithmetic and jumps one bit of source and four of operation, else two bits of size and three of mode.
"""

from typing import NamedTuple

from kscan.catalog.hooks import CBPF, EBPF

_SHARED = {0: "BPF_LD", 1: "BPF_LDX", 2: "BPF_ST", 3: "BPF_STX", 4: "BPF_ALU", 5: "BPF_JMP"}
CLASSES = {
    CBPF: {**_SHARED, 6: "BPF_RET", 7: "BPF_MISC"},
    EBPF: {**_SHARED, 6: "BPF_JMP32", 7: "BPF_ALU64"},
}
SIZES = {0x00: "BPF_W", 0x08: "BPF_H", 0x10: "BPF_B", 0x18: "BPF_DW"}
MODES = {
    CBPF: {0x00: "BPF_IMM", 0x20: "BPF_ABS", 0x40: "BPF_IND", 0x60: "BPF_MEM", 0x80: "BPF_LEN",
           0xA0: "BPF_MSH"},
    EBPF: {0x00: "BPF_IMM", 0x20: "BPF_ABS", 0x40: "BPF_IND", 0x60: "BPF_MEM", 0x80: "BPF_MEMSX",
           0xC0: "BPF_ATOMIC"},
}  # fmt: skip
_ALU = {
    0x00: "BPF_ADD", 0x10: "BPF_SUB", 0x20: "BPF_MUL", 0x30: "BPF_DIV", 0x40: "BPF_OR", 0x50: "BPF_AND",
    0x60: "BPF_LSH", 0x70: "BPF_RSH", 0x80: "BPF_NEG", 0x90: "BPF_MOD", 0xA0: "BPF_XOR",
}  # fmt: skip
_JUMPS = {0x00: "BPF_JA", 0x10: "BPF_JEQ", 0x20: "BPF_JGT", 0x30: "BPF_JGE", 0x40: "BPF_JSET"}
OPERATIONS = {
    (CBPF, "BPF_ALU"): _ALU,
    (CBPF, "BPF_JMP"): _JUMPS,
    (EBPF, "BPF_ALU"): {**_ALU, 0xB0: "BPF_MOV", 0xC0: "BPF_ARSH", 0xD0: "BPF_END"},
    (EBPF, "BPF_JMP"): {
        **_JUMPS, 0x50: "BPF_JNE", 0x60: "BPF_JSGT", 0x70: "BPF_JSGE", 0x80: "BPF_CALL", 0x90: "BPF_EXIT",
        0xA0: "BPF_JLT", 0xB0: "BPF_JLE", 0xC0: "BPF_JSLT", 0xD0: "BPF_JSLE", 0xE0: "BPF_JCOND",
    },
}  # fmt: skip
OPERATIONS[EBPF, "BPF_ALU64"] = OPERATIONS[EBPF, "BPF_ALU"]
OPERATIONS[EBPF, "BPF_JMP32"] = OPERATIONS[EBPF, "BPF_JMP"]

# Opcodes of the interpreter's table that bpf(2) refused before there was a table of its own (v4.16): the
# words as that table spells them, the last release that refused them (None: all), why, and where it says so.


class Refused(NamedTuple):
    """An opcode that the interpreter has and the verifier refused."""

    words: str
    until: str | None
    reason: str
    source: str


REFUSED = (
    *(
        Refused(f"BPF_LD|{mode}|{size}", "v3.18", "not supported yet", "kernel/bpf/verifier.c at v3.18")
        for mode in ("BPF_ABS", "BPF_IND")
        for size in ("BPF_B", "BPF_H", "BPF_W")
    ),
    Refused("BPF_JMP|BPF_CALL|BPF_X", None, "the kernel's own tail call", "kernel/bpf/verifier.c at v4.2"),
    Refused("BPF_JMP|BPF_TAIL_CALL", None, "the kernel's own tail call", "kernel/bpf/verifier.c at v4.13"),
)  # fmt: skip
REFUSED_BY_WORDS = {row.words: row for row in REFUSED}


class Variant(NamedTuple):
    """An instruction that shares its opcode byte with another and differs in a field. `symbol` is a name
    whose presence proves it, where the kernel has one; `since` the release that `source` names."""

    id: str
    title: str
    codes: tuple[int, ...]
    field: str
    symbol: str | None
    since: str
    source: str


_SET = "Documentation/bpf/standardization/instruction-set.rst"
VARIANTS = (
    Variant("sdiv", "signed division", (0x34, 0x3C, 0x37, 0x3F), "off == 1", None, "v6.6", _SET),
    Variant("smod", "signed modulo", (0x94, 0x9C, 0x97, 0x9F), "off == 1", None, "v6.6", _SET),
    Variant("movsx", "move that extends the sign", (0xBC, 0xBF), "off in 8, 16, 32", None, "v6.6", _SET),
    Variant("addr-space-cast", "cast between address spaces", (0xBF,), "off == 1", "BPF_ADDR_SPACE_CAST",
            "v6.9", _SET),
    Variant("atomic-add", "atomic addition", (0xC3, 0xDB), "imm == BPF_ADD", "BPF_XADD", "v3.18", _SET),
    Variant("atomic-logic", "atomic or, and, xor", (0xC3, 0xDB), "imm in BPF_OR, BPF_AND, BPF_XOR",
            "BPF_ATOMIC", "v5.12", _SET),
    Variant("atomic-fetch", "atomic operation that gives the old value", (0xC3, 0xDB), "imm & BPF_FETCH",
            "BPF_FETCH", "v5.12", _SET),
    Variant("xchg", "atomic exchange", (0xC3, 0xDB), "imm == BPF_XCHG", "BPF_XCHG", "v5.12", _SET),
    Variant("cmpxchg", "atomic compare and exchange", (0xC3, 0xDB), "imm == BPF_CMPXCHG", "BPF_CMPXCHG",
            "v5.12", _SET),
    Variant("load-acquire", "load-acquire", (0xD3, 0xCB, 0xC3, 0xDB), "imm == BPF_LOAD_ACQ", "BPF_LOAD_ACQ",
            "v6.15", _SET),
    Variant("store-release", "store-release", (0xD3, 0xCB, 0xC3, 0xDB), "imm == BPF_STORE_REL",
            "BPF_STORE_REL", "v6.15", _SET),
    Variant("call-local", "call of a function of the program", (0x85,), "src == BPF_PSEUDO_CALL",
            "BPF_PSEUDO_CALL", "v4.16", _SET),
    Variant("call-kfunc", "call of a kernel function", (0x85,), "src == BPF_PSEUDO_KFUNC_CALL",
            "BPF_PSEUDO_KFUNC_CALL", "v5.13", _SET),
    Variant("may-goto", "jump that may be taken when a program runs long", (0xE5,), "src == BPF_MAY_GOTO",
            "BPF_MAY_GOTO", "v6.9", _SET),
    Variant("map-fd", "address of a map", (0x18,), "src == BPF_PSEUDO_MAP_FD", "BPF_PSEUDO_MAP_FD", "v3.18",
            _SET),
    Variant("map-value", "address of a map's value", (0x18,), "src == BPF_PSEUDO_MAP_VALUE",
            "BPF_PSEUDO_MAP_VALUE", "v5.2", _SET),
    Variant("btf-id", "address of a kernel variable", (0x18,), "src == BPF_PSEUDO_BTF_ID", "BPF_PSEUDO_BTF_ID",
            "v5.10", _SET),
    Variant("function", "address of a function of the program", (0x18,), "src == BPF_PSEUDO_FUNC",
            "BPF_PSEUDO_FUNC", "v5.13", _SET),
    Variant("map-index", "address of a map by its index", (0x18,), "src == BPF_PSEUDO_MAP_IDX",
            "BPF_PSEUDO_MAP_IDX", "v5.14", _SET),
)  # fmt: skip
VARIANTS_BY_ID = {variant.id: variant for variant in VARIANTS}
