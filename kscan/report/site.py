"""The report: a site that opens from disk, and the same as CSV, JSON and Markdown."""

import json
from collections.abc import Iterable, Iterator, Sequence
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
from kscan.report.export import writing
from kscan.report.frames import csv_files
from kscan.report.pages import pages
from kscan.report.papers import papers

# What a report wrote: what of it is no longer written goes when the next is.
_MANIFEST = "kscan-manifest.txt"


def write_report(
    history: History, out: str, chosen: HeaderSet | None = None, tags: Sequence[str] | None = None
) -> list[Path]:
    """Writes a report to the folder `out`; returns the paths of its pages.

    Names are those of the headers that `chosen` covers, by default all; releases are those of the mainline,
    or of `tags`. The same data give the same bytes. Raises UnknownTag, and KscanError where the folder
    cannot be written.
    """
    content = Content(history, chosen, tags)
    folder = Path(out)
    before = _written(folder)
    names = []
    for name, text in _files(content):
        _write(folder / name, text)
        names.append(name)
    _write(folder / _MANIFEST, "".join(f"{name}\n" for name in sorted(names)))
    for path in before.difference(_real(folder / name) for name in (*names, _MANIFEST)):
        # What cannot be removed, such as a folder in the place of a file, was not written by a report.
        with suppress(OSError):
            path.unlink()
    return [folder / name for name in names if name.endswith(".html") and "/" not in name]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KscanError(f"{path.parent}: cannot be written: {error.strerror}") from None
    with writing(str(path)) as stream:
        stream.write(text)


def _real(path: Path) -> Path:
    """Where a file lies; one that is a link lies where the link does."""
    return path.parent.resolve() / path.name


def _written(folder: Path) -> set[Path]:
    """The files that an earlier report wrote to a folder; nothing outside it, whatever its list says."""
    try:
        names = (folder / _MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    root = folder.resolve()
    paths = {_real(folder / name) for name in names if "\0" not in name}
    return {path for path in paths if path.is_relative_to(root)}


def _files(content: Content) -> Iterator[tuple[str, str]]:
    """Each file's path in the report with its text."""
    yield from pages(content)
    yield from _assets()
    yield from _data(content)
    yield "growth.svg", chart(content.tags, content.series, content.growth_about)
    yield from csv_files(content)
    yield from papers(content)
    for path, answer in api(content):
        yield f"api/v1/{path}", _json(answer)


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
          chunks(content.symbols, (struct.name for struct in content.structs)).items()),
    )  # fmt: skip
    for name, data in parts:
        yield f"data/{name}.js", script(name, data)
