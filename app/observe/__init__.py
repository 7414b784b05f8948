"""Observe: follow the real deployment of the merge commit, then hold its errors against those before."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import Deployment
from app.core.errors import ClientError
from app.core.model import CaseFile, Finding, Reason, Release, Stage, Stop, Verdict, Window, given
from app.observe.judge import Readings, Rule, passed, plan, unanswered, verdict_on

HISTORY_SECONDS = 3600.0
FAILED = {"failure", "error"}


async def released(clients: Clients, case: CaseFile) -> Release | Stop | None:
    """The deployment that holds our merge, once it reports success; a Stop if it was rolled back; None until then."""
    merged, decision = given(case.merged), given(case.decision)
    finding, cause = given(case.finding), given(case.cause)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    deployment = await _deployment(repo, merged.sha, decision.environment)
    if deployment is None:
        return None
    statuses = await repo.deployment_statuses(deployment.id)
    if not statuses:
        return None
    newest = statuses[0]
    if newest.state in FAILED:
        return Stop(
            Stage.OBSERVE,
            Reason.ROLLED_BACK,
            f"the deployment of {deployment.sha[:7]} to {decision.environment} ended {newest.state}: "
            f"{newest.description or 'no description'}",
        )
    if newest.state != "success":
        return None
    return Release(
        version=_version(finding, cause.deployed_sha, deployment.sha),
        sha=deployment.sha,
        deployment_id=deployment.id,
        environment=decision.environment,
        started_at=_epoch(deployment.created_at),
        live_since=_epoch(newest.created_at),
    )


async def _deployment(repo: RepositoryClient, sha: str, environment: str) -> Deployment | None:
    """The newest deployment of `sha`, or of a later commit that contains it (several merges shipped at once)."""
    exact = await repo.deployments(sha, environment)
    if exact:
        return exact[0]
    latest = await repo.latest_deployment(environment)
    if latest is not None and await repo.contains(latest.sha, sha):
        return latest
    return None


async def planned(clients: Clients, case: CaseFile) -> tuple[float, ...]:
    """When to look, in seconds after the deployment: as the policy says, or planned from the old rate."""
    looks = given(case.decision).looks
    if looks:
        return looks
    before = await _before(clients, given(case.finding), given(case.release))
    return plan(Window(before[0], before[2], "seconds", before[2]))


async def judge_release(clients: Clients, case: CaseFile, looks: tuple[float, ...]) -> Verdict | Stop:
    """The judge's verdict at the newest planned look whose counts are complete: the new release against before."""
    release, decision = given(case.release), given(case.decision)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    statuses = await repo.deployment_statuses(release.deployment_id)
    if not statuses or statuses[0].state != "success":
        state = statuses[0].state if statuses else "gone"
        detail = f"the deployment of {release.sha[:7]} turned {state} while it was watched"
        return Stop(Stage.OBSERVE, Reason.ROLLED_BACK if state in FAILED else Reason.INCONCLUSIVE, detail)
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
    before = await _before(clients, finding, release)
    end = release.live_since + look
    after: tuple[int, int | None, float] = (0, 0, 0.0)
    if look:
        after = await _window(clients, finding, release.live_since, end, release=release.version)
    if not before[1] and await clients.sentry.release(finding.organization, release.version) is None:
        # Without traffic data, silence is believed only of a release that Sentry has heard of.
        after = (after[0], after[1], 0.0)
    return Readings(*_same_unit(before, after))


async def _before(clients: Clients, finding: Finding, release: Release) -> tuple[int, int | None, float]:
    history = release.started_at - HISTORY_SECONDS
    since = max(_epoch(finding.first_seen), history) if finding.first_seen else history
    return await _window(clients, finding, since, release.started_at)


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


def _version(finding: Finding, deployed_sha: str, sha: str) -> str:
    """The new release's name, built as the old one was: `shop@<sha>`, `1.2+<sha>`, a bare or a shortened SHA."""
    old = finding.release or deployed_sha
    for length in range(len(deployed_sha), 6, -1):
        if old.endswith(deployed_sha[:length]):
            return old[:-length] + sha[:length]
    return sha


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
