"""What a scan costs as it grows: `python -m bench.growth REPOSITORY [--by headers] [--image SVG] TAG...`

REPOSITORY has kernel trees by tag, oldest first here. Prints seconds (whole process, empty cache, from git),
peak memory and the store's size, as an image too:

- by releases: the bpf set of the first 10, 20, 40... tags, with how many contents and readings are kept, which
  is what the cost follows; and one release more, for each of the releases: its share of the cold scan of all
- by headers: 25, 100, 400 and all of what the last tag exports, spread over the names, in all tags, with how
  many files that is and how many facts are kept
"""

import argparse
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.scan import SETS, scanned, spread
from kscan import scan as scanning
from kscan.progress import Progress
from kscan.report.chart import chart
from kscan.report.growth import Series
from kscan.sources.choose import sources_for
from kscan.store import Store

_RELEASES = (10, 20, 40, 60, 100)
_HEADERS = (25, 100, 400)
_TABLES = {"contents": "blob", "readings": "reading", "files": "file", "facts": "fact"}


def by_releases(repository: Path, tags: Sequence[str], folder: Path) -> str:
    """Prints growth with the number of releases; its image."""
    counts = sorted({*(step for step in _RELEASES if step < len(tags)), len(tags)})
    table = _Table("releases", ("contents", "readings"))
    for count in counts:
        table.row(count, repository, tags[:count], SETS["bpf"], folder / f"grown{count}")
    # All have what is before them already: each costs what changed in it.
    shares = [scanned(repository, [tag], SETS["bpf"], folder / "one")[0] / table.seconds[-1] for tag in tags]
    if len(shares) > 1:
        print(f"one release more, as a share of all: {spread(shares[1:])}")
    return table.image("A scan of the bpf set by number of releases")


def by_headers(repository: Path, tags: Sequence[str], folder: Path) -> str:
    """Prints growth with the number of headers; its image."""
    names = _exported(repository, tags[-1], folder)
    counts = [*(step for step in _HEADERS if step < len(names)), len(names)]
    table = _Table("headers", ("files", "facts"))
    for count in counts:
        chosen = [names[at * len(names) // count] for at in range(count)]
        table.row(count, repository, tags, chosen, folder / f"grown{count}")
    return table.image(f"A scan of {len(tags)} releases by number of headers")


def _exported(repository: Path, tag: str, folder: Path) -> list[str]:
    """The logical names of all headers that a release exports, sorted."""
    store = Store(folder / "names.sqlite")
    source, asked = next(iter(sources_for(str(repository), [tag])))
    source.prepare(asked, Progress())
    (plan,) = scanning._plans(source, asked, scanning.Request(("uapi",)), store, Progress())
    return sorted(plan.uapi)


class _Table:
    """Rows of what scans cost, printed as they come; `kept` names what is counted in the store."""

    def __init__(self, what: str, kept: Sequence[str]) -> None:
        self.kept = kept
        self.counts: list[int] = []
        self.seconds: list[float] = []
        self.megabytes: list[float] = []
        print(f"{what:>8} {'seconds':>9} {'MiB of memory':>15} {'MB of store':>13}", *map("{:>9}".format, kept))

    def row(self, count: int, repository: Path, tags: Sequence[str], names: Sequence[str], home: Path) -> None:
        took, most = scanned(repository, tags, names, home)
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
        with closing(sqlite3.connect(home / "kscan.sqlite")) as db:
            found = [db.execute(f"SELECT count(*) FROM {_TABLES[what]}").fetchone()[0] for what in self.kept]
        print(f"{count:8} {took:9.1f} {most >> 20:15} {size:13.1f}", *map("{:9}".format, found), flush=True)
        self.counts.append(count)
        self.seconds.append(took)
        self.megabytes.append(size)

    def image(self, about: str) -> str:
        """Seconds and store, drawn."""
        series = [
            Series("seconds", tuple(map(round, self.seconds))),
            Series("MB of store", tuple(map(round, self.megabytes))),
        ]
        return chart(list(map(str, self.counts)), series, about)


def main() -> None:
    """Runs, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("tags", nargs="+")
    parser.add_argument("--by", choices=("releases", "headers"), default="releases")
    parser.add_argument("--image", type=Path, metavar="SVG", help="where to draw it")
    given = parser.parse_args()
    grow = by_releases if given.by == "releases" else by_headers
    with tempfile.TemporaryDirectory() as scratch:
        drawn = grow(given.repository, given.tags, Path(scratch))
    if given.image:
        given.image.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
