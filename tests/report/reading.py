"""What programs and browsers make of a report's files, and small histories to report on."""

import json
import re
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from kscan.model import Fact, Problem, Reading
from tests.stores import UNREAD, Made, fact, member

A, B = "linux/a.h", "linux/b.h"
FAILED, ELSEWHERE = {A: UNREAD}, Made({B: []}, sets=(B,))
STATES = {"p": "present", "a": "absent", "h": "no_header", "u": "unparsed", "n": "not_scanned"}
# As a browser reads a lane.
LANE = re.compile(r"(\d+)([a-z])")

Releases = Mapping[str, Made | Mapping[str, list[Fact] | Reading]]


def record(name: str, size: int | None, *members: Fact, kind: str = "struct") -> list[Fact]:
    """A struct or union with its members."""
    return [fact(name, None, kind, size=size), *members]


def bits(name: str, first: int, count: int) -> Fact:
    """A bit-field."""
    return fact(name, None, "member", type="__u8", bit_offset=first, bit_size=count, size=1)


X, OTHER = fact("X"), fact("OTHER")
HISTORIES: dict[str, Releases] = {
    "came and went": {"v4.1": {A: [OTHER]}, "v4.2": {A: [OTHER, X]}, "v4.3": {A: [X]}, "v4.4": {B: []}},
    "windows": {"v4.0": {A: [OTHER]}, "v4.2": {A: [X]}, "v4.5": {A: [fact("X", 2)]}, "v4.9": {A: []}},
    "unparsed": {"v4.1": {A: [X]}, "v4.2": FAILED, "v4.3": {A: [fact("X", 2)]}, "v4.4": FAILED},
    "read in part": {
        "v4.1": {A: [X, OTHER]}, "v4.2": {A: Reading((OTHER,), (Problem(3, "no C"),))}, "v4.3": {A: [X]},
    },
    "not scanned": {"v4.1": ELSEWHERE, "v4.2": {A: [X]}, "v4.3": ELSEWHERE, "v4.4": {A: [OTHER]}},
    "came back": {
        "v4.1": {A: [X, OTHER]}, "v4.2": {A: [OTHER]}, "v4.3": {A: [X]}, "v4.4": {B: []},
        "v4.5": {A: [fact("X", 3)]},
    },
    "moved": {"v4.1": {A: [X], B: []}, "v4.2": {A: [], B: [X]}, "v4.3": {A: [], B: UNREAD}},
    "kinds": {
        "v4.1": {A: [X]}, "v4.2": {A: [fact("X", 1, "enumerator")]},
        "v4.3": {A: [fact("X", None, "function_macro", type="(a)")]},
        "v4.4": {A: [fact("X", None, reason="a call")]}, "v4.5": {A: [fact("X", "one", type="char [4]")]},
    },
    "layouts": {
        "v4.1": {A: record("s", 4, member("s.a", 0, 4))},
        "v4.2": {A: record("s", 8, member("s.a", 0, 4), bits("s.b", 32, 3))},
        "v4.3": {A: record("s", 8, member("s.a", 4, 4), bits("s.b", 3, 3))},
        "v4.4": {A: record("s", 4, member("s.a", 0, 2, "__u16"), kind="union")},
        "v4.5": {A: record("s", None, fact("s.a", None, "member", type="__u16", reason="not known"))},
    },
    "sentinels": {"v4.1": {A: [fact("X_MAX", 1)]}, "v4.2": {A: [fact("X_MAX", 2)]}},
    "beside the mainline": {
        "v4.1": {A: [OTHER]}, "v4.1.9": {A: [X, fact("STABLE")]}, "v4.2": {A: [X]},
        "mine": Made({A: [fact("X", 9), fact("LABEL")]}, is_label=True, permalink=None),
    },
    "internal": {"v4.1": {A: [], "include/linux/a.h": [X]}, "v4.2": {A: [X], "include/linux/a.h": []}},
    "two families": {
        "v4.1": {A: record("x", 4), B: [fact("x", 1)]}, "v4.2": {A: record("x", 8), B: []},
        "v4.3": {A: [], B: [fact("x", 2)]},
    },
}  # fmt: skip


class Page(HTMLParser):
    """What a browser makes of a page: where it leads, and what can be led to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]


@cache
def page(path: Path) -> Page:
    return Page(path.read_text())


def taken(script: str) -> tuple[str, Any]:
    """What a script hands to the page, and under which name."""
    found = re.fullmatch(r"kscan\.take\((\"[^\"]+\"),(.*)\);\n", script, re.S)
    assert found
    return json.loads(found[1]), json.loads(found[2])


def states_of(lane: str) -> list[str]:
    """A lane, release by release."""
    return [STATES[letter] for count, letter in LANE.findall(lane) for _ in range(int(count))]


def differences(data: Any, old: int, new: int) -> tuple[list[tuple[object, ...]], int]:
    """What assets/diff.js shows of two releases, and how many names it leaves out."""
    texts, lines = data["texts"], data["lines"]
    rows: list[tuple[object, ...]] = []
    unknown = 0
    for name, line, spans, pairs in data["names"]:
        had, has = (
            next((at for at, (first, last, *_) in enumerate(spans) if first <= number <= last), None)
            for number in (old, new)
        )
        if had is not None and has is not None:
            for change, before, now, breaking in pairs.get(f"{had} {has}", []):
                rows.append((name, texts[change], texts[before], texts[now], texts[spans[has][3]], breaking))
        elif had is not None or has is not None:
            other = states_of(lines[line])[new if had is not None else old]
            if other in ("unparsed", "not_scanned"):
                unknown += 1
            elif had is not None:
                _, _, said, header, breaks = spans[had]
                rows.append((name, "removed", texts[said], "", texts[header], bool(breaks)))
            elif has is not None:
                rows.append((name, "added", "", texts[spans[has][2]], texts[spans[has][3]], False))
    return rows, unknown
