"""Calls in a process of their own, with an end: seconds of work, bytes of memory, and what it said."""

import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What a file of at most some hundred kilobytes may take, whoever wrote it.
SECONDS, MEGABYTES = 3, 1024
# Coverage measures beside it, and other tests run: what never ends takes longer than any of that.
_SLACK = 5


@dataclass(frozen=True)
class Outcome:
    """How a call ended: `error` is its traceback, empty where it returned `said`."""

    said: str
    error: str
    seconds: float
    megabytes: int
    killed: int


class Broken(AssertionError):
    """A law that does not hold; `hangs` tells that it took time or memory without end."""

    def __init__(self, text: str, *, hangs: bool = False) -> None:
        super().__init__(text)
        self.hangs = hangs


def bounded(call: Callable[[], object], seconds: int = SECONDS, megabytes: int = MEGABYTES) -> Outcome:
    """What `call` gives in a fork of this process that may take no more."""
    seconds *= _SLACK
    reading, writing = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _in_child(call, writing, seconds, megabytes)
    os.close(writing)
    with open(reading, "rb") as stream:
        data = stream.read()
    _, status, used = os.wait4(child, 0)
    kind, _, text = data.decode("utf-8", "replace").partition("\n")
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    said, error = (text, "") if kind == "said" else ("", text)
    return Outcome(said, error, time.monotonic() - start, used.ru_maxrss >> 10, killed)


def _in_child(call: Callable[[], object], writing: int, seconds: int, megabytes: int) -> None:
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(8 * seconds)  # for what waits; the kernel ends what works
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        room = (_size() + megabytes) << 20
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        try:
            answer = f"said\n{call()}"
        except BaseException:
            answer = f"error\n{traceback.format_exc(limit=-4)}"
        os.write(writing, answer.encode("utf-8", "replace")[:60_000])
    finally:
        os._exit(0)


def _size() -> int:
    """Megabytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize() >> 20


def held(call: Callable[[], object], seconds: int = SECONDS, megabytes: int = MEGABYTES) -> str:
    """What `call` said. Raises Broken for an exception, and for what takes more than it may."""
    outcome = bounded(call, seconds, megabytes)
    spent = f"{outcome.seconds:.1f} s, {outcome.megabytes} MB"
    if outcome.killed in (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM):
        raise Broken(f"took more than {seconds * _SLACK} s ({spent})", hangs=True)
    if outcome.killed:
        raise Broken(f"died of signal {outcome.killed} ({spent})")
    if "MemoryError" in outcome.error:
        raise Broken(f"took more than {megabytes} MB ({spent}): {outcome.error}", hangs=True)
    if outcome.error:
        raise Broken(outcome.error)
    return outcome.said
