from __future__ import annotations

import pytest

from app.core.model import Failure, FailureKind, Span
from app.fix.conditions import conditions, lacks_too

NOWHERE = Span(1, 0, 1, 1)


def asked(index: str, message: str = "list index out of range") -> tuple[str, str] | None:
    failure = Failure(FailureKind.BAD_INDEX, "", "", NOWHERE, NOWHERE, index, ())
    return conditions(failure, "rows", index, message)


@pytest.mark.parametrize(
    ("index", "there", "missing"),
    [
        ("0", "rows", "not rows"),
        ("-1", "rows", "not rows"),
        ("2", "len(rows) > 2", "len(rows) <= 2"),
        ("-2", "len(rows) >= 2", "len(rows) < 2"),
        ("-count", "len(rows) >= count", "len(rows) < count"),
        ("at + 1", "at + 1 < len(rows)", "at + 1 >= len(rows)"),
        ("at or 0", "(at or 0) < len(rows)", "(at or 0) >= len(rows)"),
    ],
)
def test_an_index_is_tested_before_it_is_read(index: str, there: str, missing: str) -> None:
    assert asked(index) == (there, missing)


@pytest.mark.parametrize(
    ("message", "there"),
    [
        ("pop from an empty deque", "rows"),
        ("index 0 is out of bounds for axis 0 with size 0", "len(rows) > 0"),
        ("Array index out of range: 0", "len(rows) > 0"),
    ],
)
def test_only_built_in_sequences_are_asked_for_their_truth(message: str, there: str) -> None:
    found = asked("0", message)
    assert found is not None
    assert found[0] == there


@pytest.mark.parametrize("message", ["no such group", "No item with that key"])
def test_what_is_no_sequence_has_no_test(message: str) -> None:
    assert asked("1", message) is None


@pytest.mark.parametrize(
    ("missing", "other", "lacks"),
    [
        ("0", "-1", True),
        ("-1", "0", True),
        ("2", "3", True),
        ("2", "1", False),
        ("2", "-2", False),
        ("2", "-3", True),
        ("-2", "0", False),
        ("-2", "1", True),
        ("at", "3", False),
    ],
)
def test_what_a_short_sequence_lacks_too(missing: str, other: str, *, lacks: bool) -> None:
    assert lacks_too(missing, other) is lacks
