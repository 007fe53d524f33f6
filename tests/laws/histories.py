"""Random kernel histories of our own text in git repositories, scanned for real, and all that is said of them.

KSCAN_LAWS=20 tries twenty times as many examples, other ones each time.
"""

import contextlib
import io
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from kscan.history import History
from kscan.layers.unread import Unread
from kscan.report.export import export_all
from kscan.rows import Row
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from kscan.version import KernelVersion
from tests.kernels import Files, makefile

FACTOR = int(os.environ.get("KSCAN_LAWS", "1"))
# A test may take as long as it has examples, and to find the smallest of those that fail.
TIMEOUT = 600 * FACTOR

Releases = Mapping[str, Files]


def law(examples: int) -> settings:
    """So many examples, the same each time; with KSCAN_LAWS more, and others."""
    return settings(max_examples=examples * FACTOR, deadline=None, derandomize=FACTOR == 1)


# What a header may say.

_NAMES = ("A", "B", "C", "D")
_VALUES = (
    "1", "2", "0x10", "(1U << 31)", "-1", "'c'", "18446744073709551615ULL", "-9223372036854775807LL", "A",
    "(B + 1)", "sizeof(struct s)", '"text"', '"9"', r'"a\tb\0c"', '"\u2028\u00e9"', "",
    "_IOW('k', 1, struct s)", "(our_kind)3", "do { } while (0)", "no_such_name", "X(1)",
)  # fmt: skip
_TYPES = ("int", "unsigned long", "our_kind", "struct t *", "struct t", "no_such_type")
_UNREADABLE = ("#error not here", "#if 1", "/* never ends", "#endif")
_BROKEN = ("struct { no C;", "int 5x = ;", "enum e { , };")
# What an include may be. Ways to spell one that tests of test_order.py show to be read otherwise from scan to
# scan are not among them: with those tests held, add theirs.
_INCLUDES = (
    "#include <linux/a.h>", "#include <linux/b.h>", '#include "b.h"', '#include "../b.h"', "#include <asm/a.h>",
    "#include <linux/gone.h>", "# include <asm-generic/a.h>", "/* first */ #include <linux/a.h>",
    "#include /* which */ <linux/b.h>", "%:include <linux/a.h>", "#include \\\n<linux/b.h>",
    "#inc\\\nlude <linux/a.h>",
    # In the usual mode of gcc `linux` is 1.
    "#define THAT <asm/a.h>\n#include THAT", "#define THAT(x) /* so */ <asm/a.h>\n#include THAT(1)",
    "#include <asm/ioctls.h>", "#include <sys/ioctl.h>", "#include_next <linux/a.h>\n#include <linux/a.h>",
)  # fmt: skip

_name = st.sampled_from(_NAMES)
_value = st.sampled_from(_VALUES)
_type = st.sampled_from(_TYPES)
_pieces = st.one_of(
    st.builds("#define {} {}".format, _name, _value),
    st.builds("#define {} {}".format, _name, st.integers(0, 3)),
    st.builds("#define {} /* two\n lines */ \\\n\t{}".format, _name, _value),
    st.builds("#define {}(x) ((x) + {})".format, st.sampled_from(["X", "A"]), _value),
    st.builds("#undef {}".format, _name),
    st.builds("enum e {{\n\t{},\n\tE_{} = {},\n\tE_LAST\n}};".format, _name, _name, st.integers(0, 9)),
    st.builds("enum {{ {} = {}, F_{} }};".format, _name, st.integers(-2, 2), _name),
    st.builds("struct s {{\n\tint a;\n\t{} b, c[2];\n}};".format, _type),
    st.builds("struct t {{ union {{ {} u; char v; }}; int w:3, x:{}; }};".format, _type, st.integers(1, 9)),
    st.builds("struct s {{ char a; {} b; }} __attribute__((packed));".format, _type),
    st.builds("typedef {} our_kind;".format, st.sampled_from(["int", "unsigned long long", "char"])),
    st.builds("static inline int f(void)\n{{\n\treturn {};\n}}".format, st.integers(0, 1)),
    # What these say goes by what an included header says.
    st.builds("struct u {{ char n[{}]; our_kind k; }};".format, _name),
    st.builds("enum {{ G = {} + 1 }};".format, _name),
    st.builds("#define LIST H_{}, \\\n\tH_LAST\nenum l {{ LIST }};".format, _name),
    st.sampled_from(_INCLUDES),
    st.sampled_from(_BROKEN),
    st.just(""),
)
_guarded = st.builds("#ifdef {}\n{}\n#else\n{}\n#endif".format, _name, _pieces, _pieces)
_texts = st.builds(
    lambda first, pieces, end: "\n".join([*first, *pieces, *end]) + "\n",
    st.sampled_from([[], [], ["#include <linux/b.h>"]]),
    st.lists(st.one_of(_pieces, _pieces, _pieces, _guarded), max_size=5),
    st.one_of(st.just([]), st.just([]), st.just([]), st.sampled_from(_UNREADABLE).map(lambda last: [last])),
)

# And where it may lie.

HEADERS = ("linux/a.h", "linux/b.h", "linux/sub/a.h", "asm/a.h", "asm/ioctls.h", "asm-generic/a.h")
_INTERNAL = ("include/linux/filter.h", "net/core/filter.c")
FINALS = ("v3.5", "v3.6", "v3.7", "v3.8", "v3.9", "v4.0")
# One release beside the mainline: two are exported in the order of their scan, which a test of its own shows.
TAGS = (*FINALS, "v3.8-rc1", "v3.8-rc2", "v3.8.9", "v3.8.10", "v4.1.2")
_BASE = "linux/base.h"


def _path(tag: str, name: str) -> str:
    """Where a release keeps an exported header."""
    uapi = "" if KernelVersion(tag) < KernelVersion("v3.7-rc1") else "uapi/"
    if name.startswith("asm/"):
        return f"arch/x86/include/{uapi}{name}"
    return f"include/{uapi}{name}"


def release(tag: str, headers: Files, exact: str | None = None) -> dict[str, str]:
    """The files of a release that has these headers; internal ones by their path."""
    exported = {_BASE: "#define BASE 1\n", **{n: text for n, text in headers.items() if n not in _INTERNAL}}
    files = {name: text for name, text in headers.items() if name in _INTERNAL}
    files |= {_path(tag, name): text for name, text in exported.items()}
    for name in exported if KernelVersion(tag) < KernelVersion("v3.7-rc1") else ():
        folder, _, file = name.rpartition("/")
        kbuild = f"{_path(tag, f'{folder}/x').removesuffix('/x')}/Kbuild"
        files[kbuild] = files.get(kbuild, "") + f"header-y += {file}\n"
    return files | {"Makefile": makefile(exact or tag)}


@st.composite
def histories(draw: st.DrawFn, tags: Sequence[str] = TAGS, at_least: int = 1) -> dict[str, dict[str, str]]:
    """Releases in order of version. Each differs from the one before in few headers, which come, go, come back,
    move, or say the same some lines below."""
    pool = draw(st.lists(_texts, min_size=1, max_size=4))
    chosen = draw(st.lists(st.sampled_from(tags), min_size=at_least, max_size=5, unique=True))
    headers: dict[str, str] = {}
    changed = st.lists(st.sampled_from((*HEADERS, *_INTERNAL)), min_size=1, max_size=3, unique=True)
    releases = {}
    for tag in sorted(chosen, key=KernelVersion):
        for name in draw(changed):
            headers.pop(name, None)
            text = draw(st.sampled_from([None, *pool]))
            if text is not None:
                headers[name] = draw(st.integers(0, 2)) * "\n" + text
        exact = draw(st.sampled_from([None, None, None, f"{tag}.4"])) if tag in FINALS else None
        releases[tag] = release(tag, headers, exact)
    return releases


@st.composite
def changing_neighbours(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """Releases with many headers that stay and one that all of them include and that changes."""
    texts = draw(st.lists(_texts, min_size=30, max_size=30))
    headers = {f"linux/c{number}.h": f"#include <linux/b.h>\n{text}" for number, text in enumerate(texts)}
    meanings = st.one_of(
        st.builds("#define {} {}".format, _name, st.integers(1, 9)),
        st.builds("typedef {} our_kind;".format, st.sampled_from(["int", "char"])),
        st.builds("struct t {{ char t[{}]; }};".format, st.integers(1, 9)),
    )
    changing = draw(st.lists(st.lists(meanings, min_size=1, max_size=4), min_size=2, max_size=3))
    said = zip(("v4.0", "v4.1", "v4.2"), changing, strict=False)
    return {tag: release(tag, {**headers, "linux/b.h": "\n".join([*pieces, ""])}) for tag, pieces in said}


# Repositories.


def repository(folder: Path, releases: Releases) -> Path:
    """A bare repository with a commit and a tag for each release, made in one go."""
    folder.mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "--bare", "--quiet", "."], cwd=folder, env=environment, check=True)
    stream = "".join(_commit(tag, files) for tag, files in releases.items())
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=folder, env=environment, input=stream.encode(), check=True
    )
    return folder


def _commit(tag: str, files: Files) -> str:
    who = "kscan <kscan@example.org> 1767225600 +0000"
    said = f"commit refs/heads/master\ncommitter {who}\n{_data(tag)}deleteall\n"
    said += "".join(f"M 100644 inline {path}\n{_data(text)}" for path, text in sorted(files.items()))
    return f"{said}\ntag {tag}\nfrom refs/heads/master\ntagger {who}\n{_data(tag)}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


@contextmanager
def folder_of(releases: Releases) -> Iterator[tuple[Path, Path]]:
    """A folder that goes away, and the repository in it."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made), repository(Path(made) / "linux.git", releases)


# Scans.


def read(
    store: Path, linux: Path, batches: Iterable[Sequence[str]], executor: Executor | None = None, *sets: str
) -> Path:
    """Scans releases of a repository into a store, batch by batch; returns the store."""
    opened = Store(store)
    opened.db.execute("PRAGMA synchronous = OFF")
    request = Request(sets or ("uapi",))
    with ThreadPoolExecutor(1) as alone:
        for tags in batches:
            scan(DiskRepository(linux), tags, request, opened, executor=executor or alone)
    opened.db.close()
    return store


@contextmanager
def asked(store: Path, data: str | Path = "") -> Iterator[History]:
    """What a store answers, closed afterwards."""
    history = History(store, data=data)
    try:
        yield history
    finally:
        history.close()


def facts(history: History) -> dict[str, list[Row]]:
    """By release, all that it has."""
    return {found.tag: history.at(found.tag) for found in (*history.mainline, *history.others)}


def everything(store: Path, data: str | Path = "", *, texts: bool = True) -> dict[str, Any]:
    """Everything that a store says, by question; without `texts` as if it kept none, as what ships does."""
    with asked(store, data) as history:
        for layer in () if texts else history.layers:
            vars(layer)["unread"] = Unread(())
        names = history.names("*")
        return {
            "facts": facts(history),
            "releases": history.list_releases(),
            "problems": history.problems(),
            "when": [row for name in names for row in history.when(name)],
            "spans": [row for name in names for row in history.spans(name)],
            "has": {(name, tag): history.has(name, tag) for name in names for tag in facts(history)},
            "csv": exported(history),
        }


def exported(history: History) -> str:
    """What `kscan export` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        export_all(history, "csv", None, [])
    return said.getvalue()


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Names the question that is answered otherwise."""
    for question, answer in expected.items():
        assert found[question] == answer, question
