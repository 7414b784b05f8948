"""Why a default may not be given just here: what takes it fails, or takes it for a value that is fine."""

from __future__ import annotations

import ast

from app.verify.conformance.behind import feeds_a_check
from app.verify.conformance.consequences import is_number, lost_call
from app.verify.conformance.leaving import NO_ANSWER
from app.verify.conformance.needs import is_handed_on, takes_no_none
from app.verify.conformance.parts import is_nothing
from app.verify.conformance.place import Ask, Place

_LITERALS = ast.Constant | ast.Tuple | ast.List | ast.Set


def misplaced(given: ast.expr, old: ast.expr, place: Place) -> str | None:
    """Why `given` may not stand where `old` has no value; None if it may."""
    above = place.above[-1]
    if is_nothing(given) and (isinstance(above, ast.Match | ast.Lambda) or takes_no_none(old, above)):
        return "What is around the value does not take None."
    if _is_of_another_kind(given, above):
        return "The default is of another kind than what it is added to."
    if is_number(given) and is_handed_on(old, above):
        return "Zero is handed on, and what takes it may mean something else by it than by nothing."
    return _feeds_a_check(place) or _turns_a_test(given, place)


def _is_of_another_kind(value: ast.expr, above: ast.AST) -> bool:
    """True if a text meets a number, or a number a text."""
    sides = [above.left, above.right] if isinstance(above, ast.BinOp) else []
    constants = [one.value for one in sides if isinstance(one, ast.Constant)]
    return isinstance(value, ast.Constant) and any(
        isinstance(one, str) != isinstance(value.value, str) for one in constants
    )


def _feeds_a_check(place: Place) -> str | None:
    match place.above[-1]:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return feeds_a_check(name, place.following)
        case _:
            return None


def _turns_a_test(given: ast.expr, place: Place) -> str | None:
    """Why a test may not be asked of a default: the missing thing would pass for another one, or do something."""
    above, statement = place.above[-1], place.statement
    turned = place.role.negated
    if place.role.ask is Ask.RETURNED and turned:
        return NO_ANSWER
    if isinstance(above, ast.Compare):
        if is_number(given):
            return "What is missing would be compared as zero."
        known = any(isinstance(one, _LITERALS) for one in [above.left, *above.comparators])
        if not known and isinstance(above.ops[0], ast.Eq | ast.NotEq):
            return "What is missing on both sides would be the same."
        turned = isinstance(above.ops[0], ast.NotEq | ast.NotIn | ast.IsNot)
    does = isinstance(statement, ast.If) and lost_call(statement.body, ast.Constant(None), place) is not None
    return "What the branch does is done for the missing thing as well." if turned and does else None
