"""What the server looks at now and then by itself, because webhooks get lost and some things send none."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


class Looker(Protocol):
    """Something to look at, by its name in the log."""

    name: str

    async def look(self) -> None:
        """One look, with everything that follows from it."""


class Rounds:
    """Looks every `pause` seconds, from `start` to `stop`. A look that fails is not the last one."""

    def __init__(self, looker: Looker, pause: float) -> None:
        self._looker, self._pause = looker, pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """The looks begin, the first one now: webhooks may have been lost while nothing ran."""
        self._task = asyncio.create_task(self._run(), name=self._looker.name)

    async def stop(self) -> None:
        """Nothing is looked at any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._looker.look()
            except Exception:  # the edge of the process: a database that fails now may answer again later
                log.exception("a look failed; trying again", at=self._looker.name)
            await asyncio.sleep(self._pause)
