"""Long work on a terminal: it says what it does, and leaves nothing of it behind."""

import os
import pty
import subprocess
import sys
from pathlib import Path


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Exit code and everything a terminal is sent by a command."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kscan", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # how Linux tells the end of a terminal
        pass
    finally:
        os.close(ours)
    return process.wait(), said.decode()


def test_a_terminal_sees_each_step(repository: Path) -> None:
    code, said = on_a_terminal("fetch", "v4.2", "v4.3", "--from", str(repository))
    assert code == 0
    assert "reading headers" in said
    assert "settling headers" in said
    assert "v4.3: read" in said


def test_a_pipe_sees_the_result_only(repository: Path) -> None:
    command = [sys.executable, "-m", "kscan", "fetch", "v4.2", "--from", str(repository)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "v4.2: read\n")


def test_a_table_fits_the_terminal(repository: Path) -> None:
    on_a_terminal("fetch", "v4.2", "v4.3", "--from", str(repository))
    code, said = on_a_terminal("diff", "v4.2", "v4.3")
    lines = said.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert code == 0
    assert lines[0].split() == ["change", "name", "new", "breaking", "where"]
    assert max(map(len, lines)) <= 100
