"""How long an answer of the data that ships takes: `python -m bench.query [REPOSITORY] [--history REPOSITORY]`

Whole processes, one after the other in turns, beside `python -c "import sqlite3"`; then what one does by hand,
in times of `kscan when`: `git grep` for the name in every tag of a repository of tagged kernels, and
`git log -S` in one that has the commits (a kernel's, or those of a project that copies its headers, as iproute2
does). Prints medians of the ratios with their spread.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROUNDS = 15
_NAME = "PACKET_FANOUT_EBPF"
_KSCAN = (sys.executable, "-m", "kscan")
_WHEN = (*_KSCAN, "when", _NAME)
_QUESTIONS = {
    "when NAME": ("when", _NAME),
    "has NAME": ("has", _NAME, "--in", "v4.2"),
    "history NAME": ("history", "BPF_ANY"),
    "at TAG STRUCT": ("at", "v5.6", "bpf_insn*"),
    "hooks": ("hooks",),
    "helpers": ("helpers",),
    "opcode": ("opcode", "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }"),
    "diff v4.2 v4.3": ("diff", "v4.2", "v4.3"),
}


def seconds(command: tuple[str, ...], environment: dict[str, str]) -> float:
    """The time of a process. One that says what is wrong, and nothing else, has answered nothing."""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.stderr and not done.stdout:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    return took


def ratios(
    command: tuple[str, ...], beside: tuple[str, ...], environment: dict[str, str], rounds: int
) -> list[float]:
    """The ratio of the two, round by round, so that what else the machine does weighs on both."""
    found = []
    for _ in range(rounds):
        base = seconds(beside, environment)
        found.append(seconds(command, environment) / base)
    return sorted(found)


def told(found: list[float]) -> str:
    """Median and middle half."""
    low, high = found[len(found) // 4], found[-1 - len(found) // 4]
    return f"{statistics.median(found):7.2f}   ({low:.2f} to {high:.2f})"


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", nargs="?", help="has kernel trees by tag")
    parser.add_argument("--history", metavar="REPOSITORY", help="has commits to include/uapi")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "KSCAN_HOME": home}
        bare = (sys.executable, "-c", "import sqlite3")
        print(f'times of `python -c "import sqlite3"`, median of {_ROUNDS} (middle half)')
        for what, words in _QUESTIONS.items():
            print(f"  {what:16} {told(ratios((*_KSCAN, *words), bare, environment, _ROUNDS))}")
        if given.repository:
            _beside_grep(given.repository, environment)
        if given.history:
            _beside_log(given.history, environment)


def _beside_grep(repository: str, environment: dict[str, str]) -> None:
    tags = _said(repository, "tag").split()
    words = ("git", "-C", repository, "grep", "-nw", _NAME, *tags, "--", "include")
    print(f"`git grep` for the name in {len(tags)} tags of {_called(repository)}, in times of `kscan when`")
    print(f"  {'when NAME':16} {told(ratios(words, _WHEN, environment, 3))}")


def _beside_log(repository: str, environment: dict[str, str]) -> None:
    """The commits that brought or took the name, of its header and of all headers: what `when` says of tags."""
    commits = _said(repository, "rev-list", "--count", "HEAD").strip()
    print(f"`git log -S` for the name in {commits} commits of {_called(repository)}, in times of `kscan when`")
    for path in ("include/uapi/linux/if_packet.h", "include/uapi"):
        words = ("git", "-C", repository, "log", "-S", _NAME, "--reverse", "--format=%h", "--", path)
        if not _said(repository, *words[3:]):
            raise SystemExit(f"{repository}: no commit to {path} has {_NAME}")
        print(f"  {path:30} {told(ratios(words, _WHEN, environment, _ROUNDS))}")


def _said(repository: str, *words: str) -> str:
    command = ["git", "-C", repository, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _called(repository: str) -> str:
    """The end of its path: one folder is often `repo` or `.git`."""
    return "/".join(Path(repository).parts[-2:])


if __name__ == "__main__":
    main()
