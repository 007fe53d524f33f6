"""`kscan opcode`: an instruction in any phrasing, resolved at a release and told in every other phrasing."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.bpf.cbpf_text import classic_text
from kscan.bpf.definitions import Definitions
from kscan.bpf.ebpf_text import UNKNOWN, text_of
from kscan.bpf.instruction import Classic, Insn
from kscan.bpf.opcode_tables import OWN, Opcodes
from kscan.bpf.opcodes import describe, has_word, variant_when, words_of
from kscan.bpf.phrases import NotPhrase, Phrase, from_source, read_phrase
from kscan.bpf.variants import variants_of
from kscan.catalog.calls import CLASSIC_CALLS, EXTENDED_CALLS
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import SIZES, VARIANTS_BY_ID, Variant
from kscan.history import History
from kscan.parse.lex import tokenize
from kscan.rows import EXACT, OPCODE, Row, empty
from kscan.seen import Release
from kscan.version import or_last

_REGISTER = "BPF_REG_{}"


def readings(history: History, text: str, tag: str | None = None) -> list[Row]:
    """A row for each reading of `text` at a release, by default the newest. A bare opcode is read in
    each flavour whose tables have it there. Raises NotPhrase where it is none."""
    release = history.release(tag) if tag else history.newest
    known = Opcodes(history)
    definitions = Definitions(history, release)
    phrases = [p for p in read_phrase(text, definitions) if _is_known(known, release, p)]
    if not phrases:
        raise NotPhrase(f"{text.strip()!r} is no instruction that {release.tag} knows")
    used = dict(definitions.used)
    rows = []
    for phrase in phrases:
        definitions.used = dict(used)
        rows.append(_row(known, definitions, phrase))
    return rows


def _is_known(known: Opcodes, release: Release, phrase: Phrase) -> bool:
    """Whether a release has the opcode, by its tables; where none were read, by what its bits say."""
    code = phrase.insns[0].code
    if known.lacks(release, phrase.flavour, code):
        return False
    if not all(has_word(known, variant, release) for variant in _variants(phrase)):
        return False
    return known.knows(release, phrase.flavour) or ("unimp" not in _text(phrase) and _text(phrase) != UNKNOWN)


def _variants(phrase: Phrase) -> list[Variant]:
    """The curated rows of what an instruction is beyond its code."""
    first = phrase.insns[0]
    if phrase.bare or not isinstance(first, Insn):
        return []
    return [VARIANTS_BY_ID[name] for name in variants_of(first, None, is_kfunc=False)]


def _text(phrase: Phrase) -> str:
    first = phrase.insns[0]
    if isinstance(first, Classic):
        return classic_text(first)
    return text_of([insn for insn in phrase.insns if isinstance(insn, Insn)])


def _row(known: Opcodes, definitions: Definitions, phrase: Phrase) -> Row:
    first = phrase.insns[0]
    release, code = definitions.release, first.code
    sort, entry = known.entry(release, phrase.flavour, code) or (None, None)
    line = known.line_of(OWN, code) if sort == OWN else known.line(phrase.flavour, code)
    words = _words(entry.name if entry else "", definitions) or words_of(phrase.flavour, code)
    found = [known.history.bounds(line)] if any(fact for _, _, fact in line) else []
    for variant in _variants(phrase):
        found.append(variant_when(known, variant) or {"first_seen": variant.since, "status": EXACT})
    # What a byte means more than it did came with the later of the two.
    bounds = max(found, key=lambda row: or_last(row["first_seen"]), default={})
    fields = dict(first._asdict()) | {"code": f"0x{code:02x}"}
    call = _call(phrase, definitions)
    row = describe(phrase.flavour, code) | fields
    if entry is not None and "BPF_XADD" in entry.name.split("|"):
        row["mode"] = "BPF_XADD"
    is_refused = phrase.flavour == EBPF and known.refuses(release, code)
    return empty(
        OPCODE, **row | {
            "text": _text(phrase),
            "literal": ", ".join(_literal(insn) for insn in phrase.insns),
            "macros": ", ".join([_spelled(first, words), *(_spelled(insn, "0") for insn in phrase.insns[1:])]),
            "call": call,
            "first_seen": bounds.get("first_seen"),
            "resolved": list(_resolved(definitions)),
        },
    ) | {"bare": phrase.bare, "own": sort == OWN, "status": bounds.get("status"),
         "refused": release.tag if is_refused and sort != OWN else None}  # fmt: skip


def _words(name: str, definitions: Definitions) -> str:
    """The words of a table's entry, each looked up so that it is among what is resolved."""
    words = [word for word in name.split("|") if word and word != "0"]
    known = all(word[0].isdigit() or definitions.value(word) is not None for word in words)
    return " | ".join(words) if known else ""


def _literal(insn: Insn | Classic) -> str:
    """An initialiser of numbers alone: five fields for extended BPF, four for classic."""
    if isinstance(insn, Classic):
        return f"{{ 0x{insn.code:02x}, {insn.jt}, {insn.jf}, 0x{insn.k:08x} }}"
    off, imm = insn.off & 0xFFFF, insn.imm & 0xFFFFFFFF
    return f"{{ 0x{insn.code:02x}, 0x{insn.dst:x}, 0x{insn.src:x}, 0x{off:04x}, 0x{imm:08x} }}"


def _spelled(insn: Insn | Classic, words: str) -> str:
    """An initialiser with the opcode in words."""
    return f"{{ {words}, {', '.join(str(value) for value in insn[1:])} }}"


def _call(phrase: Phrase, definitions: Definitions) -> str | None:
    """The first macro call that makes the instruction at the release, as expanding it shows; None
    where no macro of the release does, or its text is not kept."""
    for call in _candidates(phrase):
        kept = dict(definitions.used)
        try:
            made = from_source(tuple(tokenize(call, 1)), definitions)
        except NotPhrase:
            made = []
        if any(reading.insns == phrase.insns for reading in made):
            return call
        definitions.used = kept
    return None


def _candidates(phrase: Phrase) -> Iterator[str]:
    first = phrase.insns[0]
    said = describe(phrase.flavour, first.code)
    if isinstance(first, Classic):
        words = words_of(CBPF, first.code)
        given = {"words": words, "k": first.k, "jt": first.jt, "jf": first.jf}
        calls: Sequence[str] = CLASSIC_CALLS
    else:
        wide = 0
        if len(phrase.insns) == 2 and isinstance(phrase.insns[1], Insn):
            wide = (phrase.insns[1].imm & 0xFFFFFFFF) << 32 | first.imm & 0xFFFFFFFF
        given = {
            "op": said["op"], "size": SIZES[first.code & 0x18], "dst": _REGISTER.format(first.dst),
            "src": _REGISTER.format(first.src), "off": first.off, "imm": first.imm, "wide": wide,
            "type": said["source"], "code": words_of(EBPF, first.code), "src_number": first.src,
            "atomic": _atomic(first.imm),
        }  # fmt: skip
        calls = EXTENDED_CALLS
    for call in calls:
        yield call.format(**given)


def _atomic(imm: int) -> str:
    names = {0x00: "BPF_ADD", 0x40: "BPF_OR", 0x50: "BPF_AND", 0xA0: "BPF_XOR", 0xE1: "BPF_XCHG",
             0xF1: "BPF_CMPXCHG", 0x100: "BPF_LOAD_ACQ", 0x110: "BPF_STORE_REL"}  # fmt: skip
    plain = names.get(imm) or (f"{names[imm & ~1]} | BPF_FETCH" if imm & ~1 in names else None)
    return plain or str(imm)


def _resolved(definitions: Definitions) -> Iterable[dict[str, object]]:
    """Every name that was looked up, with its value and where it stands at the release."""
    for name, fact in definitions.used.items():
        link = definitions.release.link(fact.path, fact.line, fact.end_line)
        yield {"name": name, "value": fact.value, "permalink": link or f"{fact.path}:{fact.line}"}
