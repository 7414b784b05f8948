"""Tests that hold at any moment, as often as one looks: crossing the bar once is enough.

**Against the past.** If the new rate is at least l, then for every smaller rate m the likelihood ratio (m/l)^x
e^((l-m) t) is a supermartingale: on average it never grows. So is its mean over m, here weighted with a gamma
distribution cut off at l. By Ville's inequality it ever exceeds 1/alpha with a chance of at most alpha. The old rate
is not known but estimated, so its bound at confidence alpha/2 (Garwood, 1936) takes its place, and the bar is
2/alpha. The mirror image, rates above l, tells a rate that has not fallen.

**Against the concurrent baseline** (after Lindon and Malek, 2022). A canary has the share rho of the traffic. If it
is no worse, each new error comes from it with a chance of at most rho, however much the common rate moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from app.observe.judge.poisson import Count
from app.observe.judge.special import (
    gamma_quantile,
    log_beta,
    log_beta_upper,
    log_gamma_lower,
    log_gamma_upper,
)

LogPart = Callable[[float, float], float]
SHAPE = 0.5


def log_e_fallen(before: Count, after: Count, alpha: float, ratio: float = 1.0) -> float:
    """The log e-value against "the new rate is at least `ratio` times the old one"; fixed from ln(2/alpha) on."""
    if not before.events:
        return 0.0
    rate = ratio * gamma_quantile(before.events, alpha / 2) / before.exposure
    return _log_e(after, rate, log_gamma_lower)


def log_e_not_fallen(before: Count, after: Count, alpha: float, ratio: float) -> float:
    """The log e-value against "the new rate is at most `ratio` times the old one"; true of none from ln(2/alpha) on."""
    rate = ratio * gamma_quantile(before.events + 1, 1.0 - alpha / 2) / before.exposure
    return _log_e(after, rate, log_gamma_upper)


def _log_e(after: Count, rate: float, log_part: LogPart) -> float:
    """The mixture over rates below or above `rate`, in units of that rate: there the prior's scale is 1."""
    events, expected = after.events, rate * after.exposure
    return (
        expected
        - math.lgamma(SHAPE)
        - log_part(SHAPE, 1.0)
        + math.lgamma(SHAPE + events)
        + log_part(SHAPE + events, 1.0 + expected)
        - (SHAPE + events) * math.log1p(expected)
    )


def log_e_canary(canary: int, stable: int, share: float) -> float:
    """The log e-value against "the canary is no worse"; regressed from ln(1/alpha) on.

    `canary` and `stable` are the new errors of both sides, `share` is the canary's part of the traffic.
    """
    a, b = 1.0, (1.0 - share) / share
    return (
        log_beta(a + canary, b + stable)
        + log_beta_upper(a + canary, b + stable, share)
        - log_beta(a, b)
        - log_beta_upper(a, b, share)
        - canary * math.log(share)
        - stable * math.log1p(-share)
    )
