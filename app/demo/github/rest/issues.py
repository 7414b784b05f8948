"""Issues, comments, labels, assignees and reactions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from app.demo.github import events, issues
from app.demo.github.accounts import Account
from app.demo.github.errors import Refusal, invalid, not_found
from app.demo.github.render import issues as render
from app.demo.github.render.repositories import label as render_label
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content
from app.demo.github.state import Comment, Issue, Reaction

_GONE_STATES = {"open", "closed"}


def found(call: Call) -> Issue:
    """The issue or pull request that the path names, if the caller has the permission for its kind."""
    issue = call.repo.issues.get(call.number("number"))
    if issue is None:
        raise not_found()
    return issue


def _write(call: Call, issue: Issue) -> None:
    # A pull request's comments and labels are open to apps with either permission.
    if issue.pull is None or not call.allows("pull_requests", "write"):
        call.require("issues:write")


def _read(call: Call) -> Issue:
    issue = found(call)
    if issue.pull is None or not call.allows("pull_requests", "read"):
        call.require("issues:read")
    return issue


def list_issues(call: Call) -> Reply:
    """`GET issues`: pull requests are among them, as on GitHub; newest first."""
    state, labels = call.query.get("state", "open"), call.query.get("labels", "")
    wanted = {name.lower() for name in labels.split(",") if name}
    creator, assignee = call.query.get("creator"), call.query.get("assignee")
    shown = [
        issue
        for issue in call.repo.issues.values()
        if state in {"all", issue.state}
        and wanted <= {label.name.lower() for label in issue.labels}
        and creator in {None, issue.user.login}
        and (assignee is None or assignee in {account.login for account in issue.assignees})
    ]
    key = "updated_at" if call.query.get("sort") == "updated" else "number"
    shown.sort(key=lambda issue: getattr(issue, key), reverse=call.query.get("direction", "desc") == "desc")
    return call.page(shown, lambda issue: render.issue(call.site, issue))


def get_issue(call: Call) -> Any:
    """`GET issues/{number}`."""
    return render.issue(call.site, _read(call))


def create_issue(call: Call) -> Reply:
    """`POST issues`; labels and assignees are dropped silently for those who may not set them."""
    may_label = call.token is None or call.token.permissions is not None or call.allows("contents", "write")
    issue = issues.open_issue(
        call.site,
        call.repo,
        call.actor,
        call.text("title"),
        call.optional_text("body"),
        labels=call.names("labels") if may_label else [],
        assignees=_accounts(call, "assignees") if may_label else [],
    )
    return created(render.issue(call.site, issue))


def _accounts(call: Call, name: str) -> list[Account]:
    named = (call.site.accounts.get(login.lower()) for login in call.names(name))
    return [account for account in named if account is not None]


def update_issue(call: Call) -> Any:
    """`PATCH issues/{number}`."""
    issue, body = found(call), call.body
    _write(call, issue)
    changes = {
        field: {"from": getattr(issue, field)}
        for field in ("title", "body")
        if field in body and body[field] != getattr(issue, field)
    }
    for field in changes:
        setattr(issue, field, body[field])
    if changes:
        issues.touch(call.site, issue)
        if issue.pull:
            events.pull_request(call.site, issue.pull, "edited", call.actor, changes=changes)
        else:
            events.issue(call.site, issue, "edited", call.actor, changes=changes)
    if "labels" in body:
        issues.set_labels(call.site, issue, call.names("labels"), call.actor)
    if "assignees" in body:
        issue.assignees = _accounts(call, "assignees")
    state = body.get("state", issue.state)
    if state not in _GONE_STATES:
        raise invalid("Issue", "state")
    if state != issue.state and state == "closed":
        issues.close(call.site, issue, call.actor, body.get("state_reason") or "completed")
    elif state != issue.state:
        issues.reopen(call.site, issue, call.actor)
    return render.issue(call.site, issue)


def list_comments(call: Call) -> Reply:
    """`GET issues/{number}/comments`."""
    return call.page(_read(call).comments, lambda item: render.comment(call.site, item))


def create_comment(call: Call) -> Reply:
    """`POST issues/{number}/comments`."""
    issue = found(call)
    _write(call, issue)
    body = call.text("body")
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    return created(render.comment(call.site, issues.comment(call.site, issue, call.actor, body)))


def _comment(call: Call) -> Comment:
    number = call.number("id")
    for issue in call.repo.issues.values():
        for item in issue.comments:
            if item.id == number:
                return item
    raise not_found()


def get_comment(call: Call) -> Any:
    """`GET issues/comments/{id}`."""
    return render.comment(call.site, _comment(call))


def _own_comment(call: Call) -> Comment:
    item = _comment(call)
    _write(call, item.issue)
    # An app edits only what it wrote itself; people with write access edit everything.
    mine = item.user is call.viewer
    if not mine and (call.actor.app is not None or not call.allows("contents", "write")):
        raise Refusal(HTTPStatus.FORBIDDEN, "Must have admin rights to Repository.")
    return item


def update_comment(call: Call) -> Any:
    """`PATCH issues/comments/{id}`."""
    item = _own_comment(call)
    before, item.body = item.body, call.text("body")
    item.updated_at = call.site.clock()
    events.comment(call.site, item, "edited", call.actor, changes={"body": {"from": before}})
    return render.comment(call.site, item)


def delete_comment(call: Call) -> Reply:
    """`DELETE issues/comments/{id}`."""
    item = _own_comment(call)
    item.issue.comments.remove(item)
    events.comment(call.site, item, "deleted", call.actor)
    return no_content()


def list_issue_labels(call: Call) -> Reply:
    """`GET issues/{number}/labels`."""
    return call.page(_read(call).labels, lambda item: render_label(call.site, call.repo, item))


def add_labels(call: Call) -> Any:
    """`POST issues/{number}/labels`."""
    issue = found(call)
    _write(call, issue)
    now = [label.name for label in issue.labels]
    issues.set_labels(call.site, issue, now + call.names("labels"), call.actor)
    return [render_label(call.site, call.repo, item) for item in issue.labels]


def set_labels(call: Call) -> Any:
    """`PUT issues/{number}/labels`."""
    issue = found(call)
    _write(call, issue)
    issues.set_labels(call.site, issue, call.names("labels"), call.actor)
    return [render_label(call.site, call.repo, item) for item in issue.labels]


def remove_label(call: Call) -> Any:
    """`DELETE issues/{number}/labels/{name}`."""
    issue, name = found(call), call.params["name"].lower()
    _write(call, issue)
    rest = [label.name for label in issue.labels if label.name.lower() != name]
    if len(rest) == len(issue.labels):
        raise Refusal(not_found().status, "Label does not exist")
    issues.set_labels(call.site, issue, rest, call.actor)
    return [render_label(call.site, call.repo, item) for item in issue.labels]


def add_assignees(call: Call) -> Reply:
    """`POST issues/{number}/assignees`: unknown people are left out silently."""
    issue = found(call)
    _write(call, issue)
    issue.assignees += [account for account in _accounts(call, "assignees") if account not in issue.assignees]
    issues.touch(call.site, issue)
    return created(render.issue(call.site, issue))


def remove_assignees(call: Call) -> Any:
    """`DELETE issues/{number}/assignees`."""
    issue = found(call)
    _write(call, issue)
    issue.assignees = [account for account in issue.assignees if account not in _accounts(call, "assignees")]
    return render.issue(call.site, issue)


def _reactions(call: Call) -> tuple[Issue, list[Reaction]]:
    if "id" in call.params:
        item = _comment(call)
        return item.issue, item.reactions
    issue = found(call)
    return issue, issue.reactions


def list_reactions(call: Call) -> Reply:
    """`GET .../reactions`."""
    reactions = _reactions(call)[1]
    wanted = call.query.get("content")
    shown = [item for item in reactions if wanted in {None, item.content}]
    return call.page(shown, lambda item: render.reaction(call.site, item))


def create_reaction(call: Call) -> Reply:
    """`POST .../reactions`: 201, or 200 when it was there already."""
    issue, reactions = _reactions(call)
    _write(call, issue)
    content = call.text("content", choices=render.REACTIONS)
    item, new = issues.react(call.site, reactions, call.viewer, content)
    body = render.reaction(call.site, item)
    return created(body) if new else Reply(body)


def delete_reaction(call: Call) -> Reply:
    """`DELETE .../reactions/{reaction}`."""
    issue, reactions = _reactions(call)
    _write(call, issue)
    gone = [item for item in reactions if str(item.id) == call.params["reaction"]]
    if not gone:
        raise not_found()
    reactions.remove(gone[0])
    return no_content()


_ISSUES = "/repos/{owner}/{repo}/issues"
_ONE = f"{_ISSUES}/{{number}}"
_COMMENT = f"{_ISSUES}/comments/{{id}}"
ROUTES = (
    Route("GET", _ISSUES, list_issues, "issues:read"),
    Route("POST", _ISSUES, create_issue, "issues:write"),
    Route("GET", _ONE, get_issue),
    Route("PATCH", _ONE, update_issue),
    Route("GET", f"{_ONE}/comments", list_comments),
    Route("POST", f"{_ONE}/comments", create_comment),
    Route("GET", _COMMENT, get_comment, "issues:read"),
    Route("PATCH", _COMMENT, update_comment),
    Route("DELETE", _COMMENT, delete_comment),
    Route("GET", f"{_ONE}/labels", list_issue_labels),
    Route("POST", f"{_ONE}/labels", add_labels),
    Route("PUT", f"{_ONE}/labels", set_labels),
    Route("DELETE", f"{_ONE}/labels/{{name}}", remove_label),
    Route("POST", f"{_ONE}/assignees", add_assignees),
    Route("DELETE", f"{_ONE}/assignees", remove_assignees),
    Route("GET", f"{_ONE}/reactions", list_reactions, "issues:read"),
    Route("POST", f"{_ONE}/reactions", create_reaction),
    Route("DELETE", f"{_ONE}/reactions/{{reaction}}", delete_reaction),
    Route("GET", f"{_COMMENT}/reactions", list_reactions, "issues:read"),
    Route("POST", f"{_COMMENT}/reactions", create_reaction),
    Route("DELETE", f"{_COMMENT}/reactions/{{reaction}}", delete_reaction),
)
