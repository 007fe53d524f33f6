"""The scan: tags of a source become releases in the store.

plan      which files of each tag are wanted, and which of them were read before
gather    bring the contents of the others, in few batches, until no include is missing
settle    read each header in its release, in parallel, once for all releases it is equal in
record    enter each release whole
"""

import ctypes
import gc
import os
import re
import signal
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from multiprocessing import get_start_method

from kscan.catalog.profiles import DEFAULT_PROFILE, Profile
from kscan.catalog.sets import HeaderSet, is_pattern, set_of
from kscan.errors import SourceError, UnknownTag
from kscan.model import INTERNAL, UAPI
from kscan.parse.preprocess import AMBIENT, File
from kscan.parse.shims import shim_includes
from kscan.progress import Progress
from kscan.read import Item, Job, Outcome, holds, include_names, meant, reader_digest, run_job
from kscan.sources import Source
from kscan.stopping import Stop, held
from kscan.store import FileRow, ReleaseRow, Store
from kscan.tree import (
    Form,
    Tree,
    entry_names,
    exported_headers,
    header_places,
    kbuild_paths,
    kbuild_places,
    kernel_folders,
    lies_at_top,
    listed_headers,
    recognise,
)
from kscan.version import KernelVersion, github_link

# Into how many jobs a worker a scan is cut; into more where one would read more than so many bytes, as they are
# kept, a header being cut nowhere. A content that was read before, with other includes, counts as some bytes.
_JOBS_PER_WORKER = 4
_BYTES_PER_JOB = 800_000
_READ_BEFORE = 500
# How many jobs lie ready beside those that run.
_WAITING = 2
# Releases whose files are listed at once: another process of git does it while we read what one said.
_LISTED_AT_ONCE = 3
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a scan: `sets` by name or pattern, the `profile`, a `label` in the place of a
    tag, a `permalink` template in the place of the usual one."""

    sets: tuple[str, ...]
    profile: Profile = DEFAULT_PROFILE
    label: str | None = None
    permalink: str | None = None


@dataclass
class Plan:
    """One tag on its way: its tree, what of it is wanted, the `items` that are to be read and the `rows` of
    what was."""

    tag: str
    tree: Tree
    sets: tuple[HeaderSet, ...]
    uapi: dict[str, str] = field(default_factory=dict)
    internal: dict[str, str] = field(default_factory=dict)
    exact: str = ""
    vendor: str = ""
    items: list[Item] = field(default_factory=list)
    rows: list[FileRow] = field(default_factory=list)

    def enter(self, item: Item, reading: int) -> None:
        """What reading a file gave."""
        self.rows.append(FileRow(item.scope, item.header, item.path, item.blob, reading))


def scan(
    source: Source,
    tags: Sequence[str],
    request: Request,
    store: Store,
    progress: Progress | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
) -> list[str]:
    """Reads `tags` of `source` into the store; returns those that were not there already.

    Jobs run on `executor`, any of concurrent.futures' kind, a few more at once than it has `workers`; by
    default on one process a core. What they read does not depend on it. Raises SourceError and UnknownTag;
    nothing of a release is entered then.
    """
    progress = progress or Progress()
    todo = [tag for tag in dict.fromkeys(tags) if not _is_known(source, tag, request, store)]
    if not todo:
        return []
    source.prepare(todo, progress)
    plans = _plans(source, todo, request, store, progress)
    includes = _Includes(store)
    _gather(source, plans, store, includes, progress)
    _settle(plans, request.profile, store, includes, progress, executor, workers)
    for plan in plans:
        _record(source, plan, request, store)
    return todo


def _is_known(source: Source, tag: str, request: Request, store: Store) -> bool:
    known = store.known_release(request.label or tag, request.profile.name)
    if known is None or request.label:
        return False
    return (
        known.source == source.name
        and known.reader == reader_digest()
        and known.commit in (None, _commit(source, tag, known.commit))
        and (request.permalink is None or request.permalink == known.permalink)
        and set(request.sets) <= set(known.sets)
    )


def _commit(source: Source, tag: str, known: str | None) -> str | None:
    """The commit a source has for a tag now; what is known where it cannot tell without the network."""
    try:
        return source.commit(tag) or known
    except UnknownTag:
        return known


# Plan.


def _plans(
    source: Source, tags: Sequence[str], request: Request, store: Store, progress: Progress
) -> list[Plan]:
    """A plan for each tag; what tells versions and exports is brought for all of them in one batch."""
    sets = {tag: _sets(source, tag, request, store) for tag in tags}
    listed = partial(_files, source, sets, request.profile)
    with ThreadPoolExecutor(_LISTED_AT_ONCE) if source.lists else nullcontext() as pool:
        files = list(pool.map(listed, tags) if pool else map(listed, tags))
    drafts = [_draft(source, tag, paths, sets[tag], request) for tag, paths in zip(tags, files, strict=True)]
    about = {plan.tag: _about(plan.tree) for plan in drafts}
    blobs = [plan.tree.paths[path] for plan in drafts for path in about[plan.tag]]
    _bring(source, blobs, store, progress)
    for plan in drafts:
        texts = {path: _text(store, plan.tree.paths[path]) for path in about[plan.tag]}
        _complete(plan, texts)
        # What a source without listings has beside a header shows when it is asked for.
        plan.items = _not_read(plan, store) if source.lists else list(_items(plan))
    return drafts


def _sets(source: Source, tag: str, request: Request, store: Store) -> tuple[HeaderSet, ...]:
    """Which sets are wanted of a tag: those it was read with before stay."""
    known = store.known_release(request.label or tag, request.profile.name)
    kept = known.sets if known and known.source == source.name and not request.label else ()
    sets = tuple(set_of(word) for word in dict.fromkeys((*kept, *request.sets)))
    if not source.lists and any(is_pattern(name) for header_set in sets for name in header_set.uapi):
        raise SourceError(source.name, "plain HTTP cannot list a release's headers", "use git for this set")
    return sets


def _draft(
    source: Source, tag: str, paths: Mapping[str, str], sets: tuple[HeaderSet, ...], request: Request
) -> Plan:
    """What a tag has, and which sets are wanted of it."""
    try:
        root, form = recognise(paths)
    except ValueError as why:
        raise SourceError(source.name, f"{tag} has {why}") from None
    return Plan(tag, Tree(paths, request.profile, root, form), sets)


def _files(
    source: Source, wanted: Mapping[str, Sequence[HeaderSet]], profile: Profile, tag: str
) -> Mapping[str, str]:
    """What a tag has, as far as it can be wanted: to list a whole kernel takes longer than to read it."""
    sets = wanted[tag]
    if not source.lists:
        return source.files(tag, _candidates(sets, profile))
    named = [path for header_set in sets for path in (*header_set.internal, *header_set.anywhere)]
    if not any(is_pattern(path) for path in named):
        found = source.files(tag, [*kernel_folders(profile), *named])
        if lies_at_top(found):
            return found
    return source.files(tag, ())


def _about(tree: Tree) -> list[str]:
    """The files of a tree that tell its version and what it exports."""
    versions = [tree.root + name for name in ("Makefile", "linux/version.h")]
    return [*kbuild_paths(tree.paths, tree.root, tree.profile), *(p for p in versions if p in tree.paths)]


def _complete(plan: Plan, texts: dict[str, str]) -> None:
    """Decides which files of a tag are read, now that its Kbuild files and Makefile are known."""
    kbuilds = {path: text for path, text in texts.items() if "/Kbuild" in path}
    listed = listed_headers(plan.tree.root, plan.tree.form, kbuilds)
    plan.tree = tree = replace(plan.tree, listed=listed, _found={})
    plan.exact, plan.vendor = _exact("".join(text for path, text in texts.items() if path not in kbuilds))
    for name in sorted(_wanted_names(plan)):
        path = tree.path(name)
        if path is not None:
            # asm/socket.h may be asm-generic/socket.h in all but name.
            at = path.find("/asm-generic/")
            plan.uapi[path[at + 1 :] if at >= 0 else name] = path
    if tree.form is not Form.INSTALLED:
        named = [p for header_set in plan.sets for p in header_set.internal]
        plan.internal = {p: tree.root + p for p in named if tree.root + p in tree.paths}
        plan.internal |= _internal_matches(plan)
    if not plan.uapi and not plan.internal:
        wanted = ", ".join(header_set.name for header_set in plan.sets)
        raise SourceError(plan.tag, f"nothing of {wanted} in it", _advice(plan))


def _advice(plan: Plan) -> str:
    """What to ask for in the place of a name that is none of a header for user space."""
    inside = (f"include/{name}" for header_set in plan.sets for name in header_set.uapi)
    there = next((path for path in inside if plan.tree.root + path in plan.tree.paths), None)
    return f"the kernel's own header is --headers {there}" if there else ""


def _candidates(sets: Iterable[HeaderSet], profile: Profile) -> list[str]:
    """The paths a source without listings is asked for first."""
    names = [name for s in sets for name in (*s.uapi, *s.support) if not is_pattern(name)]
    places = ["Makefile", *(p for s in sets for p in s.internal)]
    for name in (*names, *AMBIENT):
        for form in (Form.UAPI, Form.MIXED):
            places += header_places(name, profile, form, listed=True)
        places += kbuild_places(name, profile)
    return list(dict.fromkeys(places))


def _wanted_names(plan: Plan) -> set[str]:
    named = {name for header_set in plan.sets for name in header_set.uapi}
    patterns = set(filter(is_pattern, named))
    exported = exported_headers(plan.tree) if patterns else ()
    wanted = {name for name in exported if any(fnmatchcase(name, pattern) for pattern in patterns)}
    return wanted.union(filter(plan.tree.path, named - patterns))


def _internal_matches(plan: Plan) -> dict[str, str]:
    """Files that --headers names by path, or by a pattern of paths, and that are no exported headers."""
    taken = set(plan.uapi.values())
    root = plan.tree.root
    found: dict[str, str] = {}
    for wanted in (path for header_set in plan.sets for path in header_set.anywhere):
        paths = list(plan.tree.paths) if is_pattern(wanted) else {root + wanted} & plan.tree.paths.keys()
        for path in paths:
            name = path.removeprefix(root)
            inside = path.startswith(root) and path not in taken
            if inside and name.endswith((".h", ".c")) and fnmatchcase(name, wanted):
                found[name] = path
    return found


_MAKEFILE = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)\s*=[ \t]*(\S*)[ \t]*$", re.M)
_VERSION_CODE = re.compile(r"^#define LINUX_VERSION_CODE (\d+)$", re.M)


def _exact(text: str) -> tuple[str, str]:
    """The version a tree states of itself, and what a vendor added to it; empty where it does not."""
    stated = dict(_MAKEFILE.findall(text))
    if "VERSION" in stated and "PATCHLEVEL" in stated:
        extra = stated.get("EXTRAVERSION", "")
        numbers = f"{stated['VERSION']}.{stated['PATCHLEVEL']}.{stated.get('SUBLEVEL') or 0}"
        version = KernelVersion.parse(numbers + extra) or KernelVersion.parse(numbers)
        if version is None:
            return "", ""
        return version.tag, version.suffix or (extra if not KernelVersion.parse(numbers + extra) else "")
    code = _VERSION_CODE.search(text)
    if code:
        number = int(code[1])
        return KernelVersion(f"{number >> 16}.{number >> 8 & 255}.{number & 255}").tag, ""
    return "", ""


def _items(plan: Plan) -> Iterator[Item]:
    tree, dual = plan.tree, set(plan.uapi.values())
    for scope, files in ((UAPI, plan.uapi), (INTERNAL, plan.internal)):
        for header, path in files.items():
            both = scope == INTERNAL and path in dual
            yield Item(plan.tag, scope, header, path[len(tree.root) :], tree.paths[path], both)


def _not_read(plan: Plan, store: Store) -> list[Item]:
    """The files that were not read before with all that they include; the plan gets the others' readings."""
    tree = plan.tree
    modes = {item: (item.blob, item.mode(tree.profile)) for item in _items(plan)}
    traces = store.traces(set(modes.values()))
    gone = set(store.missing_blobs(blob for blob, _ in traces))

    @cache
    def find(name: str) -> File | None:
        return meant(name, tree.place(name))

    left: list[Item] = []
    for item, mode in modes.items():
        known = (number for closure, _, number in traces.get(mode, ()) if holds(closure, item, find))
        number = next(known, None)
        if number is None or item.blob in gone:
            left.append(item)
        else:
            plan.enter(item, number)
    return left


# Gather.


def _bring(source: Source, blobs: Iterable[str], store: Store, progress: Progress) -> None:
    missing = store.missing_blobs(blobs)
    if missing:
        store.add_blobs(source.read(missing, progress))


def _text(store: Store, blob: str) -> str:
    return (store.blob(blob) or b"").decode("utf-8", "replace")


class _Includes(dict[str, tuple[str, ...]]):
    """What contents include, by their ids, read when first asked for."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def __missing__(self, blob: str) -> tuple[str, ...]:
        names = self[blob] = include_names(self.store.blob(blob) or b"")
        return names

    def paths(self, name: str, tree: Tree) -> Iterator[str]:
        """The logical names of what a header of a tree, or the stand-in for it, may include."""
        place = tree.place(name)
        return include_paths(name, shim_includes(name) if place is None else self[place[1]])

    def of(
        self, contents: Iterable[tuple[str, bytes]], headers: Collection[str]
    ) -> Iterator[tuple[str, bytes]]:
        """The same contents; those of `headers` are read on their way."""
        for blob, data in contents:
            if blob in headers:
                self[blob] = include_names(data)
            yield blob, data


def _gather(
    source: Source, plans: Sequence[Plan], store: Store, includes: _Includes, progress: Progress
) -> None:
    """Brings every file that is to be read, then what those include, until nothing new is named."""
    seen: set[tuple[int, str]] = set()
    asked = [(number, name) for number, plan in enumerate(plans) for name in _first_names(plan)]
    internal = [item.blob for plan in plans for item in plan.items if item.scope == INTERNAL]
    while asked:
        seen.update(asked)
        blobs = [plans[n].tree.paths[path] for n, name in asked if (path := plans[n].tree.path(name))]
        wanted = store.missing_blobs([*blobs, *internal])
        progress.step("reading headers", len(wanted))
        if wanted:
            store.add_blobs(includes.of(source.read(wanted, progress), set(blobs)))
        internal = []
        following: dict[tuple[int, str], None] = {}
        for number, name in asked:
            for target in includes.paths(name, plans[number].tree):
                following[number, target] = None
        asked = [key for key in following if key not in seen]
        if asked and not source.lists:
            _look_up(source, plans, asked)


def _first_names(plan: Plan) -> Iterator[str]:
    if plan.items:
        yield from AMBIENT
    yield from (name for item in plan.items if item.scope == UAPI for name in entry_names(item.header))
    yield from (name for header_set in plan.sets for name in header_set.support)


def include_paths(name: str, targets: Iterable[str]) -> Iterator[str]:
    """The logical names an include may mean: as written, and beside the file that includes it."""
    folder = name.rsplit("/", 1)[0] if "/" in name else ""
    for target in targets:
        yield target
        yield os.path.normpath(f"{folder}/{target}")


def _look_up(source: Source, plans: Sequence[Plan], asked: Iterable[tuple[int, str]]) -> None:
    """Asks a source without listings for the places of newly named headers."""
    by_plan: dict[int, list[str]] = {}
    for number, name in asked:
        tree = plans[number].tree
        places = header_places(name, tree.profile, tree.form, listed=name in tree.listed)
        by_plan.setdefault(number, []).extend(tree.root + place for place in places)
    for number, places in by_plan.items():
        tree = plans[number].tree
        found = source.files(plans[number].tag, places)
        plans[number].tree = Tree({**tree.paths, **found}, tree.profile, tree.root, tree.form, tree.listed)


# Settle.


def _settle(
    plans: Sequence[Plan],
    profile: Profile,
    store: Store,
    includes: _Includes,
    progress: Progress,
    executor: Executor | None,
    workers: int | None,
) -> None:
    """Reads what is to be read, and enters it in the plans."""
    workers = workers or os.cpu_count() or 1
    progress.step("settling headers", sum(len(plan.items) for plan in plans))
    by_tag = {plan.tag: plan for plan in plans}
    # Where another process forks workers, it is that which they end with.
    parent = None if get_start_method() == "forkserver" else os.getpid()
    own_pool = partial(ProcessPoolExecutor, workers, initializer=_worker, initargs=(parent,))
    # In a shell's background Ctrl-C is nobody's.
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    run = run_job if executor or ignored else _run_and_stop
    with held() as stop, nullcontext(executor) if executor else own_pool() as pool:
        running: set[Future[Outcome]] = set()
        try:
            # Jobs carry texts and outcomes facts: no more of them are there at once than keep workers busy.
            for job in _jobs(plans, profile, store, includes, workers * _JOBS_PER_WORKER):
                running.add(pool.submit(run, job))
                while len(running) > workers + _WAITING:
                    running = _take(running, by_tag, store, progress, stop)
            while running:
                running = _take(running, by_tag, store, progress, stop)
        except (BrokenProcessPool, MemoryError):
            raise SourceError(
                plans[0].tag, "a reading process died", "was memory short? run it again"
            ) from None
        except BaseException:
            for future in running:
                future.cancel()
            raise


def _take(
    running: set[Future[Outcome]], plans: Mapping[str, Plan], store: Store, progress: Progress, stop: Stop
) -> set[Future[Outcome]]:
    """Keeps what has ended, at least one; returns what runs yet."""
    ended, left = wait(running, return_when=FIRST_COMPLETED)
    for done in ended:
        outcome = done.result()
        numbers = store.add_readings(outcome.readings, outcome.again)
        for item, known, new in outcome.placed:
            plans[item.tag].enter(item, numbers[new] if known is None else known)
            progress.advance()
    stop.here()
    return left


def _worker(parent: int | None) -> None:
    """Makes a process of our pool end with its parent, and look for no circles: what it builds are trees, which
    go without a collector."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # A parent that is killed tells nobody: its queue stays open in the other workers.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            os._exit(1)
    gc.disable()


def _run_and_stop(job: Job) -> Outcome:
    """A job in a process of our pool: Ctrl-C ends it at once and silently, but not while it hands over what it
    read, half of which would be waited for."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return run_job(job)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _jobs(
    plans: Sequence[Plan], profile: Profile, store: Store, includes: _Includes, count: int
) -> Iterator[Job]:
    """The work cut by header, each job with all releases of its headers: what is equal in several
    releases is met in one place. A job carries the contents it needs and runs anywhere."""
    by_header: dict[str, list[Item]] = {}
    for plan in plans:
        for item in plan.items:
            by_header.setdefault(item.header, []).append(item)
    keys = {header: {(i.blob, i.mode(profile)) for i in items} for header, items in by_header.items()}
    every = set().union(*keys.values())
    lengths, before = store.lengths({blob for blob, _ in every}), store.read_before(every)
    counted = {key: _READ_BEFORE if key in before else lengths.get(key[0], 0) for key in every}
    weights = {header: sum(map(counted.__getitem__, keys[header])) for header in keys}
    share = min(sum(weights.values()) / count, _BYTES_PER_JOB)
    trees = {plan.tag: plan.tree for plan in plans}
    group: list[Item] = []
    load = 0
    # Headers of one folder share their includes: neighbours stay together.
    for header in sorted(by_header):
        group += by_header[header]
        load += weights[header]
        if load >= share:
            yield _job(group, trees, profile, store, includes)
            group, load = [], 0
    if group:
        yield _job(group, trees, profile, store, includes)


def _job(items: list[Item], trees: dict[str, Tree], profile: Profile, store: Store, includes: _Includes) -> Job:
    reached: dict[str, dict[str, tuple[str, str] | None]] = {}
    wanted = {item.blob for item in items}
    for item in items:
        if item.scope == UAPI:
            names = (*entry_names(item.header), *AMBIENT)
            _reach(names, trees[item.tag], reached.setdefault(item.tag, {}), includes)
    index = {tag: {name: at for name, at in places.items() if at} for tag, places in reached.items()}
    wanted.update(blob for places in index.values() for _, blob in places.values())
    needed = {blob: packed for blob in wanted if (packed := store.packed_blob(blob)) is not None}
    known = store.traces({(item.blob, item.mode(profile)) for item in items})
    return Job(profile, tuple(items), index, needed, str(store.path), known)


def _reach(
    names: Iterable[str], tree: Tree, reached: dict[str, tuple[str, str] | None], includes: _Includes
) -> None:
    """Enters everything that `names` may include, however their conditions turn out; None for what is not
    there."""
    pending = [name for name in names if name not in reached]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached[name] = tree.place(name)
            pending += [n for n in includes.paths(name, tree) if n not in reached]


# Record.


def _record(source: Source, plan: Plan, request: Request, store: Store) -> None:
    tag = request.label or plan.tag
    exact = plan.exact or (tag if not request.label else "")
    release = ReleaseRow(
        tag=tag,
        profile=request.profile.name,
        is_label=request.label is not None,
        exact=exact,
        source=source.name,
        commit=source.commit(plan.tag),
        permalink=request.permalink or _permalink(plan, request),
        sets=tuple(header_set.name for header_set in plan.sets),
        suspicion=_suspicion(plan, request),
        reader=reader_digest(),
    )
    store.add_release(release, sorted(plan.rows, key=lambda row: (row.scope, row.header)))


def _permalink(plan: Plan, request: Request) -> str | None:
    """GitHub's address of the exact tag; None for a tree that is no tagged kernel source."""
    version = KernelVersion.parse(plan.tag)
    stated = version is not None and version.tag == str(version).removesuffix("-dontuse").removesuffix("-tree")
    if request.label or plan.tree.form is Form.INSTALLED or not plan.exact or not stated:
        return None
    return github_link(KernelVersion(plan.exact))


def _suspicion(plan: Plan, request: Request) -> str | None:
    found = []
    version = KernelVersion.parse(plan.tag)
    if plan.vendor:
        found.append(f"EXTRAVERSION {plan.vendor} is not mainline's")
    if version and plan.exact and not request.label and KernelVersion(plan.exact).base != version.base:
        found.append(f"the tag says {version.release}, the Makefile {plan.exact}")
    return "; ".join(found) or None
