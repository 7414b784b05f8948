"""The outbox: what is told outside of GitHub, kept before it is sent.

A message is marked before it is sent, so that a crash in between leaves it marked, and it is not sent twice. Whether
it arrived is then not known, and that is what the outbox says.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from app.core.calling import Severity
from app.core.errors import StoreUnavailable
from app.core.notice import Notice, Waiting
from app.store.tables import notices

# One message may tell so many notices at most.
MOST_AT_ONCE = 2000


class NoticeState(StrEnum):
    """Where a notice stands. UNSURE may have arrived; UNKNOWN names a target that the server does not have."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    UNKNOWN = "unknown target"


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as tables show it."""

    incident: str
    change: str
    target: str
    severity: str
    title: str
    created_at: float
    due_at: float
    state: str
    attempts: int
    note: str


class Outbox:
    """The part of the store that messages pass through."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def put(
        self, notice: Notice, target: str, due_at: float, state: NoticeState = NoticeState.WAITING
    ) -> bool:
        """The notice waits for the target, once; False if it already did, or was sent.

        Raises:
            StoreUnavailable: if the database took nothing.
        """
        row = {
            "incident": notice.incident,
            "change": notice.key,
            "target": target,
            "severity": notice.severity,
            "title": notice.title,
            "text": notice.text,
            "created_at": self._clock(),
            "due_at": due_at,
            "state": state,
            "attempts": 0,
            "note": "",
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(notices).values(row))
        except sa.exc.IntegrityError:
            return False
        except sa.exc.SQLAlchemyError as fault:
            raise StoreUnavailable(type(fault).__name__) from fault
        return True

    def waiting(self) -> list[Waiting]:
        """What is due, oldest first, so many at a time."""
        query = (
            sa.select(notices)
            .where(notices.c.state == NoticeState.WAITING, notices.c.due_at <= self._clock())
            .order_by(notices.c.created_at, notices.c.id)
            .limit(MOST_AT_ONCE)
        )
        with self._engine.connect() as connection:
            return [
                Waiting(row.id, row.target, Severity(row.severity), row.title, row.text, row.attempts)
                for row in connection.execute(query)
            ]

    def sent_since(self, target: str, since: float) -> int:
        """How many messages the target was sent after `since`, whatever became of them."""
        query = sa.select(sa.func.count(sa.distinct(notices.c.message))).where(
            notices.c.target == target, notices.c.tried_at > since
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def claim(self, numbers: Sequence[int]) -> str | None:
        """The notices are marked as one message, whose name this is; None if one of them no longer waits."""
        message = uuid.uuid4().hex
        mine = notices.c.id.in_(numbers)
        with self._engine.begin() as connection:
            done = connection.execute(
                sa.update(notices)
                .where(mine, notices.c.state == NoticeState.WAITING)
                .values(
                    state=NoticeState.SENDING,
                    message=message,
                    tried_at=self._clock(),
                    attempts=notices.c.attempts + 1,
                )
            )
            if done.rowcount != len(numbers):
                connection.rollback()
                return None
        return message

    def settle(
        self, message: str, state: NoticeState, note: str = "", *, again_after: float | None = None
    ) -> None:
        """The message has come to `state`, or waits to be tried once more after so many seconds."""
        values: dict[str, object] = {"state": state, "note": note[:500]}
        if again_after is not None:
            values |= {"state": NoticeState.WAITING, "due_at": self._clock() + again_after}
        with self._engine.begin() as connection:
            connection.execute(sa.update(notices).where(notices.c.message == message).values(values))

    def give_up_interrupted(self) -> int:
        """What a crash left half sent is UNSURE now. How many notices that are."""
        with self._engine.begin() as connection:
            done = connection.execute(
                sa.update(notices)
                .where(notices.c.state == NoticeState.SENDING)
                .values(state=NoticeState.UNSURE, note="the server ended while it was sent")
            )
        return done.rowcount

    def recent(self, limit: int = 50) -> list[NoticeRow]:
        """The newest notices, newest first."""
        columns = (notices.c[name] for name in NoticeRow.__dataclass_fields__)
        query = sa.select(*columns).order_by(notices.c.created_at.desc(), notices.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [NoticeRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
