"""The public way to ask: the questions of the command line that rows answer as methods, with typed rows."""

import os
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import cast

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.errors import KscanError
from kscan.history import History
from kscan.rows import (
    ABSENT,
    HOOKS,
    SEARCH,
    AtRow,
    DiffRow,
    FanoutRow,
    HookRow,
    ListingRow,
    OpcodeRow,
    ReleaseRow,
    Row,
    SearchRow,
    SectionRow,
    SiteRow,
    SpanRow,
    State,
    WhenRow,
)
from kscan.wording import IN_RELEASE


class Kernels:
    """All kernels that are known: those that ship with kscan, and what was fetched.

    `store` is a file of fetched kernels, by default the user's own; `profile` an architecture. Rows have
    the keys and words of the command line's JSON. Every method raises UnknownTag for a release that is not
    known; all errors are KscanError. Use it in a `with`, or close it, and in the thread that made it.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *, profile: str = DEFAULT_PROFILE.name
    ) -> None:
        self._open: History | None = History(store, profile)
        self._thread = get_ident()

    @property
    def _history(self) -> History:
        if self._open is None:
            raise KscanError("these Kernels are closed; make new ones")
        if self._thread != get_ident():
            raise KscanError("these Kernels were made in another thread; make some in each")
        return self._open

    def __enter__(self) -> "Kernels":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the files; once more does nothing."""
        if self._open is not None:
            self._history.close()
            self._open = None

    @property
    def releases(self) -> list[ReleaseRow]:
        """The releases, mainline first."""
        return cast(list[ReleaseRow], self._history.list_releases())

    def when(self, *names: str, scope: str = "all") -> list[WhenRow]:
        """When names, or all that shell patterns match, appeared: a row for each scope and family, user
        space's first. Raises UnknownName for one that no release has."""
        return cast(list[WhenRow], self._each(names, scope, self._history.when))

    def history(self, *names: str, scope: str = "all") -> list[SpanRow]:
        """The spans of names, or of all that patterns match, in which nothing but lines changed. Raises
        UnknownName."""
        return cast(list[SpanRow], self._each(names, scope, self._history.spans))

    def _each(self, names: Sequence[str], scope: str, question: Callable[[str, str], list[Row]]) -> list[Row]:
        rows: list[Row] = []
        for name in self._history.found(names):
            found = question(name, scope)
            if not found:
                raise self._history.unknown(name, scope)
            rows += found
        return rows

    def has(self, name: str, tag: str, scope: str = "all") -> State:
        """Whether a release has a name, or why that is not known. Raises UnknownName."""
        return cast(State, self._history.has(name, tag, scope))

    def at(self, tag: str, pattern: str = "*", scope: str = "all") -> list[AtRow]:
        """What a release has, of the names that a shell pattern matches: none where it is known to have none.
        Raises UnknownName for what no release has, KscanError where that is not known of this one."""
        rows = self._history.at(tag, pattern, scope)
        state = ABSENT if rows else self._history.why_without(tag, pattern)
        if state != ABSENT:
            raise KscanError(f"{pattern}: {IN_RELEASE[state]} {tag}")
        return cast(list[AtRow], rows)

    def diff(self, old: str, new: str, scope: str = "all") -> list[DiffRow]:
        """What changed from a release to another. Names that are in one of the two only are left out where
        files of the other that may have them were not read: `has` tells of each."""
        from kscan.diff import compare

        return cast(list[DiffRow], compare(self._history, old, new, scope)[0])

    def search(self, text: str) -> list[SearchRow]:
        """The names that contain a text, whatever the case."""
        return cast(list[SearchRow], _only(SEARCH, self._history.search(text)))

    def hooks(self, tag: str | None = None) -> list[HookRow]:
        """Hook points; or those known to be in a release, with the places that run their programs in it."""
        from kscan.bpf.hooks import hooks

        rows = hooks(self._history, tag)
        if tag is not None:
            rows, _ = self._history.had([(row["symbol"], row) for row in rows if row["measured"]], tag)
        return cast(list[HookRow], _only(HOOKS, rows))

    def fanout(self, tag: str | None = None) -> list[FanoutRow]:
        """The packet fanout modes of a release, by default the newest."""
        from kscan.bpf.fanout import fanout

        return cast(list[FanoutRow], fanout(self._history, tag))

    def opcodes(self, tag: str | None = None) -> list[OpcodeRow]:
        """Opcodes, classic ones first; those of a release, or all."""
        from kscan.bpf.opcodes import opcodes

        return cast(list[OpcodeRow], opcodes(self._history, tag))

    def listing(self, *enums: str) -> list[ListingRow]:
        """The enumerators of enums, sentinels left out: `bpf_func_id`, `bpf_map_type`, `bpf_prog_type`. Raises
        UnknownName for one that no release has."""
        from kscan.bpf.listings import listing

        for enum in enums:
            if not self._history.enumerators(enum):
                raise self._history.unknown(enum)
        return cast(list[ListingRow], listing(self._history, enums))

    def sites(self) -> list[SiteRow]:
        """Where the kernel converts and runs programs."""
        from kscan.bpf.sites import sites

        return cast(list[SiteRow], sites(self._history))

    def sections(self) -> list[SectionRow]:
        """The section names of program loaders."""
        from kscan.bpf.sections import sections

        return cast(list[SectionRow], sections(self._history))


def _only(columns: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Rows without what is beside their columns."""
    return [{column: row[column] for column in columns} for row in rows]
