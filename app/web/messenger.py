"""Sends what waits in the outbox: in time, never a storm, and never twice."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable

import structlog

from app.clients.notify import Notifier, Receipt, Sent
from app.core.notice import WINDOW_SECONDS, Message, Waiting, messages_to_send
from app.store import Store
from app.store.outbox import NoticeState

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
STOP_SECONDS = 8.0
# Seconds before a message that a receiver refused is tried again; after the last try it has failed.
RETRY_PAUSES = (30.0, 120.0, 600.0)
_STATES = {
    Sent.DELIVERED: NoticeState.SENT,
    Sent.FAILED: NoticeState.FAILED,
    Sent.UNSURE: NoticeState.UNSURE,
}


class Messenger:
    """Sends what waits, from `start` to `stop`."""

    def __init__(
        self, notifier: Notifier, store: Store, limit: int, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._notifier, self._outbox, self._limit = notifier, store.outbox, limit
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Sending begins. What was half sent when the process ended is not sent again."""
        self._task = asyncio.create_task(self._run(), name="messenger")

    async def stop(self) -> None:
        """Nothing is sent any more; what is being sent is waited for a while, so that its end is on record."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_SECONDS)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def recover(self) -> None:
        """What a crash left half sent may have arrived: it is on record as that, and not sent again."""
        left = await asyncio.to_thread(self._outbox.give_up_interrupted)
        if left:
            log.error("the server ended while messages were sent; they may not have arrived", notices=left)

    async def look(self) -> None:
        """What may be sent now is sent, to each target on its own: a slow one holds up no other."""
        waiting: dict[str, list[Waiting]] = defaultdict(list)
        for one in await asyncio.to_thread(self._outbox.waiting):
            waiting[one.target].append(one)
        await asyncio.gather(*(self._serve(target, items) for target, items in waiting.items()))

    async def _serve(self, target: str, waiting: list[Waiting]) -> None:
        if target not in self._notifier.names:  # the settings have changed since
            for one in waiting:
                name = await asyncio.to_thread(self._outbox.claim, (one.number,))
                if name is not None:
                    await asyncio.to_thread(self._outbox.settle, name, NoticeState.UNKNOWN)
            return
        sent = await asyncio.to_thread(self._outbox.sent_since, target, self._clock() - WINDOW_SECONDS)
        tries = {one.number: one.attempts for one in waiting}
        for message in messages_to_send(waiting, sent, self._limit):
            if self._stopping.is_set():
                return
            await self._send(target, message, max(tries[number] for number in message.numbers))

    async def _send(self, target: str, message: Message, tries: int) -> None:
        name = await asyncio.to_thread(self._outbox.claim, message.numbers)
        if name is None:
            return
        receipt = await self._notifier.send(target, message.title, message.text, message.severity)
        await asyncio.to_thread(self._record, name, receipt, tries)
        tell = log.info if receipt.sent is Sent.DELIVERED else log.error
        tell("message", target=target, state=receipt.sent, notices=len(message.numbers), note=receipt.note)

    def _record(self, name: str, receipt: Receipt, tries: int) -> None:
        again = RETRY_PAUSES[tries] if receipt.sent is Sent.FAILED and tries < len(RETRY_PAUSES) else None
        self._outbox.settle(name, _STATES[receipt.sent], receipt.note, again_after=again)

    async def _run(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            try:
                if not recovered:
                    await self.recover()
                    recovered = True
                await self.look()
            except Exception:  # the edge of the process: a database that fails now may answer again later
                log.exception("messages cannot be sent; trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)
