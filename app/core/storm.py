"""When so much comes in that nothing is repaired any more, because the cause must be one for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60.0
# A whole installation bears more than one of its repositories.
INSTALLATION_FACTOR: Final = 5


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new incident of the last minute; `held` tells that it was not worked on, because of a storm."""

    id: str
    repository_id: int
    held: bool


@dataclass(frozen=True, slots=True)
class Storm:
    """More came in than is repaired: `count` in a minute. `begins` with the first incident that is held."""

    count: int
    begins: bool


def storm(arrivals: Sequence[Arrival], new: Arrival, limit: int) -> Storm | None:
    """Whether `new` came in a storm, by what came in the minute before it; None if it did not.

    A storm that has begun is over when the minute holds no more than half of the limit.
    """
    before = [one for one in arrivals if one.id != new.id]
    here = [one for one in before if one.repository_id == new.repository_id]
    return _storm(here, limit) or _storm(before, limit * INSTALLATION_FACTOR)


def _storm(before: Sequence[Arrival], limit: int) -> Storm | None:
    raging = any(one.held for one in before)
    count = len(before) + 1
    return Storm(count, begins=not raging) if count > (limit // 2 if raging else limit) else None
