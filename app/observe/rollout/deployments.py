"""Signal: GitHub deployments and their statuses, as most CDs and every job with an `environment` report them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from app.clients.github.answers import Deployment, DeploymentStatus
from app.clients.github.rollouts import Rollouts, epoch
from app.observe.rollout.sighting import Phase, Place, Sighting, Sought

# So many of the newest are looked at; ours, or a later one that holds it, is among them.
NEWEST = 8

PHASES = {
    "success": Phase.LIVE,
    "failure": Phase.FAILED,
    "error": Phase.FAILED,
    "inactive": Phase.ENDED,
    "in_progress": Phase.RUNNING,
    "queued": Phase.QUEUED,
    "pending": Phase.QUEUED,
    "waiting": Phase.QUEUED,
}


@dataclass(frozen=True, slots=True)
class Deployments:
    """The deployments to one environment."""

    environment: str

    @property
    def what(self) -> str:
        """What is looked for, in words."""
        return f"deployment to `{self.environment}`"

    async def seen(self, cd: Rollouts, sought: Sought, place: Place) -> list[Sighting]:
        """The deployments of exactly our merge, and the newest since."""
        exact = await cd.deployments(self.environment, sha=sought.merge, most=NEWEST)
        newest = await cd.deployments(self.environment, most=NEWEST)
        found = {one.id: one for one in (*exact, *newest) if _counts(one, sought, self.environment)}
        return list(await asyncio.gather(*(_sighting(cd, one, sought, place) for one in found.values())))


def _counts(one: Deployment, sought: Sought, name: str) -> bool:
    """False for what somebody else, or somewhere else, or an earlier time has to tell."""
    creator = one.creator.login if one.creator else None
    right = _same(one.environment, name) and sought.believes(creator)
    return right and (one.sha == sought.merge or epoch(one.created_at) >= sought.merged_at)


def _same(one: str, other: str) -> bool:
    """GitHub's names of environments do not depend on case."""
    return one.casefold() == other.casefold()


async def _sighting(cd: Rollouts, one: Deployment, sought: Sought, place: Place) -> Sighting:
    reported = [
        status
        for status in await cd.deployment_statuses(one.id)
        if sought.believes(status.creator.login if status.creator else None)
        and (not status.environment or _same(status.environment, one.environment))
    ]
    began = epoch(one.created_at)
    newest = reported[0] if reported else None
    return Sighting(
        place=place,
        sha=one.sha,
        phase=Phase.QUEUED if newest is None else PHASES.get(newest.state, Phase.RUNNING),
        began_at=began,
        changed_at=began if newest is None else epoch(newest.created_at),
        name=f"deployment {one.id} to `{one.environment}`",
        live_since=_live_since(reported),
        note="" if newest is None else newest.description,
        deployment=one.id,
    )


def _live_since(reported: list[DeploymentStatus]) -> float | None:
    """When it last went live, by its statuses, newest first."""
    since = None
    for status in reported:
        if status.state == "success":
            since = epoch(status.created_at)
        elif since is not None:
            break
    return since
