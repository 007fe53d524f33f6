"""Small datasets: releases in a store, the text collected from it, the file made of that."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kscan.batch import Batch
from kscan.blobs import blob_id
from kscan.dataset.collect import collect
from kscan.dataset.folder import Decision, Folder, ReleaseLine
from kscan.dataset.make import make
from kscan.history import History
from kscan.model import INTERNAL, UAPI, Reading, Trace
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import FileRow, ReleaseRow, Store
from kscan.version import KernelVersion, github_link
from tests.kernels import make_history
from tests.stores import Facts, Made

Releases = Mapping[str, Made | Mapping[str, Facts]]

NOWHERE = "/nowhere/kscan.sqlite"


def path_of(tag: str, header: str) -> str:
    """Where a release keeps a file: user space's headers lie in include/ until v3.7; a path is a path."""
    if is_internal(header):
        return header
    old = (KernelVersion.parse(tag) or KernelVersion("v9.0")) < KernelVersion("v3.7")
    return f"include/{header}" if old else f"include/uapi/{header}"


def is_internal(header: str) -> bool:
    return header.startswith(("include/", "net/", "Documentation/"))


def store_of(path: Path, releases: Releases) -> Store:
    """A store with releases, in the order given; a content that is equal has one blob id in all of them."""
    store = Store(path)
    store.db.execute("PRAGMA synchronous = OFF")
    for tag, made in releases.items():
        enter(store, tag, made if isinstance(made, Made) else Made(made))
    return store


def enter(store: Store, tag: str, made: Made) -> None:
    """Enters a release as a scan does."""
    rows = []
    for header, facts in made.files.items():
        reading = facts if isinstance(facts, Reading) else Reading(tuple(facts))
        blob = blob_id(repr((header, reading)).encode())
        (number,) = store.add_readings(Batch.of([(Trace(blob, "test", ""), reading)]))
        scope = INTERNAL if is_internal(header) else UAPI
        rows.append(FileRow(scope, header, path_of(tag, header), blob, number))
    exact = made.exact if made.exact is not None else "" if made.is_label else tag
    link = None if made.is_label else github_link(KernelVersion(exact))
    commit = None if made.is_label else blob_id(tag.encode())
    store.add_release(
        ReleaseRow(tag, "x86-64", made.is_label, exact, made.source, commit, link, made.sets, made.suspicion),
        rows,
    )


def finals(tags: Iterable[str]) -> list[str]:
    """The mainline releases of some tags, as they enter the data that ships."""
    return [tag for tag in tags if (version := KernelVersion.parse(tag)) is not None and version.is_final]


def text_of(folder: Path, releases: Releases, decisions: Iterable[Decision] = ()) -> Folder:
    """The dataset's text of the mainline releases, collected from a store beside it."""
    store = store_of(folder.with_name(f"{folder.name}.sqlite"), releases)
    text = Folder(folder)
    collect(store, text, finals(releases), {})
    store.db.close()
    given = list(decisions)
    if given:
        text.write_decisions(given)
    return text


def shipped(folder: Path, releases: Releases, decisions: Iterable[Decision] = ()) -> Path:
    """The file that ships of the mainline releases."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "shipped.sqlite"
    make(text_of(folder / "data", releases, decisions), file)
    return file


def of_store(path: Path, releases: Releases) -> History:
    """What a store of these releases answers alone."""
    store_of(path, releases).db.close()
    return History(path, data="")


def of_shipped(folder: Path, releases: Releases, decisions: Iterable[Decision] = ()) -> History:
    """What ships of these releases answers alone."""
    return History(NOWHERE, data=shipped(folder, releases, decisions))


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def release_line(tag: str, exact: str = "", **more: str) -> ReleaseLine:
    """A release of the dataset."""
    given = {"source": "/kernels", "commit": "", "sets": "uapi", **more}
    return ReleaseLine(tag, exact or tag, **given)


def write_text(folder: Path, ledgers: Mapping[str, str], releases: Iterable[ReleaseLine]) -> Folder:
    """A dataset's text as someone wrote it: ledgers by their path below the folder."""
    text = Folder(folder)
    text.write_releases(releases)
    for name, lines in ledgers.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(lines)
    return text


def scanned(folder: Path, releases: Mapping[str, Mapping[str, str]]) -> Folder:
    """The dataset's text of releases given as files, read from a git repository beside it."""
    repository = make_history(folder.with_name(f"{folder.name}.git"), releases)
    store = Store(folder.with_name(f"{folder.name}.sqlite"))
    with ThreadPoolExecutor(1) as executor:
        scan(DiskRepository(repository), list(releases), Request(("uapi",)), store, executor=executor)
    collect(store, text := Folder(folder), list(releases), {})
    store.db.close()
    return text


def kscan(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user has it."""
    return subprocess.run(
        [sys.executable, "-m", "kscan", *map(str, arguments)],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80", **environment},
    )  # fmt: skip
