"""Quiet hours, on the clocks of a time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.calling import Channel, Escalation, Notify, Quiet, Severity

ZONE = ZoneInfo("Europe/Berlin")
NIGHTS = Quiet.model_validate({"timezone": "Europe/Berlin", "days": ("sat", "sun")})
NOON = Quiet.model_validate({"timezone": "Europe/Berlin", "start": "12:00", "end": "13:30"})


def _at(local: str, fold: int = 0) -> float:
    return datetime.fromisoformat(local).replace(tzinfo=ZONE, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("quiet", "moment", "over"),
    [
        (NIGHTS, "2026-11-03T19:59:59", "2026-11-03T19:59:59"),
        (NIGHTS, "2026-11-03T20:00", "2026-11-04T07:00"),
        (NIGHTS, "2026-11-04T00:00", "2026-11-04T07:00"),
        (NIGHTS, "2026-11-04T06:59:59", "2026-11-04T07:00"),
        (NIGHTS, "2026-11-04T07:00", "2026-11-04T07:00"),
        (NIGHTS, "2026-11-06T20:00", "2026-11-09T07:00"),
        (NIGHTS, "2026-11-07T12:00", "2026-11-09T07:00"),
        (NOON, "2026-11-03T11:59", "2026-11-03T11:59"),
        (NOON, "2026-11-03T12:00", "2026-11-03T13:30"),
        (NOON, "2026-11-03T13:30", "2026-11-03T13:30"),
        # The clocks go forward on 2026-03-29, and back on 2026-10-25: a night of 10 or 12 hours.
        (NIGHTS.model_copy(update={"days": ()}), "2026-03-28T23:00", "2026-03-29T07:00"),
        (NIGHTS.model_copy(update={"days": ()}), "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(quiet: Quiet, moment: str, over: str) -> None:
    assert quiet.over(_at(moment)) == _at(over)
    assert quiet.holds(_at(moment)) is (moment != over)


def test_the_hour_that_comes_twice_is_quiet_twice() -> None:
    early = Quiet.model_validate({"timezone": "Europe/Berlin", "start": "01:00", "end": "02:30"})
    first, second = _at("2026-10-25T02:10"), _at("2026-10-25T02:10", fold=1)
    assert second - first == 3600
    assert early.holds(first)
    assert early.holds(second)
    assert first < early.over(first) <= _at("2026-10-25T02:30", fold=1)
    assert second < early.over(second) <= _at("2026-10-26T02:30")


@given(
    st.floats(min_value=1_500_000_000, max_value=2_500_000_000),
    st.times().map(lambda at: at.strftime("%H:%M")),
    st.times().map(lambda at: at.strftime("%H:%M")),
    st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), max_size=6),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_they_always_end_and_not_before_the_moment(
    moment: float, start: str, end: str, days: set[str], zone: str
) -> None:
    if start == end:
        return
    quiet = Quiet.model_validate({"timezone": zone, "start": start, "end": end, "days": tuple(days)})
    over = quiet.over(moment)
    assert moment <= over <= moment + 8 * 86_400
    assert not quiet.holds(over)
    assert (over == moment) is not quiet.holds(moment)


@pytest.mark.parametrize(
    ("model", "data", "why"),
    [
        (Quiet, {"start": "20:00", "end": "20:00"}, "must differ"),
        (Quiet, {"timezone": "Berlin"}, "no time zone"),
        (Quiet, {"days": ("mon", "mon")}, "at most once"),
        (Quiet, {"days": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}, "at most 6"),
        (Notify, {"channels": ({"to": "a"}, {"to": "a"})}, "each target at most once"),
        (Channel, {"to": "json://host/secret"}, "pattern"),
        (Channel, {"to": "Team"}, "pattern"),
        (Channel, {"to": "a", "severity": "loud"}, "info"),
        (Channel, {"to": "a", "url": "json://host/"}, "Extra inputs"),
        (Escalation, {"on_call": ("@ada",)}, "pattern"),
        (Escalation, {"on_call": ("ada\n",)}, "pattern"),
        (Escalation, {"on_call": ("a/b/c",)}, "pattern"),
        (Escalation, {"at_most": 11}, "10"),
        (Escalation, {"mention": "yes"}, "valid boolean"),
    ],
)
def test_a_wrong_section_says_why(model: type[Quiet], data: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    assert why in str(caught.value)


def test_severities_are_a_ladder() -> None:
    assert [one.rank for one in (Severity.INFO, Severity.WARNING, Severity.URGENT)] == [0, 1, 2]
