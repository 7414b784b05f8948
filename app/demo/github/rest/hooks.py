"""The App's own webhook: its settings, what was delivered, and redelivery."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from app.demo.github.errors import not_found
from app.demo.github.render.accounts import iso
from app.demo.github.rest.routing import Call, Reply, Route
from app.demo.github.webhooks import Delivery, Webhooks


def routes(webhooks: Webhooks) -> tuple[Route, ...]:
    """The routes over the deliveries that `webhooks` keeps."""

    def mine(call: Call) -> list[Delivery]:
        return [item for item in reversed(webhooks.deliveries) if item.app is call.own_app]

    def found(call: Call) -> Delivery:
        for item in mine(call):
            if item.id == call.number("id"):
                return item
        raise not_found()

    def list_deliveries(call: Call) -> Reply:
        return _page(call, mine(call))

    def get_delivery(call: Call) -> Any:
        return _whole(found(call))

    def redeliver(call: Call) -> Reply:
        webhooks.redeliver(found(call))
        return Reply({}, HTTPStatus.ACCEPTED)

    return (
        Route("GET", "/app/hook/config", get_config, "app"),
        Route("PATCH", "/app/hook/config", update_config, "app"),
        Route("GET", "/app/hook/deliveries", list_deliveries, "app"),
        Route("GET", "/app/hook/deliveries/{id}", get_delivery, "app"),
        Route("POST", "/app/hook/deliveries/{id}/attempts", redeliver, "app"),
    )


def get_config(call: Call) -> Any:
    """`GET /app/hook/config`: the secret is never shown."""
    url = call.own_app.webhook_url
    return {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url or ""}


def update_config(call: Call) -> Any:
    """`PATCH /app/hook/config`."""
    app = call.own_app
    app.webhook_url = call.optional_text("url") or app.webhook_url
    app.webhook_secret = call.optional_text("secret") or app.webhook_secret
    return get_config(call)


def _page(call: Call, items: list[Delivery]) -> Reply:
    """One page by cursor, as this endpoint pages: the cursor is the id of the last one seen."""
    wanted = call.query.get("status")
    if wanted is not None:
        items = [item for item in items if item.succeeded == (wanted == "success")]
    cursor = call.query.get("cursor", "").removeprefix("v1_")
    if cursor.isdecimal():
        items = [item for item in items if item.id < int(cursor)]
    size = int(call.query.get("per_page", "30"))
    shown, headers = items[:size], dict[str, str]()
    if len(items) > size:
        query = f"per_page={size}&cursor=v1_{shown[-1].id}"
        headers["Link"] = f'<{call.site.api}/app/hook/deliveries?{query}>; rel="next"'
    return Reply([_item(item) for item in shown], headers=headers)


def _item(item: Delivery) -> dict[str, Any]:
    return {
        "id": item.id,
        "guid": item.guid,
        "delivered_at": iso(item.delivered_at),
        "redelivery": item.redelivery,
        "duration": item.duration,
        "status": item.status,
        "status_code": item.status_code,
        "event": item.event,
        "action": item.action,
        "installation_id": item.installation_id,
        "repository_id": item.repository_id,
        "throttled_at": None,
    }


def _whole(item: Delivery) -> dict[str, Any]:
    return {
        **_item(item),
        "url": item.url,
        "request": {"headers": item.request_headers, "payload": item.payload},
        "response": {"headers": item.response_headers, "payload": item.response_body},
    }
