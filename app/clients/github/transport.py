"""Authenticated, paced, cached requests to GitHub; every failure becomes one of `app.core.errors`.

Facts relied on: installation tokens live one hour and are opaque strings of any length; a 304 is free; a secondary
limit answers 403 or 429 with `retry-after`; at most 80 content-creating requests a minute
(https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
"""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import gidgethub
import gidgethub.httpx
import gidgethub.sansio
import httpx
from cachetools import LRUCache

from app.core.errors import Malformed, Moved, NotFound, RateLimited, Refused, Unauthorized, Unavailable

API_VERSION = "2022-11-28"
ETAGS_KEPT = 2048
TOKEN_MARGIN_SECONDS = 300.0
LONGEST_WAIT_SECONDS = 60.0
WRITE_BURST = 30
WRITES_PER_SECOND = 1.0
TRIES = 3
REDIRECTS = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)

T = TypeVar("T")


class _Paced(gidgethub.httpx.GitHubAPI):
    """gidgethub over httpx that keeps to GitHub's limits: a bucket for writes, patience for `retry-after`."""

    def __init__(self, *args: Any, clock: Callable[[], float] = time.monotonic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._monotonic = clock
        self._writes_left = float(WRITE_BURST)
        self._refilled = clock()
        self.github_time: float | None = None

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Refusals of GraphQL calls are read as those of REST: gidgethub itself drops their headers and pages."""
        answer = await super()._request(method, url, headers, body)
        self.github_time = _time_of(answer[1]) or self.github_time
        if url.endswith("/graphql") and answer[0] >= HTTPStatus.BAD_REQUEST:
            gidgethub.sansio.decipher_response(*answer)
        return answer

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """Writes are spread out; a used-up primary limit is an error instead of a wasted request."""
        del url
        limit = self.rate_limit
        if limit is not None and limit.remaining < 0:
            wait = (limit.reset_datetime - datetime.now(UTC)).total_seconds()
            if wait > LONGEST_WAIT_SECONDS:
                raise RateLimited("GitHub's hourly limit of this installation is used up", wait)
            await self.sleep(max(0.0, wait))
        if method == "GET":
            return
        now = self._monotonic()
        self._writes_left = min(
            float(WRITE_BURST), self._writes_left + (now - self._refilled) * WRITES_PER_SECOND
        )
        self._refilled = now
        self._writes_left -= 1
        if self._writes_left < 0:
            await self.sleep(-self._writes_left / WRITES_PER_SECOND)

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: gidgethub.HTTPException, attempt: int
    ) -> bool:
        """True (retry) after waiting out a short `retry-after`; longer limits are the caller's to see."""
        del method, url
        wait = _retry_after(exception)
        if wait is None or wait > LONGEST_WAIT_SECONDS or attempt >= TRIES:
            return False
        await self.sleep(wait)
        return True


class AppTransport:
    """Requests authenticated as the App itself (a short-lived JWT)."""

    def __init__(
        self, http: httpx.AsyncClient, user_agent: str, *, app_id: str, private_key: str, base_url: str
    ) -> None:
        self.base_url = base_url
        self._api = _Paced(http, user_agent, app_id=app_id, private_key=private_key, base_url=base_url)

    async def get(self, path: str) -> Any:
        """The decoded answer to a GET of `path`."""
        return await _translated(lambda: self._api.getitem(path))

    async def installation_token(self, installation_id: int) -> tuple[str, float]:
        """A new token of the installation and the epoch second of its expiry."""
        answer = await _translated(
            lambda: self._api.post(
                "/app/installations/{id}/access_tokens", {"id": str(installation_id)}, data={}
            )
        )
        try:
            expires = datetime.fromisoformat(answer["expires_at"])
            return str(answer["token"]), expires.timestamp()
        except (KeyError, TypeError, ValueError) as fault:
            raise Malformed("GitHub's installation token answer has no token or expiry") from fault


class InstallationTransport:
    """Requests under an installation token, which is renewed before it ends and once when it is refused."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        user_agent: str,
        app: AppTransport,
        installation_id: int,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._installation_id = installation_id
        self._clock = clock
        self._expires = 0.0
        self._renewing = asyncio.Lock()
        self._api = _Paced(
            http, user_agent, oauth_token="", base_url=app.base_url, cache=LRUCache(maxsize=ETAGS_KEPT)
        )

    @property
    def github_time(self) -> float | None:
        """The time (epoch seconds) that GitHub wrote on its last answer: our own clock may be wrong."""
        return self._api.github_time

    async def get(self, path: str, **variables: str) -> Any:
        """The decoded answer to a GET; `{name}` in `path` is filled from `variables`, percent-encoded."""
        return await self._authorised(lambda: self._api.getitem(path, variables))

    async def pages(
        self, path: str, *, key: str | None = None, limit: int = 1000, **variables: str
    ) -> list[Any]:
        """All items of a paginated list, `limit` at most; `key` names the list inside an object answer."""

        async def collect() -> list[Any]:
            items: list[Any] = []
            async for item in self._api.getiter(path, variables, iterable_key=key):
                items.append(item)
                if len(items) >= limit:
                    break
            return items

        return await self._authorised(collect)

    async def post(self, path: str, data: Mapping[str, Any], **variables: str) -> Any:
        """The decoded answer to a POST of `data`."""
        return await self._authorised(lambda: self._api.post(path, variables, data=dict(data)))

    async def patch(self, path: str, data: Mapping[str, Any], **variables: str) -> Any:
        """The decoded answer to a PATCH of `data`."""
        return await self._authorised(lambda: self._api.patch(path, variables, data=dict(data)))

    async def put(self, path: str, data: Mapping[str, Any], **variables: str) -> Any:
        """The decoded answer to a PUT of `data`."""
        return await self._authorised(lambda: self._api.put(path, variables, data=dict(data)))

    async def graphql(self, document: str, **variables: Any) -> Any:
        """The `data` of a GraphQL answer.

        Raises:
            Refused: if GitHub answers with errors; the text is GitHub's own.
        """
        endpoint = _graphql_endpoint(self._app.base_url)
        return await self._authorised(lambda: self._api.graphql(document, endpoint=endpoint, **variables))

    async def _authorised(self, call: Callable[[], Awaitable[T]]) -> T:
        await self._renew_token(None)
        used = self._api.oauth_token
        try:
            return await _translated(call)
        except Unauthorized:
            await self._renew_token(used)
            return await _translated(call)

    async def _renew_token(self, refused: str | None) -> None:
        """The token is fresh: a new one only if it ends soon or is the `refused` one."""
        async with self._renewing:
            fresh = self._expires - self._clock() > TOKEN_MARGIN_SECONDS
            if fresh and self._api.oauth_token != refused:
                return
            self._api.oauth_token, self._expires = await self._app.installation_token(self._installation_id)


def _graphql_endpoint(base_url: str) -> str:
    """GitHub Enterprise Server serves REST at `/api/v3` and GraphQL at `/api/graphql`."""
    return base_url.removesuffix("/v3") + "/graphql"


def _time_of(headers: Mapping[str, str]) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return None


def _retry_after(fault: gidgethub.HTTPException) -> float | None:
    """Seconds to wait if `fault` is a rate limit, else None."""
    if fault.status_code not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    after = fault.headers.get("retry-after")
    if after is not None and after.isdigit():
        return float(after)
    if fault.headers.get("x-ratelimit-remaining") == "0":
        reset = fault.headers.get("x-ratelimit-reset", "")
        return max(0.0, float(reset) - time.time()) if reset.isdigit() else LONGEST_WAIT_SECONDS
    if fault.status_code == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in str(fault).lower():
        return LONGEST_WAIT_SECONDS
    return None


async def _translated(call: Callable[[], Awaitable[T]]) -> T:
    """The result of `call`; its failures as the faults of `app.core.errors`."""
    try:
        return await call()
    except gidgethub.GraphQLException as fault:
        if "RATE_LIMITED" in _graphql_types(fault):
            raise RateLimited("GitHub's GraphQL limit is used up", LONGEST_WAIT_SECONDS) from fault
        raise Refused(_graphql_text(fault)) from fault
    except gidgethub.GitHubBroken as fault:
        raise Unavailable(f"GitHub answered {fault.status_code.value}") from fault
    except gidgethub.HTTPException as fault:
        wait = _retry_after(fault)
        if wait is not None:
            raise RateLimited(f"GitHub's rate limit: {fault}", wait) from fault
        raise _status_error(fault) from fault
    except httpx.HTTPError as fault:
        raise Unavailable(f"no answer from GitHub: {type(fault).__name__}") from fault
    except ValueError as fault:  # a body that is not the JSON it claims to be
        raise Malformed(f"GitHub's answer cannot be read: {fault}") from fault


def _status_error(fault: gidgethub.HTTPException) -> Exception:
    text = f"GitHub answered {fault.status_code.value}: {fault}"
    if fault.status_code in REDIRECTS:
        return Moved(text)
    if fault.status_code == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(text)
    if fault.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return NotFound(text)
    return Refused(text)


def _graphql_errors(fault: gidgethub.GraphQLException) -> list[dict[str, Any]]:
    response = fault.response if isinstance(fault.response, dict) else {}
    errors = response.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _graphql_types(fault: gidgethub.GraphQLException) -> set[str]:
    return {str(error.get("type")) for error in _graphql_errors(fault)}


def _graphql_text(fault: gidgethub.GraphQLException) -> str:
    return "; ".join(str(error.get("message")) for error in _graphql_errors(fault)) or str(fault)
