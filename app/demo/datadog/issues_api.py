"""The REST calls about issues of Error Tracking, and about the cases that people open for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from app.demo.datadog.answers import attributes_of, bad_request, iso, milliseconds, not_found
from app.demo.datadog.issues import STATES, Issue
from app.demo.datadog.records import Record
from app.demo.datadog.search import parse, period
from app.demo.datadog.store import LOGS, SPANS, Store

ISSUES = "/api/v2/error-tracking/issues"
PAGE = 100
_TRACKS = {"trace": SPANS, "logs": LOGS}


class IssuesApi:
    """Issues: one, many, their state; comments on their cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.post(f"{ISSUES}/search", self.search),
            web.get(ISSUES + "/{issue}", self.issue),
            web.put(ISSUES + "/{issue}/state", self.set_state),
            web.post("/api/v2/cases/{case}/comment", self.comment),
        ]

    async def issue(self, request: web.Request) -> web.Response:
        """One issue; it holds no stack trace."""
        return web.json_response({"data": issue_json(self._issue(request)), "included": []})

    async def set_state(self, request: web.Request) -> web.Response:
        """The issue after its state was set."""
        issue, state = self._issue(request), (await attributes_of(request)).get("state")
        if state not in STATES:
            raise bad_request(f"state must be one of {', '.join(sorted(STATES))}")
        issue.set_state(state, self._store.clock())
        return web.json_response({"data": issue_json(issue)})

    async def search(self, request: web.Request) -> web.Response:
        """The issues that had matching errors in a period, with how many and of how many users."""
        asked, now = await attributes_of(request), self._store.clock()
        if not isinstance(asked.get("track"), str) and not isinstance(asked.get("persona"), str):
            raise bad_request("one of track or persona is required")
        within, matches = period(asked, now), parse(asked.get("query", "*"))
        states = asked.get("states")
        counted: dict[str, list[Record]] = {}
        for track in self._tracks(asked):
            for record in self._store.tracks[track].select(matches, within, now=now):
                if (issue := record.value("@issue.id")) is not None:
                    counted.setdefault(issue, []).append(record)
        found = [
            (self._store.issues[issue], records)
            for issue, records in counted.items()
            if issue in self._store.issues and (not states or self._store.issues[issue].state in states)
        ]
        newest_first = asked.get("order_by") == "FIRST_SEEN"
        found.sort(key=lambda one: -one[0].first_seen if newest_first else -len(one[1]))
        data = [_result(issue, records) for issue, records in found[:PAGE]]
        included = [issue_json(issue) for issue, _ in found[:PAGE]] if "include" in request.query else []
        return web.json_response({"data": data, "included": included})

    async def comment(self, request: web.Request) -> web.Response:
        """The new comment of a case."""
        case = self._store.cases.get(request.match_info["case"])
        if case is None:
            raise not_found()
        said = (await attributes_of(request)).get("comment")
        if not isinstance(said, str) or not said.strip():
            raise bad_request("comment is required")
        case.comments.append(said)
        attributes = {
            "timeline": {
                "type": "COMMENT",
                "value": {"content": said},
                "created_at": iso(self._store.clock()),
            }
        }
        data = {"id": str(len(case.comments)), "type": "timeline_cell", "attributes": attributes}
        return web.json_response({"data": [data]})

    def _issue(self, request: web.Request) -> Issue:
        issue = self._store.issues.get(request.match_info["issue"].lower())
        if issue is None:
            raise not_found()
        return issue

    @staticmethod
    def _tracks(asked: Any) -> Iterator[str]:
        """The kinds of records that the search goes through: a track, or all that a back end has."""
        named = asked.get("track")
        if named is None:
            yield from (SPANS, LOGS)
        elif named in _TRACKS:
            yield _TRACKS[named]
        elif named != "rum":  # there are no browsers here
            raise bad_request("track must be one of trace, logs, rum")


def issue_json(issue: Issue) -> dict[str, Any]:
    """An issue as the API shows it."""
    path, function = issue.fault.place
    attributes: dict[str, Any] = {
        "error_type": issue.fault.type,
        "error_message": issue.fault.message,
        "file_path": path,
        "function_name": function,
        "first_seen": milliseconds(issue.first_seen),
        "last_seen": milliseconds(issue.last_seen),
        "first_seen_version": issue.first_version or "",
        "last_seen_version": issue.last_version or "",
        "is_crash": False,
        "languages": ["PYTHON"],
        "platform": "BACKEND",
        "service": issue.service,
        "state": issue.state,
    }
    if issue.regression is not None:
        attributes["regression"] = issue.regression
    case = None if issue.case is None else {"id": issue.case, "type": "case"}
    relationships = {} if case is None else {"case": {"data": case}}
    return {"id": issue.id, "type": "issue", "attributes": attributes, "relationships": relationships}


def _result(issue: Issue, records: list[Record]) -> dict[str, Any]:
    users = {user for record in records if (user := record.value("@usr.id")) is not None}
    sessions = {one for record in records if (one := record.value("@session.id")) is not None}
    counts = {"total_count": len(records), "impacted_users": len(users), "impacted_sessions": len(sessions)}
    return {
        "id": issue.id,
        "type": "error_tracking_search_result",
        "attributes": counts,
        "relationships": {"issue": {"data": {"id": issue.id, "type": "issue"}}},
    }
