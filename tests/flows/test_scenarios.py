"""The demo's stories, told to the end: a real service, real tests, a real server in a process of its own."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from app.core.model import Level, TrackRecord, Trust
from app.core.policy import parse_policy
from app.demo.github import Issue, Pull
from app.demo.scenario import SCENARIOS, TEMPLATE
from app.demo.story import Story
from app.demo.world import World
from app.learn import BLAMED, trust_in
from app.store import Store

Play = Callable[..., Awaitable[tuple[World, Story]]]
BOT = "autofix[bot]"
PATTERN, CATEGORY = "none_return_guard", "null-safety"


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


def the_first_issue(world: World) -> Issue:
    return world.repository.issues[1]


def plant_another_bug(shop: Path) -> None:
    """The default None is guarded; instead some carts come with a gift whose message is null."""
    edit(
        shop / "shop" / "checkout.py",
        "    percent = DISCOUNTS",
        "    if customer.membership is None:\n        return 0\n    percent = DISCOUNTS",
    )
    edit(
        shop / "shop" / "cart.py",
        "def read_line(",
        "def gift_card(body: Mapping[str, Any]) -> str:\n"
        '    gift = body.get("gift")\n'
        "    if gift is None:\n"
        '        return ""\n'
        '    words = gift["message"].split()\n'
        '    return " ".join(words)[:80]\n\n\n'
        "def read_line(",
    )
    edit(shop / "shop" / "web.py", "import read_cart", "import gift_card, read_cart")
    edit(
        shop / "shop" / "web.py",
        '    return web.json_response({"subtotal": found.subtotal, "grams": found.grams})',
        '    priced: dict[str, Any] = {"subtotal": found.subtotal, "grams": found.grams}\n'
        "    if card := gift_card(body):\n"
        '        priced["card"] = card\n'
        "    return web.json_response(priced)",
    )
    edit(
        shop / "traffic.json",
        '  "requests": [\n',
        '  "requests": [\n    {"weight": 30, "method": "POST", "path": "/cart",\n'
        '     "json": {"lines": [{"sku": "mug"}], "gift": {"message": {"any": ["Much joy!", null]}}}},\n',
    )


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def assert_ends_as_told(story: Story) -> None:
    scenario = SCENARIOS[story.scenario]
    assert (story.outcome, story.reason) == (scenario.result, scenario.reason), story.summary


def track_record(world: World) -> TrackRecord:
    with contextlib.closing(Store(world.server.store_url)) as store:
        return store.ledger.track_record(world.repository.id, PATTERN, BLAMED)


def record_of_the_category(world: World) -> Trust:
    policy = parse_policy((TEMPLATE / ".github" / "autofix.yml").read_bytes())
    with contextlib.closing(Store(world.server.store_url)) as store:
        return trust_in(store, world.repository.id, CATEGORY, policy)


async def test_a_none_reaches_checkout_and_the_fix_is_proven_in_production(played: Play) -> None:
    world, story = await played("fixed")

    assert_ends_as_told(story)
    issue, pull = the_issue(world), the_pull(world)
    assert issue.state == "closed"
    assert issue.state_reason == "completed"
    (comment,) = our_comments(world)
    assert story.summary in comment
    assert "error rate back to baseline at" in story.summary
    assert "events in each minute, at most" in comment
    assert not [call for call in world.sentry.journal if call.status == HTTPStatus.BAD_REQUEST]
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
    assert the_first_issue(world).state == "open"
    first = git(world, "rev-list", "--max-parents=0", "main").strip()
    assert world.platform.traffic == {first: 100}
    record = track_record(world)
    assert (record.fixed, record.failed) == (0, 1)
    assert record_of_the_category(world).level is Level.SHADOW
    assert "(red-canary)" in record_of_the_category(world).because


async def test_a_rollout_that_never_ends_is_escalated_in_time_and_nobody_is_blamed(played: Play) -> None:
    world, story = await played("stalled-rollout")

    assert_ends_as_told(story)
    assert the_pull(world).merged_at is not None
    assert the_issue(world).state == "open"
    merge = git(world, "rev-parse", "main").strip()
    assert 0 < world.platform.traffic[merge] < 100, "the canary still has its share of the customers"
    (escalation,) = [
        text for text in our_comments(world) if "Autofix needs a person: rollout stalled" in text
    ]
    assert f"The rollout of {merge[:7]} (deployment " in escalation
    assert "has not ended, and there has been no news for" in escalation
    assert "Canary serves 25% of the traffic" in escalation
    assert "its rollout goes no further" in escalation
    assert track_record(world).failed == 0


async def test_few_customers_end_inconclusive_and_it_is_said_how_long_it_takes(played: Play) -> None:
    world, story = await played("low-traffic")

    assert_ends_as_told(story)
    assert the_pull(world).merged_at is not None
    assert the_issue(world).state == "open", "inconclusive never closes anything"
    assert re.search(r", \d+ minutes? more without the error would settle it$", story.summary)
    (escalation,) = [text for text in our_comments(world) if "Autofix needs a person: inconclusive" in text]
    assert "without another event it takes" in escalation
    assert track_record(world).failed == 0


@pytest.mark.timeout(400)  # a fix, and what comes after it
async def test_v12_an_error_that_comes_back_opens_its_issue_again_with_the_history(played: Play) -> None:
    world, story = await played("recurrence")

    assert_ends_as_told(story)
    issue = the_issue(world)
    assert issue.state == "open"
    (escalation,) = [text for text in our_comments(world) if "Autofix needs a person: recurred" in text]
    assert "The error is back: " in escalation
    assert "`shop/checkout.py` on `main` was changed since the fix." in escalation
    assert f"#{the_pull(world).number} merged as {the_pull(world).merge_commit_sha}" in escalation
    assert "error rate back to baseline" not in story.summary
    assert (track_record(world).fixed, track_record(world).failed) == (0, 1)
    assert record_of_the_category(world).level is Level.SHADOW
    assert "(recurred)" in record_of_the_category(world).because


async def test_v7_a_fix_that_moves_the_failure_is_taken_back_by_a_pull_request_that_our_action_proves(
    played: Play,
) -> None:
    world, story = await played("no-help")

    assert_ends_as_told(story)
    fix, back = world.repository.pulls.values()
    assert fix.merged_at is not None
    assert back.open, "the policy leaves a revert to people"
    assert back.auto_merge is None
    assert back.head_ref.startswith("autofix/revert-")
    assert back.issue.body is not None
    assert f"Production says of #{fix.number}: regressed." in back.issue.body
    assert git(world, "diff", "--name-only", f"{fix.base_sha}", back.head_sha) == ""
    assert f"#{back.number} takes it back" in story.summary
    assert the_first_issue(world).state == "open"
    assert record_of_the_category(world).level is Level.SHADOW


async def test_without_required_checks_the_fix_is_verified_and_only_proposed(played: Play) -> None:
    world, story = await played("unprotected")

    assert_ends_as_told(story)
    pull = the_pull(world)
    assert pull.open
    assert pull.auto_merge is None
    (comment,) = our_comments(world)
    assert "has no required checks" in comment
    assert "passes on the head" in comment
    assert the_issue(world).state == "open"


async def test_two_kills_at_random_points_leave_one_fix_one_pull_request_and_one_comment(
    played: Play,
) -> None:
    world, story = await played("crash")

    assert_ends_as_told(story)
    assert world.server.starts == 3
    assert the_pull(world).merged_at is not None
    assert len(our_comments(world)) == 1
    assert the_issue(world).state == "closed"
    assert git(world, "rev-list", "--count", "main").strip() == "2"


async def test_another_none_bug_planted_by_hand_is_fixed_too(
    played: Play, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = tmp_path_factory.mktemp("planted") / "shop"
    shutil.copytree(TEMPLATE, shop, ignore=shutil.ignore_patterns("__pycache__"))
    plant_another_bug(shop)

    _world, story = await played("fixed", shop=shop)

    assert_ends_as_told(story)
    assert "shop/cart.py" in story.summary
    assert story.after.errors == 0


async def test_m1_a_push_while_the_checks_run_hands_the_fix_over_and_touches_nothing_of_theirs(
    played: Play,
) -> None:
    world, story = await played("tampered")

    assert_ends_as_told(story)
    pull = the_pull(world)
    assert pull.open
    assert pull.auto_merge is None
    assert git(world, "rev-list", "--count", "main").strip() == "1"
    assert git(world, "log", "--format=%an", pull.head_ref).split("\n")[:3] == ["Ada", BOT, "Ada"]
    assert "THANKS" in git(world, "show", f"{pull.head_ref}:shop/receipts.py")
    status, escalation = our_comments(world)
    theirs = git(world, "rev-parse", pull.head_ref)[:7]
    assert f"Someone pushed {theirs} to the branch; the pull request is theirs now." in escalation
    assert "Handed over to a person" in status
    assert f"#{pull.number} is open; not merged by Autofix" in status
    assert record_of_the_category(world).streak == 0


async def test_a_person_stops_retries_asks_and_approves_in_comments(played: Play) -> None:
    world, story = await played("commands")

    assert_ends_as_told(story)
    issue = the_issue(world)
    ours = [one for one in issue.comments if one.user.login == BOT]
    theirs = [one for one in issue.comments if one.user.login == "ada"]
    assert [one.body for one in theirs] == [
        "/autofix stop",
        "/autofix retry",
        "/autofix explain",
        "/autofix approve",
    ]
    for comment in theirs:
        assert [(one.user.login, one.content) for one in comment.reactions] == [
            (BOT, "eyes"),
            (BOT, "rocket"),
        ]
    # The first incident's status and escalation, the second one's status, and the one answer in words.
    assert len(ours) == 4
    (escalation,) = [one.body for one in ours if "Autofix needs a person" in one.body]
    assert "Stopped by `ada`." in escalation
    (explained,) = [one.body for one in ours if "#### Why this fix" in one.body]
    assert "sets `null-safety` to propose" in explained
    assert "`/autofix approve`" in explained
    (resolved,) = [one.body for one in ours if "Fixed and verified" in one.body]
    assert story.summary in resolved

    first, second = (world.repository.pulls[number] for number in sorted(world.repository.pulls))
    assert first.open
    assert first.auto_merge is None
    assert second.merged_at is not None
    assert second.number == story.pull_request
    assert second.head_ref == f"{first.head_ref}-2"
    assert git(world, "rev-list", "--count", "main").strip() == "2"
    assert issue.state == "closed"
    assert story.after.errors == 0


async def test_i5_i12_a_forged_event_is_ignored_with_the_reason(played: Play) -> None:
    world, story = await played("forged-event")

    assert_ends_as_told(story)
    assert story.before.errors == 0, "the failure never happened"
    assert not world.repository.pulls
    assert git(world, "for-each-ref", "--format=%(refname)", "refs/heads/autofix").strip() == ""
    issue = the_issue(world)
    assert issue.state == "open"
    (escalation,) = [text for text in our_comments(world) if "Autofix needs a person" in text]
    assert "Autofix needs a person: uncorroborated" in escalation
    assert "it happened to 1 user, and the policy asks for 3" in escalation
    assert "Who said what" in escalation
    # What the stranger wrote is shown, and commands nobody: outside of fences and code spans there is none of it.
    assert "npx fix-shop" in escalation
    outside = re.sub(r"(`+)(?:[^`]|(?!\1)`)+\1(?!`)", "", "".join(escalation.split("```")[::2]))
    assert not re.search("npx|acme/everybody|Resolution|skipped", outside), outside
