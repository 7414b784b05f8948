"""Report: the one sticky comment on the issue, and the good end. Doing it twice is doing it once."""

from __future__ import annotations

import contextlib

from app.clients import Clients
from app.core import messages
from app.core.errors import ClientError
from app.core.model import CaseFile, Outcome, Reason, Result

MARKER = "<!-- autofix:status:{} -->"


async def report(clients: Clients, case: CaseFile, outcome: Outcome | None = None) -> None:
    """The issue's sticky comment says where the incident stands, or how it ended."""
    if outcome is not None and outcome.stop is not None and outcome.stop.reason is Reason.UNTRUSTED:
        return
    if outcome is None:
        text = messages.status(case)
    elif outcome.result is Result.FIXED:
        text = messages.resolved(case, outcome)
    else:
        text = messages.ended(case, outcome)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    await repo.comment(case.incident.issue, MARKER.format(case.incident.id), text, await clients.github.bot())


async def conclude(clients: Clients, case: CaseFile) -> Outcome:
    """The verified fix is told in one sentence, the issue is closed, and the error tracker knows the release."""
    finding, release, pull = case.finding, case.release, case.pull
    if finding is None or release is None or pull is None:
        raise ValueError("there is no verified fix to conclude")
    outcome = Outcome(Result.FIXED, messages.summary(case), pull_request=pull.number)
    # The tracker's copy is a courtesy: a token without write access must not undo a verified fix.
    with contextlib.suppress(ClientError):
        await clients.sentry.resolve_in_release(finding.organization, finding.group, release.version)
        await clients.sentry.comment(finding.organization, finding.group, messages.tracker_note(case))
    await report(clients, case, outcome)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    await repo.close_issue(case.incident.issue)
    return outcome
