"""A store that is not as kscan left it: one line says so, or the answers are right; never a wrong one."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kscan.place import SCHEMA_VERSION
from tests.faults.running import QUESTIONS, ROOT, Done, fetch, kscan, no_larger_file, told
from tests.fuzz.bounded import held
from tests.fuzz.laws import asked

STATEMENTS = {
    "a content cut short": "UPDATE blob SET data = substr(data, 1, 20)",
    "no content": "UPDATE blob SET data = x''",
    "text for content": "UPDATE blob SET data = 'text'",
    "sets of bytes": "UPDATE release SET sets = x'ff'",
    "no sets": "PRAGMA ignore_check_constraints = 1; UPDATE release SET sets = ''",
    "a line that is no number": "UPDATE stands SET line = 'abc'",
    "a first line that is no number": "UPDATE holds SET line = 'abc'",
    "a value that is no number": "UPDATE said SET value = 'abc', type = 'int'",
    "a kind that is none": "UPDATE said SET kind = 'odd'",
    "a name that is no text": "UPDATE name SET text = CAST(x'ff41' AS TEXT) || text",
    "a table too few": "DROP TABLE problem",
    "no blobs": "DROP TABLE blob",
    "a column too few": "ALTER TABLE release DROP COLUMN suspicion",
    "readings that are not there": "PRAGMA foreign_keys = 0; DELETE FROM reading",
}


def store_at(home: Path, data: bytes) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "kscan.sqlite"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("spoiled", STATEMENTS)
def test_a_store_with_odd_values_is_one_line(spoiled: str, whole: Path, tmp_path: Path) -> None:
    path = store_at(tmp_path / "home", (whole / "kscan.sqlite").read_bytes())
    db = sqlite3.connect(path)
    db.executescript(STATEMENTS[spoiled])
    db.commit()
    db.close()
    for words in (QUESTIONS[0], QUESTIONS[3]):
        done = kscan(*words, home=tmp_path / "home")
        if done.code:
            assert str(path) in done.line


def test_a_text_that_is_another_is_not_shown(whole: Path, tmp_path: Path, right: list[Done]) -> None:
    """A content goes by git's id of it: what has another id is not what was read."""
    path = store_at(tmp_path / "home", (whole / "kscan.sqlite").read_bytes())
    db = sqlite3.connect(path)
    db.execute("UPDATE blob SET data = (SELECT data FROM blob ORDER BY length(data) DESC LIMIT 1)")
    db.commit()
    db.close()
    number = next(n for n, words in enumerate(QUESTIONS) if words[0] == "show")
    done = told(tmp_path / "home")[number]
    assert done.code == 1 or done.said == right[number].said


def _other(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE bookmark (url); PRAGMA user_version = 2")
    db.close()


def _later(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.commit()
    db.close()


def _replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


FILES: dict[str, Callable[[Path], object]] = {
    "another program's": _replaced(_other),
    "of a later kscan": _later,
    "a fifo": _replaced(os.mkfifo),
    "a device that is full": _replaced(lambda path: path.symlink_to("/dev/full")),
    "endless": _replaced(lambda path: path.symlink_to("/dev/zero")),
    "a link to nowhere": _replaced(lambda path: path.symlink_to("/nowhere/at/all")),
    "a link to itself": _replaced(lambda path: path.symlink_to(path)),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "only a head": lambda path: os.truncate(path, 100),
    "noise": lambda path: path.write_bytes(random.Random(3).randbytes(50_000)),
    "a head and noise": lambda path: path.write_bytes(
        path.read_bytes()[:100] + random.Random(4).randbytes(90_000)
    ),
}


@pytest.mark.parametrize("spoiled", FILES)
def test_what_is_no_store_of_ours_is_one_line(spoiled: str, whole: Path, tmp_path: Path) -> None:
    path = store_at(tmp_path / "home", (whole / "kscan.sqlite").read_bytes())
    FILES[spoiled](path)
    for words in QUESTIONS[:2]:
        done = kscan(*words, home=tmp_path / "home")
        assert done.code == 1, done
        assert str(path) in done.line


@pytest.mark.parametrize(
    "spoiled", [name for name in FILES if name not in ("endless", "a device that is full")]
)
def test_nor_is_it_written_to_unsaid(spoiled: str, repository: Path, whole: Path, tmp_path: Path) -> None:
    path = store_at(tmp_path / "home", (whole / "kscan.sqlite").read_bytes())
    FILES[spoiled](path)
    done = kscan("fetch", "v4.2", "--from", repository, home=tmp_path / "home")
    assert done.code == 1, done
    assert str(path) in done.line


def test_random_damage_is_told_or_changes_nothing(whole: Path, tmp_path: Path) -> None:
    """Bytes written over anywhere. SQLite keeps no sums: a cell that was changed and is still of its type
    cannot be told; here only pages are damaged wholly."""
    data = (whole / "kscan.sqlite").read_bytes()
    size = int.from_bytes(data[16:18], "big")
    chance = random.Random(7)
    home = tmp_path / "home"
    os.environ["KSCAN_HOME"] = str(home)
    words = [words for words in QUESTIONS if words[0] in ("when", "at", "show")]
    store_at(home, data)
    expected = [asked(*question) for question in words]
    wrong = []
    for _ in range(40):
        page = chance.randrange(len(data) // size)
        kind = chance.choice(["noise", "zeros", "another"])
        other = chance.randrange(len(data) // size) * size
        new = {"noise": chance.randbytes(size), "zeros": bytes(size), "another": data[other : other + size]}[
            kind
        ]
        store_at(home, data[: page * size] + new + data[(page + 1) * size :])
        for question, good in zip(words, expected, strict=True):
            said = held(lambda question=question: _kept(question))  # type: ignore[misc]
            code, text = said.split("\n", 1)
            if int(code) == 0 and text != good[1]:
                wrong.append((kind, page, question[0], text[:200]))
    assert wrong == []


def _kept(question: tuple[str, ...]) -> str:
    code, said, complained = asked(*question)
    if code:
        assert complained.startswith("kscan: "), complained
        assert complained.count("\n") == 1, complained
    return f"{code}\n{said}"


def test_a_cache_that_may_not_be_written(repository: Path, tmp_path: Path, whole: Path) -> None:
    """Questions are answered all the same. Root may write everywhere but on what is mounted read-only:
    `unshare` makes that, where it may."""
    home = tmp_path / "home"
    store_at(home, (whole / "kscan.sqlite").read_bytes())
    script = f'mount --bind "{home}" "{home}" && mount -o remount,ro,bind "{home}" && exec "$@"'
    done = _unshared(script, ["when", "PACKET_FANOUT_EBPF"], home)
    if done is None:
        pytest.skip("no user namespaces here")
    assert done.said.startswith("PACKET_FANOUT_EBPF: first in v4.3")
    again = _unshared(script, ["fetch", "v4.2", "--from", f"file://{repository}"], home)
    assert again is not None
    assert "kscan.sqlite" in again.line or "Read-only file system" in again.line


_KILLED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE name SET text = 'WRONG_' || text")
db.execute("UPDATE said SET value = 7 WHERE value IS NOT NULL")
os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed_amid_a_write(home: Path, data: bytes) -> Path:
    path = store_at(home, data)
    assert subprocess.run([sys.executable, "-c", _KILLED, path], check=False).returncode == -9
    assert path.read_bytes() != data
    return path.with_name(path.name + "-journal")


def test_what_a_killed_command_wrote_is_undone(whole: Path, tmp_path: Path, right: list[Done]) -> None:
    home = tmp_path / "home"
    journal = _killed_amid_a_write(home, (whole / "kscan.sqlite").read_bytes())
    assert told(home) == right
    assert not journal.exists()


@pytest.mark.parametrize("writes", ["UPDATE name SET text = 'WRONG_' || text", ""])
def test_while_another_writes_much_it_is_told(writes: str, whole: Path, tmp_path: Path) -> None:
    path = store_at(tmp_path / "home", (whole / "kscan.sqlite").read_bytes())
    db = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA cache_size = 1", "BEGIN EXCLUSIVE", writes):
        db.execute(statement)
    assert path.with_name(path.name + "-journal").exists() is bool(writes)
    assert kscan(*QUESTIONS[0], home=path.parent).line == f"{path}: another command writes it; ask again"
    db.close()


def test_or_it_is_told_where_nothing_may_be_written(whole: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    journal = _killed_amid_a_write(home, (whole / "kscan.sqlite").read_bytes())
    script = f'mount --bind "{home}" "{home}" && mount -o remount,ro,bind "{home}" && exec "$@"'
    done = _unshared(script, ["when", "PACKET_FANOUT_EBPF"], home)
    if done is None:
        pytest.skip("no user namespaces here")
    assert done.line.startswith(f"{journal}: a command was killed while it wrote")


def test_a_disk_that_is_full(repository: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for kilobytes in (4, 64, 150):
        script = f'mount -t tmpfs -o size={kilobytes}k none "{home}" && exec "$@"'
        done = _unshared(script, ["fetch", "v4.2", "v4.3", "v5.6", "--from", f"file://{repository}"], home)
        if done is None:
            pytest.skip("no user namespaces here")
        assert done.code == 1, done
        assert "full" in done.line or "No space left" in done.line or "write" in done.line


def _unshared(script: str, words: list[str], home: Path) -> Done | None:
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            sys.executable,
            "-m",
            "kscan",
            *words,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KSCAN_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )
    if "unshare" in done.stderr or done.stderr.startswith("mount"):
        return None
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_that_may_not_grow(
    share: float, repository: Path, whole: Path, tmp_path: Path, right: list[Done]
) -> None:
    """Then there is room again, and the same command ends as if nothing had been."""
    limit = no_larger_file(int((whole / "kscan.sqlite").stat().st_size * share))
    home = tmp_path / "home"
    done = kscan("fetch", "v4.2", "v4.3", "v5.6", "--from", repository, home=home, limit=limit)
    assert done.code == 1, done
    assert str(home) in done.line or "full" in done.line
    assert fetch(repository, home).code == 0
    assert told(home) == right


@pytest.mark.parametrize(
    "words",
    [*QUESTIONS, ("--help",), ("when", "--help"), ("--version",)],
    ids=lambda words: " ".join(words[:2]),
)
def test_output_that_does_not_fit_is_one_line(words: tuple[str, ...], whole: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kscan", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "KSCAN_HOME": str(whole), "PYTHONPATH": str(ROOT)},
        )
    assert "No space left" in Done(done.returncode, "", done.stderr).line


@pytest.mark.parametrize(
    "words", [["report", "--out"], ["export", "--out"], ["header", "BPF_JMP", "--out"]], ids=lambda w: w[0]
)
def test_a_full_disk_leaves_no_half(words: list[str], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = kscan(*words, out, home=whole, limit=no_larger_file(60))
    assert done.code == 1, done
    assert str(out) in done.line
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert kscan(*words, out, home=whole).code == 0
    assert out.exists()
