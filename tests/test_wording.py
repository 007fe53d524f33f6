"""Answers in a few words."""

import pytest

from kscan.rows import Row
from kscan.wording import at_byte, counted, ended, in_words, since_of

EXACT = {"first_seen": "v4.3", "last_without": "v4.2", "status": "exact", "scope": "uapi"}
WINDOW = {**EXACT, "last_without": "v4.0", "status": "window"}
OLDEST = {**EXACT, "first_seen": "v2.6.12", "last_without": None, "status": "from_oldest"}
STAYS = {"last_seen": "v7.3", "removed_in": None}


@pytest.mark.parametrize(
    ("row", "short", "long"),
    [
        ({**EXACT, **STAYS}, "v4.3", "v4.3"),
        ({**WINDOW, **STAYS}, "after v4.0, by v4.3", "after v4.0, by v4.3"),
        ({**OLDEST, **STAYS}, "≤ v2.6.12", "v2.6.12 or earlier"),
        ({**EXACT, "last_seen": "v5.5", "removed_in": "v5.6"}, "v4.3", "v4.3, removed in v5.6"),
        ({**EXACT, "last_seen": "v6.14", "removed_in": "v6.17"}, "v4.3", "v4.3, removed after v6.14, by v6.17"),
    ],
)
def test_since_when_and_until_when(row: Row, short: str, long: str) -> None:
    assert (since_of(row), in_words(row)) == (short, long)


@pytest.mark.parametrize(
    ("last", "gone", "said"),
    [
        ("v4.20", "v5.0", "v5.0"),
        ("v2.6.39", "v3.0", "v3.0"),
        ("v5.6", "v5.7-rc1", "v5.7-rc1"),
        ("v5.7-rc1", "v5.7-rc2", "v5.7-rc2"),
        ("v5.6", "v5.8", "after v5.6, by v5.8"),
        ("v5.6.1", "v5.6.2", "v5.6.2"),
        ("mine", "v5.6", "after mine, by v5.6"),
    ],
)
def test_the_release_in_which_something_went(last: str, gone: str, said: str) -> None:
    assert ended(last, gone) == said


def test_places_and_counts() -> None:
    assert [at_byte(offset) for offset in (None, 0, 8, 35)] == ["", "0", "1", "4 bit 3"]
    assert [counted(number, "name") for number in (0, 1, 2)] == ["0 names", "1 name", "2 names"]
