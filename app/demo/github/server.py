"""The web server: every request passes the same gates that GitHub's front door has."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from aiohttp import web

from app.demo.github import auth
from app.demo.github.errors import Refusal, not_found
from app.demo.github.faults import CallFault, Faults
from app.demo.github.rest.routing import Call, Reply, Route
from app.demo.github.site import Site

_WINDOW = 3600
_ANONYMOUS_LIMIT = 60
_APP_LIMIT = 5000
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Exchange:
    """One API call and its answer, secrets included: this is a test tool."""

    method: str
    path: str
    query: Mapping[str, str]
    route: str | None
    caller: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes

    @property
    def sent(self) -> Any:
        """The JSON that was sent, or None."""
        return json.loads(self.request_body) if self.request_body else None

    @property
    def answer(self) -> Any:
        """The JSON that was answered, or None."""
        return json.loads(self.response_body) if self.response_body else None


@dataclass
class Allowance:
    """What one credential has used of its hourly limit."""

    limit: int
    reset: float
    used: int = 0

    @property
    def remaining(self) -> int:
        """How many calls are left."""
        return max(0, self.limit - self.used)

    def overview(self) -> dict[str, Any]:
        """The answer to `GET /rate_limit`, which itself is free."""
        rate = {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": int(self.reset),
        }
        return {"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate}

    def headers(self) -> dict[str, str]:
        """The `X-RateLimit-*` headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(self.reset)),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": "core",
        }


@dataclass
class Server:
    """The routes over one site, on one loopback address."""

    site: Site
    faults: Faults
    routes: Sequence[Route]
    journal: deque[Exchange] = field(default_factory=lambda: deque(maxlen=20_000))
    allowances: dict[str, Allowance] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen; the answer is the base address."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = self._runner.addresses[0]
        return f"http://{address[0]}:{address[1]}"

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        fault = self.faults.failure(request.method, request.path)
        caller, route = "anonymous", None
        if fault is not None and not fault.after:
            reply, etag = _failed(fault), None
        else:
            reply, caller, route = self._answer(request, raw)
            if fault is not None:
                reply = _failed(fault)
        payload = _encode(reply)
        etag = f'"{hashlib.sha256(payload).hexdigest()}"' if _has_etag(request, reply) else None
        headers = {**_STANDARD, **reply.headers, "X-GitHub-Request-Id": _request_id()}
        headers["Date"] = formatdate(self.site.clock(), usegmt=True)
        headers["X-GitHub-Api-Version-Selected"] = request.headers.get("X-GitHub-Api-Version", "2022-11-28")
        if etag is not None:
            headers |= {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        status = int(reply.status)
        if etag is not None and _unchanged(request, etag):
            status, payload = int(HTTPStatus.NOT_MODIFIED), b""
            self._give_back(request, headers)
        if payload:
            headers["Content-Type"] = reply.content
        exchange = Exchange(
            request.method,
            request.path,
            dict(request.query),
            route,
            caller,
            dict(request.headers),
            raw,
            status,
            headers,
            payload,
        )
        self.journal.append(exchange)
        if fault is not None and fault.status is None and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status, body=payload, headers=headers)

    def _answer(self, request: web.Request, raw: bytes) -> tuple[Reply, str, str | None]:
        name, matched, headers = "anonymous", None, dict[str, str]()
        try:
            caller = auth.identify(self.site, request.headers.get("Authorization"))
            name = caller.name
            free = request.path == "/rate_limit"
            headers = self._count(caller, free=free)
            if free:
                return Reply(self.allowance(caller).overview(), headers=headers), name, request.path
            route, params = self._find(request.method, request.rel_url.raw_path)
            matched = route.path
            call = Call(
                self.site,
                route,
                params,
                dict(request.query),
                request.headers,
                raw,
                request.path,
                caller.token,
                caller.app,
            )
            with self.site.operation():
                reply = _perform(call)
        except Refusal as refusal:
            reply = Reply(refusal.body(), refusal.status, refusal.headers)
        return Reply(reply.body, reply.status, {**headers, **reply.headers}, reply.content), name, matched

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        # GitHub Enterprise Server and its clients put the same API below /api/v3.
        path = path.removeprefix("/api/v3")
        for route in self.routes:
            params = route.match(method, path)
            if params is not None:
                return route, params
        raise not_found()

    def allowance(self, caller: auth.Caller) -> Allowance:
        """The caller's allowance for the present hour."""
        now = self.site.clock()
        known = self.allowances.get(caller.key)
        if known is None or now >= known.reset:
            limit = caller.token.limit if caller.token else _APP_LIMIT if caller.app else _ANONYMOUS_LIMIT
            known = self.allowances[caller.key] = Allowance(limit, now + _WINDOW)
        return known

    def allowance_of(self, token: str) -> Allowance:
        """The allowance of a token."""
        return self.allowance(auth.Caller(token=self.site.tokens[token]))

    def _count(self, caller: auth.Caller, *, free: bool) -> dict[str, str]:
        allowance = self.allowance(caller)
        if not free and allowance.remaining == 0:
            who = f"user ID {caller.token.actor.user.id}" if caller.token else "127.0.0.1"
            text = f"API rate limit exceeded for {who}."
            raise Refusal(HTTPStatus.FORBIDDEN, text, headers=allowance.headers())
        allowance.used += 0 if free else 1
        return allowance.headers()

    def _give_back(self, request: web.Request, headers: dict[str, str]) -> None:
        """A 304 costs nothing."""
        allowance = self.allowance(auth.identify(self.site, request.headers.get("Authorization")))
        allowance.used = max(0, allowance.used - 1)
        headers |= allowance.headers()


_STANDARD = {
    "X-GitHub-Media-Type": "github.v3; format=json",
    "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
    "Server": "github.com",
}


def _perform(call: Call) -> Reply:
    needs = call.route.needs
    if needs == "app":
        _ = call.own_app
    elif "{repo}" in call.route.path:
        _ = call.repo
        if needs:
            call.require(needs)
    answer = call.route.handler(call)
    return answer if isinstance(answer, Reply) else Reply(answer)


def _failed(fault: CallFault) -> Reply:
    return Reply(fault.body, HTTPStatus(fault.status or 502), dict(fault.headers))


def _encode(reply: Reply) -> bytes:
    if reply.body is None:
        return b""
    return reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()


def _has_etag(request: web.Request, reply: Reply) -> bool:
    return request.method == "GET" and reply.status == HTTPStatus.OK


def _unchanged(request: web.Request, etag: str) -> bool:
    sent = request.headers.get("If-None-Match", "")
    return etag in {tag.strip().removeprefix("W/") for tag in sent.split(",")}


def _request_id() -> str:
    parts = uuid.uuid4().hex.upper()
    return f"{parts[:4]}:{parts[4:10]}:{parts[10:16]}:{parts[16:22]}:{parts[22:30]}"
