"""What a signal has shown of a rollout. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a rollout goes to: the canary comes first, if the policy names one."""

    CANARY = "canary"
    PRODUCTION = "production"


class Phase(StrEnum):
    """How far one rollout has come. ENDED: it was live or under way, and is not any more. CANCELLED: before it was."""

    QUEUED = "queued"
    RUNNING = "running"
    LIVE = "live"
    FAILED = "failed"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Relation(StrEnum):
    """What a deployed commit has to do with our merge. ELSEWHERE: neither of them contains the other."""

    CONTAINS = "contains"
    OLDER = "older"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One rollout of one commit to one place; times are epoch seconds.

    `changed_at` is the time of its newest sign of life, `live_since` when it went live, also if it is not any more.
    `name` says for people what was seen, `note` is what the CD itself says of it.
    """

    place: Place
    sha: str
    phase: Phase
    began_at: float
    changed_at: float
    name: str
    live_since: float | None = None
    note: str = ""
    deployment: int | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: the merge, the branch that it is on, and the commit that was in production before it."""

    merge: str
    merged_at: float
    branch: str
    before: str
    reporters: tuple[str, ...] = ()

    def believes(self, login: str | None) -> bool:
        """True if the policy lets the account of this login tell of rollouts."""
        return not self.reporters or login in self.reporters
