"""The smallest values that a schema allows."""

from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

from .schemas import Schema

_TEXT = "text"
_NOTHING: Mapping[str, Schema] = MappingProxyType({})
_TEXTS = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "uri": "https://api.github.com/x",
    "email": "a@example.com",
}


def smallest(schema: Schema, known: Mapping[str, Schema] = _NOTHING) -> Any:
    """Returns a value with required members only, null nowhere unless nothing else is allowed."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    for part in (schema, *schema.get("allOf", ())):
        known = {**part.get("properties", {}), **known}
    parts = [smallest(part, known) for part in schema.get("allOf", ())]
    parts += [smallest(branch, known) for branch in schema.get("anyOf", ()) if branch.get("type") != "null"][
        :1
    ]
    return reduce(_joined, parts, _plain(schema, known))


def _plain(schema: Schema, known: Mapping[str, Schema]) -> Any:
    kinds = schema.get("type", "object" if "properties" in schema or "required" in schema else None)
    kind = (
        kinds if isinstance(kinds, str) else next((entry for entry in kinds or () if entry != "null"), None)
    )
    if kind == "object":
        return {name: smallest(known.get(name, {})) for name in schema.get("required", ())}
    if kind == "array":
        return [smallest(schema.get("items", {})) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "0" * schema.get("minLength", 0) or _TEXT)
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": True}.get(kind or "")


def _joined(left: Any, right: Any) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **{name: _joined(left.get(name), value) for name, value in right.items()}}
    return left if right in (None, _TEXT) and left is not None else right
