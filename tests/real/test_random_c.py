"""Random C against gcc: layouts of struct declarations, values of expressions, what #if decides.

Each test makes some hundreds of declarations and has gcc judge them all in one header.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.parse.reading import read
from tests.real.oracle import Agreement, Gcc, compare

HEADER = "our_random.h"
# The types that members are made of: spelling, width in bits, whether arrays of it can be made.
TYPES = [
    *((f"{sign}{name}", bits, True)
      for sign in ("", "unsigned ")
      for name, bits in (("char", 8), ("short", 16), ("int", 32), ("long", 64), ("long long", 64))),
    ("signed char", 8, True), ("_Bool", 1, True), ("enum colour", 32, True), ("wide", 64, True),
    ("loose", 32, True), ("strict", 16, False), ("moded", 16, True),
]  # fmt: skip
PRELUDE = """\
enum colour { RED, GREEN };
typedef unsigned long long wide __attribute__((aligned(8)));
typedef int loose __attribute__((aligned(2)));
typedef unsigned short strict __attribute__((aligned(16)));
typedef int moded __attribute__((mode(HI)));
"""

aligned = st.sampled_from([1, 2, 4, 8, 16, 32]).map(lambda n: f" __attribute__((aligned({n})))")
attributes = st.one_of(
    st.just(""), st.just(""), aligned, st.just(" __attribute__((packed))"),
    aligned.map(lambda a: " __attribute__((packed))" + a),
)  # fmt: skip


@st.composite
def plain(draw: st.DrawFn) -> str:
    spelled, _, array = draw(st.sampled_from(TYPES))
    length = draw(st.sampled_from(["", "", "[3]", "[2][5]", "[0]"])) if array else ""
    star = draw(st.sampled_from(["", "", "", "*"]))
    before, after = draw(st.permutations([draw(attributes), ""]))
    return f"{spelled}{before} {star}NAME{length}{after};"


@st.composite
def bit_field(draw: st.DrawFn) -> str:
    spelled, bits, _ = draw(st.sampled_from(TYPES))
    form = draw(st.sampled_from(["named", "named", "named", "unnamed", "zero"]))
    if form == "zero":
        return f"{spelled} : 0;"
    width = draw(st.integers(1, bits))
    return f"{spelled} {'NAME' if form == 'named' else ''} : {width}{draw(attributes)};"


def record(member: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A struct or union as a member: with a name, as an array, or anonymous."""
    body = st.lists(member, min_size=1, max_size=5).map(" ".join)
    # An anonymous member without a single name inside is one that gcc drops.
    return st.builds(
        lambda kind, body, own, name: f"{kind} {{ int NAME : 3; {body} }}{own}{name};",
        st.sampled_from(["struct", "union"]), body, attributes, st.sampled_from(["", " NAME", " NAME[2]"]),
    )  # fmt: skip


members = st.recursive(st.one_of(plain(), bit_field()), record, max_leaves=8)


@st.composite
def declarations(draw: st.DrawFn) -> str:
    body = "\n\t".join(draw(st.lists(members, min_size=1, max_size=7)))
    kind = draw(st.sampled_from(["struct", "struct", "struct", "union"]))
    pack = draw(st.sampled_from(["", "", "", "1", "2", "4", "8"]))
    text = f"{kind} TAG {{\n\tchar NAME;\n\t{body}\n}}{draw(attributes)};"
    text += f"\n#define TAG_ALIGN __alignof__({kind} TAG)"
    return f"#pragma pack(push, {pack})\n{text}\n#pragma pack(pop)" if pack else text


# Where one type ends and the next begins, and what lies between.
edges = [2**bits + more for bits in (7, 8, 15, 16, 31, 32) for more in (-1, 0, 1)]
whole = st.one_of(st.integers(0, 70), st.sampled_from(edges), st.integers(0, 2**63 - 1))
suffixes = st.sampled_from(["", "", "u", "L", "UL", "ll", "ULL"])
literals = st.one_of(
    st.builds(lambda n, form, suffix: form.format(n) + suffix, whole,
              st.sampled_from(["{}", "{:#x}", "0{:o}"]), suffixes),
    st.builds(lambda n, suffix: f"{n:#x}{suffix}", st.integers(2**63, 2**64 - 1), suffixes),
    st.sampled_from(["'a'", "'\\n'", "'\\377'", "'\\x7f'", "'ab'"]),
)  # fmt: skip


def expressions(leaf: st.SearchStrategy[str], casts: bool) -> st.SearchStrategy[str]:
    """Expressions over `leaf`; shifts and divisors are literals, so that gcc takes all of them."""
    few = st.integers(1, 31).map(str)

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        forms = [
            st.builds(lambda op, a: f"{op}({a})", st.sampled_from(["-", "~", "!", "+"]), inner),
            st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(
                ["+", "-", "*", "&", "|", "^", "&&", "||", "==", "!=", "<", ">", "<=", ">="]), inner),
            st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["<<", ">>", "/", "%"]), few),
            st.builds(lambda c, a, b: f"({c} ? {a} : {b})", inner, inner, inner),
        ]  # fmt: skip
        if casts:
            spelled = st.sampled_from([name for name, *_ in TYPES])
            forms += [
                st.builds(lambda kind, a: f"({kind})({a})", spelled, inner),
                st.builds(lambda a: f"sizeof({a})", inner),
                spelled.map(lambda kind: f"sizeof({kind})"),
                st.builds(lambda kind, a: f"((__typeof__({kind}))({a}))", inner, inner),
            ]
        return st.one_of(forms)

    return st.recursive(leaf, larger, max_leaves=6)


def drawn(strategy: st.SearchStrategy[str], count: int) -> Iterator[str]:
    """`count` examples, their NAMEs numbered and their TAG the number of the example."""
    found: list[str] = []

    @settings(
        max_examples=count, database=None, phases=[Phase.generate], derandomize=True, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    for number, text in enumerate(dict.fromkeys(found)):
        pieces = text.replace("TAG", f"T{number}").split("NAME")
        yield "".join(f"{piece}m{n}" for n, piece in enumerate(pieces[:-1])) + pieces[-1]


def judged(folder: Path, text: str) -> Agreement:
    """kscan's reading of a header compared with gcc's."""
    (folder / HEADER).write_text(text)
    reading = read(text, name=HEADER)
    assert (reading.failure, reading.problems) == (None, ())
    rows: list[dict[str, Any]] = [fact._asdict() for fact in reading.facts]
    return compare(HEADER, rows, Gcc(["-m64", f"-I{folder}"]))


def test_random_structs_are_laid_out_as_gcc_does(tmp_path: Path) -> None:
    texts = list(drawn(declarations(), 600))
    found = judged(tmp_path, PRELUDE + "\n".join(texts) + "\n")
    assert (found.wrong, found.missing) == ([], [])
    assert found.layouts > 5 * len(texts)


def test_random_expressions_have_gccs_value_and_type(tmp_path: Path) -> None:
    texts = list(drawn(expressions(literals, casts=True), 800))
    defines = "".join(f"#define M{number} {text}\n" for number, text in enumerate(texts))
    found = judged(tmp_path, PRELUDE + defines)
    assert (found.wrong, found.missing) == ([], [])
    assert found.evaluated > len(texts) / 2


def test_random_conditions_are_decided_as_gcc_does(tmp_path: Path) -> None:
    texts = list(drawn(expressions(literals, casts=False), 600))
    conditions = "".join(
        f"#if {text}\n#define C{number} 1\n#else\n#define C{number} 0\n#endif\n"
        for number, text in enumerate(texts)
    )
    found = judged(tmp_path, conditions)
    assert (found.wrong, found.missing) == ([], [])
    assert found.evaluated == len(texts)
