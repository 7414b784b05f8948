"""The result of `autofix fix --json` as a JSON document; docs/fix.md describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue

from app.core.model import CodeFrame, Failure, Fix, RootCause, Stop
from app.core.scrub import scrub_text
from app.fix.engine import Candidate
from app.repair import Repair


def report(repaired: Repair, seconds: float) -> str:
    """The document, with a line end; pure ASCII."""
    return json.dumps(_document(repaired, seconds), indent=1) + "\n"


def _document(repaired: Repair, seconds: float) -> Mapping[str, JsonValue]:
    patch, stop, cause = repaired.patch, repaired.stop, repaired.cause
    return {
        "outcome": "escalate" if patch is None else "fix",
        **_fix(patch, repaired),
        **_refusal(stop),
        "cause": _cause(cause) if cause is not None else None,
        "exceptions": [
            {"type": one.type, "module": one.module, "message": scrub_text(one.message)}
            for one in repaired.finding.chain
        ],
        "not_repeated": repaired.reproduction if isinstance(repaired.reproduction, str) else None,
        "candidates": [_candidate(one, _trial(one, repaired)) for one in repaired.candidates],
        "rival": repaired.rival.summary if repaired.rival is not None else None,
        "seconds": round(seconds, 3),
    }


def _fix(patch: Fix | None, repaired: Repair) -> dict[str, JsonValue]:
    if patch is None:
        keys = ("pattern", "category", "applicability", "summary", "why_safe", "diff", "test")
        return {**dict.fromkeys(keys), "auto_mergeable": False, "reproduced": False, "why": [], "files": {}}
    test = patch.test
    return {
        "pattern": patch.pattern,
        "category": patch.category,
        "applicability": patch.applicability.value,
        "auto_mergeable": repaired.auto_mergeable,
        "reproduced": repaired.reproduced,
        "summary": patch.summary,
        "why": list(patch.why),
        "why_safe": patch.why_safe,
        "diff": patch.fix.diff,
        "files": {patch.fix.path: patch.fix.after},
        "test": (
            {"path": test.change.path, "text": test.change.after, "id": test.test_id}
            if test is not None
            else None
        ),
    }


def _refusal(stop: Stop | None) -> dict[str, JsonValue]:
    if stop is None:
        return {"stage": None, "reason": None, "detail": None}
    return {"stage": stop.stage.value, "reason": stop.reason.value, "detail": stop.detail}


def _cause(cause: RootCause) -> dict[str, JsonValue]:
    return {
        "exception": cause.exception,
        "message": scrub_text(cause.message),
        "path": cause.path,
        "function": cause.function,
        "line": cause.line,
        **_failure(cause.failure),
        "frames": [_frame(one) for one in cause.frames],
        "origins": [
            {**_frame(one.frame), "depth": one.depth, **_failure(one.failure)} for one in cause.origins
        ],
    }


def _failure(failure: Failure) -> dict[str, JsonValue]:
    return {
        "kind": failure.kind.value,
        "expression": failure.expression,
        "subject": failure.subject,
        "key": failure.key,
        "evidence": list(failure.evidence),
    }


def _frame(frame: CodeFrame) -> dict[str, JsonValue]:
    return {"path": frame.path, "function": frame.function, "line": frame.line, "code": frame.code}


def _trial(one: Candidate, repaired: Repair) -> JsonValue:
    """How the repeated call did with this candidate; None if it was not run."""
    for trial in repaired.trials:
        if trial.candidate is one:
            return {"passed": trial.passed, "reason": trial.reason}
    return None


def _candidate(one: Candidate, trial: JsonValue) -> dict[str, JsonValue]:
    return {
        "pattern": one.pattern,
        "category": one.category,
        "applicability": one.applicability.value,
        "summary": one.summary,
        "why": list(one.why),
        "why_safe": one.why_safe,
        "diff": one.change.diff,
        "trial": trial,
    }
