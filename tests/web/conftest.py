"""The server on a loopback port, over a store in a temporary folder, with nobody working off the inbox."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from app.clients import Clients
from app.settings import Settings
from app.store import Store
from app.web.dispatcher import Dispatcher
from app.web.server import create_app, serve
from contracts.journal import violations
from town import Town, town_of

SECRET = "it's a secret to everybody"


@dataclass
class Site:
    """The running server, and what a sender needs."""

    host: str
    port: int
    store: Store
    dispatcher: Dispatcher
    http: httpx.AsyncClient

    def sign(self, body: bytes, secret: str = SECRET) -> str:
        return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    def headers(self, body: bytes, **changed: str | bytes | None) -> dict[str, str | bytes]:
        """What GitHub sends; `changed` by name with underscores, None leaves one out."""
        sent: dict[str, str | bytes | None] = {
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-GitHub-Event": "issues",
            "X-Hub-Signature-256": self.sign(body),
            "Content-Type": "application/json",
        }
        sent.update({name.replace("_", "-"): value for name, value in changed.items()})
        return {name: value for name, value in sent.items() if value is not None}

    async def deliver(self, body: bytes, **changed: str | bytes | None) -> httpx.Response:
        headers = self.headers(body, **changed)
        sent = [
            (name.encode(), value.encode() if isinstance(value, str) else value)
            for name, value in headers.items()
        ]
        return await self.http.post("/webhooks/github", content=body, headers=sent)

    async def raw(self, sent: bytes, *, end: bool = False) -> bytes:
        """Everything that the server answers to these bytes, until it closes the connection."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(sent)
        if end:
            writer.write_eof()
        try:
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()

    def stored(self) -> list[Any]:
        return self.store.waiting_deliveries(1000)


@pytest.fixture
def settings() -> Settings:
    given: dict[str, Any] = {
        "app_id": 1,
        "private_key": "none",
        "webhook_secret": SECRET,
        "sentry_token": "none",
        "sentry_organizations": "acme",
        "sentry_author_ids": "39604003",
    }
    return Settings(**given)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def clients() -> Clients:
    """Nobody to talk to: what asks for more than a workflow brings its own."""
    return Clients(cast("Any", None), cast("Any", None))


@pytest.fixture
async def site(store: Store, settings: Settings, clients: Clients) -> AsyncIterator[Site]:
    dispatcher = Dispatcher(store, settings, clients)
    runner = await serve(create_app(store, settings, dispatcher), "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", limits=limits, trust_env=False) as http:
        yield Site(host, port, store, dispatcher, http)
    await runner.cleanup()


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with town_of(tmp_path, monkeypatch) as town:
        yield town
        found = violations(town.github)
        assert not found, "\n".join(found)
