"""The kernel's own lists: enumerators with their aliases, flags with what they are for."""

import pytest

from kscan.bpf.listings import flags, listing
from kscan.cli import main
from kscan.history import History
from tests.conftest import Scan
from tests.kernels import makefile

_BPF = """\
enum bpf_map_type {{ BPF_MAP_TYPE_UNSPEC, {storage} BPF_MAP_TYPE_LATER, __MAX_BPF_MAP_TYPE = 2 }};
enum bpf_cmd {{ BPF_PROG_TEST_RUN = 10, BPF_PROG_RUN = BPF_PROG_TEST_RUN, __MAX_BPF_CMD }};
enum {{ BPF_ANY = 0,
	BPF_F_LOCK = 4 }};
#define BPF_F_SLEEPABLE (1U << 4)
#define BPF_F_SURPRISE (1U << 30)
#define BPF_F_LEN(len) ((len) << 3)
"""


@pytest.fixture
def lists(read: Scan) -> History:
    old, new = "BPF_MAP_TYPE_STORAGE,", "BPF_MAP_TYPE_STORAGE_DEPRECATED, BPF_MAP_TYPE_STORAGE = 1,"
    return read(
        {
            tag: {"Makefile": makefile(tag), "include/uapi/linux/bpf.h": _BPF.format(storage=words)}
            for tag, words in (("v6.1", old), ("v6.2", new))
        },
        sets=("bpf",),
    )


def test_an_alias_is_another_name_of_the_same_value(lists: History) -> None:
    found = {row["name"]: row for row in listing(lists, ["bpf_map_type", "bpf_cmd"])}
    assert found["BPF_MAP_TYPE_STORAGE"]["aliases"] == "BPF_MAP_TYPE_STORAGE_DEPRECATED"
    assert found["BPF_MAP_TYPE_STORAGE_DEPRECATED"]["first_seen"] == "v6.2"
    assert found["BPF_PROG_RUN"]["aliases"] == "BPF_PROG_TEST_RUN"
    assert found["BPF_MAP_TYPE_LATER"]["aliases"] is None
    assert found["BPF_PROG_RUN"]["group"] == "bpf_cmd"
    assert "__MAX_BPF_CMD" not in found


def test_flags_are_told_by_what_they_are_for(lists: History) -> None:
    assert [(row["name"], row["group"]) for row in flags(lists)] == [
        ("BPF_F_SLEEPABLE", "program load"),
        ("BPF_ANY", "map update"),
        ("BPF_F_LOCK", "map update"),
        ("BPF_F_SURPRISE", "call"),
    ]


@pytest.mark.usefixtures("lists")
def test_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands", "--at", "v6.1", "--format", "csv"]) == 0
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "BPF_PROG_RUN",
        "BPF_PROG_TEST_RUN",
    ]
    assert main(["flags"]) == 0
    assert "program load" in capsys.readouterr().out
