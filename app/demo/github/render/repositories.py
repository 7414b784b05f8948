"""Repositories, branches and labels as GitHub writes them."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import Account, node_id
from app.demo.github.render.accounts import HTML, iso, simple_user
from app.demo.github.site import Site
from app.demo.github.state import Label, Repository

# Where each `*_url` of a repository points, below the repository's own address.
_PLACES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


# What a repository that nobody has starred, forked or decorated says of itself.
_QUIET: dict[str, Any] = {
    "homepage": None,
    "size": 1,
    "stargazers_count": 0,
    "watchers_count": 0,
    "language": None,
    "has_issues": True,
    "has_projects": True,
    "has_downloads": True,
    "has_wiki": False,
    "has_pages": False,
    "has_discussions": False,
    "forks_count": 0,
    "mirror_url": None,
    "archived": False,
    "disabled": False,
    "license": None,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "forks": 0,
    "watchers": 0,
}


def repository_url(site: Site, repo: Repository) -> str:
    """The API address of a repository."""
    return f"{site.api}/repos/{repo.full_name}"


def minimal_repository(site: Site, repo: Repository) -> dict[str, Any]:
    """The shape `minimal-repository`."""
    url = repository_url(site, repo)
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": simple_user(site, repo.owner),
        "html_url": f"{HTML}/{repo.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        **{name: url + place for name, place in _PLACES.items()},
    }


def repository(site: Site, repo: Repository, viewer: Account | None = None) -> dict[str, Any]:
    """The shape `repository`; with a viewer, also what that account may do."""
    html = f"{HTML}/{repo.full_name}"
    still_open = sum(issue.state == "open" for issue in repo.issues.values())
    full = {
        **minimal_repository(site, repo),
        "created_at": iso(repo.created_at),
        "updated_at": iso(repo.pushed_at),
        "pushed_at": iso(repo.pushed_at),
        "git_url": f"git://github.com/{repo.full_name}.git",
        "ssh_url": f"git@github.com:{repo.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        **_QUIET,
        "open_issues_count": still_open,
        "topics": list[str](),
        "visibility": "private" if repo.private else "public",
        "open_issues": still_open,
        "default_branch": repo.default_branch,
    }
    if viewer is None:
        return full
    role = repo.role(viewer)
    granted = {"admin": ("admin", "write"), "write": ("write",)}.get(role, ())
    return {
        **full,
        "permissions": {
            "admin": "admin" in granted,
            "maintain": "admin" in granted,
            "push": "write" in granted,
            "triage": "write" in granted,
            "pull": role != "none",
        },
    }


def full_repository(site: Site, repo: Repository, viewer: Account) -> dict[str, Any]:
    """The shape `full-repository`."""
    return {
        **repository(site, repo, viewer),
        "allow_squash_merge": repo.allow_squash_merge,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": repo.allow_auto_merge,
        "delete_branch_on_merge": False,
        "network_count": 0,
        "subscribers_count": 0,
    }


def label(site: Site, repo: Repository, record: Label) -> dict[str, Any]:
    """The shape `label`."""
    return {
        "id": record.id,
        "node_id": node_id("LA", record.id),
        "url": f"{repository_url(site, repo)}/labels/{record.name.replace(' ', '%20')}",
        "name": record.name,
        "color": record.color,
        "default": record.name in {"bug", "documentation", "enhancement"},
        "description": record.description,
    }
