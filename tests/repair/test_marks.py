"""What the interpreter underlined decides against what was found, never for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.repair.marks import contradiction
from samples import CAUSE

LINE = "    return customer.address.city"  # the failing expression stands in columns 11 to 32


@pytest.mark.parametrize("marked", [(7, 28), (7, 23), (0, 28), (3, 28)])
def test_what_lies_within_or_around_agrees(marked: tuple[int, int]) -> None:
    assert contradiction(CAUSE, {(12, LINE.strip()): marked}, LINE) is None


def test_what_lies_beside_contradicts() -> None:
    stop = contradiction(CAUSE, {(12, LINE.strip()): (0, 6)}, LINE)
    assert stop is not None
    assert "underlines `return`" in stop.detail


def test_without_marks_for_the_line_nothing_is_said() -> None:
    assert contradiction(CAUSE, {}, LINE) is None
    assert contradiction(CAUSE, {(13, LINE.strip()): (0, 6)}, LINE) is None
    assert contradiction(CAUSE, {(12, "other"): (0, 6)}, LINE) is None
    assert contradiction(CAUSE, {(12, "returné"): (0, 6)}, "returné") is None
    several = replace(CAUSE, failure=replace(CAUSE.failure, span=replace(CAUSE.failure.span, end_line=13)))
    assert contradiction(several, {(12, LINE.strip()): (0, 6)}, LINE) is None
