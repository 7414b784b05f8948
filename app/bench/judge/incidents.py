"""Simulated incidents: errors that come by chance, an hour before a deployment and some time after it."""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.counts import filled
from app.core.model import given
from app.observe.judge.minutes import Minutes

HISTORY = 3600.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Errors per minute before, new rate / old rate, and how many errors come at once on average."""

    per_minute: float
    change: float
    burst: float = 1.0


@dataclass(frozen=True, slots=True)
class Incident:
    """The moments of errors, in seconds: `before` up to the deployment, `after` since then."""

    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def old(self) -> int:
        """How many errors came before."""
        return len(self.before)

    @property
    def minutes(self) -> tuple[float | None, ...]:
        """The errors of each minute before, read as those of production are."""
        counted = filled("errors", ((moment, 1) for moment in self.before), 0.0, HISTORY)
        return given(Minutes.of(counted)).within(0.0, HISTORY)

    def new(self, seconds: float) -> int:
        """How many errors came until then."""
        return bisect.bisect_right(self.after, seconds)


def incidents(setting: Setting, runs: int, seconds: float, seed: int) -> Iterator[Incident]:
    """So many incidents of this kind, watched for `seconds`; the same ones for the same seed."""
    chance = random.Random(f"{seed} {setting}")
    rate = setting.per_minute / 60
    for _ in range(runs):
        before = tuple(_moments(chance, rate, HISTORY, setting.burst))
        yield Incident(before, tuple(_moments(chance, rate * setting.change, seconds, setting.burst)))


def _moments(chance: random.Random, rate: float, seconds: float, burst: float) -> Iterator[float]:
    """Poisson events, each repeated at once for as long as a coin of the right weight says so."""
    if rate <= 0:
        return
    moment = chance.expovariate(rate / burst)
    while moment < seconds:
        yield moment
        while burst > 1 and chance.random() >= 1 / burst:
            yield moment
        moment += chance.expovariate(rate / burst)
