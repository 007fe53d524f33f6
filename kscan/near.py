"""What the user may have meant: the names and tags nearest to one that is not there."""

import heapq
from collections.abc import Iterable

from kscan.version import KernelVersion

MOST = 5


def near_tags(tag: str, tags: Iterable[str]) -> list[str]:
    """The tags nearest to `tag`: by version where it is one, else by spelling."""
    version = KernelVersion.parse(tag)
    if version is None:
        return near_names(tag, tags)
    known = sorted((v, t) for t in tags if (v := KernelVersion.parse(t)))
    before = [t for v, t in known if v < version][-3:]
    return before + [t for v, t in known if v > version][: MOST - len(before)]


def near_names(name: str, names: Iterable[str]) -> list[str]:
    """The names nearest to `name`, nearest first: those that hold its words, then by spelling."""
    from difflib import SequenceMatcher  # a question with an answer never needs it

    wanted = name.lower()
    bare = wanted.removeprefix("bpf_")
    scored = []
    # A matcher keeps what it worked out of its second text.
    matcher = SequenceMatcher(None, "", wanted)
    for candidate in set(names):
        low = candidate.lower()
        if low == wanted or (len(bare) > 3 and low.endswith(f"_{bare}") and low.startswith("bpf_")):
            scored.append((2.0, candidate))
            continue
        if abs(len(low) - len(wanted)) > max(4, len(wanted) // 2) or ("." in low and "." not in wanted):
            continue
        matcher.set_seq1(low)
        if matcher.real_quick_ratio() > 0.7 and matcher.quick_ratio() > 0.7:
            ratio = matcher.ratio() + 0.5 * (wanted in low)
            if ratio > 0.7:
                scored.append((ratio, candidate))
    return [name for _, name in heapq.nsmallest(MOST, scored, key=lambda pair: (-pair[0], pair[1]))]
