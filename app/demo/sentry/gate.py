"""What every API request passes: journal, injected faults, token and scopes, limit headers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.demo.sentry.answers import Refusal, forbidden, invalid_token, missing_credentials, not_found

ROOT: Final = "/api/0/"
JOURNAL_KEPT: Final = 10_000
LIMIT: Final = 40
WINDOW: Final = 1
SCOPES: Final = ("event:read", "event:write", "org:read", "project:read", "project:releases")


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request to the API and the status of its answer."""

    method: str
    path: str
    query: str
    status: int


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose, for API requests only. `latency` is seconds before every answer."""

    latency: float = 0.0
    _next: deque[tuple[HTTPStatus | None, dict[str, str]]] = field(default_factory=deque)

    def fail_next(
        self,
        number: int,
        status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR,
        *,
        retry_after: int | None = None,
    ) -> None:
        """The next `number` requests are answered with `status`."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._next.extend([(status, headers)] * number)

    def hang_next(self, number: int) -> None:
        """The next `number` requests get no answer while the stand-in runs."""
        self._next.extend([(None, {})] * number)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.latency = 0.0
        self._next.clear()

    def take(self) -> tuple[HTTPStatus | None, dict[str, str]] | None:
        """What shall happen to the request at hand, if anything."""
        return self._next.popleft() if self._next else None


class Gate:
    """The middleware in front of the API."""

    def __init__(self, organization: str, project: str, token: str, clock: Callable[[], float]) -> None:
        self.journal: deque[ApiCall] = deque(maxlen=JOURNAL_KEPT)
        self.faults = Faults()
        self.scopes = set(SCOPES)
        self.closing = asyncio.Event()
        self._organization = organization
        self._project = project
        self._token = token
        self._clock = clock
        self._window = (0, 0)

    @property
    def middleware(self) -> Middleware:
        """What aiohttp calls for every request."""

        @web.middleware
        async def pass_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith(ROOT):
                return await handler(request)
            answer = await self._answer(request, handler)
            answer.headers.update(self._limits())
            call = ApiCall(request.method, request.path, request.query_string, answer.status)
            self.journal.append(call)
            return answer

        return pass_gate

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        fault = self.faults.take()
        if fault is not None:
            return await self._fault(*fault)
        try:
            self._authorise(request)
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        except web.HTTPNotFound:
            return _no_route(request)
        except web.HTTPMethodNotAllowed as refusal:
            detail = f'Method "{request.method}" not allowed.'
            return web.json_response({"detail": detail}, status=refusal.status)

    async def _fault(self, status: HTTPStatus | None, headers: dict[str, str]) -> web.StreamResponse:
        if status is None:
            await self.closing.wait()
            status = HTTPStatus.GATEWAY_TIMEOUT
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            detail = (
                "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds"
            )
            return web.json_response({"detail": detail}, status=status, headers=headers)
        return web.json_response(
            {"detail": "Internal Error", "errorId": None}, status=status, headers=headers
        )

    def _authorise(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise missing_credentials()
        if token != self._token:
            raise invalid_token()
        named = request.match_info
        if named.get("organization", self._organization) != self._organization:
            raise not_found()
        if named.get("project", self._project) != self._project:
            raise not_found()
        if _scope(request) not in self.scopes:
            raise forbidden()

    def _limits(self) -> dict[str, str]:
        second = int(self._clock()) // WINDOW
        used = self._window[1] + 1 if self._window[0] == second else 1
        self._window = (second, used)
        return {
            "X-Sentry-Rate-Limit-Limit": str(LIMIT),
            "X-Sentry-Rate-Limit-Remaining": str(max(0, LIMIT - used)),
            "X-Sentry-Rate-Limit-Reset": str((second + 1) * WINDOW),
            "X-Sentry-Rate-Limit-ConcurrentLimit": "25",
            "X-Sentry-Rate-Limit-ConcurrentRemaining": "24",
        }


def _scope(request: web.Request) -> str:
    """The scope that Sentry asks for."""
    if "/releases/" in request.path:
        return "project:releases"
    if request.method != "GET":
        return "event:write"
    if "/issues/" in request.path or "/shortids/" in request.path or request.path.endswith("/committers/"):
        return "event:read"
    return "project:read" if "/projects/" in request.path else "org:read"


def _no_route(request: web.Request) -> web.Response:
    """Sentry's answer to an address that it does not know, which is nearly always a missing slash."""
    if request.path.endswith("/"):
        return web.Response(status=HTTPStatus.NOT_FOUND)
    suggestion = f"try: {request.path}/"
    text = "Route not found, did you forget a trailing slash?"
    if request.content_type == "application/json":
        return web.json_response({"info": f"{text} {suggestion}"}, status=HTTPStatus.NOT_FOUND)
    return web.Response(text=f"{text}\n\n{suggestion}\n", status=HTTPStatus.NOT_FOUND)
