"""How the time from detection to a verified fix is split over the stages.

The default budget is 15 minutes. A stage that overruns its share calls a person, with what was found so far.
"""

from __future__ import annotations

from app.core.model import Stage

# Most of the time belongs to the team's own CI and CD; Autofix itself works for seconds.
SHARES: dict[Stage, float] = {
    Stage.DETECT: 0.04,
    Stage.INVESTIGATE: 0.06,
    Stage.DECIDE: 0.02,
    Stage.FIX: 0.08,
    Stage.VERIFY: 0.30,
    Stage.MERGE: 0.20,
    Stage.OBSERVE: 0.30,
}

# A required check that nobody has even queued after this long, while nothing else runs, will not come any more.
CHECK_STARTS_SECONDS = 180.0

# What is done after the verdict has a limit of its own: it must not be cut short by a budget that is used up.
CLOSING_SECONDS = 120.0

# A person must be told, and auto-merge be off, also when GitHub has been down for half an hour.
TELLING_SECONDS = 3600.0


def share(stage: Stage, budget_seconds: float) -> float:
    """Seconds that `stage` may take, waiting included."""
    if stage is Stage.ESCALATE:
        return TELLING_SECONDS
    part = SHARES.get(stage)
    return CLOSING_SECONDS if part is None else part * budget_seconds
