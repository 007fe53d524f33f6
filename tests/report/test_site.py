"""The site as files: what a report writes, removes, leaves alone, and where its pages lead."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from kscan.errors import KscanError, UnknownTag
from kscan.history import History
from kscan.report.site import _write, write_report
from tests.report.reading import HISTORIES, A, Page, page, record, taken
from tests.stores import fact, history, member


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def listed(folder: Path) -> list[str]:
    return (folder / "kscan-manifest.txt").read_text().splitlines()


@pytest.fixture
def two() -> History:
    """A struct that only the first of two releases has, under the name it then lost."""
    return history({
        "v4.1": {A: record("s", 4, member("s.a", 0, 4)), "linux/b.h": [fact("X")]},
        "v4.2": {A: [fact("Y")]},
    })  # fmt: skip


def test_the_same_data_give_the_same_bytes(scanned: History, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(scanned, str(tmp_path / name))
    # Over what is there already, too.
    write_report(scanned, str(tmp_path / "two"))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_manifest_is_what_was_written(small: Path) -> None:
    assert sorted([*listed(small), "kscan-manifest.txt"]) == sorted(contents(small))
    assert len(set(listed(small))) == len(listed(small))


def test_the_pages_are_returned(two: History, tmp_path: Path) -> None:
    pages = write_report(two, str(tmp_path / "out"))
    assert sorted(pages) == sorted((tmp_path / "out").glob("*.html"))


def test_what_is_no_longer_written_goes(two: History, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_report(two, str(folder))
    first = set(listed(folder))
    write_report(two, str(folder), tags=["v4.2"])
    second = set(listed(folder))
    assert {"new/v4.1.html", "api/v1/releases/v4.1.json"} <= first - second
    assert set(contents(folder)) == {*second, "kscan-manifest.txt"}


def test_a_file_of_the_users_stays(two: History, tmp_path: Path) -> None:
    mine = {"notes.txt": b"mine", "new/mine.html": b"mine", "csv/.hidden": b"mine", "more/deep/file": b""}
    for name, data in mine.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for tags in (None, ["v4.2"]):
        write_report(two, str(tmp_path), tags=tags)
    assert mine.items() <= contents(tmp_path).items()


@pytest.mark.parametrize(
    "line",
    [
        "../outside/kept",
        "../../{name}/outside/kept",
        "csv/../../outside/kept",
        "{outside}/kept",
        "link/kept",
        "file",
        "csv/nowhere/../../../outside/kept",
    ],
)
def test_a_manifest_removes_nothing_outside(two: History, tmp_path: Path, line: str) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "kept").write_text("kept")
    (inside / "link").symlink_to(outside)
    (inside / "file").symlink_to(outside / "kept")
    said = line.format(outside=outside, name=tmp_path.name)
    (inside / "kscan-manifest.txt").write_text(f"{said}\n")
    assert (inside / said).resolve() == outside / "kept"
    write_report(two, str(inside))
    assert (outside / "kept").read_text() == "kept"


@pytest.mark.parametrize(
    "line",
    ["", ".", "..", "csv", "mine", "./index.html", "csv/../index.html", "kscan-manifest.txt", "index.html/x",
     "no/such", "a\0b", "x" * 300, "\r", "\ufeffindex.html", "/", "~"],
)  # fmt: skip
def test_whatever_a_manifest_says_the_report_is_whole(two: History, tmp_path: Path, line: str) -> None:
    write_report(two, str(tmp_path / "fresh"))
    folder = tmp_path / "used"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "notes.txt").write_text("mine")
    (folder / "kscan-manifest.txt").write_text(f"{line}\n")
    write_report(two, str(folder))
    assert contents(folder) == {**contents(tmp_path / "fresh"), "mine/notes.txt": b"mine"}


@pytest.mark.parametrize("name", ["index.html", "README.md", "csv/names.csv"])
@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/nowhere")])
def test_what_somebody_else_wrote_is_not_written_over(
    two: History, tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    folder = tmp_path / "out"
    (folder / name).parent.mkdir(parents=True)
    make(folder / name)
    before = set(folder.rglob("*"))
    with pytest.raises(KscanError, match=rf"{name} was not written by a report; name another folder"):
        write_report(two, str(folder))
    assert set(folder.rglob("*")) == before


def test_a_report_that_was_interrupted_is_written_again(
    two: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def interrupted(path: Path, text: str) -> None:
        nonlocal written
        written += 1
        if written > 9:
            raise KeyboardInterrupt
        _write(path, text)

    folder = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr("kscan.report.site._write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_report(two, str(folder))
    assert (folder / "index.html").exists()
    write_report(two, str(folder), tags=["v4.2"])
    assert set(contents(folder)) == {*listed(folder), "kscan-manifest.txt"}


def test_a_manifest_that_is_no_text_is_none(two: History, tmp_path: Path) -> None:
    (tmp_path / "kscan-manifest.txt").write_bytes(b"\xff\xfe\x00")
    write_report(two, str(tmp_path))
    assert "index.html" in listed(tmp_path)


def a_file(path: Path) -> Path:
    path.write_text("a file\n")
    return path


def a_file_in_the_place_of_a_folder(path: Path) -> Path:
    path.mkdir()
    a_file(path / "csv")
    return path


@pytest.mark.parametrize(
    "made",
    [a_file, lambda path: a_file(path) / "below", a_file_in_the_place_of_a_folder],
)
def test_where_nothing_can_be_written_one_line_says_so(
    two: History, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    folder = made(tmp_path / "out")
    with pytest.raises(KscanError, match=r"^.*out.*: cannot be written: \w") as raised:
        write_report(two, str(folder))
    assert "\n" not in str(raised.value)
    assert list(tmp_path.rglob("*.part")) == []


def test_a_report_that_cannot_be_is_no_folder(two: History, tmp_path: Path) -> None:
    with pytest.raises(UnknownTag):
        write_report(two, str(tmp_path / "out"), tags=["v4.9"])
    assert not (tmp_path / "out").exists()


def names_of(folder: Path) -> set[str]:
    _, index = taken((folder / "data" / "names.js").read_text())
    return {row[0] for row in index}


def tags_of(folder: Path) -> set[str]:
    return {row["tag"] for row in json.loads((folder / "api" / "v1" / "releases.json").read_text())}


def leads_nowhere(folder: Path) -> list[tuple[str, str]]:
    """The links of a report's pages that lead to no file, or to no place in one."""
    names, tags = names_of(folder), tags_of(folder)
    found = []
    for path in folder.rglob("*.html"):
        for link in page(path).links:
            parts = urlsplit(link)
            if parts.scheme in ("https", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            place = unquote(parts.fragment)
            good = target.is_file() and target.is_relative_to(folder.resolve())
            if good and place and target.name == "diff.html" and parts.path:
                good = len(place.split("..")) == 2 and tags.issuperset(place.split(".."))
            elif good and place and target.name == "name.html" and parts.path:
                good = place in names
            elif good and place:
                good = place in page(target).ids
            if not good:
                found.append((path.name, link))
    return found


def test_links_of_pages_lead_somewhere(found: History, tmp_path: Path) -> None:
    write_report(found, str(tmp_path))
    assert leads_nowhere(tmp_path) == []


def test_links_of_pages_lead_somewhere_of_what_ships(shipped: Path) -> None:
    assert leads_nowhere(shipped) == []
    assert len(list(shipped.rglob("*.html"))) > 300


def test_links_of_pages_lead_somewhere_of_some_releases(scanned: History, tmp_path: Path) -> None:
    write_report(scanned, str(tmp_path), tags=["v4.2"])
    assert leads_nowhere(tmp_path) == []
    assert tags_of(tmp_path) == {"v4.2"}


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("index.html", "nowhere.html"),
        ("index.html", "csv/nowhere.csv"),
        ("index.html", "../kscan-manifest.txt"),
        ("hooks.html", "#nowhere"),
        ("index.html", "hooks.html#nowhere"),
        ("index.html", "name.html#NOT_A_NAME"),
        ("structs/bpf_insn.html", "../diff.html#v4.2..v9.9"),
        ("index.html", "csv"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(small: Path, name: str, link: str) -> None:
    path = small / name
    path.write_text(path.read_text().replace("</body>", f'<a href="{link}">x</a></body>'))
    assert leads_nowhere(small) == [(path.name, link)]


def test_a_place_of_a_page_is_one_place(shipped: Path) -> None:
    for path in shipped.rglob("*.html"):
        assert [place for place, count in Counter(page(path).ids).items() if count > 1] == [], path


def test_every_file_of_the_site_is_led_to(small: Path) -> None:
    """Pages and what they load by themselves; data is loaded by what a page is asked for."""
    there = ("https:", "data:", "#")
    links = {
        (path.parent / unquote(urlsplit(link).path)).resolve()
        for path in small.rglob("*.html") for link in page(path).links if not link.startswith(there)
    }  # fmt: skip
    rest = {
        path.relative_to(small).as_posix()
        for path in small.rglob("*")
        if path.is_file() and path.resolve() not in links
    }
    assert {name for name in rest if name.endswith((".html", ".css", ".svg"))} == set()
    assert {name for name in rest if name.endswith(".js") and not name.startswith("data/")} == set()


def test_what_scripts_load_is_there(found: History, tmp_path: Path) -> None:
    write_report(found, str(tmp_path))
    data = {path.relative_to(tmp_path / "data").with_suffix("").as_posix(): taken(path.read_text())
            for path in (tmp_path / "data").rglob("*.js")}  # fmt: skip
    assert all(name == said for name, (said, _) in data.items())
    assert {"names", "growth", "diff"} <= data.keys()
    _, index = data["names"]
    for row in index:
        assert row[0] in data[f"symbols/{row[4]}"][1]["names"]


def test_a_name_that_the_report_lacks_is_no_link(tmp_path: Path) -> None:
    """A function of the kernel's own is proof of a hook, but has no place in a report."""
    found = history(
        {"v4.2": {"net/core/ptp_classifier.c": [fact("ptp_classify_raw", None, "function", type="int ()")]}}
    )
    write_report(found, str(tmp_path))
    text = (tmp_path / "hooks.html").read_text()
    assert "<code>ptp_classify_raw</code>" in text
    assert "name.html#ptp_classify_raw" not in text


def test_pages_of_releases_are_in_a_line(tmp_path: Path) -> None:
    write_report(history(HISTORIES["windows"]), str(tmp_path))
    around = {
        path.stem: [link for link in page(path).links if link.startswith("v")]
        for path in (tmp_path / "new").iterdir()
    }
    assert around == {
        "v4.0": ["v4.2.html"],
        "v4.2": ["v4.0.html", "v4.5.html"],
        "v4.5": ["v4.2.html", "v4.9.html"],
        "v4.9": ["v4.5.html"],
    }


def test_pages_say_what_they_are_of(small: Path) -> None:
    for path in small.rglob("*.html"):
        text = path.read_text()
        assert Page(text).ids.count("main") == 1
        assert "out of 3 kernels,\nv4.2 to v5.6, for x86-64" in text
