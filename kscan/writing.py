"""Files that appear only when they are whole."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from kscan.errors import KscanError


@contextmanager
def writing(out: str | os.PathLike[str] | None) -> Iterator[TextIO]:
    """A stream to the file `out`, standard output for None. What is there stays as it is until the whole is
    written, and keeps its mode; a link stays a link, and a device or pipe is written to.

    Raises KscanError where it cannot be written.
    """
    if out is None:
        yield sys.stdout
        return
    try:
        path = Path(os.path.realpath(out))
        if path.exists() and not path.is_file() and not path.is_dir():
            with open(path, "w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        with _replacing(path) as stream:
            yield stream
    except OSError as error:
        raise KscanError(f"{out}: cannot be written: {error.strerror}") from None


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        with open(beside, "w", encoding="utf-8", newline="") as stream:
            yield stream
        with suppress(FileNotFoundError):
            beside.chmod(path.stat().st_mode)
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink()
