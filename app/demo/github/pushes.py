"""What follows from a ref that moves: guards before it, events and moved pull requests after it."""

from __future__ import annotations

import re
from http import HTTPStatus

from app.demo.github import events, issues
from app.demo.github.accounts import LEVELS, Actor
from app.demo.github.errors import Refusal, unprocessable
from app.demo.github.reports import CheckSuite
from app.demo.github.rules import requirements, unmet_checks
from app.demo.github.site import Site
from app.demo.github.state import Pull, Repository

WORKFLOWS = ".github/workflows/"
_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)


def move(
    site: Site,
    repo: Repository,
    ref: str,
    after: str | None,
    actor: Actor,
    *,
    force: bool = False,
    may_write_workflows: bool = True,
) -> None:
    """Point `ref` at `after` (or delete it) on behalf of `actor`, if the rules allow it."""
    before = repo.git.ref(ref)
    if before and after and not force and not repo.git.contains(before, after):
        raise unprocessable("Update is not a fast-forward")
    if ref.startswith("refs/heads/"):
        guard_branch(repo, ref.removeprefix("refs/heads/"), before, after, actor)
    if after and not may_write_workflows:
        guard_workflows(repo, before, after)
    repo.git.set_ref(ref, after)
    record(site, repo, ref, before, after, actor)


def guard_branch(repo: Repository, branch: str, before: str | None, after: str | None, actor: Actor) -> None:
    """Refuse what the rules of the branch forbid to `actor`."""
    needed = requirements(repo, branch, actor)
    unmet: list[str] = []
    if after is None:
        unmet += ["Cannot delete this branch"] if needed.no_deletion else []
    elif before is not None:
        if needed.no_force_push and not repo.git.contains(before, after):
            unmet.append("Cannot force-push to this branch")
        if needed.pull_request:
            unmet.append("Changes must be made through a pull request.")
        unmet += unmet_checks(repo, after, needed)
    if unmet:
        raise unprocessable(rule_text(unmet, from_rulesets=needed.from_rulesets))


def rule_text(unmet: list[str], *, from_rulesets: bool) -> str:
    """How GitHub words the rules that stand in the way."""
    if from_rulesets:
        return "Repository rule violations found\n\n" + "\n\n".join(unmet) + "\n\n"
    return " ".join(unmet)


def guard_workflows(repo: Repository, before: str | None, after: str) -> None:
    """Refuse a change of workflow files to an app without the `workflows` permission."""
    default = repo.git.branch(repo.default_branch)
    base = before or (repo.git.merge_base(default, after) if default else None)
    for change in repo.git.diff(base, after):
        if change.path.startswith(WORKFLOWS):
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "refusing to allow a GitHub App to create or update workflow "
                f"`{change.path}` without `workflows` permission",
            )


def record(
    site: Site, repo: Repository, ref: str, before: str | None, after: str | None, actor: Actor
) -> None:
    """All that follows from a ref that has moved already; first the state, then the events."""
    if before == after:
        return
    repo.know(ref, after)
    repo.pushed_at = site.clock()
    if not ref.startswith("refs/heads/"):
        events.pushed(site, repo, ref, before, after, actor)
        return
    branch = ref.removeprefix("refs/heads/")
    pulls = [pull for pull in repo.pulls.values() if pull.open and branch in {pull.head_ref, pull.base_ref}]
    moved = [pull for pull in pulls if pull.head_ref == branch and after]
    dropped = [pull for pull in moved if pull.auto_merge and not may_write(repo, actor)]
    for pull in moved:
        _move_head(site, pull, after or "")
        pull.queued = None
    for pull in dropped:
        pull.auto_merge = None
    suites = _request_suites(site, repo, branch, before, after) if after else []
    events.pushed(site, repo, ref, before, after, actor)
    for pull in moved:
        events.pull_request(site, pull, "synchronize", actor, before=before, after=after)
    for pull in dropped:
        reason = "A user without write access pushed to the head branch"
        events.pull_request(site, pull, "auto_merge_disabled", actor, reason=reason)
    for suite in suites:
        events.check_suite(site, repo, suite, "requested", actor)
    if after is None:
        _close_without_branch(site, pulls, actor)
    elif before and branch == repo.default_branch:
        _close_named_issues(site, repo, before, after, actor)


def may_write(repo: Repository, actor: Actor) -> bool:
    """Whether the actor has write access: by role, or as an app that was let through to write."""
    return actor.app is not None or LEVELS[repo.role(actor.user)] >= LEVELS["write"]


def _move_head(site: Site, pull: Pull, head: str) -> None:
    repo = pull.repository
    pull.head_sha = head
    pull.base_sha = repo.git.branch(pull.base_ref) or pull.base_sha
    pull.issue.updated_at = site.clock()
    repo.git.set_ref(f"refs/pull/{pull.number}/head", head)
    if requirements(repo, pull.base_ref).dismiss_stale_reviews:
        for review in pull.reviews:
            if review.state == "APPROVED":
                review.state = "DISMISSED"


def _request_suites(
    site: Site, repo: Repository, branch: str, before: str | None, after: str
) -> list[CheckSuite]:
    """The check suite that a push opens for every installed app that may write checks."""
    made = []
    for installation in site.installations.values():
        writes = installation.permissions.get("checks") == "write"
        if not writes or not installation.covers(repo.id, repo.owner):
            continue
        known = (
            suite.app is installation.app and suite.head_sha == after for suite in repo.check_suites.values()
        )
        if not any(known):
            now = site.clock()
            suite = CheckSuite(site.next_id(), installation.app, after, branch, before, now, now)
            repo.check_suites[suite.id] = suite
            made.append(suite)
    return made


def named_issues(text: str) -> list[int]:
    """The issues that "Closes #n" in a text closes."""
    return [int(number) for number in _CLOSES.findall(text)]


def _close_named_issues(site: Site, repo: Repository, before: str, after: str, actor: Actor) -> None:
    for sha in reversed(repo.git.log(after, [before])):
        for number in named_issues(repo.git.commit(sha).message):
            issues.close_if_open(site, repo, number, actor)


def _close_without_branch(site: Site, pulls: list[Pull], actor: Actor) -> None:
    for pull in pulls:
        if pull.open:
            issues.close(site, pull.issue, actor)
