"""A scan gives the same whatever the order, the company, the workers: law, and where it does not hold."""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.history import History
from kscan.rows import Row
from tests.kernels import Files
from tests.laws.histories import (
    TIMEOUT,
    asked,
    assert_same,
    everything,
    exported,
    folder_of,
    histories,
    law,
    read,
    release,
    repository,
)

pytestmark = pytest.mark.timeout(TIMEOUT)


@st.composite
def batches(draw: st.DrawFn, tags: Sequence[str]) -> list[list[str]]:
    """Tags in any order and company; one may be asked for again."""
    left = list(draw(st.permutations(tags)))
    found = []
    while left:
        count = draw(st.integers(1, len(left)))
        found.append([*left[:count], *draw(st.lists(st.sampled_from(tags), max_size=1))])
        left = left[count:]
    return found


@law(12)
@given(histories(at_least=2), st.data())
def test_the_order_of_releases_does_not_matter(releases: Mapping[str, Files], data: st.DataObject) -> None:
    with folder_of(releases) as (folder, linux):
        expected = everything(read(folder / "at-once.sqlite", linux, [list(releases)]))
        parts = data.draw(batches(list(releases)))
        assert_same(everything(read(folder / "in-parts.sqlite", linux, parts)), expected)


@law(6)
@given(histories(at_least=2), st.data())
def test_nor_do_sets_asked_for_before(releases: Mapping[str, Files], data: st.DataObject) -> None:
    """What was read for a header alone, or with the wider set, is the same in the wider set."""
    with folder_of(releases) as (folder, linux):
        expected = everything(read(folder / "at-once.sqlite", linux, [list(releases)]))
        tags = data.draw(st.lists(st.sampled_from(list(releases)), min_size=1, unique=True))
        narrow = read(folder / "narrow.sqlite", linux, [[tag] for tag in tags], None, "linux/base.h")
        found = everything(read(narrow, linux, [list(releases)]))
        # Only what a release was read for differs, and that no answer shows.
        assert_same(found, expected)


@law(5)
@given(histories(at_least=2), st.integers(2, 5))
def test_nor_how_many_threads_work(releases: Mapping[str, Files], workers: int) -> None:
    with folder_of(releases) as (folder, linux), ThreadPoolExecutor(workers) as executor:
        expected = everything(read(folder / "one.sqlite", linux, [list(releases)]))
        found = read(folder / "many.sqlite", linux, [list(releases)], executor)
        assert_same(everything(found), expected)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two processes that read one history after another, and remember."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_nor_which_processes(processes: Executor) -> None:
    @law(5)
    @given(histories(at_least=2))
    def holds(releases: Mapping[str, Files]) -> None:
        with folder_of(releases) as (folder, linux):
            expected = everything(read(folder / "here.sqlite", linux, [list(releases)]))
            found = read(folder / "elsewhere.sqlite", linux, [list(releases)], processes)
            assert_same(everything(found), expected)

    holds()


# Where it does not hold. Each is the smallest example.


def together_and_alone(
    folder: Path, releases: Mapping[str, Mapping[str, str]], parts: Sequence[Sequence[str]], tag: str
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """What `tag` has, and what could not be read of it: after a scan in parts, and of itself alone."""
    linux = repository(folder / "linux.git", {t: release(t, headers) for t, headers in releases.items()})
    answers = []
    for name, asked_for in (("together", parts), ("alone", [[tag]])):
        with asked(read(folder / f"{name}.sqlite", linux, asked_for)) as history:
            answers.append((history.at(tag), [row for row in history.problems() if row["tag"] == tag]))
    (facts, problems), (expected, known) = answers
    return facts, problems, expected, known


def test_a_text_under_another_name_includes_its_own_neighbours(tmp_path: Path) -> None:
    """Equal text in another folder finds other files by "x.h": a trace is of a header, not of a content
    alone."""
    text = '#include "x.h"\n#include <linux/x.h>\n#ifdef IN_SUB\n#define SUB 1\n#else\n#define SUB 2\n#endif\n'
    beside = {"linux/x.h": "#define X 1\n", "linux/sub/x.h": "#define IN_SUB 1\n"}
    releases = {"v4.1": {**beside, "linux/a.h": text}, "v4.2": {**beside, "linux/sub/a.h": text}}
    found, _, expected, _ = together_and_alone(tmp_path, releases, [["v4.1"], ["v4.2"]], "v4.2")
    assert found == expected


def test_a_text_that_moves_to_asm_generic_is_read_through_asm(tmp_path: Path) -> None:
    """User space reaches asm-generic/a.h through asm/a.h; the same text under linux/ is reached otherwise."""
    text = "#ifdef WORDS\n#define WIDE 1\n#else\n#define WIDE 2\n#endif\n"
    asm = "#define WORDS 64\n#include <asm-generic/a.h>\n"
    releases = {"v4.1": {"linux/a.h": text}, "v4.2": {"asm-generic/a.h": text, "asm/a.h": asm}}
    found, _, expected, _ = together_and_alone(tmp_path, releases, [["v4.1"], ["v4.2"]], "v4.2")
    assert found == expected


def test_a_header_that_asm_stands_in_for_is_none_of_the_release(tmp_path: Path) -> None:
    """User space gets v4.2's asm/a.h and never its asm-generic/a.h, which so has no facts; in v4.1 the
    two are one
    file. A trace keeps that, not only that their contents are equal."""
    text = "#define A 1\n"
    releases = {"v4.1": {"asm-generic/a.h": text}, "v4.2": {"asm-generic/a.h": text, "asm/a.h": text}}
    found, _, expected, _ = together_and_alone(tmp_path, releases, [["v4.1"], ["v4.2"]], "v4.2")
    assert found == expected


def test_what_is_wrong_with_a_header_names_that_header(tmp_path: Path) -> None:
    """Two headers of the same text: each reason names its own."""
    releases = {"v4.1": {"linux/a.h": "#error no\n"}, "v4.2": {"linux/b.h": "#error no\n"}}
    _, found, _, expected = together_and_alone(tmp_path, releases, [["v4.1"], ["v4.2"]], "v4.2")
    assert found == expected


def test_what_include_next_passes_over_is_still_included_after_it(tmp_path: Path) -> None:
    """#include_next finds nothing here; the #include of the same name that follows does, and the trace
    says so."""
    text = (
        "#include_next <linux/x.h>\n#include <linux/x.h>\n#ifdef X\n#define A 1\n#else\n#define A 2\n#endif\n"
    )
    releases = {"v4.1": {"linux/a.h": text, "linux/x.h": "#define X 1\n"}, "v4.2": {"linux/a.h": text}}
    found, _, expected, _ = together_and_alone(tmp_path, releases, [["v4.1"], ["v4.2"]], "v4.2")
    assert found == expected


@pytest.mark.parametrize(
    "include",
    [
        pytest.param("/* ours */ #include <linux/b.h>", id="after-a-comment"),
        pytest.param("#include /* ours */ <linux/b.h>", id="around-a-comment"),
        pytest.param("#include \\\n<linux/b.h>", id="continued"),
        pytest.param("#inc\\\nlude <linux/b.h>", id="continued-within-its-word"),
        pytest.param("%:include <linux/b.h>", id="digraph"),
        pytest.param("#define THERE <rdma/b.h>\n#include THERE", id="macro"),
    ],
)
def test_an_include_is_one_however_it_is_spelled(tmp_path: Path, include: str) -> None:
    """The scan sees what a header includes before it reads it, as the preprocessor will: what it missed
    would be
    there only where a neighbour in the same job includes it, too."""
    small = {"linux/a.h": f"{include}\n#define A B\n", "linux/b.h": "#define B 7\n"}
    # Where a macro names it, gcc takes the word linux for a macro, too.
    small["rdma/b.h"] = small["linux/b.h"]
    # Each job has two headers or more then, on up to 64 cores.
    many = {f"linux/c{number}.h": f"#define C{number} 1\n" for number in range(640)}
    releases = {"v4.1": {**small, **many}, "v4.2": small}
    found, _, expected, _ = together_and_alone(tmp_path, releases, [["v4.1", "v4.2"]], "v4.2")
    assert found == expected


def test_an_export_has_one_order(tmp_path: Path) -> None:
    """Rows of releases beside the mainline come in the order of releases, not of their scan."""
    tags = ("v4.1.1", "v4.1.2")
    releases = {tag: release(tag, {"linux/a.h": f"#define A {tag[-1]}\n"}) for tag in tags}
    linux = repository(tmp_path / "linux.git", releases)
    texts = set()
    for number, order in enumerate(permutations(tags)):
        with asked(read(tmp_path / f"{number}.sqlite", linux, [[tag] for tag in order])) as history:
            texts.add(exported(history))
            assert [row["from"] for row in history.spans("A")] == list(tags)
    assert len(texts) == 1


def test_a_tag_finds_its_own_release(tmp_path: Path) -> None:
    """Of two tags of one version each can be asked for."""
    texts = {"v4.2": "#define A 1\n", "v4.2.0": "#define A 2\n"}
    releases = {tag: release(tag, {"linux/a.h": text}) for tag, text in texts.items()}
    linux = repository(tmp_path / "linux.git", releases)
    for number, order in enumerate(permutations(texts)):
        with asked(read(tmp_path / f"{number}.sqlite", linux, [[tag] for tag in order])) as history:
            assert {tag: _value(history, tag) for tag in texts} == {"v4.2": 1, "v4.2.0": 2}


def _value(history: History, tag: str) -> object:
    return history.at(tag, "A")[0]["value"]
