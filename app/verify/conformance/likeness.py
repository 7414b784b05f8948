"""When two pieces of syntax say the same, and where one occurs in another."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable

# What may evaluate its parts later, more than once, or not at all.
_DECIDING = (
    ast.BoolOp,
    ast.NamedExpr,
    ast.IfExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


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
    """True if `code` reads `piece` somewhere, word for word; what only gets a new value is not read."""
    for whole in code:
        changed = {id(one.target) for one in ast.walk(whole) if isinstance(one, ast.AugAssign)}
        for node in ast.walk(whole):
            written = isinstance(getattr(node, "ctx", None), ast.Store) and id(node) not in changed
            if type(node) is type(piece) and not written and alike(node, piece):
                return True
    return False


def with_name_replaced(code: ast.stmt, name: str, value: ast.expr) -> ast.stmt | None:
    """`code` with `value` instead of the one use of `name`, which is what `code` evaluates first; None without one."""
    uses = [one for one in ast.walk(code) if isinstance(one, ast.Name) and one.id == name]
    if len(uses) != 1 or not isinstance(uses[0].ctx, ast.Load) or not _is_first(uses[0], code):
        return None
    replaced: ast.stmt = _Replaced(name, value).visit(copy.deepcopy(code))
    return replaced


def with_every_name_replaced(code: ast.stmt, name: str, value: ast.expr) -> ast.AST:
    """`code` with `value` wherever it reads or writes `name`."""
    replaced: ast.AST = _Replaced(name, value).visit(copy.deepcopy(code))
    return replaced


def _is_first(use: ast.Name, code: ast.stmt) -> bool:
    """True if no call comes before the use, and nothing decides whether it is reached."""
    start = use.lineno, use.col_offset
    for node in ast.walk(code):
        holds = any(one is use for one in ast.walk(node))
        if isinstance(node, ast.Call | ast.Await) and not holds and (node.lineno, node.col_offset) < start:
            return False
        if (holds and isinstance(node, _DECIDING)) or isinstance(node, ast.NamedExpr):
            return False
    return True


class _Replaced(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name = name
        self.value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name else node
