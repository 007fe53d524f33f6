"""Constants with C's value, sign and width."""

import pytest

from tests.parse.reading import lines, read, table

CONSTANTS = {
    "values with sign and width": (
        """
#define A (-1L)
#define B (0xfffffULL << 32)
#define C ~0x7ffU
#define D ~0U
#define E (~0UL)
#define F (1UL << 63)
#define G 0x80000000
#define H 2147483648
#define I 0xffffffffffffffff
#define J (1 << 31)
""",
        """
1 macro A = -1 long
2 macro B = 4503595332403200 unsigned long long
3 macro C = 4294965248 unsigned int
4 macro D = 4294967295 unsigned int
5 macro E = 18446744073709551615 unsigned long
6 macro F = 9223372036854775808 unsigned long
7 macro G = 2147483648 unsigned int
8 macro H = 2147483648 long
9 macro I = 18446744073709551615 unsigned long
10 macro J = -2147483648 int
""",
    ),
    "literals": (
        """
#define A 010
#define B 0
#define C 0x1F
#define D 0b101
#define E 10L
#define F 10ull
#define G 08
#define H 1.5
""",
        """
1 macro A = 8 int
2 macro B = 0 int
3 macro C = 31 int
4 macro D = 5 int
5 macro E = 10 long
6 macro F = 10 unsigned long long
7 macro G ! not an expression
8 macro H ! a floating constant
""",
    ),
    "characters": (
        r"""
#define A 't'
#define B '\n'
#define C '\0'
#define D '\''
#define E '\\'
#define F '\x41'
#define G '\101'
#define H '\377'
#define I 'ab'
#define J '"'
""",
        """
1 macro A = 116 int
2 macro B = 10 int
3 macro C = 0 int
4 macro D = 39 int
5 macro E = 92 int
6 macro F = 65 int
7 macro G = 65 int
8 macro H = -1 int
9 macro I = 24930 int
10 macro J = 34 int
""",
    ),
    "strings": (
        r"""
#define A "abc"
#define B "a" "b"
#define C "say \"x\"\n"
#define D A B
#define E ""
#define F "\x41\0"
#define G "ü"
#define H "\377"
""",
        r"""
1 macro A = 'abc' char [4]
2 macro B = 'ab' char [3]
3 macro C = 'say "x"\n' char [9]
4 macro D = 'abcab' char [6]
5 macro E = '' char [1]
6 macro F = 'A\x00' char [3]
7 macro G = 'ü' char [3]
8 macro H = '\\xff' char [2]
""",
    ),
    "characters by their number in Unicode": (
        r"""
#define A "\u00e9"
#define B "\U0001F600"
#define C "x\u00E9f" "\u20ac"
#define D "\\u00e9"
#define E "\U00110000 \u12"
#define F sizeof("\u00e9\U0010ffff")
#define G '\u00e9'
#define H 'é'
#define I 'ab\u00e9c'
#define J '\u0024'
#define K L'a'
#define L L'é'
""",
        r"""
1 macro A = 'é' char [3]
2 macro B = '😀' char [5]
3 macro C = 'xéf€' char [8]
4 macro D = '\\u00e9' char [7]
5 macro E = 'U00110000 u12' char [14]
6 macro F = 7 unsigned long
7 macro G = 50089 int
8 macro H = 50089 int
9 macro I = 1656990051 int
10 macro J = 36 int
11 macro K = 97 int
12 macro L ! a wide character
""",
    ),
    "sizes of strings": (
        r"""
#define A sizeof("abc")
#define B sizeof("a" "b")
#define C (sizeof("\377") + sizeof("\n"))
""",
        """
1 macro A = 4 unsigned long
2 macro B = 3 unsigned long
3 macro C = 4 unsigned long
""",
    ),
    "ternaries": (
        """
#define A (1 ? 2 : 3)
#define B (0 ? 2 : 3U)
#define C (sizeof(long) == 8 ? -1 : 1L)
#define D (1 ? 2 : nothing_known)
extern unsigned long known;
#define E (1 ? -1 : known)
#define F (1 ? -1 : 1U / 0)
#define G (1 ? 1 : 2.5)
#define H (0 ? 1 / 0 < 2 : !known)
#define I (1 ? -1 : known << 70)
#define J (1 ? -1 : (unsigned char)known)
#define K (1 ? -1 : sizeof(struct nowhere))
extern unsigned wide __attribute__((mode(DI)));
#define L (1 ? -1 : wide)
""",
        """
1 macro A = 2 int
2 macro B = 3 unsigned int
3 macro C = -1 long
4 macro D ! nothing_known is no constant known here
6 macro E = 18446744073709551615 unsigned long
7 macro F = 4294967295 unsigned int
8 macro G ! a floating constant
9 macro H ! known is no constant known here
10 macro I = 18446744073709551615 unsigned long
11 macro J = -1 int
12 macro K ! struct nowhere is not defined here
14 macro L ! the machine mode of wide
""",
    ),
    "shifts": (
        """
#define A (1 << 4)
#define B (-16 >> 2)
#define C (1ULL << 40)
#define D (1 << 32)
#define E (0x80000000 >> 31)
#define F (1 << -1)
""",
        """
1 macro A = 16 int
2 macro B = -4 int
3 macro C = 1099511627776 unsigned long long
4 macro D ! shift by 32 in 32 bits
5 macro E = 1 unsigned int
6 macro F ! shift by -1 in 32 bits
""",
    ),
    "casts to typedefs": (
        """
#include <linux/types.h>
#define A ((__u16)-1)
#define B ((__s8)200)
#define C ((__u64)1 << 40)
#define D ((__be16)0x1234)
#define E ((unknown_t)1)
#define F ((_Bool)5)
""",
        """
2 macro A = 65535 unsigned short
3 macro B = -56 signed char
4 macro C = 1099511627776 unsigned long long
5 macro D = 4660 unsigned short
6 macro E ! not an expression
7 macro F = 1 _Bool
""",
    ),
    "division and remainder of negatives": (
        """
#define A (-7 / 2)
#define B (-7 % 2)
#define C (7 / -2)
#define D (7 % -2)
#define E (1 / 0)
#define F (1 % 0)
#define G (-7 / 2U)
""",
        """
1 macro A = -3 int
2 macro B = -1 int
3 macro C = -3 int
4 macro D = 1 int
5 macro E ! division by zero
6 macro F ! division by zero
7 macro G = 2147483644 unsigned int
""",
    ),
    "logic that stops early": (
        """
#define A (0 && 1 / 0)
#define B (1 || 1 / 0)
#define C (!5)
#define D (5 && 7)
""",
        """
1 macro A = 0 int
2 macro B = 1 int
3 macro C = 0 int
4 macro D = 1 int
""",
    ),
    "comparisons of mixed sign": (
        """
#define A (-1 < 0U)
#define B (-1 < 0)
#define C (-1L < 0U)
""",
        """
1 macro A = 0 int
2 macro B = 1 int
3 macro C = 1 int
""",
    ),
    "__builtin_constant_p": (
        """
#define SWAP(x) (__builtin_constant_p(x) ? ((x) << 8) : run_time(x))
static inline unsigned int run_time(int x) { return x; }
#define A SWAP(1)
#define B (1 ? 2 : somewhere_else(3))
""",
        """
1 function_macro SWAP (x)
2 function run_time
3 macro A = 256 unsigned int
4 macro B ! a call of somewhere_else, which is no macro here
""",
    ),
    "casts to the type of something": (
        """
#define ALIGN(x, a) (((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define A ALIGN(5, 4)
#define B ALIGN(5UL, 8)
#define C ((typeof(1ULL))-1)
#define D ((__typeof__(1 ? 1 : sizeof(int)))-1)
""",
        """
1 function_macro ALIGN (x, a)
2 macro A = 8 int
3 macro B = 8 unsigned long
4 macro C = 18446744073709551615 unsigned long long
5 macro D = 18446744073709551615 unsigned long
""",
    ),
    "conditions within conditions": (
        f"#define A {'(' * 90}1{'?1:0)' * 90}\n#define B {'(' * 90}1{'?0:1)' * 90}\n",
        "1 macro A = 1 int\n2 macro B = 1 int\n",
    ),
    "sizes and offsets": (
        """
struct s { char a; int b; struct { long c; } d; };
#define A sizeof(struct s)
#define B __alignof__(struct s)
#define C __builtin_offsetof(struct s, b)
#define D ((unsigned long)&((struct s *)0)->b)
#define E __builtin_offsetof(struct s, d.c)
#define F sizeof(int)
#define G sizeof 5
#define H sizeof(struct nowhere)
#define I sizeof(char[12])
#define J sizeof(void *)
""",
        """
1 struct s size 16
1 member s.a char @0
1 member s.b int @32
1 member s.d struct @64
1 member s.d.c long @64
2 macro A = 16 unsigned long
3 macro B = 8 unsigned long
4 macro C = 4 unsigned long
5 macro D = 4 unsigned long
6 macro E = 8 unsigned long
7 macro F = 4 unsigned long
8 macro G = 4 unsigned long
9 macro H ! struct nowhere is not defined here
10 macro I = 12 unsigned long
11 macro J = 8 unsigned long
""",
    ),
    "sizes of members": (
        """
struct s { char a; long long b; struct { int c[3]; } d; };
#define A sizeof(((struct s *)0)->b)
#define B sizeof(((struct s *)0)->d.c)
#define C sizeof ((struct s *)0)->d
#define D sizeof(((struct s *)0)->nothing)
#define E sizeof(somebody->a)
#define F sizeof(((struct nowhere *)0)->a)
""",
        """
1 struct s size 32
1 member s.a char @0
1 member s.b long long @64
1 member s.d struct @128
1 member s.d.c int [3] @128
2 macro A = 8 unsigned long
3 macro B = 12 unsigned long
4 macro C = 12 unsigned long
5 macro D ! no member nothing
6 macro E ! not a constant expression
7 macro F ! no member a
""",
    ),
    "numbers that fit no type": (
        """
#define A 9223372036854775807
#define B (-9223372036854775808)
#define C (9223372036854775808 > -1)
#define D 18446744073709551615UL
#define E 0xffffffffffffffff
#define F 0x1ffffffffffffffff
#if 18446744073709551615 > 0
#define G 089
#endif
""",
        """
1 macro A = 9223372036854775807 long
2 macro B ! 9223372036854775808 fits no type
3 macro C ! 9223372036854775808 fits no type
4 macro D = 18446744073709551615 unsigned long
5 macro E = 18446744073709551615 unsigned long
6 macro F ! 0x1ffffffffffffffff fits no type
8 macro G ! not an expression
""",
    ),
    "arithmetic with pointers": (
        """
#define A ((unsigned long)((int *)0 + 1))
#define B ((int *)16 - 1)
struct s { int a, b; };
#define C ((unsigned long)(&((struct s *)0)->b + 1))
#define D ((unsigned long)&((struct s *)0)->b + 1)
#define E (&((struct s *)0)->b - &((struct s *)0)->a)
#define F ((void *)4096 + 4)
#define G (2 + (struct s *)8)
#define H ((long *)24 - (long *)8)
""",
        """
1 macro A = 4 unsigned long
2 macro B = 12 unsigned long
3 struct s size 8
3 member s.a int @0
3 member s.b int @32
4 macro C ! arithmetic with addresses
5 macro D = 5 unsigned long
6 macro E ! arithmetic with addresses
7 macro F = 4100 unsigned long
8 macro G = 24 unsigned long
9 macro H = 2 long
""",
    ),
    "wide characters": (
        r"""
#define A L"x"
#define B sizeof(L"abc")
#define C L'\xff'
#define D L'a'
#define E u'a'
#define F "a" L"b"
#define G u8"abc"
#define H sizeof("a" L"b")
""",
        """
1 macro A ! a wide string
2 macro B ! a wide string
3 macro C ! a wide character
4 macro D = 97 int
5 macro E ! a wide character
6 macro F ! a wide string
7 macro G = 'abc' char [4]
8 macro H ! a wide string
""",
    ),
    "sizes of elements": (
        """
typedef short pair[2];
struct s { int a[3][5]; pair b; char *c; struct { long d; } e[2] __attribute__((aligned(32))); };
#define A sizeof(((struct s *)0)->a[0])
#define B sizeof(((struct s *)0)->a[1][2])
#define C (sizeof(((struct s *)0)->b) / sizeof(((struct s *)0)->b[0]))
#define D sizeof(((struct s *)0)->c[0])
#define E sizeof(((struct s *)0)->e[1].d)
#define F sizeof(((struct s *)0)->e[0].d[0])
typedef its its;
#define G sizeof(((its *)0)->a[0])
""",
        """
1 typedef pair short [2] size 4
2 struct s size 128
2 member s.a int [3][5] @0
2 member s.b pair @480
2 member s.c char * @512
2 member s.e struct [2] @768
3 macro A = 20 unsigned long
4 macro B = 4 unsigned long
5 macro C = 2 unsigned long
6 macro D = 1 unsigned long
7 macro E = 8 unsigned long
8 macro F ! not a constant expression
9 typedef its its ! types nested more than 100 deep
10 macro G ! no member a
""",
    ),
    "casts to packed enums": (
        """
enum u { U } __attribute__((packed));
enum s { S = -1 } __attribute__((packed));
enum w { W = -1, X = 300 } __attribute__((packed));
#define A ((enum u)300)
#define B ((enum s)200)
#define C ((enum w)70000)
#define D ((enum s)200 < 0U)
""",
        """
1 enumerator U = 0 int
1 enum u unsigned int size 1
2 enumerator S = -1 int
2 enum s int size 1
3 enumerator W = -1 int
3 enumerator X = 300 int
3 enum w int size 2
4 macro A = 44 unsigned char
5 macro B = -56 signed char
6 macro C = 4464 short
7 macro D = 0 int
""",
    ),
    "differences of pointers": (
        """
struct s { char a; int b; };
#define A (((char *)&(((struct s *)0)->b)) - (char *)0)
#define B ((int *)8 - (int *)0)
#define C ((void *)8 - (void *)0)
#define D ((struct s *)0 - (struct s *)16)
#define E ((struct nowhere *)8 - (struct nowhere *)0)
""",
        """
1 struct s size 8
1 member s.a char @0
1 member s.b int @32
2 macro A = 4 long
3 macro B = 2 long
4 macro C = 8 long
5 macro D = -2 long
6 macro E ! struct nowhere is not defined here
""",
    ),
    "suffixes that C has, and others": (
        """
#define A 1uLL
#define B 1LLU
#define C 1lL
#define D 1LUL
#define E 1uU
""",
        """
1 macro A = 1 unsigned long long
2 macro B = 1 unsigned long long
3 macro C ! not an expression
4 macro D ! not an expression
5 macro E ! not an expression
""",
    ),
    "addresses": (
        """
typedef int *ip;
#define A ((unsigned long)((int *)4 + 1))
#define B ((long)((int *)8 - (int *)4))
#define C ((unsigned long)((ip)4 + 1))
#define D ((unsigned long)((int *)4 + 1 + 1))
#define E ((long)((ip)8 - (ip)4))
#define F ((void *)-1)
#define G ((int *)8 > (int *)4)
#define H ((long)((int *)-4 - (int *)0))
#define I ((void *)8 << 2)
#define J (~(char *)0)
""",
        """
1 typedef ip int * size 8
2 macro A = 8 unsigned long
3 macro B = 1 long
4 macro C ! arithmetic with addresses
5 macro D ! arithmetic with addresses
6 macro E ! arithmetic with addresses
7 macro F = 18446744073709551615 unsigned long
8 macro G = 1 int
9 macro H = -1 long
10 macro I ! arithmetic with addresses
11 macro J ! arithmetic with addresses
""",
    ),
    "characters, more than an int has bytes": (
        f"#define A '{'abcdef' * 50_000}'\n#define B 'ab'\n",
        f"""
1 macro A = {int.from_bytes(b"cdef", "big")} int
2 macro B = 24930 int
""",
    ),
    "an enumerator as a macro's value": (
        """
enum e { FIRST = 3, SECOND };
#define A SECOND
#define B (1 << FIRST)
""",
        """
1 enumerator FIRST = 3 int
1 enumerator SECOND = 4 int
1 enum e unsigned int size 4
2 macro A = 4 int
3 macro B = 8 int
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(CONSTANTS))
def test_constants(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


@pytest.mark.parametrize(("text", "value", "kind"), [
    ("((unsigned long long)(void *)-1)", 2**64 - 1, "unsigned long long"),
    ("((long long)(void *)-1)", -1, "long long"),
    ("((unsigned long long)(void *)1)", 1, "unsigned long long"),
    ("(__int128)1 << 100", None, None),
    ("L'a'", None, None),
])  # fmt: skip
def test_constants_of_32_bits(text: str, value: int | None, kind: str | None) -> None:
    (fact,) = read(f"#define X {text}\n", profile="i386").facts
    assert (fact.value, fact.type) == (value, kind)
    assert (fact.reason is None) == (value is not None)


def test_conditions_in_the_arms_of_conditions_cost_no_more_each() -> None:
    known = "extern unsigned v;\nstatic inline int f(int x) { return x; }\n"
    for innermost, value in (("2.5", None), ("f(1)", 1), ("v + 1", 1)):
        text = innermost
        for _ in range(60):
            text = f"(1 ? 1 : {text})"
        facts = read(f"{known}#define A {text}\n").facts
        assert [fact.value for fact in facts if fact.name == "A"] == [value]
