"""The HTTP server. A delivery is acknowledged only after it is verified and on disk, never by a timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from app.core.errors import StoreUnavailable
from app.settings import Settings
from app.store import Received, Store
from app.web.dispatcher import Dispatcher
from app.web.doors import Door, Letter, TurnedAway, open_doors

log = structlog.get_logger(__name__)

# GitHub sends no payload above 25 MB and waits 10 seconds for the answer.
MAX_BODY_BYTES = 25 * 1024 * 1024
BODY_SECONDS = 9.0
# For a request's headers, and for the next request on an open connection: longer than reverse proxies keep one.
IDLE_SECONDS = 75.0
# For what is left of a refused body.
LINGER_SECONDS = 1.0
STORE_SECONDS = 8.0

STORE = web.AppKey("store", Store)
SETTINGS = web.AppKey("settings", Settings)
DISPATCHER = web.AppKey("dispatcher", Dispatcher)


def create_app(store: Store, settings: Settings, dispatcher: Dispatcher) -> web.Application:
    """The web application: `POST` for each of the senders that may deliver, `GET /healthz`, `GET /readyz`."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[STORE], app[SETTINGS], app[DISPATCHER] = store, settings, dispatcher
    for path, door in open_doors(settings).items():
        app.router.add_post(path, receive_at(door))
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """A running server; `runner.addresses` tells the port. Bodies are never decompressed: see `receive_at`."""
    runner = web.AppRunner(
        app,
        auto_decompress=False,
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGER_SECONDS,
        access_log=None,
        shutdown_timeout=5.0,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def receive_at(door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What takes the deliveries that come to `door`."""

    async def receive(request: web.Request) -> web.Response:
        """202 once the delivery is let in and stored; 401 for a stranger; 503 if it cannot be stored."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return _say(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not accepted")
        body = await _read(request)
        if isinstance(body, web.Response):
            return body
        letter = door(request.headers, body, request.app[SETTINGS], time.time())
        if isinstance(letter, TurnedAway):
            return _say(letter.status, letter.text)
        return await _keep(request.app, letter, body)

    return receive


async def _keep(app: web.Application, letter: Letter, body: bytes) -> web.Response:
    """The answer to a delivery that was let in: it is on disk, or the sender knows that it is not."""
    try:
        async with asyncio.timeout(STORE_SECONDS):
            received = await asyncio.to_thread(app[STORE].receive, letter.guid, letter.event, body)
    except (TimeoutError, StoreUnavailable) as fault:
        log.error("delivery not stored", guid=letter.guid, fault=type(fault).__name__)  # noqa: TRY400 - the type says it
        return _say(HTTPStatus.SERVICE_UNAVAILABLE, "the delivery could not be stored; redeliver it later")
    if received is Received.CONFLICT:
        log.error(
            "the GUID of a stored delivery came with another body; the first one stands", guid=letter.guid
        )
    app[DISPATCHER].wake()
    return _say(HTTPStatus.ACCEPTED, str(received))


async def healthz(_request: web.Request) -> web.Response:
    """The process runs."""
    return _say(HTTPStatus.OK, "ok")


async def readyz(request: web.Request) -> web.Response:
    """The database answers, so deliveries can be accepted."""
    ready = await asyncio.to_thread(request.app[STORE].ready)
    return (
        _say(HTTPStatus.OK, "ready")
        if ready
        else _say(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer")
    )


async def _read(request: web.Request) -> bytes | web.Response:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return _say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 25 MB")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        return _say(HTTPStatus.REQUEST_TIMEOUT, "the body came too slowly")
    except web.HTTPRequestEntityTooLarge:
        return _say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 25 MB")
    except (ConnectionError, web.RequestPayloadError):
        return _say(HTTPStatus.BAD_REQUEST, "the body is not what its headers say")


def _say(status: HTTPStatus, text: str) -> web.Response:
    return web.json_response({"status": text}, status=status)
