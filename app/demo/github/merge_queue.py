"""A merge queue of one place: the result of the merge is made first, tested, and becomes the base if it is green."""

from __future__ import annotations

from app.demo.github import events
from app.demo.github.accounts import Actor
from app.demo.github.errors import MutationRefused
from app.demo.github.merges import Wording, finish, refuse_unless_mergeable, write
from app.demo.github.rules import check_state, requirements
from app.demo.github.site import Site
from app.demo.github.state import Pull, Queued


def enqueue(site: Site, pull: Pull, actor: Actor, expected_head: str | None = None) -> Queued:
    """The pull request, which meets the rules of its base, waits for the checks of the merged commit."""
    if expected_head is not None and expected_head != pull.head_sha:
        raise MutationRefused("Head branch was modified. Review and try the merge again.")
    if not requirements(pull.repository, pull.base_ref).merge_queue:
        raise MutationRefused("Merge queue is not enabled for this branch")
    refuse_unless_mergeable(site, pull, actor)
    if pull.queued is None:
        pull.queued = _placed(site, pull, actor)
        pull.auto_merge = None
        events.pull_request(site, pull, "enqueued", actor)
    return pull.queued


def _placed(site: Site, pull: Pull, actor: Actor) -> Queued:
    git = pull.repository.git
    base = git.branch(pull.base_ref) or pull.base_sha
    ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
    head = write(site, pull, actor, base, "squash", Wording())
    git.set_ref(ref, head)
    pull.repository.know(ref, head)
    return Queued(actor, site.clock(), ref, base, head)


def leave(site: Site, pull: Pull, actor: Actor, reason: str) -> None:
    """The pull request is in the queue no more, and not merged."""
    queued = pull.queued
    if queued is None:
        raise MutationRefused("Pull request is not in the merge queue")
    pull.queued = None
    _drop(pull, queued)
    events.pull_request(site, pull, "dequeued", actor, reason=reason)


def _drop(pull: Pull, queued: Queued) -> None:
    pull.repository.git.set_ref(queued.ref, None)
    pull.repository.know(queued.ref, None)


def advance(site: Site, pull: Pull) -> None:
    """What the checks of the merged commit say is done: the base moves on to it, or the place is lost."""
    queued, repo = pull.queued, pull.repository
    if queued is None or not pull.open:
        return
    if repo.git.branch(pull.base_ref) != queued.base_sha:
        _drop(pull, queued)
        pull.queued = queued = _placed(site, pull, queued.by)
    needed = requirements(repo, pull.base_ref).checks
    states = {check_state(repo, queued.head_sha, check) for check in needed}
    if "failing" in states:
        leave(site, pull, queued.by, "CI_FAILURE")
    elif states <= {"success"}:
        _drop(pull, queued)
        finish(site, pull, queued.by, queued.base_sha, queued.head_sha)
