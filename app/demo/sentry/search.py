"""Sentry's search terms and time ranges, as far as the stand-in knows them; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.demo.sentry.answers import bad_request
from app.demo.sentry.series import Selection
from app.demo.sentry.store import Store

DEFAULT_SECONDS: Final = 90 * 86_400.0
_TERM = re.compile(r'\s*([A-Za-z_.]+):("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)')
_PERIOD = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_KEYS: Final = frozenset(
    {"issue", "release", "environment", "project", "transaction", "is_transaction", "has"}
)
_ISSUE_KEYS: Final = frozenset({"is", "firstRelease", "firstSeen"})


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to `end`, in Unix seconds."""

    start: float
    end: float


def issue_terms(text: str) -> dict[str, str]:
    """The `key:value` terms of a search for issues."""
    return terms(text, _ISSUE_KEYS)


def terms(text: str, keys: Collection[str] = _KEYS) -> dict[str, str]:
    """The `key:value` terms of a search."""
    found: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        term = _TERM.match(text, position)
        if term is None or term[1] not in keys:
            raise bad_request(f"Invalid query. This stand-in does not know: {text[position:].strip()[:80]}")
        value = term[2]
        if value.startswith('"'):
            value = value[1:-1]
        if re.search(r"(?<!\\)\*", value):
            raise bad_request("Invalid query. This stand-in knows no wildcards.")
        found[term[1]] = re.sub(r"\\(.)", r"\1", value)
        position = term.end()
    return found


def period(query: Mapping[str, str], now: float) -> Period:
    """The time range of a request: `start` and `end`, or `statsPeriod` before now, or the last 90 days."""
    if "start" in query or "end" in query:
        if "start" not in query or "end" not in query:
            raise bad_request("start and end are both required")
        return Period(moment(query["start"]), moment(query["end"]))
    if "statsPeriod" in query:
        found = _PERIOD.fullmatch(query["statsPeriod"])
        if found is None:
            raise bad_request("Invalid statsPeriod")
        # A range that ends now holds what happens now.
        return Period(now - int(found[1]) * _SECONDS[found[2]], now + 1)
    return Period(now - DEFAULT_SECONDS, now + 1)


def moment(text: str) -> float:
    """An ISO 8601 time, taken as UTC if it does not say, in Unix seconds."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"{text[:40]} is not a valid ISO8601 date query") from None
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()


def selection(query: Mapping[str, str], store: Store, *, default_name: str | None = None) -> Selection | None:
    """The occurrences that a request asks for; None if its search names another project."""
    wanted = terms(query.get("query", ""))
    within = period(query, store.clock())
    name = wanted.get("transaction", default_name)
    if "issue" in wanted:
        group = store.group(wanted["issue"])
        if group is None:
            raise bad_request(f"Invalid value '['{wanted['issue']}']' for 'issue:' filter")
        name = group.id
    if wanted.get("has", "user") != "user":
        raise bad_request("This stand-in answers has:user")
    if wanted.get("project", store.project) != store.project:
        return None
    if query.get("project", str(store.project_id)) not in (str(store.project_id), store.project, "-1"):
        return None
    return Selection(
        start=within.start,
        end=within.end,
        release=wanted.get("release"),
        environment=query.get("environment", wanted.get("environment")),
        name=name,
        with_user="has" in wanted,
    )
