"""Why a new way out of a function could let something through, or leave something half done."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from app.verify.conformance.conditions import nodes_of
from app.verify.conformance.consequences import is_neutral
from app.verify.conformance.permission import calls_a_check, denies, speaks_of_it
from app.verify.conformance.place import Place, own

# Who calls these counts on what they set up, and can not ask for their answer.
_BUILDING = frozenset(
    {"__aenter__", "__delitem__", "__delattr__", "__enter__", "__init__", "__init_subclass__", "__new__"}
    | {"__post_init__", "__set__", "__set_name__", "__setattr__", "__setitem__", "__setstate__", "setUp", "setup"}
)  # fmt: skip


def opens(end: ast.stmt, rest: Sequence[ast.stmt], place: Place) -> str | None:  # noqa: PLR0911 - a table of reasons
    """Why leaving by `end` before `rest` may not be; None if it may. `rest` are statements of the old block."""
    if denies(place.definitions):
        return "The function refuses things, and leaving it early could let them through."
    if any(isinstance(one, ast.Try) and _is_within(rest, one.finalbody) for one in place.above):
        return "Leaving inside a `finally` hides whatever was raised before."
    if isinstance(end, ast.Raise):
        return None
    if isinstance(end, ast.Return) and place.function is not None and place.function.name in _BUILDING:
        return f"Leaving `{place.function.name}` early leaves what it builds half done."
    after = _after(rest, place)
    if place.decides or speaks_of_it(after):
        if _is_no(end) and place.is_question:
            return None
        return "The new way out goes around code that decides about permission, identity or validity."
    checks = calls_a_check(after) or any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(after))
    if checks and (isinstance(end, ast.Continue) or (isinstance(end, ast.Return) and is_neutral(end.value))):
        return None if _is_no(end) and place.is_question else "The new way out goes around a check that raises."
    return None


def _is_no(end: ast.stmt) -> bool:
    return isinstance(end, ast.Return) and isinstance(end.value, ast.Constant) and end.value.value is False


def _is_within(block: Sequence[ast.stmt], other: Sequence[ast.stmt]) -> bool:
    inner = nodes_of(other)
    return any(one is each for one in block for each in inner)


def _after(rest: Sequence[ast.stmt], place: Place) -> list[ast.stmt]:
    """What the function does from there on."""
    statements = [one for one in own(place.function) if isinstance(one, ast.stmt)]
    return [one for one in statements if not rest or one.lineno >= rest[0].lineno]
