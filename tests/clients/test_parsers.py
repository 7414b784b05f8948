"""Whatever an answer holds, reading it gives a value or one of our errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clients import bugsink, datadog_answers, sentry_answers
from app.core.errors import ClientError

WITHIN = (datetime.fromtimestamp(1_764_000_000, UTC), datetime.fromtimestamp(1_764_000_600, UTC))
UUID = "c1726a66-1f64-11ee-b338-da7ad0900002"
KEYS = [
    "attributes",
    "buckets",
    "c0",
    "case",
    "commits",
    "compute",
    "computes",
    "count",
    "count()",
    "custom",
    "cursor",
    "data",
    "dateCreated",
    "error",
    "error_type",
    "first_seen",
    "fixed_at",
    "friendly_id",
    "git",
    "groups",
    "id",
    "included",
    "incomplete",
    "ingested_at",
    "intervals",
    "lastCommit",
    "message",
    "meta",
    "monitor_id",
    "next",
    "page",
    "pointlist",
    "project",
    "pullRequest",
    "regression",
    "relationships",
    "results",
    "series",
    "shortId",
    "stack",
    "start_timestamp",
    "state",
    "status",
    "sum(session)",
    "tags",
    "time",
    "timeSeries",
    "timestamp",
    "type",
    "value",
    "values",
    "version",
]
TEXTS = (
    UUID,
    "2025-11-24T16:00:00Z",
    "http://[::1",
    "https://x/?cursor=a",
    "Traceback (most recent call last):",
    "\ud800",
    "7",
    "",
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**53, 1_764_000_000_000, 1_764_000_060_000])
    | st.floats(allow_nan=False)
    | st.sampled_from(TEXTS)
    | st.text(max_size=5)
)
answers = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
READERS: dict[str, Callable[[Any], object]] = {
    "issue of Sentry": lambda it: sentry_answers.issue_of(it if isinstance(it, dict) else {}),
    "release of Sentry": lambda it: sentry_answers.release_of(it if isinstance(it, dict) else {}),
    "series of Sentry": lambda it: sentry_answers.series(it, "errors", WITHIN, 60.0),
    "values of Sentry": lambda it: sentry_answers.series(
        {"timeSeries": [{"values": it}]}, "errors", WITHIN, 60.0
    ),
    "sessions of Sentry": lambda it: sentry_answers.sessions(it, WITHIN, 60.0, 0.0),
    "link of Sentry": lambda it: sentry_answers.next_cursor({"Link": repr(it)}),
    "issue of Datadog": datadog_answers.issue_of,
    "attributes of Datadog": lambda it: datadog_answers.issue_of(
        {"id": UUID, "attributes": {**(it if isinstance(it, dict) else {}), "error_type": "KeyError"}}
    ),
    "search of Datadog": lambda it: list(datadog_answers.found_issues(it)),
    "sample of Datadog": lambda it: datadog_answers.sample_of({"attributes": it}, "spans").chain,
    "spans of Datadog": lambda it: list(datadog_answers.points_of(it, "spans")),
    "logs of Datadog": lambda it: list(datadog_answers.points_of({"data": {"buckets": it}}, "logs")),
    "metric of Datadog": lambda it: list(datadog_answers.metric_points_of({"series": [{"pointlist": it}]})),
    "monitor of Datadog": datadog_answers.monitor_of,
    "event of Datadog": lambda it: datadog_answers.event_of({"id": "7", "attributes": {"attributes": it}}),
    "issue of Bugsink": lambda it: bugsink._issue(it if isinstance(it, dict) else {}),
    "page of Bugsink": lambda it: bugsink._page(it, "Bugsink's events"),
    "next page of Bugsink": lambda it: bugsink._page({"results": [], "next": it}, "Bugsink's events"),
    "time of Bugsink": bugsink._moment,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@settings(max_examples=100, deadline=None)
@given(answer=answers)
def test_reading_never_crashes(read: Callable[[Any], object], answer: Any) -> None:
    try:
        found = read(answer)
    except ClientError as fault:
        found = str(fault)
    assert found != ""
