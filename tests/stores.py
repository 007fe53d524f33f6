"""Small histories written straight into a store: a release is its files and the facts in them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kscan.batch import Batch
from kscan.blobs import blob_id
from kscan.history import History
from kscan.model import INTERNAL, UAPI, Fact, Reading, Trace
from kscan.store import FileRow, ReleaseRow, Store

LINK = "https://github.com/torvalds/linux/blob/{tag}/{path}#{lines}"
UNREAD = Reading(failure="line 3: no C")

Facts = Iterable[Fact] | Reading


class Made(NamedTuple):
    """A release: facts by header (an internal file by its path), and what else a store knows of it."""

    files: Mapping[str, Facts]
    exact: str | None = None
    sets: tuple[str, ...] = ("uapi",)
    is_label: bool = False
    permalink: str | None = LINK
    source: str = "/kernels"
    suspicion: str | None = None
    profile: str = "x86-64"


def fact(name: str, value: int | str | None = 1, kind: str = "macro", line: int = 1, **more: Any) -> Fact:
    """A fact in one line of its file."""
    given = {"type": "int" if isinstance(value, int) else None, **more}
    return Fact(kind, name, line, given.pop("end_line", line), value, **given)


def member(name: str, at: int, size: int, kind: str = "__u32", **more: Any) -> Fact:
    """A member `at` so many bytes from the start of its struct."""
    return fact(name, None, "member", type=kind, bit_offset=8 * at, size=size, **more)


def enter(store: Store, tag: str, made: Made) -> None:
    """Enters a release as a scan does."""
    rows = []
    for header, facts in made.files.items():
        reading = facts if isinstance(facts, Reading) else Reading(tuple(facts))
        inside = header.startswith("include/") or header.endswith(".c")
        path = header if inside else f"include/uapi/{header}"
        blob = blob_id(f"{tag} {path}".encode())
        (number,) = store.add_readings(Batch.of([(Trace(blob, "test", ""), reading)]))
        rows.append(FileRow(INTERNAL if inside else UAPI, header, path, blob, number))
    exact = made.exact if made.exact is not None else "" if made.is_label else tag
    store.add_release(
        ReleaseRow(tag, made.profile, made.is_label, exact, made.source, None, made.permalink, made.sets,
                   made.suspicion), rows,
    )  # fmt: skip


def history(releases: Mapping[str, Made | Mapping[str, Facts]], path: Path | None = None) -> History:
    """The history of releases entered in the order given."""
    store = Store(path)
    for tag, made in releases.items():
        enter(store, tag, made if isinstance(made, Made) else Made(made))
    store.db.close()
    return History(path)
