"""A type as C spells it, with array lengths as numbers."""

from pycparser import c_ast

from kscan.parse.constant import Node, NotConstant, evaluate
from kscan.parse.declarations import tag_word
from kscan.parse.layout import Types


def describe(node: Node, types: Types) -> str:
    """The type of a declarator, such as `const struct sock_filter *` or `__u8 [16]`."""
    inside, around = "", node
    while True:
        match around:
            case c_ast.PtrDecl():
                qualifiers = " ".join(around.quals)
                inside = f"*{qualifiers + ' ' if qualifiers and inside else qualifiers}{inside}"
            case c_ast.ArrayDecl():
                inside = f"{_grouped(inside)}[{_length(around, types)}]"
            case c_ast.FuncDecl():
                inside = f"{_grouped(inside)}({_parameters(around, types)})"
            case _:
                break
        around = around.type
    base = _base(around, types)
    return f"{base} {inside}" if inside else base


def _grouped(inside: str) -> str:
    return f"({inside})" if inside.startswith("*") else inside


def _length(node: Node, types: Types) -> str:
    try:
        return str(types.length(node)) if node.dim is not None else ""
    except NotConstant:
        return "?"


def _parameters(node: Node, types: Types) -> str:
    given = node.args.params if node.args else []
    return ", ".join("..." if isinstance(p, c_ast.EllipsisParam) else describe(p.type, types) for p in given
                     if not isinstance(p, c_ast.ID))  # fmt: skip


def _base(node: Node, types: Types) -> str:
    match node:
        case c_ast.TypeDecl() | c_ast.Typename():
            qualifiers = " ".join(q for q in node.quals or () if q)
            return f"{qualifiers} {_base(node.type, types)}".strip()
        case c_ast.AttributedType():
            return _base(node.type, types)
        case c_ast.Struct() | c_ast.Union() | c_ast.Enum():
            return f"{tag_word(node)} {node.name}" if node.name else tag_word(node)
        case c_ast.IdentifierType():
            return " ".join(node.names)
        case c_ast.TypeOf() if not isinstance(node.expr, c_ast.Typename):
            return _type_of(node, types)
        case c_ast.TypeOf():
            return describe(node.expr, types)
    return describe(node, types) if hasattr(node, "type") else "?"


def _type_of(node: Node, types: Types) -> str:
    try:
        return evaluate(node.expr, types).type.name
    except NotConstant:
        return "typeof(?)"
