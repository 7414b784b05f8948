from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.category import CATEGORIES
from app.core.model import (
    Action,
    Applicability,
    Decision,
    FailureKind,
    FileChange,
    Reason,
    Stage,
    Stop,
    TrackRecord,
)
from app.core.paths import ALWAYS_PROTECTED, protecting_pattern
from app.decide import CATEGORY_OF, CLAIMS, UNWANTED_SHARE, decide, settle
from samples import CAUSE, DECISION, FINDING, PATCH

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop, web]}\n"
AUTO = POLICY + "categories: {null-safety: automerge}\n"


def _stopped(value: Decision | Stop) -> Reason:
    assert isinstance(value, Stop)
    assert value.stage is Stage.DECIDE
    return value.reason


def _decided(value: Decision | Stop) -> Decision:
    assert isinstance(value, Decision)
    return value


# What the policy allows ------------------------------------------------------------------------------------------


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
        (AUTO + "protected_paths: [shop/**]\n", Reason.PROTECTED_PATH),
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
    decision = replace(DECISION, protected=("billing/**",))
    for patch in (replace(PATCH, fix=change), replace(PATCH, test=replace(PATCH.test, change=change))):
        assert _stopped(settle(decision, patch, CLEAN)) is Reason.PROTECTED_PATH


def test_the_policy_travels_with_the_decision() -> None:
    decision = _decided(decide(AUTO + "protected_paths: [tests/**]\n", FINDING, CAUSE))
    assert _stopped(settle(decision, PATCH, CLEAN)) is Reason.PROTECTED_PATH
