"""Layers: whole lines of releases that answer together. The user's own lies above what ships."""

from collections.abc import Collection, Iterator
from typing import Protocol

from kscan.layers.unread import Unread
from kscan.seen import Release, Seen

About = tuple[str, str, str | None, str | None, int, int, int]
"""Exact version, source, commit, suspicion; headers, those read wholly, problems."""


class Layer(Protocol):
    """What history asks of a layer. `releases` are those that answer, by number."""

    name: str
    path: str
    releases: dict[int, Release]

    def close(self) -> None:
        """Lets go of its file."""

    def about(self, release: Release) -> About:
        """What is told of a release."""

    def problems(self) -> Iterator[tuple[Release, str, str, str, int | None, str]]:
        """What could not be read: release, scope, header, path, line, reason."""

    def by_name(self, name: str, scope: str = "all") -> Iterator[Seen]:
        """Every fact with a name, in one scope or in all."""

    def in_order(self, names: Collection[str] | None = None) -> Iterator[Seen]:
        """Every fact, or every one that has one of these names, in order of name."""

    def at(self, release: Release, pattern: str = "*") -> Iterator[Seen]:
        """The facts of a release whose name a shell pattern matches, in the order of its files."""

    def among(self, release: Release, names: Collection[str]) -> Iterator[Seen]:
        """The facts of a release that have one of these names."""

    def apart(self, old: Release, new: Release) -> set[str]:
        """The names that one of two releases has otherwise than the other, and maybe more."""

    def of_path(self, release: Release, path: str) -> Iterator[Seen]:
        """The facts of one file, in its order."""

    def uses(self, sort: str, release: Release | None = None) -> Iterator[Seen]:
        """The uses of one sort, of one release or of all, in order of path and line."""

    def names(self, pattern: str | None = None, scope: str = "all") -> Iterator[str]:
        """The names that facts of any release have in one scope or in all, or those a shell pattern matches."""

    def containing(self, text: str) -> Iterator[str]:
        """The names that contain a text, whatever the case."""

    def names_in(self, scope: str, header: str) -> Iterator[str]:
        """The names that a header has in any release."""

    def shown(self, release: Release) -> Iterator[tuple[str, str]]:
        """Header and name of all that user space's headers of a release have."""

    def enumerators(self, enum: str) -> Iterator[tuple[str, int | str | None]]:
        """The enumerators of an enum of user space's headers, with the greatest value of each; as text
        where it does not fit 64 bits."""

    def aliases(self, enum: str) -> Iterator[set[str]]:
        """The names that an enum has for one value, wherever it has several."""

    def files(self, scope: str, header: str) -> dict[Release, bool]:
        """The releases that have a header, and whether it could be read in each, wholly."""

    def headers(self) -> Iterator[tuple[str, str]]:
        """Scope and name of every header that any release has."""

    @property
    def with_internal(self) -> frozenset[Release]:
        """The releases of which any internal file was read."""

    def internal_paths(self, release: Release) -> list[str]:
        """The internal files of a release."""

    @property
    def unread(self) -> Unread:
        """The files whose texts are kept and could not be read wholly."""

    def text(self, release: Release, path: str) -> str | None:
        """The text of a file as it was read; None where it is not kept."""

    def doubt(self, release: Release, scope: str, what: str) -> str | None:
        """Why it is not known whether a release has a header or a name, though its tree was read."""

    def doubted_names(self, release: Release) -> set[tuple[str, str]]:
        """Scope and name of all that is in doubt of a release."""

    def second_source(self, fact: Seen) -> str | None:
        """What else has a name that was first seen in a point release: that it came by a backport is ruled
        out."""
