"""How far gcc agrees: `python -m bench.oracle DEBS`, a folder that `make test-real` filled (build/debs).

Runs the tests that hold every constant and layout of Debian's headers against gcc, and random C, and prints the
figures that they tell.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

_TESTS = ("tests/real/test_debian.py", "tests/real/test_random_c.py")
_FIGURES = re.compile(r"^[\w, -]+: \d+ .*$", re.M)


def main() -> None:
    """Runs and prints; fails where a test does."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("debs", type=Path)
    given = parser.parse_args()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rP", "-k", "gcc", *_TESTS],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
        env={**os.environ, "KSCAN_DEBS": str(given.debs.resolve())},
    )  # fmt: skip
    print("\n".join(_FIGURES.findall(done.stdout)))
    if done.returncode:
        raise SystemExit(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
