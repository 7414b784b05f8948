"""Issues and their comments: what people and bots write, and the events it gives rise to."""

from __future__ import annotations

from app.demo.github import events
from app.demo.github.accounts import Account, Actor
from app.demo.github.site import Site
from app.demo.github.state import Comment, Issue, Label, Reaction, Repository


def open_issue(
    site: Site,
    repo: Repository,
    actor: Actor,
    title: str,
    body: str | None = None,
    *,
    labels: list[str] | None = None,
    assignees: list[Account] | None = None,
) -> Issue:
    """A new issue, announced."""
    now = site.clock()
    repo.last_number += 1
    issue = Issue(site.next_id(), repo.last_number, repo, title, body, actor.user, now, now)
    issue.labels = [label_named(site, repo, name) for name in labels or []]
    issue.assignees = list(assignees or [])
    repo.issues[issue.number] = issue
    events.issue(site, issue, "opened", actor)
    for label in issue.labels:
        events.labeled(site, issue, label, actor)
    return issue


def label_named(site: Site, repo: Repository, name: str) -> Label:
    """The repository's label of that name, made when it is missing."""
    for label in repo.labels.values():
        if label.name.lower() == name.lower():
            return label
    repo.labels[name] = Label(site.next_id(), name)
    return repo.labels[name]


def set_labels(site: Site, issue: Issue, names: list[str], actor: Actor) -> None:
    """The issue carries exactly these labels; each change is announced."""
    wanted = [label_named(site, issue.repository, name) for name in dict.fromkeys(names)]
    removed = [label for label in issue.labels if label not in wanted]
    added = [label for label in wanted if label not in issue.labels]
    issue.labels = wanted
    touch(site, issue)
    for label in removed:
        events.labeled(site, issue, label, actor, removed=True)
    for label in added:
        events.labeled(site, issue, label, actor)


def touch(site: Site, issue: Issue) -> None:
    """The issue changed just now."""
    issue.updated_at = site.clock()


def close(site: Site, issue: Issue, actor: Actor, reason: str = "completed") -> None:
    """The issue or pull request is closed (not merged)."""
    issue.state = "closed"
    issue.closed_at = site.clock()
    issue.closed_by = actor.user
    touch(site, issue)
    if issue.pull is None:
        issue.state_reason = reason
        events.issue(site, issue, "closed", actor)
        return
    armed, issue.pull.auto_merge = issue.pull.auto_merge, None
    if armed:
        events.pull_request(site, issue.pull, "auto_merge_disabled", actor, reason="Pull request was closed")
    events.pull_request(site, issue.pull, "closed", actor)


def close_if_open(site: Site, repo: Repository, number: int, actor: Actor) -> None:
    """What "Closes #n" does on the default branch."""
    issue = repo.issues.get(number)
    if issue is not None and issue.pull is None and issue.state == "open":
        close(site, issue, actor)


def reopen(site: Site, issue: Issue, actor: Actor) -> None:
    """The issue or pull request is open again."""
    issue.state, issue.closed_at, issue.closed_by = "open", None, None
    touch(site, issue)
    if issue.pull is None:
        issue.state_reason = "reopened"
        events.issue(site, issue, "reopened", actor)
    else:
        events.pull_request(site, issue.pull, "reopened", actor)


def comment(site: Site, issue: Issue, actor: Actor, body: str) -> Comment:
    """A new comment, announced."""
    now = site.clock()
    written = Comment(site.next_id(), issue, actor.user, body, now, now)
    issue.comments.append(written)
    touch(site, issue)
    events.comment(site, written, "created", actor)
    return written


def react(site: Site, reactions: list[Reaction], user: Account, content: str) -> tuple[Reaction, bool]:
    """The user's reaction, and whether it is new: a second one of the same kind changes nothing."""
    for reaction in reactions:
        if reaction.user is user and reaction.content == content:
            return reaction, False
    reaction = Reaction(site.next_id(), user, content, site.clock())
    reactions.append(reaction)
    return reaction, True
