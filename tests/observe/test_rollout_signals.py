"""Each signal against the stand-in, over HTTP; every exchange is held against GitHub's descriptions."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.rollouts import BranchRun, epoch
from app.core.errors import Malformed
from app.core.model import CaseFile, Merged, Reason, Release, RolloutPlan, Stop
from app.observe.rollout import LAG_SECONDS, look, released, withdrawn
from app.observe.rollout.sighting import Place, Sought
from app.observe.rollout.standing import State
from app.observe.rollout.workflow_runs import WorkflowRuns
from github_world import World, world
from samples import BASE, CAUSE, DECISION, MERGE, case

__all__ = ["world"]

PATH = "/repos/acme/shop"
PLAN = RolloutPlan()
ARGO, FLUX = "continuous-delivery/shop", "kustomization/shop/9b1c2d3e"


@dataclass
class Cd:
    """A team's CD, as it reports to GitHub; `before` was in production when `merge` came."""

    world: World
    before: str
    merge: str
    merged_at: float

    def case(self, plan: RolloutPlan = PLAN, **changed: object) -> CaseFile:
        return case(
            merged=Merged(self.merge, self.merged_at),
            cause=replace(CAUSE, deployed_sha=self.before),
            decision=replace(DECISION, rollout=plan),
            **{"release": None} | changed,
        )

    @property
    def clients(self) -> Clients:
        return Clients(self.world.client, cast("Any", None))

    async def state(self, plan: RolloutPlan = PLAN) -> State:
        return (await look(self.clients, self.case(plan))).state

    async def deploy(
        self, sha: str, *states: str, environment: str = "production", by: str = "", **status: Any
    ) -> int:
        """A deployment with these statuses; its number."""
        token = self.token(by)
        body: dict[str, Any] = {"ref": sha, "environment": environment}
        body |= {"auto_merge": False, "required_contexts": []}
        made = await self.world.call("POST", f"{PATH}/deployments", token, body)
        for state in states:
            await self.report(made["id"], state, by=by, **status)
        return int(made["id"])

    async def report(self, deployment: int, state: str, *, by: str = "", **status: Any) -> None:
        path = f"{PATH}/deployments/{deployment}/statuses"
        await self.world.call("POST", path, self.token(by), {"state": state, **status})

    async def status(self, sha: str, context: str, *states: str, by: str = "") -> None:
        for state in states:
            body = {"state": state, "context": context, "description": f"it is {state}"}
            await self.world.call("POST", f"{PATH}/statuses/{sha}", self.token(by), body)

    def run(self, sha: str, conclusion: str | None = None, **changed: Any) -> Any:
        """A run of the workflow that deploys."""
        whole: dict[str, Any] = {
            "name": "deploy",
            "path": ".github/workflows/deploy.yml",
            "event": "push",
            "pull_numbers": [],
        }
        whole |= {"head_sha": sha, "head_branch": "main"} | changed
        run = self.world.github.start_workflow_run("acme/shop", **whole)
        job = self.world.github.add_job(run, "deploy")
        self.world.github.update_job(job, status="in_progress")
        if conclusion is not None:
            self.world.github.update_job(job, status="completed", conclusion=conclusion)
            self.world.github.complete_run(run, conclusion)
        return run

    def token(self, by: str = "") -> str:
        return self.world.github.mint_token(login=by or "alice")


@pytest.fixture
async def cd(world: World) -> Cd:
    before = str(await world.repo.branch_sha("main"))
    merged_at = float(int(time.time()))
    merge = world.push("main", {"shop/cart.py": "a = 2\n"})
    world.github.create_user("mallory")
    world.github.repository("acme/shop").collaborators["mallory"] = "write"
    return Cd(world, before, merge, merged_at)


class Pauses(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


# Deployments -----------------------------------------------------------------------------------------------------


async def test_a_deployment_is_followed_from_the_queue_to_live(cd: Cd) -> None:
    assert await cd.state() is State.WAITING
    number = await cd.deploy(cd.merge)
    assert await cd.state() is State.WAITING
    await cd.report(number, "in_progress", description="Canary serves 25%")
    assert await cd.state() is State.ROLLING
    assert await released(cd.clients, cd.case()) is None
    await cd.report(number, "success")
    found = await released(cd.clients, cd.case())
    assert isinstance(found, Release)
    assert (found.sha, found.deployment_id, found.environment) == (cd.merge, number, "production")
    assert cd.merged_at <= found.started_at <= found.live_since


async def test_a_batched_deployment_that_contains_the_merge_counts(cd: Cd) -> None:
    later = cd.world.push("main", {"other.py": "1\n"})
    await cd.deploy(later, "success")
    found = await released(cd.clients, cd.case())
    assert isinstance(found, Release)
    assert found.sha == later


async def test_a_queue_that_merges_several_at_once_is_followed_by_its_last_commit(cd: Cd) -> None:
    queued = cd.world.push("gh-readonly-queue/main/pr-10", {"other.py": "1\n"})
    git = cd.world.github.repository("acme/shop").git
    git.set_ref("refs/heads/main", queued)
    git.set_ref("refs/heads/gh-readonly-queue/main/pr-10", None)
    await cd.deploy("main", "success")
    found = await released(cd.clients, cd.case())
    assert isinstance(found, Release)
    assert found.sha == queued


async def test_v1_a_deployment_elsewhere_or_of_something_else_is_not_ours(cd: Cd) -> None:
    aside = cd.world.push("aside", {"other.py": "1\n"})
    git = cd.world.github.repository("acme/shop").git
    git.set_ref("refs/heads/aside", None)
    stranger = git.write_commit(
        git.commit(cd.before).tree, [cd.before], "hotfix", git.commit(aside).author, git.commit(aside).author
    )
    git.set_ref("refs/heads/hotfix", stranger)
    await cd.deploy(cd.merge, "success", environment="staging")
    await cd.deploy(stranger, "success")
    found = await look(cd.clients, cd.case())
    assert found.state is State.WAITING
    late = await look(cd.clients, cd.case(replace(PLAN, start_seconds=-60)))
    assert (late.state, stranger[:7] in late.detail) == (State.NEVER_STARTED, True)


async def test_v1_a_status_that_names_another_environment_is_ignored(cd: Cd) -> None:
    number = await cd.deploy(cd.merge, "in_progress")
    await cd.report(number, "success", environment="staging")
    assert await cd.state() is State.ROLLING


async def test_v1_only_the_reporters_of_the_policy_are_believed(cd: Cd) -> None:
    plan = replace(PLAN, reporters=("alice",))
    await cd.deploy(cd.merge, "success", by="mallory")
    assert await cd.state(plan) is State.WAITING
    number = await cd.deploy(cd.merge, "in_progress")
    await cd.report(number, "success", by="mallory")
    assert await cd.state(plan) is State.ROLLING
    await cd.report(number, "success")
    assert await cd.state(plan) is State.LIVE


async def test_the_canary_goes_first_and_production_has_to_follow(cd: Cd) -> None:
    plan = replace(PLAN, canary="canary")
    first = await cd.deploy(cd.merge, "in_progress", environment="canary")
    assert await cd.state(plan) is State.ROLLING
    await cd.report(first, "success")
    assert await cd.state(plan) is State.CANARY_LIVE
    assert await released(cd.clients, cd.case(plan)) is None
    late = await look(cd.clients, cd.case(replace(plan, progress_seconds=-60)))
    assert (late.state, "production has not followed" in late.detail) == (State.STALLED, True)
    await cd.deploy(cd.merge, "success")
    assert await cd.state(plan) is State.LIVE


async def test_a_failed_canary_ends_it(cd: Cd) -> None:
    await cd.deploy(cd.merge, "in_progress", "failure", environment="canary", description="5% errors")
    stop = await released(cd.clients, cd.case(replace(PLAN, canary="canary")), pause=Pauses())
    assert isinstance(stop, Stop)
    assert (stop.reason, "5% errors" in stop.detail) == (Reason.ROLLED_BACK, True)


async def test_an_end_is_believed_when_a_second_look_gives_it_too(cd: Cd) -> None:
    number = await cd.deploy(cd.merge, "failure")
    pauses = Pauses()
    stop = await released(cd.clients, cd.case(), pause=pauses)
    assert isinstance(stop, Stop)
    assert pauses == [LAG_SECONDS]

    async def meanwhile(_seconds: float) -> None:
        await cd.report(number, "success")

    assert isinstance(await released(cd.clients, cd.case(), pause=meanwhile), Release)


# Commit statuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "glob"), [(ARGO, ARGO), (ARGO, "continuous-delivery/*"), (FLUX, "kustomization/shop/*")]
)
async def test_a_commit_status_is_followed_to_live(cd: Cd, context: str, glob: str) -> None:
    plan = RolloutPlan(contexts=(glob,))
    await cd.status(cd.merge, "ci/tests", "success")
    assert await cd.state(plan) is State.WAITING
    await cd.status(cd.merge, context, "pending")
    assert await cd.state(plan) is State.ROLLING
    await cd.status(cd.merge, context, "success")
    found = await released(cd.clients, cd.case(plan))
    assert isinstance(found, Release)
    assert (found.sha, found.deployment_id) == (cd.merge, None)


async def test_a_status_on_a_later_commit_counts_and_one_on_an_older_does_not(cd: Cd) -> None:
    plan = RolloutPlan(contexts=(ARGO,))
    await cd.status(cd.before, ARGO, "success")
    assert await cd.state(plan) is State.WAITING
    later = cd.world.push("main", {"other.py": "1\n"})
    await cd.status(later, ARGO, "success")
    found = await released(cd.clients, cd.case(plan))
    assert isinstance(found, Release)
    assert found.sha == later


async def test_every_context_of_the_policy_must_be_green(cd: Cd) -> None:
    plan = RolloutPlan(contexts=(ARGO, "continuous-delivery/worker"))
    await cd.status(cd.merge, ARGO, "success")
    found = await look(cd.clients, cd.case(plan))
    assert (found.state, "none like `continuous-delivery/worker` yet" in found.detail) == (
        State.ROLLING,
        True,
    )
    await cd.status(cd.merge, "continuous-delivery/worker", "failure")
    found = await look(cd.clients, cd.case(plan))
    assert (found.state, "`continuous-delivery/worker`" in found.detail) == (State.FAILED, True)
    await cd.status(cd.merge, "continuous-delivery/worker", "success")
    assert await cd.state(plan) is State.LIVE


async def test_a_failure_after_a_success_is_a_rollback(cd: Cd) -> None:
    await cd.status(cd.merge, ARGO, "success", "failure")
    found = await look(cd.clients, cd.case(RolloutPlan(contexts=(ARGO,))))
    assert (found.state, "it is failure" in found.detail) == (State.ROLLED_BACK, True)


@pytest.mark.parametrize("pending", [["pending"], []])
async def test_v2_an_older_commit_that_is_rolled_out_once_more_is_a_rollback(
    cd: Cd, pending: list[str]
) -> None:
    plan = RolloutPlan(contexts=(ARGO,))
    await cd.status(cd.before, ARGO, "pending", "success")
    await cd.status(cd.merge, ARGO, "pending", "success")
    for number, status in enumerate(cd.world.github.repository("acme/shop").statuses):
        status.created_at = cd.merged_at - 15 + 10 * number
    assert await cd.state(plan) is State.LIVE
    for state in pending:
        await cd.status(cd.before, ARGO, state)
        cd.world.github.repository("acme/shop").statuses[-1].created_at = cd.merged_at + 30
    assert await cd.state(plan) is State.LIVE
    await cd.status(cd.before, ARGO, "success")
    cd.world.github.repository("acme/shop").statuses[-1].created_at = cd.merged_at + 40
    found = await look(cd.clients, cd.case(plan))
    assert (found.state, cd.before[:7] in found.detail) == (State.ROLLED_BACK, True)


async def test_v1_a_status_by_somebody_else_is_ignored(cd: Cd) -> None:
    await cd.status(cd.merge, ARGO, "success", by="mallory")
    assert await cd.state(RolloutPlan(contexts=(ARGO,), reporters=("alice",))) is State.WAITING


async def test_a_canary_may_have_a_context_of_its_own(cd: Cd) -> None:
    plan = RolloutPlan(contexts=(ARGO,), canary="continuous-delivery/canary")
    await cd.status(cd.merge, "continuous-delivery/canary", "success")
    assert await cd.state(plan) is State.CANARY_LIVE


# Workflow runs ---------------------------------------------------------------------------------------------------

DEPLOY = RolloutPlan(workflow="deploy.yml")


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        (None, State.ROLLING),
        ("success", State.LIVE),
        ("failure", State.FAILED),
        ("timed_out", State.FAILED),
        ("cancelled", State.WAITING),
        ("skipped", State.WAITING),
    ],
)
async def test_the_run_of_the_workflow_tells(cd: Cd, conclusion: str | None, state: State) -> None:
    assert await cd.state(DEPLOY) is State.WAITING, "there is no such workflow yet"
    cd.run(cd.merge, conclusion)
    assert await cd.state(DEPLOY) is state


async def test_a_run_on_a_later_commit_counts(cd: Cd) -> None:
    later = cd.world.push("main", {"other.py": "1\n"})
    cd.run(cd.merge, "cancelled")
    cd.run(later, "success")
    found = await released(cd.clients, cd.case(DEPLOY))
    assert isinstance(found, Release)
    assert (found.sha, found.deployment_id) == (later, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"event": "pull_request"},
        {"event": "merge_group"},
        {"head_branch": "aside"},
        {"name": "ci", "path": ".github/workflows/ci.yml"},
    ],
)
async def test_v1_a_run_of_something_else_is_ignored(cd: Cd, changed: dict[str, Any]) -> None:
    cd.run(cd.merge, "success", **changed)
    assert await cd.state(DEPLOY) is State.WAITING


async def test_v1_a_run_on_what_does_not_hold_the_merge_is_ignored(cd: Cd) -> None:
    cd.run(cd.before, "success", event="workflow_dispatch")
    assert await cd.state(DEPLOY) is State.WAITING


RUN: dict[str, Any] = {
    "id": 7,
    "head_sha": MERGE,
    "event": "push",
    "status": "completed",
    "conclusion": "success",
    "created_at": "2026-11-03T10:00:00Z",
    "updated_at": "2026-11-03T10:05:00Z",
    "run_started_at": "2026-11-03T10:01:00Z",
    "actor": {"login": "alice", "id": 11},
    "repository": {"full_name": "acme/shop"},
    "head_repository": {"full_name": "acme/shop"},
}


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({}, 1),
        ({"head_repository": {"full_name": "mallory/shop"}}, 0),
        ({"head_repository": None}, 0),
        ({"actor": {"login": "mallory", "id": 66}}, 0),
        ({"actor": None}, 0),
        ({"event": "pull_request_target"}, 0),
        ({"head_sha": "e" * 40}, 0),
        ({"head_sha": "e" * 40, "updated_at": "2026-11-03T10:30:00Z"}, 1),
    ],
)
async def test_v1_a_run_counts_by_whose_code_it_ran_and_who_started_it(
    changed: dict[str, Any], number: int
) -> None:
    class Runs:
        async def workflow_runs(self, workflow: str, branch: str, *, most: int) -> list[BranchRun]:
            assert (workflow, branch, most > 0) == ("deploy.yml", "main", True)
            return [BranchRun.read(RUN | changed)]

    sought = Sought(MERGE, epoch("2026-11-03T10:20:00Z"), "main", BASE, ("alice",))
    found = await WorkflowRuns("deploy.yml").seen(cast("Any", Runs()), sought, Place.PRODUCTION)
    assert len(found) == number
    if number:
        (one,) = found
        assert (one.began_at, one.live_since) == (epoch(RUN["run_started_at"]), one.changed_at)


# While it is watched ---------------------------------------------------------------------------------------------


async def _watched(cd: Cd, plan: RolloutPlan = PLAN) -> CaseFile:
    release = await released(cd.clients, cd.case(plan))
    assert isinstance(release, Release)
    return cd.case(plan, release=release)


async def test_v2_what_stays_live_goes_on_being_watched(cd: Cd) -> None:
    await cd.deploy(cd.merge, "success")
    watched = await _watched(cd)
    await cd.deploy(cd.merge, "in_progress")
    assert await withdrawn(cd.clients, watched) is None


@pytest.mark.parametrize(("which", "reason"), [("later", Reason.INCONCLUSIVE), ("older", Reason.ROLLED_BACK)])
async def test_v2_another_deployment_closes_the_window(cd: Cd, which: str, reason: Reason) -> None:
    await cd.deploy(cd.merge, "success")
    watched = await _watched(cd)
    other = cd.before if which == "older" else cd.world.push("main", {"other.py": "1\n"})
    (deployed,) = cd.world.github.repository("acme/shop").deployments.values()
    deployed.created_at -= 10
    deployed.statuses[0].created_at -= 10
    watched.merged = Merged(cd.merge, cd.merged_at - 20)
    await cd.deploy(other, "success")
    stop = await withdrawn(cd.clients, watched, pause=Pauses())
    assert isinstance(stop, Stop)
    assert stop.reason is reason
    assert other[:7] in stop.detail


async def test_v2_a_deployment_that_fails_later_was_rolled_back(cd: Cd) -> None:
    number = await cd.deploy(cd.merge, "success")
    watched = await _watched(cd)
    await cd.report(number, "failure", description="taken back by hand")
    stop = await withdrawn(cd.clients, watched, pause=Pauses())
    assert isinstance(stop, Stop)
    assert (stop.reason, "taken back by hand" in stop.detail) == (Reason.ROLLED_BACK, True)


# What is no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "9" * 9000])
def test_what_is_no_time_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        epoch(text)
    assert len(str(caught.value)) < 120


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert epoch("2026-11-03T10:00:00") == epoch("2026-11-03T10:00:00Z") == epoch("2026-11-03T11:00:00+01:00")
