"""A Sphinx extension: what the kernels say, in documentation that is built from reST or MyST.

    extensions = ["kscan.docs.sphinx"]

    Since :kscan:since:`PACKET_FANOUT_EBPF`, with the value :kscan:value:`PACKET_FANOUT_EBPF`.

    .. kscan:history:: BPF_XADD
    .. kscan:table:: PACKET_FANOUT_* PACKET_ROLLOVER_STATS
    .. kscan:struct:: bpf_insn
       :release: v5.6

Each answer links to the line that proves it. A name that no kernel has is a warning at its place: `-W` makes
it an error. `kscan_profile` in conf.py names another architecture.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from glob import escape
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from kscan import __version__
from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.docs.fill import value_of
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import UAPI
from kscan.place import data_path, store_path
from kscan.rows import PRESENT, Row, plain
from kscan.seen import Stretch
from kscan.wording import at_byte, counted, in_release, in_words, newest_value

_log = logging.getLogger(__name__)
_TYPE = "kscan"


@lru_cache(1)
def _opened(profile: str, _files: tuple[object, ...], _process: int) -> History:
    return History(profile=profile)


def _history(env: BuildEnvironment) -> History:
    """What answers the page that is read, which is read again when that changes. Raises StoreError."""
    files = []
    for path in map(os.fspath, (data_path(), store_path())):
        # What is not there counts as changed, each time.
        if os.path.exists(path):
            env.note_dependency(path)
            files.append((path, os.stat(path).st_mtime_ns))
    # A server that builds again sees what was fetched since; a reader that was forked must not share the
    # parent's file.
    return _opened(env.config.kscan_profile, tuple(files), os.getpid())


class _Value(SphinxRole):
    """The value of a name."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            return [self.said(_first(_history(self.env), self.text))], []
        except KscanError as error:
            _log.warning("%s", error, location=self.get_location(), type=_TYPE)
            return [nodes.problematic(self.rawtext, self.rawtext)], []

    def said(self, row: Row) -> nodes.Node:
        return nodes.literal("", value_of(row))


class _Since(_Value):
    """Since when there is a name."""

    def said(self, row: Row) -> nodes.Node:
        return _proof(in_words(row), row["permalink"])


def _first(history: History, name: str) -> Row:
    """When a name appeared, user space's before the kernel's own, with its newest value. Raises UnknownName."""
    rows = history.when(name)
    if not rows:
        raise history.unknown(name)
    return rows[0] | {"value": newest_value(rows[0])}


class _Answer(SphinxDirective):
    """A table of rows that a question gives."""

    required_arguments = 1
    final_argument_whitespace = True
    heads: Sequence[str]

    def run(self) -> list[nodes.Node]:
        try:
            rows = self.rows(_history(self.env))
        except KscanError as error:
            _log.warning("%s", error, location=self.get_location(), type=_TYPE)
            return []
        table = _table(self.heads, rows)
        self.set_source_info(table)
        return [table]

    def rows(self, history: History) -> list[list[nodes.Node]]:
        """The cells of each row. Raises KscanError."""
        raise NotImplementedError


class _History(_Answer):
    """What a name was through the releases."""

    heads = ("from", "to", "value", "kind", "header", "line")

    def rows(self, history: History) -> list[list[nodes.Node]]:
        name = self.arguments[0]
        found = history.seen(name)
        if not found:
            raise history.unknown(name)
        return [self._span(span) for facts in found.values() for span in history.stretches(facts)]

    def _span(self, span: Stretch) -> list[nodes.Node]:
        row = span.fact.row()
        return [nodes.Text(span.since), nodes.Text(span.last.tag), _code(row["value_text"] or row["type"]),
                nodes.Text(row["kind"].replace("_", " ")), _code(row["header"]),
                _proof(f"{row['path']}:{row['line']}", row["permalink"])]  # fmt: skip


class _Names(_Answer):
    """Names, or all that patterns match, with their first releases and values."""

    heads = ("name", "since", "value", "header")

    def rows(self, history: History) -> list[list[nodes.Node]]:
        found = [_first(history, name) for name in history.found(self.arguments[0].split())]
        return [
            [_code(row["name"]), _proof(in_words(row), row["permalink"]), _code(plain(row["value"])),
             _code(row["header"])]
            for row in found
        ]  # fmt: skip


class _Struct(_Answer):
    """How a struct or union lies in memory in a release, by default the newest."""

    heads = ("byte", "size", "member", "type", "since")
    option_spec: ClassVar[OptionSpec] = {"release": directives.unchanged_required}

    def rows(self, history: History) -> list[list[nodes.Node]]:
        name = self.arguments[0]
        release = history.release(self.options.get("release", history.newest.tag))
        members = history.at(release.tag, f"{escape(name)}.*", UAPI)
        if not members:
            state = history.has(name, release.tag, UAPI)
            here = state == PRESENT
            said = f"has no members in {release.tag}" if here else in_release(state, release.tag)
            raise KscanError(f"struct {name}: {said}")
        return [self._member(history, row, len(name) + 1) for row in members]

    def _member(self, history: History, row: Row, prefix: int) -> list[nodes.Node]:
        first = _first(history, row["name"])
        start, bits = row["bit_offset"], row["bit_size"]
        size = plain(row["size"]) if bits is None else counted(bits, "bit")
        return [nodes.Text(at_byte(start)), nodes.Text(size), _code(row["name"][prefix:]), _code(row["type"]),
                _proof(in_words(first), first["permalink"])]  # fmt: skip


def _code(text: str | None) -> nodes.Node:
    return nodes.literal("", text) if text else nodes.Text("")


def _proof(text: str, address: str | None) -> nodes.Node:
    """Text that links to its proof, where that lies in the web."""
    if (address or "").startswith(("https://", "http://")):
        return nodes.reference("", text, refuri=address, internal=False)
    return nodes.inline("", text)


def _table(heads: Sequence[str], rows: Sequence[Sequence[nodes.Node]]) -> nodes.table:
    lines = [[nodes.Text(head) for head in heads], *rows]
    widths = [max(len(cell.astext()) for cell in column) for column in zip(*lines, strict=True)]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=max(width, 1)) for width in widths), cols=len(heads))
    group += nodes.thead("", _row(lines[0]))
    group += nodes.tbody("", *map(_row, lines[1:]))
    return nodes.table("", group, classes=["kscan", "colwidths-auto"])


def _row(cells: Sequence[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


class KscanDomain(Domain):
    """The roles `since` and `value`, the directives `history`, `table` and `struct`."""

    name = "kscan"
    label = "kscan"
    roles = {"since": _Since(), "value": _Value()}
    directives = {"history": _History, "table": _Names, "struct": _Struct}

    def merge_domaindata(self, docnames: object, otherdata: object) -> None:
        """Nothing is kept between pages."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_config_value("kscan_profile", DEFAULT_PROFILE.name, "env", str)
    app.add_domain(KscanDomain)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
