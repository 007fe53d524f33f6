"""The columns of every answer (the contract), and the values they hold."""

from typing import Any

Row = dict[str, Any]

COMMON = ("name", "kind", "scope", "header", "value", "value_text", "type", "reason", "path", "line",
          "end_line", "permalink")  # fmt: skip
WHEN = (*COMMON, "first_seen", "last_without", "last_seen", "removed_in", "current_value", "status", "note")
AT = (*COMMON, "bit_offset", "bit_size", "size")
HISTORY = (*COMMON, "from", "to", "status")
DIFF = (*COMMON, "change", "old", "new", "breaking", "old_path", "old_line", "new_path", "new_line")
FANOUT = (*COMMON, "mode", "policy", "policy_path", "policy_line", "policy_end_line", "first_seen",
          "policy_permalink", "runs", "last_without", "status")  # fmt: skip
HOOKS = (*COMMON, "id", "title", "subsystem", "flavour", "symbol", "attach", "twin", "program_type",
         "first_seen", "curated_since", "source", "measured", "twin_first_seen", "beside", "runs",
         "last_without", "status")  # fmt: skip
BOUNDS = ("first_seen", "last_without", "last_seen", "removed_in", "status", "note")
LISTING = (*WHEN, "group", "aliases")
SITES = (*COMMON, "site", "title", "role", "hooks", "function", *BOUNDS, "words")
OPCODES = (*COMMON, "flavour", "code", "class", "op", "source", "size", "mode", "loadable", "in_interpreter",
           "in_seccomp", "names", "becomes", *BOUNDS, "variant", "field", "curated_since",
           "curated_source")  # fmt: skip
OPCODE = ("flavour", "code", "class", "op", "source", "mode", "size", "dst", "src", "off", "imm", "jt", "jf",
          "k", "text", "literal", "macros", "call", "first_seen", "resolved")  # fmt: skip
DISASM = ("file", "section", "at", "flavour", "bytes", "text", "note")
NEEDS = (*COMMON, "need", "used_at", *BOUNDS)
SECTIONS = (*COMMON, "section", "program_type", "attach_type", "flags", *BOUNDS)
RELEASES = ("tag", "exact", "source", "commit", "layer", "headers", "parsed", "problems", "suspicion")
PROBLEMS = ("tag", "scope", "header", "path", "line", "reason")
LINT = (
    "file",
    "line",
    "name",
    "claimed",
    "first_seen",
    "last_without",
    "status",
    "reason",
    "permalink",
    "text",
)
VERIFY = ("tag", "exact", "against", "same", "different", "missing", "unrecorded")
VERIFY_FILES = ("tag", "against", "path", "status", "recorded", "found")
USES = COMMON
SEARCH = ("name", "kind", "scope", "header", "first_seen", "last_seen")

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


def since(first_seen: str | None, status: str | None) -> str:
    """A first release in a word: what the oldest release has may be older."""
    return f"≤ {first_seen}" if first_seen and status == FROM_OLDEST else plain(first_seen)


def spelled(text: str, keep: str = "") -> str:
    """`text` on one line, and without anything a terminal obeys; characters of `keep` stay."""
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)


def empty(columns: tuple[str, ...], **given: Any) -> Row:
    """A row with every key, null where nothing is given."""
    return {column: given.get(column) for column in columns}
