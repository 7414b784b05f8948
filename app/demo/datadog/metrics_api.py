"""The REST calls about metrics of traces, deployments, monitors and the API key itself."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from app.demo.datadog.answers import attributes_of, bad_request, iso, not_found
from app.demo.datadog.monitor import ErrorMonitor
from app.demo.datadog.records import Record
from app.demo.datadog.search import Period, parse, period
from app.demo.datadog.store import SPANS, Deployment, Store

PAGE: Final = 10
# `trace.<operation>.hits` counts the spans of an operation, `.errors` those of them that failed.
_METRIC = re.compile(
    r"sum:trace\.([a-z][a-z0-9_.]*)\.(hits|errors)\{([^{}]*)\}\.as_count\(\)\.rollup\(sum, ([1-9][0-9]{0,6})\)"
)
_TAGS: Final = ("service", "env", "version", "resource_name")
_NOT_IN_A_TAG = re.compile(r"[^a-z0-9_:./-]")


class MetricsApi:
    """What Datadog computes out of spans, and what it was told: deployments, monitors."""

    def __init__(self, store: Store, monitors: Callable[[], tuple[ErrorMonitor, ...]]) -> None:
        self._store = store
        self._monitors = monitors

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.get("/api/v1/query", self.query),
            web.post("/api/v2/dora/deployments", self.deployments),
            web.get("/api/v1/monitor/{monitor}", self.monitor),
            web.get("/api/v1/validate", self.validate),
        ]

    async def validate(self, _request: web.Request) -> web.Response:
        """That the API key is valid; a wrong one has not come so far."""
        return web.json_response({"valid": True})

    async def query(self, request: web.Request) -> web.Response:
        """The points of a trace metric, each the number of a whole interval; there is none for an empty one."""
        text = request.query.get("query", "")
        asked = _METRIC.fullmatch(text)
        if asked is None:
            raise bad_request("This stand-in knows sum:trace.NAME.hits{...}.as_count().rollup(sum, N)")
        operation, kind, tags, width = asked[1], asked[2], asked[3], int(asked[4])
        wanted = {tag for part in tags.split(",") if (tag := part.strip()) not in {"", "*"}}
        now = self._store.clock()
        within = Period(_seconds(request, "from"), _seconds(request, "to"))

        def matches(record: Record) -> bool:
            known = {_tag(name, record.reserved[name]) for name in _TAGS if name in record.reserved}
            failed = record.reserved.get("status") == "error"
            return (
                record.reserved.get("operation_name") == operation
                and wanted <= known
                and (kind == "hits" or failed)
            )

        counts: Counter[int] = Counter()
        for record in self._store.tracks[SPANS].select(lambda _item: True, within, now=now):
            if matches(record):
                counts[math.floor(record.at / width) * width] += 1
        points = [[at * 1_000, float(counts[at])] for at in sorted(counts)]
        series = {
            "metric": f"trace.{operation}.{kind}",
            "scope": tags,
            "interval": width,
            "pointlist": points,
        }
        return web.json_response({"status": "ok", "query": text, "series": [series] if points else []})

    async def deployments(self, request: web.Request) -> web.Response:
        """The deployments that match, the newest first."""
        asked, now = await attributes_of(request), self._store.clock()
        within, matches = period(asked, now), parse(asked.get("query", "*"))
        limit = asked.get("limit", PAGE)
        if type(limit) is not int or limit < 1:
            raise bad_request("limit must be a number above 0")
        found = [
            one
            for one in reversed(self._store.deployments)
            if within.start <= one.started_at < within.end and matches(one)
        ]
        return web.json_response({"data": [_deployment_json(one) for one in found[:limit]]})

    async def monitor(self, request: web.Request) -> web.Response:
        """A monitor and how each of its groups stands."""
        number = request.match_info["monitor"]
        found = next((one for one in self._monitors() if str(one.id) == number), None)
        if found is None:
            raise not_found()
        groups = {
            scope: {"name": scope, "status": "Alert", "last_triggered_ts": int(at)}
            for scope, at in found.triggered.items()
        }
        return web.json_response(
            {
                "id": found.id,
                "name": found.name,
                "type": "error-tracking alert",
                "query": found.query,
                "message": found.message,
                "tags": list(found.tags),
                "overall_state": "Alert" if groups else "OK",
                "state": {"groups": groups},
            }
        )


def _tag(name: str, value: str) -> str:
    """`name:value` as metrics keep their tags."""
    return f"{name}:{_NOT_IN_A_TAG.sub('_', value.lower())[: 200 - len(name)]}"


def _seconds(request: web.Request, name: str) -> float:
    text = request.query.get(name, "")
    if not text.isdigit():
        raise bad_request(f"{name} must be in Unix seconds")
    return float(text)


def _deployment_json(deployment: Deployment) -> dict[str, Any]:
    known = {
        "service": deployment.service,
        "env": deployment.environment,
        "version": deployment.version,
        "started_at": iso(deployment.started_at),
        "finished_at": iso(deployment.finished_at),
        "git": {"repository_url": deployment.repository_url, "commit_sha": deployment.commit_sha},
    }
    return {"id": deployment.id, "type": "dora_deployment", "attributes": known}
