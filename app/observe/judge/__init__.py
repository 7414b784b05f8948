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
from app.observe.judge.chart import bars
from app.observe.judge.looks import ALPHA, LATER, LOOKS
from app.observe.judge.minutes import Minutes, is_count, watermark
from app.observe.judge.plan import look_at, passed, plan
from app.observe.judge.poisson import Count, p_upper, ratio_bound
from app.observe.judge.rates import HALVED, Trial, bad, fallen, minutes_needed
from app.observe.judge.readings import (
    Canary,
    Counts,
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
    "Minutes",
    "NewIssues",
    "Readings",
    "Rule",
    "counts",
    "look_at",
    "passed",
    "plan",
    "recurred",
    "ruling",
    "unanswered",
    "verdict_on",
    "watermark",
]

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


def recurred(verdict: Verdict, since: Window, alpha: float = ALPHA) -> bool:
    """True if the error is back: since it was called fixed it comes more often than the verdict's bound allows for.

    `since` must begin where the verdict's own window ended. Without a bound, or a way to compare, every event counts.
    """
    bound, before = verdict.bound, verdict.before
    comparable = since.unit == before.unit and is_count(since.exposure) and since.exposure > 0
    if bound is None or bound <= 0 or not comparable:
        return since.events > 0
    return since.events > 0 and p_upper(_count(before), _count(since), bound) <= alpha


def ruling(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str, Trial]:
    """The judgement on counts that can be compared, why in words unless the test says it all, and the test."""
    trial = fallen(counted, readings, rule)
    told = (
        _canary_is_worse(readings.canary, rule)
        or _is_bad(readings, counted, rule)
        or _moved(readings, counted, rule)
    )
    if told is None and not trial.fallen:
        off = rule.method is Method.EXACT_LOOKS and look_at(rule.looks, readings.after.seconds) is None
        told = Judgement.INCONCLUSIVE, "this is no planned look" if off else "too few to be sure"
    if told is None and (unsure := unexposed(readings, counted, rule.alpha)) is not None:
        told = Judgement.INCONCLUSIVE, unsure
    return (*(told or (Judgement.FIXED, "")), trial)


def _canary_is_worse(canary: Canary | None, rule: Rule) -> tuple[Judgement, str] | None:
    if canary is None:
        return None
    if not (is_count(canary.canary) and is_count(canary.baseline) and 0 < canary.share < 1):
        return Judgement.INCONCLUSIVE, "the counts of canary and baseline are not all numbers"
    if log_e_canary(canary.canary, canary.baseline, canary.share) < math.log(1.0 / rule.alpha):
        return None
    both = canary.canary + canary.baseline
    return (
        Judgement.REGRESSED,
        f"the canary has {canary.canary} of all {both} errors, with {canary.share:.0%} of the traffic",
    )


def _is_bad(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str] | None:
    judgement = bad(counted.old_most, counted.new_least, rule, readings.after.seconds)
    if judgement is None:
        return None
    after = readings.after
    if after.unit != "seconds" and after.events > after.exposure:
        # Whoever knows the address of the tracker can send errors, but no traffic.
        return Judgement.INCONCLUSIVE, f"more errors than {after.unit}, so not all of them are the release's"
    return judgement, "more than before" if judgement is Judgement.REGRESSED else "not even halved"


def _moved(readings: Readings, counted: Counts, rule: Rule) -> tuple[Judgement, str] | None:
    """What the new issues of the release say: the second test, of everything that the release brought with it."""
    new = readings.new_issues
    if new is None or not new.events:
        return None
    if not is_count(new.events):
        return Judgement.INCONCLUSIVE, "the counts of the new issues are not numbers"
    names = ", ".join(new.names[:3]) or "without a name"
    told = f"{new.events} events of new issues on the release ({names})"
    exposure, seconds = counted.new.exposure, readings.after.seconds
    if new.usual is not None:
        alone = Count(new.events, exposure)
        more = bad(new.usual, alone, rule, seconds) is Judgement.REGRESSED
        return (Judgement.REGRESSED, f"{told}, more than usual") if more else None
    together = replace(counted, new=Count(counted.new.events + new.events, exposure))
    least = Count(counted.new_least.events + new.events, exposure)
    verdict = bad(counted.old_most, least, rule, seconds)
    if verdict is not None:
        return verdict, f"the error may have moved: {told}"
    if not fallen(together, readings, rule).fallen:
        return Judgement.INCONCLUSIVE, f"the error may have moved: {told}"
    return None


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


def _count(window: Window) -> Count:
    return Count(window.events, window.exposure)
