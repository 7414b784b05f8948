"""Why an expression must stay as it is, whatever form its change has: what is around it decides something.

One small question after the other; the first that is answered speaks against the change.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from app.verify.conformance.conditions import nodes_of
from app.verify.conformance.consequences import is_way_out
from app.verify.conformance.effects import calls_something, can_not_be_taken_back, confirms
from app.verify.conformance.forms import Accepted, touches_permission
from app.verify.conformance.permission import calls_a_check, denies
from app.verify.conformance.place import Place

Question = Callable[[Accepted, Place], str | None]
_LEAVING = ast.Return, ast.Break, ast.Continue


def objection(accepted: Accepted, place: Place) -> str | None:
    """Why what a form accepts may not be here; None if nothing around it speaks against it."""
    if denies(place.definitions):
        return "The function refuses things, or finds what is wrong, and its answer is changed."
    if accepted.stricter:
        return None
    return next((said for ask in _QUESTIONS if (said := ask(accepted, place)) is not None), None)


def _raises(_accepted: Accepted, place: Place) -> str | None:
    statement = place.statement
    branches = [*statement.body, *statement.orelse] if isinstance(statement, ast.If) else []
    if any(isinstance(one, ast.Raise) for one in branches):
        return "The test of a check that raises is changed."
    return None


def _leaves(accepted: Accepted, place: Place) -> str | None:
    statement = place.statement
    if not isinstance(statement, ast.If):
        return None
    leaves = any(isinstance(one, _LEAVING) for one in nodes_of(statement.body))
    if leaves and not accepted.leaves and calls_something(place.following):
        return "The test of a way out is changed, and something is done behind it."
    if not accepted.narrows and is_way_out(statement.body, place):
        return "The test of a way out is changed."
    return None


def _goes_over_checks(_accepted: Accepted, place: Place) -> str | None:
    statement = place.statement
    body = statement.body if isinstance(statement, ast.For | ast.AsyncFor | ast.While) else []
    decides = any(isinstance(one, ast.Raise | ast.Assert | ast.Return) for one in nodes_of(body))
    return "A loop over checks is changed." if decides or calls_a_check(body) else None


def _decides_a_call(_accepted: Accepted, place: Place) -> str | None:
    match place.statement:
        case ast.Expr(value=ast.BoolOp() | ast.IfExp()):
            return "Whether something is called is changed."
        case _:
            return None


def _is_true_of_nothing(_accepted: Accepted, place: Place) -> str | None:
    """Inside of `all(...)` and `not any(...)`."""
    turned = False
    for one in place.above:
        turned = (turned and not isinstance(one, ast.stmt)) or isinstance(one, ast.UnaryOp)
        match one:
            case ast.Call(func=ast.Name(id="all" | "any" as name)) if turned or name == "all":
                return (
                    "A question about all of them is changed: with nothing to ask about, its answer is yes."
                )
            case _:
                pass
    return None


def _moves(accepted: Accepted, place: Place) -> str | None:
    return (can_not_be_taken_back(_around(place)) or confirms(place)) if accepted.gives else None


def _is_sensitive(_accepted: Accepted, place: Place) -> str | None:
    return touches_permission(_around(place), place)


def _around(place: Place) -> Sequence[ast.AST]:
    """The code that the expression belongs to: its statement without the statements in it, but for an `if`."""
    match place.statement:
        case None | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return []
        case ast.If(test=test, body=body):
            return [test, *body]
        case statement:
            parts = ast.iter_child_nodes(statement)
            return [one for one in parts if not isinstance(one, ast.stmt | ast.ExceptHandler)]


_QUESTIONS: tuple[Question, ...] = (
    _raises,
    _leaves,
    _goes_over_checks,
    _decides_a_call,
    _is_true_of_nothing,
    _moves,
    _is_sensitive,
)
