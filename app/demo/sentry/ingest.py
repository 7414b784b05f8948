"""Takes what SDKs send and hands it to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from app.demo.sentry.envelope import MAX_BODY, BadEnvelope, Envelope, TooLarge, inflate, parse, public_key
from app.demo.sentry.groups import Group
from app.demo.sentry.store import Store

SESSION_STATUSES: Final = {
    "exited": "healthy",
    "errored": "errored",
    "crashed": "crashed",
    "abnormal": "abnormal",
}


class Ingest:
    """The address that the DSN names. `received` is told of every group that got an event."""

    def __init__(self, store: Store, key: str, received: Callable[[Group], None]) -> None:
        self._store = store
        self._key = key
        self._received = received

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.post("/api/{project_id:[0-9]+}/envelope/", self.envelope)]

    async def envelope(self, request: web.Request) -> web.Response:
        """The id of the event that was taken."""
        if request.match_info["project_id"] != str(self._store.project_id) or self._key != public_key(
            request.headers, request.query
        ):
            return _refusal(HTTPStatus.FORBIDDEN, "event submission rejected with_reason: ProjectId")
        try:
            body = inflate(await request.read(), request.headers.get("Content-Encoding", ""), MAX_BODY)
            envelope = parse(body)
            self._take(envelope)
        except TooLarge as fault:
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(fault))
        except BadEnvelope as fault:
            return _refusal(HTTPStatus.BAD_REQUEST, f"invalid event envelope: {fault}")
        return web.json_response({"id": envelope.headers.get("event_id")})

    def _take(self, envelope: Envelope) -> None:
        for item in envelope.items:
            match item.kind:
                case "event":
                    self._received(self._store.add_event(item.json()))
                case "transaction":
                    self._store.add_transaction(item.json())
                case "session":
                    self._session(item.json())
                case "sessions":
                    self._sessions(item.json())
                case _:
                    pass  # client reports, check-ins and whatever else an SDK may send

    def _session(self, session: Mapping[str, Any]) -> None:
        """One session: it counts once when it begins, and again under the status in which it failed."""
        attributes = _mapping(session.get("attrs"))
        if session.get("init"):
            self._store.add_sessions(attributes, "healthy", 1)
        status = str(session.get("status"))
        if status in ("crashed", "abnormal"):
            self._store.add_sessions(attributes, status, 1)
        elif status == "exited" and session.get("errors"):
            self._store.add_sessions(attributes, "errored", 1)

    def _sessions(self, sessions: Mapping[str, Any]) -> None:
        """Sessions that the SDK counted by minute."""
        aggregates = sessions.get("aggregates")
        for aggregate in aggregates if isinstance(aggregates, list) else []:
            for name, status in SESSION_STATUSES.items():
                number = _mapping(aggregate).get(name)
                if type(number) is int and number > 0:
                    self._store.add_sessions(_mapping(sessions.get("attrs")), status, number)


def _refusal(status: HTTPStatus, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
