"""Errors that a fix may catch: exactly the failing statement, a narrow class by name, one known answer."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from app.core.exceptions import ancestors
from app.core.syntax import names_in
from app.verify.conformance.complaints import brief
from app.verify.conformance.conditions import NONE, asks_absence, nodes_of, subjects
from app.verify.conformance.consequences import (
    is_collected,
    is_given_elsewhere,
    is_literal,
    is_narrow,
    is_neutral,
    refuses,
)
from app.verify.conformance.effects import can_not_be_taken_back, cleans, confirms, is_spent
from app.verify.conformance.forms import Accepted, Block, Step, touches_permission
from app.verify.conformance.leaving import opens
from app.verify.conformance.likeness import alike
from app.verify.conformance.messages import is_log_line, is_logger
from app.verify.conformance.needs import reached, soon, takes_no_none
from app.verify.conformance.parts import members, own
from app.verify.conformance.permission import calls_a_check, denies
from app.verify.conformance.place import Ask, Place

MOST_CAUGHT = 2  # more classes for a handler that is there
_SUPPRESS = frozenset({"contextlib.suppress", "suppress"})
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
            if name in _used_names(place) or not _answers(failing, body, name, old[1:], place):
                return None
            return Step(1, 1, _why_not(failing, kind, body, old[1:], place))
    return None


def _why_not(failing: ast.stmt, kind: ast.expr | None, body: Block, rest: Block, place: Place) -> str | None:
    kinds = members(kind) if kind is not None else []
    taken = _taken_elsewhere(kinds, place) or _misses_a_handler(kinds, body[-1], place)
    return taken or _swallows(failing, body, place) or opens(body[-1], rest, place)


def _misses_a_handler(kinds: Sequence[ast.expr], end: ast.stmt, place: Place) -> str | None:
    """Why the error may not become another one: a caller handles the first, and not the second."""
    if not isinstance(end, ast.Raise) or end.exc is None:
        return None
    raised = end.exc.func if isinstance(end.exc, ast.Call) else end.exc
    handled = [
        ast.unparse(one) for one in place.caught_by_callers if any(_covers(one, kind) for kind in kinds)
    ]
    lost = [one for one in handled if one not in place.file.ancestors(ast.unparse(raised))]
    return f"A caller handles `{lost[0]}`, which this would no longer be." if lost else None


def _used_names(place: Place) -> set[str]:
    """The names that the function uses for something else than a caught error: a handler's name is gone behind it."""
    caught_as = [one for one in own(place.function) if isinstance(one, ast.ExceptHandler) and one.name]
    within = {id(each) for one in caught_as for each in ast.walk(one)}
    used = {one.id for one in own(place.function) if isinstance(one, ast.Name) and id(one) not in within}
    return used | place.arguments


def _taken_elsewhere(kinds: Sequence[ast.expr], place: Place) -> str | None:
    """Why these errors must go on to where the file already handles them; None if nothing around takes them."""
    for kind in kinds:
        if any(_covers(each, kind) for each in place.caught_around):
            return f"`{brief(kind)}` is already handled around this."
    return None


def already_handled(errors: Collection[str], place: Place) -> str | None:
    """Why nothing is to be repaired here; None if no handler around takes one of these errors and goes on."""
    kinds = [ast.Name(one, ast.Load()) for one in sorted(errors)]
    for kind in kinds:
        if any(_covers(each, kind) for each in place.caught_by_callers):
            return f"A caller in the same file already handles `{brief(kind)}`."
    return _taken_elsewhere(kinds, place)


def _covers(known: ast.expr, kind: ast.expr) -> bool:
    name, other = ast.unparse(known), ast.unparse(kind)
    return name == other or name.rpartition(".")[2] in ancestors(other.rpartition(".")[2])


def _answers(failing: ast.stmt, body: Block, name: str | None, rest: Block, place: Place) -> bool:
    """True if the handler does one known thing, after at most a line in the log."""
    if len(body) == 2 and is_log_line(body[0], place, name):  # noqa: PLR2004
        body = body[1:]
    match body:
        case [ast.Pass()]:
            return _keeps_its_value(failing, place)
        case [ast.Return(value=value)]:
            return is_neutral(value) or is_given_elsewhere(value, place, failing)
        case [ast.Continue()]:
            return place.is_in_loop
        case [ast.Raise() as raised]:
            return refuses(raised, place, name)
        case [ast.Assign(targets=[target], value=value)] if isinstance(failing, ast.Assign):
            fails = any(takes_no_none(target, one) for one in reached(list(soon(rest))))
            fits = is_neutral(value) and not (fails and alike(value, ast.Constant(None)))
            return alike([target], failing.targets) and (fits or _is_argument(value, failing.value))
        case _:
            return False


def _keeps_its_value(failing: ast.stmt, place: Place) -> bool:
    """True if going on behind the statement finds the one name that it gives a value as it was set for this case."""
    if isinstance(place.loop, ast.While):
        return False  # it may go round for ever
    match failing:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in place.bound and _is_set_before(name, failing, place)
        case ast.Expr(value=ast.Call()):
            return True
        case _:
            return False


def _is_set_before(name: str, failing: ast.stmt, place: Place) -> bool:
    """True if what the name holds is an argument, a plain value or made of these, and none of an earlier item."""
    nodes = list(own(place.function))
    stores = [
        one
        for one in nodes
        if isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load)
    ]
    around = place.loop if place.loop is not None else place.function
    before = [
        one.value for one in (ast.walk(around) if around is not None else ())
        if isinstance(one, ast.Assign) and one.lineno < failing.lineno
        and any(alike(target, ast.Name(name)) for target in one.targets)
    ]  # fmt: skip
    known = bool(before) or (name in place.arguments and place.loop is None)
    made = all(is_literal(value) or name in names_in(value) for value in before)
    return known and made and len(stores) == len(before) + 1


def _is_argument(value: ast.expr, failing: ast.expr) -> bool:
    """True for what was to be converted; not for what was to be made harmless."""
    calls = [one for one in ast.walk(failing) if isinstance(one, ast.Call)]
    if cleans(calls):
        return False
    return isinstance(value, ast.Name) and any(
        alike(value, argument) for one in calls for argument in one.args
    )


def _swallows(failing: ast.stmt, body: Block, place: Place) -> str | None:
    """Why the error of this statement may not be answered so; None if it may."""
    if denies(place.definitions):
        return "An error is caught in code that refuses things."
    if isinstance(body[-1], ast.Raise):
        return None
    if isinstance(failing, ast.Expr) and not _collects(failing.value, place):
        return f"The errors of `{brief(failing)}` are swallowed, and its effect may be missing."
    if is_spent(failing) or any(one in names_in(failing) for one in ("flock", "lockf")):
        return "What is used up once is taken as if it was there."
    if isinstance(failing, ast.Delete):
        return "The errors of a deletion are swallowed."
    goes_on = confirms(place) if isinstance(body[-1], ast.Pass | ast.Assign) else None
    return goes_on or touches_permission([failing], place) or can_not_be_taken_back([failing])


def _collects(value: ast.expr, place: Place) -> bool:
    match value:
        case ast.Yield():
            return not place.is_decorated  # a context manager would take the errors of the code inside of it
        case ast.Call(func=function):
            return is_collected(function, place)
        case _:
            return False


def caught_more(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """One or two more narrow errors for a handler, or for `suppress(...)`."""
    added = _added_kinds(old, new, place)
    if not 0 < len(added) <= MOST_CAUGHT:
        return None
    broad = [one for one in added if not is_narrow(one, place)]
    if broad:
        return Accepted(problem=_too_broad(broad[0]))
    handler, statement = place.above[-1], place.statement
    if isinstance(handler, ast.ExceptHandler) and any(_is_true(one) for one in ast.walk(handler)):
        return Accepted(problem="A handler that says yes takes more errors.")
    if statement is None:
        return None
    return Accepted(problem=_hides(added, handler, statement, place))


def _added_kinds(old: ast.expr, new: ast.expr, place: Place) -> list[ast.expr]:
    """The classes behind those that were there; none if these changed, or if nothing is caught here."""
    match old, new:
        case _ if place.role.ask is Ask.CAUGHT:
            before, after = members(old), members(new)
        case (
            ast.Call(func=function, args=before, keywords=[]),
            ast.Call(func=same, args=after, keywords=[]),
        ) if ast.unparse(function) in _SUPPRESS and alike(function, same):
            pass
        case _:
            return []
    return after[len(before) :] if alike(before, after[: len(before)]) else []


def _hides(added: Sequence[ast.expr], handler: ast.AST, statement: ast.stmt, place: Place) -> str | None:
    """Why these errors may not be taken for the whole statement; None if they may."""
    body = getattr(statement, "body", [])
    if isinstance(handler, ast.ExceptHandler) and (fault := _does_more(handler, place)) is not None:
        return fault
    if calls_a_check(body) or any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(body)):
        return "A handler around a check takes more errors."
    handlers = getattr(statement, "handlers", [])
    behind = handlers[next((at for at, one in enumerate(handlers) if one is handler), -1) + 1 :]
    others = [member for one in behind if one.type is not None for member in members(one.type)]
    for kind in added:
        if any(_covers(kind, each) or _covers(each, kind) for each in others):
            return f"Another handler already takes `{brief(kind)}`."
    return _taken_elsewhere(added, place.outside(statement)) or touches_permission([statement], place)


def _does_more(handler: ast.ExceptHandler, place: Place) -> str | None:
    """Why this handler is about its own errors only; None if it answers in the same way whatever it is told."""
    if place.is_in_while and any(isinstance(one, ast.Continue | ast.Pass) for one in handler.body):
        return "Trying again may go round a `while` for ever."
    for one in nodes_of(handler.body):
        if isinstance(one, ast.Attribute) and alike(one.value, ast.Name(handler.name or "")):
            return "The handler reads what only its own errors have."
        if isinstance(one, ast.Call) and not _is_known_answer(one, place):
            return f"The handler calls `{brief(one)}`, which is made for other errors."
    return None


_GATHERING = frozenset({"add", "append", "extend", "setdefault"})


def _is_known_answer(call: ast.Call, place: Place) -> bool:
    kinds = [one.func for one in place.file.raised if isinstance(one, ast.Call)]
    plain = ast.unparse(call.func) in {"str", "repr", "list", "dict", "set", "tuple", "len", "Decimal"}
    gathers = is_collected(call.func, place) and ast.unparse(call.func).rpartition(".")[2] in _GATHERING
    return plain or gathers or is_logger(call.func) or any(alike(call.func, one) for one in kinds)


def _is_true(node: ast.AST) -> bool:
    """True for what says yes: True, or an answer of a number that is not zero."""
    if isinstance(node, ast.Return):
        return (
            isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int)
            and node.value.value != 0
        )
    return isinstance(node, ast.Constant) and node.value is True


def _too_broad(kind: ast.expr | None) -> str:
    said = ast.unparse(kind) if kind is not None else "everything"
    return f"The handler takes `{said}`, which is more than the failure at hand."


def kept_protocol(old: Block, new: Block, place: Place) -> Step | None:
    """The one error by which Python's own protocols say "not there": `AttributeError` from `__getattr__`, and so on."""
    expected = _PROTOCOLS.get(place.function.name) if place.function is not None else None
    match old, new:
        case _, [ast.If(test=test, body=[ast.Raise(exc=raised, cause=None)], orelse=[]), protected, *_]:
            known = Place(place.file, frozenset({NONE}), place.imports, place.above)
            whole = all(_is_of_self(one) for one in subjects(test))
            if whole and _is_error(raised, expected, place) and asks_absence(test, [protected], known):
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
            # an IndexError would end a loop over the object, where the KeyError told of the broken one
            return Step(1, 1) if expected == "AttributeError" else None
    return None


def _is_of_self(subject: ast.expr) -> bool:
    match subject:
        case ast.Attribute(value=ast.Name(id="self")):
            return True
        case _:
            return False


def _is_error(raised: ast.expr | None, expected: str | None, place: Place) -> bool:
    match raised:
        case ast.Name(id=name):
            return name == expected
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=argument)], keywords=[]):
            return name == expected and argument in place.arguments
        case _:
            return False
