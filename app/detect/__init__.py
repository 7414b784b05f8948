"""Detect: from an issue on GitHub to a `Finding`, believed only as far as its origin is known.

Every source is one module with one row in `RECOGNISERS`: what a title and a body report, and whose accounts are
believed for it. Texts only say where to look; what is believed is read from the tracker.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Final

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import Account, Issue
from app.core.errors import BadInput, NotFound, Refused
from app.core.event_text import read_event
from app.core.model import INGESTED, TRACEBACK, Finding, Incident, Reason, Stage, Stop
from app.detect.bugsink_issue import BUGSINK_ISSUE
from app.detect.datadog_issue import DATADOG_ISSUE
from app.detect.ingested import text_of
from app.detect.provenance import with_provenance
from app.detect.report import Recogniser, Report
from app.detect.sentry_issue import SENTRY_ISSUE
from app.detect.traceback_issue import TRACEBACK_ISSUE, finding_in
from app.settings import Settings
from app.store import Store

# The first one that believes a text counts.
RECOGNISERS: Final[tuple[Recogniser, ...]] = (
    SENTRY_ISSUE,
    DATADOG_ISSUE,
    BUGSINK_ISSUE,
    TRACEBACK_ISSUE,
)
_OUR_LINE = re.compile(r"(?:Sentry|Datadog) Issue: \[")
REPAIRED_PLATFORMS: Final = frozenset({"python", ""})


def recognise(
    author_id: int | None, title: str, body: str, settings: Settings, *, vouched: bool = False
) -> Report | None:
    """What a text reports; None unless a trusted account wrote it, or a person vouches for it.

    Authors are compared by numeric id, hosts and organizations exactly: text alone convinces nobody.
    """
    for one in RECOGNISERS:
        if vouched or author_id in one.authors(settings):
            report = one.read(title, body, settings)
            if report is not None:
                return report
    return None


async def reports(
    clients: Clients,
    repo: RepositoryClient,
    issue: Issue,
    settings: Settings,
    *,
    vouched_by: str | None = None,
) -> AsyncIterator[tuple[Report, str]]:
    """What the issue reports, and what its comments of trusted accounts link it to; each with who says so.

    What we wrote ourselves, we wrote after a tracker's signed webhook.
    """
    body, user, vouched = issue.body or "", issue.user, vouched_by is not None
    report = recognise(user.id if user else None, issue.title, body, settings, vouched=vouched)
    if report is not None:
        yield report, f"`{vouched_by}` vouched for" if vouched else _account(user, "wrote")
    bot = await clients.github.bot()
    if user is not None and user.login == bot and (report := _our_link(body, settings)) is not None:
        yield report, "a signed webhook brought"
    for comment in await repo.comments(issue.number):
        author, text = comment.user, comment.body or ""
        if author is None:
            continue
        if author.login == bot:
            report, said = _our_link(text, settings), "a signed webhook brought"
        else:
            report, said = recognise(author.id, "", text, settings), _account(author, "wrote in a comment")
        if report is not None:
            yield report, said


def linked(text: str, settings: Settings) -> Report | None:
    """The tracker's issue that a text of our own links to."""
    trackers = (SENTRY_ISSUE, DATADOG_ISSUE)
    return next((report for one in trackers if (report := one.read("", text, settings)) is not None), None)


def _our_link(text: str, settings: Settings) -> Report | None:
    """What we linked to ourselves, in the first line; elsewhere our texts show what others wrote."""
    line = text.partition("\n")[0]
    return linked(line, settings) if _OUR_LINE.match(line) else None


async def detect(clients: Clients, store: Store, settings: Settings, incident: Incident) -> Finding | Stop:
    """The finding that the incident's issue reports, read anew from GitHub and the tracker."""
    if incident.fingerprint.startswith(f"{INGESTED}:"):
        return await _ingested(store, incident)
    repo = clients.github.repository(incident.repository, incident.installation_id)
    issue = await repo.issue(incident.issue)
    others = False
    said_by = reports(clients, repo, issue, settings, vouched_by=incident.vouched_by)
    async for report, said in said_by:
        if report.fingerprint != incident.fingerprint:
            others = True
        elif report.unsupported is not None:
            return _stop(Reason.UNSUPPORTED, report.unsupported)
        else:
            found = await _read(clients, report, issue)
            return found if isinstance(found, Stop) else with_provenance(found, said)
    if others:
        return _stop(Reason.UNTRUSTED, "the issue now reports another thing than the one that started this")
    return _stop(
        Reason.UNTRUSTED, "the issue was not opened by a trusted account, or links to an unknown tracker"
    )


async def _read(clients: Clients, report: Report, issue: Issue) -> Finding | Stop:
    """What the report's source holds of it."""
    if report.source == TRACEBACK:
        found = finding_in(issue.body or "", issue.number)
    else:
        try:
            tracker = clients.tracker(report.source)
        except Refused as fault:
            return _stop(Reason.UNSUPPORTED, str(fault))
        try:
            found = await tracker.read(report.organization, report.group)
        except NotFound:
            name = report.source.capitalize()
            return _stop(Reason.EVENT_MISSING, f"{name} has no such issue, or the token may not read it")
    if found is None:
        return _stop(Reason.UNSUPPORTED, "the newest event holds no exception")
    return _repairable(found)


def _repairable(finding: Finding) -> Finding | Stop:
    platform = finding.platform.lower()
    if platform in REPAIRED_PLATFORMS:
        return finding
    named = platform if re.fullmatch(r"[a-z0-9._-]{1,40}", platform) else "another platform"
    return _stop(Reason.UNSUPPORTED, f"the event is one of {named}; only Python is repaired")


async def _ingested(store: Store, incident: Incident) -> Finding | Stop:
    """What an operator ingested, as it was stored then."""
    word = incident.fingerprint.partition(":")[2]
    text = text_of(await asyncio.to_thread(store.arrivals.body, f"ingest-{word}"))
    if text is None:
        return _stop(Reason.EVENT_MISSING, "the ingested event is no longer stored")
    try:
        found = read_event(text).finding
    except BadInput as fault:
        return _stop(Reason.UNSUPPORTED, str(fault))
    short_id = f"ISSUE-{incident.issue}"
    found = dataclasses.replace(found, source=INGESTED, group=word, short_id=short_id)
    return _repairable(with_provenance(found, f"{incident.vouched_by} ingested"))


def _account(user: Account | None, did: str) -> str:
    return f"the GitHub account {user.id} {did}" if user is not None else f"nobody {did}"


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.DETECT, reason, detail)
