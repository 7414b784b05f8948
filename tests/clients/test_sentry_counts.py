"""Sentry as a tracker and a metric provider: minutes, sessions, pages, and what every call bears."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients.rest import TRIES
from app.clients.sentry import MOST_PAGES, Sentry, TagValue
from app.clients.tracker import IssueState, TrackedRelease
from app.core.counts import Bucket
from app.core.errors import Malformed, Refused
from app.core.model import Finding, SuspectCommit, given
from samples import FINDING

API = "https://de.sentry.io/api/0"
ORG = f"{API}/organizations/acme"
NOW = 1_764_000_600.0
START = datetime.fromtimestamp(NOW - 600, UTC)
END = datetime.fromtimestamp(NOW, UTC)
WINDOW: dict[str, Any] = {"start": START, "end": END}
FIRST = int(NOW - 600) * 1_000


def line(*numbers: object, since: int = FIRST, width: int = 60_000, last_open: bool = True) -> dict[str, Any]:
    values = [
        {"timestamp": since + at * width, "value": number, "incomplete": last_open and at == len(numbers) - 1}
        for at, number in enumerate(numbers)
    ]
    meta = {"valueType": "integer", "valueUnit": None, "interval": width}
    return {
        "timeSeries": [{"yAxis": "count()", "values": values, "meta": meta}],
        "meta": {"dataset": "errors", "start": since, "end": since + width * len(numbers)},
    }


def joined(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"timeSeries": [{"values": [value for one in lines for value in one["timeSeries"][0]["values"]]}]}


def sessions_of(*numbers: object, interval: int = 60) -> dict[str, Any]:
    at = [START + timedelta(seconds=interval * number) for number in range(len(numbers))]
    group = {"by": {}, "totals": {"sum(session)": 0}, "series": {"sum(session)": list(numbers)}}
    return {"intervals": [one.isoformat().replace("+00:00", "Z") for one in at], "groups": [group]}


@pytest.fixture
def sentry(http: httpx.AsyncClient, naps: Any) -> Sentry:
    return Sentry(http, "https://de.sentry.io", "canary-token", sleep=naps, now=lambda: NOW)


# What every call bears -------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[hostile.Call, str, int]] = {
    "read": (lambda api: api.read("acme", "1"), "event:read", TRIES),
    "errors": (lambda api: api.errors(FINDING, **WINDOW), "org:read", TRIES),
    "traffic": (lambda api: api.traffic(FINDING, **WINDOW), "org:read", TRIES),
    "release": (lambda api: api.known_release(FINDING, "shop@2"), "project:releases", TRIES),
    "newest release": (lambda api: api.newest_release("acme", ["1"]), "project:releases", TRIES),
    "suspects": (lambda api: api.suspects(FINDING), "event:read", TRIES),
    "project": (lambda api: api.project_id("acme", "shop"), "project:read", TRIES),
    "state": (lambda api: api.state(FINDING), "event:read", TRIES),
    "events": (lambda api: api.events("acme", "1"), "event:read", TRIES),
    "tags": (lambda api: api.tag_values("acme", "1", "release"), "event:read", TRIES),
    "resolve": (lambda api: api.resolve(FINDING, "shop@2"), "event:write", TRIES),
    "note": (lambda api: api.note(FINDING, "fixed"), "event:write", 1),
}
each = pytest.mark.parametrize(("call", "needs", "tries"), CALLS.values(), ids=CALLS)


@respx.mock
@each
async def test_no_answer_is_too_odd(sentry: Sentry, call: hostile.Call, needs: str, tries: int) -> None:
    del needs, tries
    await hostile.survives(sentry, call)


@respx.mock
@each
async def test_a_refusal_names_the_scope(sentry: Sentry, call: hostile.Call, needs: str, tries: int) -> None:
    del tries
    await hostile.names_what_it_needs(sentry, call, needs)


@respx.mock
@each
async def test_a_limit_is_waited_out_in_bounds(
    sentry: Sentry, naps: Any, call: hostile.Call, needs: str, tries: int
) -> None:
    del needs, tries
    await hostile.waits_for_a_limit(sentry, call, naps, {"X-Sentry-Rate-Limit-Reset": str(NOW + 9)})


@respx.mock
@each
async def test_silence_is_given_up(sentry: Sentry, call: hostile.Call, needs: str, tries: int) -> None:
    del needs
    await hostile.gives_up(sentry, call, tries)


# Errors ----------------------------------------------------------------------------------------------------------


@respx.mock
async def test_errors_minute_by_minute_with_what_may_still_come(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/events-timeseries/").respond(json=line(4, 0, 1, 0, 0, 0, 0, 0, 0, 2))
    counts = await sentry.errors(FINDING, release="shop@2", **WINDOW)
    assert dict(route.calls.last.request.url.params) == {
        "dataset": "errors",
        "yAxis": "count()",
        "query": "issue:SHOP-1 release:shop@2",
        "interval": "15",
        "start": "2025-11-24T16:00:00Z",
        "end": "2025-11-24T16:10:00Z",
        "environment": "production",
    }
    assert [bucket.count for bucket in counts.buckets] == [4, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    assert {bucket.seconds for bucket in counts.buckets} == {60.0}
    assert (counts.of, counts.total, counts.complete_until) == ("errors", 7, NOW - 60)


@respx.mock
async def test_the_width_of_a_bucket_is_read_from_the_times(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(json=line(4, 3, width=300_000))
    assert (await sentry.errors(FINDING, **WINDOW)).buckets == (
        Bucket(NOW - 600, 300.0, 4),
        Bucket(NOW - 300, 300.0, 3, incomplete=True),
    )


@respx.mock
async def test_what_lies_around_the_period_is_left_out(sentry: Sentry) -> None:
    around = line(*[1] * 14, since=FIRST - 120_000)
    respx.get(f"{ORG}/events-timeseries/").respond(json=around)
    assert (await sentry.errors(FINDING, **WINDOW)).total == 10


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        {"timeSeries": []},
        {"timeSeries": [{"values": []}]},
        line(1, 1, 1),  # the end is missing
        line(*[1] * 7, since=FIRST + 180_000),  # the start is missing
        line(*[1] * 9, None),
        line(*[1] * 9, "1"),
        line(*[1] * 9, -1),
        line(*[1] * 10, width=0),
        line(*[1] * 10, width=-60_000),
        joined(line(*[1] * 4), line(1, since=FIRST + 540_000)),  # the middle is missing
        joined(line(*[1] * 10), {"timeSeries": [{"values": [{}]}]}),
        joined(line(*[1] * 10), line(1)),
    ],
)
async def test_a_series_with_a_hole_is_malformed_and_never_silence(sentry: Sentry, answer: Any) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(json=answer)
    with pytest.raises(Malformed):
        await sentry.errors(FINDING, **WINDOW)


@respx.mock
async def test_an_old_sentry_gives_one_number(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(404)
    respx.get(f"{ORG}/events/").respond(json={"data": [{"count()": 7}]})
    counts = await sentry.errors(FINDING, **WINDOW)
    assert counts.buckets == (Bucket(NOW - 600, 600.0, 7, incomplete=True),)
    earlier: dict[str, Any] = {"start": START - timedelta(hours=1), "end": END - timedelta(hours=1)}
    assert not (await sentry.errors(FINDING, **earlier)).buckets[0].incomplete


# Traffic ---------------------------------------------------------------------------------------------------------


@respx.mock
async def test_traffic_is_the_transactions(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/events-timeseries/").respond(json=line(*[10.4] * 10))
    counts = given(await sentry.traffic(FINDING, release="shop@2", **WINDOW))
    assert (counts.of, counts.total) == ("requests", 100)
    params = route.calls.last.request.url.params
    assert (params["dataset"], params["query"]) == (
        "spans",
        "project:shop is_transaction:true release:shop@2",
    )


@respx.mock
async def test_a_release_without_transactions_in_a_project_that_has_some_is_zero(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/events-timeseries/")
    route.side_effect = [httpx.Response(200, json=line(*[n] * 10)) for n in (0, 10)]
    counts = given(await sentry.traffic(FINDING, release="shop@2", **WINDOW))
    assert (counts.of, counts.total) == ("requests", 0)


@respx.mock
@pytest.mark.parametrize("transactions", [404, {"timeSeries": []}, line(*[0] * 10)])
async def test_sessions_count_where_there_are_no_transactions(sentry: Sentry, transactions: Any) -> None:
    series = respx.get(f"{ORG}/events-timeseries/")
    if isinstance(transactions, int):
        series.respond(transactions)
    else:
        series.respond(json=transactions)
    project = respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    route = respx.get(f"{ORG}/sessions/").respond(json=sessions_of(*[5] * 10))
    await sentry.traffic(FINDING, release="shop@2", **WINDOW)
    counts = given(await sentry.traffic(FINDING, release="shop@2", **WINDOW))
    assert (counts.of, counts.total, counts.complete_until) == ("sessions", 50, NOW - 60)
    assert dict(route.calls.last.request.url.params) == {
        "field": "sum(session)",
        "project": "42",
        "interval": "1m",
        "start": "2025-11-24T16:00:00Z",
        "end": "2025-11-24T16:10:00Z",
        "environment": "production",
        "query": "release:shop@2",
    }
    assert project.call_count == 1


@respx.mock
async def test_of_sessions_around_the_period_only_the_part_within_counts(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(404)
    respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    respx.get(f"{ORG}/sessions/").respond(json=sessions_of(60, 60, 60))
    within: dict[str, Any] = {"start": START + timedelta(seconds=45), "end": START + timedelta(seconds=130)}
    counts = given(await sentry.traffic(FINDING, **within))
    assert [bucket.count for bucket in counts.buckets] == [15, 60, 10]


@respx.mock
async def test_sessions_of_a_long_time_are_counted_by_the_hour(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(404)
    respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    route = respx.get(f"{ORG}/sessions/").respond(json=sessions_of(*[5] * 10, interval=3_600))
    counts = given(await sentry.traffic(FINDING, start=START, end=START + timedelta(hours=10)))
    assert route.calls.last.request.url.params["interval"] == "1h"
    assert counts.buckets[0] == Bucket(START.timestamp(), 3_600.0, 5, incomplete=True)


@respx.mock
async def test_without_transactions_and_sessions_the_traffic_is_unknown(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(json=line(*[0] * 10))
    project = respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    respx.get(f"{ORG}/sessions/").respond(json=sessions_of(*[0] * 10))
    assert await sentry.traffic(FINDING, release="shop@2", **WINDOW) is None
    assert await sentry.traffic(FINDING, **WINDOW) is None
    project.respond(404)
    assert await Sentry.traffic(sentry, FINDING, **WINDOW) is None


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        {**sessions_of(*[5] * 10), "intervals": ["now"] * 10},
        {**sessions_of(*[5] * 10), "intervals": sessions_of(5, 5)["intervals"]},
        sessions_of(*[5] * 9, "5"),
        sessions_of(5, 5),
        sessions_of(),
    ],
)
async def test_odd_sessions_are_malformed(sentry: Sentry, answer: Any) -> None:
    respx.get(f"{ORG}/events-timeseries/").respond(404)
    respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    respx.get(f"{ORG}/sessions/").respond(json=answer)
    with pytest.raises(Malformed):
        await sentry.traffic(FINDING, **WINDOW)


# The rest of a tracker -------------------------------------------------------------------------------------------


@respx.mock
async def test_a_finding_is_read_from_issue_and_event(sentry: Sentry) -> None:
    issue = {"id": "4711", "shortId": "SHOP-1", "title": "x", "count": "3", "project": {"slug": "shop"}}
    values = [{"type": "KeyError", "value": "'zero'", "stacktrace": {"frames": []}}]
    event = {"eventID": "e" * 32, "entries": [{"type": "exception", "data": {"values": values}}]}
    respx.get(f"{ORG}/issues/4711/").respond(json=issue)
    latest = respx.get(f"{ORG}/issues/4711/events/latest/").respond(json=event)
    found: Finding = given(await sentry.read("acme", "4711"))
    assert (found.source, found.organization, found.short_id, found.raised.type) == (
        "sentry",
        "acme",
        "SHOP-1",
        "KeyError",
    )
    latest.respond(json={"eventID": "e" * 32, "entries": []})
    assert await sentry.read("acme", "4711") is None


@respx.mock
@pytest.mark.parametrize(
    ("status", "substatus", "state"),
    [
        ("unresolved", "new", IssueState.OPEN),
        ("unresolved", None, IssueState.OPEN),
        ("unresolved", "regressed", IssueState.REGRESSED),
        ("unresolved", "escalating", IssueState.OPEN),
        ("resolved", None, IssueState.RESOLVED),
        ("resolvedInNextRelease", None, IssueState.RESOLVED),
        ("ignored", "archived_forever", IssueState.IGNORED),
        ("muted", None, IssueState.IGNORED),
    ],
)
async def test_how_an_issue_stands(
    sentry: Sentry, status: str, substatus: str | None, state: IssueState
) -> None:
    body = {"id": "4711", "shortId": "SHOP-1", "status": status, "substatus": substatus}
    respx.get(f"{ORG}/issues/4711/").respond(json=body)
    assert await sentry.state(FINDING) is state


@respx.mock
async def test_release_suspects_resolution_and_note(sentry: Sentry) -> None:
    release = respx.get(f"{ORG}/releases/shop%402/").respond(
        json={"version": "shop@2", "lastCommit": {"id": "f" * 40}}
    )
    assert await sentry.known_release(FINDING, "shop@2") == TrackedRelease("shop@2", "f" * 40)
    release.respond(404)
    assert await sentry.known_release(FINDING, "shop@2") is None
    commits = [{"author": {"name": "Ada"}, "commits": [{"id": "f" * 40, "message": "Price zero"}]}]
    respx.get(f"{API}/projects/acme/shop/events/{FINDING.event_id}/committers/").respond(
        json={"committers": commits}
    )
    assert await sentry.suspects(FINDING) == (SuspectCommit("f" * 40, "Price zero", "Ada", ""),)
    resolved = respx.put(f"{ORG}/issues/4711/").respond(json={})
    await sentry.resolve(FINDING, "shop@2")
    assert json.loads(resolved.calls.last.request.content)["statusDetails"] == {"inRelease": "shop@2"}
    resolved.respond(
        400, json={"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}}
    )
    with pytest.raises(Refused, match="Unable to find a release"):
        await sentry.resolve(FINDING, "shop@3")
    note = respx.post(f"{ORG}/issues/4711/notes/").respond(201, json={})
    assert await sentry.note(FINDING, "fixed by #7")
    assert json.loads(note.calls.last.request.content) == {"text": "fixed by #7"}


# Pages -----------------------------------------------------------------------------------------------------------


def page(following: str | None, *ids: str) -> httpx.Response:
    """As Sentry sends it: both relations are always there, and a link that leads elsewhere is only a link."""
    more, cursor = ("true", following) if following else ("false", "0:9:0")
    link = (
        '<https://evil.tld/>; rel="previous"; results="false"; cursor="0:0:1", '
        f'<https://evil.tld/>; rel="next"; results="{more}"; cursor="{cursor}"'
    )
    return httpx.Response(200, json=[{"eventID": one} for one in ids], headers={"Link": link})


@respx.mock
async def test_pages_end_with_the_last_one_or_the_limit(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/issues/1/events/")
    route.side_effect = [page("0:100:0", "a", "b"), page("0:200:0", "b", "c"), page(None, "d")]
    events = await sentry.events("acme", "1", release="shop@2")
    assert [event["eventID"] for event in events] == ["a", "b", "c", "d"]
    assert dict(route.calls.last.request.url.params) == {
        "full": "true",
        "query": "release:shop@2",
        "per_page": "100",
        "cursor": "0:200:0",
    }
    route.side_effect = [page("0:100:0", "a", "b"), page("0:200:0", "c", "d")]
    assert len(await sentry.events("acme", "1", limit=3)) == 3
    assert route.calls.last.request.url.params["per_page"] == "3"


@respx.mock
async def test_pages_without_end_are_ended(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/issues/1/events/")
    route.side_effect = [page("0:100:0", "a"), page("0:100:0", "b")]
    with pytest.raises(Malformed, match="itself"):
        await sentry.events("acme", "1")
    route.side_effect = [page(f"0:{number}:0") for number in range(1, 1_000)]
    before = route.call_count
    assert await sentry.events("acme", "1") == ()
    assert route.call_count - before == MOST_PAGES


@respx.mock
async def test_the_values_of_a_tag(sentry: Sentry) -> None:
    value = {"value": "shop@2", "count": 7, "firstSeen": "2026-11-23T02:00:00Z", "lastSeen": "never"}
    respx.get(f"{ORG}/issues/1/tags/release/values/").respond(json=[value, 7])
    found = await sentry.tag_values("acme", "1", "release")
    assert found == (TagValue("shop@2", 7, "2026-11-23T02:00:00Z", ""),)
