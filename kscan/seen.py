"""What answers are made of: releases, and facts as they stand in a release."""

from typing import NamedTuple

from kscan.model import FAMILIES, INTERNAL
from kscan.rows import COMMON, Row, empty
from kscan.version import KernelVersion
from kscan.wording import bounded, ended

_OTHER_ABI = {64: ("_32.h", "_x32.h"), 32: ("_64.h", "_x32.h")}

Key = tuple[str, str, str]
"""Scope, family and name: what one history is about."""


class Release(NamedTuple):
    """A release in the store. `version` is what its tag says and None for a label; `exact` what its
    tree says, None where it says nothing; `bits` those of a long on the profile. A label names no tag."""

    id: int
    tag: str
    version: KernelVersion | None
    exact: KernelVersion | None
    permalink: str | None
    sets: tuple[str, ...]
    bits: int = 64
    is_label: bool = False

    @property
    def on_mainline(self) -> bool:
        return self.version is not None and self.version.is_mainline

    @property
    def is_itself(self) -> bool:
        """Whether the tree is that of its tag, not of a point release or candidate beside it."""
        return self.exact is None or self.version is None or self.exact.tag == self.version.tag

    @property
    def is_younger(self) -> bool:
        """Whether a candidate stands in for a release: what it lacks the release may have."""
        return self.exact is not None and self.version is not None and self.exact < self.version

    def link(self, path: str, line: int, end_line: int) -> str | None:
        """The address of lines at the exact tag."""
        if self.permalink is None:
            return None
        lines = f"L{line}" if line == end_line else f"L{line}-L{end_line}"
        given = {"path": path, "lines": lines, "line": line, "end_line": end_line,
                 "tag": self.exact.tag if self.is_label and self.exact else self.tag}  # fmt: skip
        link = self.permalink
        for word, text in given.items():
            link = link.replace(f"{{{word}}}", str(text))
        return link


class Seen(NamedTuple):
    """A fact in a release."""

    release: Release
    scope: str
    header: str
    path: str
    name: str
    kind: str
    line: int
    end_line: int
    value: int | str | None
    type: str | None
    reason: str | None
    bit_offset: int | None
    bit_size: int | None
    size: int | None

    @property
    def key(self) -> Key:
        return self.scope, FAMILIES[self.kind], self.name

    @property
    def is_internal(self) -> bool:
        """Whether it is the kernel's own, most files of which are not read: where it is not seen, it may be in
        one of those. Uses are looked for where they are."""
        return self.scope == INTERNAL and self.kind != "use"

    @property
    def is_of_other_abi(self) -> bool:
        """Whether it stands in a header that the profile's programs do not get through the general one:
        asm/unistd.h is unistd_64.h for programs of 64 bits."""
        return self.header.endswith(_OTHER_ABI[self.release.bits])

    @property
    def content(self) -> tuple[object, ...]:
        """What a span keeps: a line that moves starts no new one."""
        return (
            self.kind,
            self.header,
            self.value,
            self.type,
            self.reason,
            self.bit_offset,
            self.bit_size,
            self.size,
        )

    def row(self, columns: tuple[str, ...] = COMMON, **more: object) -> Row:
        """The fact as a row."""
        link = self.release.link(self.path, self.line, self.end_line)
        text = None if self.value is None else str(self.value)
        return empty(
            columns, name=self.name, kind=self.kind, scope=self.scope, header=self.header, value=self.value,
            value_text=text, type=self.type, reason=self.reason, path=self.path, line=self.line,
            end_line=self.end_line, permalink=link, bit_offset=self.bit_offset, bit_size=self.bit_size,
            size=self.size, **more,
        )  # fmt: skip


Cell = tuple[Release, str, Seen | None]
"""Whether a release has something: present with the fact, else absent, no_header, unparsed, not_scanned."""


class Stretch(NamedTuple):
    """Releases through which a fact kept its content, `fact` as it stands in the first, `latest` in the last.
    `status` says how surely it begins there, `before` is the last release known to be otherwise, and `came`
    says whether that is without the name. `gone` is the release known to be without it next."""

    first: Release
    last: Release
    status: str
    before: str | None
    came: bool
    gone: Release | None
    fact: Seen
    latest: Seen

    @property
    def since(self) -> str:
        """Where it begins, in words."""
        return bounded(self.first.tag, self.status, self.before)

    @property
    def until(self) -> str | None:
        """Where the name went after it, in words."""
        return ended(self.last.tag, self.gone.tag) if self.gone else None
