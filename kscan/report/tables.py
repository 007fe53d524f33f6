"""The tables of a report: rows of the contract, each with its states release by release."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from kscan import rows as columns
from kscan.bpf.fanout import fanout
from kscan.bpf.hooks import hooks
from kscan.bpf.listings import flags, listing
from kscan.bpf.opcodes import opcode_cells
from kscan.bpf.sections import section_cells
from kscan.bpf.sites import site_cells
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import UAPI
from kscan.rows import ABSENT, NO_HEADER, NOT_SCANNED, PRESENT, UNPARSED, Row
from kscan.seen import Release

_STATES = (PRESENT, ABSENT, NO_HEADER, UNPARSED, NOT_SCANNED)


class Run(NamedTuple):
    """A stretch of releases, first to last of their numbers in the report, that are alike."""

    state: str
    first: int
    last: int


class Item(NamedTuple):
    """A row and its runs, which cover the releases of the report in order."""

    row: Row
    runs: tuple[Run, ...]

    def has(self, number: int) -> str:
        """The state at a release, by its number in the report."""
        return next(run.state for run in self.runs if run.first <= number <= run.last)


class Table(NamedTuple):
    """One table. `columns` are those of its rows; `shown` those a page has, each with its heading."""

    id: str
    title: str
    about: str
    columns: tuple[str, ...]
    shown: tuple[tuple[str, str], ...]
    items: list[Item]


class Kind(NamedTuple):
    """What a table is of. `rows` gives its rows, each with a state for every mainline release."""

    id: str
    title: str
    about: str
    columns: tuple[str, ...]
    shown: tuple[tuple[str, str], ...]
    rows: Callable[[History], Iterable[tuple[Row, Sequence[str]]]]


def runs_of(states: Iterable[str]) -> tuple[Run, ...]:
    """States, one a release, as runs. What is none of the states, such as a word and its line, is present."""
    runs = []
    at = 0
    for state, same in groupby(state if state in _STATES else PRESENT for state in states):
        length = len(list(same))
        runs.append(Run(state, at, at + length - 1))
        at += length
    return tuple(runs)


def table_of(kind: Kind, history: History, releases: Sequence[Release]) -> Table:
    """The table of a kind over `releases`, which are of the mainline; where they are not all of it, without the
    rows that none of them has."""
    numbers = [history.mainline.index(release) for release in releases]
    items = [Item(row, runs_of(cells[n] for n in numbers)) for row, cells in kind.rows(history)]
    if len(releases) < len(history.mainline):
        items = [item for item in items if not {run.state for run in item.runs} <= {ABSENT, NO_HEADER}]
    return Table(kind.id, kind.title, kind.about, kind.columns, kind.shown, items)


def _with_cells(history: History, rows: Iterable[Row]) -> list[tuple[Row, list[str]]]:
    """Rows with the states of the name that proves each."""
    found = []
    for row in rows:
        facts = next(iter(history.seen(row["name"]).values()), [])
        unknown = [NOT_SCANNED] * len(history.mainline)
        known = [state for _, state, _ in history.cells(facts, curated=True)] if facts else unknown
        found.append((row, known))
    return found


def _hooks(history: History) -> list[tuple[Row, list[str]]]:
    """In the order in which twins stand together, classic first."""
    rows = hooks(history)
    by_id = {row["id"]: row for row in rows}
    ordered: dict[str, Row] = {}
    for row in rows:
        ordered.setdefault(row["id"], row)
        if row["twin"] in by_id:
            ordered.setdefault(row["twin"], by_id[row["twin"]])
    return _with_cells(history, ordered.values())


def _fanout(history: History) -> list[tuple[Row, list[str]]]:
    """Places are those of the newest release; what proves the first is kept beside."""
    try:
        rows = fanout(history)
    except KscanError:
        return []
    proofs = {row["mode"]: history.when(row["mode"], UAPI)[0]["permalink"] for row in rows}
    return _with_cells(history, (row | {"since_permalink": proofs[row["mode"]]} for row in rows))


def _enums(*enums: str) -> Callable[[History], list[tuple[Row, list[str]]]]:
    return lambda history: _with_cells(history, listing(history, enums))


_SINCE = ("first_seen", "since")
_VALUE = ("value_text", "value")
_LISTED = (("name", "name"), _VALUE, _SINCE, ("removed_in", "removed"), ("aliases", "also called"))
_GROUPED = (("name", "name"), ("group", "of"), *_LISTED[1:])

KINDS = (
    Kind("hooks", "Hook points", "Places in the kernel to which a program can be attached. A classic (cBPF) "
         "hook stands beside its extended (eBPF) twin.", columns.HOOKS,
         (("title", "hook point"), ("subsystem", "subsystem"), ("flavour", "takes"), ("symbol", "symbol"),
          _SINCE, ("program_type", "program type"), ("runs", "runs at")), _hooks),
    Kind("fanout", "Packet fanout", "Modes that packet_rcv_fanout() handles, with the function that chooses "
         "a socket. Lines are those of the newest release.", columns.FANOUT,
         (("mode", "mode"), _VALUE, ("policy", "policy"), ("runs", "runs a program"), _SINCE), _fanout),
    Kind("opcodes", "Opcodes", "What a classic filter may have, and what bpf(2) takes of extended programs.",
         columns.OPCODES,
         (("code", "code"), ("flavour", "flavour"), ("name", "words"), ("class", "class"), ("op", "operation"),
          ("source", "source"), ("size", "size"), ("mode", "mode"), ("field", "where"), _SINCE,
          ("becomes", "becomes")),
         opcode_cells),
    Kind("helpers", "Helpers", "Functions that eBPF programs may call, by number: enum bpf_func_id.",
         columns.LISTING, _LISTED, _enums("bpf_func_id")),
    Kind("maps", "Map types", "What eBPF programs and user space share: enum bpf_map_type.",
         columns.LISTING, _LISTED, _enums("bpf_map_type")),
    Kind("progs", "Program, attach and link types", "What a program is, where it is attached and by which "
         "link: enums bpf_prog_type, bpf_attach_type and bpf_link_type.", columns.LISTING, _GROUPED,
         _enums("bpf_prog_type", "bpf_attach_type", "bpf_link_type")),
    Kind("commands", "Commands", "What bpf(2) can be asked to do: enum bpf_cmd.", columns.LISTING, _LISTED,
         _enums("bpf_cmd")),
    Kind("flags", "Flags", "Flags of bpf(2), of its links, and of helpers and kfuncs.", columns.LISTING,
         _GROUPED, lambda history: _with_cells(history, flags(history))),
    Kind("sites", "Run sites", "Where the kernel converts and runs programs, through all renames.",
         columns.SITES,
         (("title", "place"), ("role", "role"), ("function", "function"), ("hooks", "hook points"), _SINCE,
          ("removed_in", "removed"), ("words", "words")), site_cells),
    Kind("sections", "Section names", "ELF sections by which libbpf, and samples/bpf/bpf_load.c before it, "
         "know what a program is.", columns.SECTIONS,
         (("section", "section"), ("program_type", "program type"), ("attach_type", "attach type"), _SINCE,
          ("removed_in", "removed")), section_cells),
)  # fmt: skip
"""One row a table; its page, CSV, JSON and Markdown follow."""
