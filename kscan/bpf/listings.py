"""The kernel's own lists: helpers, map types, commands, program, attach and link types, flags."""

from collections.abc import Iterable

from kscan.catalog.flags import CALL, FLAG_PATTERNS, FLAGS
from kscan.history import History
from kscan.model import SENTINEL, UAPI
from kscan.rows import LISTING, Row, empty
from kscan.version import or_last


def listing(history: History, enums: Iterable[str]) -> list[Row]:
    """A row for each enumerator of `enums` in any release, in order of value: when it appeared, and
    by which other names the same enum calls the same value in some release. A flag in an enum is none."""
    rows = []
    for enum in enums:
        aliases = history.aliases(enum)
        for name in (name for name in history.enumerators(enum) if name not in FLAGS):
            same = ", ".join(aliases.get(name, ())) or None
            rows += [_row(when, enum, same) for when in history.when(name, UAPI)]
    return rows


def by_value(history: History, enum: str) -> dict[int, str]:
    """The names of an enum's values; of two names for one value the one that was there first."""
    found: dict[int, str] = {}
    rows = [row for name in history.enumerators(enum) for row in history.when(name, UAPI)]
    for row in sorted(rows, key=lambda row: or_last(row["first_seen"])):
        if isinstance(row["value"], int):
            found.setdefault(row["value"], row["name"])
    return found


def helper_names(history: History) -> dict[int, str]:
    """Helpers by number, as programs call them: bpf_map_lookup_elem."""
    return {
        value: f"bpf_{name.removeprefix('BPF_FUNC_')}"
        for value, name in by_value(history, "bpf_func_id").items()
    }


def flags(history: History) -> list[Row]:
    """A row for each flag of bpf(2), its links, and the helpers and kfuncs that programs call, by what it is
    for: BPF_ANY and its kin, and what FLAG_PATTERNS match."""
    matched = (name for pattern in FLAG_PATTERNS for name in history.names(pattern, UAPI))
    names = [name for name in (*FLAGS, *matched) if not SENTINEL.search(name)]
    rows = [
        _row(when, FLAGS.get(name, CALL), None)
        for name in dict.fromkeys(names)
        for when in history.when(name, UAPI)
        if when["kind"] != "function_macro"
    ]
    order = {group: number for number, group in enumerate(dict.fromkeys((*FLAGS.values(), CALL)))}
    return sorted(rows, key=lambda row: (order[row["group"]], row["line"] or 0))


def _row(when: Row, group: str, aliases: str | None) -> Row:
    return empty(LISTING, **{**when, "group": group, "aliases": aliases})
