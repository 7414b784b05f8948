"""Whether a branch's rules are worth relying on, and how GitHub's answers about them are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.clients.github.answers import RequiredCheck, Ruleset
from app.clients.github.rules import BranchRules, gating_rulesets, read_rules
from app.core.errors import Malformed
from app.merge.rules import unready
from merge_samples import ACTIONS, OTHER_APP, RULES


def _said(rules: BranchRules, actions: int | None = ACTIONS) -> str:
    refusal = unready(rules, "autofix", "main", actions)
    assert refusal is not None
    assert "`main`" in refusal or "`autofix`" in refusal
    return refusal


@pytest.mark.parametrize(
    ("required", "says"),
    [
        ([], "no required checks"),
        ([("ci", ACTIONS)], "do not require the check `autofix`"),
        ([("Autofix", ACTIONS), ("ci", ACTIONS)], "do not require the check `autofix`"),
        ([("autofix", None), ("ci", ACTIONS)], "accepts any app"),
        ([("autofix", -1), ("ci", ACTIONS)], "accepts any app"),
        ([("autofix", OTHER_APP), ("ci", ACTIONS)], "another app"),
        ([("autofix", OTHER_APP), ("autofix", None), ("ci", ACTIONS)], "another app"),
        ([("autofix", ACTIONS)], "require only `autofix`"),
        ([("autofix", ACTIONS), ("autofix", OTHER_APP)], "require only `autofix`"),
    ],
)
def test_m12_m13_rules_that_prove_nothing_do_not_allow_autonomy(
    required: list[tuple[str, int | None]], says: str
) -> None:
    checks = [RequiredCheck(context=name, integration_id=app) for name, app in required]
    assert says in _said(BranchRules(tuple(checks)))


def test_our_check_and_another_one_allow_it() -> None:
    assert unready(RULES, "autofix", "main", ACTIONS) is None


def test_a_server_without_actions_allows_nothing() -> None:
    assert "another app" in _said(RULES, None)


def test_rules_that_we_may_bypass_hold_nothing() -> None:
    refusal = unready(replace(RULES, bypassed=("Default", "Release")), "autofix", "main", ACTIONS)
    assert refusal is not None
    assert "`Default`, `Release`" in refusal


# Reading ---------------------------------------------------------------------------------------------------------


def rule(kind: str, ruleset: int = 1, **parameters: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "ruleset_id": ruleset,
        "ruleset_source_type": "Organization",
        "parameters": parameters,
    }


def checks(*contexts: str, strict: bool = False, ruleset: int = 1) -> dict[str, Any]:
    required = [{"context": name, "integration_id": ACTIONS} for name in contexts]
    return rule(
        "required_status_checks",
        ruleset,
        required_status_checks=required,
        strict_required_status_checks_policy=strict,
    )


def classic(**required: Any) -> dict[str, Any]:
    return {"protected": True, "protection": {"enabled": True, "required_status_checks": required}}


def test_the_rules_of_all_rulesets_and_of_classic_protection_add_up() -> None:
    listed = [
        checks("ci"),
        checks("autofix", strict=True, ruleset=2),
        rule("pull_request", 2, required_approving_review_count=1),
        rule("pull_request", 3, required_approving_review_count=2),
        rule("merge_queue", 4, merge_method="SQUASH"),
        {"type": "deletion", "ruleset_id": 5},
    ]
    known = classic(
        enforcement_level="non_admins",
        contexts=["lint", "old"],
        checks=[{"context": "lint", "app_id": None}],
    )
    found = read_rules(listed, known, [])
    assert [(check.context, check.integration_id) for check in found.checks] == [
        ("ci", ACTIONS),
        ("autofix", ACTIONS),
        ("lint", None),
        ("old", None),
    ]
    assert (found.strict, found.approvals, found.merge_queue, found.bypassed) == (True, 2, True, ())
    assert gating_rulesets(listed) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"protection": None},
        {"protection": {"enabled": False}},
        classic(enforcement_level="off", contexts=["a"]),
    ],
)
def test_without_classic_protection_there_is_nothing_to_add(described: dict[str, Any]) -> None:
    assert read_rules([], described, []) == BranchRules()


@pytest.mark.parametrize("kind", ["always", "pull_requests_only", "exempt", "something new"])
def test_a_ruleset_that_we_may_bypass_is_named(kind: str) -> None:
    rulesets = [
        Ruleset(id=1, name="ours", current_user_can_bypass=kind),
        Ruleset(id=2, name="held", current_user_can_bypass="never"),
        Ruleset(id=3, name="unseen"),
    ]
    assert read_rules([], {}, rulesets).bypassed == ("ours",)


@pytest.mark.parametrize("check", [{}, {"context": None}, {"context": "ci", "integration_id": "any"}, "ci"])
def test_a_check_that_is_not_as_documented_is_malformed(check: Any) -> None:
    with pytest.raises(Malformed):
        read_rules([rule("required_status_checks", required_status_checks=[check])], {}, [])
