"""How often something happened, minute by minute: what error trackers count and the judge reads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

MINUTE: Final = 60.0
MOST_BUCKETS: Final = 1_440
FINE: Final = 15.0  # the finest that Sentry's time series have
MOST_FINE: Final = 240
_WIDTHS: Final = (MINUTE, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was counted in the `seconds` from `start` (epoch seconds) on.

    An incomplete bucket's count is a lower bound: more may still arrive, or some of it is known to be lost.
    """

    start: float
    seconds: float
    count: int
    incomplete: bool = False

    @property
    def end(self) -> float:
        """The moment (epoch seconds) at which the next bucket starts."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Counts:
    """The buckets of a period, oldest first and without gaps.

    `of` names what is counted, as in "errors", "transactions" or "sessions": only the same can be compared. The
    outermost buckets reach out of the period, and hold what lies within.
    """

    of: str
    buckets: tuple[Bucket, ...]

    @property
    def total(self) -> int:
        """What all buckets hold together."""
        return sum(bucket.count for bucket in self.buckets)

    @property
    def complete_until(self) -> float | None:
        """The moment up to which nothing is missing; None if something is missing from the start."""
        end: float | None = None
        for bucket in self.buckets:
            if bucket.incomplete:
                break
            end = bucket.end
        return end

    def before(self, moment: float) -> Counts:
        """The buckets that end by `moment`."""
        return replace(self, buckets=tuple(bucket for bucket in self.buckets if bucket.end <= moment))


def bucket_seconds(start: float, end: float) -> float:
    """The width of a period's buckets: a minute, or as much more as keeps their number within `MOST_BUCKETS`."""
    return next((width for width in _WIDTHS if (end - start) / width <= MOST_BUCKETS), _WIDTHS[-1])


def fine_bucket_seconds(start: float, end: float) -> float:
    """Likewise, but finer where the period is short: the sooner a bucket is over, the sooner it is complete."""
    return FINE if (end - start) / FINE <= MOST_FINE else bucket_seconds(start, end)


def filled(
    of: str,
    found: Iterable[tuple[float, int]],
    start: float,
    end: float,
    *,
    complete_from: float = -math.inf,
    complete_until: float = math.inf,
) -> Counts:
    """The counts of a period in which `found` (moment, number) happened, and nothing else.

    A bucket is incomplete if its part of the period reaches below `complete_from` or beyond `complete_until`.
    """
    width = bucket_seconds(start, end)
    first, last = math.floor(start / width), math.ceil(end / width)
    numbers = [0] * max(0, last - first)
    for moment, number in found:
        at = math.floor(moment / width) - first
        if start <= moment < end and 0 <= at < len(numbers):
            numbers[at] += number
    buckets = tuple(
        Bucket(
            (first + at) * width,
            width,
            number,
            max(start, (first + at) * width) < complete_from
            or min(end, (first + at + 1) * width) > complete_until,
        )
        for at, number in enumerate(numbers)
    )
    return Counts(of, buckets)
