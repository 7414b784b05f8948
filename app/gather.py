"""Gather: what surrounds a failure, for the person who may have to take over. Whatever cannot be read is said so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from app.clients import Clients
from app.core.case_file import load_case
from app.core.context import MOST_RELATED, alike, closest, is_near, names_place
from app.core.errors import ClientError
from app.core.model import Breadcrumb, Context, Deploy, Finding, Incident, PastIncident, RelatedIssue, Result
from app.store import Store

T = TypeVar("T")

# Nobody waits for this: what takes longer is left out.
PATIENCE_SECONDS = 10.0
PAST_CASES = 50
MOST_DEPLOYS = 5
PRODUCTION = "production"


async def gather(clients: Clients, store: Store, incident: Incident, finding: Finding) -> Context:
    """Everything that could be read around the finding in a short time."""
    missing: list[str] = []
    releases, crumbs, deploys, related, past = await asyncio.gather(
        _or((None, None), _releases(clients, finding), "the first and the last release", missing),
        _or((), _crumbs(clients, finding), "what the program did before it failed", missing),
        _or((), _deploys(clients, incident, finding), "which deployments were near", missing),
        _or((), _related(clients, incident, finding), "which other issues speak of it", missing),
        asyncio.to_thread(_past, store, incident, finding),
    )
    return Context(*releases, crumbs, deploys, past, tuple(missing), related)


async def _or(default: T, reading: Awaitable[T], what: str, missing: list[str]) -> T:
    """What is read, or `default`, and a sentence in `missing` that says why."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reading
    except TimeoutError:
        missing.append(f"{what}: there was no answer in time")
    except ClientError as fault:
        missing.append(f"{what}: {fault}")
    return default


async def _releases(clients: Clients, finding: Finding) -> tuple[str | None, str | None]:
    if not finding.is_tracked:
        return None, None
    return await clients.tracker(finding.source).releases(finding)


async def _crumbs(clients: Clients, finding: Finding) -> tuple[Breadcrumb, ...]:
    if not finding.is_tracked:
        return ()
    return await clients.tracker(finding.source).breadcrumbs(finding)


async def _deploys(clients: Clients, incident: Incident, finding: Finding) -> tuple[Deploy, ...]:
    repo = clients.github.repository(incident.repository, incident.installation_id)
    found = await repo.history.deployments(finding.environment or PRODUCTION)
    near = [
        Deploy(one.created_at, one.sha, one.environment)
        for one in found
        if is_near(one.created_at, finding.first_seen)
    ]
    return tuple(near[-MOST_DEPLOYS:])


async def _related(clients: Clients, incident: Incident, finding: Finding) -> tuple[RelatedIssue, ...]:
    """The newest other open issues that name the failing file, or its function and the error."""
    repo = clients.github.repository(incident.repository, incident.installation_id)
    found = [
        RelatedIssue(one.number, one.title, names)
        for one in await repo.open_issues()
        if one.pull_request is None
        and one.number != incident.issue
        and (names := names_place(finding, f"{one.title}\n{one.body or ''}"))
    ]
    return tuple(found[:MOST_RELATED])


def _past(store: Store, incident: Incident, finding: Finding) -> tuple[PastIncident, ...]:
    """Earlier incidents of the repository in which the same kind of error came out of the same file."""
    found: list[PastIncident] = []
    for row, text in store.ledger.cases(incident.repository_id, PAST_CASES):
        if row.id == incident.id:
            continue
        try:
            then = load_case(text).finding
        except ValueError:  # written by another version
            continue
        same_file, same_place = alike(finding, then) if then is not None else (False, False)
        if same_file:
            result = Result(row.result) if row.result else None
            found.append(
                PastIncident(
                    row.id,
                    row.issue,
                    row.opened_at,
                    result,
                    row.reason,
                    row.summary,
                    row.pull_request,
                    same_place,
                )
            )
    return closest(found)
