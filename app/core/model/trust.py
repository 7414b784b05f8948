"""Trust: how the fixes of one category ended in one repository, and what that has earned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.model.terms import Reason, Result


class Handling(StrEnum):
    """What people did with a pull request of ours: merged it as it was, changed it first, or closed it."""

    MERGED = "merged"
    CHANGED = "changed"
    REJECTED = "rejected"


class End(StrEnum):
    """How a fix ended, as far as it says something about its category.

    VERIFIED: production showed that the error is gone. ACCEPTED: a person merged it unchanged; production has not
    spoken. CHANGED: a person made it their own. REJECTED: a person closed it. RED_CANARY: it was rolled back, or the
    error went on. RECURRED: the error came back later. REVERTED: it was taken back later. OPEN: nothing is known yet.
    """

    VERIFIED = "verified"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    REJECTED = "rejected"
    RED_CANARY = "red-canary"
    RECURRED = "recurred"
    REVERTED = "reverted"
    OPEN = "open"

    @property
    def unwanted(self) -> bool:
        """True if it speaks against the category."""
        return self in {End.REJECTED, End.RED_CANARY, End.RECURRED, End.REVERTED}


_SAID_BY_PRODUCTION = {
    Reason.ROLLED_BACK: End.RED_CANARY,
    Reason.NOT_FIXED: End.RED_CANARY,
    Reason.REGRESSED: End.RED_CANARY,
    Reason.RECURRED: End.RECURRED,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fix on the track record. `at` is when its incident ended (epoch seconds).

    `would_merge` tells that nothing but missing trust, or shadow mode, kept it from being merged without a person.
    """

    incident: str
    category: str
    pattern: str
    result: Result
    reason: Reason | None
    at: float
    would_merge: bool = False
    handling: Handling | None = None
    reverted_at: float | None = None

    @property
    def end(self) -> End:
        """What it says about its category."""
        if self.reverted_at is not None:
            return End.REVERTED
        if self.reason in _SAID_BY_PRODUCTION:
            return _SAID_BY_PRODUCTION[self.reason]
        if self.handling is Handling.REJECTED or (self.handling is None and self.reason is Reason.CLOSED):
            return End.REJECTED
        if self.handling is Handling.CHANGED or self.reason is Reason.HANDED_OVER:
            return End.CHANGED
        if self.result is Result.FIXED:
            return End.VERIFIED
        return End.ACCEPTED if self.handling is Handling.MERGED else End.OPEN


class Level(StrEnum):
    """What a category has earned: OFF reports only, SHADOW proposes and records, TRUSTED may merge."""

    OFF = "off"
    SHADOW = "shadow"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Trust:
    """The level of one category in one repository, with the sentence that says why.

    `streak` counts the verified fixes since the last unwanted one; `agreed` of the `compared` fixes that would have
    been merged were merged unchanged by people.
    """

    category: str
    level: Level
    because: str
    streak: int
    wanted: int
    unwanted: int
    agreed: int = 0
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What `decide` must know of the past and of the present besides the policy.

    `pattern` is the record of the patch's pattern, `trust` that of its category. `open_pulls` and `merges_today` are
    the repository's, `attempts` counts earlier fixes of the same anomaly, `file_merged_at` is when the patch's file
    was last merged to without a person (epoch seconds).
    """

    pattern: TrackRecord
    trust: Trust
    open_pulls: int = 0
    merges_today: int = 0
    attempts: int = 0
    file_merged_at: float | None = None


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a pattern's fixes were verified in one repository's production, and how often they failed there."""

    fixed: int
    failed: int
