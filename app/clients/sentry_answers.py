"""What Sentry's answers say, as values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from app.clients.reading import a_count, a_list, a_time, an_object, nested, objects, text, whole
from app.clients.rest import MAX_TEXT, JsonObject
from app.clients.tracker import Intake
from app.core.counts import Bucket, Counts
from app.core.errors import Malformed
from app.core.model import SuspectCommit
from app.core.sentry_event import SentryIssue, clean, utc_time

SESSIONS: Final = "sum(session)"

# Reasons for which an SDK keeps an event back because its program says so.
_BY_THE_PROGRAM: Final = frozenset({"sample_rate", "before_send", "event_processor"})
# Activities after which the issue's counts mean something else than before.
_CHANGES: Final[Mapping[str, str]] = {
    "set_ignored": "the issue was set to ignored",
    "set_resolved": "somebody resolved the issue",
    "set_resolved_by_age": "the issue was resolved by its age",
    "set_resolved_in_release": "somebody resolved the issue",
    "set_resolved_in_commit": "a commit resolved the issue",
    "set_resolved_in_pull_request": "a pull request resolved the issue",
    "merge": "another issue was merged into this one",
    "unmerge_source": "events were moved from this issue to another",
    "unmerge_destination": "events of another issue were moved to this one",
    "reprocess": "the issue's events were processed anew",
}
_PLAIN_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+/-]*")
_NEXT = re.compile(r'<[^>]*>; rel="next"; results="true"; cursor="([0-9A-Za-z:_=-]{1,200})"')


@dataclass(frozen=True, slots=True)
class SentryRelease:
    """A release as Sentry knows it; `commit` is its newest commit, if commits were reported."""

    version: str
    created: str
    released: str | None
    commit: str | None
    commits: int
    deploys: int


@dataclass(frozen=True, slots=True)
class TagValue:
    """A value of one of an issue's tags, and how many events bear it. Times are ISO 8601 in UTC or empty."""

    value: str
    events: int
    first_seen: str
    last_seen: str


def term(key: str, value: str) -> str:
    """`key:value` of Sentry's search, quoted so that nothing in the value is an operator or a wildcard."""
    value = clean(value, MAX_TEXT)
    if _PLAIN_TERM.fullmatch(value):
        return f"{key}:{value}"
    escaped = re.sub(r'(["\\*])', r"\\\1", value)
    return f'{key}:"{escaped}"'


def next_cursor(headers: Mapping[str, str]) -> str | None:
    """The cursor of the next page; both relations are always there, so `results` is what counts."""
    found = _NEXT.search(headers.get("Link", "")[:MAX_TEXT])
    return found.group(1) if found else None


def rows_of(answer: JsonValue) -> list[JsonValue]:
    """The rows of a table."""
    return a_list(an_object(answer, "Sentry's count").get("data"), "Sentry's count")


def number_of(row: JsonValue, column: str = "count()") -> int | None:
    """The number in a column of a row, which older versions name without `()`; None if there is none."""
    cells = an_object(row, "Sentry's count")
    value = cells.get(column, cells.get(column.removesuffix("()")))
    return None if value is None else a_count(value, "Sentry's count")


def series(answer: JsonValue, of: str, within: tuple[datetime, datetime], seconds: float) -> Counts | None:
    """The counts of a time series; None if there is none. It is `Malformed` if it leaves out a part of the period."""
    what = f"Sentry's series of {of}"
    lines = a_list(an_object(answer, what).get("timeSeries"), what)
    if not lines:
        return None
    values = [
        an_object(value, what)
        for value in a_list(an_object(lines[0], f"{what}'s line").get("values"), f"{what}'s values")
    ]
    starts = [a_time(value.get("timestamp"), what) / 1_000 for value in values]
    width = starts[1] - starts[0] if len(starts) > 1 else seconds
    buckets = [
        Bucket(start, width, a_count(value.get("value"), what), value.get("incomplete") is True)
        for start, value in zip(starts, values, strict=True)
    ]
    return _covering(Counts(of, tuple(buckets)), within, what)


def sessions(
    answer: JsonValue, within: tuple[datetime, datetime], seconds: float, complete_until: float
) -> Counts:
    """The sessions of a period. Sentry does not mark what is incomplete, so that is what ends later.

    Its intervals are whole ones. Of the outermost, as much is counted as lies in the period if they were even.
    """
    what = "Sentry's sessions"
    body = an_object(answer, what)
    starts = [utc_time(value) for value in a_list(body.get("intervals"), what)]
    if not all(starts):
        raise Malformed(f"{what} have an interval that is no time")
    numbers = [0] * len(starts)
    for group in objects(body.get("groups")):
        line = a_list(nested(group, "series").get(SESSIONS), what)
        if len(line) != len(numbers):
            raise Malformed(f"{what} do not fit their intervals")
        numbers = [number + a_count(value, what) for number, value in zip(numbers, line, strict=True)]
    moments = [datetime.fromisoformat(start).timestamp() for start in starts]
    width = moments[1] - moments[0] if len(moments) > 1 else seconds
    start, end = within[0].timestamp(), within[1].timestamp()
    buckets = [
        Bucket(at, width, int(number * _inside(at, width, start, end)), at + width > complete_until)
        for at, number in zip(moments, numbers, strict=True)
    ]
    return _covering(Counts("sessions", tuple(buckets)), within, what)


def _inside(at: float, width: float, start: float, end: float) -> float:
    """The part of a bucket that lies in the period."""
    return max(0.0, min(at + width, end) - max(at, start)) / width if width > 0 else 0.0


def _covering(counts: Counts, within: tuple[datetime, datetime], what: str) -> Counts:
    """The buckets that lie in the period, if they are even and none is missing but at most one at either end."""
    start, end = within[0].timestamp(), within[1].timestamp()
    buckets = counts.buckets
    width = buckets[0].seconds if buckets else 0.0
    even = all(after.start == before.end for before, after in itertools.pairwise(buckets))
    if width <= 0 or not even:
        raise Malformed(f"{what} are not one bucket after the other")
    if buckets[0].start > start + width or buckets[-1].end < end - width:
        raise Malformed(f"{what} do not cover the period that was asked for")
    return Counts(counts.of, tuple(one for one in buckets if one.end > start and one.start < end))


def intake_of(answer: JsonValue) -> Intake:
    """What became of events, by outcome and reason. An outcome that is not known here has lost them."""
    what = "Sentry's outcomes"
    kept = refused = withheld = 0
    for group in a_list(an_object(answer, what).get("groups"), what):
        has = an_object(group, what)
        outcome, reason = (text(nested(has, "by"), key) for key in ("outcome", "reason"))
        number = a_count(nested(has, "totals").get("sum(quantity)"), what)
        if not outcome:
            raise Malformed(f"{what} have a group without one")
        if outcome == "accepted":
            kept += number
        elif outcome == "client_discard" and reason in _BY_THE_PROGRAM:
            withheld += number
        else:
            refused += number
    return Intake(kept, refused, withheld)


def changes_of(issue: JsonObject, since: float) -> tuple[str, ...]:
    """What was done to the issue since then, a clause each, oldest first."""
    found = (
        (at, _CHANGES[text(one, "type")])
        for one in objects(issue.get("activity"))
        if text(one, "type") in _CHANGES and (at := utc_time(one.get("dateCreated")))
    )
    told = (clause for at, clause in sorted(found) if datetime.fromisoformat(at).timestamp() >= since)
    return tuple(dict.fromkeys(told))


def issue_of(answer: JsonObject) -> SentryIssue:
    """The issue; without its ids it is `Malformed`."""
    identifier, short_id = text(answer, "id"), text(answer, "shortId")
    if not identifier or not short_id:
        raise Malformed("Sentry's issue has no id")
    project = nested(answer, "project")
    version = {key: text(nested(answer, key), "version") or None for key in ("firstRelease", "lastRelease")}
    return SentryIssue(
        id=identifier,
        short_id=short_id,
        title=text(answer, "title"),
        culprit=text(answer, "culprit"),
        url=text(answer, "permalink"),
        status=text(answer, "status"),
        substatus=text(answer, "substatus") or None,
        level=text(answer, "level"),
        platform=text(answer, "platform"),
        project=text(project, "slug"),
        project_id=text(project, "id"),
        type=text(answer, "issueType") or "error",
        events=whole(answer.get("count")),
        users=whole(answer.get("userCount")),
        first_seen=utc_time(answer.get("firstSeen")),
        last_seen=utc_time(answer.get("lastSeen")),
        first_release=version["firstRelease"],
        last_release=version["lastRelease"],
        resolved_in=text(nested(answer, "statusDetails"), "inRelease") or None,
    )


def release_of(answer: JsonObject) -> SentryRelease:
    """The release; without its version it is `Malformed`."""
    version = text(answer, "version")
    if not version:
        raise Malformed("Sentry's release has no version")
    return SentryRelease(
        version=version,
        created=utc_time(answer.get("dateCreated")),
        released=utc_time(answer.get("dateReleased")) or None,
        commit=text(nested(answer, "lastCommit"), "id") or None,
        commits=whole(answer.get("commitCount")),
        deploys=whole(answer.get("deployCount")),
    )


def suspect_of(commit: JsonObject, author: JsonObject) -> SuspectCommit:
    """The suspect commit; what Sentry leaves out is empty."""
    return SuspectCommit(
        sha=text(commit, "id"),
        title=text(commit, "message").split("\n", 1)[0],
        author=text(author, "name") or text(author, "username"),
        date=utc_time(commit.get("dateCreated")),
        pull_request=whole(nested(commit, "pullRequest").get("id")) or None,
    )


def tag_value_of(answer: JsonObject) -> TagValue:
    """The value of a tag; what Sentry leaves out is empty."""
    return TagValue(
        text(answer, "value"),
        whole(answer.get("count")),
        utc_time(answer.get("firstSeen")),
        utc_time(answer.get("lastSeen")),
    )
