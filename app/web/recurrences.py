"""Fixed incidents are looked after for a while: an error that comes back opens its issue again."""

from __future__ import annotations

import asyncio
import time

import structlog

from app import workflow
from app.brake import brake
from app.clients import Clients
from app.core.errors import ClientError, NotFound, RateLimited
from app.core.model import CaseFile, Reason, Result, Stage
from app.learn import known
from app.observe.recurrence import WATCH_SECONDS, recurrence, would_be_seen
from app.store import IncidentRow, Store
from app.web.desk import OFF_LABEL

log = structlog.get_logger(__name__)

# A look costs a request or two for each incident that was fixed in the last days.
LOOKS_APART = 2


async def is_looked_after(store: Store, row: IncidentRow, now: float) -> bool:
    """True if the incident ended fixed so short a while before `now` that its error would be seen to be back.

    Where the error was too rare for that, or another version wrote what is known, whoever reports it is heard.
    """
    if row.result != Result.FIXED or (row.ended_at or 0.0) < now - WATCH_SECONDS:
        return False
    verdict = (await known(store, row)).verdict
    return verdict is not None and would_be_seen(verdict)


class Recurrences:
    """Looks at what was fixed."""

    name = "recurrences"

    def __init__(self, clients: Clients, store: Store) -> None:
        self._clients, self._store = clients, store

    async def look(self) -> None:
        """Whatever has come back since is on its way to a person; where we are off, as soon as we are on again."""
        now, limited = time.time(), set[str]()
        for row in await asyncio.to_thread(self._store.fixed_since, now - WATCH_SECONDS):
            case = await known(self._store, row)
            if case.verdict is None or case.finding is None or case.finding.source in limited:
                continue
            try:
                await self._look_at(row, case, now)
            except RateLimited as fault:  # the others of this tracker are looked at next time
                limited.add(case.finding.source)
                log.warning("the fixed errors of a tracker cannot be looked after", fault=str(fault))
            except ClientError as fault:
                log.warning("a fixed error cannot be looked after", incident=row.id, fault=str(fault))
            except Exception:  # the edge of the process: one incident must not take the look from the others
                log.exception("a fixed error cannot be looked after", incident=row.id)

    async def _look_at(self, row: IncidentRow, case: CaseFile, now: float) -> None:
        stop = await recurrence(self._clients, case, now)
        if stop is not None and not await self._is_off(row, case):
            log.warning("a fixed error came back", incident=row.id, why=stop.detail)
            await workflow.come_back(row.id, stop)

    async def _is_off(self, row: IncidentRow, case: CaseFile) -> bool:
        """True while a person has switched us off there, by a pause, the policy or the label."""
        off = await brake(self._clients, self._store, case, Stage.OBSERVE)
        if off is not None and off.reason is Reason.PAUSED:
            return True
        repo = self._clients.github.repository(row.repository, row.installation_id)
        try:
            issue = await repo.issue(row.issue)
        except NotFound:  # it cannot be opened again, but people can still be told
            return False
        return any(label.name == OFF_LABEL for label in issue.labels)
