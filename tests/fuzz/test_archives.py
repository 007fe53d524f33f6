"""Any bytes as a tarball or a Debian package: a tree or one clear reason, in bounded time and memory, no file
written anywhere."""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from kscan.errors import KscanError
from kscan.sources.choose import tree_source
from tests.fuzz.bounded import held
from tests.fuzz.laws import Law, run
from tests.kernels import kernel

MIB = 1 << 20
ROOT = "linux-4.3/"
_FILES = {
    ROOT + path: text.encode() for path, text in kernel("v4.3").items() if path.endswith((".h", "Makefile"))
}


def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", to: str = "") -> tarfile.TarInfo:
    """The head of a member, whose data `packed` finds in `_data`."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, to, len(data)
    return info


def packed(members: Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def deb(data: bytes, name: str = "data.tar.xz") -> bytes:
    """A Debian package around its data."""
    parts = {"debian-binary": b"2.0\n", name: data}
    heads = {n: f"{n:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(d):<10}`\n".encode() for n, d in parts.items()}
    return b"!<arch>\n" + b"".join(heads[n] + d + b"\n" * (len(d) % 2) for n, d in parts.items())


_KERNEL = [(member(name, data=data), data) for name, data in _FILES.items()]
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "it.tar": lambda data: data,
    "it.tar.gz": lambda data: gzip.compress(data, 1, mtime=0),
    "it.tar.xz": lambda data: lzma.compress(data, preset=0),
    "it.tar.bz2": bz2.compress,
    "it.deb": lambda data: deb(lzma.compress(data, preset=0)),
    "gz.deb": lambda data: deb(gzip.compress(data, 1, mtime=0), "data.tar.gz"),
    "zst.deb": lambda data: deb(b"\x28\xb5\x2f\xfd" + data[:99], "data.tar.zst"),
}
_WHOLE = {name: pack(packed(_KERNEL)) for name, pack in PACKERS.items()}

_PART = st.sampled_from(
    ["..", ".", "", "a", "include", "uapi", "linux", "bpf.h", "x.h", "Makefile", "\udcff", "\n", "a" * 300]
)
_PATH = st.lists(_PART, min_size=1, max_size=7).map("/".join).filter(bool)
_KINDS = [
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
    tarfile.CONTTYPE,
    b"Z",
    b"S",
]
_MEMBERS = st.lists(
    st.builds(
        lambda name, kind, data, to: (member(name, kind, data if kind in _KINDS[:1] else b"", to), data),
        _PATH,
        st.sampled_from(_KINDS),
        st.binary(max_size=20),
        _PATH,
    ),
    max_size=8,
).map(lambda members: packed([*_KERNEL, *members]))
Damage = list[tuple[int, bytes]]


def damaged(data: bytes, changes: Damage, end: int | None) -> bytes:
    """`data` with bytes written over, and cut."""
    for at, new in changes:
        start = at % len(data)
        data = data[:start] + new + data[start + len(new) :]
    return data[:end]


_CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), max_size=5)
_CASES = st.one_of(
    st.builds(
        lambda name, changes, end: (name, damaged(_WHOLE[name], changes, end)),
        st.sampled_from(list(_WHOLE)),
        _CHANGES,
        st.none() | st.integers(0, 4000),
    ),
    # Below what packs it nothing is checked: numbers of members, their kinds, pax words.
    st.builds(
        lambda name, changes: (name, PACKERS[name](damaged(packed(_KERNEL), changes, None))),
        st.sampled_from(["it.tar.gz", "it.deb"]),
        _CHANGES,
    ),
    st.tuples(st.sampled_from(["it.tar", "it.tar.xz", "it.deb"]), _MEMBERS).map(
        lambda case: (case[0], PACKERS[case[0]](case[1]))
    ),
    st.tuples(st.sampled_from(list(_WHOLE)), st.binary(max_size=2000)),
)


def opens(case: tuple[str, bytes]) -> None:
    """A tree, whose paths all lie in it, or one line that names the file."""
    name, data = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        held(lambda: _opened(path))
        assert [file.name for file in Path(folder).iterdir()] == [name]


def _opened(path: Path) -> str:
    try:
        tree = tree_source(str(path))
    except KscanError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.startswith(f"{path}: "), said
        return "refused"
    for inside in tree.files("", ()):
        assert not inside.startswith("/"), inside
        assert ".." not in inside.split("/"), inside
    return "opened"


LAWS = [Law("archives", _CASES, opens)]


def test_any_archive_is_opened_or_refused() -> None:
    run(LAWS[0], 150)


def _gz(pieces: Iterable[bytes]) -> bytes:
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*map(squeeze.compress, pieces), squeeze.flush()])


def _links(count: int) -> bytes:
    files = [(member(f"{ROOT}include/z/f{n}.h"), b"") for n in range(count)]
    return packed(
        [
            *_KERNEL,
            *files,
            *((member(f"{ROOT}include/k{n}", tarfile.SYMTYPE, to="z"), b"") for n in range(count)),
        ]
    )


def _chain(count: int) -> bytes:
    links = [(member(f"{ROOT}include/k{n}", tarfile.SYMTYPE, to=f"k{n + 1}"), b"") for n in range(count)]
    return packed([*_KERNEL, *links])


def _large_header(kind: bytes, size: int) -> bytes:
    """A member that says more of the next one than there can be to say."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return _gz([info.tobuf(tarfile.USTAR_FORMAT), *(bytes(MIB) for _ in range(size // MIB)), packed(_KERNEL)])


def _bz2_tail(count: int) -> bytes:
    """Zeros behind the archive, 900 MB in each kilobyte or so."""
    return bz2.compress(packed(_KERNEL)) + bz2.compress(bytes(200 * MIB)) * count


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a path of many folders": (
        "it.tar.xz",
        lambda: lzma.compress(packed([*_KERNEL, (member(f"{ROOT}include/{'a/' * 60_000}x.h"), b"")])),
    ),
    "links to it": (
        "it.tar.xz",
        lambda: lzma.compress(
            packed([*_KERNEL, (member(f"{ROOT}include/{'a/' * 20_000}x.h", tarfile.SYMTYPE, to="y.h"), b"")])
        ),
    ),
    "many links to a folder of many files": ("it.tar.xz", lambda: lzma.compress(_links(2000), preset=0)),
    "a chain of links": ("it.tar.xz", lambda: lzma.compress(_chain(300), preset=0)),
    "zeros behind the archive": ("it.tar.bz2", lambda: _bz2_tail(50)),
    "a pax header of 2 GB": ("it.tar.gz", lambda: _large_header(b"x", 2000 * MIB)),
    "a name of 2 GB": ("it.tar.gz", lambda: _large_header(b"L", 2000 * MIB)),
    "a member of 3 GB that nobody wants": ("it.tar.gz", lambda: _large_header(b"0", 300 * MIB)),
    "many members": (
        "it.tar.gz",
        lambda: _gz([*(member(f"d{n}").tobuf(tarfile.USTAR_FORMAT) for n in range(30_000)), packed(_KERNEL)]),
    ),
    "packed twice": ("it.tar.gz", lambda: gzip.compress(gzip.compress(packed(_KERNEL)))),
    "xz with a dictionary of 4 GB": (
        "it.tar.xz",
        lambda: lzma.compress(
            packed(_KERNEL),
            format=lzma.FORMAT_XZ,
            filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 * MIB}],
        ),
    ),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bombs")


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_archive_takes_little(bomb: str, kept: Path) -> None:
    name, make = BOMBS[bomb]
    path = kept / name
    path.write_bytes(make())
    assert path.stat().st_size < 10 * MIB
    held(lambda: _opened(path), seconds=4, megabytes=700)
