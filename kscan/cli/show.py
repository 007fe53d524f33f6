"""Rows as people and programs read them: table, CSV, JSON, Markdown."""

import os
import sys
from collections.abc import Sequence

from kscan.markdown import markdown
from kscan.model import INTERNAL, UAPI
from kscan.rows import Row, plain, spelled
from kscan.wording import since, when_gone

# Columns of the table form, the most telling first: a terminal shows as many as fit. The other
# forms have every column of the contract.
TABLES = {
    "when": ("name", "first_seen", "last_without", "status", "value", "header", "line"),
    "history": (
        "name",
        "from",
        "to",
        "status",
        "value",
        "bit_offset",
        "bit_size",
        "size",
        "header",
        "line",
        "kind",
    ),
    "at": ("name", "kind", "value", "type", "bit_offset", "bit_size", "size", "header", "line"),
    "diff": ("change", "name", "old", "new", "breaking", "where"),
    "hooks": ("symbol", "flavour", "first_seen", "twin and since", "curated_since", "title", "id"),
    "fanout": ("mode", "value", "first_seen", "policy is", "policy", "policy_line", "runs"),
    "opcodes": ("code", "flavour", "name", "first_seen", "status", "in_interpreter", "in_seccomp", "about"),
    "opcode": ("flavour", "text", "literal", "macros", "call", "first_seen"),
    "disasm": ("file", "section", "at", "bytes", "text", "note"),
    "needs": ("first_seen", "need", "name", "used_at", "status"),
    "flags": ("name", "first_seen", "last_without", "status", "value", "group", "line"),
    "sites": ("site", "role", "first_seen", "last_seen", "words"),
    "sites_at": ("site", "path", "line", "name", "function", "hooks"),
    "sections": ("section", "program_type", "first_seen", "last_seen", "attach_type", "header"),
    "uses": ("path", "line", "reason"),
    "search": ("name", "kind", "scope", "first_seen", "last_seen", "header"),
    "releases": ("tag", "exact", "headers", "parsed", "problems", "suspicion", "source"),
    "lint": ("file", "line", "name", "claimed", "first_seen", "reason"),
    "verify": ("tag", "exact", "against", "same", "different", "missing", "unrecorded"),
    "verify_files": ("tag", "status", "path", "recorded", "found"),
    "problems": ("tag", "header", "line", "reason"),
}
# Columns of running text, which may be cut rather than left out.
_PROSE = frozenset(
    (
        "title",
        "reason",
        "suspicion",
        "source",
        "where",
        "note",
        "old",
        "new",
        "words",
        "hooks",
        "about",
        "used_at",
        "twin and since",
    )
)
# Of these the end tells most.
_PATHS = frozenset(("file", "path"))
# What a line is about is never cut.
_NAMES = frozenset(("name", "symbol", "site", "section", "tag"))
_LEAST_PROSE = 12
# Of names, the share that a narrow column holds.
_MOST = 0.9


def show(rows: Sequence[Row], columns: Sequence[str], form: str, what: str) -> None:
    """Writes rows to standard output in one of the forms; `what` names the table's columns."""
    if form == "json":
        import json

        kept = [{column: row[column] for column in columns} for row in rows]
        print(json.dumps(kept, indent=1, ensure_ascii=False))
    elif form == "csv":
        from kscan.sheets import write_csv

        write_csv(sys.stdout, rows, columns)
    elif form == "md":
        print(markdown(rows, columns))
    else:
        _table(rows, TABLES[what])


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    if not rows:
        print("kscan: nothing of this", file=sys.stderr)
        return
    used = [c for c in columns if any(row.get(c) is not None for row in rows)] or list(columns)
    cells = [[_cell(row, column) for column in used] for row in rows]
    widths = [max(map(len, column)) for column in zip(used, *cells, strict=True)]
    left_out: list[str] = []
    width = 0
    if sys.stdout.isatty():
        # It takes a twentieth of an answer's time, and a pipe has no width.
        from shutil import get_terminal_size

        width = get_terminal_size().columns
        left_out = _fit(used, cells, widths, width)
    for number, line in enumerate((used, *cells)):
        shown = zip(line, widths, used, strict=False)
        text = "  ".join(_cut(text, most, column).ljust(most) for text, most, column in shown).rstrip()
        print(bold(text) if number == 0 else text)
    if left_out:
        from textwrap import fill

        told = f"(left out for want of width: {', '.join(left_out)}; --format csv has every column)"
        print(fill(told, width))


def _cell(row: Row, column: str) -> str:
    """A value as a table shows it."""
    value = row.get(column)
    return spelled(since(value, row.get("status")) if column == "first_seen" else plain(value))


def _fit(columns: Sequence[str], cells: Sequence[Sequence[str]], widths: list[int], room: int) -> list[str]:
    """Narrows `widths` until the columns fit into `room`: running text and paths are cut, a line with a name
    that is longer than most goes over, and then the last columns go."""
    left_out: list[str] = []
    common = {n: _common([line[n] for line in cells], c) for n, c in enumerate(columns) if c in _NAMES}
    while len(widths) > 1 and (over := sum(widths) + 2 * (len(widths) - 1) - room) > 0:
        shown = list(enumerate(columns[: len(widths)]))
        spare = {n: widths[n] - _LEAST_PROSE for n, c in shown if c in _PROSE or c in _PATHS}
        widest = max(spare, key=widths.__getitem__, default=-1)
        names = [n for n, c in shown if c in _NAMES]
        longest = max(names, key=lambda n: widths[n] - common[n], default=-1)
        if sum(max(0, one) for one in spare.values()) >= over:
            widths[widest] -= min(over, spare[widest])
        elif longest >= 0 and widths[longest] > common[longest]:
            widths[longest] = common[longest]
        elif columns[len(widths) - 1] in _NAMES:
            break
        else:
            left_out.insert(0, columns[len(widths) - 1])
            widths.pop()
    return left_out


def _common(texts: Sequence[str], title: str) -> int:
    """A width that holds most of a column."""
    lengths = sorted(map(len, texts))
    return max(len(title), lengths[int(_MOST * (len(lengths) - 1))])


def _cut(text: str, width: int, column: str) -> str:
    if len(text) <= width or column in _NAMES:
        return text
    return f"…{text[1 - width :]}" if column in _PATHS else f"{text[: width - 1]}…"


def bold(text: str) -> str:
    """`text` set off on a terminal."""
    on = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[1m{text}\033[0m" if on else text


def answer(row: Row) -> None:
    """One answer of `when` in words, with its proof."""
    print(f"{bold(row['name'])}: {_verdict(row)}")
    if row["first_seen"] is None:
        return
    kind = f"{row['kind'].replace('_', ' ')}, {row['scope']}"
    value = row["value_text"] if row["value"] is not None else row["reason"] or row["type"]
    lines = f"{row['line']}" if row["line"] == row["end_line"] else f"{row['line']}-{row['end_line']}"
    facts = {
        "value": f"{value} ({kind})" if value is not None else f"({kind})",
        "now": plain(row["current_value"]) if row["current_value"] != row["value"] else "",
        "header": row["header"],
        "line": f"{row['path']}:{lines}",
        "proof": row["permalink"] or "",
        "note": row["note"] or "",
    }
    for word, text in facts.items():
        if text:
            print(f"  {word:7} {spelled(text)}")


def reading(row: Row) -> None:
    """One reading of an instruction in words, with what its names resolve to."""
    kind = f"{row['flavour']} opcode {row['code']}{', for the kernel alone' if row['own'] else ''}"
    refused = f"; in {row['refused']} the kernel's own" if row["refused"] and row["first_seen"] else ""
    print(f"{bold(row['text'] if not row['bare'] else row['macros'])}: {kind}, {_from(row)}{refused}")
    bits = [row[key] for key in ("class", "op", "mode", "size", "source") if row[key]]
    facts = {
        "means": " ".join(bits),
        "literal": row["literal"],
        "macros": row["macros"],
        "call": row["call"] or "",
        "text": row["text"],
    }
    for word, text in facts.items():
        if text:
            print(f"  {word:7} {spelled(text)}")
    for found in row["resolved"]:
        value = found["value"]
        meaning = f" = 0x{value:02x}" if isinstance(value, int) else ""
        print(f"  {spelled(found['name'])}{meaning}  {spelled(found['permalink'])}")


def _from(row: Row) -> str:
    if row["first_seen"] is None:
        return "in no opcode table that was read"
    return f"first in {row['first_seen']}" if row["status"] == "exact" else _bounded(row)


def _bounded(row: Row) -> str:
    if row["status"] == "from_oldest":
        return f"in {row['first_seen']} or earlier"
    return f"by {row['first_seen']}"


def _verdict(row: Row) -> str:
    first, without = row["first_seen"], row["last_without"]
    match row["status"]:
        case "exact":
            verdict = f"first in {first} ({without} is without it)"
        case "window":
            verdict = f"after {without}, by {first}"
        case "from_oldest" if (row["note"] or "").startswith("not on the scanned mainline"):
            verdict = f"in {first}, which is not on the mainline"
        case "from_oldest" if row["scope"] == INTERNAL:
            verdict = f"in {first} or earlier (most of the kernel's own files are not read)"
        case "from_oldest":
            verdict = f"in {first} or earlier (no older release was scanned for it)"
        case _:
            return "no scanned release has this name"
    if row["removed_in"]:
        # The kernel itself may have it yet, behind __KERNEL__ or in a header of its own.
        gone = "gone from user space's headers" if row["scope"] == UAPI else "gone"
        verdict += f", {gone} {when_gone(row)}"
    return verdict
