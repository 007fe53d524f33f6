"""What a fetch costs on the wire, beside clones of depth 1, over `git http-backend` on loopback.

python -m bench.wire REPOSITORY TAG…      (a bare repository with full kernel trees)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from kscan.scan import Request as Wanted
from kscan.scan import scan
from kscan.sources.network import RemoteRepository
from kscan.store import Store
from tests.servers import Answer, Request, git_backend, serving


class Meter:
    """Counts what a server is asked and sends; `said` gives what came since it was last asked."""

    def __init__(self) -> None:
        self.requests = self.up = self.down = 0

    def __call__(self, request: Request, answer: Answer) -> Answer:
        self.requests += 1
        self.up += len(request.body)
        self.down += len(answer.body)
        return answer

    def said(self) -> str:
        said = f"{self.requests} requests, {self.up / 1e3:.1f} kB up, {self.down / 1e6:.2f} MB down"
        self.requests = self.up = self.down = 0
        return said


def main(repository: Path, tags: list[str]) -> None:
    """Prints requests and bytes of both ways, and of a second fetch."""
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        asked = ["git", "-C", str(repository), "config", "--type=bool", name]
        if subprocess.run(asked, capture_output=True, check=False).stdout != b"true\n":
            raise SystemExit(f"{repository}: public servers have {name} true: set it there")
    with serving(git_backend(repository.parent)) as server, tempfile.TemporaryDirectory() as folder:
        meter = server.spoil = Meter()
        url = f"{server.url}/{repository.name}"
        store = Store(Path(folder, "kscan.sqlite"))
        for what in ("kscan fetch, bpf set", "the same again"):
            scan(RemoteRepository(url, Path(folder)), tags, Wanted(("bpf",)), store)
            print(f"{what}: {meter.said()}")
        count, size = store.db.execute("SELECT count(*), sum(length(data)) FROM blob").fetchone()
        print(f"the contents wanted: {count}, {size / 1e6:.2f} MB compressed")
        for tag in tags:
            clone = ["git", "clone", "-q", "--bare", "--depth", "1", "-b", tag, url, f"{folder}/{tag}.git"]
            subprocess.run(clone, check=True, capture_output=True)
        print(f"clones of depth 1: {meter.said()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
