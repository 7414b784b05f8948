"""The platform: versions of the service side by side, and a proxy that splits the traffic among them."""

from __future__ import annotations

import asyncio
import random
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from app.demo.platform.metrics import Metrics
from app.demo.platform.versions import Launcher, StartFailed, Version

VERSION_HEADER = "X-Version"
_WHOLE = 100
_PROXY_SECONDS = 20.0
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
# Headers that belong to one connection, or that the proxy states anew.
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Platform:
    """Hosts versions of the service on the loopback interface, each with `variables` in its environment.

    `start` answers the address of the admin API; the service itself answers at `proxy_url`.
    `stop` ends every version. What is checked out and logged lies in `work`.
    """

    def __init__(
        self,
        git_dir: Path,
        work: Path,
        *,
        variables: Mapping[str, str],
        python: Path | None = None,
        environment: str = "production",
    ) -> None:
        self.environment = environment
        self.metrics = Metrics()
        self.url = ""
        self.proxy_url = ""
        self._git_dir, self._work, self._variables = git_dir, work, dict(variables)
        self._python = python or Path(sys.executable)
        self._versions: dict[str, Version] = {}
        self._lock = asyncio.Lock()
        self._random = random.Random(7)
        self._runners: list[web.AppRunner] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        """The admin API and the proxy listen; the answer is the admin API's address."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_PROXY_SECONDS), auto_decompress=False
        )
        self._launcher = Launcher(self._git_dir, self._work, self._python, self._variables, self._session)
        admin = web.Application(middlewares=[_local_programs_only])
        admin.add_routes(
            [
                web.post("/versions", self._post_version),
                web.delete("/versions/{sha}", self._delete_version),
                web.put("/traffic", self._put_traffic),
                web.get("/status", self._get_status),
                web.get("/metrics", self._get_metrics),
            ]
        )
        proxy = web.Application()
        proxy.router.add_route("*", "/{path:.*}", self._forward)
        self.url = await self._listen(admin)
        self.proxy_url = await self._listen(proxy)
        return self.url

    async def stop(self) -> None:
        """Nothing listens and no version runs any more."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        async with self._lock:
            await asyncio.gather(*(version.stop() for version in self._versions.values()))
            self._versions.clear()
        if self._session is not None:
            await self._session.close()

    @property
    def traffic(self) -> dict[str, int]:
        """Percent of the traffic by commit; empty until a first version serves."""
        return {sha: version.weight for sha, version in self._versions.items() if version.weight}

    def status(self) -> dict[str, Any]:
        """What `GET /status` answers."""
        versions = [
            {
                "sha": version.sha,
                "release": version.release,
                "weight": version.weight,
                **self.metrics.totals(version.sha),
                "started_at": version.started_at,
                "url": version.url,
                "log": str(version.log),
            }
            for version in self._versions.values()
        ]
        return {
            "environment": self.environment,
            "proxy_url": self.proxy_url,
            "traffic": self.traffic,
            "versions": versions,
        }

    async def _listen(self, app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    # The admin API

    async def _post_version(self, request: web.Request) -> web.Response:
        sha = str((await _json_object(request)).get("sha", ""))
        async with self._lock:
            running = self._versions.get(sha)
            if running is not None and running.process.running:
                return web.json_response({"sha": sha, "release": running.release, "url": running.url})
            try:
                version = await self._launcher.launch(sha, self.metrics.now)
            except StartFailed as error:
                return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
            if running is not None:  # it died by itself; its share of the traffic goes to its successor
                version.weight = running.weight
                await running.stop()
            self._versions[sha] = version
        return web.json_response(
            {"sha": sha, "release": version.release, "url": version.url}, status=HTTPStatus.CREATED
        )

    async def _delete_version(self, request: web.Request) -> web.Response:
        sha = request.match_info["sha"]
        async with self._lock:
            version = self._versions.get(sha)
            if version is None:
                return _refusal(HTTPStatus.NOT_FOUND, f"no version {sha[:40]} runs here")
            if version.weight:
                return _refusal(HTTPStatus.CONFLICT, f"{version.release} still serves {version.weight}%")
            del self._versions[sha]
            await version.stop()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _put_traffic(self, request: web.Request) -> web.Response:
        wanted = await _json_object(request)
        whole = all(isinstance(share, int) and not isinstance(share, bool) for share in wanted.values())
        if not whole or min(wanted.values(), default=0) < 0 or sum(wanted.values()) != _WHOLE:
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the shares are whole percents that sum to 100")
        async with self._lock:
            unknown = sorted(set(wanted) - set(self._versions))
            if unknown:
                return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"no version {unknown[0][:40]} runs here")
            for sha, version in self._versions.items():
                version.weight = wanted.get(sha, 0)
        return web.json_response(self.traffic)

    async def _get_status(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status())

    async def _get_metrics(self, request: web.Request) -> web.Response:
        try:
            since = float(request.query.get("since", "0"))
        except ValueError:
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "`since` is a time in Unix seconds")
        return web.json_response(
            {"since": since, "now": self.metrics.now, "versions": self.metrics.since(since)}
        )

    # The proxy

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        shares = [version for version in self._versions.values() if version.weight]
        if not shares or self._session is None:
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "no version serves traffic yet")
        version = self._random.choices(shares, [item.weight for item in shares])[0]
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                f"{version.url}{request.rel_url}",
                headers=_end_to_end(request.headers),
                data=body or None,
                allow_redirects=False,
            ) as upstream:
                content = await upstream.read()
                kept = _end_to_end(upstream.headers)
                response = web.Response(status=upstream.status, body=content)
                response.headers.clear()
                response.headers.extend(kept)
        except (aiohttp.ClientError, TimeoutError):
            response = _refusal(HTTPStatus.BAD_GATEWAY, "the version does not answer")
        self.metrics.record(version.sha, response.status)
        response.headers[VERSION_HEADER] = version.sha
        return response


@web.middleware
async def _local_programs_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    # A web page that the user happens to visit must not be able to drive the platform.
    if not _LOOPBACK.fullmatch(request.host) or "Origin" in request.headers:
        return _refusal(HTTPStatus.FORBIDDEN, "this API answers local programs only")
    return await handler(request)


def _end_to_end(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name.lower() not in _HOP]


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text="the body is not JSON") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object")
    return body


def _refusal(status: HTTPStatus, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
