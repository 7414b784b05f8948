"""The ledger of trust: how fixes ended, what people did with them, and what people have stopped or forgiven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.core.model import Attempt, Handling, Incident, Outcome, Reason, Result, TrackRecord
from app.store.tables import incidents, orders, pardons, pauses, track_record

# The row of `pauses` that stops every repository.
EVERYWHERE = 0
DAY_SECONDS = 86_400.0
# For so long a proposal is looked at; what people do later is told by their webhooks alone.
PATIENCE_SECONDS = 30 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: `done` or not, and what its author is told; empty if a reaction says enough."""

    done: bool
    text: str = ""


class Ledger:
    """The part of the store that `decide` and the commands rest on."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # How fixes ended ---------------------------------------------------------------------------------------------

    def remember(
        self, incident: Incident, category: str, pattern: str, outcome: Outcome, *, would_merge: bool = False
    ) -> None:
        """How this fix ended is on record, once per incident; what people did with it before is kept."""
        of_incident = track_record.c.incident == incident.id
        row = {
            "repository_id": incident.repository_id,
            "category": category,
            "pattern": pattern,
            "result": outcome.result,
            "reason": outcome.stop.reason if outcome.stop else None,
            "at": self._clock(),
        }
        with self._engine.begin() as connection:
            known = connection.execute(sa.select(track_record.c.would_merge).where(of_incident)).first()
            if known is None:
                new = {"incident": incident.id, "would_merge": would_merge, **row}
                connection.execute(sa.insert(track_record).values(new))
            else:
                kept = known.would_merge or would_merge
                connection.execute(sa.update(track_record).where(of_incident).values(**row, would_merge=kept))

    def handled(self, incident: str, handling: Handling) -> None:
        """What people did with the pull request of the incident is on record."""
        self._mark(incident, handling=handling)

    def reverted(self, incident: str) -> None:
        """The fix was taken back."""
        self._mark(incident, reverted_at=self._clock())

    def _mark(self, incident: str, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(track_record).where(track_record.c.incident == incident).values(**values)
            )

    def cases(self, repository_id: int, limit: int) -> list[tuple[Any, str]]:
        """The newest incidents of the repository of which a case file was kept, each with it, newest first."""
        columns = (incidents.c.id, incidents.c.issue, incidents.c.opened_at, incidents.c.result)
        more = (incidents.c.reason, incidents.c.summary, incidents.c.pull_request, incidents.c.case_file)
        query = (
            sa.select(*columns, *more)
            .where(incidents.c.repository_id == repository_id, incidents.c.case_file.is_not(None))
            .order_by(incidents.c.opened_at.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [(row, str(row.case_file)) for row in connection.execute(query)]

    def unanswered(self) -> list[str]:
        """The ended incidents of which it is not known what people did with their pull request, newest first."""
        query = (
            sa.select(incidents.c.id)
            .join(track_record, track_record.c.incident == incidents.c.id)
            .where(incidents.c.pull_request.is_not(None), incidents.c.merge_sha.is_(None))
            .where(
                incidents.c.ended_at >= self._clock() - PATIENCE_SECONDS, track_record.c.handling.is_(None)
            )
            .order_by(incidents.c.ended_at.desc())
        )
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def attempts(self, repository_id: int) -> list[Attempt]:
        """Every fix of the repository, oldest first."""
        columns = [column for column in track_record.c if column.name != "repository_id"]
        query = sa.select(*columns).where(track_record.c.repository_id == repository_id)
        with self._engine.connect() as connection:
            return [
                Attempt(
                    row.incident,
                    row.category,
                    row.pattern,
                    Result(row.result),
                    Reason(row.reason) if row.reason else None,
                    row.at,
                    bool(row.would_merge),
                    Handling(row.handling) if row.handling else None,
                    row.reverted_at,
                )
                for row in connection.execute(query.order_by(track_record.c.at))
            ]

    def track_record(self, repository_id: int, pattern: str, blamed: Sequence[str]) -> TrackRecord:
        """How many of the pattern's fixes ended verified, and how many ended for one of the `blamed` reasons."""
        own = [one for one in self.attempts(repository_id) if one.pattern == pattern]
        failed = sum(one.reason in blamed or one.reverted_at is not None for one in own)
        fixed = sum(one.result is Result.FIXED and one.reverted_at is None for one in own)
        return TrackRecord(fixed=fixed, failed=failed)

    # Budgets -----------------------------------------------------------------------------------------------------

    def merges_today(self, repository_id: int) -> int:
        """Fixes of the repository that were merged without a person in the last 24 hours."""
        return sum(
            row.approved_by is None for row in self._merges(repository_id, self._clock() - DAY_SECONDS)
        )

    def file_merged_at(self, repository_id: int, path: str) -> float | None:
        """When a fix of `path` was last merged (epoch seconds); None if never."""
        return max(
            (row.merged_at for row in self._merges(repository_id, 0.0) if row.path == path), default=None
        )

    def _merges(self, repository_id: int, since: float) -> Sequence[Any]:
        query = sa.select(incidents.c.merged_at, incidents.c.path, incidents.c.approved_by).where(
            incidents.c.repository_id == repository_id, incidents.c.merged_at >= since
        )
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def fixes_of(self, incident: Incident) -> int:
        """How many earlier incidents of the same anomaly came as far as a pull request."""
        query = sa.select(sa.func.count()).where(
            incidents.c.repository_id == incident.repository_id,
            incidents.c.fingerprint == incident.fingerprint,
            incidents.c.id != incident.id,
            incidents.c.pull_request.is_not(None),
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    # What people have stopped or forgiven ------------------------------------------------------------------------

    def pause(self, repository_id: int, by: str) -> None:
        """Nothing is automated in the repository (or `EVERYWHERE`) until somebody resumes it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(pauses).where(pauses.c.repository_id == repository_id))
            row = {"repository_id": repository_id, "by": by, "at": self._clock()}
            connection.execute(sa.insert(pauses).values(row))

    def resume(self, repository_id: int) -> None:
        """The repository is no longer paused."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(pauses).where(pauses.c.repository_id == repository_id))

    def paused_by(self, repository_id: int) -> str | None:
        """Who paused the repository or everything; None if nobody did."""
        query = sa.select(pauses.c.by).where(pauses.c.repository_id.in_((repository_id, EVERYWHERE)))
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def paused_since(self, repository_id: int) -> float | None:
        """When exactly this repository was paused (epoch seconds); None if it is not."""
        query = sa.select(pauses.c.at).where(pauses.c.repository_id == repository_id)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def pardon(self, repository_id: int, category: str, by: str) -> None:
        """What the category did before counts no more."""
        key = (pardons.c.repository_id == repository_id, pardons.c.category == category)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(pardons).where(*key))
            row = {"repository_id": repository_id, "category": category, "by": by, "at": self._clock()}
            connection.execute(sa.insert(pardons).values(row))

    def pardoned_at(self, repository_id: int, category: str) -> float:
        """Since when the category's record counts (epoch seconds); 0 if always."""
        query = sa.select(pardons.c.at).where(
            pardons.c.repository_id == repository_id, pardons.c.category == category
        )
        with self._engine.connect() as connection:
            return float(connection.execute(query).scalar() or 0.0)

    # What people asked for in comments ---------------------------------------------------------------------------

    def answer_to(self, comment: int) -> Answer | None:
        """What the comment's command came to; None if it was not followed yet."""
        query = sa.select(orders.c.done, orders.c.answer).where(orders.c.comment == comment)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else Answer(done=bool(row.done), text=row.answer)

    def keep_answer(self, comment: int, repository_id: int, verb: str, by: str, answer: Answer) -> None:
        """What the comment's command came to is on record; the first answer stands."""
        row = {
            "comment": comment,
            "repository_id": repository_id,
            "verb": verb,
            "by": by,
            "at": self._clock(),
            "done": answer.done,
            "answer": answer.text,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(orders).values(row))
        except sa.exc.IntegrityError:
            return
