"""What happens when the App is installed: each repository is looked at, and the log says what blocks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gidgethub.sansio import Event
from structlog.testing import capture_logs

from app.clients import Clients
from app.core.errors import NotFound
from app.doctor.access import Access
from app.doctor.finding import Diagnosis, Finding, Level, Mark
from app.settings import Settings
from app.store import Store
from app.web.desk import Desk
from app.web.events import handle
from app.web.installations import MOST_WAITING, Examinations

REPOSITORIES = [{"full_name": "acme/shop"}, {"full_name": "acme/site"}]


def diagnosis(name: str, *marks: Mark) -> Diagnosis:
    findings = tuple(
        Finding(f"check {number}", mark, "what was found", Level.AUTOMERGE, "change it")
        for number, mark in enumerate(marks)
    )
    return Diagnosis(name, findings, Level.VERIFIED, "")


class Looks:
    """Examines nothing and notes what it was asked for."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, access: Access, name: str) -> Diagnosis:
        assert access.app_id == 1
        self.seen.append(name)
        if name == "acme/gone":
            raise NotFound("acme/gone cannot be read: GitHub answered 404")
        if name == "acme/odd":
            raise KeyError(name)
        return (
            diagnosis(name, Mark.FAILED, Mark.PASSED, Mark.UNKNOWN)
            if name == "acme/shop"
            else diagnosis(name)
        )


@asynccontextmanager
async def running(settings: Settings, looks: Looks) -> AsyncIterator[Examinations]:
    examinations = Examinations(settings, looks)
    examinations.start()
    try:
        yield examinations
    finally:
        await examinations.stop()


async def deliver(desk: Desk, name: str, data: dict[str, Any]) -> bool:
    return await handle(Event(json.loads(json.dumps(data)), event=name, delivery_id="g"), desk)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("installation", {"action": "created", "repositories": REPOSITORIES}),
        ("installation_repositories", {"action": "added", "repositories_added": REPOSITORIES}),
    ],
)
async def test_each_installed_repository_is_looked_at_and_told_in_one_line(
    settings: Settings, store: Store, clients: Clients, name: str, data: dict[str, Any]
) -> None:
    looks = Looks()
    async with running(settings, looks) as examinations:
        with capture_logs() as logs:
            assert await deliver(Desk(store, settings, clients, [], examinations), name, data)
            await examinations.done()
    assert looks.seen == ["acme/shop", "acme/site"]
    assert logs == [
        {
            "event": "installed, but autonomy is blocked",
            "log_level": "warning",
            "repository": "acme/shop",
            "reaches": "propose",
            "blocking": "check 0: what was found; check 2: unknown, what was found",
            "more": "autofix doctor acme/shop",
        },
        {
            "event": "installed, and nothing blocks",
            "log_level": "info",
            "repository": "acme/site",
            "reaches": "verified",
        },
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("installation", {"action": "deleted", "repositories": REPOSITORIES}),
        ("installation_repositories", {"action": "removed", "repositories_removed": REPOSITORIES}),
        (
            "installation",
            {"action": "created", "repositories": [{"full_name": "a/b/../c"}, {"full_name": 3}, 4]},
        ),
        ("installation", {"action": "created", "repositories": "acme/shop"}),
        ("installation", {"action": "created"}),
    ],
)
async def test_nothing_else_is_looked_at(
    settings: Settings, store: Store, clients: Clients, name: str, data: dict[str, Any]
) -> None:
    looks = Looks()
    async with running(settings, looks) as examinations:
        assert not await deliver(Desk(store, settings, clients, [], examinations), name, data)
        await examinations.done()
    assert looks.seen == []


async def test_one_repository_that_fails_does_not_keep_the_others_from_their_look(settings: Settings) -> None:
    looks = Looks()
    async with running(settings, looks) as examinations:
        with capture_logs() as logs:
            assert all(map(examinations.ask, ["acme/gone", "acme/odd", "acme/site"]))
            await examinations.done()
    assert looks.seen == ["acme/gone", "acme/odd", "acme/site"]
    assert [(line["event"], line["repository"]) for line in logs] == [
        ("installed, but cannot be examined", "acme/gone"),
        ("the examination failed", "acme/odd"),
        ("installed, and nothing blocks", "acme/site"),
    ]


async def test_an_installation_on_very_many_repositories_does_not_grow_without_end(
    settings: Settings,
) -> None:
    examinations = Examinations(settings, Looks())
    assert [examinations.ask(f"acme/r{number}") for number in range(MOST_WAITING + 1)][-2:] == [True, False]
