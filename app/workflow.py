"""The durable side of the pipeline: one workflow per incident, started, woken and stopped by id."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from app import engine
from app.brake import brake
from app.core.case_file import load_case
from app.core.model import CaseFile, Incident, Outcome, Reason, Stage, Stop, given
from app.endings import came_back, give_up
from app.journey import Journey, Workbench
from app.pipeline import approved, landed, repair
from app.store import IncidentRow, Store

log = structlog.get_logger(__name__)
_benches: list[Workbench] = []


def bind(bench: Workbench) -> None:
    """Workflows of this process work with `bench` from now on."""
    _benches[:] = [bench]


@engine.workflow("incident")
async def incident_workflow(arguments: dict[str, Any]) -> str:
    """One incident, from its first step to its outcome."""
    case = CaseFile(Incident(**arguments), opened_at=await engine.now())
    return await _end(case, repair)


@engine.workflow("landing")
async def landing_workflow(arguments: dict[str, Any]) -> str:
    """A proposal that a person merged or approved, from there to its outcome."""
    store = _benches[0].store

    async def read() -> str | None:
        return await asyncio.to_thread(store.case_file, arguments["incident"])

    case = load_case(given(await engine.step("read case", read)))
    case.approved_by = arguments["by"]
    return await _end(case, approved if arguments["approved"] else landed)


@engine.workflow("recurrence")
async def recurrence_workflow(arguments: dict[str, Any]) -> str:
    """An incident that ended fixed and whose error came back, to its other outcome."""
    store = _benches[0].store

    async def read() -> str | None:
        return await asyncio.to_thread(store.case_file, arguments["incident"])

    case = load_case(given(await engine.step("read case", read)))
    stop = Stop(Stage.OBSERVE, Reason.RECURRED, arguments["detail"])

    async def way(journey: Journey, case: CaseFile) -> Outcome:
        return await came_back(journey, case, stop)

    return await _end(case, way)


async def _end(case: CaseFile, way: Callable[[Journey, CaseFile], Awaitable[Outcome]]) -> str:
    """The result of the case, whatever happens to it."""
    bench = _benches[0]

    async def may_go_on(stage: Stage) -> Stop | None:
        return await brake(bench.clients, bench.store, case, stage)

    journey = Journey(case.incident, bench, may_go_on)
    try:
        outcome = await way(journey, case)
    except Exception as fault:  # the edge of the process: a bug must end with a person, not in a log
        log.exception("incident failed", incident=case.incident.id)
        stop = Stop(
            Stage.ESCALATE, Reason.FAULT, f"Autofix itself failed ({type(fault).__name__}); see its log"
        )
        outcome = await give_up(journey, case, stop)
    return outcome.result


async def start(incident: Incident) -> None:
    """The incident's workflow runs. Starting it twice is starting it once."""
    await engine.start(incident_workflow, incident.id, dataclasses.asdict(incident))


async def land(store: Store, incident: IncidentRow, *, by: str, approved: bool, key: str) -> None:
    """The incident goes on with its proposal, which `by` merged (or approved, bound to the head that was proven).

    `key` makes a repeated call one, also after the workflow has ended.
    """
    identity = f"{incident.id}+{key}"
    await asyncio.to_thread(store.resume_incident, incident.id, identity, by)
    arguments = {"incident": incident.id, "by": by, "approved": approved}
    await engine.start(landing_workflow, identity, arguments)


async def come_back(incident: str, stop: Stop) -> None:
    """The incident, which had ended fixed, is on its way to a person. Called twice is called once."""
    arguments = {"incident": incident, "detail": stop.detail}
    await engine.start(recurrence_workflow, f"{incident}+back", arguments)


async def wake(workflow_id: str, key: str) -> None:
    """The incident looks again at what it waits for; `key` makes a repeated wake-up one."""
    await engine.send(workflow_id, {"type": "wake"}, key=key)


async def stop(workflow_id: str, by: str, key: str) -> None:
    """The incident ends at its next wait and is handed over."""
    await engine.send(workflow_id, {"type": "stop", "by": by}, key=key)
