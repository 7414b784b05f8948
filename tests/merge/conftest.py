"""An incident whose fix was proposed on the stand-in, over HTTP, and what people and checks do to it there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.model import Armed, CaseFile, Held, Merged, Pull, Stop
from app.demo.github import ACTIONS_APP_ID
from app.demo.github.state import Pull as Record
from app.demo.github.state import WorkflowRun
from app.merge import arm, disarm, merged, overtaken, propose
from github_world import World, world
from samples import CAUSE, INCIDENT, case

__all__ = ["world"]

CHECKS = ("autofix", "ci")
QUEUE = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "SQUASH",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
}
FAILING = "def address_line(customer):\n    return customer.address.city\n"


@dataclass
class Fix:
    """The proposed fix, its pull request on the stand-in, and the stages that work on it; pauses are only noted."""

    world: World
    file: CaseFile
    clients: Clients
    pauses: list[float] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def arm(self) -> Armed | Held:
        self.file.armed = await arm(self.clients, self.file, pause=self.pause)
        return self.file.armed

    async def merged(self) -> Merged | Stop | None:
        return await merged(self.clients, self.file, pause=self.pause)

    async def overtaken(self) -> Stop | None:
        return await overtaken(self.clients, self.file, pause=self.pause)

    async def stopped(self) -> Stop:
        """The refusal of `merged`, after which nothing of ours merges any more."""
        stop = await self.merged()
        assert isinstance(stop, Stop), stop
        await disarm(self.clients, self.file)
        return stop

    @property
    def pull(self) -> Pull:
        assert self.file.pull is not None
        return self.file.pull

    @property
    def record(self) -> Record:
        return self.world.github.repository("acme/shop").pulls[self.pull.number]

    @property
    def path(self) -> str:
        return f"/repos/acme/shop/pulls/{self.pull.number}"

    async def green(self, *names: str, sha: str | None = None) -> None:
        for name in names or CHECKS:
            await self.world.check(sha or self.pull.head_sha, name)

    async def as_alice(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.world.call(method, path, self.world.user(), body)
        await self.world.github.settle()
        return answer

    async def review(self, event: str, login: str = "alice") -> Any:
        token = self.world.github.mint_token(login=login)
        body = {"event": event, "body": "because"}
        answer = await self.world.call("POST", f"{self.path}/reviews", token, body)
        await self.world.github.settle()
        return answer

    def main(self, path: str) -> str | None:
        """The text of a file on main."""
        git = self.world.github.repository("acme/shop").git
        entry = git.entry(git.commit(str(git.branch("main"))).tree, path)
        return git.blob(entry.sha).decode() if entry else None

    def subjects(self) -> list[str]:
        """The headlines of main's commits, newest first."""
        git = self.world.github.repository("acme/shop").git
        return [git.commit(sha).headline for sha in git.log(str(git.branch("main")), [])]

    def sent(self, method: str, ending: str) -> list[Any]:
        """What Autofix has sent there."""
        return [
            exchange.sent
            for exchange in self.world.github.journal
            if exchange.caller == "autofix[bot]"
            and exchange.method == method
            and exchange.path.endswith(ending)
        ]

    def workflow(self, job: str, conclusion: str) -> WorkflowRun:
        """A run of a workflow on our head whose one job ended so."""
        github = self.world.github
        run = github.start_workflow_run(
            "acme/shop",
            name="tests",
            path=".github/workflows/tests.yml",
            event="pull_request",
            head_sha=self.pull.head_sha,
            head_branch=self.pull.branch,
            pull_numbers=(self.pull.number,),
        )
        self.work(run, job, conclusion)
        return run

    def work(self, run: WorkflowRun, job: str, conclusion: str) -> None:
        """The run's present attempt ends, with that job."""
        github = self.world.github
        github.update_job(github.add_job(run, job), status="completed", conclusion=conclusion)
        github.complete_run(run, conclusion)


async def proposed(world: World) -> Fix:
    """The fix of the sample incident, proposed on main as it is now."""
    world.push("main", {CAUSE.path: FAILING})
    repository = world.github.repository("acme/shop")
    base = str(repository.git.branch("main"))
    world.github.create_user("bob")
    world.github.create_user("mallory")
    repository.collaborators["bob"] = "write"
    incident = replace(INCIDENT, repository_id=repository.id)
    file = case(
        cause=replace(CAUSE, base_sha=base), pull=None, armed=None, evidence=None, merged=None, release=None
    )
    file.incident = incident
    clients = Clients(world.client, cast("Any", None))  # merging does not know the tracker
    pull = await propose(clients, file)
    assert isinstance(pull, Pull), pull
    file.pull = pull
    return Fix(world, file, clients)


@pytest.fixture
async def fix(world: World) -> AsyncIterator[Fix]:
    await world.require(*CHECKS)
    yield await proposed(world)
    # No branch of ours is ever overwritten: the one push to it is the first.
    pushes = [
        exchange
        for exchange in world.github.journal
        if exchange.caller == "autofix[bot]" and "/git/refs" in exchange.path and exchange.method != "GET"
    ]
    assert {exchange.method for exchange in pushes} == {"POST"}
    made = [exchange.sent["ref"] for exchange in pushes]
    assert len(made) == len(set(made))


def ruleset(*rules: dict[str, Any], bypass: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Another ruleset of the default branch."""
    return {
        "name": "more",
        "enforcement": "active",
        "target": "branch",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": list(rules),
        "bypass_actors": list(bypass),
    }


def bound(*names: str) -> list[dict[str, Any]]:
    """Required checks, bound to GitHub Actions."""
    return [{"context": name, "integration_id": ACTIONS_APP_ID} for name in names]
