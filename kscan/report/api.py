"""The data source: a tree of static JSON that other projects read, with its schema.

`v1` is the version of the form: within it keys are added, never taken away or given another meaning.
"""

from collections.abc import Iterator
from typing import TypedDict

from kscan import __version__
from kscan.report.browser import span_row
from kscan.report.content import Content
from kscan.report.paths import chunk_of
from kscan.report.schema import schema_of
from kscan.report.tables import Run
from kscan.rows import (
    AT,
    AtRow,
    BoundsRow,
    DiffRow,
    FanoutRow,
    HookRow,
    ListingRow,
    OpcodeRow,
    ReleaseRow,
    Row,
    Scope,
    SectionRow,
    SiteRow,
    State,
    Status,
)

Cells = TypedDict("Cells", {"from": str, "to": str, "state": State})
Span = TypedDict("Span", {
    "from": str, "to": str, "status": Status, "kind": str, "header": str, "value": int | str | None,
    "value_text": str | None, "type": str | None, "reason": str | None, "path": str, "line": int,
    "end_line": int, "permalink": str | None, "bit_offset": int | None, "bit_size": int | None,
    "size": int | None,
})  # fmt: skip


class Symbol(BoundsRow):
    """When a name appeared, in one scope and family, and its history, oldest first: the value, type and place
    of the first span are those at `first_seen`."""

    scope: Scope
    current_value: int | str | None
    history: list[Span]


class Name(TypedDict):
    """A name, in one scope and family, and the chunk that tells more of it."""

    name: str
    kind: str
    scope: str
    header: str
    first_seen: str | None
    status: Status
    chunk: str


class Release(TypedDict):
    """What a release brought: the names that came and went, and what changed."""

    tag: str
    exact: str | None
    added: list[str]
    changed: list[DiffRow]
    removed: list[str]


class Struct(AtRow):
    """A struct or union with its members, as the newest release that has it lays them out."""

    members: list[AtRow]


class Hook(HookRow):
    cells: list[Cells]


class Fanout(FanoutRow):
    cells: list[Cells]


class Opcode(OpcodeRow):
    cells: list[Cells]


class Listing(ListingRow):
    cells: list[Cells]


class Site(SiteRow):
    cells: list[Cells]


class Section(SectionRow):
    cells: list[Cells]


class Index(TypedDict):
    """Where everything is: paths beside the index. In `symbols`, `{chunk}` stands for the first two hexadecimal
    digits of the SHA-256 of a name; in `release`, `{tag}` for a release."""

    version: int
    kscan: str
    profile: str
    oldest: str
    newest: str
    names: str
    releases: str
    release: str
    symbols: str
    structs: str
    schema: str
    tables: dict[str, str]


_TABLES: dict[str, type] = {
    "hooks": Hook,
    "fanout": Fanout,
    "opcodes": Opcode,
    "sites": Site,
    "sections": Section,
}
_SPAN = tuple(Span.__annotations__)
_SYMBOL = tuple(key for key in Symbol.__annotations__ if key != "history")


def api(content: Content) -> Iterator[tuple[str, object]]:
    """Each file's path in the tree with what it holds."""
    yield "index.json", _index(content)
    yield "schema.json", _schema(content)
    yield "releases.json", content.release_rows
    for new in content.news.values():
        brought = {"added": [name.row["name"] for name in new.added], "changed": [c.row for c in new.changed],
                   "removed": [name.row["name"] for name in new.removed]}  # fmt: skip
        yield f"releases/{new.tag}.json", {"tag": new.tag, "exact": new.exact, **brought}
    for table in content.tables.values():
        yield (
            f"{table.id}.json",
            [
                {
                    **{column: item.row.get(column) for column in table.columns},
                    "cells": _cells(item.runs, content.tags),
                }
                for item in table.items
            ],
        )
    yield (
        "structs.json",
        [
            {**struct.fact.row(AT), "members": [member.row(AT) for member in struct.members]}
            for struct in content.structs
        ],
    )
    yield (
        "names.json",
        [
            {**{key: s.when[key] for key in Name.__annotations__ if key != "chunk"}, "chunk": chunk_of(s.name)}
            for s in content.symbols
        ],
    )
    chunks: dict[str, dict[str, list[Row]]] = {}
    for symbol in content.symbols:
        spans = [span_row(stretch, _SPAN) for stretch in symbol.stretches]
        groups = chunks.setdefault(chunk_of(symbol.name), {}).setdefault(symbol.name, [])
        groups.append({**{key: symbol.when[key] for key in _SYMBOL}, "history": spans})
    for chunk, names in sorted(chunks.items()):
        yield f"symbols/{chunk}.json", names


def _cells(runs: tuple[Run, ...], tags: list[str]) -> list[Row]:
    return [{"from": tags[run.first], "to": tags[run.last], "state": run.state} for run in runs]


def _index(content: Content) -> Row:
    return {
        "version": 1, "kscan": __version__, "profile": content.profile, "oldest": content.tags[0],
        "newest": content.tags[-1], "names": "names.json", "releases": "releases.json",
        "release": "releases/{tag}.json", "symbols": "symbols/{chunk}.json", "structs": "structs.json",
        "schema": "schema.json", "tables": {id_: f"{id_}.json" for id_ in content.tables},
    }  # fmt: skip


def _schema(content: Content) -> Row:
    """A JSON Schema with a definition for each kind of file."""
    files: dict[str, object] = {
        "index": Index, "releases": list[ReleaseRow], "release": Release, "names": list[Name],
        "symbols": dict[str, list[Symbol]], "structs": list[Struct],
        **{id_: list[_TABLES.get(id_, Listing)] for id_ in content.tables},  # type: ignore[misc]
    }  # fmt: skip
    return schema_of(files, "kscan, version 1: one definition for each kind of file")
