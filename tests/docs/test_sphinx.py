"""The Sphinx extension: a real small site, built of the data that ships, shows what kernels have."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "kscan" / "shipped.sqlite"
PAGE = """\
Fanout
======

Since :kscan:since:`PACKET_FANOUT_EBPF`, value :kscan:value:`PACKET_FANOUT_EBPF`; oldest :kscan:since:`SO_ATTACH_FILTER`.

.. kscan:history:: BPF_XADD

.. kscan:table:: PACKET_FANOUT_[CE]BPF SO_ATTACH_BPF

.. kscan:struct:: bpf_insn
   :release: v5.6
"""  # noqa: E501
FANOUT = "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h"


class Site(HTMLParser):
    """What a page shows: its tables as rows of text, where text links to, its own text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.links: dict[str, str] = {}
        self.text = ""
        self._link: str | None = None
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True
        elif tag == "a":
            self._link = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False
        elif tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.tables[-1][-1][-1] += data.strip()
        if self._link is not None:
            self.links.setdefault(data, self._link)


def build(folder: Path, page: str, *options: str, conf: str = "", form: str = "html") -> tuple[int, str, Path]:
    (folder / "conf.py").write_text(f'extensions = ["kscan.docs.sphinx"]\n{conf}\n')
    (folder / "index.rst").write_text(page)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", form, *options, str(folder), str(folder / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, folder / "out"


@pytest.fixture
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSCAN_DATA", str(SHIPPED))


@pytest.mark.usefixtures("_shipped")
@pytest.mark.parametrize("options", [(), ("-j", "2")], ids=["alone", "parallel"])
def test_a_site_says_what_kernels_have(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "more.rst").write_text(f":orphan:\n\n{PAGE}")
    assert build(tmp_path, PAGE, "-W", *options)[:2] == (0, "")
    for name in ("index", "more"):
        site = Site((tmp_path / "out" / f"{name}.html").read_text())
        assert "Since v4.3, value 7; oldest v2.6.12 or earlier." in site.text
        assert site.links["v4.3"] == f"{FANOUT}#L67"
        history, names, struct = site.tables
        assert history[0] == ["from", "to", "value", "kind", "header", "line"]
        assert [row[:3] for row in history[1:]][-1] == ["≤ v3.15", "v3.17", "192"]
        assert names[1:] == [
            ["PACKET_FANOUT_CBPF", "v4.3", "6", "linux/if_packet.h"],
            ["PACKET_FANOUT_EBPF", "v4.3", "7", "linux/if_packet.h"],
            ["SO_ATTACH_BPF", "v3.19", "50", "asm-generic/socket.h"],
        ]
        assert [row[:4] for row in struct[1:]] == [
            ["0", "1", "code", "__u8"],
            ["1", "4 bits", "dst_reg", "__u8"],
            ["1 bit 4", "4 bits", "src_reg", "__u8"],
            ["2", "2", "off", "__s16"],
            ["4", "4", "imm", "__s32"],
        ]


@pytest.mark.usefixtures("_shipped")
@pytest.mark.parametrize("form", ["text", "man", "latex", "singlehtml"])
def test_other_forms_have_it_too(tmp_path: Path, form: str) -> None:
    code, said, out = build(tmp_path, PAGE, "-W", form=form)
    assert (code, said) == (0, "")
    text = "".join(path.read_text() for path in out.iterdir() if path.suffix in (".txt", ".1", ".tex", ".html"))
    assert "v4.3" in text
    assert "src" in text


@pytest.mark.usefixtures("_shipped")
@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("A\n=\n\n:kscan:since:`PACKET_FANOUT_EBPX`\n", "index.rst:4: WARNING: no name PACKET_FANOUT_EBPX"),
        ("A\n=\n\n.. kscan:history:: NOSUCH_NAME\n", "index.rst:4: WARNING: no name NOSUCH_NAME"),
        ("A\n=\n\n.. kscan:table:: NOSUCH_NAME\n", "index.rst:4: WARNING: no name NOSUCH_NAME"),
        (
            "A\n=\n\n.. kscan:struct:: BPF_EXIT\n",
            "index.rst:4: WARNING: struct BPF_EXIT: has no members in",
        ),
        (
            "A\n=\n\n.. kscan:struct:: bpf_insn\n   :release: v9.9\n",
            "index.rst:4: WARNING: no release v9.9 in the store",
        ),
    ],
)
def test_what_no_kernel_has_is_a_warning_at_its_place(tmp_path: Path, page: str, said: str) -> None:
    code, errors, _ = build(tmp_path, page)
    assert code == 0
    assert f"{tmp_path}/{said}" in errors
    assert build(tmp_path, page, "-W", "-E")[0] == 1


def test_without_data_the_warning_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSCAN_HOME", str(tmp_path / "none"))
    _, errors, _ = build(tmp_path, "A\n=\n\n:kscan:since:`X`\n")
    assert "index.rst:4: WARNING: no kernel scanned yet" in errors


@pytest.mark.usefixtures("_shipped")
def test_an_unknown_profile_is_a_warning(tmp_path: Path) -> None:
    _, errors, _ = build(tmp_path, "A\n=\n\n:kscan:since:`X`\n", conf='kscan_profile = "vax"')
    assert "index.rst:4: WARNING: " in errors
