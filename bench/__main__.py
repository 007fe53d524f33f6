"""Everything side by side in one run: `python -m bench REPOSITORY [--out FOLDER] [--releases N]`.

REPOSITORY has kernel trees by tag. Writes FOLDER/RESULTS.md with what each part printed, FOLDER/growth.svg and
FOLDER/growth-headers.svg; it takes over an hour. `--only PART...` runs some parts, and leaves what RESULTS.md
says of the others.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

from kscan.version import KernelVersion

# Large sets are measured once: their spread is small beside what they are.
_ROUNDS = {"bpf": "3", "uapi": "1"}
# Seconds.
_FUZZING = "300"


def _releases(repository: Path) -> list[str]:
    done = subprocess.run(["git", "-C", str(repository), "tag"], capture_output=True, text=True, check=True)
    versions = filter(None, map(KernelVersion.parse, done.stdout.split()))
    return [version.tag for version in sorted(versions) if version.is_final]


def _spread(tags: list[str], count: int) -> list[str]:
    """So many of the releases, from the first to the last."""
    count = min(count, len(tags))
    return [tags[at * (len(tags) - 1) // max(count - 1, 1)] for at in range(count)]


def main() -> None:
    """Runs and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--releases", type=int, default=60, help="of how many releases scans are (default: 60)")
    parser.add_argument("--only", nargs="+", help="parts to run, such as query, bpf, growth")
    parser.add_argument("--history", help="a repository with commits to include/uapi, for `git log -S`")
    parser.add_argument(
        "--debs", type=Path, default=Path("build/debs"), help="what make test-real brought, for the oracle"
    )
    given = parser.parse_args()
    repository, every = str(given.repository.resolve()), _releases(given.repository)
    chosen = _spread(every, given.releases)
    history = ["--history", given.history] if given.history else []
    parts = {
        "query": ["bench.query", repository, *history],
        **{
            name: ["bench.scan", repository, *chosen, "--set", name, "--rounds", rounds]
            for name, rounds in _ROUNDS.items()
        },
        "peers": ["bench.peers", repository, *_spread(every, 4)],
        "growth": ["bench.growth", repository, *_spread(every, 100), "--image", str(given.out / "growth.svg")],
        "growth-headers": ["bench.growth", repository, *_spread(every, 10), "--by", "headers",
                           "--image", str(given.out / "growth-headers.svg")],
        "one-more": ["bench.growth", repository, *chosen, "--by", "one"],
        "wire": ["bench.wire", repository, "v4.2", "v4.3", "v5.6"],
        "report": ["bench.report"],
        "oracle": ["bench.oracle", str(given.debs)],
        "fuzz": ["tests.fuzz", _FUZZING],
    }  # fmt: skip
    asked = f"python -m bench REPOSITORY --releases {given.releases}{' --history HISTORY' if history else ''}"
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    given.out.mkdir(parents=True, exist_ok=True)
    results = given.out / "RESULTS.md"
    # What is not run again stays as it was measured.
    sections = _sections(results) if given.only and results.exists() else {}
    for name, (module, *words) in parts.items():
        if given.only and name not in given.only:
            continue
        print(f"{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False
        )
        text = done.stdout if done.returncode == 0 else f"failed: {done.stderr.strip().splitlines()[-1]}\n"
        print(text, flush=True)
        drawn = f"\n![{name}]({Path(words[-1]).name})\n" if "--image" in words else ""
        sections[name] = f"By `{asked} --only {name}`: {where}.\n\n```\n{text.rstrip()}\n```\n{drawn}"
        written = ["# Measured\n", *(f"## {name}\n\n{section}" for name, section in sections.items())]
        results.write_text("\n".join(written), encoding="utf-8")


def _sections(results: Path) -> dict[str, str]:
    """The parts of an earlier run by name."""
    _, *parts = f"\n{results.read_text(encoding='utf-8')}".split("\n## ")
    return {name: text.strip() + "\n" for name, _, text in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    main()
