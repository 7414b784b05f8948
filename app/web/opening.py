"""How an incident is opened, whoever reports it: once for each anomaly, and not at all in a storm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from app import workflow
from app.core import reports
from app.core.errors import NotFound, Refused
from app.core.model import Incident, Outcome, Reason, Result, Stage, Stop, given
from app.core.storm import WINDOW_SECONDS, Arrival, storm
from app.detect.report import Report
from app.store import IncidentRow
from app.web.desk import Desk, IssueEvent

log = structlog.get_logger(__name__)

STORM_MARKER = "<!-- autofix:storm:{} -->"


@dataclass(frozen=True, slots=True)
class Place:
    """An issue of a repository, under the installation that covers it."""

    repository: str
    repository_id: int
    installation_id: int
    issue: int


def place_of(payload: IssueEvent) -> Place:
    """Where an issue's delivery says that it is."""
    repository, number = payload.repository, payload.issue.number
    return Place(repository.full_name, repository.id, payload.installation.id, number)


@dataclass(frozen=True, slots=True)
class Wish:
    """That a person with write access asked for the incident: who, in which comment, and whether it is to be anew."""

    by: str
    comment: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The incident of the report, whether it is new, and whether it is held back because of a storm."""

    incident: Incident
    row: IncidentRow
    new: bool
    held: bool = False

    @property
    def note(self) -> str:
        """What became of the report, in two words."""
        state = "held" if self.held else "started" if self.new else "known"
        return f"{state} {self.incident.id}"


async def open_incident(desk: Desk, place: Place, report: Report, wish: Wish | None = None) -> Opened:
    """The report has its incident, and unless a storm holds it back, the incident is on its way."""
    incident, new = await asyncio.to_thread(
        desk.store.open_incident,
        repository=place.repository,
        repository_id=place.repository_id,
        installation_id=place.installation_id,
        issue=place.issue,
        fingerprint=report.fingerprint,
        again=wish is not None and wish.again,
        vouched_by=wish.by if wish else None,
        asked_in=wish.comment if wish else None,
    )
    held = wish is None and new and await _hold(desk, incident)
    row = given(await asyncio.to_thread(desk.store.incident, incident.id))
    opened = Opened(incident, row, new, held or row.reason == Reason.STORM)
    # A command on an incident that somebody else started does not touch it.
    if not opened.held and (wish is None or new or wish.comment in {row.asked_in, None}):
        await workflow.start(incident)
    return opened


async def _hold(desk: Desk, incident: Incident) -> bool:
    """True if the incident came in a storm; then it has ended, and the first of them has told so."""
    arrivals = await asyncio.to_thread(
        desk.store.arrivals.since, WINDOW_SECONDS, installation_id=incident.installation_id
    )
    new = Arrival(incident.id, incident.repository_id, held=False)
    raging = storm(arrivals, new, desk.settings.storm_reports)
    if raging is None:
        return False
    if raging.begins:
        log.error("a storm of new anomalies; none is repaired until it is over", count=raging.count)
        await _tell(desk, incident, raging.count)
    why = f"{raging.count} new anomalies came in within a minute; `/autofix retry` takes this one up"
    stop = Stop(Stage.DETECT, Reason.STORM, why)
    outcome = Outcome(Result.ESCALATED, f"held back in a storm: {why}", stop)
    await asyncio.to_thread(desk.store.end_incident, incident.id, outcome)
    return True


async def _tell(desk: Desk, incident: Incident, count: int) -> None:
    repo = desk.clients.github.repository(incident.repository, incident.installation_id)
    marker = STORM_MARKER.format(incident.id)
    try:
        await repo.comment(incident.issue, marker, reports.storm(count), await desk.clients.github.bot())
    except (NotFound, Refused) as fault:
        log.warning("nobody can be told of the storm", issue=incident.issue, fault=str(fault))
