"""What `#pragma pack` asks for: each row as gcc takes it (tests/real asks it)."""

import pytest

from kscan.errors import UnreadableHeader
from kscan.parse.packing import DEEPEST_PACK, UNPACKED, repacked

# Pragmas one after another, and the bytes that members are aligned to at most behind them; 0 for any.
ASKED = {
    "nothing": ((), 0),
    "a number": (("pack(2)",), 2),
    "a number with blanks": (("pack ( 2 )",), 2),
    "hexadecimal": (("pack(0x1)",), 1),
    "octal": (("pack(010)",), 8),
    "a suffix": (("pack(1u)",), 1),
    "0, which is the default": (("pack(1)", "pack(0)"), 0),
    "no power of two": (("pack(1)", "pack(3)"), 1),
    "too much": (("pack(1)", "pack(32)"), 1),
    "something behind it": (("pack(2) so",), 2),
    "no parentheses": (("pack 1",), 0),
    "another pragma": (("pack(1)", "pack_matrix(row)"), 1),
    "none": (("pack(1)", "pack()"), 0),
    "a macro": (("pack(N)",), 0),
    "push and pop": (("pack(2)", "pack(push, 1)", "pack(pop)"), 2),
    "push what holds": (("pack(2)", "pack(push)"), 2),
    "push what cannot be": (("pack(2)", "pack(push, 3)", "pack(pop)"), 2),
    "a number within what was pushed": (("pack(push, 1)", "pack(4)", "pack(pop)"), 0),
    "pop more than there is": (("pack(2)", "pack(pop)"), 2),
    "pop with a number": (("pack(push, 1)", "pack(pop, 4)"), 1),
    "push by name": (("pack(push, ours, 1)",), 1),
    "push by name, number first": (("pack(push, 1, ours)",), 1),
    "push with two numbers": (("pack(push, 1, 2)",), 0),
    "pop by name": (("pack(push, ours, 1)", "pack(push, 2)", "pack(pop, ours)"), 0),
    "pop by the later of two names": (("pack(push, x, 1)", "pack(push, x, 2)", "pack(pop, x)"), 1),
    "pop by a name that nobody pushed": (("pack(push, 1)", "pack(push, 2)", "pack(pop, ours)"), 1),
    "another word": (("pack(1)", "pack(pushed, 2)"), 1),
}


@pytest.mark.parametrize(("pragmas", "limit"), ASKED.values(), ids=ASKED)
def test_packs(pragmas: tuple[str, ...], limit: int) -> None:
    packs = UNPACKED
    for pragma in pragmas:
        packs = repacked(packs, pragma, 1)
    assert packs[-1].limit == limit


def test_what_is_pushed_has_a_bound() -> None:
    packs = UNPACKED
    for _ in range(DEEPEST_PACK):
        packs = repacked(packs, "pack(push, 1)", 1)
    with pytest.raises(UnreadableHeader, match="pushed more than 100 times"):
        repacked(packs, "pack(push)", 7)
