"""Pull requests and reviews as GitHub writes them."""

from __future__ import annotations

from typing import Any

from app.demo.github.render.accounts import HTML, iso, iso_or_none, simple_user, user_or_none
from app.demo.github.render.issues import association
from app.demo.github.render.repositories import label, repository, repository_url
from app.demo.github.site import Site
from app.demo.github.state import AutoMerge, Pull, Repository, Review


def simple_pull(site: Site, pull: Pull) -> dict[str, Any]:
    """The shape `pull-request-simple`."""
    repo, record = pull.repository, pull.issue
    links = _links(site, pull)
    url, html = links["self"], links["html"]
    assignees = [simple_user(site, account) for account in record.assignees]
    return {
        "url": url,
        "id": pull.id,
        "node_id": pull.node_id,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": links["issue"],
        "number": pull.number,
        "state": record.state,
        "locked": False,
        "title": record.title,
        "user": simple_user(site, record.user),
        "body": record.body,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "closed_at": iso_or_none(record.closed_at),
        "merged_at": iso_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": [simple_user(site, account) for account in pull.requested_reviewers],
        "requested_teams": [],
        "labels": [label(site, repo, item) for item in record.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": _side(site, repo, pull.head_ref, pull.head_sha),
        "base": _side(site, repo, pull.base_ref, pull.base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": association(repo, record.user),
        "auto_merge": _auto_merge(site, pull, pull.auto_merge),
        "active_lock_reason": None,
    }


def _links(site: Site, pull: Pull) -> dict[str, str]:
    api, number = repository_url(site, pull.repository), pull.number
    return {
        "self": f"{api}/pulls/{number}",
        "html": f"{HTML}/{pull.repository.full_name}/pull/{number}",
        "issue": f"{api}/issues/{number}",
        "comments": f"{api}/issues/{number}/comments",
        "review_comments": f"{api}/pulls/{number}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{api}/pulls/{number}/commits",
        "statuses": f"{api}/statuses/{pull.head_sha}",
    }


def pull_request(site: Site, pull: Pull, state: str) -> dict[str, Any]:
    """The shape `pull-request`, with `mergeable_state` as given ("unknown" hides `mergeable`)."""
    repo = pull.repository
    changes = repo.git.diff(repo.git.merge_base(pull.base_sha, pull.head_sha), pull.head_sha)
    merged = pull.merged_at is not None
    return {
        **simple_pull(site, pull),
        "merged": merged,
        "mergeable": None if state == "unknown" or merged else pull.mergeable,
        "rebaseable": None if state == "unknown" or merged else pull.mergeable,
        "mergeable_state": state,
        "merged_by": user_or_none(site, pull.merged_by),
        "comments": len(pull.issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(repo.git.log(pull.head_sha, [pull.base_sha])),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def review(site: Site, pull: Pull, record: Review) -> dict[str, Any]:
    """The shape `pull-request-review`."""
    repo = pull.repository
    url = f"{repository_url(site, repo)}/pulls/{pull.number}"
    html = f"{HTML}/{repo.full_name}/pull/{pull.number}#pullrequestreview-{record.id}"
    return {
        "id": record.id,
        "node_id": record.node_id,
        "user": simple_user(site, record.user),
        "body": record.body,
        "state": record.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": association(repo, record.user),
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "submitted_at": iso(record.submitted_at),
        "commit_id": record.commit_id,
    }


def pull_reference(site: Site, pull: Pull) -> dict[str, Any]:
    """The shape `pull-request-minimal`, as check runs and workflow runs list pull requests."""
    repo = pull.repository
    short = {"id": repo.id, "url": repository_url(site, repo), "name": repo.name}
    return {
        "url": f"{repository_url(site, repo)}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": short},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": short},
    }


def _side(site: Site, repo: Repository, ref: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": simple_user(site, repo.owner),
        "repo": repository(site, repo),
    }


def _auto_merge(site: Site, pull: Pull, armed: AutoMerge | None) -> dict[str, Any] | None:
    if armed is None:
        return None
    return {
        "enabled_by": simple_user(site, armed.enabled_by.user),
        "merge_method": armed.method,
        "commit_title": armed.headline or f"{pull.issue.title} (#{pull.number})",
        "commit_message": armed.body or "",
    }
