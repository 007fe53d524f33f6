"""Internal headers and sources: macros of every branch, functions by their braces."""

import pytest

from kscan.model import INTERNAL
from tests.parse.reading import lines, table

FILES = {
    "macros of every branch": (
        """
#ifdef CONFIG_OURS
#define OURS 1
#else
#define OURS 0
#endif
#include <linux/nowhere.h>
#error never mind
#define CALL(a, b) run(a, b)
#define SELF SELF
#define ALIAS OURS
""",
        """
2 macro OURS ! defined differently by branches
4 macro OURS ! defined differently by branches
8 function_macro CALL (a, b)
10 macro ALIAS ! OURS is no constant known here
""",
    ),
    "what a configuration decides has no value": (
        "#define A CONFIG_HZ\n#define B sizeof(struct sk_buff)\n",
        """
1 macro A ! CONFIG_HZ is no constant known here
2 macro B ! struct sk_buff is not defined here
""",
    ),
    "functions": (
        """
static int one(int a)
{
    if (a) {
        return 1;
    }
    return 0;
}
int declared(int a);
struct thing *two(struct thing *t,
                  int b)
{
    return t;
}
EXPORT_SYMBOL(two);
static __always_inline unsigned long three(void) { return 3; }
""",
        """
1-7 function one
9-13 function two
15 function three
""",
    ),
    "braces that are no function": (
        """
struct s { int a; };
static const struct s table[] = {
    { .a = call(1) },
};
enum { A, B };
static struct s one = { 1 };
union u { int a; } __attribute__((transparent_union));
int last(void) { return 0; }
""",
        """
8 function last
""",
    ),
    "braces in a string that goes on over its line's end": (
        r"""
void one(void)
{
    say("first }\
        second }");
}
int two(void) { return 2; }
""",
        """
1-5 function one
6 function two
""",
    ),
    "braces in strings and characters": (
        r"""
int one(int a)
{
    if (a == '{' || a == '\'' || a == '"') { say("}\"}", L'}'); }
    say("{" \
        "}" ); if (a) { \
        a = '}'; }
    return '}';
} int two(void) { return 0; } int three(void)
{
    return 1; } int four(void) { return a ? '{' : 2; }
asm("it's {");
int five(void) {
    lone ' {
}
""",
        """
1-8 function one
8-10 function three
8 function two
10 function four
12-14 function five
""",
    ),
    "a brace that opens in both branches": (
        """
#ifdef CONFIG_NET
static int run(struct a *a)
{
#else
static int run(struct b *b)
{
#endif
    return 1;
}
int after(void)
{
#ifdef CONFIG_X
    if (x) {
#else
    if (y) {
#endif
        z();
    }
    return 0;
}
int last(void) { return 1; }
""",
        """
2-9 function run
10-20 function after
21 function last
""",
    ),
    "heads made by macros": (
        """
SYSCALL_DEFINE3(bpf, int, cmd, union bpf_attr __user *, attr, unsigned int, size)
{
    return 0;
}
COMPAT_SYSCALL_DEFINE1(ours, int, a)
{
    return 0;
}
SYSCALL_DEFINE0(none)
{
    return 0;
}
BPF_CALL_2(bpf_lookup, struct bpf_map *, map, void *, key)
{
    return 0;
}
""",
        """
1-4 function sys_bpf
5-8 function compat_sys_ours
9-12 function sys_none
13-16 function bpf_lookup
""",
    ),
    "attributes before and after a name": (
        """
static __printf(1, 2) void say(const char *format, ...)
{
}
__attribute__((noinline)) int one(void)
{
}
static void two(struct lock *l) __acquires(l)
{
}
""",
        """
1-3 function say
4-6 function one
7-9 function two
""",
    ),
    "braces in strings, characters and comments": (
        """
int one(void)
{
    say("}{", '}'); /* } */ // }
}
int two(void) { return 0; }
""",
        """
1-4 function one
5 function two
""",
    ),
    "a comment without end": ("int a;\n/* and\n", "failure line 2: comment without end\n"),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(FILES))
def test_internal_files(text: str, expected: list[str], files: dict[str, str]) -> None:
    found = lines(text, files, scope=INTERNAL, name="net/core/our.c")
    assert [line for line in found if " use " not in line] == expected


DUAL = """\
#define BOTH 1
#ifdef __KERNEL__
#define KERNEL 2
static inline int inside(void)
{
    return 0;
}
#if CONFIG_X
#define DEEPER 3
#endif
#else
#define USER 4
#endif
#ifndef __KERNEL__
#define ALSO_USER 5
#else
#define ALSO_KERNEL 6
#endif
#if defined(__KERNEL__) && defined(CONFIG_Y)
#define LAST_KERNEL 7
#endif
"""


def test_a_header_of_both_is_split_by_its_kernel_part() -> None:
    """Before v3.7 one file serves user space and the kernel: neither scope sees the other's part."""
    user = lines(DUAL)
    kernel = lines(DUAL, scope=INTERNAL, dual=True)
    assert user == ["1 macro BOTH = 1 int", "12 macro USER = 4 int", "15 macro ALSO_USER = 5 int"]
    assert kernel == [
        "3 macro KERNEL = 2 int", "4-7 function inside", "9 macro DEEPER = 3 int",
        "17 macro ALSO_KERNEL = 6 int", "20 macro LAST_KERNEL = 7 int",
    ]  # fmt: skip
