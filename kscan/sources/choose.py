"""Which source the user's words mean."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kscan.errors import SourceError
from kscan.sources import Source
from kscan.version import KernelVersion

_GITHUB = "https://github.com/{owner}/linux.git"
_KERNEL_ORG = "https://git.kernel.org/pub/scm/linux/kernel/git/{owner}/linux.git"
_TEMPLATES = {
    "github-raw": "https://raw.githubusercontent.com/{owner}/linux/{tag}/{path}",
    "cgit": "https://git.kernel.org/pub/scm/linux/kernel/git/{owner}/linux.git/plain/{path}?h={tag}",
}
_MAINLINE, _STABLE = {"github": ("torvalds", "gregkh"), "kernel.org": ("torvalds", "stable")}, None


def sources_for(word: str, tags: Sequence[str]) -> Iterator[tuple[Source, list[str]]]:
    """The source that `--from` names, and the tags to ask it for; mainline and stable tags lie in
    different repositories. Raises SourceError for a word that means none."""
    from kscan.sources.disk import DiskRepository

    path = Path(word)
    if path.exists():
        yield DiskRepository(path.absolute()), list(tags)
        return
    raise SourceError(word, "neither a repository here nor a URL")


def tree_source(path: str) -> Source:
    raise SourceError(path, "trees are not read yet")
