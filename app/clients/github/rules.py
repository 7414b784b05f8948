"""What a branch demands: the rulesets of repository and organization, and classic protection, in one value.

Facts relied on: `rules/branches/{branch}` lists the active rules of all rulesets and never classic protection, and
`branches/{branch}` shows the required checks of classic protection to whoever may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.clients.github.answers import RequiredCheck, Ruleset

# The rules that stand between a pull request and its merge.
GATES = frozenset({"required_status_checks", "pull_request", "merge_queue"})
NEVER = "never"


@dataclass(frozen=True, slots=True)
class BranchRules:
    """The sum of all rules of one branch.

    `strict` is True where a head must be up to date with the base; classic protection does not tell. `approvals` is
    how many the rulesets require. `bypassed` names the rulesets that do not hold for us.
    """

    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    approvals: int = 0
    merge_queue: bool = False
    bypassed: tuple[str, ...] = ()


def gating_rulesets(rules: Iterable[Any]) -> list[int]:
    """The ids of the rulesets that hold a rule of `GATES`, each once."""
    numbers = (
        rule.get("ruleset_id") for rule in rules if isinstance(rule, dict) and rule.get("type") in GATES
    )
    return list(dict.fromkeys(number for number in numbers if isinstance(number, int)))


def read_rules(rules: Sequence[Any], described: Any, rulesets: Iterable[Ruleset]) -> BranchRules:
    """The sum of GitHub's answers: active rules, the branch with its protection, and the rulesets that we may see."""
    statuses = _parameters(rules, "required_status_checks")
    reviews = _parameters(rules, "pull_request")
    checks = [
        RequiredCheck.read(check)
        for parameters in statuses
        for check in parameters.get("required_status_checks") or []
    ]
    return BranchRules(
        checks=tuple(checks + _classic_checks(described)),
        strict=any(parameters.get("strict_required_status_checks_policy") is True for parameters in statuses),
        approvals=max((_count(parameters) for parameters in reviews), default=0),
        merge_queue=any(isinstance(rule, dict) and rule.get("type") == "merge_queue" for rule in rules),
        bypassed=tuple(
            ruleset.name for ruleset in rulesets if ruleset.current_user_can_bypass not in {None, NEVER}
        ),
    )


def _parameters(rules: Iterable[Any], kind: str) -> list[dict[str, Any]]:
    found = (rule.get("parameters") for rule in rules if isinstance(rule, dict) and rule.get("type") == kind)
    return [parameters for parameters in found if isinstance(parameters, dict)]


def _count(parameters: dict[str, Any]) -> int:
    number = parameters.get("required_approving_review_count")
    return number if isinstance(number, int) else 0


def _classic_checks(described: Any) -> list[RequiredCheck]:
    protection = described.get("protection") if isinstance(described, dict) else None
    required = protection.get("required_status_checks") if isinstance(protection, dict) else None
    if not isinstance(required, dict) or required.get("enforcement_level", "everyone") == "off":
        return []
    checks = [
        RequiredCheck.read({"context": check.get("context"), "integration_id": check.get("app_id")})
        for check in required.get("checks") or []
    ]
    # Older servers list names only, which any app may report.
    known = {check.context for check in checks}
    names = [name for name in required.get("contexts") or [] if name not in known]
    return checks + [RequiredCheck.read({"context": name}) for name in names]
