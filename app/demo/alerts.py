"""Alerts on their way from a tracker's stand-in to whoever is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


class Alerts:
    """Delivers in the background; what could not be delivered is raised when the stand-in ends, and never lost."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Future[None]] = []

    def send(self, delivery: Awaitable[None]) -> None:
        """The delivery is under way."""
        self._tasks.append(asyncio.ensure_future(delivery))

    async def settled(self) -> None:
        """Every alert so far was delivered; the first failure is raised."""
        while self._tasks:
            pending, self._tasks = self._tasks, []
            for outcome in await asyncio.gather(*pending, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
