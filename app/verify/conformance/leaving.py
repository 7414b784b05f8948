"""Why a new way out of a function could let something through, or leave something half done."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from app.verify.conformance.conditions import nodes_of
from app.verify.conformance.consequences import is_neutral
from app.verify.conformance.parts import is_nothing, own
from app.verify.conformance.permission import calls_a_check, denies, speaks_of_it
from app.verify.conformance.place import Place

# Who calls these counts on what they set up, and can not ask for their answer.
_BUILDING = frozenset(
    {"__aenter__", "__delitem__", "__delattr__", "__enter__", "__init__", "__init_subclass__", "__new__"}
    | {"__post_init__", "__set__", "__set_name__", "__setattr__", "__setitem__", "__setstate__", "setUp", "setup"}
)  # fmt: skip


# Whether no means "refused" or "go on" is not written anywhere.
NO_ANSWER = "A yes or no is answered for what is missing."
_ORDERING = frozenset({"__cmp__", "cmp", "compare", "comparator"})
_MANAGING = frozenset({"asynccontextmanager", "contextmanager", "fixture"})
_MAIN = frozenset({"main", "run_main", "cli", "__main__"})
# Python takes nothing else from these than what they are there to give.
_EXACT = frozenset(
    {"__bool__", "__bytes__", "__float__", "__format__", "__hash__", "__index__", "__int__", "__iter__"}
    | {"__len__", "__repr__", "__str__"}
)  # fmt: skip


def opens(end: ast.stmt, rest: Sequence[ast.stmt], place: Place) -> str | None:  # noqa: PLR0911 - a table of reasons
    """Why leaving by `end` before `rest` may not be; None if it may. `rest` are statements of the old block."""
    if denies(place.definitions):
        return "The function refuses things, and leaving it early could let them through."
    if any(isinstance(one, ast.Try) and _is_within(rest, one.finalbody) for one in place.above):
        return "Leaving inside a `finally` hides whatever was raised before."
    if isinstance(end, ast.Raise):
        return None
    if (fault := _leaves_half_done(end, rest, place)) is not None:
        return fault
    if place.is_question and isinstance(end, ast.Return) and is_neutral(end.value):
        return NO_ANSWER
    after = _after(rest, place)
    if place.decides or speaks_of_it(after):
        return "The new way out goes around code that decides about permission, identity or validity."
    checks = calls_a_check(after) or any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(after))
    if checks and (isinstance(end, ast.Continue) or (isinstance(end, ast.Return) and is_neutral(end.value))):
        return "The new way out goes around a check that raises."
    return None


def _leaves_half_done(end: ast.stmt, rest: Sequence[ast.stmt], place: Place) -> str | None:  # noqa: PLR0911
    """Why what the function or the loop does may not end here."""
    if isinstance(end, ast.Continue):
        if place.is_in_while:
            return "Going on here may go round a `while` for ever."
        return "Going on here leaves a counter behind." if _counts(rest) else None
    if not isinstance(end, ast.Return) or place.function is None:
        return None
    name = place.function.name
    if name in _BUILDING or place.is_decorated_as(_MANAGING):
        return f"Leaving `{name}` early leaves what it builds half done."
    if name in _MAIN and is_neutral(end.value):
        return f"`{name}` would say that all went well."
    if name == "__iter__" or (name in _ORDERING and is_neutral(end.value)):
        return f"`{name}` has no neutral answer."
    if name in _EXACT and is_nothing(end.value):
        return f"`{name}` may not return None."
    if place.is_generator and isinstance(place.loop, ast.For | ast.AsyncFor):
        return "Leaving the loop here leaves out the items behind this one."
    if place.loop is not None and _calls(place.loop.body):
        return "Leaving a loop here leaves out the items behind this one."
    return None


def _calls(block: Sequence[ast.stmt]) -> bool:
    """True if something is called for its effect."""
    effects = [one.value for one in nodes_of(block) if isinstance(one, ast.Expr)]
    return any(isinstance(one, ast.Call | ast.Await) for one in effects)


def _counts(rest: Sequence[ast.stmt]) -> bool:
    return any(
        isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name) and isinstance(one.value, ast.Constant)
        for one in nodes_of(rest)
    )  # fmt: skip


def _is_within(block: Sequence[ast.stmt], other: Sequence[ast.stmt]) -> bool:
    inner = nodes_of(other)
    return any(one is each for one in block for each in inner)


def _after(rest: Sequence[ast.stmt], place: Place) -> list[ast.stmt]:
    """What the function does from there on."""
    statements = [one for one in own(place.function) if isinstance(one, ast.stmt)]
    return [one for one in statements if not rest or one.lineno >= rest[0].lineno]
