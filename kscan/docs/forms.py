"""What others keep by hand, from the kernels: feature versions as YAML, versions as a Markdown table, what
manual pages say of them, and a header for programs that build with older ones."""

import json
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from kscan.bpf.listings import listing
from kscan.errors import KscanError, UnknownName
from kscan.history import History
from kscan.markdown import markdown
from kscan.model import SENTINEL, UAPI
from kscan.rows import EXACT, Row
from kscan.wording import in_words

# What stands in them where no names are asked for.
_ENUMS = ("bpf_prog_type", "bpf_attach_type", "bpf_link_type", "bpf_map_type", "bpf_cmd", "bpf_func_id")
_PRINTED = frozenset(string.printable) - frozenset("\t\n\r\v\f")
# What YAML 1.1 takes for something else than text.
_YAML_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# How C spells an integer of a type.
_SUFFIXES = {
    "unsigned int": "U",
    "long": "L",
    "unsigned long": "UL",
    "long long": "LL",
    "unsigned long long": "ULL",
}


def chosen(history: History, words: Sequence[str]) -> list[Row]:
    """When user space's names appeared that words and patterns mean, each with its `group`: the header it
    stands in. Without words, the enumerators of bpf(2)'s own enums, each with its enum. Raises UnknownName."""
    if not words:
        return listing(history, _ENUMS)
    rows: list[Row] = []
    for word in words:
        found = [row for name in history.found([word], UAPI) for row in history.when(name, UAPI)]
        if not found:
            error = history.unknown(word, UAPI)
            known = not isinstance(error, UnknownName)
            raise KscanError(f"{word}: only the kernel has it, not user space's headers") if known else error
        rows += ({**row, "group": row["header"]} for row in found)
    return list({row["name"]: row for row in rows}.values())


def feature_yaml(rows: Iterable[Row]) -> Iterator[str]:
    """Groups of names with their first release; `after` is the last release known to be without, where those
    between are not known."""
    for group, members in groupby(rows, lambda row: row["group"]):
        yield f"- name: {_quoted(group)}"
        yield "  features:"
        for row in members:
            yield f"    - name: {_quoted(row['name'])}"
            yield f"      version: {row['first_seen']}"
            if row["status"] != EXACT:
                yield f"      after: {row['last_without'] or 'null'}"


def _quoted(text: str) -> str:
    plain = text.replace("_", "").isalnum() and text[0].isalpha() and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text)


def versions_table(rows: Iterable[Row]) -> Iterator[str]:
    """A Markdown table: name, kernel version, the line that proves it."""
    said = [{"Name": row["name"], "Kernel version": in_words(row), "Line": row["permalink"]} for row in rows]
    yield markdown(said, ("Name", "Kernel version", "Line"))


def manual(rows: Iterable[Row]) -> Iterator[str]:
    """Tagged paragraphs of a manual page; of a name whose first release is not known exactly none is told."""
    for row in rows:
        since = f' " (since Linux {row["first_seen"].removeprefix("v")})"' if row["status"] == EXACT else ""
        yield ".TP"
        yield f".BR {row['name']}{since}" if since else f".B {row['name']}"


def header(history: History, words: Sequence[str]) -> Iterator[str]:
    """A C header that defines constants where older headers do not, with the values of the newest release.
    Raises UnknownName, and KscanError for what is no constant with a value; where a pattern matches such, or
    an end marker, it is named at the end."""
    found = chosen(history, words)
    others = [row for row in found if not _is_constant(row)]
    markers = [row for row in found if _is_constant(row) and _is_marker(row) and row["name"] not in words]
    left_out = {row["name"] for row in (*others, *markers)}
    rows = [row for row in found if row["name"] not in left_out]
    newest = history.newest.tag
    for row in others:
        if row["name"] in words or not (rows or markers):
            raise KscanError(f"{row['name']} ({row['kind']}) is no constant of {newest} with a value")
    yield f"/* Constants of Linux {newest} for programs that build with older headers; made by kscan. */"
    yield f"/* Values are those of {history.profile}: other architectures may have their own. */"
    yield "/* Include it behind the kernel's own headers: enumerators are nothing that #ifndef sees. */"
    for row in rows:
        value = row["current_value"]
        kind = history.spans(row["name"], UAPI)[-1]["type"]
        said = _string(value) if isinstance(value, str) else _integer(value, kind)
        yield ""
        yield f"#ifndef {row['name']}"
        yield f"#define {row['name']} {said} /* {in_words(row)} */"
        yield "#endif"
    if markers:
        yield ""
        yield f"/* End markers, each release has its own: {', '.join(row['name'] for row in markers)} */"
    if others:
        yield ""
        yield f"/* No constants of {newest} with a value: {', '.join(row['name'] for row in others)} */"


def _is_constant(row: Row) -> bool:
    return row["kind"] in ("macro", "enumerator") and row["current_value"] is not None


def _is_marker(row: Row) -> bool:
    """Whether it tells how far a release counts: the next one counts further."""
    return SENTINEL.search(row["name"]) is not None and row["value"] != row["current_value"]


def _string(value: str) -> str:
    """A string as C spells it: what is no letter of ASCII in octal, which takes three digits and no more."""
    kept = (c if c in _PRINTED else "".join(f"\\{byte:03o}" for byte in c.encode()) for c in value)
    return '"' + "".join(f"\\{c}" if c in ('"', "\\") else c for c in kept) + '"'


def _integer(value: int, kind: str | None) -> str:
    suffix = _SUFFIXES.get(kind or "", "")
    if value == -(2**63):
        # C has no negative literals, and the positive one is too large.
        return f"({value + 1}{suffix} - 1)"
    text = f"{value}{suffix}"
    return f"({text})" if value < 0 else text
