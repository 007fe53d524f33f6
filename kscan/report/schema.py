"""JSON Schema of typed rows."""

from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

_PLAIN = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def schema_of(files: dict[str, object], about: str) -> dict[str, Any]:
    """A schema with a definition for each of `files`, and for each kind of row that they hold."""
    definitions: dict[str, Any] = {}
    for name, hint in files.items():
        definitions[name] = _schema(hint, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": about,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if is_typeddict(hint):
        return _row(hint, definitions)
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return {"enum": list(arguments)}
    if get_origin(hint) is UnionType or type(None) in arguments:
        return {"anyOf": [_schema(part, definitions) for part in arguments]}
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}


def _row(row: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if row.__name__ not in definitions:
        definitions[row.__name__] = {}
        hints = get_type_hints(row)
        definitions[row.__name__] = {
            "description": " ".join((row.__doc__ or "").split()),
            "type": "object",
            "properties": {key: _schema(hint, definitions) for key, hint in hints.items()},
            "required": list(hints),
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{row.__name__}"}
