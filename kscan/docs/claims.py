"""Claims of documentation: that a name is there since a release. Read from man pages, Markdown, reST and YAML.

Few forms, each plain: what is ambiguous is no claim. Names are those of constants (`PACKET_FANOUT_EBPF`) and of
helpers (`bpf_skb_load_bytes()`, which is BPF_FUNC_skb_load_bytes).
"""

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kscan.docs.tables import Table, tables
from kscan.errors import KscanError

_NAME = r"[A-Z][A-Z0-9]*_\w+"
_HELPER = r"bpf_[a-z0-9_]+(?=\(\))"
_NAMES = re.compile(rf"(?<![\w.]){_NAME}|(?<![\w.]){_HELPER}")
_NAMED = rf"(?:{_NAME}|bpf_[a-z0-9_]+)"
_RELEASE = r"v?(\d+\.\d+(?:\.\d+)?)"
# NAME (since Linux 4.3), NAME was added in Linux 4.3, with at most the markup of a word between. Without the
# kernel's name a sentence may be about a library's release.
_ADDED = r"(?:was |is |has been )?(?:first )?(?:added|introduced|merged|available) (?:in|since|with|from) "
_KERNEL = r"(?:the )?(?:Linux kernel|Linux|kernel)(?: version)? "
_SINCE = re.compile(
    rf"(?<![\w.])({_NAMED})(?:\(\))?"
    rf"(?:[\s,:]*\(since (?:Linux[ -]|kernel )?|(?P<said>,? \(?{_ADDED}{_KERNEL})){_RELEASE}\b"
)
# What comes before the subject of a sentence, and lines behind which one begins: of a manual page's language,
# headings and their underlines.
_BULLET = r"(?:[-*+>]|\d+\.)"
_BEFORE_SUBJECT = re.compile(
    rf"(?:.*[.:;!?]\s|.*\()?\s*(?:{_BULLET}\s+)*(?:In \w+, )?"
    r"(?:(?:The|With|Option|Flag|Helper|Macro|Constant)\s+)?(?:\w+\s+)?"
)
_BEGINS = re.compile(rf"\s*{_BULLET}\s.*")
_NO_PROSE = re.compile(r"\s*|[.'][A-Za-z].*|#+ .*|([=~^\"'`*+#-])\1{2,}\s*")
_ENDS = (".", ":", ";", "!", "?")
_MARKUP = re.compile(r"\\f[BIRP]|\\f\[\w*\]|\\[&|^]|[`*\"]|^\.\s*[A-Z]{1,2}\s")
# ebpf-docs' way: a comment with the name, then the release with a link.
_TAG = re.compile(rf"\s*<!-- \[FEATURE_TAG\]\(({_NAMED})\) -->\s*")
_TAGGED = re.compile(rf"\s*\[:octicons-tag-\d+: {_RELEASE}\]\(.*")
_WHOLE = re.compile(rf"({_NAMED})(?:\(.*\))?")
_ONLY_RELEASE = re.compile(rf"(?:Linux |kernel )?{_RELEASE}\+?")
_COLUMN = re.compile(
    r"(minimum |min\.? )?(kernel|linux)( version| release)?|since( linux| kernel)?|(introduced|added)( in)?"
    r"|version|first (seen|version)",
    re.I,
)
# Columns that say nothing of where or for what a name is there; beside others it may be older.
_BESIDE = re.compile(
    r"commit( id)?|licen[cs]e|enum(erator)?|descriptions?|notes?|comments?|meaning|values?|number|header|links?"
    r"|references?|patch|type",
    re.I,
)
# A column of constants: what is beside says the same in words.
_SYMBOL = re.compile(r"enum(erator)?|constant|symbol|macro", re.I)
_NOT_OF_NAMES = re.compile(r"\b(by|in|for|with|where|library|accept\w*|support\w*)\b", re.I)
_LINK = re.compile(r"\[([^\]\[]*)\]\([^)]*\)")
_MARGIN = re.compile(r"(?: |- )*")
_YAML_RELEASE = ("version", "since", "introduced", "kernel")
_LONGEST_LINE, _LONGEST = 10_000, 50_000_000
_SUFFIXES = (".md", ".markdown", ".rst", ".txt", ".yaml", ".yml")


class Claim(NamedTuple):
    """That `name` is there since `release`, said in a line of a file. `listed` tells that it stands in a
    table of names: in prose a name may be older and only accepted in some place since."""

    file: str
    line: int
    name: str
    release: str
    listed: bool
    text: str


def documents(path: Path) -> list[Path]:
    """The files of documentation at or below a path. Raises KscanError where there is none."""
    if not path.exists():
        raise KscanError(f"{path}: no such file or folder")
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.is_file() and _is_document(file))
    if not found:
        raise KscanError(f"{path}: no Markdown, reST, YAML or manual page in it")
    return found


def _is_document(file: Path) -> bool:
    suffix = _suffix(file)
    return suffix in _SUFFIXES or re.fullmatch(r"\.[1-9]\w*", suffix) is not None


def _suffix(file: Path) -> str:
    """What a file is, packed or not."""
    return file.with_suffix("").suffix if file.suffix == ".gz" else file.suffix


def claims(file: Path) -> list[Claim]:
    """The claims of a file, in its order. Raises KscanError for one that cannot be read."""
    # A longer line is nothing that a person wrote.
    lines = ["" if len(line) > _LONGEST_LINE else line for line in _text(file).split("\n")]
    if _suffix(file) in (".yaml", ".yml"):
        found = _yaml(lines)
    else:
        parts = _prose(lines), _tagged(lines), *map(_tabled, tables(lines))
        found = (claim for part in parts for claim in part)
    return sorted(claim._replace(file=str(file), name=_constant(claim.name)) for claim in found)


def _text(file: Path) -> str:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            data = stream.read(_LONGEST)
    except (OSError, EOFError, zlib.error) as error:
        raise KscanError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    return data.decode("utf-8", "replace")


def _constant(name: str) -> str:
    return f"BPF_FUNC_{name.removeprefix('bpf_')}" if name.startswith("bpf_") else name


def _claim(number: int, name: str, release: str, listed: bool, text: str) -> Claim:
    return Claim("", number, name, f"v{release}", listed, " ".join(text.split()))


def _prose(lines: Sequence[str]) -> Iterator[Claim]:
    before = ""
    for number, line in enumerate(lines, 1):
        bare = _MARKUP.sub("", _LINK.sub(r"\1", line))
        if bare.lstrip().startswith("(since "):
            bare = f"{before} {bare}"
        start = 0
        for found in _SINCE.finditer(bare):
            # `A, B (since …)` may mean both, or B alone.
            alone = len(_NAMES.findall(bare[start : found.end(1) + len("()")])) == 1
            if alone and (not found["said"] or _is_subject(bare[: found.start()], before)):
                yield _claim(number, found[1], found[3], False, line)
            start = found.end()
        before = bare


def _is_subject(words: str, line_before: str) -> bool:
    """Whether what comes before a name lets it be what a sentence is about: `a predecessor of NAME` is not."""
    begins = _NO_PROSE.fullmatch(line_before) or line_before.rstrip().endswith(_ENDS) or _BEGINS.match(words)
    found = _BEFORE_SUBJECT.fullmatch(words)
    return found is not None and (bool(begins) or any(end in words for end in (*_ENDS, "(")))


def _tagged(lines: Sequence[str]) -> Iterator[Claim]:
    for number, (line, following) in enumerate(pairwise(lines), 2):
        name, release = _TAG.fullmatch(line), _TAGGED.fullmatch(following)
        if name and release:
            yield _claim(number, name[1], release[1], True, following)


def _tabled(table: Table) -> Iterator[Claim]:
    """Rows of a table that has a column of releases, and one cell that is a name and nothing else."""
    titles = list(map(_bare, table.titles))
    columns = [at for at, title in enumerate(titles) if _COLUMN.fullmatch(title)]
    for number, row in table.rows if len(columns) == 1 else ():
        cells = list(map(_bare, row))
        release = _ONLY_RELEASE.fullmatch(cells[columns[0]]) if columns[0] < len(cells) else None
        names = {found[1]: at for at, cell in enumerate(cells) if (found := _WHOLE.fullmatch(cell))}
        if release and len(names) == 1:
            ((name, at),) = names.items()
            title = titles[at] if at < len(titles) else ""
            others = (other for n, other in enumerate(titles) if other and n not in (at, columns[0]))
            beside = _SYMBOL.fullmatch(title) or all(map(_BESIDE.fullmatch, others))
            listed = bool(beside) and not _NOT_OF_NAMES.search(title)
            yield _claim(number, name, release[1], listed, " | ".join(row))


def _bare(cell: str) -> str:
    return re.sub(r"[`*]|\\(?=_)", "", _LINK.sub(r"\1", cell)).strip()


@dataclass
class _Mapping:
    """What a mapping says of a name: releases by their keys, each with its line."""

    name: str = ""
    releases: dict[str, tuple[int, str]] = field(default_factory=dict)

    def claims(self) -> Iterator[Claim]:
        """Two keys that tell of releases may tell of different things."""
        if self.name and len(self.releases) == 1:
            for number, release in self.releases.values():
                yield _claim(number, self.name, release, True, f"{self.name}: {release}")


def _yaml(lines: Sequence[str]) -> Iterator[Claim]:
    """A mapping with `name: X` and `version: 4.3`, in whichever order, or `X: 4.3`."""
    # The mappings that are open, by their margins.
    known: dict[int, _Mapping] = {}
    for number, line in enumerate((*lines, "---"), 1):
        margin = len(_MARGIN.match(line)[0])  # type: ignore[index]
        item = line.rfind("- ", 0, margin)
        rest = line[margin:]
        if rest.strip() and not rest.startswith("#"):
            is_end = rest.rstrip() in ("-", "---", "...") or (item < 0 and rest.startswith("--- "))
            ended = [at for at in known if at > margin or 0 <= item < at or (is_end and at >= margin)]
            for at in ended:
                yield from known.pop(at).claims()
        key, value = _pair(rest)
        release = re.fullmatch(_RELEASE, value)
        if key == "name" and re.fullmatch(_NAMED, value):
            known.setdefault(margin, _Mapping()).name = value
        elif key in _YAML_RELEASE and release:
            known.setdefault(margin, _Mapping()).releases[key] = number, release[1]
        elif release and re.fullmatch(_NAME, key):
            yield _claim(number, key, release[1], True, line)


def _pair(text: str) -> tuple[str, str]:
    """Key and value of a line of a mapping, without quotes and what is remarked; empty where it is none."""
    key, colon, value = text.partition(":")
    if not colon or (value and not value.startswith((" ", "\t"))):
        return "", ""
    bare = value.partition(" #")[0].strip()
    return key.strip().strip("\"'"), bare.strip("\"'")
