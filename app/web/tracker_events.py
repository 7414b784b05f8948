"""What trackers' webhooks mean, and what an operator ingests: an issue on GitHub that reports it, with its incident.

A webhook is a hint as well: what it names is read again from the tracker, and the repository's policy must list it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Annotated

import structlog
from gidgethub.routing import Router
from gidgethub.sansio import Event
from pydantic import Field

from app.clients.github import RepositoryClient
from app.clients.github.answers import Issue
from app.core import reports
from app.core.errors import BadInput, NotFound
from app.core.event_text import read_event
from app.core.model import INGESTED, Stage, Stop
from app.core.policy import POLICY_PATH, Policy, granted
from app.detect import datadog_issue, ingested, linked, sentry_issue
from app.detect.report import Report
from app.web.desk import OFF_LABEL, Desk, Payload
from app.web.opening import Place, Wish, open_incident
from app.web.recurrences import is_looked_after

log = structlog.get_logger(__name__)
router = Router()

OPERATOR = "the operator"
LINK_MARKER = "<!-- autofix:linked:{} -->"
_SERVICE = re.compile(r"(?:^|[\s,{(])service:([A-Za-z0-9_.-]{1,100})(?=$|[\s,})])")


class _SentryThing(Payload):
    web_url: Annotated[str, Field(max_length=2_000)]


class _SentryData(Payload):
    issue: _SentryThing | None = None
    event: _SentryThing | None = None


class SentryEvent(Payload):
    """The part of a Sentry integration's delivery that we read: the page of the issue, or of its event."""

    data: _SentryData


class DatadogEvent(Payload):
    """What our own template of a monitor's webhook sends."""

    transition: str = ""
    title: str = ""
    text: str = ""
    link: str = ""
    tags: str = ""
    scope: str = ""


class IngestEvent(Payload):
    """What `autofix ingest` hands over."""

    repository: str
    issue: int | None = None
    text: str


# Where a report belongs ------------------------------------------------------------------------------------------


class _Home:
    """A repository that a report belongs to, and our verbs for it."""

    def __init__(self, desk: Desk, repo: RepositoryClient, repository_id: int, installation: int) -> None:
        self.desk, self.repo = desk, repo
        self.repository_id, self.installation = repository_id, installation

    def place(self, issue: int) -> Place:
        """One of its issues."""
        return Place(self.repo.full_name, self.repository_id, self.installation, issue)


async def _home(desk: Desk, full_name: str) -> _Home | str:
    """The repository of that name; or why it cannot be worked in."""
    if not ingested.is_repository(full_name):
        return "that is no name of a repository"
    installation = await desk.clients.github.installation(full_name)
    if installation is None:
        return f"the App is not installed on {full_name}"
    repo = desk.clients.github.repository(full_name, installation)
    return _Home(desk, repo, (await repo.facts()).id, installation)


async def _listed(desk: Desk, reporter: str) -> tuple[_Home, Policy] | str:
    """The repository that the settings give to the reporter, and its policy; or why there is none."""
    full_name = desk.settings.repository_of(reporter)
    if full_name is None:
        return f"AUTOFIX_WEBHOOK_REPOSITORIES has no repository for {reporter}"
    home = await _home(desk, full_name)
    if isinstance(home, str):
        return home
    policy = granted(await home.repo.text(POLICY_PATH), Stage.DETECT)
    return policy.detail if isinstance(policy, Stop) else (home, policy)


# Sentry ----------------------------------------------------------------------------------------------------------


@router.register("sentry.event_alert", action="triggered")
@router.register("sentry.issue", action="created")
@router.register("sentry.issue", action="unresolved")
async def on_sentry(event: Event, desk: Desk) -> None:
    """An issue of a mapped Sentry project has its issue on GitHub, and its incident."""
    data = SentryEvent.model_validate(event.data).data
    thing = data.issue or data.event
    link = None if thing is None else sentry_issue.trusted_link(thing.web_url, desk.settings)
    sentry = desk.clients.sentry
    if link is None or sentry is None:
        _ignored("the delivery names no issue of a Sentry organization that this server reads")
        return
    organization = link.organization or desk.settings.sentry_organizations[0]
    try:
        issue = await sentry.issue(organization, link.issue_id)
    except NotFound:
        _ignored("Sentry has no such issue, or the token may not read it")
        return
    if issue.type != "error":
        _ignored(f"{issue.short_id} is no error issue")
        return
    found = await _listed(desk, f"sentry:{organization}/{issue.project}")
    if isinstance(found, str):
        _ignored(found)
        return
    home, policy = found
    if not policy.lists("sentry", organization, issue.project):
        _ignored(f"the policy of {home.repo.full_name} does not list {organization}/{issue.project}")
        return
    line = reports.link_line("Sentry", issue.short_id, issue.url)
    report = sentry_issue.reported(issue.id, organization)
    await _report(home, report, title=issue.title, line=line, tracker="Sentry")


# Datadog ---------------------------------------------------------------------------------------------------------


@router.register("datadog.monitor")
async def on_datadog(event: Event, desk: Desk) -> None:
    """A triggered monitor of a mapped service has its issue on GitHub, and its incident; nothing else has one."""
    told = DatadogEvent.model_validate(event.data)
    if told.transition != datadog_issue.TRIGGERED:
        return
    text = f"{told.link}\n{told.text}"
    found_links = datadog_issue.links(text, datadog_issue.hosts_of(desk.settings))
    report = datadog_issue.report_of("", text, desk.settings)
    services = set(_SERVICE.findall(f"{told.tags[:5_000]} {told.scope[:5_000]}"))
    if report is None or len(services) != 1:
        _ignored("the delivery links to nothing on AUTOFIX_DATADOG_HOSTS, or is not of exactly one service")
        return
    (service,) = services
    found = await _listed(desk, f"datadog:{service}")
    if isinstance(found, str):
        _ignored(found)
        return
    home, policy = found
    if not policy.lists("datadog", "", service):
        _ignored(f"the policy of {home.repo.full_name} does not list the service {service}")
        return
    url = next((link.url for link in found_links if link.id.lower() == report.group), "")
    line = reports.link_line("Datadog", report.group, url)
    await _report(home, report, title=told.title, line=line, tracker="Datadog")


# An issue on GitHub for it ---------------------------------------------------------------------------------------


async def _report(home: _Home, report: Report, *, title: str, line: str | None, tracker: str) -> None:
    """The report has an open issue, opened by us if nobody reported it, and its incident."""
    desk, repo = home.desk, home.repo
    if line is None or linked(line, desk.settings) is None:
        _ignored("the tracker's own address of the issue is not on a host that this server believes")
        return
    rows = await asyncio.to_thread(desk.store.incidents, repository_id=home.repository_id)
    ours = [row for row in rows if row.fingerprint == report.fingerprint]
    if ours and await is_looked_after(desk.store, ours[0], time.time()):
        # One event is none too many yet; if it is back, the issue of its fix is opened again.
        desk.handled.append(f"looks after {ours[0].id}")
        return
    issue = await _reporting(home, report, [row.issue for row in ours])
    if issue is None:
        opened = await repo.open_issue(reports.title(title), reports.opened_for(line, tracker))
        log.info("opened an issue for a webhook", repository=repo.full_name, issue=opened.number)
        issue = opened
    elif any(label.name == OFF_LABEL for label in issue.labels):
        return
    elif not await _is_believed(home, issue):
        marker = LINK_MARKER.format(report.fingerprint.replace(":", "-"))
        bot = await desk.clients.github.bot()
        await repo.comment(issue.number, marker, reports.linked_for(line, tracker), bot)
    desk.handled.append((await open_incident(desk, home.place(issue.number), report)).note)


async def _reporting(home: _Home, report: Report, ours: Sequence[int]) -> Issue | None:
    """The open issue that reports this already, whoever wrote it: the one of its last incident before any other.

    `ours` are the issues of its incidents, the last one first.
    """
    issues = [issue for issue in await home.repo.open_issues() if issue.pull_request is None]
    for number in ours:
        if (known := next((one for one in issues if one.number == number), None)) is not None:
            return known
    settings = home.desk.settings
    same = [
        one
        for one in issues
        if (found := linked(one.body or "", settings)) and found.fingerprint == report.fingerprint
    ]
    return same[-1] if same else None


async def _is_believed(home: _Home, issue: Issue) -> bool:
    """True if the issue's own author is believed, so that it needs no link of ours."""
    user, settings = issue.user, home.desk.settings
    if user is None:
        return False
    trackers = {*settings.sentry_author_ids, *settings.datadog_author_ids}
    return user.id in trackers or user.login == await home.desk.clients.github.bot()


# What an operator ingests ----------------------------------------------------------------------------------------


@router.register(ingested.EVENT)
async def on_ingested(event: Event, desk: Desk) -> None:
    """An event from a file has its issue on GitHub, and its incident; the operator vouches for it."""
    given = IngestEvent.model_validate(event.data)
    home = await _home(desk, given.repository)
    if isinstance(home, str):
        _ignored(home)
        return
    try:
        finding = read_event(given.text).finding
    except BadInput as fault:
        _ignored(str(fault))
        return
    word = ingested.word_of(given.text)
    number = given.issue
    if number is None:
        bot, marker = await desk.clients.github.bot(), reports.ingested_marker(word)
        written = [
            one
            for one in await home.repo.open_issues()
            if one.user is not None and one.user.login == bot and marker in (one.body or "")
        ]
        issue = written[0] if written else None
        if issue is None:
            issue = await home.repo.open_issue(reports.title(finding.title), reports.ingested(finding, word))
        number = issue.number
    report = Report(INGESTED, ingested.fingerprint(word), word)
    desk.handled.append((await open_incident(desk, home.place(number), report, Wish(OPERATOR))).note)


def _ignored(why: str) -> None:
    log.warning("a report is not taken up", why=why)
