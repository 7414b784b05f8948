"""Calls to Sentry's REST API, in the words of an incident: on any of its regions, or self-hosted.

Answers are read tolerantly: what is missing becomes empty; only what no caller can do without is `Malformed`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from app.clients.reading import an_object, nested, objects, text
from app.clients.rest import MAX_TEXT, Clock, JsonObject, RestApi, Sleep, Vendor, part
from app.clients.sentry_answers import (
    SESSIONS,
    SentryRelease,
    TagValue,
    issue_of,
    next_cursor,
    number_of,
    release_of,
    series,
    sessions,
    suspect_of,
    tag_value_of,
    term,
)
from app.clients.tracker import IssueState, TrackedRelease
from app.core.breadcrumbs import breadcrumbs
from app.core.counts import MINUTE, Bucket, Counts, bucket_seconds
from app.core.errors import Malformed, NotFound
from app.core.model import Breadcrumb, Finding, SuspectCommit
from app.core.sentry_event import SentryIssue, clean, event_id, finding_from_event

__all__ = ["Sentry", "SentryRelease", "TagValue"]

READ, WRITE, ORGANIZATION, RELEASES = "event:read", "event:write", "org:read", "project:releases"
PAGE: Final = 100
MOST_PAGES: Final = 20
LONGEST_IN_MINUTES: Final = 6 * 3_600.0  # sessions by the minute are kept that fine for so long

_VENDOR = Vendor("Sentry", "X-Sentry-Rate-Limit-Reset", resets_at_time=True)


class Sentry:
    """One Sentry, at one address, under one token. `base_url` may end in `/api/0/` or not."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        token: str,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Clock = time.time,
    ) -> None:
        root = base_url.rstrip("/").removesuffix("/api/0") + "/api/0/"
        credentials = {"Authorization": f"Bearer {token}"}
        self._api = RestApi(http, _VENDOR, root, credentials, sleep=sleep, now=now)
        self._now = now
        self._project_ids: dict[tuple[str, str], str] = {}

    # As a tracker ------------------------------------------------------------------------------------------------

    async def read(self, organization: str, issue: str) -> Finding | None:
        """What the issue's newest event reports; None if it holds no exception."""
        reported = await self.issue(organization, issue)
        event = await self.event(organization, issue)
        return finding_from_event(event, reported, organization=organization)

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        """The issue's events in each minute. A Sentry too old for time series gives one number for the whole."""
        search = _error_search(finding.short_id, release)
        try:
            counts = await self._series(finding, "errors", search, "errors", (start, end))
        except NotFound:
            number = await self.count_errors(
                finding.organization,
                finding.short_id,
                release=release,
                start=start,
                end=end,
                environment=finding.environment,
            )
            until, seconds = end.timestamp(), (end - start).total_seconds()
            incomplete = until > self._now() - MINUTE
            return Counts("errors", (Bucket(until - seconds, seconds, number, incomplete),))
        if counts is None:
            raise Malformed("Sentry's series of errors holds no numbers")
        return counts

    async def traffic(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The project's transactions in each minute, or its sessions where it reports no transactions.

        Sentry extrapolates from sampled transactions, so they are an estimate. That a release had none of what its
        project reports is no reason to count something else.
        """
        for count in (self._transactions, self._sessions):
            counts = await count(finding, (start, end), release)
            if counts is not None and counts.total:
                return counts
            if release is not None and counts is not None:
                others = await count(finding, (start, end), None)
                if others is not None and others.total:
                    return counts
        return None

    async def known_release(self, finding: Finding, version: str) -> TrackedRelease | None:
        """The release, or None if Sentry has not heard of it."""
        found = await self.release(finding.organization, version)
        return TrackedRelease(found.version, found.commit) if found is not None else None

    async def suspects(self, finding: Finding) -> tuple[SuspectCommit, ...]:
        """The commits that Sentry suspects of having caused the event; empty if it suspects none."""
        return await self.committers(finding.organization, finding.project, finding.event_id)

    async def releases(self, finding: Finding) -> tuple[str | None, str | None]:
        """The first and the last release of the issue."""
        found = await self.issue(finding.organization, finding.group)
        return found.first_release, found.last_release

    async def breadcrumbs(self, finding: Finding) -> tuple[Breadcrumb, ...]:
        """The event's own breadcrumbs."""
        return breadcrumbs(await self.event(finding.organization, finding.group, finding.event_id))

    async def state(self, finding: Finding) -> IssueState:
        """How the issue stands now."""
        found = await self.issue(finding.organization, finding.group)
        if found.status in ("resolved", "resolvedInNextRelease"):
            return IssueState.RESOLVED
        if found.status in ("ignored", "muted"):
            return IssueState.IGNORED
        return IssueState.REGRESSED if found.substatus == "regressed" else IssueState.OPEN

    async def resolve(self, finding: Finding, version: str) -> None:
        """The issue is resolved in `version`: an event of that release or a later one reopens it."""
        await self.resolve_in_release(finding.organization, finding.group, version)

    async def note(self, finding: Finding, text: str) -> bool:
        """True: `text` stands among the issue's notes."""
        await self.comment(finding.organization, finding.group, text)
        return True

    # Sentry's own ------------------------------------------------------------------------------------------------

    async def issue(self, org: str, issue_id: str) -> SentryIssue:
        """The issue that `issue_id` names by number or short id."""
        answer = await self._api.get(f"organizations/{part(org)}/issues/{part(issue_id)}/", needs=READ)
        return issue_of(an_object(answer, "Sentry's issue"))

    async def event(self, org: str, issue_id: str, which: str = "latest") -> JsonObject:
        """One event in the API's shape: `latest`, `oldest`, `recommended`, or an event id."""
        path = f"organizations/{part(org)}/issues/{part(issue_id)}/events/{part(which)}/"
        return an_object(await self._api.get(path, needs=READ), "Sentry's event")

    async def events(
        self, org: str, issue_id: str, *, release: str | None = None, limit: int = PAGE
    ) -> tuple[JsonObject, ...]:
        """The newest events of an issue in full, newest first, `limit` at most. Each is there once."""
        path = f"organizations/{part(org)}/issues/{part(issue_id)}/events/"
        query = [("full", "true"), *([("query", term("release", release))] if release is not None else [])]
        found = await self._listed(path, query, limit)
        return tuple({event_id(event): event for event in found}.values())

    async def tag_values(
        self, org: str, issue_id: str, key: str, *, limit: int = PAGE
    ) -> tuple[TagValue, ...]:
        """The values of an issue's tag (`release`, `environment`, `url`), `limit` at most."""
        path = f"organizations/{part(org)}/issues/{part(issue_id)}/tags/{part(key)}/values/"
        return tuple(tag_value_of(value) for value in await self._listed(path, [], limit))

    async def count_errors(
        self,
        org: str,
        short_id: str,
        *,
        release: str | None,
        start: datetime,
        end: datetime,
        environment: str | None = None,
    ) -> int:
        """The events of one issue from `start` up to `end`; without a number it is `Malformed`."""
        search = _error_search(short_id, release)
        number = await self._count(org, "errors", search, (start, end), environment)
        if number is None:
            raise Malformed("Sentry's count of errors holds no number")
        return number

    async def count_transactions(
        self,
        org: str,
        project: str,
        *,
        release: str | None = None,
        start: datetime,
        end: datetime,
        environment: str | None = None,
    ) -> int | None:
        """The transactions of a project from `start` up to `end`; None if Sentry holds no such data.

        Sentry extrapolates from sampled transactions, so this is an estimate of the traffic.
        """
        search = _transaction_search(project, release)
        return await self._count(org, "spans", search, (start, end), environment)

    async def release(self, org: str, version: str) -> SentryRelease | None:
        """The release, or None if Sentry has not heard of it."""
        path = f"organizations/{part(org)}/releases/{part(version)}/"
        try:
            answer = await self._api.get(path, needs=RELEASES)
        except NotFound:
            return None
        return release_of(an_object(answer, "Sentry's release"))

    async def project_id(self, org: str, project: str) -> str | None:
        """The number of a project, or None if Sentry has none of that slug for this token."""
        try:
            answer = await self._api.get(f"projects/{part(org)}/{part(project)}/", needs="project:read")
        except NotFound:
            return None
        number = text(an_object(answer, "Sentry's project"), "id")
        if not number:
            raise Malformed("Sentry's project has no id")
        return number

    async def newest_release(self, org: str, project_ids: Sequence[str]) -> SentryRelease | None:
        """The newest release of any of the projects, or None if they have none."""
        query = [("per_page", "1"), *(("project", number) for number in project_ids)]
        path = f"organizations/{part(org)}/releases/"
        found = objects(await self._api.get(path, query, needs=RELEASES))
        return release_of(found[0]) if found else None

    async def committers(self, org: str, project: str, event_id: str) -> tuple[SuspectCommit, ...]:
        """The commits that Sentry suspects of having caused the event; empty if it suspects none."""
        path = f"projects/{part(org)}/{part(project)}/events/{part(event_id)}/committers/"
        try:
            answer = an_object(await self._api.get(path, needs=READ), "Sentry's committers")
        except NotFound:
            return ()
        return tuple(
            suspect_of(commit, nested(committer, "author"))
            for committer in objects(answer.get("committers"))
            for commit in objects(committer.get("commits"))
        )

    async def resolve_in_release(self, org: str, issue_id: str, version: str) -> None:
        """The issue is resolved in `version`: an event of that release or a later one reopens it."""
        await self._api.put(
            f"organizations/{part(org)}/issues/{part(issue_id)}/",
            {"status": "resolved", "statusDetails": {"inRelease": clean(version, MAX_TEXT)}},
            needs=WRITE,
        )

    async def comment(self, org: str, issue_id: str, text: str) -> None:
        """`text` stands among the issue's notes; a lost answer is not retried, so it stands there once."""
        path = f"organizations/{part(org)}/issues/{part(issue_id)}/notes/"
        await self._api.post(path, {"text": clean(text, MAX_TEXT)}, needs=WRITE)

    async def _transactions(
        self, finding: Finding, within: tuple[datetime, datetime], release: str | None
    ) -> Counts | None:
        search = _transaction_search(finding.project, release)
        try:
            return await self._series(finding, "spans", search, "requests", within)
        except NotFound:  # a Sentry too old for time series
            return None

    async def _sessions(
        self, finding: Finding, within: tuple[datetime, datetime], release: str | None
    ) -> Counts | None:
        org, slug = finding.organization, finding.project
        number = self._project_ids.get((org, slug)) or await self.project_id(org, slug)
        if number is None:
            return None
        self._project_ids[org, slug] = number
        by_minute = (within[1] - within[0]).total_seconds() <= LONGEST_IN_MINUTES
        query = [("field", SESSIONS), ("project", number), ("interval", "1m" if by_minute else "1h")]
        query += [*_period(within, finding.environment)]
        query += [("query", term("release", release))] if release is not None else []
        answer = await self._api.get(f"organizations/{part(org)}/sessions/", query, needs=ORGANIZATION)
        return sessions(answer, within, MINUTE if by_minute else 60 * MINUTE, self._now() - MINUTE)

    async def _series(
        self, finding: Finding, dataset: str, search: str, of: str, within: tuple[datetime, datetime]
    ) -> Counts | None:
        width = bucket_seconds(within[0].timestamp(), within[1].timestamp())
        query = [("dataset", dataset), ("yAxis", "count()"), ("query", search), ("interval", f"{width:.0f}")]
        query += _period(within, finding.environment)
        path = f"organizations/{part(finding.organization)}/events-timeseries/"
        return series(await self._api.get(path, query, needs=ORGANIZATION), of, within, width)

    async def _count(
        self, org: str, dataset: str, search: str, within: tuple[datetime, datetime], environment: str | None
    ) -> int | None:
        query = [("dataset", dataset), ("field", "count()"), ("query", search), *_period(within, environment)]
        path = f"organizations/{part(org)}/events/"
        answer = an_object(await self._api.get(path, query, needs=ORGANIZATION), "Sentry's count")
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise Malformed("Sentry's count has no data")
        return number_of(rows[0]) if rows else None

    async def _listed(self, path: str, query: list[tuple[str, str]], limit: int) -> list[JsonObject]:
        """The first `limit` objects of a list, and no more than `MOST_PAGES` hold."""
        found: list[JsonObject] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            asked = [*query, ("per_page", str(min(PAGE, limit))), *([("cursor", cursor)] if cursor else [])]
            answer = await self._api.answer(path, asked, needs=READ)
            found += objects(answer.value)
            before, cursor = cursor, next_cursor(answer.headers)
            if cursor is None or len(found) >= limit:
                break
            if cursor == before:
                raise Malformed("Sentry's list leads from a page to itself")
        return found[:limit]


def _error_search(short_id: str, release: str | None) -> str:
    return " ".join([term("issue", short_id), *([term("release", release)] if release is not None else [])])


def _transaction_search(project: str, release: str | None) -> str:
    terms = [term("project", project), "is_transaction:true"]
    return " ".join([*terms, *([term("release", release)] if release is not None else [])])


def _period(within: tuple[datetime, datetime], environment: str | None) -> list[tuple[str, str]]:
    """The terms of a period and, if given, an environment."""
    found = [("start", _instant(within[0])), ("end", _instant(within[1]))]
    return [*found, *([("environment", environment)] if environment is not None else [])]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
