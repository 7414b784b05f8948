"""Fixed incidents are looked after for a while: an error that comes back opens its issue again."""

from __future__ import annotations

import asyncio
import time

import structlog

from app import workflow
from app.clients import Clients
from app.core.errors import ClientError
from app.core.model import Result
from app.learn import known
from app.observe.recurrence import WATCH_SECONDS, recurrence
from app.store import IncidentRow, Store

log = structlog.get_logger(__name__)

# A look costs a request or two for each incident that was fixed in the last days.
LOOKS_APART = 2


def is_looked_after(row: IncidentRow, now: float) -> bool:
    """True if the incident ended fixed so short a while before `now` that it is looked at whether its error is back."""
    return row.result == Result.FIXED and (row.ended_at or 0.0) >= now - WATCH_SECONDS


class Recurrences:
    """Looks at what was fixed, from `start` to `stop`."""

    def __init__(self, clients: Clients, store: Store, reconcile_seconds: float) -> None:
        self._clients, self._store = clients, store
        self._pause = LOOKS_APART * reconcile_seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """The looks begin, the first one now."""
        self._task = asyncio.create_task(self._run(), name="recurrences")

    async def stop(self) -> None:
        """Nothing is looked at any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Whatever has come back since is on its way to a person."""
        now = time.time()
        for row in await asyncio.to_thread(self._store.fixed_since, now - WATCH_SECONDS):
            case = await known(self._store, row)
            if case.verdict is None or case.finding is None:
                continue
            try:
                stop = await recurrence(self._clients, case, now)
            except ClientError as fault:
                log.warning("a fixed error cannot be looked after", incident=row.id, fault=str(fault))
                continue
            if stop is not None:
                log.warning("a fixed error came back", incident=row.id, why=stop.detail)
                await workflow.come_back(row.id, stop)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # the edge of the process: a database that fails now may answer again later
                log.exception("the fixed errors cannot be looked after; trying again")
            await asyncio.sleep(self._pause)
