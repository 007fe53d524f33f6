"""A ledger: text and states are each other's, whatever happens to a header from release to release."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kscan.dataset.ledger import Ledger, State, canonical, write
from kscan.errors import KscanError
from kscan.model import Fact, Problem, Reading
from tests.stores import fact, member

PATH = "include/uapi/linux/a.h"


def state(tag: str, *facts: Fact, blob: str = "b", path: str = PATH, **more: object) -> State:
    problems, failure = more.get("problems", ()), more.get("failure")
    assert isinstance(problems, tuple)
    assert failure is None or isinstance(failure, str)
    return State(tag, path, blob, Reading(facts, problems, failure))


def head(tag: str, blob: str = "b", path: str = "") -> str:
    return "\t".join(filter(None, ("=", tag, blob, path)))


X, Y = fact("X", 1, line=5), fact("Y", 2, line=9)
FIRST = [head("v1.0", path=PATH)]
WITH_X = [*FIRST, "+\t5\tmacro\tX\t1\tint"]

# Name of the case: states, and the text that says them.
CASES: dict[str, tuple[list[State], list[str]]] = {
    "an-empty-header": ([state("v1.0")], FIRST),
    "a-fact": ([state("v1.0", X)], WITH_X),
    "a-content-that-says-the-same": (
        [state("v1.0", X), state("v1.1", X, blob="c")], [*WITH_X, head("v1.1", "c")],
    ),
    "a-path": (
        [state("v1.0", X), state("v1.1", X, path="else/a.h")], [*WITH_X, head("v1.1", path="else/a.h")],
    ),
    "a-path-and-back": (
        [state("v1.0"), state("v1.1", path="else/a.h"), state("v1.2", path="else/a.h"), state("v1.3")],
        [*FIRST, head("v1.1", path="else/a.h"), head("v1.2"), head("v1.3", path=PATH)],
    ),
    "appears": ([state("v1.0", X), state("v1.1", X, Y)], [*WITH_X, head("v1.1"), "+\t9\tmacro\tY\t2\tint"]),
    "is-another": (
        [state("v1.0", X), state("v1.1", fact("X", 2, line=5))],
        [*WITH_X, head("v1.1"), "~\t5\tmacro\tX\t2\tint"],
    ),
    "is-another-kind": (
        [state("v1.0", X), state("v1.1", fact("X", 1, "enumerator", 5, owner="e"))],
        [*WITH_X, head("v1.1"), "-\tmacro\tX", "+\t5\tenumerator\tX\t1\tint\t\t\t\t\te"],
    ),
    "is-gone": ([state("v1.0", X), state("v1.1")], [*WITH_X, head("v1.1"), "-\tmacro\tX"]),
    "moves-down": (
        [state("v1.0", X), state("v1.1", X._replace(line=9, end_line=9))], [*WITH_X, head("v1.1"), "@\t5\t4"],
    ),
    "moves-up-with-what-follows": (
        [state("v1.0", X, Y), state("v1.1", X._replace(line=3, end_line=3), Y._replace(line=7, end_line=7))],
        [*WITH_X, "+\t9\tmacro\tY\t2\tint", head("v1.1"), "@\t5\t-2"],
    ),
    "what-follows-stands-still": (
        [state("v1.0", X, Y), state("v1.1", X._replace(line=6, end_line=6), Y)],
        [*WITH_X, "+\t9\tmacro\tY\t2\tint", head("v1.1"), "@\t5\t1", "@\t9\t0"],
    ),
    "change-places": (
        [state("v1.0", X, Y), state("v1.1", Y._replace(line=5, end_line=5), X._replace(line=9, end_line=9))],
        [*WITH_X, "+\t9\tmacro\tY\t2\tint", head("v1.1"), "@\t5\t4", "@\t9\t-4"],
    ),
    "moves-and-another-comes-in-its-place": (
        [state("v1.0", X), state("v1.1", Y._replace(line=5, end_line=5), X._replace(line=6, end_line=6))],
        [*WITH_X, head("v1.1"), "@\t5\t1", "+\t5\tmacro\tY\t2\tint"],
    ),
    "two-of-one-line-part": (
        [state("v1.0", X, Y._replace(line=5, end_line=5)), state("v1.1", X, Y)],
        [*WITH_X, "+\t5\tmacro\tY\t2\tint", head("v1.1"), "~\t9\tmacro\tY\t2\tint"],
    ),
    "two-of-one-line-part-and-the-first-moves": (
        [state("v1.0", X, Y._replace(line=5, end_line=5)),
         state("v1.1", Y._replace(line=5, end_line=5), X._replace(line=7, end_line=7))],
        [*WITH_X, "+\t5\tmacro\tY\t2\tint", head("v1.1"), "@\t5\t2", "~\t5\tmacro\tY\t2\tint"],
    ),
    "the-second-of-two-is-gone": (
        [state("v1.0", X, fact("X", 2, line=7)), state("v1.1", X)],
        [*WITH_X, "+\t7\tmacro\tX\t2\tint", head("v1.1"), "-\tmacro\tX\t#2"],
    ),
    "the-first-of-two-is-gone": (
        [state("v1.0", X, fact("X", 2, line=7)), state("v1.1", fact("X", 2, line=7))],
        [*WITH_X, "+\t7\tmacro\tX\t2\tint", head("v1.1"), "-\tmacro\tX\t#1"],
    ),
    "both-of-two-are-others": (
        [state("v1.0", X, fact("X", 2, line=7)), state("v1.1", fact("X", 3, line=5))],
        [*WITH_X, "+\t7\tmacro\tX\t2\tint", head("v1.1"), "-\tmacro\tX\t#1", "-\tmacro\tX\t#2",
         "+\t5\tmacro\tX\t3\tint"],
    ),
    "one-becomes-two": (
        [state("v1.0", X), state("v1.1", fact("X", 2, line=5), fact("X", 3, line=7))],
        [*WITH_X, head("v1.1"), "-\tmacro\tX", "+\t5\tmacro\tX\t2\tint", "+\t7\tmacro\tX\t3\tint"],
    ),
    "twins-stand-in-one-place": (
        [state("v1.0", X, X), state("v1.1", X)],
        [*WITH_X, "+\t5\tmacro\tX\t1\tint", head("v1.1"), "-\tmacro\tX\t#2"],
    ),
    "lines-of-its-own": (
        [state("v1.0", fact("F", None, "function_macro", 66, end_line=68, type="(a, b)"))],
        [*FIRST, "+\t66+2\tfunction_macro\tF\t\t(a, b)"],
    ),
    "it-grows": (
        [state("v1.0", fact("S", None, "struct", 6, end_line=8, size=4)),
         state("v1.1", fact("S", None, "struct", 6, end_line=9, size=4))],
        [*FIRST, "+\t6+2\tstruct\tS\t\t\t\t\t\t4", head("v1.1"), "~\t6+3\tstruct\tS\t\t\t\t\t\t4"],
    ),
    "members-by-their-place": (
        [state("v1.0", member("s.b", 4, 2, line=3, bit_size=4), member("s.a", 0, 4, line=3))],
        [*FIRST, "+\t3\tmember\ts.a\t\t__u32\t\t0\t\t4", "+\t3\tmember\ts.b\t\t__u32\t\t32\t4\t2"],
    ),
    "no-value-but-a-reason": (
        [state("v1.0", fact("X", None, reason="needs asm/x.h"))], [*FIRST, "+\t1\tmacro\tX\t\t\tneeds asm/x.h"],
    ),
    "a-line-that-could-not-be-read": (
        [state("v1.0", X, problems=(Problem(12, "no C"), Problem(3, "nor this")))],
        [*WITH_X, "!\t12\tno C", "!\t3\tnor this"],
    ),
    "nothing-could-be-read": (
        [state("v1.0", X), state("v1.1", failure="line 3: no C"), state("v1.2", X)],
        [*WITH_X, head("v1.1"), "-\tmacro\tX", "!\t\tline 3: no C", head("v1.2"), "+\t5\tmacro\tX\t1\tint"],
    ),
    "no-file-any-more": ([state("v1.0", X), State("v1.1")], [*WITH_X, "x\tv1.1"]),
    "no-file-for-a-while": (
        [state("v1.0", X), State("v1.1"), state("v1.2", X)],
        [*WITH_X, "x\tv1.1", head("v1.2", path=PATH), "+\t5\tmacro\tX\t1\tint"],
    ),
    "no-file-at-first": ([State("v1.0"), state("v1.1")], ["x\tv1.0", head("v1.1", path=PATH)]),
}  # fmt: skip


@pytest.mark.parametrize(("states", "text"), CASES.values(), ids=list(CASES))
class TestEveryMark:
    def test_states_are_written(self, states: list[State], text: list[str]) -> None:
        assert list(write(states)) == text

    def test_text_is_read(self, states: list[State], text: list[str]) -> None:
        assert Ledger(text, "a.txt").states == in_order(states)


def in_order(states: list[State]) -> list[State]:
    """States as ledgers keep them."""
    return [
        s
        if s.reading is None
        else s._replace(reading=s.reading._replace(facts=tuple(canonical(s.reading.facts))))
        for s in states
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-1, "-1"), (2**63, "9223372036854775808"), (-(2**63), "-9223372036854775808"),
     (2**64 - 1, "18446744073709551615"), (2**128, "340282366920938463463374607431768211456"),
     ("", '""'), ("12", '"12"'), ("a b", '"a b"'), ('say "x"', '"say \\"x\\""'),
     ("tab\tend\n", '"tab\\tend\\n"'),
     ("back\\slash", '"back\\\\slash"'), ("\0", '"\\u0000"'), ("ü", '"\\u00fc"')],
    ids=ascii,
)  # fmt: skip
def test_values_read_back(value: int | str, text: str) -> None:
    type_ = "long" if isinstance(value, int) else f"char [{len(value) + 1}]"
    states = [state("v1.0", fact("X", value, type=type_))]
    lines = list(write(states))
    assert lines == [*FIRST, f"+\t1\tmacro\tX\t{text}\t{type_}"]
    (found,) = Ledger(lines, "a.txt").states
    assert found == states[0]
    assert found.reading is not None
    assert type(found.reading.facts[0].value) is type(value)


_ODD = [
    "",
    " ",
    '"',
    '"quoted"',
    "tab\there",
    "end\t",
    "two\nlines",
    "\r",
    "\x85",
    "\u2028",
    "\\",
    "é",
    "\ud800",
    "#1",
]


@pytest.mark.parametrize("text", _ODD, ids=ascii)
@pytest.mark.parametrize("field", ["type", "reason", "owner"])
def test_odd_text_reads_back(field: str, text: str) -> None:
    given: dict[str, Any] = {field: text}
    states = [state("v1.0", fact("X", None, **given)), state("v1.1")]
    assert Ledger(write(states), "a.txt").states == states


@pytest.mark.parametrize("text", _ODD, ids=ascii)
@pytest.mark.parametrize("failed", [False, True], ids=["problem", "failure"])
def test_odd_reasons_read_back(text: str, failed: bool) -> None:
    told = state("v1.0", failure=text) if failed else state("v1.0", problems=(Problem(1, text),))
    assert Ledger(write([told]), "a.txt").states == [told]


@pytest.mark.parametrize("name", _ODD, ids=ascii)
def test_odd_names_come_change_and_go(name: str) -> None:
    states = [state("v1.0", fact(name, 1)), state("v1.1", fact(name, 2)), state("v1.2")]
    assert Ledger(write(states), "a.txt").states == states


@pytest.mark.parametrize("value", _ODD, ids=ascii)
def test_every_line_is_one_line(value: str) -> None:
    facts = fact(value, value, type=value, reason=value, owner=value)
    lines = list(write([state("v1.0", facts, problems=(Problem(1, value),), failure=value)]))
    assert [line.splitlines() for line in lines] == [[line] for line in lines]


def test_a_stand_has_where_it_began_and_where_it_ends() -> None:
    moved = X._replace(line=7, end_line=7)
    states = [state("v1.0", X), state("v1.1", moved, Y), state("v1.2", moved, Y), State("v1.3")]
    ledger = Ledger(write(states), "a.txt")
    assert sorted(ledger.stands) == [(X, "v1.0", "v1.3"), (Y, "v1.1", "v1.3")]
    assert ledger.shifts == [("v1.1", 5, 2)]
    assert Ledger(write(states[:3]), "a.txt").stands[0].until is None


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        pytest.param(["nonsense"], 1, id="no-mark"),
        pytest.param([""], 1, id="empty"),
        pytest.param([*FIRST, ""], 2, id="empty-inside"),
        pytest.param(["+\t1\tmacro\tX"], 1, id="before-the-first-state"),
        pytest.param(["="], 1, id="no-tag"),
        pytest.param(["=\tv1.0"], 1, id="no-content"),
        pytest.param(["x"], 1, id="gone-from-where"),
        pytest.param([*FIRST, "+"], 2, id="no-place"),
        pytest.param([*FIRST, "+\tone\tmacro\tX"], 2, id="no-line"),
        pytest.param([*FIRST, "+\t1+two\tmacro\tX"], 2, id="no-span"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\tbare"], 2, id="a-value-without-quotes"),
        pytest.param([*FIRST, '+\t1\tmacro\tX\t"open'], 2, id="quotes-left-open"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\t1.5"], 2, id="no-integer"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\t[1]"], 2, id="a-list"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\ttrue"], 2, id="a-truth"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\t1\tint\t\tfar"], 2, id="no-offset"),
        pytest.param([*FIRST, "+\t1\tmacro\tX\t1\tint\t\t\t\t\towner\tmore"], 2, id="a-field-too-many"),
        pytest.param([*WITH_X, head("v1.1"), "-\tmacro\tY"], 4, id="nothing-to-remove"),
        pytest.param([*WITH_X, head("v1.1"), "-\tenumerator\tX"], 4, id="of-another-kind"),
        pytest.param([*WITH_X, head("v1.1"), "-\tmacro\tX\t#2"], 4, id="no-second"),
        pytest.param([*WITH_X, head("v1.1"), "-\tmacro\tX\t#0"], 4, id="no-zeroth"),
        pytest.param([*WITH_X, head("v1.1"), "-\tmacro\tX\ttwo"], 4, id="no-ordinal"),
        pytest.param([*WITH_X, head("v1.1"), "~\t1\tmacro\tY\t1"], 4, id="nothing-to-change"),
        pytest.param([*WITH_X, head("v1.1"), "@\t5"], 4, id="moved-by-nothing"),
        pytest.param([*WITH_X, head("v1.1"), "@\tfive\t1"], 4, id="moved-from-nowhere"),
        pytest.param([*FIRST, "!\t3"], 2, id="no-reason"),
        pytest.param([*FIRST, "!\tthree\tno C"], 2, id="no-line-of-a-problem"),
        pytest.param([*FIRST, "x\tv1.1", "-\tmacro\tX"], 3, id="what-is-gone-has-nothing"),
        pytest.param([*FIRST, "<<<<<<< ours"], 2, id="left-by-a-merge"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named(lines: list[str], number: int) -> None:
    with pytest.raises(KscanError, match=rf"^data/a\.txt:{number}: no line of a ledger ") as raised:
        Ledger(lines, "data/a.txt")
    assert "\n" not in str(raised.value)


# Laws over random headers.

_NAMES = st.sampled_from(["X", "Y", "s", "s.a"])
_TEXTS = st.one_of(st.none(), st.sampled_from(["", "int", "a b", 'a "b"', "a\tb"]))
_FACTS = st.builds(
    lambda kind, name, line, span, *rest: Fact(kind, name, line, line + span, *rest),
    st.sampled_from(["macro", "enumerator", "member"]),
    _NAMES,
    st.integers(1, 6),
    st.integers(0, 1),
    st.one_of(st.none(), st.sampled_from([0, 1, 2**64]), st.sampled_from(["", 'a"b\tc\n'])),
    _TEXTS,
    _TEXTS,
    st.one_of(st.none(), st.integers(0, 1)),
    st.one_of(st.none(), st.integers(0, 1)),
    st.one_of(st.none(), st.integers(0, 1)),
    _TEXTS,
)
_PROBLEMS = st.lists(st.builds(Problem, st.integers(1, 9), st.sampled_from(["", "no C", "a\tb"])), max_size=2)


@st.composite
def _states(draw: st.DrawFn) -> list[State]:
    """A header through a few releases; most facts of one are of the one before, some lines on."""
    line = []
    facts: list[Fact] = []
    pool = draw(st.lists(_FACTS, min_size=1, max_size=4))
    for number in range(draw(st.integers(1, 5))):
        tag = f"v1.{number}"
        if draw(st.integers(0, 5)) == 0:
            line.append(State(tag))
            continue
        kept = [one for one in facts if draw(st.integers(0, 3))]
        starts = draw(st.lists(st.tuples(st.integers(1, 8), st.integers(-2, 3)), max_size=2))
        moved = []
        for one in kept:
            by = max(sum(delta for start, delta in starts if start <= one.line), 1 - one.line)
            moved.append(one._replace(line=one.line + by, end_line=one.end_line + by))
        facts = draw(st.permutations([*moved, *draw(st.lists(st.sampled_from(pool), max_size=3))]))
        path, blob = draw(st.sampled_from(["a.h", "b.h"])), draw(st.sampled_from(["b", "c"]))
        failure = draw(st.sampled_from([None, None, None, "", "no C"]))
        line.append(State(tag, path, blob, Reading(tuple(facts), tuple(draw(_PROBLEMS)), failure)))
    return line


@settings(max_examples=250, deadline=None, derandomize=True)
@given(_states())
@example([state("v1.0", X, X, Y), State("v1.1"), state("v1.2", X)])
def test_what_is_written_is_read(states: list[State]) -> None:
    lines = list(write(states))
    ledger = Ledger(lines, "a.txt")
    assert ledger.states == in_order(states)
    assert list(write(ledger.states)) == lines


@settings(max_examples=250, deadline=None, derandomize=True)
@given(_states())
def test_stands_and_shifts_rebuild_every_release(states: list[State]) -> None:
    ledger = Ledger(write(states), "a.txt")
    tags = [s.tag for s in states]
    for at, found in enumerate(states):
        rebuilt = []
        for stand in ledger.stands:
            first = tags.index(stand.first)
            until = tags.index(stand.until) if stand.until else len(tags)
            if first <= at < until:
                rebuilt.append(shifted(stand.fact, ledger, tags[first + 1 : at + 1]))
        facts = () if found.reading is None else found.reading.facts
        assert canonical(rebuilt) == canonical(facts)


def shifted(fact: Fact, ledger: Ledger, tags: list[str]) -> Fact:
    """A fact after the shifts of some releases, one after the other: of each the last that begins at its
    line or above."""
    for tag in tags:
        by = [delta for at, line, delta in ledger.shifts if at == tag and line <= fact.line][-1:]
        fact = fact._replace(line=fact.line + sum(by), end_line=fact.end_line + sum(by))
    return fact


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_states(), st.randoms(use_true_random=False))
def test_the_order_of_facts_is_no_matter(states: list[State], random: object) -> None:
    mixed = []
    for one in states:
        facts = list(one.reading.facts) if one.reading else []
        random.shuffle(facts)  # type: ignore[attr-defined]
        mixed.append(one._replace(reading=one.reading and one.reading._replace(facts=tuple(facts))))
    assert list(write(mixed)) == list(write(states))
