"""The commands that read kernels: from a source of tags, or from a tree under a label."""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from fnmatch import filter as fitting
from fnmatch import fnmatchcase

from kscan.catalog.profiles import DEFAULT_PROFILE, PROFILES
from kscan.catalog.sets import is_pattern, set_of
from kscan.errors import SourceError, StoreError, UnknownTag, UsageError
from kscan.layers.shipped import ShippedLayer
from kscan.near import near_tags
from kscan.place import data_path, is_made, store_path
from kscan.progress import Progress
from kscan.scan import Request, scan
from kscan.sources import Source
from kscan.sources.choose import sources_for, tree_source
from kscan.store import Store
from kscan.version import KernelVersion

_PLACES = "{tag} {path} {lines} {line} {end_line}"


def fetch_tags(arguments: Namespace) -> int:
    """`kscan fetch`."""
    request = _request(arguments, None)
    store = arguments.opened.enter_context(Store())
    with progress_shown() as progress:
        for source, tags in sources_for(arguments.source, arguments.tags):
            asked = list(dict.fromkeys(tags_meant(source, tags)))
            done = scan(source, asked, request, store, progress)
            for tag in asked:
                say(f"{tag}: {'read' if tag in done else 'already here'}")
            _tell_unmatched(store, asked, arguments)
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
        store = arguments.opened.enter_context(Store())
        scan(source, [arguments.label], request, store, progress)
    _tell_unmatched(store, [arguments.label], arguments)
    say(f"{arguments.label}: read")
    return 0


def forget(arguments: Namespace) -> int:
    """`kscan forget`."""
    if not is_made(store_path()):
        raise StoreError(f"nothing was fetched or scanned yet: {store_path()} is not there")
    with Store() as store:
        store.forget(arguments.tags, arguments.profile)
    for tag in arguments.tags:
        say(f"{tag}: forgotten")
    return 0


def _request(arguments: Namespace, label: str | None) -> Request:
    _check_template(arguments.permalink or "")
    chosen = [arguments.set] if arguments.set else [] if arguments.headers else ["bpf"]
    return Request((*chosen, *arguments.headers), PROFILES[arguments.profile], label, arguments.permalink)


def _check_template(template: str) -> None:
    """Raises UsageError for an address that leads nowhere."""
    if not template.isprintable():
        raise UsageError("--permalink: a control character in it; is a line's end quoted with it?")
    unknown = [word for word in re.findall(r"\{[^}]*\}?", template) if word not in _PLACES.split()]
    if unknown:
        raise UsageError(f"--permalink: {unknown[0]} is none of {_PLACES}")
    if template and "{path}" not in template:
        raise UsageError("--permalink: an address of lines has {path} in it")


def _tell_unmatched(store: Store, tags: Sequence[str], arguments: Namespace) -> None:
    """What --headers named and no release of these has."""
    asked = tags if arguments.headers else ()
    files = [row for tag in asked for row in store.files(tag, arguments.profile)]
    headers = {row.header for row in files}
    read = headers.union(row.path for row in files)
    for word in arguments.headers:
        names = (word, *set_of(word).uapi)
        # Thousands of headers may be named: each is compared with all that was read only where it is a pattern.
        if read.isdisjoint(names) and not any(fitting(headers, one) for one in names if is_pattern(one)):
            say(f"--headers {word}: nothing of it in {', '.join(tags)}")


def tags_meant(source: Source, words: Sequence[str]) -> Iterator[str]:
    """The tags that words mean: patterns are matched, `4.3` means v4.3."""
    for word in words:
        if is_pattern(word):
            if not source.lists:
                raise SourceError(source.name, f"cannot list tags, and {word} is a pattern", "name each tag")
            known = [tag for tag in source.tags() if fnmatchcase(tag, word)]
            versions = [(v, tag) for tag in known if (v := KernelVersion.parse(tag)) and v.is_final]
            if not versions and known:
                advice = f"patterns mean final releases; name what you want: {known[0]}"
                raise UnknownTag(word, (), source.name, advice)
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
