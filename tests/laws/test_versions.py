"""Versions are in one total order, whatever tags and Makefiles spell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.version import KernelVersion
from tests.laws.histories import TIMEOUT, law

pytestmark = pytest.mark.timeout(TIMEOUT)

V = KernelVersion

_number = st.one_of(st.integers(0, 3), st.integers(0, 40)).map(str)
# As tags spell versions: three or four numbers of 2.x and older, two or three of later ones.
_numbers = st.one_of(
    st.builds("{}.{}.{}".format, st.sampled_from([0, 1, 2]), _number, _number),
    st.builds("2.6.{}.{}".format, _number, _number),
    st.builds("{}.{}".format, st.integers(0, 9), _number),
    st.builds("{}.{}.{}".format, st.integers(3, 9), _number, _number),
)
_candidate = st.one_of(st.just(""), st.builds("{}rc{}".format, st.sampled_from(["", "-"]), _number))
_word = st.text("abrcABC019_.+~-", max_size=4)
# A suffix that begins with a point and a number reads as one more number: the test below.
_suffix = st.one_of(
    st.just(""),
    st.sampled_from(["-dontuse", "-tree", "-acme", "-18-amd64", "+", "-rc", "-rc1x"]),
    st.builds("{}{}".format, st.sampled_from("-+"), _word),
)
_spellings = st.builds("{}{}{}{}".format, st.sampled_from(["", "v"]), _numbers, _candidate, _suffix)


_versions = _spellings.map(V.parse).filter(lambda version: version is not None)
Version = KernelVersion


@law(150)
@given(_versions, _versions, _versions)
def test_the_order_is_total_and_transitive(a: Version, b: Version, c: Version) -> None:
    assert [a < b, a == b, a > b].count(True) == 1
    assert (a <= b) == (not b < a)
    assert (a >= b) == (b <= a)
    assert (a < b) == (b > a)
    assert not (a <= b <= c) or a <= c
    assert not (a < b <= c) or a < c


@law(150)
@given(_versions, _versions)
def test_equality_is_of_hash_and_text(a: Version, b: Version) -> None:
    assert (a == b) == (str(a) == str(b))
    assert a != b or hash(a) == hash(b)
    assert (a == b) == (len({a, b}) == 1)
    assert a != str(a)


@law(150)
@given(_spellings)
def test_text_comes_round(text: str) -> None:
    version = V.parse(text)
    if version is None:
        return
    assert V(str(version)) == version
    assert str(V(str(version))) == str(version)
    assert V(text.removeprefix("v")) == V("v" + text.removeprefix("v")) == V(f" {text}\n") == version
    fields = [(v.base, v.point, v.rc, v.suffix, v.tag, v.series) for v in (version, V(str(version)))]
    assert fields[0] == fields[1]


@law(150)
@given(_versions)
def test_a_candidate_comes_before_its_release_and_after_the_one_before(version: Version) -> None:
    bare = V(version.tag)
    release = V(".".join(map(str, (*version.base, version.point)))) if version.point else version.release
    if bare.rc is not None:
        assert bare < release
        assert V(f"{release}-rc{bare.rc + 1}") > bare
    else:
        assert bare == release
    assert version.release <= version or (version.rc is not None and not version.point)
    previous = version.previous
    if previous is not None:
        assert previous < bare
        assert V(f"{previous}.999") < bare
    assert bare <= version


@law(150)
@given(st.lists(_versions, max_size=8), st.randoms(use_true_random=False))
def test_any_shuffle_sorts_the_same(versions: list[Version], random: object) -> None:
    assert hasattr(random, "shuffle")
    mixed = list(versions)
    random.shuffle(mixed)
    assert sorted(mixed) == sorted(versions)
    assert list(map(str, sorted(mixed))) == list(map(str, sorted(versions)))


@pytest.mark.parametrize(
    "text", ["2.6.12.0.5", "v4.2.0.0.3", "v4.3.1.2.5"], ids=["two-six", "zeroes", "five-numbers"]
)
def test_a_suffix_that_is_a_number_comes_round(text: str) -> None:
    """A version's text is that version: numbers that no kernel has are refused."""
    version = V.parse(text)
    assert version is None or V(str(version)) == version


def test_two_versions_of_other_numbers_are_two() -> None:
    """No number is lost."""
    one, other = V.parse("v4.3.1.2"), V.parse("v4.3.1")
    assert one is None or one != other


def test_a_number_that_is_too_long_is_no_version() -> None:
    """Python's int() takes 4300 digits at most."""
    assert V.parse("v4." + "1" * 5000) is None


@pytest.mark.parametrize("other", [None, "v4.3", 4.3])
def test_what_is_no_version_cannot_be_ordered_by(other: object) -> None:
    """As Python's own orders do."""
    with pytest.raises(TypeError):
        assert V("v4.2") < other
