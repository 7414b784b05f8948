"""When so much comes in that nothing is repaired any more, because the cause must be one for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


# After a storm ---------------------------------------------------------------------------------------------------

# What is still failing so long after the last held anomaly came in does not end with the storm.
CALM_SECONDS: Final = 300.0
# What begins to fail again later than this is a new story.
HORIZON_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Lately:
    """An incident of the last hour; `opened_at` is in epoch seconds, `held` as for an `Arrival`."""

    id: str
    repository_id: int
    fingerprint: str
    opened_at: float
    held: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """A storm over one repository that is over: what it held, oldest first, and when the last of it came in."""

    held: tuple[str, ...]
    since: float


def spent(lately: Sequence[Lately], now: float) -> Iterator[Spent]:
    """The storms that are over, and of which nothing was taken up since: by us, or by a person."""
    for repository in sorted({one.repository_id for one in lately if one.held}):
        here = sorted(
            (one for one in lately if one.repository_id == repository), key=lambda one: one.opened_at
        )
        held = [one for one in here if one.held]
        first, since = held[0].opened_at, held[-1].opened_at
        names = {one.fingerprint for one in held}
        again = any(one.fingerprint in names and not one.held and one.opened_at > first for one in here)
        if not again and now - since >= CALM_SECONDS:
            yield Spent(tuple(one.id for one in held), since)
