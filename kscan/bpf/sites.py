"""Where the kernel converts and runs BPF programs, as one row through renames of words, functions, files."""

from collections.abc import Iterable, Iterator

from kscan.catalog.hooks import symbol_of
from kscan.catalog.sites import CONVERT, SITES, SITES_AT, Site
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import INTERNAL, RUN_SITE
from kscan.rows import BOUNDS, PRESENT, Row, empty
from kscan.rows import SITES as COLUMNS
from kscan.seen import Release, Seen


def sites(history: History) -> list[Row]:
    """A row for each place that converts or runs programs, those that curated rows describe first.
    Word, function and line are those of the first release; `words` says what followed."""
    return [_through(history, site, seen) for site, seen in _by_site(history).items()]


def sites_at(history: History, tag: str) -> list[Row]:
    """A row for each call that converts or runs a program in a release, in order of site and line."""
    release = history.release(tag)
    rows = []
    for site, seen in _by_site(history).items():
        here = [fact for fact in seen if fact.release.id == release.id]
        if here:
            first = history.when_of(seen, curated=True)
            there = [hook for hook in site.hooks if _has(history, hook, tag)]
            for fact in here:
                since = {key: first[key] for key in ("first_seen", "last_without", "status", "note")}
                rows.append(_row(site, fact, **since) | {"hooks": " ".join(there) or None})
    return rows


def _has(history: History, hook: str, tag: str) -> bool:
    """Whether a release has the hook point with this id; what the store never saw it has not."""
    try:
        return history.has(symbol_of(hook), tag) == PRESENT
    except KscanError:
        return False


def site_cells(history: History) -> list[tuple[Row, list[str]]]:
    """Each site's row with a cell for each mainline release: "word L12", several joined by "; ", or
    why there is none (absent, no_header, unparsed, not_scanned)."""
    table = []
    for site, seen in _by_site(history).items():
        said: dict[int, list[str]] = {}
        for fact in seen:
            said.setdefault(fact.release.id, []).append(f"{fact.name} L{fact.line}")
        line = history.cells(seen, curated=True)
        cells = ["; ".join(said[release.id]) if fact else state for release, state, fact in line]
        table.append((_through(history, site, seen), cells))
    return table


def runs_of(history: History, release: Release | None = None) -> dict[str, list[Seen]]:
    """By id of hook point, the calls that run its programs in a release; without one in the newest
    that each site is in."""
    found: dict[str, list[Seen]] = {}
    for site, seen in _by_site(history).items():
        wanted = release or next((f for f in reversed(seen) if f.release.on_mainline), seen[-1]).release
        for hook in site.hooks:
            found.setdefault(hook, []).extend(fact for fact in seen if fact.release.id == wanted.id)
    return found


def _by_site(history: History) -> dict[Site, list[Seen]]:
    """What was seen of each site, in order of release: curated ones in their order, then places
    nobody has described yet."""
    found: dict[Site, list[Seen]] = {site: [] for site in SITES}
    for fact in history.uses(RUN_SITE):
        place = f"{fact.path} {fact.type}"
        unheard = Site(place.replace(" ", ":"), "not described yet", (place,))
        for site in SITES_AT.get(place, (unheard,)):
            found.setdefault(site, []).append(fact)
    for site in SITES:
        if site.role == CONVERT:
            found[site] = list(_functions(history, site))
    return {
        site: sorted(seen, key=lambda fact: (history.order_of(fact.release), fact.path, fact.line))
        for site, seen in found.items()
        if seen
    }


def _functions(history: History, site: Site) -> Iterator[Seen]:
    """A site that is a function by itself: its definitions."""
    for place in site.places:
        path, _, name = place.partition(" ")
        for facts in history.seen(name, INTERNAL).values():
            yield from (fact for fact in facts if fact.kind == "function" and fact.path == path)


def _through(history: History, site: Site, seen: list[Seen]) -> Row:
    when = history.when_of(seen, curated=True)
    first = next(fact for fact in seen if fact.release.tag == when["first_seen"])
    row = _row(site, first, words=_words(fact for fact in seen if fact.release.on_mainline))
    return row | {key: when[key] for key in BOUNDS}


def _row(site: Site, fact: Seen, **more: object) -> Row:
    row = fact.row(
        COLUMNS, site=site.id, title=site.title, role=site.role, hooks=" ".join(site.hooks) or None, **more
    )
    # A use keeps in `type` the function it stands in.
    function = fact.name if fact.kind == "function" else fact.type
    return empty(COLUMNS, **row | {"function": function, "type": None})


def _words(seen: Iterable[Seen]) -> str | None:
    """The words of a site and its function, each from the release that changed them."""
    by_release: dict[str, list[Seen]] = {}
    for fact in seen:
        by_release.setdefault(fact.release.tag, []).append(fact)
    said: list[str] = []
    last = ""
    for tag, facts in by_release.items():
        words = " + ".join(dict.fromkeys(fact.name for fact in facts))
        functions = " + ".join(dict.fromkeys(f"{fact.type}()" for fact in facts if fact.kind == "use"))
        now = f"{words} in {functions}" if functions else words
        if now != last:
            said.append(f"{tag} {now}")
        last = now
    return "; ".join(said) or None
