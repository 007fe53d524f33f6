"""The traps of kernel headers, one row each: the same constructs in our own words."""

import pytest

from tests.parse.reading import lines, read, table, values

HEADERS = {
    "an include guard is an empty macro": (
        """
#ifndef OUR_H
#define OUR_H
#define X 1
#endif
""",
        """
2 macro OUR_H ! empty
3 macro X = 1 int
""",
    ),
    "what is in __KERNEL__ is not user space's": (
        """
#ifdef __KERNEL__
#define K 1
struct hidden { int a; };
#else
#define U 2
#endif
#define BOTH 3
""",
        """
5 macro U = 2 int
7 macro BOTH = 3 int
""",
    ),
    "__KERNEL__ by defined()": (
        """
#if !defined(__KERNEL__) || defined(OTHER)
#define U 1
#endif
#if defined __KERNEL__
#define K 1
#endif
""",
        """
2 macro U = 1 int
""",
    ),
    "__BITS_PER_LONG": (
        """
#include <asm/bitsperlong.h>
#if __BITS_PER_LONG == 64
#define WIDE 1
#else
#define WIDE 0
#endif
""",
        """
3 macro WIDE = 1 int
""",
        {
            "asm/bitsperlong.h": """
#define __BITS_PER_LONG 64
"""
        },
    ),
    "#warning is no error": (
        """
#warning "kernel headers don't belong in programs"
#define X 1
""",
        """
2 macro X = 1 int
""",
    ),
    "#error in force fails the header": (
        """
#define X 1
#ifndef ASKED
#error ask first
#endif
""",
        """
failure line 3: #error ask first (linux/our.h)
""",
    ),
    "linux/compiler.h is dropped": (
        """
#include <linux/compiler.h>
#define X HIDDEN
struct s { int __user *p; };
""",
        """
2 macro X ! HIDDEN is no constant known here
3 struct s size 8
3 member s.p int * @0
""",
        {
            "linux/compiler.h": """
#error not for user space
#define HIDDEN 1
"""
        },
    ),
    "what others define is not this header's": (
        """
#include <linux/other.h>
#define OURS THEIRS
""",
        """
2 macro OURS = 5 int
""",
        {
            "linux/other.h": """
#define THEIRS 5
struct theirs { int a; };
"""
        },
    ),
    "an ioctl number embeds a size": (
        """
#include <linux/types.h>
struct x { __aligned_u64 a; __u8 b; };
#define _IOWR(type, nr, size) ((3U << 30) | (sizeof(size) << 16) | ((type) << 8) | (nr))
#define NUMBER _IOWR(0xB3, 1, struct x)
""",
        """
2 struct x size 16
2 member x.a __u64 @0
2 member x.b __u8 @64
3 function_macro _IOWR (type, nr, size)
4 macro NUMBER = 3222319873 unsigned long
""",
    ),
    "a self macro gives no row": (
        """
enum { X, Y };
#define X X
#define Y Y
#define Z Y
""",
        """
1 enumerator X = 0 int
1 enumerator Y = 1 int
4 macro Z = 1 int
""",
    ),
    "sentinels are kept": (
        """
enum { OUR_A, OUR_B, __OUR_MAX };
#define OUR_MAX (__OUR_MAX - 1)
""",
        """
1 enumerator OUR_A = 0 int
1 enumerator OUR_B = 1 int
1 enumerator __OUR_MAX = 2 int
2 macro OUR_MAX = 1 int
""",
    ),
    "initialisers": (
        """
#define INSN(c) ((struct s) { .code = c })
#define A INSN(1)
#define B { 1, 2 }
#define C() { 0 }
""",
        """
1 function_macro INSN (c)
2 macro A ! an initialiser
3 macro B ! an initialiser
4 function_macro C ()
""",
    ),
    "statement expressions and statements": (
        """
#define A ({ int x = 1; x; })
#define B do { } while (0)
""",
        """
1 macro A ! code in braces
2 macro B ! code in braces
""",
    ),
    "macros that name types": (
        """
#include <linux/types.h>
#define T unsigned long
#define S struct s
#define P __u32 *
#define A __aligned_u64
#define __our_t __u16
struct s { T a; __our_t b; };
""",
        """
2 macro T ! names a type
3 macro S ! names a type
4 macro P ! names a type
5 macro A ! names a type
6 macro __our_t ! names a type
7 struct s size 16
7 member s.a unsigned long @0
7 member s.b __u16 @64
""",
    ),
    "attributes and words": (
        """
#define OUR __attribute__((packed))
#define INLINE static inline
#define NAME some_function
#define CALL some_function(1)
#define GO goto out
""",
        """
1 macro OUR ! an attribute
2 macro INLINE ! not an expression
3 macro NAME ! some_function is no constant known here
4 macro CALL ! a call of some_function, which is no macro here
5 macro GO ! not an expression
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(HEADERS))
def test_headers(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


ENUMS = {
    "enumerators count on": (
        """
enum e {
    A,
    B = 5,
    C,
    D = B,
    E = -1,
    F
};
""",
        """
1-8 enum e int size 4
2 enumerator A = 0 int
3 enumerator B = 5 int
4 enumerator C = 6 int
5 enumerator D = 5 int
6 enumerator E = -1 int
7 enumerator F = 0 int
""",
    ),
    "enumerators of one line": (
        """
enum { A, B, C = B + 5, D };
""",
        """
1 enumerator A = 0 int
1 enumerator B = 1 int
1 enumerator C = 6 int
1 enumerator D = 7 int
""",
    ),
    "enumerators beyond int": (
        """
enum e { A = 1, B = 0x80000000, C = 1ULL << 40 };
enum n { N = -1, M = 0xffffffff };
""",
        """
1 enumerator A = 1 int
1 enumerator B = 2147483648 unsigned long
1 enumerator C = 1099511627776 unsigned long
1 enum e unsigned long size 8
2 enumerator M = 4294967295 long
2 enumerator N = -1 int
2 enum n long size 8
""",
    ),
    "an enum with a fixed type": (
        """
#include <linux/types.h>
enum e : __u8 { A, B = 255 };
enum w : unsigned long long { W = 1 };
struct s { enum e a; enum w b; };
""",
        """
2 enumerator A = 0 unsigned char
2 enumerator B = 255 unsigned char
2 enum e unsigned char size 1
3 enumerator W = 1 unsigned long long
3 enum w unsigned long long size 8
4 struct s size 16
4 member s.a enum e @0
4 member s.b enum w @64
""",
    ),
    "an enumerator that cannot be settled": (
        """
enum e { A = 1, B = UNKNOWN, C, D = 4, E };
struct s { enum e a; };
""",
        """
1 enumerator A = 1 int
1 enumerator B ! UNKNOWN is no constant known here
1 enumerator C ! UNKNOWN is no constant known here
1 enumerator D = 4 int
1 enumerator E = 5 int
1 enum e ! UNKNOWN is no constant known here
2 struct s ! UNKNOWN is no constant known here
2 member s.a enum e ! UNKNOWN is no constant known here
""",
    ),
    "a packed enum": (
        """
enum __attribute__((packed)) e { A, B };
enum n { N = -1, M = 300 } __attribute__((packed));
struct s { enum e a; enum n b; };
""",
        """
1 enumerator A = 0 int
1 enumerator B = 1 int
1 enum e unsigned int size 1
2 enumerator M = 300 int
2 enumerator N = -1 int
2 enum n int size 2
3 struct s size 4
3 member s.a enum e @0
3 member s.b enum n @16
""",
    ),
    "an enum inside a struct": (
        """
struct s {
    enum kind { ONE = 1, TWO } kind;
    enum { THREE = 3 } other;
};
""",
        """
1-4 struct s size 8
2 enumerator ONE = 1 int
2 enumerator TWO = 2 int
2 enum kind unsigned int size 4
2 member s.kind enum kind @0
3 enumerator THREE = 3 int
3 member s.other enum @32
""",
    ),
    "an enum by typedef": (
        """
typedef enum { A = 2 } kind_t;
struct s { kind_t k; };
""",
        """
1 enumerator A = 2 int
1 typedef kind_t enum size 4
2 struct s size 4
2 member s.k kind_t @0
""",
    ),
    "enumerators by macros of this header": (
        r"""
#define MAPPER(FN)	\
    FN(unspec),	\
    FN(lookup),	\
    FN(update),
#define NAMED(x) OUR_FUNC_ ## x
enum func {
    MAPPER(NAMED)
    __OUR_MAX,
};
""",
        """
1-4 function_macro MAPPER (FN)
2 enumerator OUR_FUNC_unspec = 0 int
3 enumerator OUR_FUNC_lookup = 1 int
4 enumerator OUR_FUNC_update = 2 int
5 function_macro NAMED (x)
6-9 enum func unsigned int size 4
8 enumerator __OUR_MAX = 3 int
""",
    ),
    "enumerators by macros with numbers": (
        r"""
#define ___MAPPER(FN, ctx...)		\
    FN(unspec, 0, ##ctx)		\
    FN(lookup, 1, ##ctx)		\
    FN(update, 5, ##ctx)		\
    /* new ones go here */
#define FN(x, y) OUR_FUNC_ ## x = y,
enum func {
    ___MAPPER(FN)
    __OUR_MAX,
};
#undef FN
""",
        """
1-4 function_macro ___MAPPER (FN, ctx...)
2 enumerator OUR_FUNC_unspec = 0 int
3 enumerator OUR_FUNC_lookup = 1 int
4 enumerator OUR_FUNC_update = 5 int
7-10 enum func unsigned int size 4
9 enumerator __OUR_MAX = 6 int
""",
    ),
    "enumerators by macros with numbers and context": (
        r"""
#define ___MAPPER(FN, ctx...)	\
    FN(unspec, 0, ##ctx)	\
    FN(lookup, 1, ##ctx)
#define FN(x, y, pre) pre ## x = y,
enum func {
    ___MAPPER(FN, OUR_)
};
""",
        """
1-3 function_macro ___MAPPER (FN, ctx...)
2 enumerator OUR_unspec = 0 int
3 enumerator OUR_lookup = 1 int
4 function_macro FN (x, y, pre)
5-7 enum func unsigned int size 4
""",
    ),
    "enumerators by macros of another header": (
        """
#include <linux/map.h>
enum func {
    MAPPER(NAMED)
    LAST
};
""",
        """
2-5 enum func unsigned int size 4
3 enumerator OUR_a = 0 int
3 enumerator OUR_b = 1 int
4 enumerator LAST = 2 int
""",
        {
            "linux/map.h": r"""



#define NAMED(x) OUR_ ## x
#define MAPPER(FN) FN(a), \
    FN(b),
"""
        },
    ),
    "comments and macros among enumerators": (
        """
enum {
    /* first */
    A,
#define A A
    B,	/* second
           goes on */
#define B B
    C
};
""",
        """
3 enumerator A = 0 int
5 enumerator B = 1 int
8 enumerator C = 2 int
""",
    ),
    "an enumerator over lines": (
        """
enum {
    A = 1 |
        2,
    B
};
""",
        """
2-3 enumerator A = 3 int
4 enumerator B = 4 int
""",
    ),
    "an enumerator with an attribute": (
        """
enum { A __attribute__((deprecated)) = 4, B __attribute__((deprecated)) };
""",
        """
1 enumerator A = 4 int
1 enumerator B = 5 int
""",
    ),
    "enumerators by sizes": (
        """
struct s { int a[3]; };
enum { SIZE = sizeof(struct s), NEXT };
""",
        """
1 struct s size 12
1 member s.a int [3] @0
2 enumerator NEXT = 13 int
2 enumerator SIZE = 12 int
""",
    ),
    "characters and casts in enumerators": (
        """
#include <linux/types.h>
enum { A = 'A', B = (__u8)300, C = (int)sizeof(long) };
""",
        """
2 enumerator A = 65 int
2 enumerator B = 44 int
2 enumerator C = 8 int
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(ENUMS))
def test_enums(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


TYPES = {
    "__aligned_u64": (
        """
#include <linux/types.h>
struct s { __u32 a; __aligned_u64 b; };
""",
        """
2 struct s size 16
2 member s.a __u32 @0
2 member s.b __u64 @64
""",
    ),
    "attributes by macro": (
        """
#define OUR_PACKED __attribute__((__packed__))
struct s { char a; int b; } OUR_PACKED;
struct t { char a; int b; } __packed;
""",
        """
1 macro OUR_PACKED ! an attribute
2 struct s size 5
2 member s.a char @0
2 member s.b int @8
3 struct t size 5
3 member t.a char @0
3 member t.b int @8
""",
    ),
    "anonymous unions by path": (
        """
#include <linux/types.h>
union attr {
    struct {
        __u32 type;
        __u32 flags;
    };
    struct {
        __u32 fd;
        __u32 flags;
    } named;
};
""",
        """
2-11 union attr size 8
4 member attr.type __u32 @0
5 member attr.flags __u32 @32
7-10 member attr.named struct @0
8 member attr.named.fd __u32 @0
9 member attr.named.flags __u32 @32
""",
    ),
    "flexible and zero-length arrays": (
        """
struct f { int n; char rest[]; };
struct z { int n; long rest[0]; };
""",
        """
1 struct f size 4
1 member f.n int @0
1 member f.rest char [] @32
2 struct z size 8
2 member z.n int @0
2 member z.rest long [0] @64
""",
    ),
    "flexible arrays by another header's macro": (
        """
#include <linux/types.h>
#include <linux/stddef.h>
struct s {
    int n;
    __FLEX(__u32,
           items);
};
""",
        """
3-7 struct s size 4
4 member s.n int @0
5 member s.__empty_items struct @32
5 member s.items __u32 [] @32
""",
        {
            "linux/stddef.h": r"""
#define __FLEX(TYPE, NAME) \
    struct { \
        struct { } __empty_ ## NAME; \
        TYPE NAME[]; \
    }
"""
        },
    ),
    "groups of members by another header's macro": (
        """
#include <linux/types.h>
#include <linux/stddef.h>
struct s {
    __GROUP(tag, name, __attribute__((packed)),
        __u8 a;
        __u32 b;
    );
    int c;
};
""",
        """
3-9 struct s size 12
4 member s.name struct tag @0
4 struct tag size 5
5 member s.a __u8 @0
5 member s.name.a __u8 @0
5 member tag.a __u8 @0
6 member s.b __u32 @8
6 member s.name.b __u32 @8
6 member tag.b __u32 @8
8 member s.c int @64
""",
        {
            "linux/stddef.h": r"""
#define __GROUP(TAG, NAME, ATTRS, MEMBERS...) \
    union { \
        struct { MEMBERS } ATTRS; \
        struct TAG { MEMBERS } ATTRS NAME; \
    }
"""
        },
    ),
    "__counted_by": (
        """
#define __counted_by(m)
struct s { int n; char rest[] __counted_by(n); };
struct t { int n; char rest[] __attribute__((__counted_by__(n))); };
""",
        """
1 function_macro __counted_by (m)
2 struct s size 4
2 member s.n int @0
2 member s.rest char [] @32
3 struct t size 4
3 member t.n int @0
3 member t.rest char [] @32
""",
    ),
    "an unknown type loses its struct's layout alone": (
        """
struct a { int x; };
struct b {
    nowhere_t y;
    int z;
};
struct c { struct missing m; int n; };
struct d { int w; };
""",
        """
1 struct a size 4
1 member a.x int @0
2-5 struct b ! type nowhere_t is not known here
3 member b.y nowhere_t ! type nowhere_t is not known here
4 member b.z int ! type nowhere_t is not known here
6 struct c ! struct missing is not defined here
6 member c.m struct missing ! struct missing is not defined here
6 member c.n int ! struct missing is not defined here
7 struct d size 4
7 member d.w int @0
""",
    ),
    "a declaration that is no C is one problem": (
        """
struct a { int x; };
struct b {
    int y
    int z;
};
struct c { int w; };
#define X 1
""",
        """
1 struct a size 4
1 member a.x int @0
6 struct c size 4
6 member c.w int @0
7 macro X = 1 int
4 problem declaration not understood: before: int
""",
    ),
    "brackets that do not meet": (
        """
#define X 1
struct a { int x; ;
""",
        """
1 macro X = 1 int
2 problem { is not closed
""",
    ),
    "libc's types where a header leaves them to libc": (
        """
struct s { size_t a; struct timespec b; uint8_t c; };
""",
        """
1 struct s size 32
1 member s.a size_t @0
1 member s.b struct timespec @64
1 member s.b.tv_nsec long @128
1 member s.b.tv_sec time_t @64
1 member s.c uint8_t @192
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(TYPES))
def test_types(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


FUNCTIONS = {
    "static inline functions": (
        """
#include <linux/types.h>
static inline int twice(int x)
{
    return 2 * x;
}
struct s { int a; };
static __inline__ __attribute__((always_inline)) __u32 thrice(__u32 x) { return 3 * x; }
""",
        """
2-5 function twice
6 struct s size 4
6 member s.a int @0
7 function thrice
""",
    ),
    "bodies with assembly": (
        """
#include <linux/types.h>
static inline __u32 swap(__u32 x)
{
    __asm__ volatile ("bswapl %0" : "=r" (x) : "0" (x));
    return x;
}
#define X 1
""",
        """
2-6 function swap
7 macro X = 1 int
""",
    ),
    "extern C for others": (
        """
#ifdef __cplusplus
extern "C" {
#endif
int f(void);
struct s { int a; };
#ifdef __cplusplus
}
#endif
""",
        """
5 struct s size 4
5 member s.a int @0
""",
    ),
    "assertions": (
        """
struct s { int a; };
_Static_assert(sizeof(struct s) == 4, "size");
struct t { int b; };
""",
        """
1 struct s size 4
1 member s.a int @0
3 struct t size 4
3 member t.b int @0
""",
    ),
    "an assembler name": (
        """
extern int f(int) __asm__("g");
struct s { int a; };
""",
        """
2 struct s size 4
2 member s.a int @0
""",
    ),
    "a function that a macro makes ends where it is spelled": (
        """
#define MAKE(name) \\
static inline int is_##name(int x) \\
{ \\
    return x; \\
}
MAKE(odd)
""",
        """
1-5 function_macro MAKE (name)
2-5 function is_odd
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(FUNCTIONS))
def test_functions(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


GENERIC = (
    "#ifndef OUR_SOCKET\n#define OUR_SOCKET\n#ifndef OURS\n#define OURS 1\n#endif\n#define SHARED 2\n#endif\n"
)


@pytest.mark.parametrize(
    ("asm", "expected"),
    [
        pytest.param("#include <asm-generic/socket.h>\n", ["4 macro OURS = 1 int", "6 macro SHARED = 2 int"],
                     id="a wrapper"),
        pytest.param("#define OURS 50\n#include <asm-generic/socket.h>\n", ["6 macro SHARED = 2 int"],
                     id="a name defined before"),
        pytest.param("#include <asm-generic/socket.h>\n#undef OURS\n#define OURS 50\n",
                     ["6 macro SHARED = 2 int"], id="a name defined anew"),
    ],
)  # fmt: skip
def test_a_generic_header_is_read_through_asm(asm: str, expected: list[str]) -> None:
    generic = lines(GENERIC, {"asm/socket.h": asm}, name="asm-generic/socket.h")
    assert generic == ["2 macro OUR_SOCKET ! empty", *expected]


def test_a_generic_header_without_an_asm_one_is_read_as_it_is() -> None:
    assert values(GENERIC, name="asm-generic/socket.h")["OURS"] == 1


def test_an_asm_header_that_includes_no_generic_one_hides_it() -> None:
    with pytest.raises(ValueError, match=r"asm-generic/socket\.h is hidden"):
        lines(GENERIC, {"asm/socket.h": "#define OURS 50\n"}, name="asm-generic/socket.h")


def test_an_asm_header_has_its_own_names_alone() -> None:
    asm = "#define OURS 50\n#include <asm-generic/socket.h>\n"
    found = lines(asm, {"asm-generic/socket.h": GENERIC}, name="asm/socket.h")
    assert found == ["1 macro OURS = 50 int"]


BYTE_ORDER = {
    "asm/byteorder.h": """
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN_BITFIELD
#else
#define __BIG_ENDIAN_BITFIELD
#endif
"""
}
NIBBLES = """
#include <asm/byteorder.h>
#if defined(__LITTLE_ENDIAN_BITFIELD)
struct s { unsigned char low:4, high:4; };
#elif defined(__BIG_ENDIAN_BITFIELD)
struct s { unsigned char high:4, low:4; };
#else
#error which one
#endif
"""


@pytest.mark.parametrize(
    ("profile", "low", "high"), [("x86-64", 0, 4), ("i386", 0, 4), ("arm64", 0, 4), ("s390x", 4, 0)]
)
def test_bit_fields_by_byte_order(profile: str, low: int, high: int) -> None:
    facts = read(NIBBLES, BYTE_ORDER, profile=profile).facts
    places = {fact.name: fact.bit_offset for fact in facts if fact.kind == "member"}
    assert places == {"s.low": low, "s.high": high}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("x86-64", {"LONG": 8, "POINTER": 8, "TOP": 2**63 - 1, "ALL": 2**64 - 1, "CHAR": -1}),
        ("i386", {"LONG": 4, "POINTER": 4, "TOP": 2**31 - 1, "ALL": 2**32 - 1, "CHAR": -1}),
        ("arm64", {"LONG": 8, "POINTER": 8, "TOP": 2**63 - 1, "ALL": 2**64 - 1, "CHAR": 255}),
        ("s390x", {"LONG": 8, "POINTER": 8, "TOP": 2**63 - 1, "ALL": 2**64 - 1, "CHAR": 255}),
    ],
)
def test_constants_by_profile(profile: str, expected: dict[str, int]) -> None:
    text = """
#define LONG sizeof(long)
#define POINTER sizeof(void *)
#define TOP __LONG_MAX__
#define ALL (~0UL)
#define CHAR ((char)-1)
"""
    assert values(text, profile=profile) == expected


@pytest.mark.parametrize(("profile", "same"), [("x86-64", True), ("arm64", True), ("i386", True)])
def test_an_aligned_u64_lies_the_same_everywhere(profile: str, same: bool) -> None:
    text = "#include <linux/types.h>\nstruct s { __u32 a; __aligned_u64 b; };\n"
    assert (lines(text, profile=profile) == lines(text)) is same


def test_a_reading_is_the_same_whatever_was_read_before() -> None:
    first, second = "typedef int one_t;\nstruct s { one_t a; };\n", "struct s { one_t a; };\n"
    before = lines(second)
    lines(first)
    assert lines(second) == before


def test_equal_declarations_in_two_places_have_the_lines_of_each() -> None:
    one = "struct s {\n    int a;\n};\nenum e {\n    A,\n    B = 2,\n};\n"
    first = lines(one)
    assert lines("\n\n" + one, kinds="struct member enum enumerator") == [
        "3-5 struct s size 4", "4 member s.a int @0", "6-9 enum e unsigned int size 4",
        "7 enumerator A = 0 int", "8 enumerator B = 2 int",
    ]  # fmt: skip
    assert lines(one) == first


def test_a_word_that_is_a_type_in_one_header_and_a_name_in_another() -> None:
    declared = "int f(word);\nstruct s { int a[sizeof(word)]; };\n"
    files = {"linux/types.h": "typedef short word;\n"}
    assert lines(f"#include <linux/types.h>\n{declared}", files, kinds="member") == ["3 member s.a int [2] @0"]
    assert "word" in lines(declared, kinds="member")[0]
