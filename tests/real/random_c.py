"""Random C: struct declarations and expressions, the same ones for the same seed.

Everything made is C that gcc takes; what it may refuse yet is an expression that overflows.
"""

from collections.abc import Callable, Sequence
from random import Random

# The types that members are made of: spelling, width of the widest bit-field (0: none), whether arrays of it
# can be made, whether it is an integer.
TYPES = [
    *((f"{sign}{name}", bits, True, True)
      for sign in ("", "unsigned ")
      for name, bits in (("char", 8), ("short", 16), ("int", 32), ("long", 32), ("long long", 64))),
    ("signed char", 8, True, True), ("_Bool", 1, True, True), ("enum colour", 32, True, True),
    ("enum small", 8, True, True), ("wide", 64, True, True), ("loose", 32, True, True),
    ("strict", 16, False, True), ("moded", 16, True, True), ("double", 0, True, False),
    ("long double", 0, True, False), ("struct pair", 0, True, False), ("triple", 0, True, False),
]  # fmt: skip
PRELUDE = """\
enum colour { RED, GREEN };
enum small { SMALL } __attribute__((packed));
typedef unsigned long long wide __attribute__((aligned(8)));
typedef int loose __attribute__((aligned(2)));
typedef unsigned short strict __attribute__((aligned(16)));
typedef int moded __attribute__((mode(HI)));
struct pair { char a; long long b; };
typedef struct { short a[3]; char b; } __attribute__((packed)) triple;
#define JOIN(a, b) a ## b
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define ROUND(x, to) (((x) + (to) - 1) & ~((__typeof__(x))(to) - 1))
"""


class Structs:
    """Declarations of structs and unions, one after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.made = 0
        self.named = 0
        self.plain: list[str] = []

    def header(self, count: int) -> str:
        """So many declarations that know each other, and what they need."""
        self.plain.clear()
        return PRELUDE + "".join(f"{self.declaration()}\n" for _ in range(count))

    def declaration(self) -> str:
        """A struct or union, whose name is T and its number, and a macro with its alignment."""
        chance, tag = self.chance, f"T{self.made}"
        self.made += 1
        kind = chance.choice(["struct", "struct", "struct", "union"])
        pack = chance.choice(["", "", "", "1", "2", "4", "8", "16"])
        reused = "" if chance.random() < 0.8 else self._earlier()
        members = "\n\t".join(self._member(3) for _ in range(chance.randint(1, 7)))
        last = f"\n\t{chance.choice(TYPES[:10])[0]} {self._name()}[];" if chance.random() < 0.1 else ""
        if last and kind == "union":
            last = ""
        text = f"{kind} {tag} {{\n\tchar {self._name()};\n\t{reused}{members}{last}\n}}{self._attributes()};"
        if not last and not reused:
            self.plain.append(f"{kind} {tag}")
        text += f"\n#define {tag}_ALIGN __alignof__({kind} {tag})"
        return f"#pragma pack(push, {pack})\n{text}\n#pragma pack(pop)" if pack else text

    def _name(self) -> str:
        self.named += 1
        return f"m{self.named}"

    def _earlier(self) -> str:
        if not self.plain:
            return ""
        length = self.chance.choice(["", "[2]"])
        return f"{self.chance.choice(self.plain)} {self._name()}{length}{self._attributes()};\n\t"

    def _attributes(self) -> str:
        """None, one or both, in one list or in two."""
        aligned = f"aligned({2 ** self.chance.randrange(6)})" if self.chance.random() < 0.9 else "aligned"
        forms = ["", "", "", f"(({aligned}))", "((packed))", f"((packed)) __attribute__(({aligned}))",
                 f"(({aligned}, packed))"]  # fmt: skip
        chosen = self.chance.choice(forms)
        return chosen and f" __attribute__{chosen}"

    def _member(self, depth: int) -> str:
        what = self.chance.random()
        if depth and what < 0.12:
            return self._record(depth - 1)
        return self._bit_field() if what < 0.5 else self._plain()

    def _plain(self) -> str:
        chance = self.chance
        spelled, _, array, _ = chance.choice(TYPES)
        length = chance.choice(["", "", "[3]", "[2][5]", "[0]"]) if array else ""
        star = chance.choice(["", "", "", "*"])
        before, after = chance.choice([("", ""), (self._attributes(), ""), ("", self._attributes())])
        if chance.random() < 0.05:
            return f"{spelled} (*{self._name()})(void);"
        return f"{spelled}{before} {star}{self._name()}{length}{after};"

    def _bit_field(self) -> str:
        chance = self.chance
        spelled, bits, *_ = chance.choice([row for row in TYPES if row[1]])
        form = chance.choice(["named", "named", "named", "unnamed", "zero"])
        if form == "zero":
            return f"{spelled} : 0;"
        name = self._name() if form == "named" else ""
        return f"{spelled} {name} : {chance.randint(1, bits)}{self._attributes()};"

    def _record(self, depth: int) -> str:
        """A struct or union as a member: with a name, as an array, or anonymous."""
        chance = self.chance
        # An anonymous member without a single name inside is one that gcc drops.
        first = f"int {self._name()} : 3;"
        body = " ".join(self._member(depth) for _ in range(chance.randint(1, 5)))
        name = chance.choice(["", f" {self._name()}", f" {self._name()}[2]"])
        return f"{chance.choice(['struct', 'union'])} {{ {first} {body} }}{self._attributes()}{name};"


# Where one type ends and the next begins, and what lies between.
_EDGES = [2**bits + more for bits in (7, 8, 15, 16, 31, 32) for more in (-1, 0, 1)]
_CHARACTERS = ["'a'", "'\\n'", "'\\377'", "'\\x7f'", "'ab'", "'\\u00e9'", "'\\\\'", "'\\''", "'\\e'"]


class Expressions:
    """Integer constant expressions; with `casts` what only a compiler takes, else what #if takes too."""

    def __init__(self, seed: int, casts: bool) -> None:
        self.chance = Random(seed)
        self.casts = casts
        self.macros: Sequence[str] = ()

    def expression(self) -> str:
        return self._made(self.chance.randint(0, 4))

    def _made(self, depth: int) -> str:
        if not depth:
            return self._leaf()
        forms: list[Callable[[Callable[[], str]], str]] = [
            self._unary,
            self._binary,
            self._by_literal,
            self._choice,
        ]
        if self.casts:
            forms += [self._cast, self._size, self._macro]
        form = self.chance.choices(forms, [2, 6, 3, 2, 3, 1, 1][: len(forms)])[0]
        return form(lambda: self._made(self.chance.randrange(depth)))

    def _leaf(self) -> str:
        chance = self.chance
        if self.macros and chance.random() < 0.1:
            return chance.choice(self.macros)
        if chance.random() < 0.1:
            return chance.choice(_CHARACTERS)
        suffix = chance.choice(["", "", "", "u", "L", "UL", "ll", "ULL", "LU"])
        value = chance.choice([chance.randint(0, 70), chance.choice(_EDGES), chance.randrange(2**63)])
        if chance.random() < 0.1:
            return f"{chance.randrange(2**63, 2**64):#x}{suffix}"
        return chance.choice(["{}", "{:#x}", "0{:o}", "{:#b}"]).format(value) + suffix

    def _unary(self, inner: Callable[[], str]) -> str:
        return f"{self.chance.choice('-~!+')}({inner()})"

    def _binary(self, inner: Callable[[], str]) -> str:
        op = self.chance.choice(["+", "-", "*", "&", "|", "^", "&&", "||", "==", "!=", "<", ">", "<=", ">="])
        return f"({inner()} {op} {inner()})"

    def _by_literal(self, inner: Callable[[], str]) -> str:
        """Shifts and divisors are literals, so that gcc takes them; -1 would overflow."""
        op = self.chance.choice(["<<", ">>", "/", "%"])
        few = self.chance.randint(1, 31)
        sign = "-" if op in "/%" and few > 1 and self.chance.random() < 0.3 else ""
        suffix = self.chance.choice(["", "", "u", "ll"])
        return f"({inner()} {op} {sign}{few}{suffix})"

    def _choice(self, inner: Callable[[], str]) -> str:
        return f"({inner()} ? {inner()} : {inner()})"

    def _cast(self, inner: Callable[[], str]) -> str:
        kind = self.chance.choice([row[0] for row in TYPES if row[3]])
        if self.chance.random() < 0.2:
            kind = f"__typeof__({inner()})"
        return f"(({kind})({inner()}))"

    def _size(self, inner: Callable[[], str]) -> str:
        kind = self.chance.choice(TYPES)[0]
        length = self.chance.choice(["", " *", f"[{self.chance.randint(1, 9)}]"]) if kind != "strict" else ""
        return self.chance.choice([
            f"sizeof({inner()})", f"sizeof({kind}{length})", f"_Alignof({kind})",
            f"__alignof__({kind}{length})", "__alignof__(struct pair)",
            "__builtin_offsetof(struct pair, b)", f"sizeof(((struct pair *)0)->{self.chance.choice('ab')})",
            'sizeof("abc" "\\x41\\n")',
        ])  # fmt: skip

    def _macro(self, inner: Callable[[], str]) -> str:
        form = self.chance.choice(["LARGER({}, {})", "JOIN({}, u)", "ROUND({}, 8)"])
        if form.startswith("JOIN"):
            return form.format(self.chance.randrange(2**32))
        return form.format(inner(), inner())
