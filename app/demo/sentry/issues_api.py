"""The REST calls about issues and events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import inf
from typing import Any, Final

from aiohttp import web

from app.demo.sentry.answers import bad_request, not_found, page
from app.demo.sentry.event_shape import event_json, event_summary, tags
from app.demo.sentry.groups import Event, Group
from app.demo.sentry.issue_shape import (
    activity_json,
    author_json,
    commit_json,
    issue_json,
    release_json,
)
from app.demo.sentry.search import issue_terms, moment, selection
from app.demo.sentry.store import Store
from app.demo.sentry.times import iso

ORGANIZATION: Final = "/api/0/organizations/{organization}"
ISSUE: Final = ORGANIZATION + "/issues/{issue}"
EVENT: Final = "/api/0/projects/{organization}/{project}/events/{event}"
STATUSES: Final = ("resolved", "unresolved", "ignored", "resolvedInNextRelease", "muted")


class IssuesApi:
    """Issues, their events, tags, notes and activities; suspect commits of an event."""

    def __init__(self, store: Store, permalink: Callable[[Group], str]) -> None:
        self._store = store
        self._permalink = permalink

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.get(ORGANIZATION + "/shortids/{short_id}/", self.short_id),
            web.get(ORGANIZATION + "/eventids/{event}/", self.event_id),
            web.get(ORGANIZATION + "/issues/", self.issues),
            web.get(ISSUE + "/", self.issue),
            web.put(ISSUE + "/", self.update),
            web.get(ISSUE + "/events/", self.events),
            web.get(ISSUE + "/events/{which}/", self.event),
            web.get(ISSUE + "/tags/{key}/values/", self.tag_values),
            web.get(ISSUE + "/notes/", self.notes),
            web.post(ISSUE + "/notes/", self.add_note),
            web.get(ISSUE + "/activities/", self.activities),
            web.get(EVENT + "/", self.project_event),
            web.get(EVENT + "/committers/", self.committers),
        ]

    async def short_id(self, request: web.Request) -> web.Response:
        """The group of a short id."""
        group = self._store.group(request.match_info["short_id"])
        if group is None or group.id == request.match_info["short_id"]:
            raise not_found()
        body = {"groupId": group.id, "shortId": group.short_id, "group": self._json(group)}
        return web.json_response({**self._slugs(), **body})

    async def event_id(self, request: web.Request) -> web.Response:
        """The group and the event of an event id."""
        group, event = self._found(request)
        body = {"groupId": group.id, "eventId": event.id, "event": self._event(event, group)}
        return web.json_response({**self._slugs(), **body})

    async def issues(self, request: web.Request) -> web.Response:
        """The issues of a status, a first release or a time, newest first; without a query the unresolved ones."""
        wanted = issue_terms(request.query.get("query", "is:unresolved"))
        since = -inf
        if "firstSeen" in wanted:
            if not wanted["firstSeen"].startswith(">="):
                raise bad_request("Error parsing search query: this stand-in answers firstSeen:>=TIME")
            since = moment(wanted["firstSeen"].removeprefix(">="))
        project = request.query.get("project", "-1")
        groups = [
            group
            for group in sorted(self._store.groups.values(), key=lambda group: -group.last_seen)
            if wanted.get("is", group.status) == group.status
            and wanted.get("firstRelease", group.first_release) == group.first_release
            and group.first_seen >= since
            and project in (str(self._store.project_id), "-1")
            and self._is_in(request.query.get("environment"), group)
        ]
        return page(request, [self._json(group) for group in groups])

    def _is_in(self, environment: str | None, group: Group) -> bool:
        """True if the group had an event there, as far as is still known."""
        return environment is None or environment in {event.environment for event in group.events}

    async def issue(self, request: web.Request) -> web.Response:
        """One issue."""
        return web.json_response(self._json(self._group(request)))

    async def update(self, request: web.Request) -> web.Response:
        """The issue after its status was set."""
        group, body = self._group(request), await json_body(request)
        status, details = body.get("status"), body.get("statusDetails") or {}
        if status is not None and status not in STATUSES:
            raise bad_request({"status": [f'"{status}" is not a valid choice.']})
        if not isinstance(details, dict):
            raise bad_request({"statusDetails": ["Invalid data. Expected a dictionary."]})
        if status == "resolvedInNextRelease":
            status, details = "resolved", {"inNextRelease": True}
        if status == "resolved":
            if self._store.resolve(group, details) is not None:
                message = "Unable to find a release with the given version."
                raise bad_request({"statusDetails": {"inRelease": [message]}})
        elif status == "unresolved" and group.status != status:
            group.reopen("ongoing")
            self._store.note(group, "set_unresolved", {})
        elif status in ("ignored", "muted"):
            group.status, group.substatus = "ignored", body.get("substatus") or "archived_until_escalating"
            self._store.note(group, "set_ignored", {})
        return web.json_response(self._json(group))

    async def events(self, request: web.Request) -> web.Response:
        """The kept events of an issue, newest first, in full if that is asked for."""
        group = self._group(request)
        chosen = selection(request.query, self._store)
        full = request.query.get("full") in ("true", "1")
        found = [
            event
            for event in group.visible(self._store.clock())
            if chosen is not None
            and chosen.start <= event.at < chosen.end
            and chosen.release in (None, event.release)
            and chosen.environment in (None, event.environment)
        ]
        project = self._store.project_id
        if full:
            return page(request, [self._event(event, group) for event in found])
        return page(request, [event_summary(event, group, project) for event in found])

    async def event(self, request: web.Request) -> web.Response:
        """The latest, the oldest, the recommended, or a named event."""
        group, which = self._group(request), request.match_info["which"]
        now, environment = self._store.clock(), request.query.get("environment")
        found = [event for event in group.visible(now) if environment in (None, event.environment)]
        first = group.first_event
        if first.visible <= now and first not in found and environment in (None, first.environment):
            found.append(first)
        if which not in ("latest", "recommended", "oldest"):
            found = [event for event in found if event.id == which.replace("-", "")]
        if not found:
            raise not_found()
        return web.json_response(self._event(found[-1] if which == "oldest" else found[0], group))

    async def tag_values(self, request: web.Request) -> web.Response:
        """How often each value of a tag occurs, most frequent first."""
        group, key = self._group(request), request.match_info["key"]
        counts: Counter[str] = Counter()
        first: dict[str, float] = {}
        last: dict[str, float] = {}
        # The kept events are enough for a list of values; counts by release come from the count calls.
        for event in reversed(group.visible(self._store.clock())):
            value = tags(event).get(key)
            if value is not None:
                counts[value] += 1
                first.setdefault(value, event.at)
                last[value] = event.at
        values = [
            {
                "key": key,
                "name": value,
                "value": value,
                "count": count,
                "firstSeen": iso(first[value]),
                "lastSeen": iso(last[value]),
                "query": f'{key}:"{value}"',
            }
            for value, count in counts.most_common()
        ]
        return page(request, values)

    async def notes(self, request: web.Request) -> web.Response:
        """The comments, newest first."""
        group = self._group(request)
        return page(request, [activity_json(item) for item in group.activity if item.type == "note"])

    async def add_note(self, request: web.Request) -> web.Response:
        """The new comment."""
        group, body = self._group(request), await json_body(request)
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            raise bad_request({"text": ["This field is required."]})
        note = self._store.note(group, "note", {"text": text})
        return web.json_response({**activity_json(note), "issue": group.id}, status=HTTPStatus.CREATED)

    async def activities(self, request: web.Request) -> web.Response:
        """Everything that happened to the issue, newest first."""
        return web.json_response(
            {"activity": [activity_json(item) for item in self._group(request).activity]}
        )

    async def project_event(self, request: web.Request) -> web.Response:
        """One event of the project."""
        group, event = self._found(request)
        return web.json_response(self._event(event, group))

    async def committers(self, request: web.Request) -> web.Response:
        """The commit of the event's release, or of an earlier one, that changed the failing file."""
        group, event = self._found(request)
        commit = self._store.releases.suspect(event.release, group.metadata.get("filename"))
        if commit is None:
            raise _no_committers()
        author, commits = author_json(commit), [commit_json(commit)]
        return web.json_response({"committers": [{"author": author, "commits": commits}]})

    def _slugs(self) -> dict[str, str]:
        return {"organizationSlug": self._store.organization, "projectSlug": self._store.project}

    def _group(self, request: web.Request) -> Group:
        group = self._store.group(request.match_info["issue"])
        if group is None:
            raise not_found()
        return group

    def _found(self, request: web.Request) -> tuple[Group, Event]:
        found = self._store.event(request.match_info["event"].replace("-", ""))
        if found is None:
            raise not_found()
        return found

    def _json(self, group: Group) -> dict[str, Any]:
        return issue_json(self._store, group, self._permalink(group))

    def _event(self, event: Event, group: Group) -> dict[str, Any]:
        release = self._store.releases.get(event.release) if event.release is not None else None
        shape = None if release is None else release_json(self._store, release)
        return event_json(event, group, self._store.project_id, shape)


def _no_committers() -> Exception:
    refusal = not_found()
    refusal.body = {"detail": "No committers found"}
    return refusal


async def json_body(request: web.Request) -> Mapping[str, Any]:
    """The object in the body of a request."""
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("JSON parse error") from None
    if not isinstance(body, dict):
        raise bad_request({"non_field_errors": ["Invalid data. Expected a dictionary."]})
    return body
