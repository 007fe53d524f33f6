"""Everything side by side in one run: `python -m bench REPOSITORY [--out FOLDER] [--releases N]`.

REPOSITORY has kernel trees by tag. Writes FOLDER/RESULTS.md with what each part printed, and FOLDER/growth.svg;
it takes about an hour. `--only PART...` runs some parts.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

from kscan.version import KernelVersion

# Large sets are measured once: their spread is small beside what they are.
_ROUNDS = {"headers": "3", "bpf": "3", "uapi": "1"}


def _releases(repository: Path) -> list[str]:
    done = subprocess.run(["git", "-C", str(repository), "tag"], capture_output=True, text=True, check=True)
    versions = filter(None, map(KernelVersion.parse, done.stdout.split()))
    return [version.tag for version in sorted(versions) if version.is_final]


def _spread(tags: list[str], count: int) -> list[str]:
    """So many of the releases, from the first to the last."""
    return [tags[at * len(tags) // count] for at in range(min(count, len(tags)))]


def main() -> None:
    """Runs and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--releases", type=int, default=60, help="of how many releases scans are (default: 60)")
    parser.add_argument("--only", nargs="+", help="parts to run, such as query, bpf, growth")
    given = parser.parse_args()
    repository, every = given.repository.resolve(), _releases(given.repository)
    chosen = _spread(every, given.releases)
    growth = ["--growth", str(given.out / "growth.svg")]
    parts = {
        "query": ["bench.query", str(repository)],
        **{
            name: ["bench.scan", str(repository), *chosen, "--set", name, "--rounds", rounds]
            for name, rounds in _ROUNDS.items()
        },
        "growth": ["bench.scan", str(repository), *chosen, "--set", "bpf", "--rounds", "1", *growth],
        "wire": ["bench.wire", str(repository), "v4.2", "v4.3", "v5.6"],
        "report": ["bench.report"],
    }
    said = [
        "# Measured\n",
        f"By `python -m bench REPOSITORY --releases {given.releases}`: {os.cpu_count()} cores, "
        f"{platform.machine()}, Python {platform.python_version()}.\n",
    ]
    for name, (module, *words) in parts.items():
        if given.only and name not in given.only:
            continue
        print(f"{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False
        )
        text = done.stdout if done.returncode == 0 else f"failed: {done.stderr.strip().splitlines()[-1]}\n"
        print(text, flush=True)
        said += [f"## {name}\n", f"```\n{text.rstrip()}\n```\n"]
    (given.out / "RESULTS.md").write_text("\n".join(said), encoding="utf-8")


if __name__ == "__main__":
    main()
