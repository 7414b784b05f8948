"""Calls to Sentry's REST API, in the words of an incident: on any of its regions, or self-hosted.

Answers are read tolerantly: what is missing becomes empty; only what no caller can do without is `Malformed`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.clients.reading import an_object, nested, objects
from app.clients.rest import MAX_TEXT, JsonObject, part
from app.clients.sentry_answers import (
    SentryRelease,
    TagValue,
    issue_of,
    release_of,
    suspect_of,
    tag_value_of,
    term,
)
from app.clients.sentry_counts import MOST_PAGES, PAGE, READ
from app.clients.sentry_surroundings import SentrySurroundings
from app.clients.tracker import IssueState, TrackedRelease
from app.core.breadcrumbs import breadcrumbs
from app.core.errors import NotFound
from app.core.model import Breadcrumb, Finding, SuspectCommit
from app.core.sentry_event import SentryIssue, clean, event_id, finding_from_event

__all__ = ["MOST_PAGES", "Sentry", "SentryRelease", "TagValue"]

WRITE, RELEASES = "event:write", "project:releases"


class Sentry(SentrySurroundings):
    """One Sentry, at one address, under one token. `base_url` may end in `/api/0/` or not."""

    # As a tracker ------------------------------------------------------------------------------------------------

    async def read(self, organization: str, issue: str) -> Finding | None:
        """What the issue's newest event reports; None if it holds no exception."""
        reported = await self.issue(organization, issue)
        event = await self.event(organization, issue)
        return finding_from_event(event, reported, organization=organization)

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

    async def release(self, org: str, version: str) -> SentryRelease | None:
        """The release, or None if Sentry has not heard of it."""
        path = f"organizations/{part(org)}/releases/{part(version)}/"
        try:
            answer = await self._api.get(path, needs=RELEASES)
        except NotFound:
            return None
        return release_of(an_object(answer, "Sentry's release"))

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
