"""Our client against a real Bugsink that a real sentry-sdk reports to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
import sentry_sdk

from app.clients.bugsink import Bugsink
from app.clients.tracker import IssueState, NewIssue, TrackedRelease
from app.core.errors import NotFound, Refused, Unauthorized
from app.core.model import Finding, given
from bugsink_server import CannotInstall, Running, installed, running

pytestmark = pytest.mark.timeout(600)  # the first run installs Bugsink

OLD, NEW = "shop@" + "a" * 40, "shop@" + "b" * 40
ISSUE = "SHOP-1"


class PricingError(Exception):
    """What the shop raises."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    try:
        programs = installed()
    except CannotInstall as fault:
        pytest.skip(str(fault))
    with running(programs, tmp_path_factory.mktemp("bugsink")) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def price(basket: dict[str, int], sku: str) -> int:
    return basket[sku]


def report(server: Running, *, release: str, at: datetime) -> None:
    """The shop has failed once, at that time."""
    client = sentry_sdk.Client(
        dsn=server.dsn,
        release=release,
        environment="production",
        default_integrations=False,
        before_send=lambda event, _hint: cast("Any", {**event, "timestamp": at.isoformat()}),
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.add_breadcrumb(category="basket", message=f"priced for {release[:6]}", level="info")
        try:
            try:
                price({"tea": 3}, "zero")
            except KeyError as cause:
                raise PricingError("line 1 can not be priced") from cause
        except PricingError:
            scope.capture_exception()
    client.close(timeout=20)


async def test_an_error_travels_from_the_sdk_to_its_resolution(
    server: Running, http: httpx.AsyncClient
) -> None:
    bugsink = Bugsink(http, server.url, server.token)
    now = datetime.now(UTC)
    ago = [now - timedelta(minutes=minutes) for minutes in (30, 12, 11, 5)]
    for at in ago:
        report(server, release=OLD, at=at)

    finding = given(await bugsink.read("", ISSUE))
    assert (finding.source, finding.project, finding.short_id) == ("bugsink", server.project, ISSUE)
    assert (finding.release, finding.environment, finding.events) == (OLD, "production", 4)
    assert finding.title == "PricingError: line 1 can not be priced"
    assert [raised.type for raised in finding.chain] == ["KeyError", "PricingError"]
    frame = finding.root.frames[-1]
    assert (frame.function, frame.code) == ("price", "    return basket[sku]")
    assert frame.variables == {"basket": {"tea": "3"}, "sku": "'zero'"}
    page = await http.get(finding.url, follow_redirects=True)
    assert page.status_code == httpx.codes.OK

    assert await bugsink.releases(finding) == (OLD, OLD)
    assert [(one.category, one.text) for one in await bugsink.breadcrumbs(finding)] == [
        ("basket", "priced for shop@a")
    ]
    assert await bugsink.newest_release(server.project) == OLD
    await _counts(bugsink, finding, now)
    assert await bugsink.traffic(finding, start=now - timedelta(hours=1), end=now) is None
    assert await bugsink.known_release(finding, OLD) == TrackedRelease(OLD, None)
    assert await bugsink.known_release(finding, NEW) is None
    assert await bugsink.state(finding) is IssueState.OPEN

    assert await bugsink.changes(finding, since=now - timedelta(hours=1)) == ()
    assert await bugsink.new_issues(finding, start=now - timedelta(hours=1), end=now) == ()
    others = replace(finding, group="0" * 8 + finding.group[8:])  # seen from another issue, ours is new
    assert await bugsink.new_issues(others, start=now - timedelta(hours=1), end=now) == (NewIssue(ISSUE, 4),)

    assert await bugsink.note(finding, "fixed by #7, verified in production")
    await bugsink.resolve(finding, NEW)
    await bugsink.resolve(finding, NEW)  # a step may run twice
    assert await bugsink.changes(finding, since=now) == ("somebody resolved the issue",)
    assert (await bugsink.changes(others, since=now))[0] == "the issue is gone from Bugsink"
    issue = await bugsink.issue(finding.group)
    assert (issue.is_resolved, issue.fixed_in) == (True, (NEW,))
    assert await bugsink.known_release(finding, NEW) == TrackedRelease(NEW, None)
    history = await http.get(
        f"{server.url}/api/canonical/0/issue-history/",
        params={"issue": finding.group},
        headers={"Authorization": f"Bearer {server.token}"},
    )
    assert "fixed by #7, verified in production" in history.text

    report(server, release=OLD, at=now)  # an old process is still running
    assert await bugsink.state(finding) is IssueState.RESOLVED
    report(server, release=NEW, at=now)
    assert await bugsink.state(finding) is IssueState.REGRESSED
    assert await bugsink.releases(finding) == (OLD, NEW)


async def _counts(bugsink: Bugsink, finding: Finding, now: datetime) -> None:
    start = now - timedelta(minutes=20)
    counts = await bugsink.errors(finding, start=start, end=now, release=OLD)
    assert counts.total == 3
    assert {bucket.seconds for bucket in counts.buckets} == {60.0}
    assert [bucket.count for bucket in counts.buckets if bucket.count] in ([1, 1, 1], [2, 1])
    assert given(counts.complete_until) >= (now - timedelta(minutes=3)).timestamp()
    assert counts.buckets[-1].incomplete
    assert (await bugsink.errors(finding, start=start, end=now)).total == 3
    assert (await bugsink.errors(finding, start=now - timedelta(hours=1), end=now)).total == 4
    assert (await bugsink.errors(finding, start=start, end=now, release=NEW)).total == 0
    assert (await bugsink.errors(finding, start=start, end=now, release='x" y:z')).total == 0


async def test_what_the_token_may_not_do_is_named(server: Running, http: httpx.AsyncClient) -> None:
    reader = Bugsink(http, server.url, server.reader)
    with pytest.raises(Unauthorized, match="need events:read"):
        await reader.event("00000000-0000-0000-0000-000000000000")
    with pytest.raises(Unauthorized, match="need releases:read"):
        await reader.newest_release(server.project)
    with pytest.raises(NotFound):
        await Bugsink(http, server.url, server.token).newest_release("999")
    with pytest.raises(NotFound):
        await Bugsink(http, server.url, server.token).event("00000000-0000-0000-0000-000000000000")
    with pytest.raises(Unauthorized, match="not valid"):
        await Bugsink(http, server.url, "0" * 40).issue(ISSUE)
    for nobody in ("SHOP-999", "00000000-0000-0000-0000-000000000000", "../projects"):
        with pytest.raises(NotFound):
            await reader.issue(nobody)
    with pytest.raises(Refused, match="Invalid issue identifier"):
        await reader.issue("no such issue")
