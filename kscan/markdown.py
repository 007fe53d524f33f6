"""Rows as Markdown, inert whatever a kernel calls its names."""

import re
from collections.abc import Sequence

from kscan.rows import Row, plain


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for row in rows:
        lines.append("| " + " | ".join(escaped(plain(row[column])) for column in columns) + " |")
    return "\n".join(lines)


# Underscores count between letters too little to spoil a permalink with: there Markdown ignores them.
_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")


def escaped(text: str) -> str:
    """Text on one line that means nothing to Markdown."""
    text = _MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))
    return text.replace("&", "&amp;").replace("<", "&lt;")
