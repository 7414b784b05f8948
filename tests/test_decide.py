from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core.category import CATEGORIES
from app.core.model import (
    INGESTED,
    TRACEBACK,
    Action,
    Applicability,
    Decision,
    FailureKind,
    FileChange,
    Level,
    Patch,
    Reason,
    RolloutPlan,
    Stage,
    Standing,
    Stop,
    TrackRecord,
    Trust,
)
from app.core.paths import ALWAYS_PROTECTED, protecting_pattern
from app.core.trust import UNWANTED_SHARE
from app.decide import CATEGORY_OF, CLAIMS, decide
from app.decide import settle as settle_fully
from samples import CAUSE, DECISION, FINDING, PATCH

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop, web]}\n"
AUTO = POLICY + "categories: {null-safety: automerge}\n"


TRUSTED = Trust("null-safety", Level.TRUSTED, "earned", 5, 5, 0)
NOON = 1_795_608_000.0  # Wednesday, 2026-11-25, 12:00 UTC


def settle(
    decision: Decision,
    patch: Patch,
    record: TrackRecord,
    *,
    policy: str = AUTO,
    unexplained: tuple[str, ...] = (),
    now: float = NOON,
    **standing: Any,
) -> Decision | Stop:
    whole = Standing(**{"pattern": record, "trust": TRUSTED, **standing})
    return settle_fully(policy, decision, CAUSE, patch, whole, unexplained, now)


def _stopped(value: Decision | Stop) -> Reason:
    assert isinstance(value, Stop)
    assert value.stage is Stage.DECIDE
    return value.reason


def _decided(value: Decision | Stop) -> Decision:
    assert isinstance(value, Decision)
    return value


# What the policy allows ------------------------------------------------------------------------------------------


def test_the_decision_tells_how_the_rollout_is_followed() -> None:
    plain = _decided(decide(AUTO, FINDING, CAUSE))
    assert plain.rollout == RolloutPlan()
    named = _decided(decide(AUTO + "rollout: {workflow: deploy.yml, start_seconds: 60}\n", FINDING, CAUSE))
    assert named.rollout == RolloutPlan(workflow="deploy.yml", start_seconds=60.0)


def test_the_policy_says_how_far_to_go() -> None:
    decision = _decided(decide(AUTO, FINDING, CAUSE))
    assert (decision.category, decision.action) == ("null-safety", Action.AUTOMERGE)
    assert (decision.verify_check, decision.environment) == ("autofix", "production")
    assert decision.because == ("the policy says null-safety: automerge",)


def test_what_the_policy_does_not_say_is_at_its_default() -> None:
    decision = _decided(decide(POLICY, FINDING, CAUSE))
    assert decision.action is CATEGORIES["null-safety"].default is Action.PROPOSE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.POLICY_MISSING),
        ("", Reason.POLICY_INVALID),
        (AUTO + "auto_merg: true\n", Reason.POLICY_INVALID),
        (AUTO.replace("acme", "other"), Reason.NOT_MAPPED),
        (AUTO.replace("acme", "Acme"), Reason.NOT_MAPPED),
        (AUTO.replace("[shop, web]", "[web]"), Reason.NOT_MAPPED),
        (AUTO.replace("automerge", "report"), Reason.POLICY_FORBIDS),
        (AUTO.replace("automerge", "ignore"), Reason.POLICY_FORBIDS),
        (AUTO + "paths: {protected: [shop/**]}\n", Reason.PROTECTED_PATH),
    ],
)
def test_anything_less_than_a_clear_yes_is_a_no(text: str | None, reason: Reason) -> None:
    assert _stopped(decide(text, FINDING, CAUSE)) is reason


def test_every_failure_has_a_category() -> None:
    assert set(CATEGORY_OF) == set(FailureKind)
    assert set(CATEGORY_OF.values()) <= set(CATEGORIES)
    assert set(CLAIMS) == set(Applicability)


# Protected paths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ".github/autofix.yml",
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "conftest.py",
        "tests/unit/conftest.py",
        "tests/Conftest.py",
        "sitecustomize.py",
        "lib/evil.pth",
        "pyproject.toml",
        "services/shop/setup.py",
        "Dockerfile",
        "requirements.txt",
        "requirements-dev.txt",
        "sub/poetry.lock",
        "Makefile",
        "noxfile.py",
    ],
)
def test_m9_what_judges_fixes_is_never_fixed(path: str) -> None:
    assert protecting_pattern(path, ALWAYS_PROTECTED) is not None
    assert _stopped(decide(AUTO, FINDING, replace(CAUSE, path=path))) is Reason.PROTECTED_PATH


@pytest.mark.parametrize("path", ["shop/receipts.py", "setup_shop.py", "shop/my_conftest.py", "github/x.py"])
def test_ordinary_code_is_not_protected(path: str) -> None:
    assert protecting_pattern(path, ALWAYS_PROTECTED) is None


@pytest.mark.parametrize(
    ("pattern", "path", "covers"),
    [
        ("billing/**", "billing/x.py", True),
        ("billing/", "billing/deep/x.py", True),
        ("billing", "billing/x.py", True),
        ("/billing/**", "billing/x.py", True),
        ("billing/*.py", "billing/x.py", True),
        ("**/secret.py", "secret.py", True),
        ("**/secret.py", "a/b/secret.py", True),
        ("**/vault/", "a/vault/x.py", True),
        ("Billing/**", "billing/X.py", True),
        ("billing", "billing.py", False),
        ("billing/", "old_billing/x.py", False),
        ("*.sql", "db/x.sql", True),
    ],
)
def test_a_pattern_is_read_generously(pattern: str, path: str, *, covers: bool) -> None:
    assert (protecting_pattern(path, (pattern,)) is not None) is covers


@pytest.mark.parametrize(
    "path", ["$(id).py", "--upload-pack=x.py", "a b.py", "x\n@bors r+.py", "x`y`.py", "é.py", "x" * 300]
)
def test_i16_a_path_that_could_command_something_is_named_by_a_person(path: str) -> None:
    stop = decide(AUTO, FINDING, replace(CAUSE, path=path))
    assert _stopped(stop) is Reason.PROTECTED_PATH
    assert isinstance(stop, Stop)
    assert "unusual characters" in stop.detail


# What the pattern and its record allow ---------------------------------------------------------------------------

CLEAN = TrackRecord(fixed=0, failed=0)


def test_a_safe_pattern_with_a_clean_record_changes_nothing() -> None:
    assert settle(DECISION, PATCH, CLEAN) == DECISION
    assert settle(DECISION, PATCH, TrackRecord(fixed=90, failed=10)) == DECISION


@pytest.mark.parametrize("record", [TrackRecord(0, 1), TrackRecord(8, 1), TrackRecord(89, 10)])
def test_a_record_above_the_share_costs_the_merge(record: TrackRecord) -> None:
    assert record.failed / (record.failed + record.fixed) > UNWANTED_SHARE
    decision = _decided(settle(DECISION, PATCH, record))
    assert decision.action is Action.PROPOSE
    assert "failed in production here" in decision.because[-1]


def test_an_unsafe_fix_is_only_proposed() -> None:
    decision = _decided(settle(DECISION, replace(PATCH, applicability=Applicability.UNSAFE), CLEAN))
    assert decision.action is Action.PROPOSE
    assert "calls this fix unsafe" in decision.because[-1]


def test_a_fix_for_display_is_not_even_proposed() -> None:
    shown = replace(PATCH, applicability=Applicability.DISPLAY_ONLY)
    assert _stopped(settle(DECISION, shown, CLEAN)) is Reason.POLICY_FORBIDS


@pytest.mark.parametrize("action", [Action.PROPOSE, Action.AUTOMERGE])
@pytest.mark.parametrize("applicability", Applicability)
@pytest.mark.parametrize("record", [CLEAN, TrackRecord(1, 9)])
def test_no_input_raises_what_another_allows(
    action: Action, applicability: Applicability, record: TrackRecord
) -> None:
    patch = replace(PATCH, applicability=applicability)
    value = settle(replace(DECISION, action=action), patch, record)
    if isinstance(value, Decision):
        assert action.allows(value.action)
        assert CLAIMS[applicability].allows(value.action)


@pytest.mark.parametrize(
    "path", ["tests/conftest.py", ".github/x.py", "sitecustomize.py", "billing/test_x.py"]
)
def test_m9_no_file_of_the_patch_is_protected(path: str) -> None:
    change = FileChange(path, None, "x = 1\n")
    policy = AUTO + "paths: {protected: [billing/**]}\n"
    for patch in (replace(PATCH, fix=change), replace(PATCH, test=replace(PATCH.test, change=change))):
        assert _stopped(settle(DECISION, patch, CLEAN, policy=policy)) is Reason.PROTECTED_PATH


def test_fixes_stay_where_the_policy_allows_them_and_the_new_test_may_lie_beside() -> None:
    policy = AUTO + "paths: {allowed: [shop/**]}\n"
    assert settle(DECISION, PATCH, CLEAN, policy=policy) == DECISION
    elsewhere = replace(PATCH, fix=replace(PATCH.fix, path="jobs/nightly.py"))
    assert _stopped(settle(DECISION, elsewhere, CLEAN, policy=policy)) is Reason.PROTECTED_PATH


# What today allows -----------------------------------------------------------------------------------------------

HOURS = AUTO + 'hours: {timezone: Europe/Berlin, days: [mon, wed], start: "08:00", end: "13:00"}\n'
FREEZE = AUTO + "freeze: [{first: 2026-11-24, last: 2026-11-25, why: the sale}]\n"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            {"policy": HOURS, "now": NOON + 3600.0},
            "outside of the hours for merging (mon, wed 08:00 to 13:00",
        ),
        ({"policy": HOURS, "now": NOON + 86_400.0}, "outside of the hours"),
        ({"policy": FREEZE}, "the sale: 2026-11-24 to 2026-11-25"),
        ({"merges_today": 10}, "10 fixes were merged in 24 hours"),
        ({"file_merged_at": NOON - 3600.0}, "was fixed less than 24 hours ago"),
        ({"unexplained": ("line 9: a call of `os.system`",)}, "does not explain the whole change: line 9"),
        ({"policy": AUTO + "paths: {sensitive: [shop/receipts.py]}\n"}, "sensitive"),
    ],
)
def test_m22_what_does_not_fit_today_is_proposed(changed: dict[str, Any], why: str) -> None:
    decision = _decided(settle(DECISION, PATCH, CLEAN, **changed))
    assert (decision.action, decision.would_merge) == (Action.PROPOSE, False)
    assert why in decision.because[-1]


@pytest.mark.parametrize(
    "changed",
    [
        {"policy": HOURS, "now": NOON + 1.0},
        {"policy": FREEZE, "now": NOON + 86_400.0},
        {"merges_today": 9},
        {"file_merged_at": NOON - 25 * 3600.0},
        {"open_pulls": 4, "attempts": 1},
    ],
)
def test_what_fits_is_merged(changed: dict[str, Any]) -> None:
    assert settle(DECISION, PATCH, CLEAN, **changed) == DECISION


@pytest.mark.parametrize("changed", [{"attempts": 2}, {"open_pulls": 5}])
def test_m22_what_is_above_a_budget_is_not_even_proposed(changed: dict[str, Any]) -> None:
    assert _stopped(settle(DECISION, PATCH, CLEAN, **changed)) is Reason.BUDGET


@pytest.mark.parametrize("path", ["shop/auth.py", "shop/JWT.py", "lib/resetPassword.py", "payments/x.py"])
def test_code_that_speaks_of_security_or_money_is_merged_by_a_person(path: str) -> None:
    patch = replace(PATCH, fix=replace(PATCH.fix, path=path))
    decision = _decided(settle(DECISION, patch, CLEAN))
    assert (decision.action, "so a person merges" in decision.because[-1]) == (Action.PROPOSE, True)


def test_the_category_of_the_fix_counts_as_well() -> None:
    patch = replace(PATCH, category="missing-error-handling")
    decision = _decided(settle(DECISION, patch, CLEAN))
    assert (decision.action, "missing-error-handling" in decision.because[-1]) == (Action.PROPOSE, True)


# What was earned -------------------------------------------------------------------------------------------------


def test_without_trust_a_fix_is_proposed_and_it_is_known_that_it_would_have_been_merged() -> None:
    shadow = replace(TRUSTED, level=Level.SHADOW, because="2 of 5 fixes in a row verified in production")
    decision = _decided(settle(DECISION, PATCH, CLEAN, trust=shadow))
    assert (decision.action, decision.would_merge) == (Action.PROPOSE, True)
    assert "null-safety is shadow here: 2 of 5" in decision.because[-1]


def test_a_category_that_is_switched_off_proposes_nothing() -> None:
    off = replace(TRUSTED, level=Level.OFF, because="2 of the last 9 fixes were not wanted")
    assert _stopped(settle(DECISION, PATCH, CLEAN, trust=off)) is Reason.POLICY_FORBIDS


def test_shadow_mode_merges_nothing_and_says_what_it_would_have_done() -> None:
    decision = _decided(settle(DECISION, PATCH, CLEAN, policy=AUTO + "shadow: true\n"))
    assert (decision.action, decision.would_merge) == (Action.PROPOSE, True)


def test_the_kill_switch_of_the_policy_stops_at_both_looks() -> None:
    off = AUTO + "enabled: false\n"
    assert _stopped(decide(off, FINDING, CAUSE)) is Reason.PAUSED
    assert _stopped(settle(DECISION, PATCH, CLEAN, policy=off)) is Reason.PAUSED


@pytest.mark.parametrize(
    "path",
    [".git/config", ".GIT/config", "shop/.Git/hooks/x.py", ".git::$INDEX_ALLOCATION/x.py", ".GitHub/x.py"],
)
def test_i7_gits_own_files_are_protected_in_every_spelling(path: str) -> None:
    assert _stopped(decide(AUTO, FINDING, replace(CAUSE, path=path))) is Reason.PROTECTED_PATH


@pytest.mark.parametrize("source", ["traceback", "file"])
def test_what_no_tracker_counts_needs_no_mapping_and_is_proposed_at_most(source: str) -> None:
    finding = replace(FINDING, source=source, organization="", project="")
    decision = _decided(decide(AUTO, finding, CAUSE))
    assert decision.action is Action.PROPOSE
    assert "no error tracker counts this error" in decision.because[-1]
    assert _decided(decide(AUTO, FINDING, CAUSE)).action is Action.AUTOMERGE


def test_a_datadog_service_must_be_listed() -> None:
    finding = replace(FINDING, source="datadog", organization="", project="shop")
    assert _stopped(decide(AUTO, finding, CAUSE)) is Reason.NOT_MAPPED
    listed = AUTO + "datadog: {services: [shop]}\n"
    assert _decided(decide(listed, finding, CAUSE)).action is Action.AUTOMERGE
    assert _stopped(decide(listed, replace(finding, project="web"), CAUSE)) is Reason.NOT_MAPPED


SECTIONS = {
    "sentry": "sentry: {organization: acme, projects: [shop]}\n",
    "datadog": "datadog: {services: [shop]}\n",
    "bugsink": "bugsink: {projects: [shop]}\n",
    "traceback": "intake: {people_only: true}\n",
}


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("source", [*SECTIONS, INGESTED, "another"])
def test_i4_a_tracker_reports_only_where_the_policy_names_it(source: str, section: str) -> None:
    policy = f"version: 1\n{SECTIONS[section]}categories: {{null-safety: automerge}}\n"
    decided = decide(policy, replace(FINDING, source=source, organization="acme", project="shop"), CAUSE)
    if source in {TRACEBACK, INGESTED}:  # a person vouches, and production cannot be asked
        assert _decided(decided).action is Action.PROPOSE
    elif source == section:
        assert _decided(decided).action is Action.AUTOMERGE
    else:
        assert _stopped(decided) is Reason.NOT_MAPPED
