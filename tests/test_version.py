"""Kernel versions: how they are read, how they follow one another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.errors import UsageError
from kscan.version import KernelVersion

V = KernelVersion


@pytest.mark.parametrize(
    ("text", "base", "point", "rc", "suffix"),
    [
        ("v2.6.39", (2, 6, 39), 0, None, ""),
        ("2.6.12", (2, 6, 12), 0, None, ""),
        ("v2.6.32.71", (2, 6, 32), 71, None, ""),
        ("v2.6.11-tree", (2, 6, 11), 0, None, "-tree"),
        ("v2.6.12-rc2", (2, 6, 12), 0, 2, ""),
        ("v4.2", (4, 2), 0, None, ""),
        ("v4.2.0", (4, 2), 0, None, ""),
        ("v4.3-rc1", (4, 3), 0, 1, ""),
        ("4.3rc1", (4, 3), 0, 1, ""),
        ("v5.6.4", (5, 6), 4, None, ""),
        ("v5.12-rc1-dontuse", (5, 12), 0, 1, "-dontuse"),
        ("6.1.0-18-amd64", (6, 1), 0, None, "-18-amd64"),
        (" v7.3 ", (7, 3), 0, None, ""),
    ],
)
def test_parsing(text: str, base: tuple[int, ...], point: int, rc: int | None, suffix: str) -> None:
    version = V(text)
    assert (version.base, version.point, version.rc, version.suffix) == (base, point, rc, suffix)


@pytest.mark.parametrize("text", ["", "v", "5", "vv5.6", "v5.", "next-20260101", "5,6", "v5.6 7", "v\u0665.6"])
def test_other_text_is_no_version(text: str) -> None:
    assert V.parse(text) is None


def test_the_error_names_the_text_and_what_is_expected() -> None:
    with pytest.raises(UsageError, match=r"'master' is not a kernel version; expected such as v4\.3"):
        V("master")


ORDER = """
v2.6.12-rc2 v2.6.12 v2.6.12.1 v2.6.39 v3.0-rc1 v3.0 v3.19 v4.0 v4.2 v4.2.8 v4.3-rc1 v4.3-rc2 v4.3-rc10 v4.3
v4.3.1 v4.3.10 v4.10 v5.12-rc1 v5.12-rc1-dontuse v5.12-rc2 v5.12
"""


def test_order() -> None:
    ordered = ORDER.split()
    assert sorted(sorted(ordered), key=V) == ordered
    assert not V("v4.3") < V("v4.3")


@pytest.mark.parametrize(
    ("version", "before"),
    [
        ("v3.0", "v2.6.39"), ("v4.0", "v3.19"), ("v5.0", "v4.20"), ("v6.0", "v5.19"), ("v7.0", "v6.19"),
        ("v4.3", "v4.2"), ("v2.6.13", "v2.6.12"), ("v5.6.4", "v5.5"), ("v4.3-rc1", "v4.2"),
        ("v3.0-rc1", "v2.6.39"), ("v2.6.0", None),
    ],
)  # fmt: skip
def test_the_release_before(version: str, before: str | None) -> None:
    assert V(version).previous == (V(before) if before else None)


@pytest.mark.parametrize(
    ("version", "release", "series", "tag", "mainline", "final"),
    [
        ("v5.6", "v5.6", "v5.6.y", "v5.6", True, True),
        ("v5.6.4", "v5.6", "v5.6.y", "v5.6.4", False, False),
        ("v5.6-rc2", "v5.6", "v5.6.y", "v5.6-rc2", True, False),
        ("v5.12-rc1-dontuse", "v5.12", "v5.12.y", "v5.12-rc1", True, False),
        ("4.3.0-acme", "v4.3", "v4.3.y", "v4.3", False, False),
        ("2.6.32.71", "v2.6.32", "v2.6.32.y", "v2.6.32.71", False, False),
    ],
)
def test_what_a_version_belongs_to(
    version: str, release: str, series: str, tag: str, mainline: bool, final: bool
) -> None:
    v = V(version)
    assert (str(v.release), v.series, v.tag, v.is_mainline, v.is_final) == (
        release,
        series,
        tag,
        mainline,
        final,
    )


numbers = st.integers(0, 40)
versions = st.builds(
    lambda base, point, rc, suffix: V(f"v{base}{point}{rc}{suffix}"),
    st.one_of(st.builds("2.6.{}".format, numbers), st.builds("{}.{}".format, st.integers(3, 7), numbers)),
    st.one_of(st.just(""), st.integers(1, 300).map(".{}".format)),
    st.one_of(st.just(""), st.integers(1, 12).map("-rc{}".format)),
    st.sampled_from(["", "-dontuse", "-tree", "-18-amd64", "+"]),
)


@given(versions)
def test_a_version_reads_back_what_it_writes(version: KernelVersion) -> None:
    assert V(str(version)) == version
    assert hash(V(str(version))) == hash(version)
    assert V(str(version)[1:]) == version


@given(versions, versions, versions)
def test_versions_are_in_total_order(a: KernelVersion, b: KernelVersion, c: KernelVersion) -> None:
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a <= b <= c) or a <= c


@given(versions)
def test_a_version_lies_between_its_neighbours(version: KernelVersion) -> None:
    previous = version.previous
    if version.rc is not None and not version.point:
        assert version < version.release
    elif version.point and version.rc is None:
        assert version > version.release
    assert previous is None or previous < version
