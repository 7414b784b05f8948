"""Requests to one Sentry; every failure becomes one of `app.core.errors`.

Every request goes to the configured address and nowhere else: no redirect is followed, and no link out of an
answer is ever opened. Every request ends: each try has a deadline, and there are `TRIES` of them.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NoReturn
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from app.core.errors import ClientError, Malformed, NotFound, RateLimited, Refused, Unauthorized, Unavailable
from app.core.sentry_event import clean

TRIES: Final = 4
FIRST_PAUSE: Final = 0.5
LONGEST_WAIT: Final = 60.0
GUESSED_WAIT: Final = 5.0
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
TRY_SECONDS: Final = 30.0
MAX_ANSWER: Final = 20 * 1024 * 1024
MAX_TEXT: Final = 10_000

JsonObject = Mapping[str, JsonValue]
Query = Sequence[tuple[str, str]]


class SentryApi:
    """Requests under one token, with deadlines, bounded retries and bounded answers."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        token: str,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        self._http = http
        self._root = base_url.rstrip("/").removesuffix("/api/0") + "/api/0/"
        # Uncompressed, so that the cap on an answer holds for what is read and not only for what is sent.
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        self._sleep = sleep
        self._now = now

    async def get(self, path: str, query: Query = ()) -> JsonValue:
        """The decoded answer to a GET; `path` is made of `part`s and ends with a slash."""
        return await self._send("GET", path, query=query)

    async def put(self, path: str, body: JsonObject) -> JsonValue:
        """The decoded answer to a PUT, which may be sent more than once."""
        return await self._send("PUT", path, body=body)

    async def post(self, path: str, body: JsonObject) -> JsonValue:
        """The decoded answer to a POST, which takes effect once at most."""
        return await self._send("POST", path, body=body)

    async def _send(
        self, method: str, path: str, *, query: Query = (), body: JsonObject | None = None
    ) -> JsonValue:
        """The decoded answer, after as many tries as it takes and `TRIES` at most."""
        for attempt in range(1, TRIES):
            try:
                return await self._once(method, path, query, body)
            except RateLimited as fault:
                if fault.retry_after > LONGEST_WAIT:
                    raise
                await self._sleep(fault.retry_after)
            except Unavailable:
                # A POST may have taken effect although no answer came; doing it twice would show.
                if method == "POST":
                    raise
                await self._sleep(FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.75, 1.25))
        return await self._once(method, path, query, body)

    async def _once(self, method: str, path: str, query: Query, body: JsonObject | None) -> JsonValue:
        request = self._http.build_request(
            method,
            self._root + path,
            params=list(query) or None,
            json=body,
            headers=self._headers,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(TRY_SECONDS):
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    content = await _read(response, what)
                finally:
                    await response.aclose()
        except TimeoutError as fault:
            raise Unavailable(f"Sentry did not answer {what} in time") from fault
        except httpx.RequestError as fault:
            raise Unavailable(f"Sentry cannot be reached for {what}: {type(fault).__name__}") from fault
        if not response.is_success:
            raise self._fault(response, content, what)
        return _decoded(content, what)

    def _fault(self, response: httpx.Response, content: bytes, what: str) -> ClientError:
        """The error that an answer other than success stands for."""
        status = response.status_code
        said = f"Sentry answered {status} to {what}{_detail(content)}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(said, _wait(response.headers, self._now()))
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return Unauthorized(said)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return NotFound(said)
        if response.is_server_error or status == HTTPStatus.REQUEST_TIMEOUT:
            return Unavailable(said)
        if response.is_redirect:
            return Malformed(f"{said}: a redirect, which is not followed; is the configured address right?")
        return Refused(said)


async def _read(response: httpx.Response, what: str) -> bytes:
    """The body as it was sent, if it is not larger than an answer may be."""
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise Malformed(f"Sentry's answer to {what} is larger than {MAX_ANSWER} bytes")
    return bytes(content)


def _decoded(content: bytes, what: str) -> JsonValue:
    if not content:
        return None
    try:
        answer: JsonValue = json.loads(content, parse_constant=_not_json)
    except (ValueError, RecursionError) as fault:
        raise Malformed(f"Sentry's answer to {what} is not JSON") from fault
    return answer


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _detail(content: bytes) -> str:
    """What Sentry says about a refusal, short enough for a log."""
    try:
        answer = json.loads(content[:MAX_TEXT])
    except (ValueError, RecursionError):
        return ""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if isinstance(detail, dict):
        detail = detail.get("message")
    return f": {clean(detail, 200)}" if isinstance(detail, str) else ""


def _wait(headers: Mapping[str, str], now: float) -> float:
    """How many seconds a 429 asks us to stay away."""
    retry_after = headers.get("Retry-After", "")
    reset = headers.get("X-Sentry-Rate-Limit-Reset", "")
    try:
        if retry_after:
            seconds = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after, now)
        else:
            seconds = float(reset) - now
    except ValueError:
        return GUESSED_WAIT
    # The clocks may disagree: never less than a moment, and a nonsensical limit is only a guess.
    return max(1.0, seconds) if math.isfinite(seconds) else GUESSED_WAIT


def _until(date: str, now: float) -> float:
    return parsedate_to_datetime(date).timestamp() - now


def part(value: str) -> str:
    """One segment of a path, whatever the value holds."""
    if value in ("", ".", "..") or len(value) > MAX_TEXT:
        raise Refused("Sentry has nothing of that name")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as fault:
        raise Refused("Sentry has nothing of that name") from fault
