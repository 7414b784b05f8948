"""The trust ladder: what the fixes of one category have earned in one repository. Pure.

A category climbs by fixes that production verified, and falls at once by any that people did not want: reverted,
closed, or rolled back. Where too many were unwanted it is switched off, as Tricorder switches off an analyzer whose
findings people reject (Sadowski et al., ICSE 2015: above 10 percent).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.model import Action, Attempt, End, Handling, Level, Trust

UNWANTED_SHARE = 0.10
# The share is taken over the newest fixes, and says nothing before there are some.
WINDOW = 20
FEWEST = 5

MAY = {Level.OFF: Action.REPORT, Level.SHADOW: Action.PROPOSE, Level.TRUSTED: Action.AUTOMERGE}


def trust(
    category: str, attempts: Sequence[Attempt], *, start: Action, earn: int, since: float = 0.0
) -> Trust:
    """The standing of `category`; `attempts` in any order, those that ended before `since` are forgiven.

    `start` is what the policy grants before the first loss, `earn` how many verified fixes in a row earn the merge.
    """
    own = sorted((one for one in attempts if one.category == category), key=lambda one: one.at)
    compared = [one for one in own if one.would_merge and one.handling is not None]
    agreed = sum(one.handling is Handling.MERGED and not one.end.unwanted for one in compared)
    counted = [one for one in own if one.at >= since and one.end not in {End.OPEN, End.CHANGED}]
    streak = 0
    for one in counted:
        streak = 0 if one.end.unwanted else streak + (one.end is End.VERIFIED)
    recent = counted[-WINDOW:]
    unwanted = sum(one.end.unwanted for one in recent)
    level, because = _level(recent, unwanted, streak, start, earn)
    wanted = len(recent) - unwanted
    return Trust(category, level, because, streak, wanted, unwanted, agreed, len(compared))


def _level(
    recent: Sequence[Attempt], unwanted: int, streak: int, start: Action, earn: int
) -> tuple[Level, str]:
    total = len(recent)
    if total >= FEWEST and unwanted / total > UNWANTED_SHARE:
        return Level.OFF, f"{unwanted} of the last {total} fixes were not wanted, which is more than 10%"
    if streak >= earn:
        return Level.TRUSTED, f"{streak} fixes in a row were verified in production"
    lost = next((one for one in reversed(recent) if one.end.unwanted), None)
    if lost is not None:
        return Level.SHADOW, f"lost by {lost.incident} ({lost.end}); {streak} of {earn} verified since"
    if start is Action.AUTOMERGE:
        return Level.TRUSTED, "trusted from the start, as the policy says"
    return Level.SHADOW, f"{streak} of {earn} fixes in a row verified in production"
