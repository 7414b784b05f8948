"""Whether what a repaired call returns is what the function's annotation promises."""

from __future__ import annotations

import ast
from typing import Final

from app.core.source import SourceTree
from app.core.syntax import Code, own_nodes
from app.repair.attempt import Attempt

# What a function may also return where its annotation names the type: the numeric tower of PEP 484.
_ALSO: Final = {"float": {"int", "bool"}, "int": {"bool"}, "complex": {"float", "int", "bool"}}
_PLAIN: Final = frozenset(
    {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
_BUILTINS: Final = "builtins."


def broken_promise(attempt: Attempt, tree: SourceTree, path: str, line: int) -> str | None:
    """What the function around that line promises, if the call returned something else; None if it may be right.

    Only plain types are told apart: an annotation that names anything else promises nothing here.
    """
    if not (attempt.returned_type or "").startswith(_BUILTINS) or set(attempt.forms) - {"coroutine"}:
        return None
    code = Code.parse(tree.read(path) or "")
    statement = code.statement_at(line) if code is not None else None
    function = code.function_of(statement) if code is not None and statement is not None else None
    if function is None or function.returns is None:
        return None
    allowed = _allowed(function.returns)
    returned = (attempt.returned_type or "").removeprefix(_BUILTINS)
    if returned == "NoneType" and any(_gives_none(node) for node in own_nodes(function)):
        return None
    return ast.unparse(function.returns) if allowed is not None and returned not in allowed else None


def _gives_none(node: ast.AST) -> bool:
    """True for a `return` that does not keep such a promise either."""
    return isinstance(node, ast.Return) and (
        node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    )


def _allowed(annotation: ast.expr) -> set[str] | None:  # noqa: PLR0911 - a table of forms
    """The names of the built-in types that fit; None if any may."""
    match annotation:
        case ast.Constant(value=None):
            return {"NoneType"}
        case ast.Constant(value=str(text)):
            try:
                return _allowed(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _any_of([left, right])
        case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Optional"), slice=inner):
            return _any_of([inner, ast.Constant(None)])
        case ast.Subscript(
            value=ast.Name(id="Union") | ast.Attribute(attr="Union"), slice=ast.Tuple(elts=inner)
        ):
            return _any_of(inner)
        case ast.Subscript(value=base):
            return _allowed(base)
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="typing"), attr=name):
            plain = name.lower() if name in {"Dict", "FrozenSet", "List", "Set", "Tuple"} else name
            return {plain} | _ALSO.get(plain, set()) if plain in _PLAIN else None
        case _:
            return None


def _any_of(annotations: list[ast.expr]) -> set[str] | None:
    found = [_allowed(one) for one in annotations]
    return set().union(*(one for one in found if one is not None)) if None not in found else None
