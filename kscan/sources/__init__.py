"""Where kernels come from: one small protocol, one file each.

A source knows tags, says which files a tag has, and reads contents in a batch. Contents go by git's
blob id everywhere, so that a file that did not change is fetched and read once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from kscan.progress import Progress

# Bytes of a source file: the largest headers have some hundred thousand.
LARGEST_FILE = 16 * 2**20
_CREDENTIALS = re.compile(r"(?<=://)[^/]*@")


def nameable(url: str) -> str:
    """A URL, or a text with one, without user and password: what a store and a message may say of it."""
    return _CREDENTIALS.sub("", url)


class Source(Protocol):
    """A place with kernels. Methods raise SourceError where it fails and UnknownTag for a tag it
    does not have."""

    name: str
    """What provenance says: a URL or a path."""

    lists: bool
    """Whether it knows every file of a tag; otherwise only those asked for by name."""

    def tags(self) -> Sequence[str]:
        """The tags it has; empty for a source that cannot tell."""
        ...

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        """Brings what `files` needs, for all `tags` at once."""
        ...

    def commit(self, tag: str) -> str | None:
        """The commit behind a tag, or None where there is none."""
        ...

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        """Paths to blob ids: those of `wanted` that the tag has, and possibly more. A source that lists
        takes folders too (`include/`), and gives all files where nothing is named."""
        ...

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        """The contents of `blobs`, in any order, in as few round trips as the source allows."""
        ...
