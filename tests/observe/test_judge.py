from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest  # type: ignore[import-untyped]  # scipy ships no types

from app.core.model import Judgement, Window
from app.observe.judge import ALPHA, HALVED, binomial_at_most, judge, p_lower, p_upper

LOOKS = (120, 300, 600, 1200, 1800)

counts = st.integers(0, 400)
exposures = st.floats(0.1, 1e6)


def window(events: int, exposure: float, unit: str = "requests") -> Window:
    return Window(events, exposure, unit, 60.0)


# The arithmetic --------------------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.0005, 0.9995))
def test_the_binomial_tail_is_scipys(successes: int, trials: int, probability: float) -> None:
    ours = binomial_at_most(successes, trials, probability)
    assert ours == pytest.approx(float(binom.cdf(successes, trials, probability)), rel=1e-7, abs=1e-12)


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


@given(counts, counts, exposures, exposures, st.sampled_from([1.0, HALVED]))
def test_the_p_values_are_those_of_the_exact_conditional_test(
    old: int, new: int, exposure: float, longer: float, ratio: float
) -> None:
    before, after = window(old, exposure), window(new, longer)
    share = ratio * longer / (exposure + ratio * longer)
    if old + new == 0:
        assert p_lower(before, after, ratio) == 1.0
        return
    less = binomtest(new, old + new, share, alternative="less").pvalue
    more = binomtest(new, old + new, share, alternative="greater").pvalue
    assert p_lower(before, after, ratio) == pytest.approx(less, rel=1e-6, abs=1e-10)
    assert p_upper(before, after, ratio) == pytest.approx(more, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize(("new", "expected"), [(0, 0.0098), (1, 0.052)])
def test_the_textbook_case(new: int, expected: float) -> None:
    assert p_lower(window(30, 60), window(new, 10)) == pytest.approx(expected, rel=0.02)


# The verdict -----------------------------------------------------------------------------------------------------


def _judged(old: int, exposure: float, new: int, longer: float, looks: int = 5) -> Judgement:
    return judge(window(old, exposure), window(new, longer), looks=looks, at=0.0).judgement


def test_silence_where_there_was_noise_is_fixed() -> None:
    verdict = judge(window(60, 3600), window(0, 600), looks=5, at=7.0)
    assert (verdict.judgement, verdict.at) == (Judgement.FIXED, 7.0)
    assert verdict.alpha == pytest.approx(ALPHA / 5)
    assert verdict.p_value <= verdict.alpha
    assert "0 events where 10.0 were to be expected" in verdict.explanation


def test_the_old_rate_is_not_fixed() -> None:
    assert _judged(60, 600, 60, 600) is Judgement.NOT_FIXED
    assert _judged(0, 600, 50, 600) is Judgement.NOT_FIXED


@pytest.mark.parametrize("new", range(60))
def test_v3_no_traffic_is_never_a_verdict(new: int) -> None:
    assert _judged(60, 600, new, 0.0) is Judgement.INCONCLUSIVE
    assert _judged(new, 0.0, 0, 600) is Judgement.INCONCLUSIVE
    assert _judged(60, 600, new, -1.0) is Judgement.INCONCLUSIVE


def test_v3_the_reason_says_which_side_is_empty() -> None:
    empty = judge(window(9, 60), window(0, 0.0), looks=1, at=0.0)
    assert empty.explanation == "no requests were seen on the new release"
    empty = judge(window(0, 0.0), window(0, 60), looks=1, at=0.0)
    assert empty.explanation == "no requests were seen before"


@pytest.mark.parametrize("bad", [float("nan")])
def test_v4_what_is_no_number_is_no_verdict(bad: float) -> None:
    assert _judged(60, 600, 0, bad) is Judgement.INCONCLUSIVE
    assert _judged(60, bad, 0, 600) is Judgement.INCONCLUSIVE


def test_v8_few_events_before_are_not_enough_to_see_silence() -> None:
    assert _judged(3, 3600, 0, 3600) is Judgement.INCONCLUSIVE
    assert _judged(0, 3600, 0, 3600) is Judgement.INCONCLUSIVE
    needed = 3600 * ((ALPHA / 5) ** (-1 / 3) - 1)
    assert _judged(3, 3600, 0, needed * 0.999) is Judgement.INCONCLUSIVE
    assert _judged(3, 3600, 0, needed * 1.001) is Judgement.FIXED


@given(counts, exposures, counts, exposures, st.integers(1, 12))
def test_only_a_small_p_value_is_fixed(
    old: int, exposure: float, new: int, longer: float, looks: int
) -> None:
    before, after = window(old, exposure), window(new, longer)
    verdict = judge(before, after, looks=looks, at=0.0)
    assert (verdict.judgement is Judgement.FIXED) == (p_lower(before, after) <= ALPHA / looks)
    if verdict.judgement is Judgement.FIXED:
        assert new * exposure < old * longer
    assert 0.0 <= verdict.p_value <= 1.0


@given(counts, exposures, counts, exposures)
def test_one_event_more_never_makes_a_fix(old: int, exposure: float, new: int, longer: float) -> None:
    if _judged(old, exposure, new + 1, longer) is Judgement.FIXED:
        assert _judged(old, exposure, new, longer) is Judgement.FIXED


# The false rate --------------------------------------------------------------------------------------------------


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def _looks(chance: random.Random, per_minute: float, change: float) -> Judgement:
    """The first verdict over all planned looks, after an hour of history."""
    old = _poisson(chance, 60 * per_minute)
    new, at = 0, 0
    for look in LOOKS:
        new += _poisson(chance, change * per_minute * (look - at) / 60)
        at = look
        judged = _judged(old, 3600.0, new, float(at), looks=len(LOOKS))
        if judged is not Judgement.INCONCLUSIVE:
            return judged
    return Judgement.INCONCLUSIVE


@pytest.mark.parametrize("per_minute", [0.2, 1.0, 5.0])
def test_v11_an_unchanged_rate_is_called_fixed_less_often_than_alpha(per_minute: float) -> None:
    chance = random.Random(20261103)
    runs = 3000
    wrong = sum(_looks(chance, per_minute, 1.0) is Judgement.FIXED for _ in range(runs))
    assert wrong / runs <= ALPHA
    assert binomtest(wrong, runs, ALPHA, alternative="greater").pvalue > 0.5


def test_v11_a_fix_is_recognised() -> None:
    chance = random.Random(20261103)
    right = sum(_looks(chance, 1.0, 0.0) is Judgement.FIXED for _ in range(300))
    assert right >= 297


def test_v11_a_fix_is_almost_never_called_not_fixed() -> None:
    chance = random.Random(20261103)
    wrong = sum(_looks(chance, 5.0, 0.25) is Judgement.NOT_FIXED for _ in range(1000))
    assert wrong <= 10
