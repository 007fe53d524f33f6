"""Which source the user's words mean."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kscan.errors import SourceError, UsageError
from kscan.place import home
from kscan.sources import Source
from kscan.version import KernelVersion

# Names for public kernels. Mainline and stable releases lie in two repositories: {owner} tells them
# apart, mainline first.
_KERNEL_ORG = "https://git.kernel.org/pub/scm/linux/kernel/git/{owner}/linux.git"
_NAMED = {
    "github": ("https://github.com/{owner}/linux.git", "torvalds", "gregkh"),
    "kernel.org": (_KERNEL_ORG, "torvalds", "stable"),
    "github-raw": ("https://raw.githubusercontent.com/{owner}/linux/{tag}/{path}", "torvalds", "gregkh"),
    "cgit": (_KERNEL_ORG + "/plain/{path}?h={tag}", "torvalds", "stable"),
}


def sources_for(word: str, tags: Sequence[str]) -> Iterator[tuple[Source, list[str]]]:
    """The source that `--from` names, with the tags to ask it for: a name of _NAMED, a repository's
    path, a URL with {tag} and {path} (plain HTTP) or another (git). Raises SourceError and UsageError."""
    if word in _NAMED:
        template, mainline, stable = _NAMED[word]
        for owner, wanted in ((mainline, False), (stable, True)):
            asked = [tag for tag in tags if _is_stable(tag) is wanted]
            if asked:
                yield _at(template.replace("{owner}", owner)), asked
    elif "://" in word or word.startswith("git@"):
        yield _at(word), list(tags)
    elif Path(word).exists():
        from kscan.sources.disk import DiskRepository

        yield DiskRepository(Path(word).absolute()), list(tags)
    else:
        names = ", ".join(_NAMED)
        raise SourceError(word, "no such repository", f"a source is {names}, a path or a URL")


def tree_source(path: str) -> Source:
    """The folder, tarball or package at `path`."""
    from kscan.sources.trees import open_tree

    return open_tree(Path(path))


def _is_stable(tag: str) -> bool:
    version = KernelVersion.parse(tag)
    return version is not None and version.point > 0


def _at(url: str) -> Source:
    if "{path}" in url or "{tag}" in url:
        if "{path}" not in url or "{tag}" not in url:
            raise UsageError(f"{url}: a template for plain HTTP needs both {{tag}} and {{path}}")
        from kscan.sources.http import HttpFiles

        return HttpFiles(url, Path(home()))
    from kscan.sources.network import RemoteRepository

    return RemoteRepository(url, Path(home()))
