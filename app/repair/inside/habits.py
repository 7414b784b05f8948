"""How the code uses a parameter or an attribute, and so which values it can be given."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .target import Function

_STRING_METHODS = frozenset(
    {
        "startswith",
        "endswith",
        "split",
        "rsplit",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "format",
        "join",
    }
    | {"encode", "partition", "rpartition", "replace", "splitlines", "find", "isdigit"}
)
_LIST_METHODS = frozenset({"append", "extend", "insert", "sort", "reverse"})
_SET_METHODS = frozenset(
    {"add", "union", "issubset", "issuperset", "intersection", "difference", "discard", "isdisjoint"}
)
_DICT_METHODS = frozenset({"get", "items", "keys", "values", "setdefault", "update", "popitem"})
_NUMERIC = (ast.Lt, ast.Gt, ast.LtE, ast.GtE)


def sequence_hint(node: Function, name: str) -> str:
    """Which kind of sequence the function takes a parameter for; empty if it does not show."""
    for one in ast.walk(node):
        match one:
            case ast.Attribute(value=ast.Name(id=owner), attr=method) if (
                owner == name and method in _SET_METHODS
            ):
                return "set"
            case ast.Compare(left=ast.Name(id=left), comparators=[ast.Tuple()]) if left == name:
                return "tuple"
            case ast.Call(
                func=ast.Name(id="isinstance"), args=[ast.Name(id=first), ast.Name(id="tuple")]
            ) if first == name:
                return "tuple"
            case ast.Starred(value=ast.Name(id=starred), ctx=ast.Load()) if starred == name:
                return "tuple"
            case ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=unpacked)) if unpacked == name:
                return "tuple"
            case _:
                pass
    return ""


def usage(tree: ast.AST, attribute: str) -> list[str]:  # noqa: C901, PLR0912 - a table of forms
    """Codes of values that can be used as the code uses an attribute of that name, most likely first."""
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=ast.Constant(value=value)) if _sets(targets, attribute):
                found.append(repr(value))
            case ast.Assign(targets=targets, value=ast.List() | ast.Dict() | ast.Set() as value) if _sets(
                targets, attribute
            ):
                found.append({ast.List: "[]", ast.Dict: "{}", ast.Set: "set()"}[type(value)])
            case ast.Attribute(value=ast.Attribute(attr=name), attr=method) if name == attribute:
                if method in _STRING_METHODS:
                    found.append('"x"')
                elif method in _LIST_METHODS:
                    found.append("[]")
                elif method in _DICT_METHODS:
                    found.append("{}")
            case ast.Subscript(value=ast.Attribute(attr=name), slice=index) if name == attribute:
                found.append(
                    "{}" if isinstance(index, ast.Constant) and isinstance(index.value, str) else "[]"
                )
            case (
                ast.For(iter=ast.Attribute(attr=name)) | ast.comprehension(iter=ast.Attribute(attr=name))
            ) if name == attribute:
                found.append("[]")
            case ast.Compare(left=ast.Attribute(attr=name), ops=[op]) if name == attribute and isinstance(
                op, _NUMERIC
            ):
                found.append("0")
            case (
                ast.BinOp(left=ast.Attribute(attr=name)) | ast.AugAssign(target=ast.Attribute(attr=name))
            ) if name == attribute:
                found.append("0")
            case ast.If(test=ast.Attribute(attr=name)) if name == attribute:
                found.append("False")
            case _:
                pass
    return list(dict.fromkeys(found))


def is_called(tree: ast.AST, attribute: str) -> bool:
    """True if the code calls an attribute of that name."""
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == attribute
        for one in ast.walk(tree)
    )


def _sets(targets: Sequence[ast.expr], attribute: str) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == attribute for one in targets)
