"""What every API request passes: the two keys, the permission that the call needs, the journal."""

from __future__ import annotations

import hmac
from collections import deque
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.demo.datadog.answers import Refusal, forbidden, not_found

ROOT: Final = "/api/"
JOURNAL_KEPT: Final = 10_000
# What programs send is let in with the API key alone, and so is the question whether that key is valid.
WITH_API_KEY: Final = frozenset(
    {("POST", "/api/v2/logs"), ("POST", "/api/v2/dora/deployment"), ("GET", "/api/v1/validate")}
)
# The first row that fits says which permission the application key needs.
_NEEDS: Final = (
    ("/api/v2/error-tracking/", "PUT", "error_tracking_write"),
    ("/api/v2/error-tracking/", "", "error_tracking_read"),
    ("/api/v2/spans/", "", "apm_read"),
    ("/api/v2/logs/", "", "logs_read_data"),
    ("/api/v2/events", "", "events_read"),
    ("/api/v2/dora/", "", "dora_metrics_read"),
    ("/api/v2/cases/", "", "cases_write"),
    ("/api/v1/monitor/", "", "monitors_read"),
    ("/api/v1/query", "", "timeseries_query"),
)
PERMISSIONS: Final = frozenset(permission for _, _, permission in _NEEDS)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request to the API and the status of its answer."""

    method: str
    path: str
    query: str
    status: int


class Gate:
    """The middleware in front of the API. `permissions` are what the application key may do."""

    def __init__(self, api_key: str, application_key: str) -> None:
        self.journal: deque[ApiCall] = deque(maxlen=JOURNAL_KEPT)
        self.permissions = set(PERMISSIONS)
        self._api_key, self._application_key = api_key, application_key

    @property
    def middleware(self) -> Middleware:
        """What aiohttp calls for every request; what does not go to the API belongs to the Agent."""

        @web.middleware
        async def pass_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith(ROOT):
                return await self._answer(request, handler)
            answer = await self._answer(request, handler, guarded=True)
            self.journal.append(ApiCall(request.method, request.path, request.query_string, answer.status))
            return answer

        return pass_gate

    async def _answer(
        self, request: web.Request, handler: Handler, *, guarded: bool = False
    ) -> web.StreamResponse:
        try:
            if guarded:
                self._authorise(request)
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        except web.HTTPNotFound as missing:
            return web.json_response(not_found().body, status=missing.status)
        except web.HTTPMethodNotAllowed as refused:
            return web.json_response({"errors": ["Method not allowed"]}, status=refused.status)

    def _authorise(self, request: web.Request) -> None:
        if not _same(request.headers.get("DD-API-KEY", ""), self._api_key):
            raise forbidden()
        if (request.method, request.path) in WITH_API_KEY:
            return
        needed = _needed(request)
        allowed = needed is None or needed in self.permissions
        if not _same(request.headers.get("DD-APPLICATION-KEY", ""), self._application_key) or not allowed:
            raise forbidden()


def _needed(request: web.Request) -> str | None:
    for prefix, method, permission in _NEEDS:
        if request.path.startswith(prefix) and method in {"", request.method}:
            return permission
    return None


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
