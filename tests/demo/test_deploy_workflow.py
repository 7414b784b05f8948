"""The sample's own deploy workflow, really run: platform, customers, Sentry and GitHub on this machine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo.actions import ActionsRunner
from app.demo.github.accounts import AppRegistration
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import Repository
from app.demo.platform import Platform, Traffic
from app.demo.platform.traffic import mix_in_repository
from app.demo.sentry import SentryStandIn
from proposed_fix import Checkout

SAMPLE = Path(__file__).parents[2] / "app" / "demo" / "sample"
REGISTRATION = AppRegistration(
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
GUARD = "    if customer.membership is None:\n        return 0\n    percent = "


@dataclass
class World:
    github: GitHubStandIn
    sentry: SentryStandIn
    repository: Repository
    platform: Platform
    runner: ActionsRunner
    traffic: Traffic
    clone: Checkout

    async def push(self, message: str) -> str:
        """The working tree is pushed to main, and its workflows are over."""
        sha = self.clone.commit(message)
        self.clone.git("push", "--quiet", "origin", "main")
        self.repository.refresh_refs(self.github.site.accounts["ines"])
        await asyncio.wait_for(self.runner.idle(), 90)
        return sha


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    github = GitHubStandIn(tmp_path / "github", app=REGISTRATION)
    sentry = SentryStandIn(organization="acme", project="shop", token="t")
    async with AsyncExitStack() as stack:
        await github.start()
        stack.push_async_callback(github.stop)
        await sentry.start()
        stack.push_async_callback(sentry.stop)
        github.create_org("acme", members={"ines": "write"})
        github.create_user("ines")
        repository = github.create_repository("acme", "shop")
        platform = Platform(
            repository.git_dir,
            tmp_path / "platform",
            variables={"SENTRY_DSN": sentry.dsn, "SENTRY_ENVIRONMENT": "production"},
        )
        url = await platform.start()
        stack.push_async_callback(platform.stop)
        runner = ActionsRunner(
            github,
            tmp_path / "work",
            api_url=github.base_url,
            variables={"PLATFORM_URL": url},
            action_repositories={},
            actor_environment={"CANARY_REQUESTS": "30"},
        )
        runner.start()
        stack.push_async_callback(runner.stop)
        traffic = Traffic(platform.proxy_url, mix_in_repository(repository.git_dir), rate=50)
        stack.push_async_callback(traffic.stop)
        clone = Checkout(tmp_path / "clone")
        shutil.copytree(SAMPLE, clone.folder)
        (clone.folder / ".github" / "workflows" / "autofix.yml").unlink()
        clone.git("init", "--quiet", "--initial-branch=main")
        clone.git("remote", "add", "origin", str(repository.git_dir))
        yield World(github, sentry, repository, platform, runner, traffic, clone)


async def test_a_push_is_deployed_fails_live_and_its_fix_is_promoted(world: World) -> None:
    first = await world.push("The shop")
    assert world.runner.refusals == []
    assert world.platform.traffic == {first: 100}
    await world.traffic.start()
    async with asyncio.timeout(30):
        while not world.sentry.events():  # noqa: ASYNC110 - the event comes from another process
            await asyncio.sleep(0.05)
    failing = world.clone.folder / "shop" / "checkout.py"
    failing.write_text(failing.read_text().replace("    percent = ", GUARD))
    second = await world.push("Guests have no membership")
    assert world.platform.traffic == {second: 100}
    assert_workflows_were_green(world, first, second)
    assert_sentry_can_rebuild_the_call(world.sentry, first)


def assert_workflows_were_green(world: World, first: str, second: str) -> None:
    runs = {
        (run.workflow.name, run.head_sha): run.conclusion for run in world.repository.workflow_runs.values()
    }
    assert set(runs) == {(name, sha) for name in ("ci", "deploy") for sha in (first, second)}
    assert set(runs.values()) == {"success"}
    older, newer = world.repository.deployments.values()
    assert (older.sha, older.environment, newer.sha) == (first, "production", second)
    assert newer.creator.app is world.github.site.actions
    assert [status.state for status in newer.statuses][-3:] == ["in_progress", "in_progress", "success"]
    assert "Promoted to 100%: 0 of" in newer.statuses[-1].description


def assert_sentry_can_rebuild_the_call(sentry: SentryStandIn, release: str) -> None:
    (group,) = sentry.groups
    event = group.first_event.raw
    assert (event["release"], event["environment"]) == (f"shop@{release}", "production")
    assert event["user"]["id"].startswith("c-")
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert (frame["filename"], frame["function"]) == ("shop/checkout.py", "loyalty_discount")
    assert frame["in_app"] is True
    assert frame["vars"]["subtotal"].isdecimal()
    customer = frame["vars"]["customer"]
    assert customer.startswith("Customer(id='c-")
    assert customer.endswith("membership=None, card='')")
