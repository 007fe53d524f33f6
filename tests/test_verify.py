"""Verify: what ships beside the tags of a repository, file by file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kscan.blobs import blob_id
from kscan.dataset.folder import DROP, Decision
from kscan.dataset.make import make
from kscan.errors import SourceError
from kscan.layers.shipped import ShippedLayer
from kscan.progress import Progress
from kscan.verify import Verified, verify
from tests.datasets import kscan, scanned
from tests.kernels import Files, make_history, makefile

A, B, ASM = "include/uapi/linux/a.h", "include/uapi/linux/b.h", "arch/x86/include/uapi/asm/c.h"
VENDOR = "include/uapi/linux/vendor.h"
GENERIC = "include/uapi/asm-generic/d.h"

V42: Files = {
    "Makefile": makefile("v4.2"),
    A: "#define X 1\n",
    ASM: "#define C 1\n",
    "net/core/filter.c": "int f;\n",
}
# What ships of v4.3 was read from a point release of a vendor's tree.
V43: Files = {"Makefile": makefile("v4.3.6"), A: "#define X 2\n", B: "#define Y 1\n", VENDOR: "#define V 1\n"}
CLEAN = {path: text for path, text in V43.items() if path != VENDOR}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships of v4.2, and of v4.3 read as v4.3.6; a header of the vendor's is dropped."""
    made = tmp_path_factory.mktemp("verify")
    folder = scanned(made / "data", {"v4.2": V42, "v4.3": V43})
    folder.write_decisions([Decision("v4.3", DROP, "uapi", "linux/vendor.h", (), "a vendor's")])
    make(folder, made / "shipped.sqlite")
    return made / "shipped.sqlite"


@pytest.fixture
def layer(data: Path) -> Iterator[ShippedLayer]:
    layer = ShippedLayer(str(data))
    yield layer
    layer.close()


def held(layer: ShippedLayer, repository: Path) -> dict[str, Verified]:
    found = verify(layer, str(repository), layer.releases.values(), Progress())
    return {verified.release.tag: verified for verified in found}


def differing(verified: Verified) -> dict[str, str]:
    return {file.path: file.status for file in verified.files if file.status != "same"}


def without(files: Files, *paths: str) -> Files:
    return {path: text for path, text in files.items() if path not in paths}


@pytest.mark.parametrize(
    ("v42", "differs"),
    [
        pytest.param(V42, {}, id="same"),
        pytest.param({**V42, A: "#define X 9\n"}, {A: "different"}, id="different"),
        pytest.param({**V42, A: "#define X 1 \n"}, {A: "different"}, id="a-blank"),
        pytest.param(without(V42, A), {A: "missing"}, id="missing"),
        pytest.param({**without(V42, A), B: V42[A]}, {A: "missing", B: "unrecorded"}, id="renamed"),
        pytest.param({**V42, B: "\n"}, {B: "unrecorded"}, id="unrecorded"),
        pytest.param(
            {**V42, "arch/x86/include/uapi/asm/new.h": "\n"},
            {"arch/x86/include/uapi/asm/new.h": "unrecorded"},
            id="unrecorded-of-the-architecture",
        ),
        pytest.param(
            {**V42, "net/core/filter.c": "int g;\n"}, {"net/core/filter.c": "different"}, id="internal"
        ),
        pytest.param({**V42, GENERIC: "\n"}, {}, id="hidden-by-the-architecture's"),
        pytest.param({**V42, "arch/arm/include/uapi/asm/new.h": "\n"}, {}, id="another-architecture's"),
        pytest.param(
            {**V42, "include/uapi/linux/Kbuild": "\n", "include/linux/in.h": "\n"}, {}, id="not-exported"
        ),
        pytest.param({**V42, "Makefile": makefile("v4.2") + "all:\n"}, {}, id="no-header"),
        pytest.param({**V42, VENDOR: "\n"}, {VENDOR: "unrecorded"}, id="dropped-in-another-release"),
    ],
)
def test_files_are_held_against_a_tag(
    layer: ShippedLayer, tmp_path: Path, v42: Files, differs: Mapping[str, str]
) -> None:
    found = held(layer, make_history(tmp_path / "linux.git", {"v4.2": v42, "v4.3.6": CLEAN}))
    assert differing(found["v4.2"]) == differs
    assert found["v4.2"].count("same") == 3 - sum(status != "unrecorded" for status in differs.values())
    assert sum(found["v4.2"].count(s) for s in ("same", "different", "missing", "unrecorded")) == len(
        found["v4.2"].files
    )
    assert differing(found["v4.3"]) == {}


def test_blob_ids_are_told(layer: ShippedLayer, tmp_path: Path) -> None:
    found = held(layer, make_history(tmp_path / "linux.git", {"v4.2": {A: "other\n", B: "more\n"}}))
    ids = {file.path: (file.recorded, file.found) for file in found["v4.2"].files}
    assert ids[A] == (blob_id(V42[A].encode()), blob_id(b"other\n"))
    assert ids[B] == (None, blob_id(b"more\n"))
    assert ids[ASM] == (blob_id(V42[ASM].encode()), None)


OTHER: Files = {**CLEAN, A: "#define X 3\n"}


@pytest.mark.parametrize(
    ("tags", "against", "exact", "differs"),
    [
        pytest.param({"v4.3.6": CLEAN}, "v4.3.6", True, {}, id="the-exact-tag"),
        pytest.param({"v4.3.6": OTHER}, "v4.3.6", True, {A: "different"}, id="the-exact-tag-differs"),
        pytest.param({"v4.3": CLEAN}, "v4.3", False, {}, id="the-release's-tag"),
        pytest.param({"v4.3": OTHER}, "v4.3", False, {A: "different"}, id="the-release's-tag-differs"),
        pytest.param({"v4.3": OTHER, "v4.3.6": CLEAN}, "v4.3.6", True, {}, id="both"),
        pytest.param({"v4.3.5": CLEAN, "v4.4": CLEAN}, None, False, {}, id="neither"),
        pytest.param({"v4.3.6": V43}, "v4.3.6", True, {}, id="what-was-dropped-is-no-surprise"),
    ],
)
def test_the_tag_of_the_exact_version_comes_first(
    layer: ShippedLayer,
    tmp_path: Path,
    tags: Mapping[str, Files],
    against: str | None,
    exact: bool,
    differs: Mapping[str, str],
) -> None:
    found = held(layer, make_history(tmp_path / "linux.git", tags))
    assert (found["v4.3"].against, found["v4.3"].is_exact) == (against, exact)
    assert differing(found["v4.3"]) == differs
    assert (found["v4.2"].against, found["v4.2"].is_exact, found["v4.2"].files) == (None, False, ())


@pytest.mark.parametrize("header", ["linux/b.h", "asm/c.h"], ids=["linux", "architecture"])
def test_a_dropped_header_is_not_unrecorded(tmp_path: Path, header: str) -> None:
    files: Files = {"Makefile": makefile("v4.2"), A: "#define X 1\n", B: "#define Y 1\n", ASM: "#define C 1\n"}
    folder = scanned(tmp_path / "data", {"v4.2": files})
    folder.write_decisions([Decision("v4.2", DROP, "uapi", header, (), "a vendor's")])
    make(folder, tmp_path / "shipped.sqlite")
    layer = ShippedLayer(str(tmp_path / "shipped.sqlite"))
    assert differing(held(layer, tmp_path / "data.git")["v4.2"]) == {}
    layer.close()


def test_plain_http_cannot_tell(layer: ShippedLayer) -> None:
    with pytest.raises(SourceError, match="plain HTTP cannot list a release's files"):
        list(verify(layer, "http://127.0.0.1:9/{tag}/{path}", layer.releases.values(), Progress()))


# As a command.

GOOD = {"v4.2": V42, "v4.3.6": CLEAN}
COLUMNS = ["tag", "exact", "against", "same", "different", "missing", "unrecorded"]


@pytest.mark.parametrize(
    ("tags", "code", "rows"),
    [
        pytest.param(GOOD, 0, [("v4.2", 3, 0, 0, 0), ("v4.3.6", 2, 0, 0, 0)], id="same"),
        pytest.param(
            {**GOOD, "v4.3.6": OTHER}, 1, [("v4.2", 3, 0, 0, 0), ("v4.3.6", 1, 1, 0, 0)], id="different"
        ),
        pytest.param(
            {**GOOD, "v4.2": without(V42, A)}, 1, [("v4.2", 2, 0, 1, 0), ("v4.3.6", 2, 0, 0, 0)], id="missing"
        ),
        pytest.param(
            {**GOOD, "v4.2": {**V42, B: "\n"}},
            1,
            [("v4.2", 3, 0, 0, 1), ("v4.3.6", 2, 0, 0, 0)],
            id="unrecorded",
        ),
        pytest.param(
            {"v4.2": V42, "v4.3": OTHER},
            0,
            [("v4.2", 3, 0, 0, 0), ("v4.3", 1, 1, 0, 0)],
            id="not-the-exact-tag",
        ),
        pytest.param({"v4.2": V42}, 0, [("v4.2", 3, 0, 0, 0), (None,) * 5], id="one-of-two"),
    ],
)
def test_exit_codes(
    data: Path, tmp_path: Path, tags: Mapping[str, Files], code: int, rows: list[tuple[object, ...]]
) -> None:
    repository = make_history(tmp_path / "linux.git", tags)
    done = kscan("verify", "--repo", repository, "--format", "json", KSCAN_DATA=str(data))
    lacking = f"{repository} has no such tag: v4.3\n" if rows[1][0] is None else ""
    assert (done.returncode, done.stderr) == (code, lacking)
    found = json.loads(done.stdout)
    assert [list(row) for row in found] == [COLUMNS] * 2
    assert [(row["tag"], row["exact"]) for row in found] == [("v4.2", "v4.2"), ("v4.3", "v4.3.6")]
    assert [tuple(row[column] for column in COLUMNS[2:]) for row in found] == rows


def test_what_could_not_be_compared_at_all_is_not_verified(data: Path, tmp_path: Path) -> None:
    repository = make_history(tmp_path / "linux.git", {"v4.9": V42})
    done = kscan("verify", "--repo", repository, KSCAN_DATA=str(data))
    assert done.returncode != 0


def test_files_are_listed(data: Path, tmp_path: Path) -> None:
    changed: Files = {**without(V42, ASM), A: "other\n", B: "more\n"}
    repository = make_history(tmp_path / "linux.git", {**GOOD, "v4.2": changed})
    done = kscan("verify", "--repo", repository, "--files", "--format", "json", KSCAN_DATA=str(data))
    assert (done.returncode, done.stderr) == (1, "")
    assert sorted(json.loads(done.stdout), key=lambda row: str(row["path"])) == [
        {"tag": "v4.2", "against": "v4.2", "path": ASM, "status": "missing",
         "recorded": blob_id(V42[ASM].encode()), "found": None},
        {"tag": "v4.2", "against": "v4.2", "path": A, "status": "different",
         "recorded": blob_id(V42[A].encode()), "found": blob_id(b"other\n")},
        {"tag": "v4.2", "against": "v4.2", "path": B, "status": "unrecorded", "recorded": None,
         "found": blob_id(b"more\n")},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["v4.2"], ["v4.2"]),
        (["4.3"], ["v4.3"]),
        (["v4.*"], ["v4.2", "v4.3"]),
        (["v4.3", "v4.2"], ["v4.2", "v4.3"]),
        (["v4.2", "4.2", "v4.2*"], ["v4.2"]),
    ],
    ids=["tag", "version", "pattern", "two", "one-thrice"],
)
def test_releases_are_chosen(data: Path, tmp_path: Path, words: list[str], tags: list[str]) -> None:
    repository = make_history(tmp_path / "linux.git", GOOD)
    done = kscan("verify", *words, "--repo", repository, "--format", "json", KSCAN_DATA=str(data))
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["tag"] for row in json.loads(done.stdout)] == tags


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--repo", "/nowhere"], 1, "kscan: /nowhere: no such repository"),
        (["--repo", "{here}"], 1, "kscan: {here}: not a git repository"),
        (["--repo", "{here}/file"], 1, "kscan: {here}/file: not a git repository"),
        (["v4.4", "--repo", "{repository}"], 1, "kscan: no release v4.4 in the data that ships; near: v4.2,"),
        (["v5.*", "--repo", "{repository}"], 1, "kscan: no release v5.* in the data that ships"),
        (["v4.2"], 2, "usage: kscan verify"),
    ],
    ids=["nowhere", "no-repository", "a-file", "tag", "pattern", "no-repo"],
)  # fmt: skip
def test_what_cannot_be_held_against(
    data: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").write_text("none")
    places = {"here": str(tmp_path / "here"), "repository": str(make_history(tmp_path / "linux.git", GOOD))}
    done = kscan("verify", *(word.format(**places) for word in arguments), KSCAN_DATA=str(data))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said.format(**places))
    assert len(done.stderr.splitlines()) == 1 or code == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "kscan: KSCAN_DATA is empty: there is no data to verify\n"),
     ("/nowhere/data.sqlite", "kscan: /nowhere/data.sqlite is not there, the data that ships; ")],
    ids=["empty", "gone"],
)  # fmt: skip
def test_without_data_there_is_nothing_to_verify(given: str, said: str) -> None:
    done = kscan("verify", "--repo", "/nowhere", KSCAN_DATA=given)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
