"""Bugsink's client where the real one (`test_real_bugsink.py`) does not misbehave by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients.bugsink import MOST_ISSUES, MOST_PAGES, Bugsink
from app.clients.rest import TRIES
from app.clients.tracker import IssueState, NewIssue, TrackedRelease
from app.core.errors import Malformed, NotFound, Refused, Unauthorized
from app.core.model import Finding, given
from app.core.sentry_event import raised_chain

BASE = "https://bugs.example/sub"
API = f"{BASE}/api/canonical/0"
ISSUE = "8b1e3c52-1f0e-4f7e-9a53-0d5c3f0e6f11"
OTHER, SILENT = (f"8b1e3c52-1f0e-4f7e-9a53-0d5c3f0e6f1{digit}" for digit in (2, 3))
RAW = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "sentry" / "sdk_event.json").read_text(encoding="utf-8")
)
NOW = 1_764_000_600.0
START = datetime.fromtimestamp(NOW - 600, UTC)
END = datetime.fromtimestamp(NOW, UTC)
WINDOW: dict[str, Any] = {"start": START, "end": END}
FOUND: dict[str, Any] = {
    "id": ISSUE,
    "friendly_id": "SHOP-1",
    "project": 1,
    "digest_order": 1,
    "first_seen": "2025-11-24T15:00:00Z",
    "last_seen": "2025-11-24T16:08:20Z",
    "digested_event_count": 25,
    "stored_event_count": 25,
    "calculated_type": "KeyError",
    "calculated_value": "'zero'",
    "transaction": "/pay/",
    "is_resolved": False,
    "is_resolved_unconditionally": False,
    "is_resolved_by_next_release": False,
    "fixed_at": [],
    "events_at": ["shop@1"],
    "is_muted": False,
}
FINDING = Finding(
    source="bugsink",
    organization="",
    project="1",
    group=ISSUE,
    short_id="SHOP-1",
    url="",
    event_id="1",
    title="KeyError: 'zero'",
    platform="python",
    release="shop@1",
    environment="production",
    first_seen="",
    last_seen="",
    events=25,
    users=0,
    chain=(),
)


def page(*items: dict[str, Any], cursor: str | None = None, link: str | None = None) -> httpx.Response:
    following = link or (f"http://evil.tld/?cursor={cursor}&issue=other" if cursor else None)
    return httpx.Response(200, json={"next": following, "previous": None, "results": list(items)})


def event(minutes: float, *, late: float = 0.0, **changed: Any) -> dict[str, Any]:
    """An event that happened so many minutes after the start and came in `late` minutes after that."""
    at, came = START + timedelta(minutes=minutes), START + timedelta(minutes=minutes + late)
    return {
        "id": f"e{minutes}",
        "issue": ISSUE,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "ingested_at": came.isoformat().replace("+00:00", "Z"),
        **changed,
    }


@pytest.fixture
def bugsink(http: httpx.AsyncClient, naps: Any) -> Bugsink:
    return Bugsink(http, BASE, "canary-token", sleep=naps, now=lambda: NOW)


# What every call bears -------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[hostile.Call, str, int]] = {
    "read": (lambda api: api.read("", "SHOP-1"), "issues:read", TRIES),
    "event": (lambda api: api.event("e1"), "events:read", TRIES),
    "errors": (lambda api: api.errors(FINDING, **WINDOW), "issues:read", TRIES),
    "release": (lambda api: api.known_release(FINDING, "shop@2"), "releases:read", TRIES),
    "state": (lambda api: api.state(FINDING), "issues:read", TRIES),
    "releases": (lambda api: api.releases(FINDING), "issues:read", TRIES),
    "breadcrumbs": (lambda api: api.breadcrumbs(FINDING), "events:read", TRIES),
    "newest release": (lambda api: api.newest_release("1"), "releases:read", TRIES),
    "new issues": (lambda api: api.new_issues(FINDING, **WINDOW), "issues:read", TRIES),
    "changes": (lambda api: api.changes(FINDING, since=START), "issues:read", TRIES),
    "resolve": (lambda api: api.resolve(FINDING, "shop@2"), "issues:read", TRIES),
    "create": (lambda api: api.create_release("1", "shop@2"), "releases:create", 1),
    "note": (lambda api: api.note(FINDING, "fixed"), "issues:comment", 1),
}
each = pytest.mark.parametrize(("call", "needs", "tries"), CALLS.values(), ids=CALLS)


@respx.mock
@each
async def test_no_answer_is_too_odd(bugsink: Bugsink, call: hostile.Call, needs: str, tries: int) -> None:
    del needs, tries
    await hostile.survives(bugsink, call)


@respx.mock
@each
async def test_a_refusal_names_the_permission(
    bugsink: Bugsink, call: hostile.Call, needs: str, tries: int
) -> None:
    del tries
    await hostile.names_what_it_needs(bugsink, call, needs)


@respx.mock
@each
async def test_a_limit_is_waited_out_in_bounds(
    bugsink: Bugsink, naps: Any, call: hostile.Call, needs: str, tries: int
) -> None:
    del needs, tries
    await hostile.waits_for_a_limit(bugsink, call, naps, {"Retry-After": "9"})


@respx.mock
@each
async def test_silence_is_given_up(bugsink: Bugsink, call: hostile.Call, needs: str, tries: int) -> None:
    del needs
    await hostile.gives_up(bugsink, call, tries)


# Issue and event -------------------------------------------------------------------------------------------------


@respx.mock
@pytest.mark.parametrize("base", [BASE, f"{BASE}/", API, f"{API}/"])
async def test_the_token_goes_to_the_configured_address(http: httpx.AsyncClient, base: str) -> None:
    route = respx.get(f"{API}/issues/SHOP-1/").respond(json=FOUND)
    issue = await Bugsink(http, base, "secret").issue("SHOP-1")
    assert route.calls.last.request.headers["Authorization"] == "Bearer secret"
    assert (issue.id, issue.title, issue.project) == (ISSUE, "KeyError: 'zero'", "1")
    assert (issue.events, issue.kept, issue.fixed_in) == (25, 25, ())


@respx.mock
async def test_a_finding_is_made_of_the_newest_event_as_the_sdk_sent_it(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/SHOP-1/").respond(json=FOUND)
    listed = respx.get(f"{API}/events/").mock(return_value=page(event(5), event(4), cursor="more"))
    detail = respx.get(f"{API}/events/e5/").respond(json={"id": "e5", "data": RAW, "stacktrace_md": "x"})
    found = given(await bugsink.read("", "SHOP-1"))
    assert dict(listed.calls.last.request.url.params) == {"issue": ISSUE}
    assert (found.source, found.organization, found.project, found.group) == ("bugsink", "", "1", ISSUE)
    assert (found.release, found.environment, found.events) == (RAW["release"], "production", 25)
    assert found.url == f"{BASE}/issues/issue/{ISSUE}/event/last/"
    assert found.chain == raised_chain(RAW)
    detail.respond(json={"data": {"message": "no exception"}})
    assert await bugsink.read("", "SHOP-1") is None
    listed.mock(return_value=page())
    assert await bugsink.read("", "SHOP-1") is None


@respx.mock
async def test_an_unknown_issue_is_not_found(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/SHOP-9/").respond(404, json={"detail": "No Issue matches the given query."})
    with pytest.raises(NotFound, match="No Issue matches"):
        await bugsink.read("", "SHOP-9")


# Numbers ---------------------------------------------------------------------------------------------------------


@respx.mock
async def test_events_are_counted_one_by_one_until_they_are_too_old(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    route = respx.get(f"{API}/events/")
    route.side_effect = [
        page(event(11), event(9.5), event(9), cursor="c1"),
        page(event(2.5, late=1), event(0), event(-1), cursor="c2"),
    ]
    counts = await bugsink.errors(FINDING, release='shop@"1\\', **WINDOW)
    assert [bucket.count for bucket in counts.buckets] == [1, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    assert [bucket.incomplete for bucket in counts.buckets] == [False] * 9 + [True]
    assert dict(route.calls.last.request.url.params) == {
        "issue": ISSUE,
        "q": r'release:"shop@\"1\\" environment:"production"',
        "cursor": "c1",
    }


@respx.mock
async def test_an_event_from_the_future_happened_when_it_came(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    respx.get(f"{API}/events/").mock(return_value=page(event(500, late=-495)))
    counts = await bugsink.errors(FINDING, **WINDOW)
    assert [at for at, bucket in enumerate(counts.buckets) if bucket.count] == [5]


@respx.mock
async def test_where_events_were_thrown_away_no_count_is_complete(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json={**FOUND, "stored_event_count": 24})
    respx.get(f"{API}/events/").mock(return_value=page(event(5)))
    counts = await bugsink.errors(FINDING, **WINDOW)
    assert (counts.total, counts.complete_until) == (1, None)
    assert all(bucket.incomplete for bucket in counts.buckets)


@respx.mock
async def test_what_lies_behind_the_last_page_that_is_read_is_incomplete(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    route = respx.get(f"{API}/events/")
    route.side_effect = [page(event(5), cursor=f"c{number}") for number in range(1_000)]
    counts = await bugsink.errors(FINDING, **WINDOW)
    assert route.call_count == MOST_PAGES
    assert [bucket.incomplete for bucket in counts.buckets] == [True] * 5 + [False] * 4 + [True]


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        page(event(5, timestamp=None)),
        page(event(5, ingested_at="soon")),
        page(event(5), link="https://bugs.example/?page=2"),
        page(event(5), link="https://bugs.example/?cursor=%0d%0aX"),
        page(event(5), link="https://[bad/?cursor=x"),
        page(event(5), cursor="same"),
        httpx.Response(200, json={"results": [7]}),
        httpx.Response(200, json={"results": {}}),
        httpx.Response(200, json=[]),
    ],
)
async def test_no_number_of_errors_is_malformed_and_never_zero(
    bugsink: Bugsink, answer: httpx.Response
) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    respx.get(f"{API}/events/").mock(return_value=answer)
    with pytest.raises(Malformed):
        await bugsink.errors(FINDING, **WINDOW)


async def test_traffic_and_suspects_are_unknown(bugsink: Bugsink) -> None:
    assert await bugsink.traffic(FINDING, **WINDOW) is None
    assert await bugsink.suspects(FINDING) == ()


# Releases and resolution -----------------------------------------------------------------------------------------


@respx.mock
async def test_a_release_is_looked_for_on_every_page(bugsink: Bugsink) -> None:
    route = respx.get(f"{API}/releases/")
    route.side_effect = [page({"version": "shop@3"}, cursor="c1"), page({"version": "shop@2"})]
    assert await bugsink.known_release(FINDING, "shop@2") == TrackedRelease("shop@2", None)
    assert dict(route.calls.last.request.url.params) == {"project": "1", "cursor": "c1"}
    route.side_effect = [page({"version": "shop@3"}, cursor="c1"), page({"version": "shop@22"})]
    assert await bugsink.known_release(FINDING, "shop@2") is None
    route.side_effect = [page({"version": "shop@3"}, cursor="c")] * 3
    assert await bugsink.known_release(FINDING, "shop@2") is None


@respx.mock
@pytest.mark.parametrize(
    ("known", "created", "how"),
    [
        (True, None, "resolve-latest"),
        (False, httpx.Response(201, json={}), "resolve-latest"),
        (False, httpx.Response(400, json={"version": ["Release with this version already exists for the project."]}),
         "resolve-latest"),
        (False, httpx.Response(403, json={"detail": "no"}), "resolve"),
    ],
)  # fmt: skip
async def test_resolving(bugsink: Bugsink, known: bool, created: httpx.Response | None, how: str) -> None:  # noqa: FBT001 - a row
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    respx.get(f"{API}/releases/").mock(return_value=page(*([{"version": "shop@2"}] if known else [])))
    create = respx.post(f"{API}/releases/")
    create.mock(return_value=created)
    route = respx.post(f"{API}/issues/{ISSUE}/{how}/").respond(json=FOUND)
    await bugsink.resolve(FINDING, "shop@2")
    assert route.call_count == 1
    assert create.call_count == (created is not None)
    if created is not None:
        assert json.loads(create.calls.last.request.content) == {"project": 1, "version": "shop@2"}


@respx.mock
async def test_what_is_resolved_is_left_alone(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json={**FOUND, "is_resolved": True})
    await bugsink.resolve(FINDING, "shop@2")
    assert [call.request.method for call in respx.calls] == ["GET"]


@respx.mock
async def test_a_refused_resolution_says_why(bugsink: Bugsink) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json=FOUND)
    releases = respx.get(f"{API}/releases/").mock(return_value=page({"version": "shop@2"}))
    resolve = respx.post(f"{API}/issues/{ISSUE}/resolve-latest/").respond(403, json={"detail": "no"})
    with pytest.raises(Unauthorized, match="issues:triage"):
        await bugsink.resolve(FINDING, "shop@2")
    resolve.respond(400, json={"detail": "Project has no releases."})
    with pytest.raises(Refused, match="Project has no releases"):
        await bugsink.resolve(FINDING, "shop@2")
    releases.mock(return_value=page())
    respx.post(f"{API}/releases/").respond(400, json={"version": ["This field may not be null."]})
    with pytest.raises(Refused, match="may not be null"):
        await bugsink.resolve(FINDING, "shop@3")


@respx.mock
@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, IssueState.OPEN),
        ({"is_muted": True}, IssueState.IGNORED),
        ({"is_resolved": True, "fixed_at": ["shop@2"]}, IssueState.RESOLVED),
        ({"fixed_at": ["shop@2"]}, IssueState.REGRESSED),
        ({"fixed_at": "odd"}, IssueState.OPEN),
    ],
)
async def test_how_an_issue_stands(bugsink: Bugsink, changed: dict[str, Any], state: IssueState) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json={**FOUND, **changed})
    assert await bugsink.state(FINDING) is state


@respx.mock
async def test_a_note(bugsink: Bugsink) -> None:
    route = respx.post(f"{API}/issue-comments/").respond(201, json={})
    assert await bugsink.note(FINDING, "fixed by #7 \ud800")
    assert json.loads(route.calls.last.request.content) == {"issue": ISSUE, "comment": "fixed by #7 ?"}


# What surrounds a failure ----------------------------------------------------------------------------------------


@respx.mock
@pytest.mark.parametrize(
    ("seen", "releases"),
    [
        (["shop@1", "shop@2", "shop@3"], ("shop@1", "shop@3")),
        (["", "shop@2"], ("shop@2", "shop@2")),
        ([""], (None, None)),
        ([], (None, None)),
        (None, (None, None)),
        ("shop@1", (None, None)),
        ([7, {"x": 1}, "shop@2"], ("shop@2", "shop@2")),
    ],
)
async def test_the_releases_that_an_issue_appeared_in(
    bugsink: Bugsink, seen: object, releases: tuple[str | None, str | None]
) -> None:
    respx.get(f"{API}/issues/{ISSUE}/").respond(json={**FOUND, "events_at": seen})
    assert await bugsink.releases(FINDING) == releases


@respx.mock
async def test_the_breadcrumbs_are_those_of_the_very_event(bugsink: Bugsink) -> None:
    crumbs = [
        {"timestamp": "2025-11-24T16:00:00Z", "category": "query", "message": "SELECT 1", "level": "info"},
        {
            "timestamp": 1_764_000_301.5,
            "type": "http",
            "data": {"method": "GET", "url": "https://x/y?token=1"},
        },
    ]
    asked = {"project": "1", "event_id": "1"}
    route = respx.get(f"{API}/events/lookup/", params=asked)
    route.respond(json={"id": "u", "data": {**RAW, "breadcrumbs": {"values": crumbs}}})
    found = await bugsink.breadcrumbs(FINDING)
    assert [(one.at, one.category, one.level, one.text) for one in found] == [
        ("2025-11-24T16:00:00Z", "query", "info", "SELECT 1"),
        ("2025-11-24T16:05:01.500000Z", "http", "", "GET https://x/y"),
    ]
    route.respond(404)
    with pytest.raises(NotFound):
        await bugsink.breadcrumbs(FINDING)


# What surrounds an issue -----------------------------------------------------------------------------------------


async def test_v5_v9_what_bugsink_cannot_tell_is_unknown(bugsink: Bugsink) -> None:
    assert await bugsink.users(FINDING, **WINDOW) is None
    assert await bugsink.all_errors(FINDING, **WINDOW) is None
    assert await bugsink.intake(FINDING, **WINDOW) is None


@respx.mock
async def test_v7_issues_first_seen_in_the_period_with_their_events(bugsink: Bugsink) -> None:
    new = {**FOUND, "id": OTHER, "friendly_id": "SHOP-2", "first_seen": "2025-11-24T16:03:00Z"}
    silent = {**new, "id": SILENT, "friendly_id": "SHOP-3"}
    issues = respx.get(f"{API}/issues/").mock(return_value=page(silent, new, {**new, "id": ISSUE}, FOUND))
    respx.get(f"{API}/issues/{OTHER}/").respond(json=new)
    respx.get(f"{API}/issues/{SILENT}/").respond(json=silent)
    events = respx.get(f"{API}/events/")
    events.side_effect = [page(), page(event(4), event(3.5), event(-1))]
    assert await bugsink.new_issues(FINDING, release="shop@2", **WINDOW) == (NewIssue("SHOP-2", 2),)
    assert dict(issues.calls.last.request.url.params) == {
        "project": "1",
        "sort": "digest_order",
        "order": "desc",
    }
    assert 'release:"shop@2"' in events.calls.last.request.url.params["q"]


@respx.mock
async def test_v7_very_many_new_issues_are_not_all_counted(bugsink: Bugsink) -> None:
    new = [
        {**FOUND, "id": f"{at:08}-1f0e-4f7e-9a53-0d5c3f0e6f11", "first_seen": "2025-11-24T16:03:00Z"}
        for at in range(MOST_ISSUES + 5)
    ]
    respx.get(f"{API}/issues/").mock(return_value=page(*new))
    respx.get(url__regex=rf"{API}/issues/.+/").respond(json=new[0])
    respx.get(f"{API}/events/").mock(return_value=page(event(4)))
    assert len(given(await bugsink.new_issues(FINDING, **WINDOW))) == MOST_ISSUES


@respx.mock
async def test_v6_what_was_done_to_the_issue_since(bugsink: Bugsink) -> None:
    def turn(kind: str, minutes: float) -> dict[str, Any]:
        return {"kind": kind, "timestamp": (START + timedelta(minutes=minutes)).isoformat()}

    history = respx.get(f"{API}/issue-history/").mock(
        return_value=page(
            turn("muted", 4), turn("resolved", 2), turn("manual_annotation", 1), turn("muted", -1)
        )
    )
    assert await bugsink.changes(FINDING, since=START) == (
        "somebody resolved the issue",
        "the issue was muted",
    )
    assert dict(history.calls.last.request.url.params) == {"issue": ISSUE}
    history.mock(return_value=httpx.Response(404))
    assert await bugsink.changes(FINDING, since=START) == ("the issue is gone from Bugsink",)
    history.mock(return_value=page({"kind": "muted", "timestamp": "soon"}))
    with pytest.raises(Malformed):
        await bugsink.changes(FINDING, since=START)
