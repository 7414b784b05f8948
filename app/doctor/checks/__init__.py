"""The checks, in the order in which autonomy depends on them; pure, from facts to findings.

Each check is one function: its docstring says what is true when it passes.
"""

from __future__ import annotations

from app.core.category import CATEGORIES
from app.core.model import Action
from app.core.policy import Policy
from app.doctor.checks import ci, installation, people, policy, production, rules, trackers
from app.doctor.facts import Facts
from app.doctor.finding import Check, Diagnosis, Level, Unread, answers

__all__ = ["CHECKS", "diagnose"]

CHECKS: tuple[Check, ...] = (
    *installation.CHECKS,
    *policy.CHECKS,
    *trackers.CHECKS,
    *ci.CHECKS,
    *rules.CHECKS,
    *production.CHECKS,
    *people.CHECKS,
)

_LEVELS = {
    Action.IGNORE: Level.NOTHING,
    Action.REPORT: Level.REPORT,
    Action.PROPOSE: Level.PROPOSE,
    Action.AUTOMERGE: Level.VERIFIED,
}


def diagnose(facts: Facts) -> Diagnosis:
    """Every check's finding, and how far the repository lets autonomy reach."""
    rule = facts.policy
    wanted, then = (Level.VERIFIED, "") if rule is None or isinstance(rule, Unread) else _wanted(rule)
    return Diagnosis(facts.repository, answers(CHECKS, facts), wanted, then)


def _wanted(rule: Policy) -> tuple[Level, str]:
    """Where the policy itself stops, and what lets it go on."""
    if not rule.enabled:
        return Level.NOTHING, "set `enabled: true` in the policy"
    highest = max(_LEVELS[rule.action(category)] for category in CATEGORIES)
    if highest > Level.PROPOSE and (rule.intake.people_only or rule.shadow):
        tracker = "name a tracker in the policy, so that production can be asked whether a fix helped"
        trust = "read what would have been merged, then set `shadow: false` in the policy"
        return Level.PROPOSE, tracker if rule.intake.people_only else trust
    if highest < Level.PROPOSE:
        return highest, "set a category to `propose` in the policy"
    if rule.shadow:
        return (
            highest,
            "set a category to `automerge` in the policy: shadow mode then records what it would merge",
        )
    if highest < Level.VERIFIED:
        return highest, "when the proposals convince you, set a category to `automerge` in the policy"
    return highest, "nothing: wait for the first anomaly"
