"""A change is announced once, to whom the policy names, and nothing that fails there stops an incident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from app.announce import announce
from app.clients import Clients
from app.core.errors import ClientError, Refused, Unavailable
from app.core.model import CaseFile, Outcome, Reason, Result, Stage, Stop
from app.settings import Settings
from app.store import Store
from app.store.outbox import NoticeState
from samples import case

POLICY = """version: 1
sentry: {organization: acme, projects: [shop]}
"""
CHANNELS = "notify: {channels: [{to: chat, severity: info}, {to: pager, severity: urgent}]}"
FIXED = Outcome(Result.FIXED, "anomaly detected at 08:00, root cause: x, fix deployed at 08:10")
SETTINGS = Settings.model_validate(
    {
        "app_id": 1,
        "private_key": "none",
        "webhook_secret": "a-long-secret",
        "sentry_token": "none",
        "sentry_organizations": ("acme",),
        "github_url": "https://git.example/api/v3",
        "notify_targets": "chat=json://127.0.0.1/ pager=json://127.0.0.1/ default=json://127.0.0.1/",
    }
)


class Repo:
    def __init__(self, policy: str | ClientError | None) -> None:
        self._policy = policy

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def text(self, _path: str) -> str | None:
        if isinstance(self._policy, ClientError):
            raise self._policy
        return self._policy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    yield store
    store.close()


def _case(store: Store, **changed: Any) -> CaseFile:
    file = case(**changed)
    file.incident, _ = store.open_incident(
        repository="acme/shop", repository_id=501, installation_id=77, issue=3, fingerprint="sentry:4711"
    )
    return file


async def _told(
    store: Store, policy: str | ClientError | None, file: CaseFile, outcome: Outcome | None = FIXED
) -> list[tuple[str, str, str]]:
    clients = Clients(cast("Any", Repo(policy)), cast("Any", None))
    await announce(clients, store, SETTINGS, file, outcome)
    return [(row.target, row.title, row.state) for row in store.outbox.recent()]


URGENT = Outcome(Result.ESCALATED, "anomaly detected", Stop(Stage.OBSERVE, Reason.ROLLED_BACK, "why"))
WAITING = NoticeState.WAITING


@pytest.mark.parametrize(
    ("policy", "outcome", "told"),
    [
        (POLICY + CHANNELS, FIXED, [("chat", "acme/shop #3: fixed", WAITING)]),
        (
            POLICY + CHANNELS,
            URGENT,
            [
                ("pager", "acme/shop #3: needs a person (rolled back)", WAITING),
                ("chat", "acme/shop #3: needs a person (rolled back)", WAITING),
            ],
        ),
        (POLICY, FIXED, []),
        (POLICY, URGENT, [("default", "acme/shop #3: needs a person (rolled back)", WAITING)]),
        (POLICY + "notify: {}", URGENT, []),
        (
            POLICY + "notify: {chanels: []}",
            URGENT,
            [("default", "acme/shop #3: needs a person (rolled back)", WAITING)],
        ),
        (None, URGENT, [("default", "acme/shop #3: needs a person (rolled back)", WAITING)]),
        (Unavailable("down"), URGENT, [("default", "acme/shop #3: needs a person (rolled back)", WAITING)]),
        (Refused("no"), FIXED, []),
        (
            POLICY + "notify: {channels: [{to: elsewhere}]}",
            URGENT,
            [("elsewhere", "acme/shop #3: needs a person (rolled back)", NoticeState.UNKNOWN)],
        ),
    ],
)
async def test_the_policy_of_the_default_branch_says_who_is_told(
    store: Store, policy: str | ClientError | None, outcome: Outcome, told: list[tuple[str, str, str]]
) -> None:
    assert await _told(store, policy, _case(store), outcome) == told


async def test_a_step_that_a_crash_repeats_announces_nothing_twice(store: Store) -> None:
    file = _case(store)
    first = await _told(store, POLICY + CHANNELS, file)
    assert await _told(store, POLICY + CHANNELS, file) == first


async def test_each_change_on_the_way_is_one(store: Store) -> None:
    file = _case(store, merged=None)
    await _told(store, POLICY + CHANNELS, file, None)
    file.merged = case().merged
    await _told(store, POLICY + CHANNELS, file, None)
    told = await _told(store, POLICY + CHANNELS, file)
    assert [title.partition(": ")[2] for _, title, _ in told] == ["fixed", "fix merged", "anomaly detected"]


async def test_the_link_leads_to_the_configured_github(store: Store) -> None:
    await _told(store, POLICY + CHANNELS, _case(store))
    (one,) = store.outbox.waiting()
    assert one.text.splitlines()[-1] == "https://git.example/acme/shop/issues/3"


async def test_an_issue_of_unknown_origin_makes_nobody_read_it(store: Store) -> None:
    untrusted = Outcome(Result.ESCALATED, "x", Stop(Stage.DETECT, Reason.UNTRUSTED, "@everyone"))
    assert await _told(store, POLICY + CHANNELS, _case(store), untrusted) == []


async def test_a_database_that_fails_stops_no_incident(store: Store) -> None:
    file = _case(store)
    with store._engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE notices"))
    clients = Clients(cast("Any", Repo(POLICY + CHANNELS)), cast("Any", None))
    await announce(clients, store, SETTINGS, file, FIXED)
