"""Git on disk: whatever form a repository has, it is read and never written, and runs no command."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from kscan.cli import main
from kscan.errors import SourceError, UnknownTag
from kscan.progress import Progress
from kscan.rows import Row
from kscan.sources.commands import GitCommands
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from tests.kernels import HISTORY, kernel, make_history, write_tree
from tests.sources.scanning import SMALL, answers, bring, entered, git, one_line

Listing = dict[str, tuple[int, int, int]]


def listing(folder: Path) -> Listing:
    """Every file and folder with mode, size and time of change."""
    found = {path: path.lstat() for path in (folder, *folder.rglob("*"))}
    return {str(path): (stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def bare(repository: Path, _: Path) -> Path:
    return repository


def clone(repository: Path, folder: Path) -> Path:
    git(repository.parent, "clone", "--quiet", str(repository), str(folder / "clone"))
    return folder / "clone"


def worktree(repository: Path, folder: Path) -> Path:
    git(clone(repository, folder), "worktree", "add", "--quiet", str(folder / "beside"), "v4.2")
    return folder / "beside"


def packed(repository: Path, folder: Path) -> Path:
    git(clone(repository, folder), "gc", "--quiet")
    return folder / "clone"


def lightweight(repository: Path, folder: Path) -> Path:
    path = clone(repository, folder)
    for tag in HISTORY:
        git(path, "tag", "--force", tag, f"{tag}^{{commit}}")
    return path


def nested(repository: Path, folder: Path) -> Path:
    """Each tag a tag of a tag of the tag."""
    path = clone(repository, folder)
    for tag in HISTORY * 2:
        git(path, "tag", "--force", "-a", "-m", "signed again", tag, tag)
    assert git(path, "for-each-ref", "--format=%(*objecttype)", "refs/tags") == "tag\ntag\ntag"
    return path


def borrowing(repository: Path, folder: Path) -> Path:
    """No object of its own, and no file for a ref."""
    git(folder, "clone", "--quiet", "--bare", "--shared", str(repository), str(folder / "shared.git"))
    files = {path.name for path in (folder / "shared.git").rglob("*") if path.is_file()}
    assert {"alternates", "packed-refs"} < files
    assert not files & {*HISTORY, "master"}
    assert not [name for name in files if len(name) > 37]
    return folder / "shared.git"


Form = Callable[[Path, Path], Path]


@pytest.mark.parametrize("form", [bare, clone, worktree, packed, lightweight, nested, borrowing])
def test_every_form_of_repository_is_read_and_left_as_it_was(
    form: Form, repository: Path, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    path = form(repository, tmp_path)
    before = listing(path)
    assert bring(DiskRepository(path), *HISTORY) == list(HISTORY)
    assert answers(*HISTORY) == expected
    assert listing(path) == before


def test_provenance_names_the_repository_and_the_commit(repository: Path) -> None:
    bring(DiskRepository(repository), "v4.2", sets=SMALL)
    (row,) = entered()
    assert (row["source"], row["commit"]) == (str(repository), git(repository, "rev-parse", "v4.2^{commit}"))


@pytest.mark.parametrize(
    ("tag", "near"),
    [
        ("v4.9", "v4.2, v4.3, v5.6"),
        ("v4.2-rc1", "v4.2, v4.3, v5.6"),
        ("v4.2.", "v4.2"),
        ("master", None),
        ("HEAD", None),
        ("-v4.2", "v4.2"),
        ("--help", None),
        ("v4.2^0", "v4.2"),
        ("v4.2:Makefile", None),
        ("v4.2 v4.3", None),
        ("v4.2\nv4.3", None),
        ("../heads/master", None),
        ("$(touch ran)", None),
        ("", None),
    ],
)
def test_an_unknown_tag_names_the_nearest(tag: str, near: str | None, repository: Path) -> None:
    with pytest.raises(UnknownTag) as raised:
        bring(DiskRepository(repository), "v4.3", tag, sets=SMALL)
    named = ", ".join(raised.value.near)
    assert (near or "") in named
    assert entered() == []


@pytest.mark.parametrize("tag", ["v4.9", "4.9", "v9.*", "-v4.9", "--help", "v4.2^0"])
def test_the_command_line_says_so_in_one_line(
    tag: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(DiskRepository(repository), "v4.2", sets=SMALL)
    before = entered()
    assert main(["fetch", "--from", str(repository), "--", tag]) == 1
    assert one_line(capsys.readouterr().err).startswith("no release ")
    assert entered() == before


@pytest.mark.parametrize("tag", ["-odd", "v4.2;touch", "$(touch)", "v4.2'quote", "sub/v4.2", "v4.2-é", "@"])
def test_a_tag_of_any_name_is_read(tag: str, repository: Path, tmp_path: Path) -> None:
    path = clone(repository, tmp_path)
    git(path, "update-ref", f"refs/tags/{tag}", "v4.2^{commit}")
    assert bring(DiskRepository(path), tag, sets=SMALL) == [tag]
    assert [row["tag"] for row in entered()] == [tag]


@pytest.mark.parametrize("form", [clone, lightweight, nested])
def test_the_commit_is_the_one_that_a_tag_means_in_the_end(
    form: Form, repository: Path, tmp_path: Path
) -> None:
    bring(DiskRepository(form(repository, tmp_path)), "v4.2", sets=SMALL)
    (row,) = entered()
    assert row["commit"] == git(repository, "rev-parse", "v4.2^{commit}")


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_tag_of_a_file_is_no_release(depth: int, repository: Path, tmp_path: Path) -> None:
    path = clone(repository, tmp_path)
    git(path, "tag", "v4.2-file", "v4.2:Makefile")
    for _ in range(depth):
        git(path, "tag", "--force", "-a", "-m", "file", "v4.2-file", "v4.2-file")
    with pytest.raises(UnknownTag, match=r"no release v4\.2-file in "):
        bring(DiskRepository(path), "v4.2", "v4.2-file", sets=SMALL)
    assert entered() == []
    assert bring(DiskRepository(path), "v4.2", sets=SMALL) == ["v4.2"]


def test_a_tag_of_a_tree_is_a_release_without_a_commit(repository: Path, tmp_path: Path) -> None:
    """As v2.6.11-tree is in the kernel's own repository."""
    path = clone(repository, tmp_path)
    git(path, "tag", "-a", "-m", "tree", "v4.2-tree", "v4.2^{tree}")
    bring(DiskRepository(path), "v4.2-tree", sets=SMALL)
    assert [(row["tag"], row["exact"], row["commit"]) for row in entered()] == [("v4.2-tree", "v4.2", None)]


def empty_folder(path: Path) -> None:
    path.mkdir()


def plain_file(path: Path) -> None:
    path.write_text("no repository\n")


def only_a_head(path: Path) -> None:
    path.mkdir()
    (path / "HEAD").write_text("ref: refs/heads/master\n")


def broken_link(path: Path) -> None:
    path.mkdir()
    (path / ".git").write_text("gitdir: /nowhere/at/all\n")


@pytest.mark.parametrize("make", [empty_folder, plain_file, only_a_head, broken_link])
def test_what_is_no_repository_is_said_in_one_line(
    make: Callable[[Path], None],
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository)  # another repository at hand is not the one that was named
    make(tmp_path / "it")
    assert main(["fetch", "v4.2", "--from", str(tmp_path / "it")]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{tmp_path / 'it'}: not a git repository")
    assert entered() == []


def test_a_path_that_is_not_there_names_what_from_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "v4.2", "--from", str(tmp_path / "nothing")]) == 1
    assert "a source is github, kernel.org" in one_line(capsys.readouterr().err)


def test_a_machine_without_git_is_told_so(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        DiskRepository(repository)


def test_a_hook_that_calls_kscan_does_not_redirect_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_history(tmp_path / "other.git", {"v9.0": kernel("v4.2", "v9.0")})
    monkeypatch.setenv("GIT_DIR", str(other))
    assert set(DiskRepository(repository).tags()) == set(HISTORY)


HOSTILE = {
    "core.fsmonitor": "touch {ran}",
    "core.pager": "touch {ran}",
    "core.editor": "touch {ran}",
    "core.sshCommand": "touch {ran}",
    "core.gitProxy": "touch {ran}",
    "core.askPass": "touch {ran}",
    "core.alternateRefsCommand": "touch {ran}",
    "core.hooksPath": "{hooks}",
    "credential.helper": "!touch {ran}",
    "diff.external": "touch {ran}",
    "diff.hostile.textconv": "touch {ran}",
    "filter.hostile.smudge": "touch {ran}",
    "gpg.program": "touch {ran}",
    "log.showSignature": "true",
    "alias.rev-parse": "!touch {ran}",
    "alias.ls-tree": "!touch {ran}",
    "alias.for-each-ref": "!touch {ran}",
    "alias.cat-file": "!touch {ran}",
    "pager.ls-tree": "touch {ran}",
    "pager.for-each-ref": "touch {ran}",
    "uploadpack.packObjectsHook": "touch {ran}",
    "trace2.eventTarget": "{ran}",
}


def make_hostile(path: Path, ran: Path) -> Path:
    """A clone whose configuration, attributes and hooks all make `ran`."""
    hooks = path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "post-index-change", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    (path / ".git" / "info" / "attributes").write_text("* filter=hostile diff=hostile\n")
    for key, value in HOSTILE.items():
        git(path, "config", key, value.format(ran=ran, hooks=hooks))
    return path


def test_a_hostile_repository_runs_nothing(
    repository: Path, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    ran = tmp_path / "ran"
    path = make_hostile(clone(repository, tmp_path), ran)
    git(path, "status")
    assert ran.exists(), "the bait works"
    ran.unlink()
    bring(DiskRepository(path), *HISTORY)
    assert answers(*HISTORY) == expected
    assert not ran.exists()


@pytest.mark.parametrize("what", ["^{commit}", "^{tree}", "", ":include/uapi/linux/if_packet.h"])
def test_what_stands_in_for_another_object_is_not_believed(
    what: str, repository: Path, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    path = clone(repository, tmp_path)
    git(path, "replace", f"v4.2{what}", f"v5.6{what}")
    new = git(path, "show", "v5.6:include/uapi/linux/if_packet.h")
    assert git(path, "show", "v4.2:include/uapi/linux/if_packet.h") == new, "git itself believes it"
    bring(DiskRepository(path), "v4.2")
    assert answers("v4.2")["v4.2"] == expected["v4.2"]


def test_a_history_made_up_of_grafts_changes_no_release(
    repository: Path, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    """The first release has the last one for a parent, the last one none."""
    path = clone(repository, tmp_path)
    first, *_, last = (git(path, "rev-parse", f"{tag}^{{commit}}") for tag in HISTORY)
    (path / ".git" / "info" / "grafts").write_text(f"{first} {last}\n{last}\n")
    assert git(path, "rev-list", "v4.2").split() == [first, last], "git itself believes it"
    bring(DiskRepository(path), *HISTORY)
    assert answers(*HISTORY) == expected


# What git of another day or another user has.


def another_hash(path: Path) -> None:
    """A repository with v4.3 whose objects are named by SHA-256."""
    write_tree(path, kernel("v4.3"))
    git(path, "init", "--quiet", "--object-format=sha256")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "v4.3")
    git(path, "tag", "v4.3")


@pytest.mark.parametrize("form", ["{}", "file://{}"], ids=["disk", "network"])
def test_a_repository_of_another_hash_is_refused_in_one_line(
    form: str, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(DiskRepository(repository), "v4.2", sets=SMALL)
    before = entered()
    another_hash(tmp_path / "it")
    source = form.format(tmp_path / "it")
    assert main(["fetch", "v4.3", "--headers", SMALL[0], "--from", source]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{source}: ")
    assert "sha256" in line.lower().replace("-", "")
    assert entered() == before
    assert main(["scan", str(tmp_path / "it"), "--as", "mine"]) == 0, "its files are files as any"


def test_a_form_that_this_git_does_not_know_is_one_line(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As git before 2.45 finds a repository whose refs lie in a reftable."""
    path = clone(repository, tmp_path)
    git(path, "config", "core.repositoryFormatVersion", "1")
    with (path / ".git" / "config").open("a") as config:
        config.write("[extensions]\n\trefStorage = ours\n")
    assert main(["fetch", "v4.2", "--from", str(path)]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{path}: ")
    assert "refstorage" in line
    assert entered() == []


def test_a_repository_of_another_user_is_read_and_runs_nothing(
    repository: Path, tmp_path: Path, expected: dict[str, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git asks for safe.directory where it found the repository itself, since that may run commands."""
    ran = tmp_path / "ran"
    path = make_hostile(clone(repository, tmp_path), ran)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    said = subprocess.run(["git", "status"], cwd=path, capture_output=True, text=True, check=False)
    assert "dubious ownership" in said.stderr, "git itself refuses it"
    bring(DiskRepository(path), *HISTORY)
    assert answers(*HISTORY) == expected
    assert not ran.exists()


def test_over_the_network_git_refuses_it_and_its_path_is_advised(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert main(["fetch", "v4.2", "--from", f"file://{repository}"]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"file://{repository}: detected dubious ownership")
    assert "name its path, not its URL" in line
    assert entered() == []


# What is not there.


def without_contents(repository: Path, folder: Path) -> Path:
    """A partial clone that would fetch from a place that is there, and run a command for it."""
    path = folder / "partial"
    options = ("--quiet", "--bare", "--filter=blob:none", f"file://{repository}")
    git(folder, "clone", *options, str(path))
    git(path, "config", "remote.origin.uploadpack", f"touch {folder / 'ran'};false")
    return path


def without_one_object(repository: Path, folder: Path) -> Path:
    path = folder / "copy.git"
    shutil.copytree(repository, path)
    blob = git(path, "rev-parse", "v4.2:include/uapi/linux/if_packet.h")
    (path / "objects" / blob[:2] / blob[2:]).unlink()
    return path


def with_a_damaged_object(repository: Path, folder: Path) -> Path:
    path = folder / "copy.git"
    shutil.copytree(repository, path)
    blob = git(path, "rev-parse", "v4.2:include/uapi/linux/if_packet.h")
    loose = path / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"damaged" + loose.read_bytes()[7:])
    return path


@pytest.mark.parametrize("form", [without_contents, without_one_object, with_a_damaged_object])
def test_a_missing_content_is_one_clear_line_and_nothing_is_entered(
    form: Form, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(DiskRepository(repository), "v5.6", sets=SMALL)
    before = entered()
    path = form(repository, tmp_path)
    assert main(["fetch", "v4.2", "--headers", SMALL[0], "--from", str(path)]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{path}: object ")
    assert line.endswith("the repository is incomplete")
    assert entered() == before
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("beside", ["", "/nothing"], ids=["one folder", "two folders"])
def test_what_a_repository_borrows_from_is_gone(
    beside: str, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(DiskRepository(repository), "v5.6", sets=SMALL)
    before = entered()
    path = borrowing(repository, tmp_path)
    (path / "objects/info/alternates").write_text(f"{tmp_path}{beside}/objects\n")
    assert main(["fetch", "v4.2", "--headers", SMALL[0], "--from", str(path)]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{path}: ")
    assert f"{tmp_path}{beside}/objects" in line
    assert "objects/info/alternates" in line
    assert entered() == before


def test_what_a_repository_borrows_nothing_from_may_be_gone(repository: Path, tmp_path: Path) -> None:
    path = clone(repository, tmp_path)
    (path / ".git/objects/info/alternates").write_text(f"{tmp_path}/nothing/objects\n")
    assert bring(DiskRepository(path), "v4.2", sets=SMALL) == ["v4.2"]


def test_a_shallow_clone_whose_tag_is_the_commit_is_read(
    repository: Path, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    origin = lightweight(repository, tmp_path)
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=v4.3", f"file://{origin}", "shallow")
    path = tmp_path / "shallow"
    assert git(path, "cat-file", "-t", "v4.3") == "commit"
    assert git(path, "rev-list", "--all") == git(repository, "rev-parse", "v4.3^{commit}")
    bring(DiskRepository(path), "v4.3")
    assert answers("v4.3")["v4.3"] == expected["v4.3"]


def test_a_shallow_clone_is_read_as_far_as_it_goes(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=v4.3", f"file://{repository}", "shallow")
    source = DiskRepository(tmp_path / "shallow")
    assert bring(source, "v4.3", sets=SMALL) == ["v4.3"]
    with pytest.raises(UnknownTag, match=r"near: v4\.3"):
        bring(source, "v4.2", sets=SMALL)


def test_a_second_scan_adds_only_what_is_missing(repository: Path) -> None:
    assert bring(DiskRepository(repository), "v4.2", sets=SMALL) == ["v4.2"]
    assert bring(DiskRepository(repository), "v4.2", "v4.3", "v4.3", sets=SMALL) == ["v4.3"]


def test_a_release_without_headers_is_refused(tmp_path: Path) -> None:
    files = {"Makefile": "VERSION = 4\n", "net/core/filter.c": "int nothing;\n"}
    path = make_history(tmp_path / "linux.git", {"v4.2": kernel("v4.2"), "v4.3": files})
    with pytest.raises(SourceError, match=r"v4\.3 has no linux/ headers in it"):
        bring(DiskRepository(path), "v4.2", "v4.3", sets=SMALL)
    assert entered() == []


class Counting(DiskRepository):
    """Remembers how many files it listed."""

    listed = 0

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        found = super().files(tag, wanted)
        self.listed = len(found)
        return found


@pytest.mark.parametrize(
    ("folder", "pattern", "internal", "whole"),
    [
        ("", "linux/bpf.h", set(), False),
        ("", "net/a.c", {"net/a.c"}, False),
        ("", "net/*.c", {"net/a.c", "net/core/filter.c", "net/packet/af_packet.c"}, True),
        ("", "*/[am]uch.c", {"drivers/much.c"}, True),
        ("", "/etc/a.h", set(), False),
        ("", "../a.h", set(), False),
        ("", "net/../../a.h", set(), False),
        ("", "", set(), False),
        ("vendor/kernel/", "linux/bpf.h", set(), True),
        ("vendor/kernel/", "net/a.c", {"net/a.c"}, True),
    ],
)
def test_a_tree_is_listed_whole_only_where_anything_in_it_may_be_wanted(
    tmp_path: Path, folder: str, pattern: str, internal: set[str], whole: bool
) -> None:
    files = dict.fromkeys(
        ("net/a.c", "drivers/much.c", "include/asm-generic/a.h", "include/linux/a.h"), "int a;\n"
    )
    files = {folder + path: text for path, text in {**kernel("v4.3"), **files}.items()}
    source = Counting(make_history(tmp_path / "linux.git", {"v4.3": files}))
    assert bring(source, "v4.3", sets=("linux/if_tun.h", pattern)) == ["v4.3"]
    assert (source.listed == len(files)) is whole
    assert {row.header for row in Store().files("v4.3", "x86-64") if row.scope == "internal"} == internal


def test_a_git_with_much_to_complain_of_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its complaints go through a pipe of 64 KB: once full, both would wait for ever."""
    write_tree(tmp_path, {f"f{number}": str(number) for number in range(3000)})
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "x"), ("repack", "-adq")):
        git(tmp_path, *words)
    blobs = [line.split()[2] for line in git(tmp_path, "ls-tree", "-r", "HEAD").splitlines()]
    monkeypatch.setenv("GIT_TRACE_PACK_ACCESS", "1")
    found = GitCommands("here", tmp_path / ".git", {}).read(blobs, Progress())
    assert sorted(int(data) for _, data in found) == list(range(3000))
