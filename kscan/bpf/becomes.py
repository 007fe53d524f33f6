"""What the kernel makes of a classic instruction: the extended ones that bpf_convert_filter() gives.

Registers are as there: A is r0, X is r7, the packet's context r6. Jumps with two targets become one or two,
which depends on where they lead.
"""

from kscan.bpf.cbpf_text import classic_text
from kscan.bpf.instruction import Classic

SOURCE = "bpf_convert_filter() in net/core/filter.c at v5.6"

_SIZES = {0x00: ("u32", "W"), 0x08: ("u16", "H"), 0x10: ("u8", "B")}
_ALU = {
    0x00: "+=", 0x10: "-=", 0x20: "*=", 0x30: "/=", 0x40: "|=", 0x50: "&=", 0x60: "<<=", 0x70: ">>=",
    0x90: "%=", 0xA0: "^=",
}  # fmt: skip
_JUMPS = {0x10: "==", 0x20: ">", 0x30: ">=", 0x40: "&"}


def becomes(code: int) -> str | None:
    """The extended instructions, as text, that a classic opcode becomes; None where it has none."""
    if classic_text(Classic(code)).startswith("unimp"):
        return None
    kind, high = code & 7, code & 0xF0
    by_x = bool(code & 0x08)
    match kind:
        case 0 | 1:
            return _load(code)
        case 2 | 3:
            return f"*(u32 *)(r10 - place of M[k]) = {'r7' if kind == 3 else 'r0'}"
        case 4 if high == 0x80:
            return "w0 = -w0"
        case 4 if high in _ALU:
            guard = "if w7 == 0 return 0; " if by_x and high in (0x30, 0x90) else ""
            return f"{guard}w0 {_ALU[high]} {'w7' if by_x else 'k'}"
        case 5 if code == 0x05:
            return "goto +k"
        case 5 if high in _JUMPS:
            return f"if r0 {_JUMPS[high]} {'r7' if by_x else 'k'} goto jt, else goto jf"
        case 6:
            return "exit" if code == 0x16 else "w0 = k; exit"
        case 7:
            return "r7 = r0" if code == 0x07 else "r0 = r7"
    return None


def _load(code: int) -> str | None:
    into = "r7" if code & 7 else "r0"
    size = _SIZES.get(code & 0x18)
    match code & 0xE0:
        case 0x00:
            return f"w{into[1:]} = k"
        case 0x20 if size:
            return f"r0 = *({size[0]} *)skb[k], or a field of the packet where k is an extension"
        case 0x40 if size:
            return f"r0 = *({size[0]} *)skb[r7 + k]"
        case 0x60:
            return f"{into} = *(u32 *)(r10 - place of M[k])"
        case 0x80:
            return f"{into} = length of the packet, from its context"
        case 0xA0:
            return "r7 = 4 * (*(u8 *)skb[k] & 0xf), r0 kept"
    return None
