"""The kernel's own lines: where a name is defined, and where sources use it."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kscan.catalog.sets import SETS
from kscan.errors import KscanError
from kscan.history import History
from kscan.layers.unread import ASIDE
from kscan.model import INTERNAL
from kscan.rows import NOT_SCANNED, USES, Row, spelled
from kscan.seen import Release, Seen

_TAB = "\t"


def definitions(history: History, names: Sequence[str], tag: str, scope: str = "all") -> Iterator[str]:
    """The definitions of `names` at `tag`: numbered lines under their permalink, adjacent ones
    joined into one block. Raises UnknownName, or KscanError for a name that the release lacks."""
    release = history.release(tag)
    found: list[Seen] = []
    for name in names:
        groups = history.seen(name, scope)
        here = [fact for facts in groups.values() for fact in facts if fact.release.id == release.id]
        if not groups:
            raise history.unknown(name, scope)
        if not here and history.has(name, tag, scope) == NOT_SCANNED:
            kernels_own = all(found_scope == INTERNAL for found_scope, _, _ in groups)
            advice = f"see: kscan when {name}" if kernels_own else f"to read it: kscan fetch {tag} --set uapi"
            raise KscanError(f"{name}: a file that may have it was not read of {tag}; {advice}")
        if not here:
            raise KscanError(f"{name} is not in {tag}; see: kscan when {name}")
        found += here
    for path, first, last in joined((fact.path, fact.line, fact.end_line) for fact in found):
        yield _block(history, release, path, first, last)


def joined(places: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Path, first and last line of each run of adjacent places, in order of the file."""
    runs: list[tuple[str, int, int]] = []
    for path, first, last in sorted(places):
        if runs and runs[-1][0] == path and first <= runs[-1][2] + 1:
            runs[-1] = (path, runs[-1][1], max(last, runs[-1][2]))
        else:
            runs.append((path, first, last))
    return runs


def _block(history: History, release: Release, path: str, first: int, last: int) -> str:
    place = f"{path}:{first}" if first == last else f"{path}:{first}-{last}"
    head = release.link(path, first, last) or f"{place} ({release.tag})"
    lines = source_text(history, release, path, head).split("\n")[first - 1 : last]
    width = len(str(last))
    numbered = (f"{n:{width}}  {spelled(line.rstrip(), keep=_TAB)}" for n, line in enumerate(lines, first))
    return "\n".join([spelled(head), *numbered, ""])


def source_text(history: History, release: Release, path: str, place: str | None = None) -> str:
    """The text of a file as read. Raises KscanError, which names the file or `place`, where only facts of
    it are here."""
    text = history.layer_of(release).text(release, path)
    if text is None:
        wanted = place or f"{path} of {release.tag}"
        bring = f"kscan fetch {release.tag}{'' if _is_in_default(path) else ' --set uapi'}"
        raise KscanError(f"{wanted}: the text is not here; to bring it: {bring}")
    return text


def _is_in_default(path: str) -> bool:
    """Whether `kscan fetch` brings a file without being asked for more."""
    return any(SETS["bpf"].covers(path.removeprefix(root)) for root in ("", "include/uapi/", "include/"))


def uses_of(history: History, name: str, tag: str) -> list[Row]:
    """Each line of the release's internal files that uses `name` as a word, comments and strings
    left out; `reason` names the function around it. The line that defines the name is no use."""
    release = history.release(tag)
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    rows = []
    for path, source in internal_sources(history, release):
        text = _code(source)
        if not word.search(text):
            continue
        around = functions_of(history, release, path)
        for number, line in enumerate(text.split("\n"), 1):
            if word.search(line) and not re.match(rf"\s*#\s*define\s+{re.escape(name)}\b", line):
                inside = next((f for f in around if f.line <= number <= f.end_line), None)
                if inside is not None and inside.name == name and number == inside.line:
                    continue
                rows.append(use_row(release, name, path, number, number, inside))
    return rows


def internal_sources(history: History, release: Release) -> Iterator[tuple[str, str]]:
    """Path and kept text of each internal file of a release."""
    for path in history.layer_of(release).internal_paths(release):
        yield path, source_text(history, release, path, f"the sources of {release.tag}")


def use_row(release: Release, name: str, path: str, line: int, end_line: int, inside: Seen | None) -> Row:
    """The row of a use; `reason` names the function around it."""
    row: Row = dict.fromkeys(USES)
    row |= {"name": name, "kind": "use", "scope": INTERNAL, "header": path, "path": path, "line": line}
    row |= {"end_line": end_line, "permalink": release.link(path, line, end_line)}
    row["reason"] = f"in {inside.name}()" if inside else None
    return row


def functions_of(history: History, release: Release, path: str) -> list[Seen]:
    """The functions of a source, in its order."""
    return [fact for fact in history.facts_of(release, path) if fact.kind == "function"]


def _code(text: str) -> str:
    """`text` with comments and strings blanked, every line in its place."""
    return ASIDE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
