"""What the judge is given, and the counts that it may work with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from app.core.model import Method, Window
from app.observe.judge.looks import ALPHA, LOOKS
from app.observe.judge.minutes import bursts, is_count
from app.observe.judge.poisson import Count

# A release that gets less than this part of the traffic it should get is not judged by its silence.
LEAST_TRAFFIC = 0.5
# If the error tracker threw away more than this part of the events, silence proves nothing.
MOST_DROPPED = 0.01
# More events than this say no more about a rate; they are divided, as bursts are, to bound the work.
MANY = 1500


@dataclass(frozen=True, slots=True)
class Rule:
    """How to judge: every planned look in seconds after the deployment, the method, and the risk of a false "fixed"."""

    looks: tuple[float, ...] = LOOKS
    method: Method = Method.EXACT_LOOKS
    alpha: float = ALPHA


@dataclass(frozen=True, slots=True)
class Canary:
    """All new errors of canary and baseline while both run; `share` is the canary's part of the traffic."""

    canary: int
    baseline: int
    share: float


@dataclass(frozen=True, slots=True)
class NewIssues:
    """Events of issues that were first seen on the new release, over the same time as the window after.

    `usual` are the events of issues that were new in a comparable window before, where that is known.
    """

    events: int
    names: tuple[str, ...]
    usual: Count | None = None


@dataclass(frozen=True, slots=True)
class Distinct:
    """The different users who met the error, before and after, and those of each minute before."""

    before: int
    after: int
    minutes_before: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Readings:
    """What production showed of one fingerprint, before the deployment and on the new release.

    `minutes_before` are events by the minute of the window before. `distinct` are the users, where
    every event names one. `share` is the part of the traffic that the release should get by now. `earlier` are the
    exposures at the looks before this one; without them the traffic counts as even. `disturbances` are reasons, in
    words, for which the counts cannot be compared: another deployment, sampling that changed, an issue set to
    ignored. `dropped` is the part of the events that the tracker refused or filtered; None where it does not tell.
    """

    before: Window
    after: Window
    minutes_before: tuple[float | None, ...] = ()
    distinct: Distinct | None = None
    share: float = 1.0
    earlier: tuple[float, ...] | None = None
    canary: Canary | None = None
    new_issues: NewIssues | None = None
    disturbances: tuple[str, ...] = ()
    dropped: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts to test for a rate that fell, `old` and `new`, and for one that is high, `old_most` and `new_least`.

    Each pair is rounded against what it is tested for. An event that is to be added to the second pair counts as
    `1 / divisor`.
    """

    old: Count
    new: Count
    old_most: Count
    new_least: Count
    note: str = field(default="")
    divisor: float = 1.0

    @property
    def expected(self) -> float:
        """The events to be expected by now at the old rate."""
        return self.old.events * self.new.exposure / self.old.exposure


def counts(readings: Readings) -> Counts:
    """Events; where they come in bursts, users if they are known, else events divided by the size of the bursts.

    Users are counted only to see that a rate has fallen. Somebody who came twice is one user: over an hour that is
    less than the rate promises for a few minutes, so whoever expects too little is never too quick to say "fixed". To
    say that a rate is high that would be the wrong side, so there it is always the events.
    """
    before, after, distinct = readings.before, readings.after, readings.distinct
    size = bursts(readings.minutes_before)
    old, new, divisor, note = before.events, after.events, size, ""
    if size > 1.0:
        note = f"events come in bursts of about {size:.1f}"
        if distinct is not None:
            old, new = min(old, distinct.before), min(new, distinct.after)
            divisor, note = (
                bursts(distinct.minutes_before),
                "users are counted, because events come in bursts",
            )
            note += f", and users of about {divisor:.1f}" if divisor > 1.0 else ""
    divisor *= max(1.0, old / divisor / MANY)
    size *= max(1.0, before.events / size / MANY)
    return Counts(
        Count(math.floor(old / divisor), before.exposure),
        Count(math.ceil(new / divisor), after.exposure),
        Count(math.ceil(before.events / size), before.exposure),
        Count(math.floor(after.events / size), after.exposure),
        note,
        size,
    )


def unreadable(readings: Readings) -> str | None:
    """Why nothing can be said at all, or None: numbers that are none, an empty window, counts of different things."""
    before, after = readings.before, readings.after
    numbers = (*_numbers(before), *_numbers(after), readings.dropped or 0.0)
    if readings.distinct is not None:
        numbers = (*numbers, readings.distinct.before, readings.distinct.after)
    if not all(map(is_count, numbers)) or not is_count(readings.share) or not 0 < readings.share <= 1:
        return "the counts are not all numbers"
    if readings.disturbances:
        return "the counts cannot be compared: " + "; ".join(readings.disturbances)
    if before.exposure <= 0 or after.exposure <= 0:
        return f"no {after.unit} were seen {'before' if before.exposure <= 0 else 'on the new release'}"
    if before.unit != after.unit:
        return f"{before.unit} before cannot be compared with {after.unit} after"
    if readings.dropped is not None and readings.dropped > MOST_DROPPED:
        return f"{readings.dropped:.0%} of the events were dropped before they were counted"
    return None


def unexposed(readings: Readings, counted: Counts, alpha: float) -> str | None:
    """Why silence would prove nothing yet, or None: too little traffic, or too little that was to be expected."""
    before, after = readings.before, readings.after
    if before.unit != "seconds" and before.seconds > 0 and after.seconds > 0:
        due = readings.share * before.exposure / before.seconds * after.seconds
        if after.exposure < LEAST_TRAFFIC * due:
            return f"the release got {after.exposure / due:.0%} of the {after.unit} that were usual before"
    if counted.expected < math.log(1.0 / alpha):
        return "too little was to be expected"
    return None


def _numbers(window: Window) -> tuple[float, ...]:
    return window.events, window.exposure, window.seconds
