from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from app.clients.rest import LONGEST_WAIT, MAX_ANSWER, TRIES
from app.clients.sentry import Sentry, SentryRelease
from app.core.breadcrumbs import breadcrumbs
from app.core.errors import (
    ClientError,
    Malformed,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from app.core.model import SuspectCommit
from app.core.sentry_event import finding_from_event, raised_chain
from app.demo.sentry import SentryStandIn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sentry"
BASE = "https://us.sentry.io"
API = f"{BASE}/api/0"
NOW = 1_764_000_000.0
START = datetime.fromtimestamp(NOW, UTC)
END = START + timedelta(minutes=5)
ISSUE: dict[str, Any] = {
    "id": "7332116922",
    "shortId": "SHOP-1",
    "title": "KeyError: 'zero'",
    "count": "25",
    "userCount": 3,
    "project": {"slug": "shop"},
    "firstSeen": "2026-11-23T02:00:00Z",
    "statusDetails": {"inRelease": "shop@2"},
}


class Naps(list[float]):
    """Remembers how long it was asked to sleep."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def sentry(http: httpx.AsyncClient, naps: Naps) -> Sentry:
    return Sentry(http, BASE, "canary-token", sleep=naps, now=lambda: NOW)


@respx.mock
async def test_the_token_goes_to_the_configured_address_with_a_trailing_slash(sentry: Sentry) -> None:
    route = respx.get(f"{API}/organizations/acme/issues/SHOP-1/").respond(json=ISSUE)
    issue = await sentry.issue("acme", "SHOP-1")
    assert route.calls.last.request.headers["Authorization"] == "Bearer canary-token"
    assert (issue.id, issue.events, issue.users, issue.project) == ("7332116922", 25, 3, "shop")
    assert (issue.first_seen, issue.last_seen, issue.resolved_in) == ("2026-11-23T02:00:00Z", "", "shop@2")
    assert (issue.type, issue.substatus) == ("error", None)


@respx.mock
@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"{API}", f"{API}/"])
async def test_the_address_may_be_written_in_several_ways(http: httpx.AsyncClient, base: str) -> None:
    respx.get(f"{API}/organizations/acme/issues/1/").respond(json=ISSUE)
    assert (await Sentry(http, base, "t").issue("acme", "1")).short_id == "SHOP-1"


@respx.mock
@pytest.mark.parametrize("part", ["a/../../x", "a?b=c", "a#b", "a%2Fb", "é \n"])
async def test_no_name_escapes_its_segment_of_the_path(sentry: Sentry, part: str) -> None:
    route = respx.get(url__startswith=API).respond(HTTPStatus.NOT_FOUND)
    with pytest.raises(NotFound):
        await sentry.issue("acme", part)
    path = route.calls.last.request.url.raw_path.decode()
    assert path.count("/") == 7
    assert "?" not in path


@respx.mock
@pytest.mark.parametrize("part", ["", ".", "..", "\ud800", "x" * 20_000])
async def test_a_name_that_cannot_be_is_refused_without_a_call(sentry: Sentry, part: str) -> None:
    with pytest.raises(Refused):
        await sentry.issue(part, "1")
    assert not respx.calls


@respx.mock
async def test_counts_of_errors(sentry: Sentry) -> None:
    route = respx.get(f"{API}/organizations/acme/events/").respond(json={"data": [{"count()": 4}]})
    number = await sentry.count_errors(
        "acme", "SHOP-1", release="shop@2", start=START, end=END, environment="production"
    )
    assert number == 4
    assert dict(route.calls.last.request.url.params) == {
        "dataset": "errors",
        "field": "count()",
        "query": "issue:SHOP-1 release:shop@2",
        "start": "2025-11-24T16:00:00Z",
        "end": "2025-11-24T16:05:00Z",
        "environment": "production",
    }


@respx.mock
@pytest.mark.parametrize(
    ("release", "term"),
    [
        ('a"b', r'release:"a\"b"'),
        ("a b OR release:*", r'release:"a b OR release:\*"'),
        ("a\\", r'release:"a\\"'),
        ("!x", 'release:"!x"'),
        (">1", 'release:">1"'),
        ("[a,b]", 'release:"[a,b]"'),
        ("\ud800", 'release:"?"'),
    ],
)
async def test_nothing_in_a_release_is_an_operator(sentry: Sentry, release: str, term: str) -> None:
    route = respx.get(f"{API}/organizations/acme/events/").respond(json={"data": [{"count()": 0}]})
    await sentry.count_errors("acme", "SHOP-1", release=release, start=START, end=END)
    assert route.calls.last.request.url.params["query"] == f"issue:SHOP-1 {term}"


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        "[]",
        "null",
        "<html>",
        '{"data": {}}',
        '{"data": []}',
        '{"data": [{}]}',
        '{"data": [[1]]}',
        '{"data": [{"count()": "7"}]}',
        '{"data": [{"count()": true}]}',
        '{"data": [{"count()": -1}]}',
        '{"data": [{"count()": NaN}]}',
        '{"data": [{"count()": 1e400}]}',
        '{"data": [{"count()": ' + "9" * 5_000 + "}]}",
        "[" * 200_000,
        '{"data": "\xff"',
    ],
)
async def test_no_number_of_errors_is_malformed_and_never_zero(sentry: Sentry, answer: str) -> None:
    respx.get(f"{API}/organizations/acme/events/").respond(content=answer.encode("latin-1"))
    with pytest.raises(Malformed):
        await sentry.count_errors("acme", "SHOP-1", release=None, start=START, end=END)


@respx.mock
@pytest.mark.parametrize(
    ("data", "expected"),
    [([{"count()": 12.6}], 13), ([{"count()": 0}], 0), ([], None), ([{"count()": None}], None)],
)
async def test_no_data_about_traffic_is_none(sentry: Sentry, data: list[Any], expected: int | None) -> None:
    route = respx.get(f"{API}/organizations/acme/events/").respond(json={"data": data})
    assert await sentry.count_transactions("acme", "shop", release="shop@2", start=START, end=END) == expected
    params = route.calls.last.request.url.params
    assert (params["dataset"], params["query"]) == (
        "spans",
        "project:shop is_transaction:true release:shop@2",
    )


@respx.mock
async def test_a_release(sentry: Sentry) -> None:
    body = {"version": "shop@2", "dateCreated": "2026-11-23T02:00:00Z", "lastCommit": {"id": "f" * 40}}
    respx.get(f"{API}/organizations/acme/releases/shop%402/").respond(json={**body, "commitCount": 2})
    release = await sentry.release("acme", "shop@2")
    assert release == SentryRelease("shop@2", "2026-11-23T02:00:00Z", None, "f" * 40, 2, 0)


@respx.mock
async def test_an_unknown_release_and_no_committers(sentry: Sentry) -> None:
    respx.get(f"{API}/organizations/acme/releases/x/").respond(404, json={"detail": "no"})
    respx.get(f"{API}/projects/acme/shop/events/e/committers/").respond(
        404, json={"detail": "No committers found"}
    )
    assert await sentry.release("acme", "x") is None
    assert await sentry.committers("acme", "shop", "e") == ()


@respx.mock
async def test_committers_are_suspect_commits(sentry: Sentry) -> None:
    commit = {
        "id": "f" * 40,
        "message": "Price zero\n\nmore",
        "dateCreated": "2026-11-20T00:00:00Z",
        "pullRequest": {"id": "7", "title": "Price zero"},
    }
    body = {"committers": [{"author": {"name": "Ada"}, "commits": [commit, 5]}, "odd", {"commits": None}]}
    respx.get(f"{API}/projects/acme/shop/events/e/committers/").respond(json=body)
    found = await sentry.committers("acme", "shop", "e")
    assert found == (SuspectCommit("f" * 40, "Price zero", "Ada", "2026-11-20T00:00:00Z", 7),)


@respx.mock
@pytest.mark.parametrize("body", [{}, {"id": "1"}, {"id": 1, "shortId": "S-1"}, [], None])
async def test_an_issue_without_its_ids_is_malformed(sentry: Sentry, body: object) -> None:
    respx.get(f"{API}/organizations/acme/issues/1/").respond(json=body)
    with pytest.raises(Malformed):
        await sentry.issue("acme", "1")


@respx.mock
async def test_odd_fields_of_an_issue_become_empty(sentry: Sentry) -> None:
    odd = {
        "title": 7,
        "count": "many",
        "userCount": -1,
        "project": None,
        "firstSeen": 1e400,
        "culprit": "\ud800",
    }
    body = json.dumps({**ISSUE, **odd}).replace("Infinity", "0")
    respx.get(f"{API}/organizations/acme/issues/1/").respond(content=body.encode())
    issue = await sentry.issue("acme", "1")
    assert (issue.title, issue.events, issue.users, issue.project, issue.culprit) == ("", 0, 0, "", "?")


@respx.mock
@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (410, NotFound),
        (301, Malformed),
        (302, Malformed),
    ],
)
async def test_what_will_not_change_is_asked_once(
    sentry: Sentry, naps: Naps, status: int, fault: type[ClientError]
) -> None:
    respx.get(url__startswith=API).respond(
        status, json={"detail": "Sentry's words"}, headers={"Location": "https://evil.tld/api/0/"}
    )
    with pytest.raises(fault, match="Sentry's words") as caught:
        await sentry.issue("acme", "1")
    assert type(caught.value) is fault
    assert "canary-token" not in str(caught.value)
    assert (len(respx.calls), naps) == (1, [])


@respx.mock
@pytest.mark.parametrize("trouble", [500, 502, 503, httpx.ConnectError("x"), httpx.ReadTimeout("x")])
async def test_trouble_is_asked_again_and_then_given_up(
    sentry: Sentry, naps: Naps, trouble: int | httpx.RequestError
) -> None:
    route = respx.get(url__startswith=API)
    if isinstance(trouble, int):
        route.respond(trouble)
    else:
        route.mock(side_effect=trouble)
    with pytest.raises(Unavailable):
        await sentry.issue("acme", "1")
    assert len(respx.calls) == TRIES
    assert [0.3 < nap < 3 for nap in naps] == [True] * (TRIES - 1)
    assert naps == sorted(naps)


@respx.mock
async def test_a_good_answer_after_trouble_is_an_answer(sentry: Sentry) -> None:
    respx.get(url__startswith=API).mock(side_effect=[httpx.Response(502), httpx.Response(200, json=ISSUE)])
    assert (await sentry.issue("acme", "1")).short_id == "SHOP-1"


@respx.mock
@pytest.mark.parametrize(
    ("headers", "nap"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": format_datetime(START + timedelta(seconds=9), usegmt=True)}, 9),
        ({"X-Sentry-Rate-Limit-Reset": str(NOW + 12)}, 12),
        ({"X-Sentry-Rate-Limit-Reset": str(NOW - 12)}, 1),
        ({"Retry-After": "soon"}, 5),
        ({"X-Sentry-Rate-Limit-Reset": "nan"}, 5),
        ({}, 5),
    ],
)
async def test_a_limit_is_waited_out(sentry: Sentry, naps: Naps, headers: dict[str, str], nap: float) -> None:
    limited = httpx.Response(429, headers=headers)
    respx.get(url__startswith=API).mock(side_effect=[limited, httpx.Response(200, json=ISSUE)])
    await sentry.issue("acme", "1")
    assert naps == [nap]


@respx.mock
async def test_a_long_limit_is_the_caller_s_to_know(sentry: Sentry, naps: Naps) -> None:
    respx.get(url__startswith=API).respond(429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited) as caught:
        await sentry.issue("acme", "1")
    assert caught.value.retry_after == 3_600 > LONGEST_WAIT
    assert (len(respx.calls), naps) == (1, [])


@respx.mock
async def test_a_comment_whose_answer_is_lost_is_not_written_twice(sentry: Sentry) -> None:
    route = respx.post(f"{API}/organizations/acme/issues/1/notes/").respond(502)
    with pytest.raises(Unavailable):
        await sentry.comment("acme", "1", "fixed")
    assert len(route.calls) == 1
    route.mock(side_effect=[httpx.Response(429), httpx.Response(201, json={})])
    await sentry.comment("acme", "1", "fixed \ud800")
    assert json.loads(route.calls.last.request.content) == {"text": "fixed ?"}


@respx.mock
async def test_resolving(sentry: Sentry) -> None:
    route = respx.put(f"{API}/organizations/acme/issues/1/").respond(json=ISSUE)
    await sentry.resolve_in_release("acme", "1", "shop@2")
    body = {"status": "resolved", "statusDetails": {"inRelease": "shop@2"}}
    assert json.loads(route.calls.last.request.content) == body


@respx.mock
async def test_an_answer_without_end_is_cut_off(sentry: Sentry) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2 * MAX_ANSWER // 1_000_000):
            yield b" " * 1_000_000

    respx.get(url__startswith=API).mock(return_value=httpx.Response(200, content=endless()))
    with pytest.raises(Malformed, match="larger"):
        await sentry.event("acme", "1")


@respx.mock
async def test_compression_is_not_asked_for_and_not_undone(sentry: Sentry) -> None:
    route = respx.get(url__startswith=API).respond(content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Malformed):
        await sentry.event("acme", "1")
    assert route.calls.last.request.headers["Accept-Encoding"] == "identity"


async def test_the_whole_story_against_the_stand_in(http: httpx.AsyncClient, naps: Naps) -> None:
    at = [NOW]
    server = SentryStandIn(organization="acme", project="shop", token="secret", clock=lambda: at[0])
    sentry = Sentry(http, await server.start(), "secret", sleep=naps, now=lambda: at[0])
    raw = json.loads((FIXTURES / "sdk_event.json").read_text(encoding="utf-8"))
    try:
        server.store.add_event(raw)
        server.store.add_transaction({"release": raw["release"], "transaction": "/pay/"})
        issue = await sentry.issue("acme", "SHOP-1")
        event = await sentry.event("acme", issue.id)
        assert raised_chain(event) == raised_chain(raw)
        finding = finding_from_event(event, issue, organization="acme")
        assert finding is not None
        assert (finding.release, finding.environment, finding.events) == (raw["release"], "production", 1)
        assert finding.first_seen == "2025-11-24T16:00:00Z"
        assert await sentry.releases(finding) == (raw["release"], raw["release"])
        crumbs = await sentry.breadcrumbs(finding)
        assert crumbs == breadcrumbs(raw)
        assert crumbs
        server.faults.fail_next(1, HTTPStatus.TOO_MANY_REQUESTS)
        server.faults.fail_next(1)
        window = {"start": START, "end": END}
        assert (
            await sentry.count_errors("acme", "SHOP-1", release=raw["release"], environment=None, **window)
            == 1
        )
        assert len(naps) == 2
        assert await sentry.count_errors("acme", "SHOP-1", release="shop@9", environment=None, **window) == 0
        assert await sentry.count_transactions("acme", "shop", start=START, end=END) == 1
        assert await sentry.committers("acme", "shop", finding.event_id) == ()
        assert await sentry.release("acme", "shop@9") is None
        server.store.releases.known("shop@9", at[0])
        await sentry.resolve_in_release("acme", issue.id, "shop@9")
        assert (await sentry.issue("acme", issue.id)).resolved_in == "shop@9"
        await sentry.comment("acme", issue.id, "fixed by #7")
        assert server.groups[0].activity[0].data == {"text": "fixed by #7"}
        assert {call.status for call in server.journal} == {200, 201, 404, 429, 500}
        with pytest.raises(Unauthorized, match="Invalid token"):
            await Sentry(http, server.base_url, "other").issue("acme", "1")
    finally:
        await server.stop()


async def test_a_server_that_is_gone_is_unavailable(http: httpx.AsyncClient, naps: Naps) -> None:
    server = SentryStandIn(organization="acme", project="shop", token="secret")
    base = await server.start()
    await server.stop()
    with pytest.raises(Unavailable):
        await Sentry(http, base, "secret", sleep=naps).issue("acme", "1")
