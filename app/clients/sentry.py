"""Calls to Sentry's REST API, in the words of an incident.

Answers are read tolerantly: what is missing becomes empty; only what no caller can do without is `Malformed`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx
from pydantic import JsonValue

from app.clients.sentry_api import JsonObject, SentryApi, part
from app.core.errors import Malformed, NotFound
from app.core.model import SuspectCommit
from app.core.sentry_event import SentryIssue, clean, utc_time

MAX_TEXT: Final = 10_000

_PLAIN_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+/-]*")


@dataclass(frozen=True, slots=True)
class SentryRelease:
    """A release as Sentry knows it; `commit` is its newest commit, if commits were reported."""

    version: str
    created: str
    released: str | None
    commit: str | None
    commits: int
    deploys: int


class Sentry:
    """One Sentry, at one address, under one token. `base_url` may end in `/api/0/` or not."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        token: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api = SentryApi(http, base_url, token, sleep, now)

    async def issue(self, org: str, issue_id: str) -> SentryIssue:
        """The issue that `issue_id` names by number or short id."""
        answer = await self._api.get(f"organizations/{part(org)}/issues/{part(issue_id)}/")
        return _issue(_object(answer, "issue"))

    async def event(self, org: str, issue_id: str, which: str = "latest") -> JsonObject:
        """One event in the API's shape: `latest`, `oldest`, `recommended`, or an event id."""
        path = f"organizations/{part(org)}/issues/{part(issue_id)}/events/{part(which)}/"
        return _object(await self._api.get(path), "event")

    async def count_errors(
        self,
        org: str,
        short_id: str,
        *,
        release: str | None,
        start: datetime,
        end: datetime,
        environment: str | None = None,
    ) -> int:
        """The events of one issue from `start` up to `end`; without a number it is `Malformed`."""
        search = " ".join(
            [_term("issue", short_id), *([_term("release", release)] if release is not None else [])]
        )
        number = await self._count(org, "errors", search, start, end, environment)
        if number is None:
            raise Malformed("Sentry's count of errors holds no number")
        return number

    async def count_transactions(
        self,
        org: str,
        project: str,
        *,
        release: str | None = None,
        start: datetime,
        end: datetime,
        environment: str | None = None,
    ) -> int | None:
        """The transactions of a project from `start` up to `end`; None if Sentry holds no such data.

        Sentry extrapolates from sampled transactions, so this is an estimate of the traffic.
        """
        terms = [_term("project", project), "is_transaction:true"]
        if release is not None:
            terms.append(_term("release", release))
        return await self._count(org, "spans", " ".join(terms), start, end, environment)

    async def release(self, org: str, version: str) -> SentryRelease | None:
        """The release, or None if Sentry has not heard of it."""
        try:
            answer = await self._api.get(f"organizations/{part(org)}/releases/{part(version)}/")
        except NotFound:
            return None
        return _release(_object(answer, "release"))

    async def project_id(self, org: str, project: str) -> str | None:
        """The number of a project, or None if Sentry has none of that slug for this token."""
        try:
            answer = await self._api.get(f"projects/{part(org)}/{part(project)}/")
        except NotFound:
            return None
        number = _text(_object(answer, "project"), "id")
        if not number:
            raise Malformed("Sentry's project has no id")
        return number

    async def newest_release(self, org: str, project_ids: Sequence[str]) -> SentryRelease | None:
        """The newest release of any of the projects, or None if they have none."""
        query = [("per_page", "1"), *(("project", number) for number in project_ids)]
        found = _objects(await self._api.get(f"organizations/{part(org)}/releases/", query))
        return _release(found[0]) if found else None

    async def committers(self, org: str, project: str, event_id: str) -> tuple[SuspectCommit, ...]:
        """The commits that Sentry suspects of having caused the event; empty if it suspects none."""
        path = f"projects/{part(org)}/{part(project)}/events/{part(event_id)}/committers/"
        try:
            answer = _object(await self._api.get(path), "committers")
        except NotFound:
            return ()
        return tuple(
            _suspect(commit, _nested(committer, "author"))
            for committer in _objects(answer.get("committers"))
            for commit in _objects(committer.get("commits"))
        )

    async def resolve_in_release(self, org: str, issue_id: str, version: str) -> None:
        """The issue is resolved in `version`: an event of that release or a later one reopens it."""
        await self._api.put(
            f"organizations/{part(org)}/issues/{part(issue_id)}/",
            {"status": "resolved", "statusDetails": {"inRelease": clean(version, MAX_TEXT)}},
        )

    async def comment(self, org: str, issue_id: str, text: str) -> None:
        """`text` stands among the issue's notes; a lost answer is not retried, so it stands there once."""
        await self._api.post(
            f"organizations/{part(org)}/issues/{part(issue_id)}/notes/", {"text": clean(text, MAX_TEXT)}
        )

    async def _count(
        self, org: str, dataset: str, search: str, start: datetime, end: datetime, environment: str | None
    ) -> int | None:
        query = [("dataset", dataset), ("field", "count()"), ("query", search)]
        query += [("start", _instant(start)), ("end", _instant(end))]
        if environment is not None:
            query.append(("environment", environment))
        answer = _object(await self._api.get(f"organizations/{part(org)}/events/", query), "count")
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise Malformed("Sentry's count has no data")
        return _number(rows[0]) if rows else None


def _term(key: str, value: str) -> str:
    """`key:value` of Sentry's search, quoted so that nothing in the value is an operator or a wildcard."""
    value = clean(value, MAX_TEXT)
    if _PLAIN_TERM.fullmatch(value):
        return f"{key}:{value}"
    escaped = re.sub(r'(["\\*])', r"\\\1", value)
    return f'{key}:"{escaped}"'


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _object(value: JsonValue, what: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise Malformed(f"Sentry's {what} is not an object")
    return value


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _nested(value: JsonObject, key: str) -> JsonObject:
    item = value.get(key)
    return item if isinstance(item, dict) else {}


def _text(value: JsonObject, key: str) -> str:
    item = value.get(key)
    return clean(item, MAX_TEXT) if isinstance(item, str) else ""


def _whole(value: JsonValue) -> int:
    """A count, which Sentry gives as a number or as digits; 0 if it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _number(row: JsonValue) -> int | None:
    """The `count()` of a row. Estimates may be fractions; what is no count is `Malformed`."""
    cells = _object(row, "count")
    value = cells.get("count()", cells.get("count"))
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise Malformed("Sentry's count is not a number")
    return round(value)


def _issue(answer: JsonObject) -> SentryIssue:
    identifier, short_id = _text(answer, "id"), _text(answer, "shortId")
    if not identifier or not short_id:
        raise Malformed("Sentry's issue has no id")
    project = _nested(answer, "project")
    version = {key: _text(_nested(answer, key), "version") or None for key in ("firstRelease", "lastRelease")}
    return SentryIssue(
        id=identifier,
        short_id=short_id,
        title=_text(answer, "title"),
        culprit=_text(answer, "culprit"),
        url=_text(answer, "permalink"),
        status=_text(answer, "status"),
        substatus=_text(answer, "substatus") or None,
        level=_text(answer, "level"),
        platform=_text(answer, "platform"),
        project=_text(project, "slug"),
        project_id=_text(project, "id"),
        type=_text(answer, "issueType") or "error",
        events=_whole(answer.get("count")),
        users=_whole(answer.get("userCount")),
        first_seen=utc_time(answer.get("firstSeen")),
        last_seen=utc_time(answer.get("lastSeen")),
        first_release=version["firstRelease"],
        last_release=version["lastRelease"],
        resolved_in=_text(_nested(answer, "statusDetails"), "inRelease") or None,
    )


def _release(answer: JsonObject) -> SentryRelease:
    version = _text(answer, "version")
    if not version:
        raise Malformed("Sentry's release has no version")
    return SentryRelease(
        version=version,
        created=utc_time(answer.get("dateCreated")),
        released=utc_time(answer.get("dateReleased")) or None,
        commit=_text(_nested(answer, "lastCommit"), "id") or None,
        commits=_whole(answer.get("commitCount")),
        deploys=_whole(answer.get("deployCount")),
    )


def _suspect(commit: JsonObject, author: JsonObject) -> SuspectCommit:
    return SuspectCommit(
        sha=_text(commit, "id"),
        title=_text(commit, "message").split("\n", 1)[0],
        author=_text(author, "name") or _text(author, "username"),
        date=utc_time(commit.get("dateCreated")),
        pull_request=_whole(_nested(commit, "pullRequest").get("id")) or None,
    )
