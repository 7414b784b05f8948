"""Observe: follow the real deployment of the merge commit, then hold its errors against those before."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from app.clients import Clients
from app.core.model import CaseFile, Finding, Stop, Verdict, Window, given
from app.observe.judge import judge
from app.observe.rollout import patience, released, withdrawn

__all__ = ["judge_release", "patience", "released"]

HISTORY_SECONDS = 3600.0


async def judge_release(clients: Clients, case: CaseFile) -> Verdict | Stop:
    """The judge's verdict right now: this fingerprint on the new release against before."""
    release, finding, decision = given(case.release), given(case.finding), given(case.decision)
    ended = await withdrawn(clients, case)
    if ended is not None:
        return ended
    now = time.time()
    history = release.started_at - HISTORY_SECONDS
    since = max(_epoch(finding.first_seen), history) if finding.first_seen else history
    before = await _window(clients, finding, since, release.started_at)
    after = await _window(clients, finding, release.live_since, now, release=release.version)
    if not before[1] and await clients.sentry.release(finding.organization, release.version) is None:
        # Without traffic data, silence is believed only of a release that Sentry has heard of.
        after = (after[0], after[1], 0.0)
    return judge(*_same_unit(before, after), looks=len(decision.looks), at=now)


async def _window(
    clients: Clients, finding: Finding, start: float, end: float, *, release: str | None = None
) -> tuple[int, int | None, float]:
    """Events, transactions (None if Sentry holds none) and seconds between `start` and `end`."""
    since, until = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    events = await clients.sentry.count_errors(
        finding.organization,
        finding.short_id,
        release=release,
        start=since,
        end=until,
        environment=finding.environment,
    )
    requests = await clients.sentry.count_transactions(
        finding.organization,
        finding.project,
        release=release,
        start=since,
        end=until,
        environment=finding.environment,
    )
    return events, requests, end - start


def _same_unit(
    before: tuple[int, int | None, float], after: tuple[int, int | None, float]
) -> tuple[Window, Window]:
    """Both windows measured in requests where Sentry knew the traffic before, else in seconds.

    Traffic that was known before and is not known now counts as none: silence without it proves nothing.
    """
    if before[1]:
        return (
            Window(before[0], float(before[1]), "requests", before[2]),
            Window(after[0], float(after[1] or 0), "requests", after[2]),
        )
    return Window(before[0], before[2], "seconds", before[2]), Window(after[0], after[2], "seconds", after[2])


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
