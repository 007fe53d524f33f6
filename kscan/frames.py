"""Rows as tables of pandas."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

# Columns that hold numbers and text alike.
_MIXED = ("value", "current_value")
_TYPES = {int: "Int64", bool: "boolean", str: "string"}


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows as a table, with the columns in this order: whole numbers Int64, truth boolean, text string, each
    with nulls; objects for what holds numbers and text alike, or numbers beyond 64 bits: floats would round."""
    wanted = None if columns is None else list(columns)
    table = pd.DataFrame([dict(row) for row in rows], columns=wanted, dtype=object)
    types: dict[Hashable, str] = {}
    for column in table:
        kinds = {type(value) for value in table[column] if value is not None}
        if column not in _MIXED and len(kinds) == 1 and not _is_wide(table[column]):
            types[column] = _TYPES.get(kinds.pop(), "object")
    return table.astype(types)


def _is_wide(column: Iterable[object]) -> bool:
    """Whether a column has whole numbers that 64 bits do not hold."""
    return any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in column)
