"""Takes stored deliveries one after the other and gives them a meaning. Runs beside the server, survives anything."""

from __future__ import annotations

import asyncio
import contextlib
import json

import structlog
from gidgethub.sansio import Event

from app.clients import Clients
from app.settings import Settings
from app.store import DeliveryState, Store, StoredDelivery
from app.web.desk import Desk
from app.web.events import handle
from app.web.installations import Examinations

log = structlog.get_logger(__name__)

PAUSE_AFTER_FAULT_SECONDS = 1.0
# Deliveries that failed become due again by time, not by a wake-up.
LOOK_AGAIN_SECONDS = 1.0


class Poison(Exception):
    """A correctly signed body that no handler must see."""


class Dispatcher:
    """Processes the inbox in the background, from `start` to `stop`."""

    def __init__(self, store: Store, settings: Settings, clients: Clients) -> None:
        self._store = store
        self._settings = settings
        self._clients = clients
        self._examinations = Examinations(settings)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """The inbox is worked off, beginning with what an earlier process left."""
        self._examinations.start()
        self._wake.set()
        self._task = asyncio.create_task(self._run(), name="dispatcher")

    async def stop(self) -> None:
        """The delivery in hand is finished or stays stored; nothing runs any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._examinations.stop()

    def wake(self) -> None:
        """There is something new in the inbox."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            # Not `wait_for`: before Python 3.12 it may swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                while batch := await asyncio.to_thread(self._store.waiting_deliveries):
                    for delivery in batch:
                        await self._process(delivery)
            except Exception:  # the edge of the process: a database that fails now may answer again later
                log.exception("the inbox cannot be worked off; trying again")
                await asyncio.sleep(PAUSE_AFTER_FAULT_SECONDS)
                self._wake.set()

    async def _process(self, delivery: StoredDelivery) -> None:
        desk = Desk(self._store, self._settings, self._clients, [], self._examinations)
        try:
            event = Event(read_json(delivery.body), event=delivery.event, delivery_id=delivery.guid)
            meant = await handle(event, desk)
        except Poison as fault:
            await self._settle(delivery, DeliveryState.POISON, str(fault))
        except Exception as fault:  # the edge of the process: one bad delivery must not stop the others
            state = await asyncio.to_thread(self._store.retry_delivery, delivery.guid, type(fault).__name__)
            log.exception("delivery failed", guid=delivery.guid, state=state, attempts=delivery.attempts + 1)
        else:
            state = DeliveryState.DONE if meant else DeliveryState.IGNORED
            await self._settle(delivery, state, "; ".join(desk.handled))

    async def _settle(self, delivery: StoredDelivery, state: DeliveryState, note: str) -> None:
        await asyncio.to_thread(self._store.settle_delivery, delivery.guid, state, note)
        log.info("delivery", guid=delivery.guid, github_event=delivery.event, state=state, note=note)


def read_json(body: bytes) -> dict[str, object]:
    """The object that `body` spells.

    Raises:
        Poison: if it is no JSON object, not UTF-8, nested too deeply, or holds numbers that JSON does not know.
    """
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_twice)
    except (ValueError, RecursionError) as fault:  # also numbers of more digits than Python reads
        raise Poison(f"not JSON: {type(fault).__name__}") from fault
    if not isinstance(data, dict):
        raise Poison("not a JSON object")
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _no_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of `pairs`; two readers of a key that is given twice may see different values."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key is given twice")
    return read
