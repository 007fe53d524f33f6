"""The file that ships: made whole or not at all, the same bytes for the same text."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kscan.dataset.folder import CONFIRMED, DROP, UNKNOWN, Decision, Folder
from kscan.dataset.make import digest, made_of, make
from kscan.errors import KscanError
from kscan.model import Problem, Reading
from tests.datasets import files_of, release_line, shipped, text_of, write_text
from tests.stores import UNREAD, fact

A, B, C = "linux/a.h", "linux/b.h", "net/core/filter.c"
RELEASES: dict[str, Any] = {
    "v4.1": {A: [fact("X", 1, line=2)], B: UNREAD},
    "v4.2": {A: [fact("X", 1, line=4), fact("WIDE", 2**64 - 1)], B: Reading((), (Problem(3, "no C"),))},
    "v4.3": {A: [fact("X", 2, line=4)], C: [fact("run", None, "function", 7)]},
}
DECISIONS = [
    Decision("v4.2", DROP, "uapi", B, (), "a vendor's"),
    Decision("v4.1", UNKNOWN, "uapi", A, ("X", "Y"), "lost"),
    Decision("v4.3", CONFIRMED, "uapi", A, ("X",), "iproute2 v4.3.0"),
]


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return list(db.execute(query))


def test_the_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = text_of(tmp_path / "data", RELEASES, DECISIONS)
    files = [tmp_path / "one.sqlite", tmp_path / "other" / "two.sqlite"]
    files[1].parent.mkdir()
    files[1].write_text("something else was here")
    for file in files:
        make(folder, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    again = text_of(tmp_path / "again", dict(reversed(RELEASES.items())), DECISIONS[::-1])
    make(again, files[1])
    assert files[0].read_bytes() == files[1].read_bytes()


def test_another_text_gives_another_file(tmp_path: Path) -> None:
    one = shipped(tmp_path / "one", RELEASES)
    other = shipped(tmp_path / "other", RELEASES, DECISIONS)
    assert one.read_bytes() != other.read_bytes()


def test_a_file_says_what_it_was_made_of(tmp_path: Path) -> None:
    folder = text_of(tmp_path / "data", RELEASES)
    file = tmp_path / "shipped.sqlite"
    make(folder, file)
    assert made_of(file) == digest(folder)
    folder.write_decisions(DECISIONS)
    assert made_of(file) != digest(folder)


def damage(path: Path) -> None:
    path.write_text("no database" * 99)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    "spoil",
    [damage, another_version, Path.unlink, lambda path: path.write_bytes(b""), folder_instead],
    ids=["damaged", "another-version", "gone", "empty", "a-folder"],
)
def test_what_is_no_such_file_was_made_of_nothing(tmp_path: Path, spoil: object) -> None:
    file = shipped(tmp_path, RELEASES)
    assert callable(spoil)
    spoil(file)
    assert made_of(file) is None


def test_the_span_view_reads_by_eye(tmp_path: Path) -> None:
    file = shipped(tmp_path, RELEASES)
    query = 'SELECT name, kind, scope, header, value, "from", "to", path, line FROM span ORDER BY name, "from"'
    assert rows(file, query) == [
        ("WIDE", "macro", "uapi", A, "18446744073709551615", "v4.2", "v4.2", f"include/uapi/{A}", 1),
        ("X", "macro", "uapi", A, 1, "v4.1", "v4.2", f"include/uapi/{A}", 2),
        ("X", "macro", "uapi", A, 2, "v4.3", "v4.3", f"include/uapi/{A}", 4),
        ("run", "function", "internal", C, None, "v4.3", "v4.3", C, 7),
    ]


def test_the_span_view_has_a_row_a_fact(tmp_path: Path) -> None:
    """Also where a header's path, or its content, changes while the fact stands."""
    releases = {
        tag: {A: [fact("X", 1, line=3), fact("Y", at)]} for at, tag in enumerate(("v3.5", "v3.7", "v3.8"))
    }
    file = shipped(tmp_path, releases, [Decision("v3.7", DROP, "uapi", A, (), "why")])
    assert rows(file, "SELECT count(*) FROM fact") == rows(file, "SELECT count(*) FROM span") == [(4,)]
    assert rows(file, "SELECT count(*) FROM span WHERE name = 'X'") == [(2,)]


def test_decisions_are_kept_a_row_a_name(tmp_path: Path) -> None:
    file = shipped(tmp_path, RELEASES, DECISIONS)
    query = (
        "SELECT tag, decision, header, name, reason FROM decision JOIN release ON release.id = decision.release"
    )
    assert rows(file, query) == [
        ("v4.1", "unknown", A, "X", "lost"),
        ("v4.1", "unknown", A, "Y", "lost"),
        ("v4.2", "drop", B, None, "a vendor's"),
        ("v4.3", "confirmed", A, "X", "iproute2 v4.3.0"),
    ]


def test_the_file_is_sound(tmp_path: Path) -> None:
    file = shipped(tmp_path, RELEASES, DECISIONS)
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "PRAGMA foreign_key_check") == []
    assert rows(file, "PRAGMA journal_mode") == [("delete",)]
    assert rows(file, "SELECT id, tag FROM release ORDER BY id") == [(1, "v4.1"), (2, "v4.2"), (3, "v4.3")]


STATE = "=\tv4.2\tb\tinclude/uapi/linux/a.h\n"
MERGED = f"{STATE}<<<<<<< ours\n"


@pytest.mark.parametrize(
    ("ledgers", "decision", "said"),
    [
        pytest.param({"uapi/linux/a.h.txt": MERGED}, None, "uapi/linux/a.h.txt:2: ", id="ledger"),
        pytest.param(
            {"uapi/linux/a.h.txt": "=\tv4.9\tb\tp\n"}, None, "uapi/linux/a.h.txt", id="another-release"
        ),
        pytest.param({"uapi/linux/a.h.txt": "=\tnever\tb\tp\n"}, None, "uapi/linux/a.h.txt", id="no-release"),
        pytest.param(
            {"uapi/linux/a.h.txt": f"=\tv4.3\tb\tp\n{STATE}"}, None, "uapi/linux/a.h.txt", id="out-of-order"
        ),
        pytest.param(
            {"uapi/linux/a.h.txt": f"{STATE}{STATE}"}, None, "uapi/linux/a.h.txt", id="one-release-twice"
        ),
        pytest.param({}, ("v4.9", DROP), "decisions.tsv", id="decision-of-another-release"),
        pytest.param({}, ("v4.2", "dorp"), "decisions.tsv", id="decision-that-is-none"),
    ],
)
def test_text_that_is_no_dataset_makes_no_file(
    tmp_path: Path, ledgers: dict[str, str], decision: tuple[str, str] | None, said: str
) -> None:
    folder = write_text(tmp_path / "data", ledgers, [release_line("v4.2"), release_line("v4.3")])
    if decision:
        folder.write_decisions([Decision(*decision, "uapi", A, ("X",), "why")])
    file = tmp_path / "shipped.sqlite"
    file.write_text("the file before")
    with pytest.raises(KscanError) as raised:
        make(folder, file)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    left = {name for name in files_of(tmp_path) if not name.startswith("data/")}
    assert (left, file.read_text()) == ({"shipped.sqlite"}, "the file before")


def test_a_folder_without_a_dataset_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(KscanError, match=r"releases\.tsv: No such file or directory"):
        make(Folder(tmp_path / "data"), tmp_path / "shipped.sqlite")
    assert list(tmp_path.iterdir()) == []
