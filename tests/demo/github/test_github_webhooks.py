"""Deliveries: signed, unique, kept, redelivered under the same GUID; and what goes wrong with them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from app.demo.github import named


def opened(world: Any, title: str = "TypeError") -> Any:
    return world.github.open_issue("acme/shop", login="sentry[bot]", title=title, labels=["bug"])


async def test_every_delivery_is_signed_and_unique(world: Any) -> None:
    for number in range(20):
        opened(world, f"issue {number}")
    await world.github.settle()
    received = world.receiver.received
    for item in received:
        digest = hmac.new(b"s3cret", item.body, hashlib.sha256).hexdigest()
        assert item.headers["X-Hub-Signature-256"] == f"sha256={digest}"
        assert item.headers["User-Agent"].startswith("GitHub-Hookshot/")
        assert item.headers["X-GitHub-Hook-Installation-Target-ID"] == "4242"
        body = json.loads(item.body)
        assert body["installation"]["id"] == 77
        assert "sender" in body
    guids = {item.headers["X-GitHub-Delivery"] for item in received}
    assert len(guids) == len(received) >= 41
    issue = json.loads(received[1].body)
    assert (issue["sender"]["id"], issue["sender"]["type"]) == (39604003, "Bot")
    assert issue["issue"]["performed_via_github_app"] is None


async def test_a_failed_delivery_is_listed_and_redelivered_not_retried(world: Any) -> None:
    world.receiver.status = 503
    opened(world)
    await world.github.settle()
    failed = await world.call("GET", "/app/hook/deliveries?status=failure&per_page=2", world.jwt())
    items = failed.json()
    assert [item["status_code"] for item in items] == [503, 503]
    assert 'rel="next"' in failed.headers["Link"]
    world.receiver.status = 200
    before = len(world.receiver.received)
    one = items[0]
    whole = (await world.call("GET", f"/app/hook/deliveries/{one['id']}", world.jwt())).json()
    assert whole["request"]["headers"]["X-GitHub-Delivery"] == one["guid"]
    answer = await world.call("POST", f"/app/hook/deliveries/{one['id']}/attempts", world.jwt())
    assert answer.status_code == 202
    await world.github.settle()
    assert len(world.receiver.received) == before + 1
    assert world.receiver.received[-1].headers["X-GitHub-Delivery"] == one["guid"]
    newest = (await world.call("GET", "/app/hook/deliveries", world.jwt())).json()[0]
    assert (newest["redelivery"], newest["status"], newest["guid"]) == (True, "OK", one["guid"])


async def test_pages_of_deliveries_follow_the_cursor(world: Any) -> None:
    for number in range(3):
        opened(world, f"issue {number}")
    await world.github.settle()
    path, seen = "/app/hook/deliveries?per_page=3", list[int]()
    while True:
        answer = await world.call("GET", path, world.jwt())
        seen += [item["id"] for item in answer.json()]
        if "Link" not in answer.headers:
            break
        path = answer.links["next"]["url"]
    assert seen == [item.id for item in reversed(world.github.deliveries)]


async def test_a_server_that_moved_gets_what_comes_next(world: Any) -> None:
    await world.github.settle()
    url, world.github.webhook_url = world.github.webhook_url, "http://127.0.0.1:9/hook"
    opened(world)
    await world.github.settle()
    lost = world.github.deliveries[-1]
    assert (lost.status_code, lost.status) == (0, "failed to connect to host")
    config = await world.call("GET", "/app/hook/config", world.jwt())
    assert config.json()["url"] == "http://127.0.0.1:9/hook"
    await world.call("PATCH", "/app/hook/config", world.jwt(), {"url": url})
    world.github.redeliver(lost)
    await world.github.settle()
    assert world.receiver.received[-1].headers["X-GitHub-Delivery"] == lost.guid


async def test_deliveries_are_lost_doubled_and_overtaken_on_request(world: Any) -> None:
    await world.github.settle()
    world.receiver.received.clear()
    faults = world.github.faults
    faults.drop(named("issues", "labeled"))
    faults.duplicate(named("issue_comment"))
    faults.hold(named("issues", "opened"))
    issue = opened(world)
    world.github.comment(issue, login="bob", body="hello")
    await world.github.settle()
    names = [item.headers["X-GitHub-Event"] for item in world.receiver.received]
    assert names == ["issue_comment", "issue_comment"]
    guids = {item.headers["X-GitHub-Delivery"] for item in world.receiver.received}
    assert len(guids) == 1
    world.github.release()
    await world.github.settle()
    assert world.receiver.received[-1].headers["X-GitHub-Event"] == "issues"


async def test_an_uninstalled_app_is_told_and_locked_out(world: Any) -> None:
    token = await world.app_token()
    world.github.uninstall(77)
    await world.github.settle()
    assert (world.github.deliveries[-1].event, world.github.deliveries[-1].action) == (
        "installation",
        "deleted",
    )
    assert (await world.call("GET", "/repos/acme/shop", token)).status_code == 401


async def test_a_listener_that_fails_is_heard(world: Any) -> None:
    def broken(_event: Any) -> None:
        raise LookupError("no such workflow")

    await world.github.settle()
    world.github.on_event(broken)
    opened(world)
    with pytest.raises(LookupError, match="no such workflow"):
        await world.github.settle()


async def test_only_subscribed_events_are_delivered(world: Any) -> None:
    token = await world.app_token()
    await world.call("POST", "/repos/acme/shop/dispatches", token, {"event_type": "deployed"})
    await world.github.settle()
    assert "repository_dispatch" not in {item.event for item in world.github.deliveries}
    first = world.github.deliveries[0]
    assert (first.event, first.action) == ("installation", "created")
