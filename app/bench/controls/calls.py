"""Calls of the changed functions with made-up arguments, made with and without the patch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from app.bench.case import Patched
from app.bench.controls.arguments import Arguments, made_up
from app.bench.controls.changes import Changed
from app.bench.controls.journal import entries
from app.bench.isolation import NoAnswer, ask
from app.bench.processes import Processes
from app.bench.verdict import Controls

NO_CALLS = Controls("no control calls")
CALLS = 40
MOST_FUNCTIONS = 5
CONSTRUCTORS = 12
CALL_SECONDS = 60.0
MOST_REPEATED = 5
_TOLD = 160


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: which function, with which arguments, on an object made in which ways."""

    number: int
    function: Changed
    arguments: Arguments
    constructors: tuple[Arguments, ...]

    def __str__(self) -> str:
        return f"{self.function.qualname}({self.arguments})"

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "module": self.function.module,
            "qualname": self.function.qualname,
            "kind": self.function.kind,
            "constructors": [way.as_json() for way in self.constructors],
            **self.arguments.as_json(),
        }


def compare_calls(patched: Patched, changed: Sequence[Changed], processes: Processes) -> Controls:
    """What the calls say, as far as they can be made without the patch and end the same way each time."""
    calls = list(_calls(patched.event, changed[:MOST_FUNCTIONS]))
    before = _made(patched.before, calls, patched, processes)
    # What differs by itself from run to run says nothing about the patch.
    steady = _made(patched.before, calls, patched, processes)
    comparable = [
        call
        for call in calls
        if _counts(before.get(call.number)) and before[call.number] == steady.get(call.number)
    ]
    number = len(comparable)
    if not number:
        return NO_CALLS
    ran = f"{number} control call{'s' * (number > 1)}"
    after = _made(patched.after, calls, patched, processes)
    differing = [call for call in comparable if _differs(call, before, after)]
    for call in differing[:MOST_REPEATED]:
        # Alone, in new processes: an earlier call of the run may have left something behind.
        alone = [_made(side, [call], patched, processes) for side in (patched.before, patched.after)]
        if _counts(alone[0].get(call.number)) and _differs(call, *alone):
            did, does = _told(alone[0], call), _told(alone[1], call)
            return Controls(ran, f"{call} {did}, but with the patch {does}", number)
    return Controls(ran, number=number)


def _calls(event: Mapping[str, Any], changed: Sequence[Changed]) -> Iterable[_Call]:
    each = CALLS // max(1, len(changed))
    number = 0
    for function in changed:
        recorded = _recorded(event, function)
        ways = tuple(dict.fromkeys(chain((Arguments(()),), made_up(function.constructor, {}, CONSTRUCTORS))))
        for arguments in made_up(function.parameters, recorded, each):
            yield _Call(number, function, arguments, ways)
            number += 1


def _recorded(event: Mapping[str, Any], function: Changed) -> dict[str, object]:
    """The locals that production recorded, by name: those of the function's last frame before those of any other."""
    ours: dict[str, object] = {}
    others: dict[str, object] = {}
    for frame in _frames(event):
        if frame.get("filename") == function.file and frame.get("function") == function.name:
            ours = dict(frame.get("vars") or {})
        elif frame.get("in_app"):
            others.update(frame.get("vars") or {})
    return {**others, **ours}


def _frames(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All frames, outermost first."""
    for value in event.get("exception", {}).get("values", []):
        yield from (value.get("stacktrace") or {}).get("frames") or []


def _made(
    side: Path, calls: Sequence[_Call], patched: Patched, processes: Processes
) -> dict[int, dict[str, Any]]:
    """What each call did on a side, as far as the run came."""
    journal = patched.scratch / "calls.journal"
    journal.unlink(missing_ok=True)
    file, line, kind = crash_place(patched.event)
    order = {
        "path": [str(side)],
        "calls": [call.as_json() for call in calls],
        "crash": {"file": str(side / file), "line": line, "type": kind},
        "journal": str(journal),
    }
    # A call may end the process or use up the time; those before it are written down.
    with contextlib.suppress(NoAnswer):
        ask(processes, "call", order, scratch=patched.scratch, seconds=CALL_SECONDS)
    return entries(journal)


def crash_place(event: Mapping[str, Any]) -> tuple[str, int, str]:
    """File and line of the innermost frame of the package, and the type of what was raised there."""
    values = event.get("exception", {}).get("values", [])
    for value in reversed(values):
        for frame in reversed((value.get("stacktrace") or {}).get("frames") or []):
            if frame.get("in_app"):
                return str(frame["filename"]), int(frame["lineno"]), str(value.get("type"))
    return "", 0, ""


def _counts(outcome: Mapping[str, Any] | None) -> bool:
    """True if the function was called, did not crash, and ended in time."""
    if outcome is None or not outcome.get("called"):
        return False
    return not (outcome.get("crashed") or _overdue(outcome))


def _overdue(outcome: Mapping[str, Any]) -> bool:
    return outcome.get("raised") == "_TooLong"


def _differs(call: _Call, before: Mapping[int, Any], after: Mapping[int, Any]) -> bool:
    """True if the call did something else. A call that the run never came to is no difference: another one ended it."""
    if call.number not in after:
        return all(number in after for number in before if number < call.number)
    return _compared(before[call.number]) != _compared(after[call.number])


def _compared(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same on both sides."""
    return {name: value for name, value in outcome.items() if name != "crashed"}


def _told(outcomes: Mapping[int, Mapping[str, Any]], call: _Call) -> str:
    outcome = outcomes.get(call.number)
    if outcome is None:
        return "ended the process"
    if _overdue(outcome):
        return f"was not done within {CALL_SECONDS:.0f} s"
    if "raised" in outcome:
        return f"raised {outcome['raised']}: {outcome['message'][:_TOLD]}"
    return f"returned {outcome['returned'][:_TOLD]}"
