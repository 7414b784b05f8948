"""Does more speak for an event than the event itself? Pure.

An event is written by whoever knows the project's public key. That its release is a commit of the default branch, and
that its frames are lines of that commit, is proven before; this holds what the tracker counts against the policy.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from app.core.model import Finding, Reason, RootCause, Stage, Stop
from app.core.sources import Intake

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the event. `deployed` is None where nobody asked; `now` is in epoch seconds."""

    now: float
    environment: str
    vouched_by: str | None = None
    deployed: bool | None = None


def corroborated(intake: Intake, finding: Finding, cause: RootCause, facts: Facts) -> Finding | Stop:
    """The finding with what confirms it; a Stop if too little does. Who vouches for it confirms it."""
    sha, place = cause.deployed_sha[:7], cause.place
    code = f"the line recorded for {place} is the one at {sha}" if finding.is_tracked else ""
    confirmed = [f"{sha} is a commit of {cause.base_branch}", code or f"{place} holds the line that it names"]
    if facts.vouched_by is not None:
        return _confirmed(finding, [*confirmed, f"`{facts.vouched_by}` vouches for it"])
    missing = unmet(intake, finding, facts.now)
    if intake.deployed and not facts.deployed:
        missing.append(f"no deployment of {sha} to {facts.environment} has succeeded")
    if missing:
        why = (
            f"anybody who knows the project's public key could have sent this event: {'; '.join(missing)}. "
            "`/autofix run` by somebody with write access takes it up all the same"
        )
        return Stop(Stage.INVESTIGATE, Reason.UNCORROBORATED, why)
    if facts.deployed:
        confirmed.append(f"{sha} was deployed to {facts.environment}")
    return _confirmed(finding, confirmed)


def unmet(intake: Intake, finding: Finding, now: float) -> list[str]:
    """What the policy asks the tracker's counts for and is not there at `now`, one clause each."""
    missing = []
    if finding.events < intake.events:
        missing.append(
            f"it was seen {_many(finding.events, 'time')}, and the policy asks for {intake.events}"
        )
    if finding.users < intake.users:
        missing.append(
            f"it happened to {_many(finding.users, 'user')}, and the policy asks for {intake.users}"
        )
    if intake.hours is not None:
        age = _age(finding.last_seen, now)
        if age is None or age > intake.hours * HOUR_SECONDS:
            missing.append(f"its last event is not of the last {_many(intake.hours, 'hour')}")
    return missing


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _age(moment: str, now: float) -> float | None:
    try:
        return now - datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None


def _confirmed(finding: Finding, facts: list[str]) -> Finding:
    """The finding, whose untrusted claims about the code are borne out by `facts`."""
    claims = tuple(
        dataclasses.replace(claim, confirmed=(*claim.confirmed, *facts)) if "chain" in claim.fields else claim
        for claim in finding.provenance
    )
    return dataclasses.replace(finding, provenance=claims)
