"""What Datadog counts: an issue's events, the traffic of its service, and what surrounds the issue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import httpx
from pydantic import JsonValue

from app.clients.datadog_answers import (
    DatadogIssue,
    found_issues,
    issue_id,
    issue_of,
    metric_points_of,
    points_of,
    tag,
    term,
    totals_of,
)
from app.clients.reading import an_object
from app.clients.rest import Clock, JsonObject, RestApi, Sleep, Vendor
from app.clients.tracker import Intake, NewIssue, Users
from app.core.counts import MINUTE, Counts, bucket_seconds, filled
from app.core.errors import Malformed, NotFound
from app.core.model import Finding

# What the application key's owner, or the key itself, must be allowed to do.
READ: Final = "error_tracking_read"
NEEDED: Final[Mapping[str, str]] = {"spans": "apm_read", "logs": "logs_read_data", "events": "events_read"}

FINEST: Final = 10.0
FINE_UNTIL: Final = 3 * 3_600.0  # a series has at most 1,500 points

Period = tuple[datetime, datetime]
Compute = Mapping[str, JsonValue]
COUNT: Final[Compute] = {"aggregation": "count"}
USERS: Final[Compute] = {"aggregation": "cardinality", "metric": "@usr.id"}
_CHANGED: Final = {
    "RESOLVED": "the issue is set to resolved",
    "IGNORED": "the issue is set to ignored",
    "EXCLUDED": "the issue is excluded from what Datadog counts",
}


class DatadogCounts:
    """One organization of Datadog on one of its sites (`DD_SITE`).

    `hits_metric` names the metric that counts the requests, such as `trace.flask.request.hits`; without one, the spans
    with which requests enter the service are counted, as far as Datadog has indexed them.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        site: str,
        api_key: str,
        application_key: str,
        *,
        base_url: str | None = None,
        hits_metric: str | None = None,
        sleep: Sleep = asyncio.sleep,
        now: Clock = time.time,
    ) -> None:
        root = (base_url or f"https://api.{site}").rstrip("/") + "/"
        credentials = {"DD-API-KEY": api_key, "DD-APPLICATION-KEY": application_key}
        vendor = Vendor("Datadog", "X-RateLimit-Reset")
        self._api = RestApi(http, vendor, root, credentials, sleep=sleep, now=now)
        self._site = site
        self._hits_metric = hits_metric
        self._now = now

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        """The issue's spans or logs in each minute; the last minute before now is incomplete."""
        search = [f"@issue.id:{issue_id(finding.group)}", *scope_of(finding.environment, release)]
        return await self._aggregate(track_of(finding), " ".join(search), "errors", (start, end))

    async def traffic(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The service's requests in each minute; None if Datadog has none, whatever the release."""
        counts = await self._hits(finding, (start, end), release)
        if not counts.total and (
            release is None or not (await self._hits(finding, (start, end), None)).total
        ):
            return None
        return counts

    async def issue(self, issue: str) -> DatadogIssue:
        """The issue of Error Tracking with that UUID."""
        path = f"api/v2/error-tracking/issues/{issue_id(issue)}"
        answer = await self._api.get(path, [("include", "case")], needs=READ)
        return issue_of(an_object(answer, "Datadog's issue").get("data"))

    async def search_issues(
        self, query: str, *, start: datetime, end: datetime, track: str = "trace"
    ) -> tuple[DatadogIssue, ...]:
        """The issues that had events from `start` up to `end`, most events first, with their counts.

        `track` is `trace`, `logs` or `rum`.
        """
        attributes: dict[str, JsonValue] = {
            "query": query,
            "from": int(start.timestamp() * 1_000),
            "to": int(end.timestamp() * 1_000),
            "track": track,
            "order_by": "TOTAL_COUNT",
        }
        body: JsonObject = {"data": {"type": "search_request", "attributes": attributes}}
        answer = await self._api.search("api/v2/error-tracking/issues/search?include=issue", body, needs=READ)
        return tuple(
            replace(issue_of(dict(issue)), events=events, users=users)
            for issue, events, users in found_issues(answer)
        )

    # What surrounds an issue -------------------------------------------------------------------------------------

    async def users(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Users | None:
        """The users (`@usr.id`) who met the issue, an estimate where they are many; None unless every event has one."""
        track, within = track_of(finding), (start, end)
        search = [f"@issue.id:{issue_id(finding.group)}", *scope_of(finding.environment, release)]
        every, with_user = " ".join(search), " ".join([*search, "@usr.id:*"])
        events, users = await self._totals(track, with_user, within)
        if not events or events != (await self._totals(track, every, within))[0]:
            return None
        return Users(users, await self._aggregate(track, with_user, "users", within, USERS))

    async def all_errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The service's spans or logs that belong to any issue."""
        search = ["@issue.id:*", term("service", finding.project), *scope_of(finding.environment, release)]
        return await self._aggregate(track_of(finding), " ".join(search), "errors", (start, end))

    async def new_issues(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> tuple[NewIssue, ...] | None:
        """The service's issues first seen on version `release`, or else in the period, with events in the period.

        Datadog gives one page, those with the most events first.
        """
        search = [term("service", finding.project), *scope_of(finding.environment, release)]
        track = "logs" if track_of(finding) == "logs" else "trace"
        found = await self.search_issues(" ".join(search), start=start, end=end, track=track)
        return tuple(
            NewIssue(one.title, one.events)
            for one in found
            if one.id != finding.group and one.events and _is_new(one, start, release)
        )

    async def intake(self, finding: Finding, *, start: datetime, end: datetime) -> Intake | None:
        """None: Datadog's API does not tell for one service what it dropped."""
        del finding, start, end
        return None

    async def changes(self, finding: Finding, *, since: datetime) -> tuple[str, ...]:
        """What the issue's state says now: Datadog's API gives no history of it."""
        del since
        try:
            state = (await self.issue(finding.group)).state
        except NotFound:
            return ("the issue is gone from Datadog",)
        return (_CHANGED[state],) if state in _CHANGED else ()

    async def _hits(self, finding: Finding, within: Period, release: str | None) -> Counts:
        if self._hits_metric is None:
            search = [
                "@_top_level:1",
                term("service", finding.project),
                *scope_of(finding.environment, release),
            ]
            return await self._aggregate("spans", " ".join(search), "requests", within)
        tagged = {"service": finding.project, "env": finding.environment, "version": release}
        tags = ",".join(tag(key, value) for key, value in tagged.items() if value)
        start, end = within[0].timestamp(), within[1].timestamp()
        # As fine as agents report where that is not too much: points are whole, whatever period is asked for.
        width = FINEST if end - start <= FINE_UNTIL else bucket_seconds(start, end)
        metric = f"sum:{self._hits_metric}{{{tags}}}.as_count().rollup(sum, {width:.0f})"
        query = [("from", f"{start:.0f}"), ("to", f"{end:.0f}")]
        answer = await self._api.get("api/v1/query", [*query, ("query", metric)], needs="timeseries_query")
        points = (
            (at, int(number * max(0.0, min(at + width, end) - max(at, start)) / width))
            for at, number in metric_points_of(answer)
        )
        return self._counted("requests", points, within)

    async def _aggregate(
        self, track: str, search: str, of: str, within: Period, compute: Compute = COUNT
    ) -> Counts:
        """`compute` of everything that the search finds, over time."""
        minutes = int(bucket_seconds(within[0].timestamp(), within[1].timestamp()) // MINUTE)
        interval = f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
        asked: dict[str, JsonValue] = {
            "compute": [{**compute, "type": "timeseries", "interval": interval}],
            "filter": {"query": search, "from": instant(within[0]), "to": instant(within[1])},
        }
        return self._counted(of, points_of(await self._aggregated(track, asked), track), within)

    async def _aggregated(self, track: str, asked: dict[str, JsonValue]) -> JsonValue:
        """The answer to an aggregation. Requests about spans are wrapped, those about logs are not."""
        body: JsonObject = asked
        if track == "spans":
            body = {"data": {"type": "aggregate_request", "attributes": asked}}
        return await self._api.search(f"api/v2/{track}/analytics/aggregate", body, needs=NEEDED[track])

    def _counted(self, of: str, points: Iterable[tuple[float, int]], within: Period) -> Counts:
        """The counts; a point's time is the start of its bucket, which may lie before the period."""
        start, end = within[0].timestamp(), within[1].timestamp()
        inside = [(max(at, start), number) for at, number in points]
        if any(at >= end for at, _ in inside):
            raise Malformed(f"Datadog's count of {of} reaches out of the period that was asked for")
        return filled(of, inside, start, end, complete_until=self._now() - MINUTE)

    async def _totals(self, track: str, search: str, within: Period) -> tuple[int, int]:
        """How many spans or logs the search finds, and of how many users."""
        asked: dict[str, JsonValue] = {
            "compute": [{**COUNT, "type": "total"}, {**USERS, "type": "total"}],
            "filter": {"query": search, "from": instant(within[0]), "to": instant(within[1])},
        }
        return totals_of(await self._aggregated(track, asked), track)


def scope_of(environment: str | None, release: str | None) -> list[str]:
    """The terms of a search for an environment and a version, as far as they are given."""
    given = {"env": environment, "version": release}
    return [term(key, value) for key, value in given.items() if value is not None]


def instant(at: datetime) -> str:
    """The moment as Datadog takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def track_of(finding: Finding) -> str:
    """What the issue's events are: `spans` or `logs`."""
    track = finding.event_id.partition("/")[0]
    return track if track in ("spans", "logs") else "spans"


def _is_new(issue: DatadogIssue, start: datetime, release: str | None) -> bool:
    if release is not None and issue.first_version is not None:
        return issue.first_version == release
    return bool(issue.first_seen) and datetime.fromisoformat(issue.first_seen) >= start
