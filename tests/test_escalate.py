"""Who is called when an incident ends without a verified fix, and how the end is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.model import Reason, Result, Stage, Stop
from app.escalate import CALM, LEFT_TO_A_PERSON, escalate, outcome_of
from samples import case


@dataclass
class Repo:
    """The comments of one repository."""

    said: list[str] = field(default_factory=list)

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def bot(self) -> str:
        return "autofix[bot]"

    async def comment(self, _issue: int, _marker: str, body: str, _author: str) -> None:
        self.said.append(body)

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


async def ended(reason: Reason, **changed: Any) -> tuple[Result, list[str]]:
    file, repo = case(merged=None, release=None, verdict=None, **changed), Repo()
    outcome = outcome_of(file, Stop(Stage.MERGE, reason, "why"))
    await escalate(repo.clients, file, outcome)
    return outcome.result, repo.said


@pytest.mark.parametrize("reason", sorted(LEFT_TO_A_PERSON))
async def test_a_verified_fix_that_waits_for_a_person_calls_nobody(reason: Reason) -> None:
    assert await ended(reason) == (Result.PROPOSED, [])
    result, said = await ended(reason, evidence=None)
    assert (result, len(said)) == (Result.ESCALATED, 1)


@pytest.mark.parametrize("reason", sorted(CALM))
async def test_an_error_that_somebody_else_has_fixed_calls_nobody(reason: Reason) -> None:
    assert await ended(reason) == (Result.ESCALATED, [])


@pytest.mark.parametrize("reason", [Reason.TREE_DIFFERS, Reason.CONFLICT, Reason.CHECK_MISSING, Reason.MOVED])
async def test_m20_everything_else_calls_a_person(reason: Reason) -> None:
    result, (said,) = await ended(reason)
    assert result is Result.ESCALATED
    assert f"Autofix needs a person: {reason.replace('-', ' ')}" in said
