from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import workflow
from app.clients import Clients
from app.core.model import Incident
from app.settings import Settings
from app.store import MAX_ATTEMPTS, DeliveryState, Store
from app.store.tables import deliveries
from app.web import dispatcher as module
from app.web.dispatcher import Dispatcher, Poison, read_json
from app.web.events import WAKING

SENTRY = 39604003
LINK = "Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/4711/?referrer=github_integration)"


def issue(action: str = "opened", **changed: Any) -> dict[str, Any]:
    """An `issues` payload; `changed` goes into the issue."""
    return {
        "action": action,
        "issue": {"number": 3, "title": "AttributeError", "body": LINK, "user": {"id": SENTRY}, **changed},
        "repository": {"id": 501, "full_name": "acme/shop"},
        "installation": {"id": 77},
    }


@dataclass
class Desk:
    """A dispatcher with its store; workflows are only noted."""

    store: Store
    dispatcher: Dispatcher
    started: list[Incident] = field(default_factory=list)
    woken: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[tuple[str, str]] = field(default_factory=list)

    def put(self, guid: str, event: str, body: Any) -> None:
        self.store.receive(guid, event, body if isinstance(body, bytes) else json.dumps(body).encode())

    async def run(self) -> dict[str, tuple[str, str]]:
        """Every delivery's state and note once nothing waits any more."""
        async with self.running():
            async with asyncio.timeout(20):
                while self.store.waiting_deliveries():  # noqa: ASYNC110 - the inbox is the sync point
                    await asyncio.sleep(0.005)
        return self.states()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.dispatcher.start()
        try:
            yield
        finally:
            await self.dispatcher.stop()

    def states(self) -> dict[str, tuple[str, str]]:
        with self.store._engine.connect() as connection:
            rows = connection.execute(deliveries.select()).all()
        return {row.guid: (row.state, row.note) for row in rows}


@pytest.fixture
def desk(store: Store, settings: Settings, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(store, Dispatcher(store, settings, clients))

    async def start(incident: Incident) -> None:
        desk.started.append(incident)

    async def wake(incident_id: str, key: str) -> None:
        desk.woken.append((incident_id, key))

    monkeypatch.setattr(workflow, "start", start)

    async def stop(incident_id: str, by: str, key: str) -> None:
        assert key
        desk.stopped.append((incident_id, by))

    monkeypatch.setattr(workflow, "wake", wake)
    monkeypatch.setattr(workflow, "stop", stop)
    monkeypatch.setattr(module, "PAUSE_AFTER_FAULT_SECONDS", 0.0)
    monkeypatch.setattr("app.store.RETRY_PAUSES", (0.0,) * (MAX_ATTEMPTS - 1))
    return desk


# What starts an incident -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["opened", "reopened", "edited"])
async def test_an_issue_of_sentry_starts_its_incident(desk: Desk, action: str) -> None:
    desk.put("g-1", "issues", issue(action))
    states = await desk.run()
    (incident,) = desk.started
    assert (incident.repository, incident.installation_id, incident.issue) == ("acme/shop", 77, 3)
    assert incident.fingerprint == "sentry:4711"
    assert states == {"g-1": ("done", f"started {incident.id}")}


async def test_the_same_anomaly_starts_the_same_incident(desk: Desk) -> None:
    desk.put("g-1", "issues", issue())
    desk.put("g-2", "issues", issue("edited"))
    desk.put("g-3", "issues", issue(number=4))
    await desk.run()
    assert len({incident.id for incident in desk.started}) == 1
    assert {incident.issue for incident in desk.started} == {3}


@pytest.mark.parametrize(
    "payload",
    [
        issue("closed"),
        issue("labeled"),
        issue(user={"id": 5}),
        issue(user=None),
        issue(body=None),
        issue(body=LINK.replace("acme.sentry.io", "sentry.io.evil.example")),
        issue(body=LINK.replace("acme.", "other.")),
        issue(pull_request={"url": "x"}),
    ],
)
async def test_anything_else_is_ignored(desk: Desk, payload: dict[str, Any]) -> None:
    desk.put("g-1", "issues", payload)
    assert await desk.run() == {"g-1": ("ignored", "")}
    assert desk.started == []


@pytest.mark.parametrize(
    ("action", "number", "kind", "stops"),
    [
        ("closed", 3, "User", True),
        ("deleted", 3, "User", True),
        ("transferred", 3, "User", True),
        ("closed", 3, "Bot", False),
        ("closed", 4, "User", False),
        ("labeled", 3, "User", False),
    ],
)
async def test_i20_a_person_who_removes_the_issue_stops_its_incident(
    desk: Desk, action: str, number: int, kind: str, *, stops: bool
) -> None:
    desk.put("g-1", "issues", issue())
    await desk.run()
    (incident,) = desk.started
    desk.put("g-2", "issues", {**issue(action, number=number), "sender": {"login": "ada", "type": kind}})
    states = await desk.run()
    assert desk.stopped == ([(incident.id, f"`ada`, who {action} the issue")] if stops else [])
    assert states["g-2"][0] == ("done" if stops else "ignored")


async def test_progress_wakes_only_the_running_incidents_of_the_repository(desk: Desk) -> None:
    desk.put("g-1", "issues", issue())
    await desk.run()
    (incident,) = desk.started
    for number, event in enumerate(WAKING):
        desk.put(
            f"w-{number}",
            event,
            {"repository": {"id": 501, "full_name": "acme/shop"}, "installation": {"id": 77}},
        )
    desk.put("w-x", "push", {"repository": {"id": 502, "full_name": "acme/web"}, "installation": {"id": 77}})
    states = await desk.run()
    assert desk.woken == [(incident.id, f"w-{number}") for number in range(len(WAKING))]
    assert states["w-x"][0] == "ignored"


async def test_w8_one_delivery_has_one_effect_however_often_it_comes(desk: Desk) -> None:
    async with desk.running():
        for _ in range(50):
            desk.put("g-1", "issues", issue())
            desk.dispatcher.wake()
        await asyncio.gather(*(asyncio.to_thread(desk.put, "g-1", "issues", issue()) for _ in range(50)))
    await desk.run()
    # The stop may have cut the first try off behind its start; to start an incident again is to start it once.
    assert len({one.id for one in desk.started}) == 1


async def test_w9_another_body_under_a_known_guid_has_no_effect(desk: Desk) -> None:
    desk.put("g-1", "ping", {"zen": "calm"})
    desk.put("g-1", "issues", issue())
    await desk.run()
    assert desk.started == []


async def test_w10_a_replay_under_a_fresh_guid_has_no_second_effect(desk: Desk) -> None:
    desk.put("g-1", "issues", issue())
    await desk.run()
    for number in range(5):
        desk.put(f"fresh-{number}", "issues", issue())
    states = await desk.run()
    assert (len(desk.started), len(states)) == (1, 1)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issues", {**issue("created"), "comment": {"id": 1}}),
        ("issues", {"action": "opened", "ref": "refs/heads/main", "repository": {"id": 501}}),
        ("issues", {"action": "opened", "issue": {"number": "three"}}),
        ("issues", {"action": "opened"}),
        ("issues", {}),
        ("push", {"action": "opened", "repository": {"id": 501}}),
        ("issue_comment", issue()),
        ("check_run", {"repository": [], "installation": {}}),
        ("no_such_event", issue()),
        ("__class__", issue()),
    ],
)
async def test_w11_a_payload_that_does_not_fit_its_event_is_ignored(
    desk: Desk, event: str, payload: dict[str, Any]
) -> None:
    desk.put("g-1", event, payload)
    assert (await desk.run())["g-1"][0] == "ignored"
    assert (desk.started, desk.woken) == ([], [])


# Poison ----------------------------------------------------------------------------------------------------------

POISON = {
    "w18-nested": b"[" * 100_000,
    "w18-nested-objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "w19-digits": b'{"a": ' + b"9" * 5000 + b"}",
    "w19-nan": b'{"a": NaN}',
    "w19-infinity": b'{"a": -Infinity}',
    "w19-twice": b'{"a": 1, "a": 2}',
    "w19-twice-deep": b'{"a": [{"b": 1, "b": 1}]}',
    "w19-list": b"[]",
    "w19-null": b"null",
    "w19-string": b'"issues"',
    "w19-empty": b"",
    "w20-utf8": b'{"a": "\xff"}',
    "w20-utf16": '{"a": 1}'.encode("utf-16"),
    "w20-surrogate": b'{"a": "\xed\xa0\x80"}',
}


@pytest.mark.parametrize("name", POISON)
async def test_w18_w19_w20_poison_is_named_and_never_tried_again(desk: Desk, name: str) -> None:
    desk.put("g-1", "issues", POISON[name])
    desk.put("g-2", "issues", issue())
    states = await desk.run()
    assert (states["g-1"][0], states["g-2"][0]) == ("poison", "done")
    assert len(desk.started) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "\ud800"},
        {"title": "a\x00b"},
        {"title": "x" * 1_000_000},
        {"title": "\u202e\U000e0041"},
        {"body": LINK + "\n\n" + "\x00"},
    ],
)
async def test_w20_odd_text_does_not_stop_an_incident(desk: Desk, changed: dict[str, str]) -> None:
    desk.put("g-1", "issues", issue(**changed))
    assert (await desk.run())["g-1"][0] == "done"
    assert len(desk.started) == 1


async def test_w20_a_lone_surrogate_in_what_is_read_does_no_harm(desk: Desk) -> None:
    desk.put("g-1", "issues", issue(body=LINK + "\ud800"))
    assert (await desk.run())["g-1"][0] == "done"


@pytest.mark.parametrize(
    "name",
    ["acme/\ud800", "acme", "acme/shop/../../user", "acme/shop?x=", "acme/{+x}", "acme/a b", "/", "acme/\n"],
)
async def test_w20_a_repository_is_a_plain_name(desk: Desk, name: str) -> None:
    payload = issue()
    payload["repository"]["full_name"] = name
    desk.put("g-1", "issues", payload)
    assert (await desk.run())["g-1"][0] == "ignored"
    assert desk.started == []


@given(st.binary(max_size=300))
def test_any_body_is_an_object_or_poison(body: bytes) -> None:
    with contextlib.suppress(Poison):
        assert isinstance(read_json(body), dict)


# Faults ----------------------------------------------------------------------------------------------------------


def _failing(times: int) -> Callable[[Incident], Any]:
    """A start that fails for issue 3, that many times."""
    left = [times]

    async def start(incident: Incident) -> None:
        if incident.issue == 3 and left[0]:
            left[0] -= 1
            raise RuntimeError("broken")

    return start


async def test_w25_a_delivery_that_always_fails_is_laid_aside_and_the_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "start", _failing(1000))
    desk.put("bad", "issues", issue())
    for number in range(10, 15):
        body = LINK.replace("4711", str(number))
        desk.put(f"good-{number}", "issues", issue(number=number, body=body))
    states = await desk.run()
    assert states.pop("bad") == ("failed", "RuntimeError")
    assert {state for state, _ in states.values()} == {DeliveryState.DONE}


async def test_w25_a_fault_that_passes_costs_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "start", _failing(MAX_ATTEMPTS - 1))
    desk.put("g-1", "issues", issue())
    assert (await desk.run())["g-1"][0] == "done"


@pytest.mark.parametrize("verb", ["waiting_deliveries", "settle_delivery", "retry_delivery"])
async def test_w23_the_inbox_is_worked_off_once_the_database_answers_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    working, left = getattr(desk.store, verb), [3]

    def broken(*arguments: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OSError("disk I/O error")
        return working(*arguments)

    if verb == "retry_delivery":
        monkeypatch.setattr(workflow, "start", _failing(1000))
    desk.put("g-1", "issues", issue())
    async with desk.running():
        monkeypatch.setattr(desk.store, verb, broken)
        async with asyncio.timeout(20):
            while desk.states()["g-1"][0] == DeliveryState.RECEIVED:  # noqa: ASYNC110 - the inbox is the sync point
                await asyncio.sleep(0.005)
    assert left == [0]
    assert desk.states()["g-1"][0] == ("failed" if verb == "retry_delivery" else "done")


async def test_what_an_earlier_process_left_is_worked_off_at_the_start(desk: Desk) -> None:
    for number in range(120):
        desk.put(f"g-{number}", "ping", {"n": number})
    states = await desk.run()
    assert [state for state, _ in states.values()] == ["ignored"] * 120
