"""Everything that was found, as data that is bound to the head commit."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

from app import __version__
from app.verify.gates import Result, denied
from app.verify.gates.claim import Claim, Revert
from app.verify.gates.gate import Weight
from app.verify.gates.proof import Suite, Trial

_OF_A_TRIAL = ("outcome", "seconds", "exception", "message")


@dataclass
class Evidence:
    """What is known so far. Ids are git's; `base` is the merge base, `policy_commit` the base of the event."""

    repository: str = ""
    pull: int = 0
    base: str = ""
    head: str = ""
    base_tree: str = ""
    head_tree: str = ""
    policy_commit: str = ""
    policy_blob: str | None = None
    claim: Claim | Revert | None = None
    results: tuple[Result, ...] = ()
    before: Trial | None = None
    after: Trial | None = None
    suite_before: Suite | None = None
    suite_after: Suite | None = None
    changed: tuple[int, ...] = ()
    handed_over_to: str = ""
    nothing: str = ""

    @property
    def verdict(self) -> str:
        """`verified` only if every phase was reached and nothing denies."""
        if self.nothing:
            return "nothing-to-verify"
        if self.handed_over_to:
            return "handed-over"
        complete = bool(self.results) and self.results[-1].gate == LAST
        return "verified" if complete and not denied(self.results) else "denied"

    def data(self) -> dict[str, Any]:
        """The evidence as JSON holds it, without the output of the tests."""
        return {
            "version": 2,
            "verdict": self.verdict,
            "repository": self.repository,
            "pull_request": self.pull,
            "base": self.base,
            "head": self.head,
            "trees": {"base": self.base_tree, "head": self.head_tree},
            "policy": {"commit": self.policy_commit, "blob": self.policy_blob},
            "claim": _claim(self.claim),
            "gates": [_gate(result) for result in self.results],
            "before": _trial(self.before),
            "after": _trial(self.after),
            "coverage": {
                "changed": list(self.changed),
                "ran": sorted(self.after.lines) if self.after else [],
            },
            "tests": {"before": _count(self.suite_before), "after": _count(self.suite_after)},
            "handed_over_to": self.handed_over_to or None,
            "action": {
                "version": __version__,
                "repository": os.environ.get("GITHUB_ACTION_REPOSITORY", ""),
                "ref": os.environ.get("GITHUB_ACTION_REF", ""),
            },
            "run": {
                "id": os.environ.get("GITHUB_RUN_ID", ""),
                "attempt": os.environ.get("GITHUB_RUN_ATTEMPT", ""),
            },
        }


# The last gate of all: only who comes so far is verified.
LAST = "still-head"


def state_of(result: Result) -> str:
    """How a gate stands: denied, warned, unchecked or passed."""
    for weight, word in (
        (Weight.DENIES, "denied"),
        (Weight.WARNS, "warned"),
        (Weight.UNCHECKED, "unchecked"),
    ):
        if result.has(weight):
            return word
    return "passed"


def _claim(claim: Claim | Revert | None) -> dict[str, Any] | None:
    if isinstance(claim, Revert):
        return {"reverts": claim.commit, "incident": claim.incident}
    return None if claim is None else asdict(claim)


def _gate(result: Result) -> dict[str, Any]:
    objections = [
        {"sentence": one.sentence, "path": one.path, "line": one.line, "weight": str(one.weight)}
        for one in result.objections
    ]
    return {"gate": result.gate, "state": state_of(result), "objections": objections}


def _trial(trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {
        **{key: getattr(trial, key) for key in _OF_A_TRIAL},
        "places": [dict(place) for place in trial.places],
    }


def _count(suite: Suite | None) -> dict[str, Any] | None:
    if suite is None:
        return None
    return {"collected": len(suite.tests), "errors": len(suite.errors), "problem": suite.problem}
