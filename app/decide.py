"""Decide: policy x category x cause x track record -> how far to go. Pure: the same input gives the same decision."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from app.core.category import CATEGORIES
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
    Standing,
    Stop,
)
from app.core.paths import ALWAYS_PROTECTED, protecting_pattern, sensitive_word
from app.core.policy import POLICY_PATH, Policy, granted
from app.core.trust import MAY, UNWANTED_SHARE

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


def decide(policy_text: str | None, finding: Finding, cause: RootCause) -> Decision | Stop:
    """How far the policy on the default branch lets Autofix go; a Stop if it allows no pull request."""
    policy = granted(policy_text, Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy
    category = CATEGORIES[CATEGORY_OF[cause.failure.kind]]
    action = policy.action(category.id)
    refusal = _outside(policy, finding, cause)
    if refusal is not None:
        return refusal
    if not action.allows(Action.PROPOSE):
        return _stop(Reason.POLICY_FORBIDS, f"the policy sets {category.id} to {action}")
    named = category.id in policy.categories
    because = [f"the policy {'says' if named else 'says nothing of'} {category.id}: {action}"]
    if not finding.is_tracked and action is Action.AUTOMERGE:
        action = Action.PROPOSE
        because.append("propose at most: no error tracker counts this error, so production cannot be asked")
    return Decision(
        category=category.id,
        action=action,
        because=tuple(because),
        verify_check=policy.checks.verify,
        environment=policy.observe.environment,
        looks=tuple(float(look) for look in policy.observe.looks),
        rollout=policy.rollout.plan,
        lag=float(policy.observe.lag),
        method=policy.observe.method,
    )


def _outside(policy: Policy, finding: Finding, cause: RootCause) -> Stop | None:
    """Why this finding or this file is not ours to touch; None if it is."""
    stranger = _unmapped(policy, finding)
    if stranger is not None:
        return _stop(Reason.NOT_MAPPED, f"{stranger} is not listed in `{POLICY_PATH}`")
    if not _PLAIN_PATH.fullmatch(cause.path):
        # Paths stand in titles and commit messages, where a name can command other tools.
        return _stop(
            Reason.PROTECTED_PATH, "the file's path has unusual characters, so a person must name it"
        )
    return _protected(policy, cause.path)


def _unmapped(policy: Policy, finding: Finding) -> str | None:
    """Whose anomaly it is, if that may not report here; what stands in the repository's own issue may."""
    if not finding.is_tracked:
        return None
    if policy.lists(finding.source, finding.organization, finding.project):
        return None
    match finding.source:
        case "datadog":
            return f"the Datadog service {finding.project}"
        case "bugsink":
            return f"the Bugsink project {finding.project}"
        case "sentry":
            return f"the Sentry project {finding.organization}/{finding.project}"
        case other:
            return f"a project of {other}"


def _protected(policy: Policy, path: str, *, new_test: bool = False) -> Stop | None:
    always = protecting_pattern(path, ALWAYS_PROTECTED)
    listed = protecting_pattern(path, policy.paths.protected) if new_test else None
    why = f"`{path}` is protected by `{always or listed}`" if always or listed else None
    if not new_test:
        why = why or policy.outside(path)
    return None if why is None else _stop(Reason.PROTECTED_PATH, why)


def settle(  # the one place where all limits meet
    policy_text: str | None,
    decision: Decision,
    cause: RootCause,
    patch: Patch,
    standing: Standing,
    unexplained: tuple[str, ...],
    now: float,
) -> Decision | Stop:
    """The decision, lowered to what the pattern claims, what is explained, what was earned, and what fits today.

    `unexplained` are the changes that the category does not account for, one sentence each; `now` is in epoch seconds.
    """
    policy = granted(policy_text, Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy
    refusal = (
        _protected(policy, patch.fix.path)
        or _protected(policy, patch.test.change.path, new_test=True)
        or _over_budget(policy, standing)
    )
    if refusal is not None:
        return refusal
    earned = [
        (
            MAY[standing.trust.level],
            f"{standing.trust.category} is {standing.trust.level} here: {standing.trust.because}",
        )
    ]
    if policy.shadow:
        earned.append((Action.PROPOSE, "shadow mode is on"))
    without_trust = _lowered(decision, _limits(policy, decision, cause, patch, standing, unexplained, now))
    settled = _lowered(without_trust, earned)
    if not settled.action.allows(Action.PROPOSE):
        return _stop(Reason.POLICY_FORBIDS, settled.because[-1])
    would_merge = without_trust.action is Action.AUTOMERGE and settled.action is not Action.AUTOMERGE
    return dataclasses.replace(settled, would_merge=would_merge)


def by_approval(decision: Decision, person: str) -> Decision:
    """The decision after `person`, who may merge here, has approved the proposal."""
    because = (*decision.because, f"approved by {person}")
    return dataclasses.replace(decision, action=Action.AUTOMERGE, because=because)


def _over_budget(policy: Policy, standing: Standing) -> Stop | None:
    budgets = policy.budgets
    if standing.attempts >= budgets.attempts:
        return _stop(
            Reason.BUDGET,
            f"this anomaly was fixed {standing.attempts} times before and came back; the budget is {budgets.attempts}",
        )
    if standing.open_pulls >= budgets.open_pull_requests:
        return _stop(
            Reason.BUDGET,
            f"{standing.open_pulls} pull requests of ours are open; the budget is {budgets.open_pull_requests}",
        )
    return None


def _limits(
    policy: Policy,
    decision: Decision,
    cause: RootCause,
    patch: Patch,
    standing: Standing,
    unexplained: tuple[str, ...],
    now: float,
) -> Iterator[tuple[Action, str]]:
    """Every limit besides trust: how far at most, and why."""
    yield CLAIMS[patch.applicability], f"the pattern {patch.pattern} calls this fix {patch.applicability}"
    if patch.category != decision.category:
        action = policy.action(patch.category)
        yield action, f"the fix is one of {patch.category}, which the policy sets to {action}"
    record, total = standing.pattern, standing.pattern.failed + standing.pattern.fixed
    if total and record.failed / total > UNWANTED_SHARE:
        yield (
            Action.PROPOSE,
            f"{record.failed} of {total} fixes by {patch.pattern} failed in production here",
        )
    if unexplained:
        yield Action.PROPOSE, f"{decision.category} does not explain the whole change: {unexplained[0]}"
    word = sensitive_word(patch.fix.path, cause.function)
    if word is not None:
        yield Action.PROPOSE, f"the code speaks of `{word}`, so a person merges"
    listed = protecting_pattern(patch.fix.path, policy.paths.sensitive)
    if listed is not None:
        yield Action.PROPOSE, f"the policy calls `{listed}` sensitive, so a person merges"
    closed = policy.closed(now)
    if closed is not None:
        yield Action.PROPOSE, closed
    if standing.merges_today >= policy.budgets.merges_per_day:
        yield Action.PROPOSE, f"{standing.merges_today} fixes were merged in 24 hours, which is the budget"
    hours, merged_at = policy.budgets.same_file_hours, standing.file_merged_at
    if merged_at is not None and now - merged_at < 3600 * hours:
        yield Action.PROPOSE, f"`{patch.fix.path}` was fixed less than {hours} hours ago"


def _lowered(decision: Decision, limits: Iterable[tuple[Action, str]]) -> Decision:
    """The decision, with the reason for each limit that lowered it."""
    action, because = decision.action, list(decision.because)
    for limit, why in limits:
        if not limit.allows(action):
            action = limit
            because.append(f"{limit} at most: {why}")
    return dataclasses.replace(decision, action=action, because=tuple(because))


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.DECIDE, reason, detail)
