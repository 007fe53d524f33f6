"""What a scan costs as it grows: `python -m bench.growth REPOSITORY [--by headers|one] [--image SVG] TAG...`

REPOSITORY has kernel trees by tag, oldest first here. Prints seconds (whole process, empty cache, from git),
peak memory and the store's size, and draws them (needs the `bench` extra):

- by releases: the bpf set of the first 10, 20, 40... tags, with how many contents and readings are kept, which
  is what the cost follows; and one release more, for each of the releases: its share of the cold scan of 60
- by one: the uapi set of all tags, and one release more in the same way
- by headers: 25, 100, 400 and all of what the last tag exports, spread over the names, in all tags, with how
  many files that is and how many facts are kept
"""

import argparse
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from bench.scan import scanned, spread
from kscan import scan as scanning
from kscan.progress import Progress
from kscan.sources.choose import sources_for
from kscan.store import Store

_RELEASES = (10, 20, 40, 60, 100)
_WHOLE = 60
_HEADERS = (25, 100, 400)
_TABLES = {"contents": "blob", "readings": "reading", "files": "file", "facts": "fact"}


def by_releases(repository: Path, tags: Sequence[str], folder: Path) -> "_Table":
    """Prints growth with the number of releases."""
    counts = sorted({*(step for step in _RELEASES if step < len(tags)), len(tags)})
    table = _Table("releases", ("contents", "readings"))
    for count in counts:
        table.row(count, repository, tags[:count], ["bpf"], folder / f"grown{count}")
    of = min(_WHOLE, counts[-1])
    _one_more(repository, tags, "bpf", table.seconds[counts.index(of)], of, folder / "one")
    return table


def by_one(repository: Path, tags: Sequence[str], folder: Path) -> "_Table":
    """Prints what a scan of the uapi set costs, and one release more."""
    table = _Table("releases", ("contents", "readings"))
    table.row(len(tags), repository, tags, ["uapi"], folder / "all")
    _one_more(repository, tags, "uapi", table.seconds[0], len(tags), folder / "one")
    return table


def _one_more(repository: Path, tags: Sequence[str], name: str, whole: float, of: int, home: Path) -> None:
    """Prints what each release costs on top of those before it, and as a share of the `whole` scan of `of`:
    each costs what changed in it."""
    took = [scanned(repository, [tag], [name], home)[0] for tag in tags]
    if len(took) > 1:
        print(f"one release more, seconds: {spread(took[1:])}")
        print(f"as a share of the first {of} at once: {spread([one / whole for one in took[1:]])}")


def by_headers(repository: Path, tags: Sequence[str], folder: Path) -> "_Table":
    """Prints growth with the number of headers."""
    names = _exported(repository, tags[-1], folder)
    counts = [*(step for step in _HEADERS if step < len(names)), len(names)]
    table = _Table("headers", ("files", "facts"))
    for count in counts:
        chosen = [names[at * len(names) // count] for at in range(count)]
        table.row(count, repository, tags, chosen, folder / f"grown{count}")
    return table


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
        self.what, self.kept = what, kept
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

    def draw(self, to: Path) -> None:
        """Seconds and the store's size by what was counted, as an SVG file; the same for the same figures."""
        matplotlib.rcParams["svg.hashsalt"] = self.what
        matplotlib.rcParams["svg.fonttype"] = "none"
        figure, sides = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        for side, label, values in zip(
            sides, ("seconds", "MB of store"), (self.seconds, self.megabytes), strict=True
        ):
            side.plot(self.counts, values, marker="o")
            side.set(xlabel=self.what, ylabel=label, xlim=(0, None), ylim=(0, None))
            side.grid(alpha=0.3)
        figure.savefig(to, metadata={"Date": None})


_BY = {"releases": by_releases, "headers": by_headers, "one": by_one}


def main() -> None:
    """Runs, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("tags", nargs="+")
    parser.add_argument("--by", choices=tuple(_BY), default="releases")
    parser.add_argument("--image", type=Path, metavar="SVG", help="where to draw it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        table = _BY[given.by](given.repository, given.tags, Path(scratch))
    if given.image:
        table.draw(given.image)


if __name__ == "__main__":
    main()
