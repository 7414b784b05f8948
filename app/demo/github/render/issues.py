"""Issues, comments and reactions as GitHub writes them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.demo.github.accounts import Account, node_id
from app.demo.github.render.accounts import HTML, iso, iso_or_none, simple_user, user_or_none
from app.demo.github.render.repositories import label, repository_url
from app.demo.github.site import Site
from app.demo.github.state import Comment, Issue, Reaction, Repository

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def association(repo: Repository, account: Account) -> str:
    """The shape `author-association`."""
    if account is repo.owner:
        return "OWNER"
    if account.login in repo.owner.members:
        return "MEMBER"
    if account.login in repo.collaborators:
        return "COLLABORATOR"
    merged = any(pull.merged_at and pull.issue.user is account for pull in repo.pulls.values())
    return "CONTRIBUTOR" if merged else "NONE"


def rollup(url: str, reactions: list[Reaction]) -> dict[str, Any]:
    """The shape `reaction-rollup`."""
    counted = Counter(reaction.content for reaction in reactions)
    return {
        "url": f"{url}/reactions",
        "total_count": len(reactions),
        **{content: counted[content] for content in REACTIONS},
    }


def reaction(site: Site, record: Reaction) -> dict[str, Any]:
    """The shape `reaction`."""
    return {
        "id": record.id,
        "node_id": node_id("REA", record.id),
        "user": simple_user(site, record.user),
        "content": record.content,
        "created_at": iso(record.created_at),
    }


def issue(site: Site, record: Issue) -> dict[str, Any]:
    """The shape `issue`; a pull request's own issue carries `pull_request`."""
    repo = record.repository
    url = f"{repository_url(site, repo)}/issues/{record.number}"
    kind = "pull" if record.pull else "issues"
    assignees = [simple_user(site, account) for account in record.assignees]
    body: dict[str, Any] = {
        "url": url,
        "repository_url": repository_url(site, repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{HTML}/{repo.full_name}/{kind}/{record.number}",
        "id": record.id,
        "node_id": record.pull.node_id if record.pull else record.node_id,
        "number": record.number,
        "title": record.title,
        "user": simple_user(site, record.user),
        "labels": [label(site, repo, item) for item in record.labels],
        "state": record.state,
        "locked": False,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments": len(record.comments),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "closed_at": iso_or_none(record.closed_at),
        "closed_by": user_or_none(site, record.closed_by),
        "author_association": association(repo, record.user),
        "active_lock_reason": None,
        "body": record.body,
        "reactions": rollup(url, record.reactions),
        "timeline_url": f"{url}/timeline",
        # GitHub answers null here even for what apps wrote.
        "performed_via_github_app": None,
        "state_reason": record.state_reason,
    }
    if record.pull:
        pull_url = f"{repository_url(site, repo)}/pulls/{record.number}"
        body["draft"] = record.pull.draft
        body["pull_request"] = {
            "url": pull_url,
            "html_url": body["html_url"],
            "diff_url": f"{body['html_url']}.diff",
            "patch_url": f"{body['html_url']}.patch",
            "merged_at": iso_or_none(record.pull.merged_at),
        }
    return body


def comment(site: Site, record: Comment) -> dict[str, Any]:
    """The shape `issue-comment`."""
    repo = record.issue.repository
    url = f"{repository_url(site, repo)}/issues/comments/{record.id}"
    kind = "pull" if record.issue.pull else "issues"
    return {
        "url": url,
        "html_url": f"{HTML}/{repo.full_name}/{kind}/{record.issue.number}#issuecomment-{record.id}",
        "issue_url": f"{repository_url(site, repo)}/issues/{record.issue.number}",
        "id": record.id,
        "node_id": record.node_id,
        "user": simple_user(site, record.user),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "author_association": association(repo, record.user),
        "body": record.body,
        "reactions": rollup(url, record.reactions),
        "performed_via_github_app": None,
    }
