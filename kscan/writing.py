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
    path = Path(os.path.realpath(out))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with open(path, "w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        with replacing(path) as beside, open(beside, "w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        # Another file that is named is the caller's.
        if error.filename is not None and Path(error.filename).parent != path.parent:
            raise
        raise KscanError(f"{out}: cannot be written: {error.strerror or error}") from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path`: what is written there takes its place in the end, with its mode, or is gone."""
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        # One that was killed may have had the same number.
        beside.unlink(missing_ok=True)
        yield beside
        with suppress(FileNotFoundError):
            beside.chmod(path.stat().st_mode)
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink()
