"""Claims read from documentation: the forms that are one, and those that are none."""

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
    ],
)
def test_claims(file: str, text: str, found: list[tuple[int, str, str, bool]], tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_text(text)
    assert [(c.line, c.name, c.release, c.listed) for c in claims(path)] == found


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
