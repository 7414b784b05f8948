"""The composite action in the sample repository's own workflow, on pull requests of the stand-in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo.actions import ActionsRunner, JobView
from app.demo.github.accounts import Actor, AppRegistration
from app.demo.github.pulls import open_pull
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import Repository, WorkflowRun
from app.demo.world import publish_action
from proposed_fix import Checkout, message

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "app" / "demo" / "sample"
FAILING = "shop/checkout.py"
LINE = next(
    number
    for number, text in enumerate((SAMPLE / FAILING).read_text().splitlines(), 1)
    if "customer.membership.level" in text
)
TEST = """from shop.checkout import loyalty_discount
from shop.models import Address, Customer


def test_a_customer_without_a_membership():
    customer = Customer("c-1", "Ann Lee", Address("Street 1", "Town", "NL"), membership=None)
    assert loyalty_discount(customer, 3800) == 0
"""


@dataclass
class World:
    github: GitHubStandIn
    repository: Repository
    clone: Checkout
    runner: ActionsRunner
    jobs: list[JobView]

    async def propose(self, place: int, branch: str) -> dict[str, WorkflowRun]:
        """A fix with its test as a pull request; its workflow runs by name, once they are over."""
        self.clone.git("checkout", "--quiet", "-b", branch)
        before = (self.clone.folder / FAILING).read_text()
        guard = "    if customer.membership is None:\n        return 0\n    percent = "
        files = {FAILING: before.replace("    percent = ", guard), "tests/test_guest.py": TEST}
        self.clone.write(files)
        text = message(
            test="tests/test_guest.py::test_a_customer_without_a_membership",
            place=f"{FAILING}:{place}",
            fix=FAILING,
        )
        actor = Actor(self.github.app.bot, self.github.app)
        self.clone.email = actor.user.noreply
        head = self.clone.commit(text)
        self.repository.verified.add(head)  # as if the App had made it through the API
        self.clone.git("push", "--quiet", "origin", branch)
        self.repository.refresh_refs(self.github.site.accounts["ines"])
        open_pull(self.github.site, self.repository, actor, title="Fix", head=branch, base="main")
        await asyncio.wait_for(self.runner.idle(), 100)
        return {run.workflow.name: run for run in self.repository.workflow_runs.values()}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    registration = AppRegistration(
        id=4242,
        slug="autofix",
        name="Autofix",
        public_key_pem="",
        webhook_url=None,
        webhook_secret="s",
        client_id="Iv23",
        bot_user_id=990,
        permissions={},
        events=(),
    )
    github = GitHubStandIn(tmp_path / "github", app=registration)
    await github.start()
    github.create_org("acme", members={"ines": "write"})
    github.create_user("ines")
    repository = github.create_repository("acme", "shop")
    clone = Checkout(tmp_path / "clone")
    shutil.copytree(SAMPLE, clone.folder)
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.commit("The shop")
    clone.git("remote", "add", "origin", str(repository.git_dir))
    clone.git("push", "--quiet", "origin", "main")
    repository.refresh_refs(github.site.accounts["ines"])
    await github.settle()
    published = publish_action(tmp_path / "autofix")
    runner = ActionsRunner(
        github,
        tmp_path / "work",
        api_url=github.base_url,
        variables={},
        action_repositories={"autofix-app/autofix": published},
    )
    jobs: list[JobView] = []
    runner.on_job(jobs.append)
    runner.start()
    yield World(github, repository, clone, runner, jobs)
    await runner.stop()
    await github.stop()


async def test_an_honest_fix_is_green_in_the_users_own_ci(world: World) -> None:
    runs = await world.propose(LINE, "autofix/inc-42")
    assert {name: run.conclusion for name, run in runs.items()} == {"ci": "success", "autofix": "success"}
    (job,) = runs["autofix"].jobs
    assert job.check_run.name == "autofix"
    assert job.check_run.suite.app.slug == "github-actions"
    assert "Incident inc-42: AttributeError at shop/checkout.py" in job.log
    summaries = [view.summary for view in world.jobs if view.job == "autofix" and view.status == "completed"]
    assert "the failure was reproduced, and it is gone" in summaries[0]
    assert world.runner.refusals == []


async def test_a_false_claim_is_red_although_the_suite_is_green(world: World) -> None:
    runs = await world.propose(LINE - 1, "autofix/inc-42")
    assert {name: run.conclusion for name, run in runs.items()} == {"ci": "success", "autofix": "failure"}
    assert "recorded was shop/checkout.py" in runs["autofix"].jobs[0].log


async def test_peoples_pull_requests_are_let_through(world: World) -> None:
    world.github.app.bot.login = "someone"
    runs = await world.propose(LINE - 1, "feature")
    assert {name: run.conclusion for name, run in runs.items()} == {"ci": "success", "autofix": "success"}
    assert "not an Autofix pull request: nothing to verify" in runs["autofix"].jobs[0].log
