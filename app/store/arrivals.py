"""What has come in lately: the incidents that were opened, and what an operator handed over."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from app.core.model import Reason
from app.core.storm import Arrival, Lately
from app.store.tables import deliveries, incidents


class Arrivals:
    """The part of the store that tells a storm."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def since(self, seconds: float, *, installation_id: int) -> list[Arrival]:
        """The incidents of the installation that nobody asked for, opened in the last `seconds`, oldest first."""
        query = (
            sa.select(incidents.c.id, incidents.c.repository_id, incidents.c.opened_at, incidents.c.reason)
            .where(incidents.c.installation_id == installation_id, incidents.c.vouched_by.is_(None))
            .where(incidents.c.opened_at > self._clock() - seconds)
            .order_by(incidents.c.opened_at)
        )
        with self._engine.connect() as connection:
            return [
                Arrival(row.id, row.repository_id, row.reason == Reason.STORM)
                for row in connection.execute(query)
            ]

    def lately(self, seconds: float) -> list[Lately]:
        """The incidents that were opened in the last `seconds`, oldest first."""
        columns = incidents.c
        query = (
            sa.select(
                columns.id, columns.repository_id, columns.fingerprint, columns.opened_at, columns.reason
            )
            .where(columns.opened_at > self._clock() - seconds)
            .order_by(columns.opened_at)
        )
        with self._engine.connect() as connection:
            return [
                Lately(row.id, row.repository_id, row.fingerprint, row.opened_at, row.reason == Reason.STORM)
                for row in connection.execute(query)
            ]

    def body(self, guid: str) -> bytes | None:
        """The body of a stored delivery."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(deliveries.c.body).where(deliveries.c.guid == guid)).scalar()
