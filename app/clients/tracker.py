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


class Tracker(MetricProvider, Protocol):
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
