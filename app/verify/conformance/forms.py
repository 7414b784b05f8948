"""What a form answers if it fits: an `Accepted` for an expression, a `Step` for statements."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from app.verify.conformance.permission import speaks_of_it
from app.verify.conformance.place import Place


@dataclass(frozen=True, slots=True)
class Accepted:
    """A form that fits. `rest` are pairs still to be explained, `problem` says why it does not fit after all.

    `narrows` says that the form itself has looked at what a test decides, `gives` that another value takes its way.
    """

    rest: tuple[tuple[ast.expr, ast.expr], ...] = ()
    problem: str | None = None
    stricter: bool = False
    narrows: bool = False
    gives: bool = True
    leaves: bool = False  # more often than before, by a way out that has been looked at


FITS = Accepted()


Block = Sequence[ast.stmt]


@dataclass(frozen=True, slots=True)
class Step:
    """How many old and new statements a form explains; `problem` says why it does not after all."""

    old: int
    new: int
    problem: str | None = None


def touches_permission(code: Sequence[ast.AST], place: Place) -> str | None:
    """Why a change in this code must be seen by a person; None if it need not."""
    if place.decides or speaks_of_it(code):
        return "The change touches code that decides about permission, identity or validity."
    return None
