"""Rows as people and programs read them: table, CSV, JSON, Markdown."""

import os
import re
import sys
from collections.abc import Sequence

from kscan.rows import Row

# Columns of the table form; the other forms have them all.
TABLES = {
    "when": ("name", "first_seen", "last_without", "value", "header", "line", "status"),
    "history": ("name", "from", "to", "status", "value", "kind", "header", "line"),
    "at": ("name", "kind", "value", "type", "bit_offset", "bit_size", "size", "header", "line"),
    "diff": ("change", "name", "old", "new", "breaking", "where"),
    "hooks": ("id", "flavour", "symbol", "twin", "first_seen", "curated_since", "title"),
    "fanout": ("mode", "value", "policy", "policy_path", "policy_line", "first_seen"),
    "uses": ("path", "line", "reason"),
    "search": ("name", "kind", "scope", "header", "first_seen", "last_seen"),
    "releases": ("tag", "exact", "source", "headers", "parsed", "problems", "suspicion"),
    "problems": ("tag", "header", "line", "reason"),
}


def show(rows: Sequence[Row], columns: Sequence[str], form: str, what: str) -> None:
    """Writes rows to standard output in one of the forms; `what` names the table's columns."""
    if form == "json":
        import json

        print(json.dumps([dict(row) for row in rows], indent=1, ensure_ascii=False))
    elif form == "csv":
        _csv(rows, columns)
    elif form == "md":
        print(markdown(rows, columns))
    else:
        _table(rows, TABLES[what])


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([plain(row[column]) for column in columns] for row in rows)


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows as a Markdown table, inert whatever a kernel calls its names."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for row in rows:
        lines.append("| " + " | ".join(_escaped(plain(row[column])) for column in columns) + " |")
    return "\n".join(lines)


def plain(value: object) -> str:
    """A value as text: null is empty, truth is lower case."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# Underscores count between letters too little to spoil a permalink with: there Markdown ignores them.
_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")


def _escaped(text: str) -> str:
    text = _MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _spelled(text: str) -> str:
    """`text` on one line, and without anything a terminal obeys."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    used = [c for c in columns if any(row.get(c) is not None for row in rows)] or list(columns)
    cells = [[_spelled(plain(row.get(column))) for column in used] for row in rows]
    if sys.stdout.isatty():
        _rich_table(used, cells)
        return
    widths = [max(map(len, column)) for column in zip(used, *cells, strict=True)]
    for line in (used, *cells):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for line in cells:
        table.add_row(*(Text(text) for text in line))
    Console().print(table)


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
            print(f"  {word:7} {_spelled(text)}")


def _verdict(row: Row) -> str:
    first, without = row["first_seen"], row["last_without"]
    match row["status"]:
        case "exact":
            verdict = f"first in {first} ({without} is without it)"
        case "window":
            verdict = f"after {without}, by {first}"
        case "from_oldest":
            verdict = f"in {first} or earlier (no older release was scanned for it)"
        case _:
            return "no scanned release has this name"
    return verdict + (f", removed in {row['removed_in']}" if row["removed_in"] else "")
