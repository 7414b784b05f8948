"""Requests and failures go to Datadog: a span for each request, by the Agent's own tracing API.

This is what a tracing library would send. The Agent keeps what it cannot pass on; what it does not take is lost.
"""

import asyncio
import random
import time
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

USER = "user"
EVERY_SECONDS = 0.2
AT_MOST = 1000
TIMEOUT = ClientTimeout(total=2)


@dataclass(frozen=True)
class Agent:
    url: str
    service: str
    environment: str
    version: str


def agent_of(environment: Mapping[str, str], version: str) -> Agent | None:
    url = environment.get("DD_TRACE_AGENT_URL")
    if not url:
        return None
    return Agent(url, environment.get("DD_SERVICE", "shop"), environment.get("DD_ENV", "development"), version)


def report_to(agent: Agent, app: web.Application) -> None:
    """From now on every request that the app serves is reported."""
    waiting: list[dict[str, Any]] = []

    @web.middleware
    async def traced(request: web.Request, handler: Any) -> web.StreamResponse:
        start, meta, failed = time.time_ns(), {"env": agent.environment, "version": agent.version}, 0
        try:
            answer = await handler(request)
            meta["http.status_code"] = str(answer.status)
            return answer
        except web.HTTPException as answer:
            meta["http.status_code"] = str(answer.status)
            raise
        except Exception as error:
            kind = type(error)
            failed = 1
            meta["http.status_code"] = "500"
            meta["error.type"] = f"{kind.__module__}.{kind.__qualname__}"
            meta["error.message"] = str(error)
            meta["error.stack"] = traceback.format_exc()
            raise
        finally:
            if len(waiting) < AT_MOST:
                waiting.append(span_of(request, agent, start, meta, failed))

    async def sending(_app: web.Application) -> AsyncIterator[None]:
        async with ClientSession(timeout=TIMEOUT) as session:
            sender = asyncio.create_task(send_forever(session, agent, waiting))
            yield
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            await send(session, agent, waiting)

    app.middlewares.insert(0, traced)
    app.cleanup_ctx.append(sending)


def span_of(
    request: web.Request, agent: Agent, start: int, meta: dict[str, str], failed: int
) -> dict[str, Any]:
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else "404"
    if USER in request:
        meta["usr.id"] = request[USER]
    return {
        "trace_id": random.getrandbits(63),
        "span_id": random.getrandbits(63),
        "parent_id": 0,
        "service": agent.service,
        "name": "aiohttp.request",
        "resource": f"{request.method} {path}",
        "type": "web",
        "start": start,
        "duration": time.time_ns() - start,
        "error": failed,
        "meta": meta,
        "metrics": {"_sampling_priority_v1": 1},
    }


async def send_forever(session: ClientSession, agent: Agent, waiting: list[dict[str, Any]]) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await send(session, agent, waiting)


async def send(session: ClientSession, agent: Agent, waiting: list[dict[str, Any]]) -> None:
    """What waited is with the Agent, or lost: a request must not fail because of its report."""
    traces = [[span] for span in waiting]
    waiting.clear()
    if traces:
        with suppress(ClientError, TimeoutError):
            async with session.put(f"{agent.url}/v0.3/traces", json=traces) as answer:
                await answer.read()
