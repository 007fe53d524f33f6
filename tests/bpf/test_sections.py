"""Section names, in every form that loaders have kept them in."""

import pytest

from kscan.bpf.sections import sections
from kscan.cli import main
from kscan.history import History
from tests.conftest import Scan
from tests.kernels import makefile

_LOADER = """\
static int load(const char *event)
{
	bool is_plain = strncmp(event, "plain", 5) == 0;
	bool is_probe = strncmp(event, "probe/", 6) == 0;
	bool is_back = strncmp(event, "back/", 5) == 0;
	if (is_probe || is_back) {
		prog_type = BPF_PROG_TYPE_KPROBE;
	}
	if (strncmp(event, "other", 5) == 0)
		return 1;
}
"""
_NAMES = """\
#define OUR_SEC(string, type) { string, sizeof(string) - 1, type }
#define OUR_ADDR_SEC(string, attach) { string, sizeof(string) - 1, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attach }
static const struct { const char *sec; } section_names[] = {
	OUR_SEC("plain", BPF_PROG_TYPE_SOCKET_FILTER),
	OUR_SEC("probe/", BPF_PROG_TYPE_KPROBE),
	OUR_ADDR_SEC("bind", BPF_CGROUP_INET4_BIND),
};
static const char *later(void) { return say("no section", BPF_PROG_TYPE_XDP); }
"""
_DESIGNATED = """\
static const struct bpf_sec_def section_defs[] = {
	OUR_SEC("plain", BPF_PROG_TYPE_SOCKET_FILTER),
	SEC_DEF("probe/", KPROBE,
		.attach_fn = attach_it),
	SEC_DEF("entry/", TRACING,
		.expected_attach_type = BPF_TRACE_FENTRY,
		.attach_fn = attach_it),
};
"""
_POSITIONAL = """\
static const struct bpf_sec_def section_defs[] = {
	SEC_DEF("probe+", KPROBE, 0, SEC_NONE, attach_it),
	SEC_DEF("entry+", TRACING, BPF_TRACE_FENTRY, SEC_ATTACH_BTF | SEC_SLEEPABLE, attach_it),
};
"""


@pytest.fixture
def loaders(read: Scan) -> History:
    sources = {
        "v4.15": {"samples/bpf/bpf_load.c": _LOADER, "tools/lib/bpf/libbpf.c": "int nothing;\n"},
        "v4.16": {"tools/lib/bpf/libbpf.c": _NAMES},
        "v4.17": {"tools/lib/bpf/libbpf.c": _DESIGNATED},
        "v4.18": {"tools/lib/bpf/libbpf.c": _POSITIONAL},
    }
    header = {"include/uapi/linux/filter.h": "#define BPF_MAXINSNS 4096\n"}
    return read({tag: {"Makefile": makefile(tag), **header, **files} for tag, files in sources.items()},
                sets=("bpf",))  # fmt: skip


def _told(history: History, tag: str) -> list[tuple[object, ...]]:
    return [(r["section"], r["program_type"], r["attach_type"], r["line"]) for r in sections(history, tag)]


def test_prefixes_that_a_loader_compares(loaders: History) -> None:
    assert _told(loaders, "v4.15") == [
        ("back/", "BPF_PROG_TYPE_KPROBE", None, 5),
        ("plain", None, None, 3),
        ("probe/", "BPF_PROG_TYPE_KPROBE", None, 4),
    ]


def test_an_array_of_names(loaders: History) -> None:
    assert _told(loaders, "v4.16") == [
        ("bind", "BPF_PROG_TYPE_CGROUP_SOCK_ADDR", "BPF_CGROUP_INET4_BIND", 6),
        ("plain", "BPF_PROG_TYPE_SOCKET_FILTER", None, 4),
        ("probe/", "BPF_PROG_TYPE_KPROBE", None, 5),
    ]


def test_designated_and_positional_definitions_say_the_same(loaders: History) -> None:
    assert _told(loaders, "v4.17") == [
        ("entry/", "BPF_PROG_TYPE_TRACING", "BPF_TRACE_FENTRY", 5),
        ("plain", "BPF_PROG_TYPE_SOCKET_FILTER", None, 2),
        ("probe/", "BPF_PROG_TYPE_KPROBE", None, 3),
    ]
    assert _told(loaders, "v4.18") == [
        ("entry+", "BPF_PROG_TYPE_TRACING", "BPF_TRACE_FENTRY", 3),
        ("probe+", "BPF_PROG_TYPE_KPROBE", None, 2),
    ]


def test_another_spelling_is_the_same_name(loaders: History) -> None:
    found = {row["section"]: row for row in sections(loaders) if row["path"].startswith("tools/")}
    assert (found["probe/"]["first_seen"], found["probe/"]["last_without"]) == ("v4.16", "v4.15")
    assert found["probe/"]["last_seen"] == "v4.18"
    assert found["plain"]["removed_in"] == "v4.18"


def test_a_section_is_no_name_of_the_kernel(loaders: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert "plain" not in set(loaders.all_names)
    assert main(["when", "probe/"]) == 1
    assert main(["sections", "--since", "v4.17", "--format", "csv"]) == 0
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["entry/"]
