"""Random C against gcc: layouts of struct declarations, values of expressions, what #if decides.

Thousands of them, for programs of 64 bits and of 32: gcc judges hundreds in one header.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parse.reading import read
from tests.real.oracle import Agreement, Gcc, compare
from tests.real.random_c import PRELUDE, Expressions, Structs

HEADER = "our_random.h"
# Where Debian keeps asm/ for either.
ASM = ("-idirafter", "/usr/include/x86_64-linux-gnu")
MACHINES = {"x86-64": ("-m64", 8), "i386": ("-m32", 4)}


@pytest.fixture(params=MACHINES)
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Agreement]:
    """kscan's reading of a header compared with gcc's, for one machine."""
    flag, long_bytes = MACHINES[request.param]

    def judge(text: str) -> Agreement:
        (tmp_path / HEADER).write_text(text)
        reading = read(text, name=HEADER, profile=request.param)
        assert (reading.failure, reading.problems) == (None, ())
        rows: list[dict[str, Any]] = [fact._asdict() for fact in reading.facts]
        found = compare(HEADER, rows, Gcc([flag, f"-I{tmp_path}", *ASM], long_bytes=long_bytes))
        assert found.refused == []
        return found

    return judge


def test_random_structs_are_laid_out_as_gcc_does(judged: Callable[[str], Agreement]) -> None:
    structs, found = Structs(1), Agreement()
    for _ in range(10):
        found.add(judged(structs.header(200)))
    print(f"random structs, -m64 or -m32: {found.figures()}")
    assert (found.wrong, found.missing) == ([], [])
    assert found.evaluated >= structs.made == 2000
    assert found.layouts > 5 * structs.made


def test_random_expressions_have_gccs_value_and_type(judged: Callable[[str], Agreement]) -> None:
    expressions, found = Expressions(2, casts=True), Agreement()
    for _ in range(8):
        texts = [expressions.expression() for _ in range(500)]
        expressions.macros = ("RED", "GREEN", "M1", "M2", "M3")
        found.add(judged(PRELUDE + "".join(f"#define M{n} {text}\n" for n, text in enumerate(texts))))
    print(f"random expressions, -m64 or -m32: {found.figures()}")
    assert (found.wrong, found.missing) == ([], [])
    assert found.evaluated >= 3000


def test_random_conditions_are_decided_as_gcc_does(judged: Callable[[str], Agreement]) -> None:
    expressions, found = Expressions(3, casts=False), Agreement()
    for _ in range(6):
        texts = [expressions.expression() for _ in range(500)]
        conditions = (
            f"#if {text}\n#define C{n} 1\n#else\n#define C{n} 0\n#endif\n" for n, text in enumerate(texts)
        )
        found.add(judged("".join(conditions)))
    print(f"random conditions, -m64 or -m32: {found.figures()}")
    assert (found.wrong, found.missing) == ([], [])
    assert found.evaluated == 3000
