"""The tables of a report, as pandas frames."""

import pandas as pd

from kscan.history import History
from kscan.rows import RELEASES, WHEN

_WHOLE = ("line", "end_line")


def releases_table(history: History) -> pd.DataFrame:
    """A row a release."""
    return pd.DataFrame(history.list_releases(), columns=list(RELEASES))


def names_table(history: History) -> pd.DataFrame:
    """A row a name of user space's headers: when it appeared, where, with what value.

    `value` holds numbers and strings alike, as the contract has it: as objects, for a column of
    floats would round them.
    """
    rows = [row for row in history.all_when() if row["scope"] == "uapi"]
    table = pd.DataFrame(rows, columns=list(WHEN), dtype=object)
    return table.astype(dict.fromkeys(_WHOLE, "Int64"))


def matrix_table(history: History) -> pd.DataFrame:
    """User space's constants by release: present, absent, no_header, unparsed or not_scanned."""
    tags = [release.tag for release in history.mainline]
    rows = []
    for facts in history.all_seen():
        scope, family, name = facts[0].key
        if scope == "uapi" and family == "constant":
            rows.append([name, *(state for _, state, _ in history.cells(facts))])
    return pd.DataFrame(rows, columns=["name", *tags])
