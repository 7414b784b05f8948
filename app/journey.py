"""How one incident travels through its stages: stored steps, waits with a deadline, and refusals that end it.

`pipeline.py` says which stages there are; this says what a step and a wait are.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import structlog

from app import engine
from app.clients import Clients
from app.core.budget import share
from app.core.errors import TRANSIENT, ClientError, RateLimited
from app.core.model import Incident, Reason, Stage, Stop
from app.settings import Settings
from app.store import Store

P = ParamSpec("P")
T = TypeVar("T")

# Why an incident must not go on at this stage; None if it may.
Brake = Callable[[Stage], Awaitable[Stop | None]]

log = structlog.get_logger(__name__)

# What ends an incident must be possible when nothing else is.
UNSTOPPABLE = {Stage.ESCALATE}

FIRST_PAUSE_SECONDS = 0.5
# Short enough that the brake, which every attempt asks first, stops an incident within a minute.
LONGEST_PAUSE_SECONDS = 30.0
# What must not be left undone is tried for a day, whatever it costs.
INSIST_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the stages of this process work with."""

    clients: Clients
    store: Store
    settings: Settings


class Stopped(Exception):
    """A stage refused; the journey continues at `escalate`."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.detail)
        self.stop = stop


class Journey:
    """One incident on its way. Nothing is done before `brake` was asked whether it still may be."""

    def __init__(self, incident: Incident, bench: Workbench, brake: Brake) -> None:
        self.incident = incident
        self._brake = brake
        self.clients, self.store, self.settings = bench.clients, bench.store, bench.settings

    def under(self, brake: Brake) -> Journey:
        """The same journey for something else of the incident, which `brake` may stop."""
        return Journey(self.incident, Workbench(self.clients, self.store, self.settings), brake)

    @property
    def desk(self) -> tuple[Clients, Store, Settings]:
        """What a stage needs that writes to people and into the store."""
        return self.clients, self.store, self.settings

    async def now(self) -> float:
        """The time (epoch seconds) at which the incident came to this line; the same after a crash."""
        return await engine.now()

    async def step(
        self, stage: Stage, function: Callable[P, Awaitable[T | Stop]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The stage function's value; after a crash the stored one, without calling it again.

        Raises:
            Stopped: if the stage refused, overran its share of the budget, or met a fault that stays.
        """

        async def work() -> T | Stop:
            return await self._timed(stage, function.__name__, lambda: function(*args, **kwargs))

        value = await engine.step(f"{stage}.{function.__name__}", work)
        if isinstance(value, Stop):
            raise Stopped(value)
        return value

    def rule(self, judge: Callable[P, T | Stop], *args: P.args, **kwargs: P.kwargs) -> T:
        """The value of a pure function. Nothing is stored: the same input gives the same value after a crash.

        Raises:
            Stopped: if it refuses.
        """
        value = judge(*args, **kwargs)
        if isinstance(value, Stop):
            raise Stopped(value)
        return value

    async def tell(
        self, stage: Stage, function: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """People have been told, if it was possible: a locked or deleted issue does not stop the incident."""

        async def work() -> Stop | None:
            return await self._timed(stage, function.__name__, lambda: function(*args, **kwargs))

        await engine.step(f"{stage}.{function.__name__}", work)

    async def insist(
        self, stage: Stage, function: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """It is done; while that is not possible it is tried again, for a day. Only a refusal that stays ends it."""

        async def work() -> Stop | None:
            return await self._timed(stage, function.__name__, lambda: function(*args, **kwargs))

        deadline = await engine.now() + INSIST_SECONDS
        while True:
            value = await engine.step(f"{stage}.{function.__name__}", work)
            if value is None or not value.passing:
                return
            if await engine.now() >= deadline:
                return
            await engine.receive(self.settings.reconcile_seconds)

    async def wait(
        self, stage: Stage, probe: Callable[P, Awaitable[T | Stop | None]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The first value that `probe` gives instead of None, within the stage's share of the budget.

        Raises:
            Stopped: if the probe refuses, a person stops the incident, or the stage's share is used up.
        """
        seconds = share(stage, self.settings.budget_seconds)
        return await self.wait_within(seconds, stage, probe, *args, **kwargs)

    async def wait_within(
        self,
        seconds: float,
        stage: Stage,
        probe: Callable[P, Awaitable[T | Stop | None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The first value that `probe` gives instead of None.

        The probe runs again whenever a webhook wakes the incident, and at least every `reconcile_seconds`,
        because webhooks get lost.

        Raises:
            Stopped: if the probe refuses, a person stops the incident, or `seconds` have passed.
        """
        deadline = await engine.now() + seconds
        while True:
            value = await self.step(stage, probe, *args, **kwargs)
            if value is not None:
                return value
            remaining = deadline - await engine.now()
            if remaining <= 0:
                raise Stopped(Stop(stage, Reason.OVERRAN, f"nothing came of it within {seconds:.0f} seconds"))
            await self._rest(stage, min(remaining, self.settings.reconcile_seconds))

    async def until(self, stage: Stage, moment: float) -> None:
        """It is `moment` (epoch seconds) or later. Webhooks do not shorten the wait; a person's stop ends it."""
        while (remaining := moment - await engine.now()) > 0:
            await self._rest(stage, remaining)

    async def _rest(self, stage: Stage, seconds: float) -> None:
        message = await engine.receive(seconds)
        while message is not None:  # one look answers all that came in meanwhile
            if message.get("type") == "stop":
                raise Stopped(Stop(stage, Reason.STOPPED, f"stopped by {message.get('by', 'a person')}"))
            message = await engine.receive(0)

    async def _timed(self, stage: Stage, name: str, call: Callable[[], Awaitable[T | Stop]]) -> T | Stop:
        """The value of `call`, faults turned into refusals, with the work's duration on record."""
        store, incident = self.store, self.incident.id
        await asyncio.to_thread(store.enter_stage, incident, stage)
        limit = share(stage, self.settings.budget_seconds)
        started, clock = time.time(), time.perf_counter()

        async def work() -> T | Stop:
            stopped = None if stage in UNSTOPPABLE else await self._brake(stage)
            return await call() if stopped is None else stopped

        value: T | Stop
        try:
            async with asyncio.timeout(limit):
                value = await _patiently(work, limit)
        except TimeoutError:
            value = Stop(stage, Reason.OVERRAN, f"{name} took more than {limit:.0f} seconds", passing=True)
        except ClientError as fault:
            value = Stop(stage, Reason.FAULT, str(fault), passing=isinstance(fault, TRANSIENT))
        seconds = time.perf_counter() - clock
        note = f"{value.reason}: {value.detail}" if isinstance(value, Stop) else type(value).__name__
        await asyncio.to_thread(store.record_step, incident, stage, name, started, seconds, note)
        log.info("step", incident=incident, stage=stage, step=name, seconds=round(seconds, 3), result=note)
        return value


async def _patiently(call: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The value of `call`, tried again after faults that pass, for as long as `seconds` last.

    The pauses grow and are never quite the same, so that many incidents do not come back all at once.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call()
        except TRANSIENT as fault:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
            pause *= random.uniform(1.0, 1.5)
            if isinstance(fault, RateLimited):
                pause = max(pause, fault.retry_after)
            if loop.time() + pause >= end:
                raise
            log.warning("retry", attempt=attempt, pause=round(pause, 1), fault=str(fault))
        await asyncio.sleep(pause)
