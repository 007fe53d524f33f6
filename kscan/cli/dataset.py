"""The commands of the data that ships: made from kernels, and held against them."""

import csv
import os
import re
from argparse import Namespace
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

from kscan import rows as columns
from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.cli.fetching import progress_shown, say, tags_meant
from kscan.cli.show import show
from kscan.dataset.collect import collect
from kscan.dataset.folder import CONFIRMED, UNKNOWN, Folder, ReleaseLine
from kscan.dataset.make import make
from kscan.dataset.second import second_source
from kscan.errors import KscanError, StoreError, UnknownTag, UsageError
from kscan.layers.shipped import ShippedLayer
from kscan.near import near_tags
from kscan.place import data_path, home
from kscan.rows import Row
from kscan.scan import Request, scan
from kscan.seen import Release
from kscan.sources.choose import sources_for
from kscan.store import Store
from kscan.verify import SAME, Verified, verify
from kscan.version import KernelVersion


def run(arguments: Namespace) -> int:
    """`kscan dataset`."""
    _check_profile(arguments)
    folder = Folder(Path(arguments.data))
    if arguments.out is None and arguments.data != "data" and os.environ.get("KSCAN_DATA") is None:
        raise UsageError("--data names another folder: say with --out where its file goes")
    out = Path(arguments.out or data_path() or _no_file())
    _ACTIONS[arguments.action](arguments, folder)
    make(folder, out)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0


def _build(arguments: Namespace, folder: Folder) -> None:
    published = _published(arguments.published) if arguments.published else {}
    # Not the user's own store: what is there would hide what ships.
    store = arguments.opened.enter_context(Store(Path(home(), "dataset.sqlite")))
    tags = _read(arguments.source, arguments.tags or ["v*"], store)
    collect(store, folder, tags, published, fresh=arguments.action == "build")
    say(f"{folder.path}: {len(folder.releases())} releases, {len(folder.headers())} headers")


def _add(arguments: Namespace, folder: Folder) -> None:
    if not arguments.tags:
        raise UsageError("dataset add: which release? such as: kscan dataset add v7.4 --from ~/src/linux")
    _build(arguments, folder)


def _confirm(arguments: Namespace, folder: Folder) -> None:
    wanted = {release.version for release in folder.releases()}
    path = Path(home(), f"second-{re.sub(r'[^A-Za-z0-9]+', '-', arguments.called)}.sqlite")
    store = arguments.opened.enter_context(Store(path))
    read = {KernelVersion(tag) for tag in _read(arguments.source, arguments.tags or ["v*.0"], store, wanted)}
    if not read:
        raise KscanError(f"{arguments.source}: none of its tags is a release of {folder.path}")
    asked = {release.tag for release in folder.releases() if release.version in read}
    # What this source said of these releases before; what others say, a person among them, stays.
    said = re.compile(rf"(in v\S+, not in )?{re.escape(arguments.called)} v\S+")
    others = [d for d in folder.decisions() if d.tag not in asked or not said.fullmatch(d.reason)]
    found = [d for d in second_source(folder, store, arguments.called) if d.tag in asked]
    folder.write_decisions([*others, *found])
    for decision in (CONFIRMED, UNKNOWN):
        names = sum(len(d.names) for d in found if d.decision == decision)
        say(f"{arguments.called}: {names} names {decision}")


def _make(arguments: Namespace, _: Folder) -> None:
    if arguments.tags:
        raise UsageError("dataset make takes no releases: it makes the file of all that the text has")


_ACTIONS = {"build": _build, "add": _add, "confirm": _confirm, "make": _make}


def _no_file() -> str:
    raise UsageError("KSCAN_DATA is empty: say with --out where the file goes")


def _read(
    word: str, wanted: list[str], store: Store, only: Collection[KernelVersion | None] | None = None
) -> list[str]:
    """Reads releases into the store, with every header of user space, or `only` these; returns their tags."""
    read: list[str] = []
    with progress_shown() as progress:
        for source, words in sources_for(word, wanted):
            tags = [tag for tag in tags_meant(source, words) if _is_final(tag)]
            # A repository may have two tags of one version, v4.2.0 beside v4.2: upstream's is taken.
            found = {KernelVersion(tag): tag for tag in sorted(tags, key=_is_upstreams)}
            tags = [tag for version, tag in found.items() if only is None or version in only]
            scan(source, tags, Request(("uapi",)), store, progress)
            read += tags
    return read


def _is_upstreams(tag: str) -> bool:
    return tag == KernelVersion(tag).tag


def _is_final(tag: str) -> bool:
    version = KernelVersion.parse(tag)
    if version is None or not version.is_final:
        raise UsageError(f"{tag}: the dataset holds mainline releases; fetch or scan others for yourself")
    return True


def _published(path: str) -> dict[str, ReleaseLine]:
    """By tag, where its tree was published, from a table with the columns tag, repository, commit, remarks."""
    wanted = ("tag", "repository", "commit", "remarks")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [[row.get(column) for column in wanted] for row in csv.DictReader(file, delimiter="\t")]
    except OSError as error:
        raise KscanError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise KscanError(f"{path}: no table parted by tabs ({error})") from None
    found = {}
    for number, fields in enumerate(rows, 2):
        tag, repository, commit, remark = (field or "" for field in fields)
        if None in fields or not repository:
            raise KscanError(f"{path}:{number}: expected the columns {', '.join(wanted)}")
        found[tag] = ReleaseLine(tag, "", repository, commit, "", remark)
    return found


def verify_data(arguments: Namespace) -> int:
    """`kscan verify`: 1 where a file differs from the very version it was read from."""
    _check_profile(arguments)
    path = data_path()
    if not path:
        raise StoreError("KSCAN_DATA is empty: there is no data to verify")
    layer = arguments.opened.enter_context(closing(ShippedLayer(path)))
    releases = list(_chosen(layer, arguments.tags))
    with progress_shown() as progress:
        found = list(verify(layer, arguments.source, releases, progress))
    if not any(verified.against for verified in found):
        raise KscanError(f"{arguments.source}: has the tag of none of these releases")
    found.sort(key=lambda verified: verified.release.id)
    lacking = [verified.release.tag for verified in found if verified.against is None]
    if lacking:
        say(f"{arguments.source} has no such tag: {', '.join(lacking)}")
    if arguments.files:
        rows = [row for verified in found for row in _file_rows(verified)]
        show(rows, columns.VERIFY_FILES, arguments.format, "verify_files")
    else:
        show([_row(verified) for verified in found], columns.VERIFY, arguments.format, "verify")
    return int(any(v.is_exact and v.count(SAME) < len(v.files) for v in found))


def _check_profile(arguments: Namespace) -> None:
    if arguments.profile != DEFAULT_PROFILE.name:
        raise UsageError(f"--profile {arguments.profile}: what ships is of {DEFAULT_PROFILE.name}")


def _chosen(layer: ShippedLayer, words: Iterable[str]) -> Iterator[Release]:
    """The releases that words and patterns mean; all for none."""
    by_tag = {release.tag: release for release in layer.releases.values()}
    for word in words or ["*"]:
        version = KernelVersion.parse(word)
        tags = [tag for tag, release in by_tag.items()
                if fnmatchcase(tag, word) or (version is not None and release.version == version)]  # fmt: skip
        if not tags:
            raise UnknownTag(word, near_tags(word, list(by_tag)), "the data that ships")
        yield from (by_tag[tag] for tag in tags)


def _row(verified: Verified) -> Row:
    release = verified.release
    row: Row = {"tag": release.tag, "exact": release.exact and release.exact.tag, "against": verified.against}
    counted = ("same", "different", "missing", "unrecorded")
    return row | {status: verified.count(status) if verified.against else None for status in counted}


def _file_rows(verified: Verified) -> Iterator[Row]:
    for file in verified.files:
        if file.status != SAME:
            yield {"tag": verified.release.tag, "against": verified.against, "path": file.path,
                   "status": file.status, "recorded": file.recorded, "found": file.found}  # fmt: skip
