"""The same incident with other error trackers than Sentry: a stand-in for Datadog, and a real Bugsink."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from app.demo.names import ALERT_AFTER, NAME, OWNER
from app.demo.sentry import SentryStandIn
from app.demo.story import Story
from app.demo.trackers import SENTRY_TOKEN, DatadogTracker
from app.demo.world import REQUESTS_PER_SECOND, World
from bugsink_server import CannotInstall, Running, installed, running
from bugsink_tracker import BugsinkTracker, shop_with_bugsink, workflow_variables

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


@pytest.mark.timeout(400)
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


# Bugsink ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    try:
        programs = installed()
    except CannotInstall as fault:
        pytest.skip(str(fault))
    with running(programs, tmp_path_factory.mktemp("bugsink"), in_production=True) as address:
        yield address


@pytest.mark.timeout(900)  # the first run installs Bugsink
async def test_an_error_in_a_real_bugsink_is_fixed_and_resolved_there_for_the_release(
    played: Play, server: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bugsink = BugsinkTracker(server)

    world, story = await played(
        "fixed",
        shop=shop_with_bugsink(tmp_path_factory.mktemp("with-bugsink"), server),
        tracker=bugsink,
        variables=workflow_variables(server),
        rate=REQUESTS_PER_SECOND,  # Bugsink takes a thousand events in five minutes
    )

    assert_closed_with_the_summary(world, story, "shop/checkout.py")
    assert world.repository.issues[1].user.login == "ada"
    fixed = f"shop@{world.repository.git.branch('main')}"
    (issue,) = await bugsink.issues()
    assert (issue["is_resolved"], issue["is_resolved_by_next_release"]) == (True, False)
    assert issue["fixed_at"] == [fixed]
    assert int(str(issue["digested_event_count"])) >= ALERT_AFTER
    faulty = f"shop@{world.repository.git.commit(fixed.removeprefix('shop@')).parents[0]}"
    async with bugsink.reader() as http:
        history = await http.get("issue-history/", params={"issue": str(issue["id"])})
        releases = await http.get("releases/", params={"project": server.project})
        searches = [{"issue": str(issue["id"]), "q": f'release:"{one}"'} for one in (faulty, fixed)]
        before, after = [(await http.get("events/", params=one)).json()["results"] for one in searches]
    assert story.summary in history.text
    assert {one["version"] for one in releases.json()["results"]} == {faulty, fixed}
    assert before
    assert not after
