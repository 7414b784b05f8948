"""Detect: from an issue on GitHub to a `Finding`, believed only as far as its origin is known."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.clients import Clients
from app.core.errors import NotFound
from app.core.model import Finding, Incident, Reason, Stage, Stop
from app.detect.sentry_issue import IssueKind, SentryLink, issue_kind, parse_link
from app.settings import Settings


def recognise(author_id: int | None, body: str, settings: Settings) -> SentryLink | None:
    """The Sentry issue that a GitHub issue reports; None unless a trusted account wrote a link to a trusted place.

    Authors are compared by numeric id, hosts and organizations exactly: text alone convinces nobody.
    """
    return trusted_link(body, settings) if author_id in settings.sentry_author_ids else None


def trusted_link(body: str, settings: Settings) -> SentryLink | None:
    """The Sentry issue that a text links to, whoever wrote it; None unless the link leads to a trusted place."""
    link = parse_link(body, hosts=sentry_hosts(settings))
    if link is None or link.organization not in {*settings.sentry_organizations, None}:
        return None
    return link


def sentry_hosts(settings: Settings) -> tuple[str, ...]:
    """The hosts (with port, if any) whose links are believed."""
    return (urlsplit(settings.sentry_url).netloc, *settings.sentry_hosts)


def fingerprint(link: SentryLink) -> str:
    """The identity of the anomaly: the tracker's own grouping."""
    return f"sentry:{link.issue_id}"


async def detect(clients: Clients, settings: Settings, incident: Incident) -> Finding | Stop:
    """The finding that the incident's issue reports, read anew from GitHub and Sentry."""
    issue = await clients.github.repository(incident.repository, incident.installation_id).issue(
        incident.issue
    )
    body = issue.body or ""
    author = issue.user.id if issue.user else None
    vouched = incident.vouched_by is not None
    link = trusted_link(body, settings) if vouched else recognise(author, body, settings)
    if link is None:
        return _stop(
            Reason.UNTRUSTED, "the issue was not opened by a trusted account, or links to an unknown Sentry"
        )
    if fingerprint(link) != incident.fingerprint:
        return _stop(
            Reason.UNTRUSTED, "the issue now links to another Sentry issue than the one that started this"
        )
    if issue_kind(body, issue.title) is not IssueKind.ERROR:
        return _stop(
            Reason.UNSUPPORTED, "only error issues are repaired so far; this one reports something else"
        )
    organization = link.organization or settings.sentry_organizations[0]
    try:
        finding = await clients.tracker("sentry").read(organization, link.issue_id)
    except NotFound:
        return _stop(Reason.EVENT_MISSING, "Sentry has no such issue, or the token may not read it")
    if finding is None:
        return _stop(Reason.UNSUPPORTED, "the newest event holds no exception")
    return finding


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.DETECT, reason, detail)
