"""What a branch demands, from classic protection and rulesets together, and what a commit still owes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from app.demo.github.accounts import LEVELS, Account, Actor
from app.demo.github.state import Pull, Repository, RequiredCheck, Review, Ruleset

_ADMIN_ROLE = 5
_GREEN = {"success", "neutral", "skipped"}


@dataclass(frozen=True)
class Requirements:
    """The sum of all rules that hold for one branch."""

    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    approvals: int = 0
    pull_request: bool = False
    dismiss_stale_reviews: bool = False
    linear_history: bool = False
    no_force_push: bool = False
    no_deletion: bool = False
    merge_queue: bool = False
    from_rulesets: bool = False

    @property
    def wait_for_something(self) -> bool:
        """Whether there is anything that auto-merge could wait for."""
        return bool(self.checks) or self.approvals > 0 or self.pull_request


def applying(repo: Repository, branch: str, actor: Actor | None = None) -> Iterator[Ruleset]:
    """The active rulesets of a branch, without those that `actor` may bypass."""
    for ruleset in repo.rulesets.values():
        if ruleset.enforcement != "active" or ruleset.target != "branch":
            continue
        if _targets(repo, ruleset, branch) and not (actor and bypasses(repo, ruleset, actor)):
            yield ruleset


def requirements(repo: Repository, branch: str, actor: Actor | None = None) -> Requirements:
    """What `branch` demands; with an actor, what it demands of that actor."""
    rules = [rule for ruleset in applying(repo, branch, actor) for rule in ruleset.rules]
    checks = [check for rule in rules for check in _checks_of(rule)]
    kinds = {rule["type"] for rule in rules}
    reviews = [rule.get("parameters") or {} for rule in rules if rule["type"] == "pull_request"]
    statuses = [rule["parameters"] for rule in rules if rule["type"] == "required_status_checks"]
    classic = repo.protection.get(branch)
    if classic and actor and not classic.enforce_admins and repo.role(actor.user) == "admin":
        classic = None
    counts = [int(review.get("required_approving_review_count", 0)) for review in reviews]
    if classic:
        checks += classic.checks or []
        counts.append(classic.approvals or 0)
    return Requirements(
        checks=tuple(dict.fromkeys(checks)),
        strict=bool(classic and classic.checks is not None and classic.strict)
        or any(bool(status.get("strict_required_status_checks_policy")) for status in statuses),
        approvals=max(counts, default=0),
        pull_request="pull_request" in kinds or bool(classic and classic.approvals is not None),
        dismiss_stale_reviews=bool(classic and classic.dismiss_stale_reviews)
        or any(bool(review.get("dismiss_stale_reviews_on_push")) for review in reviews),
        linear_history="required_linear_history" in kinds or bool(classic and classic.linear_history),
        no_force_push="non_fast_forward" in kinds or bool(classic and not classic.allow_force_pushes),
        no_deletion="deletion" in kinds or bool(classic and not classic.allow_deletions),
        merge_queue="merge_queue" in kinds,
        from_rulesets=bool(rules),
    )


def check_state(repo: Repository, sha: str, check: RequiredCheck) -> str:
    """How a required check stands on a commit: success, failing, in progress or expected."""
    suites = (suite for suite in repo.check_suites.values() if suite.head_sha == sha)
    runs = [
        run
        for suite in suites
        if check.app_id in {None, suite.app.id}
        for run in suite.runs
        if run.name == check.context
    ]
    statuses = [
        status
        for status in repo.statuses
        if status.sha == sha
        and status.context == check.context
        and (check.app_id is None or (status.creator.app and status.creator.app.id == check.app_id))
    ]
    states: list[str] = []
    if runs:
        latest = max(runs, key=lambda run: run.id)
        states.append(
            "in progress"
            if latest.status != "completed"
            else ("success" if latest.conclusion in _GREEN else "failing")
        )
    if statuses:
        states.append({"success": "success", "pending": "in progress"}.get(statuses[-1].state, "failing"))
    order = ("failing", "in progress", "success")
    return next((state for state in order if state in states), "expected")


def unmet_checks(repo: Repository, sha: str, needed: Requirements) -> list[str]:
    """GitHub's sentence for every required check that is not green on that commit."""
    states = ((check.context, check_state(repo, sha, check)) for check in needed.checks)
    return [f'Required status check "{name}" is {state}.' for name, state in states if state != "success"]


def writes(repo: Repository, account: Account) -> bool:
    """Whether an account's review has weight: people by their role, apps because they were let in to write."""
    return account.type == "Bot" or LEVELS[repo.role(account)] >= LEVELS["write"]


def standing_reviews(pull: Pull) -> list[Review]:
    """The review of each reviewer that counts now: the last one that took a position."""
    positions = [review for review in pull.reviews if review.state != "COMMENTED"]
    return list({review.user.login: review for review in positions}.values())


def unmet_reviews(pull: Pull, needed: Requirements) -> list[str]:
    """GitHub's sentence for what the reviews still lack."""
    repo = pull.repository
    weighty = [
        review
        for review in standing_reviews(pull)
        if review.user is not pull.issue.user and writes(repo, review.user)
    ]
    enforced = needed.approvals > 0 or needed.pull_request
    if enforced and any(review.state == "CHANGES_REQUESTED" for review in weighty):
        return ["Changes have been requested."]
    approved = sum(review.state == "APPROVED" for review in weighty)
    if approved >= needed.approvals:
        return []
    s = "" if needed.approvals == 1 else "s"
    are = "is" if needed.approvals == 1 else "are"
    return [f"At least {needed.approvals} approving review{s} {are} required by reviewers with write access."]


def review_decision(pull: Pull, needed: Requirements) -> str | None:
    """GraphQL's `reviewDecision`."""
    if needed.approvals == 0:
        return None
    unmet = unmet_reviews(pull, needed)
    if not unmet:
        return "APPROVED"
    return "CHANGES_REQUESTED" if unmet[0].startswith("Changes") else "REVIEW_REQUIRED"


def _checks_of(rule: dict[str, Any]) -> list[RequiredCheck]:
    if rule["type"] != "required_status_checks":
        return []
    listed = rule["parameters"]["required_status_checks"]
    return [RequiredCheck(item["context"], item.get("integration_id")) for item in listed]


def _targets(repo: Repository, ruleset: Ruleset, branch: str) -> bool:
    names = ruleset.conditions.get("ref_name", {})

    def matches(pattern: str) -> bool:
        if pattern == "~DEFAULT_BRANCH":
            return branch == repo.default_branch
        return pattern == "~ALL" or fnmatchcase(f"refs/heads/{branch}", pattern)

    included = any(matches(pattern) for pattern in names.get("include", []))
    return included and not any(matches(pattern) for pattern in names.get("exclude", []))


def bypasses(repo: Repository, ruleset: Ruleset, actor: Actor) -> bool:
    """Whether a ruleset does not hold for `actor`."""
    for entry in ruleset.bypass_actors:
        kind, number = entry.get("actor_type"), entry.get("actor_id")
        if kind == "Integration" and actor.app is not None and actor.app.id == number:
            return True
        admin = kind == "OrganizationAdmin" or (kind == "RepositoryRole" and number == _ADMIN_ROLE)
        if admin and repo.role(actor.user) == "admin":
            return True
    return False
