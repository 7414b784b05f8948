"""What every error tracker does for an incident. Each vendor is one file that has all of these methods."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.counts import Counts
from app.core.model import Breadcrumb, Finding, SuspectCommit


class IssueState(enum.StrEnum):
    """How the tracker's issue stands. Regressed: it was resolved, and events came in since."""

    OPEN = "open"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class TrackedRelease:
    """A release that the tracker has heard of; `commit` is its newest commit, if the tracker was told."""

    version: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class Users:
    """Who met an error: so many different users in the whole period, and in each of its buckets."""

    together: int
    over_time: Counts


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of all error events of a project in a period.

    `refused` ones never were counted: a quota, a filter or a full queue. `withheld` ones the program itself kept back:
    it samples, or its hooks drop them.
    """

    kept: int
    refused: int
    withheld: int


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue that was not there before, and its events in a period."""

    name: str
    events: int


class MetricProvider(Protocol):
    """Where the numbers of production come from: one error, and the traffic that it is measured by.

    Both look at the finding's environment, and at one release if it is given.
    """

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        """The error's events from `start` up to `end`. What is not known is a fault, and never zero."""
        ...

    async def traffic(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The requests or sessions of the error's project or service; None if the tracker knows of no traffic."""
        ...


class Surroundings(Protocol):
    """What a tracker may know about what surrounds one error. None: it cannot tell, and nothing follows from that.

    All look at the finding's project and environment, and at one release if it is given.
    """

    async def users(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Users | None:
        """The users who met the error; None unless every event names its user."""
        ...

    async def all_errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The events of all errors, this one among them."""
        ...

    async def new_issues(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> tuple[NewIssue, ...] | None:
        """The other issues that were first seen on `release`, or else in the period, with events in the period.

        Where there are very many, those with the most events, or the newest.
        """
        ...

    async def intake(self, finding: Finding, *, start: datetime, end: datetime) -> Intake | None:
        """What became of the project's error events in the period, in all environments."""
        ...

    async def changes(self, finding: Finding, *, since: datetime) -> tuple[str, ...]:
        """What was done to the issue since then that changes what its counts mean, a clause each.

        Where the tracker keeps no history of it, that is what holds now.
        """
        ...


class Tracker(MetricProvider, Surroundings, Protocol):
    """An error tracker. A `Finding` names the issue in it; its `source` names the tracker."""

    async def read(self, organization: str, issue: str) -> Finding | None:
        """What the issue's newest event reports; None if it holds no exception that can be read.

        Raises:
            NotFound: if there is no such issue, or not for our credentials.
        """
        ...

    async def known_release(self, finding: Finding, version: str) -> TrackedRelease | None:
        """The release of the finding's project, or None if the tracker has not heard of it."""
        ...

    async def suspects(self, finding: Finding) -> tuple[SuspectCommit, ...]:
        """The commits that the tracker suspects; empty if it suspects none."""
        ...

    async def releases(self, finding: Finding) -> tuple[str | None, str | None]:
        """The first and the last release that the error was seen in, as far as the tracker knows."""
        ...

    async def breadcrumbs(self, finding: Finding) -> tuple[Breadcrumb, ...]:
        """What the program did before the very event that the finding was read from, oldest first."""
        ...

    async def state(self, finding: Finding) -> IssueState:
        """How the issue stands in the tracker now."""
        ...

    async def resolve(self, finding: Finding, version: str) -> None:
        """The issue is resolved, as of release `version` where the tracker can say that."""
        ...

    async def note(self, finding: Finding, text: str) -> bool:
        """True if `text` now stands at the issue; False if the tracker has no place for it."""
        ...
