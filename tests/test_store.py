"""The store: whole or not at all, and one clear line where it cannot be used."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kscan.batch import Batch
from kscan.blobs import blob_id
from kscan.errors import SourceError, StoreError
from kscan.history import History
from kscan.layers.user import UserLayer
from kscan.model import Problem, Reading, Trace
from kscan.place import home
from kscan.store import FileRow, ReleaseRow, Store
from tests.stores import Made, enter, fact, history

A = "linux/a.h"
_COUNT = "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM reading), (SELECT count(*) FROM fact)"

# A writer of its own process: many readings and releases, each in its transaction.
_WRITER = """
import sys
from tests.stores import Made, enter, fact
from kscan.store import Store
store, own = Store(), sys.argv[1]
for number in range(40):
    facts = [fact("SHARED", number), fact(f"OWN_{own}", number)]
    enter(store, f"v4.{number}", Made({"linux/a.h": [fact("SHARED", number)]}))
    enter(store, f"v{own}.{number}", Made({"linux/a.h": facts}))
"""


def counts(path: Path) -> tuple[int, int, int]:
    with sqlite3.connect(path) as db:
        found: tuple[int, int, int] = db.execute(_COUNT).fetchone()
    db.close()
    return found


def test_two_processes_write_at_once(home: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, own], stderr=subprocess.PIPE, text=True,
                         env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
        for own in ("5", "6")
    ]  # fmt: skip
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0), ("", 0)]
    assert counts(home / "kscan.sqlite") == (120, 120, 200)
    found = History()
    assert [row["value"] for release in ("v4.7", "v5.7", "v6.7") for row in found.at(release, "SHARED")] == [
        7
    ] * 3
    (row,) = found.when("OWN_6")
    assert (row["first_seen"], row["last_seen"]) == ("v6.0", "v6.39")


def test_equal_readings_are_kept_once(home: Path) -> None:
    history({tag: {A: [fact("X")]} for tag in ("v4.1", "v4.2", "v4.3")})
    assert counts(home / "kscan.sqlite") == (3, 1, 1)


def test_a_release_replaces_the_one_of_its_tag() -> None:
    history({"v4.2": {A: [fact("X", 1)], "linux/b.h": [fact("YY")]}})
    found = history({"v4.2": Made({A: [fact("X", 2)]}, source="/another")})
    assert [(row["name"], row["value"]) for row in found.at("v4.2")] == [("X", 2)]
    assert [row["source"] for row in found.list_releases()] == ["/another"]
    assert (found.when("YY"), found.names("*"), found.search("Y")) == ([], ["X"], [])
    assert str(found.unknown("YY", "uapi")) == "no name YY in 1 scanned releases"


def test_a_release_is_entered_whole_or_not_at_all() -> None:
    store = Store()
    enter(store, "v4.2", Made({A: [fact("X")]}))
    row = ReleaseRow("v4.2", "x86-64", False, "v4.2", "/elsewhere", None, None, ("uapi",), None)
    files = [FileRow("uapi", A, "a", "0" * 40, 1), FileRow("uapi", "linux/b.h", "b", "0" * 40, 999)]
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.add_release(row, files)
    found = History()
    assert [row["source"] for row in found.list_releases()] == ["/kernels"]
    assert [row["name"] for row in found.at("v4.2")] == ["X"]


def test_readings_are_entered_whole_or_not_at_all(home: Path) -> None:
    store = Store()
    good = Trace("1" * 40, "test", ""), Reading((fact("X"),), (Problem(3, "odd"),))
    bad = Trace("2" * 40, "test", ""), Reading((fact("Y", kind=None),))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="NOT NULL"):
        store.add_readings(Batch.of([good, bad]))
    assert store.traces({("1" * 40, "test")}) == {}
    assert counts(home / "kscan.sqlite") == (0, 0, 0)
    assert store.add_readings(Batch.of([good])) == [1]


def test_an_interrupt_leaves_nothing_half_written() -> None:
    store = Store()

    def some() -> None:
        with store.writing():
            store.db.execute("INSERT INTO name (text) VALUES ('X')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        some()
    assert store.db.execute("SELECT count(*) FROM name").fetchone() == (0,)
    enter(store, "v4.2", Made({A: [fact("X")]}))


def test_contents_are_kept_and_asked_for_once() -> None:
    store = Store()
    one, other = (blob_id(data) for data in (b"one\n", b"\0\xff"))
    store.add_blobs([(one, b"one\n"), (other, b"\0\xff")])
    store.add_blobs([(one, b"one\n")])
    assert [store.blob(blob) for blob in (one, other, "c")] == [b"one\n", b"\0\xff", None]
    assert store.missing_blobs(["c", one, "d", "c"]) == ["c", "d"]


def test_what_was_brought_before_a_failure_is_kept_and_nobody_waits_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kscan.store._WRITTEN_AT_ONCE", 256)
    texts = {blob_id(data): data for data in (b"%d\n" % n for n in range(600))}

    def brought() -> Iterator[tuple[str, bytes]]:
        for number, content in enumerate(texts.items()):
            if number == 590:
                # Amid a download another command writes.
                with Store() as other:
                    other.db.execute("PRAGMA busy_timeout = 0")
                    enter(other, "v4.2", Made({A: [fact("X")]}))
                raise SourceError("the network", "is gone")
            yield content

    with Store() as store:
        with pytest.raises(SourceError):
            store.add_blobs(brought())
        assert 500 < len(texts) - len(store.missing_blobs(texts)) < 600
        assert store.tags("x86-64") == ["v4.2"]


def test_a_store_that_another_command_writes_says_so() -> None:
    with Store() as store, Store() as other:
        other.db.execute("PRAGMA busy_timeout = 0")
        with store.writing(), pytest.raises(StoreError, match="another command writes it; run it again"):
            enter(other, "v4.2", Made({A: [fact("X")]}))


def test_a_content_that_is_not_that_of_its_id_is_refused() -> None:
    store = Store()
    store.add_blobs([(blob_id(b"one\n"), b"other\n")])
    with pytest.raises(StoreError, match="is another or damaged; delete it and fetch again"):
        store.blob(blob_id(b"one\n"))


def damage(path: Path) -> None:
    path.write_bytes(b"no database, only text\n" * 100)


def empty(path: Path) -> None:
    path.touch()


def another_version(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def folder(path: Path) -> None:
    path.mkdir()


def test_a_fact_is_there_once_wherever_it_stands(home: Path) -> None:
    more = fact("X", 2**64, line=4, end_line=6)
    history({"v4.1": {A: [fact("X")]}, "v4.2": {A: [fact("X", line=3), more]}, "v4.3": {"linux/b.h": [more]}})
    with sqlite3.connect(home / "kscan.sqlite") as db:
        found = [db.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("said", "stands")]
    assert found == [(2,), (4,)]
    store = Store()
    (row,) = store.files("v4.2", "x86-64")
    assert store.reading(row.reading).facts == (fact("X", line=3), more)


def test_facts_that_stand_together_are_there_once(home: Path) -> None:
    alike = [fact(f"X{number}", line=number) for number in range(1, 401)]
    moved = [one._replace(line=one.line + 7, end_line=one.line + 7) for one in alike]
    other = [*alike[:200], fact("NEW", line=201), *moved[200:]]
    history({"v4.1": {A: alike}, "v4.2": {A: moved}, "v4.3": {A: other}})
    with sqlite3.connect(home / "kscan.sqlite") as db:
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("said", "stands")]
    assert counts[0] == 401
    assert counts[1] < 500
    store = Store()
    for tag, facts in {"v4.1": alike, "v4.2": moved, "v4.3": other}.items():
        (row,) = store.files(tag, "x86-64")
        assert store.reading(row.reading).facts == tuple(facts)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(damage, "file is not a database; delete it and fetch again"),
     (another_version, "made by another version of kscan (schema 99, this one has 4); delete it and"),
     (folder, ""), (os.mkfifo, "this is no file")],
    ids=["damaged", "another-version", "a-folder", "a-pipe"],
)  # fmt: skip
@pytest.mark.parametrize("use", [Store, History], ids=["to-write", "to-ask"])
def test_a_store_that_cannot_be_used(home: Path, spoil: object, said: str, use: type[Store | History]) -> None:
    path = home / "kscan.sqlite"
    home.mkdir()
    assert callable(spoil)
    spoil(path)
    with pytest.raises(StoreError) as raised:
        use()
    message = str(raised.value)
    assert message.startswith(f"{path}: {said}")
    assert "\n" not in message


def test_an_empty_file_becomes_a_store(home: Path) -> None:
    home.mkdir()
    empty(home / "kscan.sqlite")
    with pytest.raises(StoreError, match="no kernel scanned yet"):
        History()
    assert history({"v4.2": {A: [fact("X")]}}).has("X", "v4.2") == "present"


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KSCAN_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StoreError, match=r"set KSCAN_HOME to a folder that can be written$"):
        Store()


def test_a_store_that_is_not_there_tells_how_to_start() -> None:
    with pytest.raises(StoreError, match=r"no kernel scanned yet .*start with: kscan fetch v4\.2 v4\.3$"):
        History()


def test_a_store_without_releases_tells_how_to_start() -> None:
    Store()
    with pytest.raises(StoreError, match="no x86-64 release scanned yet; start with: kscan fetch"):
        History()


def test_questions_write_nothing() -> None:
    (layer,) = history({"v4.2": {A: [fact("X")]}}).layers
    assert isinstance(layer, UserLayer)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        layer.db.execute("DELETE FROM release")


def test_the_folder_is_the_users_cache_or_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home() == str(tmp_path / "home")
    monkeypatch.delenv("KSCAN_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert Path(home()).is_relative_to(tmp_path)
    assert Path(home()).name == "kscan"
