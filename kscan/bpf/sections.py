"""Section names by which loaders know what an ELF section's program is: libbpf's, and bpf_load.c's before."""

from kscan.history import History
from kscan.model import SECTION
from kscan.rows import BOUNDS, SECTIONS, Row, empty
from kscan.seen import Seen

_LIBBPF = "tools/lib/bpf/libbpf.c"
# How tables mark that more may follow the name, since v5.18 with +, before with a slash.
_OPEN_ENDED = "/+"


def sections(history: History, tag: str | None = None) -> list[Row]:
    """A row for each section name of each loader, as it first was spelled; of one release with `tag`.

    `kprobe/` and `kprobe+` are one name. libbpf's come first, then those of samples/bpf/bpf_load.c.
    """
    release = history.release(tag) if tag else None
    rows = []
    for seen in _by_name(history):
        when = history.when_of(seen)
        wanted = release.tag if release else when["first_seen"]
        here = next((fact for fact in seen if fact.release.tag == wanted), None)
        if here is not None:
            rows.append(_row(here, when))
    return rows


def section_cells(history: History) -> list[tuple[Row, list[str]]]:
    """Each name's row with a cell for each mainline release."""
    cells = ([state for _, state, _ in history.cells(seen)] for seen in _by_name(history))
    return list(zip(sections(history), cells, strict=True))


def _by_name(history: History) -> list[list[Seen]]:
    """What was seen of each name, libbpf's first."""
    names: dict[tuple[bool, str], list[Seen]] = {}
    for fact in history.uses(SECTION):
        names.setdefault((fact.path != _LIBBPF, fact.name.rstrip(_OPEN_ENDED)), []).append(fact)
    return [seen for _, seen in sorted(names.items())]


def _row(fact: Seen, when: Row) -> Row:
    program, *more = (fact.type or "").split(" ")
    flags = [word for word in more if word.startswith("SEC_")]
    attach = next((word for word in more if word not in flags), None)
    bounds = {key: when[key] for key in BOUNDS}
    row = fact.row(SECTIONS, section=fact.name, program_type=program or None, attach_type=attach,
                   flags=" ".join(flags) or None)  # fmt: skip
    return empty(SECTIONS, **row | bounds | {"type": None})
