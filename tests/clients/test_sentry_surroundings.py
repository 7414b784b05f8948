"""What surrounds an error in Sentry: users, all errors, new issues, what was refused, what was changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients.rest import TRIES
from app.clients.sentry import Sentry
from app.clients.tracker import Intake, NewIssue
from app.core.errors import Malformed, Unavailable
from app.core.model import given
from samples import FINDING

API = "https://de.sentry.io/api/0"
ORG = f"{API}/organizations/acme"
NOW = 1_764_000_600.0
START = datetime.fromtimestamp(NOW - 600, UTC)
END = datetime.fromtimestamp(NOW, UTC)
WINDOW: dict[str, Any] = {"start": START, "end": END}


@pytest.fixture
def sentry(http: httpx.AsyncClient, naps: Any) -> Sentry:
    return Sentry(http, "https://de.sentry.io", "canary-token", sleep=naps, now=lambda: NOW)


def line(*numbers: object) -> dict[str, Any]:
    """A number for each minute of the window."""
    values = [
        {"timestamp": int(NOW - 600 + 60 * at) * 1_000, "value": number, "incomplete": False}
        for at, number in enumerate(numbers)
    ]
    return {"timeSeries": [{"values": values}]}


def counted(events: object, users: object) -> dict[str, Any]:
    return {"data": [{"count()": events, "count_unique(user)": users}], "meta": {}}


def by_issue(*rows: tuple[str, object]) -> dict[str, Any]:
    return {"data": [{"issue": name, "count()": number} for name, number in rows], "meta": {}}


def outcomes(*groups: tuple[str, str, object]) -> dict[str, Any]:
    return {
        "intervals": [],
        "groups": [
            {"by": {"outcome": outcome, "reason": reason}, "totals": {"sum(quantity)": number}}
            for outcome, reason, number in groups
        ],
    }


def project() -> respx.Route:
    return respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})


# What every call bears -------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[hostile.Call, str]] = {
    "users": (lambda api: api.users(FINDING, **WINDOW), "org:read"),
    "all errors": (lambda api: api.all_errors(FINDING, **WINDOW), "org:read"),
    "new issues": (lambda api: api.new_issues(FINDING, release="shop@2", **WINDOW), "event:read"),
    "intake": (lambda api: api.intake(FINDING, **WINDOW), ""),
    "changes": (lambda api: api.changes(FINDING, since=START), "event:read"),
}


@respx.mock
@pytest.mark.parametrize("call", [call for call, _ in CALLS.values()], ids=CALLS)
async def test_v4_no_answer_is_too_odd(sentry: Sentry, call: hostile.Call) -> None:
    respx.get(f"{API}/projects/acme/shop/").respond(json={"id": "42"})
    await hostile.survives(sentry, call)


@respx.mock
@pytest.mark.parametrize("call", [call for call, _ in CALLS.values()], ids=CALLS)
async def test_v4_silence_is_given_up(sentry: Sentry, call: hostile.Call) -> None:
    await hostile.gives_up(sentry, call, TRIES)


@respx.mock
@pytest.mark.parametrize(("call", "needs"), [one for one in CALLS.values() if one[1]])
async def test_a_refusal_names_the_scope(sentry: Sentry, call: hostile.Call, needs: str) -> None:
    project()
    await hostile.names_what_it_needs(sentry, call, needs)


# Users -----------------------------------------------------------------------------------------------------------


@respx.mock
async def test_v9_users_in_all_and_in_each_bucket(sentry: Sentry) -> None:
    totals = respx.get(f"{ORG}/events/").respond(json=counted(30, 7))
    series = respx.get(f"{ORG}/events-timeseries/").respond(json=line(2, 0, 1, 0, 0, 3, 0, 0, 0, 4))
    found = given(await sentry.users(FINDING, release="shop@2", **WINDOW))
    assert (found.together, found.over_time.of, found.over_time.total) == (7, "users", 10)
    asked = [route.calls[0].request.url.params for route in (totals, series)]
    assert [params["query"] for params in asked] == ["issue:SHOP-1 release:shop@2 has:user"] * 2
    assert asked[0].get_list("field") == ["count()", "count_unique(user)"]
    assert asked[1]["yAxis"] == "count_unique(user)"
    assert totals.calls[1].request.url.params["query"] == "issue:SHOP-1 release:shop@2"


@respx.mock
@pytest.mark.parametrize(("with_user", "every"), [(0, 30), (29, 30), (0, 0)])
async def test_v9_where_an_event_names_no_user_the_users_are_unknown_and_not_none(
    sentry: Sentry, with_user: int, every: int
) -> None:
    route = respx.get(f"{ORG}/events/")
    route.side_effect = [httpx.Response(200, json=counted(n, n)) for n in (with_user, every)]
    assert await sentry.users(FINDING, **WINDOW) is None


@respx.mock
async def test_an_old_sentry_knows_no_users_and_not_all_errors(sentry: Sentry) -> None:
    respx.get(f"{ORG}/events/").respond(json=counted(30, 7))
    respx.get(f"{ORG}/events-timeseries/").respond(404)
    assert await sentry.users(FINDING, **WINDOW) is None
    assert await sentry.all_errors(FINDING, **WINDOW) is None


@respx.mock
@pytest.mark.parametrize(
    "answer", [counted(-1, 7), counted(30, "7"), counted(30, None), {"data": []}, {"data": [{}]}]
)
async def test_v4_what_is_no_number_is_no_user(sentry: Sentry, answer: Any) -> None:
    respx.get(f"{ORG}/events/").respond(json=answer)
    with pytest.raises(Malformed):
        await sentry.users(FINDING, **WINDOW)


# All errors, new issues ------------------------------------------------------------------------------------------


@respx.mock
async def test_all_errors_of_the_project_on_a_release(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/events-timeseries/").respond(json=line(*[3] * 10))
    assert given(await sentry.all_errors(FINDING, release="shop@2", **WINDOW)).total == 30
    params = route.calls.last.request.url.params
    assert (params["query"], params["environment"]) == ("project:shop release:shop@2", "production")


@respx.mock
async def test_v7_issues_first_seen_on_the_release_with_their_events_in_the_period(sentry: Sentry) -> None:
    project()
    issues = respx.get(f"{ORG}/issues/").respond(
        json=[{"id": "1", "shortId": "SHOP-12"}, {"id": "2", "shortId": "SHOP-13"}, {"id": "4711"}]
    )
    events = respx.get(f"{ORG}/events/").respond(json=by_issue(("SHOP-1", 80), ("SHOP-12", 9), ("SHOP-9", 1)))
    assert await sentry.new_issues(FINDING, release="shop@2", **WINDOW) == (NewIssue("SHOP-12", 9),)
    params = issues.calls.last.request.url.params
    assert (params["query"], params["project"], params["environment"]) == (
        "firstRelease:shop@2",
        "42",
        "production",
    )
    params = events.calls.last.request.url.params
    assert (params["query"], params.get_list("field"), params["start"]) == (
        "project:shop release:shop@2",
        ["issue", "count()"],
        "2025-11-24T16:00:00Z",
    )


@respx.mock
async def test_v7_without_a_release_those_first_seen_in_the_period(sentry: Sentry) -> None:
    project()
    issues = respx.get(f"{ORG}/issues/").respond(json=[{"id": "4711", "shortId": "SHOP-1"}])
    assert await sentry.new_issues(FINDING, start=START + timedelta(milliseconds=7), end=END) == ()
    assert issues.calls.last.request.url.params["query"] == "firstSeen:>=2025-11-24T16:00:00Z"


@respx.mock
async def test_v7_very_many_new_issues_are_read_in_bounded_pages(sentry: Sentry) -> None:
    project()
    issues = respx.get(f"{ORG}/issues/")
    issues.side_effect = [
        httpx.Response(
            200,
            json=[{"id": f"{page}{at}", "shortId": f"SHOP-{page}{at:02}"} for at in range(100)],
            headers={"Link": f'<x>; rel="next"; results="true"; cursor="0:{page + 1}00:0"'},
        )
        for page in range(5)
    ]
    respx.get(f"{ORG}/events/").respond(json=by_issue(("SHOP-000", 1), ("SHOP-199", 1), ("SHOP-200", 1)))
    found = given(await sentry.new_issues(FINDING, release="shop@2", **WINDOW))
    assert [one.name for one in found] == ["SHOP-000", "SHOP-199"]
    assert issues.call_count == 2


@respx.mock
async def test_v7_in_a_project_that_is_not_there_nothing_is_known(sentry: Sentry) -> None:
    respx.get(f"{API}/projects/acme/shop/").respond(404)
    assert await sentry.new_issues(FINDING, release="shop@2", **WINDOW) is None
    assert await sentry.intake(FINDING, **WINDOW) is None


# Intake ----------------------------------------------------------------------------------------------------------


@respx.mock
async def test_v5_what_was_refused_and_what_the_program_itself_kept_back(sentry: Sentry) -> None:
    project()
    route = respx.get(f"{ORG}/stats_v2/").respond(
        json=outcomes(
            ("accepted", "none", 900),
            ("rate_limited", "key_quota", 40),
            ("filtered", "error-message", 3),
            ("client_discard", "ratelimit_backoff", 7),
            ("client_discard", "sample_rate", 500),
            ("client_discard", "before_send", 1),
            ("cardinality_limited", "", 2),
            ("something_new", "none", 1),
        )
    )
    assert await sentry.intake(FINDING, **WINDOW) == Intake(kept=900, refused=53, withheld=501)
    params = route.calls.last.request.url.params
    assert (params["category"], params["interval"], params["project"]) == ("error", "1m", "42")
    assert params.get_list("groupBy") == ["outcome", "reason"]
    route.respond(json=outcomes())
    long: dict[str, Any] = {"start": START - timedelta(days=1), "end": END}
    assert await sentry.intake(FINDING, **long) == Intake(0, 0, 0)
    assert route.calls.last.request.url.params["interval"] == "1h"


@respx.mock
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_v5_what_our_token_may_not_see_is_unknown_and_not_nothing(sentry: Sentry, status: int) -> None:
    project()
    respx.get(f"{ORG}/stats_v2/").respond(status, json={"detail": "no"})
    assert await sentry.intake(FINDING, **WINDOW) is None


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"groups": None},
        {"groups": [7]},
        outcomes(("", "", 7)),
        outcomes(("accepted", "", -1)),
        outcomes(("accepted", "", "7")),
        {"groups": [{"by": {"outcome": "accepted"}, "totals": {}}]},
    ],
)
async def test_v4_odd_outcomes_are_malformed(sentry: Sentry, answer: Any) -> None:
    project()
    respx.get(f"{ORG}/stats_v2/").respond(json=answer)
    with pytest.raises(Malformed):
        await sentry.intake(FINDING, **WINDOW)


@respx.mock
async def test_v4_a_source_that_is_down_is_a_fault_and_not_unknown(sentry: Sentry) -> None:
    project()
    respx.get(f"{ORG}/stats_v2/").respond(500)
    with pytest.raises(Unavailable):
        await sentry.intake(FINDING, **WINDOW)


# Changes ---------------------------------------------------------------------------------------------------------


def done(kind: str, minutes: float) -> dict[str, Any]:
    return {"type": kind, "dateCreated": (START + timedelta(minutes=minutes)).isoformat(), "user": None}


@respx.mock
@pytest.mark.parametrize(
    ("activity", "told"),
    [
        ([], ()),
        ([done("note", 1), done("set_regression", 2), done("first_seen", 0)], ()),
        ([done("set_ignored", -1), done("set_resolved", -60)], ()),
        ([done("set_ignored", 3)], ("the issue was set to ignored",)),
        (
            [done("set_resolved", 5), done("set_unresolved", 4), done("merge", 3), done("set_resolved", 2)],
            ("somebody resolved the issue", "another issue was merged into this one"),
        ),
        ([{"type": "set_ignored"}, {"type": 7}, 7, {"type": "merge", "dateCreated": "soon"}], ()),
    ],
)
async def test_v6_what_was_done_to_the_issue_since(
    sentry: Sentry, activity: list[Any], told: tuple[str, ...]
) -> None:
    body = {"id": "4711", "shortId": "SHOP-1", "activity": activity}
    respx.get(f"{ORG}/issues/4711/").respond(json=body)
    assert await sentry.changes(FINDING, since=START) == told


@respx.mock
async def test_v6_an_issue_that_was_merged_away_or_deleted(sentry: Sentry) -> None:
    route = respx.get(f"{ORG}/issues/4711/").respond(json={"id": "5000", "shortId": "SHOP-7"})
    assert await sentry.changes(FINDING, since=START) == ("the issue was merged into another one",)
    route.respond(404)
    assert await sentry.changes(FINDING, since=START) == ("the issue is gone from Sentry",)
    route.respond(json={"shortId": "SHOP-1"})
    with pytest.raises(Malformed):
        await sentry.changes(FINDING, since=START)
