"""Decide: policy x category x cause x track record -> how far to go. Pure: the same input gives the same decision."""

from __future__ import annotations

import dataclasses
import re

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.model import (
    Action,
    Applicability,
    Decision,
    FailureKind,
    Finding,
    Patch,
    Reason,
    RootCause,
    Stage,
    Stop,
    TrackRecord,
)
from app.core.paths import ALWAYS_PROTECTED, protecting_pattern
from app.core.policy import POLICY_PATH, Policy, parse_policy

_PLAIN_PATH = re.compile(r"\w[\w./+-]{0,250}", re.ASCII)
CATEGORY_OF = {
    FailureKind.NONE_VALUE: "null-safety",
    FailureKind.MISSING_KEY: "missing-key",
    FailureKind.BAD_INDEX: "missing-key",
    FailureKind.EMPTY: "missing-key",
    FailureKind.WRONG_TYPE: "wrong-type",
    FailureKind.UNBOUND: "unbound-local",
    FailureKind.ZERO: "missing-error-handling",
    FailureKind.RAISED: "missing-error-handling",
}
CLAIMS = {
    Applicability.SAFE: Action.AUTOMERGE,
    Applicability.UNSAFE: Action.PROPOSE,
    Applicability.DISPLAY_ONLY: Action.REPORT,
}
# An analyzer whose findings people do not want is switched off at this share (Tricorder, Google 2015).
UNWANTED_SHARE = 0.10


def decide(policy_text: str | None, finding: Finding, cause: RootCause) -> Decision | Stop:
    """How far the policy on the default branch lets Autofix go; a Stop if it allows no pull request."""
    if policy_text is None:
        return _stop(
            Reason.POLICY_MISSING,
            f"there is no `{POLICY_PATH}` on the default branch, so nothing is automated",
        )
    try:
        policy = parse_policy(policy_text.encode("utf-8"))
    except PolicyError as fault:
        return _stop(Reason.POLICY_INVALID, f"`{POLICY_PATH}`: {fault}. Automation is off until it is mended")
    category = CATEGORIES[CATEGORY_OF[cause.failure.kind]]
    action = policy.action(category.id)
    refusal = _outside(policy, finding, cause)
    if refusal is not None:
        return refusal
    if not action.allows(Action.PROPOSE):
        return _stop(Reason.POLICY_FORBIDS, f"the policy sets {category.id} to {action}")
    named = category.id in policy.categories
    return Decision(
        category=category.id,
        action=action,
        because=(f"the policy {'says' if named else 'says nothing of'} {category.id}: {action}",),
        verify_check=policy.checks.verify,
        environment=policy.observe.environment,
        looks=tuple(float(look) for look in policy.observe.looks),
        protected=policy.protected_paths,
    )


def _outside(policy: Policy, finding: Finding, cause: RootCause) -> Stop | None:
    """Why this finding or this file is not ours to touch; None if it is."""
    source = policy.sentry
    if finding.organization != source.organization or finding.project not in source.projects:
        project = f"{finding.organization}/{finding.project}"
        return _stop(Reason.NOT_MAPPED, f"the Sentry project {project} is not listed in `{POLICY_PATH}`")
    if not _PLAIN_PATH.fullmatch(cause.path):
        # Paths stand in titles and commit messages, where a name can command other tools.
        return _stop(
            Reason.PROTECTED_PATH, "the file's path has unusual characters, so a person must name it"
        )
    protected = protecting_pattern(cause.path, (*ALWAYS_PROTECTED, *policy.protected_paths))
    if protected is not None:
        return _stop(Reason.PROTECTED_PATH, f"`{cause.path}` is protected by `{protected}`")
    return None


def settle(decision: Decision, patch: Patch, record: TrackRecord) -> Decision | Stop:
    """The decision, lowered to what the pattern claims and to what its track record has earned here."""
    for change in patch.changes:
        covering = protecting_pattern(change.path, (*ALWAYS_PROTECTED, *decision.protected))
        if covering is not None:
            return _stop(Reason.PROTECTED_PATH, f"`{change.path}` is protected by `{covering}`")
    limits = [
        (CLAIMS[patch.applicability], f"the pattern {patch.pattern} calls this fix {patch.applicability}")
    ]
    failed, total = record.failed, record.failed + record.fixed
    if total and failed / total > UNWANTED_SHARE:
        why = f"{failed} of {total} fixes by {patch.pattern} failed in production here"
        limits.append((Action.PROPOSE, why))
    action, because = decision.action, list(decision.because)
    for limit, why in limits:
        if not limit.allows(action):
            action = limit
            because.append(f"{limit} at most: {why}")
    if not action.allows(Action.PROPOSE):
        return _stop(Reason.POLICY_FORBIDS, because[-1])
    return dataclasses.replace(decision, action=action, because=tuple(because))


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.DECIDE, reason, detail)
