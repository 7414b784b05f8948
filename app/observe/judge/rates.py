"""One question at one moment, by either method: has the rate fallen, and if not, how bad is it?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.core.model import Judgement, Method, Window
from app.observe.judge.looks import boundary
from app.observe.judge.plan import look_at
from app.observe.judge.poisson import Count, binomial_at_most, p_lower, p_upper, share_of_new
from app.observe.judge.readings import Counts, Readings, Rule
from app.observe.judge.sequential import log_e_fallen, log_e_not_fallen

# "Not fixed" is said when even a halved rate is refuted.
HALVED = 0.5
_YEAR = 525_600.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A p-value (or 1/e-value) and what it must not exceed to be called fixed; `fallen` if it does not."""

    p_value: float
    limit: float
    fallen: bool


def fallen(counted: Counts, readings: Readings, rule: Rule) -> Trial:
    """Whether the rate has fallen, at the risk that the rule allows."""
    old, new = counted.old, counted.new
    if rule.method is Method.SEQUENTIAL:
        p_value = math.exp(min(0.0, math.log(2.0) - log_e_fallen(old, new, rule.alpha)))
        return Trial(p_value, rule.alpha, p_value <= rule.alpha)
    p_value = p_lower(old, new)
    look = look_at(rule.looks, readings.after.seconds)
    if (
        look is None or p_value > rule.alpha
    ):  # above alpha it is not fixed at any look: no limit has to be computed
        return Trial(p_value, rule.alpha, fallen=False)
    exposures = (*_earlier(readings, rule, look), new.exposure)
    total = old.events + new.events
    limit = boundary(old.exposure, exposures, rule.alpha).limit(total)
    level = binomial_at_most(limit, total, share_of_new(old, new))
    return Trial(p_value, level, new.events <= limit)


def bad(old: Count, new: Count, rule: Rule, seconds: float) -> Judgement | None:
    """REGRESSED if the rate has risen, NOT_FIXED if it was not even halved, None if neither is sure."""
    for judgement, ratio in ((Judgement.REGRESSED, 1.0), (Judgement.NOT_FIXED, HALVED)):
        if new.events * old.exposure <= ratio * old.events * new.exposure:
            sure = False  # not even seemingly above it
        elif rule.method is Method.SEQUENTIAL:
            sure = log_e_not_fallen(old, new, rule.alpha, ratio) >= math.log(2.0 / rule.alpha)
        else:
            sure = p_upper(old, new, ratio) <= _risk_of_bad(rule, seconds)
        if sure:
            return judgement
    return None


def _risk_of_bad(rule: Rule, seconds: float) -> float:
    """What one look may risk: together alpha. The last one, after which something must be said, has half of it."""
    others = len(rule.looks) - 1
    look = look_at(rule.looks, seconds)
    if look is None:
        return 0.0
    if not others:
        return rule.alpha
    return rule.alpha / 2 if look == others else rule.alpha / 2 / others


def minutes_needed(counted: Counts, readings: Readings, rule: Rule) -> float | None:
    """After so many more minutes at this traffic, and without another event, it would be called fixed; None if never.

    With no event so far, and a single look, this is T0 (alpha^(-1/x0) - 1), which bounds every method.
    """
    old, new, seconds = counted.old, counted.new, readings.after.seconds
    if not old.events:
        return None
    pace = new.exposure / seconds if seconds > 0 and new.exposure > 0 else _usual_pace(readings)
    if pace <= 0:
        return None
    if rule.method is Method.EXACT_LOOKS:
        for number, look in enumerate(rule.looks, start=1):
            if look > seconds + 1 and _would_do(
                counted, tuple(pace * each for each in rule.looks[:number]), rule
            ):
                return (look - seconds) / 60
        # None of the looks would do, so it takes longer than to the last of them.
        least = math.floor((rule.looks[-1] - seconds) / 60) + 1
        first = _first_minute(counted, pace, seconds, rule)
        return first if first is None else max(first, least)
    return _first_minute(counted, pace, seconds, rule)


def _would_do(counted: Counts, exposures: tuple[float, ...], rule: Rule) -> bool:
    """True if these counts were called fixed at the last of looks at these exposures."""
    old, new = counted.old, counted.new
    if p_lower(old, Count(new.events, exposures[-1])) > rule.alpha:
        return False
    return new.events <= boundary(old.exposure, exposures, rule.alpha).limit(old.events + new.events)


def _first_minute(counted: Counts, pace: float, seconds: float, rule: Rule) -> int | None:
    """The whole minute from which on a test that has the whole of alpha would call it fixed."""

    def enough(minutes: float) -> bool:
        later = Count(counted.new.events, pace * (seconds + 60 * minutes))
        if rule.method is Method.SEQUENTIAL:
            return log_e_fallen(counted.old, later, rule.alpha) >= math.log(2.0 / rule.alpha)
        return p_lower(counted.old, later) <= rule.alpha

    low, high = 0.0, 1.0
    while not enough(high):
        low, high = high, 2 * high
        if high > _YEAR:
            return None
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return math.ceil(high)


def _earlier(readings: Readings, rule: Rule, look: int) -> tuple[float, ...]:
    """The exposure at each earlier look; without them it grew evenly."""
    after: Window = readings.after
    if readings.earlier is not None and len(readings.earlier) == look:
        return tuple(min(max(0.0, exposure), after.exposure) for exposure in sorted(readings.earlier))
    return tuple(after.exposure * seconds / after.seconds for seconds in rule.looks[:look])


def _usual_pace(readings: Readings) -> float:
    before = readings.before
    return readings.share * before.exposure / before.seconds if before.seconds > 0 else 0.0
