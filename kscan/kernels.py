"""The public way to ask: the command line's questions whose answers are lists, as methods with typed rows."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import cast, get_args

from kscan.catalog.profiles import DEFAULT_PROFILE
from kscan.errors import KscanError, UsageError
from kscan.history import History
from kscan.place import data_path, store_path, unusable
from kscan.rows import (
    ABSENT,
    HOOKS,
    SEARCH,
    SITES,
    AtRow,
    DiffRow,
    FanoutRow,
    HookRow,
    ListingRow,
    OpcodeRow,
    ProblemRow,
    ReleaseRow,
    Row,
    Scope,
    SearchRow,
    SectionRow,
    SiteRow,
    SpanRow,
    State,
    WhenRow,
)
from kscan.wording import in_release

_SCOPES = ("all", *get_args(Scope))


class Kernels:
    """All kernels that are known: those that ship with kscan, and what was fetched, by then or later.

    `store` is a file of fetched kernels, by default the user's own; `profile` an architecture. Rows have
    the keys and words of the command line's JSON. Every method raises UnknownTag for a release that is not
    known; all errors are KscanError. Use it in a `with`, or close it, and in the thread that made it.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *, profile: str = DEFAULT_PROFILE.name
    ) -> None:
        self._given = store, profile
        self._open: History | None = History(store, profile)
        self._thread = get_ident()

    def _check_thread(self) -> None:
        if self._thread != get_ident():
            raise KscanError("these Kernels were made in another thread; make some in each")

    @contextmanager
    def _asking(self, scope: str = "all") -> Iterator[History]:
        """The history as it is now, for one question."""
        if self._open is None:
            raise KscanError("these Kernels are closed; make new ones")
        self._check_thread()
        if scope not in _SCOPES:
            raise UsageError(f"scope is one of {', '.join(_SCOPES)}, not {scope!r}")
        try:
            if not self._open.is_current():
                stale, self._open = self._open, History(*self._given)
                stale.close()
            yield self._open
        except sqlite3.Error as error:
            raise unusable(error, os.fspath(self._given[0] or store_path()), data_path()) from None
        except UnicodeEncodeError:
            raise UsageError("what is asked for is no text: it has half a character") from None

    def __enter__(self) -> "Kernels":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the files; once more does nothing."""
        if self._open is not None:
            self._check_thread()
            self._open.close()
            self._open = None

    @property
    def releases(self) -> list[ReleaseRow]:
        """The releases, mainline first."""
        with self._asking() as history:
            return cast(list[ReleaseRow], history.list_releases())

    @property
    def problems(self) -> list[ProblemRow]:
        """What could not be read, by release and header."""
        with self._asking() as history:
            return cast(list[ProblemRow], history.problems())

    def when(self, *names: str, scope: str = "all") -> list[WhenRow]:
        """When names, or all of the scope that shell patterns match, appeared: a row for each scope and family,
        user space's first. Raises UnknownName for one that no release has."""
        with self._asking(scope) as history:
            return cast(list[WhenRow], _each(history, names, scope, history.when))

    def history(self, *names: str, scope: str = "all") -> list[SpanRow]:
        """The spans of names, or of all that patterns match, in which nothing but lines changed. Raises
        UnknownName."""
        with self._asking(scope) as history:
            return cast(list[SpanRow], _each(history, names, scope, history.spans))

    def has(self, name: str, tag: str, scope: str = "all") -> State:
        """Whether a release has a name, or why that is not known. Raises UnknownName."""
        with self._asking(scope) as history:
            return cast(State, history.has(name, tag, scope))

    def at(self, tag: str, pattern: str = "*", scope: str = "all") -> list[AtRow]:
        """What a release has, of the names that a shell pattern matches: none where it is known to have none.
        Raises UnknownName for what no release has, KscanError where that is not known of this one."""
        with self._asking(scope) as history:
            rows = history.at(tag, pattern, scope)
            state = ABSENT if rows else history.why_without(tag, pattern, scope)
        if state != ABSENT:
            raise KscanError(f"{pattern}: {in_release(state, tag)}")
        return cast(list[AtRow], rows)

    def diff(self, old: str, new: str, scope: str = "all") -> list[DiffRow]:
        """What changed from a release to another. Names that are in one of the two only are left out where
        files of the other that may have them were not read: `has` tells of each."""
        from kscan.diff import compare

        with self._asking(scope) as history:
            return cast(list[DiffRow], compare(history, old, new, scope)[0])

    def search(self, text: str) -> list[SearchRow]:
        """The names that contain a text, whatever the case."""
        with self._asking() as history:
            return cast(list[SearchRow], _only(SEARCH, history.search(text)))

    def hooks(self, tag: str | None = None) -> list[HookRow]:
        """Hook points; or those known to be in a release, with the places that run their programs in it."""
        from kscan.bpf.hooks import hooks

        with self._asking() as history:
            rows = hooks(history, tag)
            if tag is not None:
                rows, _ = history.had([(row["symbol"], row) for row in rows if row["measured"]], tag)
        return cast(list[HookRow], _only(HOOKS, rows))

    def fanout(self, tag: str | None = None) -> list[FanoutRow]:
        """The packet fanout modes of a release, by default the newest."""
        from kscan.bpf.fanout import fanout

        with self._asking() as history:
            return cast(list[FanoutRow], fanout(history, tag))

    def opcodes(self, tag: str | None = None) -> list[OpcodeRow]:
        """Opcodes, classic ones first; those of a release, or all."""
        from kscan.bpf.opcodes import opcodes

        with self._asking() as history:
            return cast(list[OpcodeRow], opcodes(history, tag))

    def listing(self, *enums: str) -> list[ListingRow]:
        """The enumerators of enums, sentinels left out: `bpf_func_id`, `bpf_map_type`, `bpf_prog_type`. Raises
        UnknownName for one that no release has."""
        from kscan.bpf.listings import listing

        with self._asking() as history:
            for enum in enums:
                if not history.enumerators(enum):
                    raise history.unknown(enum)
            return cast(list[ListingRow], listing(history, enums))

    def flags(self) -> list[ListingRow]:
        """The flags of bpf(2), its links and helpers."""
        from kscan.bpf.listings import flags

        with self._asking() as history:
            return cast(list[ListingRow], flags(history))

    def sites(self, tag: str | None = None) -> list[SiteRow]:
        """Where the kernel converts and runs programs, through renames; or where a release does."""
        from kscan.bpf.sites import sites, sites_at

        with self._asking() as history:
            rows = sites(history) if tag is None else sites_at(history, tag)
        return cast(list[SiteRow], _only(SITES, rows))

    def sections(self, tag: str | None = None) -> list[SectionRow]:
        """The section names of program loaders, of a release's or of all."""
        from kscan.bpf.sections import sections

        with self._asking() as history:
            return cast(list[SectionRow], sections(history, tag))


def _each(
    history: History, names: Sequence[str], scope: str, question: Callable[[str, str], list[Row]]
) -> list[Row]:
    rows: list[Row] = []
    for name in history.found(names, scope):
        found = question(name, scope)
        if not found:
            raise history.unknown(name, scope)
        rows += found
    return rows


def _only(columns: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Rows without what is beside their columns."""
    return [{column: row[column] for column in columns} for row in rows]
