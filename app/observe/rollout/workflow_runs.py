"""Signal: runs of the workflow that deploys.

A green run says that its jobs are done, so they must wait for the rollout.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.clients.github.rollouts import BranchRun, Rollouts, epoch
from app.observe.rollout.sighting import Phase, Place, Sighting, Sought

NEWEST = 15
CONCLUSIONS = {
    "success": Phase.LIVE,
    "failure": Phase.FAILED,
    "timed_out": Phase.FAILED,
    "startup_failure": Phase.FAILED,
    "cancelled": Phase.CANCELLED,
}
# Whatever else ended deployed nothing: it was skipped, or it was overtaken before it began.
STATUSES = {"in_progress": Phase.RUNNING, "completed": None}
# Their code is that of a pull request, and so may be anybody's.
NOT_OF_THE_BRANCH = ("pull_request", "pull_request_target", "pull_request_review", "merge_group")


@dataclass(frozen=True, slots=True)
class WorkflowRuns:
    """The runs of one workflow file on the branch of our merge."""

    file: str

    @property
    def what(self) -> str:
        """What is looked for, in words."""
        return f"run of `{self.file}`"

    async def seen(self, cd: Rollouts, sought: Sought, place: Place) -> list[Sighting]:
        """The newest runs."""
        runs = await cd.workflow_runs(self.file, sought.branch, most=NEWEST)
        found = (_sighting(one, place, self.file) for one in runs if _counts(one, sought))
        return [one for one in found if one is not None]


def _counts(one: BranchRun, sought: Sought) -> bool:
    """False for code of a fork or of a pull request, for somebody else's run, and for what was there before."""
    of_branch = one.from_here and one.event not in NOT_OF_THE_BRANCH
    believed = sought.believes(one.actor.login if one.actor else None)
    timely = one.head_sha == sought.merge or epoch(one.updated_at) >= sought.merged_at
    return of_branch and believed and timely


def _sighting(one: BranchRun, place: Place, name: str) -> Sighting | None:
    phase = STATUSES.get(one.status, Phase.QUEUED) or CONCLUSIONS.get(one.conclusion or "")
    if phase is None:
        return None
    changed = epoch(one.updated_at)
    return Sighting(
        place=place,
        sha=one.head_sha,
        phase=phase,
        began_at=epoch(one.started_at or one.created_at),
        changed_at=changed,
        name=f"run {one.id} of `{name}`",
        live_since=changed if phase is Phase.LIVE else None,
        note=one.conclusion or "" if phase is Phase.FAILED else "",
    )
