"""What a program did before it failed, as Datadog tells it: the spans and logs of the failure's own trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.clients.reading import nested, text
from app.clients.rest import JsonObject
from app.core.breadcrumbs import LONGEST, MOST
from app.core.model import Breadcrumb
from app.core.sentry_event import clean, utc_time

# A trace is rarely longer, and what lies further back explains little.
REACH: Final = timedelta(minutes=15)
_WORD: Final = 60


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a failure belongs to, and when it failed."""

    id: str
    until: datetime

    @property
    def within(self) -> tuple[datetime, datetime]:
        """The time in which its spans and logs are looked for."""
        return self.until - REACH, self.until + timedelta(seconds=1)


def trace_of(failure: JsonObject) -> Trace | None:
    """The trace of a span or log; None if it names none, or no time."""
    has = nested(failure, "attributes")
    inner = nested(has, "attributes")
    names = (
        text(has, "trace_id"),
        text(inner, "trace_id"),
        text(inner, "dd.trace_id"),
        text(nested(inner, "dd"), "trace_id"),
    )
    name = next(filter(None, names), "")
    # A span has failed at its end: what began inside of it came before.
    times = (utc_time(has.get(key)) for key in ("end_timestamp", "start_timestamp", "timestamp"))
    at = next(filter(None, times), "")
    return Trace(name, datetime.fromisoformat(at)) if name and at else None


def crumbs_of(trace: Trace, found: Iterable[JsonObject], failure: str) -> tuple[Breadcrumb, ...]:
    """The newest spans and logs up to the failure, oldest first; the one whose id is `failure` is not among them."""
    crumbs = [_crumb(one) for one in found if text(one, "id") != failure]
    before = [
        crumb
        for crumb in crumbs
        if crumb.text and crumb.at and datetime.fromisoformat(crumb.at) <= trace.until
    ]
    return tuple(sorted(before, key=lambda crumb: datetime.fromisoformat(crumb.at))[-MOST:])


def _crumb(one: JsonObject) -> Breadcrumb:
    has = nested(one, "attributes")
    is_span = has.get("start_timestamp") is not None
    failed = bool(nested(has, "custom", "error")) or bool(nested(has, "attributes", "error"))
    return Breadcrumb(
        utc_time(has.get("start_timestamp" if is_span else "timestamp")),
        clean((text(has, "type") or "span") if is_span else "log", _WORD),
        "error" if is_span and failed else clean(text(has, "status"), _WORD),
        clean(text(has, "resource_name") if is_span else text(has, "message"), LONGEST),
    )
