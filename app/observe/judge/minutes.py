"""Counts by the minute: what may be believed of them yet, and whether they come in bursts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.core.counts import MINUTE, Counts
from app.observe.judge.looks import RARE_PER_MINUTE

# Independent events have a variance as large as their mean. Above this they come in bursts: one client that retries.
# One in seven incidents with independent errors is above it too, and takes a little longer. A higher bar lets milder
# bursts pass as independent, a lower one slows half of all incidents. Where errors are rare, whole numbers leave the
# test so much room that mild bursts do no harm (measured), and there is no event to lose.
BURSTS_FROM = 1.2
BURSTS_FROM_WHERE_RARE = 1.5
FEWEST_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Minutes:
    """Events of each minute from `start` (epoch seconds) on; None stands where the source gave no number."""

    start: float
    events: tuple[float | None, ...]

    @classmethod
    def of(cls, *periods: Counts) -> Minutes | None:
        """The minutes that the buckets of successive periods fill; None if there are none as fine as that.

        A minute of which something is missing, or that no bucket tells of, has no number.
        """
        buckets = [bucket for counts in periods for bucket in counts.buckets]
        at = [int(bucket.start // MINUTE) for bucket in buckets]
        if not buckets or any(
            bucket.end > (minute + 1) * MINUTE for minute, bucket in zip(at, buckets, strict=True)
        ):
            return None
        first = min(at)
        sums: list[float | None] = [None] * (max(at) - first + 1)
        for minute, bucket in zip(at, buckets, strict=True):
            sums[minute - first] = (sums[minute - first] or 0) + bucket.count
        for minute, bucket in zip(at, buckets, strict=True):
            if bucket.incomplete:
                sums[minute - first] = None
        return cls(first * MINUTE, tuple(sums))

    def within(self, start: float, end: float) -> tuple[float | None, ...]:
        """The events of the minutes that lie wholly between `start` and `end`."""
        first = max(0, math.ceil((start - self.start) / MINUTE))
        return self.events[first : max(first, math.floor((end - self.start) / MINUTE))]


def is_count(value: object) -> bool:
    """True of a finite number that is not negative; counts of sampled events may be fractions."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    )


def total(values: Sequence[float | None]) -> float | None:
    """The sum, or None if one of them is no count."""
    known = [value for value in values if value is not None and is_count(value)]
    return math.fsum(known) if len(known) == len(values) else None


@lru_cache(maxsize=64)
def dispersion(values: tuple[float | None, ...]) -> float | None:
    """Variance / mean of the counts: 1 for independent events. None where there is too little to tell."""
    known = [float(value) for value in values if value is not None and is_count(value)]
    if len(known) < FEWEST_MINUTES or not any(known):
        return None
    mean = math.fsum(known) / len(known)
    return math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1) / mean


def bursts(values: tuple[float | None, ...]) -> float:
    """How many events come at once, by the counts of minutes; 1 unless it shows."""
    found = dispersion(values)
    if found is None:
        return 1.0
    known = [value for value in values if value is not None and is_count(value)]
    is_rare = math.fsum(known) < RARE_PER_MINUTE * len(known)
    return found if found > (BURSTS_FROM_WHERE_RARE if is_rare else BURSTS_FROM) else 1.0
