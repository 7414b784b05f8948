"""What is said about a case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.bench.cases import Case
from app.bench.fix_command import Proposal


class Verdict(StrEnum):
    """How a case ended.

    CORRECT: the patched package prints what the mended release prints, and its controls see no difference.
    PLAUSIBLE: it no longer crashes, but prints something else.
    WRONG: it still crashes or does not run, a control differs, the case must not be fixed, or the engine itself failed.
    ESCALATED: the engine called a person.
    ERROR: the case could not be judged here: it could not be installed, or does not crash as described.
    """

    CORRECT = "correct"
    PLAUSIBLE = "plausible"
    WRONG = "wrong"
    ESCALATED = "escalated"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Controls:
    """What was run besides the reproducer, on both sides, how many, and the first difference if there was one."""

    ran: str
    difference: str = ""
    number: int = 0


NO_CONTROLS = Controls("not run")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result. `proposal` is None if the engine was never asked or gave no answer."""

    case: Case
    verdict: Verdict
    reason: str
    seconds: float
    proposal: Proposal | None = None
    controls: Controls = NO_CONTROLS
    # What failed when the verdict is ERROR, and "engine" when WRONG means that the engine itself failed.
    failed: str | None = None

    @property
    def auto_mergeable(self) -> bool:
        """True for a fix that the engine would have merged without a person."""
        return self.proposal is not None and self.proposal.is_fix and self.proposal.auto_mergeable

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in the result file."""
        proposal = self.proposal
        return {
            "id": self.case.id,
            "category": self.case.category,
            "verdict": str(self.verdict),
            "auto_mergeable": self.auto_mergeable,
            "seconds": round(self.seconds, 3),
            "pattern": proposal.pattern if proposal else None,
            "reason": self.reason,
            "kind": self.case.kind,
            "strict": self.case.strict,
            "failed": self.failed,
            "controls": {"ran": self.controls.ran, "difference": self.controls.difference},
            "engine": proposal.as_json() if proposal else None,
        }
