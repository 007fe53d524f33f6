"""From a store to the dataset's text: the same text however its releases came together."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.dataset.collect import collect
from kscan.dataset.folder import Folder, ReleaseLine
from kscan.errors import KscanError, UnknownTag
from kscan.model import Problem, Reading
from kscan.store import Store
from tests.datasets import Releases, enter, files_of, finals, store_of, text_of
from tests.stores import UNREAD, Made, fact

A, B, C = "linux/a.h", "linux/b.h", "net/a.c"
X, Y = fact("X", 1, line=5), fact("Y", 2, line=9)
LINE: dict[str, Made | Mapping[str, object]] = {
    "v4.1": {A: [X], B: [Y]},
    "v4.2": {A: [X, Y]},
    "v4.3": {A: [X, Y], B: UNREAD, C: [X]},
    "v4.4": {A: [Y], B: [Y]},
    "v4.10": {A: [X], B: [Y]},
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = store_of(tmp_path / "store.sqlite", LINE)  # type: ignore[arg-type]
    yield store
    store.db.close()


@pytest.fixture
def whole(store: Store, tmp_path: Path) -> dict[str, bytes]:
    """The text of all releases at once."""
    folder = Folder(tmp_path / "whole")
    collect(store, folder, LINE, {})
    return files_of(folder.path)


def test_a_ledger_tells_what_changes(whole: dict[str, bytes]) -> None:
    assert sorted(whole) == ["internal/net/a.c.txt", "releases.tsv", "uapi/linux/a.h.txt", "uapi/linux/b.h.txt"]
    said = [line.split("\t") for line in whole["uapi/linux/b.h.txt"].decode().splitlines()]
    assert [(line[0], *line[1:2]) for line in said] == [
        ("=", "v4.1"), ("+", "9"), ("x", "v4.2"), ("=", "v4.3"), ("!", ""), ("=", "v4.4"), ("+", "9"),
    ]  # fmt: skip


def test_a_release_that_changes_nothing_adds_nothing(tmp_path: Path) -> None:
    folder = text_of(tmp_path / "data", {tag: {A: [X]} for tag in ("v4.1", "v4.2", "v4.3")})
    assert [line.split("\t")[:2] for line in folder.ledger("uapi", A)] == [["=", "v4.1"], ["+", "5"]]
    assert [release.tag for release in folder.releases()] == ["v4.1", "v4.2", "v4.3"]


def test_a_content_read_otherwise_is_a_change(tmp_path: Path) -> None:
    """What a header says can change with what it includes, though its own text stays."""
    store = store_of(tmp_path / "store.sqlite", {"v4.1": {A: [X]}, "v4.2": {A: [Y]}})
    store.db.execute("UPDATE file SET blob = 'same'")
    folder = Folder(tmp_path / "data")
    collect(store, folder, ["v4.1", "v4.2"], {})
    store.db.close()
    assert [line.split("\t")[0] for line in folder.ledger("uapi", A)] == ["=", "+", "=", "-", "+"]


@pytest.mark.parametrize(
    "order",
    [
        [["v4.1"], ["v4.2"], ["v4.3"], ["v4.4"], ["v4.10"]],
        [["v4.10"], ["v4.4"], ["v4.3"], ["v4.2"], ["v4.1"]],
        [["v4.3"], ["v4.1", "v4.10"], ["v4.2"], ["v4.4"]],
        [["v4.1", "v4.4", "v4.10"], ["v4.2", "v4.3"]],
        [["v4.10", "v4.3", "v4.1", "v4.2", "v4.4"]],
        [list(LINE), ["v4.2"], ["v4.3", "v4.1"]],
    ],
    ids=["forwards", "backwards", "inside-out", "between", "mixed", "again"],
)
def test_one_by_one_gives_the_same_text(
    store: Store, whole: dict[str, bytes], tmp_path: Path, order: list[list[str]]
) -> None:
    folder = Folder(tmp_path / "data")
    for tags in order:
        collect(store, folder, tags, {})
    assert files_of(folder.path) == whole


@pytest.mark.parametrize("written", range(3))
def test_a_release_whose_adding_was_stopped_is_added(
    written: int, store: Store, whole: dict[str, bytes], tmp_path: Path
) -> None:
    class Stopped(Folder):
        left = written

        def write_ledger(self, scope: str, header: str, lines: Iterable[str]) -> None:
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            super().write_ledger(scope, header, lines)

    path = tmp_path / "data"
    collect(store, Folder(path), [tag for tag in LINE if tag != "v4.3"], {})
    with pytest.raises(KeyboardInterrupt):
        collect(store, Stopped(path), ["v4.3"], {})
    if written:
        with pytest.raises(KscanError, match=r"v4\.3 is no release of releases\.tsv; was adding it stopped"):
            collect(store, Folder(path), ["v4.4"], {})
    collect(store, Folder(path), ["v4.3"], {})
    assert files_of(path) == whole


def test_two_tags_of_one_release_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = text_of(tmp_path / "data", {"v4.2": {A: [X]}})
    before = files_of(folder.path)
    other = store_of(tmp_path / "other.sqlite", {"v4.2.0": {A: [X, Y]}})
    with pytest.raises(KscanError, match=r"v4\.2 and v4\.2\.0 are one release"):
        collect(other, folder, ["v4.2.0"], {})
    other.close()
    assert files_of(folder.path) == before


def test_a_release_that_is_read_anew_takes_its_place(tmp_path: Path) -> None:
    wrong = LINE | {"v4.3": {A: [fact("WRONG")], "linux/wrong.h": [X]}}
    folder = text_of(tmp_path / "data", wrong)  # type: ignore[arg-type]
    right = store_of(tmp_path / "right.sqlite", LINE)  # type: ignore[arg-type]
    collect(right, folder, ["v4.3"], {})
    collect(right, expected := Folder(tmp_path / "expected"), LINE, {})
    right.db.close()
    assert files_of(folder.path) == files_of(expected.path)


def test_the_store_need_not_have_the_other_releases(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = text_of(tmp_path / "data", {tag: LINE[tag] for tag in ("v4.1", "v4.3", "v4.10")})  # type: ignore[misc]
    later = store_of(tmp_path / "later.sqlite", {tag: LINE[tag] for tag in ("v4.4", "v4.2")})  # type: ignore[misc]
    collect(later, folder, ["v4.4", "v4.2"], {})
    later.db.close()
    assert files_of(folder.path) == whole


def test_decisions_stay_and_count_later(store: Store, whole: dict[str, bytes], tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.path.mkdir()
    (folder.path / "decisions.tsv").write_text("tag\tdecision\nv4.2\tdrop\tuapi\tlinux/a.h\tX\twhy\n")
    collect(store, folder, LINE, {})
    assert folder.decisions()[0].names == ("X",)
    found = files_of(folder.path)
    found.pop("decisions.tsv")
    assert found == whole


def test_a_release_has_its_provenance(tmp_path: Path) -> None:
    made = Made({A: [X]}, exact="v4.2.8", sets=("bpf", "uapi"), source="/mirror", suspicion="odd")
    store = store_of(tmp_path / "store.sqlite", {"v4.2": made, "v4.3": made, "v4.4": {A: [X]}})
    known = store.known_release("v4.2", "x86-64")
    assert known is not None
    published = {"v4.3": ReleaseLine("v4.3", "", "github.com/a/b", "c0ffee", "", "an import")}
    folder = Folder(tmp_path / "data")
    collect(store, folder, ["v4.2", "v4.3", "v4.4"], published)
    store.db.close()
    assert [tuple(release) for release in folder.releases()][:2] == [
        ("v4.2", "v4.2.8", "/mirror", known.commit, "bpf uapi", "odd"),
        ("v4.3", "v4.2.8", "github.com/a/b", "c0ffee", "bpf uapi", "an import"),
    ]
    assert (folder.releases()[2].sets, folder.releases()[2].remark) == ("uapi", "")


def test_a_release_that_the_store_lacks(store: Store, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    with pytest.raises(
        UnknownTag, match=r"^no release v4\.5 in the store; near: .*kscan fetch v4\.5 --set uapi$"
    ):
        collect(store, folder, ["v4.1", "v4.5"], {})
    assert not folder.path.exists()


def test_a_damaged_ledger_leaves_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    collect(store, folder, ["v4.1", "v4.2", "v4.4"], {})
    damaged = folder.path / "uapi" / "linux" / "b.h.txt"
    damaged.write_text(damaged.read_text() + "<<<<<<< ours\n")
    before = files_of(folder.path)
    with pytest.raises(KscanError, match=r"linux/b\.h\.txt:\d+: no line of a ledger"):
        collect(store, folder, ["v4.3"], {})
    assert files_of(folder.path) == before


def test_a_value_that_looks_like_two_lines_is_kept(tmp_path: Path) -> None:
    odd = fact("X", "one\x85two\u2028three", type="char [16]")
    folder = text_of(tmp_path / "data", {"v4.1": {A: [odd]}, "v4.2": {A: [odd, Y]}})
    store = store_of(tmp_path / "more.sqlite", {"v4.3": {A: [odd]}})
    collect(store, folder, ["v4.3"], {})
    store.db.close()
    assert [line.split("\t")[0] for line in folder.ledger("uapi", A)] == ["=", "+", "=", "+", "=", "-"]


_TAGS = ("v2.6.39", "v3.0", "v3.6", "v3.7", "v4.9", "v4.10")
_FACTS = st.lists(
    st.builds(fact, st.sampled_from(["X", "Y"]), st.sampled_from([1, 2]), line=st.integers(1, 4)), max_size=3
)
_READINGS = st.one_of(
    _FACTS, st.just(UNREAD), st.just(Reading((X,), (Problem(3, "no C"), Problem(1, "nor this"))))
)
_RELEASES = st.dictionaries(
    st.sampled_from(_TAGS), st.dictionaries(st.sampled_from([A, B, C]), _READINGS, max_size=3), min_size=1
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_RELEASES, st.data())
def test_any_order_gives_the_same_text(releases: Releases, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as made:
        store = store_of(Path(made) / "store.sqlite", releases)
        at_once, folder = Folder(Path(made) / "at-once"), Folder(Path(made) / "data")
        collect(store, at_once, finals(releases), {})
        tags = data.draw(st.permutations(finals(releases)))
        while tags:
            count = data.draw(st.integers(1, len(tags)))
            collect(store, folder, tags[:count], {})
            tags = tags[count:]
        store.db.close()
        assert files_of(folder.path) == files_of(at_once.path)


def test_a_release_of_another_profile_does_not_enter(tmp_path: Path) -> None:
    store = store_of(tmp_path / "store.sqlite", {"v4.1": {A: [X]}})
    enter(store, "v4.2", Made({A: [Y]}))
    store.db.execute("UPDATE release SET profile = 'arm64' WHERE tag = 'v4.2'")
    with pytest.raises(UnknownTag):
        collect(store, Folder(tmp_path / "data"), ["v4.2"], {})
    store.db.close()
