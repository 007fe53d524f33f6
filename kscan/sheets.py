"""Rows as CSV, inert in a spreadsheet whatever a kernel's strings say."""

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from kscan.rows import Row, plain

# What makes a spreadsheet compute a cell; a number may begin with a sign.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!(0x)?[\da-fA-F.]+$)")
_QUOTED = re.compile(r'[",\r\n]')


def write_csv(stream: TextIO, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Writes a line of headings and one a row: null is empty, truth true or false; text that a spreadsheet
    would take for a formula begins with an apostrophe."""
    stream.write(_line(columns))
    for row in rows:
        stream.write(_line(_inert(row[column]) for column in columns))


def _inert(value: object) -> str:
    text = plain(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def _line(cells: Iterable[str]) -> str:
    # The csv module of Python 3.11 leaves a lone carriage return bare, which ends a line for most readers.
    quoted = ('"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells)
    return ",".join(quoted) + "\n"
