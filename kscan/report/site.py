"""The report: a site that opens from disk, and the same as CSV, JSON and Markdown."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from kscan.catalog.sets import HeaderSet
from kscan.errors import KscanError
from kscan.history import History
from kscan.report.api import api
from kscan.report.browser import chunks, diff_data, growth_data, index, script
from kscan.report.chart import chart
from kscan.report.content import Content
from kscan.report.pages import pages
from kscan.report.papers import papers
from kscan.report.sheets import csv_files
from kscan.writing import writing

# What a report wrote: what of it is no longer written goes when the next is.
_MANIFEST = "kscan-manifest.txt"


def write_report(
    history: History, out: str, chosen: HeaderSet | None = None, tags: Sequence[str] | None = None
) -> list[Path]:
    """Writes a report to the folder `out`; returns the paths of its pages.

    Names are those of the headers that `chosen` covers, by default all; releases are those of the mainline,
    or of `tags`. The same data give the same bytes. Raises UnknownTag, and KscanError where the folder
    cannot be written, or has a file of somebody else's where one of the report's would lie.
    """
    folder = Path(out)
    files = _files(Content(history, chosen, tags))
    before = _written(folder)
    foreign = min((n for n in files.keys() - before if os.path.lexists(folder / n)), default=None)
    if foreign:
        raise KscanError(f"{folder / foreign} was not written by a report; name another folder with --out")
    # Listed before they are there: the next report knows what one that was interrupted wrote.
    _list(folder, before | files.keys())
    for name, text in files.items():
        _write(folder / name, text)
    _list(folder, files.keys())
    for name in before - files.keys():
        # What cannot be removed, such as a folder in the place of a file, was not written by a report.
        with suppress(OSError):
            _real(folder / name).unlink()
    return [folder / name for name in files if name.endswith(".html") and "/" not in name]


def _list(folder: Path, names: Set[str]) -> None:
    _write(folder / _MANIFEST, "".join(f"{name}\n" for name in sorted(names)))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KscanError(f"{path.parent}: cannot be written: {error.strerror}") from None
    with writing(path) as stream:
        stream.write(text)


def _real(path: Path) -> Path:
    """Where a file lies; one that is a link lies where the link does."""
    return path.parent.resolve() / path.name


def _written(folder: Path) -> set[str]:
    """The files that an earlier report wrote to a folder; nothing outside it, whatever its list says."""
    try:
        names = (folder / _MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    root = folder.resolve()
    paths = (_real(folder / name) for name in names if "\0" not in name)
    found = {path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root)}
    return found - {_MANIFEST}


def _files(content: Content) -> dict[str, str]:
    """Each file's path in the report with its text."""
    found: dict[str, str] = {}
    alike: set[str] = set()
    for path, text in (
        *pages(content),
        *_assets(),
        *_data(content),
        ("growth.svg", chart(content.tags, content.series, content.growth_about)),
        *csv_files(content),
        *papers(content),
        *((f"api/v1/{path}", _json(answer)) for path, answer in api(content)),
    ):
        # Some systems do not tell upper from lower case.
        assert path.casefold() not in alike, f"two files of a report are called {path}"
        alike.add(path.casefold())
        found[path] = text
    return found


def _json(answer: object) -> str:
    """JSON with a line for each row, or each key, of the outermost: what changes is a line changed."""
    if isinstance(answer, list):
        return "[" + ",".join(f"\n{_compact(row)}" for row in answer) + "\n]\n"
    assert isinstance(answer, dict)
    lines = (f"\n{_compact(key)}: {_compact(value)}" for key, value in answer.items())
    return "{" + ",".join(lines) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _assets() -> Iterator[tuple[str, str]]:
    for folder in ("assets", "vendor"):
        for found in sorted(files("kscan.report").joinpath(folder).iterdir(), key=lambda file: file.name):
            if not found.name.endswith(".md"):
                yield f"assets/{found.name}", found.read_text(encoding="utf-8")


def _data(content: Content) -> Iterator[tuple[str, str]]:
    parts: Iterable[tuple[str, object]] = (
        ("names", index(content.symbols)),
        ("growth", growth_data(content.releases, content.series)),
        ("diff", diff_data(content.symbols)),
        *((f"symbols/{chunk}", names) for chunk, names in
          chunks(content.symbols, content.struct_files).items()),
    )  # fmt: skip
    for name, data in parts:
        yield f"data/{name}.js", script(name, data)
