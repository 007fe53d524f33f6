"""`#pragma pack` against gcc: the rows of tests/parse, each laid out."""

import subprocess

import pytest

from tests.parse.test_packing import ASKED

# The member's own alignment, which holds where nothing is asked for.
_OWN = 16


@pytest.mark.parametrize(("pragmas", "limit"), ASKED.values(), ids=ASKED)
def test_gcc_packs_as_the_rows_say(pragmas: tuple[str, ...], limit: int) -> None:
    text = "".join(f"#pragma {pragma}\n" for pragma in pragmas)
    text += "struct s { char first; __int128 second; };\n"
    text += f'_Static_assert(__builtin_offsetof(struct s, second) == {limit or _OWN}, "");\n'
    command = ["gcc", "-w", "-fsyntax-only", "-x", "c", "-"]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)
