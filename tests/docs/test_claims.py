"""Claims read from documentation: the forms that are one, and those that are none."""

import gzip
from pathlib import Path

import pytest

from kscan.docs.claims import claims, documents
from kscan.errors import KscanError


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("a.7", '.TP\n.BR PACKET_X " (since Linux 3.1)"\nWords.\n', [(2, "PACKET_X", "v3.1", False)]),
        ("a.7", ".B SO_X\n(since Linux 2.6.26)\n", [(2, "SO_X", "v2.6.26", False)]),
        ("a.2", "\\fBCLONE_X\\fP (since Linux 4.6)\n", [(1, "CLONE_X", "v4.6", False)]),
        ("a.2", "CLONE_X (since Linux 4.6.2)\n", [(1, "CLONE_X", "v4.6.2", False)]),
        (
            "a.md",
            "`SO_X` (since Linux 3.9) and `SO_Y` (since 4.5).\n",
            [(1, "SO_X", "v3.9", False), (1, "SO_Y", "v4.5", False)],
        ),
        ("a.md", "SO_X (since 3.9), SO_Y, SO_Z (since 4.5)\n", [(1, "SO_X", "v3.9", False)]),
        ("a.rst", "``SO_X`` (since kernel 3.9)\n", [(1, "SO_X", "v3.9", False)]),
        ("a.md", "bpf_skb_x() (since Linux 4.1)\n", [(1, "BPF_FUNC_skb_x", "v4.1", False)]),
        ("a.md", "`SO_X` was added in Linux 4.4.\n", [(1, "SO_X", "v4.4", False)]),
        ("a.md", "With **SO_X**, introduced in kernel v4.4, it works.\n", [(1, "SO_X", "v4.4", False)]),
        ("a.rst", "SO_X (added in the Linux kernel version 4.4)\n", [(1, "SO_X", "v4.4", False)]),
        ("a.md", "bpf_x() is available since Linux 5.1\n", [(1, "BPF_FUNC_x", "v5.1", False)]),
        ("a.md", "SO_X and SO_Y were added in Linux 4.4.\n", []),
        ("a.md", "SO_X was added in 4.4, SO_Y was removed in Linux 4.4.\n", []),
        ("a.md", "SO_X was added to y in Linux 4.4.\n", []),
        ("a.7", '.BR SO_X ", " SO_Y " (since Linux 3.1)"\n', []),
        ("a.7", ".BR signal (since Linux 3.1)\n", []),
        ("a.md", "SO_X is (since long ago) there; since Linux 3.1 it works.\n", []),
        (
            "a.md",
            "Name | Kernel version | Commit\n---|---|---\n`BPF_MAP_X` | 4.6 | [`abc`](https://x/BPF_MAP_Y)\n",
            [(3, "BPF_MAP_X", "v4.6", True)],
        ),
        (
            "a.md",
            "| Helper | Since |\n| :-- | --: |\n| `BPF_FUNC_x()` | v5.1 |\n| bpf\\_y | 5.2 |\n\nBPF_Z | 5.3\n",
            [(3, "BPF_FUNC_x", "v5.1", True), (4, "BPF_FUNC_y", "v5.2", True)],
        ),
        ("a.md", "Name | Since\n---|---\nuses SO_X there | 4.6\nSO_Y | soon\nSO_Y and | 4.7\n", []),
        ("a.md", "Name | Since | Version\n---|---|---\nSO_X | 4.6 | 4.7\n", []),
        ("a.md", "Name | Value\n---|---\nSO_X | 4.6\n", []),
        (
            "a.yaml",
            "- name: things\n  features:\n    - name: BPF_X\n      version: v4.1\n      commit: 12\n"
            "    - name: bpf_y\n      version: '4.2'\n    - name: BPF_Z\n      commit: 3\n"
            "    - other: 1\n      version: v9.9\n",
            [(4, "BPF_X", "v4.1", True), (7, "BPF_FUNC_y", "v4.2", True)],
        ),
        ("a.yml", 'BPF_X: "4.3"\nbpf: 4.4\n', [(1, "BPF_X", "v4.3", True)]),
        ("a.yml", "version: 4.3  # so far\nname: BPF_X\n", [(1, "BPF_X", "v4.3", True)]),
        ("a.yml", "- name: BPF_X\n  kernel: 4.3\n- name: BPF_Y\n", [(2, "BPF_X", "v4.3", True)]),
        # Of where a name is allowed since, of what is deprecated, of another thing.
        ("a.yml", "program_types:\n- name: BPF_X\n  since:\n    version: 4.3\n", []),
        ("a.yml", "map:\n  name: BPF_X\ntool:\n  version: 4.3\n", []),
        ("a.yml", "- name: BPF_X\n  gone:\n    version: 6.1\n  version: 4.3\n", [(4, "BPF_X", "v4.3", True)]),
        ("a.yml", "- name: BPF_X\n- version: 4.3\n", []),
        ("a.yml", "- name: BPF_X\n- title: a tool's own\n  version: 4.3\n", []),
        ("a.yml", "- name: BPF_X\n- some-key: a\n  version: 4.3\n", []),
        ("a.yml", '- name: BPF_X\n- "other"\n- &b\n  version: 4.3\n', []),
        ("a.yml", "-\n  name: BPF_X\n-\n  version: 4.3\n", []),
        ("a.yml", "name: BPF_X\n---\nversion: 4.3\n", []),
        ("a.yml", "map-type:\n  name: BPF_X\nmin-tool:\n  version: 4.3\n", []),
        ("a.yml", "name: BPF_X\nkernel: 5.10\nsince: 4.3\n", []),
        ("a.yml", 'name: BPF_X\n\n# said\nversion: "4.3"\n', [(4, "BPF_X", "v4.3", True)]),
        ("a.yml", "a:" + " " * 9000 + "''x\nBPF_X: 4.3\n", [(2, "BPF_X", "v4.3", True)]),
        ("a.md", "[`SO_X`](so.md) (since Linux 4.3)\n", [(1, "SO_X", "v4.3", False)]),
        ("a.md", "The flag SO_X was added in Linux 4.3.\n", [(1, "SO_X", "v4.3", False)]),
        ("a.md", "So it is. SO_X was added in Linux 4.3.\n", [(1, "SO_X", "v4.3", False)]),
        ("a.md", "A predecessor of SO_X was added in Linux 4.3.\n", []),
        ("a.md", "It is wrong that SO_X was added in Linux 4.3.\n", []),
        ("a.md", "Everything that is not\nSO_X was added in Linux 4.3.\n", []),
        (
            "a.md",
            "<!-- [FEATURE_TAG](BPF_X) -->\n[:octicons-tag-24: v4.3](https://x)\n<!-- [/FEATURE_TAG] -->\n",
            [(2, "BPF_X", "v4.3", True)],
        ),
        # What a name is there for since then says nothing of when it was new.
        (
            "a.md",
            "Helper | Program type | Since\n---|---|---\nbpf_x() | xdp | 5.2\n",
            [(3, "BPF_FUNC_x", "v5.2", False)],
        ),
        ("a.md", "Program type | Since | Enum\n---|---|---\nxdp | 5.2 | BPF_X\n", [(3, "BPF_X", "v5.2", True)]),
        ("a.md", "Supported by program type | Since\n---|---\nBPF_X | 5.2\n", [(3, "BPF_X", "v5.2", False)]),
        (
            "a.md",
            "Name | Minimum kernel\n---|---\nBPF_X | 5.2+\nBPF_Y | Linux 5.3\n",
            [(3, "BPF_X", "v5.2", True), (4, "BPF_Y", "v5.3", True)],
        ),
        (
            "a.rst",
            "=====  ======  ======\nName   Since   Notes\n=====  ======  ======\nSO_X   4.3     one\n"
            "               more\n``B_Y``  4.4   two\n=====  ======  ======\n",
            [(4, "SO_X", "v4.3", True)],
        ),
        (
            "a.rst",
            "========  =====\nName      Since\n========  =====\n``B_Y``   4.4\n--------  -----\nSO_X      4.5\n"
            "========  =====\n\nSO_Z      4.6\n",
            [(4, "B_Y", "v4.4", True), (6, "SO_X", "v4.5", True)],
        ),
        (
            "a.rst",
            "  +------+---------+\n  | Name | Linux   |\n  |      | version |\n  +======+=========+\n"
            "  | SO_X | 4.3     |\n  +------+---------+\n  | SO_Y | 4.4     |\n"
            "  +------+---------+\n  | SO_Z | 4.5     |\n",
            [(5, "SO_X", "v4.3", True), (7, "SO_Y", "v4.4", True)],
        ),
        # A bar within a cell, a cell over two columns.
        ("a.rst", "+------+-----+\n| Name | Since |\n+======+=====+\n| SO_X | 4.3 |\n+------+-----+\n", []),
        (
            "a.rst",
            "+-----+-----+-----+\n|Name | No. |Since|\n+=====+=====+=====+\n|SO_X | 1 | 4.3   |\n"
            "+-----+-----+-----+\n|SO_Y      4.1|4.4  |\n+-----+-----+-----+\n|SO_Z |     |4.5  |\n"
            "+-----+-----+-----+\n",
            [(8, "SO_Z", "v4.5", False)],
        ),
        # Without titles; the next has them.
        (
            "a.rst",
            "====  ===\nSO_X  4.3\n====  ===\n\n"
            "====  =====\nName  Since\n====  =====\nSO_Y  4.4\n====  =====\n",
            [(8, "SO_Y", "v4.4", True)],
        ),
        (
            "a.rst",
            ".. list-table::\n   :header-rows: 1\n\n   * - Name\n     - Notes\n     - Since\n"
            "   * - SO_X\n     -\n     - 4.3\n   * - SO_Y\n     - - 6.1\n       - 6.2\n     - 4.4\n"
            "   * - SO_Z\n     - 4.5\n",
            [(7, "SO_X", "v4.3", True), (10, "SO_Y", "v4.4", True)],
        ),
        ("a.md", "Name | Since\n---|---\nSO_X | 4.3 | 4.4\nSO_Y | 4.5\n", [(4, "SO_Y", "v4.5", True)]),
        # Where a sentence begins.
        ("a.7", ".PP\nSO_X was added in Linux 4.3.\n", [(2, "SO_X", "v4.3", False)]),
        ("a.md", "## Options\nSO_X was added in Linux 4.3\n", [(2, "SO_X", "v4.3", False)]),
        ("a.rst", "Options\n=======\nSO_X was added in Linux 4.3\n", [(3, "SO_X", "v4.3", False)]),
        (
            "a.md",
            "- SO_X was added in Linux 4.3\n- SO_Y was added in Linux 4.4\n> SO_Z was added in Linux 4.5\n",
            [(1, "SO_X", "v4.3", False), (2, "SO_Y", "v4.4", False), (3, "SO_Z", "v4.5", False)],
        ),
        ("a.md", "In addition, SO_X was added in Linux 4.3\n", [(1, "SO_X", "v4.3", False)]),
        ("a.md", "Sockets (SO_X was added in Linux 4.3)\n", [(1, "SO_X", "v4.3", False)]),
        (
            "a.rst",
            ".. list-table:: Names\n   :header-rows: 1\n\n   * - Name\n     - Since\n     - Description\n"
            "   * - ``SO_X``\n     - 4.3\n     - is on\n       and on\n   * - SO_Y\n     - 4.4\n\nSO_Z\n",
            [(7, "SO_X", "v4.3", True)],
        ),
        ("a.rst", "=====\nTitle\n=====\n\nSO_X  4.3\n", []),
    ],
)
def test_claims(file: str, text: str, found: list[tuple[int, str, str, bool]], tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_text(text)
    assert [(c.line, c.name, c.release, c.listed) for c in claims(path)] == found


def test_what_is_packed_is_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml.gz"
    path.write_bytes(gzip.compress(b"name: SO_X\nversion: 3.9\n"))
    assert [(c.name, c.release) for c in claims(path)] == [("SO_X", "v3.9")]


def test_a_packed_page_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.7.gz"
    path.write_bytes(gzip.compress(b"SO_X (since Linux 3.9)\n"))
    assert documents(tmp_path) == [path]
    assert [(c.name, c.release) for c in claims(path)] == [("SO_X", "v3.9")]
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(KscanError, match=r"a\.7\.gz: Compressed file ended"):
        claims(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(KscanError, match=r"a\.7\.gz: Not a gzipped file"):
        claims(path)


def test_a_folder_gives_its_documents(tmp_path: Path) -> None:
    for name in ("b.md", "man/a.7", "man/x.3type", "c.py", "d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [str(path.relative_to(tmp_path)) for path in documents(tmp_path)] == [
        "b.md", "d.yaml", "man/a.7", "man/x.3type",
    ]  # fmt: skip


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KscanError, match=r"nowhere: no such file or folder$"):
        documents(tmp_path / "nowhere")
    with pytest.raises(KscanError, match=r"no Markdown, reST, YAML or manual page in it$"):
        documents(tmp_path)


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xff\xfe SO_X (since Linux 3.9)\n\x00")
    assert [c.name for c in claims(path)] == ["SO_X"]
