"""What each version served and what failed, by the second."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT_SECONDS = 3600


@dataclass
class Counts:
    """Requests and server errors (5xx) of one version."""

    requests: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    total_requests: int = 0
    total_errors: int = 0


class Metrics:
    """Counts per version. `clock` answers Unix seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._versions: dict[str, Counts] = {}

    def record(self, version: str, status: int) -> None:
        """One answer of `version` is counted."""
        counts = self._versions.setdefault(version, Counts())
        second = int(self._clock())
        failed = status >= 500  # noqa: PLR2004 - HTTP's server errors
        counts.requests[second] += 1
        counts.errors[second] += failed
        counts.total_requests += 1
        counts.total_errors += failed
        for series in (counts.requests, counts.errors):
            for old in [key for key in series if key < second - KEPT_SECONDS]:
                del series[old]

    def totals(self, version: str) -> dict[str, int]:
        """Requests and errors of a version since it was started first."""
        counts = self._versions.get(version, Counts())
        return {"requests": counts.total_requests, "errors": counts.total_errors}

    def since(self, start: float) -> dict[str, dict[str, int]]:
        """Requests and errors of every version in whole seconds from `start` on, of the last hour at most."""
        return {
            version: {
                "requests": sum(number for second, number in counts.requests.items() if second >= start),
                "errors": sum(number for second, number in counts.errors.items() if second >= start),
            }
            for version, counts in self._versions.items()
        }

    @property
    def now(self) -> float:
        """Unix seconds by the same clock."""
        return self._clock()
