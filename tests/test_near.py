"""The nearest names and tags to one that is not there."""

import pytest

from kscan.near import MOST, near_names, near_tags

NAMES = ("BPF_FUNC_map_lookup_elem", "BPF_FUNC_map_update_elem", "BPF_MAP_LOOKUP_ELEM",
         "PACKET_FANOUT_EBPF", "PACKET_FANOUT_CBPF", "SO_ATTACH_BPF", "bpf_insn", "bpf_insn.code", "__sk_buff",
         "IFLA_XDP")  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        pytest.param("bpf_map_update_elem", "BPF_FUNC_map_update_elem", id="helper"),
        pytest.param("map_update_elem", "BPF_FUNC_map_update_elem", id="bare-helper"),
        pytest.param("BPF_FUNC_map_lookup_elm", "BPF_FUNC_map_lookup_elem", id="typo"),
        pytest.param("PACKET_FANOUT_EPBF", "PACKET_FANOUT_EBPF", id="swapped"),
        pytest.param("packet_fanout_ebpf", "PACKET_FANOUT_EBPF", id="case"),
        pytest.param("SO_ATACH_BPF", "SO_ATTACH_BPF", id="letter-missing"),
        pytest.param("bpf_inns", "bpf_insn", id="type"),
        pytest.param("bpf_insn.kode", "bpf_insn.code", id="member"),
    ],
)
def test_the_nearest_comes_first(asked: str, first: str) -> None:
    assert near_names(asked, NAMES)[0] == first


def test_both_readings_of_a_helper_are_near() -> None:
    near = near_names("bpf_map_lookup_elem", NAMES)
    assert set(near[:2]) == {"BPF_MAP_LOOKUP_ELEM", "BPF_FUNC_map_lookup_elem"}
    assert near_names("BPF_FUNC_map_lookup_elem", ["bpf_map_lookup_elem"]) == ["bpf_map_lookup_elem"]


@pytest.mark.parametrize("asked", ["", "x", "something_else_entirely", "ZZZ"])
def test_far_names_are_not_offered(asked: str) -> None:
    assert near_names(asked, NAMES) == []


def test_members_are_offered_for_members_only() -> None:
    assert near_names("bpf_insn_cod", NAMES) == ["bpf_insn"]


def test_few_are_offered_in_an_order_of_their_own() -> None:
    names = [f"FLAG_{number:02}" for number in range(20)]
    found = near_names("FLAG_99", names)
    assert len(found) == MOST
    assert found == near_names("FLAG_99", reversed(names))


TAGS = ["v4.9", "v4.2", "v4.3", "v4.4-rc1", "v4.4", "v4.10", "v5.6", "debian-12"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        pytest.param("v4.5", ["v4.3", "v4.4-rc1", "v4.4", "v4.9", "v4.10"], id="between"),
        pytest.param("v2.6.12", ["v4.2", "v4.3", "v4.4-rc1", "v4.4", "v4.9"], id="older"),
        pytest.param("v7.0", ["v4.9", "v4.10", "v5.6"], id="newer"),
        pytest.param("debian-11", ["debian-12"], id="label"),
        pytest.param("nothing", [], id="far"),
    ],
)
def test_near_tags(asked: str, near: list[str]) -> None:
    assert near_tags(asked, TAGS) == near
