"""Errors that a fix may catch: exactly the failing statement, a narrow class by name, one known answer."""

from __future__ import annotations

import ast

from app.verify.conformance.complaints import brief
from app.verify.conformance.conditions import NONE, asks_absence
from app.verify.conformance.consequences import (
    COLLECTING,
    is_given_elsewhere,
    is_log_line,
    is_narrow,
    is_neutral,
    refuses,
)
from app.verify.conformance.forms import Accepted, Block, Step, touches_permission
from app.verify.conformance.likeness import alike
from app.verify.conformance.permission import denies
from app.verify.conformance.place import Ask, Place, members

MOST_CAUGHT = 2  # more classes for a handler that is there
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Delete)
_PROTOCOLS = {"__getattr__": "AttributeError", "__getitem__": "IndexError"}


def caught(old: Block, new: Block, place: Place) -> Step | None:
    """`try:` around exactly the failing statement, with one handler for a narrow, named error."""
    match old, new:
        case (
            [ast.stmt() as failing, *_],
            [
                ast.Try(
                    body=[inner],
                    handlers=[ast.ExceptHandler(type=kind, name=name, body=body)],
                    orelse=[],
                    finalbody=[],
                ),
                *_,
            ],
        ) if isinstance(failing, _SIMPLE) and alike(failing, inner):
            if not is_narrow(kind, place):
                return Step(1, 1, _too_broad(kind))
            if not _answers(failing, body, name, place):
                return None
            return Step(1, 1, _swallows(failing, body, place))
    return None


def _answers(failing: ast.stmt, body: Block, name: str | None, place: Place) -> bool:
    """True if the handler does one known thing, after at most a line in the log."""
    if len(body) == 2 and is_log_line(body[0], place, name):  # noqa: PLR2004
        body = body[1:]
    match body:
        case [ast.Pass()]:
            return _keeps_its_value(failing, place)
        case [ast.Return(value=value)]:
            return is_neutral(value) or is_given_elsewhere(value, place)
        case [ast.Continue()]:
            return place.is_in_loop
        case [ast.Raise() as raised]:
            return refuses(raised, place, name)
        case [ast.Assign(targets=[target], value=value)] if isinstance(failing, ast.Assign):
            return alike([target], failing.targets) and (
                is_neutral(value) or _is_argument(value, failing.value)
            )
        case _:
            return False


def _keeps_its_value(failing: ast.stmt, place: Place) -> bool:
    """True if going on after the statement finds what was there before it: its names have a value already."""
    match failing:
        case ast.Assign(targets=targets):
            names = {one.id for one in targets if isinstance(one, ast.Name)}
            return len(names) == len(targets) and names <= place.bound_before(failing)
        case ast.AugAssign():
            return True
        case ast.Expr(value=ast.Call()):
            return True
        case _:
            return False


def _is_argument(value: ast.expr, failing: ast.expr) -> bool:
    calls = [one for one in ast.walk(failing) if isinstance(one, ast.Call)]
    return isinstance(value, ast.Name) and any(
        alike(value, argument) for one in calls for argument in one.args
    )


def _swallows(failing: ast.stmt, body: Block, place: Place) -> str | None:
    """Why the error of this statement may not be answered so; None if it may."""
    if denies(place.definitions):
        return "An error is caught in code that refuses things."
    if isinstance(body[-1], ast.Raise):
        return None
    if isinstance(failing, ast.Expr) and not _collects(failing.value):
        return f"The errors of `{brief(failing)}` are swallowed, and its effect may be missing."
    if isinstance(failing, ast.Delete):
        return "The errors of a deletion are swallowed."
    return touches_permission([failing], place)


def _collects(value: ast.expr) -> bool:
    match value:
        case ast.Yield():
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in COLLECTING
        case _:
            return False


def caught_more(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """One or two more narrow errors for a handler, or for `suppress(...)`."""
    if place.role.ask is Ask.CAUGHT:
        before, after = members(old), members(new)
    elif (
        isinstance(old, ast.Call)
        and isinstance(new, ast.Call)
        and _is_suppress(old)
        and alike(old.func, new.func)
    ):
        before, after = old.args, new.args
        if old.keywords or new.keywords:
            return None
    else:
        return None
    added = after[len(before) :]
    if not 0 < len(added) <= MOST_CAUGHT or not alike(before, after[: len(before)]):
        return None
    broad = [one for one in added if not is_narrow(one, place)]
    if broad:
        return Accepted(problem=_too_broad(broad[0]))
    handler, statement = place.above[-1], place.statement
    if isinstance(handler, ast.ExceptHandler) and any(_is_true(one) for one in ast.walk(handler)):
        return Accepted(problem="A handler that says yes takes more errors.")
    return Accepted(problem=touches_permission([statement], place)) if statement is not None else None


def _is_true(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _too_broad(kind: ast.expr | None) -> str:
    said = ast.unparse(kind) if kind is not None else "everything"
    return f"The handler takes `{said}`, which is more than the failure at hand."


def _is_suppress(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"suppress", "contextlib.suppress"}


def kept_protocol(old: Block, new: Block, place: Place) -> Step | None:
    """The one error by which Python's own protocols say "not there": `AttributeError` from `__getattr__`, and so on."""
    expected = _PROTOCOLS.get(place.function.name) if place.function is not None else None
    match old, new:
        case _, [ast.If(test=test, body=[ast.Raise(exc=raised, cause=None)], orelse=[]), protected, *_]:
            known = Place(place.file, frozenset({NONE}), place.imports, place.above)
            if _is_error(raised, expected, place) and asks_absence(test, [protected], known):
                return Step(0, 1, touches_permission([protected], place))
        case (
            [ast.Return() as failing, *_],
            [
                ast.Try(
                    body=[inner],
                    handlers=[
                        ast.ExceptHandler(
                            type=ast.Name(id="KeyError" | "IndexError"),
                            name=str(name),
                            body=[ast.Raise(exc=raised, cause=ast.Name(id=cause))],
                        )
                    ],
                    orelse=[],
                    finalbody=[],
                ),
                *_,
            ],
        ) if alike(failing, inner) and name == cause and _is_error(raised, expected, place):
            return Step(1, 1)
    return None


def _is_error(raised: ast.expr | None, expected: str | None, place: Place) -> bool:
    match raised:
        case ast.Name(id=name):
            return name == expected
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=argument)], keywords=[]):
            return name == expected and argument in place.arguments
        case _:
            return False
