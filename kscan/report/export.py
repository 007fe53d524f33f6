"""Every name with its history, as CSV or JSON, written as it is computed."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from kscan.errors import KscanError
from kscan.history import History
from kscan.rows import HISTORY, plain


def export_all(history: History, form: str, out: str | None) -> int:
    """Writes a row for each span of each name to the file `out`, or to standard output."""
    with writing(out) as stream:
        if form == "csv":
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(HISTORY)
            writer.writerows([plain(row[column]) for column in HISTORY] for row in history.all_spans())
        else:
            stream.write("[")
            for number, row in enumerate(history.all_spans()):
                stream.write("\n" if number == 0 else ",\n")
                stream.write(json.dumps(row, ensure_ascii=False))
            stream.write("\n]\n")
    return 0


@contextmanager
def writing(out: str | None) -> Iterator[TextIO]:
    """A stream to the file `out`, which appears only when it is whole; standard output for None."""
    if out is None:
        yield sys.stdout
        return
    path = Path(out)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "w", encoding="utf-8", newline="") as stream:
            yield stream
        beside.replace(path)
    except OSError as error:
        raise KscanError(f"{out}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            beside.unlink()
