"""Where one machine is not enough: a scan runs on Dask as it is, for that is an executor as any other."""

from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from kscan.history import History
from kscan.scan import Request, scan
from kscan.sources.disk import DiskRepository
from kscan.store import Store
from tests.kernels import HISTORY, make_history


@pytest.mark.filterwarnings("default")  # what Dask itself is warned of is not ours to mend
def test_a_scan_on_two_workers_of_dask_gives_what_one_here_gives(tmp_path: Path) -> None:
    source = DiskRepository(make_history(tmp_path / "linux.git"))
    here, there = (Store(tmp_path / name) for name in ("here.sqlite", "there.sqlite"))
    scan(source, HISTORY, Request(("bpf",)), here)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        scan(source, HISTORY, Request(("bpf",)), there, executor=client.get_executor(), workers=2)
        ran = client.run(lambda: __import__("sys").modules["kscan.read"].__name__)
    # Both workers read.
    assert list(ran.values()) == ["kscan.read"] * 2
    found = []
    for store in (here, there):
        store.db.close()
        history = History(store.path, data="")
        found.append(({tag: history.at(tag) for tag in HISTORY}, history.problems()))
        history.close()
    assert found[0] == found[1]
    assert len(found[0][0]["v5.6"]) > 40
