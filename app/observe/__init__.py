"""Observe: follow the real deployment of the merge commit, then hold its errors against those before."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from app.clients import Clients
from app.clients.tracker import MetricProvider
from app.core.counts import Counts
from app.core.model import CaseFile, Finding, Reason, Stage, Stop, Verdict, Window, given
from app.observe.judge import judge
from app.observe.rollout import patience, released, withdrawn

__all__ = ["judge_release", "patience", "released"]

HISTORY_SECONDS = 3600.0
# Errors, the traffic (None if the tracker knows of none) and the seconds of a window.
Observed = tuple[int, Counts | None, float]


async def judge_release(clients: Clients, case: CaseFile) -> Verdict | Stop:
    """The judge's verdict right now: this fingerprint on the new release against before."""
    release, finding, decision = given(case.release), given(case.finding), given(case.decision)
    if not finding.is_tracked:
        detail = "no error tracker counts this error, so production cannot be asked whether it is gone"
        return Stop(Stage.OBSERVE, Reason.INCONCLUSIVE, detail)
    ended = await withdrawn(clients, case)
    if ended is not None:
        return ended
    now = time.time()
    history = release.started_at - HISTORY_SECONDS
    since = max(_epoch(finding.first_seen), history) if finding.first_seen else history
    tracker = clients.tracker(finding.source)
    before = await _window(tracker, finding, since, release.started_at)
    after = await _window(tracker, finding, release.live_since, now, release=release.version)
    if not _seen(before) and await tracker.known_release(finding, release.version) is None:
        # Without traffic data, silence is believed only of a release that the tracker has heard of.
        after = (after[0], after[1], 0.0)
    return judge(*_same_unit(before, after), looks=len(decision.looks), at=now)


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
