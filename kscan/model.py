"""The value types: what is read from a kernel and what is answered from it."""

import re
from typing import NamedTuple

UAPI, INTERNAL = "uapi", "internal"

# Names that count how many there are of something: they change in nearly every release.
SENTINEL = re.compile(r"(^MAX_|^__+\w*(MAX|NUM|LAST|CNT)|_(MAX|NUM|LAST|COUNT|CNT|MAX_ID|NR)$)")

# Names that can take each other's place in history: a macro may become an enumerator.
FAMILIES = {
    "macro": "constant",
    "enumerator": "constant",
    "function_macro": "constant",
    "enum": "type",
    "struct": "type",
    "union": "type",
    "typedef": "type",
    "member": "member",
    "function": "function",
    "use": "use",
}

RECORDS = ("struct", "union")

# Sorts of use.
RUN_SITE, POLICY, SECTION = "run site", "policy", "section"
# Those of opcodes, by the table they stand in: what a socket or seccomp takes of classic BPF; what the
# interpreter of extended BPF jumps to; what bpf(2) lets through.
CLASSIC, SECCOMP, INTERPRETER, PUBLIC = "classic", "seccomp", "interpreter", "public"


class Fact(NamedTuple):
    """One thing a file says, placed by lines; which release and path it is in, the tree knows.

    `value` is an integer with C's sign and width, or a string; None with a `reason` where there is
    none. `type` is the C type. `bit_offset` counts from the start of the outermost named struct,
    `bit_size` is of bit-fields only, `size` is in bytes. `owner` is the tag of an enumerator's enum,
    which may stand elsewhere (X-macros spell the names), and of a use what sort of use it is.
    """

    kind: str
    name: str
    line: int
    end_line: int
    value: int | str | None = None
    type: str | None = None
    reason: str | None = None
    bit_offset: int | None = None
    bit_size: int | None = None
    size: int | None = None
    owner: str | None = None


class Problem(NamedTuple):
    """A line of a header that could not be read, and why."""

    line: int
    reason: str


class Reading(NamedTuple):
    """What reading one file gave. `failure` is set where nothing of it could be read."""

    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: str | None = None


class Trace(NamedTuple):
    """A content read in a context: `mode` the manner of reading, `closure` the lines "include
    content" of everything it asked for, `circumstances` a digest of what of that its facts come from
    ("" where it is not told). Equal closures have equal readings, and so have equal circumstances."""

    blob: str
    mode: str
    closure: str
    circumstances: str = ""
