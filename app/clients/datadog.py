"""Calls to Datadog's API, in the words of an incident: Error Tracking, the spans and logs behind it, monitors.

An issue of Error Tracking holds no stack trace: it is read from the newest span or log that belongs to the issue. A
finding's `event_id` names it as `spans/ID` or `logs/ID`, and its kind is what the issue's events are counted by.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import JsonValue

from app.clients.datadog_answers import (
    DatadogIssue,
    Monitor,
    MonitorEvent,
    Sample,
    event_of,
    issue_id,
    monitor_of,
    sample_of,
    term,
)
from app.clients.datadog_counts import NEEDED, DatadogCounts, instant
from app.clients.datadog_trace import crumbs_of, trace_of
from app.clients.reading import a_list, an_object, nested, objects, text
from app.clients.rest import MAX_TEXT, JsonObject, part
from app.clients.tracker import IssueState, TrackedRelease
from app.core.breadcrumbs import MOST
from app.core.errors import Malformed, NotFound, Unauthorized
from app.core.model import Breadcrumb, Finding, SuspectCommit
from app.core.sentry_event import clean

SOURCE: Final = "datadog"
KEPT: Final = timedelta(days=15)  # how long spans are kept, and as far as we look back
PAGE: Final = 100
MOST_PAGES: Final = 20
SAMPLES: Final = 10

WRITE: Final = "error_tracking_write"

_STATES: Final = {
    "RESOLVED": IssueState.RESOLVED,
    "IGNORED": IssueState.IGNORED,
    "EXCLUDED": IssueState.IGNORED,
}
_ON_APP: Final = frozenset({"datadoghq.com", "datadoghq.eu", "ddog-gov.com"})


class Datadog(DatadogCounts):
    """One organization of Datadog on one of its sites (`DD_SITE`).

    `hits_metric` names the metric that counts the requests, such as `trace.flask.request.hits`; without one, the spans
    with which requests enter the service are counted, as far as Datadog has indexed them.
    """

    @property
    def site(self) -> str:
        """The site that is asked (`DD_SITE`)."""
        return self._site

    # As a tracker ------------------------------------------------------------------------------------------------

    async def read(self, organization: str, issue: str) -> Finding | None:
        """What the newest span or log of an issue reports; None if none holds a Python stack trace.

        `events` are those that Datadog still keeps; users are not counted.
        """
        del organization
        found = await self.issue(issue)
        sample = await self._newest_with_a_stack(found)
        if sample is None:
            return None
        start, end = self._kept(found.first_seen)
        counts = await self._aggregate(sample.track, f"@issue.id:{found.id}", "errors", (start, end))
        return Finding(
            source=SOURCE,
            organization=self._site,
            project=found.service or sample.service,
            group=found.id,
            short_id=found.id.split("-", 1)[0],
            url=f"https://{'app.' if self._site in _ON_APP else ''}{self._site}/error-tracking/issue/{found.id}",
            event_id=f"{sample.track}/{sample.id}",
            title=found.title,
            platform="python",
            release=sample.version,
            environment=sample.environment,
            first_seen=found.first_seen,
            last_seen=found.last_seen,
            events=counts.total,
            users=0,
            chain=sample.chain,
            transaction=sample.resource,
        )

    async def known_release(self, finding: Finding, version: str) -> TrackedRelease | None:
        """The version's newest deployment; None if none was reported to Datadog, or our key may not read them."""
        search = " ".join([term("service", finding.project), term("version", version)])
        start, end = self._kept("")
        asked: dict[str, JsonValue] = {
            "from": instant(start),
            "to": instant(end),
            "query": search,
            "limit": 1,
        }
        body: JsonObject = {"data": {"type": "dora_deployments_list_request", "attributes": asked}}
        try:
            answer = await self._api.search("api/v2/dora/deployments", body, needs="dora_metrics_read")
        except (NotFound, Unauthorized):
            return None
        found = objects(
            a_list(an_object(answer, "Datadog's deployments").get("data"), "Datadog's deployments")
        )
        if not found:
            return None
        return TrackedRelease(version, text(nested(found[0], "attributes", "git"), "commit_sha") or None)

    async def suspects(self, finding: Finding) -> tuple[SuspectCommit, ...]:
        """Empty: Datadog's API names no suspect commits."""
        del finding
        return ()

    async def releases(self, finding: Finding) -> tuple[str | None, str | None]:
        """The first and the last version that the issue was seen in."""
        found = await self.issue(finding.group)
        return found.first_version, found.last_version

    async def breadcrumbs(self, finding: Finding) -> tuple[Breadcrumb, ...]:
        """The spans and logs of the failure's trace up to it; empty if it belongs to no trace.

        What the key may not read of the two is left out, unless it may read neither.
        """
        track, _, identifier = finding.event_id.partition("/")
        if track not in {"spans", "logs"}:
            return ()
        search = f"@issue.id:{issue_id(finding.group)}"
        newest = await self._listed(track, search, self._kept(finding.first_seen), PAGE)
        failure = next((one for one in newest if text(one, "id") == identifier), None)
        if failure is None:
            raise NotFound(f"the failure is not among Datadog's newest {PAGE} {track} of the issue")
        trace = trace_of(failure)
        if trace is None:
            return ()
        found: list[JsonObject] = []
        refused: list[Unauthorized] = []
        for kind in ("spans", "logs"):
            try:
                found += await self._listed(kind, term("trace_id", trace.id), trace.within, MOST)
            except Unauthorized as fault:
                refused.append(fault)
        if len(refused) > 1:
            raise refused[0]
        return crumbs_of(trace, found, identifier)

    async def state(self, finding: Finding) -> IssueState:
        """How the issue stands now."""
        issue = await self.issue(finding.group)
        open_state = IssueState.REGRESSED if issue.is_regressed else IssueState.OPEN
        return _STATES.get(issue.state, open_state)

    async def resolve(self, finding: Finding, version: str) -> None:
        """The issue is resolved; Datadog takes no release, and reopens it when a later version brings it back."""
        del version
        await self.set_state(finding.group, "RESOLVED")

    async def note(self, finding: Finding, text: str) -> bool:
        """True if `text` stands at the issue's case; False if it has none, because issues take no comments."""
        case = (await self.issue(finding.group)).case
        if case is None:
            return False
        said: dict[str, JsonValue] = {"comment": clean(text, MAX_TEXT)}
        body: JsonObject = {"data": {"type": "case", "attributes": said}}
        await self._api.post(f"api/v2/cases/{part(case)}/comment", body, needs="cases_write")
        return True

    # Datadog's own -----------------------------------------------------------------------------------------------

    async def takes_key(self) -> bool:
        """True if the site knows the API key; the application key is not looked at."""
        try:
            answer = await self._api.get("api/v1/validate")
        except Unauthorized:
            return False
        return an_object(answer, "Datadog's answer about the key").get("valid") is True

    async def set_state(self, issue: str, state: str) -> None:
        """The issue is in that state: OPEN, ACKNOWLEDGED, RESOLVED, IGNORED or EXCLUDED."""
        identifier = issue_id(issue)
        attributes: dict[str, JsonValue] = {"state": state}
        body: JsonObject = {
            "data": {"id": identifier, "type": "error_tracking_issue", "attributes": attributes}
        }
        await self._api.put(f"api/v2/error-tracking/issues/{identifier}/state", body, needs=WRITE)

    async def samples(
        self, issue: str, track: str, *, start: datetime, end: datetime, limit: int = SAMPLES
    ) -> tuple[Sample, ...]:
        """The newest `spans` or `logs` of an issue, newest first, `limit` at most."""
        found = await self._listed(track, f"@issue.id:{issue_id(issue)}", (start, end), limit)
        return tuple(sample_of(one, track) for one in found)

    async def monitor(self, number: int) -> Monitor:
        """The monitor and how each of its groups stands."""
        path = f"api/v1/monitor/{part(str(number))}"
        return monitor_of(await self._api.get(path, [("group_states", "all")], needs="monitors_read"))

    async def event(self, event: str) -> MonitorEvent:
        """One event, as a monitor's notification links to it."""
        answer = await self._api.get(f"api/v2/events/{part(event)}", needs=NEEDED["events"])
        return event_of(an_object(answer, "Datadog's event").get("data"))

    async def events(
        self, query: str, *, start: datetime, end: datetime, limit: int = PAGE
    ) -> tuple[MonitorEvent, ...]:
        """The events that match, newest first, `limit` at most."""
        return tuple(event_of(dict(one)) for one in await self._listed("events", query, (start, end), limit))

    async def _newest_with_a_stack(self, issue: DatadogIssue) -> Sample | None:
        """The newest span, or else the newest log, whose stack can be read.

        A key that may read only one of the two is enough, if that one holds the stack.
        """
        refused: Unauthorized | None = None
        start, end = self._kept(issue.first_seen)
        for track in ("spans", "logs"):
            try:
                found = await self.samples(issue.id, track, start=start, end=end)
            except Unauthorized as fault:
                refused = fault
                continue
            for sample in found:
                if sample.chain:
                    return sample
        if refused is not None:
            raise refused
        return None

    async def _listed(
        self, track: str, search: str, within: tuple[datetime, datetime], limit: int
    ) -> list[JsonObject]:
        """The newest `limit` spans, logs or events, and no more than `MOST_PAGES` hold."""
        found: list[JsonObject] = []
        cursor = ""
        what = f"Datadog's {track}"
        for _ in range(MOST_PAGES):
            page: dict[str, JsonValue] = {"limit": min(PAGE, limit), **({"cursor": cursor} if cursor else {})}
            asked: dict[str, JsonValue] = {
                "filter": {"query": search, "from": instant(within[0]), "to": instant(within[1])},
                "sort": "-timestamp",
                "page": page,
            }
            body: JsonObject = asked
            if track == "spans":
                body = {"data": {"type": "search_request", "attributes": asked}}
            path = "api/v2/events/search" if track == "events" else f"api/v2/{track}/events/search"
            answer = an_object(await self._api.search(path, body, needs=NEEDED[track]), what)
            found += objects(a_list(answer.get("data"), what))
            before, cursor = cursor, text(nested(answer, "meta", "page"), "after")
            if not cursor or len(found) >= limit:
                break
            if cursor == before:
                raise Malformed(f"{what} lead from a page to itself")
        return found[:limit]

    def _kept(self, first_seen: str) -> tuple[datetime, datetime]:
        """The time for which there may be spans and logs of what was first seen then."""
        now = datetime.fromtimestamp(self._now(), UTC)
        oldest = now - KEPT
        since = datetime.fromisoformat(first_seen) - timedelta(minutes=1) if first_seen else oldest
        return min(max(since, oldest), now - timedelta(minutes=1)), now
