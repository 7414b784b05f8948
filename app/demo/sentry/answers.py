"""Sentry's refusals, in Sentry's own words, and the headers of its lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

PAGE: Final = 100


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: HTTPStatus, body: Any) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = {"detail": body} if isinstance(body, str) else body


def missing_credentials() -> Refusal:
    """No token was sent."""
    return Refusal(HTTPStatus.UNAUTHORIZED, "Authentication credentials were not provided.")


def invalid_token() -> Refusal:
    """A token that Sentry does not know."""
    return Refusal(HTTPStatus.UNAUTHORIZED, "Invalid token")


def forbidden() -> Refusal:
    """A token without the scope that the call needs."""
    return Refusal(HTTPStatus.FORBIDDEN, "You do not have permission to perform this action.")


def not_found() -> Refusal:
    """What does not exist, or not for this token."""
    return Refusal(HTTPStatus.NOT_FOUND, "The requested resource does not exist")


def bad_request(body: Any) -> Refusal:
    """A request that makes no sense: a sentence, or messages by field."""
    return Refusal(HTTPStatus.BAD_REQUEST, body)


def page(
    request: web.Request, items: Sequence[Any], *, under: Mapping[str, Any] | None = None
) -> web.Response:
    """One page of `items` with the `Link` header, which always names the previous and the next page.

    With `under`, the items are the `data` of that body.
    """
    try:
        size = min(PAGE, max(1, int(request.query.get("per_page", request.query.get("limit", PAGE)))))
        start = max(0, int(request.query.get("cursor", "0:0:0").split(":")[1]))
    except (ValueError, IndexError):
        raise bad_request("Invalid cursor parameter.") from None
    links = [
        _link(request, "previous", f"0:{max(0, start - size)}:1", more=start > 0),
        _link(request, "next", f"0:{start + size}:0", more=start + size < len(items)),
    ]
    shown: Any = list(items[start : start + size])
    body = shown if under is None else {**under, "data": shown}
    return web.json_response(body, headers={"Link": ", ".join(links)})


def _link(request: web.Request, relation: str, cursor: str, *, more: bool) -> str:
    url = request.url.update_query(cursor=cursor)
    return f'<{url}>; rel="{relation}"; results="{str(more).lower()}"; cursor="{cursor}"'
