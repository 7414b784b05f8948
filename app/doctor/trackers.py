"""What each tracker knows of the policy's projects or services, and whether their newest release names a commit.

Only what reads is tried: no issue, note or release is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx

from app.clients import connect
from app.clients.bugsink import Bugsink as BugsinkClient
from app.clients.datadog import Datadog as DatadogClient
from app.clients.datadog_answers import DatadogIssue, term
from app.clients.sentry import Sentry as SentryClient
from app.core.errors import ClientError, NotFound, Unauthorized
from app.core.model import Finding
from app.core.sources import BugsinkSource, DatadogSource, SentrySource
from app.doctor.facts import Bugsink, Datadog, Sentry
from app.doctor.finding import Unread
from app.investigate import named_by_sentry, named_by_tag, named_by_version
from app.settings import Connections

T = TypeVar("T")
Resolve = Callable[[str], str | None]

TIMEOUT_SECONDS = 20.0
NOTHING = "00000000-0000-0000-0000-000000000000"  # an id that nothing has
TRACKS = ("spans", "logs")


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when a tracker is asked: the environment that is production, and the last days."""

    environment: str
    days: int


def read_sentry(given: Connections, source: SentrySource, resolve: Resolve) -> Sentry | Unread:
    """What Sentry says of the policy's `source`; `resolve` gives the commit that a name stands for."""

    async def ask(http: httpx.AsyncClient) -> Sentry | Unread:
        client = connect.sentry(http, given)
        if client is None:
            return Unread("AUTOFIX_SENTRY_TOKEN is not set")
        return await _ask_sentry(client, given, source, resolve)

    return _asked(ask)


async def _ask_sentry(
    client: SentryClient, given: Connections, source: SentrySource, resolve: Resolve
) -> Sentry:
    numbers = {slug: await client.project_id(source.organization, slug) for slug in source.projects}
    there = [number for number in numbers.values() if number is not None]
    newest = await client.newest_release(source.organization, there) if there else None
    return Sentry(
        given.sentry_organizations,
        source.organization,
        {slug: number is not None for slug, number in numbers.items()},
        newest.version if newest else None,
        _commit(newest.version, named_by_sentry(newest.commit), resolve) if newest else None,
    )


def read_datadog(
    given: Connections, source: DatadogSource, window: Window, resolve: Resolve
) -> Datadog | Unread:
    """What Datadog says of the policy's `source`, asked as an incident would ask."""

    async def ask(http: httpx.AsyncClient) -> Datadog | Unread:
        client = connect.datadog(http, given)
        if client is None:
            return Unread("AUTOFIX_DATADOG_API_KEY and AUTOFIX_DATADOG_APPLICATION_KEY are not set")
        if not await client.takes_key():
            return Datadog(given.datadog_site, is_key=False)
        return await _ask_datadog(client, source, window, given.datadog_hits_metric, resolve)

    return _asked(ask)


async def _ask_datadog(
    client: DatadogClient, source: DatadogSource, window: Window, hits_metric: str | None, resolve: Resolve
) -> Datadog:
    end = datetime.now(UTC)
    hour, day = end - timedelta(hours=1), end - timedelta(days=1)
    issues = {name: await _issues(client, name, end, window) for name in source.services}
    probes = {name: _probe(name, "spans/0", window) for name in source.services}
    one = next(iter(probes.values()))
    tracks = [
        track
        for track in TRACKS
        if await _allowed(client.errors(replace(one, event_id=f"{track}/0"), start=hour, end=end))
    ]
    traffic = {name: await _seen(client.traffic(probe, start=day, end=end)) for name, probe in probes.items()}
    found = [issue for listed in issues.values() for issue in listed if issue.last_version]
    newest = max(found, key=lambda issue: issue.last_seen, default=None)
    version = newest.last_version if newest else None
    return Datadog(
        client.site,
        is_key=True,
        tracks=tuple(tracks),
        services={name: bool(issues[name] or traffic[name]) for name in source.services},
        traffic=traffic,
        hits_metric=hits_metric,
        newest=version,
        commit=_commit(version, (), resolve) if version else None,
    )


async def _issues(client: DatadogClient, service: str, end: datetime, window: Window) -> list[DatadogIssue]:
    """The service's errors of late, from spans and from logs."""
    start, query = end - timedelta(days=window.days), term("service", service)
    found: list[DatadogIssue] = []
    for track in ("trace", "logs"):
        found += await client.search_issues(query, start=start, end=end, track=track)
    return found


def _probe(service: str, event: str, window: Window) -> Finding:
    """An anomaly of the service that never was: whether its numbers may be read shows whether a real one's may."""
    return Finding(
        source="datadog",
        organization="",
        project=service,
        group=NOTHING,
        short_id="",
        url="",
        event_id=event,
        title="",
        platform="python",
        release=None,
        environment=window.environment,
        first_seen="",
        last_seen="",
        events=0,
        users=0,
        chain=(),
    )


async def _allowed(asked: Awaitable[object]) -> bool:
    """True if the key may read it."""
    try:
        await asked
    except Unauthorized:
        return False
    return True


async def _seen(asked: Awaitable[object | None]) -> bool | None:
    """Whether there is anything; None if the key may not read it."""
    try:
        return await asked is not None
    except Unauthorized:
        return None


def read_bugsink(given: Connections, source: BugsinkSource, resolve: Resolve) -> Bugsink | Unread:
    """What Bugsink says of the policy's `source`; its token may read what an incident reads."""

    async def ask(http: httpx.AsyncClient) -> Bugsink | Unread:
        client = connect.bugsink(http, given)
        if client is None:
            return Unread("AUTOFIX_BUGSINK_URL and AUTOFIX_BUGSINK_TOKEN are not set")
        for call in (client.issue, client.event):
            await _there(call(NOTHING))
        return await _ask_bugsink(client, source, resolve)

    return _asked(ask)


async def _ask_bugsink(client: BugsinkClient, source: BugsinkSource, resolve: Resolve) -> Bugsink:
    projects: dict[str, bool] = {}
    newest: str | None = None
    for number in source.projects:
        is_there, version = await _there(client.newest_release(number))
        projects[number] = is_there
        newest = newest or version
    return Bugsink(projects, newest, _commit(newest, (), resolve) if newest else None)


async def _there(asked: Awaitable[T]) -> tuple[bool, T | None]:
    """Whether there is such a thing, and what it is."""
    try:
        return True, await asked
    except NotFound:
        return False, None


def _asked(ask: Callable[[httpx.AsyncClient], Awaitable[T | Unread]]) -> T | Unread:
    """The answers; unread, with the tracker's own reason, if one of them cannot be had."""

    async def answered() -> T | Unread:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as http:
            return await ask(http)

    try:
        return asyncio.run(answered())
    except ClientError as fault:
        return Unread(str(fault))


def _commit(version: str, told: Iterable[str], resolve: Resolve) -> str | None:
    """The commit that the release runs, found in the same order as when an anomaly is investigated."""
    names = (*named_by_version(version), *told, *named_by_tag(version))
    return next((sha for sha in map(resolve, names) if sha is not None), None)
