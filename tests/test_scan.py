"""The scan: reads what changed and nothing else, and gives the same whatever the way to it."""

import itertools
import multiprocessing
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from kscan import read
from kscan.blobs import blob_id
from kscan.catalog.profiles import PROFILES
from kscan.errors import SourceError, StoreError, UnknownTag
from kscan.history import History
from kscan.parse import settle
from kscan.progress import Progress
from kscan.rows import Row
from kscan.scan import _WAITING, Request, scan
from kscan.store import Store
from tests.kernels import HISTORY, Files, kernel, makefile


class Memory:
    """A source of releases given as files, which remembers what was read of it."""

    lists = True

    def __init__(self, releases: Mapping[str, Files], name: str = "memory") -> None:
        self.releases, self.name = releases, name
        self.asked: list[str] = []
        self.contents = {blob_id(t.encode()): t.encode() for files in releases.values() for t in files.values()}

    def tags(self) -> Sequence[str]:
        return list(self.releases)

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        """Everything is here."""

    def commit(self, tag: str) -> str | None:
        return None

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        if tag not in self.releases:
            raise UnknownTag(tag, [], self.name)
        return {path: blob_id(text.encode()) for path, text in self.releases[tag].items()}

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        self.asked += blobs
        return ((blob, self.contents[blob]) for blob in blobs)


class Inline(Executor):
    """Runs each job at once, here."""

    def submit(self, run: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(run(*given, **named))
        return future


class Dies(Inline, Progress):
    """Runs one job; when its readings are kept, the workers of all others die."""

    def __init__(self) -> None:
        self.waiting: list[Future[Any]] = []
        self.ran = False

    def submit(self, run: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        if not self.ran:
            self.ran = True
            return super().submit(run, *given, **named)
        self.waiting.append(Future())
        return self.waiting[-1]

    def advance(self, things: int = 1, size: int = 0) -> None:
        for future in self.waiting if self.ran else ():
            if not future.done():
                future.set_exception(BrokenProcessPool("a worker died"))


KERNELS = {version: kernel(version) for version in HISTORY}
BPF = Request(("bpf",))


def run(
    releases: Mapping[str, Files],
    tags: Sequence[str] = (),
    request: Request = BPF,
    name: str = "memory",
    executor: Executor | None = None,
    home: Path | None = None,
) -> Memory:
    """Scans tags (all, unless given) of releases into the store; returns the source, to look into."""
    source = Memory(releases, name)
    store = Store(home and home / "kscan.sqlite")
    scan(source, tags or list(releases), request, store, executor=executor or Inline())
    store.db.close()
    return source


def everything(home: Path | None = None) -> tuple[dict[str, list[Row]], list[Row], list[Row]]:
    """Every row that a store answers with."""
    found = History(home and home / "kscan.sqlite")
    releases = [release.tag for release in (*found.mainline, *found.others)]
    return {tag: found.at(tag) for tag in releases}, found.list_releases(), found.problems()


def readings(home: Path) -> int:
    db = sqlite3.connect(home / "kscan.sqlite")
    (count,) = db.execute("SELECT count(*) FROM reading").fetchone()
    db.close()
    return int(count)


def headers(**texts: str) -> dict[str, str]:
    """A release of UAPI headers: a="…" is linux/a.h."""
    return {"Makefile": makefile("v4.2"), **{f"include/uapi/linux/{n}.h": text for n, text in texts.items()}}


def test_a_second_scan_does_nothing(home: Path) -> None:
    first = run(KERNELS)
    before, count = everything(), readings(home)
    second = Memory(KERNELS)
    store = Store()
    assert scan(second, HISTORY, BPF, store, executor=Inline()) == []
    assert first.asked
    assert second.asked == []
    assert (everything(), readings(home)) == (before, count)


def test_adding_a_tag_reads_what_changed(home: Path) -> None:
    old = headers(a="#define A 1\n", b="#define B 1\n")
    run({"v4.2": old}, request=Request(("uapi",)))
    new = {**old, "include/uapi/linux/b.h": "#define B 2\n", "Makefile": makefile("v4.3")}
    count = readings(home)
    source = run({"v4.2": old, "v4.3": new}, request=Request(("uapi",)))
    assert {source.contents[blob].decode() for blob in source.asked} == {"#define B 2\n", makefile("v4.3")}
    assert len(source.asked) == 2
    assert readings(home) == count + 1
    assert [row["value"] for row in History().at("v4.3")] == [1, 2]


def test_each_content_is_asked_for_once() -> None:
    source = run(KERNELS)
    assert len(source.asked) == len(set(source.asked))
    assert blob_id(KERNELS["v4.2"]["drivers/unrelated/other.c"].encode()) not in source.asked


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Every row of our kernels, read in one go and in order."""
    folder = tmp_path_factory.mktemp("expected")
    run(KERNELS, home=folder)
    return everything(folder)


@pytest.mark.parametrize("tags", list(itertools.permutations(HISTORY)), ids=" ".join)
def test_the_order_of_tags_does_not_matter(tags: Sequence[str], expected: object) -> None:
    run(KERNELS, tags)
    assert everything() == expected


@pytest.mark.parametrize("tags", list(itertools.permutations(HISTORY)), ids=" ".join)
def test_nor_what_was_scanned_before(tags: Sequence[str], expected: object) -> None:
    for tag in tags:
        run(KERNELS, [tag])
    assert everything() == expected


def processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(2), processes], ids=["threads", "processes"])
def test_nor_who_does_the_work(make: Callable[[], Executor], expected: object) -> None:
    with make() as executor:
        run(KERNELS, executor=executor)
    assert everything() == expected


_WITH_METHOD = """
import multiprocessing, sys
from kscan.cli import main
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv.pop(1))
    raise SystemExit(main())
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_nor_how_processes_begin(method: str, repository: Path, tmp_path: Path) -> None:
    """Python takes another way from release to release."""
    (tmp_path / "program.py").write_text(_WITH_METHOD)
    command = [sys.executable, tmp_path / "program.py", method, "fetch", "v4.2", "--from", repository]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "v4.2: read\n")


@pytest.mark.parametrize("bound", ["kscan.read._MOST_KEPT", "kscan.scan._BYTES_PER_JOB", "kscan.scan._WAITING"])
def test_nor_how_much_is_kept_at_once(bound: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound, 0)
    run(KERNELS)
    assert everything() == expected


class Slow(Inline):
    """Ends no job before it must; knows how many it had at once."""

    def __init__(self) -> None:
        self.waiting: list[Future[Any]] = []
        self.most = self.jobs = 0
        self.ender = ThreadPoolExecutor(1)

    def submit(self, run: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append(future)
        self.jobs += 1
        self.most = max(self.most, sum(not other.done() for other in self.waiting))
        self.ender.submit(lambda: (time.sleep(0.02), future.set_result(run(*given, **named))))
        return future


@pytest.mark.parametrize("workers", [1, 3])
def test_few_jobs_are_on_their_way_at_once(
    workers: int, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kscan.scan._BYTES_PER_JOB", 1)
    slow, source, store = Slow(), Memory(KERNELS), Store()
    scan(source, HISTORY, BPF, store, executor=slow, workers=workers)
    store.db.close()
    slow.ender.shutdown()
    assert slow.jobs > slow.most
    assert slow.most <= workers + _WAITING + 1
    assert everything() == expected


def test_what_is_interrupted_goes_on_where_it_was(home: Path, expected: object) -> None:
    source, workers = Memory(KERNELS), Dies()
    store = Store()
    with pytest.raises(SourceError, match="a reading process died"):
        scan(source, HISTORY, BPF, store, progress=workers, executor=workers)
    with pytest.raises(StoreError, match="no x86-64 release scanned yet"):
        History()
    kept = readings(home)
    assert kept > 0
    again = run(KERNELS)
    assert again.asked == []
    assert readings(home) > kept
    assert everything() == expected


def test_short_memory_is_told_and_no_release_is_entered(
    expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header read again with more of it has a reading; one kept as unread would stay so."""
    with monkeypatch.context() as short:
        short.setattr(read, "settle", lambda *_: (_ for _ in ()).throw(MemoryError()))
        with pytest.raises(SourceError, match="was memory short"):
            run(KERNELS)
    with pytest.raises(StoreError, match="no x86-64 release scanned yet"):
        History()
    run(KERNELS)
    assert everything() == expected


def _below(frames: int, call: Callable[[], Any]) -> Any:
    return call() if frames == 0 else _below(frames - 1, call)


@pytest.mark.parametrize("terms", [400, 950, 1900, 2200])
def test_how_deep_an_expression_may_be_does_not_go_by_who_reads_it(terms: int, home: Path) -> None:
    kernels = {"v4.2": {**KERNELS["v4.2"], "include/uapi/linux/filter.h": f"#define X {'1+' * terms}1\n"}}
    _below(400, lambda: run(kernels))
    by_deep = everything()
    (home / "kscan.sqlite").unlink()
    with ProcessPoolExecutor(1) as executor:
        run(kernels, executor=executor)
    assert everything() == by_deep


def test_a_wider_set_widens_a_release() -> None:
    kernels = {"v4.2": {**KERNELS["v4.2"], "include/uapi/linux/other.h": "#define OTHER 1\n"}}
    run(kernels)
    narrow = everything()[0]["v4.2"]
    assert History().has("BPF_EXIT_INSN", "v4.2") == "present"
    run(kernels, request=Request(("uapi",)))
    wide = everything()[0]["v4.2"]
    assert [row for row in narrow if row not in wide] == []
    assert "OTHER" in {row["name"] for row in wide if row not in narrow}
    assert run(kernels).asked == []
    assert everything()[0]["v4.2"] == wide


def test_patterns_add_up() -> None:
    release = {"v4.2": headers(a="#define A 1\n", b="#define B 1\n")}
    for pattern, names in (("linux/a.h", ["A"]), ("linux/b.h", ["A", "B"]), ("linux/a.h", ["A", "B"])):
        run(release, request=Request((pattern,)))
        assert [row["name"] for row in History().at("v4.2")] == names


def test_another_source_replaces_a_release() -> None:
    run({"v4.2": headers(a="#define A 1\n", b="#define B 1\n")}, request=Request(("uapi",)))
    run({"v4.2": headers(a="#define A 2\n")}, request=Request(("uapi",)), name="elsewhere")
    rows, (release,), _ = everything()
    assert [(row["name"], row["value"]) for row in rows["v4.2"]] == [("A", 2)]
    assert release["source"] == "elsewhere"


def test_the_sets_of_another_source_are_its_own() -> None:
    run({"v4.2": headers(a="#define A 1\n", b="#define B 1\n")}, request=Request(("uapi",)))
    run({"v4.2": headers(a="#define A 1\n")}, request=Request(("linux/a.h",)), name="elsewhere")
    run({"v4.3": headers(a="#define A 1\n", b="#define B 1\n")}, request=Request(("uapi",)))
    assert History().has("B", "v4.2") == "not_scanned"


def test_a_label_is_read_anew_and_stands_beside_the_tag() -> None:
    run({"v4.2": headers(a="#define A 1\n")}, request=Request(("uapi",)))
    for value in (2, 3):
        run({"mine": headers(a=f"#define A {value}\n")}, request=Request(("uapi",), label="mine"))
    rows, releases, _ = everything()
    assert {tag: [row["value"] for row in found] for tag, found in rows.items()} == {"v4.2": [1], "mine": [3]}
    assert [row["tag"] for row in releases] == ["v4.2", "mine"]


STRUCT = "#include <linux/kind.h>\nstruct s {\n\tour_kind a;\n\tint b;\n};\n"
TESTED = "#include <linux/kind.h>\n#ifdef OUR_KIND\n#define X 1\n#else\n#define X 2\n#endif\n"
INT, LONG = "typedef int our_kind;\n", "typedef long our_kind;\n"
VALUED = "#include <linux/kind.h>\n#define X (OUR_KIND + 1)\n"


@pytest.mark.parametrize(
    ("text", "kinds", "pattern", "column", "values"),
    [
        pytest.param(STRUCT, (INT, LONG), "s", "size", [8, 16], id="type"),
        pytest.param(STRUCT, (INT, LONG), "s.b", "bit_offset", [32, 64], id="place"),
        pytest.param(TESTED, ("#define OUR_KIND\n", "\n"), "X", "value", [1, 2], id="macro-tested"),
        pytest.param(VALUED, ("#define OUR_KIND 4\n", "#define OUR_KIND 6\n"), "X", "value", [5, 7], id="used"),
        pytest.param(TESTED, ("#define OUR_KIND\n", None), "X", "value", [1, 2], id="header-gone"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("apart", [False, True], ids=["at-once", "one-by-one"])
def test_what_a_header_includes_decides(
    text: str, kinds: tuple[str, str | None], pattern: str, column: str, values: list[int], apart: bool
) -> None:
    releases = {
        tag: headers(a=text, **({"kind": kind} if kind is not None else {}))
        for tag, kind in zip(("v4.2", "v4.3"), kinds, strict=True)
    }
    for tags in (["v4.2"], ["v4.3"]) if apart else (["v4.2", "v4.3"],):
        run(releases, tags, Request(("linux/a.h",)))
    found = History()
    assert [found.at(tag, pattern)[0][column] for tag in ("v4.2", "v4.3")] == values


def test_what_a_header_does_not_ask_for_decides_nothing(home: Path) -> None:
    text = "#include <linux/kind.h>\n#define X 1\n"
    releases = {f"v4.{n}": headers(a=text, kind=f"#define OUR_KIND {n}\n") for n in range(4)}
    run(releases, request=Request(("linux/a.h",)))
    assert readings(home) == 1


def test_what_an_include_changed_for_others_is_settled_no_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []
    reading = settle._reading
    monkeypatch.setattr(
        settle, "_reading", lambda unit, *rest: (settled.append(unit.file.name), reading(unit, *rest))[1]
    )
    text = "#include <linux/kind.h>\nstruct s { our_kind a; };\n"
    kinds = [INT, f"#define OUR_KIND 1\n\n{INT}", LONG, f"{LONG}struct other {{ int a; }};\n"]
    releases = {f"v4.{n}": headers(a=text, kind=kind) for n, kind in enumerate(kinds)}
    for tag in releases:
        # As in a new process.
        monkeypatch.setattr(read, "_kept", read.Kept())
        run(releases, [tag], Request(("linux/a.h",)))
    assert settled == ["linux/a.h", "linux/a.h"]
    assert readings(home) == 2
    found = History()
    assert [found.at(tag, "s")[0]["size"] for tag in releases] == [4, 4, 8, 8]
    run(releases, ["v4.1"], Request(("linux/*.h",)))
    assert settled[2:] == ["linux/kind.h"]


def test_what_was_read_before_with_all_it_includes_is_no_job() -> None:
    text = "#include <linux/kind.h>\nstruct s { our_kind a; };\n"
    releases = {f"v4.{n}": headers(a=text, kind=INT, b=f"#define N {n}\n") for n in range(2)}
    jobs = Slow()
    for tag in releases:
        run(releases, [tag], Request(("linux/a.h",)), executor=jobs)
    assert jobs.jobs == 1
    found = History()
    assert [found.at(tag, "s")[0]["size"] for tag in releases] == [4, 4]


@pytest.mark.parametrize(
    "include",
    [
        "#include <asm/ioctls.h>",
        "#include <sys/ioctl.h>",
        "#define WHAT <asm/ioctls.h> /* of ours */\n#include WHAT",
        "#define WHAT(x) <asm/ioctls.h>\n#include WHAT(1)",
        "#define WHAT \\\n\t<asm/ioctls.h>\n#include WHAT",
    ],
    ids=["plain", "through-a-stand-in", "spelled-by-a-macro", "by-a-call", "on-a-continued-line"],
)
def test_a_header_is_read_alike_whatever_else_is_read(include: str, tmp_path: Path) -> None:
    """Another header that has the same include was read before, and is in no job."""
    header = f"{include}\n#ifdef OUR_KIND\n#define X 1\n#else\n#define X 2\n#endif\n"
    kind = {"arch/x86/include/uapi/asm/ioctls.h": "#define OUR_KIND\n"}
    releases = {
        f"v4.{n}": {**headers(a=f"{header}/* {n} */\n", b="#include <asm/ioctls.h>\n"), **kind}
        for n in range(2)
    }
    for tag in releases:
        run(releases, [tag], Request(("linux/a.h", "linux/b.h")))
    alone = tmp_path / "alone"
    alone.mkdir()
    run(releases, ["v4.1"], Request(("linux/a.h",)), home=alone)
    for found in (History(), History(alone / "kscan.sqlite")):
        assert [row["value"] for row in found.at("v4.1", "X")] == [1]


@pytest.mark.parametrize("again", [b"#define a <", b"#define a(", b"#define a /*", b"#/*a"])
def test_a_text_is_not_looked_through_again_from_each_directive(again: bytes) -> None:
    """It would take an hour."""
    assert read.include_names(again * 100_000) == ()
    assert read.include_names(b"#include <linux/b.h>\n" + again * 1000) == ("linux/b.h",)


def test_a_text_that_was_lost_is_brought_again(home: Path) -> None:
    releases = {f"v4.{n}": headers(a="#define X 1\n", b=f"#define N {n}\n") for n in range(2)}
    run(releases, ["v4.0"], Request(("linux/a.h",)))
    blob = blob_id(b"#define X 1\n")
    with sqlite3.connect(home / "kscan.sqlite") as db:
        assert db.execute("DELETE FROM blob WHERE id = ?", (blob,)).rowcount == 1
    assert blob in run(releases, ["v4.1"], Request(("linux/a.h",))).asked


def test_what_another_profile_read_counts_as_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kscan.scan._READ_BEFORE", 10**9)
    releases = {"v4.2": headers(**{f"h{n}": f"#define X{n} {n}\n" for n in range(40)})}
    jobs = []
    for profile in ("x86-64", "arm64"):
        slow = Slow()
        run(releases, request=Request(("linux/*.h",), PROFILES[profile]), executor=slow)
        jobs.append(slow.jobs)
    assert jobs[0] == jobs[1] > 1


class Unlisted(Memory):
    """Tells of a file when it is asked for."""

    lists = False

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        here = super().files(tag, wanted)
        return {path: here[path] for path in wanted if path in here}


def test_an_include_that_came_later_is_met_where_nothing_is_listed() -> None:
    """When its header was read before it was not there, nor is it among the files asked for at first."""
    text = "#include <linux/kind.h>\n#ifdef OUR_KIND\n#define X 2\n#else\n#define X 1\n#endif\n"
    releases = {"v4.2": headers(a=text), "v4.3": headers(a=text, kind="#define OUR_KIND\n")}
    store = Store()
    for tag in releases:
        scan(Unlisted(releases), [tag], Request(("linux/a.h",)), store, executor=Inline())
    found = History()
    assert [found.at(tag, "X")[0]["value"] for tag in releases] == [1, 2]


def test_what_programs_include_beside_is_asked_for_where_nothing_is_listed() -> None:
    text = "#include <linux/ioctl.h>\n#define X OUR_IO(1)\n"
    releases = {"v4.2": headers(a=text, ioctl="#define OUR_IO(x) x\n")}
    scan(Unlisted(releases), ["v4.2"], Request(("linux/a.h",)), Store(), executor=Inline())
    assert [row["value"] for row in History().at("v4.2", "X")] == [1]


def test_before_uapi_one_file_serves_both() -> None:
    text = "#define BPF_MINE 1\n#ifdef __KERNEL__\n#define OUR_RUN(f) f()\n#endif\n"
    tree = {"Makefile": makefile("v3.6"), "include/linux/Kbuild": "header-y += filter.h\n",
            "include/linux/filter.h": text}  # fmt: skip
    run({"v3.6": tree})
    assert [(r["name"], r["scope"], r["header"]) for r in History().at("v3.6")] == [
        ("BPF_MINE", "uapi", "linux/filter.h"),
        ("OUR_RUN", "internal", "include/linux/filter.h"),
    ]


@pytest.mark.parametrize(
    ("tags", "request_", "error", "said"),
    [
        pytest.param(["v4.2", "v9.9"], BPF, UnknownTag, "no release v9.9 in memory", id="unknown-tag"),
        pytest.param(
            ["v4.2"], Request(("linux/no.h",)), SourceError, "v4.2: nothing of linux/no.h in it$", id="nothing"
        ),
        pytest.param(
            ["v5.6"],
            Request(("linux/skbuff.h",)),
            SourceError,
            "nothing of linux/skbuff.h in it; the kernel's own header is --headers include/linux/skbuff.h$",
            id="internal",
        ),
        pytest.param(["v4.2", "empty"], BPF, SourceError, "empty has no linux/ headers in it", id="no-kernel"),
    ],
)
def test_where_one_tag_fails_none_is_entered(
    tags: list[str], request_: Request, error: type[Exception], said: str
) -> None:
    more = {"empty": {"README": "nothing\n"}, "v5.6": {**KERNELS["v4.2"], "include/linux/skbuff.h": ""}}
    with pytest.raises(error, match=said):
        run({**KERNELS, **more}, tags, request_)
    with pytest.raises(StoreError, match="release scanned yet"):
        History()


@pytest.mark.parametrize(
    ("tag", "head", "exact", "suspicion"),
    [
        pytest.param("v4.2", makefile("v4.2"), "v4.2", None, id="itself"),
        pytest.param("v4.2", makefile("v4.2.8"), "v4.2.8", None, id="point-release"),
        pytest.param("v5.5", makefile("v5.5-rc5"), "v5.5-rc5", None, id="candidate"),
        pytest.param("v4.2", makefile("v4.3"), "v4.3", "the tag says v4.2, the Makefile v4.3", id="another"),
        pytest.param(
            "v4.2", makefile("v4.2-acme"), "v4.2", "EXTRAVERSION -acme is not mainline's", id="vendor"
        ),
    ],
)
def test_a_tree_tells_its_version(tag: str, head: str, exact: str, suspicion: str | None) -> None:
    run({tag: {**headers(a="#define A 1\n"), "Makefile": head}}, request=Request(("uapi",)))
    (release,) = History().list_releases()
    assert (release["tag"], release["exact"], release["suspicion"]) == (tag, exact, suspicion)
