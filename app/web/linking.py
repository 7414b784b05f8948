"""Two more ways in on GitHub: a comment by which a tracker links itself to an issue, and a person's label."""

from __future__ import annotations

import re

import structlog
from gidgethub.routing import Router
from gidgethub.sansio import Event

from app.clients.github.answers import Account as LiveAccount
from app.core.commands import COMMANDS, Order, Role, Verb
from app.core.errors import NotFound, Refused
from app.detect import recognise
from app.web.acts import Request, begin, role_in
from app.web.desk import OFF_LABEL, PERSON, RUN_LABEL, Account, Desk, IssueEvent, Label, Numbered, Payload
from app.web.opening import open_incident, place_of

log = structlog.get_logger(__name__)
router = Router()

LABEL_MARKER = "<!-- autofix:label:{} -->"
# What a tracker writes to link itself; its integration also copies what people discuss there.
_LINKING = re.compile(r"\s{0,20}[A-Z][A-Za-z]{2,20} Issue: \[")
_RUN = next(command for command in COMMANDS if command.verb is Verb.RUN)


class _Comment(Payload):
    id: int
    body: str | None = None
    user: Numbered | None = None


class LinkEvent(IssueEvent):
    """The part of an `issue_comment` delivery that we read for a link."""

    comment: _Comment


class LabelEvent(IssueEvent):
    """The part of an issue's `labeled` delivery that we read."""

    label: Label | None = None
    sender: Account | None = None


@router.register("issue_comment", action="created")
async def on_link(event: Event, desk: Desk) -> None:
    """A trusted account's comment that links the issue to its tracker starts the incident, once."""
    payload = LinkEvent.model_validate(event.data)
    issue, comment = payload.issue, payload.comment
    body = comment.body or ""
    if issue.pull_request is not None or issue.is_off or comment.user is None or not _LINKING.match(body):
        return
    report = recognise(comment.user.id, "", body, desk.settings)
    if report is not None:
        desk.handled.append((await open_incident(desk, place_of(payload), report)).note)


@router.register("issues", action="labeled")
async def on_run_label(event: Event, desk: Desk) -> None:
    """A person with write access asks for an incident by the label; everybody else's label means nothing."""
    payload = LabelEvent.model_validate(event.data)
    sender, wanted = payload.sender, payload.label is not None and payload.label.name == RUN_LABEL
    if not wanted or sender is None or sender.type != PERSON or payload.issue.pull_request is not None:
        return
    repo = desk.clients.github.repository(payload.repository.full_name, payload.installation.id)
    facts, issue = await repo.facts(), await repo.issue(payload.issue.number)
    names = {label.name for label in issue.labels}
    if facts.id != payload.repository.id or RUN_LABEL not in names or OFF_LABEL in names:
        return
    person = LiveAccount(login=sender.login, id=sender.id)
    if not (await role_in(repo, person)).includes(Role.WRITE):
        return
    request = Request(desk, repo, facts, payload.installation.id, issue, 0, person, Order(_RUN))
    answer = await begin(request, issue, again=False)
    desk.handled.append(f"label by {person.login}: {'done' if answer.done else 'not done'}")
    if answer.text:
        try:
            marker = LABEL_MARKER.format(issue.number)
            await repo.comment(issue.number, marker, answer.text, await desk.clients.github.bot())
        except (NotFound, Refused) as fault:
            log.warning("nobody can be told", issue=issue.number, fault=str(fault))
