"""Hook points: curated rows joined to measured history, attach types straight from the kernels."""

from collections.abc import Iterator

from kscan.bpf.sites import runs_of
from kscan.catalog.hooks import ATTACH_TYPES, EBPF, HOOKS, REMARKS, Hook
from kscan.catalog.sites import SITES_AT
from kscan.history import History
from kscan.model import RUN_SITE
from kscan.rows import HOOKS as COLUMNS
from kscan.rows import Row, empty
from kscan.seen import Release, Seen
from kscan.wording import since

_ATTACH_ENUM = "bpf_attach_type"
# The kernel's enums of program, attach and link types: what appears in one is accounted for.
ENUMS = ("bpf_prog_type", _ATTACH_ENUM, "bpf_link_type")
# Those that a hook point or a remark accounts for.
KNOWN_TYPES = frozenset(
    {hook.program_type for hook in HOOKS} | {row.program_type for row in ATTACH_TYPES.values()}
    | ATTACH_TYPES.keys() | REMARKS.keys()
)  # fmt: skip
_CURATED = ("id", "title", "subsystem", "flavour", "symbol", "attach", "twin", "program_type")


def hooks(history: History, tag: str | None = None) -> list[Row]:
    """A row for each hook point, curated ones first, then every attach type that a scanned release has.
    `first_seen` is measured: the history of `symbol`; `status` says how that is bounded, and beyond the
    columns a row has its twin's. `runs` says where the kernel runs its programs: in
    release `tag`, else in the newest that has the place."""
    release = history.release(tag) if tag else None
    runs = runs_of(history, release)
    asked = release or history.newest
    rows = [_row(history, hook, runs.get(hook.id, []), asked) for hook in (*HOOKS, *_attach_types(history))]
    by_id = {row["id"]: row for row in rows}
    return [_with_twin(row, by_id.get(row["twin"])) for row in rows]


def _with_twin(row: Row, twin: Row | None) -> Row:
    return row | {"twin_first_seen": twin and twin["first_seen"], "twin_status": twin and twin["status"]}


def _attach_types(history: History) -> Iterator[Hook]:
    """A hook for each enumerator of bpf_attach_type; one nobody has described yet has its name only."""
    taken = {hook.id for hook in HOOKS}
    for name in history.enumerators(_ATTACH_ENUM):
        known = ATTACH_TYPES.get(name)
        short = name.removeprefix("BPF_").lower().replace("_", "-")
        # What was there before links came has two ways to attach.
        short = f"{short}-link" if short in taken else short
        if known:
            yield Hook(short, known.title, known.subsystem, EBPF, name, name, None, known.program_type)
        else:
            yield Hook(short, f"{name} (not described yet)", "bpf", EBPF, name, name)


def _row(history: History, hook: Hook, runs: list[Seen], asked: Release) -> Row:
    found = history.when(hook.symbol, curated=True)
    named = hook._asdict()
    given = {key: named[key] for key in _CURATED} | {
        "curated_since": hook.since,
        "source": hook.source,
        "beside": "; ".join(_beside(history, hook)) or None,
        "runs": "; ".join(_places(history, runs, asked)) or None,
    }
    if not found:
        return empty(COLUMNS, name=hook.symbol, measured=False, **given)
    return empty(COLUMNS, **{**found[0], **given, "measured": True})


def _places(history: History, runs: list[Seen], asked: Release) -> Iterator[str]:
    """Where programs run: in one release, the newest that has such places; one not asked for is named."""
    newest = max((fact.release for fact in runs), key=history.order_of, default=None)
    for fact in runs:
        if fact.release is newest:
            older = "" if newest is asked else f" ({newest.tag})"
            yield f"{fact.path}:{fact.line} {fact.type}(){older}"


def _beside(history: History, hook: Hook) -> Iterator[str]:
    """The names that go with a hook, each with its first release."""
    for name in hook.beside:
        for row in history.when(name)[:1]:
            yield f"{name} {since(row['first_seen'], row['status'])}"


def unaccounted(history: History) -> list[str]:
    """Program, attach and link types of any scanned release that no row and no remark accounts for."""
    return [name for enum in ENUMS for name in history.enumerators(enum) if name not in KNOWN_TYPES]


def undescribed_sites(history: History) -> list[str]:
    """Places of any scanned release that run programs and that no row of the catalog describes."""
    uses = history.uses(RUN_SITE)
    return sorted({place for use in uses if (place := f"{use.path} {use.type}") not in SITES_AT})
