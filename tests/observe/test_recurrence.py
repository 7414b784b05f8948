"""A fixed error is looked after: what the verdict allows for is no recurrence, and what is more is one."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.tracker import IssueState
from app.core.counts import MINUTE, Bucket, Counts, filled
from app.core.errors import Unavailable
from app.core.model import CaseFile, Finding, Judgement, Reason, Stop, Window
from app.observe.recurrence import SIZES, WATCH_SECONDS, recurrence, would_be_seen
from app.observe.rollout.standing import Standing, State
from samples import DECISION, FINDING, PATCH, RELEASE, VERDICT, case

OLD = str(FINDING.release)
# An error a minute before, none in 30 minutes since: at most a tenth of the old rate is allowed for.
BEFORE = Window(60, 60 * 600.0, "requests", 3600.0)
AFTER = Window(0, 30 * 600.0, "requests", 1800.0)
FIXED = replace(VERDICT, before=BEFORE, after=AFTER, bound=0.105, at=RELEASE.live_since + 1800.0)
SINCE = RELEASE.live_since + 1800.0
HOUR = 3600.0


@dataclass
class Outside:
    """The tracker's events of each release, the requests of a minute, and the default branch."""

    events: list[tuple[float, str]] = field(default_factory=list)
    per_minute: int = 600
    of: str = "requests"
    state_now: IssueState = IssueState.REGRESSED
    source: str = PATCH.fix.after
    bucket: float = MINUTE
    complete_until: float = math.inf
    old_serves: bool = False
    asked: int = 0

    def repository(self, _name: str, _installation: int) -> Outside:
        return self

    async def text(self, path: str) -> str:
        assert path == PATCH.fix.path
        return self.source

    async def state(self, _finding: Finding) -> IssueState:
        return self.state_now

    async def errors(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        self.asked += 1
        found = [(at, 1) for at, of in self.events if release in {None, of}]
        since, until = start.timestamp(), end.timestamp()
        if self.bucket != MINUTE:
            return Counts("errors", (Bucket(since, self.bucket, len(found)),))
        return filled("errors", found, since, until, complete_until=self.complete_until)

    async def traffic(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        since, until = start.timestamp(), end.timestamp()
        minutes = [
            (since + MINUTE * number, self.per_minute) for number in range(round((until - since) / MINUTE))
        ]
        return filled(self.of, minutes if release != OLD or self.old_serves else [], since, until)

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", self))


def fixed(**changed: object) -> CaseFile:
    return case(**({"verdict": FIXED, "decision": replace(DECISION, lag=60.0)} | changed))


def spread(rate: float, start: float, minutes: float, release: str = "shop@later") -> list[tuple[float, str]]:
    """Events at even distances: `rate` a minute."""
    return [(start + MINUTE * (number + 0.5) / rate, release) for number in range(round(rate * minutes))]


async def back(outside: Outside, after: float, **changed: object) -> Stop | None:
    return await recurrence(outside.clients, fixed(**changed), SINCE + after)


async def test_v12_an_error_that_comes_as_often_as_before_is_back_and_the_numbers_say_so() -> None:
    outside = Outside(spread(1.0, SINCE + 2 * 86_400.0, 60.0))
    stop = await back(outside, 2 * 86_400.0 + HOUR)
    assert stop is not None
    assert stop.reason is Reason.RECURRED
    assert "the error is back: " in stop.detail
    assert "called fixed 2 days ago;" in stop.detail
    assert "(60 within 60 minutes before the fix)" in stop.detail
    assert "a fix that holds leaves 10.0% of the old rate at most" in stop.detail
    assert "still is as the fix left it" in stop.detail
    outside.source = "changed"
    stop = await back(outside, 2 * 86_400.0 + HOUR)
    assert stop is not None
    assert "was changed since the fix" in stop.detail


async def test_it_is_seen_soon_after_days_of_silence() -> None:
    began = SINCE + 3 * 86_400.0
    outside = Outside(spread(1.0, began, 24 * 60.0))
    seen = [minutes for minutes in range(1, 120) if await back(outside, 3 * 86_400.0 + minutes * 60.0)]
    assert seen
    assert seen[0] <= 40


async def test_v12_an_error_is_seen_to_be_back_after_a_verdict_that_came_early() -> None:
    """After 4 minutes of silence the verdict's own bound is near the old rate."""
    early = replace(FIXED, after=Window(0, 4 * 600.0, "requests", 240.0), bound=0.77)
    assert await back(Outside(spread(1.0, SINCE + HOUR, 60.0)), 2 * HOUR, verdict=early) is not None
    assert await back(Outside(spread(0.05, SINCE, 8 * 60.0)), 9 * HOUR, verdict=early) is None


async def test_v5_events_that_no_request_can_have_caused_open_nothing() -> None:
    began = SINCE + HOUR
    flood = [(began + 0.1 * at, "shop@later") for at in range(300)]
    assert await back(Outside(flood[:1], per_minute=0), HOUR + 120.0) is None
    assert await back(Outside(flood, per_minute=6), HOUR + 120.0) is None
    assert await back(Outside(flood), HOUR + 120.0) is not None


async def test_where_errors_outnumbered_the_traffic_before_they_may_do_so_again() -> None:
    """Where one request of many is recorded."""
    sampled = replace(FIXED, before=Window(60, 30.0, "requests", 3600.0))
    events = spread(1.0, SINCE + HOUR, 120.0)
    assert await back(Outside(events, per_minute=1), 3 * HOUR, verdict=sampled) is not None


async def test_v9_one_client_that_tries_again_and_again_is_no_recurrence_where_it_was_so_before() -> None:
    began = SINCE + HOUR
    burst = [(began + 0.5 * at, "shop@later") for at in range(40)]
    assert await back(Outside(burst), 3 * HOUR, verdict=replace(FIXED, bursts=1.0)) is not None
    assert await back(Outside(burst), 3 * HOUR, verdict=replace(FIXED, bursts=20.0)) is None
    assert await back(Outside(spread(20.0, began, 30.0)), 3 * HOUR, verdict=replace(FIXED, bursts=20.0))


async def test_v10_what_the_faulty_release_sent_and_is_not_counted_yet_is_no_recurrence() -> None:
    class Late(Outside):
        """The old release's part is complete later than the whole."""

        async def errors(
            self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
        ) -> Counts:
            counts = await super().errors(finding, start=start, end=end, release=release)
            late = (replace(bucket, count=0, incomplete=True) for bucket in counts.buckets)
            return replace(counts, buckets=tuple(late)) if release == OLD else counts

    events = spread(1.0, SINCE + HOUR, 120.0, OLD)
    assert await back(Late(events), 3 * HOUR) is None


@pytest.mark.parametrize(("events", "seen"), [(1, False), (3, False), (4, True), (60, True)])
def test_where_the_error_was_rare_it_would_not_be_seen(events: int, *, seen: bool) -> None:
    rare = replace(FIXED, before=replace(BEFORE, events=events), bound=0.3)
    assert would_be_seen(rare) is seen


@pytest.mark.parametrize("events", [0, 1, 2])
async def test_what_the_verdict_allows_for_is_no_recurrence(events: int) -> None:
    assert await back(Outside(spread(events / 60.0, SINCE + HOUR, 60.0)), 3 * HOUR) is None


@pytest.fixture(autouse=True)
def rollout(monkeypatch: pytest.MonkeyPatch) -> list[Standing]:
    """How the rollout stands now: the fix is live unless a test says otherwise."""
    now = [Standing(State.LIVE, "the fix is live")]

    async def look(*_: Any) -> Standing:
        return now[-1]

    monkeypatch.setattr("app.observe.recurrence.look", look)
    return now


async def test_v12_an_error_is_back_with_the_faulty_release_where_production_went_back_to_it(
    rollout: list[Standing],
) -> None:
    """The faulty release has its old traffic again."""

    outside = Outside(spread(1.0, SINCE + HOUR, 120.0, OLD), old_serves=True)
    assert await back(outside, 3 * HOUR) is None
    rollout.append(Standing(State.ROLLED_BACK, "production went back from aaaaaaa to the older bbbbbbb"))
    stop = await back(outside, 3 * HOUR)
    assert stop is not None
    assert "Production went back from aaaaaaa to the older bbbbbbb. `shop/receipts.py`" in stop.detail
    assert await back(Outside(spread(0.05, SINCE + HOUR, 120.0, OLD), old_serves=True), 3 * HOUR) is None


async def test_the_faulty_release_does_not_count_where_it_still_runs() -> None:
    assert await back(Outside(spread(1.0, SINCE + HOUR, 120.0, OLD)), 3 * HOUR) is None
    both = spread(1.0, SINCE + HOUR, 120.0, OLD) + spread(1.0, SINCE + HOUR, 120.0)
    assert await back(Outside(both), 3 * HOUR) is not None


async def test_a_day_of_silence_costs_one_request() -> None:
    outside = Outside()
    assert await back(outside, 86_400.0) is None
    assert outside.asked == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"state_now": IssueState.IGNORED},
        {"of": "sessions"},
        {"bucket": HOUR},
        {"complete_until": SINCE},
    ],
    ids=["ignored by a person", "other traffic", "not by the minute", "incomplete"],
)
async def test_what_cannot_be_compared_or_is_not_wanted_opens_nothing(changed: dict[str, Any]) -> None:
    events = spread(1.0, SINCE + HOUR, 120.0)
    assert await back(Outside(events), 3 * HOUR) is not None
    assert await back(Outside(events, **changed), 3 * HOUR) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": None},
        {"verdict": replace(FIXED, judgement=Judgement.INCONCLUSIVE)},
        {"finding": replace(FINDING, source="traceback")},
    ],
)
async def test_only_what_was_called_fixed_is_looked_after(changed: dict[str, Any]) -> None:
    outside = Outside(spread(1.0, SINCE + HOUR, 120.0))
    assert await back(outside, 3 * HOUR, **changed) is None
    assert outside.asked == 0


async def test_without_traffic_minutes_count() -> None:
    silent = replace(
        FIXED, before=Window(60, 3600.0, "seconds", 3600.0), after=replace(AFTER, unit="seconds")
    )
    outside = Outside(spread(1.0, SINCE + HOUR, 120.0), of="none")
    assert await back(outside, 3 * HOUR, verdict=silent) is not None


async def test_it_ends_after_a_week() -> None:
    outside = Outside(spread(1.0, SINCE + WATCH_SECONDS + HOUR, 120.0))
    assert await back(outside, WATCH_SECONDS + 4 * HOUR) is None


async def test_v4_a_tracker_that_does_not_answer_says_nothing() -> None:
    class Away(Outside):
        async def errors(self, *_: Any, **__: Any) -> Counts:
            raise Unavailable("no answer")

    with pytest.raises(Unavailable):
        await back(Away(), 3 * HOUR)


async def test_v11_a_fix_that_holds_is_looked_at_all_day_and_not_called_back() -> None:
    """The rate is the highest that the verdict allows for, which is the hardest that still is no recurrence."""
    called = 0
    for seed in range(6):
        chance = random.Random(seed)
        at, events = SINCE, []
        while at < SINCE + 86_400.0:
            at += chance.expovariate(FIXED.bound or 0.0) * MINUTE
            events.append((at, "shop@later"))
        outside = Outside(events)
        called += any([await back(outside, minutes * 60.0) for minutes in range(5, 1440, 30)])
    assert called == 0


def test_two_of_the_longest_windows_are_counted_by_the_minute() -> None:
    assert 2 * SIZES[-1] <= 1440 * MINUTE
