"""One server process: everything is built, runs until it is told to stop, and is closed again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import httpx
import structlog

from app import workflow
from app.clients import Clients, connect
from app.clients.github import GitHub
from app.clients.notify import Notifier
from app.engine import Engine
from app.journey import Workbench
from app.settings import Settings
from app.store import Store
from app.web import aftermath, proposals, recurrences
from app.web.aftermath import Aftermath
from app.web.dispatcher import Dispatcher
from app.web.messenger import Messenger
from app.web.proposals import Proposals
from app.web.recurrences import Recurrences
from app.web.rounds import Rounds
from app.web.server import create_app, serve

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0


async def run(settings: Settings) -> None:
    """The server has run until SIGTERM or SIGINT, and everything it held is closed.

    Unfinished incidents stay stored; the next start goes on with them.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as address:
        log.info("ready", address=address)
        await stop.wait()
        log.info("stopping")


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """A running Autofix; yields the address that it listens on."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        store = Store(settings.database_url or f"sqlite:///{settings.data_dir / 'autofix.sqlite'}")
        stack.callback(store.close)
        await asyncio.to_thread(store.migrate)
        # First of all: an address that is wrong must not be found out when somebody is needed.
        notifier = await asyncio.to_thread(_notifier, settings)
        clients = await _clients(stack, settings)
        workflow.bind(Workbench(clients, store, settings))
        engine = Engine(settings.data_dir, database_url=settings.database_url)
        stack.push_async_callback(engine.stop)
        engine.launch()
        dispatcher = Dispatcher(store, settings, clients)
        dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        for rounds in _rounds(clients, store, settings):
            rounds.start()
            stack.push_async_callback(rounds.stop)
        messenger = Messenger(notifier, store, settings.notify_messages)
        messenger.start()
        stack.push_async_callback(messenger.stop)
        runner = await serve(create_app(store, settings, dispatcher), settings.host, settings.port)
        stack.push_async_callback(runner.cleanup)
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"


def _rounds(clients: Clients, store: Store, settings: Settings) -> tuple[Rounds, ...]:
    return (
        Rounds(Proposals(clients, store), proposals.LOOKS_APART * settings.reconcile_seconds),
        Rounds(Recurrences(clients, store), recurrences.LOOKS_APART * settings.reconcile_seconds),
        Rounds(Aftermath(clients, store, settings), aftermath.LOOKS_APART_SECONDS),
    )


def _notifier(settings: Settings) -> Notifier:
    addresses = {
        name: [one.get_secret_value() for one in secrets] for name, secrets in settings.notify_targets.items()
    }
    return Notifier(addresses)


async def _clients(stack: contextlib.AsyncExitStack, settings: Settings) -> Clients:
    """Each with a pool of its own: nothing that is set up for one system may reach another."""
    pools = [await stack.enter_async_context(_http()) for _ in range(4)]
    return Clients(
        _github(pools[0], settings),
        connect.sentry(pools[1], settings),
        connect.datadog(pools[2], settings),
        connect.bugsink(pools[3], settings),
    )


def _http() -> httpx.AsyncClient:
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=False)


def _github(http: httpx.AsyncClient, settings: Settings) -> GitHub:
    return GitHub(
        http,
        app_id=settings.app_id,
        private_key=settings.private_key.get_secret_value(),
        base_url=settings.github_url,
    )
