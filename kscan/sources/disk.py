"""Git on disk: a clone, worktree or bare repository of the user's, read as objects, never written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from kscan.errors import SourceError, UnknownTag
from kscan.near import near_tags
from kscan.progress import Progress
from kscan.sources.commands import GitCommands, Tagged

# No prompt, no network, no lock: whatever a repository's own configuration asks for.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
}


class DiskRepository:
    """A git repository at `path`. Raises SourceError where there is none."""

    lists = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.git = GitCommands(self.name, _git_folder(path), _ENVIRONMENT)
        if self.git.run("rev-parse", "--show-object-format") == "sha256":
            checkout = "check a release out and scan that: kscan scan FOLDER --as LABEL"
            raise SourceError(self.name, "names its objects by SHA-256, kscan by SHA-1", checkout)

    @cached_property
    def _tagged(self) -> dict[str, Tagged]:
        return self.git.tagged()

    def _find(self, tag: str) -> Tagged:
        if tag not in self._tagged:
            raise UnknownTag(tag, near_tags(tag, self._tagged), self.name)
        return self._tagged[tag]

    def tags(self) -> Sequence[str]:
        return list(self._tagged)

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        for tag in tags:
            self._find(tag)

    def commit(self, tag: str) -> str | None:
        kind, found = self._find(tag)
        return found if kind == "commit" else None

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        return self.git.files(self._find(tag).id, wanted)

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        yield from self.git.read(blobs, progress)


def _git_folder(path: Path) -> Path:
    """Where a repository keeps its objects: as git looks for it, from `path` upwards."""
    try:
        if path.is_dir():
            for folder in (path, *path.parents):
                if (folder / ".git").exists():
                    return folder / ".git"
                if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                    return folder
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from None
    raise SourceError(str(path), "not a git repository")
