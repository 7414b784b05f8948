"""What people do with our pull requests and merges besides commanding: merge, close, take back, switch us off."""

from __future__ import annotations

import asyncio
import re

from gidgethub.routing import Router
from gidgethub.sansio import Event

from app import workflow
from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import PullFacts
from app.core.errors import NotFound
from app.core.model import CaseFile, Handling, Result
from app.learn import known, taken_back
from app.store import IncidentRow, Store
from app.web.desk import OFF_LABEL, PERSON, Account, Desk, Label, Numbered, Payload, RepositoryEvent

router = Router()

MOST_COMMITS = 50
LONGEST_MESSAGE = 20_000
# GitHub's and git's own words; the commit is read again before they count.
_OF_COMMIT = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b")
_OF_PULL = re.compile(r"\bReverts (?:([\w.-]{1,100}/[\w.-]{1,100}))?#([1-9][0-9]{0,9})\b")


class _Pull(Payload):
    number: int


class PullEvent(RepositoryEvent):
    """The part of a `pull_request` delivery that we read."""

    pull_request: _Pull


class _Commit(Payload):
    id: str
    message: str = ""


class PushEvent(RepositoryEvent):
    """The part of a `push` delivery that we read."""

    ref: str = ""
    commits: tuple[_Commit, ...] = ()


class _Named(Payload):
    number: int


class LabelEvent(RepositoryEvent):
    """The part of a delivery about a label that we read."""

    label: Label | None = None
    issue: _Named | None = None
    pull_request: _Named | None = None
    sender: Account | None = None


def _repo(desk: Desk, repository: str, installation: Numbered) -> RepositoryClient:
    return desk.clients.github.repository(repository, installation.id)


# Our pull requests -----------------------------------------------------------------------------------------------


@router.register("pull_request", action="closed")
async def on_pull_closed(event: Event, desk: Desk) -> None:
    """What people did with a proposal of ours counts for its category; an unchanged merge is watched in production.

    A running incident sees for itself.
    """
    payload = PullEvent.model_validate(event.data)
    number, repository = payload.pull_request.number, payload.repository
    row = await asyncio.to_thread(desk.store.incident_of_pull, repository.id, number)
    if row is None or row.ended_at is None or row.merge_sha is not None:
        return
    desk.handled.extend(await settle_pull(desk.clients, desk.store, row))


async def settle_pull(clients: Clients, store: Store, row: IncidentRow) -> list[str]:
    """What people did with the pull request of an ended incident is on record; empty if they did nothing yet."""
    case = await known(store, row)
    if case.pull is None:
        return []
    repo = clients.github.repository(row.repository, row.installation_id)
    facts = await repo.pull(case.pull.number)
    if facts.state == "open":
        return []
    handling = _handling(facts, case)
    await asyncio.to_thread(store.ledger.handled, row.id, handling)
    person = facts.merged_by
    proven = row.result == Result.PROPOSED and case.evidence is not None
    if handling is Handling.MERGED and proven and person is not None and person.type == PERSON:
        await workflow.land(store, row, by=person.login, approved=False, key="merged")
    return [f"{handling} {row.id}"]


def _handling(facts: PullFacts, case: CaseFile) -> Handling:
    if facts.merged_at is None:
        return Handling.REJECTED
    proven = case.pull is not None and facts.head.sha == case.pull.head_sha
    return Handling.MERGED if proven else Handling.CHANGED


# Merges that are taken back --------------------------------------------------------------------------------------


@router.register("push")
async def on_push(event: Event, desk: Desk) -> None:
    """A commit on the default branch that takes a merge of ours back takes the trust in its category with it."""
    payload = PushEvent.model_validate(event.data)
    hinted = [one.id for one in payload.commits[:MOST_COMMITS] if _reverts(one.message)]
    if not hinted:
        return
    repo = _repo(desk, payload.repository.full_name, payload.installation)
    facts = await repo.facts()
    if facts.id != payload.repository.id or payload.ref != f"refs/heads/{facts.default_branch}":
        return
    for sha in hinted:
        try:
            message = (await repo.git_commit(sha)).message if re.fullmatch(r"[0-9a-f]{40}", sha) else ""
            holds = bool(message) and await repo.contains(facts.default_branch, sha)
        except NotFound:
            continue
        for row in await _taken_back(desk, facts.id, facts.full_name, message) if holds else ():
            await taken_back(desk.store, row)
            desk.handled.append(f"reverted {row.id}")


def _reverts(message: str) -> bool:
    text = message[:LONGEST_MESSAGE]
    return _OF_COMMIT.search(text) is not None or _OF_PULL.search(text) is not None


async def _taken_back(desk: Desk, repository_id: int, full_name: str, message: str) -> list[IncidentRow]:
    """The incidents of ours whose merge the message says it takes back."""
    text, store = message[:LONGEST_MESSAGE], desk.store
    found: dict[str, IncidentRow] = {}
    for sha in _OF_COMMIT.findall(text):
        row = await asyncio.to_thread(store.incident_of_merge, repository_id, sha)
        found |= {} if row is None else {row.id: row}
    for name, number in _OF_PULL.findall(text):
        if name.lower() in {"", full_name.lower()}:
            row = await asyncio.to_thread(store.incident_of_pull, repository_id, int(number))
            found |= {} if row is None or row.merge_sha is None else {row.id: row}
    return list(found.values())


# The label that switches us off ----------------------------------------------------------------------------------


@router.register("issues", action="labeled")
@router.register("pull_request", action="labeled")
async def on_label(event: Event, desk: Desk) -> None:
    """The label stops the running incident of its issue or pull request, if it really is there."""
    payload = LabelEvent.model_validate(event.data)
    named = payload.issue or payload.pull_request
    if named is None or payload.label is None or payload.label.name != OFF_LABEL:
        return
    find = desk.store.incident_of_issue if payload.issue else desk.store.incident_of_pull
    row = await asyncio.to_thread(find, payload.repository.id, named.number)
    if row is None or row.ended_at is not None:
        return
    issue = await _repo(desk, payload.repository.full_name, payload.installation).issue(named.number)
    if any(label.name == OFF_LABEL for label in issue.labels):
        who = payload.sender.login if payload.sender else "somebody"
        await workflow.stop(row.workflow_id, f"`{who}`, with the label `{OFF_LABEL}`", event.delivery_id)
        desk.handled.append(f"stopped {row.id}")
