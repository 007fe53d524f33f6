"""The commands that read kernels: from a source of tags, or from a tree under a label."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from fnmatch import fnmatchcase

from kscan.catalog.profiles import DEFAULT_PROFILE, PROFILES
from kscan.catalog.sets import is_pattern
from kscan.errors import StoreError, UnknownTag, UsageError
from kscan.layers.shipped import ShippedLayer
from kscan.near import near_tags
from kscan.place import data_path
from kscan.progress import Progress
from kscan.scan import Request, scan
from kscan.sources import Source
from kscan.sources.choose import sources_for, tree_source
from kscan.store import Store
from kscan.version import KernelVersion


def fetch_tags(arguments: Namespace) -> int:
    """`kscan fetch`."""
    store = arguments.opened.enter_context(Store())
    request = _request(arguments, None)
    with progress_shown() as progress:
        for source, tags in sources_for(arguments.source, arguments.tags):
            asked = list(tags_meant(source, tags))
            done = scan(source, asked, request, store, progress)
            for tag in asked:
                say(f"{tag}: {'read' if tag in done else 'already here'}")
            _tell_hidden(asked, request)
    return 0


def _tell_hidden(tags: Sequence[str], request: Request) -> None:
    """A release of the user's hides what ships of it, whatever was read."""
    path = data_path()
    if "uapi" in request.sets or request.profile is not DEFAULT_PROFILE or not os.path.isfile(path):
        return
    with suppress(StoreError), closing(ShippedLayer(path)) as layer:
        ships = {release.version for release in layer.releases.values()}
        hidden = [tag for tag in tags if KernelVersion.parse(tag) in ships]
        if hidden:
            say(f"what ships of {', '.join(hidden)} is hidden now; --set uapi reads all of it")


def scan_path(arguments: Namespace) -> int:
    """`kscan scan`."""
    if KernelVersion.parse(arguments.label):
        raise UsageError(f"--as {arguments.label}: that is a release; a label needs a name of its own")
    if not arguments.label.strip() or not arguments.label.isprintable():
        raise UsageError(f"--as {arguments.label!r}: that is no name; a label is a word such as debian-12")
    request = _request(arguments, arguments.label)
    with progress_shown() as progress:
        source = tree_source(arguments.path)
        scan(source, [arguments.label], request, arguments.opened.enter_context(Store()), progress)
    say(f"{arguments.label}: read")
    return 0


def _request(arguments: Namespace, label: str | None) -> Request:
    chosen = [arguments.set] if arguments.set else [] if arguments.headers else ["bpf"]
    return Request((*chosen, *arguments.headers), PROFILES[arguments.profile], label, arguments.permalink)


def tags_meant(source: Source, words: Sequence[str]) -> Iterator[str]:
    """The tags that words mean: patterns are matched, `4.3` means v4.3."""
    for word in words:
        if is_pattern(word):
            known = [tag for tag in source.tags() if fnmatchcase(tag, word)]
            versions = [(v, tag) for tag in known if (v := KernelVersion.parse(tag)) and v.is_final]
            if not versions:
                raise UnknownTag(word, near_tags(word, source.tags()), source.name)
            yield from (tag for _, tag in sorted(versions))
        elif word[:1].isdigit() and KernelVersion.parse(word):
            yield f"v{word}"
        else:
            yield word


def say(message: str) -> None:
    print(message, file=sys.stderr)


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Progress on a terminal; in a pipe, none."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    from kscan.cli.progress import TerminalProgress

    with TerminalProgress() as progress:
        yield progress
