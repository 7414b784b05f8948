from __future__ import annotations

import math
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.counts import Bucket, Counts, filled
from app.core.model import Window
from app.observe.judge import Minutes
from app.observe.judge.chart import COLUMNS, bars, chart
from app.observe.judge.minutes import bursts, dispersion, is_count, total

START = 1_800_000_000.0


@pytest.mark.parametrize(
    "bad", [None, math.nan, math.inf, -1, -0.5, "7", True, [], {}, b"7", "<html>"], ids=repr
)
def test_v4_what_is_no_count_has_no_total(bad: object) -> None:
    assert not is_count(bad)
    assert total((1, cast("float", bad), 2)) is None


def test_v4_very_many_points_are_no_more_than_their_sum() -> None:
    assert total([1.0] * 1_000_000) == 1_000_000


def test_v10_a_minute_that_is_only_partly_inside_is_outside() -> None:
    minutes = Minutes(START, (1, 2, 3, 4))
    assert minutes.within(START + 60, START + 180) == (2, 3)
    assert minutes.within(START + 1, START + 239) == (2, 3)
    assert minutes.within(START + 1, START + 59) == ()
    assert minutes.within(START - 600, START + 9e9) == (1, 2, 3, 4)


def test_v10_a_clock_that_runs_behind_gives_no_minutes() -> None:
    assert Minutes(START, (1, 2)).within(START + 120, START) == ()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1,) * 60, 0.0),
        ((0, 5) * 30, 2.54),
        ((0,) * 59 + (500,), 500.0),
        ((3,) * 9, None),
        ((0,) * 60, None),
        ((math.nan, None) * 30, None),
    ],
)
def test_v9_bursts_are_seen_in_the_counts_of_the_minutes(
    counts: tuple[float | None, ...], expected: float | None
) -> None:
    found = dispersion(counts)
    assert found == (None if expected is None else pytest.approx(expected, abs=0.01))


def test_v9_the_bar_for_bursts_is_higher_where_errors_are_rare() -> None:
    often, rarely = (2, 0, 2, 0, 0, 2, 0, 3, 3, 0) * 6, (0, 0, 0, 2, 0, 0, 1, 0, 0, 0) * 6
    in_bursts = (0, 3, *(0,) * 58)
    assert bursts(often) == dispersion(often) == pytest.approx(1.32, abs=0.01)
    assert dispersion(rarely) == pytest.approx(1.39, abs=0.01)
    assert bursts(rarely) == 1.0
    assert bursts(in_bursts) == pytest.approx(3.0)
    assert (bursts((1,) * 60), bursts(())) == (1.0, 1.0)


# From what the trackers counted ----------------------------------------------------------------------------------


def test_v10_buckets_become_minutes_and_what_is_incomplete_has_no_number() -> None:
    quarters = Counts("errors", tuple(Bucket(START + 15 * at, 15.0, at, at == 9) for at in range(12)))
    found = Minutes.of(quarters)
    assert found == Minutes(START, (6, 22, None))
    apart = Counts("errors", (Bucket(START + 240, 60.0, 7),))
    assert Minutes.of(quarters, apart) == Minutes(START, (6, 22, None, None, 7))


def test_v10_two_periods_that_meet_within_a_minute_fill_it_together() -> None:
    before = filled("errors", [(START + 10, 1), (START + 70, 2)], START, START + 90)
    after = filled("errors", [(START + 100, 4)], START + 90, START + 150)
    assert Minutes.of(before, after) == Minutes(START, (1, 6, 0))


@pytest.mark.parametrize(
    "counts",
    [
        Counts("errors", ()),
        Counts("errors", (Bucket(START + 30, 60.0, 1),)),
        Counts("errors", (Bucket(START, 300.0, 1),)),
    ],
)
def test_what_is_not_as_fine_as_minutes_gives_none(counts: Counts) -> None:
    assert Minutes.of(counts) is None


# The chart -------------------------------------------------------------------------------------------------------


def test_the_chart_shows_the_deployment_between_noise_and_silence() -> None:
    minutes = Minutes(START, (3, 1, 4, 1, 8, 2, 0, 0, None, 0))
    assert chart(minutes, START + 360).splitlines() == [
        "events in each minute, at most 8",
        "▄▂▅▂█▃│··?·",
        "      08:06 live",
    ]


def test_long_times_are_shown_in_groups_of_minutes_that_end_at_the_deployment() -> None:
    shown = chart(Minutes(START, (9, *(1,) * 120, *(0,) * 120)), START + 121 * 60).splitlines()
    assert shown[:2] == ["events in each 3 minutes, at most 3", "█" * 40 + "│" + "·" * 40]


def test_the_mark_stands_below_the_deployment() -> None:
    line, mark = chart(Minutes(START, (2,) * 20 + (0,) * 30), START + 1200).splitlines()[1:]
    assert line.index("│") == mark.index("08:20 live") == 20


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6), st.just(math.nan)), max_size=400),
    st.floats(-1e5, 1e5),
)
def test_a_chart_is_three_short_lines_whatever_the_counts_are(
    events: list[float | None], deployed: float
) -> None:
    lines = chart(Minutes(START, tuple(events)), START + deployed).splitlines()
    assert len(lines) == 3
    assert len(lines[1]) <= COLUMNS + 2
    assert lines[1].count("│") == 1


def test_without_minutes_both_rates_are_bars() -> None:
    shown = bars(Window(60, 3600.0, "seconds", 3600.0), Window(2, 600.0, "seconds", 600.0)).splitlines()
    assert shown[0] == "events per minute"
    assert (shown[1].count("█"), shown[2].count("█")) == (40, 8)
    assert (shown[1].endswith(" 1"), shown[2].endswith(" 0.2")) == (True, True)
    empty = bars(Window(0, 0.0, "requests", 60.0), Window(0, 0.0, "requests", 60.0))
    assert empty.splitlines()[0] == "events per 1,000 requests"
    assert "█" not in empty
