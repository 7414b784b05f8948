"""The REST calls that search and count spans, logs and events."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from app.demo.datadog.answers import attributes_in, bad_request, iso, json_body, milliseconds, not_found
from app.demo.datadog.records import Record
from app.demo.datadog.search import parse, period
from app.demo.datadog.store import EVENTS, LOGS, SPANS, Store

MAX_PAGE: Final = 1_000
_INTERVAL = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Compute = Callable[[Sequence[Record]], Any]


class RecordsApi:
    """Spans, logs and events: searched page by page, and counted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.post(f"/api/v2/{SPANS}/events/search", self._searching(SPANS)),
            web.post(f"/api/v2/{LOGS}/events/search", self._searching(LOGS)),
            web.post("/api/v2/events/search", self._searching(EVENTS)),
            web.get("/api/v2/events/{event}", self.event),
            web.post(f"/api/v2/{SPANS}/analytics/aggregate", self._counting(SPANS)),
            web.post(f"/api/v2/{LOGS}/analytics/aggregate", self._counting(LOGS)),
        ]

    async def event(self, request: web.Request) -> web.Response:
        """One event."""
        for record in self._store.tracks[EVENTS].items:
            if record.id == request.match_info["event"] and record.visible <= self._store.clock():
                return web.json_response({"data": record_json(record, EVENTS)})
        raise not_found()

    def _searching(self, track: str) -> Callable[[web.Request], Any]:
        async def search(request: web.Request) -> web.Response:
            """One page of what matches, by default the oldest first, and the cursor of the next page."""
            asked = await _asked(request, track)
            found = self._found(track, asked)
            if asked.get("sort") != "-timestamp":
                found.reverse()
            page = asked.get("page")
            page = page if isinstance(page, Mapping) else {}
            limit, start = page.get("limit", 10), _offset(page.get("cursor"))
            if type(limit) is not int or not 1 <= limit <= MAX_PAGE:
                raise bad_request(f"page.limit must be between 1 and {MAX_PAGE}")
            shown, end = found[start : start + limit], start + limit
            after = {"page": {"after": _cursor(end)}} if end < len(found) else {}
            data = [record_json(record, track) for record in shown]
            return web.json_response({"data": data, "meta": {**after, "status": "done", "elapsed": 1}})

        return search

    def _counting(self, track: str) -> Callable[[web.Request], Any]:
        async def aggregate(request: web.Request) -> web.Response:
            """What is asked to be computed, for each group."""
            asked = await _asked(request, track)
            computes = [_compute(one) for one in _objects(asked.get("compute")) or [{"aggregation": "count"}]]
            facets = [str(one.get("facet")) for one in _objects(asked.get("group_by"))]
            groups: dict[tuple[str, ...], list[Record]] = {} if facets else {(): []}
            for record in self._found(track, asked):
                values = [record.value(facet) for facet in facets]
                # What lacks a facet belongs to no group.
                if None not in values:
                    groups.setdefault(tuple(str(value) for value in values), []).append(record)
            computed = [
                (
                    dict(zip(facets, key, strict=True)),
                    {f"c{at}": compute(records) for at, compute in enumerate(computes)},
                )
                for key, records in sorted(groups.items(), key=lambda one: -len(one[1]))
            ]
            return web.json_response({"data": _buckets(track, computed), "meta": _done()})

        return aggregate

    def _found(self, track: str, asked: Mapping[str, Any]) -> list[Record]:
        """The records that the filter takes, newest first."""
        wanted, now = asked.get("filter"), self._store.clock()
        wanted = wanted if isinstance(wanted, Mapping) else {}
        within, matches = period(wanted, now), parse(wanted.get("query", "*"))
        return list(self._store.tracks[track].select(matches, within, now=now))


async def _asked(request: web.Request, track: str) -> Mapping[str, Any]:
    """What is asked for: bodies about spans are wrapped, the others are not."""
    body = await json_body(request)
    if track == SPANS:
        return attributes_in(body)
    if not isinstance(body, dict) or "data" in body:
        raise bad_request("Invalid request")
    return body


def _compute(asked: Mapping[str, Any]) -> Compute:
    """One number, or one for each interval, of a group's records."""
    kind, aggregation = asked.get("type", "total"), asked.get("aggregation")
    facet = asked.get("metric")
    if aggregation not in {"count", "cardinality"} or (aggregation == "cardinality" and facet is None):
        raise bad_request("This stand-in computes count, and cardinality of a metric")

    def number(records: Sequence[Record]) -> int:
        if aggregation == "count":
            return len(records)
        return len({record.value(str(facet)) for record in records} - {None})

    if kind != "timeseries":
        return number
    found = _INTERVAL.fullmatch(str(asked.get("interval", "1m")))
    if found is None:
        raise bad_request("Invalid interval")
    width = int(found[1]) * _SECONDS[found[2]]

    def series(records: Sequence[Record]) -> list[dict[str, Any]]:
        buckets: dict[int, list[Record]] = {}
        for record in records:
            buckets.setdefault(math.floor(record.at / width) * width, []).append(record)
        return [{"time": iso(at), "value": number(buckets[at])} for at in sorted(buckets)]

    return series


def _buckets(track: str, computed: list[tuple[dict[str, str], dict[str, Any]]]) -> Any:
    if track == LOGS:
        return {"buckets": [{"by": by, "computes": numbers} for by, numbers in computed]}
    return [
        {"id": str(at), "type": "bucket", "attributes": {"by": by, "compute": numbers}}
        for at, (by, numbers) in enumerate(computed)
    ]


def record_json(record: Record, track: str) -> dict[str, Any]:
    """A span, a log or an event as the API shows it."""
    reserved, tags = record.reserved, list(record.tags)
    if track == SPANS:
        attributes: dict[str, Any] = {
            "service": reserved.get("service"),
            "env": reserved.get("env"),
            "resource_name": reserved.get("resource_name"),
            "operation_name": reserved.get("operation_name"),
            "trace_id": reserved.get("trace_id"),
            "span_id": reserved.get("span_id"),
            "type": reserved.get("type"),
            # A span is sent once it is over.
            "start_timestamp": iso(record.at - record.custom["duration"] / 1e9),
            "end_timestamp": iso(record.at),
            "tags": [
                f"{name}:{reserved[name]}" for name in ("env", "service", "version") if name in reserved
            ],
            "custom": {**record.custom, **{key: reserved[key] for key in ("version",) if key in reserved}},
        }
        return {"id": record.id, "type": "spans", "attributes": attributes}
    attributes = {
        "timestamp": iso(record.at),
        "tags": tags,
        "message": record.message,
        "attributes": dict(record.custom),
    }
    if track == EVENTS:
        attributes["attributes"] = {**record.custom, "timestamp": milliseconds(record.at)}
        return {"id": record.id, "type": "event", "attributes": attributes}
    known = {name: reserved[name] for name in ("service", "host", "status") if name in reserved}
    return {"id": record.id, "type": "log", "attributes": attributes | known}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: object) -> int:
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(str(cursor).encode())))
    except ValueError:
        raise bad_request("Invalid cursor") from None


def _done() -> dict[str, Any]:
    return {"status": "done", "elapsed": 1}
