"""Comments that command us. The delivery only says where to look: text, author and rights are read from the API.

Who may not command us cannot make us write: a reaction is all they get.
"""

from __future__ import annotations

import asyncio
import re

import structlog
from gidgethub.routing import Router
from gidgethub.sansio import Event

from app.clients.github import RepositoryClient
from app.clients.github.answers import Account as LiveAccount
from app.clients.github.answers import Comment as LiveComment
from app.core import replies
from app.core.commands import HELP, Order, Unclear, read_order
from app.core.errors import TRANSIENT, ClientError, NotFound, Refused
from app.store.ledger import Answer
from app.web.acts import ACTS, Request, role_in
from app.web.desk import PERSON, Account, Desk, Payload, RepositoryEvent

log = structlog.get_logger(__name__)
router = Router()

SEEN, DONE, NOT_DONE, NOT_ALLOWED = "eyes", "rocket", "confused", "-1"
MARKER = "<!-- autofix:reply:{} -->"
_ISSUE = re.compile(r".{1,400}/issues/([1-9][0-9]{0,9})")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})")


class Comment(Payload):
    """The comment as the delivery tells it."""

    id: int
    body: str | None = None
    user: Account | None = None


class CommentEvent(RepositoryEvent):
    """The part of an `issue_comment` delivery that we read."""

    comment: Comment
    sender: Account | None = None


@router.register("issue_comment", action="created")
async def on_comment(event: Event, desk: Desk) -> None:
    """A person's new comment that speaks to us is followed once, if they may; whatever else is said is not ours."""
    payload = CommentEvent.model_validate(event.data)
    said = read_order(payload.comment.body or "")
    if said is None or not _from_a_person(payload):
        return
    name, identity = payload.repository.full_name, payload.comment.id
    repo = desk.clients.github.repository(name, payload.installation.id)
    facts, comment = await repo.facts(), await repo.issue_comment(identity)
    person = _author(comment, payload)
    found = _ISSUE.fullmatch(comment.issue_url) if comment is not None else None
    if facts.id != payload.repository.id or person is None or found is None:
        return
    command = said.command if isinstance(said, Order) else HELP
    role = await role_in(repo, person)
    note = f"{said.command.usage if isinstance(said, Order) else said} by {person.login} ({role})"
    if not command.is_open_to(role, private=facts.private):
        await repo.react(identity, NOT_ALLOWED)
        desk.handled.append(f"not allowed: {note}")
        return
    await repo.react(identity, SEEN)
    answer = await asyncio.to_thread(desk.store.ledger.answer_to, identity)
    if answer is None:
        if isinstance(said, Unclear):
            answer = Answer(done=False, text=replies.help_text(said))
        else:
            issue = await repo.issue(int(found[1]))
            answer = await _follow(
                Request(desk, repo, facts, payload.installation.id, issue, identity, person, said)
            )
        verb = said if isinstance(said, Unclear) else said.command.verb
        await asyncio.to_thread(desk.store.ledger.keep_answer, identity, facts.id, verb, person.login, answer)
    await _tell(desk, repo, int(found[1]), identity, answer)
    desk.handled.append(note)


def _from_a_person(payload: CommentEvent) -> bool:
    user, sender = payload.comment.user, payload.sender
    return (
        user is not None
        and sender is not None
        and user.id == sender.id
        and user.type == sender.type == PERSON
    )


def _author(comment: LiveComment | None, payload: CommentEvent) -> LiveAccount | None:
    """Who wrote the comment, if it still says what the delivery says, by the same person's own hand."""
    if comment is None or comment.user is None or payload.comment.user is None:
        return None
    user = comment.user
    same = comment.body == payload.comment.body and user.id == payload.comment.user.id
    own = user.type == PERSON and comment.by_app is None and _LOGIN.fullmatch(user.login) is not None
    return user if same and own else None


async def _follow(request: Request) -> Answer:
    """What the command came to; a refusal of GitHub's is an answer, a fault that passes is tried again."""
    try:
        return await ACTS[request.order.command.verb](request)
    except ClientError as fault:
        if isinstance(fault, TRANSIENT):
            raise
        log.warning("command failed", comment=request.comment, fault=str(fault))
        return Answer(done=False, text=replies.sentence(f"that did not work: {fault}"))


async def _tell(desk: Desk, repo: RepositoryClient, issue: int, comment: int, answer: Answer) -> None:
    """The author knows, if it is possible: the comment may be gone, or the issue locked."""
    try:
        if answer.text:
            marker = MARKER.format(comment)
            await repo.comment(issue, marker, answer.text, await desk.clients.github.bot())
        await repo.react(comment, DONE if answer.done else NOT_DONE)
    except (NotFound, Refused) as fault:
        log.warning("nobody can be told", comment=comment, fault=str(fault))
