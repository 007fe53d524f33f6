"""What a terminal sees: long work says what it does and leaves nothing of it behind, tables fit."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.stores import fact, history


def on_a_terminal(*arguments: str, columns: int = 100) -> tuple[int, str]:
    """Exit code and everything a terminal is sent by a command."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "1"}
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


LONG = "A_NAME_" + "THAT_IS_LONGER_THAN_MOST_" * 3


def test_a_table_fits_and_no_name_falls_out_of_it() -> None:
    named = [fact(f"OTHER_{number}", 1000 + number) for number in range(20)]
    history({"v4.2": {"linux/a.h": []}, "v4.3": {"linux/a.h": [fact(LONG), *named]}}).close()
    for columns in (40, 80, 120):
        code, said = on_a_terminal("diff", "v4.2", "v4.3", columns=columns)
        assert code == 0
        table, *left_out = said.replace("\r", "").split("(left out")
        head, *lines = [line.rstrip() for line in table.splitlines()]
        assert [line for line in "".join(left_out).splitlines()[1:] if len(line) > columns] == []
        assert head.startswith("change  name")
        assert {line.split()[1] for line in lines} == {LONG, *(one.name for one in named)}
        assert [line for line in lines if len(line) > columns and LONG not in line] == []


def test_of_a_path_the_end_is_shown(tmp_path: Path) -> None:
    history({"v4.2": {"linux/a.h": []}, "v4.3": {"linux/a.h": [fact("SO_X")]}}).close()
    page = tmp_path / ("folder-" * 12) / "page.md"
    page.parent.mkdir()
    page.write_text("SO_X (since Linux 4.2)\n")
    code, said = on_a_terminal("docs", "lint", str(page), columns=80)
    assert code == 1
    assert "…" in said
    assert "page.md  1     SO_X  v4.2     v4.3" in said
