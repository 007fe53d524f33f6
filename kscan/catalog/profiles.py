"""Profiles: the architecture and compiler an answer holds for.

A profile is one row. What a row says about types and alignment is the psABI of the architecture;
`tests/real` checks rows against gcc.
"""

from typing import NamedTuple


class Profile(NamedTuple):
    """One ABI.

    `arch` is the folder below arch/, `old_asm` name the asm folders before v2.6.28, `triplet` Debian's.
    `long_bits` is a width in bits; `wide_align`, `int128_align`, `long_double` and `va_list` (size,
    alignment) are bytes, the first the alignment of a 64-bit integer inside a struct.
    `unnamed_bits_align` tells whether an unnamed bit-field aligns its struct (AAPCS), `largest_align`
    what `aligned` means without a number, `defines` what the compiler predefines beyond COMMON.
    """

    name: str
    arch: str
    old_asm: tuple[str, ...]
    long_bits: int
    wide_align: int
    char_signed: bool
    defines: str
    triplet: str
    int128_align: int = 16
    long_double: tuple[int, int] = (16, 16)
    unnamed_bits_align: bool = False
    largest_align: int = 16
    va_list: tuple[int, int] = (24, 8)

    @property
    def pointer_bytes(self) -> int:
        return self.long_bits // 8


# What every profile predefines: gcc's own names (gcc -dM -E), and the words that `make headers_install` takes
# out of a header before user space sees it.
COMMON = """\
#define linux 1
#define __linux 1
#define __linux__ 1
#define __gnu_linux__ 1
#define unix 1
#define __unix 1
#define __unix__ 1
#define __ELF__ 1
#define __STDC__ 1
#define __STDC_HOSTED__ 1
#define __STDC_VERSION__ 201710L
#define __GNUC__ 12
#define __GNUC_MINOR__ 2
#define __GNUC_PATCHLEVEL__ 0
#define __CHAR_BIT__ 8
#define __SCHAR_WIDTH__ 8
#define __SHRT_WIDTH__ 16
#define __INT_WIDTH__ 32
#define __LONG_LONG_WIDTH__ 64
#define __SCHAR_MAX__ 127
#define __SHRT_MAX__ 32767
#define __INT_MAX__ 2147483647
#define __LONG_LONG_MAX__ 9223372036854775807LL
#define __SIZEOF_SHORT__ 2
#define __SIZEOF_INT__ 4
#define __SIZEOF_LONG_LONG__ 8
#define __SIZEOF_FLOAT__ 4
#define __SIZEOF_DOUBLE__ 8
#define __SIZEOF_WCHAR_T__ 4
#define __SIZEOF_WINT_T__ 4
#define __INT8_TYPE__ signed char
#define __INT16_TYPE__ short
#define __INT32_TYPE__ int
#define __UINT8_TYPE__ unsigned char
#define __UINT16_TYPE__ unsigned short
#define __UINT32_TYPE__ unsigned int
#define __ORDER_LITTLE_ENDIAN__ 1234
#define __ORDER_BIG_ENDIAN__ 4321
#define __user
#define __force
#define __iomem
#define __attribute_const__
#define __packed __attribute__((packed))
#define __EXPORTED_HEADERS__ 1
"""
_WIDE = """\
#define __LP64__ 1
#define _LP64 1
#define __SIZEOF_LONG__ 8
#define __SIZEOF_POINTER__ 8
#define __SIZEOF_SIZE_T__ 8
#define __SIZEOF_PTRDIFF_T__ 8
#define __SIZEOF_INT128__ 16
#define __LONG_WIDTH__ 64
#define __LONG_MAX__ 9223372036854775807L
#define __INT64_TYPE__ long
#define __UINT64_TYPE__ unsigned long
#define __SIZE_TYPE__ unsigned long
#define __INTPTR_TYPE__ long
#define __UINTPTR_TYPE__ unsigned long
#define __PTRDIFF_TYPE__ long
"""
_NARROW = """\
#define __SIZEOF_LONG__ 4
#define __SIZEOF_POINTER__ 4
#define __SIZEOF_SIZE_T__ 4
#define __SIZEOF_PTRDIFF_T__ 4
#define __LONG_WIDTH__ 32
#define __LONG_MAX__ 2147483647L
#define __INT64_TYPE__ long long
#define __UINT64_TYPE__ unsigned long long
#define __SIZE_TYPE__ unsigned int
#define __INTPTR_TYPE__ int
#define __UINTPTR_TYPE__ unsigned int
#define __PTRDIFF_TYPE__ int
"""
_LITTLE = "#define __BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__\n"
_BIG = "#define __BYTE_ORDER__ __ORDER_BIG_ENDIAN__\n"


def _each(*names: str) -> str:
    return "".join(f"#define {name} 1\n" for name in names)


PROFILES = {
    row.name: row
    for row in (
        Profile("x86-64", "x86", ("x86", "x86_64"), 64, 8, True,
                _WIDE + _LITTLE + _each("__x86_64__", "__x86_64", "__amd64__", "__amd64"), "x86_64-linux-gnu"),
        Profile("i386", "x86", ("x86", "i386"), 32, 4, True,
                _NARROW + _LITTLE + _each("__i386__", "__i386", "i386", "__ILP32__", "_ILP32"),
                "i386-linux-gnu", long_double=(12, 4), va_list=(4, 4)),
        Profile("arm64", "arm64", ("arm64",), 64, 8, False,
                _WIDE + _LITTLE + "#define __aarch64__ 1\n#define __AARCH64EL__ 1\n",
                "aarch64-linux-gnu", unnamed_bits_align=True, va_list=(32, 8)),
        Profile("s390x", "s390", ("s390",), 64, 8, False,
                _WIDE + _BIG + "#define __s390__ 1\n#define __s390x__ 1\n", "s390x-linux-gnu",
                int128_align=8, long_double=(16, 8), largest_align=8, va_list=(32, 8)),
        Profile("parisc", "parisc", ("parisc",), 32, 8, True,
                _NARROW + _BIG + "#define __hppa__ 1\n#define __hppa 1\n", "hppa-linux-gnu",
                long_double=(8, 8), largest_align=8),
        Profile("sparc64", "sparc", ("sparc", "sparc64"), 64, 8, True,
                _WIDE + _BIG + "#define __sparc__ 1\n#define __arch64__ 1\n#define __sparc_v9__ 1\n",
                "sparc64-linux-gnu"),
    )
}  # fmt: skip
DEFAULT_PROFILE = PROFILES["x86-64"]
