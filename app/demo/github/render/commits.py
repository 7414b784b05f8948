"""Commits, files of a diff and git objects as GitHub writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from app.demo.github.accounts import Account
from app.demo.github.git.objects import CommitObject, FileChange, Signature
from app.demo.github.render.accounts import HTML, user_or_none
from app.demo.github.render.repositories import repository_url
from app.demo.github.site import Site
from app.demo.github.state import Repository


def account_of(site: Site, signature: Signature) -> Account | None:
    """The account behind a commit's mail address, if GitHub knows it."""
    mail = signature.email.lower()
    known = (
        account
        for account in site.accounts.values()
        if mail in {account.noreply.lower(), (account.email or "").lower()}
    )
    return next(known, None)


def person(signature: Signature) -> dict[str, Any]:
    """Name, mail and date of an author or committer, in UTC as the REST API gives it."""
    at = datetime.fromtimestamp(signature.at, UTC)
    return {"name": signature.name, "email": signature.email, "date": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def verification(repo: Repository, sha: str) -> dict[str, Any]:
    """The shape `verification`: only what GitHub signed itself is verified here."""
    signed = sha in repo.verified
    committed = person(repo.git.commit(sha).committer)["date"] if signed else None
    return {
        "verified": signed,
        "reason": "valid" if signed else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n" if signed else None,
        "payload": f"tree {repo.git.commit(sha).tree}\n" if signed else None,
        "verified_at": committed,
    }


def git_commit(site: Site, repo: Repository, sha: str) -> dict[str, Any]:
    """The shape `git-commit`."""
    commit = repo.git.commit(sha)
    url = f"{repository_url(site, repo)}/git"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{url}/commits/{sha}",
        "html_url": f"{HTML}/{repo.full_name}/commit/{sha}",
        "author": person(commit.author),
        "committer": person(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{url}/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/commits/{parent}",
                "html_url": f"{HTML}/{repo.full_name}/commit/{parent}",
            }
            for parent in commit.parents
        ],
        "verification": verification(repo, sha),
    }


def commit(site: Site, repo: Repository, sha: str) -> dict[str, Any]:
    """The shape `commit`, without its files."""
    item = repo.git.commit(sha)
    url = repository_url(site, repo)
    html = f"{HTML}/{repo.full_name}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{url}/commits/{sha}",
        "html_url": f"{html}/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{sha}",
            "author": person(item.author),
            "committer": person(item.committer),
            "message": item.message,
            "comment_count": 0,
            "tree": {"sha": item.tree, "url": f"{url}/git/trees/{item.tree}"},
            "verification": verification(repo, sha),
        },
        "author": user_or_none(site, account_of(site, item.author)),
        "committer": user_or_none(site, account_of(site, item.committer)),
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{html}/{parent}"}
            for parent in item.parents
        ],
    }


def diff_entry(site: Site, repo: Repository, sha: str, change: FileChange) -> dict[str, Any]:
    """The shape `diff-entry`."""
    entry: dict[str, Any] = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{HTML}/{repo.full_name}/blob/{sha}/{change.path}",
        "raw_url": f"{HTML}/{repo.full_name}/raw/{sha}/{change.path}",
        "contents_url": f"{repository_url(site, repo)}/contents/{change.path}?ref={sha}",
    }
    # GitHub leaves out `patch` for binary files, and `previous_filename` unless the file moved.
    if change.patch is not None:
        entry["patch"] = change.patch
    if change.previous is not None:
        entry["previous_filename"] = change.previous
    return entry


def commit_with_files(site: Site, repo: Repository, sha: str) -> dict[str, Any]:
    """The shape `commit`, with statistics and files against the first parent."""
    parents = repo.git.commit(sha).parents
    changes = repo.git.diff(parents[0] if parents else None, sha)
    added = sum(change.additions for change in changes)
    removed = sum(change.deletions for change in changes)
    return {
        **commit(site, repo, sha),
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [diff_entry(site, repo, sha, change) for change in changes],
    }


def simple_commit(repo: Repository, sha: str) -> dict[str, Any]:
    """The shape `simple-commit`."""
    item = repo.git.commit(sha)
    return {
        "id": sha,
        "tree_id": item.tree,
        "message": item.message,
        "timestamp": _local(item.committer),
        "author": {"name": item.author.name, "email": item.author.email},
        "committer": {"name": item.committer.name, "email": item.committer.email},
    }


def pushed_commit(site: Site, repo: Repository, sha: str) -> dict[str, Any]:
    """A commit as the `push` payload lists it."""
    item: CommitObject = repo.git.commit(sha)
    changes = repo.git.diff(item.parents[0] if item.parents else None, sha)

    def named(signature: Signature) -> dict[str, Any]:
        account = account_of(site, signature)
        known = {"username": account.login} if account else {}
        return {"name": signature.name, "email": signature.email, "date": _local(signature), **known}

    return {
        **simple_commit(repo, sha),
        "distinct": True,
        "url": f"{HTML}/{repo.full_name}/commit/{sha}",
        "author": named(item.author),
        "committer": named(item.committer),
        "added": [change.path for change in changes if change.status == "added"],
        "removed": [change.path for change in changes if change.status == "removed"],
        "modified": [change.path for change in changes if change.status not in {"added", "removed"}],
    }


def _local(signature: Signature) -> str:
    zone = timezone(timedelta(seconds=signature.offset))
    return datetime.fromtimestamp(signature.at, zone).isoformat(timespec="seconds")
