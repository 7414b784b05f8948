"""The stand-in answers our own client of Datadog from what was sent to it, and alerts by our own template."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from app.clients.datadog import Datadog
from app.clients.tracker import IssueState, TrackedRelease
from app.core.errors import NotFound, Refused, Unauthorized
from app.core.model import Finding, given
from app.demo.datadog import DatadogStandIn, ErrorMonitor, Webhook
from app.demo.datadog.monitor import NotDelivered
from app.demo.trackers import MONITOR_MESSAGE, WEBHOOK_PAYLOAD

SITE = "datadoghq.com"
OLD, NEW = "shop@" + "a" * 40, "shop@" + "b" * 40
SECRET = {"X-Autofix-Secret": "hush"}
DOCS = Path(__file__).parents[3] / "docs" / "ways-in.md"


@dataclass
class Clock:
    at: float = 1_764_000_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Site:
    """A stand-in, our client that reads it, and what programs send to it."""

    stand_in: DatadogStandIn
    http: httpx.AsyncClient
    clock: Clock

    def client(self, **changed: Any) -> Datadog:
        keys = {"api_key": "k" * 32, "application_key": "a" * 40} | changed
        hits = keys.pop("hits_metric", None)
        return Datadog(
            self.http, SITE, **keys, base_url=self.stand_in.base_url, hits_metric=hits, now=self.clock
        )

    async def request(self, version: str = OLD, *, fails: bool = False, **more: Any) -> None:
        """The shop has served a request, and said so to the Agent; some time goes by."""
        root = span(version, fails=fails, **more)
        inner = span(version, fails=fails, **more) | {"span_id": 2, "parent_id": 1, "name": "sql.query"}
        answer = await self.http.put(f"{self.stand_in.base_url}/v0.3/traces", json=[[root, inner]])
        assert answer.is_success, answer.text
        self.clock.at += 0.5

    async def post(self, path: str, body: Any) -> httpx.Response:
        keys = {"DD-API-KEY": "k" * 32, "DD-APPLICATION-KEY": "a" * 40}
        answer = await self.http.post(f"{self.stand_in.base_url}{path}", json=body, headers=keys)
        self.clock.at += 0.5
        return answer

    async def finding(self) -> Finding:
        (issue,) = self.stand_in.issues
        return given(await self.client().read("", issue.id))

    @property
    def window(self) -> dict[str, Any]:
        """The last hour."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        return {"start": now - timedelta(hours=1), "end": now}


def span(version: str, *, fails: bool, user: str = "c-1", folder: str = "/srv/shop-1") -> dict[str, Any]:
    meta = {"env": "production", "version": version, "usr.id": user}
    if fails:
        stack = (
            "Traceback (most recent call last):\n"
            '  File "/venv/lib/python3.12/site-packages/aiohttp/web_app.py", line 9, in _handle\n'
            "    resp = await handler(request)\n"
            f'  File "{folder}/shop/prices.py", line 7, in price\n'
            "    return PRICES[sku]\n"
            "           ~~~~~~^^^^^\n"
            "KeyError: 'zero'\n"
        )
        meta |= {"error.type": "builtins.KeyError", "error.message": "'zero'", "error.stack": stack}
    return {
        "trace_id": 7,
        "span_id": 1,
        "parent_id": 0,
        "service": "shop",
        "name": "aiohttp.request",
        "resource": "POST /checkout",
        "type": "web",
        "start": 1,
        "duration": 1_000,
        "error": int(fails),
        "meta": meta,
        "metrics": {"_sampling_priority_v1": 1},
    }


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    clock = Clock()
    stand_in = DatadogStandIn(api_key="k" * 32, application_key="a" * 40, clock=clock)
    await stand_in.start()
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Site(stand_in, http, clock)
    await stand_in.stop()


async def test_errors_of_one_place_are_one_issue_whatever_the_version(site: Site) -> None:
    await site.request(fails=True)
    await site.request(NEW, fails=True, user="c-2", folder="/srv/shop-2")
    await site.request()

    (issue,) = site.stand_in.issues
    assert (issue.total, issue.first_version, issue.last_version) == (2, OLD, NEW)
    assert issue.fault.place == ("/srv/shop-1/shop/prices.py", "price")
    finding = await site.finding()
    assert (finding.project, finding.environment, finding.events) == ("shop", "production", 2)
    assert finding.release == NEW
    assert finding.title == "builtins.KeyError: 'zero'"
    assert finding.url == f"https://app.{SITE}/error-tracking/issue/{issue.id}"
    assert [raised.type for raised in finding.chain] == ["KeyError"]
    frame = finding.root.frames[-1]
    assert (frame.function, frame.line, frame.code, frame.variables) == ("price", 7, "return PRICES[sku]", {})
    (found,) = await site.client().search_issues("service:shop", **site.window)
    assert (found.id, found.events, found.users) == (issue.id, 2, 2)
    assert await site.client().search_issues("service:other", **site.window) == ()
    assert await site.client().search_issues(f'version:"{OLD}"', **site.window, track="logs") == ()


async def test_counts_are_of_what_was_sent_by_minute_and_version(site: Site) -> None:
    for fails in (True, True, False):
        await site.request(fails=fails)
    site.clock.at += 120
    await site.request(NEW)
    site.clock.at += 120
    finding = await site.finding()

    client = site.client()
    errors = await client.errors(finding, **site.window)
    assert [bucket.count for bucket in errors.buckets if bucket.count] == [2]
    assert (await client.errors(finding, **site.window, release=NEW)).total == 0
    for reader in (client, site.client(hits_metric="trace.aiohttp.request.hits")):
        requests = given(await reader.traffic(finding, **site.window))
        assert [bucket.count for bucket in requests.buckets if bucket.count] == [3, 1]
        assert given(await reader.traffic(finding, **site.window, release=NEW)).total == 1
    failed = site.client(hits_metric="trace.aiohttp.request.errors")
    assert given(await failed.traffic(finding, **site.window)).total == 2
    assert await site.client(hits_metric="trace.other.hits").traffic(finding, **site.window) is None


async def test_what_lags_is_not_to_be_seen_yet(site: Site) -> None:
    await site.request(fails=True)
    site.stand_in.store.lag = 30
    await site.request(fails=True)
    finding = await site.finding()
    assert (await site.client().errors(finding, **site.window)).total == 1
    site.clock.at += 30
    assert (await site.client().errors(finding, **site.window)).total == 2


async def test_logs_are_a_track_of_their_own(site: Site) -> None:
    custom = span(OLD, fails=True)["meta"]
    error = {name: custom[f"error.{name}"] for name in ("message", "stack")} | {"kind": "KeyError"}
    log = {
        "ddsource": "python",
        "ddtags": f"env:staging,version:{OLD}",
        "service": "shop",
        "status": "ERROR",
        "message": "checkout failed",
        "error": error,
    }
    assert (
        await site.post("/api/v2/logs", [log, log | {"status": "info"}])
    ).status_code == HTTPStatus.ACCEPTED

    finding = await site.finding()
    assert finding.event_id.startswith("logs/")
    assert (finding.release, finding.environment, finding.events) == (OLD, "staging", 1)
    assert (await site.client().errors(finding, **site.window, release=OLD)).total == 1


async def test_a_resolved_issue_reopens_only_in_a_version_that_is_new_to_it(site: Site) -> None:
    await site.request(fails=True)
    finding, client = await site.finding(), site.client()
    assert await client.state(finding) is IssueState.OPEN
    await client.resolve(finding, NEW)
    assert await client.state(finding) is IssueState.RESOLVED
    await site.request(fails=True)  # an old process is still running
    assert await client.state(finding) is IssueState.RESOLVED
    await site.request(NEW, fails=True)
    assert await client.state(finding) is IssueState.REGRESSED
    with pytest.raises(Refused, match="state must be one of"):
        await client.set_state(finding.group, "DONE")


async def test_an_issue_takes_a_note_once_people_opened_a_case(site: Site) -> None:
    await site.request(fails=True)
    finding, client = await site.finding(), site.client()
    assert not await client.note(finding, "fixed by #7")
    case = site.stand_in.store.open_case(site.stand_in.issues[0])
    assert await client.note(finding, "fixed by #7")
    assert case.comments == ["fixed by #7"]


async def test_a_deployment_names_its_commit(site: Site) -> None:
    await site.request(fails=True)
    finding, client = await site.finding(), site.client()
    assert await client.known_release(finding, NEW) is None
    told = {
        "service": "shop",
        "env": "production",
        "version": NEW,
        "started_at": int(site.clock() * 1e9),
        "finished_at": int(site.clock() * 1e9),
        "git": {"commit_sha": "b" * 40, "repository_url": "https://github.com/acme/shop"},
    }
    body = {"data": {"attributes": told}}
    assert (await site.post("/api/v2/dora/deployment", body)).is_success
    assert await client.known_release(finding, NEW) == TrackedRelease(NEW, "b" * 40)
    assert await client.known_release(replace(finding, project="other"), NEW) is None


async def test_pages_lead_from_one_to_the_next(site: Site) -> None:
    for number in range(7):
        await site.request(fails=True, user=f"c-{number}")
    (issue,) = site.stand_in.issues
    body: dict[str, Any] = {"filter": {"query": f"@issue.id:{issue.id}"}, "page": {"limit": 3}}
    users: list[str] = []
    for _ in range(3):
        answer = (await site.post("/api/v2/spans/events/search", {"data": {"attributes": body}})).json()
        users += [one["attributes"]["custom"]["usr"]["id"] for one in answer["data"]]
        body["page"]["cursor"] = answer["meta"].get("page", {}).get("after")
    assert users == [f"c-{number}" for number in range(7)]
    assert body["page"]["cursor"] is None


async def test_spans_and_logs_of_a_trace_belong_together(site: Site) -> None:
    await site.request(fails=True)
    log = {"service": "shop", "message": "a customer pays", "dd": {"trace_id": "7"}}
    await site.post("/api/v2/logs", [log, log | {"dd": {"trace_id": "8"}}])
    asked = {"filter": {"query": 'trace_id:"7"'}, "sort": "-timestamp"}
    spans = (await site.post("/api/v2/spans/events/search", {"data": {"attributes": asked}})).json()["data"]
    logs = (await site.post("/api/v2/logs/events/search", asked)).json()["data"]
    assert [one["attributes"]["span_id"] for one in spans] == ["2", "1"]
    assert {one["attributes"]["type"] for one in spans} == {"web"}
    assert [one["attributes"]["message"] for one in logs] == ["a customer pays"]


async def test_groups_and_distinct_values_are_counted(site: Site) -> None:
    for version, user in ((OLD, "c-1"), (OLD, "c-2"), (OLD, "c-1"), (NEW, "c-1")):
        await site.request(version, fails=True, user=user)
    asked = {
        "compute": [{"aggregation": "count"}, {"aggregation": "cardinality", "metric": "@usr.id"}],
        "filter": {"query": "service:shop status:error @_top_level:1 -env:staging"},
        "group_by": [{"facet": "version"}],
    }
    answer = await site.post("/api/v2/spans/analytics/aggregate", {"data": {"attributes": asked}})
    counted = [(one["attributes"]["by"], one["attributes"]["compute"]) for one in answer.json()["data"]]
    assert counted == [({"version": OLD}, {"c0": 3, "c1": 2}), ({"version": NEW}, {"c0": 1, "c1": 1})]


@pytest.mark.parametrize("query", ["(a OR b)", "version:1.*", "free text", '"', "a:b)c"])
async def test_a_search_that_it_does_not_know_is_refused(site: Site, query: str) -> None:
    answer = await site.post("/api/v2/logs/events/search", {"filter": {"query": query}})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "query" in answer.json()["errors"][0]


async def test_keys_and_permissions_are_asked_for(site: Site) -> None:
    await site.request(fails=True)
    (issue,) = site.stand_in.issues
    for wrong in ({"api_key": "x"}, {"application_key": "x"}):
        with pytest.raises(Unauthorized):
            await site.client(**wrong).issue(issue.id)
    site.stand_in.permissions.discard("error_tracking_write")
    await site.client().issue(issue.id)
    with pytest.raises(Unauthorized, match="error_tracking_write"):
        await site.client().set_state(issue.id, "RESOLVED")
    assert site.stand_in.journal[-1].status == HTTPStatus.FORBIDDEN
    asked = f"{site.stand_in.base_url}/api/v1/validate"
    assert (await site.http.get(asked, headers={"DD-API-KEY": "k" * 32})).json() == {"valid": True}
    assert (await site.http.get(asked, headers={"DD-API-KEY": "x"})).status_code == HTTPStatus.FORBIDDEN
    with pytest.raises(NotFound):
        await site.client().issue("c1726a66-1f64-11ee-b338-da7ad0900002")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\x91\x90", "application/msgpack", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (b"[[", "application/json", HTTPStatus.BAD_REQUEST),
        (b"[" * 100_000, "application/json", HTTPStatus.BAD_REQUEST),
        (b"[1]", "application/json", HTTPStatus.BAD_REQUEST),
        (b"{}", "application/json", HTTPStatus.BAD_REQUEST),
        (b'[[1, {"meta": 7, "error": 1}]]', "application/json", HTTPStatus.OK),
    ],
)
async def test_the_agent_takes_traces_and_nothing_else(
    site: Site, body: bytes, kind: str, status: HTTPStatus
) -> None:
    address = f"{site.stand_in.base_url}/v0.3/traces"
    answer = await site.http.put(address, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert site.stand_in.issues == ()


@dataclass
class Receiver:
    """Takes webhooks, after it has failed as often as it is told to."""

    failing: int = 0
    status: int = 503
    bodies: list[Any] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        if self.failing:
            self.failing -= 1
            return web.Response(status=self.status)
        self.bodies.append(json.loads(await request.read()))
        self.headers.append(request.headers.get("X-Autofix-Secret"))
        return web.Response(status=HTTPStatus.ACCEPTED)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    taking = Receiver()
    application = web.Application()
    application.add_routes([web.post("/webhooks/datadog", taking.take)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield taking, f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/datadog"
    await runner.cleanup()


def monitor() -> ErrorMonitor:
    return ErrorMonitor(id=7, name="New error", service="shop", message=MONITOR_MESSAGE, errors=1)


async def test_a_new_issue_alerts_once_and_again_when_it_regresses(
    site: Site, receiver: tuple[Receiver, str]
) -> None:
    taking, url = receiver
    taking.failing = 1
    site.stand_in.watch(monitor(), Webhook(url, SECRET, WEBHOOK_PAYLOAD))
    for _ in range(4):
        await site.request(fails=True)
    await site.stand_in.settled()

    (told,), (issue,) = taking.bodies, site.stand_in.issues
    assert taking.headers == ["hush"]
    assert told["transition"] == "Triggered"
    assert told["title"] == f"[Triggered on {{@issue.id:{issue.id}}}] New error"
    assert told["text"] == f"builtins.KeyError: 'zero'\nhttps://app.{SITE}/error-tracking/issue/{issue.id}\n"
    assert told["tags"] == "monitor,service:shop"
    client = site.client()
    assert (await client.monitor(7)).groups == {f"@issue.id:{issue.id}": "Alert"}
    (event,) = await client.events("source:alert", **site.window)
    assert (event.monitor, event.message) == (7, told["text"])
    assert await client.event(event.id) == event
    assert f"event_id={event.id}" in told["link"]

    await client.set_state(issue.id, "RESOLVED")
    await site.request(NEW, fails=True)
    await site.stand_in.settled()
    assert [one["cycle"] for one in taking.bodies] == sorted({one["cycle"] for one in taking.bodies})
    assert len(taking.bodies) == 2


async def test_a_webhook_that_is_refused_is_said_so(site: Site, receiver: tuple[Receiver, str]) -> None:
    taking, url = receiver
    taking.failing, taking.status = 1, HTTPStatus.UNAUTHORIZED
    site.stand_in.watch(monitor(), Webhook(url, SECRET, WEBHOOK_PAYLOAD))
    for _ in range(2):
        await site.request(fails=True)
    with pytest.raises(NotDelivered, match="401"):
        await asyncio.wait_for(site.stand_in.settled(), 5)
    assert taking.bodies == []


def test_the_demo_uses_what_the_documentation_says() -> None:
    documented = DOCS.read_text(encoding="utf-8")
    assert WEBHOOK_PAYLOAD in documented
    assert MONITOR_MESSAGE in documented
