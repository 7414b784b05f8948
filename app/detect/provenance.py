"""Who states which part of a finding. Pure; a test holds it against the finding's fields."""

from __future__ import annotations

import dataclasses

from app.core.model import INGESTED, TRACEBACK, Claim, Finding

# What the tracker itself knows, and what the event says, which anybody can send who knows the project's public key.
_COUNTED = ("events", "users", "first_seen", "last_seen")
_NAMED = ("source", "organization", "project", "group", "short_id", "url", "event_id")
_TOLD = ("title", "platform", "release", "environment", "chain", "transaction")
_TRACKERS = {"sentry": "Sentry", "datadog": "Datadog", "bugsink": "Bugsink"}


def with_provenance(finding: Finding, reporter: str) -> Finding:
    """The finding with its claims. `reporter` is who brought it here, as a person reads it."""
    return dataclasses.replace(finding, provenance=claims(finding.source, reporter))


def claims(source: str, reporter: str) -> tuple[Claim, ...]:
    """What each source states of a finding."""
    if source == TRACEBACK:
        return (
            Claim(_NAMED, f"Autofix, for an issue that {reporter}", trusted=True),
            Claim((*_TOLD, *_COUNTED), "the text of the issue, which its author can edit", trusted=False),
        )
    if source == INGESTED:
        return (
            Claim(_NAMED, f"Autofix, for an event that {reporter}", trusted=True),
            Claim((*_TOLD, *_COUNTED), "the file that was ingested", trusted=False),
        )
    name = _TRACKERS.get(source, source)
    return (
        Claim(_NAMED, f"{name}, asked with this server's token after a link that {reporter}", trusted=True),
        Claim(_COUNTED, f"{name}'s own count, which forged events raise too", trusted=False),
        Claim(
            _TOLD,
            "the newest event, which anybody can send who knows the project's public key",
            trusted=False,
        ),
    )
