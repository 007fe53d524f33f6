"""What the tests of sources do again and again: run git, scan, and ask what was entered."""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kscan.errors import StoreError
from kscan.history import History
from kscan.rows import Row
from kscan.scan import Request, scan
from kscan.sources import Source
from kscan.store import Store

# Few files: what a test of the way they come needs.
SMALL = ("linux/if_packet.h",)


def bring(source: Source, *tags: str, sets: Sequence[str] = ("bpf",), store: Path | None = None) -> list[str]:
    """Scans tags in this process; returns those that were read."""
    with ThreadPoolExecutor(1) as executor:
        return scan(source, tags, Request(tuple(sets)), Store(store), executor=executor)


def bring_tree(source: Source, label: str, sets: Sequence[str] = ("bpf",)) -> History:
    """Scans a tree under a label."""
    with ThreadPoolExecutor(1) as executor:
        scan(source, [label], Request(tuple(sets), label=label), Store(), executor=executor)
    return History()


def entered() -> list[Row]:
    """The releases in the store; none where nothing was ever entered."""
    try:
        return History().list_releases()
    except StoreError:
        return []


def answers(*tags: str, store: Path | None = None) -> dict[str, list[Row]]:
    """Everything that is known of releases."""
    history = History(store)
    return {tag: history.at(tag) for tag in tags}


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """What git says, deaf to the configuration of whoever runs the tests."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
             "GIT_AUTHOR_NAME": "kscan", "GIT_AUTHOR_EMAIL": "kscan@example.org",
             "GIT_COMMITTER_NAME": "kscan", "GIT_COMMITTER_EMAIL": "kscan@example.org"},
    )  # fmt: skip
    return done.stdout.strip()


def one_line(text: str) -> str:
    """What the command line said on an error: one line, whole."""
    (line,) = text.splitlines()
    assert line.startswith("kscan: ")
    assert "Traceback" not in line
    return line.removeprefix("kscan: ")
