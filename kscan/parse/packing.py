"""What `#pragma pack` asks of the structs behind it, as gcc takes it."""

import re
from typing import NamedTuple

from kscan.errors import UnreadableHeader


class Packing(NamedTuple):
    """The bytes that members are aligned to at most, 0 for any, and the name under which that was pushed."""

    limit: int = 0
    name: str = ""


# Those that were pushed on one another: the last one holds.
Packs = tuple[Packing, ...]
UNPACKED: Packs = (Packing(),)
# How many may be pushed: kernels push once.
DEEPEST_PACK = 100

_NUMBER = r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*"
_GIVEN = rf"(?P<number>{_NUMBER})[uUlL]*"
# Nothing, a number, or what is done to the stack with a name and a number in any order.
_PRAGMA = re.compile(
    rf"pack\s*\(\s*(?:{_GIVEN}|(?P<verb>push|pop)\b(?P<further>[^)]*))?\s*\)",
    re.A,
)
_FURTHER = re.compile(rf",\s*(?:{_GIVEN}|(?P<name>[A-Za-z_]\w*))\s*", re.A)
_LIMITS = frozenset((0, 1, 2, 4, 8, 16))


def repacked(packs: Packs, pragma: str, line: int) -> Packs:
    """What holds behind `#pragma PRAGMA` on `line`: as before where gcc does not take it. Raises
    UnreadableHeader."""
    asked = _PRAGMA.match(pragma)
    further = _further(asked["further"] or "") if asked else None
    if asked is None or further is None:
        return packs
    number, name = further
    limit = _integer(asked["number"] or number or "0")
    if limit not in _LIMITS or (asked["verb"] == "pop" and number):
        return packs
    if asked["verb"] == "push":
        if len(packs) > DEEPEST_PACK:
            raise UnreadableHeader(f"#pragma pack is pushed more than {DEEPEST_PACK} times", line)
        return (*packs, Packing(limit if number else packs[-1].limit, name))
    if asked["verb"] == "pop":
        named = (at for at in range(len(packs) - 1, 0, -1) if name and packs[at].name == name)
        return packs[: max(next(named, len(packs) - 1), 1)]
    return (*packs[:-1], packs[-1]._replace(limit=limit))


def _further(text: str) -> tuple[str, str] | None:
    """The number and the name behind push or pop, each at most once; None for anything else."""
    found = list(_FURTHER.finditer(text))
    numbers, names = ([match[kind] for match in found if match[kind]] for kind in ("number", "name"))
    whole = "".join(match[0] for match in found) == text.lstrip()
    return ("".join(numbers), "".join(names)) if whole and len(numbers) < 2 and len(names) < 2 else None


def _integer(spelled: str) -> int:
    octal = spelled.startswith("0") and spelled.isdecimal()
    return int(spelled, 8 if octal else 0)
