"""The limits of planned looks, held against every way in which events can fall into the time between looks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.model import Window
from app.observe.judge import ALPHA, LATER, LOOKS, passed, plan
from app.observe.judge.looks import Boundary, boundary, spending
from app.observe.judge.plan import look_at
from app.observe.judge.poisson import Count, p_lower

HOUR = 3600.0
ascending = st.lists(st.floats(1.0, 5000.0), min_size=1, max_size=4, unique=True).map(sorted)


def _splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Every way to share `total` events out among so many parts."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _splits(total - first, parts - 1):
            yield (first, *rest)


def _risk(before: float, exposures: Sequence[float], total: int, alpha: float) -> float:
    """The chance that any look says fixed, given that so many events fell by chance: by enumeration."""
    ends = [before, *(before + exposure for exposure in exposures)]
    shares = [before / ends[-1], *((b - a) / ends[-1] for a, b in pairwise(ends))]
    risk = 0.0
    for split in _splits(total, len(shares)):
        new = 0
        for look, came in enumerate(split[1:], start=1):
            new += came
            if new <= boundary(before, tuple(exposures[:look]), alpha).limit(split[0] + new):
                ways = math.factorial(total)
                for part in split:
                    ways //= math.factorial(part)
                risk += ways * math.prod(share**part for share, part in zip(shares, split, strict=True))
                break
    return risk


@settings(deadline=None)
@given(st.floats(500.0, 5000.0), ascending, st.integers(0, 9), st.sampled_from([0.01, 0.1, 0.3]))
def test_the_risk_over_all_looks_is_what_is_said_and_never_more_than_alpha(
    before: float, exposures: list[float], total: int, alpha: float
) -> None:
    last = boundary(before, tuple(exposures), alpha)
    risk = _risk(before, exposures, total, alpha)
    assert risk <= alpha * (1 + 1e-9)
    assert last.spent(total) == pytest.approx(risk, rel=1e-6, abs=1e-11)


@pytest.mark.parametrize("look", [6, 10, 15])
@pytest.mark.parametrize("total", [60, 300, 1300])
def test_no_more_is_spent_than_may_be_and_most_of_that(look: int, total: int) -> None:
    there = boundary(HOUR, tuple(map(float, LOOKS[: look + 1])))
    assert there.spent(total) <= there.allowed(total) <= ALPHA
    if there.limit(total) >= 0:
        assert there.spent(total) >= 0.5 * there.allowed(total)


@settings(deadline=None)
@given(st.integers(0, 150), st.integers(0, len(LOOKS) - 1))
def test_one_event_more_never_makes_a_fix(total: int, look: int) -> None:
    there = boundary(HOUR, tuple(map(float, LOOKS[: look + 1])))
    assert there.limit(total + 1) <= there.limit(total) + 1


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, len(LOOKS) - 1))
def test_no_limit_is_milder_than_a_single_test_with_all_of_alpha(total: int, look: int) -> None:
    exposures = tuple(map(float, LOOKS[: look + 1]))
    limit = boundary(HOUR, exposures).limit(total)
    if limit >= 0:
        assert p_lower(Count(total - limit, HOUR), Count(limit, exposures[-1])) <= ALPHA


def test_a_single_look_is_the_exact_conditional_test() -> None:
    there = Boundary(HOUR, 1800.0, alpha=0.01)
    for total in range(120):
        limit = there.limit(total)
        level = there.allowed(total)
        if limit >= 0:
            assert p_lower(Count(total - limit, HOUR), Count(limit, 1800.0)) <= level
        assert p_lower(Count(total - limit - 1, HOUR), Count(limit + 1, 1800.0)) > level


def test_counts_beyond_those_that_are_tracked_are_counted_against_the_fix() -> None:
    looks = (1200.0, 1980.0)
    limit = boundary(HOUR, looks).limit(450)
    assert limit > 40
    assert p_lower(Count(450 - limit, HOUR), Count(limit, looks[-1])) <= ALPHA


def test_a_look_that_adds_nothing_changes_nothing() -> None:
    once, twice = boundary(HOUR, (600.0,)), boundary(HOUR, (600.0, 600.0))
    assert [twice.limit(total) for total in range(90)] == [once.limit(total) for total in range(90)]


def test_what_may_be_spent_grows_to_the_whole_of_alpha() -> None:
    shares = [spending(silence) for silence in range(60)]
    assert shares == sorted(shares)
    assert (shares[-1], max(shares) <= 1.0, shares[0] > 0.5) == (1.0, True, True)


# The plan --------------------------------------------------------------------------------------------------------


def _hour(events: int) -> Window:
    return Window(events, HOUR, "seconds", HOUR)


def test_frequent_errors_are_looked_at_within_seconds_and_for_half_an_hour() -> None:
    assert plan(_hour(1200)) == tuple(map(float, LOOKS))


def test_rare_errors_are_looked_at_again_after_an_hour_six_hours_and_a_day() -> None:
    looks = plan(_hour(12))
    assert looks[0] == 340.0
    assert looks[-3:] == tuple(map(float, LATER)) == (3600.0, 21_600.0, 86_400.0)
    assert plan(_hour(30))[-1] == LOOKS[-1]
    assert plan(_hour(29))[-1] == LATER[-1]


@settings(deadline=None)
@given(st.integers(0, 5000))
def test_every_plan_is_ascending_and_made_of_the_same_moments(events: int) -> None:
    looks = plan(_hour(events))
    assert looks
    assert list(looks) == sorted(set(looks))
    assert set(looks) <= set(LOOKS) | set(LATER)


@settings(deadline=None)
@given(st.integers(1, 600))
def test_no_look_is_left_out_at_which_silence_would_do(events: int) -> None:
    left_out = set(LOOKS) - set(plan(_hour(events)))
    assert all(boundary(HOUR, (float(look),)).limit(events) < 0 for look in left_out)


@pytest.mark.parametrize(
    ("seconds", "look", "newest"),
    [
        (0.0, None, None),
        (118.0, None, None),
        (119.5, 0, 120.0),
        (200.0, None, 120.0),
        (300.0, 1, 300.0),
        (9e9, None, 300.0),
    ],
)
def test_v10_between_two_looks_the_counts_are_those_of_the_look_before(
    seconds: float, look: int | None, newest: float | None
) -> None:
    assert look_at((120.0, 300.0), seconds) == look
    assert passed((120.0, 300.0), seconds) == newest
