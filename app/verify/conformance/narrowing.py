"""One more test beside what was asked: the way through becomes narrower, or the way out wider.

Each form compares one old expression with the new one at its place and answers with an `Accepted`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from app.verify.conformance.behind import feeds_a_check, says_missing
from app.verify.conformance.complaints import brief
from app.verify.conformance.conditions import (
    EVERY,
    asks_absence,
    asks_presence,
    is_indexed,
    is_quiet,
    nodes_of,
    subjects,
)
from app.verify.conformance.consequences import is_neutral, is_way_out, leaves, lost_call
from app.verify.conformance.forms import FITS, Accepted
from app.verify.conformance.leaving import NO_ANSWER, opens
from app.verify.conformance.likeness import alike
from app.verify.conformance.needs import is_used, soon
from app.verify.conformance.parts import is_truth
from app.verify.conformance.place import Ask, Place


def narrowed(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x is not None and ...`: one more presence test beside what was asked."""
    added = _added_operands(old, new, ast.And)
    ask = place.role.ask
    if added is None or (ask in {Ask.VALUE, Ask.RETURNED} and not _is_asked(old, place)):
        return None
    depending = _depending(place)
    if ask is Ask.CHOICE:
        place = _with_every_test(place)  # the way that it takes instead is one that the old file has
    if not all(asks_presence(test, [*behind, *depending], place) for test, behind in added):
        return None
    return _narrowed(new, place)


def _narrowed(new: ast.expr, place: Place) -> Accepted:
    """What it means that the test holds less often."""
    ask, owner, above = place.role.ask, place.role.owner, place.above[-1]
    if place.role.negated:
        return _happens_more_often(place)
    if ask is Ask.IF and isinstance(owner, ast.If):
        return _happens_less_often(owner, new, place)
    if ask is Ask.RETURNED:
        return Accepted(problem=NO_ANSWER)
    fault = None
    if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
        fault = feeds_a_check(above.targets[0].id, place.following)
    return Accepted(problem=fault, narrows=True, gives=ask is not Ask.WHILE)


def widened(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x is None or ...`: what happens for one kind of nothing happens for another one too."""
    added = _added_operands(old, new, ast.Or)
    if added is None:
        return None
    otherwise = list(_otherwise(place))
    if not all(asks_absence(test, [*behind, *otherwise], place) for test, behind in added):
        return None
    if any(
        isinstance(one, ast.Call) and not is_quiet(one) for _, behind in added for one in nodes_of(behind)
    ):
        return None  # it would not be called any more
    if place.role.negated:
        return Accepted(problem="A condition is turned around by a new test.")
    return _happens_more_often(place)


def _comes_too_late(new: ast.BoolOp, added: list[tuple[ast.expr, list[ast.expr]]]) -> bool:
    """True if an operand before the new test already fails for what it asks for."""
    for test, _ in added:
        at = next(number for number, one in enumerate(new.values) if one is test)
        before = [one for one in new.values[:at] if all(one is not other for other, _ in added)]
        if any(is_used(one, before) for one in subjects(test)):
            return True
    return False


def _is_asked(old: ast.expr, place: Place) -> bool:
    """True if the value is a yes or no that somebody takes: what is left out then says no."""
    return is_truth(old) and not isinstance(place.above[-1], ast.Expr)


def _otherwise(place: Place) -> Iterator[ast.AST]:
    """What runs if the test does not hold, up to the first statement that does something which would be missed."""
    match place.role.owner:
        case ast.If(orelse=[]):
            block = place.following
        case ast.If(orelse=block):
            pass
        case ast.IfExp(orelse=other):
            yield other
            return
        case _:
            return
    yield from soon(block)


def _happens_less_often(branch: ast.If, test: ast.expr, place: Place) -> Accepted:
    """Right for a branch that does something with the value; wrong for a refusal, or for an effect that is expected."""
    if any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(branch.body)):
        return Accepted(problem="A check that raises is asked less often.")
    if is_way_out(branch.body, place):
        return Accepted(problem="A way out is taken less often.")
    lost = lost_call(branch.body, test, place) or lost_call(branch.orelse, ast.Constant(None), place)
    return (
        Accepted(problem=f"The call `{brief(lost)}` depends on another condition than before.")
        if lost
        else Accepted(narrows=True, gives=False)
    )


def _happens_more_often(place: Place) -> Accepted:
    """Right for a branch that is about nothing: it leaves with a neutral value, or its test already asks for that."""
    owner = place.role.owner
    match place.role.ask, owner:
        case Ask.IF, ast.If(test=test, body=body):
            end = body[-1]
            ends = len(body) == 1 and leaves(end, place)
            if ends and (fault := opens(end, place.following, place)) is not None:
                return Accepted(problem=fault)
            if any(isinstance(one, ast.Constant) and one.value is True for one in nodes_of(body)):
                return Accepted(problem="A branch that says yes is taken more often.")
            if (lost := lost_call(body, ast.Constant(None), place)) is not None:
                return Accepted(problem=f"The call `{brief(lost)}` is made more often.")
            if ends or says_missing(test):
                stricter = ends and not isinstance(end, ast.Continue)
                return Accepted(stricter=stricter, narrows=True, gives=False, leaves=True)
        case Ask.CHOICE, ast.IfExp(test=test, body=body):
            if is_neutral(body) or says_missing(test):
                return FITS
        case _:
            pass
    return Accepted(problem="A condition holds more often than before.")


def bounded(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`while at < len(lines):` instead of `while True:`."""
    match old, place.role.owner:
        case ast.Constant(value=True), ast.While(body=body) if place.role.ask is Ask.WHILE:
            return FITS if isinstance(new, ast.Compare) and asks_presence(new, body, place) else None
        case _:
            return None


def asked_for_nothing(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`if not name:` instead of `if name is None:`, where an element of the name is read."""
    match old, new:
        case (
            ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
            ast.UnaryOp(op=ast.Not(), operand=same),
        ) if alike(subject, same) and is_indexed(subject, list(_otherwise(place))):
            return _happens_more_often(place)
        case _:
            return None


def filtered(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`for x in xs if x is not None`: a comprehension without filter leaves out what is missing."""
    match old, new:
        case (
            (
                ast.ListComp(generators=[before]) | ast.SetComp(generators=[before])
                | ast.GeneratorExp(generators=[before]) | ast.DictComp(generators=[before]),
                ast.ListComp(generators=[after]) | ast.SetComp(generators=[after])
                | ast.GeneratorExp(generators=[after]) | ast.DictComp(generators=[after]),
            )
        ) if type(old) is type(new) and not before.ifs and len(after.ifs) == 1:  # fmt: skip
            results = [getattr(old, field) for field in ("elt", "key", "value") if hasattr(old, field)]
            others = [getattr(new, field) for field in ("elt", "key", "value") if hasattr(new, field)]
            same = alike(before.target, after.target) and before.is_async == after.is_async
            if same and alike(results, others) and alike(before.iter, after.iter):
                return _left_out(after.ifs[0], results, place)
        case _:
            pass
    return None


_BY_POSITION = frozenset({"enumerate", "len", "zip"})


def _left_out(test: ast.expr, results: list[ast.expr], place: Place) -> Accepted | None:
    """Right for what fails without the missing thing; wrong where the items are counted, or called for their effect."""
    if not asks_presence(test, results, place):
        return None
    inner = place.above[place.above.index(place.statement) :] if place.statement is not None else ()
    counted = any(
        isinstance(one, ast.Compare) or (isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div | ast.FloorDiv))
        or (isinstance(one, ast.Call) and ast.unparse(one.func) in _BY_POSITION)
        for one in inner
    )  # fmt: skip
    return Accepted(problem="Fewer items are counted than before.") if counted else FITS


def _added_operands(
    old: ast.expr, new: ast.expr, operator: type[ast.boolop]
) -> list[tuple[ast.expr, list[ast.expr]]] | None:
    """The added operands, each with the old ones behind it; None if these are not all there, or come too early."""
    if not isinstance(new, ast.BoolOp) or not isinstance(new.op, operator):
        return None
    waiting = list(old.values) if isinstance(old, ast.BoolOp) and isinstance(old.op, operator) else [old]
    added: list[tuple[ast.expr, list[ast.expr]]] = []
    for one in new.values:
        if waiting and alike(one, waiting[0]):
            waiting.pop(0)
        else:
            added.append((one, list(waiting)))
    return added if not waiting and added and not _comes_too_late(new, added) else None


def _depending(place: Place) -> Sequence[ast.AST]:
    """What runs only if the test holds."""
    match place.role.owner:
        case ast.If(body=body) | ast.While(body=body):
            return body
        case ast.IfExp(body=body):
            return [body]
        case _:
            return []


def _with_every_test(place: Place) -> Place:
    return Place(place.file, EVERY, place.imports, place.above, place.role)
