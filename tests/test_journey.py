"""A step is taken only where the brake lets it, and is tried again while that makes sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.errors import ClientError, RateLimited, Refused, Unavailable
from app.core.model import Reason, Stage, Stop
from app.journey import LONGEST_PAUSE_SECONDS, Journey, Workbench, _patiently
from app.settings import Settings
from app.store import Store

SETTINGS = Settings.model_validate(
    {
        "app_id": 1,
        "private_key": "none",
        "webhook_secret": "a-long-secret",
        "sentry_token": "none",
        "sentry_organizations": ("acme",),
    }
)


@pytest.mark.parametrize("stage", Stage)
async def test_m21_no_step_is_taken_behind_the_brake_but_those_that_end_the_incident(
    tmp_path: Path, stage: Stage
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    incident, _ = store.open_incident(
        repository="acme/shop", repository_id=1, installation_id=7, issue=3, fingerprint="sentry:1"
    )
    done: list[str] = []
    asked: list[Stage] = []

    async def brake(stage: Stage) -> Stop | None:
        asked.append(stage)
        return Stop(stage, Reason.PAUSED, "paused by ada")

    async def write() -> None:
        done.append("written")

    journey = Journey(incident, Workbench(cast("Clients", None), store, SETTINGS), brake)
    value: Any = await journey._timed(stage, "write", write)

    if stage is Stage.ESCALATE:
        assert (value, done, asked) == (None, ["written"], [])
    else:
        assert (value.reason, done, asked) == (Reason.PAUSED, [], [stage])
    store.close()


class Outage:
    """GitHub does not answer for a while; the time passes in the pauses only."""

    def __init__(self, seconds: float, fault: ClientError) -> None:
        self.left, self.fault, self.pauses = seconds, fault, list[float]()

    async def sleep(self, seconds: float) -> None:
        self.left -= seconds
        self.pauses.append(seconds)

    async def call(self) -> None:
        if self.left > 0:
            raise self.fault


@pytest.mark.parametrize("fault", [Unavailable("503"), RateLimited("secondary", 60.0)])
async def test_m15_half_an_hour_of_errors_is_waited_out_where_the_budget_allows_it(
    fault: ClientError,
) -> None:
    outage = Outage(1800.0, fault)
    await _patiently(outage.call, 3600.0, outage.sleep)
    assert 1800 <= sum(outage.pauses) < 1900
    if isinstance(fault, Unavailable):
        assert outage.pauses[0] < 2
        assert max(outage.pauses) <= 1.25 * LONGEST_PAUSE_SECONDS
        assert len(set(outage.pauses)) == len(outage.pauses), "jittered"


async def test_m15_an_outage_beyond_the_budget_is_told_as_what_it_is() -> None:
    outage = Outage(1800.0, Unavailable("503"))
    with pytest.raises(Unavailable):
        await _patiently(outage.call, 270.0, outage.sleep)
    assert sum(outage.pauses) <= 270


async def test_a_refusal_is_not_tried_again() -> None:
    outage = Outage(10.0, Refused("no"))
    with pytest.raises(Refused):
        await _patiently(outage.call, 3600.0, outage.sleep)
    assert outage.pauses == []
