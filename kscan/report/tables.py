"""The tables of a report, as pandas frames."""

from collections.abc import Sequence

import pandas as pd

from kscan.bpf.fanout import fanout
from kscan.bpf.hooks import hooks
from kscan.bpf.listings import flags, listing
from kscan.bpf.opcodes import opcode_cells
from kscan.bpf.sections import sections
from kscan.bpf.sites import site_cells
from kscan.catalog.sets import HeaderSet
from kscan.errors import KscanError
from kscan.history import History
from kscan.rows import RELEASES, WHEN, Row

_WHOLE = ("line", "end_line")


def releases_table(history: History) -> pd.DataFrame:
    """A row a release."""
    return pd.DataFrame(history.list_releases(), columns=list(RELEASES))


def names_table(history: History, chosen: HeaderSet | None = None) -> pd.DataFrame:
    """A row a name of a set's headers for user space: when it appeared, where, with what value.

    `value` holds numbers and strings alike, as the contract has it: as objects, for a column of
    floats would round them.
    """
    rows = [row for row in history.all_when(chosen) if row["scope"] == "uapi"]
    table = pd.DataFrame(rows, columns=list(WHEN), dtype=object)
    return table.astype(dict.fromkeys(_WHOLE, "Int64"))


def matrix_table(history: History, chosen: HeaderSet | None = None) -> pd.DataFrame:
    """User space's constants of a set by release: present, absent, no_header, unparsed or not_scanned."""
    tags = [release.tag for release in history.mainline]
    rows = []
    for facts in history.all_seen(chosen):
        scope, family, name = facts[0].key
        if scope == "uapi" and family == "constant":
            rows.append([name, *(state for _, state, _ in history.cells(facts))])
    return pd.DataFrame(rows, columns=["name", *tags])


def hooks_table(history: History) -> pd.DataFrame:
    """Hook points by release, classic and extended."""
    labels = ("id", "title", "subsystem", "flavour", "symbol", "attach", "twin", "twin_first_seen",
              "program_type", "first_seen", "curated_since", "source", "beside", "runs")  # fmt: skip
    return _cells(history, labels, [(row, row["symbol"]) for row in hooks(history)])


def fanout_table(history: History) -> pd.DataFrame:
    """Packet fanout modes by release, with the policy of the newest; empty where none was read."""
    try:
        rows = fanout(history)
    except KscanError:
        rows = []
    return _cells(history, ("mode", "value", "policy", "first_seen"), [(row, row["mode"]) for row in rows])


def enums_table(history: History, *enums: str) -> pd.DataFrame:
    """The enumerators of the kernel's own enums by release."""
    return _listed(history, listing(history, enums))


def flags_table(history: History) -> pd.DataFrame:
    """Flags by release."""
    return _listed(history, flags(history))


def _listed(history: History, rows: Sequence[Row]) -> pd.DataFrame:
    labels = ("name", "value", "group", "aliases", "first_seen", "status", "removed_in")
    return _cells(history, labels, [(row, row["name"]) for row in rows])


def sites_table(history: History) -> pd.DataFrame:
    """Where the kernel converts and runs programs, by release: the word and its line."""
    labels = ("site", "title", "role", "hooks", "first_seen", "last_seen", "removed_in", "status", "words")
    rows = [[*(row[label] for label in labels), *cells] for row, cells in site_cells(history)]
    tags = [release.tag for release in history.mainline]
    return pd.DataFrame(rows, columns=[*labels, *tags], dtype=object)


def opcodes_table(history: History) -> pd.DataFrame:
    """Opcodes by release: what a classic program may have, and what bpf(2) takes."""
    labels = ("code", "flavour", "name", "class", "op", "source", "size", "mode", "first_seen", "status",
              "removed_in", "loadable", "in_interpreter", "in_seccomp", "becomes", "names", "path",
              "line")  # fmt: skip
    rows = [[*(row[label] for label in labels), *cells] for row, cells in opcode_cells(history)]
    tags = [release.tag for release in history.mainline]
    return pd.DataFrame(rows, columns=[*labels, *tags], dtype=object)


def sections_table(history: History) -> pd.DataFrame:
    """Section names of program loaders."""
    columns = (
        "section",
        "program_type",
        "attach_type",
        "path",
        "first_seen",
        "status",
        "last_seen",
        "removed_in",
    )
    return pd.DataFrame([[row[c] for c in columns] for row in sections(history)], columns=list(columns))


def _cells(history: History, labels: Sequence[str], rows: Sequence[tuple[Row, str]]) -> pd.DataFrame:
    """Rows with their labels and, by release, whether it has the name that proves them."""
    table = []
    for row, name in rows:
        facts = next(iter(history.seen(name).values()), [])
        states = [state for _, state, _ in history.cells(facts)] if facts else [None] * len(history.mainline)
        table.append([*(row[label] for label in labels), *states])
    tags = [release.tag for release in history.mainline]
    return pd.DataFrame(table, columns=[*labels, *tags], dtype=object)
