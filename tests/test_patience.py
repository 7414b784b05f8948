"""GitHub on a bad day: what passes is waited out and gone on with; the clock and the pauses are the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from app.core.budget import SHARES, TELLING_SECONDS, share
from app.core.errors import RateLimited, Refused, Unavailable
from app.core.model import Stage
from app.journey import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, _patiently

HALF_AN_HOUR = 1800.0


@dataclass
class Day:
    """A clock that only pauses move, and what GitHub answers at each time."""

    answer: Callable[[float], str]
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    calls: int = 0

    async def call(self) -> str:
        self.calls += 1
        return self.answer(self.now)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Callable[[Day, float], Awaitable[str]]:
    async def through(day: Day, seconds: float) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "time", lambda: day.now)
            patch.setattr("app.journey.asyncio.sleep", day.sleep)
            return await _patiently(day.call, seconds)

    return through


def down_until(end: float, fault: Exception) -> Callable[[float], str]:
    def answer(now: float) -> str:
        if now < end:
            raise fault
        return "done"

    return answer


async def test_m15_half_an_hour_of_errors_is_waited_out_by_whoever_must_tell_a_person(
    live: Callable[[Day, float], Awaitable[str]],
) -> None:
    day = Day(down_until(HALF_AN_HOUR, Unavailable("GitHub answered 503")))
    assert await live(day, share(Stage.ESCALATE, 900.0)) == "done"
    assert HALF_AN_HOUR <= day.now <= HALF_AN_HOUR + 1.5 * LONGEST_PAUSE_SECONDS
    assert share(Stage.ESCALATE, 900.0) == TELLING_SECONDS > HALF_AN_HOUR


async def test_m15_the_pauses_grow_to_a_limit_and_are_not_all_the_same(
    live: Callable[[Day, float], Awaitable[str]],
) -> None:
    day = Day(down_until(HALF_AN_HOUR, Unavailable("GitHub answered 502")))
    await live(day, TELLING_SECONDS)
    grown = [
        min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**number)
        for number in range(1, len(day.pauses) + 1)
    ]
    for pause, least in zip(day.pauses, grown, strict=True):
        assert least <= pause <= 1.5 * least
    late = day.pauses[-10:]
    assert len(set(late)) == len(late)


@pytest.mark.parametrize("seconds", [1.0, 61.0, 100.0])
async def test_m15_a_limit_is_waited_out_for_as_long_as_github_says(
    live: Callable[[Day, float], Awaitable[str]], seconds: float
) -> None:
    day = Day(down_until(seconds, RateLimited("slow down", seconds)))
    assert await live(day, share(Stage.MERGE, 900.0)) == "done"
    assert day.calls == 2
    assert day.pauses[0] >= seconds


async def test_m15_a_limit_that_outlasts_the_stage_is_not_slept_through(
    live: Callable[[Day, float], Awaitable[str]],
) -> None:
    day = Day(down_until(3600.0, RateLimited("slow down", 3600.0)))
    with pytest.raises(RateLimited):
        await live(day, share(Stage.MERGE, 900.0))
    assert day.pauses == []


@pytest.mark.parametrize("stage", SHARES)
async def test_m15_errors_that_outlast_the_stage_end_it_in_time(
    live: Callable[[Day, float], Awaitable[str]], stage: Stage
) -> None:
    day, limit = Day(down_until(HALF_AN_HOUR, Unavailable("GitHub answered 500"))), share(stage, 900.0)
    with pytest.raises(Unavailable):
        await live(day, limit)
    assert limit - 1.5 * LONGEST_PAUSE_SECONDS <= day.now < limit


async def test_what_does_not_pass_is_not_tried_again(live: Callable[[Day, float], Awaitable[str]]) -> None:
    day = Day(down_until(HALF_AN_HOUR, Refused("Resource not accessible by integration")))
    with pytest.raises(Refused):
        await live(day, TELLING_SECONDS)
    assert (day.calls, day.pauses) == (1, [])
