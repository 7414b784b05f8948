"""Logarithms of the incomplete gamma and beta functions; SciPy is their oracle in the tests."""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300
_PRECISION = 1e-15
_STEPS = 100_000


def log_gamma_lower(shape: float, x: float) -> float:
    """The logarithm of P(shape, x), the chance that a gamma variable of that shape is at most x."""
    if x <= 0.0:
        return -math.inf
    if x < shape + 1.0:
        return _gamma_scale(shape, x) + math.log(_gamma_series(shape, x))
    return _log_rest(_gamma_scale(shape, x) + math.log(_gamma_fraction(shape, x)))


def log_gamma_upper(shape: float, x: float) -> float:
    """The logarithm of Q(shape, x), the chance that a gamma variable of that shape is more than x."""
    if x <= 0.0:
        return 0.0
    if x < shape + 1.0:
        return _log_rest(_gamma_scale(shape, x) + math.log(_gamma_series(shape, x)))
    return _gamma_scale(shape, x) + math.log(_gamma_fraction(shape, x))


def log_beta_upper(a: float, b: float, x: float) -> float:
    """The logarithm of P(X > x) of a beta variable."""
    return log_beta_lower(b, a, 1.0 - x)


def log_beta_lower(a: float, b: float, x: float) -> float:
    """The logarithm of P(X <= x) of a beta variable."""
    if x <= 0.0:
        return -math.inf
    if x >= 1.0:
        return 0.0
    scale = a * math.log(x) + b * math.log1p(-x) - log_beta(a, b)
    if x < (a + 1.0) / (a + b + 2.0):
        return scale + math.log(_beta_fraction(a, b, x) / a)
    return _log_rest(scale + math.log(_beta_fraction(b, a, 1.0 - x) / b))


def log_beta(a: float, b: float) -> float:
    """The logarithm of B(a, b)."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@lru_cache(maxsize=256)
def gamma_quantile(shape: float, chance: float) -> float:
    """The x with P(shape, x) = chance, by bisection."""
    low, high = 0.0, shape + 10.0
    while log_gamma_lower(shape, high) < math.log(chance):
        high *= 2.0
    for _ in range(100):
        middle = (low + high) / 2.0
        if log_gamma_lower(shape, middle) < math.log(chance):
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _log_rest(log_part: float) -> float:
    """ln(1 - e^log_part)."""
    return math.log(-math.expm1(log_part)) if log_part < 0.0 else -math.inf


def _gamma_scale(shape: float, x: float) -> float:
    return shape * math.log(x) - x - math.lgamma(shape)


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, _STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    """Legendre's continued fraction, evaluated as Lentz does."""
    b = x + 1.0 - shape
    c, d = 1.0 / _TINY, 1.0 / b
    value = d
    for step in range(1, _STEPS):
        a = -step * (step - shape)
        b += 2.0
        d = 1.0 / _sure(a * d + b)
        c = _sure(b + a / c)
        value *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return value


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _sure(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 / _sure(1.0 + term * d)
            c = _sure(1.0 + term / c)
            value *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return value


def _sure(value: float) -> float:
    """`value`, or a tiny number in place of 0."""
    return value if abs(value) > _TINY else _TINY
