"""What each release brought: user space's names that came, changed and went."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from kscan.diff import changes
from kscan.model import UAPI
from kscan.report.symbols import Symbol
from kscan.rows import Row
from kscan.seen import Release


class New(NamedTuple):
    """What is new in a release. `changed` are rows of a diff. A name that comes back has come, too."""

    tag: str
    exact: str | None
    added: list[Symbol]
    changed: list[Row]
    removed: list[Symbol]


def news(found: Iterable[Symbol], releases: Sequence[Release]) -> dict[str, New]:
    """By tag, what each of `releases` brought; what the oldest has is not said to be new."""
    by_tag = {r.tag: New(r.tag, r.exact.tag if r.exact else None, [], [], []) for r in releases}
    for symbol in found:
        if symbol.key[0] != UAPI:
            continue
        for tag in by_tag.keys() & symbol.came:
            by_tag[tag].added.append(symbol)
        for tag in by_tag.keys() & symbol.went:
            by_tag[tag].removed.append(symbol)
        for old, new in pairwise(symbol.stretches):
            came = new.first.tag in symbol.came
            if new.first.tag in by_tag and new.first.on_mainline and not came:
                by_tag[new.first.tag].changed.extend(changes(old.fact, new.fact))
    return by_tag
