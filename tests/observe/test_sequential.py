from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from scipy.stats import binom, poisson  # type: ignore[import-untyped]  # scipy ships no types

from app.observe.judge.poisson import Count
from app.observe.judge.sequential import log_e_canary, log_e_fallen, log_e_not_fallen
from app.observe.judge.special import gamma_quantile

ALPHA = 0.01
BEFORE = Count(60, 60.0)


def _mean(rate: float, exposure: float, log_e: Callable[[Count], float]) -> float:
    """The e-value's mean where events come at that rate."""
    chances = poisson.logpmf(range(3000), rate * exposure)
    return math.fsum(
        math.exp(float(chance) + log_e(Count(events, exposure))) for events, chance in enumerate(chances)
    )


@pytest.mark.parametrize("exposure", [0.5, 5.0, 40.0])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_an_e_value_is_one_on_average_at_the_edge_of_what_it_speaks_against(
    exposure: float, ratio: float
) -> None:
    low = ratio * gamma_quantile(60, ALPHA / 2) / 60
    high = ratio * gamma_quantile(61, 1 - ALPHA / 2) / 60
    for edge, log_e in ((low, log_e_fallen), (high, log_e_not_fallen)):
        mean = _mean(edge, exposure, lambda after, log_e=log_e: log_e(BEFORE, after, ALPHA, ratio))  # type: ignore[misc]
        assert mean == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("worse", [1.2, 2.0])
def test_it_is_less_than_one_on_average_where_what_it_speaks_against_is_true(worse: float) -> None:
    rate = worse * gamma_quantile(60, ALPHA / 2) / 60
    mean = _mean(rate, 10.0, lambda after: log_e_fallen(BEFORE, after, ALPHA))
    assert mean < 1.0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_the_canarys_e_value_is_one_on_average_where_it_is_no_worse(share: float) -> None:
    for total in (0, 1, 10, 60):
        mean = sum(
            float(binom.pmf(canary, total, share)) * math.exp(log_e_canary(canary, total - canary, share))
            for canary in range(total + 1)
        )
        assert mean == pytest.approx(1.0, rel=1e-6)


def test_silence_says_fixed_in_time_and_nothing_before_says_nothing() -> None:
    bar = math.log(2 / ALPHA)
    assert log_e_fallen(BEFORE, Count(0, 9.0), ALPHA) >= bar > log_e_fallen(BEFORE, Count(0, 6.0), ALPHA)
    assert log_e_fallen(Count(0, 60.0), Count(0, 60.0), ALPHA) == 0.0


def test_huge_counts_stay_numbers() -> None:
    assert log_e_fallen(Count(100_000, 60.0), Count(3, 30.0), ALPHA) > 1000
    assert log_e_fallen(Count(100_000, 60.0), Count(90_000, 30.0), ALPHA) < 0
    assert log_e_not_fallen(Count(10, 60.0), Count(90_000, 30.0), ALPHA, 0.5) > 1000
    assert log_e_canary(5_000, 5_000, 0.05) > 1000


def test_v11_polled_at_every_event_for_long_an_unchanged_canary_is_hardly_ever_called_worse() -> None:
    chance = random.Random(20261130)
    wrong = 0
    for _ in range(1000):
        canary = stable = 0
        for _ in range(150):
            if chance.random() < 0.1:
                canary += 1
                if log_e_canary(canary, stable, 0.1) >= math.log(1 / ALPHA):
                    wrong += 1
                    break
            else:
                stable += 1
    assert wrong <= 10
