from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients.datadog import MOST_PAGES, Datadog
from app.clients.rest import TRIES
from app.clients.tracker import IssueState, TrackedRelease
from app.core.errors import Malformed, NotFound, Refused, Unauthorized, Unavailable
from app.core.model import Finding, given

API = "https://api.us3.datadoghq.com"
ISSUE = "c1726a66-1f64-11ee-b338-da7ad0900002"
ISSUES = f"{API}/api/v2/error-tracking/issues"
NOW = 1_764_000_600.0
START = datetime.fromtimestamp(NOW - 600, UTC)
END = datetime.fromtimestamp(NOW, UTC)
STACK = """Traceback (most recent call last):
  File "/srv/app/shop/orders.py", line 13, in basket_total
    total += line_total(line, basket.get("coupon"))
  File "/srv/app/shop/prices.py", line 7, in line_total
    return PRICES[line["sku"]]
KeyError: 'zero'
"""
FOUND: dict[str, Any] = {
    "data": {
        "id": ISSUE,
        "type": "issue",
        "attributes": {
            "error_type": "KeyError",
            "error_message": "'zero'",
            "file_path": "shop/prices.py",
            "function_name": "line_total",
            "first_seen": 1_763_990_000_000,
            "last_seen": 1_764_000_500_000,
            "first_seen_version": "1.4.2",
            "last_seen_version": "1.4.3",
            "is_crash": False,
            "languages": ["PYTHON"],
            "platform": "BACKEND",
            "service": "shop",
            "state": "OPEN",
        },
        "relationships": {"case": {"data": {"id": "case-7", "type": "case"}}},
    }
}
SPAN: dict[str, Any] = {
    "id": "AAAAAWgN8Xwgr1vKDQAAAABBV2dOOFh3ZzZobm1mWXJFYTR0OA",
    "type": "spans",
    "attributes": {
        "service": "shop",
        "env": "production",
        "resource_name": "POST /checkout",
        "start_timestamp": "2025-11-24T16:08:20Z",
        "tags": ["version:ignored", "team:web"],
        "custom": {
            "version": "1.4.3",
            "issue": {"id": ISSUE},
            "error": {"type": "KeyError", "message": "'zero'", "stack": STACK},
        },
    },
}
LOG: dict[str, Any] = {
    "id": "AwAAAY",
    "type": "log",
    "attributes": {
        "service": "shop",
        "timestamp": "2025-11-24T16:08:20Z",
        "message": "checkout failed",
        "tags": ["env:staging", "version:1.4.4"],
        "attributes": {"error": {"kind": "KeyError", "message": "'zero'", "stack": STACK}},
    },
}


def points(*numbers: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"time": f"2025-11-24T{at}Z", "value": number} for at, number in numbers]


def spans_counted(*numbers: tuple[str, float]) -> dict[str, Any]:
    bucket = {"id": "1", "type": "bucket", "attributes": {"by": {}, "compute": {"c0": points(*numbers)}}}
    return {"data": [bucket], "meta": {"status": "done", "elapsed": 7}}


def logs_counted(*numbers: tuple[str, float]) -> dict[str, Any]:
    return {
        "data": {"buckets": [{"by": {}, "computes": {"c0": points(*numbers)}}]},
        "meta": {"status": "done"},
    }


def finding(**changed: Any) -> Finding:
    whole: dict[str, Any] = {
        "source": "datadog",
        "organization": "us3.datadoghq.com",
        "project": "shop",
        "group": ISSUE,
        "short_id": "c1726a66",
        "url": "",
        "event_id": "spans/1",
        "title": "KeyError: 'zero'",
        "platform": "python",
        "release": "1.4.3",
        "environment": "production",
        "first_seen": "",
        "last_seen": "",
        "events": 1,
        "users": 0,
        "chain": (),
    }
    return Finding(**(whole | changed))


def sent(route: respx.Route) -> Any:
    return json.loads(route.calls.last.request.content)


@pytest.fixture
def datadog(http: httpx.AsyncClient, naps: Any) -> Datadog:
    return Datadog(http, "us3.datadoghq.com", "canary-api", "canary-token", sleep=naps, now=lambda: NOW)


# What every call bears -------------------------------------------------------------------------------------------

WINDOW: dict[str, Any] = {"start": START, "end": END}
CALLS: dict[str, tuple[hostile.Call, str, int]] = {
    "issue": (lambda api: api.issue(ISSUE), "error_tracking_read", TRIES),
    "search": (lambda api: api.search_issues("service:shop", **WINDOW), "error_tracking_read", TRIES),
    "state": (lambda api: api.state(finding()), "error_tracking_read", TRIES),
    "releases": (lambda api: api.releases(finding()), "error_tracking_read", TRIES),
    "breadcrumbs": (lambda api: api.breadcrumbs(finding()), "apm_read", TRIES),
    "resolve": (lambda api: api.resolve(finding(), "1.4.4"), "error_tracking_write", TRIES),
    "spans": (lambda api: api.samples(ISSUE, "spans", **WINDOW), "apm_read", TRIES),
    "logs": (lambda api: api.samples(ISSUE, "logs", **WINDOW), "logs_read_data", TRIES),
    "read": (lambda api: api.read("", ISSUE), "error_tracking_read", TRIES),
    "errors in spans": (lambda api: api.errors(finding(), **WINDOW), "apm_read", TRIES),
    "errors in logs": (lambda api: api.errors(finding(event_id="logs/1"), **WINDOW), "logs_read_data", TRIES),
    "traffic": (lambda api: api.traffic(finding(), **WINDOW), "apm_read", TRIES),
    "monitor": (lambda api: api.monitor(7), "monitors_read", TRIES),
    "event": (lambda api: api.event("7"), "events_read", TRIES),
    "events": (lambda api: api.events("source:alert", **WINDOW), "events_read", TRIES),
    "note": (lambda api: api.note(finding(), "fixed"), "error_tracking_read", TRIES),
}
each = pytest.mark.parametrize(("call", "needs", "tries"), CALLS.values(), ids=CALLS)


@respx.mock
@each
async def test_no_answer_is_too_odd(datadog: Datadog, call: hostile.Call, needs: str, tries: int) -> None:
    del needs, tries
    await hostile.survives(datadog, call)


@respx.mock
@each
async def test_a_refusal_names_the_permission(
    datadog: Datadog, call: hostile.Call, needs: str, tries: int
) -> None:
    del tries
    await hostile.names_what_it_needs(datadog, call, needs)


@respx.mock
@each
async def test_a_limit_is_waited_out_in_bounds(
    datadog: Datadog, naps: Any, call: hostile.Call, needs: str, tries: int
) -> None:
    del needs, tries
    await hostile.waits_for_a_limit(datadog, call, naps, {"X-RateLimit-Reset": "9"})


@respx.mock
@each
async def test_silence_is_given_up(datadog: Datadog, call: hostile.Call, needs: str, tries: int) -> None:
    del needs
    await hostile.gives_up(datadog, call, tries)


# Issues ----------------------------------------------------------------------------------------------------------


@respx.mock
@pytest.mark.parametrize(
    ("site", "base", "address"),
    [
        ("datadoghq.com", None, "https://api.datadoghq.com"),
        ("datadoghq.eu", None, "https://api.datadoghq.eu"),
        ("ap2.datadoghq.com", None, "https://api.ap2.datadoghq.com"),
        ("us2.ddog-gov.com", None, "https://api.us2.ddog-gov.com"),
        ("datadoghq.com", "http://127.0.0.1:4000/", "http://127.0.0.1:4000"),
    ],
)
async def test_both_keys_go_to_the_site(
    http: httpx.AsyncClient, site: str, base: str | None, address: str
) -> None:
    route = respx.get(f"{address}/api/v2/error-tracking/issues/{ISSUE}").respond(json=FOUND)
    await Datadog(http, site, "one", "other", base_url=base).issue(ISSUE)
    headers = route.calls.last.request.headers
    assert (headers["DD-API-KEY"], headers["DD-APPLICATION-KEY"]) == ("one", "other")


@respx.mock
async def test_an_issue(datadog: Datadog) -> None:
    respx.get(f"{ISSUES}/{ISSUE}", params={"include": "case"}).respond(json=FOUND)
    issue = await datadog.issue(ISSUE.upper())
    assert (issue.id, issue.title, issue.service, issue.state) == (ISSUE, "KeyError: 'zero'", "shop", "OPEN")
    assert (issue.first_seen, issue.last_seen) == ("2025-11-24T13:13:20Z", "2025-11-24T16:08:20Z")
    assert (issue.first_version, issue.last_version, issue.languages) == ("1.4.2", "1.4.3", ("PYTHON",))
    assert (issue.is_regressed, issue.case) == (False, "case-7")


@respx.mock
@pytest.mark.parametrize("name", ["", "7", f"{ISSUE} OR *", f"{ISSUE}/../x", "SHOP-1", ISSUE + "\n"])
async def test_what_is_no_uuid_is_asked_nobody(datadog: Datadog, name: str) -> None:
    for call in (
        datadog.issue(name),
        datadog.samples(name, "spans", **WINDOW),
        datadog.set_state(name, "OPEN"),
    ):
        with pytest.raises(Refused, match="UUID"):
            await call
    with pytest.raises(Refused):
        await datadog.errors(finding(group=name), **WINDOW)
    assert not respx.calls


@respx.mock
@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, IssueState.OPEN),
        ({"state": "ACKNOWLEDGED"}, IssueState.OPEN),
        ({"state": "RESOLVED"}, IssueState.RESOLVED),
        ({"state": "IGNORED"}, IssueState.IGNORED),
        ({"state": "EXCLUDED"}, IssueState.IGNORED),
        ({"regression": {"regressed_at": 1_764_000_000_000, "resolved_at": 1}}, IssueState.REGRESSED),
        ({"state": "RESOLVED", "regression": {"regressed_at": 1}}, IssueState.RESOLVED),
    ],
)
async def test_how_an_issue_stands(datadog: Datadog, changed: dict[str, Any], state: IssueState) -> None:
    data = {**FOUND["data"], "attributes": {**FOUND["data"]["attributes"], **changed}}
    respx.get(f"{ISSUES}/{ISSUE}").respond(json={"data": data})
    assert await datadog.state(finding()) is state


@respx.mock
async def test_a_search_brings_issues_with_their_counts(datadog: Datadog) -> None:
    result = {
        "id": ISSUE,
        "type": "error_tracking_search_result",
        "attributes": {"total_count": 82, "impacted_users": 4, "impacted_sessions": 9},
        "relationships": {"issue": {"data": {"id": ISSUE, "type": "issue"}}},
    }
    stranger = {"id": "x", "type": "error_tracking_search_result", "attributes": {"total_count": 1}}
    route = respx.post(f"{ISSUES}/search", params={"include": "issue"}).respond(
        json={"data": [result, stranger], "included": [FOUND["data"], {"id": ISSUE, "type": "user"}]}
    )
    (issue,) = await datadog.search_issues("service:shop", track="logs", **WINDOW)
    assert (issue.id, issue.events, issue.users) == (ISSUE, 82, 4)
    assert sent(route)["data"] == {
        "type": "search_request",
        "attributes": {
            "query": "service:shop",
            "from": 1_764_000_000_000,
            "to": 1_764_000_600_000,
            "track": "logs",
            "order_by": "TOTAL_COUNT",
        },
    }


@respx.mock
async def test_resolving(datadog: Datadog) -> None:
    route = respx.put(f"{ISSUES}/{ISSUE}/state").respond(json=FOUND)
    await datadog.resolve(finding(), "1.4.4")
    assert sent(route) == {
        "data": {"id": ISSUE, "type": "error_tracking_issue", "attributes": {"state": "RESOLVED"}}
    }


@respx.mock
async def test_a_note_stands_at_the_case_or_nowhere(datadog: Datadog) -> None:
    issue = respx.get(f"{ISSUES}/{ISSUE}").respond(json=FOUND)
    route = respx.post(f"{API}/api/v2/cases/case-7/comment").respond(201, json={})
    assert await datadog.note(finding(), "fixed by #7")
    assert sent(route) == {"data": {"type": "case", "attributes": {"comment": "fixed by #7"}}}
    route.respond(502)
    with pytest.raises(Unavailable):
        await datadog.note(finding(), "fixed by #7")
    assert route.call_count == 2  # asked once: it may stand there already
    route.respond(403)
    with pytest.raises(Unauthorized, match="cases_write"):
        await datadog.note(finding(), "fixed by #7")
    issue.respond(json={"data": {**FOUND["data"], "relationships": {"case": {"data": None}}}})
    assert not await datadog.note(finding(), "fixed by #7")


# The stack trace -------------------------------------------------------------------------------------------------


@respx.mock
async def test_a_finding_is_made_of_the_newest_span(datadog: Datadog) -> None:
    respx.get(f"{ISSUES}/{ISSUE}").respond(json=FOUND)
    search = respx.post(f"{API}/api/v2/spans/events/search").respond(json={"data": [SPAN]})
    respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(json=spans_counted(("16:00:00", 25)))
    found = given(await datadog.read("", ISSUE))
    assert sent(search)["data"]["attributes"] == {
        "filter": {
            "query": f"@issue.id:{ISSUE}",
            "from": "2025-11-24T13:12:20.000Z",
            "to": "2025-11-24T16:10:00.000Z",
        },
        "sort": "-timestamp",
        "page": {"limit": 10},
    }
    assert (found.source, found.organization, found.project) == ("datadog", "us3.datadoghq.com", "shop")
    assert (found.group, found.short_id, found.event_id) == (ISSUE, "c1726a66", f"spans/{SPAN['id']}")
    assert found.url == f"https://us3.datadoghq.com/error-tracking/issue/{ISSUE}"
    assert (found.release, found.environment, found.transaction) == ("1.4.3", "production", "POST /checkout")
    assert (found.title, found.platform, found.events) == ("KeyError: 'zero'", "python", 25)
    frame = found.raised.frames[-1]
    assert (frame.path, frame.line, frame.function) == ("/srv/app/shop/prices.py", 7, "line_total")
    assert (frame.code, frame.variables) == ('return PRICES[line["sku"]]', {})


@respx.mock
async def test_where_no_span_has_a_stack_the_logs_are_read(datadog: Datadog) -> None:
    respx.get(f"{ISSUES}/{ISSUE}").respond(json=FOUND)
    spans = respx.post(f"{API}/api/v2/spans/events/search").respond(
        json={"data": [{**SPAN, "attributes": {}}]}
    )
    respx.post(f"{API}/api/v2/logs/events/search").respond(json={"data": [LOG]})
    respx.post(f"{API}/api/v2/logs/analytics/aggregate").respond(json=logs_counted(("16:00:00", 3)))
    found = given(await datadog.read("", ISSUE))
    assert (found.event_id, found.release, found.environment, found.events) == (
        "logs/AwAAAY",
        "1.4.4",
        "staging",
        3,
    )
    spans.respond(403)  # a key for logs alone is enough
    assert (await datadog.read("", ISSUE)) == found


@respx.mock
async def test_an_issue_without_a_python_stack_is_no_finding(datadog: Datadog) -> None:
    respx.get(f"{ISSUES}/{ISSUE}").respond(json=FOUND)
    custom = {"error": {"type": "TypeError", "message": "x", "stack": "TypeError: x\n    at f (app.js:1:2)"}}
    other = {**SPAN, "attributes": {**SPAN["attributes"], "custom": custom}}
    respx.post(f"{API}/api/v2/spans/events/search").respond(json={"data": [other]})
    logs = respx.post(f"{API}/api/v2/logs/events/search").respond(json={"data": []})
    assert await datadog.read("", ISSUE) is None
    logs.respond(403)
    with pytest.raises(Unauthorized, match="logs_read_data"):
        await datadog.read("", ISSUE)


@respx.mock
async def test_an_unknown_issue_is_not_found(datadog: Datadog) -> None:
    respx.get(f"{ISSUES}/{ISSUE}").respond(404, json={"errors": ["Not Found"]})
    with pytest.raises(NotFound, match="Not Found"):
        await datadog.read("", ISSUE)


@respx.mock
@pytest.mark.parametrize(
    "error",
    [
        {"error": {"kind": "KeyError", "message": "'zero'", "stack": STACK}},
        {"error.type": "KeyError", "error.message": "'zero'", "error.stack": STACK},
        {"error": {"type": "KeyError", "msg": "'zero'", "stack": STACK.rsplit("KeyError", 1)[0]}},
    ],
)
async def test_every_spelling_of_an_error_is_read(datadog: Datadog, error: dict[str, Any]) -> None:
    log = {**LOG, "attributes": {**LOG["attributes"], "attributes": error}}
    respx.post(f"{API}/api/v2/logs/events/search").respond(json={"data": [log]})
    (sample,) = await datadog.samples(ISSUE, "logs", **WINDOW)
    assert [(raised.type, raised.message) for raised in sample.chain] == [("KeyError", "'zero'")]
    assert sample.chain[0].frames[-1].function == "line_total"


# Numbers ---------------------------------------------------------------------------------------------------------


@respx.mock
async def test_errors_by_release_minute_by_minute(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(
        json=spans_counted(("16:00:00", 4), ("16:02:00", 1.0), ("16:09:00", 2))
    )
    counts = await datadog.errors(finding(), release="1.4.4", **WINDOW)
    assert sent(route)["data"] == {
        "type": "aggregate_request",
        "attributes": {
            "compute": [{"aggregation": "count", "type": "timeseries", "interval": "1m"}],
            "filter": {
                "query": f'@issue.id:{ISSUE} env:"production" version:"1.4.4"',
                "from": "2025-11-24T16:00:00.000Z",
                "to": "2025-11-24T16:10:00.000Z",
            },
        },
    }
    assert [bucket.count for bucket in counts.buckets] == [4, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    assert [bucket.incomplete for bucket in counts.buckets] == [False] * 9 + [True]
    assert (counts.of, counts.complete_until) == ("errors", NOW - 60)


@respx.mock
async def test_errors_of_a_log_are_counted_in_the_logs(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/logs/analytics/aggregate").respond(json=logs_counted(("16:00:00", 4)))
    counts = await datadog.errors(finding(event_id="logs/1", environment=None), **WINDOW)
    assert counts.total == 4
    assert sent(route)["filter"]["query"] == f"@issue.id:{ISSUE}"


@respx.mock
async def test_a_bucket_may_begin_before_the_period(datadog: Datadog) -> None:
    respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(json=spans_counted(("16:00:00", 4)))
    start = START + timedelta(seconds=30)
    assert (await datadog.errors(finding(), start=start, end=END)).total == 4


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        spans_counted(("16:10:00", 1)),
        spans_counted(("16:00:00", -1)),
        {"data": [{"attributes": {"compute": {}}}]},
        {"data": [{"attributes": {}}]},
        {"data": {}},
        {"data": None},
        {},
    ],
)
async def test_no_number_of_errors_is_malformed_and_never_zero(datadog: Datadog, answer: Any) -> None:
    respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(json=answer)
    with pytest.raises(Malformed):
        await datadog.errors(finding(), **WINDOW)


@respx.mock
async def test_a_count_that_ran_out_of_time_is_none(datadog: Datadog) -> None:
    answer = {**spans_counted(("16:00:00", 1)), "meta": {"status": "timeout"}}
    respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(json=answer)
    with pytest.raises(Unavailable, match="complete"):
        await datadog.errors(finding(), **WINDOW)


@respx.mock
@pytest.mark.parametrize("value", ["*", "1.4.?", "", "a\nb", "x" * 600])
async def test_a_release_is_never_a_wildcard(datadog: Datadog, value: str) -> None:
    with pytest.raises(Refused, match="version"):
        await datadog.errors(finding(), release=value, **WINDOW)
    assert not respx.calls


@respx.mock
async def test_nothing_in_a_release_is_an_operator(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(json=spans_counted())
    await datadog.errors(finding(), release='x" OR service:"y\\', **WINDOW)
    query = sent(route)["data"]["attributes"]["filter"]["query"]
    assert query.endswith(r'version:"x\" OR service:\"y\\"')


@respx.mock
async def test_traffic_is_what_enters_the_service(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/spans/analytics/aggregate").respond(
        json=spans_counted(("16:00:00", 900))
    )
    counts = given(await datadog.traffic(finding(), release="1.4.4", **WINDOW))
    assert (counts.of, counts.total) == ("requests", 900)
    query = sent(route)["data"]["attributes"]["filter"]["query"]
    assert query == '@_top_level:1 service:"shop" env:"production" version:"1.4.4"'


@respx.mock
async def test_no_traffic_of_a_release_is_zero_and_of_a_service_unknown(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/spans/analytics/aggregate")
    none, some = (
        httpx.Response(200, json=body) for body in (spans_counted(), spans_counted(("16:00:00", 9)))
    )
    route.side_effect = [none, some]
    assert given(await datadog.traffic(finding(), release="1.4.4", **WINDOW)).total == 0
    route.side_effect = [none, none]
    assert await datadog.traffic(finding(), release="1.4.4", **WINDOW) is None
    route.side_effect = [none]
    assert await datadog.traffic(finding(), **WINDOW) is None


@respx.mock
async def test_a_metric_counts_the_requests_where_one_is_named(http: httpx.AsyncClient, naps: Any) -> None:
    datadog = Datadog(
        http, "us3.datadoghq.com", "a", "b", hits_metric="trace.flask.request.hits", now=lambda: NOW
    )
    body = {
        "status": "ok",
        "series": [
            {"pointlist": [[1_764_000_000_000, 50.0], [1_764_000_060_000, None]], "interval": 60},
            {"pointlist": [[1_764_000_060_000, 7.4]], "interval": 60},
        ],
    }
    route = respx.get(f"{API}/api/v1/query").respond(json=body)
    counts = given(await datadog.traffic(finding(), release="Shop@1.4+x", **WINDOW))
    assert [bucket.count for bucket in counts.buckets[:3]] == [50, 7, 0]
    assert dict(route.calls.last.request.url.params) == {
        "from": "1764000000",
        "to": "1764000600",
        "query": "sum:trace.flask.request.hits{service:shop,env:production,version:shop_1.4_x}"
        ".as_count().rollup(sum, 10)",
    }
    # Points are whole: of the outermost, the part within the period counts.
    odd: dict[str, Any] = {"start": START + timedelta(seconds=4), "end": START + timedelta(seconds=61)}
    assert given(await datadog.traffic(finding(), **odd)).total == 30
    route.respond(json={"status": "error", "error": "no such metric"})
    with pytest.raises(Refused, match="no such metric"):
        await datadog.traffic(finding(), **WINDOW)
    route.respond(403)
    with pytest.raises(Unauthorized, match="timeseries_query"):
        await datadog.traffic(finding(), **WINDOW)
    assert not naps


# Deployments, monitors, events -----------------------------------------------------------------------------------


@respx.mock
async def test_a_release_is_known_by_its_deployment(datadog: Datadog) -> None:
    deployment = {"id": "d", "attributes": {"version": "1.4.3", "git": {"commit_sha": "f" * 40}}}
    route = respx.post(f"{API}/api/v2/dora/deployments").respond(json={"data": [deployment]})
    assert await datadog.known_release(finding(), "1.4.3") == TrackedRelease("1.4.3", "f" * 40)
    asked = sent(route)["data"]
    assert asked["type"] == "dora_deployments_list_request"
    assert (asked["attributes"]["query"], asked["attributes"]["limit"]) == (
        'service:"shop" version:"1.4.3"',
        1,
    )
    route.respond(json={"data": []})
    assert await datadog.known_release(finding(), "1.4.3") is None
    for status in (403, 404):
        route.respond(status)
        assert await datadog.known_release(finding(), "1.4.3") is None
    assert await datadog.suspects(finding()) == ()


@respx.mock
async def test_a_monitor(datadog: Datadog) -> None:
    body = {
        "id": 42,
        "name": "Errors on {{service.name}}",
        "type": "error-tracking alert",
        "query": 'error-tracking("service:shop").rollup("count").last("5m") > 5',
        "message": "@webhook-autofix",
        "tags": ["team:web", 7],
        "overall_state": "Alert",
        "state": {"groups": {"service:shop": {"status": "Alert", "last_triggered_ts": 1}, "odd": 7}},
    }
    respx.get(f"{API}/api/v1/monitor/42", params={"group_states": "all"}).respond(json=body)
    monitor = await datadog.monitor(42)
    assert (monitor.id, monitor.type, monitor.state) == (42, "error-tracking alert", "Alert")
    assert (monitor.tags, monitor.groups) == (("team:web",), {"service:shop": "Alert"})


EVENT: dict[str, Any] = {
    "id": "e1",
    "type": "event",
    "attributes": {
        "message": "**errors** over **service:shop** was **> 5.0**",
        "timestamp": "2025-11-24T16:08:20Z",
        "tags": ["monitor", "service:shop"],
        "attributes": {
            "title": "[Triggered] Errors on shop",
            "monitor_id": 42,
            "monitor_groups": ["service:shop"],
            "status": "error",
            "timestamp": 1_764_000_500_000,
        },
    },
}


@respx.mock
async def test_an_event(datadog: Datadog) -> None:
    respx.get(f"{API}/api/v2/events/e1").respond(json={"data": EVENT})
    event = await datadog.event("e1")
    assert (event.id, event.title, event.monitor) == ("e1", "[Triggered] Errors on shop", 42)
    assert (event.groups, event.tags, event.status) == (
        ("service:shop",),
        ("monitor", "service:shop"),
        "error",
    )
    assert event.at == "2025-11-24T16:08:20Z"


def _page(cursor: str | None, *ids: str) -> httpx.Response:
    meta = {"page": {"after": cursor}} if cursor else {}
    return httpx.Response(200, json={"data": [{**EVENT, "id": one} for one in ids], "meta": meta})


@respx.mock
async def test_a_list_ends_with_its_last_page_or_its_limit(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/events/search")
    route.side_effect = [_page("c1", "a", "b"), _page("c2", "c"), _page(None, "d")]
    events = await datadog.events("source:alert", **WINDOW)
    assert [event.id for event in events] == ["a", "b", "c", "d"]
    assert sent(route)["page"] == {"limit": 100, "cursor": "c2"}
    route.side_effect = [_page("c1", "a", "b"), _page("c2", "c", "d")]
    assert [event.id for event in await datadog.events("x", limit=3, **WINDOW)] == ["a", "b", "c"]


@respx.mock
async def test_a_list_without_end_is_ended(datadog: Datadog) -> None:
    route = respx.post(f"{API}/api/v2/events/search")
    route.side_effect = [_page("same", "a"), _page("same", "b")]
    with pytest.raises(Malformed, match="itself"):
        await datadog.events("x", **WINDOW)
    route.side_effect = [_page(f"c{number}") for number in range(1_000)]
    before = route.call_count
    assert await datadog.events("x", **WINDOW) == ()
    assert route.call_count - before == MOST_PAGES


# What surrounds a failure ----------------------------------------------------------------------------------------

TRACE = "67d3a1b20000000012ab34cd56ef7890"


def span(identifier: str, seconds: float, name: str, **more: Any) -> dict[str, Any]:
    """A span of the trace that began so many seconds after the failing request did."""
    at = (datetime.fromisoformat("2025-11-24T16:08:20+00:00") + timedelta(seconds=seconds)).isoformat()
    has = {"trace_id": TRACE, "start_timestamp": at, "resource_name": name, "type": "sql", **more}
    return {"id": identifier, "type": "spans", "attributes": has}


def log(identifier: str, seconds: float, message: str, status: str = "info") -> dict[str, Any]:
    at = (datetime.fromisoformat("2025-11-24T16:08:20+00:00") + timedelta(seconds=seconds)).isoformat()
    has = {"timestamp": at, "message": message, "status": status, "attributes": {"dd": {"trace_id": TRACE}}}
    return {"id": identifier, "type": "log", "attributes": has}


FAILED = span("1", 0, "POST /checkout", type="web", end_timestamp="2025-11-24T16:08:22Z")


def traces(spans: list[dict[str, Any]], logs: list[dict[str, Any]]) -> tuple[respx.Route, respx.Route]:
    """Datadog's spans and logs: the issue's own, then those of the trace."""
    at = f"{API}/api/v2"
    spans_found = [httpx.Response(200, json={"data": [FAILED]}), httpx.Response(200, json={"data": spans})]
    return (
        respx.post(f"{at}/spans/events/search").mock(side_effect=spans_found),
        respx.post(f"{at}/logs/events/search").respond(json={"data": logs}),
    )


@respx.mock
async def test_the_versions_that_an_issue_was_seen_in(datadog: Datadog) -> None:
    route = respx.get(f"{ISSUES}/{ISSUE}").respond(json=FOUND)
    assert await datadog.releases(finding()) == ("1.4.2", "1.4.3")
    bare = {"data": {"id": ISSUE, "attributes": {"error_type": "KeyError"}}}
    route.respond(json=bare)
    assert await datadog.releases(finding()) == (None, None)


@respx.mock
async def test_what_came_before_is_the_trace_up_to_the_failure(datadog: Datadog) -> None:
    spans = [
        span("4", 2.5, "after the failure"),
        span("3", 1.5, "SELECT price", custom={"error": {"type": "Timeout"}}),
        span("2", 0.5, "SELECT basket"),
        FAILED,
    ]
    logs = [log("b", 9, "later"), log("a", 1.0, "pricing basket b-1", "warn")]
    of_spans, of_logs = traces(spans, logs)
    found = await datadog.breadcrumbs(finding())
    assert [(one.at, one.category, one.level, one.text) for one in found] == [
        ("2025-11-24T16:08:20.500000Z", "sql", "", "SELECT basket"),
        ("2025-11-24T16:08:21Z", "log", "warn", "pricing basket b-1"),
        ("2025-11-24T16:08:21.500000Z", "sql", "error", "SELECT price"),
    ]
    for route in (of_spans, of_logs):
        body = sent(route)
        asked = body["data"]["attributes"] if "data" in body else body
        assert asked["filter"] == {
            "query": f'trace_id:"{TRACE}"',
            "from": "2025-11-24T15:53:22.000Z",
            "to": "2025-11-24T16:08:23.000Z",
        }
        assert asked["page"] == {"limit": 20}


@respx.mock
async def test_a_trace_without_end_is_cut_to_its_newest(datadog: Datadog) -> None:
    traces([span(f"s{n}", n / 100, f"SELECT {n}" + "x" * 9_000) for n in range(150)], [])
    found = await datadog.breadcrumbs(finding())
    assert len(found) == 20
    assert {len(one.text) for one in found} == {300}


@respx.mock
async def test_a_log_names_its_trace_as_well(datadog: Datadog) -> None:
    failed = log("7", 0, "checkout failed", "error")
    answers = [
        httpx.Response(200, json={"data": found}) for found in ([failed], [failed, log("6", -1, "hello")])
    ]
    respx.post(f"{API}/api/v2/logs/events/search").mock(side_effect=answers)
    respx.post(f"{API}/api/v2/spans/events/search").respond(json={"data": [span("5", -2, "GET /")]})
    found = await datadog.breadcrumbs(finding(event_id="logs/7"))
    assert [one.text for one in found] == ["GET /", "hello"]


@respx.mock
@pytest.mark.parametrize("refused", [("spans",), ("logs",), ("spans", "logs")])
async def test_what_the_key_may_not_read_is_left_out_but_not_all_of_it(
    datadog: Datadog, refused: tuple[str, ...]
) -> None:
    of_spans, of_logs = traces([span("2", 1, "SELECT 1")], [log("a", 1, "hello")])
    if "logs" in refused:
        of_logs.respond(403)
    if "spans" in refused:
        of_spans.mock(side_effect=[httpx.Response(200, json={"data": [FAILED]}), httpx.Response(403)])
    if len(refused) > 1:
        with pytest.raises(Unauthorized, match="apm_read"):
            await datadog.breadcrumbs(finding())
    else:
        (one,) = await datadog.breadcrumbs(finding())
        assert one.text == ("hello" if refused == ("spans",) else "SELECT 1")


@respx.mock
@pytest.mark.parametrize(
    "failed",
    [
        {"id": "1", "attributes": {"start_timestamp": "2025-11-24T16:08:20Z"}},
        {"id": "1", "attributes": {"trace_id": TRACE, "start_timestamp": "soon"}},
        {"id": "1", "attributes": {"trace_id": 7, "timestamp": "2025-11-24T16:08:20Z"}},
    ],
)
async def test_a_failure_without_a_trace_has_nothing_before_it(
    datadog: Datadog, failed: dict[str, Any]
) -> None:
    route = respx.post(f"{API}/api/v2/spans/events/search").respond(json={"data": [failed]})
    assert await datadog.breadcrumbs(finding()) == ()
    assert route.call_count == 1
    with pytest.raises(NotFound, match="not among Datadog's newest 100 spans"):
        await datadog.breadcrumbs(finding(event_id="spans/2"))
    assert await datadog.breadcrumbs(finding(event_id="events/1")) == ()


@respx.mock
async def test_a_trace_is_never_more_than_its_name(datadog: Datadog) -> None:
    failed = span("1", 0, "x", trace_id="* OR service:*")
    respx.post(f"{API}/api/v2/spans/events/search").respond(json={"data": [failed]})
    with pytest.raises(Refused, match="cannot be searched"):
        await datadog.breadcrumbs(finding())


@respx.mock
@pytest.mark.parametrize(
    ("status", "body", "known"),
    [(200, {"valid": True}, True), (200, {"valid": False}, False), (200, {}, False), (403, {}, False)],
)
async def test_whether_the_site_knows_the_key(
    datadog: Datadog, status: int, body: dict[str, Any], *, known: bool
) -> None:
    respx.get(f"{API}/api/v1/validate").respond(status, json=body)
    assert await datadog.takes_key() is known
