"""What the tests of faults do again and again: run kscan as a user does, with a limit or a shock."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Releases that need no network: KSCAN_DATA is empty in tests.
QUESTIONS = (
    ("when", "PACKET_FANOUT_EBPF", "--format", "json"),
    ("at", "v4.3", "--format", "csv"),
    ("diff", "v4.2", "v5.6", "--format", "csv"),
    ("show", "PACKET_FANOUT_*", "BPF_JMP", "bpf_insn", "--at", "v5.6"),
    ("export",),
)


@dataclass(frozen=True)
class Done:
    """How a command ended; code None where it had to be killed."""

    code: int | None
    said: str
    complained: str

    @property
    def line(self) -> str:
        """The one line that an error is."""
        assert self.code in (1, 2, 3, 130), self
        assert "Traceback" not in self.complained, self.complained
        lines = self.complained.splitlines()
        assert len(lines) == 1, self.complained
        assert lines[0].startswith("kscan: "), lines
        return lines[0].removeprefix("kscan: ")


# As at a terminal: a shell that has the tests in its background lets them ignore Ctrl-C.
_READY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from kscan.cli import arguments, main
print("ready", file=sys.stderr, flush=True)
sys.exit(main())
"""


def start(
    *words: str | Path, home: Path, limit: Callable[[], None] | None = None, **more: str
) -> "subprocess.Popen[str]":
    """A command in a session of its own; it says that it is ready when kscan's code is there."""
    # Coverage would write its own file where none can be written.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = {**bare, "KSCAN_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more}
    return subprocess.Popen(
        [sys.executable, "-c", _READY, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        start_new_session=True,
        preexec_fn=limit,  # noqa: PLW1509 - nothing here has threads
    )


def ended(process: "subprocess.Popen[str]", seconds: float = 50) -> Done:
    """How it ends; killed after so many seconds."""
    with process:
        code: int | None
        try:
            said, complained = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, complained = process.communicate()
            code = None
        return Done(code, said, complained.removeprefix("ready\n"))


def kscan(
    *words: str | Path, home: Path, seconds: float = 50, limit: Callable[[], None] | None = None, **more: str
) -> Done:
    """A command from start to end."""
    return ended(start(*words, home=home, limit=limit, **more), seconds)


def fetch(repository: Path | str, home: Path, *tags: str) -> Done:
    """The releases of our history."""
    return kscan("fetch", *(tags or ("v4.2", "v4.3", "v5.6")), "--from", repository, home=home)


def told(home: Path) -> list[Done]:
    """What a store answers to all questions."""
    return [kscan(*words, home=home) for words in QUESTIONS]


def interrupted(process: "subprocess.Popen[str]", after: float, *, group: bool) -> Done:
    """Ctrl-C after so many seconds: at a terminal the whole group gets it."""
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(after)
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    return ended(process)


def no_larger_file(bytes_: int) -> Callable[[], None]:
    """A limit: files may grow to so many bytes; what is written beyond is refused, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    return limit
