"""Git over the network: a bare, partial cache repository; depth 1 a tag, contents in one batch.

A tag costs one fetch without contents (`blob:none`); the contents that a header set wants are then
asked for by id, all in one request. What arrived stays, so an interrupted fetch goes on where it was.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from git import Git
from git.exc import GitCommandError

from kscan.errors import SourceError, UnknownTag
from kscan.near import near_tags
from kscan.progress import Progress
from kscan.sources.disk import parse_listing, read_objects, said_by_git

# No prompt, no user or system configuration, no transport that runs commands, no hooks.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "https:http:git:ssh:file",
    "GIT_ASKPASS": "true",
    "LC_ALL": "C",
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


class RemoteRepository:
    """The repository at `url`, seen through a cache below `home`. Raises SourceError where git
    cannot reach it, UnknownTag for tags it does not have."""

    lists = True

    def __init__(self, url: str, home: Path) -> None:
        self.name = self.url = url
        self.path = home / "git" / f"{hashlib.sha1(url.encode()).hexdigest()[:16]}.git"
        self.path.mkdir(parents=True, exist_ok=True)
        self.git = Git(self.path)
        self.git.update_environment(**_ENVIRONMENT)
        if not (self.path / "config").exists():
            self._run("init", "--bare", "--quiet", ".")
            for key, value in (("promisor", "true"), ("partialclonefilter", "blob:none"), ("url", url)):
                self._run("config", f"remote.origin.{key}", value)

    def _run(self, *arguments: str, stdin: bytes | None = None) -> str:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        with tempfile.TemporaryFile() as given:
            given.write(stdin or b"")
            given.seek(0)
            try:
                return str(self.git.execute(["git", *settings, *arguments], istream=given))
            except GitCommandError as error:
                raise SourceError(self.url, said_by_git(error), _advice(str(error.stderr))) from None

    @cached_property
    def _remote_tags(self) -> dict[str, str]:
        """Tags and their commits as the remote lists them: nothing is downloaded."""
        tags = {}
        for line in self._run("ls-remote", "--tags", "--", self.url).splitlines():
            commit, _, ref = line.partition("\t")
            tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return tags

    def tags(self) -> Sequence[str]:
        return list(self._remote_tags)

    def _local(self, tag: str) -> str | None:
        try:
            return self._run("rev-parse", "--quiet", "--verify", f"refs/tags/{tag}^{{commit}}").strip()
        except SourceError:
            return None

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        missing = [tag for tag in tags if self._local(tag) is None]
        if not missing:
            return
        progress.step(f"fetching {len(missing)} tags without contents")
        wanted = "".join(f"+refs/tags/{tag}:refs/tags/{tag}\n" for tag in missing)
        try:
            self._run(
                "fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--no-write-fetch-head",
                "--stdin", "origin", stdin=wanted.encode(),
            )  # fmt: skip
        except SourceError as error:
            # Only git's own word for a missing tag costs a look at what there is.
            if "find remote ref" not in error.problem:
                raise
            for tag in missing:
                if tag not in self._remote_tags:
                    raise UnknownTag(tag, near_tags(tag, self._remote_tags), self.url) from None
            raise

    def commit(self, tag: str) -> str | None:
        return self._local(tag)

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        return parse_listing(self._run("ls-tree", "-r", "-z", "--full-tree", f"refs/tags/{tag}"))

    @cached_property
    def _here(self) -> set[str]:
        """The contents that the cache has; asking git for one it lacks would fetch it alone."""
        listing = self._run("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered")
        return set(listing.split())

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        missing = [blob for blob in blobs if blob not in self._here]
        if missing:
            progress.step(f"fetching {len(missing)} files")
            self._run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no",
                "--filter=blob:none", "--stdin", "origin",
                stdin="".join(f"{blob}\n" for blob in missing).encode(),
            )  # fmt: skip
            self._here.update(missing)
        progress.step("reading files", len(blobs))
        yield from read_objects(self.git, self.url, blobs, progress)


def _advice(said: str) -> str:
    if "resolve host" in said or "unable to access" in said or "Connection" in said:
        return "check the network, or read a clone you have: --from PATH"
    return ""
