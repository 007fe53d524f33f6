"""Files that appear only when they are whole."""

import os
import stat
import threading
from pathlib import Path

import pytest

from kscan.errors import KscanError
from kscan.writing import writing


def write(path: Path, text: str) -> None:
    with writing(path) as stream:
        stream.write(text)


def test_what_is_there_stays_until_the_whole_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    path.chmod(0o640)
    with writing(path) as stream:
        stream.write("after")
        stream.flush()
        assert path.read_text() == "before"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("after", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        _fail(path)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])


def _fail(path: Path) -> None:
    with writing(path) as stream:
        stream.write("half")
        raise RuntimeError


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "out", tmp_path / "link"
    path.touch()
    link.symlink_to(path)
    write(link, "text")
    assert (link.is_symlink(), path.read_text()) == (True, "text")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write, args=(pipe, "text"))
    writer.start()
    assert pipe.read_text() == "text"
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_to_and_not_replaced() -> None:
    """What a user of all rights would otherwise make of /dev/null."""
    reading, device = os.openpty()
    write(Path(os.ttyname(device)), "text")
    assert os.read(reading, 4) == b"text"
    for end in (reading, device):
        os.close(end)


@pytest.mark.parametrize("name", ["folder", "file/below", "none/below"])
def test_where_nothing_can_be_written_one_line_says_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(KscanError, match=r"cannot be written: \w+"):
        write(tmp_path / name, "text")


def test_what_the_caller_cannot_open_is_not_the_files_fault(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(FileNotFoundError), writing(path):
        open("/nowhere/else").close()
    assert list(tmp_path.iterdir()) == []
