"""Everything that the stand-in has received, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.demo.sentry import grouping
from app.demo.sentry.groups import Activity, Event, Group, Resolution
from app.demo.sentry.normal import normalised
from app.demo.sentry.releases import Release, Releases
from app.demo.sentry.series import Occurred, Series

MAX_GROUPS: Final = 200
FIRST_GROUP: Final = 7_332_116_922


class Store:
    """The groups, counts and releases of one project.

    An occurrence counts at the moment in which it was received, by `clock`. Its events and counts can be
    queried `lag` seconds later; the group itself exists at once, as at Sentry.
    """

    def __init__(
        self, *, organization: str, project: str, project_id: int, clock: Callable[[], float]
    ) -> None:
        self.organization = organization
        self.project = project
        self.project_id = project_id
        self.clock = clock
        self.lag = 0.0
        self.groups: dict[str, Group] = {}
        self.errors = Series()
        self.transactions = Series()
        self.spans = Series()
        self.sessions = Series()
        self.releases = Releases()
        self._by_fingerprint: dict[str, str] = {}
        self._opened = 0
        self._activities = 0

    def group(self, identifier: str) -> Group | None:
        """The group of this number or short id."""
        found = self.groups.get(identifier)
        wanted = identifier.upper()
        return found or next((group for group in self.groups.values() if group.short_id == wanted), None)

    def event(self, event_id: str) -> tuple[Group, Event] | None:
        """A visible event of any group, with its group."""
        now = self.clock()
        for group in self.groups.values():
            for event in (*group.visible(now), group.first_event):
                if event.id == event_id and event.visible <= now:
                    return group, event
        return None

    def add_event(self, raw: Mapping[str, Any]) -> Group:
        """The group that the event now belongs to; its release is known and the group may have regressed."""
        now, raw = self.clock(), normalised(raw)
        release, environment = _text(raw.get("release")), _text(raw.get("environment")) or "production"
        event = Event(_text(raw.get("event_id")) or "", raw, now, now + self.lag, release, environment)
        known = self._released(release, now)
        group = self._group_of(event, known)
        if group.resolution is not None and group.resolution.is_broken_by(known):
            group.reopen("regressed")
            self.note(group, "set_regression", {"version": release or ""})
        group.add(event)
        self.errors.add(Occurred(now, event.visible, release, environment, group.id, user=event.user))
        return group

    def add_transaction(self, raw: Mapping[str, Any]) -> None:
        """One more request was served; its spans count as well."""
        now = self.clock()
        release, environment = _text(raw.get("release")), _text(raw.get("environment")) or "production"
        self._released(release, now)
        spans = raw.get("spans")
        name = _text(raw.get("transaction")) or "<unlabeled transaction>"
        self.transactions.add(Occurred(now, now + self.lag, release, environment, name))
        number = 1 + (len(spans) if isinstance(spans, list) else 0)
        self.spans.add(Occurred(now, now + self.lag, release, environment, name, number))

    def add_sessions(self, attributes: Mapping[str, Any], status: str, number: int) -> None:
        """`number` more sessions began in, or came to, the status."""
        now = self.clock()
        release, environment = _text(attributes.get("release")), _text(attributes.get("environment"))
        self._released(release, now)
        self.sessions.add(Occurred(now, now + self.lag, release, environment, status, number))

    def note(self, group: Group, kind: str, data: Mapping[str, Any]) -> Activity:
        """The newest activity of the group."""
        self._activities += 1
        activity = Activity(self._activities, kind, data, self.clock())
        group.activity.appendleft(activity)
        return activity

    def resolve(self, group: Group, details: Mapping[str, Any]) -> str | None:
        """The group is resolved as `details` say; or, if their release is unknown, that version."""
        newest = self.releases.newest()
        if "inRelease" in details:
            version = str(details["inRelease"])
            release = newest if version == "latest" else self.releases.get(version)
            if release is None:
                return version
            data: dict[str, Any] = {"inRelease": release.version}
            group.resolve(data, Resolution(since=release.number))
            self.note(group, "set_resolved_in_release", {"version": release.version})
        elif details.get("inNextRelease") or "inCommit" in details:
            group.resolve(dict(details), Resolution(after=newest.number if newest is not None else 0))
            self.note(group, "set_resolved_in_release", {"version": ""})
        else:
            group.resolve({}, Resolution())
            self.note(group, "set_resolved", {})
        return None

    def _released(self, version: str | None, now: float) -> Release | None:
        if version is None:
            return None
        release = self.releases.known(version, now)
        release.first_event = release.first_event or now
        release.last_event = now
        return release

    def _group_of(self, event: Event, release: Release | None) -> Group:
        fingerprint = grouping.fingerprint(event.raw)
        found = self.groups.get(self._by_fingerprint.get(fingerprint, ""))
        if found is not None:
            return found
        self._opened += 1
        identifier = str(FIRST_GROUP + self._opened - 1)
        group = Group.opened(identifier, grouping.short_id(self.project, self._opened), event)
        self.groups[identifier] = group
        self._by_fingerprint[fingerprint] = identifier
        if release is not None:
            release.new_groups += 1
        self.note(group, "first_seen", {"priority": "high"})
        if len(self.groups) > MAX_GROUPS:
            oldest = self.groups.pop(min(self.groups, key=lambda key: self.groups[key].last_seen))
            del self._by_fingerprint[oldest.fingerprint]
        return group


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
