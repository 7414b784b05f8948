"""How it ended: the release, the verdict, the refusal, and the file of the whole case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from app.core.model.context import Context
from app.core.model.finding import Finding, Incident, RootCause
from app.core.model.repair import Armed, Decision, Evidence, Held, Merged, Patch, Pull, Stop, TakenBack
from app.core.model.terms import Judgement, Method, Reason, Result

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Release:
    """A rollout that holds our merge commit and is live; times are epoch seconds.

    `started_at` is when the first rollout with our merge began, `live_since` when this one was reported live.
    `deployment_id` is None where the rollout showed itself by something else than a deployment. `canary_since` is when
    the same commit went live as a canary, if it did.
    """

    version: str
    sha: str
    deployment_id: int | None
    environment: str
    started_at: float
    live_since: float
    canary_since: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Events of one fingerprint against an exposure (requests, or seconds where traffic is not known)."""

    events: int
    exposure: float
    unit: str
    seconds: float

    @property
    def per_minute(self) -> float:
        """Events per minute of wall time; 0 for an empty window."""
        return 60 * self.events / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the statistics say about the fingerprint after the deployment against before it.

    `bound` is the 95% upper bound of new rate / old rate, `needed` the minutes without another event after which it
    would be called fixed, `picture` a small chart in plain text, `faults` how often in a row the metric source gave
    no answer. `pending` tells that a later look is over, but that what was counted by then is not complete yet.
    `bursts` is how many events came at once before.
    """

    judgement: Judgement
    before: Window
    after: Window
    p_value: float
    alpha: float
    at: float
    explanation: str
    bound: float | None = None
    needed: float | None = None
    picture: str = ""
    faults: int = 0
    method: Method = Method.EXACT_LOOKS
    pending: bool = False
    bursts: float = 1.0


@dataclass(slots=True)
class CaseFile:
    """Everything found about one incident so far: what a person gets when the automation ends.

    `approved_by` is the person who let the fix be merged, where the automation alone would not have. `taken_back` is
    what became of taking it back, where production showed that it is no help.
    """

    incident: Incident
    opened_at: float
    finding: Finding | None = None
    cause: RootCause | None = None
    decision: Decision | None = None
    patch: Patch | None = None
    pull: Pull | None = None
    armed: Armed | Held | None = None
    evidence: Evidence | None = None
    merged: Merged | None = None
    release: Release | None = None
    verdict: Verdict | None = None
    approved_by: str | None = None
    context: Context | None = None
    taken_back: TakenBack | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an incident: the result, the refusal that led to it if any, and the sentence people read."""

    result: Result
    summary: str
    stop: Stop | None = None
    pull_request: int | None = None


def is_untold(case: CaseFile, outcome: Outcome) -> bool:
    """True if nobody is told of the outcome: the issue is of unknown origin, or nothing of ours is to be seen yet.

    Whoever wrote an issue of unknown origin must not be able to make us write, unless a person vouched for it; and
    who paused us knows.
    """
    reason = outcome.stop.reason if outcome.stop else None
    unknown = reason is Reason.UNTRUSTED and case.incident.vouched_by is None
    return unknown or (reason is Reason.PAUSED and case.pull is None)


def given(value: T | None) -> T:
    """The part of a case file that an earlier stage has given.

    Raises:
        LookupError: if that stage has not run, which is a mistake in the pipeline.
    """
    if value is None:
        raise LookupError("the case file does not hold what this stage works on")
    return value
