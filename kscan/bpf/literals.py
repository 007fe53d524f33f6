"""Where the kernel's own sources spell an instruction, in whatever phrasing: uses by meaning."""

import re
from collections.abc import Iterator, Sequence

from kscan.bpf.definitions import Definitions, SourceWords
from kscan.bpf.phrases import NotPhrase, Phrase, from_source, read_phrase
from kscan.bpf.programs import STRUCTS
from kscan.errors import KscanError, UnreadableHeader
from kscan.history import History
from kscan.parse.expand import spell
from kscan.parse.lex import IDENTIFIER, Define, Item, Lines, Text, Token, closing_brace, skeleton
from kscan.rows import Row
from kscan.seen import Release, Seen
from kscan.source_lines import functions_of, internal_sources, use_row

# A file without any of these spells no instruction.
_SPELLS = re.compile(r"sock_filter|bpf_insn|BPF_STMT|BPF_JUMP|_INSN\s*\(")
_LONGEST = 64
_DOCUMENTS = "Documentation/"


def spelled_uses(history: History, text: str, tag: str) -> list[Row]:
    """A row for each place where a kept source of a release writes the instruction that `text` means;
    a bare opcode (`BPF_JMP | BPF_EXIT`) means every instruction with it. `reason` names the function
    around it. Raises NotPhrase where `text` is no instruction."""
    release = history.release(tag)
    definitions = Definitions(history, release)
    wanted = read_phrase(text, definitions)
    rows: list[Row] = []
    for path, source in internal_sources(history, release):
        if _SPELLS.search(source):
            rows += _of_file(history, release, path, source, definitions, wanted)
    return rows


def _of_file(
    history: History, release: Release, path: str, source: str, definitions: Definitions, wanted: list[Phrase]
) -> Iterator[Row]:
    items = _items(path, source)
    words = SourceWords(items, definitions)
    streams = [[token for item in items if isinstance(item, Text) for token in item.tokens]]
    streams += [item.tokens for item in items if isinstance(item, Define)]
    around: list[Seen] | None = None
    for tokens in streams:
        for phrase, found in _instructions(tokens, words):
            if any(_means(asked, phrase) for asked in wanted):
                if around is None:
                    around = functions_of(history, release, path)
                line, end_line = found[0].line, found[-1].line
                inside = next((f for f in around if f.line <= line <= f.end_line), None)
                yield use_row(release, spell(found), path, line, end_line, inside)


def _items(path: str, source: str) -> list[Item]:
    """A source's text and macros; of a document every line, for its prose is no C."""
    try:
        return skeleton(source)
    except UnreadableHeader:
        if not path.startswith(_DOCUMENTS):
            return []
        return [Text(Lines(list(enumerate(source.split("\n")))), 1)]


def _means(asked: Phrase, found: Phrase) -> bool:
    if asked.flavour != found.flavour:
        return False
    return found.insns[0].code == asked.insns[0].code if asked.bare else found.insns == asked.insns


def _instructions(tokens: Sequence[Token], words: SourceWords) -> Iterator[tuple[Phrase, Sequence[Token]]]:
    """Each initialiser or macro call that reads as one instruction, with its tokens. Numbers alone are
    one only in an array of instructions, whose struct tells the flavour."""
    after = 0
    arrays = _arrays(tokens)
    for at in range(len(tokens)):
        if at < after:
            continue
        flavour = next((flavour for first, last, flavour in arrays if first <= at < last), None)
        end = _instruction_end(tokens, at, words, flavour is not None)
        if end is None:
            continue
        if flavour is None and not any(word.text.startswith("BPF_") for word in tokens[at:end]):
            continue
        words.missing = []
        try:
            readings = from_source(tuple(tokens[at:end]), words)
        except (NotPhrase, KscanError):
            continue
        readings = [reading for reading in readings if flavour in (None, reading.flavour)]
        # Two readings leave open which it is; an unknown word leaves open what it says.
        if len(readings) == 1 and not words.missing:
            yield readings[0], tokens[at:end]
            after = end


def _arrays(tokens: Sequence[Token]) -> list[tuple[int, int, str]]:
    """Where initialisers of struct sock_filter or bpf_insn begin and end, with their flavour."""
    found = []
    for at, token in enumerate(tokens):
        flavour = STRUCTS.get(token.text)
        if flavour is None:
            continue
        opening = _opening(tokens, at)
        if opening is not None:
            found.append((opening, closing_brace(tokens, opening), flavour))
    return found


def _opening(tokens: Sequence[Token], at: int) -> int | None:
    """Where the values begin of what is declared with the struct at `at`: an array, a variable, or a
    compound literal `(struct bpf_insn) {`. None for a parameter, a pointer, a definition."""
    between: list[str] = []
    for number in range(at + 1, min(at + 16, len(tokens))):
        text = tokens[number].text
        if text == "{":
            literal = bool(between) and set(between) <= {"[", "]", ")"}
            return number if between[-1:] == ["="] or literal else None
        if text == ";" or (text in (",", ")") and "=" not in between and between):
            return None
        between.append(text)
    return None


def _instruction_end(tokens: Sequence[Token], at: int, words: SourceWords, in_array: bool) -> int | None:
    """Behind what may be an instruction that begins here: an initialiser, a call of the kernel's macros,
    in an array also a macro of the source's own; None for anything else."""
    token = tokens[at]
    calls = at + 1 < len(tokens) and tokens[at + 1].text == "("
    own = in_array and token.text in words.own
    if token.text == "{" or (token.kind == IDENTIFIER and calls and (own or token.text.startswith("BPF_"))):
        return _end(tokens, at)
    return at + 1 if own else None


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
