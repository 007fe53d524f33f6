"""What a scan costs beside gcc: `python -m bench.scan REPOSITORY [--set bpf|uapi] [--rounds N] TAG...`

REPOSITORY has kernel trees by tag. Prints, in one run, a cold scan (whole process, empty cache, from git)
beside gcc's two passes over the same headers of the same releases, as a ratio: `-E -dD` for macros, `-g -c` for
layouts, as many at once as there are cores, not counting that somebody must bring and install those headers.

Then what the set's scan costs with the kernel's sources, which kscan reads beside the headers and gcc does not.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from kscan import scan as scanning
from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.model import UAPI
from kscan.parse.shims import drops
from kscan.progress import Progress
from kscan.sources.choose import sources_for
from kscan.store import Store

SETS = ("bpf", "uapi")
_PASSES = (("-E", "-dD", "-o", os.devnull), ("-g", "-c", "-o", os.devnull))
_FLAGS = (
    "-w",
    "-std=gnu17",
    "-x",
    "c",
    *(f"-D{word}=" for word in ("__user", "__force", "__iomem", "__bitwise__")),
)


def installed(repository: Path, tags: Sequence[str], chosen: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Lays out the headers of each release and all they include, as user space gets them, in a folder a tag;
    yields each header of the set."""
    store = Store(folder / "texts.sqlite")
    for source, asked in sources_for(str(repository), tags):
        source.prepare(asked, Progress())
        request = scanning.Request((chosen,))
        plans = scanning._plans(source, asked, request, store, Progress())
        includes = scanning._Includes(store)
        scanning._gather(source, plans, store, includes, Progress())
        for job in scanning._jobs(plans, DEFAULT_PROFILE, store, includes, 1):
            for tag, reached in job.index.items():
                for name, (_, blob) in reached.items():
                    if not drops(name):
                        _write(folder / tag / name, job.data(blob))
            yield from ((item.tag, item.header) for item in job.items if item.scope == UAPI)
    for tag in tags:
        for name in ("linux/compiler.h", "linux/compiler_types.h"):
            _write(folder / tag / name, b"")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def gcc(folder: Path, headers: Sequence[tuple[str, str]]) -> tuple[float, int]:
    """Seconds of both passes over all headers, and how many of them gcc takes."""

    def both(header: tuple[str, str]) -> bool:
        tag, name = header
        text = f"#include <{name.replace('asm-generic/', 'asm/')}>\n"
        done = [
            subprocess.run(
                ["gcc", *_FLAGS, *flags, "-I", str(folder / tag), "-"],
                input=text, text=True, capture_output=True, check=False,
            )
            for flags in _PASSES
        ]  # fmt: skip
        return all(one.returncode == 0 for one in done)

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        taken = sum(pool.map(both, headers))
    return time.perf_counter() - start, taken


def scanned(repository: Path, tags: Sequence[str], names: Sequence[str], home: Path) -> tuple[float, int]:
    """Seconds of a scan of sets and headers by name, as a process, and the most memory it had, in bytes."""
    words = [f"--set={name}" if name in SETS else f"--headers={name}" for name in names]
    command = [sys.executable, "-m", "kscan", "fetch", *tags, "--from", str(repository), *words]
    environment = {**os.environ, "KSCAN_HOME": str(home), "KSCAN_DATA": ""}
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        most = 0
        while process.poll() is None:
            most = max(most, sum(map(_memory, _family(process.pid))))
            # To ask takes milliseconds of what is measured: the kernel walks all pages of each process.
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
    if process.returncode:
        raise SystemExit(f"kscan fetch failed: {' '.join(command)}")
    return time.perf_counter() - start, most


def _family(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from _family(int(child))


def _memory(process: int) -> int:
    """What a process has of its own, and its share of what it has with others."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


def spread(found: Sequence[float]) -> str:
    """Median, least and most."""
    return f"median {statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("tags", nargs="+")
    parser.add_argument("--set", choices=SETS, default="bpf")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        headers = list(installed(given.repository, given.tags, given.set, folder))
        print(
            f"{len(given.tags)} releases, {len(headers)} headers of the {given.set} set, {os.cpu_count()} cores"
        )
        names = sorted({name for _, name in headers})
        ratios, with_sources = [], []
        for number in range(given.rounds):
            theirs, taken = gcc(folder, headers)
            whole, most = scanned(given.repository, given.tags, names, folder / f"headers{number}")
            beside, _ = scanned(given.repository, given.tags, [given.set], folder / f"set{number}")
            ratios.append(theirs / whole)
            with_sources.append(beside / whole)
            print(
                f"gcc {theirs:.1f} s (takes {taken} of {len(headers)}), kscan {whole:.1f} s, {most >> 20} MiB"
            )
        print(f"times faster than gcc: {spread(ratios)}")
        print(f"with the kernel's sources beside, in times of the headers alone: {spread(with_sources)}")


if __name__ == "__main__":
    main()
