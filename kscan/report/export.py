"""Every name with its history, as CSV or JSON, written as it is computed."""

import json
from collections.abc import Sequence

from kscan.history import History
from kscan.rows import HISTORY, Row
from kscan.sheets import write_csv
from kscan.writing import writing


def export_all(history: History, form: str, out: str | None, words: Sequence[str] = ()) -> int:
    """Writes a row for each span of each name, or of those that words and patterns mean, to the file `out`,
    or to standard output. Raises UnknownName."""
    rows = _spans(history, words) if words else history.all_spans()
    with writing(out) as stream:
        if form == "csv":
            write_csv(stream, rows, HISTORY)
        else:
            stream.write("[")
            for number, row in enumerate(rows):
                stream.write("\n" if number == 0 else ",\n")
                stream.write(json.dumps(row, ensure_ascii=False))
            stream.write("\n]\n")
    return 0


def _spans(history: History, words: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for name in history.found(words):
        found = history.spans(name)
        if not found:
            raise history.unknown(name)
        rows += found
    return rows
