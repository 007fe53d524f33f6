"""The folder of the dataset's text: what is written is read, in one order; damage is told by file and line."""

import os
from pathlib import Path

import pytest

from kscan.dataset.folder import CONFIRMED, DROP, UNKNOWN, Decision, Folder, ReleaseLine, settled
from kscan.errors import KscanError
from tests.datasets import files_of, release_line

HEAD = "tag\texact\tsource\tcommit\tsets\tremark"
DECISIONS_HEAD = "tag\tdecision\tscope\theader\tnames\treason"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


# Releases and decisions.

FULL = ReleaseLine("v4.3", "v4.3.6", "github.com/a/b", "c0ffee", "uapi bpf", "an import; see there")
SPARSE = ReleaseLine("v4.10", "v4.10", "/kernels", "", "uapi")
OLD = ReleaseLine("v2.6.39", "v2.6.39", "/kernels", "", "uapi", "odd")


def test_releases_stand_in_the_order_of_time(folder: Folder) -> None:
    folder.write_releases([SPARSE, FULL, OLD])
    assert (folder.path / "releases.tsv").read_text().splitlines() == [
        HEAD,
        "v2.6.39\tv2.6.39\t/kernels\t\tuapi\todd",
        "v4.3\tv4.3.6\tgithub.com/a/b\tc0ffee\tuapi bpf\tan import; see there",
        "v4.10\tv4.10\t/kernels\t\tuapi",
    ]
    assert folder.releases() == [OLD, FULL, SPARSE]


@pytest.mark.parametrize(
    "remark", ["", "a\ttab", "two\nlines", "two\r\nlines", "end\t", "\u2028", 'a "word"'], ids=ascii
)
def test_a_remark_is_one_field_of_one_line(folder: Folder, remark: str) -> None:
    folder.write_releases([release_line("v4.2", remark=remark), release_line("v4.3")])
    found = folder.releases()
    assert [(release.tag, release.sets) for release in found] == [("v4.2", "uapi"), ("v4.3", "uapi")]
    assert found[0].remark.split() == remark.split()


def decision(tag: str, what: str = DROP, header: str = "linux/a.h", *names: str, why: str = "why") -> Decision:
    return Decision(tag, what, "uapi", header, names, why)


def test_decisions_stand_in_one_order(folder: Folder) -> None:
    first = decision("v4.2", DROP, "linux/b.h")
    second = decision("v4.10", CONFIRMED, "linux/a.h", "X", "Y")
    third = decision("v4.10", UNKNOWN, "linux/a.h", "Z", why="in v4.10.2")
    folder.write_decisions([third, second, first, second])
    assert (folder.path / "decisions.tsv").read_text().splitlines() == [
        DECISIONS_HEAD,
        "v4.2\tdrop\tuapi\tlinux/b.h\t\twhy",
        "v4.10\tconfirmed\tuapi\tlinux/a.h\tX Y\twhy",
        "v4.10\tunknown\tuapi\tlinux/a.h\tZ\tin v4.10.2",
    ]
    assert folder.decisions() == [first, second, third]
    before = files_of(folder.path)
    folder.write_decisions(folder.decisions())
    assert files_of(folder.path) == before


SURE = decision("v4.2", CONFIRMED, "linux/a.h", "X")
UNSURE = decision("v4.2", UNKNOWN, "linux/a.h", "X", "Y")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param([], [], id="none"),
        pytest.param([UNSURE], [UNSURE], id="unknown"),
        pytest.param([SURE, UNSURE], [SURE, UNSURE._replace(names=("Y",))], id="one-confirmed"),
        pytest.param([UNSURE, SURE], [UNSURE._replace(names=("Y",)), SURE], id="in-any-order"),
        pytest.param([UNSURE._replace(names=("X",)), SURE], [SURE], id="all-confirmed"),
        pytest.param(
            [SURE._replace(decision=DROP), UNSURE],
            [SURE._replace(decision=DROP), UNSURE._replace(names=("Y",))],
            id="dropped",
        ),
        pytest.param([SURE._replace(tag="v4.3"), UNSURE], [SURE._replace(tag="v4.3"), UNSURE], id="elsewhen"),
        pytest.param([SURE._replace(scope="x"), UNSURE], [SURE._replace(scope="x"), UNSURE], id="scope"),
        pytest.param(
            [SURE._replace(header="b.h"), UNSURE], [SURE._replace(header="b.h"), UNSURE], id="elsewhere"
        ),
        pytest.param([SURE, UNSURE._replace(names=())], [SURE, UNSURE._replace(names=())], id="a-whole-header"),
    ],
)
def test_what_is_sure_is_unknown_no_more(given: list[Decision], left: list[Decision]) -> None:
    assert settled(given) == left


def test_a_folder_without_decisions_has_none(folder: Folder) -> None:
    folder.write_releases([OLD])
    assert folder.decisions() == []
    folder.write_decisions([])
    assert folder.decisions() == []


def test_a_dataset_is_there_once_it_has_releases(folder: Folder) -> None:
    assert not folder.exists()
    folder.write_ledger("uapi", "linux/a.h", ["a"])
    assert not folder.exists()
    folder.write_releases([])
    assert folder.exists()
    assert folder.releases() == []


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        pytest.param("releases.tsv", f"{HEAD}\nv4.2\tv4.2\nnone\tv4.3\n", 3, id="no-release"),
        pytest.param("releases.tsv", f"{HEAD}\n\nv4.3\tv4.3\n", 2, id="an-empty-line"),
        pytest.param("releases.tsv", f"{HEAD}\nv4.2" + "\tx" * 6 + "\n", 2, id="a-field-too-many"),
        pytest.param("releases.tsv", f"{HEAD}\n<<<<<<< ours\n", 2, id="left-by-a-merge"),
        pytest.param("releases.tsv", f"{HEAD}\nv4.2\tv4.2\nv4.2\tv4.2\n", 3, id="twice"),
        pytest.param("releases.tsv", f"{HEAD}\nv4.3\tv4.3\nv4.2\tv4.2\n", 3, id="out-of-order"),
        pytest.param("releases.tsv", f"{HEAD}\nv4.3\tnone\n", 2, id="no-exact-version"),
        pytest.param("decisions.tsv", f"{DECISIONS_HEAD}\nthe newest\tdrop\n", 2, id="decision-of-no-release"),
        pytest.param(
            "decisions.tsv", f"{DECISIONS_HEAD}\nv4.2\tdorp\tuapi\tlinux/a.h\t\twhy\n", 2, id="no-decision"
        ),
        pytest.param("decisions.tsv", f"{DECISIONS_HEAD}\nv4.2" + "\tx" * 6, 2, id="decision-field-too-many"),
    ],
)
def test_a_damaged_line_is_named(folder: Folder, name: str, text: str, number: int) -> None:
    folder.path.mkdir()
    (folder.path / name).write_text(text)
    with pytest.raises(KscanError) as raised:
        folder.releases() if name == "releases.tsv" else folder.decisions()
    assert str(raised.value).startswith(f"{folder.path / name}:{number}: ")
    assert "\n" not in str(raised.value)


def test_a_folder_without_releases_is_no_dataset(folder: Folder) -> None:
    with pytest.raises(KscanError, match=r"/data/releases\.tsv: No such file or directory; a dataset has "):
        folder.releases()


@pytest.mark.parametrize("name", ["releases.tsv", "decisions.tsv", "uapi/linux/a.h.txt"])
def test_bytes_that_are_no_text_are_told(folder: Folder, name: str) -> None:
    (folder.path / name).parent.mkdir(parents=True)
    (folder.path / name).write_bytes(b"tag\nv4.2\t\xff\n")
    read = {"releases.tsv": folder.releases, "decisions.tsv": folder.decisions}
    with pytest.raises(KscanError, match=name.replace(".", r"\.")):
        read.get(name, lambda: folder.ledger("uapi", "linux/a.h"))()


# Ledgers.


@pytest.mark.parametrize(
    ("scope", "header", "place"),
    [
        ("uapi", "linux/a.h", "uapi/linux/a.h.txt"),
        ("uapi", "linux/tc_act/tc_bpf.h", "uapi/linux/tc_act/tc_bpf.h.txt"),
        ("internal", "kernel/bpf/core.c", "internal/kernel/bpf/core.c.txt"),
        ("internal", "Documentation/cdc_mbim.txt", "internal/!documentation/cdc_mbim.txt.txt"),
    ],
)
def test_a_ledger_has_its_place(folder: Folder, scope: str, header: str, place: str) -> None:
    folder.write_ledger(scope, header, ["one", "two"])
    assert files_of(folder.path) == {place: b"one\ntwo\n"}
    assert folder.headers() == [(scope, header)]
    assert folder.ledger(scope, header) == ["one", "two"]
    assert folder.place(scope, header) == str(folder.path / place)


def test_headers_are_sorted_and_nothing_else_counts(folder: Folder) -> None:
    for scope, header in (("uapi", "linux/b.h"), ("uapi", "asm/a.h"), ("internal", "net/z.c")):
        folder.write_ledger(scope, header, ["a"])
    folder.write_releases([OLD])
    (folder.path / "README.txt").write_text("for people")
    (folder.path / "uapi" / ".linux.new").write_text("left behind")
    assert folder.headers() == [("internal", "net/z.c"), ("uapi", "asm/a.h"), ("uapi", "linux/b.h")]


def test_what_is_not_there_has_no_lines(folder: Folder) -> None:
    assert (folder.headers(), folder.ledger("uapi", "linux/a.h")) == ([], [])


def test_an_unchanged_ledger_is_left_alone(folder: Folder) -> None:
    folder.write_ledger("uapi", "linux/a.h", ["one"])
    path = Path(folder.place("uapi", "linux/a.h"))
    os.utime(path, ns=(0, 0))
    known = path.stat()
    folder.write_ledger("uapi", "linux/a.h", iter(["one"]))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (0, known.st_ino)
    folder.write_ledger("uapi", "linux/a.h", ["two"])
    assert path.stat().st_mtime_ns > 0
    assert path.read_text() == "two\n"


def test_a_ledger_without_lines_is_deleted(folder: Folder) -> None:
    folder.write_ledger("uapi", "linux/a.h", ["one"])
    folder.write_ledger("uapi", "linux/a.h", [])
    folder.write_ledger("uapi", "linux/never.h", [])
    assert files_of(folder.path) == {}


def test_an_interrupt_leaves_the_old_text(folder: Folder) -> None:
    folder.write_ledger("uapi", "linux/a.h", ["one"])
    folder.write_releases([OLD])
    before = files_of(folder.path)

    def lines() -> object:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.write_ledger("uapi", "linux/a.h", lines())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        folder.write_releases(release_line("v4.2") for _ in lines())  # type: ignore[attr-defined]
    assert files_of(folder.path) == before


# The digest.


def base(folder: Folder) -> None:
    folder.write_releases([OLD])
    folder.write_decisions([decision("v2.6.39")])
    folder.write_ledger("uapi", "linux/a.h", ["one"])


def moved(folder: Folder) -> None:
    folder.write_ledger("uapi", "linux/a.h", [])
    folder.write_ledger("uapi", "a.h", ["one"])


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: folder.write_releases([FULL]),
        lambda folder: folder.write_decisions([decision("v2.6.39", UNKNOWN)]),
        lambda folder: folder.write_ledger("uapi", "linux/a.h", ["two"]),
        lambda folder: folder.write_ledger("uapi", "linux/b.h", ["one"]),
        lambda folder: folder.write_ledger("uapi", "linux/a.h", []),
        moved,
        lambda folder: (folder.path / "decisions.tsv").unlink(),
    ],
    ids=["release", "decision", "content", "another", "gone", "moved", "no-decisions"],
)  # fmt: skip
def test_the_digest_is_of_all_the_text(folder: Folder, change: object) -> None:
    base(folder)
    before = folder.digest()
    assert callable(change)
    change(folder)
    changed = folder.digest()
    assert changed != before
    for scope, header in folder.headers():
        folder.write_ledger(scope, header, [])
    base(folder)
    folder.write_ledger("uapi", "linux/b.h", [])
    folder.write_ledger("uapi", "a.h", [])
    assert folder.digest() == before


def test_the_digest_is_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    one, other = Folder(tmp_path / "one"), Folder(tmp_path / "other" / "deep")
    base(one)
    base(other)
    assert one.digest() == other.digest()


def test_text_that_moves_between_two_ledgers_is_another_digest(folder: Folder) -> None:
    folder.write_ledger("uapi", "a.h", ["one", "two"])
    folder.write_ledger("uapi", "b.h", ["three"])
    before = folder.digest()
    folder.write_ledger("uapi", "a.h", ["one"])
    folder.write_ledger("uapi", "b.h", ["two", "three"])
    assert folder.digest() != before
