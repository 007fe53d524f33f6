"""Ctrl-C at any moment: one line, and the same command then ends as if nothing had been."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kscan.stopping import Stop, held
from tests.datasets import text_of
from tests.faults.running import ROOT, Done, ended, fetch, interrupted, kscan, start, told
from tests.kernels import kernel, write_tree
from tests.stores import fact

# Seconds after kscan's code is there: the last ones come when a small command may have ended.
_MOMENTS = (0.02, 0.1, 0.25, 0.5)


def stopped(done: Done) -> bool:
    """Whether it was stopped; what came to its end before may still die of it silently."""
    assert done.code in (0, 130, -2), done
    assert "Traceback" not in done.complained, done.complained
    assert done.complained.count("kscan: stopped") == (done.code == 130), done.complained
    return done.code == 130


@pytest.mark.parametrize("group", [True, False], ids=["terminal", "process"])
def test_a_fetch_that_is_stopped_goes_on(
    group: bool, repository: Path, tmp_path: Path, right: list[Done]
) -> None:
    chance = random.Random(1)
    count = 0
    home = tmp_path / "home"
    for moment in _MOMENTS:
        process = start("fetch", "v4.2", "v4.3", "v5.6", "--from", f"file://{repository}", home=home)
        count += stopped(interrupted(process, moment + chance.random() / 20, group=group))
    assert fetch(f"file://{repository}", home).code == 0
    assert [done.said for done in told(home)] == [done.said for done in right]
    assert count


# A git that is never ready: it goes on writing where it was told to make a repository.
_SLOW_GIT = """#!/bin/sh
case " $* " in *" init "*) while :; do n=$((n + 1)); : > "$GIT_DIR/$n"; done ;; esac
exec {git} "$@"
"""


def test_a_git_that_goes_on_after_ctrl_c_is_ended(repository: Path, tmp_path: Path) -> None:
    """Ctrl-C that reaches kscan alone, as from `kill`: git would write in the folder that is cleared up."""
    wrapped = tmp_path / "bin" / "git"
    wrapped.parent.mkdir()
    wrapped.write_text(_SLOW_GIT.format(git=shutil.which("git")))
    wrapped.chmod(0o755)
    home = tmp_path / "home"
    path = f"{wrapped.parent}{os.pathsep}{os.environ['PATH']}"
    process = start("fetch", "v4.2", "--from", f"file://{repository}", home=home, PATH=path)
    while not list(home.glob("git/*/new.git/*")):
        assert process.poll() is None, ended(process)
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert stopped(ended(process))
    assert list(home.glob("git/*")) == []
    assert fetch(f"file://{repository}", home).code == 0


@pytest.mark.parametrize("group", [True, False], ids=["terminal", "process"])
def test_a_scan_that_is_stopped_goes_on(group: bool, tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", kernel("v4.3"))
    words = ("scan", tree, "--as", "mine")
    assert kscan(*words, home=tmp_path / "whole").code == 0
    count = sum(
        stopped(interrupted(start(*words, home=tmp_path / "home"), moment, group=group)) for moment in _MOMENTS
    )
    assert count
    assert kscan(*words, home=tmp_path / "home").code == 0
    asked = ("at", "mine", "--format", "csv")
    assert kscan(*asked, home=tmp_path / "home") == kscan(*asked, home=tmp_path / "whole")


def test_a_report_that_is_stopped_is_whole_the_next_time(whole: Path, tmp_path: Path) -> None:
    words = ("report", "--out", tmp_path / "one")
    count = sum(stopped(interrupted(start(*words, home=whole), moment, group=True)) for moment in _MOMENTS)
    assert count
    for name in ("one", "two"):
        assert kscan("report", "--out", tmp_path / name, home=whole).code == 0
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_a_dataset_that_is_stopped_is_whole_or_as_it_was(tmp_path: Path) -> None:
    releases = {f"v4.{n}": {"linux/a.h": [fact(f"X_{m}", m) for m in range(400)]} for n in range(2, 12)}
    text_of(tmp_path / "data", releases)
    words = ("dataset", "make", "--data", tmp_path / "data", "--out")
    assert kscan(*words, tmp_path / "right.sqlite", home=tmp_path / "home").code == 0
    right = (tmp_path / "right.sqlite").read_bytes()
    out = tmp_path / "out" / "it.sqlite"
    out.parent.mkdir()
    count = 0
    for moment in _MOMENTS:
        count += stopped(interrupted(start(*words, out, home=tmp_path / "home"), moment, group=True))
        assert not out.exists() or out.read_bytes() == right
    assert count
    assert kscan(*words, out, home=tmp_path / "home").code == 0
    assert out.read_bytes() == right
    assert [path.name for path in out.parent.iterdir()] == ["it.sqlite"]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


_STOPPED_IN = """
import sys, time
class Thing:
    def __del__(self):
        raise KeyboardInterrupt
class Attribute:
    def __set_name__(self, *_):
        raise KeyboardInterrupt
class Stops:
    def find_spec(self, name, *_):
        if name == sys.argv[1] and sys.argv[2] == "itself":
            raise KeyboardInterrupt
        if name == sys.argv[1] and sys.argv[2] == "class":
            type("Made", (), {"attribute": Attribute()})
        if name == sys.argv[1]:
            Thing()
            time.sleep(20)
sys.meta_path.insert(0, Stops())
from kscan.cli import main
sys.exit(main(["when", "X"]))
"""


@pytest.mark.parametrize("where", ["itself", "destructor", "class"])
@pytest.mark.parametrize("module", ["kscan.cli.arguments", "kscan.cli.commands", "kscan.layers.user"])
def test_while_kscan_is_imported_too(module: str, where: str, tmp_path: Path) -> None:
    """Most of a short command's time goes there; in a destructor Python would tell it and go on, where a class
    is made tell another error."""
    done = subprocess.run(
        [sys.executable, "-c", _STOPPED_IN, module, where],
        capture_output=True,
        text=True,
        check=False,
        timeout=15,
        env={**os.environ, "KSCAN_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )
    assert "stopped" in Done(done.returncode, done.stdout, done.stderr).line


def _asks(stop: Stop) -> Iterator[str]:
    yield "after it came"
    stop.here()
    yield "after it was asked"


def _ends(_: Stop) -> Iterator[str]:
    yield "at the end"


def _breaks(_: Stop) -> Iterator[str]:
    yield "before it broke"
    raise ValueError("a process died of it")


@pytest.fixture
def as_at_a_terminal() -> Iterator[None]:
    """Tests in a shell's background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("as_at_a_terminal")
@pytest.mark.parametrize("does", [_asks, _ends, _breaks])
def test_what_is_held_back_comes_where_it_is_asked_and_at_the_end(
    does: Callable[[Stop], Iterator[str]],
) -> None:
    reached: list[str] = []

    def run() -> None:
        with held() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            reached.extend(does(stop))

    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(reached) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_two_at_once_on_one_store(repository: Path, tmp_path: Path, right: list[Done]) -> None:
    """Fetches of the same and of others, and a reader."""
    home = tmp_path / "home"
    wanted = (("v4.2", "v4.3"), ("v4.3", "v5.6"), ("v5.6", "v4.2"))
    sources: tuple[Path | str, ...] = (repository, f"file://{repository}", repository)
    running = [
        start("fetch", *tags, "--from", source, home=home) for tags, source in zip(wanted, sources, strict=True)
    ]
    for _ in range(4):
        done = kscan("releases", home=home)
        assert done.code == 0 or "no kernel scanned yet" in done.line or "no x86-64 release" in done.line, done
    for process in running:
        done = ended(process)
        assert done.code == 0, done
    assert fetch(repository, home).code == 0
    assert [done.said for done in told(home)] == [done.said for done in right]
