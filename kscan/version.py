"""Kernel versions: parse what tags and Makefiles say, and put it in order."""

import re
from functools import total_ordering

from kscan.errors import UsageError

_FORM = re.compile(
    r"v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){1,3})(?:-?rc(?P<rc>\d{1,9}))?(?P<suffix>(?:[-+]|\.(?!\d))[\w.+~-]*)?",
    re.ASCII,
)

# Where a major series ended: the release before vN.0. Source: the mainline tags themselves.
_LAST_BEFORE = {(3, 0): (2, 6, 39), (4, 0): (3, 19), (5, 0): (4, 20), (6, 0): (5, 19), (7, 0): (6, 19)}


@total_ordering
class KernelVersion:
    """One version of the kernel, such as v2.6.39, v4.3-rc1, v5.6.4 or v5.12-rc1-dontuse.

    `base` are the numbers of the mainline release it belongs to ((2, 6, 39), (5, 6)), `point` the
    stable number after it (0 for the release itself), `rc` the candidate's number or None, and
    `suffix` what a vendor or git added. Versions order as kernels appear: candidates before their
    release, point releases after it. Raises UsageError for text of another form.
    """

    __slots__ = ("_key", "base", "point", "rc", "suffix")

    def __init__(self, text: str) -> None:
        found = _FORM.fullmatch(text.strip())
        numbers = tuple(int(n) for n in found["numbers"].split(".")) if found else ()
        width = 3 if numbers < (3,) else 2
        if not found or len(numbers) > width + 1:
            raise UsageError(f"{text!r:.80} is not a kernel version; expected such as v4.3, v4.3-rc1, v5.6.4")
        self.base = (*numbers, 0)[:width] if len(numbers) < width else numbers[:width]
        self.point = numbers[width] if len(numbers) > width else 0
        self.rc = int(found["rc"]) if found["rc"] else None
        self.suffix = found["suffix"] or ""
        self._key = (self.base, self.point, self.rc is None, self.rc or 0, self.suffix)

    @classmethod
    def parse(cls, text: str) -> "KernelVersion | None":
        """The version that `text` spells, or None: for text that may be a label of the user's."""
        try:
            return cls(text)
        except UsageError:
            return None

    @property
    def release(self) -> "KernelVersion":
        """The mainline release this version belongs to: v5.6 for v5.6.4 and for v5.6-rc2."""
        return KernelVersion(".".join(map(str, self.base)))

    @property
    def series(self) -> str:
        """The stable series: v5.6.y for v5.6.4."""
        return f"{self.release}.y"

    @property
    def is_mainline(self) -> bool:
        """Whether it stands on the mainline: a release or one of its candidates; no point release, and
        nothing that a vendor added to. v5.12-rc1-dontuse and v2.6.11-tree are upstream's own."""
        return self.point == 0 and self.suffix in ("", "-dontuse", "-tree")

    @property
    def is_final(self) -> bool:
        """Whether it is a mainline release itself and nothing added to it."""
        return self.point == 0 and self.rc is None and not self.suffix

    @property
    def previous(self) -> "KernelVersion | None":
        """The mainline release before this one; None where that is not known (2.6.0 and older)."""
        if self.base in _LAST_BEFORE:
            before: tuple[int, ...] = _LAST_BEFORE[self.base]
        elif self.base[-1] > 0:
            before = (*self.base[:-1], self.base[-1] - 1)
        else:
            return None
        return KernelVersion(".".join(map(str, before)))

    def follows(self, old: "KernelVersion") -> bool:
        """Whether no mainline release lies between `old` and this one, nor for a candidate another."""
        if old.release == self.release and self.point:
            return self.point - 1 == old.point
        if old.release == self.release:
            return self.rc is None or self.rc - 1 == old.rc
        return old.is_final and self.release.previous == old and self.rc in (None, 1)

    @property
    def tag(self) -> str:
        """The tag upstream gave this version, without what a vendor added: v4.3 for 4.3.0-acme."""
        numbers = ".".join(map(str, self.base)) + (f".{self.point}" if self.point else "")
        return f"v{numbers}" + (f"-rc{self.rc}" if self.rc is not None else "")

    def __str__(self) -> str:
        return self.tag + self.suffix

    def __repr__(self) -> str:
        return f"KernelVersion({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KernelVersion) and self._key == other._key

    def __lt__(self, other: object) -> bool:
        return self._key < other._key if isinstance(other, KernelVersion) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)


def or_last(text: str | None) -> KernelVersion:
    """The version that `text` is, to order by; what is none (a label, nothing) comes after every other."""
    return KernelVersion.parse(text or "") or _LAST


_LAST = KernelVersion("v999.0")


def github_link(version: KernelVersion) -> str:
    """The address of lines of a release: mainline's at torvalds, stable ones at gregkh."""
    owner = "gregkh" if version.point else "torvalds"
    return f"https://github.com/{owner}/linux/blob/{version.tag}/{{path}}#{{lines}}"
