from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.clients.github import GitHub
from app.clients.github.transport import (
    API_VERSION,
    LONGEST_WAIT_SECONDS,
    WRITE_BURST,
    InstallationTransport,
    _Paced,
)
from app.core.errors import (
    ClientError,
    Malformed,
    Moved,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)

API = "https://api.github.com"
TOKENS = f"{API}/app/installations/77/access_tokens"
ISSUE = f"{API}/repos/acme/shop/issues/3"
ISSUE_BODY = {"number": 3, "title": "t", "state": "open", "user": {"login": "a", "id": 1}}
LONG = "ghs_4242_" + "eyJ" + "a" * 150 + "." + "b-_" * 80 + "." + "c" * 120


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@dataclass
class Peer:
    """GitHub as respx plays it; waiting only moves its clock and is noted."""

    mock: respx.MockRouter
    github: GitHub
    clock: list[float]
    waits: list[float] = field(default_factory=list)
    tokens: int = 0

    @property
    def repo(self) -> Any:
        return self.github.repository("acme/shop", 77)

    def give_token(self, _request: httpx.Request) -> httpx.Response:
        self.tokens += 1
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock[0] + 3600))
        return httpx.Response(201, json={"token": f"{LONG}{self.tokens}", "expires_at": expires})

    @property
    def api(self) -> InstallationTransport:
        transport: InstallationTransport = self.repo._api
        return transport


@pytest.fixture
async def peer(pem: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Peer]:
    async with httpx.AsyncClient() as http, respx.MockRouter(assert_all_called=False) as mock:
        now = [1_800_000_000.0]
        peer = Peer(mock, GitHub(http, app_id=4242, private_key=pem, clock=lambda: now[0]), now)

        async def sleep(_self: object, seconds: float) -> None:
            peer.waits.append(seconds)
            peer.clock[0] += seconds

        monkeypatch.setattr(_Paced, "sleep", sleep)
        mock.post(TOKENS).mock(side_effect=peer.give_token)
        yield peer


def _sent(route: respx.Route, name: str) -> list[str]:
    return [call.request.headers.get(name, "") for call in route.calls]


# Credentials -----------------------------------------------------------------------------------------------------


async def test_m23_the_token_is_asked_for_with_a_short_lived_signed_claim(
    peer: Peer, key: rsa.RSAPrivateKey
) -> None:
    peer.mock.get(ISSUE).respond(json=ISSUE_BODY)
    await peer.repo.issue(3)
    scheme, claim = peer.mock.calls[0].request.headers["Authorization"].split()
    claims = jwt.decode(claim, key.public_key(), algorithms=["RS256"])
    assert (scheme.lower(), claims["iss"]) == ("bearer", "4242")
    assert claims["exp"] - claims["iat"] <= 600
    assert claims["iat"] < time.time()


async def test_every_request_names_the_api_version_and_us(peer: Peer) -> None:
    peer.mock.get(ISSUE).respond(json=ISSUE_BODY)
    peer.mock.post(f"{API}/graphql").respond(json={"data": {}})
    await peer.repo.issue(3)
    await peer.api.graphql("query { viewer { login } }")
    assert len(peer.mock.calls) == 3
    for call in peer.mock.calls:
        assert call.request.headers["X-GitHub-Api-Version"] == API_VERSION == "2022-11-28"
        assert call.request.headers["User-Agent"] == "autofix-app"


async def test_one_token_of_any_length_serves_until_shortly_before_its_end(peer: Peer) -> None:
    route = peer.mock.get(ISSUE).respond(json=ISSUE_BODY)
    for _ in range(3):
        await peer.repo.issue(3)
    peer.clock[0] += 3600 - 301
    await peer.repo.issue(3)
    assert (peer.tokens, len(LONG) > 500) == (1, True)
    peer.clock[0] += 2
    await peer.repo.issue(3)
    assert peer.tokens == 2
    assert _sent(route, "Authorization") == [f"token {LONG}1"] * 4 + [f"token {LONG}2"]


async def test_m23_a_refused_token_is_renewed_once(peer: Peer) -> None:
    answers = [httpx.Response(401, json={"message": "Bad credentials"}), httpx.Response(200, json=ISSUE_BODY)]
    route = peer.mock.get(ISSUE).mock(side_effect=answers)
    assert (await peer.repo.issue(3)).number == 3
    assert _sent(route, "Authorization") == [f"token {LONG}1", f"token {LONG}2"]


async def test_m23_a_second_refusal_is_believed(peer: Peer) -> None:
    route = peer.mock.get(ISSUE).respond(401, json={"message": "Bad credentials"})
    with pytest.raises(Unauthorized):
        await peer.repo.issue(3)
    assert (route.call_count, peer.tokens) == (2, 2)


async def test_a_refused_graphql_token_is_renewed_once(peer: Peer) -> None:
    answers = [
        httpx.Response(401, json={"message": "Bad credentials"}),
        httpx.Response(200, json={"data": {"a": 1}}),
    ]
    peer.mock.post(f"{API}/graphql").mock(side_effect=answers)
    assert await peer.api.graphql("query { a }") == {"a": 1}
    assert peer.tokens == 2


async def test_a_refused_key_is_unauthorized(peer: Peer) -> None:
    peer.mock.post(TOKENS).respond(401, json={"message": "A JSON web token could not be decoded"})
    with pytest.raises(Unauthorized, match="JSON web token"):
        await peer.repo.issue(3)


@pytest.mark.parametrize("answer", [{}, {"token": "x"}, {"token": "x", "expires_at": "soon"}, [], None])
async def test_a_token_answer_without_a_token_is_malformed(peer: Peer, answer: Any) -> None:
    peer.mock.post(TOKENS).respond(201, json=answer)
    with pytest.raises(Malformed):
        await peer.repo.issue(3)


async def test_m23_no_fault_holds_a_token(peer: Peer) -> None:
    for response in (
        httpx.Response(401, json={"message": "Bad credentials"}),
        httpx.Response(500),
        httpx.Response(422, json={"message": "no", "errors": [{"code": "custom", "message": "x"}]}),
        httpx.Response(200, content=b"{", headers={"Content-Type": "application/json"}),
        httpx.ConnectError("refused"),
    ):
        peer.mock.get(ISSUE).mock(side_effect=[response, response])
        with pytest.raises(ClientError) as caught:
            await peer.repo.issue(3)
        fault: BaseException | None = caught.value
        while fault is not None:
            assert "ghs_" not in f"{fault!r} {fault}"
            fault = fault.__cause__


# Limits ----------------------------------------------------------------------------------------------------------

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize("status", [403, 429])
async def test_m15_a_short_retry_after_is_waited_out(peer: Peer, status: int) -> None:
    limited = httpx.Response(status, json=SECONDARY, headers={"Retry-After": "7"})
    peer.mock.get(ISSUE).mock(side_effect=[limited, limited, httpx.Response(200, json=ISSUE_BODY)])
    await peer.repo.issue(3)
    assert peer.waits == [7.0, 7.0]


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (403, {"Retry-After": "3600"}, SECONDARY, 3600.0),
        (429, {"Retry-After": "61"}, SECONDARY, 61.0),
        (
            403,
            {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"},
            SECONDARY,
            600.0,
        ),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, {}, 600.0),
    ],
)
async def test_m15_a_long_limit_is_for_the_caller_to_see(
    peer: Peer, status: int, headers: dict[str, str], body: dict[str, str], wait: float
) -> None:
    reset = str(int(time.time() + 600))
    given = {name: value.replace("RESET", reset) for name, value in headers.items()}
    route = peer.mock.get(ISSUE).respond(status, json=body, headers=given)
    with pytest.raises(RateLimited) as caught:
        await peer.repo.issue(3)
    assert caught.value.retry_after == pytest.approx(wait, abs=3)
    assert (route.call_count, peer.waits) == (1, [])


@pytest.mark.parametrize(("status", "body"), [(403, SECONDARY), (429, {})])
async def test_a_limit_without_a_time_is_tried_again_after_a_minute_and_then_seen(
    peer: Peer, status: int, body: dict[str, str]
) -> None:
    peer.mock.get(ISSUE).respond(status, json=body)
    with pytest.raises(RateLimited):
        await peer.repo.issue(3)
    assert peer.waits == [LONGEST_WAIT_SECONDS] * 2


async def test_a_used_up_hour_costs_no_request(peer: Peer) -> None:
    headers = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(time.time() + 900)),
    }
    route = peer.mock.get(ISSUE).respond(json=ISSUE_BODY, headers=headers)
    await peer.repo.issue(3)
    with pytest.raises(RateLimited) as caught:
        await peer.repo.issue(3)
    assert route.call_count == 1
    assert caught.value.retry_after == pytest.approx(900, abs=3)


async def test_writes_are_spread_out(peer: Peer) -> None:
    peer.mock.patch(ISSUE).respond(json=ISSUE_BODY)
    clock = [0.0]
    peer.api._api._monotonic = lambda: clock[0]
    peer.api._api._refilled = 0.0
    for _ in range(WRITE_BURST + 2):
        await peer.repo.close_issue(3)
    assert peer.waits == [1.0, 2.0]
    clock[0] += 100
    await peer.repo.close_issue(3)
    assert len(peer.waits) == 2


async def test_forbidden_is_no_limit(peer: Peer) -> None:
    message = {"message": "Resource not accessible by integration"}
    route = peer.mock.get(ISSUE).respond(403, json=message, headers={"X-RateLimit-Remaining": "4999"})
    with pytest.raises(Refused, match="not accessible"):
        await peer.repo.issue(3)
    assert route.call_count == 1


# ETags -----------------------------------------------------------------------------------------------------------


async def test_an_unchanged_answer_is_taken_from_the_cache(peer: Peer) -> None:
    answers = [
        httpx.Response(200, json=ISSUE_BODY, headers={"ETag": 'W/"1"'}),
        httpx.Response(304),
        httpx.Response(200, json={**ISSUE_BODY, "title": "new"}, headers={"ETag": 'W/"2"'}),
        httpx.Response(304),
    ]
    route = peer.mock.get(ISSUE).mock(side_effect=answers)
    titles = [(await peer.repo.issue(3)).title for _ in range(4)]
    assert titles == ["t", "t", "new", "new"]
    assert _sent(route, "If-None-Match") == ["", 'W/"1"', 'W/"1"', 'W/"2"']


async def test_every_page_has_its_own_tag(peer: Peer) -> None:
    url = f"{API}/repos/acme/shop/issues/3/comments"
    second = f"{API}/repositories/501/issues/3/comments?per_page=100&page=2"
    comment = {"id": 1, "html_url": "u", "body": "b"}
    link = {"ETag": '"p1"', "Link": f'<{second}>; rel="next"'}
    first = [httpx.Response(200, json=[comment], headers=link), httpx.Response(304)]
    peer.mock.get(url, params={"per_page": "100"}).mock(side_effect=first)
    peer.mock.get(second).respond(json=[{**comment, "id": 2}])
    for _ in range(2):
        assert [found.id for found in await peer.repo.comments(3)] == [1, 2]


# Faults ----------------------------------------------------------------------------------------------------------

Answer = httpx.Response | Exception
FAULTS: list[tuple[Answer, type[ClientError]]] = [
    (httpx.Response(500), Unavailable),
    (httpx.Response(502, text="<html>Bad gateway</html>"), Unavailable),
    (httpx.Response(503, json={"message": "down"}), Unavailable),
    (httpx.ConnectError("refused"), Unavailable),
    (httpx.ReadTimeout("late"), Unavailable),
    (httpx.RemoteProtocolError("cut"), Unavailable),
    (httpx.Response(404, json={"message": "Not Found"}), NotFound),
    (httpx.Response(410, json={"message": "Gone"}), NotFound),
    (httpx.Response(409, json={"message": "Conflict"}), Refused),
    (httpx.Response(422, json={"message": "Validation Failed", "errors": [{"code": "custom"}]}), Refused),
    (httpx.Response(422, text="nonsense"), Refused),
    (httpx.Response(301, headers={"Location": "https://evil.example/"}, json={"message": "Moved"}), Moved),
    (httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), Moved),
    (httpx.Response(200, content=b"{", headers={"Content-Type": "application/json"}), Malformed),
    (httpx.Response(200, content=b"\xff", headers={"Content-Type": "application/json"}), Malformed),
    (httpx.Response(200, json=[]), Malformed),
    (httpx.Response(200, json={"number": "three"}), Malformed),
    (httpx.Response(200, text="<html>"), Malformed),
    (httpx.Response(200), Malformed),
]


@pytest.mark.parametrize(("answer", "fault"), FAULTS)
async def test_every_failure_has_its_class_and_redirects_are_not_followed(
    peer: Peer, answer: Answer, fault: type[ClientError]
) -> None:
    route = peer.mock.get(ISSUE).mock(side_effect=[answer])
    with pytest.raises(fault) as caught:
        await peer.repo.issue(3)
    assert type(caught.value) is fault
    assert {call.request.url.host for call in peer.mock.calls} == {"api.github.com"}
    assert route.call_count == 1


# GraphQL ---------------------------------------------------------------------------------------------------------


def _errors(*errors: dict[str, str]) -> httpx.Response:
    return httpx.Response(200, json={"data": {"a": None}, "errors": list(errors)})


GRAPHQL: list[tuple[Answer, type[ClientError], str]] = [
    (
        _errors({"type": "UNPROCESSABLE", "message": "Pull request is in clean status"}),
        Refused,
        "clean status",
    ),
    (_errors({"message": "one"}, {"message": "two"}), Refused, "one; two"),
    (_errors({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}), RateLimited, "limit"),
    (httpx.Response(403, json=SECONDARY, headers={"Retry-After": "90"}), RateLimited, "secondary"),
    (httpx.Response(429, json=SECONDARY), RateLimited, "secondary"),
    (httpx.Response(403, json={"message": "Resource not accessible"}), Refused, "not accessible"),
    (httpx.Response(400, json={"message": "Problems parsing JSON"}), Refused, "parsing"),
    (httpx.Response(502, text="<html>Bad gateway</html>"), Unavailable, "502"),
    (httpx.Response(500, json={"message": "Something went wrong"}), Unavailable, "500"),
    (httpx.Response(503), Unavailable, "503"),
    (httpx.ReadTimeout("late"), Unavailable, "ReadTimeout"),
    (httpx.Response(200, content=b"{", headers={"Content-Type": "application/json"}), Malformed, "read"),
]


@pytest.mark.parametrize(("answer", "fault", "says"), GRAPHQL)
async def test_every_graphql_failure_has_its_class(
    peer: Peer, answer: Answer, fault: type[ClientError], says: str
) -> None:
    peer.mock.post(f"{API}/graphql").mock(side_effect=[answer])
    with pytest.raises(fault, match=says) as caught:
        await peer.api.graphql("query { a }")
    assert type(caught.value) is fault
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after >= LONGEST_WAIT_SECONDS


async def test_nothing_is_sent_twice_when_graphql_fails(peer: Peer) -> None:
    route = peer.mock.post(f"{API}/graphql").respond(502)
    with pytest.raises(Unavailable):
        await peer.repo.enable_auto_merge("PR_1", "a" * 40, "head", "body")
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("base", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://git.example/api/v3", "https://git.example/api/graphql"),
    ],
)
async def test_an_enterprise_server_has_its_own_addresses(
    peer: Peer, pem: str, base: str, graphql: str
) -> None:
    peer.mock.post(f"{base}/app/installations/77/access_tokens").mock(side_effect=peer.give_token)
    rest = peer.mock.get(f"{base}/repos/acme/shop/issues/3").respond(json=ISSUE_BODY)
    query = peer.mock.post(graphql).respond(json={"data": {}})
    async with httpx.AsyncClient() as http:
        github = GitHub(http, app_id=1, private_key=pem, base_url=base)
        await github.repository("acme/shop", 77).issue(3)
        await github.repository("acme/shop", 77)._api.graphql("query { a }")
    assert (rest.call_count, query.call_count) == (1, 1)


# The App ---------------------------------------------------------------------------------------------------------


async def test_the_bot_is_asked_for_once(peer: Peer) -> None:
    route = peer.mock.get(f"{API}/app").respond(json={"slug": "autofix"})
    assert [await peer.github.bot() for _ in range(2)] == ["autofix[bot]"] * 2
    assert route.call_count == 1


@pytest.mark.parametrize("answer", [{}, [], None, {"slug": ""}])
async def test_an_app_without_a_name_is_malformed(peer: Peer, answer: Any) -> None:
    peer.mock.get(f"{API}/app").respond(json=answer)
    with pytest.raises(Malformed):
        await peer.github.bot()


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda repo: repo.resolve("feature/a b#c?d"), "/repos/acme/shop/commits/feature/a%20b%23c%3Fd"),
        (lambda repo: repo.branch_sha("a?b#c"), "/repos/acme/shop/git/ref/heads/a%3Fb%23c"),
        (lambda repo: repo.branch_sha("a%23{x}"), "/repos/acme/shop/git/ref/heads/a%2523%7Bx%7D"),
    ],
)
async def test_a_name_stays_one_part_of_the_address(
    peer: Peer, call: Callable[[Any], Any], path: str
) -> None:
    route = peer.mock.get(url__startswith=f"{API}/repos/").respond(404, json={"message": "Not Found"})
    assert await call(peer.repo) is None
    assert route.calls[0].request.url.raw_path.decode() == path


@pytest.mark.parametrize("ref", ["", "..", "a/../../b", "./a", "a//b", "/a"])
async def test_a_name_that_leads_elsewhere_is_never_sent(peer: Peer, ref: str) -> None:
    assert await peer.repo.resolve(ref) is None
    with pytest.raises(Refused):
        await peer.repo.required_checks(ref)
    assert [call.request.url.path for call in peer.mock.calls] == []
