"""Reading the locals that an error tracker recorded: which value an access path had, as far as the record says."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

BREADTH = 10  # containers are recorded up to this many entries, so a full one may have been cut
_OBJECT = re.compile(r"<(?:[\w.]+\.)?(\w+)[ :.]")
_MEMBER = re.compile(r"<([A-Z]\w*)\.(\w+): ")
_LONGEST = 20_000


# Recorded locals: JSON as it came; a value that was read out of a `repr()` is an expression.
Locals = Mapping[str, JsonValue | ast.expr]


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded value: JSON as it came, or the part of a parsed `repr()`."""

    value: JsonValue | ast.expr


def parse_repr(text: str) -> ast.expr | None:
    """The expression that a `repr()` spells, or None where it spells none."""
    if len(text) > _LONGEST:
        return None
    try:
        return ast.parse(_readable(text.strip()) if "<" in text else text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _readable(text: str) -> str:
    """The repr with `<Color.RED: 1>` written as `Color.RED`, and `...` for any other `<object>` outside of strings."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in "'\"":
            end = _string_end(text, at)
            parts.append(text[at:end])
        elif text[at] == "<":
            member = _MEMBER.match(text, at)
            end = _object_end(text, at + 1)
            parts.append(f"{member[1]}.{member[2]}" if member is not None else "...")
        else:
            end = at + 1
            parts.append(text[at])
        at = end
    return "".join(parts)


def _string_end(text: str, at: int) -> int:
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _object_end(text: str, at: int) -> int:
    depth = 1
    while at < len(text) and depth:
        if text[at] in "'\"":
            at = _string_end(text, at)
            continue
        depth += {"<": 1, ">": -1}.get(text[at], 0)
        at += 1
    return at


def look_up(variables: Locals, path: ast.expr) -> Found | None:
    """What `path` evaluated to; None where the record does not say. Only access paths and `.get()` are followed."""
    match path:
        case ast.Constant():
            return Found(path)
        case ast.Name(id=name):
            return Found(variables[name]) if name in variables else None
        case ast.Attribute(value=base, attr=attribute):
            return _attribute(look_up(variables, base), attribute)
        case ast.Subscript(value=base, slice=index):
            return _item(look_up(variables, base), look_up(variables, index))
        case ast.Call(func=ast.Attribute(value=base, attr="get"), args=[key, *default], keywords=[]):
            return _get(variables, base, key, default)
        case _:
            return None


def elements(variables: Locals, path: ast.expr) -> list[JsonValue | ast.expr] | None:
    """What iterating over `path` gave, as far as it was recorded; `BREADTH` elements may not be all."""
    found = look_up(variables, path)
    match _parsed(found.value) if found is not None else None:
        case list() as items:
            return list(items)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return list(parts)
        case _:
            return None


def is_none(variables: Locals, path: ast.expr) -> bool | None:
    """True if `path` was recorded as None, False if as something else, None if the record does not say."""
    found = look_up(variables, path)
    if found is None:
        return None
    value = _parsed(found.value)
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def key_repr(variables: Locals, key: ast.expr) -> str | None:
    """The `repr()` of a subscript's value, as a KeyError prints it."""
    if isinstance(key, ast.Constant):
        return repr(key.value)
    found = look_up(variables, key)
    if found is None:
        return None
    value = found.value
    if isinstance(value, ast.expr):
        return ast.unparse(value)
    return value if isinstance(value, str) else None


def has_key(variables: Locals, mapping: ast.expr, key: str) -> bool | None:
    """True if the recorded mapping holds the key with that repr, False if it does not, None if it is not known."""
    keys = recorded_keys(variables, mapping)
    if keys is None:
        return None
    plain = _plain(key)
    if plain in keys:
        return True
    return None if len(keys) >= BREADTH else False


def recorded_keys(variables: Locals, mapping: ast.expr) -> list[str] | None:
    """The keys of a recorded mapping as text, or None where no mapping was recorded at that path."""
    found = look_up(variables, mapping)
    match _parsed(found.value) if found is not None else None:
        case dict() as entries:
            return list(entries)
        case ast.Dict(keys=keys):
            return [str(key.value) for key in keys if isinstance(key, ast.Constant)]
        case _:
            return None


def type_name(variables: Locals, path: ast.expr) -> str | None:
    """The class name of a recorded value as its repr shows it: `str`, `int`, `dict`, `Decimal`, `Order`."""
    found = look_up(variables, path)
    return None if found is None else _type_of(found.value)


def _type_of(value: JsonValue | ast.expr) -> str | None:  # noqa: C901, PLR0911 - a table of forms
    match _parsed(value):
        case dict() | ast.Dict() | ast.DictComp():
            return "dict"
        case list() | ast.List():
            return "list"
        case None:
            return "NoneType"
        case ast.Constant(value=constant):
            return type(constant).__name__
        case ast.UnaryOp(operand=ast.Constant(value=constant)):
            return type(constant).__name__
        case ast.Tuple():
            return "tuple"
        case ast.Set():
            return "set"
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
        case str() as text:
            match_ = _OBJECT.match(text)
            return match_[1] if match_ else None
        case bool() | int() | float() as plain:
            return type(plain).__name__
        case _:
            return None


def _parsed(value: JsonValue | ast.expr) -> JsonValue | ast.expr:
    if not isinstance(value, str):
        return value
    expression = None if value.startswith("<") and not _MEMBER.match(value) else parse_repr(value)
    return value if expression is None else expression


def _attribute(base: Found | None, attribute: str) -> Found | None:
    match _parsed(base.value) if base is not None else None:
        case ast.Call(keywords=keywords):
            values = [keyword.value for keyword in keywords if keyword.arg == attribute]
            return Found(values[0]) if len(values) == 1 else None
        case _:
            return None


def _item(base: Found | None, index: Found | None) -> Found | None:  # noqa: PLR0911 - a table of forms
    if base is None or index is None:
        return None
    at = _literal(index.value)
    match _parsed(base.value):
        case dict() as entries:
            return Found(entries[str(at)]) if at is not None and str(at) in entries else None
        case list() as items if isinstance(at, int) and -len(items) <= at < len(items):
            return None if at < 0 and len(items) >= BREADTH else Found(items[at])
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and at is not None and key.value == at:
                    return Found(value)
            return None
        case ast.List(elts=elements) | ast.Tuple(elts=elements) if isinstance(at, int) and abs(at) < len(
            elements
        ):
            return Found(elements[at])
        case _:
            return None


def _get(variables: Locals, base: ast.expr, key: ast.expr, default: list[ast.expr]) -> Found | None:
    item = _item(look_up(variables, base), look_up(variables, key))
    if item is not None:
        return item
    spelled = key_repr(variables, key)
    if spelled is None or has_key(variables, base, spelled) is not False:
        return None
    fallback = default[0] if default else ast.Constant(None)
    return Found(fallback) if isinstance(fallback, ast.Constant) else None


def _literal(value: JsonValue | ast.expr) -> object:
    match _parsed(value):
        case ast.Constant(value=constant):
            return constant
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
        case int() as number:
            return number
        case _:
            return None


def _plain(key: str) -> str:
    expression = parse_repr(key)
    return str(expression.value) if isinstance(expression, ast.Constant) else key
