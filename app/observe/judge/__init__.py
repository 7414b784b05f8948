"""The judge: is the error gone, and is the release no worse? Pure arithmetic on what production showed.

A verdict is `fixed` only if everything holds: the counts can be compared, the release had its traffic, the error's
rate has fallen by a test whose risk of a false "fixed" is at most alpha over all looks together, it was more than
halved as far as can be told, a canary is no worse than its baseline, and the error did not move to new issues. What
is missing is `inconclusive`, never a success. docs/judge.md says it in plain words, with sources.
"""

from __future__ import annotations

import math
from dataclasses import replace

from app.core.markdown import duration
from app.core.model import Judgement, Method, Verdict, Window
from app.observe.judge.chart import bars, chart
from app.observe.judge.looks import ALPHA, LATER, LOOKS
from app.observe.judge.minutes import Minutes, is_count
from app.observe.judge.plan import look_at, moments, passed, plan
from app.observe.judge.poisson import Count, differ, p_upper, ratio_bound
from app.observe.judge.rates import HALVED, Trial, bad, fallen, minutes_needed
from app.observe.judge.readings import (
    Canary,
    Counts,
    Distinct,
    NewIssues,
    Readings,
    Rule,
    counts,
    unexposed,
    unreadable,
)
from app.observe.judge.sequential import log_e_canary

__all__ = [
    "ALPHA",
    "HALVED",
    "LATER",
    "LOOKS",
    "Canary",
    "Count",
    "Distinct",
    "Minutes",
    "NewIssues",
    "Readings",
    "Rule",
    "allowed",
    "canary_is_worse",
    "chart",
    "counts",
    "differ",
    "look_at",
    "moments",
    "passed",
    "plan",
    "recurred",
    "ruling",
    "unanswered",
    "verdict_on",
]

# A fix that holds leaves no more than this of the old rate, also where an early verdict could not tell as much yet.
RESIDUE = 0.1
# So many faults of the metric source in a row end the watch.
MOST_FAULTS = 4


def verdict_on(readings: Readings, rule: Rule, *, at: float, picture: str = "") -> Verdict:
    """The verdict at one moment; `picture` is shown with it, by default both rates as bars."""
    why = unreadable(readings)
    if why is not None:
        return _blank(readings, rule, at, why, picture)
    counted = counts(readings)
    judgement, told, trial = ruling(readings, counted, rule)
    bound = ratio_bound(counted.old, counted.new)
    needed = minutes_needed(counted, readings, rule) if judgement is Judgement.INCONCLUSIVE else None
    sentences = (
        f"{_seen(counted)}: {told}" if told else f"{_seen(counted)} (p = {trial.p_value:.2g})",
        counted.note,
        f"with 95% confidence the new rate is at most {bound:.1%} of the old one"
        if bound is not None
        else "",
        "whether events were dropped is not known" if readings.dropped is None else "",
        _outlook(needed),
    )
    return Verdict(
        judgement=judgement,
        before=readings.before,
        after=readings.after,
        p_value=trial.p_value,
        alpha=trial.limit,
        at=at,
        explanation="; ".join(sentence for sentence in sentences if sentence),
        bound=bound,
        needed=needed,
        picture=picture or bars(readings.before, readings.after),
        method=rule.method,
        bursts=counted.divisor,
    )


def unanswered(last: Verdict | None, rule: Rule, *, at: float, why: str) -> Verdict:
    """The verdict when the metric source gave no answer: never a success, and an error after four times in a row."""
    faults = (last.faults if last is not None else 0) + 1
    nothing = Window(0, 0.0, "seconds", 0.0)
    before, after = (last.before, last.after) if last is not None else (nothing, nothing)
    told = f"the metric source gave no answer, {faults} time{'s' * (faults > 1)} in a row: {why}"
    blank = _blank(Readings(before, after), rule, at, told, last.picture if last is not None else "")
    return replace(
        blank,
        judgement=Judgement.ERROR if faults >= MOST_FAULTS else Judgement.INCONCLUSIVE,
        needed=None,
        faults=faults,
    )


def allowed(verdict: Verdict) -> float | None:
    """The part of the old rate that a fix which holds may leave: the verdict's bound, and never more than `RESIDUE`.

    The bound of an early "fixed" is near the old rate: held against it alone, hardly any error would ever be back.
    """
    return min(verdict.bound, RESIDUE) if verdict.bound is not None and verdict.bound > 0 else None


def recurred(verdict: Verdict, since: Window, alpha: float = ALPHA) -> bool:
    """True if the error is back: since it was called fixed it comes more often than a fix that holds allows for.

    `since` must begin where the verdict's own window ended. Without a bound, or a way to compare, every event counts.
    What came in bursts before counts by bursts.
    """
    ratio, before, size = allowed(verdict), verdict.before, verdict.bursts
    comparable = since.unit == before.unit and is_count(since.exposure) and since.exposure > 0
    if ratio is None or not comparable:
        return since.events > 0
    old = Count(math.ceil(before.events / size), before.exposure)
    new = Count(math.floor(since.events / size), since.exposure)
    return new.events > 0 and p_upper(old, new, ratio) <= alpha


def ruling(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str, Trial]:
    """The judgement on counts that can be compared, why in words unless the test says it all, and the test."""
    trial = fallen(counted, readings, rule)
    told = (
        _held_against_baseline(readings.canary, rule.alpha)
        or _is_bad(readings, counted, rule)
        or _moved(readings, counted, rule)
    )
    if told is None and not trial.fallen:
        off = rule.method is Method.EXACT_LOOKS and look_at(rule.looks, readings.after.seconds) is None
        told = Judgement.INCONCLUSIVE, "this is no planned look" if off else "too few to be sure"
    if told is None and (unsure := unexposed(readings, counted, rule.alpha)) is not None:
        told = Judgement.INCONCLUSIVE, unsure
    return (*(told or (Judgement.FIXED, "")), trial)


def canary_is_worse(canary: Canary, alpha: float = ALPHA) -> str | None:
    """In words, if the canary surely has more than its share of the errors; it may be asked at any moment.

    What is no number says nothing.
    """
    if not _is_readable(canary):
        return None
    if log_e_canary(canary.canary, canary.baseline, canary.share) < math.log(1.0 / alpha):
        return None
    both = canary.canary + canary.baseline
    return f"the canary has {canary.canary} of all {both} errors, with {canary.share:.0%} of the traffic"


def _is_readable(canary: Canary) -> bool:
    return is_count(canary.canary) and is_count(canary.baseline) and 0 < canary.share < 1


def _held_against_baseline(canary: Canary | None, alpha: float) -> tuple[Judgement, str] | None:
    if canary is None:
        return None
    if not _is_readable(canary):
        return Judgement.INCONCLUSIVE, "the counts of canary and baseline are not all numbers"
    worse = canary_is_worse(canary, alpha)
    return (Judgement.REGRESSED, worse) if worse is not None else None


def _is_bad(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str] | None:
    judgement = bad(counted.old_most, counted.new_least, rule, readings.after.seconds)
    if judgement is None:
        return None
    if _outnumbers(readings.after.events, readings.after):
        unit = readings.after.unit
        return Judgement.INCONCLUSIVE, f"more errors than {unit}, so not all of them are the release's"
    return judgement, "more than before" if judgement is Judgement.REGRESSED else "not even halved"


def _outnumbers(events: int, window: Window) -> bool:
    """True if so many events cannot come of the traffic: who knows the tracker's address can send errors alone."""
    return window.unit != "seconds" and events > window.exposure


def _moved(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str] | None:
    """What the new issues of the release say: the second test, of everything that the release brought with it."""
    new = readings.new_issues
    if new is None or not new.events:
        return None
    if not is_count(new.events):
        return Judgement.INCONCLUSIVE, "the counts of the new issues are not numbers"
    names = ", ".join(new.names[:3]) or "without a name"
    told = f"{new.events} events of new issues on the release ({names})"
    if _outnumbers(new.events, readings.after):
        return Judgement.INCONCLUSIVE, f"{told}, more than {readings.after.unit}"
    usual, alone = new.usual, Count(math.floor(new.events / counted.divisor), counted.new.exposure)
    if usual is not None:
        if bad(usual, alone, rule, readings.after.seconds) is Judgement.REGRESSED:
            return Judgement.REGRESSED, f"{told}, more than usual"
        if new.events * usual.exposure <= usual.events * alone.exposure:
            return None  # no more than usual
    judgement = _together(new.events, alone, counted, readings, rule)
    return (judgement, f"the error may have moved: {told}") if judgement is not None else None


def _together(events: int, alone: Count, counted: Counts, readings: Readings, rule: Rule) -> Judgement | None:
    """What would be said if the new issues' events were the error's own; None if it would still be fixed."""
    exposure = counted.new.exposure
    least = Count(counted.new_least.events + alone.events, exposure)
    judgement = bad(counted.old_most, least, rule, readings.after.seconds)
    if judgement is not None:
        return judgement
    together = replace(counted, new=Count(counted.new.events + events, exposure))
    return None if fallen(together, readings, rule).fallen else Judgement.INCONCLUSIVE


def _blank(readings: Readings, rule: Rule, at: float, why: str, picture: str) -> Verdict:
    """An inconclusive verdict that rests on no test."""
    before, after = readings.before, readings.after
    needed = None
    # Where only the release's traffic is missing, it can be said how long it takes once there is some.
    told = all(map(is_count, (before.events, before.exposure, before.seconds)))
    if told and after.exposure <= 0 < before.exposure and not readings.disturbances:
        start = Readings(before, Window(0, 0.0, before.unit, 0.0), share=1.0)
        old = Count(before.events, before.exposure)
        nothing = Count(0, 0.0)
        needed = minutes_needed(Counts(old, nothing, old, nothing), start, rule)
    explanation = "; ".join(part for part in (why, _outlook(needed)) if part)
    return Verdict(
        Judgement.INCONCLUSIVE,
        before,
        after,
        1.0,
        rule.alpha,
        at,
        explanation,
        needed=needed,
        picture=picture,
        method=rule.method,
    )


def _seen(counted: Counts) -> str:
    events = f"{counted.new.events} event{'s' * (counted.new.events != 1)}"
    return f"{events} where {counted.expected:.1f} were to be expected at the old rate"


def _outlook(needed: float | None) -> str:
    if needed is None:
        return ""
    return f"without another event it takes {duration(needed)} more to be sure"
