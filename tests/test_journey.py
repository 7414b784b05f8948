"""A step is taken only where the brake lets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.errors import ClientError, NotFound, Refused
from app.core.model import Reason, Stage, Stop
from app.detect import detect
from app.journey import Journey, Workbench
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


@pytest.mark.parametrize(
    "fault", [NotFound("GitHub answered 404"), NotFound("410 Gone"), Refused("301: moved")]
)
async def test_i20_an_issue_that_cannot_be_read_any_more_ends_its_incident(
    tmp_path: Path, fault: ClientError
) -> None:
    """Deleted or moved, and the webhook that told of it was lost."""
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    incident, _ = store.open_incident(
        repository="acme/shop", repository_id=1, installation_id=7, issue=3, fingerprint="sentry:1"
    )

    class Gone:
        """A repository whose issue is gone."""

        def repository(self, _name: str, _installation: int) -> Any:
            return self

        async def issue(self, _number: int) -> Any:
            raise fault

    async def lets(_stage: Stage) -> Stop | None:
        return None

    bench = Workbench(Clients(cast("Any", Gone())), store, SETTINGS)
    journey = Journey(incident, bench, lets)
    stop = await journey._timed(
        Stage.DETECT, "detect", lambda: detect(bench.clients, store, SETTINGS, incident)
    )
    assert isinstance(stop, Stop)
    assert (stop.stage, stop.passing) == (Stage.DETECT, False)
    store.close()
