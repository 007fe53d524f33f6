"""Where the kernel's own sources spell an instruction, in whatever phrasing: uses by meaning."""

import re
from collections.abc import Iterator, Sequence

from kscan.bpf.definitions import Definitions, SourceWords
from kscan.bpf.phrases import NotPhrase, Phrase, from_source, read_phrase
from kscan.errors import KscanError, UnreadableHeader
from kscan.history import History, Release, Seen
from kscan.model import INTERNAL
from kscan.parse.expand import spell
from kscan.parse.lex import IDENTIFIER, Text, Token, skeleton
from kscan.rows import USES, Row
from kscan.source_lines import source_text

# A file without any of these spells no instruction.
_SPELLS = re.compile(r"sock_filter|bpf_insn|BPF_STMT|BPF_JUMP|_INSN\s*\(")
_LONGEST = 64


def spelled_uses(history: History, text: str, tag: str) -> list[Row]:
    """A row for each place where a kept source of a release writes the instruction that `text` means;
    a bare opcode (`BPF_JMP | BPF_EXIT`) means every instruction with it. `reason` names the function
    around it. Raises NotPhrase where `text` is no instruction."""
    release = history.release(tag)
    definitions = Definitions(history, release)
    wanted = read_phrase(text, definitions)
    query = "SELECT path FROM file WHERE release_id = ? AND scope = ? ORDER BY path"
    rows: list[Row] = []
    for (path,) in history.db.execute(query, (release.id, INTERNAL)).fetchall():
        source = source_text(history, release, path)
        if _SPELLS.search(source):
            rows += _of_file(history, release, path, source, definitions, wanted)
    return rows


def _of_file(
    history: History, release: Release, path: str, source: str, definitions: Definitions, wanted: list[Phrase]
) -> Iterator[Row]:
    try:
        items = skeleton(source)
    except UnreadableHeader:
        return
    tokens = [token for item in items if isinstance(item, Text) for token in item.tokens]
    words = SourceWords(items, definitions)
    around: list[Seen] | None = None
    for phrase, found in _instructions(tokens, words):
        if any(_means(asked, phrase) for asked in wanted):
            if around is None:
                around = [fact for fact in history.facts_of(release, path) if fact.kind == "function"]
            yield _row(release, path, found, around)


def _means(asked: Phrase, found: Phrase) -> bool:
    if asked.flavour != found.flavour:
        return False
    return found.insns[0].code == asked.insns[0].code if asked.bare else found.insns == asked.insns


def _instructions(tokens: Sequence[Token], words: SourceWords) -> Iterator[tuple[Phrase, Sequence[Token]]]:
    """Each initialiser or macro call that reads as one instruction, with its tokens."""
    after = 0
    for at, token in enumerate(tokens):
        if at < after:
            continue
        opens = token.text == "{" or (
            token.kind == IDENTIFIER
            and token.text.startswith("BPF_")
            and at + 1 < len(tokens)
            and tokens[at + 1].text == "("
        )
        end = _end(tokens, at) if opens else None
        if end is None:
            continue
        words.missing = []
        try:
            readings = from_source(tuple(tokens[at:end]), words)
        except (NotPhrase, KscanError):
            continue
        # Two readings leave open which it is; an unknown word leaves open what it says.
        if len(readings) == 1 and not words.missing:
            yield readings[0], tokens[at:end]
            after = end


def _end(tokens: Sequence[Token], start: int) -> int | None:
    """Behind the bracket that closes what begins at `start`; None where that is far away or holds
    statements."""
    depth = 0
    for number in range(start, min(start + _LONGEST, len(tokens))):
        text = tokens[number].text
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text, 0)
        if text == ";" or (text == "{" and number > start):
            return None
        if depth == 0 and text in (")", "}"):
            return number + 1
    return None


def _row(release: Release, path: str, tokens: Sequence[Token], around: Sequence[Seen]) -> Row:
    line, end_line = tokens[0].line, tokens[-1].line
    inside = next((f for f in around if f.line <= line <= f.end_line), None)
    row: Row = dict.fromkeys(USES)
    row |= {"name": spell(tokens), "kind": "use", "scope": INTERNAL, "header": path, "path": path, "line": line}
    row |= {"end_line": end_line, "permalink": release.link(path, line, end_line)}
    row["reason"] = f"in {inside.name}()" if inside else None
    return row
