"""Types: structs and unions with their members by path, enums with their enumerators, typedefs."""

from collections.abc import Iterator

from pycparser import c_ast

from kscan.model import Fact
from kscan.parse.constant import Node, NotConstant
from kscan.parse.declarations import Declaration, Place, Syntax, defines, tag_word
from kscan.parse.describe import describe
from kscan.parse.layout import Types, is_member
from kscan.parse.recent import Recent

# By profile, a declaration with what its places go by, and what its names mean: its facts, as if it began on
# line 0, and how many members they took.
Told = Recent[tuple[object, ...], tuple[tuple[Fact, ...], int]]


def types_of(syntax: Syntax, types: Types, told: Told | None = None) -> Iterator[Fact]:
    """The facts of everything that `syntax` declares, in the order of the file; `told` is what was told of
    declarations before, and is added to. Raises UnreadableHeader where structs hold structs that hold structs
    without end."""
    told = told or Recent()
    new = tuple.__new__
    for declaration in syntax.declarations:
        first = declaration.line
        form, piece, above = declaration.form, declaration.piece, declaration.above
        key = types.profile.name, form, piece, above, types.within_reach(form.words)
        before = told.get(key)
        if before is None:
            members = types.members_told
            facts = tuple(_declared(declaration, types))
            at_top = tuple(f._replace(line=f.line - first, end_line=f.end_line - first) for f in facts)
            told[key] = at_top, types.members_told - members
            yield from facts
            continue
        types.tell_members(before[1])
        for kind, name, line, end_line, *rest in before[0]:
            yield new(Fact, (kind, name, line + first, end_line + first, *rest))


def _declared(declaration: Declaration, types: Types) -> Iterator[Fact]:
    seen: set[int] = set()
    for node, within in declaration.form.nodes:
        if isinstance(node, c_ast.Typedef):
            yield from _typedef(node, declaration, types)
        for inner in within:
            if id(inner) in seen:
                continue
            seen.add(id(inner))
            if isinstance(inner, c_ast.Enum):
                yield from _enum(inner, declaration, types)
            elif inner.name:
                yield from _record(inner, tag_word(inner), inner.name, declaration, types)


def _typedef(node: Node, standing: Declaration, types: Types) -> Iterator[Fact]:
    place = standing.place(node)
    size, reason = _size(node, types)
    yield Fact("typedef", node.name, place.line, place.end_line, None, describe(node.type, types),
               reason, size=size)  # fmt: skip
    record = types.record(node.type) if not isinstance(node.type, c_ast.PtrDecl) else None
    if record is not None and not record.name:
        # Of a type that is defined elsewhere, members stand where it is taken over.
        yield from _members(record, node.name, standing, types, None if _defined_in(node.type) else place)


def _size(node: Node, types: Types) -> tuple[int | None, str | None]:
    try:
        return types.shape(c_ast.IdentifierType([node.name])).size, None
    except NotConstant as why:
        return None, str(why)


def _record(node: Node, kind: str, name: str, standing: Declaration, types: Types) -> Iterator[Fact]:
    place = standing.place(node)
    try:
        size: int | None = types.layout(node).shape.size
        reason = None
    except NotConstant as why:
        size, reason = None, str(why)
    yield Fact(kind, name, place.line, place.end_line, None, f"{kind} {name}", reason, 0 if size else None,
               None, size)  # fmt: skip
    yield from _members(node, name, standing, types)


def _members(
    node: Node, name: str, standing: Declaration, types: Types, holder: Place | None = None
) -> Iterator[Fact]:
    yield from _Members(standing, types).of(node, name, 0, holder)


class _Members:
    """The members of one outermost struct, each once by its path."""

    def __init__(self, standing: Declaration, types: Types) -> None:
        self.standing, self.types = standing, types
        self.within: list[Node] = []

    def of(self, record: Node, path: str, base: int | None, holder: Place | None) -> Iterator[Fact]:
        """The members of `record` under `path`, `base` bits into the outermost struct (None: not
        known); `holder` is where the member stands that holds a type defined elsewhere."""
        try:
            placed = {id(m.node): m for m in self.types.layout(record).members}
            reason = None
        except NotConstant as why:
            placed, reason = {}, str(why)
        # A struct inside itself is no C: its members are given once.
        declared = [] if any(outer is record for outer in self.within) else record.decls
        self.within.append(record)
        for decl in filter(is_member, declared):
            self.types.tell_members(1)
            member = placed.get(id(decl))
            at = base + member.bit_offset if member and base is not None else None
            place = holder or self.standing.place(decl)
            inner = self.types.record(decl.type)
            own = inner is not None and _defined_in(decl.type)
            if decl.name is None and decl.bitsize is not None:
                continue
            name = f"{path}.{decl.name}" if decl.name else path
            if decl.name:
                yield Fact(
                    "member", name, place.line, place.end_line, None, describe(decl.type, self.types),
                    reason, at, member.bit_size if member else None, member.size if member else None,
                )  # fmt: skip
            if inner is not None and not isinstance(decl.type, c_ast.ArrayDecl):
                yield from self.of(inner, name, at, holder if own else place)
        self.within.pop()


def _defined_in(node: Node) -> bool:
    """Whether the type of a member or typedef is defined on the spot."""
    while isinstance(node, c_ast.TypeDecl | c_ast.AttributedType | c_ast.ArrayDecl):
        node = node.type
    return defines(node)


def _enum(node: Node, standing: Declaration, types: Types) -> Iterator[Fact]:
    place = standing.place(node)
    if node.name:
        try:
            kind, size = types.enum_type(node), types.shape(node).size
            yield Fact("enum", node.name, place.line, place.end_line, None, kind.name, size=size)
        except NotConstant as why:
            yield Fact("enum", node.name, place.line, place.end_line, reason=str(why))
    for enumerator in node.values.enumerators:
        at = standing.place(enumerator)
        number = types.enumerators(node)[enumerator.name]
        if isinstance(number, str):
            yield Fact("enumerator", enumerator.name, at.line, at.end_line, reason=number, owner=node.name)
        else:
            yield Fact("enumerator", enumerator.name, at.line, at.end_line, number.value, number.type.name,
                       owner=node.name)  # fmt: skip
