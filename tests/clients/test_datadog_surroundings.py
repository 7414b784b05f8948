"""What surrounds an error in Datadog: users, all errors, new issues, and what its state says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients.datadog import Datadog
from app.clients.rest import TRIES
from app.clients.tracker import NewIssue
from app.core.errors import Malformed, Refused
from app.core.model import Finding, given

API = "https://api.us3.datadoghq.com"
ISSUE = "c1726a66-1f64-11ee-b338-da7ad0900002"
OTHER, OLDER = (f"c1726a66-1f64-11ee-b338-da7ad090000{digit}" for digit in (3, 4))
NOW = 1_764_000_600.0
START = datetime.fromtimestamp(NOW - 600, UTC)
END = datetime.fromtimestamp(NOW, UTC)
WINDOW: dict[str, Any] = {"start": START, "end": END}
TRACKS = pytest.mark.parametrize("track", ["spans", "logs"])


def finding(track: str = "spans") -> Finding:
    return Finding(
        source="datadog",
        organization="us3.datadoghq.com",
        project="shop",
        group=ISSUE,
        short_id="c1726a66",
        url="",
        event_id=f"{track}/1",
        title="KeyError: 'zero'",
        platform="python",
        release="1.4.3",
        environment="production",
        first_seen="",
        last_seen="",
        events=1,
        users=0,
        chain=(),
    )


def totals(track: str, *buckets: dict[str, object]) -> dict[str, Any]:
    if track == "logs":
        return {"data": {"buckets": [{"by": {}, "computes": one} for one in buckets]}}
    return {"data": [{"attributes": {"by": {}, "compute": one}} for one in buckets]}


def answering(
    track: str, with_user: tuple[int, int], every: int
) -> Callable[[httpx.Request], httpx.Response]:
    """Datadog's answers: two totals, or a point at 16:01 with three users."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        asked = body["data"]["attributes"] if track == "spans" else body
        if asked["compute"][0]["type"] == "timeseries":
            assert asked["compute"][0]["metric"] == "@usr.id"
            point = {"time": "2025-11-24T16:01:00Z", "value": 3}
            return httpx.Response(200, json=totals(track, {"c0": [point]}))
        events, users = with_user if "@usr.id:*" in asked["filter"]["query"] else (every, with_user[1])
        return httpx.Response(200, json=totals(track, {"c0": events, "c1": users}))

    return answer


def issues(*found: tuple[str, str | None, int, int]) -> dict[str, Any]:
    """A search's answer: id, first version, first seen (seconds after the start), events."""
    return {
        "data": [
            {"id": one, "attributes": {"total_count": events}, "relationships": {}}
            for one, _, _, events in found
        ],
        "included": [
            {
                "id": one,
                "type": "issue",
                "attributes": {
                    "error_type": "TypeError",
                    "error_message": f"number {at}",
                    "first_seen_version": version,
                    "first_seen": int(NOW - 600 + seen) * 1_000,
                },
            }
            for at, (one, version, seen, _) in enumerate(found)
        ],
    }


@pytest.fixture
def datadog(http: httpx.AsyncClient, naps: Any) -> Datadog:
    return Datadog(http, "us3.datadoghq.com", "canary-api", "canary-token", sleep=naps, now=lambda: NOW)


CALLS: dict[str, tuple[hostile.Call, str]] = {
    "users": (lambda api: api.users(finding(), **WINDOW), "apm_read"),
    "users in logs": (lambda api: api.users(finding("logs"), **WINDOW), "logs_read_data"),
    "all errors": (lambda api: api.all_errors(finding(), **WINDOW), "apm_read"),
    "new issues": (lambda api: api.new_issues(finding(), **WINDOW), "error_tracking_read"),
    "changes": (lambda api: api.changes(finding(), since=START), "error_tracking_read"),
}
each = pytest.mark.parametrize(("call", "needs"), CALLS.values(), ids=CALLS)


@respx.mock
@each
async def test_v4_no_answer_is_too_odd(datadog: Datadog, call: hostile.Call, needs: str) -> None:
    await hostile.survives(datadog, call)
    await hostile.names_what_it_needs(datadog, call, needs)


@respx.mock
@each
async def test_v4_silence_is_given_up(datadog: Datadog, call: hostile.Call, needs: str) -> None:
    del needs
    await hostile.gives_up(datadog, call, TRIES)


@respx.mock
@TRACKS
async def test_v9_users_in_all_and_in_each_minute(datadog: Datadog, track: str) -> None:
    route = respx.post(f"{API}/api/v2/{track}/analytics/aggregate")
    route.side_effect = answering(track, (30, 7), 30)
    found = given(await datadog.users(finding(track), release="1.4.4", **WINDOW))
    assert (found.together, found.over_time.of, found.over_time.total) == (7, "users", 3)
    body = json.loads(route.calls[0].request.content)
    asked = body["data"]["attributes"] if track == "spans" else body
    assert asked["compute"] == [
        {"aggregation": "count", "type": "total"},
        {"aggregation": "cardinality", "metric": "@usr.id", "type": "total"},
    ]
    assert asked["filter"]["query"] == f'@issue.id:{ISSUE} env:"production" version:"1.4.4" @usr.id:*'


@respx.mock
@TRACKS
@pytest.mark.parametrize(("with_user", "every"), [(29, 30), (0, 30), (0, 0)])
async def test_v9_where_an_event_names_no_user_the_users_are_unknown_and_not_none(
    datadog: Datadog, track: str, with_user: int, every: int
) -> None:
    route = respx.post(f"{API}/api/v2/{track}/analytics/aggregate")
    route.side_effect = answering(track, (with_user, with_user), every)
    assert await datadog.users(finding(track), **WINDOW) is None
    route.side_effect = None
    route.respond(json=totals(track))
    assert await datadog.users(finding(track), **WINDOW) is None


@respx.mock
@TRACKS
@pytest.mark.parametrize(
    "computes",
    [[{"c0": -1, "c1": 1}], [{"c0": "1", "c1": 1}], [{"c0": 1}], [{"c0": 1, "c1": 1}, {"c0": 1, "c1": 1}]],
)
async def test_v4_totals_that_are_none_are_malformed(
    datadog: Datadog, track: str, computes: list[dict[str, object]]
) -> None:
    respx.post(f"{API}/api/v2/{track}/analytics/aggregate").respond(json=totals(track, *computes))
    with pytest.raises(Malformed):
        await datadog.users(finding(track), **WINDOW)


@respx.mock
async def test_all_errors_are_what_belongs_to_any_issue(datadog: Datadog) -> None:
    point = {"time": "2025-11-24T16:01:00Z", "value": 9}
    route = respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(
        json=totals("spans", {"c0": [point]})
    )
    assert given(await datadog.all_errors(finding(), release="1.4.4", **WINDOW)).total == 9
    asked = json.loads(route.calls.last.request.content)["data"]["attributes"]
    assert asked["filter"]["query"] == '@issue.id:* service:"shop" env:"production" version:"1.4.4"'


@respx.mock
@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("1.4.4", (NewIssue("TypeError: number 1", 9), NewIssue("TypeError: number 2", 4))),
        (None, (NewIssue("TypeError: number 2", 4),)),
    ],
)
async def test_v7_issues_that_are_new_by_version_or_by_time(
    datadog: Datadog, release: str | None, expected: tuple[NewIssue, ...]
) -> None:
    found = issues((ISSUE, "1.4.4", 5, 80), (OTHER, "1.4.4", -5, 9), (OLDER, None, 5, 4))
    route = respx.post(f"{API}/api/v2/error-tracking/issues/search").respond(json=found)
    assert await datadog.new_issues(finding("logs"), release=release, **WINDOW) == expected
    asked = json.loads(route.calls.last.request.content)["data"]["attributes"]
    assert (asked["track"], asked["from"], asked["order_by"]) == (
        "logs",
        int(NOW - 600) * 1_000,
        "TOTAL_COUNT",
    )


@respx.mock
@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("OPEN", ()),
        ("ACKNOWLEDGED", ()),
        ("IGNORED", ("the issue is set to ignored",)),
        ("RESOLVED", ("the issue is set to resolved",)),
        ("EXCLUDED", ("the issue is excluded from what Datadog counts",)),
    ],
)
async def test_v6_what_the_state_says(datadog: Datadog, state: str, told: tuple[str, ...]) -> None:
    body = {"id": ISSUE, "attributes": {"error_type": "KeyError", "state": state}}
    route = respx.get(f"{API}/api/v2/error-tracking/issues/{ISSUE}").respond(json={"data": body})
    assert await datadog.changes(finding(), since=START) == told
    route.respond(404)
    assert await datadog.changes(finding(), since=START) == ("the issue is gone from Datadog",)


async def test_v5_what_datadog_dropped_is_unknown(datadog: Datadog) -> None:
    assert await datadog.intake(finding(), **WINDOW) is None


@respx.mock
async def test_what_names_no_service_is_not_searched_for(datadog: Datadog) -> None:
    with pytest.raises(Refused):
        await datadog.all_errors(replace(finding(), project="*"), **WINDOW)
