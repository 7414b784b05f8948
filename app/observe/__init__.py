"""Observe: follow the real deployment of the merge commit, then hold its errors against those before."""

from __future__ import annotations

import time
from dataclasses import replace

from app.clients import Clients
from app.core.errors import ClientError
from app.core.model import CaseFile, Reason, Release, Stage, Stop, Verdict, Window, given
from app.observe import measure, rollout
from app.observe.canary import side_by_side
from app.observe.judge import (
    LOOKS,
    Canary,
    Rule,
    canary_is_worse,
    chart,
    moments,
    passed,
    plan,
    unanswered,
    verdict_on,
)
from app.observe.rollout import patience, withdrawn

__all__ = ["judge_release", "moments", "patience", "planned", "released"]


async def released(clients: Clients, case: CaseFile) -> Release | Stop | None:
    """The release once it is live in production; a Stop if that will not happen any more; None while it may.

    It is also a Stop if the canary is surely worse than what runs beside it: production must not follow.
    """

    async def on_canary(canary: Release) -> Stop | None:
        now = time.time() - given(case.decision).lag
        try:
            seen = await _canary(clients, case, canary, canary.live_since, now)
        except ClientError:  # it is looked at again, and once more when production has followed
            return None
        worse = canary_is_worse(seen) if seen is not None else None
        return (
            Stop(Stage.OBSERVE, Reason.REGRESSED, f"before production followed: {worse}") if worse else None
        )

    return await rollout.released(clients, case, on_canary=on_canary)


async def planned(clients: Clients, case: CaseFile) -> tuple[float, ...]:
    """When to look, in seconds after the deployment: as the policy says, or planned from the old rate."""
    looks, finding = given(case.decision).looks, given(case.finding)
    if looks:
        return looks
    if not finding.is_tracked:
        return LOOKS
    before = await measure.before(clients.tracker(finding.source), finding, given(case.release))
    return plan(Window(before.errors.total, before.seconds, "seconds", before.seconds))


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
    # Asked again between two looks, the answer is the same: when it is looked must not depend on what is seen.
    look = passed(looks, now - decision.lag - release.live_since)
    try:
        return await _judged(clients, case, rule, look, at=now)
    except ClientError as fault:
        return unanswered(case.verdict, rule, at=now, why=str(fault))


async def _judged(clients: Clients, case: CaseFile, rule: Rule, look: float | None, *, at: float) -> Verdict:
    """The verdict on what production showed up to `look` seconds after the deployment."""
    release, finding = given(case.release), given(case.finding)
    tracker = clients.tracker(finding.source)
    watch = await measure.watched(tracker, finding, release, rule.looks, look)
    readings = await measure.readings(tracker, finding, release, watch, rule.looks)
    if watch.after is not None and release.canary_since is not None:
        canary = await _canary(clients, case, release, release.canary_since, release.live_since)
        readings = replace(readings, canary=canary)
    minutes = await measure.minutes(tracker, finding, release, watch)
    picture = chart(minutes, release.live_since) if minutes is not None else ""
    verdict = verdict_on(readings, rule, at=at, picture=picture)
    if not watch.pending:
        return verdict
    later = "" if watch.after is None else "; what came later may not all be counted yet"
    return replace(verdict, explanation=verdict.explanation + later, pending=True)


async def _canary(
    clients: Clients, case: CaseFile, release: Release, start: float, end: float
) -> Canary | None:
    """The canary of the release against what ran beside it; None where that cannot be told."""
    finding, way = given(case.finding), given(case.decision).rollout
    if not finding.is_tracked:
        return None
    # Only a deployment's environment may also be what the program itself calls its environment.
    environment = None if way.contexts or way.workflow else way.canary
    tracker = clients.tracker(finding.source)
    return await side_by_side(tracker, finding, release.version, start, end, environment)
