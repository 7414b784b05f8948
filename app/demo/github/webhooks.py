"""Webhook deliveries of the registered App: signed, tried once, kept, and redelivered only when asked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from app.demo.github.accounts import App, Installation, node_id
from app.demo.github.faults import Faults
from app.demo.github.site import Event, Site

TIMEOUT = 10.0
_KEPT = 5000
_SUCCESS = range(200, 300)
# Told to every App, whether it subscribed or not.
_UNASKED = {"installation", "installation_repositories"}


@dataclass
class Delivery:
    """One try to deliver one event. `status_code` is 0 when nobody answered."""

    id: int
    guid: str
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    body: bytes
    app: App
    delivered_at: float = 0.0
    duration: float = 0.0
    redelivery: bool = False
    url: str = ""
    status: str = "pending"
    status_code: int = 0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON that was sent."""
        payload: dict[str, Any] = json.loads(self.body)
        return payload

    @property
    def succeeded(self) -> bool:
        """Whether the App answered in time with a 2xx."""
        return self.status_code in _SUCCESS


@dataclass
class Webhooks:
    """The one worker that delivers, in the order in which things happened."""

    site: Site
    faults: Faults
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=_KEPT))
    held: list[Delivery] = field(default_factory=list)
    _queue: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    _worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Deliver what waits and what comes."""
        self._worker = asyncio.create_task(self._work(), name="webhook deliveries")

    async def stop(self) -> None:
        """Stop at once; what waits is lost."""
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
            self._worker = None

    async def settle(self) -> None:
        """Return when everything that waits has been tried."""
        await self._queue.join()

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be delivered."""
        return self._queue.empty()

    def notice(self, event: Event) -> None:
        """Queue a delivery of `event` for every App that is told of it."""
        for app in self.site.apps.values():
            wanted = event.name in app.events or event.name in _UNASKED
            if app.webhook_url is None or not wanted or event.only_app not in {None, app.id}:
                continue
            installation = self._installation(app, event)
            if installation is not None:
                self._enqueue(event, app, installation)

    def _installation(self, app: App, event: Event) -> Installation | None:
        for installation in self.site.installations.values():
            if installation.app is not app:
                continue
            repo = event.repository
            if repo is None:
                if event.payload["installation"]["id"] == installation.id:
                    return installation
            elif installation.covers(repo.id, repo.owner):
                return installation
        return None

    def _enqueue(self, event: Event, app: App, installation: Installation) -> None:
        short = {"id": installation.id, "node_id": node_id("MDI", installation.id)}
        delivery = Delivery(
            self.site.next_id(),
            str(uuid.uuid4()),
            event.name,
            event.action,
            installation.id,
            event.repository.id if event.repository else None,
            json.dumps({"installation": short, **event.payload}).encode(),
            app,
        )
        mishap = self.faults.mishap(event)
        if mishap == "drop":
            return
        if mishap == "hold":
            self.held.append(delivery)
            return
        self._queue.put_nowait(delivery)
        if mishap == "duplicate":
            self._queue.put_nowait(replace(delivery, id=self.site.next_id()))

    def release(self, *, backwards: bool = False) -> None:
        """Deliver what was held, in order or the other way round."""
        for delivery in reversed(self.held) if backwards else self.held:
            self._queue.put_nowait(delivery)
        self.held.clear()

    def redeliver(self, delivery: Delivery) -> None:
        """Try a past delivery again, under the same GUID."""
        again = Delivery(
            self.site.next_id(),
            delivery.guid,
            delivery.event,
            delivery.action,
            delivery.installation_id,
            delivery.repository_id,
            delivery.body,
            delivery.app,
            redelivery=True,
        )
        self._queue.put_nowait(again)

    async def _work(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                delivery = await self._queue.get()
                try:
                    await self._deliver(session, delivery)
                finally:
                    self._queue.task_done()

    async def _deliver(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        # The address is read now: the App may have moved since the event.
        delivery.url = delivery.app.webhook_url or ""
        delivery.delivered_at = self.site.clock()
        delivery.request_headers = headers(delivery)
        started = time.monotonic()
        try:
            async with session.post(
                delivery.url, data=delivery.body, headers=delivery.request_headers
            ) as response:
                delivery.response_body = (await response.read()).decode(errors="replace")
                delivery.status_code = response.status
                delivery.response_headers = dict(response.headers)
                delivery.status = "OK" if delivery.succeeded else f"Invalid HTTP Response: {response.status}"
        except TimeoutError:
            delivery.status = "timed out"
        except (aiohttp.ClientError, ValueError):
            delivery.status = "failed to connect to host"
        delivery.duration = round(time.monotonic() - started, 3)
        self.deliveries.append(delivery)


def headers(delivery: Delivery) -> dict[str, str]:
    """The headers of a delivery; the signatures are over the very bytes of the body."""
    secret = delivery.app.webhook_secret.encode()

    def signed(algorithm: str) -> str:
        return f"{algorithm}={hmac.new(secret, delivery.body, algorithm).hexdigest()}"

    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(secret).hexdigest()[:7]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.app.id + 500_000_000),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": signed("sha1"),
        "X-Hub-Signature-256": signed("sha256"),
    }
