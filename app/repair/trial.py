"""Runs candidates: on each patched file the recorded call is repeated, and then the repository's tests near it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.core.model import RootCause
from app.fix.engine import Candidate, is_rival
from app.repair.attempt import Attempt
from app.repair.expected import broken_promise
from app.repair.near_tests import NearTests
from app.repair.reproduce import Reproduction

MOST: Final = 10
MOST_RIVALS: Final = 3
SECONDS: Final = 20.0
# Also as libraries for two versions of Python write it.
_RAISES: Final = re.compile(r"^\s*raise\b|\braise_from\(|\breraise\(")


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


def tried(
    found: Sequence[Candidate], reproduction: Reproduction | None, cause: RootCause, near: NearTests
) -> tuple[Trial, ...]:
    """How the candidates do, in their order, up to the first that passes; bounded in number and time.

    A candidate passes if the recorded call does, as far as one can be repeated, and the tests near it still do.
    """
    until = time.monotonic() + SECONDS
    trials: list[Trial] = []
    for candidate in found[:MOST]:
        call = reproduction.covering(len(cause.frames) - 1 - candidate.depth) if reproduction else None
        trial = _repeated(candidate, call, cause)
        trials.append(_checked(trial, near) if trial.passed else trial)
        if trials[-1].passed or time.monotonic() > until:
            break
    return tuple(trials)


def rival_of(
    chosen: Trial, found: Sequence[Candidate], reproduction: Reproduction, cause: RootCause
) -> Candidate | None:
    """A candidate for which as much speaks, and with which the recorded call passes and gives something else.

    So is one that no call can be run with: whether it gives the same cannot be told.
    """
    for candidate in [one for one in found if is_rival(one, chosen.candidate)][:MOST_RIVALS]:
        depth = max(candidate.depth, chosen.candidate.depth)
        call = reproduction.covering(len(cause.frames) - 1 - depth)
        if call is None:
            return candidate
        trials = [_repeated(one, call, cause) for one in (candidate, chosen.candidate)]
        one, other = (trial.attempt for trial in trials)
        if trials[0].passed and one is not None and other is not None and _differ(one, other):
            return candidate
    return None


def _differ(one: Attempt, other: Attempt) -> bool:
    return (one.returned, one.returned_type, one.exception) != (
        other.returned,
        other.returned_type,
        other.exception,
    )


def _repeated(candidate: Candidate, call: Reproduction | None, cause: RootCause) -> Trial:
    if call is None:
        untested = "no call that runs through the changed code can be repeated"
        return Trial(candidate, None, passed=True, reason=untested)
    attempt = call.attempt({candidate.change.path: candidate.change.after})
    reason = _refusal(candidate, attempt, cause, call)
    return Trial(candidate, attempt, reason is None, reason or "the recorded call passes", call)


def _checked(trial: Trial, near: NearTests) -> Trial:
    checked = near.check(trial.candidate.change)
    if checked.broken is not None:
        return replace(
            trial, passed=False, reason=f"{checked.broken} passes without the change and not with it"
        )
    if checked.passed:
        tests = "test that passed still does" if checked.passed == 1 else "tests that passed still do"
        return replace(trial, reason=f"{trial.reason}; near it {checked.passed} {tests}")
    return trial


def _refusal(candidate: Candidate, attempt: Attempt, cause: RootCause, call: Reproduction) -> str | None:
    """Why the outcome is no repair; None if it is one.

    Where parts of the call had to be guessed, another exception may come from them.
    """
    if not attempt.ended:
        return "the call does not come to an end"
    if attempt.exception is None:
        frame = call.frames[call.frame]
        promise = broken_promise(attempt, call.tree, frame.path, frame.line)
        return f"the call returns {attempt.returned_type}, not `{promise}`" if promise is not None else None
    if attempt.beyond:
        return None
    # What the code itself turns into another exception is as it was, what only the fix turns into one is not.
    still = attempt.same and attempt.direct is call.first.direct
    if still or attempt.exception == cause.exception.rpartition(".")[2]:
        return f"the call still raises {attempt.exception}"
    if candidate.raises or call.lacks or _is_on_purpose(candidate, attempt):
        return None
    return f"the call raises {attempt.exception} instead"


def _is_on_purpose(candidate: Candidate, attempt: Attempt) -> bool:
    """True if the patched file itself raises the exception: the repaired test leads to a refusal that was there."""
    place = attempt.frames[-1] if attempt.frames else None
    if place is None or place.path != candidate.change.path:
        return False
    lines = candidate.change.after.splitlines()
    return 1 <= place.line <= len(lines) and _RAISES.search(lines[place.line - 1]) is not None
