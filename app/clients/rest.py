"""Requests to one server over HTTP and JSON; every failure becomes one of `app.core.errors`.

Every request goes to the configured address and nowhere else: no redirect is followed, and no link out of an
answer is ever opened. Every request ends: each try has a deadline, and there are `TRIES` of them.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
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
MAX_DETAIL: Final = 200

JsonObject = Mapping[str, JsonValue]
Query = Sequence[tuple[str, str]]
Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a server is spoken of, and the header in which it says when a limit ends.

    That header holds Unix seconds if `resets_at_time`, else the seconds that are left.
    """

    name: str
    reset_header: str = ""
    resets_at_time: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its decoded body, None if it was empty, and its headers."""

    value: JsonValue
    headers: httpx.Headers


class RestApi:
    """Requests under fixed credentials, with deadlines, bounded retries and bounded answers.

    `credentials` are headers; none of their values is ever part of an error's text.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        vendor: Vendor,
        root: str,
        credentials: Mapping[str, str],
        *,
        sleep: Sleep = asyncio.sleep,
        now: Clock = time.time,
    ) -> None:
        self._http = http
        self._vendor = vendor
        self._root = root
        self._secrets = tuple(word for value in credentials.values() for word in value.split()[-1:])
        # Uncompressed, so that the cap on an answer holds for what is read and not only for what is sent.
        self._headers = {**credentials, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._sleep = sleep
        self._now = now

    async def get(self, path: str, query: Query = (), *, needs: str = "") -> JsonValue:
        """The decoded answer to a GET; `path` is made of `part`s. `needs` is the permission that a 403 tells of."""
        return (await self.answer(path, query, needs=needs)).value

    async def answer(self, path: str, query: Query = (), *, needs: str = "") -> Answer:
        """The answer to a GET, with its headers."""
        return await self._send("GET", path, needs, query=query)

    async def put(self, path: str, body: JsonObject, *, needs: str = "") -> JsonValue:
        """The decoded answer to a PUT, which may be sent more than once."""
        return (await self._send("PUT", path, needs, body=body)).value

    async def post(self, path: str, body: JsonObject, *, needs: str = "") -> JsonValue:
        """The decoded answer to a POST, which takes effect once at most."""
        return (await self._send("POST", path, needs, body=body)).value

    async def search(self, path: str, body: JsonObject, *, needs: str = "") -> JsonValue:
        """The decoded answer to a POST that changes nothing, and so may be sent more than once."""
        return (await self._send("POST", path, needs, body=body, is_repeatable=True)).value

    async def _send(
        self,
        method: str,
        path: str,
        needs: str,
        *,
        query: Query = (),
        body: JsonObject | None = None,
        is_repeatable: bool = False,
    ) -> Answer:
        """The answer, after as many tries as it takes and `TRIES` at most."""
        for attempt in range(1, TRIES):
            try:
                return await self._once(method, path, needs, query, body)
            except RateLimited as fault:
                if fault.retry_after > LONGEST_WAIT:
                    raise
                await self._sleep(fault.retry_after)
            except Unavailable:
                # A POST may have taken effect although no answer came; doing it twice would show.
                if method == "POST" and not is_repeatable:
                    raise
                await self._sleep(FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.75, 1.25))
        return await self._once(method, path, needs, query, body)

    async def _once(
        self, method: str, path: str, needs: str, query: Query, body: JsonObject | None
    ) -> Answer:
        request = self._http.build_request(
            method,
            self._root + path,
            params=list(query) or None,
            json=body,
            headers=self._headers,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )
        what, name = f"{method} {path}", self._vendor.name
        try:
            async with asyncio.timeout(TRY_SECONDS):
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    content = await _read(response, f"{name}'s answer to {what}")
                finally:
                    await response.aclose()
        except TimeoutError as fault:
            raise Unavailable(f"{name} did not answer {what} in time") from fault
        except httpx.RequestError as fault:
            raise Unavailable(f"{name} cannot be reached for {what}: {type(fault).__name__}") from fault
        if not response.is_success:
            raise self._fault(response, content, what, needs)
        return Answer(_decoded(content, f"{name}'s answer to {what}"), response.headers)

    def _fault(self, response: httpx.Response, content: bytes, what: str, needs: str) -> ClientError:
        """The error that an answer other than success stands for."""
        status = response.status_code
        said = f"{self._vendor.name} answered {status} to {what}{self._hidden(_detail(content))}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(said, self._wait(response.headers))
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            refused = status == HTTPStatus.UNAUTHORIZED
            why = "they are not valid here" if refused else f"they need {needs or 'more permissions'}"
            return Unauthorized(f"{said}. Check the credentials: {why}")
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return NotFound(said)
        if response.is_server_error or status == HTTPStatus.REQUEST_TIMEOUT:
            return Unavailable(said)
        if response.is_redirect:
            return Malformed(f"{said}: a redirect, which is not followed; is the configured address right?")
        return Refused(said)

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]") if secret else text
        return text

    def _wait(self, headers: Mapping[str, str]) -> float:
        """How many seconds a 429 asks us to stay away."""
        retry_after = headers.get("Retry-After", "")
        reset = headers.get(self._vendor.reset_header, "") if self._vendor.reset_header else ""
        try:
            if retry_after:
                is_number = retry_after.strip().isdigit()
                seconds = float(retry_after) if is_number else _until(retry_after, self._now())
            else:
                seconds = float(reset) - (self._now() if self._vendor.resets_at_time else 0.0)
        except ValueError:
            return GUESSED_WAIT
        # The clocks may disagree: never less than a moment, and a nonsensical limit is only a guess.
        return max(1.0, seconds) if math.isfinite(seconds) else GUESSED_WAIT


async def _read(response: httpx.Response, what: str) -> bytes:
    """The body as it was sent, if it is not larger than an answer may be."""
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise Malformed(f"{what} is larger than {MAX_ANSWER} bytes")
    return bytes(content)


def _decoded(content: bytes, what: str) -> JsonValue:
    if not content:
        return None
    try:
        answer: JsonValue = json.loads(content, parse_constant=_not_json)
    except (ValueError, RecursionError) as fault:
        raise Malformed(f"{what} is not JSON") from fault
    return answer


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _detail(content: bytes) -> str:
    """What the server says about a refusal, short enough for a log."""
    try:
        said = json.loads(content[:MAX_TEXT])
    except (ValueError, RecursionError):
        return ""
    # `{"detail": ...}`, `{"errors": [...]}`, or one list of complaints for each field.
    for _ in range(4):
        if isinstance(said, dict):
            named = (said[key] for key in ("detail", "message", "errors", "title") if said.get(key))
            said = next(named, next(iter(said.values()), None))
        elif isinstance(said, list):
            said = said[0] if said else None
    return f": {clean(said, MAX_DETAIL)}" if isinstance(said, str) else ""


def _until(date: str, now: float) -> float:
    return parsedate_to_datetime(date).timestamp() - now


def part(value: str) -> str:
    """One segment of a path, whatever the value holds."""
    if value in ("", ".", "..") or len(value) > MAX_TEXT:
        raise Refused("there can be nothing of that name")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as fault:
        raise Refused("there can be nothing of that name") from fault
