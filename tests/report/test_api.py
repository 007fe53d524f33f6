"""The data source: every file is what its schema says, and says what the answers do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kscan import __version__, rows
from kscan.history import History
from kscan.report.api import api
from kscan.report.browser import chunk_of
from kscan.report.content import Content
from kscan.report.site import write_report
from tests.report.reading import HISTORIES, A
from tests.stores import Made, fact, history

COLUMNS = {
    "hooks": rows.HOOKS, "fanout": rows.FANOUT, "opcodes": rows.OPCODES, "helpers": rows.LISTING,
    "maps": rows.LISTING, "progs": rows.LISTING, "commands": rows.LISTING, "flags": rows.LISTING,
    "sites": rows.SITES, "sections": rows.SECTIONS,
}  # fmt: skip
SPAN = ("from", "to", "status", "kind", "header", "value", "value_text", "type", "reason", "path", "line",
        "end_line", "permalink", "bit_offset", "bit_size", "size")  # fmt: skip

Tree = dict[str, Any]


def tree(found: History, tags: list[str] | None = None) -> Tree:
    """The files as a program reads them."""
    return {path: json.loads(json.dumps(answer)) for path, answer in api(Content(found, tags=tags))}


def read(folder: Path) -> Tree:
    """The files that were written."""
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.json")
    }


def kind(path: str) -> str:
    """The definition of a file."""
    folder, _, _ = path.rpartition("/")
    return {"symbols": "symbols", "releases": "release"}.get(folder, path.removesuffix(".json"))


def faults(files: Tree) -> Iterator[tuple[str, str]]:
    """Where a file is not what its definition says."""
    definitions = files["schema.json"]["$defs"]
    for path, answer in files.items():
        if path != "schema.json":
            validator = Draft202012Validator({"$ref": f"#/$defs/{kind(path)}", "$defs": definitions})
            yield from ((f"{path} {error.json_path}", error.message) for error in validator.iter_errors(answer))


def test_every_file_is_what_its_schema_says(found: History) -> None:
    files = tree(found)
    Draft202012Validator.check_schema(files["schema.json"])
    assert list(faults(files)) == []


def test_every_file_of_what_ships_is_what_its_schema_says(shipped: Path) -> None:
    files = read(shipped / "api" / "v1")
    assert len(files) > 300
    assert list(faults(files)) == []


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("index.json", lambda index: index.pop("names")),
        ("index.json", lambda index: index.update(more=1)),
        ("hooks.json", lambda table: table[0].update(flavour="xBPF")),
        ("helpers.json", lambda table: table[0].update(value=1.5)),
        ("releases/v4.3.json", lambda new: new.update(added=None)),
        ("structs.json", lambda structs: structs[0]["members"][0].pop("bit_offset")),
        ("names.json", lambda names: names[0].update(status="perhaps")),
    ],
)
def test_the_schema_refuses_what_is_not_so(path: str, change: Any, scanned: History) -> None:
    files = tree(scanned)
    change(files[path])
    assert {where.split()[0] for where, _ in faults(files)} == {path}


def test_the_index_says_where_everything_is(scanned: History) -> None:
    files = tree(scanned)
    index = files["index.json"]
    assert [index[key] for key in ("version", "kscan", "profile", "oldest", "newest")] == [
        1, __version__, "x86-64", "v4.2", "v5.6",
    ]  # fmt: skip
    assert list(index["tables"]) == list(COLUMNS)
    paths = {
        "index.json",
        *index["tables"].values(),
        *(index[key] for key in ("names", "releases", "structs", "schema")),
    }
    paths |= {index["release"].replace("{tag}", tag) for tag in ("v4.2", "v4.3", "v5.6")}
    paths |= {index["symbols"].replace("{chunk}", row["chunk"]) for row in files["names.json"]}
    assert paths == set(files)


def test_keys_are_the_contracts_in_its_order(scanned: History) -> None:
    files = tree(scanned)
    for id_, columns in COLUMNS.items():
        assert {tuple(row) for row in files[f"{id_}.json"]} <= {(*columns, "cells")}, id_
    assert {tuple(row) for row in files["releases.json"]} == {rows.RELEASES}
    assert {tuple(row) for row in files["structs.json"]} == {(*rows.AT, "members")}
    assert {tuple(row) for struct in files["structs.json"] for row in struct["members"]} == {rows.AT}
    assert {tuple(row) for tag in ("v4.3", "v5.6") for row in files[f"releases/{tag}.json"]["changed"]} == {
        rows.DIFF
    }
    assert tuple(files["releases/v4.3.json"]) == ("tag", "exact", "added", "changed", "removed")
    assert {tuple(row) for row in files["names.json"]} == {
        ("name", "kind", "scope", "header", "first_seen", "status", "chunk")
    }
    symbols = [
        row
        for path, names in files.items()
        if kind(path) == "symbols"
        for found in names.values()
        for row in found
    ]
    assert {tuple(row) for row in symbols} == {(*rows.BOUNDS, "scope", "current_value", "history")}
    assert {tuple(span) for row in symbols for span in row["history"]} == {SPAN}


def test_keys_are_in_the_order_of_the_schema(scanned: History) -> None:
    """What a definition requires is what a row has, in order."""
    files = tree(scanned)
    definitions = files["schema.json"]["$defs"]
    for name in ("Hook", "Fanout", "Opcode", "Listing", "Site", "Section"):
        assert definitions[name]["required"] == list(definitions[name]["properties"])
        assert definitions[name]["additionalProperties"] is False
    for path, answer in files.items():
        for row in answer if isinstance(answer, list) else []:
            name = definitions[kind(path)]["items"]["$ref"].rpartition("/")[2]
            assert list(row) == definitions[name]["required"], path


def test_rows_are_those_of_the_answers(scanned: History) -> None:
    files = tree(scanned)
    for name, table in files.items():
        if name.removesuffix(".json") in COLUMNS:
            items = Content(scanned).tables[name.removesuffix(".json")].items
            assert [row["name"] for row in table] == [item.row["name"] for item in items]
    (helper,) = (row for row in files["helpers.json"] if row["name"] == "BPF_FUNC_map_lookup_elem")
    assert helper["cells"] == [{"from": "v4.2", "to": "v5.6", "state": "present"}]
    (mode,) = (row for row in files["fanout.json"] if row["mode"] == "PACKET_FANOUT_EBPF")
    assert mode["cells"] == [
        {"from": "v4.2", "to": "v4.2", "state": "absent"},
        {"from": "v4.3", "to": "v5.6", "state": "present"},
    ]


def test_what_a_name_was_is_what_its_history_says(found: History) -> None:
    files = tree(found)
    for path, names in files.items():
        for name, symbols in names.items() if kind(path) == "symbols" else ():
            assert path == f"symbols/{chunk_of(name)}.json"
            whens = [row for row in found.when(name) if row["kind"] != "function"]
            assert [{key: symbol[key] for key in (*rows.BOUNDS, "scope")} for symbol in symbols] == [
                {key: row[key] for key in (*rows.BOUNDS, "scope")} for row in whens
            ]
            spans = [row for row in found.spans(name) if row["kind"] != "function"]
            shared = [key for key in rows.HISTORY if key in SPAN]
            assert [[span[key] for key in shared] for symbol in symbols for span in symbol["history"]] == [
                [row[key] for key in shared] for row in spans
            ]


def test_the_address_of_a_name_leads_to_it(shipped: Path) -> None:
    files = read(shipped / "api" / "v1")
    form = files["index.json"]["symbols"]
    names = {(row["name"], row["scope"]) for row in files["names.json"]}
    led_to = {
        (row["name"], symbol["scope"]) for row in files["names.json"]
        for symbol in files[form.replace("{chunk}", row["chunk"])][row["name"]]
    }  # fmt: skip
    assert len(names) > 8000
    assert led_to == names
    held = sum(
        len(symbols) for path, found in files.items() if kind(path) == "symbols" for symbols in found.values()
    )
    assert held == len(files["names.json"])


def test_a_release_says_what_the_news_say(found: History) -> None:
    files = tree(found)
    news = Content(found).news
    assert [path for path in files if path.startswith("releases/")] == [f"releases/{tag}.json" for tag in news]
    for tag, new in news.items():
        said = files[f"releases/{tag}.json"]
        assert (said["tag"], said["exact"]) == (tag, new.exact)
        assert said["added"] == [dated.row["name"] for dated in new.added]
        assert said["removed"] == [dated.row["name"] for dated in new.removed]
        assert said["changed"] == [dated.row for dated in new.changed]


def test_a_struct_is_laid_out_as_its_newest_release_has_it(scanned: History) -> None:
    found = {struct["name"]: struct for struct in tree(scanned)["structs.json"]}
    rows_at = {row["name"]: row for row in scanned.at("v5.6", "bpf_insn*", "uapi")}
    columns = [key for key in rows.AT if key not in ("line", "end_line", "permalink")]
    said = [found["bpf_insn"], *found["bpf_insn"]["members"]]
    assert [[row[key] for key in columns] for row in said] == [
        [rows_at[row["name"]][key] for key in columns] for row in said
    ]
    assert [row["name"] for row in said] == list(rows_at)


def test_releases_are_those_that_are_chosen() -> None:
    files = tree(history(HISTORIES["windows"]), ["v4.2", "v4.5"])
    assert (files["index.json"]["oldest"], files["index.json"]["newest"]) == ("v4.2", "v4.5")
    assert [row["tag"] for row in files["releases.json"]] == ["v4.2", "v4.5"]
    assert [path for path in files if path.startswith("releases/")] == [
        "releases/v4.2.json",
        "releases/v4.5.json",
    ]
    assert list(faults(files)) == []


def test_values_are_exact_in_json(tmp_path: Path) -> None:
    exact = {"BIG": 2**64 - 1, "NEAR": 2**53 + 1, "LOW": -(2**63)}
    write_report(
        history({"v4.2": Made({A: [fact(name, value) for name, value in exact.items()]})}), str(tmp_path)
    )
    files = read(tmp_path / "api" / "v1")
    found = {name: files[f"symbols/{chunk_of(name)}.json"][name][0]["history"][0] for name in exact}
    assert {name: span["value"] for name, span in found.items()} == exact
    assert {name: span["value_text"] for name, span in found.items()} == {n: str(v) for n, v in exact.items()}


def test_a_file_has_a_line_for_each_row(small: Path) -> None:
    folder = small / "api" / "v1"
    for path in folder.rglob("*.json"):
        answer = json.loads(path.read_text())
        assert len(path.read_text().splitlines()) == len(answer) + 2, path.name
