"""A store that is whole, made once."""

from pathlib import Path

import pytest

from tests.faults.running import Done, fetch, told


@pytest.fixture(scope="session")
def whole(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with our history."""
    folder = tmp_path_factory.mktemp("whole") / "home"
    assert fetch(repository, folder).code == 0
    return folder


@pytest.fixture(scope="session")
def right(whole: Path) -> list[Done]:
    """What it answers."""
    answers = told(whole)
    assert [done.code for done in answers] == [0] * len(answers)
    return answers
