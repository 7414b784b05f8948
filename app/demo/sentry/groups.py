"""Groups of events, and when a resolved one counts as regressed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.demo.sentry import grouping
from app.demo.sentry.releases import Release

EVENTS_KEPT: Final = 50
USERS_KEPT: Final = 10_000
ACTIVITY_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One error event as it was received; queries see it from `visible` on."""

    id: str
    raw: Mapping[str, Any]
    at: float
    visible: float
    release: str | None
    environment: str | None

    @property
    def user(self) -> str | None:
        """Who met the error, if the event says so."""
        user = self.raw.get("user")
        if not isinstance(user, Mapping):
            return None
        found = user.get("id") or user.get("email") or user.get("username") or user.get("ip_address")
        return str(found) if found else None


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened to a group, in Sentry's words."""

    id: int
    type: str
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a group was resolved: for all releases, from release number `since` on, or after `after`."""

    since: int | None = None
    after: int | None = None

    def is_broken_by(self, release: Release | None) -> bool:
        """True if an event of the release shows that the group is not resolved."""
        if release is None:
            return True
        if self.since is not None:
            return release.number >= self.since
        return self.after is None or release.number > self.after


@dataclass(slots=True)
class Group:
    """One issue of Sentry, with its latest events."""

    id: str
    short_id: str
    fingerprint: str
    title: str
    culprit: str
    metadata: dict[str, Any]
    level: str
    platform: str
    first_seen: float
    last_seen: float
    first_event: Event
    status: str = "unresolved"
    substatus: str | None = "new"
    status_details: dict[str, Any] = field(default_factory=dict)
    resolution: Resolution | None = None
    first_release: str | None = None
    last_release: str | None = None
    unhandled: bool = False
    total: int = 0
    alerted: bool = False
    users: set[str] = field(default_factory=set)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    activity: deque[Activity] = field(default_factory=lambda: deque(maxlen=ACTIVITY_KEPT))

    @classmethod
    def opened(cls, identifier: str, short_id: str, event: Event) -> Group:
        """A new group of this one event, which still has to be added."""
        return cls(
            id=identifier,
            short_id=short_id,
            fingerprint=grouping.fingerprint(event.raw),
            title=grouping.title(event.raw),
            culprit=grouping.culprit(event.raw),
            metadata=grouping.metadata(event.raw),
            level=str(event.raw.get("level") or "error"),
            platform=str(event.raw.get("platform") or "other"),
            first_seen=event.at,
            last_seen=event.at,
            first_event=event,
            first_release=event.release,
        )

    def add(self, event: Event) -> None:
        """The event is the group's newest, and titles it."""
        self.events.append(event)
        self.total += 1
        self.last_seen = event.at
        self.last_release = event.release
        self.title, self.culprit = grouping.title(event.raw), grouping.culprit(event.raw)
        self.metadata = grouping.metadata(event.raw)
        mechanism = (grouping.exceptions(event.raw) or [{}])[-1].get("mechanism")
        self.unhandled |= isinstance(mechanism, Mapping) and mechanism.get("handled") is False
        if event.user is not None and len(self.users) < USERS_KEPT:
            self.users.add(event.user)

    def resolve(self, details: dict[str, Any], resolution: Resolution) -> None:
        """The group is resolved."""
        self.status, self.substatus = "resolved", None
        self.status_details, self.resolution = details, resolution

    def reopen(self, substatus: str) -> None:
        """The group is unresolved."""
        self.status, self.substatus = "unresolved", substatus
        self.status_details, self.resolution = {}, None

    def visible(self, now: float) -> list[Event]:
        """The kept events that queries see, newest first."""
        return [event for event in reversed(self.events) if event.visible <= now]
