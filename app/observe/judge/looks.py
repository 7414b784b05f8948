"""When to look, and how few errors are few enough at each look: an exact group-sequential test.

**The rule.** At look k, T_k is the exposure since the deployment and n_k all events of both windows. Under "the new
rate is the old one" the n_k events fall into the past and the time since by chance alone, so the way the counts took
to n_k, told backwards, is a chain of binomial draws that knows no rate: n_{k-1} of the n_k events lie before look k-1
with probability (T0 + T_{k-1}) / (T0 + T_k) each. So the chance C_k(n) that any look up to k said "fixed", given n_k
= n, can be computed exactly. At each look the limit b_k(n) is the largest count for which C_k(n) stays within what
may have been spent by then, alpha * spending(n, k).

**Why the total risk is at most alpha.** C_k(n) = E[C_{k-1}(n_{k-1}) | n_k = n] + P(first "fixed" at k | n_k = n). The
first part is at most alpha, because C_{k-1} is, for every n; the second is only spent while the sum stays within
alpha. So C_k(n) <= alpha for every look and every n, whatever the rate is. A rate that has risen only adds events,
and with each event the limits are harder to meet. Nothing is approximated; what is not tracked (counts above DEPTH
that an earlier look may already have called fixed) is counted twice, against the fix. Looks that are left out, or a
watch that ends early, only lower the risk. When the looks are must not depend on the events: `LOOKS` are fixed.

**The spending.** `silence` is how surprising it would be, in nats, had all n events happened before: -n ln(T0 / (T0 +
T)). Silence can be called fixed once exp(-silence) is within what may be spent. Most of alpha is spent there, because
most fixes are complete, and the rest late, when so much has been seen that a halved rate shows too. (Lan and DeMets,
1983, spend along such an information time.)
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.observe.judge.poisson import binomial_weight, binomial_weights

ALPHA = 0.01
# Seconds after the deployment, in steps of about a third: a decision comes at most so much later than it could. The
# first is when silence after 20 errors a minute is enough, and that before the last when silence after 12 an hour is.
LOOKS = (17, 30, 40, 50, 70, 90, 120, 150, 200, 260, 340, 450, 600, 780, 1020, 1380, 1900, 1980)
# Looked at again where errors are rare: after an hour, six hours, a day.
LATER = (3600, 21_600, 86_400)
RARE_PER_MINUTE = 0.5

# Chosen by simulation: complete fixes are seen as early as can be, and nearly one in two halved rates in 33 minutes.
FIRST_SHARE = 0.62
FULL_SILENCE = 33.0
# Counts up to this one are tracked from look to look.
DEPTH = 40


def spending(silence: float) -> float:
    """The share of alpha that may be spent once silence would be worth so many nats."""
    return FIRST_SHARE + (1.0 - FIRST_SHARE) * min(1.0, silence / FULL_SILENCE) ** 2


@dataclass(frozen=True, slots=True)
class _State:
    """A look at a total: the limit, the chance that it or an earlier one said fixed, and of each count otherwise."""

    limit: int
    spent: float
    still: Sequence[float]


class Boundary:
    """The limits of one look, `exposure` after the deployment, in a series of looks; `earlier` is the one before it."""

    def __init__(
        self, before: float, exposure: float, earlier: Boundary | None = None, alpha: float = ALPHA
    ) -> None:
        self._earlier, self._alpha = earlier, alpha
        self._whole = before + exposure
        self._share = exposure / self._whole
        # The chance that an event which is there now came since the look before.
        self._recent = 1.0 - earlier._whole / self._whole if earlier is not None else self._share  # noqa: SLF001
        self._states: dict[int, _State] = {}

    def limit(self, total: int) -> int:
        """The largest count since the deployment that is called fixed if there are `total` events; -1 if none is."""
        return self._state(total).limit

    def spent(self, total: int) -> float:
        """At most this is the chance that this look or an earlier one said fixed by mistake, given the total."""
        return self._state(total).spent

    def allowed(self, total: int) -> float:
        """What may have been spent by now, given the total."""
        return self._alpha * spending(-total * math.log1p(-self._share))

    def _state(self, total: int) -> _State:
        if total not in self._states:
            self._states[total] = self._decide(total)
        return self._states[total]

    def _decide(self, total: int) -> _State:
        allowed = self.allowed(total)
        if math.exp(total * math.log1p(-self._share)) > allowed:
            # Not even silence is enough now, so it never was before.
            return _State(-1, 0.0, _binomial(total, self._share))
        spent, still = self._before(total)
        limit = -1
        for count in range(total + 1):
            more = still[count] if count < len(still) else _at(count, total, self._share)
            if spent + more > allowed:
                break
            spent, limit = spent + more, count
        for count in range(min(limit + 1, len(still))):
            still[count] = 0.0
        return _State(limit, spent, still)

    def _before(self, total: int) -> tuple[float, array[float]]:
        """What the earlier looks spent, and for each count up to DEPTH its chance where none of them said fixed."""
        if self._earlier is None:
            return 0.0, _binomial(total, self._share)
        first, weights = binomial_weights(total, self._recent)
        still = array("d", bytes(8 * (min(total, DEPTH) + 1)))
        spent = max(0.0, 1.0 - math.fsum(weights))
        for recent, weight in enumerate(weights, start=first):
            before = self._earlier._state(total - recent)  # noqa: SLF001
            spent += weight * before.spent
            for count, chance in enumerate(before.still[: max(0, len(still) - recent)], start=recent):
                still[count] += weight * chance
        return spent, still


@lru_cache(maxsize=32)
def boundary(before: float, exposures: tuple[float, ...], alpha: float = ALPHA) -> Boundary:
    """The limits of the last of the looks at which these were the exposures since the deployment, ascending."""
    earlier = boundary(before, exposures[:-1], alpha) if exposures[1:] else None
    return Boundary(before, exposures[-1], earlier, alpha)


def _binomial(total: int, share: float) -> array[float]:
    """The chance of each count up to DEPTH."""
    return array("d", (_at(count, total, share) for count in range(min(total, DEPTH) + 1)))


def _at(count: int, total: int, share: float) -> float:
    return binomial_weight(count, total, share) if share > 0.0 else float(count == 0)
