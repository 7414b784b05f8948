"""Follow the rollout of a merge into production, whatever the CD is.

A signal is one module: it reads one kind of traces and gives sightings. How the rollout stands is decided from the
sightings alone. Webhooks, `repository_dispatch` among them, only make the incident look again: nothing in them is
believed.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.rollouts import Rollouts
from app.core.model import CaseFile, Finding, Merged, Reason, Release, RolloutPlan, Stage, Stop, given
from app.observe.rollout.deployments import Deployments
from app.observe.rollout.sighting import Place, Relation, Sighting, Sought
from app.observe.rollout.standing import Seen, Standing, State, interrupted, standing
from app.observe.rollout.statuses import Statuses
from app.observe.rollout.workflow_runs import WorkflowRuns

# An end is believed only when a second look, so much later, gives one too: GitHub's answers lag behind one another.
LAG_SECONDS = 2.0
# The wait for the rollout outlasts the plan, so that it ends with a sentence about the rollout.
MARGIN_SECONDS = 180.0
MOST_COMMITS = 12
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RELATIONS = {"ahead": Relation.CONTAINS, "identical": Relation.CONTAINS, "behind": Relation.OLDER}

Pause = Callable[[float], Awaitable[None]]
OnCanary = Callable[[Release], Awaitable[Stop | None]]


class Signal(Protocol):
    """One kind of traces that rollouts leave."""

    @property
    def what(self) -> str:
        """What is looked for, in words."""

    async def seen(self, cd: Rollouts, sought: Sought, place: Place) -> list[Sighting]:
        """What is to be seen of rollouts to `place` since the merge."""


def patience(case: CaseFile) -> float:
    """Seconds for which the rollout is waited for at most."""
    return given(case.decision).rollout.longest_seconds + MARGIN_SECONDS


async def released(
    clients: Clients,
    case: CaseFile,
    *,
    pause: Pause = asyncio.sleep,
    on_canary: OnCanary | None = None,
) -> Release | Stop | None:
    """The release once it is live in production; a Stop if that will not happen any more; None while it may.

    While only the canary is live, `on_canary` may end the wait.
    """
    found = await look(clients, case)
    if found.stop is not None:
        await pause(LAG_SECONDS)
        found = await look(clients, case)
    if found.state is State.CANARY_LIVE and on_canary is not None:
        return await on_canary(_release(case, found))
    return _release(case, found) if found.state is State.LIVE else found.stop


def _release(case: CaseFile, found: Standing) -> Release:
    """What is live: in production, or as a canary."""
    live = given(found.sighting)
    return Release(
        version=_version(given(case.finding), given(case.cause).deployed_sha, live.sha),
        sha=live.sha,
        deployment_id=live.deployment,
        environment=given(case.decision).environment,
        started_at=given(found.began_at),
        live_since=given(live.live_since),
        canary_since=found.canary_since,
    )


async def withdrawn(clients: Clients, case: CaseFile, *, pause: Pause = asyncio.sleep) -> Stop | None:
    """Why the watched release is not what is live any more; None while it is."""
    release = given(case.release)
    seen = await _seen(clients, case)
    if not _shows(standing(seen), release):
        await pause(LAG_SECONDS)
        seen = await _seen(clients, case)
    found = standing(seen)
    watched = f"while {release.sha[:7]} was watched in production"
    if not _shows(found, release):
        taken_back = found.stop is not None and found.stop.reason is Reason.ROLLED_BACK
        reason = Reason.ROLLED_BACK if taken_back else Reason.INCONCLUSIVE
        return Stop(Stage.OBSERVE, reason, f"{watched}: {found.detail}")
    between = interrupted(seen, release.sha, release.live_since)
    return Stop(Stage.OBSERVE, Reason.INCONCLUSIVE, f"{watched}: {between}") if between is not None else None


def _shows(found: Standing, release: Release) -> bool:
    return found.state is State.LIVE and given(found.sighting).sha == release.sha


async def look(clients: Clients, case: CaseFile) -> Standing:
    """How the rollout of our merge stands now, by GitHub's own clock."""
    return standing(await _seen(clients, case))


async def _seen(clients: Clients, case: CaseFile) -> Seen:
    """Everything that is to be seen of the rollout now."""
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    merged, decision, cause = given(case.merged), given(case.decision), given(case.cause)
    plan = decision.rollout
    sought = Sought(merged.sha, merged.merged_at, cause.base_branch, cause.deployed_sha, plan.reporters)
    signals = _signals(plan, decision.environment)
    told = await asyncio.gather(*(one.seen(repo.rollouts, sought, place) for place, one in signals.items()))
    sightings = [one for some in told for one in some if _SHA.fullmatch(one.sha)]
    relations = await _relations(repo, merged, sightings)
    what, now = signals[Place.PRODUCTION].what, repo.github_time() or time.time()
    return Seen(merged, plan, what, sightings, relations, now)


def _signals(plan: RolloutPlan, environment: str) -> dict[Place, Signal]:
    """The signal that the policy chose, for each place that it names."""
    names = {Place.PRODUCTION: plan.contexts or (plan.workflow or environment,)}
    if plan.canary is not None:
        names[Place.CANARY] = (plan.canary,)
    if plan.contexts:
        return {place: Statuses(globs) for place, globs in names.items()}
    if plan.workflow is not None:
        return {place: WorkflowRuns(name) for place, (name,) in names.items()}
    return {place: Deployments(name) for place, (name,) in names.items()}


async def _relations(
    repo: RepositoryClient, merged: Merged, sightings: Sequence[Sighting]
) -> dict[str, Relation]:
    """What the deployed commits have to do with our merge, those with the latest news first."""
    newest = sorted(sightings, key=lambda one: one.changed_at, reverse=True)
    others = list(dict.fromkeys(one.sha for one in newest if one.sha != merged.sha))[:MOST_COMMITS]
    words = await asyncio.gather(*(repo.rollouts.compared(merged.sha, sha) for sha in others))
    found = {
        sha: _RELATIONS.get(word or "", Relation.ELSEWHERE) for sha, word in zip(others, words, strict=True)
    }
    return {merged.sha: Relation.CONTAINS} | found


def _version(finding: Finding, deployed_sha: str, sha: str) -> str:
    """The new release's name, built as the old one was: `shop@<sha>`, `1.2+<sha>`, a bare or a shortened SHA."""
    old = finding.release or deployed_sha
    for length in range(len(deployed_sha), 6, -1):
        if old.endswith(deployed_sha[:length]):
            return old[:-length] + sha[:length]
    return sha
