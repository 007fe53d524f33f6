"""Git on disk: a clone, worktree or bare repository of the user's, read as objects, never written."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO

from git import Git
from git.exc import GitCommandError

from kscan.errors import SourceError, UnknownTag
from kscan.progress import Progress
from kscan.version import KernelVersion

# No prompt, no network, no lock: whatever a repository's own configuration asks for.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


class DiskRepository:
    """A git repository at `path`. Raises SourceError where there is none."""

    lists = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.path = path
        self.git = Git(path)
        self.git.update_environment(**_ENVIRONMENT)
        self._run("rev-parse", "--git-dir")

    def _run(self, *arguments: str) -> str:
        try:
            return str(self.git.execute(["git", *arguments], strip_newline_in_stdout=True))
        except GitCommandError as error:
            raise SourceError(self.name, said_by_git(error)) from None

    @cached_property
    def _commits(self) -> dict[str, str]:
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname) %(objecttype)%(*objecttype)"
        commits = {}
        for line in self._run("for-each-ref", form, "refs/tags").splitlines():
            tag, *ids, kind = line.split()
            if kind.endswith("commit"):
                commits[tag] = ids[-1]
        return commits

    def tags(self) -> Sequence[str]:
        return list(self._commits)

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        for tag in tags:
            self.commit(tag)

    def commit(self, tag: str) -> str:
        if tag not in self._commits:
            raise UnknownTag(tag, near_tags(tag, self._commits), self.name)
        return self._commits[tag]

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", self.commit(tag))
        return parse_listing(listing)

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        yield from read_objects(self.git, self.name, blobs, progress)


def said_by_git(error: GitCommandError) -> str:
    """The last line of what git said, for one line to the user."""
    lines = [line.strip() for line in str(error.stderr or error.stdout or error).splitlines() if line.strip()]
    said = lines[-1] if lines else "git failed"
    return said.strip("'").removeprefix("stderr: '").removeprefix("fatal: ")


def parse_listing(listing: str) -> dict[str, str]:
    """Paths to blob ids from `ls-tree -r -z`; links and submodules are no files."""
    files = {}
    for entry in listing.split("\0"):
        head, _, path = entry.partition("\t")
        if head.startswith("100"):
            files[path] = head.split()[2]
    return files


def read_objects(git: Git, name: str, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
    """Contents by id through one `cat-file --batch`."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{blob}\n" for blob in blobs).encode())
        asked.seek(0)
        process = git.execute(["git", "cat-file", "--batch", "--buffer"], istream=asked, as_process=True)
        stream = process.stdout
        assert stream is not None
        for blob in blobs:
            data = _next_object(stream, name, blob)
            progress.advance(1, len(data))
            yield blob, data


def _next_object(stream: IO[bytes], name: str, blob: str) -> bytes:
    head = stream.readline().split()
    if len(head) != 3 or head[0].decode() != blob:
        raise SourceError(name, f"object {blob} is not there", "the repository is incomplete")
    size = int(head[2])
    data = stream.read(size + 1)
    if len(data) != size + 1:
        raise SourceError(name, f"object {blob} ends early", "the repository is damaged")
    return data[:-1]


def near_tags(tag: str, tags: Iterable[str]) -> list[str]:
    """The five tags nearest to `tag`: by version where it is one, else by spelling."""
    version = KernelVersion.parse(tag)
    if version is None:
        from difflib import get_close_matches

        return get_close_matches(tag, list(tags), 5)
    known = sorted((v, t) for t in tags if (v := KernelVersion.parse(t)))
    before = [t for v, t in known if v < version][-3:]
    return before + [t for v, t in known if v >= version][:2]
