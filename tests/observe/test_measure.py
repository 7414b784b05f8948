"""Periods as they are cut out of what trackers count: how far they are complete, and the traffic within."""

from __future__ import annotations

import math

import pytest

from app.core.counts import Bucket, Counts, fine_bucket_seconds
from app.observe.measure import Period

START = 1_800_000_000.0


def counts(*buckets: tuple[float, float, int], open_from: int | None = None) -> Counts:
    """Buckets by their start (seconds after START), width and number; those from `open_from` on are incomplete."""
    return Counts(
        "requests",
        tuple(
            Bucket(START + at, width, number, open_from is not None and place >= open_from)
            for place, (at, width, number) in enumerate(buckets)
        ),
    )


FULL = counts((0, 60, 10), (60, 60, 30), (120, 60, 0))


@pytest.mark.parametrize(
    ("errors", "traffic", "until"),
    [
        (FULL, None, 150.0),
        (FULL, FULL, 150.0),
        (counts((0, 60, 1), (60, 60, 1), (120, 60, 1), open_from=2), FULL, 120.0),
        (FULL, counts((0, 60, 1), (60, 60, 1), (120, 60, 1), open_from=1), 60.0),
        (FULL, counts((0, 60, 1), open_from=0), -math.inf),
        (counts(), FULL, -math.inf),
    ],
)
def test_v10_a_period_is_as_complete_as_the_less_complete_of_errors_and_traffic(
    errors: Counts, traffic: Counts | None, until: float
) -> None:
    period = Period(START + 20, START + 150, errors, traffic)
    assert period.complete_until == START + until
    assert period.is_complete is (until == 150.0)


def test_the_traffic_up_to_a_moment_is_even_within_a_bucket_and_nowhere_else() -> None:
    # From second 20 on: 10 requests in 40 seconds, then 30 in a minute, then none in half a minute.
    period = Period(START + 20, START + 150, FULL, FULL)
    seen = [period.traffic_until(START + at) for at in (0, 20, 40, 60, 90, 120, 135, 150, 999)]
    assert seen == [0, 0, 5, 10, 25, 40, 40, 40, 40]
    assert Period(START, START + 150, FULL, None).traffic_until(START + 60) == 0


def test_short_periods_are_counted_finely() -> None:
    assert [fine_bucket_seconds(START, START + seconds) for seconds in (17, 3_600, 3_601, 86_401)] == [
        15.0,
        15.0,
        60.0,
        300.0,
    ]
