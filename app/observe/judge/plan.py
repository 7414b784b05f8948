"""When to look at a release, planned from how often the error came before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from app.core.model import Window
from app.observe.judge.looks import LATER, LOOKS, RARE_PER_MINUTE

# A look at a planned moment may come this much late or early and still is that look.
SLACK_SECONDS = 1.0
# So long after a look that could not be judged, for want of an answer or of all that was counted, it is asked again.
AGAIN_SECONDS = (60.0, 120.0, 180.0)


def plan(before: Window) -> tuple[float, ...]:
    """The looks, in seconds after the deployment: fixed ones, and later ones where errors are rare.

    Where less than one event was to be expected nothing can be seen yet. Only looks are left out, none is moved, so
    that when they are does not depend on the events (see `looks`).
    """
    per_minute = before.per_minute
    rare = per_minute < RARE_PER_MINUTE
    looks = (*LOOKS, *LATER) if rare else LOOKS
    return tuple(float(look) for look in looks if per_minute * look / 60 >= 1 or look >= LOOKS[-1])


def moments(looks: Sequence[float]) -> tuple[float, ...]:
    """The looks, and when to ask once more for one of which not everything was counted yet, before the next one."""
    later = (
        look + pause
        for look, following in pairwise((*looks, math.inf))
        for pause in AGAIN_SECONDS
        if look + pause < following
    )
    return tuple(sorted({*looks, *later}))


def look_at(looks: Sequence[float], seconds: float) -> int | None:
    """Which of the looks is at that time, from 0; None if none is."""
    near = [number for number, look in enumerate(looks) if abs(look - seconds) <= SLACK_SECONDS]
    return near[-1] if near else None


def passed(looks: Sequence[float], seconds: float) -> float | None:
    """The last planned look that is not after `seconds`; None before the first."""
    return max((look for look in looks if look <= seconds + SLACK_SECONDS), default=None)
