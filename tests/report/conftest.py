"""Fixtures: the report of our small history, and that of what ships."""

from pathlib import Path

import pytest

import kscan
from kscan.catalog.sets import set_of
from kscan.history import History
from kscan.report.site import write_report
from tests.report.reading import HISTORIES
from tests.stores import history

SHIPPED = Path(kscan.__file__).parent / "shipped.sqlite"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that needs the report of what ships waits for it, long where lines are counted."""
    for item in items:
        if "shipped" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(params=[*HISTORIES, "scanned"])
def found(request: pytest.FixtureRequest) -> History:
    """Every small history, and the one that is scanned."""
    if request.param in HISTORIES:
        return history(HISTORIES[request.param])
    scanned: History = request.getfixturevalue("scanned")
    return scanned


@pytest.fixture
def small(scanned: History, tmp_path: Path) -> Path:
    """The report of v4.2, v4.3 and v5.6."""
    write_report(scanned, str(tmp_path / "report"))
    return tmp_path / "report"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of what ships, of the bpf set: it takes a while."""
    folder = tmp_path_factory.mktemp("shipped")
    found = History("/nowhere", data=SHIPPED)
    write_report(found, str(folder), set_of("bpf"))
    found.close()
    return folder
