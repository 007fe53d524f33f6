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
from kscan.near import near_names
from kscan.wording import counted

# So many names that nothing has are told with what is near, which takes longer than an answer.
_SHOWN = 5


def run(arguments: Namespace) -> int:
    """`kscan docs`: 1 where a claim is contradicted or a file cannot be read, or with --check where one is not
    as it should be."""
    history = arguments.opened.enter_context(History(profile=arguments.profile))
    paths = [Path(path) for path in arguments.paths]
    return (
        _fill(history, paths, arguments.check)
        if arguments.action == "fill"
        else _lint(history, paths, arguments)
    )


def _lint(history: History, paths: list[Path], arguments: Namespace) -> int:
    rows, said, unknown, unread = lint(history, paths)
    if rows or arguments.format != "table":
        show(rows, columns.LINT, arguments.format, "lint")
    if unknown:
        near = {name: near_names(name, history.all_names)[:1] for name in unknown[:_SHOWN]}
        told = (f"{name} (near: {found[0]})" if found else name for name, found in near.items())
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        _say(f"names not read: {', '.join(told)}{more}")
    for why in unread:
        _say(f"{why}: not held against the kernels")
    claims = counted(said.total(), "claim")
    _say(
        f"{claims}: {said[CONTRADICTED]} contradicted, {said[AGREES]} agree,"
        f" {said[OPEN]} cannot be told, {said[UNKNOWN]} of names not read"
        if said
        else f"{claims}: no name with a release, in a form that is read here"
    )
    return int(bool(rows or unread))


def _fill(history: History, paths: list[Path], check: bool) -> int:
    changed = fill(history, (file for path in paths for file in documents(path)), check=check)
    for file in changed:
        _say(f"{file}: {'not as the kernels say; to mend it: kscan docs fill' if check else 'filled'}")
    return int(check and bool(changed))


def _say(message: str) -> None:
    print(f"kscan: {message}", file=sys.stderr)
