"""Claims of documentation held against the kernels: only what they contradict is told, with its proof."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kscan.docs.claims import Claim, claims, documents
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import UAPI
from kscan.rows import ABSENT, LINT, Row
from kscan.seen import Cell, Seen
from kscan.version import KernelVersion

# The first release with headers of user space's own.
_OWN_FILES = KernelVersion("v3.7")
AGREES, CONTRADICTED, OPEN, UNKNOWN = "agrees", "contradicted", "open", "unknown"


class Linted(NamedTuple):
    """A row for each contradicted claim; how many claims agree, are contradicted, are open (what was read does
    not tell) or are of names that no release has; those names, in the order met; and why files below a folder
    could not be read."""

    rows: list[Row]
    counted: Counter[str]
    unknown: list[str]
    unread: list[str]


def lint(history: History, paths: Iterable[Path]) -> Linted:
    """Holds the claims of files, and of documents in folders, against the kernels. Raises KscanError where a
    path cannot be read."""
    rows: list[Row] = []
    unread: list[str] = []
    counted: Counter[str] = Counter()
    unknown: dict[str, None] = {}
    for path in paths:
        for file in documents(path):
            try:
                found = claims(file)
            except KscanError as why:
                if file == path:
                    raise
                unread.append(str(why))
                continue
            for claim in found:
                verdict, row = judged(history, claim)
                counted[verdict] += 1
                if verdict == UNKNOWN:
                    unknown[claim.name] = None
                if row is not None:
                    rows.append(row)
    return Linted(rows, counted, list(unknown), unread)


def judged(history: History, claim: Claim) -> tuple[str, Row | None]:
    """What the kernels say to a claim, and the row that tells a contradiction."""
    facts = next(iter(history.seen(claim.name, UAPI).values()), None)
    claimed = KernelVersion(claim.release)
    if facts is None:
        return UNKNOWN, None
    line = history.cells(facts)
    if claimed.point or not any(fact for _, _, fact in line):
        return OPEN, None
    first = next(at for at, (_, _, fact) in enumerate(line) if fact)
    lacking = next((cell for cell in line[:first] if _is_without(cell, claimed)), None)
    if lacking and not _may_have_been_inside(line, first, claimed):
        return CONTRADICTED, _row(
            history, claim, line, f"not in {lacking[0].tag}'s headers for user space", None
        )
    having = next((fact for r, _, fact in line if fact and _before(r.version, claimed)), None)
    if having and claim.listed and (having.release.is_itself or _confirmed(history, having)):
        return CONTRADICTED, _row(history, claim, line, f"{having.release.tag} has it", having)
    bounds = history.bounds(line)
    agrees = claimed == KernelVersion(bounds["first_seen"]) and bounds["status"] == "exact"
    return AGREES if agrees else OPEN, None


def _is_without(cell: Cell, claimed: KernelVersion) -> bool:
    """Whether a release, the claimed one or a later, was read and lacks the name in a header that is there.
    Where there is no header yet, the name may have been elsewhere; a candidate may lack what comes later."""
    release, state, _ = cell
    return (
        state == ABSENT
        and not release.is_younger
        and release.version is not None
        and release.version >= claimed
    )


def _may_have_been_inside(line: list[Cell], first: int, claimed: KernelVersion) -> bool:
    """Whether the name may have stood in the kernel's own part then: until v3.7 one file served both. Nothing
    is known of what is older than all that was read."""
    came, oldest = line[first][0].version, line[0][0].version
    return claimed < _OWN_FILES <= (came or claimed) or (oldest is not None and claimed < oldest)


def _before(version: KernelVersion | None, claimed: KernelVersion) -> bool:
    return version is not None and version < claimed


def _confirmed(history: History, fact: Seen) -> bool:
    return history.layer_of(fact.release).second_source(fact) is not None


def _row(history: History, claim: Claim, line: list[Cell], reason: str, proof: Seen | None) -> Row:
    bounds = history.bounds(line)
    first = next(fact for _, _, fact in line if fact)
    row: Row = dict.fromkeys(LINT)
    row |= {"file": claim.file, "line": claim.line, "name": claim.name, "claimed": claim.release}
    row |= {
        "first_seen": bounds["first_seen"],
        "last_without": bounds["last_without"],
        "status": bounds["status"],
    }
    return row | {"reason": reason, "permalink": (proof or first).row()["permalink"], "text": claim.text}
