"""The stand-in against a real SDK: what is sent over HTTP is what the REST API tells."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk

from app.clients.sentry import Sentry
from app.clients.tracker import Intake, NewIssue
from app.core.model import given
from app.core.sentry_event import raised_chain
from app.demo.sentry import SELF_HOSTED, Alert, SentryStandIn
from samples import FINDING

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sentry"
ORG = "/api/0/organizations/acme"
START = 1_764_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """A running stand-in, a client of its API, and the GitHub issues that it opened."""

    clock: Clock = field(default_factory=Clock)
    opened: list[Alert] = field(default_factory=list)
    sent: int = 0
    sentry: SentryStandIn = field(init=False)
    http: httpx.AsyncClient = field(init=False)

    async def open_issue(self, alert: Alert) -> None:
        self.opened.append(alert)

    async def get(
        self,
        path: str,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        params: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        answer = await self.http.get(path, params={**(params or {}), **more})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def put(self, path: str, body: object, status: HTTPStatus = HTTPStatus.OK) -> Any:
        answer = await self.http.put(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: object, status: HTTPStatus = HTTPStatus.CREATED) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def envelope(self, *items: tuple[str, object], status: HTTPStatus = HTTPStatus.OK) -> None:
        lines = ["{}"]
        for kind, payload in items:
            lines += [json.dumps({"type": kind}), json.dumps(payload)]
        key, _, rest = self.sentry.dsn.removeprefix("http://").partition("@")
        answer = await self.http.post(
            f"http://{rest.rpartition('/')[0]}/api/1/envelope/",
            content=gzip.compress("\n".join(lines).encode()),
            headers={"X-Sentry-Auth": f"Sentry sentry_key={key}", "Content-Encoding": "gzip"},
        )
        assert answer.status_code == status, answer.text

    async def error(
        self,
        function: str = "pay",
        *,
        release: str = "shop@1",
        value: str = "'zero'",
        user: str | None = None,
    ) -> None:
        call = {"filename": "shop/cart.py", "module": "shop.cart", "function": function, "lineno": 3}
        raised = {"type": "KeyError", "value": value, "stacktrace": {"frames": [{**call, "in_app": True}]}}
        self.sent += 1
        event = {
            "event_id": f"{self.sent:032x}",
            "platform": "python",
            "release": release,
            "environment": "production",
            "exception": {"values": [raised]},
            "user": {"id": user} if user is not None else None,
        }
        await self.envelope(("event", event))


@pytest.fixture(params=[None])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World()
    made.sentry = SentryStandIn(
        organization="acme",
        project="shop",
        token="secret",
        open_issue=made.open_issue,
        clock=made.clock,
        permalink_host=request.param,
    )
    base = await made.sentry.start()
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": "Bearer secret"}) as made.http:
        yield made
    await made.sentry.stop()


async def sdk(world: World, use: Callable[[], None], **options: Any) -> None:
    """Run `use` under a real SDK client, which has sent everything afterwards and is closed."""
    client = sentry_sdk.Client(
        dsn=world.sentry.dsn,
        default_integrations=False,
        shutdown_timeout=5,
        environment="production",
        **options,
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        use()
    await asyncio.to_thread(client.close, 5)


def price(basket: dict[str, Any]) -> float:
    rates = {"standard": 0.2}
    return rates[basket["band"]] * 100


def fail() -> None:
    try:
        price({"band": "zero"})
    except KeyError:
        sentry_sdk.capture_exception()


async def test_a_real_sdk_s_exception_becomes_a_group_with_its_locals(world: World) -> None:
    await sdk(world, fail, release="shop@1")
    (group,) = world.sentry.groups
    assert group.title == "KeyError: 'zero'"
    event = await world.get(f"{ORG}/issues/{group.id}/events/latest/")
    assert event["release"]["version"] == "shop@1"
    assert {"key": "environment", "value": "production"} in event["tags"]
    (raised,) = raised_chain(event)
    crash = raised.frames[-1]
    assert crash.function == "price"
    assert crash.code == '    return rates[basket["band"]] * 100'
    assert crash.variables["basket"] == {"band": "'zero'"}


async def test_a_real_sdk_s_transactions_and_sessions_count(world: World) -> None:
    def serve() -> None:
        for _ in range(3):
            with (
                sentry_sdk.start_transaction(op="http.server", name="/pay/"),
                sentry_sdk.start_span(op="db", name="SELECT 1"),
            ):
                pass

    await sdk(world, serve, release="shop@1", traces_sample_rate=1.0)
    assert world.sentry.transactions() == world.sentry.transactions("shop@1") == 3
    query = {"field": "count()", "dataset": "spans", "statsPeriod": "1h"}
    whole = await world.get(f"{ORG}/events/", query="is_transaction:true project:shop", params=query)
    assert whole["data"] == [{"count()": 3}]
    spans = await world.get(f"{ORG}/events/", params=query)
    assert spans["data"] == [{"count()": 6}]


async def test_the_api_shows_an_event_as_sentry_does(world: World) -> None:
    raw = json.loads((FIXTURES / "sdk_event.json").read_text(encoding="utf-8"))
    expected = json.loads((FIXTURES / "api_event.json").read_text(encoding="utf-8"))
    await world.envelope(("event", raw))
    event = await world.get(f"{ORG}/issues/SHOP-1/events/latest/")
    assert event.keys() >= expected.keys()
    for key in ("eventID", "title", "metadata", "contexts", "user", "context", "packages", "sdk", "platform"):
        assert event[key] == expected[key], key
    assert [entry["type"] for entry in event["entries"]] == [entry["type"] for entry in expected["entries"]]
    assert event["entries"][0] == expected["entries"][0]
    assert event["release"].keys() >= expected["release"].keys()


async def test_one_issue_is_opened_for_each_group(world: World) -> None:
    await world.error()
    await world.error(value="'reduced'")
    await world.error("refund")
    await world.sentry.settled()
    assert [alert.short_id for alert in world.opened] == ["SHOP-1", "SHOP-2"]
    alert = world.opened[0]
    assert alert.title == "KeyError: 'zero'"
    first, *_, last = alert.body.split("\n")
    assert first == "Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/7332116922/)"
    rule = "https://acme.sentry.io/organizations/acme/issues/alerts/rules/shop/42/"
    assert last == f"This issue was automatically created by Sentry via [New issues to GitHub]({rule})"
    manual = world.sentry.manual_issue(world.sentry.groups[0])
    assert "?referrer=github_integration)\n" in manual.body


@pytest.mark.parametrize("world", [SELF_HOSTED], indirect=True)
async def test_a_server_of_one_s_own_links_to_itself(world: World) -> None:
    await world.error()
    await world.sentry.settled()
    link = f"{world.sentry.base_url}/organizations/acme/issues/7332116922/"
    assert world.opened[0].permalink == link
    assert (await world.get(f"{ORG}/issues/SHOP-1/"))["permalink"] == link


async def test_an_alert_waits_for_its_number_of_events() -> None:
    opened: list[Alert] = []

    async def open_issue(alert: Alert) -> None:
        opened.append(alert)

    sentry = SentryStandIn(organization="a", project="p", token="t", open_issue=open_issue, alert_after=3)
    for count in (0, 0, 1, 1):
        sentry._received(sentry.store.add_event({"message": "x"}))
        await sentry.settled()
        assert len(opened) == count


async def test_a_failing_alert_is_not_swallowed() -> None:
    async def open_issue(_alert: Alert) -> None:
        raise ConnectionError("GitHub is away")

    sentry = SentryStandIn(organization="a", project="p", token="t", open_issue=open_issue)
    sentry._received(sentry.store.add_event({"message": "x"}))
    with pytest.raises(ConnectionError):
        await sentry.stop()


async def test_an_issue_by_number_and_by_short_id(world: World) -> None:
    await world.error()
    found = await world.get(f"{ORG}/shortids/SHOP-1/")
    assert (found["projectSlug"], found["groupId"], found["shortId"]) == ("shop", "7332116922", "SHOP-1")
    by_number, by_short_id = (
        await world.get(f"{ORG}/issues/7332116922/"),
        await world.get(f"{ORG}/issues/SHOP-1/"),
    )
    assert by_number == by_short_id == found["group"]
    assert (by_number["count"], by_number["userCount"]) == ("1", 0)
    assert by_number["stats"]["24h"][-1][1] == 1
    assert by_number["firstRelease"]["version"] == "shop@1"


async def test_events_by_position_id_release_and_time(world: World) -> None:
    await world.error(release="shop@1")
    world.clock.now += 60
    await world.error(release="shop@2")
    issue = f"{ORG}/issues/SHOP-1"
    assert (await world.get(f"{issue}/events/oldest/"))["release"]["version"] == "shop@1"
    latest = await world.get(f"{issue}/events/latest/")
    assert latest["release"]["version"] == "shop@2"
    assert latest["previousEventID"] == f"{1:032x}"
    assert await world.get(f"{issue}/events/{latest['eventID']}/") == latest
    assert await world.get(f"/api/0/projects/acme/shop/events/{latest['eventID']}/") == latest
    assert (await world.get(f"{ORG}/eventids/{latest['eventID']}/"))["event"] == latest
    await world.get(f"{issue}/events/{'f' * 32}/", HTTPStatus.NOT_FOUND)
    await world.get(f"{issue}/events/latest/", HTTPStatus.NOT_FOUND, environment="staging")
    assert len(await world.get(f"{issue}/events/")) == 2
    listed = await world.get(f"{issue}/events/", full="true", query="release:shop@1")
    assert [event["eventID"] for event in listed] == [f"{1:032x}"]
    early = {"start": "2025-11-24T16:00:00Z", "end": "2025-11-24T16:00:30"}
    assert [event["eventID"] for event in await world.get(f"{issue}/events/", params=early)] == [f"{1:032x}"]
    values = await world.get(f"{issue}/tags/release/values/")
    assert [(value["value"], value["count"]) for value in values] == [("shop@1", 1), ("shop@2", 1)]


async def test_lists_come_in_pages(world: World) -> None:
    for _ in range(3):
        await world.error()
    path: str | httpx.URL = f"{ORG}/issues/SHOP-1/events/?per_page=2"
    sizes = []
    for _ in range(5):
        answer = await world.http.get(path)
        sizes.append(len(answer.json()))
        following = answer.links["next"]
        assert {"previous", "next"} <= answer.links.keys()
        if following["results"] == "false":
            break
        path = following["url"]
    assert sizes == [2, 1]
    await world.get(f"{ORG}/issues/SHOP-1/events/", HTTPStatus.BAD_REQUEST, cursor="nonsense")


async def count(world: World, query: str, **more: str) -> int:
    fields = {"field": "count()", "dataset": "errors", "query": query, "statsPeriod": "1h", **more}
    answer = await world.get(f"{ORG}/events/", params=fields)
    number: int = answer["data"][0]["count()"]
    return number


async def test_totals_by_issue_release_environment_and_time(world: World) -> None:
    await world.error(release="shop@1")
    await world.error(release='odd "name"')
    world.clock.now += 7_200
    await world.error("refund", release="shop@1")
    assert await count(world, "issue:SHOP-1") == 0
    assert await count(world, "issue:SHOP-1", statsPeriod="24h") == 2
    assert await count(world, "issue:SHOP-1 release:shop@1", statsPeriod="24h") == 1
    assert await count(world, r'release:"odd \"name\""', statsPeriod="24h") == 1
    assert await count(world, "release:shop@1 environment:production", statsPeriod="24h") == 2
    assert await count(world, "release:shop@1", environment="staging") == 0
    assert await count(world, "project:other") == 0
    by_release = await world.get(f"{ORG}/events/", field=["count()", "release"], statsPeriod="24h")
    assert by_release["data"][0] == {"release": "shop@1", "count()": 2}


@pytest.mark.parametrize(
    "query",
    [
        {"query": "issue:SHOP-99"},
        {"query": "user.id:1"},
        {"query": "release:shop*"},
        {"query": "words"},
        {"dataset": "discover"},
        {"field": "p95()"},
        {"start": "2025-11-24T16:00:00Z"},
        {"start": "yesterday", "end": "today"},
        {"statsPeriod": "ever"},
    ],
)
async def test_what_it_does_not_know_it_refuses(world: World, query: dict[str, str]) -> None:
    await world.get(f"{ORG}/events/", HTTPStatus.BAD_REQUEST, params={"field": "count()", **query})


async def test_counts_over_time_and_the_unfinished_interval(world: World) -> None:
    await world.error()
    world.clock.now += 90
    await world.error()
    answer = await world.get(
        f"{ORG}/events-timeseries/",
        dataset="errors",
        yAxis="count()",
        query="issue:SHOP-1",
        interval="60",
        start="2025-11-24T16:00:00",
        end="2025-11-24T16:10:00",
    )
    (line,) = answer["timeSeries"]
    assert [(value["value"], value["incomplete"]) for value in line["values"]] == [(1, False), (1, True)]
    assert line["values"][0]["timestamp"] == START * 1_000
    assert answer["meta"]["dataset"] == "errors"


async def test_sessions(world: World) -> None:
    attributes = {"release": "shop@1", "environment": "production"}
    aggregates = [{"started": "2026-11-23T02:31:00.000000Z", "exited": 5, "crashed": 1}]
    await world.envelope(
        ("sessions", {"attrs": attributes, "aggregates": aggregates}),
        ("session", {"attrs": attributes, "init": True, "status": "ok", "errors": 0}),
        ("client_report", {"discarded_events": []}),
        ("check_in", {"status": "ok"}),
    )
    answer = await world.get(
        f"{ORG}/sessions/", field="sum(session)", groupBy=["session.status", "release"], statsPeriod="1h"
    )
    totals = {group["by"]["session.status"]: group["totals"]["sum(session)"] for group in answer["groups"]}
    assert totals == {"healthy": 6, "crashed": 1}
    assert len(answer["intervals"]) == len(answer["groups"][0]["series"]["sum(session)"])


async def test_an_issue_resolved_in_a_release_regresses_on_that_release_or_a_later_one(world: World) -> None:
    await world.error(release="shop@1")
    await world.post(f"{ORG}/releases/", {"version": "shop@2", "projects": ["shop"]})
    body = {"status": "resolved", "statusDetails": {"inRelease": "shop@2"}}
    issue = await world.put(f"{ORG}/issues/SHOP-1/", body)
    assert (issue["status"], issue["statusDetails"]) == ("resolved", {"inRelease": "shop@2"})
    await world.error(release="shop@1")
    assert (await world.get(f"{ORG}/issues/SHOP-1/"))["status"] == "resolved"
    await world.error(release="shop@3")
    issue = await world.get(f"{ORG}/issues/SHOP-1/")
    assert (issue["status"], issue["substatus"], issue["statusDetails"]) == ("unresolved", "regressed", {})
    activities = await world.get(f"{ORG}/issues/SHOP-1/activities/")
    kinds = [activity["type"] for activity in activities["activity"]]
    assert kinds == ["set_regression", "set_resolved_in_release", "first_seen"]
    await world.sentry.settled()
    assert len(world.opened) == 1


@pytest.mark.parametrize(
    ("body", "release", "status"),
    [
        ({"status": "resolved"}, "shop@1", "unresolved"),
        ({"status": "resolvedInNextRelease"}, "shop@1", "resolved"),
        ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, "shop@2", "unresolved"),
        ({"status": "resolved", "statusDetails": {"inRelease": "latest"}}, "shop@1", "unresolved"),
        ({"status": "ignored"}, "shop@2", "ignored"),
    ],
)
async def test_other_ways_to_settle_an_issue(world: World, body: object, release: str, status: str) -> None:
    await world.error(release="shop@1")
    await world.put(f"{ORG}/issues/SHOP-1/", body)
    await world.error(release=release)
    assert (await world.get(f"{ORG}/issues/SHOP-1/"))["status"] == status


async def test_an_issue_cannot_be_resolved_in_an_unknown_release(world: World) -> None:
    await world.error()
    body = {"status": "resolved", "statusDetails": {"inRelease": "shop@9"}}
    refusal = await world.put(f"{ORG}/issues/SHOP-1/", body, HTTPStatus.BAD_REQUEST)
    message = "Unable to find a release with the given version."
    assert refusal == {"statusDetails": {"inRelease": [message]}}
    await world.put(f"{ORG}/issues/SHOP-1/", {"status": "gone"}, HTTPStatus.BAD_REQUEST)
    await world.put(f"{ORG}/issues/SHOP-1/", ["no"], HTTPStatus.BAD_REQUEST)


async def test_issues_are_listed_by_status(world: World) -> None:
    await world.error()
    await world.error("refund")
    await world.put(f"{ORG}/issues/SHOP-1/", {"status": "resolved"})
    assert [issue["shortId"] for issue in await world.get(f"{ORG}/issues/")] == ["SHOP-2"]
    assert len(await world.get(f"{ORG}/issues/", query="")) == 2


async def test_issues_are_listed_by_their_first_release_and_time(world: World) -> None:
    await world.error(release="shop@1")
    world.clock.now += 60
    await world.error("refund", release="shop@2")
    await world.error(release="shop@2")

    async def listed(query: str, **more: str) -> list[str]:
        found = await world.get(f"{ORG}/issues/", params={"query": query, **more})
        return [one["shortId"] for one in found]

    assert await listed("firstRelease:shop@2") == ["SHOP-2"]
    assert await listed("firstRelease:shop@1 is:unresolved") == ["SHOP-1"]
    assert await listed("firstSeen:>=2025-11-24T16:01:00Z") == ["SHOP-2"]
    assert await listed("", project="1", environment="production") == ["SHOP-1", "SHOP-2"]
    assert await listed("", environment="staging") == await listed("", project="7") == []
    for query in ("firstSeen:yesterday", "firstSeen:<2025-11-24", "words"):
        await world.get(f"{ORG}/issues/", HTTPStatus.BAD_REQUEST, query=query)


async def test_users_are_counted_where_events_name_them(world: World) -> None:
    for user in ("c-1", "c-1", "c-2", None):
        await world.error(user=user)
    await world.error("refund", user="c-3")
    both = {"field": ["issue", "count()", "count_unique(user)"], "statsPeriod": "1h"}
    rows = (await world.get(f"{ORG}/events/", params=both))["data"]
    assert rows == [
        {"issue": "SHOP-1", "count()": 4, "count_unique(user)": 2},
        {"issue": "SHOP-2", "count()": 1, "count_unique(user)": 1},
    ]
    assert await count(world, "issue:SHOP-1 has:user") == 3
    await world.get(f"{ORG}/events/", HTTPStatus.BAD_REQUEST, field="count()", query="has:release")
    over_time = await world.get(
        f"{ORG}/events-timeseries/", yAxis="count_unique(user)", interval="15", statsPeriod="1m"
    )
    assert [value["value"] for value in over_time["timeSeries"][0]["values"]][-1] == 3
    await world.get(f"{ORG}/events-timeseries/", HTTPStatus.BAD_REQUEST, yAxis="p95()", statsPeriod="1m")


async def test_all_error_events_were_accepted_in_whole_intervals(world: World) -> None:
    await world.error()
    world.clock.now += 90
    await world.error("refund")
    asked = {"field": "sum(quantity)", "category": "error", "groupBy": ["outcome", "reason"]}
    within = {"interval": "1m", "start": "2025-11-24T16:00:30Z", "end": "2025-11-24T16:01:00Z"}
    answer = await world.get(f"{ORG}/stats_v2/", params={**asked, **within})
    (group,) = answer["groups"]
    assert group["by"] == {"outcome": "accepted", "reason": "none"}
    assert (group["totals"], answer["intervals"]) == ({"sum(quantity)": 1}, ["2025-11-24T16:00:00Z"])
    later = {**within, "start": "2025-11-24T16:05:00Z", "end": "2025-11-24T16:06:00Z"}
    assert (await world.get(f"{ORG}/stats_v2/", params={**asked, **later}))["groups"] == []
    for wrong in ({"category": "transaction"}, {"field": "sum(times_seen)"}, {"groupBy": "project"}):
        await world.get(f"{ORG}/stats_v2/", HTTPStatus.BAD_REQUEST, params={**asked, **within, **wrong})


async def test_our_client_sees_what_surrounds_an_issue(world: World) -> None:
    await world.error(user="c-1")
    world.clock.now += 600
    deployed = world.clock.now
    await world.error("refund", release="shop@2", user="c-1")
    await world.error(release="shop@2", user="c-2")
    await world.put(f"{ORG}/issues/SHOP-1/", {"status": "ignored"})
    world.clock.now += 60
    start, end = (datetime.fromtimestamp(at, UTC) for at in (deployed, world.clock.now))
    group = world.sentry.groups[0].id
    finding = replace(FINDING, group=group, short_id="SHOP-1", project="shop")
    async with httpx.AsyncClient(trust_env=False) as http:
        client = Sentry(http, world.sentry.base_url, "secret", now=world.clock)
        users = given(await client.users(finding, start=start, end=end, release="shop@2"))
        assert (users.together, users.over_time.total) == (1, 1)
        assert given(await client.all_errors(finding, start=start, end=end, release="shop@2")).total == 2
        new = await client.new_issues(finding, start=start, end=end, release="shop@2")
        assert new == (NewIssue("SHOP-2", 1),) == await client.new_issues(finding, start=start, end=end)
        assert await client.intake(finding, start=start, end=end) == Intake(2, 0, 0)
        assert await client.changes(finding, since=start) == ("the issue was set to ignored",)
        assert await client.changes(finding, since=end) == ()


async def test_notes(world: World) -> None:
    await world.error()
    note = await world.post(f"{ORG}/issues/SHOP-1/notes/", {"text": "fixed by #7"})
    assert note["data"] == {"text": "fixed by #7"}
    assert [item["id"] for item in await world.get(f"{ORG}/issues/SHOP-1/notes/")] == [note["id"]]
    await world.post(f"{ORG}/issues/SHOP-1/notes/", {"text": " "}, HTTPStatus.BAD_REQUEST)


async def test_releases_their_commits_and_deploys(world: World) -> None:
    patches = [{"path": "src/shop/cart.py", "type": "M"}]
    commit = {"id": "f" * 40, "message": "Price zero\n\nmore", "author_name": "Ada", "patch_set": patches}
    body = {"version": "shop/1 @x", "projects": ["shop"], "commits": [commit]}
    made = await world.post(f"{ORG}/releases/", body)
    assert made["lastCommit"]["id"] == "f" * 40
    await world.post(f"{ORG}/releases/", body, HTTPStatus.ALREADY_REPORTED)
    release = f"{ORG}/releases/shop%2F1%20%40x"
    deploy = await world.post(f"{release}/deploys/", {"environment": "production"})
    assert deploy["environment"] == "production"
    assert [item["id"] for item in await world.get(f"{release}/deploys/")] == [deploy["id"]]
    assert [item["id"] for item in await world.get(f"{release}/commits/")] == ["f" * 40]
    assert (await world.get(f"{release}/"))["lastDeploy"] == deploy
    assert [item["version"] for item in await world.get(f"{ORG}/releases/")] == ["shop/1 @x"]
    await world.get(f"{ORG}/releases/nothing/", HTTPStatus.NOT_FOUND)
    await world.post(f"{ORG}/releases/", {"version": "x", "projects": ["other"]}, HTTPStatus.BAD_REQUEST)
    await world.error(release="shop/1 @x")
    found = await world.get(f"/api/0/projects/acme/shop/events/{1:032x}/committers/")
    assert found["committers"][0]["commits"][0]["id"] == "f" * 40


async def test_no_suspect_is_a_404_in_sentry_s_words(world: World) -> None:
    await world.error()
    path = f"/api/0/projects/acme/shop/events/{1:032x}/committers/"
    assert await world.get(path, HTTPStatus.NOT_FOUND) == {"detail": "No committers found"}


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"Authorization": ""}, "Authentication credentials were not provided."),
        ({"Authorization": "Bearer other"}, "Invalid token"),
    ],
)
async def test_a_wrong_token_is_a_401(world: World, headers: dict[str, str], detail: str) -> None:
    answer = await world.http.get(f"{ORG}/issues/", headers=headers)
    assert (answer.status_code, answer.json()) == (HTTPStatus.UNAUTHORIZED, {"detail": detail})


async def test_a_missing_scope_is_a_403_and_another_organization_a_404(world: World) -> None:
    await world.error()
    world.sentry.scopes.discard("event:write")
    refusal = await world.put(f"{ORG}/issues/SHOP-1/", {"status": "resolved"}, HTTPStatus.FORBIDDEN)
    assert refusal == {"detail": "You do not have permission to perform this action."}
    missing = await world.get("/api/0/organizations/other/issues/", HTTPStatus.NOT_FOUND)
    assert missing == {"detail": "The requested resource does not exist"}


async def test_a_missing_slash_is_a_404_that_says_so(world: World) -> None:
    answer = await world.http.get(f"{ORG}/issues")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.text.startswith("Route not found, did you forget a trailing slash?")
    assert (await world.http.get("/api/0/nothing/")).status_code == HTTPStatus.NOT_FOUND
    assert (await world.http.delete(f"{ORG}/issues/")).status_code == HTTPStatus.METHOD_NOT_ALLOWED


async def test_every_answer_tells_the_limit_and_is_journaled(world: World) -> None:
    answer = await world.http.get(f"{ORG}/issues/?query=is:resolved")
    limits = {name: value for name, value in answer.headers.items() if name.startswith("x-sentry-rate-limit")}
    assert limits["x-sentry-rate-limit-limit"] == "40"
    assert limits["x-sentry-rate-limit-remaining"] == "39"
    assert limits["x-sentry-rate-limit-reset"] == str(int(START) + 1)
    (call,) = world.sentry.journal
    assert (call.method, call.path, call.query, call.status) == (
        "GET",
        f"{ORG}/issues/",
        "query=is:resolved",
        200,
    )


async def test_faults(world: World) -> None:
    world.sentry.faults.fail_next(1)
    world.sentry.faults.fail_next(1, HTTPStatus.TOO_MANY_REQUESTS, retry_after=7)
    await world.get(f"{ORG}/issues/", HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = await world.http.get(f"{ORG}/issues/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.TOO_MANY_REQUESTS, "7")
    world.sentry.faults.hang_next(1)
    with pytest.raises(httpx.ReadTimeout):
        await world.http.get(f"{ORG}/issues/", timeout=0.05)
    world.sentry.faults.latency = 0.01
    await world.get(f"{ORG}/issues/")
    world.sentry.faults.clear()
    await world.error()
    assert world.sentry.events() == 1


async def test_late_data_is_seen_late_but_the_issue_exists_at_once(world: World) -> None:
    world.sentry.lag = 30
    await world.error()
    assert world.sentry.events() == world.sentry.events("shop@1") == 1
    assert (await world.get(f"{ORG}/issues/SHOP-1/"))["count"] == "1"
    await world.get(f"{ORG}/issues/SHOP-1/events/latest/", HTTPStatus.NOT_FOUND)
    assert await count(world, "issue:SHOP-1") == 0
    world.clock.now += 30
    await world.get(f"{ORG}/issues/SHOP-1/events/latest/")
    assert await count(world, "issue:SHOP-1") == 1
    assert world.sentry.events(since=world.clock.now) == 0


async def test_envelopes_of_strangers_and_nonsense_are_refused(world: World) -> None:
    key = world.sentry.dsn.removeprefix("http://").partition("@")[0]
    answer = await world.http.post("/api/1/envelope/?sentry_key=other", content=b"{}")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    answer = await world.http.post(f"/api/2/envelope/?sentry_key={key}", content=b"{}")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    answer = await world.http.post(f"/api/1/envelope/?sentry_key={key}", content=b"no")
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    bomb = gzip.compress(b"0" * 30_000_000)
    headers = {"Content-Encoding": "gzip"}
    answer = await world.http.post(f"/api/1/envelope/?sentry_key={key}", content=bomb, headers=headers)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert world.sentry.events() == 0
    assert not world.sentry.journal
