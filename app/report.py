"""Report: the one sticky comment on the issue, and the good end. Doing it twice is doing it once."""

from __future__ import annotations

from app.clients import Clients
from app.core import messages
from app.core.model import CaseFile, Outcome, Result, given, is_untold

MARKER = "<!-- autofix:status:{} -->"


async def report(clients: Clients, case: CaseFile, outcome: Outcome | None = None) -> None:
    """The issue's sticky comment says where the incident stands, or how it ended."""
    if outcome is not None and is_untold(case, outcome):
        return
    if outcome is None:
        text = messages.status(case)
    elif outcome.result is Result.FIXED:
        text = messages.resolved(case, outcome)
    else:
        text = messages.ended(case, outcome)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    await repo.comment(case.incident.issue, MARKER.format(case.incident.id), text, await clients.github.bot())


async def inform_tracker(clients: Clients, case: CaseFile) -> None:
    """The error tracker's issue is resolved in the new release, with a note that says why where it takes notes."""
    finding, release = given(case.finding), given(case.release)
    tracker = clients.tracker(finding.source)
    await tracker.resolve(finding, release.version)
    await tracker.note(finding, messages.tracker_note(case))


async def reopen(clients: Clients, case: CaseFile) -> None:
    """The incident's issue is open again."""
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    await repo.reopen_issue(case.incident.issue)


async def conclude(clients: Clients, case: CaseFile) -> Outcome:
    """The verified fix is told in one sentence, and the issue is closed."""
    outcome = Outcome(Result.FIXED, messages.summary(case), pull_request=given(case.pull).number)
    await report(clients, case, outcome)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    await repo.close_issue(case.incident.issue)
    return outcome
