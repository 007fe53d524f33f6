"""What changed between two releases, and what of it can break a program.

A change of form is told apart from a change of fact: a name that moves to another header, or turns
from a macro into an enumerator, is still there.
"""

import re
from collections.abc import Iterable, Iterator

from kscan.history import History, best
from kscan.model import FAMILIES, RECORDS, SENTINEL
from kscan.rows import DIFF, Row
from kscan.seen import Key, Seen
from kscan.wording import at_byte

_GUARD = re.compile(r"_H_*$", re.I)


def compare(history: History, old: str, new: str, scope: str = "all") -> tuple[list[Row], int]:
    """The changes from `old` to `new`, a row each in order of name, and how many names were left
    out because the other release was not read where they lie.

    `breaking` is true for what can break a program written for `old`: a name removed, a value
    changed (of other than a sentinel such as BPF_FUNC_MAX_ID), a member that moved or changed its
    size; a struct that only grew at its end is compatible.
    """
    before, after = history.release(old), history.release(new)
    facts_before, facts_after = (_by_key(facts) for facts in history.apart(before, after, scope))
    rows: list[Row] = []
    unsure = 0
    unknown = {True: history.unsure_names(after), False: history.unsure_names(before)}
    for key in sorted(facts_before.keys() | facts_after.keys(), key=lambda key: (key[2], key)):
        had, has = facts_before.get(key), facts_after.get(key)
        if had and has:
            rows += changes(had, has)
            continue
        fact, lacks = (had, after) if had else (has, before)
        assert fact is not None
        doubted = (key[0], key[2]) in unknown[had is not None] or history.is_unread(lacks, key[0], key[2])
        if doubted or fact.is_internal or history.left_open(lacks, fact):
            unsure += 1
        else:
            rows.append(_gone(fact) if had else _come(fact))
    return rows, unsure


def _by_key(facts: Iterable[Seen]) -> dict[Key, Seen]:
    """The facts of one release, the best of each key."""
    grouped: dict[Key, list[Seen]] = {}
    for fact in facts:
        grouped.setdefault(fact.key, []).append(fact)
    return {key: next(iter(best(found).values())) for key, found in grouped.items()}


def _row(
    fact: Seen, change: str, old: Seen | None, new: Seen | None, breaking: bool, texts: tuple[str, str]
) -> Row:
    return fact.row(
        DIFF, change=change, old=texts[0] or None, new=texts[1] or None, breaking=breaking,
        old_path=old.path if old else None, old_line=old.line if old else None,
        new_path=new.path if new else None, new_line=new.line if new else None,
    )  # fmt: skip


def _gone(fact: Seen) -> Row:
    return _row(fact, "removed", fact, None, breaks_gone(fact), (said(fact), ""))


def _come(fact: Seen) -> Row:
    return _row(fact, "added", None, fact, False, ("", said(fact)))


def breaks_gone(fact: Seen) -> bool:
    """Whether a program can break where a name is gone: not by a header's guard, which what is installed has by
    another name, for _UAPI is taken off it."""
    is_guard = fact.kind == "macro" and fact.value is None and _GUARD.search(fact.name) is not None
    return fact.scope == "uapi" and not is_guard


def said(fact: Seen) -> str:
    """What a diff shows of a fact that only one release has."""
    if fact.kind in (*RECORDS, "enum"):
        return f"{fact.size} bytes" if fact.size is not None else fact.kind
    if fact.kind in ("member", "typedef", "function_macro"):
        return fact.type or fact.kind
    return str(fact.value) if fact.value is not None else fact.kind


def changes(old: Seen, new: Seen) -> Iterator[Row]:
    """Every way in which a name differs, each as a row."""
    constant = FAMILIES[old.kind] == "constant"
    api = new.scope == "uapi"
    if old.value != new.value:
        known = old.value is not None and new.value is not None
        breaking = api and known and not SENTINEL.search(new.name)
        yield _row(new, "value", old, new, breaking, (said(old), said(new)))
    if old.kind != new.kind:
        # A macro that becomes an enumerator is no longer seen by #ifdef; programs still compile.
        breaking = api and (not constant or "function_macro" in (old.kind, new.kind))
        yield _row(new, "kind", old, new, breaking, (old.kind, new.kind))
    elif old.type != new.type and old.kind != "enum":
        # Calls of a macro with other parameters no longer compile.
        breaking = api and old.kind == "function_macro"
        yield _row(new, "type", old, new, breaking, (old.type or "", new.type or ""))
    if old.header != new.header:
        yield _row(new, "moved", old, new, False, (old.header, new.header))
    if _layout(old) != _layout(new):
        yield _row(new, "layout", old, new, api and _breaks(old, new), (_placed(old), _placed(new)))


def _layout(fact: Seen) -> tuple[int | None, int | None, int | None]:
    return fact.bit_offset, fact.bit_size, fact.size


def _breaks(old: Seen, new: Seen) -> bool:
    """A member elsewhere or of another size breaks, and a typedef or enum of another size; a struct
    that grows does not, nor what holds one by value: its members tell."""
    if old.kind == "member" and None in (old.bit_offset, new.bit_offset):
        return False
    if old.kind == "member" and (old.bit_offset, old.bit_size) != (new.bit_offset, new.bit_size):
        return True
    if old.size is None or new.size is None:
        return False
    return new.size < old.size if _is_record(new) else new.size != old.size


def _is_record(fact: Seen) -> bool:
    """Whether it is a struct or union, or holds one by value."""
    kind = fact.type or ""
    return fact.kind in RECORDS or (kind.startswith(RECORDS) and kind[-1] not in "*])")


def _placed(fact: Seen) -> str:
    if fact.kind != "member":
        return "size not known" if fact.size is None else f"{fact.size} bytes"
    if fact.bit_offset is None:
        return "place not known"
    bits = f", {fact.bit_size} bits" if fact.bit_size is not None else f", {fact.size} bytes"
    return f"at byte {at_byte(fact.bit_offset)}{bits}"
