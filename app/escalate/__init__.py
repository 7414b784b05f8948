"""Escalate: hand the incident to a person, with everything that was found, in one comment."""

from __future__ import annotations

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core import messages
from app.core.model import CaseFile, Outcome, Reason, Result, Stop, is_untold
from app.escalate.people import call

MARKER = "<!-- autofix:escalation:{} -->"
# These are no failures: a verified pull request waits for a person because the rules say so.
LEFT_TO_A_PERSON = {Reason.UNPROTECTED, Reason.AUTO_MERGE_REFUSED, Reason.NEEDS_REVIEW, Reason.BEHIND}


def outcome_of(case: CaseFile, stop: Stop) -> Outcome:
    """How an incident ends that `stop` ended: proposed if a verified pull request is there, else escalated."""
    proposed = stop.reason in LEFT_TO_A_PERSON and case.evidence is not None
    result = Result.PROPOSED if proposed else Result.ESCALATED
    number = case.pull.number if case.pull else None
    return Outcome(result, messages.handed_over(case, stop, result), stop, number)


# Nobody is called: the sticky comment says what there is to say.
CALM = {Reason.ALREADY_FIXED}


async def escalate(clients: Clients, case: CaseFile, outcome: Outcome) -> None:
    """A person knows; a proposed fix speaks through its pull request."""
    stop = outcome.stop
    if stop is None or outcome.result is not Result.ESCALATED or is_untold(case, outcome):
        return
    if stop.reason in CALM:
        return
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    bot, marker = await clients.github.bot(), MARKER.format(case.incident.id)
    # The comment is the record of who was called: where it stands already, nobody is called again.
    called = () if await _is_told(repo, case, marker, bot) else await call(clients, case)
    text = messages.escalation(case, stop, outcome, called)
    await repo.comment(case.incident.issue, marker, text, bot)


async def _is_told(repo: RepositoryClient, case: CaseFile, marker: str, bot: str) -> bool:
    comments = await repo.comments(case.incident.issue)
    return any(
        marker in (one.body or "") and one.user is not None and one.user.login == bot for one in comments
    )
