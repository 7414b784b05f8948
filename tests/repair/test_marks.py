"""What the interpreter itself says about where a line failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.event_text import read_event
from app.core.model import Span
from app.repair import repair
from app.repair.checkout import Checkout
from app.repair.marks import contradiction, in_characters
from samples import CAUSE

from .crash_recorder import record

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


def test_columns_in_bytes_become_characters() -> None:
    lines = ["x = 1", 'total = "é€" + name["k"]']
    data = lines[1].encode()
    start = data.index(b"name")
    assert in_characters(Span(2, start, 2, len(data)), lines) == Span(2, 15, 2, len(lines[1]))
    assert in_characters(Span(3, 0, 3, 1), lines) is None


SHOP = """
    def total(order):
        cart = Cart(order)
        if cart.left[0] == 2 or cart.right[0] == 2:
            return 2
        return 1

    class Cart:
        def __init__(self, order):
            self.left, self.right = [1], list(order)
"""


def test_where_the_repeated_call_fails_is_what_failed(tmp_path: Path) -> None:
    crash = record(
        tmp_path, {"shop/__init__.py": "", "shop/cart.py": SHOP}, "from shop.cart import total\ntotal([])"
    )
    with crash.sandbox() as sandbox:
        repaired = repair(crash.finding, crash.tree, sandbox)
    assert repaired.cause is not None
    assert repaired.cause.failure.expression == "cart.right[0]"
    assert repair(crash.finding, crash.tree).cause != repaired.cause


UNDERLINED = """Traceback (most recent call last):
  File "/srv/shop/cart.py", line 3, in total
    return left[0] + right[0]
                     ~~~~~^^^
IndexError: list index out of range
"""


def test_what_is_underlined_is_what_failed(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cart.py").write_text("def total(left, right):\n\n    return left[0] + right[0]\n")
    given = read_event(UNDERLINED)
    cause = repair(given.finding, Checkout(tmp_path), marks=given.marks).cause
    assert cause is not None
    assert cause.failure.expression == "right[0]"
