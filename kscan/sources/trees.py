"""Trees: a folder, a release tarball or a Debian package, read under the user's label.

Archives are read in memory and never unpacked. A link counts as the file it leads to as long as that
lies inside the tree; one that leads out of it is refused.
"""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import dirname, normpath
from typing import IO

from kscan.blobs import blob_id
from kscan.errors import SourceError
from kscan.progress import Progress
from kscan.sources import LARGEST_FILE

# What a scan can want of a tree: headers, sources, and what tells versions and exports.
_WANTED = (".h", ".c", "Makefile", "Kbuild", "Kbuild.asm")
# Parts of a kernel tree that hold no header user space gets and no catalogued source.
_PASSED_OVER = ("drivers/gpu/", "drivers/staging/", "Documentation/", ".git/")
_LARGEST_ARCHIVE = 8 * 2**30
_MOST_KEPT = 2**30
_MOST_LINKS = 40
_LONGEST_PATH = 4096
_MOST_PADDING = 64
# Members that describe the next one, which tarfile reads at once.
_DESCRIBE = frozenset((tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
                       tarfile.GNUTYPE_LONGLINK))  # fmt: skip
_LONGEST_HEADER = 2**20
# Paths that links to folders make.
_MOST_MADE = 1_000_000


class TreeFiles:
    """The files of one tree, given by path as `contents` and `links` (path to target)."""

    lists = True

    def __init__(self, name: str, contents: Mapping[str, bytes], links: Mapping[str, str]) -> None:
        self.name = name
        self.paths = {path: blob_id(data) for path, data in contents.items()}
        self.contents = {self.paths[path]: data for path, data in contents.items()}
        for path, file in resolve_links(self.paths, links, name).items():
            self.paths[path] = self.paths[file]

    def tags(self) -> Sequence[str]:
        return ()

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        """Everything is here already."""

    def commit(self, tag: str) -> str | None:
        return None

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        return self.paths

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        for blob in blobs:
            progress.advance(1, len(self.contents[blob]))
            yield blob, self.contents[blob]


def open_tree(path: Path) -> TreeFiles:
    """The tree at `path`. Raises SourceError where it is none or is damaged."""
    try:
        if path.is_dir():
            return _folder(path)
        if not path.is_file():
            raise SourceError(str(path), "no such file or folder")
    except OSError as error:
        raise SourceError(error.filename or str(path), f"cannot be read: {error.strerror}") from None
    reader = _package if path.suffix == ".deb" else _tarball
    try:
        with open(path, "rb") as stream:
            contents, links = reader(stream)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OSError) as error:
        raise SourceError(
            str(path), f"not a readable archive: {error}", "expected .tar.xz, .tar.gz or .deb"
        ) from None
    return TreeFiles(str(path.absolute()), contents, links)


def resolve_links(paths: Mapping[str, object], links: Mapping[str, str], name: str) -> dict[str, str]:
    """Each path that a link makes, to the file it means; raises SourceError for one that leads out.

    A link to a folder makes a path for every file below it, those that are links themselves too.
    """
    targets = {link: _target(link, links, name) for link in links}
    made = {link: target for link, target in targets.items() if target in paths}
    wanted = set(targets.values())
    folders: dict[str, list[str]] = {}
    for path in (*paths, *made):
        folder = dirname(path)
        while folder:
            if folder in wanted:
                folders.setdefault(folder, []).append(path)
            folder = dirname(folder)
    if sum(len(folders.get(target, ())) for target in targets.values()) > _MOST_MADE:
        raise SourceError(name, f"links make more than {_MOST_MADE} paths of its files")
    below = {
        link + path[len(target) :]: made.get(path, path)
        for link, target in targets.items()
        for path in folders.get(target, ())
    }
    return below | made


def _target(link: str, links: Mapping[str, str], name: str) -> str:
    """Where a link leads in the end, folders on the way being links too."""
    path = link
    for _ in range(_MOST_LINKS):
        at = next((p for p in (*_parents(path), path) if p in links), None)
        if at is None:
            return path
        to = links[at]
        if to.startswith("/"):
            raise SourceError(name, f"link {at} leads out of the tree ({to})")
        path = normpath(os.path.join(dirname(at), to) + path[len(at) :])
        if path.startswith("../") or path == "..":
            raise SourceError(name, f"link {at} leads out of the tree ({to})")
    raise SourceError(name, f"link {link} leads to itself")


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    yield from ("/".join(parts[:n]) for n in range(1, len(parts) + 1))


def _is_wanted(path: str) -> bool:
    # No header of a kernel has a name that is no text.
    return path.endswith(_WANTED) and path.isprintable() and not any(part in path for part in _PASSED_OVER)


def _folder(root: Path) -> TreeFiles:
    contents: dict[str, bytes] = {}
    inside = Path(os.path.realpath(root))
    if inside.name == "include":
        # Installed headers belong to what they are installed in: Debian 13 links asm/ from /usr/lib.
        inside = inside.parent
    for folder, folders, names in os.walk(root, onerror=_refuse, followlinks=False):
        folders[:] = sorted(f for f in folders if f != ".git")
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if _is_wanted(relative):
                _add_file(path, inside, relative, contents)
        for name in [f for f in folders if Path(folder, f).is_symlink()]:
            _add_linked_folder(Path(folder, name), root, inside, contents)
    return TreeFiles(str(root.absolute()), contents, {})


def _refuse(error: OSError) -> None:
    """What is hidden must not be taken for absent."""
    raise error


def _add_linked_folder(link: Path, root: Path, inside: Path, contents: dict[str, bytes]) -> None:
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(inside) or Path(os.path.realpath(root)).is_relative_to(target):
        return
    for path in sorted(target.rglob("*.h")):
        relative = (link.relative_to(root) / path.relative_to(target)).as_posix()
        _add_file(path, inside, relative, contents)


def _add_file(path: Path, inside: Path, relative: str, contents: dict[str, bytes]) -> None:
    """Reads a file into `contents`; links out of the tree and devices are passed over."""
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
        return
    if path.is_file() and path.stat().st_size <= LARGEST_FILE:
        contents[relative] = path.read_bytes()


class _Bounded(io.RawIOBase):
    """What is unpacked of an archive, in pieces: some kilobytes can be packed that never end."""

    def __init__(self, stream: IO[bytes] | io.BufferedIOBase) -> None:
        self.stream = stream
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.taken += len(data)
        if self.taken > _LARGEST_ARCHIVE:
            raise ValueError("it unpacks to more than 8 GiB")
        return data


class _Member(tarfile.TarInfo):
    """A member of an archive that must be whole: tarfile takes any broken header for the end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise ValueError(f"damaged or cut short ({error})") from None
        if member.size < 0:
            raise ValueError(f"{member.name} has a negative size")
        if member.type in _DESCRIBE and member.size > _LONGEST_HEADER:
            raise ValueError(f"a header of {member.size} bytes")
        return member


_PACKED = ((b"\x1f\x8b", gzip.open), (b"\xfd7zXZ\0", lzma.open), (b"BZh", bz2.open))


def _tarball(stream: io.BufferedReader) -> tuple[dict[str, bytes], dict[str, str]]:
    head = stream.peek(6)
    for magic, unpack in _PACKED:
        if head.startswith(magic):
            with unpack(stream, "rb") as unpacked:
                return _members(_Bounded(unpacked))
    return _members(stream)


def _members(stream: IO[bytes] | io.IOBase) -> tuple[dict[str, bytes], dict[str, str]]:
    contents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    total = kept = 0
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:
        for member in archive:
            path = _inside(member.name)
            total += member.size
            if total > _LARGEST_ARCHIVE:
                raise ValueError(f"{member.name} makes it too large")
            if member.issym():
                links[path] = member.linkname
            elif member.islnk():
                links[path] = os.path.relpath("/" + _inside(member.linkname), "/" + dirname(path))
            elif member.isfile() and _is_wanted(path):
                if member.size > LARGEST_FILE:
                    raise ValueError(f"{member.name} is too large for a source file")
                data = archive.extractfile(member)
                contents[path] = data.read() if data else b""
                kept += member.size
                if kept > _MOST_KEPT:
                    raise ValueError("more than 1 GiB of source files")
            elif member.isfile() and "/linux-source-" in f"/{path}" and ".tar." in path:
                inner = archive.extractfile(member)
                assert isinstance(inner, io.BufferedReader)
                return _tarball(inner)
    # To the end, where a packed archive keeps its sum.
    for _ in range(_MOST_PADDING):
        if not stream.read(1 << 20):
            break
    else:
        raise ValueError(f"more than {_MOST_PADDING} MiB follow its end")
    return contents, {path: to for path, to in links.items() if _may_matter(path)}


def _inside(name: str) -> str:
    """A member's name as a path from the archive's top; some archives begin theirs with ./ or /."""
    if len(name) > _LONGEST_PATH:
        raise ValueError(f"a path of {len(name)} characters")
    path = normpath(name).lstrip("/")
    if path.startswith(".."):
        raise ValueError(f"{name} leads out of the archive")
    return path


def _may_matter(path: str) -> bool:
    """Whether a link can be a file of ours or a folder of headers: others are not even looked at."""
    return path.endswith(_WANTED) or ("include" in path and "." not in path.rsplit("/", 1)[-1])


def _package(stream: io.BufferedReader) -> tuple[dict[str, bytes], dict[str, str]]:
    """The data archive of a Debian package (an ar archive: header lines of 60 bytes)."""
    if stream.read(8) != b"!<arch>\n":
        raise ValueError("no Debian package")
    while head := stream.read(60):
        length = head[48:58].strip()
        if len(head) < 60 or head[58:] != b"`\n" or not length.isdigit():
            raise ValueError("a broken package")
        name, size = head[:16].decode("ascii", "replace").strip().rstrip("/"), int(length)
        if name.startswith("data.tar"):
            if name.endswith(".zst"):
                raise ValueError("compressed with zstd; unpack it (dpkg-deb -x) and scan the folder")
            data = stream.read(size)
            if len(data) < size:
                raise ValueError("cut short")
            return _tarball(io.BufferedReader(io.BytesIO(data)))
        stream.seek(size + size % 2, os.SEEK_CUR)
    raise ValueError("a package without data")
