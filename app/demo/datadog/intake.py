"""What programs send: spans to the Agent, logs and deployments to the API.

The Agent's tracing API takes JSON (`PUT /v0.3/traces`), as Datadog documents it for programs without a library.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from app.demo.datadog.answers import Refusal, attributes_in, bad_request, json_body
from app.demo.datadog.store import Deployment, Store

MAX_BODY: Final = 10 * 1024 * 1024
_NANOSECONDS: Final = 1e17
_MILLISECONDS: Final = 1e11


class Intake:
    """The routes of the Agent and of the API's intake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.put("/v0.3/traces", self.traces),
            web.put("/v0.4/traces", self.traces),
            web.post("/api/v2/logs", self.logs),
            web.post("/api/v2/dora/deployment", self.deployment),
        ]

    async def traces(self, request: web.Request) -> web.Response:
        """The spans are indexed. MessagePack, which the libraries send, is refused."""
        if request.content_type != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this stand-in's Agent takes JSON")
        traces = await json_body(request)
        if not isinstance(traces, list) or not all(isinstance(trace, list) for trace in traces):
            raise bad_request("traces must be a list of lists of spans")
        for trace in traces:
            spans = [span for span in trace if isinstance(span, dict)]
            services = {span.get("span_id"): span.get("service") for span in spans}
            for span in spans:
                # With a top-level span a request enters a service.
                above = services.get(span.get("parent_id"))
                self._store.add_span(span, top_level=above != span.get("service"))
        return web.json_response({"rate_by_service": {"service:,env:": 1}})

    async def logs(self, request: web.Request) -> web.Response:
        """The logs are indexed."""
        logs = await json_body(request)
        for log in logs if isinstance(logs, list) else [logs]:
            if not isinstance(log, dict):
                raise bad_request("a log must be an object")
            self._store.add_log(log)
        return web.json_response({}, status=HTTPStatus.ACCEPTED)

    async def deployment(self, request: web.Request) -> web.Response:
        """The deployment is recorded."""
        has = attributes_in(await json_body(request))
        git = has.get("git")
        git = git if isinstance(git, Mapping) else {}
        if not isinstance(has.get("service"), str):
            raise bad_request("service is required")
        deployment = Deployment(
            id=str(uuid.uuid4()),
            service=has["service"],
            environment=_text(has.get("env")),
            version=_text(has.get("version")),
            started_at=_seconds(has.get("started_at"), self._store.clock()),
            finished_at=_seconds(has.get("finished_at"), self._store.clock()),
            repository_url=_text(git.get("repository_url")) or "",
            commit_sha=_text(git.get("commit_sha")) or "",
        )
        self._store.add_deployment(deployment)
        return web.json_response({"data": {"id": deployment.id, "type": "dora_deployment"}})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(value: Any, default: float) -> float:
    """A moment in seconds, milliseconds or nanoseconds, told apart by its size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return value / 1e9 if value > _NANOSECONDS else value / 1e3 if value > _MILLISECONDS else float(value)
