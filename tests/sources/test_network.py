"""Git over the network, against git's own http-backend: few requests, only what is wanted, and an
end in the middle is no end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kscan.catalog.sets import SETS
from kscan.cli import main
from kscan.errors import SourceError, UnknownTag
from kscan.rows import Row
from kscan.sources.choose import sources_for
from kscan.sources.network import RemoteRepository
from tests.kernels import HISTORY, kernel, make_history
from tests.servers import Answer, Server, always, cut_at, first, git_backend, serving, status, unspoiled
from tests.sources.scanning import SMALL, answers, bring, entered, git, one_line


@pytest.fixture
def server(repository: Path) -> Iterator[Server]:
    """Our history at /linux.git."""
    with serving(git_backend(repository.parent)) as running:
        yield running


@pytest.fixture
def remote(server: Server, home: Path) -> RemoteRepository:
    return RemoteRepository(f"{server.url}/linux.git", home)


def again(remote: RemoteRepository, home: Path) -> RemoteRepository:
    """The same repository as the next run of kscan sees it."""
    return RemoteRepository(remote.url, home)


def kinds(server: Server) -> list[str]:
    return [request.kind for request in server.requests]


def contents_asked(server: Server) -> set[str]:
    return {blob for request in server.requests if request.kind == "contents" for blob in request.wants}


def blobs_of(repository: Path, tag: str) -> dict[str, str]:
    lines = git(repository, "ls-tree", "-r", tag).splitlines()
    return {line.split("\t")[1]: line.split()[2] for line in lines}


def cached(remote: RemoteRepository) -> set[str]:
    """The objects that the cache holds."""
    form = "--batch-check=%(objectname) %(objecttype)"
    return set(git(remote.path, "cat-file", "--batch-all-objects", form).splitlines())


# The way things come.


def test_the_same_answers_as_from_disk(remote: RemoteRepository, expected: dict[str, list[Row]]) -> None:
    assert bring(remote, *HISTORY) == list(HISTORY)
    assert answers(*HISTORY) == expected
    assert {row["source"] for row in entered()} == {remote.url}


def test_three_tags_cost_as_many_requests_as_one(
    server: Server, remote: RemoteRepository, tmp_path: Path
) -> None:
    bring(remote, *HISTORY)
    three = kinds(server)
    assert three.count("tags") == 1
    assert three.count("contents") <= 3
    assert len(three) <= 12
    server.requests.clear()
    bring(RemoteRepository(remote.url, tmp_path / "other"), "v5.6", store=tmp_path / "other.sqlite")
    assert len(three) <= len(kinds(server))


def test_contents_that_nobody_wants_are_not_transferred(
    remote: RemoteRepository, repository: Path, server: Server
) -> None:
    bring(remote, *HISTORY)
    unrelated = blobs_of(repository, "v5.6")["drivers/unrelated/other.c"]
    wanted = blobs_of(repository, "v5.6")["include/uapi/linux/bpf.h"]
    assert f"{wanted} blob" in cached(remote)
    assert f"{unrelated} blob" not in cached(remote)
    assert unrelated not in contents_asked(server)


def test_history_is_cut_at_depth_one(remote: RemoteRepository, repository: Path) -> None:
    bring(remote, "v5.6", sets=SMALL)
    commits = {line.split()[0] for line in cached(remote) if line.endswith(" commit")}
    assert commits == {git(repository, "rev-parse", "v5.6^{commit}")}


def test_a_second_run_asks_nothing(server: Server, remote: RemoteRepository, home: Path) -> None:
    bring(remote, *HISTORY)
    before = answers(*HISTORY)
    server.requests.clear()
    assert bring(again(remote, home), *HISTORY) == []
    (home / "kscan.sqlite").unlink()
    assert bring(again(remote, home), *HISTORY) == list(HISTORY)
    assert answers(*HISTORY) == before
    assert server.requests == []


def test_one_more_tag_brings_only_what_is_new(
    server: Server, remote: RemoteRepository, home: Path, repository: Path
) -> None:
    bring(remote, "v4.2", "v4.3")
    server.requests.clear()
    bring(again(remote, home), "v5.6")
    old, new = set(blobs_of(repository, "v4.3").values()), blobs_of(repository, "v5.6")
    reached = {path: blob for path, blob in new.items() if path != "drivers/unrelated/other.c"}
    assert contents_asked(server) == set(reached.values()) - old - set(blobs_of(repository, "v4.2").values())


def test_a_set_asks_for_its_own_files(server: Server, remote: RemoteRepository, repository: Path) -> None:
    bring(remote, "v4.2", sets=SMALL)
    internal = {blob for path, blob in blobs_of(repository, "v4.2").items() if path in SETS["bpf"].internal}
    assert contents_asked(server).isdisjoint(internal)
    bring(remote, "v4.2", sets=("bpf",))
    assert internal <= contents_asked(server)


def test_a_server_without_partial_clones_serves_too(
    repository: Path, tmp_path: Path, home: Path, expected: dict[str, list[Row]]
) -> None:
    plain = tmp_path / "plain.git"
    shutil.copytree(repository, plain)
    git(plain, "config", "uploadpack.allowFilter", "false")
    with serving(git_backend(tmp_path)) as server:
        bring(RemoteRepository(f"{server.url}/plain.git", home), *HISTORY)
        assert kinds(server).count("contents") == 0
    assert answers(*HISTORY) == expected


def test_two_at_a_time_share_the_cache(server: Server, home: Path) -> None:
    """Each makes the cache where it is missing; who comes second takes the first one's."""
    url = f"{server.url}/linux.git"
    both = [RemoteRepository(url, home), RemoteRepository(url, home)]
    for remote, tag in zip(both, HISTORY, strict=False):
        bring(remote, tag, sets=SMALL)
    assert [row["tag"] for row in entered()] == ["v4.2", "v4.3"]
    assert [path.name for path in (home / "git").iterdir()] == [both[0].path.name]


# Where it ends in the middle.


@pytest.mark.parametrize("share", [0.1, 0.9])
@pytest.mark.parametrize("kind", ["tags", "contents"])
def test_a_dropped_connection_is_said_and_the_next_run_succeeds(
    kind: str,
    share: float,
    server: Server,
    remote: RemoteRepository,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.spoil = first(1, kind, cut_at(share))
    assert main(["fetch", "v4.2", "v4.3", "--headers", SMALL[0], "--from", remote.url]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(remote.url)
    assert line.endswith("run it again to go on")
    assert entered() == []
    server.requests.clear()
    assert bring(again(remote, home), "v4.2", "v4.3", sets=SMALL) == ["v4.2", "v4.3"]
    assert [row["tag"] for row in entered()] == ["v4.2", "v4.3"]


@pytest.mark.parametrize("trouble", [status(503), cut_at(0.5), lambda _: Answer(0)])
def test_tags_that_arrived_are_not_fetched_again(
    trouble: object, server: Server, remote: RemoteRepository, home: Path
) -> None:
    """Interrupted between the fetch of the tags and that of the contents."""
    assert callable(trouble)
    server.spoil = always("contents", trouble)
    with pytest.raises(SourceError):
        bring(remote, *HISTORY, sets=SMALL)
    assert entered() == []
    server.spoil = unspoiled
    server.requests.clear()
    assert bring(again(remote, home), *HISTORY, sets=SMALL) == list(HISTORY)
    assert "tags" not in kinds(server)
    assert "contents" in kinds(server)


def test_contents_that_arrived_are_not_fetched_again(
    server: Server, remote: RemoteRepository, home: Path
) -> None:
    """Interrupted between two batches of contents: what is included comes after what includes it."""
    batches = 0

    def second_fails(answer: Answer) -> Answer:
        nonlocal batches
        batches += 1
        return answer if batches == 1 else Answer(500)

    server.spoil = always("contents", second_fails)
    with pytest.raises(SourceError):
        bring(remote, "v4.2", sets=SMALL)
    assert entered() == []
    assert batches == 2
    fetched = {blob for blob in contents_asked(server) if f"{blob} blob" in cached(remote)}
    server.spoil = unspoiled
    server.requests.clear()
    bring(again(remote, home), "v4.2", sets=SMALL)
    assert fetched
    assert fetched.isdisjoint(contents_asked(server))


def test_a_failure_leaves_the_releases_that_are_there(
    server: Server, remote: RemoteRepository, home: Path
) -> None:
    bring(remote, "v4.2", sets=SMALL)
    before = entered(), answers("v4.2")
    server.spoil = always("contents", cut_at(0.5))
    with pytest.raises(SourceError):
        bring(again(remote, home), "v4.2", "v4.3", sets=("bpf",))
    assert (entered(), answers("v4.2")) == before


def test_a_cache_that_was_left_half_made_does_no_harm(server: Server, home: Path) -> None:
    """As a kscan that was killed while it made the cache leaves it."""
    left = home / "git" / "tmp-left" / "new.git"
    left.mkdir(parents=True)
    (left / "config").write_text("[core]\n\tbare = true\n")
    assert bring(RemoteRepository(f"{server.url}/linux.git", home), "v4.2", sets=SMALL) == ["v4.2"]


def test_what_was_read_is_known_where_the_cache_is_gone(remote: RemoteRepository, home: Path) -> None:
    bring(remote, "v4.2", sets=SMALL)
    shutil.rmtree(home / "git")
    assert bring(RemoteRepository(remote.url, home), "v4.2", sets=SMALL) == []
    assert bring(RemoteRepository(remote.url, home), "v4.2", "v4.3", sets=SMALL) == ["v4.3"]


def test_a_cache_that_cannot_be_made_is_one_line(
    server: Server, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "git").touch()
    assert main(["fetch", "v4.2", "--from", f"{server.url}/linux.git"]) == 1
    assert f"{home}/git" in one_line(capfd.readouterr().err)
    # Output goes where it went.
    print("further", flush=True)
    assert capfd.readouterr().out == "further\n"


@pytest.mark.parametrize("lock", ["shallow.lock", "packed-refs.lock", "refs/tags/v4.2.lock"])
def test_a_lock_that_was_left_keeps_nobody_out(lock: str, remote: RemoteRepository) -> None:
    """As a kscan that was killed amid git's work leaves it."""
    (remote.path / lock).parent.mkdir(parents=True, exist_ok=True)
    (remote.path / lock).touch()
    assert bring(remote, "v4.2", sets=SMALL) == ["v4.2"]


def test_many_at_a_time_wait_for_one_another(server: Server, home: Path) -> None:
    command = [sys.executable, "-m", "kscan", "fetch", "v4.2", "v4.3", "--from", f"{server.url}/linux.git"]
    environment = {**os.environ, "KSCAN_HOME": str(home)}
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(process.communicate()[1].count("\n"), process.returncode) for process in running] == [(2, 0)] * 4


def test_a_folder_that_is_not_written_out_serves(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kscan", "fetch", "v4.2", "--from", f"{server.url}/linux.git"]
    path = str(Path(__file__).parents[2])
    # Coverage, measuring, complains of another folder.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    for given, made in (("cache", "cache"), ("~/cache", "home/cache")):
        environment = {**bare, "KSCAN_HOME": given, "HOME": str(tmp_path / "home"), "PYTHONPATH": path}
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "v4.2: read\n")
        assert (tmp_path / made / "kscan.sqlite").exists()


# What is not there.


@pytest.mark.parametrize(
    ("tag", "near"),
    [
        ("v4.9", "near: v4.2, v4.3, v5.6"),
        ("4.4", "near: v4.2, v4.3, v5.6"),
        ("v4.2.", "near: v4.2"),
        ("v9.*", "no release v9.*"),
        ("-v4.2", "near: v4.2"),
        ("--upload-pack=touch", "no release --upload-pack=touch"),
        ("v4.2^0", "near: v4.2"),
        ("v4.2:refs/tags/v9", "no release v4.2:refs/tags/v9"),
        ("v4 2", "no release v4 2"),
        ("../heads/master", "no release ../heads/master"),
        ("master", "no release master"),
    ],
)
def test_an_unknown_tag_names_the_nearest(
    tag: str, near: str, remote: RemoteRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "--from", remote.url, "--", "v4.3", tag]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith("no release ")
    assert near in line
    assert entered() == []


def test_a_tag_is_no_list_of_what_to_fetch(remote: RemoteRepository) -> None:
    with pytest.raises(UnknownTag):
        bring(remote, "v4.2\n+refs/heads/*:refs/heads/*", sets=SMALL)
    assert git(remote.path, "for-each-ref") == ""


@pytest.mark.parametrize("tag", ["-odd", "$(touch)", "sub/v4.2-é"])
def test_a_tag_of_any_name_is_read(tag: str, tmp_path: Path, home: Path) -> None:
    make_history(tmp_path / "odd.git", {"v4.2": kernel("v4.2")})
    git(tmp_path / "odd.git", "update-ref", f"refs/tags/{tag}", "v4.2^{commit}")
    with serving(git_backend(tmp_path)) as server:
        assert bring(RemoteRepository(f"{server.url}/odd.git", home), tag, sets=SMALL) == [tag]


def test_a_tag_of_a_tree_is_a_release_without_a_commit(tmp_path: Path, home: Path) -> None:
    make_history(tmp_path / "old.git", {"v4.2": kernel("v4.2")})
    git(tmp_path / "old.git", "tag", "v4.2-tree", "v4.2^{tree}")
    with serving(git_backend(tmp_path)) as server:
        bring(RemoteRepository(f"{server.url}/old.git", home), "v4.2-tree", sets=SMALL)
    assert [(row["tag"], row["commit"]) for row in entered()] == [("v4.2-tree", None)]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_tag_of_a_tag_means_what_the_last_one_names(
    depth: int, tmp_path: Path, home: Path, repository: Path
) -> None:
    path = make_history(tmp_path / "odd.git")
    for _ in range(depth - 1):
        git(path, "tag", "--force", "-a", "-m", "signed again", "v4.2", "v4.2")
    with serving(git_backend(tmp_path)) as server:
        source = RemoteRepository(f"{server.url}/odd.git", home)
        assert bring(source, "v4.2", "v4.3", sets=SMALL) == ["v4.2", "v4.3"]
        asked = len(server.requests)
        assert bring(again(source, home), "v4.2", sets=("linux/if_tun.h",)) == ["v4.2"]
        assert "tags" not in [request.kind for request in server.requests[asked:]]
    assert entered()[0]["commit"] == git(repository, "rev-parse", "v4.2^{commit}")


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_tag_of_a_file_is_no_release(
    depth: int, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_history(tmp_path / "odd.git")
    git(path, "tag", "v4.2-file", "v4.2:Makefile")
    for _ in range(depth):
        git(path, "tag", "--force", "-a", "-m", "file", "v4.2-file", "v4.2-file")
    with serving(git_backend(tmp_path)) as server:
        url = f"{server.url}/odd.git"
        for _ in range(2):
            assert main(["fetch", "v4.3", "v4.2-file", "--headers", SMALL[0], "--from", url]) == 1
            said = one_line(capsys.readouterr().err)
            assert said == f"no release v4.2-file in {url}; what it names is no commit"
            assert entered() == []
        assert bring(RemoteRepository(url, home), "v4.3", sets=SMALL) == ["v4.3"]


def test_git_may_make_repositories_of_another_hash_by_itself(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is told to, and as git 3.0 will; kernels and kscan name objects by SHA-1."""
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    assert bring(RemoteRepository(f"{server.url}/linux.git", home), "v4.2", sets=SMALL) == ["v4.2"]


@pytest.mark.parametrize("tag", ["v4.9", "v4.2^0"])
def test_a_password_in_an_address_is_in_no_message(
    tag: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{server.url}/linux.git".replace("://", "://me:secret@")
    assert main(["fetch", tag, "--from", url]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"no release {tag} in {server.url}/linux.git")
    assert "secret" not in line


def test_a_server_that_is_gone_is_one_line(
    repository: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(git_backend(repository.parent)) as server:
        url = f"{server.url}/linux.git"
        bring(RemoteRepository(url, home), "v4.2", sets=SMALL)
    before = entered()
    assert main(["fetch", "v4.3", "--from", url]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{url}: ")
    assert line.endswith("--from PATH")
    assert entered() == before


@pytest.mark.parametrize("number", [403, 404, 500])
def test_a_server_without_the_repository_is_one_line(
    number: int, server: Server, remote: RemoteRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    server.spoil = always("", status(number))
    assert main(["fetch", "v4.3", "--from", remote.url]) == 1
    assert one_line(capsys.readouterr().err).startswith(remote.url)
    assert entered() == []


def test_a_server_that_wants_a_password_is_not_waited_for(
    server: Server, remote: RemoteRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    server.spoil = always("", status(401, WWW_Authenticate='Basic realm="here"'))
    assert main(["fetch", "v4.3", "--from", remote.url]) == 1
    assert one_line(capsys.readouterr().err).startswith(remote.url)


def test_a_web_page_in_the_place_of_a_repository_is_refused(
    server: Server, remote: RemoteRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
    server.spoil = always("", lambda _: page)
    assert main(["fetch", "v4.3", "--from", remote.url]) == 1
    assert one_line(capsys.readouterr().err).startswith(f"{remote.url}: no tags there")
    assert entered() == []


@pytest.mark.parametrize("url", ["ext::sh -c 'touch ran' ://", "--upload-pack=touch ran;://x", "fd://0"])
def test_an_address_runs_no_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fetch", "v4.2", f"--from={url}"]) == 1
    one_line(capsys.readouterr().err)
    assert not list(tmp_path.rglob("ran"))


def test_a_hook_that_calls_kscan_does_not_redirect_it(
    remote: RemoteRepository, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_history(tmp_path / "other.git", {"v9.0": kernel("v4.2", "v9.0")})
    before = sorted(path.name for path in other.rglob("*"))
    monkeypatch.setenv("GIT_DIR", str(other))
    assert bring(again(remote, home), "v4.2", sets=SMALL) == ["v4.2"]
    assert sorted(path.name for path in other.rglob("*")) == before


# Which repository is meant.


@pytest.mark.parametrize(
    ("word", "mainline", "stable"),
    [
        ("github", "https://github.com/torvalds/linux.git", "https://github.com/gregkh/linux.git"),
        (
            "kernel.org",
            "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
            "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git",
        ),
        (
            "github-raw",
            "https://raw.githubusercontent.com/torvalds/linux/{tag}/{path}",
            "https://raw.githubusercontent.com/gregkh/linux/{tag}/{path}",
        ),
        (
            "cgit",
            "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/plain/{path}?h={tag}",
            "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git/plain/{path}?h={tag}",
        ),
    ],
)
@pytest.mark.parametrize(
    ("tags", "first_half", "second_half"),
    [
        ("v4.2 v4.3", "v4.2 v4.3", ""),
        ("v4.2.1 v5.6.19", "", "v4.2.1 v5.6.19"),
        ("v5.6.4 v4.2 v5.12-rc1-dontuse 5.6.5 v5.*", "v4.2 v5.12-rc1-dontuse v5.*", "v5.6.4 5.6.5"),
        ("v2.6.39 v2.6.39.4 v2.6.11-tree", "v2.6.39 v2.6.11-tree", "v2.6.39.4"),
    ],
)  # fmt: skip
def test_stable_releases_lie_in_a_repository_of_their_own(
    word: str, mainline: str, stable: str, tags: str, first_half: str, second_half: str
) -> None:
    found = {source.name: asked for source, asked in sources_for(word, tags.split())}
    wanted = {mainline: first_half.split(), stable: second_half.split()}
    assert found == {name: asked for name, asked in wanted.items() if asked}
