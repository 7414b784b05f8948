from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import betainc, gammainc, gammaincc  # type: ignore[import-untyped]  # scipy ships no types
from scipy.stats import chi2  # type: ignore[import-untyped]  # likewise

from app.observe.judge.special import (
    gamma_quantile,
    log_beta_lower,
    log_beta_upper,
    log_gamma_lower,
    log_gamma_upper,
)

shapes = st.floats(0.5, 3000)


def assert_log(ours: float, theirs: float) -> None:
    """Our logarithm is that of SciPy's number, as far as that number can be told from 0."""
    assume(theirs > 1e-290)
    assert ours == pytest.approx(math.log(theirs), rel=1e-7, abs=1e-8)


@settings(deadline=None)
@given(shapes, st.floats(1e-3, 3))
def test_the_incomplete_gamma_function_is_scipys(shape: float, factor: float) -> None:
    assert_log(log_gamma_lower(shape, shape * factor), float(gammainc(shape, shape * factor)))


@settings(deadline=None)
@given(shapes, st.floats(1e-3, 3))
def test_so_is_its_complement(shape: float, factor: float) -> None:
    assert_log(log_gamma_upper(shape, shape * factor), float(gammaincc(shape, shape * factor)))


@settings(deadline=None)
@given(shapes, st.floats(0.5, 3000), st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_scipys(a: float, b: float, x: float) -> None:
    assert_log(log_beta_lower(a, b, x), float(betainc(a, b, x)))
    assert_log(log_beta_upper(a, b, x), float(betainc(b, a, 1 - x)))


@settings(deadline=None)
@given(st.integers(1, 2000), st.sampled_from([0.005, 0.05, 0.5, 0.995]))
def test_the_quantile_is_half_of_that_of_chi_square(shape: int, chance: float) -> None:
    assert gamma_quantile(shape, chance) == pytest.approx(float(chi2.ppf(chance, 2 * shape)) / 2, rel=1e-7)


def test_what_underflows_as_a_number_is_a_number_as_a_logarithm() -> None:
    assert float(gammainc(2000.0, 100.0)) == 0.0
    assert -5000 < log_gamma_lower(2000.0, 100.0) < -3000


@pytest.mark.parametrize("x", [0.0, -1.0])
def test_at_and_below_zero_there_is_nothing(x: float) -> None:
    assert (log_gamma_lower(1.0, x), log_gamma_upper(1.0, x), log_beta_lower(1.0, 2.0, x)) == (
        -math.inf,
        0.0,
        -math.inf,
    )
    assert log_beta_upper(1.0, 2.0, x) == 0.0
