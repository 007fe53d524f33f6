"""Fixtures: our small kernel history in git, a store of its own for each test."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kscan.catalog.profiles import PROFILES
from kscan.history import History
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from tests.kernels import HISTORY, Files, make_history

# What ships answers only those tests that ask for it: before any fixture, and in every process they start.
os.environ["KSCAN_DATA"] = ""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """KSCAN_HOME in the test's own folder: no test sees another's store, the user's, or what ships."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KSCAN_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our history (v4.2, v4.3, v5.6) as a bare repository."""
    return make_history(tmp_path_factory.mktemp("kernels") / "linux.git")


@pytest.fixture
def scanned(repository: Path, home: Path) -> History:
    """The history read from disk."""
    with ThreadPoolExecutor(1) as executor:
        scan(DiskRepository(repository), HISTORY, Request(("bpf",)), Store(), executor=executor)
    return History()


Scan = Callable[..., History]


@pytest.fixture
def read(tmp_path: Path) -> Scan:
    """Reads releases given as files (tag to path to text) and answers from them."""

    def run(releases: dict[str, Files], sets: Sequence[str] = ("uapi",), profile: str = "x86-64") -> History:
        folder = make_history(tmp_path / f"kernels{len(list(tmp_path.iterdir()))}", releases)
        with ThreadPoolExecutor(1) as executor:
            request = Request(tuple(sets), PROFILES[profile])
            scan(DiskRepository(folder), list(releases), request, Store(), executor=executor)
        return History(profile=profile)

    return run
