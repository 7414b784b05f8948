"""What a fix of each category may say: the one table of tests, statement forms, expression forms and imports.

A difference that no entry of its category explains is unexplained. To add an entry is to open the gate a little, for
everybody who can push to a branch: it needs a reason, and hostile cases beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.verify.conformance import assignments, conversions, defaults, guards, handlers, narrowing
from app.verify.conformance.conditions import ATTRIBUTE, EMPTY, KEY, LENGTH, NONE, TYPE, UNBOUND, ZERO
from app.verify.conformance.consequences import ERROR_MODULES
from app.verify.conformance.forms import Accepted, Block, Step
from app.verify.conformance.place import Place

StatementForm = Callable[[Block, Block, Place], Step | None]
ExpressionForm = Callable[[ast.expr, ast.expr, Place], Accepted | None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that a category may add."""

    tests: frozenset[str]
    statements: tuple[StatementForm, ...]
    expressions: tuple[ExpressionForm, ...]
    imports: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()  # what the code raises that a fix repairs


VOCABULARIES: Mapping[str, Vocabulary] = {
    "null-safety": Vocabulary(
        frozenset({NONE}),
        (
            guards.leave_early,
            guards.hold_then_guard,
            guards.neutral_argument,
            guards.only_if_present,
            assignments.counted_from_default,
        ),
        (narrowing.narrowed, narrowing.widened, narrowing.filtered, defaults.chosen, defaults.or_default),
        errors=frozenset({"AttributeError", "TypeError"}),
    ),
    "missing-key": Vocabulary(
        frozenset({KEY, LENGTH, EMPTY}),
        (
            guards.leave_early,
            guards.hold_then_guard,
            guards.only_if_present,
            assignments.counted_from_default,
            assignments.removed_if_present,
        ),
        (
            narrowing.narrowed,
            narrowing.widened,
            narrowing.bounded,
            narrowing.asked_for_nothing,
            narrowing.filtered,
            defaults.chosen,
            defaults.looked_up,
            defaults.answered_when_empty,
            conversions.asked_by_name,
        ),
        errors=frozenset({"IndexError", "KeyError", "StopIteration"}),
    ),
    "missing-error-handling": Vocabulary(
        frozenset({NONE, KEY, EMPTY, ZERO}),
        (
            guards.leave_early,
            guards.only_if_present,
            handlers.caught,
            assignments.parted,
            assignments.imported,
        ),
        (
            narrowing.narrowed,
            narrowing.widened,
            defaults.chosen,
            defaults.stepped_by_one,
            handlers.caught_more,
            conversions.copied,
            defaults.told_more,
        ),
        ERROR_MODULES,
        frozenset({"FileExistsError"}),
    ),
    "wrong-type": Vocabulary(
        frozenset({TYPE, ATTRIBUTE}),
        (
            guards.leave_early,
            guards.only_if_present,
            handlers.kept_protocol,
            assignments.as_text_path,
            assignments.imported,
        ),
        (
            narrowing.narrowed,
            narrowing.widened,
            defaults.chosen,
            defaults.attribute_or_default,
            conversions.converted,
            conversions.converted_if_needed,
            conversions.asked_of_classes,
            conversions.divided_to_whole,
            conversions.shown,
        ),
        frozenset({"os"}),
        frozenset({"AttributeError", "TypeError"}),
    ),
    "unbound-local": Vocabulary(
        frozenset({UNBOUND}),
        (
            assignments.first_value,
            guards.only_if_present,
            assignments.set_not_added,
            guards.otherwise_refused,
        ),
        (),
        errors=frozenset({"UnboundLocalError"}),
    ),
}
