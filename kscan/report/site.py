"""The report: one HTML page and CSV files, from what is in the store."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from kscan import __version__
from kscan.catalog.sets import HeaderSet
from kscan.errors import KscanError
from kscan.history import History
from kscan.report.export import writing
from kscan.report.tables import (
    enums_table,
    fanout_table,
    flags_table,
    hooks_table,
    matrix_table,
    names_table,
    opcodes_table,
    releases_table,
    sections_table,
    sites_table,
)

# The tables of the kernel's own enums.
_ENUMS = {
    "helpers": ("bpf_func_id",),
    "maps": ("bpf_map_type",),
    "progs": ("bpf_prog_type", "bpf_attach_type", "bpf_link_type"),
    "commands": ("bpf_cmd",),
}


def write_report(history: History, out: str, chosen: HeaderSet | None = None) -> list[Path]:
    """Writes index.html and its tables as CSV to the folder `out`; returns their paths.

    Names are those of the headers that `chosen` covers, by default all. The same data give the same
    bytes. Raises KscanError where the folder cannot be written.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KscanError(f"{out}: cannot be written: {error.strerror}") from None
    tables = {
        "releases": releases_table(history),
        "names": names_table(history, chosen),
        "matrix": matrix_table(history, chosen),
        "hooks": hooks_table(history),
        "fanout": fanout_table(history),
        "opcodes": opcodes_table(history),
        "sites": sites_table(history),
        "sections": sections_table(history),
        "flags": flags_table(history),
        **{name: enums_table(history, *enums) for name, enums in _ENUMS.items()},
    }
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        with writing(str(path)) as stream:
            table.to_csv(stream, index=False, lineterminator="\n")
        written.append(path)
    page = folder / "index.html"
    with writing(str(page)) as stream:
        stream.write(_page(history, tables))
    return [page, *written]


def _page(history: History, tables: dict[str, pd.DataFrame]) -> str:
    names = tables["names"]
    named = names[names["kind"] != "member"]
    by_header = [(header, _records(group)) for header, group in named.groupby("header", sort=True)]
    appeared = named["first_seen"].value_counts()
    environment = Environment(
        loader=PackageLoader("kscan.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html").render(
        version=__version__,
        profile=history.profile,
        releases=_records(tables["releases"]),
        appeared=[(release.tag, int(appeared.get(release.tag, 0))) for release in history.mainline],
        headers=by_header,
        count=len(named),
    )


def _records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows for the template, nulls as None."""
    return table.astype(object).where(table.notna(), None).to_dict("records")
