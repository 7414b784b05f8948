"""What outlives a workflow: deliveries, incidents with their steps, and the track record (SQLAlchemy).

The workflow engine keeps its own tables; nothing here is needed to continue a workflow. Calls block for
microseconds to milliseconds; async code runs them with `asyncio.to_thread`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from app.core.errors import StoreUnavailable
from app.core.model import Incident, Outcome, Result, Stage
from app.store.arrivals import Arrivals
from app.store.ledger import Ledger
from app.store.outbox import Outbox
from app.store.tables import deliveries, incidents, steps

# Seconds before a delivery that could not be processed is tried again; after the last try it is a dead letter.
RETRY_PAUSES = (1.0, 5.0, 30.0, 120.0)
MAX_ATTEMPTS = len(RETRY_PAUSES) + 1


class Received(StrEnum):
    """What became of a delivery that came in."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class DeliveryState(StrEnum):
    """Where a stored delivery stands. FAILED waits for GitHub to deliver it again; POISON is never tried again."""

    RECEIVED = "received"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A webhook delivery as it came in: raw bytes, not yet believed."""

    guid: str
    event: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One finished piece of Autofix's own work; waiting is what lies between."""

    stage: str
    name: str
    started_at: float
    seconds: float
    note: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as tables and the demo show it."""

    id: str
    repository: str
    repository_id: int
    installation_id: int
    issue: int
    fingerprint: str
    opened_at: float
    ended_at: float | None
    stage: str
    result: str | None
    reason: str | None
    summary: str
    pull_request: int | None
    path: str | None = None
    merge_sha: str | None = None
    merged_at: float | None = None
    approved_by: str | None = None
    workflow: str | None = None
    vouched_by: str | None = None
    asked_in: int | None = None

    @property
    def workflow_id(self) -> str:
        """The workflow that carries the incident now."""
        return self.workflow or self.id

    @property
    def identity(self) -> Incident:
        """The incident itself."""
        return _incident(self)


class Store:
    """The database of one Autofix. SQLite runs in WAL mode with full durability: a commit survives a power cut."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        # The engine takes the plain form, SQLAlchemy wants the driver named.
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self._clock = clock
        self.ledger = Ledger(self._engine, clock)
        self.outbox = Outbox(self._engine, clock)
        self.arrivals = Arrivals(self._engine, clock)
        if url.startswith("sqlite"):
            sa.event.listen(self._engine, "connect", _prepare_sqlite)

    def migrate(self) -> None:
        """The database has the newest tables."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self._engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Every connection is closed."""
        self._engine.dispose()

    def ready(self) -> bool:
        """True if the database answers."""
        try:
            with self._engine.connect() as connection:
                connection.execute(sa.select(sa.func.count()).select_from(incidents))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    # Deliveries ------------------------------------------------------------------------------------------------

    def receive(self, guid: str, event: str, body: bytes) -> Received:
        """The delivery is on disk, once.

        DUPLICATE: this GUID, or this very body under another GUID, was stored before; a delivery whose processing
        failed is taken up again. CONFLICT: the GUID was stored with another body, and the first one stands.
        """
        digest = hashlib.sha256(body).hexdigest()
        row = {
            "guid": guid,
            "event": event,
            "body_sha256": digest,
            "body": body,
            "received_at": (now := self._clock()),
            "due_at": now,
            "state": DeliveryState.RECEIVED,
            "attempts": 0,
            "note": "",
        }
        try:
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(deliveries).values(row))
            except sa.exc.IntegrityError:
                return self._received_before(guid, event, digest)
        except sa.exc.SQLAlchemyError as fault:  # full disk, read-only, locked for too long, connection lost
            raise StoreUnavailable(type(fault).__name__) from fault
        return Received.STORED

    def _received_before(self, guid: str, event: str, digest: str) -> Received:
        with self._engine.begin() as connection:
            known = connection.execute(
                sa.select(deliveries.c.event, deliveries.c.body_sha256).where(deliveries.c.guid == guid)
            ).first()
            if known is not None and (known.event, known.body_sha256) != (event, digest):
                return Received.CONFLICT
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.event == event, deliveries.c.body_sha256 == digest)
                .where(deliveries.c.state == DeliveryState.FAILED)
                .values(state=DeliveryState.RECEIVED, attempts=0, due_at=self._clock())
            )
        return Received.DUPLICATE

    def waiting_deliveries(self, limit: int = 50) -> list[StoredDelivery]:
        """Deliveries that are due to be processed, oldest first."""
        query = (
            sa.select(deliveries.c.guid, deliveries.c.event, deliveries.c.body, deliveries.c.attempts)
            .where(deliveries.c.state == DeliveryState.RECEIVED, deliveries.c.due_at <= self._clock())
            .order_by(deliveries.c.received_at)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [StoredDelivery(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name

    def settle_delivery(self, guid: str, state: DeliveryState, note: str = "") -> None:
        """The delivery has reached `state`; its body is kept for the record."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(deliveries).where(deliveries.c.guid == guid).values(state=state, note=note[:500])
            )

    def retry_delivery(self, guid: str, note: str) -> DeliveryState:
        """One more attempt is counted: the delivery is due again after a pause, or FAILED after the last one."""
        with self._engine.begin() as connection:
            attempts = connection.execute(
                sa.select(deliveries.c.attempts).where(deliveries.c.guid == guid)
            ).scalar_one()
            last = attempts + 1 >= MAX_ATTEMPTS
            state = DeliveryState.FAILED if last else DeliveryState.RECEIVED
            due = self._clock() + (0.0 if last else RETRY_PAUSES[attempts])
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.guid == guid)
                .values(attempts=attempts + 1, state=state, due_at=due, note=note[:500])
            )
        return state

    # Incidents -------------------------------------------------------------------------------------------------

    def open_incident(
        self,
        *,
        repository: str,
        repository_id: int,
        installation_id: int,
        issue: int,
        fingerprint: str,
        again: bool = False,
        vouched_by: str | None = None,
        asked_in: int | None = None,
    ) -> tuple[Incident, bool]:
        """The running incident of this fingerprint, and whether it is new.

        The id is derived from repository and fingerprint. A fingerprint that comes back after its incident ended
        gets a new incident with the next number; the same issue only does if a person asks for it (`again`), and the
        comment `asked_in` which they did is followed once.
        """
        stem = f"inc-{repository_id}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:10]}"
        while True:
            earlier = self._incidents_of(repository_id, fingerprint)
            for row in earlier:
                asked = asked_in is not None and row.asked_in == asked_in
                if row.ended_at is None or asked or (row.issue == issue and not again):
                    return _incident(row), False
            identity = f"{stem}-{len(earlier) + 1}" if earlier else stem
            incident = Incident(
                identity, repository, repository_id, installation_id, issue, fingerprint, vouched_by
            )
            columns = {**asdict(incident), "opened_at": self._clock(), "stage": Stage.DETECT, "summary": ""}
            columns["asked_in"] = asked_in
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(incidents).values(columns))
            except sa.exc.IntegrityError:
                continue  # another process opened it just now; the next look finds it
            return incident, True

    def _incidents_of(self, repository_id: int, fingerprint: str) -> Sequence[sa.Row[Any]]:
        query = (
            sa.select(incidents)
            .where(incidents.c.repository_id == repository_id, incidents.c.fingerprint == fingerprint)
            .order_by(incidents.c.opened_at.desc())
        )
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def incidents(self, *, repository_id: int | None = None, running: bool = False) -> list[IncidentRow]:
        """Incidents, newest first; only those still running if asked."""
        query = _INCIDENTS.order_by(incidents.c.opened_at.desc())
        if repository_id is not None:
            query = query.where(incidents.c.repository_id == repository_id)
        if running:
            query = query.where(incidents.c.ended_at.is_(None))
        with self._engine.connect() as connection:
            return [IncidentRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name

    def fixed_since(self, moment: float) -> list[IncidentRow]:
        """The incidents that ended fixed at `moment` (epoch seconds) or later, newest first."""
        query = _INCIDENTS.where(incidents.c.result == Result.FIXED, incidents.c.ended_at >= moment)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(incidents.c.ended_at.desc()))
            return [IncidentRow(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name

    def incident(self, identity: str) -> IncidentRow | None:
        """One incident by its id."""
        with self._engine.connect() as connection:
            row = connection.execute(_INCIDENTS.where(incidents.c.id == identity)).first()
        return None if row is None else IncidentRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def incident_of_pull(self, repository_id: int, number: int) -> IncidentRow | None:
        """The newest incident whose pull request has this number."""
        return self._newest(repository_id, incidents.c.pull_request == number)

    def incident_of_issue(self, repository_id: int, number: int) -> IncidentRow | None:
        """The newest incident that this issue reports."""
        return self._newest(repository_id, incidents.c.issue == number)

    def incident_of_merge(self, repository_id: int, sha: str) -> IncidentRow | None:
        """The incident whose fix was merged as `sha`."""
        return self._newest(repository_id, incidents.c.merge_sha == sha)

    def _newest(self, repository_id: int, which: sa.ColumnElement[bool]) -> IncidentRow | None:
        query = _INCIDENTS.where(incidents.c.repository_id == repository_id, which)
        with self._engine.connect() as connection:
            row = connection.execute(query.order_by(incidents.c.opened_at.desc())).first()
        return None if row is None else IncidentRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def keep_case(self, incident: str, case_file: str, pull_request: int | None, path: str | None) -> None:
        """What is known of the incident so far is kept, for people who ask and for what comes after its end."""
        self._update(incident, case_file=case_file, pull_request=pull_request, path=path)

    def case_file(self, incident: str) -> str | None:
        """What was kept last; None if nothing was."""
        with self._engine.connect() as connection:
            return connection.execute(
                sa.select(incidents.c.case_file).where(incidents.c.id == incident)
            ).scalar()

    def note_merge(self, incident: str, sha: str, at: float) -> None:
        """The fix of the incident is merged as `sha`."""
        self._update(incident, merge_sha=sha, merged_at=at)

    def resume_incident(self, incident: str, workflow: str, approved_by: str) -> None:
        """An incident that had ended goes on in another workflow: a person merged its fix, or approved it.

        Nothing changes if it went on there before.
        """
        goes_on = sa.or_(incidents.c.workflow.is_(None), incidents.c.workflow != workflow)
        query = sa.update(incidents).where(incidents.c.id == incident, goes_on)
        now = query.values(
            ended_at=None, result=None, reason=None, approved_by=approved_by, workflow=workflow
        )
        with self._engine.begin() as connection:
            connection.execute(now)

    def enter_stage(self, incident: str, stage: Stage) -> None:
        """The incident is seen to be in `stage`."""
        self._update(incident, stage=stage)

    def end_incident(self, incident: str, outcome: Outcome) -> None:
        """The incident has ended with `outcome`; a repeated call changes nothing but the text."""
        self._update(
            incident,
            ended_at=sa.func.coalesce(incidents.c.ended_at, self._clock()),
            result=outcome.result,
            reason=outcome.stop.reason if outcome.stop else None,
            summary=outcome.summary,
            pull_request=outcome.pull_request,
        )

    def _update(self, incident: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(incidents).where(incidents.c.id == incident).values(values))

    def record_step(
        self, incident: str, stage: Stage, name: str, started_at: float, seconds: float, note: str
    ) -> None:
        """One finished piece of work is on record."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(steps).values(
                    incident=incident,
                    stage=stage,
                    name=name,
                    started_at=started_at,
                    seconds=seconds,
                    note=note,
                )
            )

    def steps(self, incident: str) -> list[StepRow]:
        """The incident's work in order of time."""
        query = (
            sa.select(steps.c.stage, steps.c.name, steps.c.started_at, steps.c.seconds, steps.c.note)
            .where(steps.c.incident == incident)
            .order_by(steps.c.started_at, steps.c.id)
        )
        with self._engine.connect() as connection:
            return [StepRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


_INCIDENTS = sa.select(*(column for column in incidents.c if column.name != "case_file"))


def _incident(row: Any) -> Incident:
    return Incident(
        row.id,
        row.repository,
        row.repository_id,
        row.installation_id,
        row.issue,
        row.fingerprint,
        row.vouched_by,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
