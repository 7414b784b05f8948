"""Accounts and pages: what every other node refers to."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import Account
from app.demo.github.render.accounts import HTML

Node = dict[str, Any]


def account(record: Account) -> Node:
    """A `User`, `Bot` or `Organization`; bots go by their slug here, unlike in REST."""
    slug = record.login.removesuffix("[bot]")
    return {
        "__typename": record.type,
        "id": record.node_id,
        "databaseId": record.id,
        "login": slug if record.type == "Bot" else record.login,
        "url": f"{HTML}/apps/{slug}" if record.type == "Bot" else f"{HTML}/{record.login}",
        "name": record.name,
    }


def connection(nodes: list[Node]) -> Node:
    """All nodes as one page."""
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    return {"nodes": nodes, "totalCount": len(nodes), "pageInfo": page}
