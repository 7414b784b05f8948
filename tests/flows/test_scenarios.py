"""The demo's stories, told to the end: a real service, real tests, a real server in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from app.core.model import Action, Decision, Patch, Reason, Result
from app.decide import settle
from app.demo.github import Issue, Pull
from app.demo.scenario import SCENARIOS, TEMPLATE
from app.demo.story import Story
from app.demo.world import World
from app.learn import BLAMED
from app.store import Store

Play = Callable[..., Awaitable[tuple[World, Story]]]
BOT = "autofix[bot]"


def git(world: World, *arguments: str) -> str:
    command = ["git", f"--git-dir={world.repository.git_dir}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def the_issue(world: World) -> Issue:
    (issue,) = [issue for issue in world.repository.issues.values() if issue.pull is None]
    return issue


def the_pull(world: World) -> Pull:
    (pull,) = world.repository.pulls.values()
    return pull


def our_comments(world: World) -> list[str]:
    return [comment.body for comment in the_issue(world).comments if comment.user.login == BOT]


def assert_ends_as_told(story: Story) -> None:
    scenario = SCENARIOS[story.scenario]
    assert (story.outcome, story.reason) == (scenario.result, scenario.reason), story.summary


async def test_a_none_reaches_checkout_and_the_fix_is_proven_in_production(
    played: Play, violations: Callable[[World], list[str]]
) -> None:
    world, story = await played("fixed")

    assert_ends_as_told(story)
    issue, pull = the_issue(world), the_pull(world)
    assert issue.state == "closed"
    assert issue.state_reason == "completed"
    (comment,) = our_comments(world)
    assert story.summary in comment
    assert "error rate back to baseline at" in story.summary
    assert pull.merged_at is not None
    assert pull.issue.body is not None
    assert f"Refs #{issue.number}" in pull.issue.body

    changed = git(world, "diff-tree", "--no-commit-id", "--name-status", "-r", "main").split("\n")
    assert [line[0] for line in changed if line] == ["M", "A"]
    assert git(world, "log", "-1", "--format=%an", "main").strip() == BOT
    assert story.before.errors > 0
    assert story.after.errors == 0
    assert story.after.requests > 0
    head = git(world, "rev-parse", "main").strip()
    async with httpx.AsyncClient(trust_env=False) as http:
        health = (await http.get(f"{world.platform.proxy_url}/healthz")).json()
    assert head in str(health)
    assert violations(world) == []


async def test_an_unknown_failure_goes_to_a_person_without_a_pull_request(played: Play) -> None:
    world, story = await played("novel")

    assert_ends_as_told(story)
    assert not world.repository.pulls
    assert git(world, "for-each-ref", "--format=%(refname)", "refs/heads/autofix").strip() == ""
    assert the_issue(world).state == "open"
    escalation, _status = our_comments(world)
    assert "Autofix needs a person: novel" in escalation
    assert "Stack trace" in escalation


async def test_a_fix_that_breaks_the_repositorys_tests_is_never_merged(played: Play) -> None:
    world, story = await played("red-tests")

    assert_ends_as_told(story)
    pull = the_pull(world)
    assert pull.open
    assert pull.auto_merge is None
    assert git(world, "rev-list", "--count", "main").strip() == "1"
    assert the_issue(world).state == "open"
    assert any("`tests` (failure)" in text for text in our_comments(world))


async def test_a_rolled_back_canary_is_escalated_and_demotes_the_pattern(played: Play) -> None:
    world, story = await played("bad-canary")

    assert_ends_as_told(story)
    assert the_pull(world).merged_at is not None
    assert the_issue(world).state == "open"
    first = git(world, "rev-list", "--max-parents=0", "main").strip()
    assert world.platform.traffic == {first: 100}
    store = Store(world.server.store_url)
    try:
        pattern = next(row.note for row in [*store.patterns(world.repository.id)])
        record = store.track_record(world.repository.id, pattern, BLAMED)
    finally:
        store.close()
    assert record.failed == 1
