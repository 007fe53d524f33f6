"""What every source must answer: the rows of our history, read from a bare repository on disk."""

from pathlib import Path

import pytest

from kscan.rows import Row
from kscan.sources.disk import DiskRepository
from tests.kernels import HISTORY
from tests.sources.scanning import answers, bring


@pytest.fixture(scope="session")
def expected(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    store = tmp_path_factory.mktemp("expected") / "kscan.sqlite"
    bring(DiskRepository(repository), *HISTORY, store=store)
    rows = answers(*HISTORY, store=store)
    assert all(len(found) > 20 for found in rows.values())
    return rows
