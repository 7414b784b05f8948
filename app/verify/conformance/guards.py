"""Guards: a new way out before a statement, or a condition around it."""

from __future__ import annotations

import ast

from app.core.syntax import names_bound, names_in
from app.verify.conformance.complaints import brief
from app.verify.conformance.conditions import asks_absence, asks_presence, nodes_of, subjects
from app.verify.conformance.consequences import (
    is_default,
    is_number,
    is_unconverted,
    leaves,
    lost_call,
    refuses,
)
from app.verify.conformance.effects import can_not_be_taken_back, confirms
from app.verify.conformance.forms import Block, Step, touches_permission
from app.verify.conformance.leaving import opens
from app.verify.conformance.likeness import alike, occurs, with_name_replaced
from app.verify.conformance.needs import is_handed_on, is_reached, is_used, reached
from app.verify.conformance.parts import own
from app.verify.conformance.place import Place

MOST_WRAPPED = 5


def leave_early(old: Block, new: Block, place: Place) -> Step | None:
    """`if x is None: return` directly before the statement that uses `x`."""
    match new:
        case [ast.If(test=test, body=[end], orelse=[]), protected, *_]:
            known = any(is_used(one, [*place.before(old), end]) for one in subjects(test))
            if not known and asks_absence(test, [protected], place) and leaves(end, place):
                return Step(0, 1, opens(end, old, place))
    return None


def hold_then_guard(old: Block, new: Block, place: Place) -> Step | None:
    """`y = f(x)`, then a guard about `y`, then the old statement with `y` where it called `f(x)`."""
    match old, new:
        case (
            [ast.Assign() | ast.Return() | ast.Expr() | ast.AugAssign() as whole, *_],
            [
                ast.Assign(targets=[ast.Name(id=name)], value=value),
                ast.If(test=test, body=[end], orelse=[]),
                shortened,
                *_,
            ],
        ):
            restored = with_name_replaced(shortened, name, value)
            about = all(alike(one, ast.Name(name)) for one in subjects(test))
            if name in place.file.names or restored is None or not alike(restored, whole) or not about:
                return None
            if asks_absence(test, [shortened], place) and leaves(end, place):
                return Step(1, 3, opens(end, old, place))
    return None


def neutral_argument(_old: Block, new: Block, place: Place) -> Step | None:
    """`if x is None: x = []` directly before the statement that uses `x`."""
    match new:
        case [
            ast.If(
                test=test,
                body=[ast.Assign(targets=[ast.Name() as target], value=value)],
                orelse=[],
            ),
            protected,
            *_,
        ] if asks_absence(test, [protected], place) and _asks_about(test, target):
            handed = is_number(value) and any(is_handed_on(target, one) for one in reached([protected]))
            fits = is_default(value, target, place) and _has_what_is_read(value, target, place)
            if fits and not handed and target.id in place.arguments | place.bound:
                return Step(0, 1, touches_permission([target, protected], place))
    return None


def _has_what_is_read(value: ast.expr, target: ast.expr, place: Place) -> bool:
    """True if the function reads nothing of the argument that its default does not have."""
    kind = type(ast.literal_eval(value)) if not isinstance(value, ast.Call) else object
    read = [
        one.attr for one in own(place.function) if isinstance(one, ast.Attribute) and alike(one.value, target)
    ]
    return kind is object or all(hasattr(kind, name) for name in read)


def only_if_present(old: Block, new: Block, place: Place) -> Step | None:
    """`if x is not None:` around a few statements that all depend on `x`."""
    match new:
        case [ast.If(test=test, body=body, orelse=[]), *_] if len(body) <= MOST_WRAPPED:
            if not alike(list(old[: len(body)]), body) or not _is_presence(test, body, place):
                return None
            if place.is_in_while:
                return Step(len(body), 1, "Going on without this may go round a `while` for ever.")
            return Step(len(body), 1, _skips(test, list(old[: len(body)]), place))
    return None


def otherwise_refused(old: Block, new: Block, place: Place) -> Step | None:
    """`else: raise ValueError(...)` at the end of a choice that knew no other values."""
    match old, new:
        case [ast.If() as choice, *rest], [ast.If() as other, *_]:
            bound = _bound_by_all(choice) - place.arguments
            if any(is_reached(ast.Name(name, ast.Load()), [one]) for name in bound for one in rest):
                return _refused(choice, other, place)
    return None


def _bound_by_all(choice: ast.If) -> set[str]:
    """The names that get a value in every branch, so that they have none where no branch is taken."""
    names = {name for one in choice.body for name in names_bound(one)}
    match choice.orelse:
        case [ast.If(body=[*_, ast.Raise() | ast.Return()], orelse=[])]:
            return names
        case [ast.If() as inner]:
            return names & _bound_by_all(inner)
        case _:
            return names


def _refused(choice: ast.If, other: ast.If, place: Place) -> Step | None:
    if not alike(choice.test, other.test) or not alike(choice.body, other.body):
        return None
    match choice.orelse, other.orelse:
        case [], [ast.Raise() as end]:
            return Step(1, 1) if refuses(end, place) else None
        case [ast.If() as inner], [ast.If() as same]:
            return _refused(inner, same, place)
        case _:
            return None


def _must_run(body: Block, place: Place) -> str | None:
    """Why these statements may not be left out, whatever they depend on."""
    nodes = nodes_of(body)
    if any(isinstance(one, ast.Raise | ast.Assert) for one in nodes):
        return "A check that raises is made to depend on a condition."
    if any(isinstance(one, ast.Return | ast.Break | ast.Continue) for one in nodes):
        return "A way out is made to depend on a condition, and what comes behind it is reached instead."
    if any(_replaces(one) for one in body):
        return "A text is made harmless only where the condition holds."
    if _leaves_unbound(body, place):
        return "A name has no value where the condition does not hold."
    return None


def _replaces(statement: ast.stmt) -> bool:
    """True for `text = text.replace(...)`."""
    match statement:
        case ast.Assign(
            targets=[target],
            value=ast.Call(func=ast.Attribute(value=same, attr="replace" | "sub" | "translate")),
        ):
            return alike(target, same)
        case _:
            return False


def _leaves_unbound(body: Block, place: Place) -> bool:
    """True if something behind `body` reads a name that got its value there, and had none before."""
    names = {name for one in body for name in names_bound(one)}
    inside = {id(each) for one in body for each in ast.walk(one)}
    uses = [
        one
        for one in own(place.function)
        if isinstance(one, ast.Name) and one.id in names and id(one) not in inside
    ]
    before = {one.id for one in uses if not isinstance(one.ctx, ast.Load) and one.lineno < body[0].lineno}
    read = {one.id for one in uses if isinstance(one.ctx, ast.Load) and one.lineno > body[0].lineno}
    return bool(read - before - place.arguments)


def _is_presence(test: ast.expr, body: Block, place: Place) -> bool:
    return asks_presence(test, body[:1], place) or is_unconverted(test, body)


def _asks_about(test: ast.expr, target: ast.expr) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return alike(left, target)
        case _:
            return False


def _skips(test: ast.expr, body: Block, place: Place) -> str | None:
    """Why these statements may not depend on a condition; None if they may."""
    fault = touches_permission([test, *body], place) or can_not_be_taken_back(body) or confirms(place)
    if (fault := fault or _must_run(body, place)) is not None:
        return fault
    bound: set[str] = set()
    for one in body:
        if not any(occurs(subject, [one]) for subject in subjects(test)) and not names_in(one) & bound:
            return f"`{brief(one)}` is made to depend on a condition that it has nothing to do with."
        bound |= names_bound(one)
    lost = lost_call(body, test, place)
    return f"The call `{brief(lost)}` is made to depend on a condition." if lost is not None else None
