"""The durable side of the pipeline: one workflow per incident, started, woken and stopped by id."""

from __future__ import annotations

import dataclasses
from typing import Any

import structlog

from app import engine
from app.core.model import CaseFile, Incident, Reason, Stage, Stop
from app.journey import Journey, Workbench
from app.pipeline import give_up, repair

log = structlog.get_logger(__name__)
_benches: list[Workbench] = []


def bind(bench: Workbench) -> None:
    """Workflows of this process work with `bench` from now on."""
    _benches[:] = [bench]


@engine.workflow("incident")
async def incident_workflow(arguments: dict[str, Any]) -> str:
    """One incident, from its first step to its outcome."""
    incident = Incident(**arguments)
    case = CaseFile(incident, opened_at=await engine.now())
    journey = Journey(incident, _benches[0])
    try:
        outcome = await repair(journey, case)
    except Exception as fault:  # the edge of the process: a bug must end with a person, not in a log
        log.exception("incident failed", incident=incident.id)
        stop = Stop(
            Stage.ESCALATE, Reason.FAULT, f"Autofix itself failed ({type(fault).__name__}); see its log"
        )
        outcome = await give_up(journey, case, stop)
    return outcome.result


async def start(incident: Incident) -> None:
    """The incident's workflow runs. Starting it twice is starting it once."""
    await engine.start(incident_workflow, incident.id, dataclasses.asdict(incident))


async def wake(incident_id: str, key: str) -> None:
    """The incident looks again at what it waits for; `key` makes a repeated wake-up one."""
    await engine.send(incident_id, {"type": "wake"}, key=key)


async def stop(incident_id: str, by: str, key: str) -> None:
    """The incident ends at its next wait and is handed over."""
    await engine.send(incident_id, {"type": "stop", "by": by}, key=key)
