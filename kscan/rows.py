"""The columns of every answer (the contract), and the values they hold."""

from typing import Any, Literal, TypedDict

Row = dict[str, Any]

Kind = Literal["macro", "function_macro", "enumerator", "enum", "struct", "union", "typedef", "member",
               "function", "use"]  # fmt: skip
Scope = Literal["uapi", "internal"]
Status = Literal["exact", "from_oldest", "window", "unknown_name"]
State = Literal["present", "absent", "no_header", "unparsed", "not_scanned"]


class CommonRow(TypedDict):
    """A fact and its place. What a curated row has no proof for is null."""

    name: str
    kind: Kind | None
    scope: Scope | None
    header: str | None
    value: int | str | None
    value_text: str | None
    type: str | None
    reason: str | None
    path: str | None
    line: int | None
    end_line: int | None
    permalink: str | None


class BoundsRow(TypedDict):
    """From when to when something is there, and how surely."""

    first_seen: str | None
    last_without: str | None
    last_seen: str | None
    removed_in: str | None
    status: Status | None
    note: str | None


class WhenRow(CommonRow):
    """When a name appeared. Value, type and place are those at `first_seen`."""

    first_seen: str | None
    last_without: str | None
    last_seen: str | None
    removed_in: str | None
    current_value: int | str | None
    status: Status
    note: str | None


class AtRow(CommonRow):
    """What a release has."""

    bit_offset: int | None
    bit_size: int | None
    size: int | None


_Ends = TypedDict("_Ends", {"from": str, "to": str, "status": Status})


class SpanRow(CommonRow, _Ends):
    """A stretch of releases in which a name kept value, type, kind and header."""


class DiffRow(CommonRow):
    """What differs between two releases."""

    change: Literal["added", "removed", "value", "type", "kind", "moved", "layout"]
    old: str | None
    new: str | None
    breaking: bool
    old_path: str | None
    old_line: int | None
    new_path: str | None
    new_line: int | None


class FanoutRow(CommonRow):
    """A packet fanout mode with the policy that the kernel's switch gives it."""

    mode: str
    policy: str | None
    policy_path: str | None
    policy_line: int | None
    policy_end_line: int | None
    first_seen: str | None
    policy_permalink: str | None
    runs: str | None
    last_without: str | None
    status: Status


class HookRow(CommonRow):
    """A hook point."""

    id: str
    title: str
    subsystem: str
    flavour: Literal["cBPF", "eBPF"]
    symbol: str
    attach: str
    twin: str | None
    program_type: str | None
    first_seen: str | None
    curated_since: str | None
    source: str | None
    measured: bool
    twin_first_seen: str | None
    beside: str | None
    runs: str | None
    last_without: str | None
    status: Status | None
    last_seen: str | None
    removed_in: str | None


class ListingRow(WhenRow):
    """An entry of one of the kernel's own lists."""

    group: str
    aliases: str | None


class _Site(CommonRow):
    site: str
    title: str
    role: str
    hooks: str | None
    function: str | None


class SiteRow(_Site, BoundsRow):
    """A place where the kernel converts or runs programs."""

    words: str | None


_Opcode = TypedDict("_Opcode", {
    "flavour": Literal["cBPF", "eBPF"], "code": str, "class": str | None, "op": str | None,
    "source": str | None, "size": str | None, "mode": str | None, "loadable": str | None,
    "in_interpreter": str | None,
    "in_seccomp": str | None, "names": str | None, "becomes": str | None,
})  # fmt: skip


class OpcodeRow(CommonRow, _Opcode, BoundsRow):
    """An opcode through the releases, or an instruction that shares its code byte with others (`variant`)."""

    variant: str | None
    field: str | None
    curated_since: str | None
    curated_source: str | None


class _Section(CommonRow):
    section: str
    program_type: str | None
    attach_type: str | None
    flags: str | None


class SectionRow(_Section, BoundsRow):
    """A section name of program loaders."""


class ReleaseRow(TypedDict):
    """A release, what was read of it and by whom."""

    tag: str
    exact: str | None
    source: str
    commit: str | None
    layer: str
    headers: int
    parsed: int
    problems: int
    suspicion: str | None


class ProblemRow(TypedDict):
    """What could not be read: a line of a file, or all of it where there is no line."""

    tag: str
    scope: Scope
    header: str
    path: str
    line: int | None
    reason: str


class SearchRow(TypedDict):
    """A name that was searched for."""

    name: str
    kind: Kind
    scope: Scope
    header: str
    first_seen: str | None
    last_seen: str | None


def _columns(row: type) -> tuple[str, ...]:
    return tuple(row.__annotations__)


COMMON, WHEN, AT, HISTORY, DIFF = map(_columns, (CommonRow, WhenRow, AtRow, SpanRow, DiffRow))
FANOUT, HOOKS, BOUNDS, LISTING, SITES = map(_columns, (FanoutRow, HookRow, BoundsRow, ListingRow, SiteRow))
OPCODES, SECTIONS, RELEASES, SEARCH = map(_columns, (OpcodeRow, SectionRow, ReleaseRow, SearchRow))
USES = COMMON
OPCODE = ("flavour", "code", "class", "op", "source", "mode", "size", "dst", "src", "off", "imm", "jt", "jf",
          "k", "text", "literal", "macros", "call", "first_seen", "resolved")  # fmt: skip
DISASM = ("file", "section", "at", "flavour", "bytes", "text", "note")
NEEDS = (*COMMON, "need", "used_at", *BOUNDS)
PROBLEMS = _columns(ProblemRow)
LINT = ("file", "line", "name", "claimed", "first_seen", "last_without", "status", "reason", "permalink",
        "text")  # fmt: skip
VERIFY = ("tag", "exact", "against", "same", "different", "missing", "unrecorded")
VERIFY_FILES = ("tag", "against", "path", "status", "recorded", "found")

# How an answer is bounded.
EXACT, FROM_OLDEST, WINDOW, UNKNOWN_NAME = "exact", "from_oldest", "window", "unknown_name"
# Whether a release has a name: five different things.
PRESENT, ABSENT, NO_HEADER, UNPARSED, NOT_SCANNED = "present", "absent", "no_header", "unparsed", "not_scanned"


def plain(value: object) -> str:
    """A value as text: null is empty, truth is lower case."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def spelled(text: str, keep: str = "") -> str:
    """`text` on one line, and without anything a terminal obeys; characters of `keep` stay."""
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)


def empty(columns: tuple[str, ...], **given: Any) -> Row:
    """A row with every key, null where nothing is given."""
    return {column: given.get(column) for column in columns}
