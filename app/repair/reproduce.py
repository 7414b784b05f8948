"""Repeats what production recorded: a call with rebuilt arguments that raises the same at the same place."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from app.core.model import CodeFrame, Finding, Frame, Raised, RegressionTest
from app.core.scrub import scrub_text, scrub_variables
from app.core.source import SourceTree
from app.fix.modules import Modules
from app.repair.attempt import Attempt, Wanted, read_attempt
from app.repair.masking import masked_variables
from app.repair.sandbox import Limits, Sandbox
from app.repair.script import run_inside
from app.repair.written import RebuiltCall, write_test_file

SECONDS: Final = 15.0
SECONDS_A_RUN: Final = 10.0
MOST_FRAMES: Final = 8
MOST_CALLS: Final = 3
_LACKS: Final = ("cut", "guessed", "stand-in", "private")
# The locals of each frame, and the marks of a call that is rebuilt from them.
_Variant = tuple[list[str], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A call that was seen to raise the recorded exception. `frame` is the index of the repeated frame."""

    call: RebuiltCall
    frame: int
    first: Attempt
    wanted: Wanted
    finding: Finding
    frames: tuple[CodeFrame, ...]
    tree: SourceTree
    sandbox: Sandbox
    others: tuple[Reproduction, ...] = ()

    def covering(self, frame: int) -> Reproduction | None:
        """The best of this and the other calls that runs through the frame with that index."""
        return next((one for one in (self, *self.others) if one.frame <= frame), None)

    @property
    def stand_in(self) -> bool:
        """True if an object of another class stands in for a recorded one, which proves less."""
        return "stand-in" in self.call.marks

    @property
    def lacks(self) -> int:
        """How far it is from what was recorded: 0 for exactly that, more for each kind of thing that is not."""
        return max((at for at, mark in enumerate(_LACKS, 1) if mark in self.call.marks), default=0)

    @property
    def private(self) -> bool:
        """True if only values that may be secret or personal repeat it, which no test may hold."""
        return "private" in self.call.marks

    def attempt(self, changes: Mapping[str, str]) -> Attempt:
        """What the same call gives where the files of `changes` have the given texts."""
        return _attempt(self.call, self.wanted, self.tree, self.sandbox, changes)

    def regression_test(self, returns: Attempt | None) -> RegressionTest:
        """The test file that makes the call; `returns` is its outcome on the repaired files."""
        return write_test_file(self.finding, self.frames[-1], self.tree, self.call, returns)


def reproduce(
    finding: Finding, frames: tuple[CodeFrame, ...], tree: SourceTree, sandbox: Sandbox
) -> Reproduction | str:
    """The call that repeats the crash best, or why there is none: a sentence for each frame that was tried."""
    found = reproductions(finding, frames, tree, sandbox)
    return found if isinstance(found, str) else replace(found[0], others=found[1:])


def reproductions(
    finding: Finding, frames: tuple[CodeFrame, ...], tree: SourceTree, sandbox: Sandbox
) -> tuple[Reproduction, ...] | str:
    """The calls that repeat the crash, or why there is none.

    The one that lacks least is first, among equals that of the outermost frame. A call shows what a repair does in its
    own frame and in those below it; for a repair further out, another of them may serve.
    """
    if not frames:
        return "No frame of the stack trace is the repository's own."
    wanted = _wanted(finding, frames)
    found: list[Reproduction] = []
    reasons: dict[int, str] = {}
    for answer in _search(finding, frames, wanted, tree, sandbox):
        at = answer["index"]
        where = f"`{frames[at].function}` in {frames[at].path}:{frames[at].line}"
        reasons[at] = f"{where}: {answer.get('reason', 'the call raised it only once')}."
        if "call" in answer and len(found) < MOST_CALLS:
            call = _call(answer["call"])
            first = _attempt(call, wanted, tree, sandbox, {})
            if first.same:
                found.append(Reproduction(call, at, first, wanted, finding, frames, tree, sandbox))
    ranked = sorted(found, key=lambda one: (one.lacks, one.frame))
    return tuple(ranked) or " ".join(reasons.values()) or "The search did not come to an end in time."


def _wanted(finding: Finding, frames: Sequence[CodeFrame]) -> Wanted:
    place = frames[-1]
    raised = _raised(finding, place)
    messages = (raised.message, scrub_text(raised.message))
    return Wanted(
        raised.type.rpartition(".")[2],
        tuple(dict.fromkeys(messages)),
        place.path,
        place.function.rpartition(".")[2],
        place.line,
        place.code,
        raised.module,
        outside=bool(_below(raised, place)),
    )


def _raised(finding: Finding, place: CodeFrame) -> Raised:
    """The exception of the chain whose frames these are."""
    for raised in reversed(finding.chain):
        for frame in raised.frames:
            if _is_at(frame, place):
                return raised
    return finding.root


def _is_at(frame: Frame, place: CodeFrame) -> bool:
    return (frame.line, frame.function) == (place.line, place.function) and (
        place.path.rpartition("/")[2] == frame.path.rpartition("/")[2]
    )


def _chosen(frames: Sequence[CodeFrame]) -> list[int]:
    """The frames to try: outermost first, since a public interface takes plain values and shows the most."""
    indexes = list(range(len(frames)))
    if len(frames) > MOST_FRAMES:
        indexes = [*indexes[: MOST_FRAMES // 2], *indexes[-MOST_FRAMES // 2 :]]
    return indexes


def _search(
    finding: Finding, frames: Sequence[CodeFrame], wanted: Wanted, tree: SourceTree, sandbox: Sandbox
) -> list[dict[str, Any]]:
    """What the sandbox says of each frame, the calls that it found last and best first.

    Where a call ends the process, the others are tried in another one.
    """
    until = time.monotonic() + SECONDS
    chosen = _chosen(frames)
    variants = _variants([frames[at] for at in chosen])
    task = _task(finding, frames, chosen, variants, wanted, tree) | {"root": str(sandbox.copy)}
    done: dict[tuple[str, int, int], dict[str, Any]] = {}
    while (seconds := until - time.monotonic()) > 1:
        before = len(done)
        further = {**task, "seconds": max(seconds - 1.5, 1), "done": list(done)}
        for answer in run_inside(sandbox, further, changes={}, limits=Limits(seconds=seconds)):
            if "fault" in answer:
                raise RuntimeError(answer["fault"])
            if "call" in answer:
                answer["call"]["marks"] += variants[answer["variant"]][0]
            done[answer["level"], answer["variant"], answer["index"]] = answer
        if len(done) == before or any("call" in one for one in done.values()):
            break
    return sorted(
        done.values(),
        key=lambda one: ("call" in one, len(one.get("call", {}).get("marks", ())), one["index"]),
    )


def _task(
    finding: Finding,
    frames: Sequence[CodeFrame],
    chosen: Sequence[int],
    variants: Sequence[_Variant],
    wanted: Wanted,
    tree: SourceTree,
) -> dict[str, Any]:
    """What the sandbox needs to know for the search."""
    modules = Modules(tree)
    names = {frames[at].path: modules.name_of(frames[at].path) for at in chosen}
    return {
        "own": names,
        "variants": [
            [
                {
                    "index": at,
                    "path": frames[at].path,
                    "module": names[frames[at].path],
                    "function": frames[at].function,
                    "line": frames[at].line,
                    "variables": one,
                }
                for at, one in zip(chosen, variables, strict=True)
            ]
            for _, variables in variants
        ],
        "others": [
            [one if "private" in marks else scrub_variables(one) for one in _others(finding, frames)]
            for marks, _ in variants
        ],
        "paths": _python(tree),
        "exception": wanted.task(),
        "django_settings": _django_settings(tree),
    }


def _variants(frames: Sequence[CodeFrame]) -> list[_Variant]:
    """The recorded locals to try: without secrets, with secrets of the same shape, and as they were; each marked."""
    raw = [frame.variables for frame in frames]
    scrubbed = [scrub_variables(one) for one in raw]
    if scrubbed == raw:
        return [([], raw)]
    masked = [masked_variables(one, other) for one, other in zip(raw, scrubbed, strict=True)]
    found: list[_Variant] = [([], list(scrubbed))]
    if masked != scrubbed:
        found.append(([], list(masked)))
    return [*found, (["private"], raw)]


def _others(finding: Finding, frames: Sequence[CodeFrame]) -> list[Mapping[str, Any]]:
    """The locals of the frames below the repository's own: what it handed to other packages, innermost first."""
    return [one.variables for one in reversed(_below(_raised(finding, frames[-1]), frames[-1]))]


def _below(raised: Raised, place: CodeFrame) -> Sequence[Frame]:
    at = max((at for at, one in enumerate(raised.frames) if _is_at(one, place)), default=len(raised.frames))
    return raised.frames[at + 1 :]


def _python(tree: SourceTree) -> list[str]:
    return sorted(path for path in tree.paths if path.endswith(".py"))


def _django_settings(tree: SourceTree) -> str | None:
    """The settings that the project's `manage.py` names."""
    for path in sorted(tree.paths, key=lambda one: one.count("/")):
        if path.rpartition("/")[2] == "manage.py":
            found = re.search(r"DJANGO_SETTINGS_MODULE['\"],\s*['\"]([\w.]+)['\"]", tree.read(path) or "")
            if found is not None:
                return found[1]
    return None


def _call(given: Mapping[str, Any]) -> RebuiltCall:
    return RebuiltCall(
        tuple(given["prelude"]),
        tuple((module, name) for module, name in given["imports"]),
        tuple(given["setup"]),
        tuple(given["patches"]),
        given["expression"],
        frozenset(given["marks"]),
        tuple(given["forms"]),
    )


def _attempt(
    call: RebuiltCall, wanted: Wanted, tree: SourceTree, sandbox: Sandbox, changes: Mapping[str, str]
) -> Attempt:
    task = {
        "root": str(sandbox.copy),
        "paths": sorted({*_python(tree), *changes}),
        "call": asdict(call) | {"marks": ()},
    }
    reports = list(run_inside(sandbox, task, changes=changes, limits=Limits(seconds=SECONDS_A_RUN)))
    lines = {path: text.splitlines() for path, text in changes.items()}
    return read_attempt(reports[-1] if reports else None, wanted, lines, stand_in="stand-in" in call.marks)
