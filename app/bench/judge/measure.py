"""Every rule on the same incidents: how often it says fixed, how often that is wrong, and after how many minutes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.bench.judge.incidents import Incident, Setting, incidents
from app.bench.judge.rules import RULES, WATCH, Answer, Named
from app.core.model import Judgement
from app.observe.judge import ALPHA, LATER
from app.observe.judge.looks import RARE_PER_MINUTE
from app.observe.judge.poisson import binomial_at_most

RATES = (0.2, 1.0, 5.0, 20.0)
CHANGES = (1.0, 0.5, 0.1, 0.0)
BURST = 3.0
SEED = 20261130
# A false "fixed" is rare, so where it can happen so many times more incidents are simulated.
FALSE_FACTOR = 4
# A rule breaks its word if its false "fixed" would come so often by luck less than once in a thousand runs.
LUCK = 0.001


@dataclass(frozen=True, slots=True)
class Cell:
    """One rule in one setting: how many incidents it called fixed or not fixed, and the median minutes to fixed.

    `in_time` were called fixed within 33 minutes; the median is None where fewer than half ever were.
    """

    rule: str
    setting: Setting
    runs: int
    fixed: int
    in_time: int
    not_fixed: int
    median: float | None
    admissible: bool

    @property
    def is_false(self) -> bool:
        """True if "fixed" is wrong here: the rate is the old one."""
        return self.setting.change >= 1.0

    @property
    def luck(self) -> float:
        """The chance of so many false "fixed" or more, had each incident a chance of alpha."""
        return 1.0 - binomial_at_most(self.fixed - 1, self.runs, ALPHA)

    @property
    def breaks_its_word(self) -> bool:
        """True if a rule that must keep to alpha says "fixed" falsely more often than luck explains."""
        return self.is_false and self.admissible and self.luck < LUCK

    def as_json(self) -> dict[str, Any]:
        """The cell for a program."""
        return {
            "rule": self.rule,
            "per_minute": self.setting.per_minute,
            "change": self.setting.change,
            "burst": self.setting.burst,
            "runs": self.runs,
            "fixed": self.fixed,
            "fixed_within_33_minutes": self.in_time,
            "not_fixed": self.not_fixed,
            "median_minutes": self.median,
            "admissible": self.admissible,
            "breaks_its_word": self.breaks_its_word,
        }


def limit_minutes(per_minute: float) -> float:
    """No test whose risk is alpha can be quicker on average: ln(1/alpha) events must have been missed."""
    return math.log(1.0 / ALPHA) / per_minute


def settings() -> Iterator[Setting]:
    """Every kind of incident: independent errors, and errors in bursts."""
    for per_minute in RATES:
        for change in CHANGES:
            yield Setting(per_minute, change)
    for per_minute in RATES:
        for change in (1.0, 0.0):
            yield Setting(per_minute, change, BURST)


def measured(
    runs: int,
    seed: int = SEED,
    done: Callable[[Setting], None] = lambda _: None,
    rules: Sequence[Named] = RULES,
) -> list[Cell]:
    """A cell for every rule and setting; `done` is told each setting that is finished."""
    cells: list[Cell] = []
    for setting in settings():
        # Chance, and bursts more so, can make errors look rare enough for the late looks.
        rare = setting.per_minute < 4 * RARE_PER_MINUTE
        many = runs * FALSE_FACTOR if setting.change >= 1 else runs
        found = list(incidents(setting, many, float(LATER[-1]) if rare else WATCH, seed))
        cells += [_cell(rule, setting, found if rule.quick else found[:runs]) for rule in rules]
        done(setting)
    return cells


def _cell(rule: Named, setting: Setting, found: Sequence[Incident]) -> Cell:
    answers: list[Answer] = [rule.decide(incident) for incident in found]
    fixed = [seconds for judgement, seconds in answers if judgement is Judgement.FIXED]
    bad = sum(judgement in {Judgement.NOT_FIXED, Judgement.REGRESSED} for judgement, _ in answers)
    waited = statistics.median([*fixed, *[math.inf] * (len(found) - len(fixed))])
    return Cell(
        rule.name,
        setting,
        len(found),
        len(fixed),
        sum(seconds <= WATCH for seconds in fixed),
        bad,
        waited / 60 if math.isfinite(waited) else None,
        rule.admissible,
    )
