"""Claims of documentation: that a name is there since a release. Read from man pages, Markdown, reST and YAML.

Few forms, each plain: what is ambiguous is no claim. Names are those of constants (`PACKET_FANOUT_EBPF`) and of
helpers (`bpf_skb_load_bytes()`, which is BPF_FUNC_skb_load_bytes).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kscan.errors import KscanError

_NAME = r"[A-Z][A-Z0-9]*_\w+"
_HELPER = r"bpf_[a-z0-9_]+(?=\(\))"
_NAMES = re.compile(rf"(?<![\w.]){_NAME}|(?<![\w.]){_HELPER}")
_RELEASE = r"v?(\d+\.\d+(?:\.\d+)?)"
# NAME (since Linux 4.3), NAME was added in Linux 4.3, with at most the markup of a word between. Without the
# kernel's name a sentence may be about a library's release.
_ADDED = r"(?:was |is |has been )?(?:first )?(?:added|introduced|merged|available) (?:in|since|with|from) "
_KERNEL = r"(?:the )?(?:Linux kernel|Linux|kernel)(?: version)? "
_SINCE = re.compile(
    rf"(?<![\w.])({_NAME}|bpf_[a-z0-9_]+)(?:\(\))?"
    rf"(?:[\s,:]*\(since (?:Linux |kernel )?|,? \(?{_ADDED}{_KERNEL}){_RELEASE}\b"
)
_MARKUP = re.compile(r"\\f[BIRP]|\\f\[\w*\]|\\[&|^]|[`*\"]|^\.\s*[A-Z]{1,2}\s")
_WHOLE = re.compile(rf"({_NAME}|bpf_[a-z0-9_]+)(?:\(.*\))?")
_ONLY_RELEASE = re.compile(rf"{_RELEASE}")
_COLUMN = re.compile(
    r"kernel( version)?|linux( version)?|since|introduced( in)?|version|first (seen|version)", re.I
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_SEPARATOR = re.compile(r"[\s|:-]*-[\s|:-]*")
_YAML_NAME = re.compile(rf"\s*-?\s*name:\s*[\"']?({_NAME}|bpf_[a-z0-9_]+)[\"']?\s*")
_YAML_RELEASE = re.compile(rf"\s*(?:version|since|introduced):\s*[\"']?{_RELEASE}[\"']?\s*")
_YAML_PAIR = re.compile(rf"\s*-?\s*[\"']?({_NAME})[\"']?:\s*[\"']?{_RELEASE}[\"']?\s*")
_LONGEST_LINE = 10_000
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
    return file.suffix in _SUFFIXES or re.fullmatch(r"\.[1-9]\w*", file.suffix) is not None


def claims(file: Path) -> list[Claim]:
    """The claims of a file, in its order. Raises KscanError for one that cannot be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise KscanError(f"{file}: {error.strerror}") from None
    # A longer line is nothing that a person wrote.
    lines = ["" if len(line) > _LONGEST_LINE else line for line in text.split("\n")]
    if file.suffix in (".yaml", ".yml"):
        found = _yaml(lines)
    else:
        found = (claim for part in (_prose(lines), _tables(lines)) for claim in part)
    return sorted(claim._replace(file=str(file), name=_constant(claim.name)) for claim in found)


def _constant(name: str) -> str:
    return f"BPF_FUNC_{name.removeprefix('bpf_')}" if name.startswith("bpf_") else name


def _claim(number: int, name: str, release: str, listed: bool, text: str) -> Claim:
    return Claim("", number, name, f"v{release}", listed, " ".join(text.split()))


def _prose(lines: Sequence[str]) -> Iterator[Claim]:
    before = ""
    for number, line in enumerate(lines, 1):
        bare = _MARKUP.sub("", line)
        if bare.lstrip().startswith("(since "):
            bare = f"{before} {bare}"
        start = 0
        for found in _SINCE.finditer(bare):
            # `A, B (since …)` may mean both, or B alone.
            if len(_NAMES.findall(bare[start : found.end(1) + len("()")])) == 1:
                yield _claim(number, found[1], found[2], False, line)
            start = found.end()
        before = bare


def _tables(lines: Sequence[str]) -> Iterator[Claim]:
    """Rows of Markdown tables that have a column of releases, and one cell that is a name and nothing else."""
    column: int | None = None
    for number, line in enumerate(lines, 1):
        if "|" not in line:
            column = None
        elif number < len(lines) and "|" in lines[number] and _SEPARATOR.fullmatch(lines[number]):
            columns = [at for at, cell in enumerate(_cells(line)) if _COLUMN.fullmatch(cell)]
            column = columns[0] if len(columns) == 1 else None
        elif column is not None:
            cells = _cells(line)
            release = _ONLY_RELEASE.fullmatch(cells[column]) if column < len(cells) else None
            names = {found[1] for cell in cells if (found := _WHOLE.fullmatch(cell))}
            if release and len(names) == 1:
                yield _claim(number, names.pop(), release[1], True, line)


def _cells(line: str) -> list[str]:
    bare = _LINK.sub(r"\1", line.strip().removeprefix("|").removesuffix("|"))
    return [re.sub(r"[`*]|\\(?=_)", "", cell).strip() for cell in bare.split("|")]


def _yaml(lines: Sequence[str]) -> Iterator[Claim]:
    """`name: X` followed by `version: 4.3` in the same entry, or `X: 4.3`."""
    name: tuple[str, int] | None = None
    for number, line in enumerate(lines, 1):
        if found := _YAML_NAME.fullmatch(line):
            name = found[1], number
        elif line.lstrip().startswith("- "):
            name = None
        if name and (release := _YAML_RELEASE.fullmatch(line)):
            yield _claim(number, name[0], release[1], True, f"{name[0]}: {release[1]}")
            name = None
        elif pair := _YAML_PAIR.fullmatch(line):
            yield _claim(number, pair[1], pair[2], True, line)
