"""The rules that are compared: the judge's two methods, and what people do instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.bench.judge.incidents import HISTORY, Incident
from app.core.model import Judgement, Method, Window
from app.observe.judge import ALPHA, LOOKS, Readings, Rule, counts, plan, ruling
from app.observe.judge.poisson import Count, p_lower

WATCH = float(LOOKS[-1])
FIVE_LOOKS = (120.0, 300.0, 600.0, 1200.0, 1800.0)
QUIET = 300.0
# A p-value of 1% needs a count more than two standard deviations too low; above this it is not even computed.
CLEARLY_HIGH = -1.5

Answer = tuple[Judgement, float]


@dataclass(frozen=True, slots=True)
class Named:
    """A rule: what it says of an incident and after how many seconds. It is `admissible` if it must keep to alpha.

    A rule that is not `quick` is tried on fewer incidents.
    """

    name: str
    decide: Callable[[Incident], Answer]
    admissible: bool
    quick: bool = True


def exact_looks(incident: Incident) -> Answer:
    """The default: an exact group-sequential test at looks that are planned from the old rate."""
    before = Window(incident.old, HISTORY, "seconds", HISTORY)
    looks = plan(before)
    return _judged(incident, Rule(looks), looks, incident.minutes)


def no_guard(incident: Incident) -> Answer:
    """The default, if it took each error for an independent one."""
    looks = plan(Window(incident.old, HISTORY, "seconds", HISTORY))
    return _judged(incident, Rule(looks), looks, ())


def sequential(incident: Incident) -> Answer:
    """The option: a test that holds at any moment, asked every ten seconds, or each minute where errors are rare."""
    step = 10.0 if incident.old > HISTORY / 30 else 60.0
    return _judged(incident, Rule((), Method.SEQUENTIAL), _every(step), incident.minutes)


def five_looks(incident: Incident) -> Answer:
    """An exact test at five looks, each with a fifth of alpha."""
    return _tested(incident, FIVE_LOOKS, ALPHA / len(FIVE_LOOKS))


def peeking(incident: Incident) -> Answer:
    """An exact test every ten seconds, as if each were the only one."""
    return _tested(incident, _every(10.0), ALPHA)


def quiet(incident: Incident) -> Answer:
    """Fixed as soon as five minutes pass without an error."""
    last = 0.0
    for moment in (*incident.after, math.inf):
        if min(moment, WATCH) - last >= QUIET:
            return Judgement.FIXED, last + QUIET
        if moment > WATCH:
            break
        last = moment
    return Judgement.INCONCLUSIVE, math.inf


RULES = (
    Named("exact-looks", exact_looks, admissible=True),
    Named("sequential", sequential, admissible=True, quick=False),
    Named("5 looks", five_looks, admissible=False),
    Named("no guard", no_guard, admissible=False),
    Named("peeking", peeking, admissible=False),
    Named("quiet 5 min", quiet, admissible=False),
)


def _every(step: float) -> tuple[float, ...]:
    return tuple(step * number for number in range(1, int(WATCH // step) + 1))


def _judged(
    incident: Incident, rule: Rule, moments: tuple[float, ...], minutes: tuple[float | None, ...]
) -> Answer:
    before = Window(incident.old, HISTORY, "seconds", HISTORY)
    for seconds in moments:
        after = Window(incident.new(seconds), seconds, "seconds", seconds)
        readings = Readings(before, after, minutes_before=minutes)
        judgement, _, _ = ruling(readings, counts(readings), rule)
        if judgement is not Judgement.INCONCLUSIVE:
            return judgement, seconds
    return Judgement.INCONCLUSIVE, math.inf


def _tested(incident: Incident, moments: tuple[float, ...], level: float) -> Answer:
    for seconds in moments:
        old, new = Count(incident.old, HISTORY), Count(incident.new(seconds), seconds)
        if _is_low(old, new) and p_lower(old, new) <= level:
            return Judgement.FIXED, seconds
    return Judgement.INCONCLUSIVE, math.inf


def _is_low(old: Count, new: Count) -> bool:
    total = old.events + new.events
    share = new.exposure / (old.exposure + new.exposure)
    return new.events - total * share <= CLEARLY_HIGH * math.sqrt(total * share * (1 - share))
