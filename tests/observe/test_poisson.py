from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest  # type: ignore[import-untyped]  # scipy ships no types

from app.observe.judge.poisson import (
    Count,
    binomial_at_most,
    binomial_weights,
    p_lower,
    p_upper,
    ratio_bound,
    share_of_new,
)

counts = st.integers(0, 400)
exposures = st.floats(0.1, 1e6)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.0005, 0.9995))
def test_the_binomial_tail_is_scipys(successes: int, trials: int, probability: float) -> None:
    ours = binomial_at_most(successes, trials, probability)
    assert ours == pytest.approx(float(binom.cdf(successes, trials, probability)), rel=1e-7, abs=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2000), st.floats(1e-9, 1 - 1e-9))
def test_the_weights_are_scipys_and_nothing_that_counts_is_missing(trials: int, probability: float) -> None:
    first, weights = binomial_weights(trials, probability)
    assert 0 <= first <= first + len(weights) - 1 <= trials
    assert sum(weights) == pytest.approx(1.0, abs=1e-9)
    for offset in {0, len(weights) // 2, len(weights) - 1}:
        expected = float(binom.pmf(first + offset, trials, probability))
        assert weights[offset] == pytest.approx(expected, rel=1e-6, abs=1e-13)


@pytest.mark.parametrize(
    ("successes", "trials", "probability", "expected"),
    [
        (-1, 5, 0.5, 0.0),
        (5, 5, 0.5, 1.0),
        (9, 5, 0.5, 1.0),
        (0, 0, 0.5, 1.0),
        (2, 5, 0.0, 1.0),
        (2, 5, 1.0, 0.0),
    ],
)
def test_the_ends_of_the_tail(successes: int, trials: int, probability: float, expected: float) -> None:
    assert binomial_at_most(successes, trials, probability) == expected


@settings(deadline=None)
@given(counts, counts, exposures, exposures, st.sampled_from([1.0, 0.5, 3.0]))
def test_the_p_values_are_those_of_the_exact_conditional_test(
    old: int, new: int, exposure: float, longer: float, ratio: float
) -> None:
    before, after = Count(old, exposure), Count(new, longer)
    if old + new == 0:
        assert p_lower(before, after, ratio) == p_upper(before, after, ratio) == 1.0
        return
    share = share_of_new(before, after, ratio)
    less = binomtest(new, old + new, share, alternative="less").pvalue
    more = binomtest(new, old + new, share, alternative="greater").pvalue
    assert p_lower(before, after, ratio) == pytest.approx(less, rel=1e-6, abs=1e-10)
    assert p_upper(before, after, ratio) == pytest.approx(more, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize(("new", "expected"), [(0, 0.0098), (1, 0.052)])
def test_the_textbook_case(new: int, expected: float) -> None:
    assert p_lower(Count(30, 60), Count(new, 10)) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("per_minute", "alpha", "minutes"), [(0.2, 0.01, 28), (1, 0.01, 4.8), (5, 0.001, 1.4)]
)
def test_silence_takes_as_long_as_the_formula_says(per_minute: float, alpha: float, minutes: float) -> None:
    old = round(60 * per_minute)
    needed = 60 * (alpha ** (-1 / old) - 1)
    assert needed == pytest.approx(minutes, rel=0.04)
    assert (
        p_lower(Count(old, 60), Count(0, needed * 1.001))
        <= alpha
        < p_lower(Count(old, 60), Count(0, needed * 0.999))
    )


@settings(deadline=None)
@given(st.integers(1, 400), counts, st.floats(1.0, 1e4), st.floats(1.0, 1e4))
def test_the_bound_of_the_ratio_is_that_of_clopper_and_pearson(
    old: int, new: int, exposure: float, longer: float
) -> None:
    bound = ratio_bound(Count(old, exposure), Count(new, longer))
    share = float(binomtest(new, old + new, alternative="less").proportion_ci(0.95, method="exact").high)
    assert bound == pytest.approx(share / (1 - share) * exposure / longer, rel=1e-5)


@pytest.mark.parametrize(("old", "exposure", "longer"), [(0, 60.0, 60.0), (5, 0.0, 60.0), (5, 60.0, 0.0)])
def test_without_anything_to_compare_there_is_no_bound(old: int, exposure: float, longer: float) -> None:
    assert ratio_bound(Count(old, exposure), Count(0, longer)) is None
