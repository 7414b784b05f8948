"""The same incident with other error trackers than Sentry: a stand-in for Datadog, and a real Bugsink."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.demo.names import NAME, OWNER
from app.demo.sentry import SentryStandIn
from app.demo.story import Story
from app.demo.trackers import SENTRY_TOKEN, DatadogTracker
from app.demo.world import World

Play = Callable[..., Awaitable[tuple[World, Story]]]
BOT = "autofix[bot]"
CLOSING = re.compile(
    r"anomaly detected at \d\d:\d\d, root cause: None check missing in (\S+) line \d+, "
    r"fix deployed at \d\d:\d\d, error rate back to baseline at \d\d:\d\d"
)


def assert_closed_with_the_summary(world: World, story: Story, path: str) -> None:
    """The fix in that file is merged, and the issue is closed with the one sentence; production is quiet."""
    assert story.outcome == "fixed", story.summary
    told = CLOSING.fullmatch(story.summary)
    assert told is not None, story.summary
    assert told[1] == path
    (pull,) = world.repository.pulls.values()
    assert pull.merged_at is not None
    issue = world.repository.issues[1]
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert any(story.summary in comment.body for comment in issue.comments if comment.user.login == BOT)
    assert story.before.errors > 0
    assert (story.after.errors, story.after.requests > 0) == (0, True)


# Datadog ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def bait() -> AsyncIterator[SentryStandIn]:
    """A Sentry that the server could read, and that nothing has to do with."""
    sentry = SentryStandIn(organization=OWNER, project=NAME, token=SENTRY_TOKEN)
    await sentry.start()
    yield sentry
    await sentry.stop()


async def test_an_error_in_datadog_is_fixed_without_recorded_values_and_resolved_there(
    played: Play, bait: SentryStandIn
) -> None:
    reads_sentry_too = {
        "AUTOFIX_SENTRY_URL": bait.base_url,
        "AUTOFIX_SENTRY_TOKEN": SENTRY_TOKEN,
        "AUTOFIX_SENTRY_ORGANIZATIONS": OWNER,
    }

    world, story = await played("datadog", settings=reads_sentry_too)

    assert_closed_with_the_summary(world, story, "shop/receipts.py")
    assert isinstance(world.tracker, DatadogTracker)
    datadog = world.tracker.stand_in
    (error,) = datadog.issues
    assert (error.state, error.service) == ("RESOLVED", "shop")
    assert error.fault.type == "builtins.AttributeError"
    issue = world.repository.issues[1]
    link = f"https://app.datadoghq.com/error-tracking/issue/{error.id}"
    assert issue.user.login == BOT
    assert issue.body is not None
    assert issue.body.startswith(f"Datadog Issue: [{error.id}]({link})\n")

    # The verdict is Datadog's: its counts of the release that has the fix, and of the requests that it served.
    merge = world.repository.git.branch("main")
    fixed = f'version:"shop@{merge}"'
    assert datadog.spans(f"@issue.id:{error.id}")
    assert not datadog.spans(f"@issue.id:{error.id} {fixed}")
    assert datadog.spans(f"@_top_level:1 {fixed}")
    asked = [call.path for call in datadog.journal]
    assert "/api/v2/spans/analytics/aggregate" in asked
    assert {call.status for call in datadog.journal} <= {200, 202}

    # A stack trace holds no values, so the test makes do with what the message says.
    (pull,) = world.repository.pulls.values()
    test = world.repository.git.files(world.repository.git.commit(pull.head_sha).tree)
    (path,) = [name for name in test if name.startswith("tests/test_regression_")]
    assert "SimpleNamespace(membership=None)" in world.repository.git.blob(test[path].sha).decode()

    assert not bait.journal
    assert not bait.groups
    assert not bait.transactions()
