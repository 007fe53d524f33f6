"""A scan that is killed goes on where it was and gives the same bytes; so do scans at the same time."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.kernels import Kernels
from kscan.store import Store
from tests.datasets import files_of
from tests.kernels import Files, write_tree
from tests.laws.histories import FINALS, TIMEOUT, changing_neighbours, folder_of, law, release, repository

pytestmark = pytest.mark.timeout(TIMEOUT)


def _header(at: int, number: int) -> str:
    """What header `number` says in release `at`: some change in each release, some never."""
    changed = at if number % 3 else 0
    shared = f"#include <linux/h{number - 1}.h>\n" if number % 4 else ""
    return (
        f"#ifndef OUR_{number}\n#define OUR_{number}\n{shared}#define A{number} {changed}\n"
        f"struct s{number} {{\n\tint a;\n\tlong b[A{number} + 1];\n}};\n"
        f"enum {{ E{number} = A{number}, }};\n#endif\n"
    )


# Enough to be killed in the midst of it; one header cannot be read, one comes and goes.
RELEASES: Mapping[str, Files] = {
    tag: release(
        tag,
        {f"linux/h{number}.h": _header(at, number) for number in range(40) if number != 39 or at % 2}
        | {"linux/bad.h": "#error no\n", "net/core/filter.c": f"int run(void)\n{{\n\treturn {at};\n}}\n"},
    )
    for at, tag in enumerate(FINALS)
}


def start(home: Path, *arguments: str | Path) -> subprocess.Popen[bytes]:
    """Starts the command line as a user has it, as the leader of a group of its own."""
    environment = {**os.environ, "KSCAN_HOME": str(home), "KSCAN_DATA": "", "COLUMNS": "80"}
    return subprocess.Popen(
        [sys.executable, "-m", "kscan", *map(str, arguments)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip


def whole(home: Path, *arguments: str | Path) -> None:
    """Runs it to its end."""
    assert start(home, *arguments).wait() == 0


@contextmanager
def killed_at(home: Path, seconds: float, *arguments: str | Path, workers_too: bool = True) -> Iterator[int]:
    """Kills it as `kill -9` does after some time, its workers with it or only at the end of the context; gives
    the number of its group."""
    process = start(home, *arguments)
    try:
        time.sleep(seconds)
        process.kill()
        process.wait()
        if workers_too:
            end(process.pid)
        yield process.pid
    finally:
        end(process.pid)


def end(group: int) -> None:
    """Ends what is left of a group that `start` made."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def is_left(group: int) -> bool:
    """Whether a process of a group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def ended(home: Path, *arguments: str | Path) -> float:
    """Runs it to its end; how long that took."""
    began = time.monotonic()
    whole(home, *arguments)
    return time.monotonic() - began


def answers(home: Path, *arguments: str) -> str:
    """What a command prints."""
    environment = {**os.environ, "KSCAN_HOME": str(home), "KSCAN_DATA": "", "COLUMNS": "80"}
    command = [sys.executable, "-m", "kscan", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def printed(home: Path) -> tuple[str, ...]:
    """All that the command line has to say of a store: every name's history; releases; problems."""
    asked = (["export"], ["releases", "--format", "csv"], ["releases", "--problems", "--format", "csv"])
    return tuple(answers(home, *words) for words in asked)


def written(folder: Path) -> dict[str, bytes]:
    """The files of a dataset; what a command that was killed left beside them is none."""
    return {n: data for n, data in files_of(folder).items() if not n.rpartition("/")[2].startswith(".")}


def half_entered(home: Path) -> list[str]:
    """The releases of a store, as far as there is one, that have not all their files."""
    if not (home / "kscan.sqlite").exists():
        return []
    store = Store(home / "kscan.sqlite")
    found = {tag: len(store.files(tag, "x86-64")) for tag in store.tags("x86-64")}
    assert store.db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert store.db.execute("PRAGMA foreign_key_check").fetchall() == []
    store.db.close()
    return [tag for tag, count in found.items() if count != _wanted(tag)]


def _wanted(tag: str) -> int:
    return sum(path.endswith((".h", ".c")) for path in RELEASES[tag])


class Expected:
    """What comes of no interruption, and how long it takes."""

    def __init__(self, folder: Path) -> None:
        self.linux = repository(folder / "linux.git", RELEASES)
        self.home = folder / "home"
        self.fetch = ("fetch", *FINALS, "--set", "uapi", "--from", self.linux)
        self.seconds = ended(self.home, *self.fetch)
        self.printed = printed(self.home)
        self.data = self.build(folder / "data")
        self.build_seconds = ended(folder / "again", *self.data)
        self.files = self.made(folder / "data")

    def build(self, folder: Path) -> tuple[str | Path, ...]:
        """The command that makes a dataset."""
        out = folder / "shipped.sqlite"
        return ("dataset", "build", *FINALS, "--from", self.linux, "--data", folder, "--out", out)

    @staticmethod
    def made(folder: Path) -> dict[str, bytes]:
        return files_of(folder)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    return Expected(tmp_path_factory.mktemp("expected"))


# Where in the time of a whole run it is killed.
_moments = st.lists(st.floats(0.1, 1.1), min_size=1, max_size=3)


def test_the_example_is_not_nothing(expected: Expected) -> None:
    export, releases, problems = (text.splitlines() for text in expected.printed)
    assert {line.split(",")[1] for line in export} > {"macro", "struct", "enumerator", "member", "function"}
    assert len(export) > 300
    assert len(releases) == len(FINALS) + 1
    assert len(problems) == len(FINALS) + 1
    assert len(expected.files) > 40


def test_a_killed_fetch_goes_on(expected: Expected) -> None:
    @law(2)
    @given(_moments, st.booleans())
    def holds(moments: Sequence[float], workers_too: bool) -> None:
        with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
            home = Path(made)
            for moment in moments:
                seconds = moment * expected.seconds
                stack.enter_context(killed_at(home, seconds, *expected.fetch, workers_too=workers_too))
                assert half_entered(home) == []
            whole(home, *expected.fetch)
            assert printed(home) == expected.printed

    holds()


def test_a_killed_scan_of_a_folder_goes_on(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", RELEASES["v3.9"])
    scan = ("scan", tree, "--as", "mine", "--set", "uapi")
    seconds = ended(tmp_path / "home", *scan)

    @law(1)
    @given(_moments)
    def holds(moments: Sequence[float]) -> None:
        with tempfile.TemporaryDirectory() as made:
            for moment in moments:
                with killed_at(Path(made), moment * seconds, *scan):
                    pass
            whole(Path(made), *scan)
            assert printed(Path(made)) == printed(tmp_path / "home")

    holds()


def test_a_killed_dataset_is_built_the_same(expected: Expected) -> None:
    @law(2)
    @given(_moments)
    def holds(moments: Sequence[float]) -> None:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            build = expected.build(folder / "data")
            for moment in moments:
                with killed_at(folder / "home", moment * expected.build_seconds, *build):
                    pass
            whole(folder / "home", *build)
            assert written(folder / "data") == expected.files

    holds()


def test_a_release_whose_adding_was_killed_is_added(expected: Expected) -> None:
    @law(2)
    @given(_moments)
    def holds(moments: Sequence[float]) -> None:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            _, _, *releases, source, linux, where, data, out, file = expected.build(folder / "data")
            more = (source, linux, where, data, out, file)
            whole(folder / "home", "dataset", "build", *releases[:-2], *more)
            add = ("dataset", "add", *releases[-2:], *more)
            for moment in moments:
                with killed_at(folder / "home", moment * expected.build_seconds / 2, *add):
                    pass
            whole(folder / "home", *add)
            assert written(folder / "data") == expected.files

    holds()


def test_scans_at_the_same_time_do_not_disturb_each_other(expected: Expected) -> None:
    @law(1)
    @given(st.permutations(FINALS), st.permutations(FINALS), st.integers(1, len(FINALS)))
    def holds(one: Sequence[str], other: Sequence[str], count: int) -> None:
        with tempfile.TemporaryDirectory() as made:
            more = ("--set", "uapi", "--from", expected.linux)
            running = [start(Path(made), "fetch", *tags, *more) for tags in (one[:count], other)]
            assert [process.wait() for process in running] == [0, 0]
            assert printed(Path(made)) == expected.printed

    holds()


def test_what_a_process_read_before_does_not_matter() -> None:
    """Workers keep what they parsed, by text and by what bears on it: one that reads a release and nothing else
    has read it as those do that read many."""

    @law(3)
    @given(changing_neighbours())
    def holds(releases: Mapping[str, Files]) -> None:
        with folder_of(releases) as (made, linux):
            more = ("--set", "uapi", "--from", linux)
            whole(made / "together", "fetch", *releases, *more)
            running = [start(made / tag, "fetch", tag, *more) for tag in releases]
            assert {process.wait() for process in running} == {0}
            for tag in releases:
                with (
                    Kernels(made / "together/kscan.sqlite") as one,
                    Kernels(made / tag / "kscan.sqlite") as other,
                ):
                    assert one.at(tag) == other.at(tag)

    holds()


def test_a_killed_scan_leaves_no_process_behind(expected: Expected, tmp_path: Path) -> None:
    """`kill -9` ends the command alone, and no end of file comes to its workers: each holds the writing end of
    the queue that it reads its jobs from. They end with their parent."""
    left = []
    for tenth in range(3, 10):
        seconds = tenth / 10 * expected.seconds
        with killed_at(tmp_path / str(tenth), seconds, *expected.fetch, workers_too=False) as group:
            until = time.monotonic() + 30
            while is_left(group) and time.monotonic() < until:
                time.sleep(0.05)
            if is_left(group):
                left.append(tenth)
                break
    assert left == []
