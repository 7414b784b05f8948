from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.counts import MOST_BUCKETS, Bucket, Counts, bucket_seconds, filled

START = 1_764_000_000.0  # a full minute


def test_a_period_is_filled_with_minutes_without_gaps() -> None:
    counts = filled("errors", [(START, 2), (START + 61, 1), (START + 119.9, 1)], START, START + 180)
    assert [bucket.count for bucket in counts.buckets] == [2, 2, 0]
    assert [bucket.start - START for bucket in counts.buckets] == [0, 60, 120]
    assert (counts.of, counts.total, counts.complete_until) == ("errors", 4, START + 180)


def test_only_what_lies_in_the_period_is_counted() -> None:
    found = [(START + 29, 5), (START + 30, 1), (START + 149, 2), (START + 150, 7)]
    counts = filled("errors", found, START + 30, START + 150)
    assert [bucket.count for bucket in counts.buckets] == [1, 0, 2]
    assert counts.buckets[0].start == START


@pytest.mark.parametrize(
    ("whole_from", "whole_until", "incomplete", "watermark"),
    [
        (-math.inf, math.inf, [False, False, False], 180),
        (-math.inf, START + 120, [False, False, True], 120),
        (-math.inf, START + 119, [False, True, True], 60),
        (START + 1, math.inf, [True, False, False], None),
        (START, START + 180, [False, False, False], 180),
        (math.inf, math.inf, [True, True, True], None),
    ],
)
def test_what_may_lack_something_is_incomplete(
    whole_from: float, whole_until: float, incomplete: list[bool], watermark: float | None
) -> None:
    counts = filled("errors", [], START, START + 180, complete_from=whole_from, complete_until=whole_until)
    assert [bucket.incomplete for bucket in counts.buckets] == incomplete
    assert counts.complete_until == (None if watermark is None else START + watermark)


def test_the_end_of_a_period_may_lie_within_a_bucket() -> None:
    counts = filled(
        "errors", [(START + 10, 1)], START + 5, START + 20, complete_from=START + 5, complete_until=START + 20
    )
    assert counts.buckets == (Bucket(START, 60.0, 1),)


def test_the_buckets_before_a_moment() -> None:
    counts = filled("errors", [(START, 1), (START + 60, 2), (START + 120, 4)], START, START + 180)
    assert counts.before(START + 120).total == 3
    assert counts.before(START + 119).total == 1
    assert counts.before(START) == Counts("errors", ())
    assert counts.before(START).complete_until is None


@given(st.floats(0, 4e9), st.floats(0.001, 3e7), st.lists(st.floats(0, 1), max_size=50))
def test_every_moment_of_any_period_is_in_one_bucket(start: float, length: float, parts: list[float]) -> None:
    end = start + length
    moments = [moment for part in parts if start <= (moment := start + part * length) < end]
    counts = filled("errors", [(moment, 1) for moment in moments], start, end)
    assert counts.total == len(moments)
    assert len(counts.buckets) <= MOST_BUCKETS + 1
    assert counts.buckets[0].start <= start
    assert counts.buckets[-1].end >= end
    assert {bucket.seconds for bucket in counts.buckets} == {bucket_seconds(start, end)}
