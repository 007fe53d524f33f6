"""Shell patterns as SQLite's."""

import sqlite3
from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kscan.errors import UsageError
from kscan.sqlite_values import as_glob, containing


def matches(name: str, pattern: str) -> bool:
    with sqlite3.connect(":memory:") as db:
        (found,) = db.execute("SELECT ? GLOB ?", (name, as_glob(pattern))).fetchone()
    return bool(found)


@pytest.mark.parametrize(
    "pattern",
    ["*", "A?", "[AB]*", "[!A]*", "[!A-B]C", "[^A]*", "[^]", "[^-_]", "[^-]", "[!^]*", "[]A]", "[!]A]*", "[A",
     "[^^]", "[^^_]*", "[A-*]", "[!A-*]", "[_-A]", "[]-_]", "[+-]]", "[!]-a]", "[--a]", "[^-]x", "[a-c-e]",
     "[", "[!", "[]", "A[", "[A-]", "[!-A]", "[a^]", "*[!a-z]"],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["A", "AB", "BC", "^", "-", "]", "[A", "[", "[!", "[]", "A[", "_", "a", "", "!", "Aa"]
)
def test_a_pattern_matches_what_a_shell_matches(name: str, pattern: str) -> None:
    assert matches(name, pattern) == fnmatchcase(name, pattern)


_LETTERS = st.text("AB_.[]!^-*?", max_size=8)


@given(_LETTERS, _LETTERS)
def test_any_pattern_does(name: str, pattern: str) -> None:
    # fnmatch of some versions takes what a reversed range leaves for a negation: [B-A!].
    assume("!" not in pattern or "-" not in pattern)
    assert matches(name, pattern) == fnmatchcase(name, pattern)


@pytest.mark.parametrize("made", [as_glob, containing])
def test_a_text_longer_than_any_name_is_refused(made: type[str]) -> None:
    with pytest.raises(UsageError, match="20000 letters to look for"):
        made("x" * 20_000)
