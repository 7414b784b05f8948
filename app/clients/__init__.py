"""Outgoing calls, in the domain's verbs: one client per outside system."""

from __future__ import annotations

from dataclasses import dataclass

from app.clients.bugsink import Bugsink
from app.clients.datadog import Datadog
from app.clients.github import GitHub
from app.clients.sentry import Sentry
from app.clients.tracker import Tracker
from app.core.errors import Refused

_SET_UP_BY = {
    "sentry": "Sentry is not set up: set AUTOFIX_SENTRY_TOKEN and AUTOFIX_SENTRY_ORGANIZATIONS",
    "datadog": "Datadog is not set up: set AUTOFIX_DATADOG_API_KEY and AUTOFIX_DATADOG_APPLICATION_KEY",
    "bugsink": "Bugsink is not set up: set AUTOFIX_BUGSINK_URL and AUTOFIX_BUGSINK_TOKEN",
}


@dataclass(frozen=True, slots=True)
class Clients:
    """The outside systems that the stages talk to; those that are not set up are None."""

    github: GitHub
    sentry: Sentry | None = None
    datadog: Datadog | None = None
    bugsink: Bugsink | None = None

    def tracker(self, source: str) -> Tracker:
        """The error tracker that a finding's `source` names.

        Raises:
            Refused: if it is not set up, or there is none of that name; the text says what to set.
        """
        trackers: dict[str, Tracker | None] = {
            "sentry": self.sentry,
            "datadog": self.datadog,
            "bugsink": self.bugsink,
        }
        tracker = trackers.get(source)
        if tracker is None:
            raise Refused(_SET_UP_BY.get(source, f"a finding from {source!r} has no error tracker"))
        return tracker
