"""The REST calls that count: totals, counts over time, sessions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from app.demo.sentry.answers import bad_request
from app.demo.sentry.search import period, selection, terms
from app.demo.sentry.series import Occurred, Selection, Series
from app.demo.sentry.store import Store
from app.demo.sentry.times import iso

ORGANIZATION: Final = "/api/0/organizations/{organization}"
COUNT: Final = "count()"
SESSIONS: Final = "sum(session)"
MAX_BUCKETS: Final = 10_000
_INTERVAL = re.compile(r"([0-9]{1,7})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_COLUMNS: Final[dict[str, Callable[[Occurred], str | None]]] = {
    "release": lambda item: item.release,
    "environment": lambda item: item.environment,
    "transaction": lambda item: item.name,
    "session.status": lambda item: item.name,
}


class CountsApi:
    """Counts of errors, transactions, spans and sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.get(ORGANIZATION + "/events/", self.events),
            web.get(ORGANIZATION + "/events-timeseries/", self.timeseries),
            web.get(ORGANIZATION + "/sessions/", self.sessions),
        ]

    async def events(self, request: web.Request) -> web.Response:
        """How many events match, by the columns that are asked for."""
        dataset, series = self._dataset(request)
        fields = request.query.getall("field", [])
        columns = [field for field in fields if field != COUNT]
        if COUNT not in fields or any(column not in _COLUMNS for column in columns):
            raise bad_request("This stand-in answers field=count() with release, environment or transaction")
        counts = self._counts(series, selection(request.query, self._store), columns)
        # Without columns there is one row even if nothing matches.
        rows = counts.most_common() if columns else [((), counts.total())]
        types = {**dict.fromkeys(columns, "string"), COUNT: "integer"}
        meta = {"fields": types, "units": dict.fromkeys(types), "dataset": dataset}
        data = [{**dict(zip(columns, key, strict=True)), COUNT: count} for key, count in rows]
        return web.json_response({"data": data, "meta": meta})

    async def timeseries(self, request: web.Request) -> web.Response:
        """How many events match in each interval; the current interval is incomplete."""
        dataset, series = self._dataset(request)
        if request.query.get("yAxis", COUNT) != COUNT:
            raise bad_request("This stand-in answers yAxis=count()")
        now, width = self._store.clock(), _interval(request, 60)
        chosen, within = selection(request.query, self._store), period(request.query, self._store.clock())
        counts = _buckets(within.start, min(within.end, now + 1), width)
        for item in series.select(chosen, now=now) if chosen is not None else ():
            counts[int(item.at // width) * width] += item.weight
        values = [
            {"timestamp": at * 1_000, "value": count, "incomplete": at + width > now - self._store.lag}
            for at, count in counts.items()
        ]
        meta = {"valueType": "integer", "valueUnit": None, "interval": width * 1_000}
        line = {"yAxis": COUNT, "values": values, "meta": meta}
        span = {"dataset": dataset, "start": int(within.start * 1_000), "end": int(within.end * 1_000)}
        return web.json_response({"timeSeries": [line], "meta": span})

    async def sessions(self, request: web.Request) -> web.Response:
        """How many sessions there were, in total and in each interval, by status, release or environment."""
        if request.query.getall("field", []) != [SESSIONS]:
            raise bad_request("This stand-in answers field=sum(session)")
        columns = request.query.getall("groupBy", [])
        if any(column not in _COLUMNS for column in columns):
            raise bad_request("Invalid groupBy")
        now, width = self._store.clock(), _interval(request, 3_600)
        within, chosen = period(request.query, now), selection(request.query, self._store)
        empty = _buckets(within.start, min(within.end, now + 1), width)
        groups: dict[tuple[str | None, ...], dict[int, int]] = {}
        for item in self._store.sessions.select(chosen, now=now) if chosen is not None else ():
            buckets = groups.setdefault(_key(item, columns), dict(empty))
            buckets[int(item.at // width) * width] += item.weight
        shapes: list[dict[str, Any]] = [
            {
                "by": dict(zip(columns, key, strict=True)),
                "totals": {SESSIONS: sum(buckets.values())},
                "series": {SESSIONS: list(buckets.values())},
            }
            for key, buckets in groups.items()
        ]
        body = {"start": iso(within.start), "end": iso(within.end), "query": request.query.get("query", "")}
        return web.json_response({**body, "intervals": [iso(at) for at in empty], "groups": shapes})

    def _dataset(self, request: web.Request) -> tuple[str, Series]:
        dataset = request.query.get("dataset", "errors")
        if dataset == "errors":
            return dataset, self._store.errors
        if dataset != "spans":
            raise bad_request("dataset must be one of: errors, spans")
        whole = terms(request.query.get("query", "")).get("is_transaction")
        return dataset, self._store.transactions if whole == "true" else self._store.spans

    def _counts(
        self, series: Series, chosen: Selection | None, columns: list[str]
    ) -> Counter[tuple[str | None, ...]]:
        counts: Counter[tuple[str | None, ...]] = Counter()
        for item in series.select(chosen, now=self._store.clock()) if chosen is not None else ():
            counts[_key(item, columns)] += item.weight
        return counts


def _key(item: Occurred, columns: list[str]) -> tuple[str | None, ...]:
    return tuple(_COLUMNS[column](item) for column in columns)


def _interval(request: web.Request, default: int) -> int:
    found = _INTERVAL.fullmatch(request.query.get("interval", str(default)))
    width = int(found[1]) * _SECONDS[found[2]] if found is not None else 0
    if width <= 0:
        raise bad_request("Invalid interval")
    return width


def _buckets(start: float, end: float, width: int) -> dict[int, int]:
    first, last = int(start // width) * width, math.ceil(end / width) * width
    if (last - first) / width > MAX_BUCKETS:
        raise bad_request("Your interval and date range would create too many results.")
    return dict.fromkeys(range(first, last, width), 0)
