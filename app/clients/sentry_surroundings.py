"""What Sentry knows about what surrounds an error: its users, all other errors, and what was lost or changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.clients.reading import an_object, text
from app.clients.rest import part
from app.clients.sentry_answers import changes_of, intake_of, number_of, rows_of, term
from app.clients.sentry_counts import (
    ORGANIZATION,
    PAGE,
    READ,
    Period,
    SentryCounts,
    error_search,
    instant,
    is_kept_by_minute,
    period,
)
from app.clients.tracker import Intake, NewIssue, Users
from app.core.counts import Counts
from app.core.errors import Malformed, NotFound, Unauthorized
from app.core.model import Finding

USERS: Final = "count_unique(user)"
EVENTS: Final = "count()"
MOST_ISSUES: Final = 2 * PAGE


class SentrySurroundings(SentryCounts):
    """The calls by which an error is seen in its surroundings."""

    async def users(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Users | None:
        """The users who met the issue; None unless every event names its user. Sentry estimates large numbers."""
        within, search = (start, end), error_search(finding.short_id, release)
        try:
            with_user = await self._row(finding, f"{search} has:user", within)
            if not with_user[0] or with_user[0] != (await self._row(finding, search, within))[0]:
                return None
            over_time = await self._series(
                finding, "errors", f"{search} has:user", "users", within, what=USERS
            )
        except NotFound:  # a Sentry too old for time series
            return None
        return Users(with_user[1], over_time) if over_time is not None else None

    async def all_errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        """The events of all issues of the project; None where Sentry is too old for time series."""
        search = _project_search(finding, release)
        try:
            return await self._series(finding, "errors", search, "errors", (start, end))
        except NotFound:
            return None

    async def new_issues(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> tuple[NewIssue, ...] | None:
        """The issues that were first seen on `release`, or else in the period, with events in the period.

        Of very many, those with the most events.
        """
        since = term("firstRelease", release) if release is not None else f"firstSeen:>={_second(start)}"
        number = await self._project_number(finding)
        if number is None:
            return None
        path = f"organizations/{part(finding.organization)}/issues/"
        query = [("query", since), ("project", number), ("sort", "date")]
        query += [("environment", finding.environment)] if finding.environment is not None else []
        listed = await self._listed(path, query, MOST_ISSUES)
        new = {text(one, "shortId") for one in listed if text(one, "id") != finding.group}
        if not new:
            return ()
        found = await self._by_issue(finding, _project_search(finding, release), (start, end))
        return tuple(one for one in found if one.name in new and one.events)

    async def intake(self, finding: Finding, *, start: datetime, end: datetime) -> Intake | None:
        """What became of the project's error events, in whole minutes or hours around the period.

        None where our token may not see that, or Sentry is too old to tell.
        """
        try:
            number = await self._project_number(finding)
            if number is None:
                return None
            query = [("field", "sum(quantity)"), ("groupBy", "outcome"), ("groupBy", "reason")]
            query += [("category", "error"), ("project", number)]
            query += [("interval", "1m" if is_kept_by_minute((start, end)) else "1h")]
            query += [("start", instant(start)), ("end", instant(end))]
            path = f"organizations/{part(finding.organization)}/stats_v2/"
            return intake_of(await self._api.get(path, query, needs=ORGANIZATION))
        except (NotFound, Unauthorized):
            return None

    async def changes(self, finding: Finding, *, since: datetime) -> tuple[str, ...]:
        """What Sentry's activities say of it: resolved, ignored, merged, split. Also that the issue is gone."""
        path = f"organizations/{part(finding.organization)}/issues/{part(finding.group)}/"
        try:
            answer = an_object(await self._api.get(path, needs=READ), "Sentry's issue")
        except NotFound:
            return ("the issue is gone from Sentry",)
        identifier = text(answer, "id")
        if not identifier:
            raise Malformed("Sentry's issue has no id")
        # Sentry answers for a merged issue with the one that it now belongs to.
        if finding.group.isdigit() and identifier != finding.group:
            return ("the issue was merged into another one",)
        return changes_of(answer, since.timestamp())

    async def _row(self, finding: Finding, search: str, within: Period) -> tuple[int, int]:
        """How many events and how many users the search finds."""
        query = [("dataset", "errors"), ("field", EVENTS), ("field", USERS), ("query", search)]
        query += period(within, finding.environment)
        path = f"organizations/{part(finding.organization)}/events/"
        rows = rows_of(await self._api.get(path, query, needs=ORGANIZATION))
        events, users = (number_of(rows[0], key) if rows else None for key in (EVENTS, USERS))
        if events is None or users is None:
            raise Malformed("Sentry's count of users holds no number")
        return events, users

    async def _by_issue(self, finding: Finding, search: str, within: Period) -> list[NewIssue]:
        """The events of each issue that the search finds, most first."""
        query = [("dataset", "errors"), ("field", "issue"), ("field", EVENTS), ("query", search)]
        query += [("sort", f"-{EVENTS}"), *period(within, finding.environment)]
        path = f"organizations/{part(finding.organization)}/events/"
        found = await self._listed(path, query, MOST_ISSUES, within="data", needs=ORGANIZATION)
        return [NewIssue(text(row, "issue"), number_of(dict(row), EVENTS) or 0) for row in found]


def _project_search(finding: Finding, release: str | None) -> str:
    terms = [term("project", finding.project)]
    return " ".join([*terms, *([term("release", release)] if release is not None else [])])


def _second(at: datetime) -> str:
    return instant(at.replace(microsecond=0))
