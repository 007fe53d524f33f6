"""The committed report in a real browser, from disk and offline: no error, no request, and it answers."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kscan.catalog.sets import set_of
from kscan.diff import compare
from kscan.history import History
from kscan.report.site import write_report
from tests.stores import fact, history

ROOT = Path(__file__).parents[2]
REPORT, SHIPPED = ROOT / "reports", ROOT / "kscan" / "shipped.sqlite"
KINDS = ("index.html", "hooks.html", "fanout.html", "opcodes.html", "helpers.html", "progs.html", "flags.html",
         "sites.html", "sections.html", "names.html", "name.html#BPF_EXIT", "diff.html", "releases.html",
         "structs.html", "structs/bpf_attr.html", "new/v5.7.html")  # fmt: skip
HOSTILE = '"><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        started.close()


class Visit:
    """A page with what went wrong in it."""

    def __init__(self, browser: Browser, folder: Path, **how: object) -> None:
        self.folder = folder
        self.page: Page = browser.new_context(offline=True, accept_downloads=True, **how).new_page()  # type: ignore[arg-type]
        self.faults: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type != "log" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda asked: self.faults.append(asked.url) if is_outside(asked.url) else None)
        self.page.on("requestfailed", lambda asked: self.faults.append(f"not there: {asked.url}")
                     if asked.url.startswith("file:") else None)  # fmt: skip

    def __call__(self, name: str) -> Page:
        # A page that differs in its fragment only would not be loaded again.
        self.page.goto("about:blank")
        self.page.goto(f"{self.folder.as_uri()}/{name}")
        self.page.wait_for_function("document.querySelectorAll('table.names, table.diff').length === 0"
                                    " || document.querySelector('tbody tr') !== null")  # fmt: skip
        return self.page


def is_outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "about:", "blob:"))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    made = Visit(browser, REPORT)
    yield made
    assert made.faults == []
    made.page.context.close()


def shown(page: Page, column: int = 1) -> list[str]:
    """The text of a column in the rows that a table shows."""
    return page.locator(f"table.dataTable > tbody > tr > td:nth-child({column})").all_inner_texts()


def test_a_fault_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<img src=gone.png><script>console.error('said'); fetch('https://example.org/').catch(() => 0)</script>"
    )
    bad = Visit(browser, tmp_path)
    bad("a.html").wait_for_load_state()
    assert "said" in bad.faults
    assert "https://example.org/" in bad.faults
    assert any("gone.png" in fault for fault in bad.faults)
    bad.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_kind_of_page_fits(browser: Browser, width: int, scheme: str) -> None:
    made = Visit(browser, REPORT, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for name in KINDS:
        page = made(name)
        assert page.locator("h1").first.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert made.faults == []
    made.page.context.close()


def test_search_leads_to_the_proof(visit: Visit) -> None:
    page = visit("index.html")
    page.keyboard.press("/")
    page.keyboard.type("fanout_ebpf")
    page.locator("#found li").first.wait_for()
    assert page.locator("#found li a").first.inner_text() == "PACKET_FANOUT_EBPF"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/name.html#PACKET_FANOUT_EBPF")
    page.locator("#symbol table").first.wait_for()
    assert "since v4.3" in page.locator("#symbol").inner_text()
    proof = "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L67"
    assert page.locator("#symbol a", has_text="the line that proves it").get_attribute("href") == proof
    assert page.locator("#symbol tbody td").all_inner_texts()[:3] == ["v4.3", "v7.3", "7"]


def test_what_is_not_there_is_said(visit: Visit) -> None:
    page = visit("index.html")
    page.locator("#search").fill("no_such_name_anywhere")
    page.get_by_text("no such name").wait_for()
    assert "does not have it" in visit("name.html#NO_SUCH_NAME%").locator("#symbol").inner_text()


def test_tables_filter_sort_hide_and_export(visit: Visit, tmp_path: Path) -> None:
    page = visit("helpers.html")
    every = len(shown(page))
    page.locator("thead tr").nth(1).locator("input").first.fill("ktime")
    page.wait_for_function("document.querySelectorAll('table.dataTable > tbody > tr').length < 20")
    names = shown(page)
    assert 0 < len(names) < every
    assert all("ktime" in name for name in names)
    page.locator("thead tr").first.locator("th", has_text="since").click()
    since = [[int(part) for part in text.removeprefix("v").split(".")] for text in shown(page, 3)]
    assert since == sorted(since)
    page.get_by_role("button", name="columns").click()
    page.locator("button.buttons-columnVisibility", has_text="removed").click()
    page.keyboard.press("Escape")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "shown.csv")
    saved = (tmp_path / "shown.csv").read_text(encoding="utf-8-sig")
    head, *rows = csv.reader(line for line in saved.splitlines() if line)
    assert head == ["name", "value", "since", "also called", "releases"]
    assert sorted(row[0] for row in rows) == sorted(names)
    assert all(row[4].startswith("v") and row[4].endswith("to v7.3") for row in rows)


def test_a_release_is_looked_at_and_has_an_address(visit: Visit) -> None:
    page = visit("hooks.html#v4.2")
    assert page.locator("#release").input_value() == "v4.2"
    assert any("SO_ATTACH_BPF" in text for text in shown(page, 4))
    assert not any("PACKET_FANOUT_EBPF" in text for text in shown(page, 4))
    page.locator("#only").uncheck()
    row = page.locator("tr.without", has_text="PACKET_FANOUT_EBPF")
    assert row.count() == 1
    page.locator("#release").select_option("v4.3")
    assert page.url.endswith("#v4.3")
    assert row.count() == 0


def test_the_matrix_by_keyboard(visit: Visit) -> None:
    page = visit("hooks.html")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("td.focused").count():
            break
    assert page.locator("td.focused").inner_text() == shown(page)[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    cell = page.locator("td.focused")
    assert cell.locator("a").first.inner_text() == "SO_ATTACH_REUSEPORT_CBPF"
    page.keyboard.press("Enter")
    page.wait_for_url("**/name.html#SO_ATTACH_REUSEPORT_CBPF")


@pytest.mark.parametrize(("old", "new"), [("v4.3", "v5.6"), ("v5.6", "v4.3"), ("v2.6.39", "v3.7")])
def test_a_diff_is_what_kscan_says(visit: Visit, old: str, new: str) -> None:
    page = visit(f"diff.html#{old}..{new}")
    rows = page.evaluate("new DataTable.Api('table.diff').rows().data().toArray()")
    found = {(row["name"], row["change"], row["old"], row["new"], row["breaking"] != "") for row in rows}
    kernels = History("/nowhere", data=SHIPPED)
    mine = {facts[0].name for facts in kernels.all_seen(set_of("bpf")) if facts[0].scope == "uapi"}
    said = compare(kernels, old, new, "uapi")[0]
    wanted = {(row["name"], row["change"], row["old"] or "", row["new"] or "", row["breaking"]) for row in said}
    assert found == {row for row in wanted if row[0] in mine}
    assert len(rows) == len(found) > 50
    assert f"{len(rows)} changes" in page.locator("#status").inner_text()


def test_the_chart_is_drawn_and_an_image_too(visit: Visit) -> None:
    page = visit("index.html")
    page.locator("#growth canvas").wait_for()
    place = page.locator("#growth .u-over").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] - 2, place["y"] + 20)
    page.wait_for_function("document.querySelector('#growth .u-legend').innerText.includes('v7.')")
    image = visit("growth.svg")
    assert image.locator("path").count() == 6


def test_without_scripts_and_on_paper(browser: Browser) -> None:
    made = Visit(browser, REPORT, java_script_enabled=False)
    made.page.goto(f"{REPORT.as_uri()}/helpers.html")
    rows = made.page.locator("table.listing tbody tr")
    assert rows.count() > 200
    assert "v4.3 to v7.3" in " ".join(made.page.locator("td[data-runs]").all_text_contents())
    made.page.emulate_media(media="print")
    assert not made.page.locator("header").is_visible()
    assert rows.first.is_visible()
    made.page.context.close()


def test_hostile_text_stays_text(browser: Browser, tmp_path: Path) -> None:
    names = [fact("constructor", 1), fact("__proto__", 2), fact("TEXT", HOSTILE, type="char [9]")]
    found = history({"v4.2": {"linux/a.h": [fact("OLD", 1)]}, "v4.3": {"linux/a.h": names}})
    write_report(found, str(tmp_path))
    made = Visit(browser, tmp_path)
    for name in ("index.html", "names.html", "name.html#TEXT", "diff.html#v4.2..v4.3", "new/v4.3.html",
                 "name.html#constructor", "name.html#__proto__"):  # fmt: skip
        page = made(name)
        assert page.evaluate("window.hacked") is None
        if name.startswith("name.html"):
            page.locator("#symbol table").first.wait_for()
            assert "since v4.3" in page.locator("#symbol").inner_text()
    assert HOSTILE in made("name.html#TEXT").locator("#symbol tbody").inner_text()
    assert made.faults == []
    made.page.context.close()
