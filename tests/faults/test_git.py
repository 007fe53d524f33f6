"""Repositories made to mislead: odd tags, paths, links and sizes; and a cache whose objects are damaged."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.faults.running import Done, fetch, kscan, told
from tests.fuzz.bounded import held
from tests.fuzz.laws import asked
from tests.kernels import make_history
from tests.sources.scanning import git

SOURCES = pytest.mark.parametrize("form", ["{}", "file://{}"], ids=["disk", "network"])
WANTED = ("--headers", "linux/if_packet.h")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    return make_history(tmp_path / "hostile.git")


def ref(folder: Path, tag: str, commit: str) -> None:
    """A tag of any name that git lets a repository have."""
    subprocess.run(["git", "update-ref", os.fsencode(f"refs/tags/{tag}"), commit], cwd=folder, check=True)


@SOURCES
def test_a_tag_that_continues_after_a_wide_space_is_another(hostile: Path, form: str, tmp_path: Path) -> None:
    """U+3000 is a space to Python, and to git a letter as any other."""
    other = git(hostile, "rev-parse", "v4.2^{commit}")
    ref(hostile, f"v4.3\u3000{other}", other)
    assert fetch(form.format(hostile), tmp_path / "home", "v4.3").code == 0
    done = kscan("has", "PACKET_FANOUT_EBPF", "--in", "v4.3", home=tmp_path / "home")
    assert (done.code, done.said) == (0, "PACKET_FANOUT_EBPF: in v4.3\n")


@SOURCES
@pytest.mark.parametrize(
    "space", ["\u3000", "\u2028", "\x85", "\u00a0"], ids=["wide", "line", "next", "no-break"]
)
def test_a_tag_with_a_space_spoils_no_other(hostile: Path, form: str, space: str, tmp_path: Path) -> None:
    ref(hostile, f"v4.3{space}evil", git(hostile, "rev-parse", "v4.2^{commit}"))
    done = fetch(form.format(hostile), tmp_path / "home", "v4.3")
    assert (done.code, done.complained) == (0, "v4.3: read\n")


@SOURCES
def test_odd_tags_are_tags(hostile: Path, form: str, tmp_path: Path) -> None:
    commit = git(hostile, "rev-parse", "v4.3^{commit}")
    source, ran = form.format(hostile), tmp_path / "ran"
    names = [
        "-v",
        "--upload-pack=sh",
        f"--upload-pack=touch${{IFS}}{ran.name}",
        "v9'q",
        'v9"q',
        "v9;w",
        "v9|w",
        "\u0661",
        "v9#",
        "@",
    ]
    for name in names:
        ref(hostile, name, commit)
        done = kscan("fetch", *WANTED, "--from", source, "--", name, home=tmp_path / "home")
        assert (done.code, done.complained) == (0, f"{name}: read\n")
    assert not list(tmp_path.rglob(ran.name))


@SOURCES
@pytest.mark.parametrize(
    "name",
    [
        "a..b",
        "v4.3\nv4.2",
        "v4.*:refs/heads/x",
        "+v4.3",
        "",
        " ",
        "a/../v4.3",
    ],
)
def test_what_can_be_no_tag_is_unknown(hostile: Path, form: str, name: str, tmp_path: Path) -> None:
    done = kscan("fetch", *WANTED, "--from", form.format(hostile), "--", name, home=tmp_path / "home")
    assert done.code in (1, 2), done
    if not done.complained.startswith("usage: "):
        assert done.line.startswith("no release ")


def commit_of(folder: Path, listing: bytes) -> str:
    """A commit of a tree with odd entries."""
    made = subprocess.run(
        ["git", "mktree", "--missing", "-z"], cwd=folder, input=listing, capture_output=True, check=True
    )
    return git(folder, "commit-tree", made.stdout.decode().strip(), "-m", "odd")


@SOURCES
def test_a_path_that_is_no_text_hides_no_other(hostile: Path, form: str, tmp_path: Path) -> None:
    """A header in Latin-1, beside all others of user space."""
    blob = git(hostile, "hash-object", "-w", "--stdin", stdin="#define OUR_ODD 1\n")
    listing = b"".join(
        entry + b"\0"
        for entry in subprocess.run(
            ["git", "ls-tree", "-r", "-z", "v4.3"], cwd=hostile, capture_output=True, check=True
        ).stdout.split(b"\0")
        if entry
    )
    listing += b"100644 blob " + blob.encode() + b"\tinclude/uapi/linux/\xfcber.h\0"
    index = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}
    subprocess.run(
        ["git", "update-index", "-z", "--add", "--index-info"],
        cwd=hostile,
        input=listing,
        check=True,
        env=index,
    )
    tree = subprocess.run(
        ["git", "write-tree"], cwd=hostile, capture_output=True, text=True, check=True, env=index
    ).stdout.strip()
    ref(hostile, "v4.4", git(hostile, "commit-tree", tree, "-m", "odd"))
    done = kscan("fetch", "v4.4", "--set", "uapi", "--from", form.format(hostile), home=tmp_path / "home")
    assert done.code == 0, done
    assert kscan("has", "PACKET_FANOUT_EBPF", "--in", "v4.4", home=tmp_path / "home").code == 0


def test_a_header_file_that_is_no_text_hides_no_other(tmp_path: Path, hostile: Path) -> None:
    """The same in a folder."""
    tree = tmp_path / "tree"
    tree.mkdir()
    subprocess.run(f"git archive v4.3 | tar -x -C '{tree}'", shell=True, cwd=hostile, check=True)
    Path(os.fsdecode(os.fsencode(tree) + b"/include/uapi/linux/\xfcber.h")).write_text("#define OUR_ODD 1\n")
    done = kscan("scan", tree, "--as", "mine", "--set", "uapi", home=tmp_path / "home")
    assert done.code == 0, done
    assert kscan("has", "PACKET_FANOUT_EBPF", "--in", "mine", home=tmp_path / "home").code == 0


@SOURCES
def test_links_and_submodules_are_no_files(hostile: Path, form: str, tmp_path: Path) -> None:
    """A header that is a link out of the tree, and one that is a submodule."""
    target = git(hostile, "hash-object", "-w", "--stdin", stdin="/etc/passwd")
    commit = git(hostile, "rev-parse", "v4.2^{commit}")
    index = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}
    subprocess.run(["git", "read-tree", "v4.3"], cwd=hostile, check=True, env=index)
    entries = f"120000 {target}\tinclude/uapi/linux/link.h\n160000 {commit}\tinclude/uapi/linux/sub.h\n"
    entries += f"100644 {git(hostile, 'hash-object', '-w', '--stdin', stdin='[submodule x]')}\t.gitmodules\n"
    filtered = git(
        hostile,
        "hash-object",
        "-w",
        "--stdin",
        stdin="* filter=evil ident working-tree-encoding=UTF-16 eol=crlf\n",
    )
    entries += f"100644 {filtered}\t.gitattributes\n"
    subprocess.run(
        ["git", "update-index", "--add", "--index-info"],
        cwd=hostile,
        input=entries,
        text=True,
        check=True,
        env=index,
    )
    tree = subprocess.run(
        ["git", "write-tree"], cwd=hostile, capture_output=True, text=True, check=True, env=index
    ).stdout.strip()
    ref(hostile, "v4.4", git(hostile, "commit-tree", tree, "-m", "odd"))
    git(hostile, "config", "filter.evil.smudge", f"touch {tmp_path / 'ran'}")
    git(hostile, "config", "filter.evil.clean", f"touch {tmp_path / 'ran'}")
    done = kscan(
        "fetch", "v4.3", "v4.4", "--set", "uapi", "--from", form.format(hostile), home=tmp_path / "home"
    )
    assert done.code == 0, done
    assert kscan("diff", "v4.3", "v4.4", "--format", "csv", home=tmp_path / "home").said.count("\n") == 1
    assert not (tmp_path / "ran").exists()


@SOURCES
def test_a_huge_header_takes_little(hostile: Path, form: str, tmp_path: Path) -> None:
    """300 MB of nothing, 300 kB in the repository. Over HTTP and in archives a file has an end."""
    big = tmp_path / "big"
    with open(big, "wb") as file:
        file.truncate(300 << 20)
    blob = git(hostile, "hash-object", "-w", str(big))
    index = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}
    subprocess.run(["git", "read-tree", "v4.3"], cwd=hostile, check=True, env=index)
    entry = f"100644 {blob}\tinclude/uapi/linux/if_packet.h\n"
    subprocess.run(
        ["git", "update-index", "--index-info"], cwd=hostile, input=entry, text=True, check=True, env=index
    )
    tree = subprocess.run(
        ["git", "write-tree"], cwd=hostile, capture_output=True, text=True, check=True, env=index
    ).stdout.strip()
    ref(hostile, "v4.4", git(hostile, "commit-tree", tree, "-m", "huge"))
    words = ("fetch", "v4.4", *WANTED, "--from", form.format(hostile))
    held(lambda: asked(*words), seconds=8, megabytes=600)


DAMAGE = (
    "a byte of a pack",
    "noise for an index",
    "no config",
    "a ref of noise",
    "no objects",
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_one_line_or_mended(
    damage: str, repository: Path, tmp_path: Path, right: list[Done]
) -> None:
    home = tmp_path / "home"
    url = f"file://{repository}"
    assert fetch(url, home).code == 0
    (home / "kscan.sqlite").unlink()
    _spoil(damage, next((home / "git").iterdir()))
    done = fetch(url, home)
    if done.code == 0:
        assert [answer.said for answer in told(home)] == [answer.said for answer in right]
    else:
        assert done.line
        assert kscan("releases", home=home).code == 1


def _spoil(damage: str, cache: Path) -> None:  # noqa: C901 - a case each
    packs = sorted(cache.glob("objects/pack/*.pack"), key=lambda path: path.stat().st_size)
    indexes = list(cache.glob("objects/pack/*.idx"))
    for path in (*packs, *indexes):
        path.chmod(0o644)
    match damage:
        case "a byte of a pack":
            chance = random.Random(2)
            for pack in packs:
                data = bytearray(pack.read_bytes())
                for _ in range(8):
                    data[chance.randrange(20, len(data) - 20)] ^= 0x41
                pack.write_bytes(data)
        case "half a pack":
            os.truncate(packs[-1], packs[-1].stat().st_size // 2)
        case "no index":
            for path in indexes:
                path.unlink()
        case "noise for an index":
            for path in indexes:
                path.write_bytes(random.Random(3).randbytes(2000))
        case "no config":
            (cache / "config").unlink()
        case "no HEAD":
            (cache / "HEAD").unlink()
        case "a ref of noise":
            (cache / "refs/tags").mkdir(exist_ok=True, parents=True)
            (cache / "refs/tags/v4.3").write_text("noise\n")
        case "no objects":
            for path in (*packs, *indexes):
                path.unlink()
