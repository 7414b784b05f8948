"""Repair on this machine: from an event and a checkout to a proven patch, without a server and without a network.

`autofix fix` and `autofix bench crashes` are its two users. The stages of the pipeline do the thinking; what is added
here is a sandbox, in which the recorded call is repeated before and after each candidate, and the tests near it run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from app.core.model import (
    Applicability,
    CodeFrame,
    Finding,
    Fix,
    Frame,
    Raised,
    Reason,
    RegressionTest,
    RootCause,
    Span,
    Stage,
    Stop,
)
from app.core.source import SourceTree
from app.fix.engine import Candidate, candidates, fix_of, is_weak, no_candidate
from app.investigate.expression import find_failure
from app.investigate.mapping import culprit_exception, function_below, repository_path
from app.investigate.origin import origins
from app.repair.marks import Marks, agree, in_characters, underlined
from app.repair.near_tests import NearTests
from app.repair.reproduce import Reproduction, reproduce
from app.repair.sandbox import Sandbox
from app.repair.trial import Trial, rival_of, tried

Progress = Callable[[str], None]
NO_MARKS: Final[Marks] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Repair:
    """What came of one event: a patch or the reason to call a person, with everything that was found.

    `trials` tells how each candidate that was run did; `reproduction` is the call that was run, or why there is none.
    `rival` is a candidate that is as well founded as the patch, and gives another result.
    """

    finding: Finding
    cause: RootCause | None
    candidates: tuple[Candidate, ...]
    patch: Fix | None
    stop: Stop | None
    reproduction: Reproduction | str | None = None
    trials: tuple[Trial, ...] = field(default=())
    rival: Candidate | None = None

    @property
    def proof(self) -> Trial | None:
        """The run in which the chosen fix let the recorded call pass; None if it was not run."""
        chosen = next((one for one in self.trials if one.passed), None)
        return (
            chosen if self.patch is not None and chosen is not None and chosen.attempt is not None else None
        )

    @property
    def reproduced(self) -> bool:
        """True if the recorded call was repeated, without stand-ins, and the patched code was seen to pass it."""
        proof = self.proof
        return proof is not None and proof.reproduction is not None and not proof.reproduction.stand_in

    @property
    def auto_mergeable(self) -> bool:
        """True for a SAFE fix that has no rival, and that the recorded call, with nothing guessed, needs and passes."""
        patch, proof = self.patch, self.proof
        if patch is None or patch.test is None or patch.applicability is not Applicability.SAFE:
            return False
        if self.rival is not None:
            return False
        if proof is None or proof.attempt is None or proof.reproduction is None:
            return False
        return proof.attempt.exception is None and proof.attempt.ended and not proof.reproduction.lacks


def repair(
    finding: Finding,
    tree: SourceTree,
    sandbox: Sandbox | None = None,
    progress: Progress = lambda _: None,
    marks: Marks = NO_MARKS,
) -> Repair:
    """The best patch for what the event reports, or the reason why there is none.

    With a sandbox the recorded call is repeated, and a candidate that does not let it pass is not chosen. `marks` is
    what the traceback underlines.
    """
    progress("mapping the stack trace to the checkout")
    raised = culprit_exception(finding.chain, tree.paths)
    frames = _frames(raised.frames, tree)
    if isinstance(frames, Stop):
        return Repair(finding, None, (), None, frames)
    culprit = frames[-1]
    lines = (tree.read(culprit.path) or "").splitlines()
    progress(f"looking for the failing expression at {culprit.path}:{culprit.line}")
    mark = underlined(marks, culprit.line, lines[culprit.line - 1])
    cause = _agreeing(_cause(raised, frames, tree), raised, frames, tree, mark)
    if isinstance(cause, Stop) and (sandbox is None or cause.reason is not Reason.UNCONFIRMED):
        return Repair(finding, None, (), None, cause)
    progress("trying the fix patterns")
    found = () if isinstance(cause, Stop) else candidates(cause, tree)
    reproduction: Reproduction | str | None = None
    if sandbox is not None and (found or isinstance(cause, Stop)):
        progress("repeating the recorded call")
        reproduction = reproduce(finding, frames, tree, sandbox)
        located = _agreeing(cause, raised, frames, tree, _seen(reproduction, lines))
        if located is not cause:
            cause, found = located, () if isinstance(located, Stop) else candidates(located, tree)
    if isinstance(cause, Stop):
        return Repair(finding, None, (), None, cause, reproduction)
    if not found:
        return Repair(finding, cause, (), None, no_candidate(cause), reproduction)
    near = NearTests(tree, sandbox) if sandbox is not None else None
    return _chosen(finding, cause, found, reproduction, near, progress)


def _seen(reproduction: Reproduction | str | None, lines: Sequence[str]) -> Span | None:
    """Where the repeated call failed, as the interpreter knows it; `lines` are those of the failing file."""
    if not isinstance(reproduction, Reproduction) or not reproduction.first.frames:
        return None
    place, wanted = reproduction.first.frames[-1], reproduction.wanted
    if place.span is None or (place.path, place.line) != (wanted.path, wanted.line):
        return None
    return in_characters(place.span, lines)


def _agreeing(
    cause: RootCause | Stop, raised: Raised, frames: tuple[CodeFrame, ...], tree: SourceTree, at: Span | None
) -> RootCause | Stop:
    """The cause, or the one that is found where the interpreter says that the line failed, if that is elsewhere."""
    if at is None or (isinstance(cause, RootCause) and agree(cause.failure.span, at)):
        return cause
    if isinstance(cause, Stop) and cause.reason is not Reason.UNCONFIRMED:
        return cause
    there = _cause(raised, frames, tree, at)
    return there if isinstance(there, RootCause) and agree(there.failure.span, at) else cause


def _chosen(
    finding: Finding,
    cause: RootCause,
    found: tuple[Candidate, ...],
    reproduction: Reproduction | str | None,
    near: NearTests | None,
    progress: Progress,
) -> Repair:
    """The first candidate with enough evidence that passes its trial."""
    trials: tuple[Trial, ...] = ()
    ranked = strong = tuple(one for one in found if not is_weak(one))
    if near is not None and ranked:
        progress(f"trying {len(ranked)} candidate{'s' * (len(ranked) > 1)}")
        trials = tried(ranked, reproduction if isinstance(reproduction, Reproduction) else None, cause, near)
        ranked = tuple(one.candidate for one in trials if one.passed)
    if not ranked:
        return Repair(finding, cause, found, None, _nothing_left(found, trials), reproduction, trials)
    chosen = next((one for one in trials if one.candidate is ranked[0]), None)
    test = _test(chosen) if chosen is not None else None
    rival = None
    if (
        chosen is not None
        and isinstance(reproduction, Reproduction)
        and ranked[0].applicability is Applicability.SAFE
    ):
        rival = rival_of(chosen, strong, reproduction, cause)
    others = tuple(one for one in found if one is not ranked[0])
    patch = fix_of((ranked[0], *others), test)
    return Repair(finding, cause, found, patch, None, reproduction, trials, rival)


def _test(trial: Trial) -> RegressionTest | None:
    call = trial.reproduction
    return None if call is None or call.private else call.regression_test(trial.attempt)


def _nothing_left(found: tuple[Candidate, ...], trials: tuple[Trial, ...]) -> Stop:
    if trials:
        told = "; ".join(f"{one.candidate.pattern}: {one.reason}" for one in trials)
        return Stop(Stage.FIX, Reason.NO_CANDIDATE, f"No candidate passes its trial. {told}.")
    names = ", ".join(dict.fromkeys(one.pattern for one in found))
    return Stop(
        Stage.FIX,
        Reason.NO_CANDIDATE,
        f"The evidence for every candidate is weak ({names}): a person should choose.",
    )


def _cause(
    raised: Raised, frames: tuple[CodeFrame, ...], tree: SourceTree, at: Span | None = None
) -> RootCause | Stop:
    culprit = frames[-1]
    failure = find_failure(
        tree.read(culprit.path) or "",
        culprit.line,
        culprit.function,
        raised.type,
        raised.message,
        culprit.variables,
        module=raised.module,
        below=function_below(raised, culprit.line, culprit.function),
        at=at,
    )
    if isinstance(failure, Stop):
        return failure
    return RootCause(
        exception=raised.type,
        message=raised.message,
        path=culprit.path,
        function=culprit.function,
        line=culprit.line,
        deployed_sha="",
        base_sha="",
        base_branch="",
        failure=failure,
        frames=frames,
        suspect=None,
        module=raised.module,
        origins=origins(frames, tree.read, failure, raised.type, raised.message, raised.module),
    )


def _frames(frames: tuple[Frame, ...], tree: SourceTree) -> tuple[CodeFrame, ...] | Stop:
    mapped: list[CodeFrame] = []
    for frame in frames:
        path = repository_path(frame, tree.paths) if frame.in_app else None
        lines = (tree.read(path) or "").splitlines() if path is not None else []
        if path is None or not 1 <= frame.line <= len(lines):
            continue
        code = lines[frame.line - 1].strip()
        if frame.code is not None and frame.code.strip() != code:
            continue
        mapped.append(CodeFrame(path, frame.function, frame.line, code, frame.variables))
    if not mapped:
        return Stop(
            Stage.INVESTIGATE,
            Reason.FRAME_UNMAPPED,
            "no frame of the stack trace is a line of this checkout; is it the version that failed?",
        )
    return tuple(mapped)
