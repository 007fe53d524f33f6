"""A scan that keeps nothing: `python -m bench.peers REPOSITORY [--rounds N] TAG...` (needs the `bench` extra).

REPOSITORY has kernel trees by tag. For the bpf set's headers of each tag, prints in one run, as ratios:

- the plain loop: pcpp over each header with its includes, pycparser over what comes out, nothing kept between
  headers, as many at once as there are cores; it ends at syntax, values and layouts would come on top
- gcc's two passes over the same headers
- kscan's cold scan of the same, a whole process

Few releases are enough: to the loop, each costs as if it were the only one.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import StringIO
from pathlib import Path

from pcpp.parser import Action, OutputDirective  # type: ignore[import-untyped]
from pcpp.preprocessor import Preprocessor  # type: ignore[import-untyped]
from pycparser.c_parser import CParser, ParseError

from bench.scan import gcc, installed, scanned, spread
from kscan.catalog.profiles import COMMON, DEFAULT_PROFILE

# What pycparser does not know of GNU C, on top of what the compiler predefines.
_GNU = """\
#define __attribute__(x)
#define __extension__
#define __inline__ inline
#define __inline inline
#define __signed__ signed
#define __const const
#define __volatile__ volatile
#define __restrict restrict
#define __asm__(...)
#define __bitwise__
"""
_PREDEFINED = f"{COMMON}{DEFAULT_PROFILE.defines}{_GNU}"


class _Loop(Preprocessor):  # type: ignore[misc]
    """pcpp, silent, with an include that is not there as if it were empty."""

    def on_error(self, file: str, line: int, said: str) -> None:
        self.return_code += 1

    def on_include_not_found(self, malformed: bool, system: bool, folder: str, name: str) -> None:
        raise OutputDirective(Action.IgnoreAndRemove)


def _takes(folder: Path, header: tuple[str, str]) -> bool:
    """Whether pcpp and pycparser get through a header of a release."""
    tag, name = header
    loop, out = _Loop(), StringIO()
    loop.add_path(str(folder / tag))
    try:
        loop.parse(f"{_PREDEFINED}#include <{name.replace('asm-generic/', 'asm/')}>\n")
        loop.write(out)
        CParser().parse(out.getvalue())
    except ParseError:
        return False
    return bool(loop.return_code == 0)


def plain(folder: Path, headers: Sequence[tuple[str, str]]) -> tuple[float, int]:
    """Seconds of the plain loop over all headers, and how many of them it takes."""
    start = time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        taken = sum(pool.map(partial(_takes, folder), headers))
    return time.perf_counter() - start, taken


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("tags", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        headers = list(installed(given.repository, given.tags, "bpf", folder))
        names = sorted({name for _, name in headers})
        print(f"{len(given.tags)} releases, {len(headers)} headers, {os.cpu_count()} cores")
        beside: dict[str, list[float]] = {"kscan": [], "gcc": []}
        for number in range(given.rounds):
            loop, parsed = plain(folder, headers)
            theirs, compiled = gcc(folder, headers)
            whole, _ = scanned(given.repository, given.tags, names, folder / f"home{number}")
            print(
                f"pcpp and pycparser {loop:.1f} s (take {parsed} of {len(headers)}), "
                f"gcc {theirs:.1f} s (takes {compiled}), kscan {whole:.1f} s"
            )
            beside["kscan"].append(loop / whole)
            beside["gcc"].append(loop / theirs)
        for whose, ratios in beside.items():
            print(f"pcpp and pycparser, in times of {whose}: {spread(ratios)}")


if __name__ == "__main__":
    main()
