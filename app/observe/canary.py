"""A canary against the release that runs beside it, while both serve."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.clients.tracker import Tracker
from app.core.counts import Counts
from app.core.model import Finding
from app.observe.judge import Canary


async def side_by_side(
    tracker: Tracker, finding: Finding, release: str, start: float, end: float, environment: str | None
) -> Canary | None:
    """All other errors of both sides from `start` up to `end` (epoch seconds), or as far as all counts are complete.

    The error that the release is to fix is left out: the baseline still has it. The baseline is everything that runs
    beside the canary, whose program may call its environment as production's does, or `environment`. None where the
    tracker does not know the traffic of both sides, or not the errors.
    """
    within = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    if start >= end:
        return None
    production = await _side(tracker, finding, None, within)
    canary = await _side(tracker, finding, release, within)
    if production is None or canary is None:
        return None
    baseline = production.without(canary)
    if not canary.traffic and environment is not None:
        elsewhere = await _side(tracker, replace(finding, environment=environment), release, within)
        canary = elsewhere if elsewhere is not None else canary
    if not canary.traffic or baseline.traffic <= 0 or canary.of != baseline.of:
        return None
    if canary.others > canary.traffic:
        # They are not all the canary's: who knows the tracker's address can send errors.
        return None
    share = canary.traffic / (canary.traffic + baseline.traffic)
    return Canary(canary.others, baseline.others, share)


@dataclass(frozen=True, slots=True)
class _Side:
    """The errors other than ours, and the traffic, which is counted in `of`."""

    others: int
    traffic: int
    of: str

    def without(self, part: _Side) -> _Side:
        """The rest."""
        return replace(self, others=max(0, self.others - part.others), traffic=self.traffic - part.traffic)


async def _side(
    tracker: Tracker, finding: Finding, release: str | None, within: tuple[datetime, datetime]
) -> _Side | None:
    start, end = within
    every = await tracker.all_errors(finding, start=start, end=end, release=release)
    traffic = await tracker.traffic(finding, start=start, end=end, release=release)
    if every is None or traffic is None:
        return None
    ours = await tracker.errors(finding, start=start, end=end, release=release)
    until = min(one.complete_until or -math.inf for one in (every, traffic, ours))
    others = _until(every, until) - _until(ours, until)
    return _Side(max(0, others), _until(traffic, until), traffic.of)


def _until(counts: Counts, moment: float) -> int:
    return counts.before(moment).total
