"""How the files of a report are called."""

from hashlib import sha256

from kscan.report.paths import stems


def test_a_name_is_its_file_where_it_can_be() -> None:
    assert stems(["bpf_insn", "linux/bpf.h"]) == {"bpf_insn": "bpf_insn", "linux/bpf.h": "linux-bpf.h"}


def test_no_two_are_called_alike_whatever_the_case() -> None:
    names = ["xt_DSCP.h", "xt_dscp.h", "a/b.h", "a-b.h", "A-B.h"]
    found = stems(names)
    assert len({stem.casefold() for stem in found.values()}) == len(names)
    assert found == stems(reversed(names))
    # The others are told by what they are, not by how many there are.
    assert found["xt_dscp.h"] == f"xt_dscp.h-{sha256(b'xt_dscp.h').hexdigest()[:8]}"


def test_a_long_name_is_cut() -> None:
    (stem,) = stems(["ü" * 300]).values()
    assert len(stem.encode()) < 255
    assert stem.startswith("ü" * 99)
