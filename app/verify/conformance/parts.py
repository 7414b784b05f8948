"""Small questions about syntax that the rest of the gate asks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from app.core.syntax import Function, names_bound, own_nodes

_ANSWERING = frozenset(
    {"all", "any", "bool", "callable", "endswith", "hasattr", "isalpha", "isdigit", "isinstance", "issubclass"}
    | {"islower", "isspace", "isupper", "startswith"}
)  # fmt: skip


def own(function: Function | None) -> Iterator[ast.AST]:
    """The nodes of the function itself, without those of functions nested in it."""
    return own_nodes(function) if function is not None else iter(())


def members(node: ast.expr) -> list[ast.expr]:
    """The elements of a tuple, or the node alone."""
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def is_nothing(value: ast.expr | None) -> bool:
    """True for None, also where it is not written."""
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def is_docstring(statement: ast.stmt) -> bool:
    """True for a text that stands alone, as the one that describes what it stands in."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def suppressed(context: ast.expr) -> list[ast.expr]:
    """The classes that `suppress(...)` takes; nothing for any other context."""
    match context:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds):
            return list(kinds)
        case _:
            return []


def stores(statement: ast.stmt) -> set[str]:
    """The names that a statement binds in its own scope."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case _:
            return names_bound(statement)


def is_truth(node: ast.expr) -> bool:
    """True if the expression gives True or False, as it is written."""
    match node:
        case ast.Constant(value=bool()) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(values=parts):
            return all(map(is_truth, parts))
        case ast.IfExp(body=body, orelse=other):
            return is_truth(body) and is_truth(other)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _ANSWERING or name.startswith(("is_", "has_", "can_"))
        case _:
            return False


def is_call_of(name: str, node: ast.AST) -> bool:
    """True for a call of something by this name, whatever it belongs to."""
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            return called == name
        case _:
            return False


def holds(value: object, node: ast.AST) -> bool:
    """True if a field is `node`, or a list with it."""
    return value is node or (isinstance(value, list) and is_among(node, value))


def is_among(node: ast.AST, block: Iterable[object]) -> bool:
    """True if `block` holds this very node."""
    return any(node is one for one in block)
