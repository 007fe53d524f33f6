"""The commands for documentation: claims held against the kernels, markers filled."""

import sys
from argparse import Namespace
from pathlib import Path

from kscan import rows as columns
from kscan.cli.show import show
from kscan.docs.claims import documents
from kscan.docs.fill import fill
from kscan.docs.lint import AGREES, CONTRADICTED, OPEN, UNKNOWN, lint
from kscan.history import History


def run(arguments: Namespace) -> int:
    """`kscan docs`: 1 where a claim is contradicted, or with --check where a file is not as it should be."""
    history = History(profile=arguments.profile)
    paths = [Path(path) for path in arguments.paths]
    return (
        _fill(history, paths, arguments.check)
        if arguments.action == "fill"
        else _lint(history, paths, arguments)
    )


def _lint(history: History, paths: list[Path], arguments: Namespace) -> int:
    rows, counted = lint(history, paths)
    show(rows, columns.LINT, arguments.format, "lint")
    _say(
        f"{counted.total()} claims: {counted[CONTRADICTED]} contradicted, {counted[AGREES]} agree,"
        f" {counted[OPEN]} cannot be told, {counted[UNKNOWN]} of names not read"
    )
    return int(bool(rows))


def _fill(history: History, paths: list[Path], check: bool) -> int:
    changed = fill(history, (file for path in paths for file in documents(path)), check=check)
    for file in changed:
        _say(f"{file}: {'not as the kernels say; to mend it: kscan docs fill' if check else 'filled'}")
    return int(check and bool(changed))


def _say(message: str) -> None:
    print(f"kscan: {message}", file=sys.stderr)
