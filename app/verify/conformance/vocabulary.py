"""What a fix of each category may say: the one table of tests, statement forms, expression forms and imports.

A difference that no entry of its category explains is unexplained. To add an entry is to open the gate a little, for
everybody who can push to a branch: it needs a reason, and hostile cases beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.verify.conformance import expressions as e
from app.verify.conformance import statements as s
from app.verify.conformance.conditions import ATTRIBUTE, EMPTY, KEY, LENGTH, NONE, TYPE, ZERO
from app.verify.conformance.consequences import ERROR_MODULES
from app.verify.conformance.place import Place

StatementForm = Callable[[s.Block, s.Block, Place], s.Step | None]
ExpressionForm = Callable[[ast.expr, ast.expr, Place], e.Accepted | None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that a category may add."""

    tests: frozenset[str]
    statements: tuple[StatementForm, ...]
    expressions: tuple[ExpressionForm, ...]
    imports: frozenset[str] = frozenset()


VOCABULARIES: Mapping[str, Vocabulary] = {
    "null-safety": Vocabulary(
        frozenset({NONE}),
        (s.leave_early, s.hold_then_guard, s.neutral_argument, s.only_if_present, s.counted_from_default),
        (e.narrowed, e.widened, e.filtered, e.chosen, e.or_default),
    ),
    "missing-key": Vocabulary(
        frozenset({KEY, LENGTH, EMPTY}),
        (s.leave_early, s.hold_then_guard, s.only_if_present, s.counted_from_default, s.removed_if_present),
        (
            e.narrowed, e.widened, e.bounded, e.asked_for_nothing, e.filtered, e.chosen, e.looked_up,
            e.answered_when_empty, e.asked_by_name,
        ),
    ),
    "missing-error-handling": Vocabulary(
        frozenset({NONE, KEY, EMPTY, ZERO}),
        (s.leave_early, s.only_if_present, s.caught, s.parted, s.imported),
        (e.narrowed, e.widened, e.chosen, e.stepped_by_one, e.caught_more, e.copied, e.told_more),
        ERROR_MODULES,
    ),
    "wrong-type": Vocabulary(
        frozenset({TYPE, ATTRIBUTE}),
        (s.leave_early, s.only_if_present, s.kept_protocol, s.as_text_path, s.imported),
        (
            e.narrowed, e.widened, e.chosen, e.looked_up, e.converted, e.converted_if_needed, e.asked_of_classes,
            e.divided_to_whole, e.shown,
        ),
        frozenset({"os"}),
    ),
    "unbound-local": Vocabulary(
        frozenset({NONE}),
        (s.first_value, s.only_if_present, s.set_not_added, s.otherwise_refused),
        (),
    ),
}  # fmt: skip
