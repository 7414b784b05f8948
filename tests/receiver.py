"""An HTTP receiver on this machine: what it got, and how it answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web


@dataclass
class Receiver:
    """What came in, by path; `answers` says what a path answers instead of 200."""

    port: int = 0
    got: list[tuple[str, Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    # A path in here is answered only when its event is set.
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def bodies(self, path: str) -> list[Any]:
        return [body for where, body in self.got if where.startswith(path)]

    async def take(self, request: web.Request) -> web.Response:
        text = await request.text()
        body: Any = text
        if request.content_type == "application/x-www-form-urlencoded":
            body = {name: values[0] for name, values in parse_qs(text).items()}
        elif request.content_type == "application/json":
            body = json.loads(text)
        self.got.append((request.path, body))
        self.arrived.set()
        if request.path in self.held:
            await self.held[request.path].wait()
        status = self.answers.get(request.path, 200)
        headers = {"Location": f"http://{self.host}/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, text="ok", headers=headers)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        for event in receiver.held.values():
            event.set()
        await runner.cleanup()
