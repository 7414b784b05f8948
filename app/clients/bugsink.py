"""Calls to Bugsink's canonical API (`/api/canonical/0/`), in the words of an incident.

Bugsink takes what Sentry's SDKs send and keeps each event as it came. It knows no traffic, commits or organizations.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import JsonValue

from app.clients.reading import a_list, an_object, text, whole
from app.clients.rest import MAX_TEXT, Clock, JsonObject, RestApi, Sleep, Vendor, part
from app.clients.tracker import Intake, IssueState, NewIssue, TrackedRelease, Users
from app.core.breadcrumbs import breadcrumbs
from app.core.counts import MINUTE, Counts, filled
from app.core.errors import Malformed, NotFound, Refused, Unauthorized
from app.core.model import Breadcrumb, Finding, SuspectCommit
from app.core.sentry_event import SentryIssue, clean, finding_from_event, utc_time

SOURCE: Final = "bugsink"
API: Final = "/api/canonical/0"
MOST_PAGES: Final = 40  # of 250 events: as many as Bugsink keeps for a project unless told otherwise

MOST_ISSUES: Final = 20

_CHANGED: Final = {"resolved": "somebody resolved the issue", "muted": "the issue was muted"}
_CURSOR = re.compile(r"[0-9A-Za-z+/=_-]{1,500}")


@dataclass(frozen=True, slots=True)
class BugsinkIssue:
    """An issue as Bugsink describes it. `events` were received, `kept` of them are still stored.

    Times are ISO 8601 in UTC or empty; `fixed_in` are the releases in which it was called resolved, `seen_in` those
    that it appeared in, in that order.
    """

    id: str
    friendly_id: str
    project: str
    title: str
    events: int
    kept: int
    first_seen: str
    last_seen: str
    is_resolved: bool
    is_muted: bool
    fixed_in: tuple[str, ...]
    seen_in: tuple[str, ...] = ()


class Bugsink:
    """One Bugsink, at one address, under one token."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        token: str,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Clock = time.time,
    ) -> None:
        self._base = base_url.rstrip("/").removesuffix(API)
        credentials = {"Authorization": f"Bearer {token}"}
        self._api = RestApi(http, Vendor("Bugsink"), f"{self._base}{API}/", credentials, sleep=sleep, now=now)
        self._now = now

    async def read(self, organization: str, issue: str) -> Finding | None:
        """What the newest event of an issue (UUID or friendly id) reports; None if it holds no exception."""
        del organization
        found = await self.issue(issue)
        newest = (await self._events_page(found.id, "", None))[0]
        if not newest:
            return None
        event = await self.event(text(newest[0], "id"))
        finding = finding_from_event(event, self._described(found), organization="")
        return replace(finding, source=SOURCE) if finding is not None else None

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        """The issue's events in each minute, counted one by one.

        Everything is incomplete once Bugsink has thrown events of the issue away; so is what lies behind `MOST_PAGES`.
        """
        since, until = start.timestamp(), end.timestamp()
        issue = await self.issue(finding.group)
        search = _search({"release": release, "environment": finding.environment})
        moments: list[float] = []
        reached, cursor = math.inf, None
        for _ in range(MOST_PAGES):
            page, following = await self._events_page(issue.id, search, cursor)
            for event in page:
                # By the program's clock, but never later than Bugsink's own: events come newest first by the latter.
                reached = _moment(event.get("ingested_at"))
                moments.append(min(reached, _moment(event.get("timestamp"))))
            if following is None or reached < since:
                reached = -math.inf
                break
            if following == cursor:
                raise Malformed("Bugsink's events lead from a page to itself")
            cursor = following
        whole_from = math.inf if issue.kept < issue.events else reached
        return filled(
            "errors",
            ((moment, 1) for moment in moments),
            since,
            until,
            complete_from=whole_from,
            complete_until=self._now() - MINUTE,
        )

    async def traffic(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """None: Bugsink keeps no transactions and no sessions."""
        del finding, start, end, release
        return None

    async def users(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Users | None:
        """None: Bugsink names users only in each event's own data."""
        del finding, start, end, release
        return None

    async def all_errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """None: Bugsink lists events by issue only, and without traffic nothing could be held against them."""
        del finding, start, end, release
        return None

    async def new_issues(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> tuple[NewIssue, ...] | None:
        """The issues that Bugsink first saw in the period, with their events in it; the newest `MOST_ISSUES`."""
        query = [("project", finding.project), ("sort", "digest_order"), ("order", "desc")]
        answer = await self._api.get("issues/", query, needs="issues:read")
        listed = [_issue(one) for one in _page(answer, "Bugsink's issues")[0]]
        new = [one for one in listed if one.id != finding.group and one.first_seen and _at(one) >= start]
        found = []
        for one in new[:MOST_ISSUES]:
            named = replace(finding, group=one.id)
            events = (await self.errors(named, start=start, end=end, release=release)).total
            found += [NewIssue(one.friendly_id, events)] if events else []
        return tuple(found)

    async def intake(self, finding: Finding, *, start: datetime, end: datetime) -> Intake | None:
        """None: Bugsink's API does not tell what a quota refused."""
        del finding, start, end
        return None

    async def changes(self, finding: Finding, *, since: datetime) -> tuple[str, ...]:
        """What Bugsink's history says of the issue: resolved, muted. Also that it is gone."""
        try:
            answer = await self._api.get("issue-history/", [("issue", finding.group)], needs="issues:read")
        except NotFound:
            return ("the issue is gone from Bugsink",)
        told = [
            _CHANGED[text(one, "kind")]
            for one in reversed(_page(answer, "Bugsink's history")[0])
            if text(one, "kind") in _CHANGED and _moment(one.get("timestamp")) >= since.timestamp()
        ]
        return tuple(dict.fromkeys(told))

    async def known_release(self, finding: Finding, version: str) -> TrackedRelease | None:
        """The release, or None if Bugsink has not heard of it; it never knows a release's commit."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            query = [("project", finding.project), *([("cursor", cursor)] if cursor else [])]
            answer = await self._api.get("releases/", query, needs="releases:read")
            page, following = _page(answer, "Bugsink's releases")
            if any(text(release, "version") == version for release in page):
                return TrackedRelease(version, None)
            if following is None or following == cursor:
                return None
            cursor = following
        return None

    async def suspects(self, finding: Finding) -> tuple[SuspectCommit, ...]:
        """Empty: Bugsink knows no commits."""
        del finding
        return ()

    async def releases(self, finding: Finding) -> tuple[str | None, str | None]:
        """The release that the issue appeared in first, and the newest one that it appeared in."""
        found = (await self.issue(finding.group)).seen_in
        return (found[0], found[-1]) if found else (None, None)

    async def breadcrumbs(self, finding: Finding) -> tuple[Breadcrumb, ...]:
        """The event's own breadcrumbs, as the SDK sent them; `NotFound` once Bugsink has thrown the event away."""
        query = [("project", finding.project), ("event_id", finding.event_id)]
        answer = an_object(
            await self._api.get("events/lookup/", query, needs="events:read"), "Bugsink's event"
        )
        return breadcrumbs(an_object(answer.get("data"), "the data of Bugsink's event"))

    async def state(self, finding: Finding) -> IssueState:
        """How the issue stands now. Regressed: it was resolved in a release, and is not any more."""
        issue = await self.issue(finding.group)
        if issue.is_resolved:
            return IssueState.RESOLVED
        if issue.is_muted:
            return IssueState.IGNORED
        return IssueState.REGRESSED if issue.fixed_in else IssueState.OPEN

    async def resolve(self, finding: Finding, version: str) -> None:
        """The issue is resolved in the latest release, which is `version` or one that came after it.

        A fixed release reports nothing, so Bugsink is told of it first. Where our token may not do that, the issue is
        resolved without a release.
        """
        issue = await self.issue(finding.group)
        if issue.is_resolved:
            return
        how = "resolve-latest"
        if await self.known_release(finding, version) is None:
            try:
                await self.create_release(finding.project, version)
            except Unauthorized:
                how = "resolve"
        await self._api.post(f"issues/{part(issue.id)}/{how}/", {}, needs="issues:triage")

    async def note(self, finding: Finding, text: str) -> bool:
        """True: `text` stands in the issue's history; a lost answer is not retried, so it stands there once."""
        body = {"issue": finding.group, "comment": clean(text, MAX_TEXT)}
        await self._api.post("issue-comments/", body, needs="issues:comment")
        return True

    async def issue(self, issue_id: str) -> BugsinkIssue:
        """The issue that `issue_id` names, by UUID or friendly id."""
        answer = await self._api.get(f"issues/{part(issue_id)}/", needs="issues:read")
        return _issue(an_object(answer, "Bugsink's issue"))

    async def event(self, event_id: str) -> JsonObject:
        """The event with that id of Bugsink's own, as the SDK sent it."""
        answer = an_object(
            await self._api.get(f"events/{part(event_id)}/", needs="events:read"), "Bugsink's event"
        )
        return an_object(answer.get("data"), "the data of Bugsink's event")

    async def newest_release(self, project: str) -> str | None:
        """The version of the project's newest release; None if it has none."""
        answer = await self._api.get("releases/", [("project", project)], needs="releases:read")
        newest = _page(answer, "Bugsink's releases")[0]
        return text(newest[0], "version") or None if newest else None

    async def create_release(self, project: str, version: str) -> None:
        """Bugsink knows the release, now or from before."""
        body: dict[str, JsonValue] = {"project": whole(project), "version": clean(version, MAX_TEXT)}
        try:
            await self._api.post("releases/", body, needs="releases:create")
        except Refused as fault:
            if "already exists" not in str(fault):
                raise

    async def _events_page(
        self, issue_id: str, search: str, cursor: str | None
    ) -> tuple[Sequence[JsonObject], str | None]:
        """Events without their data, newest first, and the cursor of the next page."""
        query = [("issue", issue_id), *([("q", search)] if search else [])]
        query += [("cursor", cursor)] if cursor else []
        return _page(await self._api.get("events/", query, needs="events:read"), "Bugsink's events")

    def _described(self, issue: BugsinkIssue) -> SentryIssue:
        """The issue in the words that Sentry has for it: both read the same SDKs."""
        return SentryIssue(
            id=issue.id,
            short_id=issue.friendly_id,
            title=issue.title,
            culprit="",
            url=f"{self._base}/issues/issue/{issue.id}/event/last/",
            status="resolved" if issue.is_resolved else "unresolved",
            substatus=None,
            level="error",
            platform="",
            project=issue.project,
            project_id=issue.project,
            type="error",
            events=issue.events,
            users=0,
            first_seen=issue.first_seen,
            last_seen=issue.last_seen,
            first_release=None,
            last_release=None,
            resolved_in=None,
        )


def _issue(answer: JsonObject) -> BugsinkIssue:
    identifier, friendly_id = text(answer, "id"), text(answer, "friendly_id")
    if not identifier or not friendly_id:
        raise Malformed("Bugsink's issue has no id")
    kind, value = text(answer, "calculated_type"), text(answer, "calculated_value")
    return BugsinkIssue(
        id=identifier,
        friendly_id=friendly_id,
        project=str(whole(answer.get("project"))),
        title=f"{kind}: {value}" if value else kind,
        events=whole(answer.get("digested_event_count")),
        kept=whole(answer.get("stored_event_count")),
        first_seen=utc_time(answer.get("first_seen")),
        last_seen=utc_time(answer.get("last_seen")),
        is_resolved=answer.get("is_resolved") is True,
        is_muted=answer.get("is_muted") is True,
        fixed_in=_versions(answer.get("fixed_at")),
        seen_in=tuple(filter(None, _versions(answer.get("events_at")))),  # "" stands for no release
    )


def _versions(value: JsonValue) -> tuple[str, ...]:
    given = value if isinstance(value, list) else []
    return tuple(clean(one, MAX_TEXT) for one in given if isinstance(one, str))


def _page(answer: JsonValue, what: str) -> tuple[Sequence[JsonObject], str | None]:
    """The objects of a page and the cursor of the next one: its link is only read, never opened."""
    body = an_object(answer, what)
    found = [an_object(one, what) for one in a_list(body.get("results"), what)]
    link = body.get("next")
    if not isinstance(link, str) or not link:
        return found, None
    try:
        cursor = parse_qs(urlsplit(link[:MAX_TEXT]).query).get("cursor", [""])[0]
    except ValueError:
        cursor = ""
    if not _CURSOR.fullmatch(cursor):
        raise Malformed(f"{what} go on, but have no cursor")
    return found, cursor


def _at(issue: BugsinkIssue) -> datetime:
    return datetime.fromisoformat(issue.first_seen)


def _moment(value: JsonValue) -> float:
    at = utc_time(value) if isinstance(value, str) else ""
    if not at:
        raise Malformed("Bugsink's event has no time")
    return datetime.fromisoformat(at).timestamp()


def _search(tags: Mapping[str, str | None]) -> str:
    """Bugsink's search for these tags, quoted so that nothing in a value is an operator."""
    found = []
    for key, value in tags.items():
        if value:
            escaped = re.sub(r'(["\\])', r"\\\1", clean(value, MAX_TEXT))
            found.append(f'{key}:"{escaped}"')
    return " ".join(found)
