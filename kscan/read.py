"""Reading files, as jobs that carry all they need: pure functions of their data, to run anywhere."""

import hashlib
import re
import sys
import threading
import traceback
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import NamedTuple

from kscan.batch import Batch
from kscan.blobs import unpacked
from kscan.catalog.profiles import Profile
from kscan.errors import StoreError, UnreadableHeader
from kscan.facts.isolated import read_isolated
from kscan.model import UAPI, Reading, Trace
from kscan.parse.constant import PARSER_VERSION
from kscan.parse.lex import Item as LexItem
from kscan.parse.lex import Stretches, included, skeleton
from kscan.parse.preprocess import File, Find, preprocess
from kscan.parse.recent import Recent
from kscan.parse.settle import Parsed, Settled, settle
from kscan.parse.shims import drops, is_shim, shim, shim_items

# Each begins with what is one letter, not with a line's beginning, which takes many times as long to look for.
_INCLUDE = re.compile(rb'\n[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]')
# What may stand between the words of a directive. Comments and names are bounded in what follows: a text made
# for it would be looked through again from each `#`.
_BLANK = rb"(?:[ \t\r\f\v]++|\\[ \t\r]*\n|/\*(?:[^*]|\*(?!/)){0,1000}\*/)*+"
# An include that may be written in another way, or in a comment.
_LIKE_INCLUDE = re.compile(rb"(?:#|%:)(?:\s|\\\n|/\*(?:[^*\n]|\*(?!/)){0,1000}\*/)*include(?!_next)\b")
# A directive whose word goes on over a line's end.
_SPLIT = re.compile(rb"#[ \t]*[a-z]+\\[ \t\r]*\n[a-z]")
# A macro that may be what an include means.
_MACRO, _SPELLED = rb"\w++(?:\([^)\n]{0,200}\))?", rb'[<"]([^>"\n]{1,255})[>"]'
_TARGET = re.compile(rb"define" + _BLANK + _MACRO + _BLANK + _SPELLED)
_ASM_GENERIC = "asm-generic/"
_ISOLATED = {False: "isolated", True: "isolated-kernel"}
# Of these packages, what reading goes by; the rest changes what is asked for or answered.
_CHOSEN = {"kscan": ("read.py", "model.py", "tree.py"), "kscan.catalog": ("profiles.py", "run_sites.py")}
# Bytes of contents that a worker meets between two turns of what it keeps, which bound its memory: what is
# made of a text takes some thirty times its length.
_MOST_KEPT = 3_000_000
# Calls within one another that reading takes at most: Python's own limit counts those of who asks, too.
_DEEPEST = 4000


class Item(NamedTuple):
    """A file to read in a release; `dual` marks an internal file that is an exported header too."""

    tag: str
    scope: str
    header: str
    path: str
    blob: str
    dual: bool

    def mode(self, profile: Profile) -> str:
        """The manner of reading: with the profile and this version of the code it decides what a
        content in a closure gives."""
        # What a header includes beside it, and what it is reached through, its name decides.
        manner = f"{UAPI} {self.header}" if self.scope == UAPI else _ISOLATED[self.dual]
        return f"{reader_digest()} {profile.name} {manner}"


@dataclass(frozen=True)
class Job:
    """Files to read, with everything it takes: `index` resolves includes per tag (name to path and
    content id), `contents` holds the texts as the store at `kept` has them, `known` the traces of earlier scans
    by content and mode: closures, circumstances and the numbers of their readings."""

    profile: Profile
    items: tuple[Item, ...]
    index: dict[str, dict[str, tuple[str, str]]]
    contents: dict[str, bytes]
    kept: str
    known: dict[tuple[str, str], list[tuple[str, str, int]]]

    def data(self, blob: str) -> bytes:
        """A content. Raises StoreError where it is not there, or not that of its id."""
        return unpacked(self.contents.get(blob), blob, self.kept)

    def text(self, blob: str) -> str:
        """The same as text, whatever its bytes."""
        return self.data(blob).decode("utf-8", "replace")


@dataclass
class Outcome:
    """What a job gave: new readings, further traces of known ones, and for each item a known reading or the
    number of a new one."""

    readings: Batch
    again: list[tuple[Trace, int]]
    placed: list[tuple[Item, int | None, int]]


def include_names(data: bytes) -> tuple[str, ...]:
    """What a content includes, whatever its conditions."""
    lines = b"\n" + data
    found = [match.decode("utf-8", "replace") for match in _INCLUDE.findall(lines)]
    others = data.count(b"include") > len(found) and len(_LIKE_INCLUDE.findall(data)) > len(found)
    if others or _SPLIT.search(data):
        found += _spelled_otherwise(data)
    found += (match.decode("utf-8", "replace") for match in _TARGET.findall(data))
    return tuple(dict.fromkeys(found))


def _spelled_otherwise(data: bytes) -> Iterator[str]:
    """What a content includes in ways that a glance does not see: after a comment, on a continued line."""
    with suppress(UnreadableHeader):
        yield from included(skeleton(data.decode("utf-8", "replace")))


@cache
def reader_digest() -> str:
    """A digest of the code that reads: what another version of it read is read again."""
    digest = hashlib.sha1(PARSER_VERSION.encode())
    for package in ("kscan", "kscan.parse", "kscan.parse.shims", "kscan.facts", "kscan.catalog"):
        for entry in sorted(files(package).iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith((".py", ".h")) and entry.name in _CHOSEN.get(package, (entry.name,)):
                digest.update(entry.read_bytes())
    return digest.hexdigest()[:12]


class Kept:
    """What a worker keeps from job to job."""

    def __init__(self) -> None:
        self.skeletons: Recent[str, tuple[Sequence[LexItem] | UnreadableHeader, int]] = Recent()
        self.stretches: Stretches = Recent()
        self.parsed = Parsed()
        self.length = 0

    def items(self, blob: str, job: Job) -> Sequence[LexItem]:
        if is_shim(blob):
            return shim_items(blob)
        is_lately = self.skeletons.is_lately(blob)
        found = self.skeletons.get(blob)
        if found is None:
            text = job.text(blob)
            found = self.skeletons[blob] = self._skeleton(text), len(text)
        items, length = found
        self.length += 0 if is_lately else length
        if isinstance(items, UnreadableHeader):
            raise UnreadableHeader(items.problem, items.line)
        return items

    def _skeleton(self, text: str) -> Sequence[LexItem] | UnreadableHeader:
        try:
            return skeleton(text, self.stretches)
        except UnreadableHeader as why:
            # One that was never raised: frames would hold the text.
            return UnreadableHeader(why.problem, why.line)

    def turn(self) -> None:
        """Forgets what was not met since the last turn, where much was."""
        if self.length > _MOST_KEPT:
            self.length = 0
            self.skeletons.turn()
            self.stretches.turn()
            self.parsed.turn()


_kept = Kept()


def run_job(job: Job) -> Outcome:
    """Reads the files of a job; the outcome depends on the job's data alone."""
    run = read_job(job, _kept)
    return Outcome(Batch.of(run.readings), run.again, run.placed)


def read_job(job: Job, kept: Kept) -> "Run":
    """The files of a job, read; `kept` is what was kept of jobs before, and is added to."""
    run = Run(job, kept)
    with _room:
        for item in job.items:
            kept.turn()
            run.item(item)
    return run


class _Room:
    """Calls within one another that reading may take, however deep who reads is; the limit is that of all
    threads."""

    def __init__(self) -> None:
        self.lock, self.readers, self.before = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        depth = sum(1 for _ in traceback.walk_stack(None))
        with self.lock:
            limit = sys.getrecursionlimit()
            self.before = self.before if self.readers else limit
            self.readers += 1
            sys.setrecursionlimit(max(limit, depth + _DEEPEST))

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.readers -= 1
            if not self.readers:
                sys.setrecursionlimit(self.before)


_room = _Room()


@lru_cache(4096)
def _lines(closure: str) -> tuple[tuple[str, str], ...]:
    """What a trace's includes met, by their names."""
    parts = (line.partition(" ") for line in closure.splitlines())
    return tuple((name, met) for name, _, met in parts)


def holds(closure: str, item: Item, find: Find) -> bool:
    """Whether every include of a trace meets the same in a release where `find` tells what includes mean."""
    return all(_met(find(name), item) == met for name, met in _lines(closure))


def _met(found: File | None, item: Item) -> str:
    """What an include meets: the header itself, another content, or nothing."""
    return "-" if found is None else "=" if found.path == item.path else found.blob


def meant(name: str, place: tuple[str, str] | None) -> File | None:
    """What an include means where a release has by its name the path and content at `place`, or nothing."""
    return shim(name) if place is None or drops(name) else File(name, *place)


class Run:
    """A job as it is read: new `readings` with their traces, and what Outcome has of known ones."""

    def __init__(self, job: Job, kept: Kept) -> None:
        self.job, self.kept = job, kept
        self.readings: list[tuple[Trace, Reading]] = []
        self.again: list[tuple[Trace, int]] = []
        self.placed: list[tuple[Item, int | None, int]] = []
        # Closures met in this job, with where their readings are, as in Outcome.
        self.met: dict[tuple[str, str], list[tuple[str, tuple[int | None, int]]]] = {}
        self.files: dict[tuple[str, str], File | None] = {}

    def item(self, item: Item) -> None:
        key = (item.blob, item.mode(self.job.profile))
        known = self.job.known.get(key, [])
        met = self.met.setdefault(key, [(closure, (number, -1)) for closure, _, number in known])
        find = partial(self._find, item.tag)
        place = next((place for closure, place in met if holds(closure, item, find)), None)
        if place is None:
            told = {circumstances: number for _, circumstances, number in known if circumstances}
            found = self._settled(item, told)
            if found is None:
                return
            closure, settled = found
            trace = Trace(*key, closure, settled.circumstances)
            if settled.reading is None:
                place = told[settled.circumstances], -1
                self.again.append((trace, place[0]))
            else:
                place = None, len(self.readings)
                self.readings.append((trace, settled.reading))
            met.append((closure, place))
        self.placed.append((item, *place))

    def _settled(self, item: Item, known: Container[str]) -> tuple[str, Settled] | None:
        """As _read; a file that shows a fault of ours is one unread file."""
        try:
            return self._read(item, known)
        except (StoreError, MemoryError):
            # Neither says anything of the file.
            raise
        except Exception as error:
            # A closure that never holds keeps the reading from being taken for another release's.
            reading = Reading(failure=f"kscan failed on it: {error!r:.200}")
            return f"fault {item.tag}", Settled("", reading)

    def _find(self, tag: str, name: str) -> File | None:
        key = tag, name
        if key not in self.files:
            self.files[key] = meant(name, self.job.index.get(tag, {}).get(name))
        return self.files[key]

    def _read(self, item: Item, known: Container[str]) -> tuple[str, Settled] | None:
        """What a file asked for and says, None for one that nobody reaches; `known` are circumstances whose
        readings are."""
        if item.scope != UAPI:
            return "", Settled("", self._read_isolated(item))
        return self._read_header(item, known)

    def _read_isolated(self, item: Item) -> Reading:
        try:
            # Read once, and many times as long as a header: not kept.
            items = skeleton(self.job.text(item.blob))
        except UnreadableHeader as why:
            return Reading(failure=str(why))
        return read_isolated(items, self.job.profile, kernel_part_only=item.dual)

    def _read_header(self, item: Item, known: Container[str]) -> tuple[str, Settled] | None:
        file = File(item.header, item.path, item.blob)
        find = partial(self._find, item.tag)
        asm = "asm/" + item.header.removeprefix(_ASM_GENERIC) if item.header.startswith(_ASM_GENERIC) else ""
        # User space reaches asm-generic/x.h through asm/x.h, which may define names before it
        # includes the generic one, or stand in its place.
        entry = find(asm) if asm else None
        unit = preprocess(
            file,
            find,
            lambda blob: self.kept.items(blob, self.job),
            self.job.profile,
            entry,
            self.kept.parsed.includes,
        )
        behind = entry is not None and entry.path != file.path
        hidden = behind and unit.closure.get(file.name) is None
        names = {*unit.closure, asm} if asm else unit.closure.keys()
        closure = "\n".join(f"{name} {_met(find(name), item)}" for name in sorted(names))
        return None if hidden else (closure, settle(unit, self.job.profile, self.kept.parsed, known))
