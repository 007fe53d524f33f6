"""Whether what ships was read from the kernels: its blob ids beside those of any repository's tags."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kscan.errors import SourceError
from kscan.layers.shipped import Recorded, ShippedLayer
from kscan.progress import Progress
from kscan.seen import Release
from kscan.sources import Source
from kscan.sources.choose import sources_for

SAME, DIFFERENT, MISSING, UNRECORDED = "same", "different", "missing", "unrecorded"
# Every header that lies here is user space's, but for those of asm-generic/ that a profile's own stand before.
_EXPORTED = ("include/uapi/", "arch/x86/include/uapi/")
_MAY_HIDE = "include/uapi/asm-generic/"


class Compared(NamedTuple):
    """A file of a release: the blob ids recorded and found, None where it is not recorded or not there."""

    path: str
    status: str
    recorded: str | None
    found: str | None


class Verified(NamedTuple):
    """A release and the tag it was compared with: that of its exact version, or its own tag where the
    repository has no other; None where it has neither."""

    release: Release
    against: str | None
    files: tuple[Compared, ...]

    @property
    def is_exact(self) -> bool:
        """Whether the very version was compared, so that every difference is one of ours."""
        exact = self.release.exact
        return self.against is not None and exact is not None and self.against == exact.tag

    def count(self, status: str) -> int:
        """How many files have a status."""
        return sum(file.status == status for file in self.files)


def verify(
    layer: ShippedLayer, word: str, releases: Iterable[Release], progress: Progress
) -> Iterator[Verified]:
    """Compares releases with a repository that `--repo` names (a path, a URL, github). Raises SourceError."""
    asked = {release.exact.tag if release.exact else release.tag: release for release in releases}
    for source, tags in sources_for(word, list(asked)):
        if not source.lists:
            raise SourceError(source.name, "plain HTTP cannot list a release's files", "verify with git")
        there = set(source.tags())
        against = {tag: next((t for t in (tag, asked[tag].tag) if t in there), None) for tag in tags}
        source.prepare([found for found in against.values() if found], progress)
        for tag in tags:
            yield _verified(layer, source, asked[tag], against[tag])


def _verified(layer: ShippedLayer, source: Source, release: Release, tag: str | None) -> Verified:
    if tag is None:
        return Verified(release, None, ())
    recorded = {file.path: file for file in layer.recorded(release)}
    found = source.files(tag, () if source.lists else list(recorded))
    return Verified(release, tag, tuple(_compared(recorded, found, layer.decided(release))))


def _compared(
    recorded: Mapping[str, Recorded], found: Mapping[str, str], decided: set[str]
) -> Iterator[Compared]:
    for path, file in recorded.items():
        blob = found.get(path)
        status = MISSING if blob is None else SAME if blob == file.blob else DIFFERENT
        yield Compared(path, status, file.blob, blob)
    for path, blob in found.items():
        exported = path.startswith(_EXPORTED) and not path.startswith(_MAY_HIDE) and path.endswith(".h")
        name = path.removeprefix("arch/x86/").removeprefix("include/uapi/")
        if exported and path not in recorded and name not in decided:
            yield Compared(path, UNRECORDED, None, blob)
