"""How long an answer from the data that ships takes: `python -m bench.query [REPOSITORY]`.

Whole processes, one after the other in turns, beside `python -c "import sqlite3"`; with a repository of tagged
kernels also beside `git grep` for the name in every tag, which is what one does by hand. Prints medians of the
ratios with their spread.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROUNDS = 15
_KSCAN = (sys.executable, "-m", "kscan")
_QUESTIONS = {
    "when NAME": ("when", "PACKET_FANOUT_EBPF"),
    "has NAME": ("has", "PACKET_FANOUT_EBPF", "--in", "v4.2"),
    "history NAME": ("history", "BPF_ANY"),
    "at TAG STRUCT": ("at", "v5.6", "bpf_insn*"),
    "hooks": ("hooks",),
    "helpers": ("helpers",),
    "opcode": ("opcode", "{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }"),
    "diff v4.2 v4.3": ("diff", "v4.2", "v4.3"),
}


def seconds(command: tuple[str, ...], environment: dict[str, str]) -> float:
    """The time of a process; whether it answered does not matter here."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=False)
    return time.perf_counter() - start


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
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "KSCAN_HOME": home}
        bare = (sys.executable, "-c", "import sqlite3")
        print(f'times of `python -c "import sqlite3"`, median of {_ROUNDS} (middle half)')
        for what, words in _QUESTIONS.items():
            print(f"  {what:16} {told(ratios((*_KSCAN, *words), bare, environment, _ROUNDS))}")
        if len(sys.argv) > 1:
            _beside_grep(sys.argv[1], environment)


def _beside_grep(repository: str, environment: dict[str, str]) -> None:
    tags = subprocess.run(
        ["git", "-C", repository, "tag"], capture_output=True, text=True, check=True
    ).stdout.split()
    words = ["git", "-C", repository, "grep", "-nw", "PACKET_FANOUT_EBPF", *tags, "--", "include"]
    found = [
        1 / ratio for ratio in ratios((*_KSCAN, "when", "PACKET_FANOUT_EBPF"), tuple(words), environment, 3)
    ]
    print(f"`git grep` for the name in {len(tags)} tags of {Path(repository).name}, in times of `kscan when`")
    print(f"  {'when NAME':16} {told(sorted(found))}")


if __name__ == "__main__":
    main()
