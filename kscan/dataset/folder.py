"""The folder of the dataset's text: releases, decisions, and a ledger for each header.

releases.tsv     tag, exact version, source, commit, sets, remark: a line a release, oldest first
decisions.tsv    tag, decision, scope, header, names, reason: where the answer is not what the tree shows
uapi/, internal/ one ledger a header (ledger.py)
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kscan.errors import KscanError
from kscan.model import INTERNAL, UAPI
from kscan.version import KernelVersion
from kscan.writing import replacing

DROP, UNKNOWN, CONFIRMED = "drop", "unknown", "confirmed"
_SUFFIX = ".txt"


class ReleaseLine(NamedTuple):
    """A release of the dataset. `source` is where its tree was published, `sets` the header sets read."""

    tag: str
    exact: str
    source: str
    commit: str
    sets: str
    remark: str = ""

    @property
    def version(self) -> KernelVersion:
        return KernelVersion(self.tag)


class Decision(NamedTuple):
    """What is done with names of a header in a release, or with the header itself where no name is given:

    drop: it is none of mainline's and counts as absent; unknown: the tree cannot tell whether the release
    has it; confirmed: a second source has it, so that no backport brought it."""

    tag: str
    decision: str
    scope: str
    header: str
    names: tuple[str, ...]
    reason: str


def settled(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions, those names no longer unknown that any source confirms or that are dropped."""
    known = list(decisions)
    sure = {(d.tag, d.scope, d.header, name) for d in known if d.decision != UNKNOWN for name in d.names}
    found = []
    for decision in known:
        place = decision.tag, decision.scope, decision.header
        left = tuple(name for name in decision.names if (*place, name) not in sure)
        if decision.decision != UNKNOWN or left == decision.names:
            found.append(decision)
        elif left:
            found.append(decision._replace(names=left))
    return found


class Folder:
    """The dataset's text in a folder. Raises KscanError, naming file and line, for what is none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether a dataset is there."""
        return (self.path / "releases.tsv").exists()

    # Releases and decisions.

    def releases(self) -> list[ReleaseLine]:
        """The releases, oldest first."""
        releases: list[ReleaseLine] = []
        for place, fields in self._table("releases.tsv", len(ReleaseLine._fields)):
            release = ReleaseLine(*fields)
            if releases and release.version <= releases[-1].version:
                raise KscanError(f"{place}: {release.tag} does not come after {releases[-1].tag}")
            if not KernelVersion.parse(release.exact):
                raise KscanError(f"{place}: {release.exact!r} is no exact version")
            releases.append(release)
        return releases

    def write_releases(self, releases: Iterable[ReleaseLine]) -> None:
        """Writes the releases in the order of their versions."""
        ordered = sorted(releases, key=lambda release: release.version)
        self._write_table("releases.tsv", ReleaseLine._fields, ordered)

    def decisions(self) -> list[Decision]:
        """The decisions, as they are kept: by release, header, decision. None where there is no file."""
        if not (self.path / "decisions.tsv").exists():
            return []
        found = []
        for place, fields in self._table("decisions.tsv", len(Decision._fields)):
            tag, word, scope, header, names, reason = fields
            if word not in (DROP, UNKNOWN, CONFIRMED):
                raise KscanError(f"{place}: {word!r} is no decision")
            if scope not in (UAPI, INTERNAL):
                raise KscanError(f"{place}: {scope!r} is no scope")
            found.append(Decision(tag, word, scope, header, tuple(names.split()), reason))
        return found

    def write_decisions(self, decisions: Iterable[Decision]) -> None:
        """Writes the decisions, in order."""
        ordered = sorted(set(decisions), key=lambda d: (KernelVersion(d.tag), d.scope, d.header, d[1:]))
        rows = ((*d[:4], " ".join(d.names), d.reason) for d in ordered)
        self._write_table("decisions.tsv", Decision._fields, rows)

    def _table(self, name: str, width: int) -> Iterator[tuple[str, list[str]]]:
        """Where each line stands, and its fields."""
        path = self.path / name
        head, *lines = _lines(path)
        if KernelVersion.parse(head.split("\t")[0]):
            raise KscanError(f"{path}:1: the first line names the columns")
        for number, line in enumerate(lines, 2):
            fields = line.split("\t")
            if len(fields) > width or not KernelVersion.parse(fields[0]):
                raise KscanError(f"{path}:{number}: expected a release's tag and up to {width - 1} more fields")
            yield f"{path}:{number}", fields + [""] * (width - len(fields))

    def _write_table(self, name: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        said = ([" ".join(field.split()) for field in row] for row in rows)
        lines = ["\t".join(head), *("\t".join(row).rstrip("\t") for row in said)]
        self._write(self.path / name, "\n".join(lines) + "\n")

    # Ledgers.

    def headers(self) -> list[tuple[str, str]]:
        """Scope and header of every ledger, sorted."""
        found = []
        for scope in (INTERNAL, UAPI):
            root = self.path / scope
            for path in root.rglob(f"*{_SUFFIX}"):
                name = path.relative_to(root).as_posix().removesuffix(_SUFFIX)
                found.append((scope, re.sub("![a-z]", lambda letter: letter[0][1].upper(), name)))
        return sorted(found)

    def ledger(self, scope: str, header: str) -> list[str]:
        """The lines of a ledger; none where there is no such file."""
        path = self._ledger(scope, header)
        return _lines(path) if path.exists() else []

    def write_ledger(self, scope: str, header: str, lines: Iterable[str]) -> None:
        """Writes a ledger; one without lines is deleted. A file that would not change is left alone."""
        path = self._ledger(scope, header)
        text = "".join(f"{line}\n" for line in lines)
        if not text:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_bytes() != text.encode():
            self._write(path, text)

    def place(self, scope: str, header: str) -> str:
        """A ledger's file, for people."""
        return str(self._ledger(scope, header))

    def _ledger(self, scope: str, header: str) -> Path:
        # xt_DSCP.h and xt_dscp.h are two headers, but one file where file names fold case.
        folded = re.sub("[A-Z]", lambda letter: f"!{letter[0].lower()}", header)
        return self.path / scope / f"{folded}{_SUFFIX}"

    def _write(self, path: Path, text: str) -> None:
        """Writes a file whole or not at all."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise KscanError(f"{path}: cannot be written: {error.strerror}") from None

    # The whole.

    def digest(self) -> str:
        """A digest of all the text."""
        digest = hashlib.sha256()
        for path in sorted((*self.path.glob("*.tsv"), *self.path.rglob(f"*{_SUFFIX}"))):
            data = path.read_bytes()
            digest.update(f"{path.relative_to(self.path)} {len(data)}\n".encode())
            digest.update(data)
        return digest.hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise KscanError(
            f"{path}: {error.strerror}; a dataset has {path.name}; --data names its folder"
        ) from None
    except UnicodeDecodeError:
        raise KscanError(f"{path}: no UTF-8 text") from None
