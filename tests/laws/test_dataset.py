"""The dataset comes round: store to text, text to file, and the file answers as the store."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.dataset.collect import collect
from kscan.dataset.folder import Folder
from kscan.dataset.ledger import Ledger, State, canonical, write
from kscan.dataset.make import digest, made_of, make
from kscan.store import Store
from tests.datasets import NOWHERE, files_of, kscan
from tests.kernels import Files
from tests.laws.histories import (
    FINALS,
    TIMEOUT,
    assert_same,
    everything,
    folder_of,
    histories,
    law,
    read,
    release,
    repository,
)

pytestmark = pytest.mark.timeout(TIMEOUT)

_histories = histories(FINALS)


def text_of(store: Path, folder: Path, parts: Sequence[Sequence[str]]) -> Folder:
    """The text of a store's releases, collected part by part."""
    opened, text = Store(store), Folder(folder)
    for tags in parts:
        collect(opened, text, tags, {})
    opened.db.close()
    return text


def readings(store: Path, folder: Folder) -> dict[tuple[str, str], list[State]]:
    """By header, its state in each release of the folder, as the store has it."""
    opened = Store(store)
    found: dict[tuple[str, str], list[State]] = {header: [] for header in folder.headers()}
    for release_line in folder.releases():
        rows = {(row.scope, row.header): row for row in opened.files(release_line.tag, "x86-64")}
        assert rows.keys() <= found.keys()
        for header, states in found.items():
            row = rows.get(header)
            state = State(release_line.tag)
            if row is not None:
                reading = opened.reading(row.reading)
                reading = reading._replace(facts=tuple(canonical(reading.facts)))
                state = State(release_line.tag, row.path, row.blob, reading)
            states.append(state)
    opened.db.close()
    return found


def said(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers without which layer gave them, and what only a store can tell of a tree."""
    releases = [{**row, "layer": None, "suspicion": None} for row in answers["releases"]]
    return {**answers, "releases": releases}


@law(8)
@given(_histories)
def test_the_text_says_what_the_store_has(releases: Mapping[str, Files]) -> None:
    with folder_of(releases) as (made, linux):
        store = read(made / "store.sqlite", linux, [list(releases)])
        folder = text_of(store, made / "data", [list(releases)])
        for header, line in readings(store, folder).items():
            ledger = Ledger(folder.ledger(*header), folder.place(*header))
            changes = {state.tag: state for state in ledger.states}
            now = State("")
            for state in line:
                now = changes.pop(state.tag, now)._replace(tag=state.tag)
                assert now == state
            assert changes == {}
            assert list(write(ledger.states)) == folder.ledger(*header)


@law(6)
@given(_histories)
def test_the_file_answers_as_the_store(releases: Mapping[str, Files]) -> None:
    with folder_of(releases) as (made, linux):
        store = read(made / "store.sqlite", linux, [list(releases)])
        make(text_of(store, made / "data", [list(releases)]), made / "shipped.sqlite")
        found = everything(Path(NOWHERE), made / "shipped.sqlite")
        assert_same(said(found), said(everything(store, texts=False)))


@law(6)
@given(_histories, st.data())
def test_the_same_bytes_however_it_came_together(releases: Mapping[str, Files], data: st.DataObject) -> None:
    """Read one by one in any order, collected in any other, made again."""
    with folder_of(releases) as (made, linux):
        at_once = read(made / "at-once.sqlite", linux, [list(releases)])
        expected = text_of(at_once, made / "at-once", [list(releases)])
        one_order, order = (data.draw(st.permutations(list(releases))) for _ in range(2))
        singly = read(made / "singly.sqlite", linux, [[tag] for tag in one_order])
        folder = text_of(singly, made / "singly", [[tag] for tag in order])
        assert files_of(folder.path) == files_of(expected.path)
        for text, file in ((expected, "one.sqlite"), (folder, "other.sqlite"), (folder, "other.sqlite")):
            make(text, made / file)
            assert made_of(made / file) == digest(expected)
        assert (made / "one.sqlite").read_bytes() == (made / "other.sqlite").read_bytes()


@law(6)
@given(histories(FINALS, at_least=2), st.data())
def test_a_release_of_the_users_above_the_same_one_changes_nothing(
    releases: Mapping[str, Files], data: st.DataObject
) -> None:
    """Some releases in the user's store and all in what ships answer as all in one."""
    with folder_of(releases) as (made, linux):
        store = read(made / "store.sqlite", linux, [list(releases)])
        make(text_of(store, made / "data", [list(releases)]), made / "shipped.sqlite")
        own = data.draw(st.lists(st.sampled_from(list(releases)), min_size=1, unique=True))
        mixed = everything(read(made / "own.sqlite", linux, [own]), made / "shipped.sqlite")
        expected = said(everything(store))
        assert_same({**said(mixed), "problems": sorted(mixed["problems"], key=str)},
                    {**expected, "problems": sorted(expected["problems"], key=str)})  # fmt: skip


def command(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = kscan("dataset", *arguments, KSCAN_HOME=str(home))
    assert done.returncode == 0, done.stderr
    return done


def test_the_command_gives_the_same_bytes_one_by_one() -> None:
    @law(1)
    @given(histories(FINALS, at_least=2), st.data())
    def holds(releases: Mapping[str, Files], data: st.DataObject) -> None:
        with folder_of(releases) as (made, linux):
            built, grown = made / "built", made / "grown"
            where = ("--from", linux, "--data")
            command(made / "home", "build", *where, built, "--out", made / "built.sqlite")
            first, *others = data.draw(st.permutations(list(releases)))
            command(made / "other", "build", first, *where, grown, "--out", made / "grown.sqlite")
            for tag in others:
                command(made / "other", "add", tag, *where, grown, "--out", made / "grown.sqlite")
            assert files_of(grown) == files_of(built)
            assert (made / "grown.sqlite").read_bytes() == (made / "built.sqlite").read_bytes()
            command(made, "make", "--data", built, "--out", made / "again.sqlite")
            assert (made / "again.sqlite").read_bytes() == (made / "built.sqlite").read_bytes()

    holds()


def test_a_repository_with_two_tags_of_one_version_makes_a_dataset() -> None:
    """v4.2 and v4.2.0 are one version: upstream's spelling is taken, the other passed over."""
    tags = ("v4.1", "v4.2", "v4.2.0")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        releases = {tag: release(tag, {"linux/a.h": "#define A 1\n"}) for tag in tags}
        linux = repository(made / "linux.git", releases)
        arguments = ("build", "--from", linux, "--data", made / "data", "--out", made / "shipped.sqlite")
        done = kscan("dataset", *arguments, KSCAN_HOME=str(made / "home"))
        assert done.returncode == 0 or not (made / "data").exists(), done.stderr
