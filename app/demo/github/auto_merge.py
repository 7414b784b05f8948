"""Auto-merge: armed on a pull request that has to wait, it merges as soon as the rules allow it."""

from __future__ import annotations

from app.demo.github import events, merge_queue, mergeability
from app.demo.github.accounts import Actor
from app.demo.github.errors import MutationRefused, Refusal
from app.demo.github.merges import Wording, merge
from app.demo.github.rules import requirements
from app.demo.github.site import Event, Site
from app.demo.github.state import AutoMerge, Pull, Repository

# What may change whether a pull request meets the rules.
_RELEVANT = {
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "pull_request",
    "pull_request_review",
    "push",
    "repository_ruleset",
    "status",
}


def enable(site: Site, pull: Pull, armed: AutoMerge, expected_head: str | None = None) -> None:
    """Arm auto-merge, or refuse as GitHub does: not allowed, not needed, or nothing to wait for."""
    repo = pull.repository
    if not repo.allow_auto_merge:
        raise MutationRefused("Pull request Auto merge is not allowed for this repository")
    if not pull.open:
        raise MutationRefused("Pull request is not in the correct state to enable auto-merge")
    if expected_head is not None and expected_head != pull.head_sha:
        raise MutationRefused("Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise MutationRefused("Pull request is in draft status")
    if not requirements(repo, pull.base_ref).wait_for_something:
        raise MutationRefused("Pull request Protected branch rules not configured for this branch")
    state = mergeability.state_of(site, pull)
    if state in {"clean", "unstable", "dirty"}:
        raise MutationRefused(f"Pull request is in {state} status")
    if pull.auto_merge is None:
        pull.auto_merge = armed
        events.pull_request(site, pull, "auto_merge_enabled", armed.enabled_by)


def disable(site: Site, pull: Pull, actor: Actor, reason: str = "disabled by user") -> None:
    """Disarm auto-merge."""
    if pull.auto_merge is None:
        raise MutationRefused("Can't disable auto-merge for this pull request")
    pull.auto_merge = None
    events.pull_request(site, pull, "auto_merge_disabled", actor, reason=reason)


def watch(site: Site, event: Event) -> None:
    """Have the armed pull requests of the repository looked at again, after all that belongs to `event`."""
    repo = event.repository
    if repo is not None and event.name in _RELEVANT:
        site.later(repo.id, lambda: reconsider(site, repo))


def reconsider(site: Site, repo: Repository) -> None:
    """Merge every armed pull request that meets the rules of its base now."""
    for pull in list(repo.pulls.values()):
        merge_queue.advance(site, pull)
        armed = pull.auto_merge
        if armed is None or not pull.open:
            continue
        if mergeability.state_of(site, pull) not in {"clean", "unstable"}:
            continue
        wording = Wording(armed.headline, armed.body)
        actor = armed.enabled_by
        try:
            # The permission on workflow files was looked at when auto-merge was armed.
            if requirements(repo, pull.base_ref).merge_queue:
                merge_queue.enqueue(site, pull, actor)
            else:
                merge(site, pull, actor, method=armed.method, wording=wording)
        except Refusal as refusal:
            pull.auto_merge = None
            events.pull_request(site, pull, "auto_merge_disabled", actor, reason=refusal.message)
