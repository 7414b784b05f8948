"""The exact conditional test of two Poisson rates, and the binomial numbers under it.

Przyborowski and Wilenski (1940): given n = x0 + x1 events in all, and rates whose ratio is r, the number x1 that
falls into the new window is binomial with p = r*T1 / (T0 + r*T1). Neither rate has to be known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

# What is less likely than this is not summed; whoever sums counts the missing mass against the fix.
NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True)
class Count:
    """Events in an exposure: requests, sessions, or seconds."""

    events: int
    exposure: float


def binomial_at_most(successes: int, trials: int, probability: float) -> float:
    """P(X <= successes) of a binomial distribution, exact up to rounding."""
    if successes < 0:
        return 0.0
    if successes >= trials or probability <= 0.0:
        return 1.0
    if probability >= 1.0:
        return 0.0
    # Summed away from the mode, where the terms shrink, so that a small tail is as exact as a large one.
    if successes <= (trials + 1) * probability:
        return min(1.0, _tail(successes, trials, probability))
    return max(0.0, 1.0 - _tail(trials - successes - 1, trials, 1.0 - probability))


def _tail(successes: int, trials: int, probability: float) -> float:
    """The sum of the weights of `successes` and of all fewer, which must shrink."""
    weight = total = binomial_weight(successes, trials, probability)
    odds = probability / (1.0 - probability)
    while successes > 0 and weight > total * NEGLIGIBLE * NEGLIGIBLE:
        weight *= successes / ((trials - successes + 1) * odds)
        successes -= 1
        total += weight
    return total


def binomial_weight(successes: int, trials: int, probability: float) -> float:
    """P(X = successes) for a probability between 0 and 1."""
    ways = _log_factorial(trials) - _log_factorial(successes) - _log_factorial(trials - successes)
    log_p, log_q = math.log(probability), math.log1p(-probability)
    return math.exp(ways + successes * log_p + (trials - successes) * log_q)


@lru_cache(maxsize=10_000)
def _log_factorial(number: int) -> float:
    return math.lgamma(number + 1)


def binomial_weights(trials: int, probability: float) -> tuple[int, list[float]]:
    """P(X = k) for every k whose weight is not negligible: the first such k, and the weights from there on."""
    if trials == 0 or probability <= 0.0:
        return 0, [1.0]
    if probability >= 1.0:
        return trials, [1.0]
    mode = min(trials, int((trials + 1) * probability))
    odds = probability / (1.0 - probability)
    peak = binomial_weight(mode, trials, probability)
    below, weight, k = [], peak, mode
    while k > 0 and weight > NEGLIGIBLE:
        weight *= k / ((trials - k + 1) * odds)
        k -= 1
        below.append(weight)
    above, weight, k = [peak], peak, mode
    while k < trials and weight > NEGLIGIBLE:
        weight *= (trials - k) * odds / (k + 1)
        k += 1
        above.append(weight)
    return mode - len(below), below[::-1] + above


def share_of_new(before: Count, after: Count, ratio: float = 1.0) -> float:
    """The share of all events that falls into the new window if the new rate is `ratio` times the old one."""
    return ratio * after.exposure / (before.exposure + ratio * after.exposure)


def p_lower(before: Count, after: Count, ratio: float = 1.0) -> float:
    """The p-value of "the new rate is at least `ratio` times the old one": small means it has fallen below that."""
    total = before.events + after.events
    return binomial_at_most(after.events, total, share_of_new(before, after, ratio))


def p_upper(before: Count, after: Count, ratio: float = 1.0) -> float:
    """The p-value of "the new rate is at most `ratio` times the old one": small means it is above that."""
    total = before.events + after.events
    # The upper tail is the lower tail of the old window's events: no small number is taken from 1.
    return binomial_at_most(before.events, total, 1.0 - share_of_new(before, after, ratio))


def differ(before: Count, after: Count, risk: float) -> bool:
    """True if the two rates surely are not the same, at a risk of at most `risk`; False where nothing was counted."""
    if before.exposure <= 0 or after.exposure <= 0:
        return False
    return min(p_lower(before, after), p_upper(before, after)) <= risk / 2


def ratio_bound(before: Count, after: Count, confidence: float = 0.95) -> float | None:
    """The upper confidence bound of new rate / old rate (Clopper and Pearson); None if it has no bound."""
    if not before.events or before.exposure <= 0 or after.exposure <= 0:
        return None
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        if binomial_at_most(after.events, before.events + after.events, share) > 1.0 - confidence:
            low = share
        else:
            high = share
    return high / (1.0 - high) * before.exposure / after.exposure if high < 1.0 else None
