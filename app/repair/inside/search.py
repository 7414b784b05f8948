"""Looks for a call that raises what was recorded where it was recorded, frame by frame."""

from __future__ import annotations

import ast
import builtins
import importlib
import itertools
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .ascent import Ascent, Score, Trial
from .calls import Frame, Planner, variations
from .draft import Call, Dimension, Draft
from .evaluate import import_lines, patience
from .fills import Fills
from .hints import Answer, answers, handed_down, handed_over
from .implied import recorded_texts
from .prelude import prelude_for
from .raising import outside_errors
from .reached import lines_of, nearness
from .report import Caught, Own, perform, plain
from .source import GUESSED, STAND_IN
from .target import NESTED, Kind, Target, find, find_wrapper, innermost
from .world import World

_SECONDS_A_CALL = 2
_SECONDS_A_FRAME = 4.0
_SECONDS_FURTHER = 2.5
_MOST_CALLS = 60
_MOST_TRIALS = 400
_Run = tuple[Call, Mapping[str, Any]]
LEVELS = ("plain", "attributes", "stand-ins")


@dataclass(frozen=True, slots=True)
class _Search:
    """What all frames share."""

    world: World
    files: Own
    frames: tuple[Frame, ...]
    known: Mapping[str, list[object]]
    others: tuple[Mapping[str, Any], ...]
    task: Mapping[str, Any]
    prelude: list[str]
    until: float

    @property
    def exception(self) -> Mapping[str, Any]:
        """What is to be repeated."""
        found: Mapping[str, Any] = self.task["exception"]
        return found


def search(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """For each level and each frame of the task: the call that repeats it, or why none does.

    Before each a line tells that it begins, so that what ended the process is known.
    """
    until = time.monotonic() + float(task["seconds"])
    searches, errors = _prepared(task, until)
    done = {tuple(one) for one in task.get("done", ())}
    outermost = searches[0].frames[0].index
    found: int | None = None
    for level, at in itertools.product(LEVELS, range(len(searches))):
        for frame in searches[at].frames:
            told = {"level": level, "variant": at, "index": frame.index}
            # Once there is a call, only those of frames further out are of use, and no stand-ins.
            further = found is None or (frame.index < found and level != LEVELS[-1]) or level == LEVELS[0]
            if tuple(told.values()) in done or not further or _is_repeated(frame, searches[:at]):
                continue
            if time.monotonic() > until:
                return
            yield {**told, "reason": "the call ended the whole process"}
            answer = _answer(frame, searches[at], level, errors[frame.module])
            yield {**answer, **told}
            if "call" in answer:
                found = frame.index if found is None else min(found, frame.index)
                until = min(until, time.monotonic() + _SECONDS_FURTHER)
        if found == outermost:
            return


def _is_repeated(frame: Frame, before: Sequence[_Search]) -> bool:
    """True if the frame has the same locals in a variant that came before."""
    return any(frame == one for search in before for one in search.frames)


def _prepared(task: Mapping[str, Any], until: float) -> tuple[list[_Search], dict[str, BaseException | None]]:
    """A search for each variant of the locals, and why a module can not be imported."""
    prelude: list[str] = []
    variants = [tuple(Frame(**one) for one in frames) for frames in task["variants"]]
    errors = {one.module: _import(one.module, prelude, task) for one in variants[0]}
    world = World(task["own"])
    files = Own(os.path.realpath(task["root"]), frozenset(task["paths"]))
    searches = [
        _Search(world, files, frames, _known(frames, others), tuple(others), task, prelude, until)
        for frames, others in zip(variants, task["others"], strict=True)
    ]
    return searches, errors


def _answer(frame: Frame, shared: _Search, level: str, error: BaseException | None) -> dict[str, Any]:
    """The call that repeats the frame, or why there is none."""
    if frame.function == "<module>":
        return _imported(frame, shared)
    if error is not None:
        return {"reason": f"importing {frame.module} raised {type(error).__name__}: {error}"[:300]}
    answer: dict[str, Any] = {"reason": "it could not be planned"}
    with Caught() as caught:
        answer = _try(frame, shared, level)
    if caught.error is not None:
        answer["reason"] = f"planning it raised {_where(caught.error)}"
    return answer


def _known(frames: Sequence[Frame], others: Sequence[Mapping[str, Any]]) -> dict[str, list[object]]:
    """All recorded locals by name, innermost first; `others` are those of frames of other packages."""
    known: dict[str, list[object]] = {}
    for frame in reversed(frames):
        for name, value in frame.variables.items():
            known.setdefault(name, []).append(value)
    for variables in others:
        for name, value in variables.items():
            known.setdefault(name, []).append(value)
    return known


def _where(error: BaseException) -> str:
    places = [f"{frame.f_code.co_name}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]
    return f"{type(error).__name__}: {error} in {' '.join(places[-12:])}"[:1000]


def _import(module: str, prelude: list[str], task: Mapping[str, Any]) -> BaseException | None:
    """Why the module can not be imported; what had to be done before is in `prelude`."""
    with Caught() as caught:
        importlib.import_module(module)
    if caught.error is None:
        return None
    told = {"exception": type(caught.error).__name__, "message": str(caught.error)}
    return _import(module, prelude, task) if prepare(told, prelude, task) else caught.error


def prepare(error: Mapping[str, str], prelude: list[str], task: Mapping[str, Any]) -> bool:
    """True if something new could be done about the error; it is in `prelude`, and done."""
    found = prelude_for(error, task)
    if not found or found[0] in prelude:
        return False
    prelude.extend(found)
    with Caught() as caught:
        exec("\n".join(found), {})  # noqa: S102 - the sandbox is for running it
    return caught.error is None


def _try(frame: Frame, shared: _Search, level: str) -> dict[str, Any]:
    """The call that repeats the frame, or the reason why there is none."""
    module = sys.modules[frame.module]
    tree = _parsed(frame, shared)
    target = find(tree, module, frame.function, frame.line)
    if target == NESTED:
        below = next((one.function for one in shared.frames if one.index == frame.index + 1), "")
        own = [
            one for one in shared.world.modules if shared.files.relative(getattr(one, "__file__", None) or "")
        ]
        target = find_wrapper(tree, own, frame.function, frame.line, below)
    if isinstance(target, str):
        return {"reason": target}
    until = min(shared.until, time.monotonic() + _SECONDS_A_FRAME)
    planner = Planner(shared.world, frame, target, shared.known, shared.exception["messages"][0])
    planner.handed_over = _handed_over(frame, target, shared)
    draft = planner.draft(stand_ins=level == "stand-ins")
    if isinstance(draft, str):
        return {"reason": draft}
    if level == LEVELS[0]:
        return _first_same(_plain(draft, shared), shared, until)
    return _first_same(_ascent(planner, target, tree, shared, stand_ins=level == LEVELS[-1]), shared, until)


def _handed_over(frame: Frame, target: Target, shared: _Search) -> dict[str, Any]:
    """What the frame above gave to this one, where that is the repository's own."""
    caller = next((one for one in shared.frames if one.index == frame.index - 1), None)
    if caller is None:
        return {}
    bound = target.kind not in {Kind.FUNCTION, Kind.STATIC}
    return handed_over(_parsed(caller, shared), caller.line, target.node, caller.variables, bound=bound)


def _parsed(frame: Frame, shared: _Search) -> ast.Module:
    with open(os.path.join(shared.files.root, frame.path), "rb") as file:  # noqa: PTH118, PTH123 - as the loader does
        return ast.parse(file.read())


def _further(frame: Frame, target: Target, tree: ast.Module, shared: _Search) -> list[Answer]:
    """What other frames tell of this one's objects: the frame below, and those that belong to the same object."""
    found: list[Answer] = []
    arguments = [*target.node.args.posonlyargs, *target.node.args.args]
    receiver = arguments[0].arg if arguments else ""
    own = frame.variables.get(receiver)
    for other in shared.frames:
        other_tree = tree if other.path == frame.path else _parsed(other, shared)
        node = innermost(other_tree, other.function, other.line)
        if other.index == frame.index or node is None:
            continue
        names = [one.arg for one in [*node.args.posonlyargs, *node.args.args]]
        if other.index == frame.index + 1:
            bound = bool(names) and names[0] in {"self", "cls"}
            found += handed_down(tree, frame.line, node, other.variables, bound=bound)
        # The address tells that it is the same object.
        if names and isinstance(own, str) and " at 0x" in own and other.variables.get(names[0]) == own:
            same = answers(node, other.line, other.variables)
            found += [replace(one, root=receiver) for one in same if one.root == names[0]]
    return found


def _first_same(runs: Iterator[_Run], shared: _Search, until: float) -> dict[str, Any]:
    told: dict[str, None] = {}
    for number, (call, first) in enumerate(runs, 1):
        again = "exception" in first and prepare(first, shared.prelude, shared.task)
        report = run(call, shared.files) if again else first
        if is_same(report, shared.exception):
            return {"call": {**spelled(call, report), "prelude": shared.prelude}, "tried": number}
        told[_seen(report)] = None
        if time.monotonic() > until or number > _MOST_TRIALS:
            break
    if not told:
        return {"reason": "no call could be written"}
    return {"reason": f"no call repeated it: {'; '.join(told)}"[:1500]}


def _plain(draft: Draft, shared: _Search) -> Iterator[_Run]:
    """Runs with nothing but what was recorded."""
    options = [one.options for one in draft.dimensions]
    for choice in itertools.islice(variations(options), _MOST_CALLS):
        call = draft.call(choice)
        if STAND_IN not in call.marks:
            yield call, run(call, shared.files)


def _imported(frame: Frame, shared: _Search) -> dict[str, Any]:
    """The import of a module whose own statements failed."""
    expression = f'importlib.import_module("{frame.module}")'
    call = Call(frozenset({("importlib", "")}), (), (), expression, frozenset(), {})
    return _first_same(iter([(call, run(call, shared.files))]), shared, shared.until)


def _ascent(
    planner: Planner, target: Target, tree: ast.Module, shared: _Search, *, stand_ins: bool
) -> Iterator[_Run]:
    frame = planner.frame
    elsewhere = _further(frame, target, tree, shared)
    fills = Fills(target, frame.line, frame.variables, planner.values, tree, shared.exception, elsewhere)
    fills.texts = recorded_texts(
        [*(one.variables for one in shared.frames if one.index > frame.index), *shared.others]
    )
    draft = planner.draft(stand_ins=stand_ins)
    if isinstance(draft, str):
        return
    plain_size = len(draft.dimensions)
    draft = planner.deepened(draft, fills)
    draft.dimensions += _outside(planner, shared)
    further = draft.dimensions[plain_size:]
    recorded_options = tuple(int(_is_recorded(one)) for one in further)
    starts = [
        (at, *([0] * (plain_size - 1)), *options)
        for at in range(min(3, len(draft.dimensions[0].options)))
        for options in dict.fromkeys(((0,) * len(further), recorded_options))
    ]
    recorded = [
        (one.path, one.function.rpartition(".")[2], one.line)
        for one in shared.frames
        if one.index >= frame.index
    ]
    ascent = Ascent(
        draft,
        lambda root, path: planner.fill(fills, root, path),
        lambda call: _traced(call, shared.files, frame, target),
        lambda report: score(report, recorded, shared.exception),
        stand_ins=stand_ins,
    )
    for trial in ascent.trials(starts):
        if is_same(trial.report, shared.exception):
            yield _least(draft, trial, shared)
            return
        yield trial.call, trial.report


def _least(draft: Draft, trial: Trial, shared: _Search) -> _Run:
    """The same with as few changes as it needs: what the search tried on its way is left as it was."""
    choice, call, report = trial.choice, trial.call, trial.report
    for at, taken in enumerate(choice):
        if taken and draft.dimensions[at].kind in {"fill", "patch"}:
            fewer = (*choice[:at], 0, *choice[at + 1 :])
            other = draft.call(fewer)
            found = run(other, shared.files)
            if is_same(found, shared.exception):
                choice, call, report = fewer, other, found
    return call, report


def _outside(planner: Planner, shared: _Search) -> list[Dimension]:
    """The exception of another package, raised where the innermost frame called it."""
    last = max(shared.frames, key=lambda one: one.index)
    target = find(_parsed(last, shared), sys.modules[last.module], last.function, last.line)
    if isinstance(target, str):
        return []
    receiver = planner.receiver if planner.frame.index == last.index else ""
    return list(outside_errors(shared.world, target, last.line, shared.exception, receiver))


def _is_recorded(dimension: Dimension) -> bool:
    """True if the first thing that may be chosen is what the record says."""
    first = dimension.options[1] if len(dimension.options) > 1 else None
    return first is not None and GUESSED not in first.marks and dimension.form != "raising"


def _traced(call: Call, files: Own, frame: Frame, target: Target) -> dict[str, Any]:
    with lines_of(frame.path, target.node.name) as lines:
        report = run(call, files)
    return {**report, "nearness": nearness(lines, target.node.lineno, frame.line)}


def score(
    report: Mapping[str, Any], recorded: Sequence[tuple[str, str, int]], wanted: Mapping[str, Any]
) -> Score:
    """How near a run came: matching frames, then how far the next one got, then the exception itself."""
    if report.get("stage") != "call":
        return (-1,)
    near = float(report.get("nearness", 0))
    if "exception" not in report:
        return (0, 0, near)
    frames = [(one["path"], one["function"], one["line"]) for one in report["frames"]]
    if recorded and recorded[0][:2] in [one[:2] for one in frames]:
        frames = frames[[one[:2] for one in frames].index(recorded[0][:2]) :]
    matched = 0
    for one, other in zip(frames, recorded, strict=False):
        if one != other:
            break
        matched += 1
    place = wanted["place"]
    at_place = bool(frames) and frames[-1] == (place["path"], place["function"], place["line"])
    same_type = report["exception"] == wanted["type"]
    return (matched, at_place, near, same_type, len(frames) == len(recorded))


def run(call: Call, files: Own) -> dict[str, Any]:
    """What the call gives."""
    setup = "\n".join([*import_lines(call.imports), *call.setup])
    with Caught(), patience(_SECONDS_A_CALL):
        return perform(setup, call.expression, files, call.patches)
    return {"lost": True}


def is_same(report: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """True if the call raised the recorded exception with the recorded message at the recorded place."""
    if report.get("stage") != "call":
        return False
    return any(_matches(one, wanted) for one in report.get("chain", ()))


def _matches(one: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    frames: Sequence[Mapping[str, Any]] = one["frames"]
    if one["exception"] != wanted["type"] or not frames:
        return False
    place = wanted["place"]
    last = frames[-1]
    at_place = last["path"] == place["path"] and last["function"] == place["function"]
    accepted = {plain(each) for each in wanted["messages"]}
    return at_place and last["line"] == place["line"] and any(each in accepted for each in one["messages"])


def spelled(call: Call, report: Mapping[str, Any]) -> dict[str, Any]:
    """The call and what had still to be run for its result."""
    setup, patches, expression = renamed(call)
    return {
        "imports": sorted(call.imports),
        "setup": setup,
        "patches": patches,
        "expression": expression,
        "marks": sorted(call.marks),
        "forms": report.get("forms", []),
    }


def renamed(call: Call) -> tuple[list[str], list[str], str]:
    """The call's code, with each variable's number taken away where no other has the name."""
    lines = [*call.setup, *call.patches, call.expression]
    variables = [one.partition(" = ")[0] for one in call.setup]
    imported = {name or module.partition(".")[0] for module, name in call.imports}
    for name in [one for one in variables if one.isidentifier()]:
        shorter = re.sub(r"_\d+\Z", "", name)
        if (
            shorter != name
            and shorter not in variables
            and shorter not in imported
            and not hasattr(builtins, shorter)
        ):
            variables = [shorter if one == name else one for one in variables]
            lines = [re.sub(rf"(?<![\w.]){name}\b(?!=)", shorter, one) for one in lines]
    count = len(call.setup)
    return lines[:count], lines[count:-1], lines[-1]


def _seen(report: Mapping[str, Any]) -> str:
    if report.get("lost"):
        return "it did not end in time"
    if "exception" not in report:
        return "it raised nothing"
    place = report["frames"][-1] if report["frames"] else {"path": "", "line": 0}
    return f"{report['stage']} {report['exception']}: {report['message'][:100]} at {place['path']}:{place['line']}"
