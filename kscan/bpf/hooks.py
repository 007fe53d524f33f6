"""Hook points: curated rows joined to measured history, attach types straight from the kernels."""

from collections.abc import Iterator

from kscan.catalog.hooks import ATTACH_TYPES, EBPF, HOOKS, REMARKS, Hook
from kscan.history import History
from kscan.rows import HOOKS as COLUMNS
from kscan.rows import Row, empty

_ATTACH_ENUM = "bpf_attach_type"
# The kernel's enums of program, attach and link types: what appears in one is accounted for.
ENUMS = ("bpf_prog_type", _ATTACH_ENUM, "bpf_link_type")


def hooks(history: History) -> list[Row]:
    """A row for each hook point, curated ones first, then every attach type that a scanned release
    has. `first_seen` is measured: the history of `symbol`; beyond the columns a row has its `status`,
    which says how that is bounded."""
    return [_row(history, hook) for hook in (*HOOKS, *_attach_types(history))]


def _attach_types(history: History) -> Iterator[Hook]:
    """A hook for each enumerator of bpf_attach_type; one nobody has described yet has its name only."""
    for name in history.enumerators(_ATTACH_ENUM):
        known = ATTACH_TYPES.get(name)
        short = name.removeprefix("BPF_").lower().replace("_", "-")
        if known:
            yield Hook(short, known.title, known.subsystem, EBPF, name, name, None, known.program_type)
        else:
            yield Hook(short, f"{name} (not described yet)", "bpf", EBPF, name, name)


def _row(history: History, hook: Hook) -> Row:
    found = history.when(hook.symbol)
    curated = {"curated_since": hook.since, "source": hook.source}
    named = hook._asdict()
    fields = {key: named[key] for key in ("id", "title", "subsystem", "flavour", "symbol", "attach", "twin",
                                          "program_type")}  # fmt: skip
    if not found:
        return empty(COLUMNS, name=hook.symbol, measured=False, **fields, **curated) | {"status": None}
    fact = {column: found[0][column] for column in COLUMNS if column in found[0]}
    row = empty(COLUMNS, **{**fact, **fields, **curated, "measured": True})
    return row | {"status": found[0]["status"]}


def unaccounted(history: History) -> list[str]:
    """Program, attach and link types of any scanned release that no row and no remark accounts for."""
    taken = {hook.program_type for hook in HOOKS} | {row.program_type for row in ATTACH_TYPES.values()}
    known = taken | ATTACH_TYPES.keys() | REMARKS.keys()
    return [name for enum in ENUMS for name in history.enumerators(enum) if name not in known]
