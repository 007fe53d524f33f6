"""Types: how large, how aligned, which member where, as the psABI of a profile says.

`Types` answers for one header in one release: it knows the typedefs, tags and enumerators that the
header and its includes declare, and settles each when asked.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from pycparser import c_ast

from kscan.catalog.profiles import Profile
from kscan.errors import UnreadableHeader
from kscan.parse.constant import (
    Integer,
    Node,
    NotConstant,
    Number,
    bytes_of,
    evaluate,
    integer_types,
    is_wide,
    parse_expression,
    respell,
)
from kscan.parse.declarations import Form, Named, Syntax, defines, share, tag_word
from kscan.parse.lex import tokenize

_Found = TypeVar("_Found")
# Declarations by table and name.
Meaning = frozenset[tuple[int, str, Form]]

# Steps from a type into what it is made of: kernels take a tenth of it.
DEEPEST_TYPE = 100
# Constants and types that ask for one another: each is asked for anew.
_MOST_CYCLES = 1000
_ITSELF = "a type inside itself"
_TOO_DEEP = f"types nested more than {DEEPEST_TYPE} deep"
# Members that the structs of a header have, those of structs inside them too: kernel headers stay far below.
MOST_MEMBERS = 100_000
# Bytes of a type: their bits are still counted in 64 bits.
LARGEST_TYPE = 2**59
# Bits of the widest enum.
_MOST_BITS = 64
# Bytes of a long long, a double: what i386 aligns less inside a struct than alone.
_WIDE = 8


class _TooDeep(Exception):
    """More than DEEPEST_TYPE steps: no property of what was asked about, but of where it was asked from."""


class _Cycle(Exception):
    """What is being settled was asked for: `node`, by its id, or something on the way to it has no value. What
    lies between has not failed by itself."""

    def __init__(self, node: int) -> None:
        self.node = node


class Shape(NamedTuple):
    """Size and alignment in bytes."""

    size: int
    align: int


class Member(NamedTuple):
    """A member of a struct or union: `bit_offset` from its start; `bit_size` of bit-fields only."""

    name: str | None
    node: Node
    bit_offset: int
    bit_size: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A struct or union laid out."""

    shape: Shape
    members: tuple[Member, ...]


class Attributes(NamedTuple):
    """What [[gnu::…]] asks of a type or declarator: `aligned` in bytes, `mode` a machine mode,
    `limit` the alignment that #pragma pack allows a member."""

    packed: bool = False
    aligned: int | None = None
    mode: str | None = None
    vector: int | None = None
    limit: int | None = None


@dataclass
class Types:
    """The types and enumerators visible in a header; raises NotConstant with the reason for what
    is not declared, incomplete, or beyond what the profile says."""

    profile: Profile
    typedefs: dict[str, Node] = field(default_factory=dict)
    tags: dict[str, Node] = field(default_factory=dict)
    enums: dict[str, Node] = field(default_factory=dict)
    variables: dict[str, Node] = field(default_factory=dict)
    named: Named = field(default_factory=lambda: ({}, {}, {}))

    def __post_init__(self) -> None:
        self.types: dict[str, Integer] = integer_types(self.profile)
        self._layouts: dict[int, Layout] = {}
        self._numbers: dict[int, dict[str, Number | str]] = {}
        # How many steps what is settled takes by itself: what is asked counts them, settled before or not.
        self._heights: dict[int, int] = {}
        self._depth = self._deepest = 0
        self._open: set[int] = set()
        self._cycles = 0
        self.members_told = 0
        self._reached: dict[frozenset[Form], Meaning] = {}

    def add(self, syntax: Syntax) -> None:
        """Makes what `syntax` declares visible, hiding what had the same name."""
        share((self.typedefs, syntax.typedefs), (self.enums, syntax.enumerators),
              (self.variables, syntax.variables))  # fmt: skip
        self.tags.update(syntax.tags)
        self._reached.clear()
        for table, found in zip(self.named, syntax.named, strict=True):
            table.update(found)

    def within_reach(self, names: Iterable[str]) -> Meaning:
        """What `names` mean: all declarations that they lead to, each by its name. Where it is equal, so is
        every value, size and layout."""
        asked = set(names)
        found = frozenset(
            (number, name, table[name])
            for number, table in enumerate(self.named)
            for name in table.keys() & asked
        )
        # A thousand macros name one enum's thousand enumerators.
        reached = self._reach_of(frozenset(form for _, _, form in found))
        return reached if found <= reached else reached | found

    def _reach_of(self, forms: frozenset[Form]) -> Meaning:
        """What the words in declarations lead to."""
        known = self._reached.get(forms)
        if known is not None:
            return known
        found: set[tuple[int, str, Form]] = set()
        looked_into, new = set(forms), set(forms)
        seen: set[str] = set()
        while new:
            asked = set().union(*(form.asks for form in new))
            pending = set().union(*(form.words for form in new)) - seen
            seen |= pending
            here = {
                (number, name, table[name])
                for number, table in enumerate(self.named)
                for name in table.keys() & (pending if table is not self.named[-1] else asked)
            }
            found |= here
            new = {form for _, _, form in here} - looked_into
            looked_into |= new
        reached = self._reached[forms] = frozenset(found)
        return reached

    def tell_members(self, count: int) -> None:
        """Counts members of which facts are made. Raises UnreadableHeader where they are too many."""
        self.members_told += count
        if self.members_told > MOST_MEMBERS:
            raise UnreadableHeader(f"structs of more than {MOST_MEMBERS} members")

    # What constants ask (constant.Meaning).

    def enumerator(self, name: str) -> Number:
        enum = self.enums.get(name)
        if enum is None:
            raise NotConstant(f"{name} is no constant known here")
        number = self._known_so_far(enum, name)
        if isinstance(number, str):
            raise NotConstant(number)
        return number

    def _known_so_far(self, enum: Node, name: str) -> Number | str:
        """An enumerator, inside its own enum too, where those before it have values."""
        if id(enum) in self._open:
            number = self._numbers[id(enum)].get(name)
            if number is None:
                raise _Cycle(id(enum))
            return number
        try:
            return self.enumerators(enum)[name]
        except _Cycle:
            self._cycles += 1
            if self._cycles > _MOST_CYCLES:
                raise UnreadableHeader("constants and types that go by one another") from None
        # One behind it goes by what asks.
        before: dict[str, Number | str] = {}
        self._number(enum, before, name)
        return before[name]

    def variable(self, name: str, *, called: bool) -> Integer:
        """The type of a variable, or of what a function returns that is `called`."""
        declared = self.variables.get(name)
        if declared is None or isinstance(declared.type, c_ast.FuncDecl) is not called:
            raise NotConstant(f"{name} is no constant known here")
        if self._declarator_attributes(declared).mode:
            raise NotConstant(f"the machine mode of {name}")
        return self._integer(declared.type.type if called else declared.type)

    def size_of(self, node: Node) -> int:
        if isinstance(node, c_ast.Constant) and node.type == "string":
            if is_wide(node.value):
                raise NotConstant("a wide string")
            return len(bytes_of(node.value)) + 1
        if isinstance(node, c_ast.StructRef | c_ast.ArrayRef):
            return self.shape(self._member_type(node)).size
        if not isinstance(node, c_ast.Typename):
            return self._integer_size(evaluate(node, self))
        return self.shape(node.type).size

    def _member_type(self, node: Node) -> Node:
        """The type of `((struct x *)0)->member`, of members of members and of their elements too."""
        match node:
            case c_ast.ArrayRef():
                return self._step(self._element, self._member_type(node.name))
            case c_ast.StructRef(
                type="->", name=c_ast.Cast(to_type=c_ast.Typename(type=c_ast.PtrDecl() as pointer))
            ):
                outer = pointer.type
            case c_ast.StructRef(type="."):
                outer = self._member_type(node.name)
            case _:
                raise NotConstant("not a constant expression")
        return self._find(self.record(outer), node.field.name)[1]

    def _element(self, node: Node) -> Node:
        match node:
            case c_ast.ArrayDecl() | c_ast.PtrDecl():
                return node.type
            case c_ast.TypeDecl() | c_ast.AttributedType():
                return self._step(self._element, node.type)
            case c_ast.IdentifierType(names=[name]) if name in self.typedefs:
                return self._step(self._element, self.typedefs[name].type)
        raise NotConstant("not a constant expression")

    def align_of(self, node: Node, alone: bool) -> int:
        align = self.shape(node.type).align
        return _WIDE if alone and align < _WIDE and self._is_wide(node.type) else align

    def _is_wide(self, node: Node) -> bool:
        """Whether a type is a number of eight bytes, or an array of such, that nothing aligns otherwise."""
        for _ in range(DEEPEST_TYPE):
            match node:
                case c_ast.TypeDecl() | c_ast.Typename() | c_ast.ArrayDecl():
                    node = node.type
                case c_ast.AttributedType() if self.attributes(node.attributes).aligned is None:
                    node = node.type
                case c_ast.IdentifierType(names=[name]) if name in self.typedefs:
                    node = self.typedefs[name]
                    if self._declarator_attributes(node).aligned is not None:
                        return False
                    node = node.type
                case c_ast.IdentifierType():
                    return self.shape(node).size == _WIDE
                case _:
                    return False
        return False

    def integer(self, node: Node) -> Integer:
        return self._integer(node.type)

    def offset_of(self, node: Node, path: Node) -> int:
        steps: list[str] = []
        while isinstance(path, c_ast.StructRef):
            steps.append(path.field.name)
            path = path.name
        if not isinstance(path, c_ast.ID):
            raise NotConstant("offsetof an array element")
        bits, current = 0, node
        for step in (path.name, *reversed(steps)):
            bit, current = self._find(self.record(current), step)
            bits += bit
        return bits // 8

    def _find(self, record: Node | None, name: str) -> tuple[int, Node]:
        for member in self.layout(record).members if record is not None else ():
            if member.name == name:
                return member.bit_offset, member.node.type
            if member.name is None and member.bit_size is None:
                try:
                    bit, found = self._find(self.record(member.node.type), name)
                except NotConstant:
                    continue
                return member.bit_offset + bit, found
        raise NotConstant(f"no member {name}")

    @staticmethod
    def _integer_size(number: Number) -> int:
        return number.type.bits // 8

    # Shapes.

    def shape(self, node: Node) -> Shape:
        """Size and alignment of a type."""
        return self._step(self._shape, node)

    def _step(self, into: Callable[[Node], _Found], node: Node) -> _Found:
        """One step further into a type. The outermost gives the reason where they are too many."""
        self._depth += 1
        try:
            self._reach(self._depth)
            return into(node)
        except _TooDeep:
            if self._depth > 1:
                raise
            raise NotConstant(_TOO_DEEP) from None
        finally:
            self._depth -= 1

    def _reach(self, depth: int) -> None:
        if depth > DEEPEST_TYPE:
            raise _TooDeep
        self._deepest = max(self._deepest, depth)

    @contextmanager
    def _measured(self, node: Node) -> Iterator[None]:
        """Keeps how many steps settling a definition takes."""
        outer, self._deepest = self._deepest, self._depth
        try:
            yield
            self._heights[id(node)] = self._deepest - self._depth
        finally:
            self._deepest = max(outer, self._deepest)

    def _shape(self, node: Node) -> Shape:
        match node:
            case c_ast.TypeDecl(quals=quals) | c_ast.Typename(quals=quals):
                if "_Atomic" in quals:
                    raise NotConstant("an _Atomic type")
                return self.shape(node.type)
            case c_ast.PtrDecl():
                return Shape(self.profile.pointer_bytes, self.profile.pointer_bytes)
            case c_ast.ArrayDecl():
                element, length = self.shape(node.type), self.length(node)
                if length < 0:
                    raise NotConstant("an array of negative length")
                return _shape(element.size * length, element.align)
            case c_ast.FuncDecl():
                return Shape(1, 1)
            case c_ast.AttributedType():
                return self._attributed(node)
            case c_ast.Struct() | c_ast.Union():
                return self.layout(self._defined(node)).shape
            case c_ast.Enum():
                enum = self._defined(node)
                asked = self.attributes(enum.attributes)
                if asked.packed:
                    return self._packed_enum(enum)
                return self._mode_shape(asked.mode) if asked.mode else self._integer_shape(self.enum_type(enum))
            case c_ast.TypeOf():
                return self.shape(node.expr) if isinstance(node.expr, c_ast.Typename) else (
                    self._integer_shape(evaluate(node.expr, self).type))  # fmt: skip
            case c_ast.IdentifierType():
                return self._named(node)
        raise NotConstant(f"a type this reader does not know ({type(node).__name__})")

    def _named(self, node: Node) -> Shape:
        names = node.names
        if len(names) == 1 and names[0] in self.typedefs:
            return self._typedef(self.typedefs[names[0]])
        name = canonical(names)
        if name in self.types:
            return self._integer_shape(self.types[name])
        fixed = {
            "float": Shape(4, 4),
            "double": Shape(8, self.profile.wide_align),
            "long double": Shape(*self.profile.long_double),
            "void": Shape(1, 1),
            "__builtin_va_list": Shape(*self.profile.va_list),
        }
        if self.profile.long_bits == 64:
            fixed |= dict.fromkeys(("__int128_t", "__uint128_t"), Shape(16, self.profile.int128_align))
        if name in fixed:
            return fixed[name]
        raise NotConstant(f"type {name} is not known here")

    def _typedef(self, typedef: Node) -> Shape:
        size, align = self.shape(typedef.type)
        attributes = self._declarator_attributes(typedef)
        if attributes.vector:
            return Shape(attributes.vector, attributes.vector)
        if attributes.mode:
            size, align = self._mode_shape(attributes.mode)
        return Shape(size, attributes.aligned or align)

    def _mode_shape(self, mode: str) -> Shape:
        size = self._mode(mode)
        return Shape(size, self._integer_align(size))

    def _mode(self, mode: str) -> int:
        sizes = {"QI": 1, "byte": 1, "HI": 2, "SI": 4, "DI": 8, "word": self.profile.pointer_bytes,
                 "pointer": self.profile.pointer_bytes, "TI": 16}  # fmt: skip
        if mode not in sizes or sizes[mode] > 2 * self.profile.pointer_bytes:
            raise NotConstant(f"machine mode {mode}")
        return sizes[mode]

    def _attributed(self, node: Node) -> Shape:
        """Its alignment is the declarator's to ask for; a definition has its own."""
        mode = None if defines(node.type) else self.attributes(node.attributes).mode
        return self._mode_shape(mode) if mode else self.shape(node.type)

    def _packed_enum(self, node: Node) -> Shape:
        values = self._values(node)
        for size in (1, 2, 4):
            low, high = (-(1 << 8 * size - 1), 1 << 8 * size - 1) if min(values) < 0 else (0, 1 << 8 * size)
            if low <= min(values) and max(values) < high:
                return Shape(size, size)
        return Shape(8, 8)

    def _integer_shape(self, kind: Integer) -> Shape:
        size = kind.bits // 8
        return Shape(size, self._integer_align(size))

    def _integer_align(self, size: int) -> int:
        return {8: self.profile.wide_align, 16: self.profile.int128_align}.get(size, size)

    def length(self, node: Node) -> int:
        """The number of elements of an array; 0 for a flexible one."""
        return evaluate(node.dim, self).value if node.dim is not None else 0

    def _integer(self, node: Node) -> Integer:
        """The integer type that a type is in the end; a pointer counts as an address."""
        match node:
            case c_ast.TypeDecl() | c_ast.Typename():
                return self._integer(node.type)
            case c_ast.PtrDecl():
                return replace(self.types["unsigned long"], pointer=True)
            case c_ast.TypeOf():
                inner = node.expr
                return self._integer(inner) if isinstance(inner, c_ast.Typename) else evaluate(inner, self).type
            case c_ast.AttributedType():
                mode = self.attributes(node.attributes).mode
                return self._integer_of_mode(self._integer(node.type), mode)
            case c_ast.Enum():
                enum = self._defined(node)
                kind = self.enum_type(enum)
                asked = self.attributes(enum.attributes)
                if not asked.packed:
                    return self._integer_of_mode(kind, asked.mode)
                name = {1: "char", 2: "short", 4: "int", 8: "long long"}[self._packed_enum(enum).size]
                return self.types[("unsigned " if not kind.signed else "signed " * (name == "char")) + name]
            case c_ast.IdentifierType():
                if len(node.names) == 1 and node.names[0] in self.typedefs:
                    typedef = self.typedefs[node.names[0]]
                    mode = self._declarator_attributes(typedef).mode
                    return self._integer_of_mode(self._integer(typedef.type), mode)
                name = canonical(node.names)
                if name in self.types:
                    return self.types[name]
                raise NotConstant(f"type {name} is no integer known here")
        raise NotConstant("a type that is no integer")

    def _integer_of_mode(self, kind: Integer, mode: str | None) -> Integer:
        if mode is None:
            return kind
        names = {1: "char", 2: "short", 4: "int", 16: "__int128"}
        names[8] = "long" if self.profile.long_bits == 64 else "long long"
        name = names[self._mode(mode)]
        return self.types[name if kind.signed else f"unsigned {name}"]

    # Records.

    def record(self, node: Node) -> Node | None:
        """The struct or union definition that a type is by value, or None."""
        # A typedef may be one of itself.
        for _ in range(DEEPEST_TYPE):
            match node:
                case c_ast.TypeDecl() | c_ast.Typename() | c_ast.AttributedType():
                    node = node.type
                case c_ast.Struct() | c_ast.Union():
                    return node if defines(node) else self._tagged(node)
                case c_ast.IdentifierType(names=[name]) if name in self.typedefs:
                    node = self.typedefs[name].type
                case _:
                    return None
        return None

    def _defined(self, node: Node) -> Node:
        if defines(node):
            return node
        found = self._tagged(node)
        if found is None:
            raise NotConstant(f"{tag_word(node)} {node.name} is not defined here")
        return found

    def _tagged(self, node: Node) -> Node | None:
        """The definition that `struct x` speaks of."""
        found = self.tags.get(node.name)
        return found if type(found) is type(node) else None

    def layout(self, node: Node) -> Layout:
        """The layout of a struct or union definition."""
        known = self._layouts.get(id(node))
        if known is not None:
            self._reach(self._depth + self._heights[id(node)])
            return known
        with self._opened(node), self._measured(node):
            try:
                laid = self._layouts[id(node)] = self._lay_out(node)
            except _Cycle as cycle:
                if cycle.node != id(node):
                    raise
                raise NotConstant(_ITSELF) from None
        return laid

    @contextmanager
    def _opened(self, node: Node) -> Iterator[None]:
        """Marks a definition as one that is being settled. Raises _Cycle where it is already."""
        if id(node) in self._open:
            raise _Cycle(id(node))
        self._open.add(id(node))
        try:
            yield
        finally:
            self._open.remove(id(node))

    def _lay_out(self, node: Node) -> Layout:
        union = isinstance(node, c_ast.Union)
        at = end = 0
        align = 1
        members: list[Member] = []
        own = self.attributes(node.attributes)
        for decl in filter(is_member, node.decls):
            if decl.align:
                raise NotConstant("_Alignas")
            at = 0 if union else at
            asked = self._declarator_attributes(decl)
            size, natural = self._member_shape(decl, asked)
            tight = own.packed or asked.packed
            step = max(1 if tight else natural, asked.aligned or 1)
            width = evaluate(decl.bitsize, self).value if decl.bitsize is not None else None
            if width is not None and not 0 <= width <= 8 * size:
                raise NotConstant(f"a bit-field of {width} bits in {8 * size}")
            if width and _is_integer(at, width) and not tight:
                step = max(step, min(width // 8, width if asked.aligned else self.profile.wide_align))
            step = min(step, own.limit or step)
            if width is not None:
                at = _bit_field_start(at, width, Shape(size, natural), tight, asked.aligned, own.limit)
                if decl.name is not None or self.profile.unnamed_bits_align:
                    align = max(align, step, _bit_field_align(width, natural, own.limit))
                if decl.name is not None:
                    members.append(Member(decl.name, decl, at, width, size))
                at += width
            else:
                at = _round_up(at, 8 * step)
                align = max(align, step)
                members.append(Member(decl.name, decl, at, None, size))
                at += 8 * size
            end = max(end, at)
        align = max(align, own.aligned or 1)
        return Layout(_shape(_round_up(end, 8 * align) // 8, align), tuple(members))

    def _member_shape(self, decl: Node, asked: Attributes) -> Shape:
        if asked.vector:
            raise NotConstant("a vector as a member")
        if not asked.mode:
            return self.shape(decl.type)
        if not isinstance(decl.type, c_ast.TypeDecl):
            raise NotConstant("a machine mode of more than a number")
        return self._mode_shape(asked.mode)

    def attributes(self, specifiers: list[Node]) -> Attributes:
        """What attribute specifiers ask for; `aligned` alone is the largest alignment there is."""
        packed, aligned, mode, vector, limit = False, None, None, None, None
        for attribute in (a for specifier in specifiers for a in specifier.attributes):
            given = attribute.arguments
            match attribute.name:
                case "packed":
                    packed = True
                case "aligned":
                    aligned = max(aligned or 1, self._argument(given) if given else self.profile.largest_align)
                case "mode" if given:
                    mode = given.strip().strip("_")
                case "vector_size" if given:
                    vector = self._argument(given)
                case "pragma_pack":
                    limit = int(given)
                case "ms_struct":
                    raise NotConstant("a layout as other compilers have it (ms_struct)")
        return Attributes(packed, aligned, mode, vector, limit)

    def _argument(self, text: str) -> int:
        words = [token.text for token in tokenize(text, 0)]
        return evaluate(parse_expression(respell(words), frozenset(self.typedefs.keys() & words)), self).value

    def _declarator_attributes(self, decl: Node) -> Attributes:
        """The attributes of a member's or typedef's own declarator, and of a tag it refers to; without a name
        there is none to have any."""
        if decl.name is None and decl.bitsize is None:
            return Attributes()
        given = list(getattr(decl, "attributes", None) or ())
        aligned = None
        inner = decl.type
        while isinstance(inner, c_ast.TypeDecl | c_ast.ArrayDecl | c_ast.PtrDecl | c_ast.FuncDecl):
            own = list(getattr(inner, "attributes", None) or ())
            if not isinstance(inner, c_ast.PtrDecl):
                given += own
            elif inner is decl.type:
                # A pointer's own: what it points to asks for nothing here, and it cannot be packed.
                aligned = self.attributes(own).aligned
            inner = inner.type
        if isinstance(inner, c_ast.AttributedType):
            given += () if defines(inner.type) else inner.attributes
        found = self.attributes(given)
        return found._replace(aligned=max(found.aligned or 1, aligned)) if aligned else found

    # Enums.

    def enumerators(self, node: Node) -> dict[str, Number | str]:
        """The enumerators of an enum definition, with the type gcc gives each: int where it fits.
        One that cannot be settled, and those that count on from it, have the reason instead."""
        known = self._numbers.get(id(node))
        if known is None or id(node) in self._open:
            with self._opened(node), self._measured(node):
                known = self._step(self._enumerated, node)
            self._give_types(node, known)
            return known
        self._reach(self._depth + self._heights[id(node)])
        return known

    def _enumerated(self, node: Node) -> dict[str, Number | str]:
        numbers = self._numbers[id(node)] = {}
        try:
            self._number(node, numbers)
        except (_TooDeep, _Cycle):
            # Asked from elsewhere they may have values.
            del self._numbers[id(node)]
            raise
        return numbers

    def _give_types(self, node: Node, numbers: dict[str, Number | str]) -> None:
        """Gives enumerators the types they have after the enum."""
        try:
            narrow = self.types["int"] if node.underlying_type is None else self.integer(node.underlying_type)
        except NotConstant as why:
            numbers.update(dict.fromkeys(numbers, str(why)))
            return
        for name, number in numbers.items():
            if isinstance(number, Number) and not _fits(number.value, narrow):
                numbers[name] = self._widened(number, node)
            elif isinstance(number, Number):
                numbers[name] = Number(number.value, narrow)

    def _number(self, node: Node, numbers: dict[str, Number | str], last: str | None = None) -> None:
        """Enters the enumerators of an enum in order, up to `last`."""
        following: Number | str = Number(0, self.types["int"])
        for enumerator in node.values.enumerators:
            try:
                if enumerator.value is not None:
                    following = evaluate(enumerator.value, self)
                numbers[enumerator.name] = following
                if isinstance(following, Number):
                    number = numbers[enumerator.name] = self._fitted(following)
                    following = self._next(number)
            except NotConstant as why:
                numbers[enumerator.name] = following = str(why)
            except _TooDeep:
                if self._depth > 1:
                    raise
                numbers[enumerator.name] = following = _TOO_DEEP
                self._deepest = DEEPEST_TYPE
            except _Cycle as cycle:
                if cycle.node != id(node):
                    raise
                numbers[enumerator.name] = following = _ITSELF
            if enumerator.name == last:
                return

    def _widened(self, number: Number, node: Node) -> Number | str:
        try:
            return Number(number.value, self.enum_type(node))
        except NotConstant as why:
            return str(why)

    def enum_type(self, node: Node) -> Integer:
        """The integer type behind an enum: the narrowest of gcc's choices that holds every value."""
        if node.underlying_type is not None:
            return self.integer(node.underlying_type)
        values = self._values(node) or [0]
        names = ("int", "long", "long long") if min(values) < 0 else (
            "unsigned int", "unsigned long", "unsigned long long")  # fmt: skip
        for name in names:
            if _fits(min(values), self.types[name]) and _fits(max(values), self.types[name]):
                return self.types[name]
        raise NotConstant("an enum wider than 64 bits")

    def _values(self, node: Node) -> list[int]:
        numbers = self.enumerators(node).values()
        reason = next((number for number in numbers if isinstance(number, str)), None)
        if reason is not None:
            raise NotConstant(reason)
        return [number.value for number in numbers if isinstance(number, Number)]

    def _fitted(self, number: Number) -> Number:
        """An enumerator as its own enum sees it: an int where it fits, else of the type it was given in."""
        if number.type.bits > _MOST_BITS:
            raise NotConstant("an enumerator wider than 64 bits")
        return Number(number.value, self.types["int"]) if _fits(number.value, self.types["int"]) else number

    @staticmethod
    def _next(number: Number) -> Number | str:
        """What counts on from an enumerator, or why nothing does."""
        following = number.type.wrap(number.value + 1)
        return Number(following, number.type) if following > number.value else "overflow in an enum's values"


def is_member(decl: Node) -> bool:
    """Whether what stands in a struct is a member: without a name only bit-fields are, and structs and unions
    that are defined on the spot and have no tag either."""
    if not isinstance(decl, c_ast.Decl):
        return False
    inner = decl.type
    while isinstance(inner, c_ast.TypeDecl | c_ast.AttributedType):
        inner = inner.type
    is_anonymous = isinstance(inner, c_ast.Struct | c_ast.Union) and defines(inner) and inner.name is None
    return decl.name is not None or decl.bitsize is not None or is_anonymous


def canonical(names: list[str]) -> str:
    """`long unsigned int` as `unsigned long`: one spelling for one type."""
    words = sorted(names)
    unsigned, signed = "unsigned" in words, "signed" in words
    rest = [word for word in words if word not in ("unsigned", "signed")]
    if "char" in rest:
        return ("unsigned " if unsigned else "signed " if signed else "") + "char"
    if rest == ["double", "long"]:
        return "long double"
    if set(rest) <= {"int", "long", "short"}:
        sizes = [word for word in rest if word != "int"]
        return ("unsigned " if unsigned else "") + (" ".join(sizes) or "int")
    return ("unsigned " if unsigned else "") + " ".join(rest)


def _shape(size: int, align: int) -> Shape:
    if size > LARGEST_TYPE:
        raise NotConstant("a type larger than any memory")
    return Shape(size, align)


def _fits(value: int, kind: Integer) -> bool:
    return kind.wrap(value) == value


def _bit_field_start(
    at: int, width: int, kind: Shape, tight: bool, aligned: int | None, limit: int | None
) -> int:
    """Where a bit-field of type `kind` begins, as gcc places it: across no more units of its type than
    one, unless it is packed or under #pragma pack, or as wide as an integer and in place as one."""
    unit = 8 * kind.align
    if width == 0:
        return _round_up(at, unit)
    whole = _is_integer(at, width)
    if aligned:
        at = _round_up(at, 8 * min(aligned, limit or aligned))
    spans = (at % unit + width + unit - 1) // unit
    return at if tight or limit or whole or spans <= 8 * kind.size // unit else _round_up(at, unit)


def _is_integer(at: int, width: int) -> bool:
    """Whether a bit-field is as wide as an integer and in its place: gcc takes it for one."""
    return width in (8, 16, 32, 64) and at % width == 0


def _bit_field_align(width: int, natural: int, limit: int | None) -> int:
    """What a bit-field's type asks of its struct's alignment beyond what a member does, as gcc has it:
    one of width 0 heeds nothing else, and under #pragma pack `packed` does not count."""
    if width == 0:
        return natural
    return min(natural, limit) if limit else 1


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
