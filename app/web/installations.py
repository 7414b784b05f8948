"""The App was installed on repositories: each is looked at as `autofix doctor` does, and the log says what blocks.

Nothing is written on GitHub unasked. The looks run beside the inbox, one after the other, because each takes seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import structlog

from app.core.errors import ClientError
from app.doctor.access import Access
from app.doctor.examine import examine
from app.doctor.finding import Diagnosis, Mark
from app.settings import Settings

log = structlog.get_logger(__name__)

REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
MOST_WAITING = 500

Examine = Callable[[Access, str], Diagnosis]


class Examinations:
    """Looks at repositories in the background, from `start` to `stop`. What waits at the end is not looked at."""

    def __init__(self, settings: Settings, examine: Examine = examine) -> None:
        self._access = Access.of_server(settings)
        self._examine = examine
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Repositories that are asked for are looked at."""
        self._task = asyncio.create_task(self._run(), name="examinations")

    async def stop(self) -> None:
        """Nothing is looked at any more; the look in hand ends by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def ask(self, repository: str) -> bool:
        """True if the repository will be looked at; False if too many wait already."""
        try:
            self._waiting.put_nowait(repository)
        except asyncio.QueueFull:
            return False
        return True

    async def done(self) -> None:
        """Everything that was asked for so far was looked at."""
        await self._waiting.join()

    async def _run(self) -> None:
        while True:
            repository = await self._waiting.get()
            try:
                tell(await asyncio.to_thread(self._examine, self._access, repository))
            except ClientError as fault:
                log.warning("installed, but cannot be examined", repository=repository, fault=str(fault))
            except (
                Exception
            ):  # the edge of the process: one repository must not keep the others from their look
                log.exception("the examination failed", repository=repository)
            finally:
                self._waiting.task_done()


def tell(diagnosis: Diagnosis) -> None:
    """One line in the log: how far autonomy reaches in the repository, and what blocks it."""
    known = {"repository": diagnosis.repository, "reaches": str(diagnosis.reach)}
    if not diagnosis.blockers:
        log.info("installed, and nothing blocks", **known)
        return
    blocking = "; ".join(
        f"{one.name}: {one.found}" if one.mark is Mark.FAILED else f"{one.name}: unknown, {one.found}"
        for one in diagnosis.blockers
    )
    more = f"autofix doctor {diagnosis.repository}"
    log.warning("installed, but autonomy is blocked", **known, blocking=blocking, more=more)


def named(repositories: Any) -> list[str]:
    """The plain full names among what a payload lists."""
    listed = repositories if isinstance(repositories, list) else []
    names = [item.get("full_name") for item in listed if isinstance(item, dict)]
    return [name for name in names if isinstance(name, str) and REPOSITORY.fullmatch(name)]
