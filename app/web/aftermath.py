"""After a storm: of the anomalies that were held back, the one that still fails most is taken up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from app import workflow
from app.clients import Clients
from app.core.errors import ClientError
from app.core.model import Finding
from app.core.storm import HORIZON_SECONDS, Spent, spent
from app.detect import detect
from app.settings import Settings
from app.store import IncidentRow, Store
from app.web.desk import OFF_LABEL

log = structlog.get_logger(__name__)

# A look at one costs a few requests of GitHub's, and whoever knows a tracker's public key can make a storm: until the
# horizon that must leave an installation most of its 5,000 an hour. One cause shows itself in many of the anomalies.
LOOKS_APART_SECONDS = 300.0
MOST_LOOKED_AT = 20


class Aftermath:
    """Looks at what storms left."""

    name = "aftermath"

    def __init__(
        self, clients: Clients, store: Store, settings: Settings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._clients, self._store, self._settings = clients, store, settings
        self._clock = clock

    async def look(self) -> None:
        """Of each storm that is over, what still fails most is on its way, unless something of it is already."""
        now = self._clock()
        lately = await asyncio.to_thread(self._store.arrivals.lately, HORIZON_SECONDS)
        for storm in spent(lately, now):
            failing = [
                (number, row)
                for identity in storm.held[:MOST_LOOKED_AT]
                if (row := await asyncio.to_thread(self._store.incident, identity)) is not None
                and (number := await self._failures(row, storm, now))
            ]
            if failing:
                number, row = max(failing, key=lambda one: one[0])
                log.info("a storm is over; what still fails most is taken up", issue=row.issue, events=number)
                await self._take_up(row)

    async def _failures(self, row: IncidentRow, storm: Spent, now: float) -> int:
        """How often the anomaly was seen since the storm; 0 also if it cannot be said, or nobody wants to know."""
        repo = self._clients.github.repository(row.repository, row.installation_id)
        try:
            issue = await repo.issue(row.issue)
            if issue.state != "open" or any(label.name == OFF_LABEL for label in issue.labels):
                return 0
            finding = await detect(self._clients, self._store, self._settings, row.identity)
            if not isinstance(finding, Finding) or not finding.is_tracked:
                return 0
            counts = await self._clients.tracker(finding.source).errors(
                finding, start=datetime.fromtimestamp(storm.since, UTC), end=datetime.fromtimestamp(now, UTC)
            )
        except ClientError as fault:
            log.warning("what a storm left cannot be looked at", incident=row.id, fault=str(fault))
            return 0
        return counts.total

    async def _take_up(self, row: IncidentRow) -> None:
        incident, new = await asyncio.to_thread(
            self._store.open_incident,
            repository=row.repository,
            repository_id=row.repository_id,
            installation_id=row.installation_id,
            issue=row.issue,
            fingerprint=row.fingerprint,
            again=True,
        )
        if new:
            await workflow.start(incident)
