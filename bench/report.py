"""What a report costs: `python -m bench.report [FOLDER]` (needs the `browser` extra and Debian's chromium).

Writes the report of what ships, weighs it, and opens each kind of page from disk in headless Chromium, in turns
with an empty page: bytes of a page with all it loads, and how much longer than the empty one it takes until all
is drawn, as a median with its middle half.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from kscan.catalog.sets import set_of
from kscan.history import History
from kscan.report.site import write_report

_ROUNDS = 7
_PAGES = ("index.html", "hooks.html", "opcodes.html", "helpers.html", "structs.html", "structs/bpf_attr.html",
          "names.html", "name.html#BPF_EXIT", "diff.html#v4.3..v5.6", "new/v5.7.html",
          "releases.html")  # fmt: skip
_CHROMIUM = "/usr/bin/chromium"


def drawn(browser: Browser, address: str) -> tuple[float, int]:
    """Milliseconds until a page has loaded and two frames are drawn, and the bytes of what it loaded."""
    page = browser.new_page()
    loaded: set[str] = set()
    page.on("request", lambda request: loaded.add(request.url.partition("#")[0]))
    start = time.perf_counter()
    page.goto(address, wait_until="load")
    page.wait_for_function("document.querySelector('#symbol > p:only-child') === null")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    took = (time.perf_counter() - start) * 1000
    page.close()
    paths = (Path(url.removeprefix("file://")) for url in loaded if url.startswith("file://"))
    return took, sum(path.stat().st_size for path in paths)


def main() -> None:
    """Runs and prints."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch).resolve()
        start = time.perf_counter()
        write_report(History("/nowhere"), str(folder), set_of("bpf"))
        took = time.perf_counter() - start
        written = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        print(f"written in {took:.1f} s: {len(written)} files, {sum(written) / 1e6:.1f} MB, the largest "
              f"{max(written) / 1e6:.2f} MB")  # fmt: skip
        empty = Path(scratch, "empty.html")
        empty.write_text("<!doctype html><title>empty</title>")
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        print("\npage                          loads kB     ms beyond an empty page (middle half)")
        for name in _PAGES:
            found = []
            for _ in range(_ROUNDS):
                base, _ = drawn(browser, empty.as_uri())
                whole, size = drawn(browser, f"{folder.as_uri()}/{name}")
                found.append(whole - base)
            low, high = statistics.quantiles(found, n=4)[::2]
            print(f"{name:28} {size / 1000:9.0f} {statistics.median(found):8.0f}   ({low:.0f} to {high:.0f})")
        browser.close()


if __name__ == "__main__":
    main()
