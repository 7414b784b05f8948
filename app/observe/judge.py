"""The judge: has the error's rate fallen? Pure arithmetic on two counts and two exposures.

The test is the exact conditional one for two Poisson rates (Przyborowski and Wilenski, 1940): given n = x0 + x1 events
in all and rates with ratio r, the number x1 that falls into the new window is binomial with
p = r*T1 / (T0 + r*T1). Looking k times costs alpha/k each (Bonferroni), so the total risk of a false "fixed" is
at most alpha.
"""

from __future__ import annotations

import math

from app.core.model import Judgement, Verdict, Window

ALPHA = 0.01
# "Not fixed" is said when even a halved rate is refuted.
HALVED = 0.5


def binomial_at_most(successes: int, trials: int, probability: float) -> float:
    """P(X <= successes) of a binomial distribution, exact up to rounding."""
    if successes < 0:
        return 0.0
    if successes >= trials or probability <= 0.0:
        return 1.0
    if probability >= 1.0:
        return 0.0
    log_p, log_q = math.log(probability), math.log1p(-probability)
    log_n = math.lgamma(trials + 1)
    terms = (
        math.exp(log_n - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * log_p + (trials - k) * log_q)
        for k in range(successes + 1)
    )
    return min(1.0, math.fsum(terms))


def p_lower(before: Window, after: Window, ratio: float = 1.0) -> float:
    """The p-value of "the new rate is at least `ratio` times the old one": small means it has fallen below that."""
    share = ratio * after.exposure / (before.exposure + ratio * after.exposure)
    return binomial_at_most(after.events, before.events + after.events, share)


def p_upper(before: Window, after: Window, ratio: float) -> float:
    """The p-value of "the new rate is at most `ratio` times the old one": small means it is above that."""
    share = ratio * after.exposure / (before.exposure + ratio * after.exposure)
    return 1.0 - binomial_at_most(after.events - 1, before.events + after.events, share)


def judge(before: Window, after: Window, *, looks: int, at: float, alpha: float = ALPHA) -> Verdict:
    """The verdict of one of `looks` planned looks.

    INCONCLUSIVE whenever a window is empty of exposure, or too little would have been expected to happen:
    zero errors without traffic prove nothing.
    """
    spent = alpha / looks
    if before.exposure <= 0 or after.exposure <= 0:
        why = f"no {after.unit} were seen {'before' if before.exposure <= 0 else 'on the new release'}"
        return Verdict(Judgement.INCONCLUSIVE, before, after, 1.0, spent, at, why)
    p_value = p_lower(before, after)
    expected = before.events * after.exposure / before.exposure
    counts = f"{after.events} events where {expected:.1f} were to be expected at the old rate"
    if p_value <= spent:
        return Verdict(Judgement.FIXED, before, after, p_value, spent, at, f"{counts} (p = {p_value:.2g})")
    if after.events and p_upper(before, after, HALVED) <= spent:
        return Verdict(Judgement.NOT_FIXED, before, after, p_value, spent, at, f"{counts}: not even halved")
    return Verdict(Judgement.INCONCLUSIVE, before, after, p_value, spent, at, f"{counts}: too few to be sure")
