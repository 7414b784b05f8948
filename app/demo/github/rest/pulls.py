"""Pull requests, reviews and merges."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from app.demo.github import events, issues, mergeability, merges, pulls
from app.demo.github.errors import invalid, not_found, unprocessable
from app.demo.github.render import pulls as render
from app.demo.github.render.commits import commit, diff_entry
from app.demo.github.render.repositories import repository_url
from app.demo.github.rest.routing import Call, Reply, Route, created
from app.demo.github.state import Pull, Review


def found(call: Call) -> Pull:
    """The pull request that the path names."""
    pull = call.repo.pulls.get(call.number("number"))
    if pull is None:
        raise not_found()
    return pull


def list_pulls(call: Call) -> Reply:
    """`GET pulls`, newest first."""
    query = call.query
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")
    shown = [
        pull
        for pull in call.repo.pulls.values()
        if state in {"all", pull.issue.state}
        and head in {None, "", pull.head_ref, f"{call.repo.owner.login}:{pull.head_ref}"}
        and base in {None, "", pull.base_ref}
    ]
    shown.sort(key=lambda pull: pull.number, reverse=query.get("direction", "desc") == "desc")
    return call.page(shown, lambda pull: render.simple_pull(call.site, pull))


def get_pull(call: Call) -> Any:
    """`GET pulls/{number}`: the first look at a new head finds `mergeable` null."""
    pull = found(call)
    state = mergeability.read_state(call.site, pull)
    return render.pull_request(call.site, pull, state)


def create_pull(call: Call) -> Reply:
    """`POST pulls`."""
    pull = pulls.open_pull(
        call.site,
        call.repo,
        call.actor,
        title=call.text("title"),
        head=call.text("head"),
        base=call.text("base"),
        body=call.optional_text("body"),
        draft=call.body.get("draft") is True,
    )
    return created(render.pull_request(call.site, pull, mergeability.read_state(call.site, pull)))


def update_pull(call: Call) -> Any:
    """`PATCH pulls/{number}`."""
    pull, body = found(call), call.body
    issue = pull.issue
    changes = {
        field: {"from": getattr(issue, field)}
        for field in ("title", "body")
        if field in body and body[field] != getattr(issue, field)
    }
    for field in changes:
        setattr(issue, field, body[field])
    if changes:
        issues.touch(call.site, issue)
        events.pull_request(call.site, pull, "edited", call.actor, changes=changes)
    base = call.text("base", pull.base_ref)
    if base != pull.base_ref:
        pulls.change_base(call.site, pull, base, call.actor)
    state = call.text("state", issue.state, choices=("open", "closed"))
    if state == "closed" and issue.state == "open":
        issues.close(call.site, issue, call.actor)
    elif state == "open" and issue.state == "closed":
        pulls.reopen(call.site, pull, call.actor)
    return render.pull_request(call.site, pull, mergeability.read_state(call.site, pull))


def list_files(call: Call) -> Reply:
    """`GET pulls/{number}/files`: the difference to the merge base."""
    pull, repo = found(call), call.repo
    base = repo.git.merge_base(pull.base_sha, pull.head_sha)
    return call.page(
        repo.git.diff(base, pull.head_sha),
        lambda change: diff_entry(call.site, repo, pull.head_sha, change),
    )


def list_commits(call: Call) -> Reply:
    """`GET pulls/{number}/commits`, oldest first."""
    pull = found(call)
    listed = call.repo.git.log(pull.head_sha, [pull.base_sha])[::-1]
    return call.page(listed, lambda sha: commit(call.site, call.repo, sha))


def is_merged(call: Call) -> Reply:
    """`GET pulls/{number}/merge`: 204 when merged."""
    if found(call).merged_at is None:
        raise not_found()
    return Reply(None, HTTPStatus.NO_CONTENT)


def merge(call: Call) -> Any:
    """`PUT pulls/{number}/merge`."""
    call.require("pull_requests:write")
    pull = found(call)
    sha = merges.merge(
        call.site,
        pull,
        call.actor,
        method=call.text("merge_method", "merge", choices=merges.METHODS),
        sha=call.optional_text("sha"),
        wording=merges.Wording(call.optional_text("commit_title"), call.optional_text("commit_message")),
        may_write_workflows=call.may_write_workflows,
    )
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


def update_branch(call: Call) -> Reply:
    """`PUT pulls/{number}/update-branch`."""
    pull = found(call)
    pulls.update_branch(call.site, pull, call.actor, call.optional_text("expected_head_sha"))
    url = f"{repository_url(call.site, call.repo)}/pulls/{pull.number}"
    return Reply({"message": "Updating pull request branch.", "url": url}, HTTPStatus.ACCEPTED)


def list_reviews(call: Call) -> Reply:
    """`GET pulls/{number}/reviews`, oldest first."""
    pull = found(call)
    return call.page(pull.reviews, lambda item: render.review(call.site, pull, item))


def _review(call: Call, pull: Pull) -> Review:
    for item in pull.reviews:
        if str(item.id) == call.params["review"]:
            return item
    raise not_found()


def get_review(call: Call) -> Any:
    """`GET pulls/{number}/reviews/{id}`."""
    pull = found(call)
    return render.review(call.site, pull, _review(call, pull))


def create_review(call: Call) -> Any:
    """`POST pulls/{number}/reviews`: submitted at once."""
    pull = found(call)
    event = call.text("event", "COMMENT", choices=pulls.REVIEW_EVENTS)
    body, commit_id = call.optional_text("body") or "", call.optional_text("commit_id")
    item = pulls.review(call.site, pull, call.actor, event, body, commit_id)
    return render.review(call.site, pull, item)


def dismiss_review(call: Call) -> Any:
    """`PUT pulls/{number}/reviews/{id}/dismissals`."""
    pull = found(call)
    if not call.allows("contents", "write") and call.actor.app is None:
        raise not_found()
    item = _review(call, pull)
    _ = call.text("message")
    pulls.dismiss(call.site, pull, item, call.actor)
    return render.review(call.site, pull, item)


def list_requested(call: Call) -> Any:
    """`GET pulls/{number}/requested_reviewers`."""
    pull = found(call)
    return {"users": render.simple_pull(call.site, pull)["requested_reviewers"], "teams": []}


def request_reviewers(call: Call) -> Reply:
    """`POST pulls/{number}/requested_reviewers`: collaborators only, never the author."""
    pull = found(call)
    for login in call.names("reviewers"):
        account = call.site.accounts.get(login.lower())
        if account is pull.issue.user:
            raise unprocessable("Review cannot be requested from pull request author.")
        if account is None or call.repo.role(account) == "none":
            raise invalid(
                "PullRequest", "reviewers", message="Reviews may only be requested from collaborators."
            )
        if account not in pull.requested_reviewers:
            pull.requested_reviewers.append(account)
            events.requested_reviewer(call.site, pull, account, call.actor)
    return created(render.simple_pull(call.site, pull))


def remove_reviewers(call: Call) -> Any:
    """`DELETE pulls/{number}/requested_reviewers`."""
    pull, gone = found(call), {login.lower() for login in call.names("reviewers")}
    pull.requested_reviewers = [item for item in pull.requested_reviewers if item.login.lower() not in gone]
    return render.simple_pull(call.site, pull)


_PULLS = "/repos/{owner}/{repo}/pulls"
_ONE = f"{_PULLS}/{{number}}"
_READ, _WRITE = "pull_requests:read", "pull_requests:write"
ROUTES = (
    Route("GET", _PULLS, list_pulls, _READ),
    Route("POST", _PULLS, create_pull, _WRITE),
    Route("GET", _ONE, get_pull, _READ),
    Route("PATCH", _ONE, update_pull, _WRITE),
    Route("GET", f"{_ONE}/files", list_files, _READ),
    Route("GET", f"{_ONE}/commits", list_commits, _READ),
    Route("GET", f"{_ONE}/merge", is_merged, _READ),
    Route("PUT", f"{_ONE}/merge", merge, "contents:write"),
    Route("PUT", f"{_ONE}/update-branch", update_branch, _WRITE),
    Route("GET", f"{_ONE}/reviews", list_reviews, _READ),
    Route("POST", f"{_ONE}/reviews", create_review, _WRITE),
    Route("GET", f"{_ONE}/reviews/{{review}}", get_review, _READ),
    Route("PUT", f"{_ONE}/reviews/{{review}}/dismissals", dismiss_review, _WRITE),
    Route("GET", f"{_ONE}/requested_reviewers", list_requested, _READ),
    Route("POST", f"{_ONE}/requested_reviewers", request_reviewers, _WRITE),
    Route("DELETE", f"{_ONE}/requested_reviewers", remove_reviewers, _WRITE),
)
