"""Runs candidates: the recorded call is repeated on each patched file, and what comes of it is judged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.core.model import RootCause
from app.fix.engine import Candidate
from app.repair.attempt import Attempt
from app.repair.reproduce import Reproduction

MOST: Final = 10
SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate's run: what the call gave, whether that is a repair, and why or why not.

    `reproduction` is the call that was repeated. There is no attempt where none runs through the changed code.
    """

    candidate: Candidate
    attempt: Attempt | None
    passed: bool
    reason: str
    reproduction: Reproduction | None = None


def tried(found: Sequence[Candidate], reproduction: Reproduction, cause: RootCause) -> tuple[Trial, ...]:
    """How the candidates do, in their order, up to the first that passes; bounded in number and time."""
    until = time.monotonic() + SECONDS
    trials: list[Trial] = []
    for candidate in found[:MOST]:
        call = reproduction.covering(len(cause.frames) - 1 - candidate.depth)
        if call is None:
            untested = "the change lies outside of the calls that can be repeated"
            trials.append(Trial(candidate, None, passed=True, reason=untested))
            break
        attempt = call.attempt({candidate.change.path: candidate.change.after})
        reason = _refusal(candidate, attempt, cause, whole=not call.lacks)
        passed = reason is None
        trials.append(Trial(candidate, attempt, passed, reason or "the recorded call passes", call))
        if passed or time.monotonic() > until:
            break
    return tuple(trials)


def _refusal(candidate: Candidate, attempt: Attempt, cause: RootCause, *, whole: bool) -> str | None:
    """Why the outcome is no repair; None if it is one.

    Where parts of the call had to be guessed (it is not `whole`), another exception may come from them.
    """
    if not attempt.ended:
        return "the call does not come to an end"
    if attempt.exception is None or attempt.beyond:
        return None
    # What the patched line raises was raised from the recorded exception: that is what it was written for.
    answered = candidate.raises and _is_on_purpose(candidate, attempt)
    if (attempt.same and not answered) or attempt.exception == cause.exception.rpartition(".")[2]:
        return f"the call still raises {attempt.exception}"
    if candidate.raises or not whole or _is_on_purpose(candidate, attempt):
        return None
    return f"the call raises {attempt.exception} instead"


def _is_on_purpose(candidate: Candidate, attempt: Attempt) -> bool:
    """True if the patched file itself raises the exception: the repaired test leads to a refusal that was there."""
    place = attempt.frames[-1] if attempt.frames else None
    if place is None or place.path != candidate.change.path:
        return False
    lines = candidate.change.after.splitlines()
    return 1 <= place.line <= len(lines) and lines[place.line - 1].lstrip().startswith("raise ")
