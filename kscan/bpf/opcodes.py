"""Opcodes by release: a row each, with what sockets, seccomp, the interpreter and bpf(2) know of it."""

from collections.abc import Iterator

from kscan.bpf.becomes import SOURCE, becomes
from kscan.bpf.opcode_tables import OWN, Opcodes
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import CLASSES, MODES, OPERATIONS, SIZES, VARIANTS, Variant
from kscan.history import History
from kscan.model import CLASSIC, INTERPRETER, PUBLIC, SECCOMP
from kscan.rows import ABSENT, BOUNDS, COMMON, NOT_SCANNED, OPCODES, PRESENT, WINDOW, Row, empty
from kscan.seen import Cell, Release, Seen
from kscan.version import KernelVersion
from kscan.wording import since

_ALSO = {"BPF_XADD": "BPF_ATOMIC"}
_CONVERSIONS = ("sk_convert_filter", "bpf_convert_filter")


def opcodes(history: History, tag: str | None = None, *, everything: bool = False) -> list[Row]:
    """A row for each opcode, classic ones first, in order of code; with `tag` those that the release
    has, at its lines. With `everything` also what only the kernel itself may use, and what only its
    interpreter has. Instructions that share a code byte follow as curated rows with a `variant`.

    `loadable`, `in_interpreter` and `in_seccomp` name the first release of each table in a word:
    "v5.1", "by v5.1" where a release before is not known to be without, "≤ v2.6.12"."""
    known = Opcodes(history)
    release = history.release(tag) if tag else None
    rows = list(_classic_rows(known, release))
    rows += _extended_rows(known, release, everything)
    rows += [_variant_row(known, v, release) for v in VARIANTS if _is_there(known, v, release)]
    return rows


def opcode_cells(history: History) -> list[tuple[Row, list[str]]]:
    """The row of each opcode that programs may have, then of each variant, with a cell for each mainline
    release: for a variant whether that has its symbol, which is not known of one without."""
    known = Opcodes(history)
    rows = [*_classic_rows(known, None), *_extended_rows(known, None, everything=False)]
    found = [(row, [state for _, state, _ in known.line(row["flavour"], row["value"])]) for row in rows]
    return found + [(_variant_row(known, v, None), _variant_states(known, v)) for v in VARIANTS]


def _variant_states(known: Opcodes, variant: Variant) -> list[str]:
    line = _variant_line(known, variant, variant.symbol) if variant.symbol else []
    return [state for _, state, _ in line] or [NOT_SCANNED] * len(known.history.mainline)


def _classic_rows(known: Opcodes, release: Release | None) -> Iterator[Row]:
    converts = release is None or _converts(known.history, release)
    for code in known.codes(CLASSIC):
        line = known.line_of(CLASSIC, code)
        fact = _shown(line, release, known.tables[CLASSIC].entries, code)
        if fact is not None:
            yield _row(known.history, CBPF, code, fact, line) | {
                "in_seccomp": _in_a_word(known.history, known.line_of(SECCOMP, code)),
                "becomes": becomes(code) if converts else None,
                "curated_source": SOURCE if converts else None,
            }


def _extended_rows(known: Opcodes, release: Release | None, everything: bool) -> Iterator[Row]:
    history = known.history
    for code in known.codes(PUBLIC, INTERPRETER):
        line, inside = known.line(EBPF, code), known.line_of(INTERPRETER, code)
        shown = line if _first(line) else inside if everything else []
        fact = _first(shown)
        if release is not None:
            fact = known.loadable(release, code)[2]
            if fact is None and everything:
                fact = known.tables[INTERPRETER].entries.get(release.id, {}).get(code)
        if fact is not None:
            yield _row(history, EBPF, code, fact, shown or inside) | {
                "loadable": _in_a_word(history, line),
                "in_interpreter": _in_a_word(history, inside),
            }
    for code in known.codes(OWN) if everything else ():
        line = known.line_of(OWN, code)
        fact = _shown(line, release, known.tables[OWN].entries, code)
        if fact is not None:
            yield _row(history, EBPF, code, fact, line) | {"in_interpreter": _in_a_word(history, line)}


def _shown(
    line: list[Cell], release: Release | None, entries: dict[int, dict[int, Seen]], code: int
) -> Seen | None:
    """The entry that a row shows: of a release, or of the first of its line."""
    return _first(line) if release is None else entries.get(release.id, {}).get(code)


def _row(history: History, flavour: str, code: int, fact: Seen, line: list[Cell]) -> Row:
    bounds = history.bounds(line) if _first(line) else {}
    row = fact.row(OPCODES, **bounds) | describe(flavour, code)
    words = {*fact.name.split("|"), *(_ALSO[word] for word in fact.name.split("|") if word in _ALSO)}
    for key in ("op", "mode"):
        # The kernel's own opcodes use bits that mean something else in a program.
        row[key] = row[key] if row[key] in words else None
    return row | {"name": fact.name, "type": None, "value": code, "value_text": f"0x{code:02x}",
                  "names": _names(line)}  # fmt: skip


def _converts(history: History, release: Release) -> bool:
    """Whether a release makes extended programs of classic ones."""
    facts = (f for name in _CONVERSIONS for found in history.seen(name).values() for f in found)
    return any(fact.release.id == release.id for fact in facts)


def _first(line: list[Cell]) -> Seen | None:
    return next((fact for _, _, fact in line if fact is not None), None)


def _names(line: list[Cell]) -> str | None:
    """What the tables call an opcode, each spelling from the release that has it first."""
    said: dict[str, str] = {}
    for release, _, fact in line:
        if fact is not None:
            said.setdefault("|".join(sorted(fact.name.split("|"))), f"{fact.name} {release.tag}")
    return "; ".join(said.values()) or None


def _in_a_word(history: History, line: list[Cell]) -> str | None:
    """The first release of a line, with how it is bounded; and the last, where it ended."""
    if _first(line) is None:
        return None
    bounds = history.bounds(line)
    first = since(bounds["first_seen"], bounds["status"])
    if bounds["status"] == WINDOW:
        first = f"by {first}"
    return f"{first} to {bounds['last_seen']}" if bounds["removed_in"] else first


def describe(flavour: str, code: int) -> Row:
    """What the bits of a code byte say: class, operation, source, size and mode by their names."""
    kind = CLASSES[flavour][code & 7]
    row: Row = {"flavour": flavour, "code": f"0x{code:02x}", "class": kind, "op": None, "source": None,
                "size": None, "mode": None}  # fmt: skip
    operations = OPERATIONS.get((flavour, kind))
    if operations is not None:
        source = "BPF_X" if code & 8 else "BPF_K"
        op = operations.get(code & 0xF0)
        if op == "BPF_END":
            source = "BPF_TO_BE" if code & 8 else "BPF_TO_LE"
        return row | {"op": op, "source": source}
    if kind in ("BPF_RET", "BPF_MISC"):
        word = {"BPF_RET": {0: "BPF_K", 0x10: "BPF_A"}, "BPF_MISC": {0: "BPF_TAX", 0x80: "BPF_TXA"}}[kind]
        return row | {"source" if kind == "BPF_RET" else "op": word.get(code & 0xF8)}
    if flavour == CBPF and kind in ("BPF_ST", "BPF_STX"):
        return row
    return row | {"size": SIZES[code & 0x18], "mode": MODES[flavour].get(code & 0xE0)}


def words_of(flavour: str, code: int) -> str:
    """The words that the bits of a code byte mean, whether or not a table has it."""
    said = describe(flavour, code)
    return " | ".join(said[key] for key in ("class", "op", "mode", "size", "source") if said[key])


# Instructions that share a code byte.


def _variant_line(known: Opcodes, variant: Variant, symbol: str) -> list[Cell]:
    """Whether each mainline release has an instruction: its symbol, in whichever scope, for the kernel may have
    had the word for itself before user space got it; and a byte that programs may have."""
    history = known.history
    lines = [history.cells(facts, known.releases, curated=True) for facts in history.seen(symbol).values()]
    line: list[Cell] = []
    for cells in zip(*lines, strict=True):
        release, state, fact = next((cell for cell in cells if cell[1] == PRESENT), cells[0])
        refused = _is_refused(known, variant, release)
        line.append((release, ABSENT, None) if refused else (release, state, fact))
    return line


def _is_refused(known: Opcodes, variant: Variant, release: Release) -> bool:
    return all(known.refuses(release, code) for code in variant.codes)


def variant_when(known: Opcodes, variant: Variant) -> Row | None:
    """When an instruction appeared, by its symbol, with the first place of that. None where the kernel has no
    name for it."""
    line = _variant_line(known, variant, variant.symbol) if variant.symbol else []
    fact = _first(line)
    return None if fact is None else fact.row((*COMMON, *BOUNDS), **known.history.bounds(line))


def _variant_row(known: Opcodes, variant: Variant, release: Release | None) -> Row:
    """A curated row; where the kernel has a name for it, that name's history is the proof, and its
    place that of `release`, else of the first."""
    row = variant_when(known, variant) or {}
    if release is not None and variant.symbol is not None:
        found = (fact for facts in known.history.seen(variant.symbol).values() for fact in facts)
        here = next((fact for fact in found if fact.release.id == release.id), None)
        row |= {key: value for key, value in here.row().items() if value is not None} if here else {}
    placed = ("value", "value_text", "path", "line", "end_line", "permalink", "header", "scope", "kind")
    given = {key: row.get(key) for key in (*BOUNDS, *placed)}
    codes = ", ".join(f"0x{code:02x}" for code in variant.codes)
    return empty(OPCODES, name=variant.symbol or variant.id, flavour=EBPF, code=codes, variant=variant.title,
                 field=variant.field, curated_since=variant.since, curated_source=variant.source,
                 **given)  # fmt: skip


def _is_there(known: Opcodes, variant: Variant, release: Release | None) -> bool:
    """Whether programs of a release may have an instruction."""
    if release is None or not has_word(known, variant, release):
        return release is None
    return variant.symbol is None or not _is_refused(known, variant, release)


def has_word(known: Opcodes, variant: Variant, release: Release) -> bool:
    """Whether a release has an instruction: by its symbol, or by the curated release where it has none."""
    if variant.symbol is not None:
        seen = bool(known.history.seen(variant.symbol))
        return seen and known.history.has(variant.symbol, release.tag) == PRESENT
    first, version = KernelVersion.parse(variant.since), release.version or release.exact
    return first is not None and version is not None and version >= first
