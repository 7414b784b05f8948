"""What happened, as people and programs read it: the stages with their seconds, the rates, the summary."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from app.core.model import Stage
from app.demo.world import Rate
from app.store import IncidentRow, StepRow


@dataclass(frozen=True, slots=True)
class StageTime:
    """Seconds that a stage took: `seconds` of Autofix's own work, `waiting_seconds` for CI, CD and the window."""

    stage: str
    seconds: float
    waiting_seconds: float


@dataclass(frozen=True, slots=True)
class Story:
    """One run of the demo. `mttr_seconds` runs from the detection to the verified fix, else to the end."""

    scenario: str
    outcome: str
    reason: str | None
    mttr_seconds: float
    stages: tuple[StageTime, ...]
    pull_request: int | None
    before: Rate
    after: Rate
    summary: str

    @property
    def own_seconds(self) -> float:
        """Seconds that Autofix itself worked."""
        return sum(stage.seconds for stage in self.stages)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form; rates are errors per minute at the proxy."""
        return {
            "scenario": self.scenario,
            "outcome": self.outcome,
            "reason": self.reason,
            "mttr_seconds": round(self.mttr_seconds, 2),
            "own_seconds": round(self.own_seconds, 3),
            "stages": [
                {
                    "stage": stage.stage,
                    "seconds": round(stage.seconds, 3),
                    "waiting_seconds": round(stage.waiting_seconds, 3),
                }
                for stage in self.stages
            ],
            "pull_request": self.pull_request,
            "errors_before": round(self.before.per_minute, 2),
            "errors_after": round(self.after.per_minute, 2),
            "summary": self.summary,
        }


def stage_times(steps: list[StepRow]) -> tuple[StageTime, ...]:
    """The stages in the order in which they were first entered.

    The time between two steps is waiting, and counts for the stage of the later one: that is what was waited for.
    """
    own: dict[str, float] = {}
    waiting: dict[str, float] = {}
    for step in steps:
        own[step.stage] = own.get(step.stage, 0.0) + step.seconds
    for earlier, later in itertools.pairwise(steps):
        gap = max(0.0, later.started_at - earlier.started_at - earlier.seconds)
        waiting[later.stage] = waiting.get(later.stage, 0.0) + gap
    return tuple(StageTime(stage, own[stage], waiting.get(stage, 0.0)) for stage in own)


def tell(scenario: str, incident: IncidentRow, steps: list[StepRow], before: Rate, after: Rate) -> Story:
    """The story of an incident that has ended."""
    ended = incident.ended_at or incident.opened_at
    judged = [step for step in steps if step.stage == Stage.OBSERVE and step.name == "judge_release"]
    if incident.result == "fixed" and judged:
        ended = judged[-1].started_at + judged[-1].seconds
    return Story(
        scenario=scenario,
        outcome=incident.result or "running",
        reason=incident.reason,
        mttr_seconds=ended - incident.opened_at,
        stages=stage_times(steps),
        pull_request=incident.pull_request,
        before=before,
        after=after,
        summary=incident.summary,
    )
