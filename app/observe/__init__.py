"""Observe: follow the real deployment of the merge commit, then hold its errors against those before."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from app.clients import Clients
from app.clients.tracker import MetricProvider
from app.core.counts import Counts
from app.core.errors import ClientError
from app.core.model import CaseFile, Finding, Reason, Release, Stage, Stop, Verdict, Window, given
from app.observe.judge import LOOKS, Readings, Rule, passed, plan, unanswered, verdict_on
from app.observe.rollout import patience, released, withdrawn

__all__ = ["judge_release", "patience", "planned", "released"]

HISTORY_SECONDS = 3600.0
# Errors, the traffic (None if the tracker knows of none) and the seconds of a window.
Observed = tuple[int, Counts | None, float]


async def planned(clients: Clients, case: CaseFile) -> tuple[float, ...]:
    """When to look, in seconds after the deployment: as the policy says, or planned from the old rate."""
    looks, finding = given(case.decision).looks, given(case.finding)
    if looks:
        return looks
    if not finding.is_tracked:
        return LOOKS
    before = await _before(clients.tracker(finding.source), finding, given(case.release))
    return plan(Window(before[0], before[2], "seconds", before[2]))


async def judge_release(clients: Clients, case: CaseFile, looks: tuple[float, ...]) -> Verdict | Stop:
    """The judge's verdict at the newest planned look whose counts are complete: the new release against before."""
    release, decision = given(case.release), given(case.decision)
    if not given(case.finding).is_tracked:
        detail = "no error tracker counts this error, so production cannot be asked whether it is gone"
        return Stop(Stage.OBSERVE, Reason.INCONCLUSIVE, detail)
    ended = await withdrawn(clients, case)
    if ended is not None:
        return ended
    now = time.time()
    rule = Rule(looks, decision.method)
    look = passed(looks, now - decision.lag - release.live_since)
    try:
        # Asked again between two looks, the answer is the same: when it is looked must not depend on what is seen.
        readings = await _readings(clients, case, look or 0.0)
    except ClientError as fault:
        return unanswered(case.verdict, rule, at=now, why=str(fault))
    return verdict_on(readings, rule, at=now)


async def _readings(clients: Clients, case: CaseFile, look: float) -> Readings:
    """What production showed up to `look` seconds after the deployment."""
    release, finding = given(case.release), given(case.finding)
    tracker = clients.tracker(finding.source)
    before = await _before(tracker, finding, release)
    end = release.live_since + look
    after: Observed = (0, None, 0.0)
    if look:
        after = await _window(tracker, finding, release.live_since, end, release=release.version)
    if not _seen(before) and await tracker.known_release(finding, release.version) is None:
        # Without traffic data, silence is believed only of a release that the tracker has heard of.
        after = (after[0], after[1], 0.0)
    return Readings(*_same_unit(before, after))


async def _before(metrics: MetricProvider, finding: Finding, release: Release) -> Observed:
    history = release.started_at - HISTORY_SECONDS
    since = max(_epoch(finding.first_seen), history) if finding.first_seen else history
    return await _window(metrics, finding, since, release.started_at)


async def _window(
    metrics: MetricProvider, finding: Finding, start: float, end: float, *, release: str | None = None
) -> Observed:
    """What the tracker counted between `start` and `end` (epoch seconds)."""
    since, until = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    errors = await metrics.errors(finding, start=since, end=until, release=release)
    traffic = await metrics.traffic(finding, start=since, end=until, release=release)
    return errors.total, traffic, end - start


def _seen(observed: Observed) -> int:
    """The traffic that was seen; 0 if none is known."""
    return observed[1].total if observed[1] is not None else 0


def _same_unit(before: Observed, after: Observed) -> tuple[Window, Window]:
    """Both windows measured by the traffic where it was known before, else in seconds.

    Traffic that was known before and is not known now counts as none: silence without it proves nothing.
    """
    traffic, now = before[1], after[1]
    if traffic is None or not traffic.total:
        return Window(before[0], before[2], "seconds", before[2]), Window(
            after[0], after[2], "seconds", after[2]
        )
    known = float(now.total) if now is not None and now.of == traffic.of else 0.0
    return (
        Window(before[0], float(traffic.total), traffic.of, before[2]),
        Window(after[0], known, traffic.of, after[2]),
    )


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
