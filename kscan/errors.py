"""What can go wrong, as one root and few leaves.

Every error is one line for the user: what, where, what to do next. Data stays in attributes.
"""

from collections.abc import Sequence


class KscanError(Exception):
    """The root: the command line prints it as one line and exits with `exit_code`."""

    exit_code = 1


class UsageError(KscanError):
    """The question itself is not well formed."""

    exit_code = 2


class UnknownTag(KscanError):
    """A release that the source or the store does not have."""

    def __init__(self, tag: str, near: Sequence[str], where: str, advice: str = "") -> None:
        self.tag, self.near, self.where = tag, tuple(near), where
        hint = f"; near: {', '.join(near)}" if near else ""
        super().__init__(f"no release {tag} in {where}{hint}" + (f"; {advice}" if advice else ""))


class UnknownName(KscanError):
    """A name that no scanned release has; `beside` is what bears on it."""

    def __init__(self, name: str, near: Sequence[str], where: str, beside: str = "") -> None:
        self.name, self.near = name, tuple(near)
        hint = f"; near: {', '.join(near)}" if near else ""
        super().__init__(f"no name {name} in {where}{hint}" + (f"; {beside}" if beside else ""))


class SourceError(KscanError):
    """A place that kernels come from failed: not reachable, not a repository, a broken archive."""

    def __init__(self, where: str, problem: str, advice: str = "") -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}" + (f"; {advice}" if advice else ""))


class StoreError(KscanError):
    """The store cannot be used: not writable, damaged, of another version."""


class UnreadableHeader(KscanError):
    """A header that is no C the parser takes; `line` is where it gave up, in the include `file` if any."""

    def __init__(self, problem: str, line: int = 0, file: str = "") -> None:
        self.problem, self.line, self.file = problem, line, file
        where = f" (in {file})" if file and file not in problem else ""
        super().__init__(f"line {line}: {problem}{where}" if line else f"{problem}{where}")
