"""What Sentry counts: the events of an issue and the traffic of its project, over time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import httpx

from app.clients.reading import a_list, an_object, objects, text
from app.clients.rest import Clock, JsonObject, RestApi, Sleep, Vendor, part
from app.clients.sentry_answers import SESSIONS, next_cursor, number_of, rows_of, series, sessions, term
from app.core.counts import MINUTE, Bucket, Counts, fine_bucket_seconds
from app.core.errors import Malformed, NotFound
from app.core.model import Finding

READ, ORGANIZATION = "event:read", "org:read"
PAGE: Final = 100
MOST_PAGES: Final = 20
LONGEST_IN_MINUTES: Final = 6 * 3_600.0  # sessions by the minute are kept that fine for so long

_VENDOR = Vendor("Sentry", "X-Sentry-Rate-Limit-Reset", resets_at_time=True)

Period = tuple[datetime, datetime]


class SentryCounts:
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

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        """The issue's events in each minute. A Sentry too old for time series gives one number for the whole."""
        search = error_search(finding.short_id, release)
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
        search = error_search(short_id, release)
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
        search = transaction_search(project, release)
        return await self._count(org, "spans", search, (start, end), environment)

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

    async def _transactions(self, finding: Finding, within: Period, release: str | None) -> Counts | None:
        search = transaction_search(finding.project, release)
        try:
            return await self._series(finding, "spans", search, "requests", within)
        except NotFound:  # a Sentry too old for time series
            return None

    async def _sessions(self, finding: Finding, within: Period, release: str | None) -> Counts | None:
        org, number = finding.organization, await self._project_number(finding)
        if number is None:
            return None
        by_minute = is_kept_by_minute(within)
        query = [("field", SESSIONS), ("project", number), ("interval", "1m" if by_minute else "1h")]
        query += [*period(within, finding.environment)]
        query += [("query", term("release", release))] if release is not None else []
        answer = await self._api.get(f"organizations/{part(org)}/sessions/", query, needs=ORGANIZATION)
        return sessions(answer, within, MINUTE if by_minute else 60 * MINUTE, self._now() - MINUTE)

    async def _series(
        self,
        finding: Finding,
        dataset: str,
        search: str,
        of: str,
        within: Period,
        *,
        what: str = "count()",
    ) -> Counts | None:
        """`what` of everything that the search finds, over time; None if there is no such series."""
        width = fine_bucket_seconds(within[0].timestamp(), within[1].timestamp())
        query = [("dataset", dataset), ("yAxis", what), ("query", search), ("interval", f"{width:.0f}")]
        query += period(within, finding.environment)
        path = f"organizations/{part(finding.organization)}/events-timeseries/"
        return series(await self._api.get(path, query, needs=ORGANIZATION), of, within, width)

    async def _count(
        self, org: str, dataset: str, search: str, within: Period, environment: str | None
    ) -> int | None:
        query = [("dataset", dataset), ("field", "count()"), ("query", search), *period(within, environment)]
        path = f"organizations/{part(org)}/events/"
        rows = rows_of(await self._api.get(path, query, needs=ORGANIZATION))
        return number_of(rows[0]) if rows else None

    async def _project_number(self, finding: Finding) -> str | None:
        """The number of the finding's project, asked for once."""
        org, slug = finding.organization, finding.project
        number = self._project_ids.get((org, slug)) or await self.project_id(org, slug)
        if number is not None:
            self._project_ids[org, slug] = number
        return number

    async def _listed(
        self,
        path: str,
        query: list[tuple[str, str]],
        limit: int,
        *,
        within: str | None = None,
        needs: str = READ,
    ) -> list[JsonObject]:
        """The first `limit` objects of a list, or of that `within` the answer; no more than `MOST_PAGES` hold."""
        found: list[JsonObject] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            asked = [*query, ("per_page", str(min(PAGE, limit))), *([("cursor", cursor)] if cursor else [])]
            answer = await self._api.answer(path, asked, needs=needs)
            value = an_object(answer.value, "Sentry's list").get(within) if within else answer.value
            found += objects(a_list(value, "Sentry's list"))
            before, cursor = cursor, next_cursor(answer.headers)
            if cursor is None or len(found) >= limit:
                break
            if cursor == before:
                raise Malformed("Sentry's list leads from a page to itself")
        return found[:limit]


def error_search(short_id: str, release: str | None) -> str:
    """The search for one issue's events, of one release if it is given."""
    return " ".join([term("issue", short_id), *([term("release", release)] if release is not None else [])])


def transaction_search(project: str, release: str | None) -> str:
    """The search for a project's transactions, of one release if it is given."""
    terms = [term("project", project), "is_transaction:true"]
    return " ".join([*terms, *([term("release", release)] if release is not None else [])])


def period(within: Period, environment: str | None) -> list[tuple[str, str]]:
    """The terms of a period and, if given, an environment."""
    found = [("start", instant(within[0])), ("end", instant(within[1]))]
    return [*found, *([("environment", environment)] if environment is not None else [])]


def instant(at: datetime) -> str:
    """The moment as Sentry takes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_kept_by_minute(within: Period) -> bool:
    """True if sessions and outcomes of so long a period are to be had by the minute."""
    return (within[1] - within[0]).total_seconds() <= LONGEST_IN_MINUTES
