"""The merge of a pull request, by hand or by auto-merge: the rules first, then real commits."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.github import events, issues, mergeability
from app.demo.github.accounts import Actor
from app.demo.github.git.merging import merge as merge_trees
from app.demo.github.git.objects import Signature
from app.demo.github.pulls import modified, not_mergeable
from app.demo.github.pushes import guard_workflows, named_issues, record, rule_text
from app.demo.github.rules import Requirements, requirements, unmet_checks, unmet_reviews
from app.demo.github.site import Site
from app.demo.github.state import Pull

METHODS = ("merge", "squash", "rebase")


@dataclass(frozen=True)
class Wording:
    """The message of the commit that a merge writes; None leaves it to GitHub."""

    title: str | None = None
    message: str | None = None


def refuse_unless_mergeable(site: Site, pull: Pull, actor: Actor) -> None:
    """Raise GitHub's refusal if the pull request cannot, or must not, be merged by `actor` now."""
    if pull.issue.state == "closed":
        raise not_mergeable()
    if pull.draft:
        raise not_mergeable("Pull Request is still a draft")
    mergeability.compute(site, pull)
    if not pull.mergeable:
        raise not_mergeable()
    needed = requirements(pull.repository, pull.base_ref, actor)
    unmet = _unmet(pull, needed)
    if unmet:
        raise not_mergeable(rule_text(unmet, from_rulesets=needed.from_rulesets))


def _unmet(pull: Pull, needed: Requirements) -> list[str]:
    unmet = unmet_checks(pull.repository, pull.head_sha, needed) + unmet_reviews(pull, needed)
    if needed.strict and mergeability.behind(pull):
        unmet.append("Head branch is out of date and must be updated before merging.")
    return unmet


def merge(
    site: Site,
    pull: Pull,
    actor: Actor,
    *,
    method: str = "merge",
    sha: str | None = None,
    wording: Wording | None = None,
    may_write_workflows: bool = True,
) -> str:
    """Merge now, or raise GitHub's refusal; the answer is the new head of the base."""
    repo = pull.repository
    if pull.open and sha is not None and sha != pull.head_sha:
        raise modified()
    refuse_unless_mergeable(site, pull, actor)
    if method == "merge" and requirements(repo, pull.base_ref, actor).linear_history:
        raise not_mergeable("Merge commits are not allowed on this repository.")
    before = repo.git.branch(pull.base_ref) or pull.base_sha
    if not may_write_workflows:
        guard_workflows(repo, repo.git.merge_base(before, pull.head_sha), pull.head_sha)
    if requirements(repo, pull.base_ref, actor).merge_queue:
        raise not_mergeable("Changes must be made through the merge queue")
    after = write(site, pull, actor, before, method, wording or Wording())
    finish(site, pull, actor, before, after)
    return after


def finish(site: Site, pull: Pull, actor: Actor, before: str, after: str) -> None:
    """The base moves on to `after`, and with it all that follows from a merge."""
    repo = pull.repository
    repo.git.set_ref(f"refs/heads/{pull.base_ref}", after)
    repo.git.set_ref(f"refs/pull/{pull.number}/merge", None)
    now = site.clock()
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, actor.user, after
    pull.auto_merge = pull.queued = None
    issue = pull.issue
    issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", now, actor.user, now
    events.pull_request(site, pull, "closed", actor)
    record(site, repo, f"refs/heads/{pull.base_ref}", before, after, actor)
    if pull.base_ref == repo.default_branch:
        for number in named_issues(issue.body or ""):
            issues.close_if_open(site, repo, number, actor)


def write(site: Site, pull: Pull, actor: Actor, base: str, method: str, wording: Wording) -> str:
    """The commit that a merge of that method makes on `base`; no branch points to it yet."""
    git = pull.repository.git
    by = Signature("GitHub", "noreply@github.com", int(site.clock()))
    author = Signature(actor.user.name or actor.user.login, actor.user.noreply, by.at)
    if method == "rebase":
        return _rebase(pull, base, by)
    title, message = _default_wording(pull, method)
    title = wording.title or title
    message = message if wording.message is None else wording.message
    parents = [base, pull.head_sha] if method == "merge" else [base]
    if method == "squash":
        writer = pull.issue.user
        author = Signature(writer.name or writer.login, writer.noreply, by.at)
    tree = merge_trees(git, base, pull.head_sha).tree
    sha = git.write_commit(tree, parents, f"{title}\n\n{message}".rstrip(), author, by)
    pull.repository.verified.add(sha)
    return sha


def _default_wording(pull: Pull, method: str) -> tuple[str, str]:
    repo = pull.repository
    if method == "merge":
        title = f"Merge pull request #{pull.number} from {repo.owner.login}/{pull.head_ref}"
        return title, pull.issue.title
    commits = repo.git.log(pull.head_sha, [repo.git.branch(pull.base_ref) or pull.base_sha])
    if len(commits) == 1:
        head, _, rest = repo.git.commit(commits[0]).message.partition("\n")
        return f"{head} (#{pull.number})", rest.strip()
    lines = [f"* {repo.git.commit(sha).message.strip()}" for sha in reversed(commits)]
    return f"{pull.issue.title} (#{pull.number})", "\n\n".join(lines)


def _rebase(pull: Pull, base: str, by: Signature) -> str:
    git = pull.repository.git
    tip = base
    for sha in reversed(git.log(pull.head_sha, [base])):
        commit = git.commit(sha)
        if len(commit.parents) > 1:
            continue
        joined = merge_trees(git, tip, sha, base=commit.parents[0])
        if joined.conflicts:
            raise not_mergeable("This branch can't be rebased")
        tip = git.write_commit(joined.tree, [tip], commit.message, commit.author, by)
        pull.repository.verified.add(tip)
    return tip
