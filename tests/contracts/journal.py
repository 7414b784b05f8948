"""Everything that was said between us and the stand-in, held against GitHub's descriptions."""

from __future__ import annotations

from app.demo.github import GitHubStandIn
from contracts import load_contract


def violations(github: GitHubStandIn) -> list[str]:
    """Where our requests, the stand-in's answers or its webhooks differ from GitHub's own descriptions."""
    contract, hooks = load_contract(closed_answers=True), load_contract()
    found: set[str] = set()
    for exchange in github.journal:
        method, path = exchange.method, exchange.path
        query = {name: [value] for name, value in exchange.query.items()}
        sent, answered = exchange.request_headers, exchange.response_headers
        found.update(contract.check_request(method, path, query, sent, exchange.request_body))
        found.update(contract.check_response(method, path, exchange.status, answered, exchange.response_body))
    for delivery in github.deliveries:
        found.update(hooks.check_webhook(delivery.event, delivery.payload))
    return sorted(found)
