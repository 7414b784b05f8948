"""`app.yml` is what the code needs: no event that nobody handles, no permission that nothing uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.web.events import WAKING, router

MANIFEST: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "app.yml").read_text(encoding="utf-8"))
# GitHub sends these to every App without being asked.
UNASKED = {"installation", "installation_repositories", "ping"}
# What each event needs to be subscribed to, in GitHub's words.
READS = {
    "check_run": "checks",
    "check_suite": "checks",
    "deployment_status": "deployments",
    "issue_comment": "issues",
    "issues": "issues",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "push": "contents",
    "repository_dispatch": "contents",
    "status": "statuses",
    "workflow_run": "actions",
}


def _routed() -> set[str]:
    """GitHub's events that have a meaning; names with a dot are deliveries of others."""
    return {name for name in {*router._shallow_routes, *router._deep_routes} if "." not in name}


def test_every_event_that_is_handled_is_asked_for_and_no_other() -> None:
    assert set(MANIFEST["default_events"]) == _routed() - UNASKED
    assert len(MANIFEST["default_events"]) == len(set(MANIFEST["default_events"]))
    assert set(WAKING) < _routed()


def test_every_event_is_allowed_by_a_permission() -> None:
    for event in MANIFEST["default_events"]:
        assert READS[event] in MANIFEST["default_permissions"], event


def test_the_permissions_are_these_and_no_more() -> None:
    assert MANIFEST["default_permissions"] == {
        "metadata": "read",
        "contents": "write",
        "issues": "write",
        "pull_requests": "write",
        "checks": "read",
        "statuses": "read",
        "actions": "read",
        "deployments": "read",
    }


@pytest.mark.parametrize(
    "permission",
    [
        "administration",
        "workflows",
        "secrets",
        "actions_variables",
        "environments",
        "members",
        "organization_administration",
        "packages",
        "pages",
        "repository_hooks",
        "security_events",
        "merge_queues",
    ],
)
def test_a6_nothing_lets_the_app_change_how_it_is_judged(permission: str) -> None:
    assert permission not in MANIFEST["default_permissions"]


def test_the_app_is_private_and_its_webhooks_arrive_where_the_server_listens() -> None:
    from app.web.doors import DOORS, github  # noqa: PLC0415 - the route is checked, not the server run

    assert MANIFEST["public"] is False
    assert MANIFEST["hook_attributes"]["url"].endswith("/webhooks/github")
    assert DOORS["/webhooks/github"] is github
