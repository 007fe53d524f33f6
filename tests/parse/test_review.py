"""Constructs that once gave a wrong answer or none: each stays as gcc has it."""

import pytest

from tests.conftest import Scan
from tests.kernels import makefile


def values(read: Scan, header: str, **more: str) -> dict[str, tuple[object, ...]]:
    """Value and type of every macro of a header, beside other files (slashes as two underscores)."""
    files = {"Makefile": makefile("v5.6"), "include/uapi/linux/own.h": header}
    files |= {f"include/uapi/linux/{name}.h": text for name, text in more.items()}
    rows = read({"v5.6": files}).at("v5.6", scope="uapi")
    return {r["name"]: (r["value"], r["type"]) for r in rows if r["header"] == "linux/own.h"}


def test_a_literal_inside_sizeof_counts_in_the_branch_not_taken(read: Scan) -> None:
    found = values(read, "#define X (1 ? -1 : sizeof(char [16]))\n")
    assert found["X"] == (18446744073709551615, "unsigned long")


def test_what_a_header_defines_itself_stays_beside_what_programs_include(read: Scan) -> None:
    header = "#define SIOCOURS 7\n#define _IO(a, b) 5\n#define Y _IO(1, 2)\n"
    ambient = {"ioctl": "#define _IO(a, b) 3\n", "sockios": "#define SIOCOURS 9\n"}
    found = values(read, header, **ambient)
    assert (found["SIOCOURS"][0], found["Y"][0]) == (7, 5)
    assert "_IO" in found


def test_a_header_read_twice_keeps_the_types_of_both_times(read: Scan) -> None:
    own = (
        "#ifndef ONCE\n#define ONCE\nstruct first { int a; };\n#include <linux/back.h>\n"
        "#else\nstruct second { int b; };\n#endif\n"
    )
    found = values(read, own, back="#include <linux/own.h>\n")
    assert {"first", "second"} <= found.keys()


@pytest.mark.parametrize(
    "header",
    [
        "typedef int mode_less __attribute__((mode));\n#define OK 1\n",
        "typedef int vector_less __attribute__((vector_size));\n#define OK 1\n",
        "#define EMPTY __builtin_constant_p()\n#define OK 1\n",
        "typedef long wide __attribute__((mode(TI)));\n#define CAST ((wide)1)\n#define OK 1\n",
        f"#define LONG {'1+' * 5000}1\n#define OK 1\n",
        f"#define F(x) x\n#define DEEP {'F(' * 3000}1{')' * 3000}\n#define OK 1\n",
    ],
    ids=["mode", "vector", "asks-nothing", "mode-of-16", "long", "deep"],
)
def test_one_odd_declaration_loses_nothing_else(read: Scan, header: str) -> None:
    assert values(read, header)["OK"] == (1, "int")


@pytest.mark.parametrize(
    "header",
    ["typedef a_t a_t;\na_t x(void);\n#define Y ((a_t)1)\n", f"int {'*' * 3000}p;\n"],
    ids=["itself", "stars"],
)
def test_what_has_no_end_is_one_unread_header(read: Scan, header: str) -> None:
    history = read({"v5.6": {"Makefile": makefile("v5.6"), "include/uapi/linux/own.h": header}})
    assert [row["headers"] for row in history.list_releases()] == [1]
