"""The numbers of a whole run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.bench.verdict import Row, Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of some rows, and the shares that follow from them; a share of nothing is None.

    Cases that could not be judged are counted in `errors`, and in no share.
    """

    cases: int
    correct: int
    plausible: int
    wrong: int
    escalated: int
    errors: int
    to_fix: int
    auto_mergeable: int
    auto_mergeable_correct: int
    no_fix: int
    no_fix_escalated: int
    median_seconds: float | None

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Summary:
        """The numbers of these rows."""
        rows = list(rows)
        judged = [row for row in rows if row.verdict is not Verdict.ERROR]
        no_fix = [row for row in judged if row.case.kind == "no_fix"]
        merged = [row for row in judged if row.auto_mergeable]

        def count(verdict: Verdict, among: Sequence[Row] = judged) -> int:
            return sum(row.verdict is verdict for row in among)

        return cls(
            cases=len(rows),
            correct=count(Verdict.CORRECT),
            plausible=count(Verdict.PLAUSIBLE),
            wrong=count(Verdict.WRONG),
            escalated=count(Verdict.ESCALATED),
            errors=len(rows) - len(judged),
            to_fix=len(judged) - len(no_fix),
            auto_mergeable=len(merged),
            auto_mergeable_correct=count(Verdict.CORRECT, merged),
            no_fix=len(no_fix),
            no_fix_escalated=count(Verdict.ESCALATED, no_fix),
            median_seconds=statistics.median(row.seconds for row in judged) if judged else None,
        )

    @property
    def correct_share(self) -> float | None:
        """Of the crashes that should be fixed, how many were."""
        return _share(self.correct, self.to_fix)

    @property
    def precision(self) -> float | None:
        """Of the fixes, how many are right; a fix where none is due counts against it."""
        return _share(self.correct, self.correct + self.plausible + self.wrong)

    @property
    def auto_merge_precision(self) -> float | None:
        """Of the fixes that would have been merged without a person, how many are right."""
        return _share(self.auto_mergeable_correct, self.auto_mergeable)

    @property
    def no_fix_share(self) -> float | None:
        """Of the crashes that a person must decide, how many a person was called for."""
        return _share(self.no_fix_escalated, self.no_fix)

    def as_json(self) -> dict[str, Any]:
        """Counts and shares."""
        return {
            "cases": self.cases,
            "correct": self.correct,
            "plausible": self.plausible,
            "wrong": self.wrong,
            "escalated": self.escalated,
            "errors": self.errors,
            "correct_share": self.correct_share,
            "precision": self.precision,
            "auto_mergeable": self.auto_mergeable,
            "auto_mergeable_correct": self.auto_mergeable_correct,
            "auto_merge_precision": self.auto_merge_precision,
            "no_fix": self.no_fix,
            "no_fix_escalated": self.no_fix_escalated,
            "median_seconds": self.median_seconds,
        }


def by_category(rows: Sequence[Row]) -> dict[str, Summary]:
    """The numbers of each category, the largest category first."""
    names = {row.case.category for row in rows}
    summaries = {name: Summary.of(row for row in rows if row.case.category == name) for name in names}
    return dict(sorted(summaries.items(), key=lambda item: (-item[1].cases, item[0])))


def strict_core(rows: Iterable[Row]) -> Summary:
    """The numbers of the strict core."""
    return Summary.of(row for row in rows if row.case.strict)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
