"""A law: what is made of anything at all, and what must hold of it. Tests run each law for a moment, `python -m
tests.fuzz` for as long as it is told."""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from kscan.cli import main
from tests.stores import Facts, Made, history

GENERATE = (Phase.explicit, Phase.generate)


class Law(NamedTuple):
    """`holds` raises Broken, or any exception, for a value that breaks the law."""

    name: str
    values: SearchStrategy[Any]
    holds: Callable[[Any], None]


def run(law: Law, count: int, *, seed: int | None = None, shrink: bool = False) -> None:
    """Holds `count` values of a law against it: the same ones each time without a seed."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=seed is None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(*GENERATE, Phase.shrink) if shrink else GENERATE,
        suppress_health_check=list(HealthCheck),
    )
    @given(value=law.values)
    def check(value: Any) -> None:
        law.holds(value)

    check = check if seed is None else seeded(seed)(check)
    check()


def asked(*words: str) -> tuple[int, str, str]:
    """What the command line does with words: exit code, output, complaints. Raises what it lets out."""
    said, complained = _Text(), _Text()
    with redirect_stdout(said), redirect_stderr(complained):
        try:
            code = main(list(words))
        except SystemExit as end:  # argparse's own
            code = end.code if isinstance(end.code, int) else 1
    return code, said.text, complained.text


class _Text(io.TextIOWrapper):
    """A stream as Python opens standard output: what is no UTF-8 does not pass."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        inner = self.buffer
        assert isinstance(inner, io.BytesIO)
        return inner.getvalue().decode()


def one_clear_line(code: int, complained: str) -> None:
    """What the command line owes whoever asked something odd: an exit code that is documented, a line that says
    why, no traceback."""
    assert code in (0, 1, 2, 3), code
    assert "Traceback" not in complained, complained
    if code == 2 and complained.startswith("usage: "):
        assert "\nkscan" in complained, complained  # argparse's own, which repeats what was given
    elif code in (1, 2):
        lines = complained.split("\n")[:-1]
        assert lines, (code, complained)
        assert all(line.startswith("kscan") for line in lines), complained
        assert all(char.isprintable() for line in lines for char in line), repr(complained)


def stored(releases: Mapping[str, Made | Mapping[str, Facts]]) -> bytes:
    """The file of a store with these releases, to be written where it is asked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kscan.sqlite")
        history(releases, path)
        return path.read_bytes()


def at_home(folder: Path, store: bytes) -> None:
    """In a fork: a store in a folder of its own, and nothing to read from the terminal."""
    folder.mkdir()
    (folder / "kscan.sqlite").write_bytes(store)
    os.environ["KSCAN_HOME"] = str(folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO())
