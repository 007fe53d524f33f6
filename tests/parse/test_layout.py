"""Sizes, alignments and places of members, as gcc lays them out."""

import pytest

from kscan.model import Fact
from tests.parse.reading import lines, read, table

RECORDS = {
    "a machine mode asked of an enum or a member": (
        """
enum e1 { AA, AB } __attribute__((mode(byte)));
struct s { char c; enum e1 x; };
struct d { char c; int z __attribute__((mode(DI))); };
typedef enum { G } __attribute__((mode(HI))) g_t;
struct f { char c; float z __attribute__((mode(DF))); };
struct a { char c; int z[2] __attribute__((mode(DI))); };
""",
        """
1 enumerator AA = 0 int
1 enumerator AB = 1 int
1 enum e1 unsigned int size 1
2 struct s size 2
2 member s.c char @0
2 member s.x enum e1 @8
3 struct d size 16
3 member d.c char @0
3 member d.z int @64
4 enumerator G = 0 int
4 typedef g_t enum size 2
5 struct f ! machine mode DF
5 member f.c char ! machine mode DF
5 member f.z float ! machine mode DF
6 struct a ! a machine mode of more than a number
6 member a.c char ! a machine mode of more than a number
6 member a.z int [2] ! a machine mode of more than a number
""",
    ),
    "attributes in front of what has no name": (
        """
struct s { char c; __attribute__((packed)) union { long l; char d; }; };
struct t { char c; __attribute__((aligned(16))) struct { char l; char d; }; char x; };
struct z { char c; struct { int a; } __attribute__((packed)); };
""",
        """
1 struct s size 16
1 member s.c char @0
1 member s.d char @64
1 member s.l long @64
2 struct t size 4
2 member t.c char @0
2 member t.d char @16
2 member t.l char @8
2 member t.x char @24
3 struct z size 5
3 member z.a int @8
3 member z.c char @0
""",
    ),
    "attributes of pointers and of what they point to": (
        """
struct s { char c; long (*p[2])(int) __attribute__((packed)); };
struct h { char c; int * __attribute__((packed)) p; };
struct m { char c; int *__attribute__((aligned(16))) *p; };
struct o { char c; int *__attribute__((aligned(16))) p; };
""",
        """
1 struct s size 17
1 member s.c char @0
1 member s.p long (*[2])(int) @8
2 struct h size 16
2 member h.c char @0
2 member h.p int * @64
3 struct m size 16
3 member m.c char @0
3 member m.p int ** @64
4 struct o size 32
4 member o.c char @0
4 member o.p int * @128
""",
    ),
    "what declares no member": (
        """
struct s { struct foo { int a; }; int b; };
struct y { enum { A1, B1 }; int b; };
struct w { int; char c; };
""",
        """
1 struct foo size 4
1 member foo.a int @0
1 struct s size 4
1 member s.b int @0
2 enumerator A1 = 0 int
2 enumerator B1 = 1 int
2 struct y size 4
2 member y.b int @0
3 struct w size 1
3 member w.c char @0
""",
    ),
    "vectors as members": (
        """
struct v { char c; int z __attribute__((vector_size(16))); };
""",
        """
1 struct v ! a vector as a member
1 member v.c char ! a vector as a member
1 member v.z int ! a vector as a member
""",
    ),
    "packed and aligned structs": (
        """
struct packed { char a; int b; } __attribute__((packed));
struct before { char a; int b; };
struct __attribute__((packed)) front { char a; int b; };
struct both { char a; int b; } __attribute__((packed)) __attribute__((aligned(4)));
struct far { char a; } __attribute__((aligned(16)));
struct most { char a; } __attribute__((aligned));
""",
        """
1 struct packed size 5
1 member packed.a char @0
1 member packed.b int @8
2 struct before size 8
2 member before.a char @0
2 member before.b int @32
3 struct front size 5
3 member front.a char @0
3 member front.b int @8
4 struct both size 8
4 member both.a char @0
4 member both.b int @8
5 struct far size 16
5 member far.a char @0
6 struct most size 16
6 member most.a char @0
""",
    ),
    "packed and aligned members": (
        """
#include <linux/types.h>
struct s {
    char a;
    int b __attribute__((packed));
    char c __attribute__((aligned(8)));
    __u64 d __attribute__((packed, aligned(4)));
};
""",
        """
2-7 struct s size 24
3 member s.a char @0
4 member s.b int @8
5 member s.c char @64
6 member s.d __u64 @96
""",
    ),
    "aligned typedefs": (
        """
#include <linux/types.h>
typedef __u64 __attribute__((aligned(4))) loose;
typedef int tight __attribute__((aligned(16)));
struct s { int a; loose b; tight c; };
""",
        """
2 typedef loose __u64 size 8
3 typedef tight int size 4
4 struct s size 32
4 member s.a int @0
4 member s.b loose @32
4 member s.c tight @128
""",
    ),
    "bit-fields as wide as an integer and in its place": (
        """
typedef unsigned short tight __attribute__((aligned(16)));
typedef int loose __attribute__((aligned(2)));
struct a { char a; tight b : 8; };
struct c { char a; tight b : 7; };
struct d { loose b : 32; char a; };
struct e { loose b : 31; char a; };
struct f { loose b : 32 __attribute__((packed)); char a; };
""",
        """
1 typedef tight unsigned short size 2
2 typedef loose int size 4
3 struct a size 16
3 member a.a char @0
3 member a.b tight @8:8
4 struct c size 32
4 member c.a char @0
4 member c.b tight @128:7
5 struct d size 8
5 member d.a char @32
5 member d.b loose @0:32
6 struct e size 6
6 member e.a char @32
6 member e.b loose @0:31
7 struct f size 5
7 member f.a char @32
7 member f.b loose @0:32
""",
    ),
    "attributes without bearing on layout": (
        """
struct s { char a; int b __attribute__((deprecated)); } __attribute__((may_alias));
""",
        """
1 struct s size 8
1 member s.a char @0
1 member s.b int @32
""",
    ),
    "#pragma pack and attributes in front of a tag": (
        """
#pragma pack(push, 1)
struct __attribute__((deprecated)) t { char a; int b; };
struct __attribute__((aligned(2))) s { char a; int b; };
#pragma pack(pop)
struct __attribute__((deprecated)) u { char a; int b; };
""",
        """
2 struct t size 5
2 member t.a char @0
2 member t.b int @8
3 struct s size 6
3 member s.a char @0
3 member s.b int @8
5 struct u size 8
5 member u.a char @0
5 member u.b int @32
""",
    ),
    "what is laid out in ways of its own": (
        """
struct m { char a:4; int b:4; } __attribute__((ms_struct));
struct c { char a; long double _Complex b; };
struct a { char a; _Atomic long long b; };
""",
        """
1 struct m ! a layout as other compilers have it (ms_struct)
1 member m.a char ! a layout as other compilers have it (ms_struct)
1 member m.b int ! a layout as other compilers have it (ms_struct)
2 struct c ! type _Complex double long is not known here
2 member c.a char ! type _Complex double long is not known here
2 member c.b long double _Complex ! type _Complex double long is not known here
3 struct a ! an _Atomic type
3 member a.a char ! an _Atomic type
3 member a.b _Atomic long long ! an _Atomic type
""",
    ),
    "an enumerator in its own enum": (
        """
enum e { F31 = 1ULL << 31, F32 = F31 << 1 };
enum f { MAX32 = 0xffffffffULL, SZ = MAX32 + 1 };
enum g { M = 4294967295LL, N = -M };
enum h { P = 0xffffffffULL, Q = ~P };
enum i { R = 0x7fffffff, S, T = 1 };
enum j { U = 0xffffffff, V };
""",
        """
1 enumerator F31 = 2147483648 unsigned long
1 enumerator F32 = 4294967296 unsigned long
1 enum e unsigned long size 8
2 enumerator MAX32 = 4294967295 unsigned long
2 enumerator SZ = 4294967296 unsigned long
2 enum f unsigned long size 8
3 enumerator M = 4294967295 long
3 enumerator N = -4294967295 long
3 enum g long size 8
4 enumerator P = 4294967295 unsigned long
4 enumerator Q = 18446744069414584320 unsigned long
4 enum h unsigned long size 8
5 enumerator R = 2147483647 int
5 enumerator S ! overflow in an enum's values
5 enumerator T = 1 int
5 enum i ! overflow in an enum's values
6 enumerator U ! overflow in an enum's values
6 enumerator V ! overflow in an enum's values
6 enum j ! overflow in an enum's values
""",
    ),
    "a type among a function's parameters": (
        """
extern int f(struct p { int a; } x);
struct q { int (*g)(struct r { int a; } *); };
""",
        """
2 struct q size 8
2 member q.g int (*)(struct r *) @0
""",
    ),
    "#pragma pack": (
        """
#include <linux/types.h>
#pragma pack(push, 4)
struct four { char a; __u64 b; };
#pragma pack(push)
#pragma pack(1)
struct one { char a; __u64 b; };
#pragma pack(pop)
struct again { char a; __u64 b; };
#pragma pack(pop)
struct free { char a; __u64 b; };
#pragma pack(2)
struct two { char a; __u64 b __attribute__((aligned(8))); };
#pragma pack()
struct end { char a; __u64 b; };
""",
        """
3 struct four size 12
3 member four.a char @0
3 member four.b __u64 @32
6 struct one size 9
6 member one.a char @0
6 member one.b __u64 @8
8 struct again size 12
8 member again.a char @0
8 member again.b __u64 @32
10 struct free size 16
10 member free.a char @0
10 member free.b __u64 @64
12 struct two size 10
12 member two.a char @0
12 member two.b __u64 @16
14 struct end size 16
14 member end.a char @0
14 member end.b __u64 @64
""",
    ),
    "bit-fields": (
        """
#include <linux/types.h>
struct s {
    __u8 a:4, b:4;
    __u32 c:1;
    __u32 :3;
    __u32 d:30;
    __u32 :0;
    __u32 e:1;
};
""",
        """
2-9 struct s size 12
3 member s.a __u8 @0:4
3 member s.b __u8 @4:4
4 member s.c __u32 @8:1
6 member s.d __u32 @32:30
8 member s.e __u32 @64:1
""",
    ),
    "bit-fields of packed structs": (
        """
#include <linux/types.h>
struct s { __u8 a:4; __u32 b:30; } __attribute__((packed));
struct t { __u32 a:4; __u32 b:30 __attribute__((packed)); };
""",
        """
2 struct s size 5
2 member s.a __u8 @0:4
2 member s.b __u32 @4:30
3 struct t size 8
3 member t.a __u32 @0:4
3 member t.b __u32 @4:30
""",
    ),
    "bit-fields of several types": (
        """
#include <linux/types.h>
struct s { __u8 a:6; __u16 b:6; __u64 c:40; _Bool d:1; };
""",
        """
2 struct s size 8
2 member s.a __u8 @0:6
2 member s.b __u16 @6:6
2 member s.c __u64 @12:40
2 member s.d _Bool @52:1
""",
    ),
    "structs held by value": (
        """
struct in { int a; int b; };
struct out {
    char x;
    struct in y;
    struct in *p;
    struct in z[2];
};
""",
        """
1 struct in size 8
1 member in.a int @0
1 member in.b int @32
2-7 struct out size 40
3 member out.x char @0
4 member out.y struct in @32
4 member out.y.a int @32
4 member out.y.b int @64
5 member out.p struct in * @128
6 member out.z struct in [2] @192
""",
    ),
    "structs by typedef": (
        """
typedef struct { int a; } t;
typedef struct tagged { int b; } u;
struct s { t one; u two; };
""",
        """
1 typedef t struct size 4
1 member t.a int @0
2 struct tagged size 4
2 member tagged.b int @0
2 typedef u struct tagged size 4
3 struct s size 8
3 member s.one t @0
3 member s.one.a int @0
3 member s.two u @32
3 member s.two.b int @32
""",
    ),
    "arrays": (
        """
#include <linux/types.h>
#define N 4
struct s {
    char a[N];
    int b[2][N + 1];
    __u8 *c[3];
    char d[sizeof(long)];
};
""",
        """
2 macro N = 4 int
3-8 struct s size 80
4 member s.a char [4] @0
5 member s.b int [2][5] @32
6 member s.c __u8 *[3] @384
7 member s.d char [8] @576
""",
    ),
    "arrays whose length is not known": (
        """
struct s { int a; char b[UNKNOWN]; int c; };
""",
        """
1 struct s ! UNKNOWN is no constant known here
1 member s.a int ! UNKNOWN is no constant known here
1 member s.b char [?] ! UNKNOWN is no constant known here
1 member s.c int ! UNKNOWN is no constant known here
""",
    ),
    "pointers and functions": (
        """
struct s {
    void *p;
    const char *q;
    int (*f)(int, void *);
    struct nowhere *n;
    char *const *r;
};
""",
        """
1-7 struct s size 40
2 member s.p void * @0
3 member s.q const char * @64
4 member s.f int (*)(int, void *) @128
5 member s.n struct nowhere * @192
6 member s.r char *const * @256
""",
    ),
    "empty structs and unions": (
        """
struct e { };
union u { };
struct s { struct e a; int b; };
""",
        """
1 struct e size 0
2 union u size 0
3 struct s size 4
3 member s.a struct e @0
3 member s.b int @0
""",
    ),
    "a struct that is only declared": (
        """
struct nowhere;
struct s { struct nowhere *p; };
extern int global;
int function(struct nowhere *p);
""",
        """
2 struct s size 8
2 member s.p struct nowhere * @0
""",
    ),
    "a struct inside a struct of its own name": (
        """
struct out {
    struct in {
        int a;
    } b;
};
""",
        """
1-5 struct out size 4
2-4 struct in size 4
2-4 member out.b struct in @0
3 member in.a int @0
3 member out.b.a int @0
""",
    ),
    "several members of one line": (
        """
struct s {
    int a, b;
    char *c, d[2];
};
""",
        """
1-4 struct s size 24
2 member s.a int @0
2 member s.b int @32
3 member s.c char * @64
3 member s.d char [2] @128
""",
    ),
    "a member over lines": (
        """
struct s {
    unsigned long
        a;
    int b;
};
""",
        """
1-5 struct s size 16
2-3 member s.a unsigned long @0
4 member s.b int @64
""",
    ),
    "qualifiers and spellings": (
        """
#include <linux/types.h>
struct s { __signed__ char a; volatile unsigned int b; long unsigned int c; short int d; const __u8 e; };
""",
        """
2 struct s size 24
2 member s.a signed char @0
2 member s.b volatile unsigned int @32
2 member s.c long unsigned int @64
2 member s.d short int @128
2 member s.e const __u8 @144
""",
    ),
    "big integers and floats": (
        """
struct s { char a; __int128 b; unsigned __int128 c; double d; float e; long double f; };
""",
        """
1 struct s size 80
1 member s.a char @0
1 member s.b __int128 @128
1 member s.c unsigned __int128 @256
1 member s.d double @384
1 member s.e float @448
1 member s.f long double @512
""",
    ),
    "machine modes": (
        """
typedef int quad __attribute__((mode(DI)));
typedef unsigned int byte __attribute__((__mode__(__QI__)));
struct s { byte a; quad b; };
""",
        """
1 typedef quad int size 8
2 typedef byte unsigned int size 1
3 struct s size 16
3 member s.a byte @0
3 member s.b quad @64
""",
    ),
    "vectors": (
        """
typedef float four __attribute__((vector_size(16)));
struct s { char a; four b; };
""",
        """
1 typedef four float size 16
2 struct s size 32
2 member s.a char @0
2 member s.b four @128
""",
    ),
    "the type of something": (
        """
struct s { typeof(1UL) a; __typeof__(struct t *) b; };
""",
        """
1 struct s size 16
1 member s.a unsigned long @0
1 member s.b struct t * @64
""",
    ),
    "__extension__ and anonymous struct": (
        """
struct s { int a; __extension__ struct { int b; int c; }; };
""",
        """
1 struct s size 12
1 member s.a int @0
1 member s.b int @32
1 member s.c int @64
""",
    ),
    "a union among members": (
        """
#include <linux/types.h>
struct s {
    int kind;
    union {
        __u64 wide;
        struct {
            __u16 low;
            __u16 high;
        } parts;
    };
    char end;
};
""",
        """
2-12 struct s size 24
3 member s.kind int @0
5 member s.wide __u64 @64
6-9 member s.parts struct @64
7 member s.parts.low __u16 @64
8 member s.parts.high __u16 @80
11 member s.end char @128
""",
    ),
}


@pytest.mark.parametrize(("text", "expected", "files"), table(RECORDS))
def test_records(text: str, expected: list[str], files: dict[str, str]) -> None:
    assert lines(text, files) == expected


def places(profile: str, text: str) -> dict[str, tuple[int | None, int | None]]:
    """Bits from the start and bytes of each member, bytes of each struct."""

    def one(fact: Fact) -> tuple[int | None, int | None]:
        return (fact.bit_offset if fact.kind == "member" else None, fact.size)

    return {fact.name: one(fact) for fact in read(text, profile=profile).facts}


@pytest.mark.parametrize(
    ("profile", "member", "size"),
    [("x86-64", 64, 16), ("i386", 32, 12), ("arm64", 64, 16), ("s390x", 64, 16), ("parisc", 64, 16)],
)
@pytest.mark.parametrize("kind", ["long long", "unsigned long long"])
def test_wide_integers_by_profile(profile: str, kind: str, member: int, size: int) -> None:
    text = f"struct s {{ int a; {kind} b; }};\n"
    assert places(profile, text) == {"s": (None, size), "s.a": (0, 4), "s.b": (member, 8)}


@pytest.mark.parametrize(
    ("profile", "member", "size"),
    [("x86-64", 64, 16), ("i386", 32, 12), ("arm64", 64, 16)],
)
def test_doubles_by_profile(profile: str, member: int, size: int) -> None:
    assert places(profile, "struct s { int a; double b; };\n")["s.b"] == (member, 8)
    assert places(profile, "struct s { int a; double b; };\n")["s"] == (None, size)


@pytest.mark.parametrize(
    ("kind", "alone", "inside"),
    [
        ("long long", 8, 4), ("double", 8, 4), ("wide_t", 8, 4), ("long long[3]", 8, 4), ("wide_t[2]", 8, 4),
        ("less_t", 4, 4), ("long double", 4, 4), ("int[2]", 4, 4), ("long", 4, 4), ("void *[2]", 4, 4),
        ("struct s", 4, 4), ("struct s[2]", 4, 4),
    ],
)  # fmt: skip
def test_i386_aligns_what_is_wide_less_inside_a_struct(kind: str, alone: int, inside: int) -> None:
    """As gcc -m32 tells by `__alignof__` and `_Alignof`."""
    text = "typedef unsigned long long wide_t;\ntypedef long long less_t __attribute__((aligned(4)));\n"
    text += f"struct s {{ long long a; }};\n#define A __alignof__({kind})\n#define B _Alignof({kind})\n"
    text += f"#define C __alignof({kind})\n"
    facts = [fact for fact in read(text, profile="i386").facts if fact.name in "ABC"]
    assert [fact.value or fact.reason for fact in facts] == [alone, inside, alone]


@pytest.mark.parametrize(("profile", "size"), [("x86-64", 1), ("i386", 1), ("arm64", 4)])
def test_unnamed_bit_fields_align_their_struct_on_arm(profile: str, size: int) -> None:
    assert places(profile, "struct s { char a; int :0; };\n")["s"] == (None, 4)
    assert places(profile, "struct s { char a:1; int :3; };\n")["s"] == (None, size)
    packed = "union s { char a; int :0; } __attribute__((packed));\n"
    assert places(profile, packed)["s"] == (None, size)


@pytest.mark.parametrize(("profile", "size"), [("x86-64", 24), ("i386", 12), ("s390x", 24)])
def test_pointers_and_longs_by_profile(profile: str, size: int) -> None:
    assert places(profile, "struct s { char a; long b; void *c; };\n")["s"] == (None, size)


def test_a_type_inside_itself_has_no_size() -> None:
    assert lines("struct s { struct s again; };\n", kinds="struct") == ["1 struct s ! a type inside itself"]


def test_a_type_that_is_too_deep_says_so() -> None:
    deep = "struct s0 { int a; };\n" + "".join(f"struct s{n} {{ struct s{n - 1} a; }};\n" for n in range(1, 60))
    said = lines(deep, kinds="struct")
    assert said[30] == "31 struct s30 size 4"
    assert said[59] == "60 struct s59 ! types nested more than 100 deep"


def test_an_enumerator_may_ask_for_a_struct_that_asks_for_one_before_it() -> None:
    text = "enum { P = 3, Q = sizeof(struct a { char x[P]; }) };\n#define M sizeof(struct a)\n"
    assert [said for said in lines(text) if "member" not in said] == [
        "1 enumerator P = 3 int",
        "1 enumerator Q = 3 int",
        "1 struct a size 3",
        "2 macro M = 3 unsigned long",
    ]


@pytest.mark.parametrize("width", ["-1", "-0x7fffffffffffffff", "33"])
def test_a_bit_field_is_not_wider_than_its_type(width: str) -> None:
    said = lines(f"struct s {{ int a : {width}; int b; }};\n")
    assert said[0].startswith("1 struct s ! a bit-field of ")


def test_typedefs_and_enumerators_share_another() -> None:
    files = {"linux/before.h": "enum { X = 1 };\nenum { B = X };\ntypedef int X;\n"}
    assert lines('#include "linux/before.h"\n#define M B\n', files) == [
        "2 macro M ! X is no constant known here"
    ]


def test_structs_unions_and_enums_share_one_room_for_their_names() -> None:
    """As in C, which takes no second one of another kind: the last one stands, and is no struct."""
    text = "struct s { int a; };\nunion s { char a; };\nstruct t { struct s a; };\nstruct u { union s a; };\n"
    assert lines(text, kinds="struct") == [
        "1 struct s size 4",
        "3 struct t ! struct s is not defined here",
        "4 struct u size 1",
    ]


def test_members_of_an_unnamed_struct_of_another_file_stand_where_it_is_taken_over() -> None:
    files = {
        "linux/its.h": "\n" * 20 + "typedef struct {\n    int a;\n    struct { char b[2]; } in;\n} its_t;\n"
    }
    assert lines("#include <linux/its.h>\ntypedef its_t our_t;\n", files) == [
        "2 typedef our_t its_t size 8",
        "2 member our_t.a int @0",
        "2 member our_t.in struct @32",
        "2 member our_t.in.b char [2] @32",
    ]
