"""What the trackers counted around a deployment, as the judge wants to read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.clients.tracker import MetricProvider, NewIssue, Tracker
from app.core.counts import Counts
from app.core.model import Finding, Release, Window
from app.observe.judge import Count, Distinct, Minutes, NewIssues, Readings, differ, passed

HISTORY_SECONDS = 3600.0
# That the program keeps back more or fewer events than before must be as sure as this, each time it is asked.
SAMPLING_RISK = 0.001


@dataclass(frozen=True, slots=True)
class Period:
    """What was counted from `start` up to `end` (epoch seconds): the error, and the traffic if any is known."""

    start: float
    end: float
    errors: Counts
    traffic: Counts | None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start

    @property
    def complete_until(self) -> float:
        """The moment up to which nothing is missing, of the errors and of the traffic."""
        known = [self.errors] if self.traffic is None else [self.errors, self.traffic]
        return min(self.end, *(one.complete_until or -math.inf for one in known))

    @property
    def is_complete(self) -> bool:
        """True if nothing is missing."""
        return self.complete_until >= self.end

    @property
    def traffic_seen(self) -> int:
        """The traffic; 0 if none is known."""
        return self.traffic.total if self.traffic is not None else 0

    def traffic_until(self, moment: float) -> float:
        """The traffic up to a moment; within a bucket it is taken as even."""
        return sum(
            bucket.count * min(1.0, (moment - begun) / (min(bucket.end, self.end) - begun))
            for bucket in (self.traffic.buckets if self.traffic is not None else ())
            if (begun := max(bucket.start, self.start)) < min(moment, bucket.end, self.end)
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """The periods before and after a deployment, `after` at a planned look or None before the first.

    `pending` tells that a later look is over, but that what was counted by then is not complete yet.
    """

    before: Period
    after: Period | None
    pending: bool = False


async def before(metrics: MetricProvider, finding: Finding, release: Release) -> Period:
    """The hour before the rollout began, or as much of it as the error has been known."""
    history = release.started_at - HISTORY_SECONDS
    since = max(_epoch(finding.first_seen), history) if finding.first_seen else history
    return await _period(metrics, finding, min(since, release.started_at - 1.0), release.started_at)


async def watched(
    metrics: MetricProvider, finding: Finding, release: Release, looks: Sequence[float], look: float | None
) -> Watch:
    """Both periods at the newest look up to `look` whose counts are complete."""
    old = await before(metrics, finding, release)
    if look is None or not old.is_complete:
        return Watch(old, None, pending=look is not None)
    newest = await _since(metrics, finding, release, look)
    if newest.is_complete:
        return Watch(old, newest)
    earlier = passed(looks, newest.complete_until - release.live_since - 1.0)
    if earlier is None:
        return Watch(old, None, pending=True)
    found = await _since(metrics, finding, release, earlier)
    return Watch(old, found if found.is_complete else None, pending=True)


async def readings(
    tracker: Tracker, finding: Finding, release: Release, watch: Watch, looks: Sequence[float]
) -> Readings:
    """What the judge needs to know, from the counts at a look and from what surrounds them."""
    old, new = watch.before, watch.after
    if new is None:
        when = "since the deployment" if old.is_complete else "before the deployment"
        late = (f"not everything {when} is counted yet",) if watch.pending else ()
        return Readings(*_windows(old, None), disturbances=late)
    known = bool(old.traffic_seen) or await tracker.known_release(finding, release.version) is not None
    if not known:
        # Without traffic data, silence is believed only of a release that the tracker has heard of.
        new = replace(new, end=new.start)
    first, second = _windows(old, new)
    dropped, sampling = await _losses(tracker, finding, old, new)
    changed = await tracker.changes(finding, since=_moment(release.started_at))
    return Readings(
        first,
        second,
        minutes_before=_minutes(old),
        distinct=await _distinct(tracker, finding, release, old, new),
        earlier=_earlier(new, second, looks),
        new_issues=await _new_issues(tracker, finding, release, first, new),
        disturbances=(*changed, *sampling),
        dropped=dropped,
    )


async def minutes(
    metrics: MetricProvider, finding: Finding, release: Release, watch: Watch
) -> Minutes | None:
    """The error's events minute by minute, on all releases while the rollout lasted; None if not so fine."""
    parts = [watch.before.errors]
    if release.live_since > release.started_at:
        start, end = _moment(release.started_at), _moment(release.live_since)
        parts.append(await metrics.errors(finding, start=start, end=end))
    if watch.after is not None:
        parts.append(watch.after.errors)
    found = Minutes.of(*parts)
    if found is None:
        return None
    # The first minute is whole only if the history began with it.
    cut = 0 if found.start >= watch.before.start else 1
    return replace(found, start=found.start + 60.0 * cut, events=found.events[cut:])


async def _since(metrics: MetricProvider, finding: Finding, release: Release, look: float) -> Period:
    start = release.live_since
    return await _period(metrics, finding, start, start + look, release=release.version)


async def _period(
    metrics: MetricProvider, finding: Finding, start: float, end: float, *, release: str | None = None
) -> Period:
    since, until = _moment(start), _moment(end)
    errors = await metrics.errors(finding, start=since, end=until, release=release)
    traffic = await metrics.traffic(finding, start=since, end=until, release=release)
    return Period(start, end, errors, traffic)


def _windows(old: Period, new: Period | None) -> tuple[Window, Window]:
    """Both windows measured by the traffic where it was known before, else in seconds.

    Traffic that was known before and is not known now counts as none: silence without it proves nothing.
    """
    events, seconds = (new.errors.total, new.seconds) if new is not None else (0, 0.0)
    if old.traffic is None or not old.traffic.total:
        first = Window(old.errors.total, old.seconds, "seconds", old.seconds)
        return first, Window(events, seconds, "seconds", seconds)
    of, traffic = old.traffic.of, new.traffic if new is not None else None
    seen = float(traffic.total) if traffic is not None and traffic.of == of else 0.0
    first = Window(old.errors.total, float(old.traffic.total), of, old.seconds)
    return first, Window(events, seen, of, seconds)


def _minutes(old: Period) -> tuple[float | None, ...]:
    """The errors of each minute that lies wholly in the period."""
    found = Minutes.of(old.errors)
    return found.within(old.start, old.end) if found is not None else ()


def _earlier(new: Period, window: Window, looks: Sequence[float]) -> tuple[float, ...] | None:
    """The traffic at each look before this one; None where time is what counts."""
    if window.unit == "seconds":
        return None
    return tuple(new.traffic_until(new.start + look) for look in looks if look < new.seconds - 1.0)


async def _distinct(
    tracker: Tracker, finding: Finding, release: Release, old: Period, new: Period
) -> Distinct | None:
    """The users before and after; None unless all events name theirs."""
    if not old.errors.total:
        return None
    users = await tracker.users(finding, start=_moment(old.start), end=_moment(old.end))
    if users is None:
        return None
    found = Minutes.of(users.over_time)
    by_minute = found.within(old.start, old.end) if found is not None else ()
    if not new.errors.total or new.seconds <= 0:
        return Distinct(users.together, 0, by_minute)
    start, end = _moment(new.start), _moment(new.end)
    since = await tracker.users(finding, start=start, end=end, release=release.version)
    return Distinct(users.together, since.together, by_minute) if since is not None else None


async def _losses(
    tracker: Tracker, finding: Finding, old: Period, new: Period
) -> tuple[float | None, tuple[str, ...]]:
    """The part of the events that was refused since, None if not known; and whether sampling has changed."""
    if new.seconds <= 0:
        return None, ()
    since = await tracker.intake(finding, start=_moment(new.start), end=_moment(new.end))
    if since is None:
        return None, ()
    came = since.kept + since.refused
    dropped = since.refused / came if came else 0.0
    past = await tracker.intake(finding, start=_moment(old.start), end=_moment(old.end))
    if past is None:
        return dropped, ()
    first, second = (Count(one.withheld, float(one.withheld + one.kept)) for one in (past, since))
    changed = differ(first, second, SAMPLING_RISK)
    return dropped, (("the program keeps back another part of its events than before",) if changed else ())


async def _new_issues(
    tracker: Tracker, finding: Finding, release: Release, before_it: Window, new: Period
) -> NewIssues | None:
    """The issues that are new on the release, against those that were new in as long a time before the rollout."""
    if new.seconds <= 0:
        return None
    start, end = _moment(new.start), _moment(new.end)
    found = await tracker.new_issues(finding, start=start, end=end, release=release.version)
    if found is None:
        return None
    events, usual = _events(found), None
    if events and before_it.seconds > 0:
        began = _moment(release.started_at - new.seconds)
        others = await tracker.new_issues(finding, start=began, end=_moment(release.started_at))
        pace = before_it.exposure / before_it.seconds
        usual = Count(_events(others), pace * new.seconds) if others is not None else None
    return NewIssues(events, tuple(one.name for one in found), usual)


def _events(issues: Sequence[NewIssue]) -> int:
    return sum(one.events for one in issues)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
