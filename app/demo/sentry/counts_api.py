"""The REST calls that count: totals, counts over time, sessions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from aiohttp import web

from app.demo.sentry.answers import bad_request, page
from app.demo.sentry.search import period, selection, terms
from app.demo.sentry.series import Occurred, Selection, Series
from app.demo.sentry.store import Store
from app.demo.sentry.times import iso

ORGANIZATION: Final = "/api/0/organizations/{organization}"
COUNT: Final = "count()"
SESSIONS: Final = "sum(session)"
QUANTITY: Final = "sum(quantity)"
MAX_BUCKETS: Final = 10_000
_INTERVAL = re.compile(r"([0-9]{1,7})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_COLUMNS: Final[dict[str, Callable[[Occurred], str | None]]] = {
    "release": lambda item: item.release,
    "environment": lambda item: item.environment,
    "transaction": lambda item: item.name,
    "session.status": lambda item: item.name,
    "issue": lambda item: item.name,
}
# What can be counted of some occurrences.
_NUMBERS: Final[dict[str, Callable[[list[Occurred]], int]]] = {
    COUNT: lambda items: sum(item.weight for item in items),
    "count_unique(user)": lambda items: len({item.user for item in items} - {None}),
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
            web.get(ORGANIZATION + "/stats_v2/", self.outcomes),
        ]

    async def events(self, request: web.Request) -> web.Response:
        """How many events match, by the columns that are asked for."""
        dataset, series = self._dataset(request)
        fields = request.query.getall("field", [])
        columns = [field for field in fields if field not in _NUMBERS]
        if COUNT not in fields or any(column not in _COLUMNS for column in columns):
            raise bad_request(
                "This stand-in answers field=count() with issue, release, environment or transaction"
            )
        rows: dict[tuple[str | None, ...], list[Occurred]] = {} if columns else {(): []}
        for item in self._found(series, request):
            rows.setdefault(self._key(item, columns), []).append(item)
        numbers = [field for field in fields if field in _NUMBERS]
        types = {**dict.fromkeys(columns, "string"), **dict.fromkeys(numbers, "integer")}
        meta = {"fields": types, "units": dict.fromkeys(types), "dataset": dataset}
        data = [
            {**dict(zip(columns, key, strict=True)), **{name: _NUMBERS[name](items) for name in numbers}}
            for key, items in rows.items()
        ]
        return page(request, sorted(data, key=lambda row: -row[COUNT]), under={"meta": meta})

    async def timeseries(self, request: web.Request) -> web.Response:
        """How many events match in each interval; the current interval is incomplete."""
        dataset, series = self._dataset(request)
        axis = request.query.get("yAxis", COUNT)
        if axis not in _NUMBERS:
            raise bad_request("This stand-in answers yAxis=count() and yAxis=count_unique(user)")
        now, width = self._store.clock(), _interval(request, 60)
        within = period(request.query, now)
        buckets: dict[int, list[Occurred]] = {
            at: [] for at in _buckets(within.start, min(within.end, now + 1), width)
        }
        for item in self._found(series, request):
            buckets[int(item.at // width) * width].append(item)
        counts = {at: _NUMBERS[axis](items) for at, items in buckets.items()}
        values = [
            {"timestamp": at * 1_000, "value": count, "incomplete": at + width > now - self._store.lag}
            for at, count in counts.items()
        ]
        meta = {"valueType": "integer", "valueUnit": None, "interval": width * 1_000}
        line = {"yAxis": axis, "values": values, "meta": meta}
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
            buckets = groups.setdefault(self._key(item, columns), dict(empty))
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

    async def outcomes(self, request: web.Request) -> web.Response:
        """What became of the error events: this stand-in has no quota and no filter, so all were accepted."""
        fields, columns = request.query.getall("field", []), request.query.getall("groupBy", [])
        if fields != [QUANTITY] or request.query.get("category") != "error":
            raise bad_request("This stand-in answers field=sum(quantity) with category=error")
        if not set(columns) <= {"outcome", "reason"}:
            raise bad_request("Invalid groupBy")
        width, within = _interval(request, 3_600), period(request.query, self._store.clock())
        # Whole intervals, as at Sentry.
        start, end = (edge // width * width for edge in (within.start, within.end + width - 1))
        counts = dict.fromkeys(range(int(start), int(end), width), 0)
        for item in self._store.errors.select(Selection(start=start, end=end)):
            counts[int(item.at // width) * width] += item.weight
        total = sum(counts.values())
        by = {column: {"outcome": "accepted", "reason": "none"}[column] for column in columns}
        totals, series = {QUANTITY: total}, {QUANTITY: list(counts.values())}
        groups = [{"by": by, "totals": totals, "series": series}] if total else []
        body = {"start": iso(start), "end": iso(end), "intervals": [iso(at) for at in counts]}
        return web.json_response({**body, "groups": groups})

    def _dataset(self, request: web.Request) -> tuple[str, Series]:
        dataset = request.query.get("dataset", "errors")
        if dataset == "errors":
            return dataset, self._store.errors
        if dataset != "spans":
            raise bad_request("dataset must be one of: errors, spans")
        whole = terms(request.query.get("query", "")).get("is_transaction")
        return dataset, self._store.transactions if whole == "true" else self._store.spans

    def _found(self, series: Series, request: web.Request) -> Iterator[Occurred]:
        chosen = selection(request.query, self._store)
        return series.select(chosen, now=self._store.clock()) if chosen is not None else iter(())

    def _key(self, item: Occurred, columns: list[str]) -> tuple[str | None, ...]:
        return tuple(
            self._issue(item.name) if column == "issue" else _COLUMNS[column](item) for column in columns
        )

    def _issue(self, identifier: str) -> str | None:
        group = self._store.group(identifier)
        return group.short_id if group is not None else None


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
