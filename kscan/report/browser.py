"""What the pages of a report load: data as scripts, for pages opened from disk can fetch nothing else."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from kscan.diff import breaks_gone, changes, said
from kscan.model import RECORDS, UAPI
from kscan.report.growth import Series
from kscan.report.paths import chunk_of
from kscan.report.symbols import Symbol
from kscan.report.tables import Run
from kscan.rows import ABSENT, NO_HEADER, NOT_SCANNED, PRESENT, UNPARSED, Row
from kscan.seen import Release, Stretch
from kscan.wording import in_words, since_of, when_gone

# A span's texts, kept once a chunk, and its numbers.
_TEXTS = ("since", "to", "until", "kind", "header", "value_text", "type", "reason", "path")
_NUMBERS = ("line", "bit_offset", "bit_size", "size")
_LETTERS = {PRESENT: "p", ABSENT: "a", NO_HEADER: "h", UNPARSED: "u", NOT_SCANNED: "n"}


def script(name: str, data: object) -> str:
    """Data as a script that hands it to the page under a name."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"kscan.take({json.dumps(name)},{text});\n"


def encoded(runs: Iterable[Run]) -> str:
    """Runs in a word: `40h15a56p` are forty releases without the header, fifteen without the name,
    fifty-six with it; `u` is for a header that could not be read, `n` for one that was not scanned."""
    return "".join(f"{run.last - run.first + 1}{_LETTERS[run.state]}" for run in runs)


def index(found: Iterable[Symbol]) -> list[list[str]]:
    """A row a name: name, kind, scope, since, chunk, header."""
    rows: dict[str, list[str]] = {}
    for symbol in found:
        when = symbol.when
        since = since_of(when) + (f", gone {when_gone(when)}" if when["removed_in"] else "")
        row = [when["name"], when["kind"], when["scope"], since, chunk_of(symbol.name), when["header"]]
        rows.setdefault(symbol.name, row)
    return list(rows.values())


def chunks(found: Iterable[Symbol], structs: Mapping[str, str]) -> dict[str, Row]:
    """By chunk, the names it holds with what the place of each shows; `structs` are those with a page, and how
    that is called."""
    parts: dict[str, Row] = {}
    pools: dict[str, _Pool] = {}
    for symbol in found:
        chunk = chunk_of(symbol.name)
        pool = pools.setdefault(chunk, _Pool())
        part = parts.setdefault(chunk, {"texts": pool.texts, "names": {}})
        part["names"].setdefault(symbol.name, []).append(_group(symbol, structs, pool))
    for part in parts.values():
        part["texts"] = list(part["texts"])
    return dict(sorted(parts.items()))


def _group(symbol: Symbol, structs: Mapping[str, str], pool: "_Pool") -> Row:
    when = symbol.when
    last = symbol.newest.fact
    is_drawn = symbol.key[0] == UAPI and last.kind in (*RECORDS, "member")
    page = structs.get(symbol.name.split(".")[0]) if is_drawn else None
    return {
        "scope": when["scope"], "note": when["note"] or "", "kind": last.kind, "header": last.header,
        "since": in_words(when), "runs": encoded(symbol.runs), "struct": page or "",
        "spans": [_span(stretch, pool) for stretch in symbol.stretches],
    }  # fmt: skip


def span_row(stretch: Stretch, columns: tuple[str, ...]) -> Row:
    """A span as a row of these columns."""
    ends = {"from": stretch.first.tag, "to": stretch.last.tag}
    return stretch.fact.row(columns, **ends, status=stretch.status)


def _span(stretch: Stretch, pool: "_Pool") -> list[int | str | None]:
    row = span_row(stretch, (*_TEXTS, *_NUMBERS, "permalink"))
    row |= {"since": stretch.since, "until": stretch.until}
    # What comes before the path in an address is one of few texts.
    before, path, after = (row["permalink"] or "").partition(row["path"])
    return [*(pool(row[key]) for key in _TEXTS), *(row[key] for key in _NUMBERS), pool(before), path and after]


def growth_data(releases: Sequence[Release], series: Iterable[Series]) -> Row:
    """What the chart draws."""
    return {"releases": [release.tag for release in releases], "series": [one._asdict() for one in series]}


def diff_data(found: Iterable[Symbol]) -> Row:
    """What the page of differences looks up: every name of user space's with its spans over the releases of
    the report, and in what each two of them differ, as kscan.diff has it."""
    texts, lines = _Pool(), _Pool()
    names = []
    for symbol in found:
        if symbol.key[0] == UAPI and symbol.within:
            facts = [stretch.fact for _, _, stretch in symbol.within]
            spans = [[first, last, texts(said(stretch.fact)), texts(stretch.fact.header),
                      int(breaks_gone(stretch.fact))] for first, last, stretch in symbol.within]  # fmt: skip
            pairs = {}
            for had, has in permutations(range(len(facts)), 2):
                rows = [[texts(row["change"]), texts(row["old"]), texts(row["new"]), row["breaking"]]
                        for row in changes(facts[had], facts[has])]  # fmt: skip
                if rows:
                    pairs[f"{had} {has}"] = rows
            names.append([symbol.name, lines(encoded(symbol.runs)), spans, pairs])
    return {"texts": list(texts.texts), "lines": list(lines.texts), "names": names}


class _Pool:
    """Texts, each kept once and known by its number."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {"": 0}

    def __call__(self, text: str | None) -> int:
        return self.texts.setdefault(text or "", len(self.texts))
