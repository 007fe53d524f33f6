"""How an answer is said in a few words: since when and until when, where and how large."""

from kscan.rows import (
    ABSENT,
    EXACT,
    FROM_OLDEST,
    NO_HEADER,
    NOT_SCANNED,
    PRESENT,
    UNPARSED,
    Row,
    plain,
)
from kscan.version import KernelVersion

_IN_RELEASE = {
    PRESENT: "in {}",
    ABSENT: "not in {}",
    NO_HEADER: "not in {} (its header is not there)",
    UNPARSED: "cannot know (its header could not be read) for {}",
    NOT_SCANNED: "cannot know (a file that may have it was not scanned) for {}",
}


def in_release(state: str, tag: str) -> str:
    """Whether a release has a name: "not in v4.2"."""
    return _IN_RELEASE[state].format(tag)


def since(first: str | None, status: str | None) -> str:
    """A first release in a word: what the oldest release has may be older."""
    return f"≤ {first}" if first and status == FROM_OLDEST else plain(first)


def bounded(first: str, status: str, before: str | None) -> str:
    """A first release with how surely it is that: "v4.3", "≤ v2.6.12", "after v5.12, by v5.14"."""
    return since(first, status) if status in (EXACT, FROM_OLDEST) else f"after {before}, by {first}"


def since_of(row: Row) -> str:
    """Since when a name is there, as a table shows it."""
    return bounded(row["first_seen"], row["status"], row["last_without"])


def ended(last: str, gone: str) -> str:
    """The release in which something went: "v6.17", or "after v6.14, by v6.17" where others lie between."""
    old, new = KernelVersion.parse(last), KernelVersion.parse(gone)
    return gone if old and new and new.follows(old) else f"after {last}, by {gone}"


def when_gone(row: Row) -> str:
    """When a name that is gone went: "in v6.17", "after v6.14, by v6.17"."""
    gone = ended(row["last_seen"], row["removed_in"])
    return gone if gone.startswith("after") else f"in {gone}"


def in_words(row: Row) -> str:
    """Since when, as one writes it: `v4.3`, `v2.6.12 or earlier`, `after v6.14, by v6.17`; and until when."""
    said = f"{row['first_seen']} or earlier" if row["status"] == FROM_OLDEST else since_of(row)
    return said if row["removed_in"] is None else f"{said}, removed {when_gone(row)}"


def newest_value(row: Row) -> int | str | None:
    """What a name has now; what it first had where it is gone."""
    value: int | str | None = row["value"] if row["current_value"] is None else row["current_value"]
    return value


def at_byte(offset: int | None) -> str:
    """Where a member begins, from its offset in bits: "4", "4 bit 3"; nothing where that is not known."""
    if offset is None:
        return ""
    byte, bit = divmod(offset, 8)
    return f"{byte} bit {bit}" if bit else str(byte)


def counted(number: int, thing: str) -> str:
    """How many of something: "1 name", "2 names"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
