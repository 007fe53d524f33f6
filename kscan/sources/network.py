"""Git over the network: a bare, partial cache repository; depth 1 a tag, contents in one batch.

A tag costs one fetch without contents (`blob:none`); the contents that a header set wants are then
asked for by id, all in one request. What arrived stays, so an interrupted fetch goes on where it was.
"""

import fcntl
import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from kscan.errors import SourceError, UnknownTag
from kscan.near import near_tags
from kscan.progress import Progress
from kscan.sources import nameable
from kscan.sources.commands import GitCommands, Tagged

# No prompt, no system configuration, no transport that runs commands, no hooks.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "https:http:git:ssh:file",
    "GIT_ASKPASS": "true",
    "GIT_DEFAULT_HASH": "sha1",
}
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "fetch.negotiationAlgorithm=noop",
    "protocol.version=2",
    "maintenance.auto=false",
    "gc.auto=0",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
)
# No tag is named so: git would take it for a pattern, or for several.
_NO_TAG = re.compile(r"[\s~^:?*\[\\\x00-\x20\x7f]|\.\.|^$")


class RemoteRepository:
    """The repository at `url`, seen through a cache below `home`. Raises SourceError where git
    cannot reach it, UnknownTag for tags it does not have."""

    lists = True

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.name = nameable(url)
        self.path = home / "git" / f"{hashlib.sha1(url.encode()).hexdigest()[:16]}.git"
        try:
            if not self.path.exists():
                self._make()
        except OSError as error:
            raise SourceError(
                str(self.path), f"cannot be made: {error.strerror}", "KSCAN_HOME names another folder"
            ) from None
        again = f"delete {self.path} and fetch again"
        self.git = GitCommands(self.name, self.path, _ENVIRONMENT, _SETTINGS, again)

    def _make(self) -> None:
        """The cache, whole at once: another kscan may be making it, or this one be stopped."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path.parent) as folder:
            beside = Path(folder, "new.git")
            beside.mkdir()
            git = GitCommands(self.name, beside, _ENVIRONMENT, _SETTINGS)
            git.run("init", "--bare", "--quiet")
            for key, value in (("promisor", "true"), ("partialclonefilter", "blob:none"), ("url", self.url)):
                git.run("config", f"remote.origin.{key}", value)
            try:
                beside.rename(self.path)
            except OSError:
                if not self.path.exists():
                    raise

    @cached_property
    def _remote_tags(self) -> dict[str, str]:
        """Tags and their commits as the remote lists them: nothing is downloaded."""
        tags = {}
        for line in self.git.run("ls-remote", "--tags", "--", self.url).splitlines():
            commit, _, ref = line.partition("\t")
            tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return tags

    def tags(self) -> Sequence[str]:
        return list(self._remote_tags)

    @cached_property
    def _tagged(self) -> dict[str, Tagged]:
        """The tags that the cache has."""
        return self.git.tagged()

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        missing = [tag for tag in tags if tag not in self._tagged]
        if not missing:
            return
        if any(_NO_TAG.search(tag) for tag in missing):
            self._find_unknown(missing)
        progress.step(f"fetching {len(missing)} tags without contents")
        wanted = "".join(f"+refs/tags/{tag}:refs/tags/{tag}\n" for tag in missing)
        try:
            with self._alone():
                self.git.run(
                    "fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--no-write-fetch-head",
                    "--stdin", "origin", given=wanted.encode(),
                )  # fmt: skip
        except SourceError as error:
            # Only git's own word for a missing tag costs a look at what there is.
            if "find remote ref" in error.problem or "invalid refspec" in error.problem:
                self._find_unknown(missing)
            raise
        del self._tagged
        for tag in missing:
            if tag not in self._tagged:
                raise UnknownTag(tag, (), self.name, "what it names is no commit")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One kscan at a time writes to the cache. What git locked then, one that was killed has left."""
        with ExitStack() as opened:
            # What is wrong with the cache git says better.
            with suppress(OSError):
                file = opened.enter_context(open(self.path / "kscan-writes", "w"))
                fcntl.flock(file, fcntl.LOCK_EX)
                for left in (*self.path.glob("*.lock"), *self.path.glob("refs/**/*.lock")):
                    left.unlink(missing_ok=True)
            yield

    def _find_unknown(self, tags: Sequence[str]) -> None:
        if not self._remote_tags:
            # Git takes a web page, such as one to log in to a network, for an old server's empty list.
            raise SourceError(self.name, "no tags there", "is it a git repository's address?")
        for tag in tags:
            if tag not in self._remote_tags:
                raise UnknownTag(tag, near_tags(tag, self._remote_tags), self.name)

    def _find(self, tag: str) -> Tagged:
        if tag not in self._tagged:
            raise UnknownTag(tag, near_tags(tag, self._tagged), f"what was fetched of {self.name}")
        return self._tagged[tag]

    def commit(self, tag: str) -> str | None:
        kind, found = self._find(tag)
        return found if kind == "commit" else None

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        return self.git.files(self._find(tag).id, wanted)

    @cached_property
    def _here(self) -> set[str]:
        """The contents that the cache has; asking git for one it lacks would fetch it alone."""
        listing = self.git.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered")
        return set(listing.split())

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        missing = [blob for blob in blobs if blob not in self._here]
        if missing:
            progress.step(f"fetching {len(missing)} files")
            with self._alone():
                self.git.run(
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no",
                    "--filter=blob:none", "--stdin", "origin",
                    given="".join(f"{blob}\n" for blob in missing).encode(),
                )  # fmt: skip
            self._here.update(missing)
        progress.step("reading files", len(blobs))
        yield from self.git.read(blobs, progress)
