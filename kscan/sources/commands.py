"""Git commands: one place that starts them, through GitPython, and says what went wrong."""

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from posixpath import normpath
from typing import IO, NamedTuple

from kscan.errors import SourceError
from kscan.progress import Progress
from kscan.sources import LARGEST_FILE
from kscan.stopping import held

# Where git is missing, GitPython would fail as it is imported; we say so when it is needed.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git import Git
from git.exc import GitCommandNotFound

# What git says of files of its own that are not as it wrote them.
_DAMAGED = ("does not match index", "bad shallow line", "corrupt", "loose object", "not a git repository")
# What to do about what git says of the world around it.
_ADVICE = (
    (("RPC failed", "early EOF", "disconnect", "hung up"), "what arrived is kept; run it again to go on"),
    (
        ("resolve host", "unable to access", "Connection"),
        "check the network, or read a clone you have: --from PATH",
    ),
    (
        ("dubious ownership",),
        "another user's: name its path, not its URL, or see safe.directory in git's manual",
    ),
    (("No space left",), "is there room in KSCAN_HOME?"),
    (("Read-only file system",), "KSCAN_HOME names another folder"),
    (("alternate object path",), "it borrows objects from there: see its objects/info/alternates"),
)


class Tagged(NamedTuple):
    """What a tag names: `kind` is commit, or tree for a tag without history (v2.6.11-tree)."""

    kind: str
    id: str


class GitCommands:
    """Git on the repository `folder`, whatever repository the environment names: a hook that calls
    kscan has GIT_DIR set. `name` is what errors say, `if_damaged` what they advise where the repository itself
    is broken; each of `settings` is given with -c."""

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: Mapping[str, str],
        settings: Sequence[str] = (),
        if_damaged: str = "the repository is damaged",
    ) -> None:
        self.name, self.if_damaged = name, if_damaged
        self.git = Git(folder)
        self.git.update_environment(**environment, LC_ALL="C", GIT_DIR=str(folder))
        self.settings = [part for setting in settings for part in ("-c", setting)]

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """What git prints. Raises SourceError."""
        with self._started(arguments, given) as process:
            said, complained = process.communicate()
        if process.returncode:
            raise SourceError(self.name, *self._complaint(os.fsdecode(complained or said).strip()))
        return os.fsdecode(said).removesuffix("\n")

    def _complaint(self, text: str) -> tuple[str, str]:
        """What git complained of first, and what to do about it: later lines only follow from it."""
        lines = text.splitlines() or ["git failed"]
        fatal = (n for n, line in enumerate(lines) if line.startswith(("fatal: ", "error: ")))
        at = next(fatal, len(lines) - 1)
        # What ends in a colon goes on.
        said = " ".join(lines[at : at + 2]) if lines[at].endswith(":") else lines[at]
        problem = said.strip().removeprefix("fatal: ").removeprefix("error: ")
        known = (advice for words, advice in _ADVICE if any(word in text for word in words))
        damaged = self.if_damaged if any(words in problem for words in _DAMAGED) else ""
        return problem, next(known, damaged)

    @contextmanager
    def _started(self, arguments: Sequence[str], given: bytes) -> Iterator[Git.AutoInterrupt]:
        """A git that is ended where its context fails: one that went on after Ctrl-C would write where we clear
        up."""
        process = None
        with tempfile.TemporaryFile() as stdin:
            stdin.write(given)
            stdin.seek(0)
            try:
                # Between git's start and our knowing of it no Ctrl-C may come.
                with held():
                    process = self.git.execute(
                        ["git", *self.settings, *arguments], istream=stdin, as_process=True
                    )
                yield process
            except GitCommandNotFound:
                raise SourceError(
                    self.name, "git is not installed", "install it, or use HTTP: --from cgit"
                ) from None
            except BaseException:
                if process is not None and process.proc is not None:
                    process.proc.terminate()
                    process.proc.wait()
                raise

    def tagged(self) -> dict[str, Tagged]:
        """The repository's tags."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname) %(objecttype) %(*objecttype)"
        tags, inner = {}, {}
        # A tag may have any white space in it but these two.
        for line in filter(None, self.run("for-each-ref", form, "refs/tags").split("\n")):
            tag, *given = line.split(" ")
            words = list(filter(None, given))
            ids, kinds = words[: len(words) // 2], words[len(words) // 2 :]
            if kinds[-1] in ("commit", "tree"):
                tags[tag] = Tagged(kinds[-1], ids[-1])
            elif kinds[-1] == "tag":
                inner[tag] = ids[-1]
        return tags | self._innermost(inner)

    def _innermost(self, tags: Mapping[str, str]) -> dict[str, Tagged]:
        """What tags of tags, by the id of the inner one, name in the end: older git looks at one only."""
        if not tags:
            return {}
        asked = "".join(f"{tag}^{{}}\n" for tag in tags.values()).encode()
        told = self.run("cat-file", "--batch-check=%(objecttype) %(objectname)", given=asked).splitlines()
        found = {tag: Tagged(*line.split()) for tag, line in zip(tags, told, strict=True)}
        return {tag: tagged for tag, tagged in found.items() if tagged.kind in ("commit", "tree")}

    def files(self, tree: str, wanted: Iterable[str] = ()) -> dict[str, str]:
        """Paths to blob ids, of all or of what is wanted; links and submodules are no files."""
        # What lies in no tree, git would not pass over but refuse.
        inside = [path for path in wanted if path and normpath(path).split("/")[0] not in ("", "..")]
        told = self.run("ls-tree", "-r", "-z", "--full-tree", tree, "--", *inside).split("\0")
        # "100644 blob ID<tab>PATH"; no header of a kernel has a name that is no text.
        found = {entry[53:]: entry[12:52] for entry in told if entry.startswith("100")}
        return found if "".join(found).isprintable() else {p: i for p, i in found.items() if p.isprintable()}

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        """Contents by id through one `cat-file --batch`."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        with self._started(("cat-file", "--batch", "--buffer"), asked) as process:
            stream, complaints = process.stdout, process.stderr
            assert stream is not None
            assert complaints is not None
            # A full pipe of complaints, as under GIT_TRACE_PACK_ACCESS, would let git wait for ever.
            threading.Thread(target=complaints.read, daemon=True).start()
            for blob in blobs:
                data = _next_object(stream, self.name, blob)
                progress.advance(1, len(data))
                yield blob, data


def _next_object(stream: IO[bytes], name: str, blob: str) -> bytes:
    head = stream.readline().split()
    if len(head) != 3 or head[0].decode() != blob:
        raise SourceError(name, f"object {blob} is not there", "the repository is incomplete")
    size = int(head[2])
    if size > LARGEST_FILE:
        raise SourceError(name, f"object {blob} has {size} bytes", "it is too large for a source file")
    data = stream.read(size + 1)
    if len(data) != size + 1:
        raise SourceError(name, f"object {blob} ends early", "the repository is damaged")
    return data[:-1]
