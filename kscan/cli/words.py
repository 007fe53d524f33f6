"""Plain words: `kscan "when did PACKET_FANOUT_EBPF appear?"` is understood as a command."""

from collections.abc import Callable, Iterable, Sequence

_FILLER = frozenset(
    [
        "a",
        "add",
        "added",
        "an",
        "and",
        "appear",
        "appeared",
        "arrive",
        "arrived",
        "available",
        "be",
        "been",
        "came",
        "change",
        "changed",
        "come",
        "constant",
        "did",
        "disappear",
        "disappeared",
        "do",
        "does",
        "dropped",
        "enter",
        "enum",
        "first",
        "for",
        "from",
        "get",
        "gone",
        "got",
        "has",
        "have",
        "helper",
        "in",
        "into",
        "introduced",
        "is",
        "it",
        "kernel",
        "kernels",
        "land",
        "landed",
        "last",
        "linux",
        "macro",
        "of",
        "or",
        "release",
        "released",
        "removed",
        "show",
        "since",
        "struct",
        "support",
        "supported",
        "the",
        "to",
        "typedef",
        "union",
        "version",
        "versions",
        "was",
        "went",
        "were",
        "what",
        "when",
        "which",
        "with",
    ]
)


def as_question(argv: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Arguments as given, a whole question in one argument split into words."""
    given = list(argv)
    if given and " " in given[0].strip():
        words = given[0].split()
        if words[0].lower() not in commands:
            words.insert(0, "when")
        bare = (word.strip("?!.,;:'\"`") for word in words[1:])
        given[:1] = [words[0].lower(), *(word for word in bare if word)]
    return given


_KINDS = frozenset(("struct", "union", "enum", "typedef"))


def bare(word: str) -> str:
    """A name without the word that C puts before it: `struct bpf_insn`."""
    first, _, rest = word.strip().partition(" ")
    return rest.strip() if first in _KINDS and rest.strip() else word


def names_asked(words: Iterable[str], is_name: Callable[[str], bool]) -> list[str]:
    """The names among the words of a question: filler words count only where they are names."""
    # A shell's quotes may keep `struct bpf_insn` together.
    asked = [part for word in words for part in word.split() or [word]]
    cleaned = [word.rstrip("!,;").removesuffix("()") for word in asked]
    # The last word of a question may end in its mark; anywhere else `?` is part of a pattern.
    if len(cleaned) > 1:
        cleaned[-1] = cleaned[-1].rstrip("?").removesuffix("()")
    given = [word for word in cleaned if word]
    kept = [word for word in given if word.lower() not in _FILLER or is_name(word)]
    return kept or given or asked
