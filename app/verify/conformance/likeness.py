"""When two pieces of syntax say the same, and where one occurs in another."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable


def alike(one: object, other: object) -> bool:
    """True if both say the same; places do not count, and neither does whether a name is read or bound there."""
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return type(one) is type(other) and all(
            alike(getattr(one, field, None), getattr(other, field, None))
            for field in one._fields
            if field != "ctx"
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            alike(left, right) for left, right in zip(one, other, strict=True)
        )
    return type(one) is type(other) and repr(one) == repr(other)  # 0 is not False, and 0.0 is not -0.0


def occurs(piece: ast.AST, code: Iterable[ast.AST]) -> bool:
    """True if `piece` stands somewhere in `code`, word for word."""
    return any(type(node) is type(piece) and alike(node, piece) for whole in code for node in ast.walk(whole))


def with_name_replaced(code: ast.stmt, name: str, value: ast.expr) -> ast.stmt | None:
    """`code` with `value` instead of the one use of `name`; None if there is not exactly one."""
    uses = [one for one in ast.walk(code) if isinstance(one, ast.Name) and one.id == name]
    return _Replaced(name, value).visit(copy.deepcopy(code)) if len(uses) == 1 else None


class _Replaced(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name = name
        self.value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name else node
