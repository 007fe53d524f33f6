"""One header's text in, its facts out as lines: what lets the tests beside it read as tables.

A fact's line is `FIRST[-LAST] KIND NAME` and what it says: `= VALUE TYPE` of a constant, `SIZE` of a
type, `TYPE @BITS[:WIDTH]` of a member, `! REASON` where a value is missing.
"""

from collections.abc import Mapping
from typing import Any
from zlib import compress

import pytest

from kscan.blobs import blob_id
from kscan.catalog.profiles import PROFILES
from kscan.model import UAPI, Fact, Reading, Trace
from kscan.read import Item, Job, Kept, read_job

# A little of what real headers lean on, in our own words.
SUPPORT = {
    "asm-generic/types.h": """\
#ifndef OUR_TYPES
#define OUR_TYPES
typedef signed char __s8;
typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long long __s64;
typedef unsigned long long __u64;
#endif
""",
    "linux/types.h": """\
#ifndef OUR_LINUX_TYPES
#define OUR_LINUX_TYPES
#include <asm-generic/types.h>
#define __bitwise
typedef __u16 __bitwise __be16;
typedef __u32 __bitwise __le32;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#endif
""",
}
OUR = "linux/our.h"
KEPT = Kept()


def read(text: str, files: Mapping[str, str] = {}, **how: Any) -> Reading:
    """What kscan reads in `text`, as _read."""
    return _read(text, files, **how)[1]


def trace(text: str, files: Mapping[str, str] = {}, **how: Any) -> Trace:
    """What reading `text` went by, as _read."""
    return _read(text, files, **how)[0]


def _read(
    text: str,
    files: Mapping[str, str] = {},
    *,
    profile: str = "x86-64",
    name: str = OUR,
    scope: str = UAPI,
    dual: bool = False,
    kept: Kept = KEPT,
) -> tuple[Trace, Reading]:
    """What kscan reads in `text`, a header that can include `files` (text by logical name) and
    SUPPORT; `kept` is what it keeps of headers before. Raises ValueError where the header gives no
    reading because another one hides it."""
    texts = {**SUPPORT, **files, name: text}
    blobs = {known: blob_id(content.encode()) for known, content in texts.items()}
    item = Item("v1.0", scope, name, f"include/uapi/{name}", blobs[name], dual)
    index = {"v1.0": {known: (f"include/uapi/{known}", blob) for known, blob in blobs.items()}}
    contents = {blobs[known]: compress(content.encode()) for known, content in texts.items()}
    found = read_job(Job(PROFILES[profile], (item,), index, contents, "our store", {}), kept).readings
    if not found:
        raise ValueError(f"{name} is hidden")
    (one,) = found
    return one


def lines(text: str, files: Mapping[str, str] = {}, *, kinds: str = "", **how: object) -> list[str]:
    """The facts of a header as lines, those of some `kinds` only where given, then its problems and
    its failure."""
    reading = read(text, files, **how)  # type: ignore[arg-type]
    wanted = kinds.split()
    found = [line(fact) for fact in reading.facts if not wanted or fact.kind in wanted]
    found += [f"{problem.line} problem {problem.reason}" for problem in reading.problems]
    return found + ([f"failure {reading.failure}"] if reading.failure else [])


def line(fact: Fact) -> str:
    """A fact as one line."""
    last = f"-{fact.end_line}" if fact.end_line != fact.line else ""
    return " ".join(filter(None, (f"{fact.line}{last}", fact.kind, fact.name, *_says(fact))))


def _says(fact: Fact) -> tuple[str, ...]:
    why = f"! {fact.reason}" if fact.reason else ""
    size = "" if fact.size is None else f"size {fact.size}"
    match fact.kind:
        case "macro" | "enumerator":
            return (why,) if why else (f"= {fact.value!r} {fact.type}",)
        case "function_macro":
            return (fact.type or "",)
        case "struct" | "union":
            return size, why
        case "member":
            width = "" if fact.bit_size is None else f":{fact.bit_size}"
            at = "" if fact.bit_offset is None else f"@{fact.bit_offset}{width}"
            return fact.type or "", at, why
    return fact.type or "", size, why


def values(text: str, files: Mapping[str, str] = {}, **how: object) -> dict[str, int | str | None]:
    """The values of a header's constants by name."""
    facts = read(text, files, **how).facts  # type: ignore[arg-type]
    return {fact.name: fact.value for fact in facts if fact.kind in ("macro", "enumerator")}


Row = tuple[str, str] | tuple[str, str, Mapping[str, str]]


def table(rows: Mapping[str, Row]) -> list[Any]:
    """Rows as parameters (text, expected lines, files), each by its id; text and lines begin on the
    line after their quotes."""
    return [
        pytest.param(text.removeprefix("\n"), expected.strip("\n").splitlines(), *files or ({},), id=name)
        for name, (text, expected, *files) in rows.items()
    ]
