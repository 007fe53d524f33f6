"""`kscan dataset` as a user has it: a process, its outputs, its exit code, and what it leaves behind."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.datasets import files_of, kscan
from tests.kernels import Files, make_history, makefile, write_tree

A, B = "include/uapi/linux/a.h", "include/uapi/linux/b.h"


def kernel(version: str, a: str, **more: str) -> Files:
    return {
        "Makefile": makefile(version),
        A: a,
        "net/core/filter.c": "int run(void)\n{\n\treturn 0;\n}\n",
        **more,
    }


KERNELS = {
    "v4.1": kernel("v4.1", "#define OLD 1\n"),
    "v4.2": kernel("v4.2.8", "#define OLD 1\n#define X 2\n#define Y 3\n"),
    "v4.2.1": kernel("v4.2.1", "#define STABLE 1\n"),
    "v4.3-rc1": kernel("v4.3-rc1", "#define CANDIDATE 1\n"),
    "v4.3": kernel(
        "v4.3", '\n#define OLD 1\n#define X 2\n#define Y 3\n#define NAME "a\\tb"\n', **{B: "#if\n#define Z 1\n"}
    ),
    "v4.10": kernel("v4.10", "\n#define X 2\n"),
}
LINE = ["v4.1", "v4.2", "v4.3", "v4.10"]


# What was read to build a dataset lies in the user's store; another home sees what ships alone.
ELSEWHERE = "/nowhere"


class Built(NamedTuple):
    repository: Path
    data: Path
    out: Path
    said: list[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The data of all releases of a small repository."""
    made = tmp_path_factory.mktemp("built")
    repository = make_history(made / "linux.git", KERNELS)
    data, out = made / "data", made / "shipped.sqlite"
    given = ("--from", repository, "--data", data, "--out", out)
    done = kscan("dataset", "build", *given, KSCAN_HOME=str(made / "home"))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return Built(repository, data, out, done.stderr.splitlines())


@pytest.fixture
def copy(built: Built, tmp_path: Path) -> Built:
    """The same, to change."""
    data, out = tmp_path / "data", tmp_path / "out" / "shipped.sqlite"
    for name, content in files_of(built.data).items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    out.parent.mkdir()
    out.write_bytes(built.out.read_bytes())
    return Built(built.repository, data, out, [])


def test_build_reads_the_mainline_releases(built: Built) -> None:
    assert built.said[0] == f"{built.data}: 4 releases, 3 headers"
    assert built.said[1].startswith(f"{built.out}: 0.")
    assert len(built.said) == 2
    releases = [line.split("\t") for line in (built.data / "releases.tsv").read_text().splitlines()[1:]]
    assert [(tag, exact, source) for tag, exact, source, *_ in releases] == [
        ("v4.1", "v4.1", str(built.repository)), ("v4.2", "v4.2.8", str(built.repository)),
        ("v4.3", "v4.3", str(built.repository)), ("v4.10", "v4.10", str(built.repository)),
    ]  # fmt: skip
    assert sorted(files_of(built.data)) == [
        "internal/net/core/filter.c.txt", "releases.tsv", "uapi/linux/a.h.txt", "uapi/linux/b.h.txt",
    ]  # fmt: skip


def test_the_ledger_of_a_header(built: Built) -> None:
    said = [line.split("\t") for line in (built.data / "uapi/linux/a.h.txt").read_text().splitlines()]
    assert [[mark, *rest] if mark != "=" else [mark, rest[0], *rest[2:]] for mark, *rest in said] == [
        ["=", "v4.1", A],
        ["+", "1", "macro", "OLD", "1", "int"],
        ["=", "v4.2"],
        ["+", "2", "macro", "X", "2", "int"],
        ["+", "3", "macro", "Y", "3", "int"],
        ["=", "v4.3"],
        ["@", "1", "1"],
        ["+", "5", "macro", "NAME", '"a\\tb"', "char [4]"],
        ["=", "v4.10"],
        ["@", "3", "-1"],
        ["-", "macro", "OLD"],
        ["-", "macro", "Y"],
        ["-", "macro", "NAME"],
    ]


def test_what_was_built_answers(built: Built) -> None:
    done = kscan("when", "X", "Y", "--format", "json", KSCAN_DATA=str(built.out))
    assert (done.returncode, done.stderr) == (0, "")
    assert [(r["first_seen"], r["last_without"], r["status"], r["note"]) for r in json.loads(done.stdout)] == [
        ("v4.2", "v4.1", "window", "seen in v4.2.8"),
        ("v4.2", "v4.1", "window", "seen in v4.2.8; removed after v4.3, by v4.10"),
    ]
    for name in ("STABLE", "CANDIDATE"):
        assert kscan("when", name, KSCAN_DATA=str(built.out)).returncode == 1
    (problem,) = json.loads(
        kscan("releases", "--problems", "--format", "json", KSCAN_DATA=str(built.out)).stdout
    )
    assert (problem["tag"], problem["header"]) == ("v4.3", "linux/b.h")


def test_build_leaves_nothing_of_before(copy: Built) -> None:
    (copy.data / "uapi" / "linux" / "gone.h.txt").write_text("=\tv4.1\tb\tp\n")
    (copy.data / "decisions.tsv").write_text("tag\tdecision\nv4.2\tdrop\tuapi\tlinux/a.h\tY\twhy\n")
    given = ("--from", copy.repository, "--data", copy.data, "--out", copy.out)
    done = kscan("dataset", "build", "v4.1", "4.2", *given)
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(files_of(copy.data)) == [
        "decisions.tsv", "internal/net/core/filter.c.txt", "releases.tsv", "uapi/linux/a.h.txt",
    ]  # fmt: skip
    asked = kscan("has", "OLD", "Y", "--in", "v4.2", KSCAN_DATA=str(copy.out), KSCAN_HOME=ELSEWHERE)
    assert (asked.returncode, asked.stdout) == (1, "OLD: in v4.2\n")


def test_add_one_by_one_is_build(built: Built, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "shipped.sqlite"
    for tags in (["v4.10"], ["v4.1", "v4.3"], ["4.2"]):
        done = kscan("dataset", "add", *tags, "--from", built.repository, "--data", data, "--out", out)
        assert (done.returncode, done.stdout) == (0, "")
    assert files_of(data) == files_of(built.data)
    assert out.read_bytes() == built.out.read_bytes()


def test_add_again_changes_nothing(copy: Built) -> None:
    before = files_of(copy.data), copy.out.read_bytes()
    given = ("--from", copy.repository, "--data", copy.data, "--out", copy.out)
    done = kscan("dataset", "add", "v4.2", *given)
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, f"{copy.data}: 4 releases, 3 headers")
    assert (files_of(copy.data), copy.out.read_bytes()) == before


def test_make_is_of_the_text_alone(built: Built, copy: Built, tmp_path: Path) -> None:
    copy.out.unlink()
    done = kscan("dataset", "make", "--data", copy.data, "--out", copy.out)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{copy.out}: 0.")
    assert copy.out.read_bytes() == built.out.read_bytes()
    assert files_of(copy.data) == files_of(built.data)
    assert not (tmp_path / "home").exists()


def test_make_writes_where_kscan_answers_from(copy: Built, tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    done = kscan("dataset", "make", "--data", copy.data, KSCAN_DATA=str(file))
    assert (done.returncode, file.read_bytes()) == (0, copy.out.read_bytes())


def test_where_a_tree_was_published(copy: Built, tmp_path: Path) -> None:
    table = tmp_path / "published.tsv"
    table.write_text(
        "remarks\ttag\trepository\tcommit\nan import\tv4.2\tgithub.com/a/b\tc0ffee\n\tv4.9\tx\ty\n"
    )
    given = ("--from", copy.repository, "--data", copy.data, "--out", copy.out, "--published", table)
    assert kscan("dataset", "add", "v4.2", "v4.3", *given).returncode == 0
    lines = (copy.data / "releases.tsv").read_text().splitlines()
    assert lines[2] == "v4.2\tv4.2.8\tgithub.com/a/b\tc0ffee\tuapi\tan import"
    assert lines[3].startswith(f"v4.3\tv4.3\t{copy.repository}\t")
    asked = kscan("releases", "--format", "json", KSCAN_DATA=str(copy.out), KSCAN_HOME=ELSEWHERE)
    rows = json.loads(asked.stdout)
    assert [(r["tag"], r["source"], r["commit"]) for r in rows][1] == ("v4.2", "github.com/a/b", "c0ffee")


# A second source.


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the headers at releases, beside other things and under other tags."""
    tags = {"v4.1.0": "#define OLD 1\n", "v4.2.0": "#define OLD 1\n#define X 2\n", "v4.2.5": "#define ELSE 1\n",
            "v4.4.0": "#define FUTURE 1\n"}  # fmt: skip
    releases = {tag: {"Makefile": "all: ip\n", "ip/ip.c": "int main;\n", A: text} for tag, text in tags.items()}
    return make_history(tmp_path_factory.mktemp("copies") / "iproute2.git", releases)


def test_confirm_tells_names_apart(copy: Built, copies: Path) -> None:
    given = ("--from", copies, "--data", copy.data, "--out", copy.out)
    done = kscan("dataset", "confirm", *given)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[:2] == ["iproute2: 1 names confirmed", "iproute2: 1 names unknown"]
    assert (copy.data / "decisions.tsv").read_text().splitlines()[1:] == [
        "v4.2\tconfirmed\tuapi\tlinux/a.h\tX\tiproute2 v4.2.0",
        "v4.2\tunknown\tuapi\tlinux/a.h\tY\tin v4.2.8, not in iproute2 v4.2.0",
    ]
    (row,) = json.loads(kscan("when", "X", "--format", "json", KSCAN_DATA=str(copy.out)).stdout)
    assert (row["status"], row["note"]) == ("exact", "seen in v4.2.8 and iproute2 v4.2.0")
    assert kscan("has", "Y", "--in", "v4.2", KSCAN_DATA=str(copy.out)).returncode == 3


def test_confirm_again_keeps_other_decisions(copy: Built, copies: Path) -> None:
    mine = [
        "v4.2\tdrop\tuapi\tlinux/a.h\tZ\tmine",
        "v4.3\tconfirmed\tuapi\tlinux/a.h\tNAME\tlibc v4.3.0",
    ]
    old = "v4.2\tunknown\tuapi\tlinux/a.h\tX\tin v4.2.8, not in iproute2 v4.2.0"
    (copy.data / "decisions.tsv").write_text("\n".join(["tag\tdecision", *mine, old]) + "\n")
    given = ("--from", copies, "--data", copy.data, "--out", copy.out)
    for _ in range(2):
        assert kscan("dataset", "confirm", *given).returncode == 0
    found = (copy.data / "decisions.tsv").read_text().splitlines()[1:]
    assert sorted(set(found) & set(mine)) == sorted(mine)
    assert old not in found
    assert len(found) == 4


def test_confirm_keeps_what_a_person_wrote(copy: Built, copies: Path) -> None:
    mine = "v4.3\tunknown\tuapi\tlinux/a.h\tX\tlost on the way; iproute2 v4.2.0 has it, but under another tag"
    (copy.data / "decisions.tsv").write_text(f"tag\tdecision\n{mine}\n")
    assert kscan("dataset", "confirm", "--from", copies, "--data", copy.data, "--out", copy.out).returncode == 0
    assert mine in (copy.data / "decisions.tsv").read_text().splitlines()


def test_confirm_of_one_release_keeps_what_is_known_of_others(copy: Built, copies: Path) -> None:
    known = "v4.10\tconfirmed\tuapi\tlinux/a.h\tX\tiproute2 v4.10.0"
    (copy.data / "decisions.tsv").write_text(f"tag\tdecision\n{known}\n")
    given = ("--from", copies, "--data", copy.data, "--out", copy.out)
    assert kscan("dataset", "confirm", "v4.2.0", *given).returncode == 0
    assert known in (copy.data / "decisions.tsv").read_text().splitlines()


def test_confirm_by_another_name(copy: Built, copies: Path) -> None:
    given = ("--from", copies, "--data", copy.data, "--out", copy.out, "--as", "copies")
    done = kscan("dataset", "confirm", "v4.2.0", *given)
    assert done.stderr.splitlines()[:2] == ["copies: 1 names confirmed", "copies: 1 names unknown"]
    assert "copies v4.2.0" in (copy.data / "decisions.tsv").read_text()


def test_confirm_leaves_the_users_store_alone(copy: Built, copies: Path, home: Path) -> None:
    kscan("dataset", "confirm", "--from", copies, "--data", copy.data, "--out", copy.out)
    assert not (home / "kscan.sqlite").exists()


# What cannot be done.

FROM = ["--from", "{repository}"]
PLACES = ["--data", "{data}", "--out", "{out}"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["build", "v9.9", *FROM, *PLACES], 1, "no release v9.9 in {repository}; near: v4.3-rc1, v4.3, v4.10"),
        (["build", "v4.1", "v9.9", *FROM, *PLACES], 1, "no release v9.9 in {repository}"),
        (["build", "v9.*", *FROM, *PLACES], 1, "no release v9.* in {repository}"),
        (["add", "v9.9", *FROM, *PLACES], 1, "no release v9.9 in {repository}"),
        (["add", "v4.2.1", *FROM, *PLACES], 2, "v4.2.1: the dataset holds mainline releases"),
        (["add", "v4.3-rc1", *FROM, *PLACES], 2, "v4.3-rc1: the dataset holds mainline releases"),
        (["build", "v4.1", "v4.2.1", *FROM, *PLACES], 2, "v4.2.1: the dataset holds mainline releases"),
        (["build", "master", *FROM, *PLACES], 2, "master: the dataset holds mainline releases"),
        (["add", *FROM, *PLACES], 2, "dataset add: which release?"),
        (["make", "v4.2", *PLACES], 2, "dataset make takes no releases"),
        (["make", "--data", "{data}"], 2, "KSCAN_DATA is empty: say with --out where the file goes"),
        (["build", "--from", "/nowhere", *PLACES], 1, "/nowhere: no such repository"),
        (["confirm", "--from", "/nowhere", *PLACES], 1, "/nowhere: no such repository"),
        (["confirm", "v9.9.0", *FROM, *PLACES], 1, "{repository}: none of its tags is a release of {data}"),
        (["make", "--data", "/nowhere", "--out", "{out}"], 1, "/nowhere/releases.tsv: No such file"),
        (["make", "--data", "{out}", "--out", "{out}"], 1, "{out}"),
        (["confirm", *FROM, "--data", "/nowhere", "--out", "{out}"], 1, "/nowhere/releases.tsv: No such file"),
        (["add", "v4.2", *FROM, *PLACES, "--published", "/nowhere"], 1, "/nowhere: No such file or directory"),
        (["add", "v4.2", *FROM, *PLACES, "--published", "{data}/releases.tsv"], 1, "releases.tsv:2: expected"),
        (["add", "v4.2", *FROM, *PLACES, "--published", "{out}"], 1, "{out}: "),
        (["destroy", *PLACES], 2, "usage: kscan dataset"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_cannot_be_done_changes_nothing(copy: Built, arguments: list[str], code: int, said: str) -> None:
    before = files_of(copy.data), files_of(copy.out.parent)
    places = {"repository": str(copy.repository), "data": str(copy.data), "out": str(copy.out)}
    done = kscan("dataset", *(word.format(**places) for word in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert said.format(**places) in done.stderr
    assert done.stderr.startswith(("kscan: ", "usage: "))
    assert len(done.stderr.splitlines()) == 1 or "usage" in said
    assert (files_of(copy.data), files_of(copy.out.parent)) == before


@pytest.mark.parametrize("action", [["make"], ["add", "v4.2", "--from", "{repository}"]], ids=["make", "add"])
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("uapi/linux/b.h.txt", b"<<<<<<< ours\n"),
        ("uapi/linux/b.h.txt", b"=\tv4.9\tblob\tpath\n"),
        ("uapi/linux/b.h.txt", b"=\tnever\tblob\tpath\n"),
        ("uapi/linux/b.h.txt", b"+\t1\tmacro\tX\t[1]\n"),
        ("uapi/linux/b.h.txt", b"\xff\n"),
        ("releases.tsv", b"<<<<<<< ours\n"),
        ("releases.tsv", b"v4.1\tv4.1\n"),
        ("releases.tsv", b"v4.11\n"),
        ("releases.tsv", b"\xff\n"),
        ("decisions.tsv", b"tag\tdecision\n<<<<<<< ours\n"),
        ("decisions.tsv", b"tag\tdecision\nv4.9\tdrop\tuapi\tlinux/a.h\tX\twhy\n"),
    ],
    ids=["merge", "another-release", "no-release", "no-value", "no-text", "releases-merge", "releases-twice",
         "releases-no-version", "releases-no-text", "decisions-merge", "decisions-another-release"],
)  # fmt: skip
def test_damaged_text_is_told_and_left(copy: Built, action: list[str], name: str, damage: bytes) -> None:
    path = copy.data / name
    path.write_bytes((path.read_bytes() if path.exists() else b"") + damage)
    before = files_of(copy.data), files_of(copy.out.parent)
    words = [word.format(repository=copy.repository) for word in action]
    done = kscan("dataset", *words, "--data", copy.data, "--out", copy.out)
    assert (done.returncode, done.stdout) == (1, "")
    *_, said = done.stderr.splitlines()
    assert said.startswith(f"kscan: {path}")
    assert len(done.stderr.splitlines()) <= 2
    assert (files_of(copy.data), files_of(copy.out.parent)) == before


@pytest.mark.parametrize("place", ["none/shipped.sqlite", "file/shipped.sqlite", "folder"])
def test_a_place_that_cannot_be_written(copy: Built, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    before = files_of(tmp_path)
    done = kscan("dataset", "make", "--data", copy.data, "--out", tmp_path / place)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"kscan: {tmp_path}")
    assert "fetch again" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert files_of(tmp_path) == before


def test_data_that_cannot_be_written(copy: Built, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    before = files_of(copy.out.parent)
    given = ("--from", copy.repository, "--data", tmp_path / "file" / "data", "--out", copy.out)
    done = kscan("dataset", "build", *given)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"kscan: {tmp_path / 'file'}")
    assert len(done.stderr.splitlines()) == 1
    assert files_of(copy.out.parent) == before


def test_a_folder_is_no_repository(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", KERNELS["v4.1"])
    done = kscan(
        "dataset", "build", "--from", tree, "--data", tmp_path / "data", "--out", tmp_path / "out.sqlite"
    )
    assert (done.returncode, done.stderr) == (1, f"kscan: {tree}: not a git repository\n")
    assert not (tmp_path / "data").exists()
