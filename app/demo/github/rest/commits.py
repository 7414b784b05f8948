"""Commits, comparisons, and the pull requests of a commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.demo.github.errors import Refusal, not_found
from app.demo.github.render import commits as render
from app.demo.github.render.accounts import HTML
from app.demo.github.render.pulls import simple_pull
from app.demo.github.render.repositories import repository_url
from app.demo.github.rest.routing import Call, Reply, Route
from app.demo.github.state import Pull, Repository


def list_commits(call: Call) -> Reply:
    """`GET commits`, newest first; of a path, an author, a time."""
    git = call.repo.git
    wanted = call.query.get("sha", call.repo.default_branch)
    head = git.resolve(wanted)
    if head is None:
        raise not_found()
    found = git.log(head, path=call.query.get("path") or None)
    for bound, sign in (("since", 1), ("until", -1)):
        if bound in call.query:
            at = datetime.fromisoformat(call.query[bound]).timestamp()
            found = [sha for sha in found if sign * (git.commit(sha).committer.at - at) >= 0]
    author = call.query.get("author", "").lower()
    if author:
        found = [sha for sha in found if author in _names(call, sha)]
    return call.page(found, lambda sha: render.commit(call.site, call.repo, sha))


def _names(call: Call, sha: str) -> set[str]:
    signature = call.repo.git.commit(sha).author
    account = render.account_of(call.site, signature)
    return {signature.email.lower(), account.login.lower() if account else ""}


def get_commit(call: Call) -> Any:
    """`GET commits/{ref}`, with its files."""
    sha = call.commit(call.params["ref"])
    if "sha" in call.headers.get("Accept", ""):
        return Reply(sha.encode(), content="application/vnd.github.sha; charset=utf-8")
    return render.commit_with_files(call.site, call.repo, sha)


def list_pulls(call: Call) -> Reply:
    """`GET commits/{sha}/pulls`: where the commit came from, or is proposed."""
    sha = call.commit(call.params["ref"])
    return call.page(pulls_of(call.repo, sha), lambda pull: simple_pull(call.site, pull))


def pulls_of(repo: Repository, sha: str) -> list[Pull]:
    """The pull requests that brought, or would bring, a commit to their base."""
    git = repo.git

    def brings(pull: Pull) -> bool:
        if pull.merged_at is not None and sha == pull.merge_commit_sha:
            return True
        return git.contains(sha, pull.head_sha) and not git.contains(sha, pull.base_sha)

    return [pull for pull in repo.pulls.values() if brings(pull)]


def compare(call: Call) -> Any:
    """`GET compare/{base}...{head}`."""
    site, repo, git = call.site, call.repo, call.repo.git
    left, dots, right = call.params["basehead"].partition("...")
    base = git.resolve(left.rpartition(":")[2])
    head = git.resolve(right.rpartition(":")[2])
    if not dots or base is None or head is None:
        raise not_found()
    ancestor = git.merge_base(base, head)
    if ancestor is None:
        raise Refusal(not_found().status, f"No common ancestor between {left} and {right}.")
    ahead, behind = git.log(head, [base]), git.log(base, [head])
    state = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    url = f"{repository_url(site, repo)}/compare/{left}...{right}"
    html = f"{HTML}/{repo.full_name}/compare"
    return {
        "url": url,
        "html_url": f"{html}/{left}...{right}",
        "permalink_url": f"{html}/{repo.owner.login}:{base[:7]}...{repo.owner.login}:{head[:7]}",
        "diff_url": f"{html}/{left}...{right}.diff",
        "patch_url": f"{html}/{left}...{right}.patch",
        "base_commit": render.commit(site, repo, base),
        "merge_base_commit": render.commit(site, repo, ancestor),
        "status": state.get((bool(ahead), bool(behind)), "identical"),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [render.commit(site, repo, sha) for sha in reversed(ahead)],
        "files": [render.diff_entry(site, repo, head, change) for change in git.diff(ancestor, head)],
    }


_REPO = "/repos/{owner}/{repo}"
ROUTES = (
    Route("GET", f"{_REPO}/commits", list_commits, "contents:read"),
    Route("GET", f"{_REPO}/commits/{{ref}}/pulls", list_pulls, "pull_requests:read"),
    Route("GET", f"{_REPO}/commits/{{ref*}}", get_commit, "contents:read"),
    Route("GET", f"{_REPO}/compare/{{basehead*}}", compare, "contents:read"),
)
