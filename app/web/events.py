"""What each webhook event means. A payload is a hint: it starts or wakes a workflow, which reads the facts itself."""

from __future__ import annotations

import asyncio

import structlog
from gidgethub.routing import Router
from gidgethub.sansio import Event
from pydantic import ValidationError

from app import workflow
from app.detect import recognise
from app.web import commands, handling, linking, tracker_events
from app.web.desk import PERSON, Desk, IssueEvent, RepositoryEvent
from app.web.installations import named
from app.web.opening import open_incident, place_of

log = structlog.get_logger(__name__)
router = Router(commands.router, handling.router, linking.router, tracker_events.router)

# Each of these may be what a waiting incident waits for.
WAKING = (
    "check_run",
    "check_suite",
    "deployment_status",
    "pull_request",
    "pull_request_review",
    "push",
    "repository_dispatch",
    "status",
    "workflow_run",
)


@router.register("issues", action="opened")
@router.register("issues", action="reopened")
@router.register("issues", action="edited")
async def on_issue(event: Event, desk: Desk) -> None:
    """An issue that reports an anomaly starts the incident's workflow, once."""
    payload = IssueEvent.model_validate(event.data)
    issue = payload.issue
    if issue.pull_request is not None or issue.is_off:
        return
    author = issue.user.id if issue.user else None
    report = recognise(author, issue.title, issue.body or "", desk.settings)
    if report is not None:
        desk.handled.append((await open_incident(desk, place_of(payload), report)).note)


@router.register("issues", action="closed")
@router.register("issues", action="deleted")
@router.register("issues", action="transferred")
async def on_issue_gone(event: Event, desk: Desk) -> None:
    """A person who closes or removes the issue stops its incident. Bots close issues too: they stop nothing."""
    payload = IssueEvent.model_validate(event.data)
    sender = payload.sender
    if sender is None or sender.type != PERSON:
        return
    running = await asyncio.to_thread(desk.store.incidents, repository_id=payload.repository.id, running=True)
    for incident in running:
        if incident.issue == payload.issue.number:
            by = f"`{sender.login}`, who {event.data['action']} the issue"
            await workflow.stop(incident.workflow_id, by, event.delivery_id)
            desk.handled.append(f"stopped {incident.id}")


@router.register("installation", action="created")
@router.register("installation_repositories", action="added")
async def on_installed(event: Event, desk: Desk) -> None:
    """The App can reach more repositories: what blocks autonomy there is looked at, and told in the log."""
    if desk.examinations is None:
        return
    for name in named(event.data.get("repositories_added") or event.data.get("repositories")):
        asked = desk.examinations.ask(name)
        desk.handled.append(f"{'examines' if asked else 'does not examine'} {name}")


async def on_progress(event: Event, desk: Desk) -> None:
    """Something moved in a repository: its running incidents look again."""
    payload = RepositoryEvent.model_validate(event.data)
    running = await asyncio.to_thread(desk.store.incidents, repository_id=payload.repository.id, running=True)
    for incident in running:
        await workflow.wake(incident.workflow_id, event.delivery_id)
        desk.handled.append(f"woke {incident.id}")


for _name in WAKING:
    router.add(on_progress, _name)


async def handle(event: Event, desk: Desk) -> bool:
    """True if the event had a meaning for us. A payload of another shape than its event's has none."""
    # Each meaning stands for itself: what goes wrong with one of them does not take the others away.
    ends = await asyncio.gather(*(one(event, desk) for one in router.fetch(event)), return_exceptions=True)
    for fault in ends:
        if isinstance(fault, ValidationError):
            where = str(fault.errors()[0]["loc"])
            log.info("payload does not fit its event", github_event=event.event, fault=where)
        elif fault is not None:
            raise fault
    return bool(desk.handled)
