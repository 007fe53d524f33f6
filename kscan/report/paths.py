"""How the files of a report are called."""

from collections.abc import Iterable
from hashlib import sha256

_LONGEST = 200


def chunk_of(name: str) -> str:
    """The part of the data that holds a name: the first two hexadecimal digits of its SHA-256."""
    return sha256(name.encode()).hexdigest()[:2]


def stems(names: Iterable[str]) -> dict[str, str]:
    """What the file of each name is called: as the name is, in one folder; with a piece of the name's SHA-256
    where that is too long, or where another is called so but for its case, which some systems do not tell."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        stem = name.replace("/", "-")
        if stem.casefold() in taken or len(stem.encode()) > _LONGEST:
            short = stem.encode()[:_LONGEST].decode(errors="ignore")
            stem = f"{short}-{sha256(name.encode()).hexdigest()[:8]}"
        taken.add(stem.casefold())
        found[name] = stem
    return found
