"""Pull requests and their reviews."""

from __future__ import annotations

from http import HTTPStatus

from app.demo.github import events, issues
from app.demo.github.accounts import Actor
from app.demo.github.errors import Refusal, conflict, invalid, unprocessable
from app.demo.github.git.merging import merge
from app.demo.github.git.objects import Signature
from app.demo.github.pushes import move
from app.demo.github.site import Site
from app.demo.github.state import Issue, Pull, Repository, Review

REVIEW_EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def open_pull(
    site: Site,
    repo: Repository,
    actor: Actor,
    *,
    title: str,
    head: str,
    base: str,
    body: str | None = None,
    draft: bool = False,
) -> Pull:
    """A new pull request of two branches of the repository, announced."""
    owner, _, head_ref = head.rpartition(":")
    head_sha, base_sha = repo.git.branch(head_ref), repo.git.branch(base)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None or owner not in {"", repo.owner.login}:
        raise invalid("PullRequest", "head")
    for pull in repo.pulls.values():
        if pull.open and (pull.head_ref, pull.base_ref) == (head_ref, base):
            raise _custom(f"A pull request already exists for {repo.owner.login}:{head_ref}.")
    if repo.git.contains(head_sha, base_sha):
        raise _custom(f"No commits between {base} and {head_ref}")
    now = site.clock()
    repo.last_number += 1
    issue = Issue(site.next_id(), repo.last_number, repo, title, body, actor.user, now, now)
    pull = Pull(site.next_id(), issue, head_ref, head_sha, base, base_sha, draft, actor.app)
    issue.pull = pull
    repo.issues[issue.number] = issue
    repo.pulls[issue.number] = pull
    repo.git.set_ref(f"refs/pull/{issue.number}/head", head_sha)
    events.pull_request(site, pull, "opened", actor)
    return pull


def _custom(message: str) -> Refusal:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return unprocessable("Validation Failed", errors=[error])


def change_base(site: Site, pull: Pull, base: str, actor: Actor) -> None:
    """The pull request aims at another branch; an armed auto-merge is dropped."""
    repo = pull.repository
    base_sha = repo.git.branch(base)
    if base_sha is None:
        raise _custom(f"Proposed base branch '{base}' was not found")
    changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    pull.base_ref, pull.base_sha = base, base_sha
    armed, pull.auto_merge = pull.auto_merge, None
    events.pull_request(site, pull, "edited", actor, changes=changes)
    if armed:
        events.pull_request(site, pull, "auto_merge_disabled", actor, reason="Base branch was changed")


def reopen(site: Site, pull: Pull, actor: Actor) -> None:
    """The pull request is open again, at the present head of its branch."""
    head = pull.repository.git.branch(pull.head_ref)
    if pull.merged_at is not None or head is None:
        raise invalid("PullRequest", "state", message="state cannot be changed.")
    pull.head_sha = head
    issues.reopen(site, pull.issue, actor)


def review(
    site: Site, pull: Pull, actor: Actor, event: str, body: str = "", commit_id: str | None = None
) -> Review:
    """A submitted review. Nobody approves their own pull request."""
    if actor.user is pull.issue.user and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable("Unprocessable Entity", errors=[f"Can not {verb} your own pull request"])
    if event != "APPROVE" and not body:
        raise unprocessable("Unprocessable Entity", errors=["Body can't be blank"])
    state = REVIEW_EVENTS[event]
    written = Review(site.next_id(), actor.user, state, body, commit_id or pull.head_sha, site.clock())
    pull.reviews.append(written)
    pull.requested_reviewers = [account for account in pull.requested_reviewers if account is not actor.user]
    events.review(site, pull, written, "submitted", actor)
    return written


def dismiss(site: Site, pull: Pull, record: Review, actor: Actor) -> None:
    """The review no longer counts."""
    if record.state not in {"APPROVED", "CHANGES_REQUESTED"}:
        raise unprocessable(
            "Unprocessable Entity", errors=["Can not dismiss a commented pull request review"]
        )
    record.state = "DISMISSED"
    events.review(site, pull, record, "dismissed", actor)


def update_branch(site: Site, pull: Pull, actor: Actor, expected_head: str | None) -> None:
    """Merge the base into the head branch."""
    repo = pull.repository
    base = repo.git.branch(pull.base_ref)
    if expected_head is not None and expected_head != pull.head_sha:
        raise unprocessable(f"expected head sha didn't match current head ref ({pull.head_sha})")
    if base is None or repo.git.contains(base, pull.head_sha):
        raise unprocessable("There are no new commits on the base branch.")
    joined = merge(repo.git, pull.head_sha, base)
    if joined.conflicts:
        raise unprocessable(f"merge conflict between base and head ({', '.join(joined.conflicts)})")
    by = Signature("GitHub", "noreply@github.com", int(site.clock()))
    author = Signature(actor.user.name or actor.user.login, actor.user.noreply, by.at)
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    sha = repo.git.write_commit(joined.tree, [pull.head_sha, base], message, author, by)
    repo.verified.add(sha)
    move(site, repo, f"refs/heads/{pull.head_ref}", sha, actor)


def modified() -> Refusal:
    """The answer to a merge of a head that is no longer the head."""
    return conflict("Head branch was modified. Review and try the merge again.")


def not_mergeable(text: str = "Pull Request is not mergeable") -> Refusal:
    """The answer to a merge that cannot or must not happen."""
    return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, text)
