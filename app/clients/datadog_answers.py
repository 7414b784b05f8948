"""What Datadog's answers say, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from app.clients.reading import MAX_COUNT, a_count, a_list, a_time, an_object, nested, objects, text, whole
from app.clients.rest import MAX_TEXT, JsonObject
from app.core.errors import Malformed, Refused, Unavailable
from app.core.model import Raised
from app.core.sentry_event import clean, utc_time
from app.core.traceback_text import read_traceback

MAX_STACK: Final = 1_000_000
MAX_SEARCHED: Final = 500

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_IN_A_TAG = re.compile(r"[^a-z0-9_:./-]")


@dataclass(frozen=True, slots=True)
class DatadogIssue:
    """An issue of Error Tracking. Times are ISO 8601 in UTC or empty.

    `events` and `users` are 0 where Datadog does not say them: only a search does. `case` is the case that people
    opened for it, if any.
    """

    id: str
    type: str
    message: str
    service: str
    state: str
    first_seen: str
    last_seen: str
    first_version: str | None
    last_version: str | None
    languages: tuple[str, ...]
    is_regressed: bool
    events: int = 0
    users: int = 0
    case: str | None = None

    @property
    def title(self) -> str:
        """The error as its first line was printed."""
        return f"{self.type}: {self.message}".splitlines()[0] if self.message else self.type


@dataclass(frozen=True, slots=True)
class Sample:
    """A span or a log that bears an error. `track` is `spans` or `logs`; the time is ISO 8601 in UTC or empty."""

    track: str
    id: str
    at: str
    service: str
    environment: str | None
    version: str | None
    resource: str | None
    type: str
    message: str
    stack: str

    @property
    def chain(self) -> tuple[Raised, ...]:
        """The exceptions of a Python stack, root first; empty if it is none. A stack text holds no locals."""
        printed = read_traceback(self.stack)
        if printed is None and self.type:
            # Some loggers leave the exception's own line to the other fields.
            first = self.message.split("\n", 1)[0]
            printed = read_traceback(f"{self.stack.rstrip()}\n{self.type}: {first}\n")
        return printed.chain if printed is not None else ()


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and how it stands: Alert, Warn, No Data, OK, Ignored, Skipped or Unknown, also for each group."""

    id: int
    name: str
    type: str
    query: str
    message: str
    tags: tuple[str, ...]
    state: str
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MonitorEvent:
    """An event, as a monitor leaves one with each alert. The time is ISO 8601 in UTC or empty."""

    id: str
    title: str
    message: str
    status: str
    at: str
    monitor: int | None
    groups: tuple[str, ...]
    tags: tuple[str, ...]


def issue_id(given: str) -> str:
    """The UUID of an issue, or `Refused`: it becomes part of a search."""
    if not _UUID.fullmatch(given):
        raise Refused("an issue of Datadog is named by its UUID")
    return given.lower()


def term(key: str, value: str) -> str:
    """`key:"value"` of Datadog's search, or `Refused` if the value would stand for more than itself."""
    value = clean(value, MAX_SEARCHED + 1)
    if not value or len(value) > MAX_SEARCHED or set(value) & set("*?\n"):
        raise Refused(f"Datadog cannot be searched for this {key}")
    escaped = re.sub(r'(["\\])', r"\\\1", value)
    return f'{key}:"{escaped}"'


def tag(key: str, value: str) -> str:
    """`key:value` as Datadog keeps tags of metrics: small letters, and `_` for what no tag may hold."""
    return f"{key}:{_NOT_IN_A_TAG.sub('_', value.lower())[: 200 - len(key)]}"


def issue_of(answer: JsonValue) -> DatadogIssue:
    """The issue; without id or type it is `Malformed`."""
    data = an_object(answer, "Datadog's issue")
    identifier, has = text(data, "id"), nested(data, "attributes")
    if not _UUID.fullmatch(identifier) or not text(has, "error_type"):
        raise Malformed("Datadog's issue has no id or no type")
    languages = has.get("languages")
    return DatadogIssue(
        id=identifier.lower(),
        type=text(has, "error_type"),
        message=text(has, "error_message"),
        service=text(has, "service"),
        state=text(has, "state"),
        first_seen=_from_milliseconds(has.get("first_seen")),
        last_seen=_from_milliseconds(has.get("last_seen")),
        first_version=text(has, "first_seen_version") or None,
        last_version=text(has, "last_seen_version") or None,
        languages=_texts(languages),
        is_regressed=bool(nested(has, "regression").get("regressed_at")),
        case=text(nested(data, "relationships", "case", "data"), "id") or None,
    )


def found_issues(answer: JsonValue) -> Iterator[tuple[JsonObject, int, int]]:
    """Each issue of a search with its events and users."""
    body = an_object(answer, "Datadog's issues")
    included = {text(one, "id"): one for one in objects(body.get("included")) if text(one, "type") == "issue"}
    for result in objects(a_list(body.get("data"), "Datadog's issues")):
        counts = nested(result, "attributes")
        issue = included.get(
            text(nested(result, "relationships", "issue", "data"), "id") or text(result, "id")
        )
        if issue is not None:
            yield issue, whole(counts.get("total_count")), whole(counts.get("impacted_users"))


def sample_of(answer: JsonObject, track: str) -> Sample:
    """The error that a span or log bears; what Datadog leaves out is empty."""
    has = nested(answer, "attributes")
    inner, custom = nested(has, "attributes"), nested(has, "custom")
    tags = dict(one.split(":", 1) for one in reversed(_texts(has.get("tags"))) if ":" in one)

    def said(*names: str, under: str = "error", limit: int = MAX_TEXT) -> str:
        for place in (custom, inner):
            for name in names:
                found = nested(place, under).get(name) if under else place.get(name)
                found = place.get(f"{under}.{name}") if found is None and under else found
                if isinstance(found, str) and found:
                    return clean(found, limit)
        return ""

    return Sample(
        track=track,
        id=text(answer, "id"),
        at=utc_time(has.get("start_timestamp") or has.get("timestamp")),
        service=text(has, "service"),
        environment=text(has, "env") or said("env", under="") or tags.get("env") or None,
        version=said("version", under="") or tags.get("version") or None,
        resource=text(has, "resource_name") or None,
        type=said("type", "kind"),
        message=said("message", "msg"),
        stack=said("stack", limit=MAX_STACK),
    )


def points_of(answer: JsonValue, track: str) -> Iterator[tuple[float, int]]:
    """The points (epoch seconds, number) of an aggregation over time. What is no number is `Malformed`."""
    what = f"Datadog's count of {track}"
    for computes in _computes(answer, track, what):
        for point in a_list(computes.get("c0"), what):
            one = an_object(point, what)
            at = utc_time(one.get("time"))
            if not at:
                raise Malformed(f"{what} has a point without a time")
            yield datetime.fromisoformat(at).timestamp(), a_count(one.get("value"), what)


def totals_of(answer: JsonValue, track: str) -> tuple[int, int]:
    """The two totals of an aggregation, 0 if it found nothing. What is no number is `Malformed`."""
    what = f"Datadog's count of {track}"
    rows = [
        (a_count(one.get("c0"), what), a_count(one.get("c1"), what)) for one in _computes(answer, track, what)
    ]
    if len(rows) > 1:
        raise Malformed(f"{what} has more than one total")
    return rows[0] if rows else (0, 0)


def _computes(answer: JsonValue, track: str, what: str) -> Iterator[JsonObject]:
    """What was computed, for each bucket of an aggregation."""
    body = an_object(answer, what)
    if text(nested(body, "meta"), "status") == "timeout":
        raise Unavailable(f"{what} ended before it was complete")
    data = body.get("data")
    buckets = data if track == "spans" else an_object(data, what).get("buckets")
    for bucket in a_list(buckets, what):
        has = an_object(bucket, what)
        has = an_object(has.get("attributes"), what) if track == "spans" else has
        yield an_object(has.get("compute", has.get("computes")), what)


def metric_points_of(answer: JsonValue) -> Iterator[tuple[float, int]]:
    """The points (epoch seconds, number) of a metric; a point that was not reported is none."""
    what = "Datadog's metric"
    body = an_object(answer, what)
    if text(body, "status") == "error":
        raise Refused(f"Datadog cannot answer the metric's query: {text(body, 'error')[:200]}")
    for line in a_list(body.get("series"), what):
        for point in a_list(an_object(line, what).get("pointlist"), what):
            match point:
                case [_, None]:
                    pass
                case [at, number]:
                    yield a_time(at, what) / 1_000, a_count(number, what)
                case _:
                    raise Malformed(f"{what} has a point that is no pair")


def monitor_of(answer: JsonValue) -> Monitor:
    """The monitor; without its id it is `Malformed`."""
    has = an_object(answer, "Datadog's monitor")
    if not whole(has.get("id")):
        raise Malformed("Datadog's monitor has no id")
    groups = nested(has, "state", "groups")
    return Monitor(
        id=whole(has.get("id")),
        name=text(has, "name"),
        type=text(has, "type"),
        query=text(has, "query"),
        message=text(has, "message"),
        tags=_texts(has.get("tags")),
        state=text(has, "overall_state"),
        groups={name: text(group, "status") for name, group in groups.items() if isinstance(group, dict)},
    )


def event_of(answer: JsonValue) -> MonitorEvent:
    """The event; without its id it is `Malformed`."""
    data = an_object(answer, "Datadog's event")
    if not text(data, "id"):
        raise Malformed("Datadog's event has no id")
    outer = nested(data, "attributes")
    has = nested(outer, "attributes")
    return MonitorEvent(
        id=text(data, "id"),
        title=text(has, "title"),
        message=text(outer, "message"),
        status=text(has, "status"),
        at=utc_time(outer.get("timestamp")) or _from_milliseconds(has.get("timestamp")),
        monitor=whole(has.get("monitor_id")) or None,
        groups=_texts(has.get("monitor_groups")),
        tags=_texts(outer.get("tags")) or _texts(has.get("tags")),
    )


def _from_milliseconds(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_COUNT:
        return ""
    return utc_time(value / 1_000)


def _texts(value: JsonValue) -> tuple[str, ...]:
    return (
        tuple(clean(one, MAX_TEXT) for one in value if isinstance(one, str))
        if isinstance(value, list)
        else ()
    )
