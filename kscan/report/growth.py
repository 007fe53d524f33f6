"""How much the kernel's BPF interface grew: how many of each kind of thing every release has."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kscan.catalog.hooks import EBPF
from kscan.report.tables import Item, Table
from kscan.rows import NOT_SCANNED, PRESENT, UNPARSED


class Series(NamedTuple):
    """A count for each release of the report, oldest first; None where it cannot be known."""

    label: str
    counts: tuple[int | None, ...]


def growth(tables: dict[str, Table], releases: int) -> list[Series]:
    """The series of the chart."""
    progs, opcodes = tables["progs"].items, tables["opcodes"].items
    chosen = {
        "helpers": tables["helpers"].items,
        "hook points": tables["hooks"].items,
        "eBPF opcodes": [i for i in opcodes if i.row["flavour"] == EBPF and not i.row["variant"]],
        "attach types": [item for item in progs if item.row["group"] == "bpf_attach_type"],
        "map types": tables["maps"].items,
        "program types": [item for item in progs if item.row["group"] == "bpf_prog_type"],
    }
    return [Series(label, _counts(items, range(releases))) for label, items in chosen.items()]


def _counts(items: Sequence[Item], numbers: Iterable[int]) -> tuple[int | None, ...]:
    counts: list[int | None] = []
    for number in numbers:
        states = [item.has(number) for item in items]
        unknown = {NOT_SCANNED, UNPARSED}.intersection(states)
        counts.append(None if unknown else states.count(PRESENT))
    return tuple(counts)
