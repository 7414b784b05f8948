"""What code asks of a value before or behind a change: whether it is there, or whether it is fine."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from app.core.syntax import names_in
from app.verify.conformance.conditions import nodes_of


def says_missing(test: ast.expr) -> bool:
    """True if a test of the old file already asks for nothing: None, an absent key, an empty or false value."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(says_missing(one) for one in parts)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call()):
            return True
        case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Compare(ops=[ast.NotIn()]):
            return True
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.List(elts=[]) | ast.Constant(value=0 | "")]):
            return True
        case _:
            return False


def _decides(choice: ast.If, branches: Sequence[ast.AST], behind: Sequence[ast.AST]) -> bool:
    """True if a branch raises, or leaves before something is called."""
    if any(isinstance(one, ast.Raise) for one in branches):
        return True
    later = [one for one in behind if one is not choice and getattr(one, "lineno", 0) > choice.lineno]
    leaves = any(isinstance(one, ast.Return | ast.Break | ast.Continue) for one in branches)
    return leaves and any(isinstance(one, ast.Call) for one in nodes_of(later))


def feeds_a_check(name: str, behind: Sequence[ast.AST]) -> str | None:
    """Why `name` may get no default: code behind raises for some of its values, and not because it is missing."""
    for one in nodes_of(behind):
        match one:
            case ast.If(test=test, body=body, orelse=other) if name in names_in(test):
                if _decides(one, nodes_of([*body, *other]), behind) and not says_missing(test):
                    return "A check behind it would take the default for a value that is fine."
            case ast.Assert(test=test) if name in names_in(test):
                return "A check behind it would take the default for a value that is fine."
            case _:
                pass
    return None
