"""Datadog's refusals, and what every call reads out of a request's body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web


class Refusal(Exception):
    """An answer other than success; Datadog's bodies list sentences."""

    def __init__(self, status: HTTPStatus, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.body = {"errors": [said]}


def bad_request(said: str) -> Refusal:
    """A request that makes no sense."""
    return Refusal(HTTPStatus.BAD_REQUEST, said)


def not_found() -> Refusal:
    """What does not exist."""
    return Refusal(HTTPStatus.NOT_FOUND, "Not found")


def forbidden() -> Refusal:
    """Keys that are wrong, or may not do this."""
    return Refusal(HTTPStatus.FORBIDDEN, "Forbidden")


async def json_body(request: web.Request) -> Any:
    """The decoded body."""
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("Invalid JSON") from None


async def attributes_of(request: web.Request) -> Mapping[str, Any]:
    """`data.attributes` of the body."""
    return attributes_in(await json_body(request))


def attributes_in(body: Any) -> Mapping[str, Any]:
    """`data.attributes` of a decoded body."""
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        raise bad_request("Invalid request: data.attributes is needed")
    return attributes


def iso(at: float) -> str:
    """Unix seconds as Datadog writes moments."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(at: float) -> int:
    """Unix seconds in the unit of Error Tracking and of events."""
    return int(at * 1_000)
