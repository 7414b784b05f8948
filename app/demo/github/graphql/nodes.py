"""GitHub's records as the GraphQL schema sees them.

A node is a dictionary; what costs something, or takes arguments, is a function in it that the executor calls
only when the field was asked for.
"""

from __future__ import annotations

from typing import Any

from app.demo.github import mergeability
from app.demo.github.accounts import node_id
from app.demo.github.errors import MutationRefused
from app.demo.github.git.objects import BlameRange, Signature
from app.demo.github.graphql.accounts import Node, account, connection
from app.demo.github.graphql.checks import app_node, rollup
from app.demo.github.render.accounts import HTML, iso, iso_or_none
from app.demo.github.render.commits import account_of
from app.demo.github.rest.commits import pulls_of
from app.demo.github.rest.routing import Call
from app.demo.github.rules import requirements, review_decision, standing_reviews, writes
from app.demo.github.state import Issue, Pull, Repository, Review

_OLDEST = 10


def repository(call: Call, repo: Repository) -> Node:
    """A `Repository`."""

    def pull_request(_info: Any, number: int) -> Node:
        found = repo.pulls.get(number)
        if found is None:
            text = f"Could not resolve to a PullRequest with the number of {number}."
            raise MutationRefused(text, "NOT_FOUND")
        return pull(call, found)

    def issue_by(_info: Any, number: int) -> Node:
        found = repo.issues.get(number)
        if found is None or found.pull is not None:
            text = f"Could not resolve to an Issue with the number of {number}."
            raise MutationRefused(text, "NOT_FOUND")
        return issue(found)

    def git_object(_info: Any, expression: str | None = None, oid: str | None = None) -> Node | None:
        return object_at(call, repo, oid or expression or "")

    def ref_by(_info: Any, **arguments: str) -> Node | None:
        return ref(call, repo, arguments["qualifiedName"])

    return {
        "__typename": "Repository",
        "id": repo.node_id,
        "databaseId": repo.id,
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "isPrivate": repo.private,
        "autoMergeAllowed": repo.allow_auto_merge,
        "defaultBranchRef": lambda _info: ref(call, repo, repo.default_branch),
        "pullRequest": pull_request,
        "issue": issue_by,
        "object": git_object,
        "ref": ref_by,
    }


def issue(record: Issue) -> Node:
    """An `Issue`."""
    return {
        "__typename": "Issue",
        "id": record.node_id,
        "number": record.number,
        "title": record.title,
        "body": record.body or "",
        "state": record.state.upper(),
        "closed": record.state == "closed",
        "url": f"{HTML}/{record.repository.full_name}/issues/{record.number}",
        "author": account(record.user),
    }


def pull(call: Call, record: Pull) -> Node:
    """A `PullRequest`; looking at `mergeable` or `mergeStateStatus` starts their computation, as in REST."""
    site, repo = call.site, record.repository
    state = "MERGED" if record.merged_at is not None else record.issue.state.upper()
    # Both fields of one answer agree, so they come from one look.
    seen: list[str] = []

    def look() -> str:
        if not seen:
            seen.append(mergeability.read_state(site, record))
        return seen[0]

    def mergeable(_info: Any) -> str:
        return "UNKNOWN" if look() == "unknown" else "MERGEABLE" if record.mergeable else "CONFLICTING"

    def decision(_info: Any) -> str | None:
        return review_decision(record, requirements(repo, record.base_ref))

    merged_into = record.merge_commit_sha if record.merged_at is not None else None
    return {
        "__typename": "PullRequest",
        "id": record.node_id,
        "databaseId": record.id % 2**31,
        "number": record.number,
        "title": record.issue.title,
        "body": record.issue.body or "",
        "url": f"{HTML}/{repo.full_name}/pull/{record.number}",
        "author": account(record.issue.user),
        "state": state,
        "isDraft": record.draft,
        "closed": not record.open,
        "closedAt": iso_or_none(record.issue.closed_at),
        "merged": record.merged_at is not None,
        "mergedAt": iso_or_none(record.merged_at),
        "mergedBy": account(record.merged_by) if record.merged_by else None,
        "mergeable": mergeable,
        "mergeStateStatus": lambda _info: look().upper(),
        "mergeCommit": lambda _info: commit(call, repo, merged_into) if merged_into else None,
        "reviewDecision": decision,
        "headRefOid": record.head_sha,
        "headRefName": record.head_ref,
        "baseRefName": record.base_ref,
        "baseRefOid": record.base_sha,
        "baseRef": lambda _info: ref(call, repo, record.base_ref),
        "createdAt": iso(record.issue.created_at),
        "isCrossRepository": False,
        "headRepository": lambda _info: repository(call, repo),
        **_commits_and_reviews(call, record),
        **_way_in(call, record),
        "statusCheckRollup": lambda _info: rollup(repo, record.head_sha, record),
    }


def _way_in(call: Call, record: Pull) -> Node:
    """Auto-merge and the merge queue."""
    repo = record.repository
    return {
        "isInMergeQueue": record.queued is not None,
        "isMergeQueueEnabled": requirements(repo, record.base_ref).merge_queue,
        "mergeQueueEntry": lambda _info: queue_entry(call, record),
        "autoMergeRequest": lambda _info: _auto_merge(call, record),
        "viewerCanEnableAutoMerge": record.open and record.auto_merge is None and repo.allow_auto_merge,
        "viewerCanDisableAutoMerge": record.auto_merge is not None,
    }


def _commits_and_reviews(call: Call, record: Pull) -> Node:
    repo = record.repository

    def commits(_info: Any, first: int | None = None, **_page: Any) -> Node:
        listed = repo.git.log(record.head_sha, [record.base_sha])[::-1]
        shown = [
            {"id": node_id("PURC", f"{record.number}:{sha}"), "commit": commit(call, repo, sha)}
            for sha in listed[:first]
        ]
        return {**connection(shown), "totalCount": len(listed)}

    def opinions(_info: Any, writersOnly: bool = False, **_page: Any) -> Node:  # noqa: N803, FBT001, FBT002 - GitHub's
        standing = standing_reviews(record)
        return connection([_review(item) for item in standing if not writersOnly or writes(repo, item.user)])

    def requests(_info: Any, **_page: Any) -> Node:
        return connection(
            [
                {"id": node_id("RR", f"{record.number}:{user.id}"), "requestedReviewer": account(user)}
                for user in record.requested_reviewers
            ]
        )

    return {"commits": commits, "latestOpinionatedReviews": opinions, "reviewRequests": requests}


def _review(record: Review) -> Node:
    return {
        "id": record.node_id,
        "state": record.state,
        "author": account(record.user),
        "body": record.body,
        "submittedAt": iso(record.submitted_at),
    }


def queue_entry(call: Call, record: Pull) -> Node | None:
    """A `MergeQueueEntry`, or None for a pull request that is in no queue."""
    queued = record.queued
    if queued is None:
        return None
    repo = record.repository
    return {
        "id": node_id("MQE", record.id),
        "state": "AWAITING_CHECKS",
        "position": 1,
        "enqueuedAt": iso(queued.at),
        "enqueuer": account(queued.by.user),
        "baseCommit": lambda _info: commit(call, repo, queued.base_sha),
        "headCommit": lambda _info: commit(call, repo, queued.head_sha),
        "pullRequest": lambda _info: pull(call, record),
    }


def _auto_merge(call: Call, record: Pull) -> Node | None:
    armed = record.auto_merge
    if armed is None:
        return None
    return {
        "authorEmail": armed.author_email,
        "commitBody": armed.body,
        "commitHeadline": armed.headline,
        "enabledAt": iso(armed.enabled_at),
        "enabledBy": account(armed.enabled_by.user),
        "mergeMethod": armed.method.upper(),
        "pullRequest": lambda _info: pull(call, record),
    }


def object_at(call: Call, repo: Repository, expression: str) -> Node | None:
    """What `expression` (a revision, or `revision:path`) names: a `Commit`, a `Tree` or a `Blob`."""
    revision, colon, path = expression.partition(":")
    sha = repo.git.resolve(revision)
    if sha is None:
        return None
    if not colon:
        return commit(call, repo, sha)
    entry = repo.git.entry(repo.git.commit(sha).tree, path)
    if entry is None:
        return None
    kind = "Tree" if entry.mode == 0o40000 else "Blob"  # noqa: PLR2004 - git's own mode of a tree
    known = {"id": f"{kind[0]}_{entry.sha}", "oid": entry.sha, "abbreviatedOid": entry.sha[:7]}
    if kind == "Tree":
        return {"__typename": kind, **known}
    data = repo.git.blob(entry.sha)
    text = None if b"\0" in data else data.decode(errors="replace")
    return {"__typename": kind, **known, "byteSize": len(data), "isBinary": text is None, "text": text}


def commit(call: Call, repo: Repository, sha: str) -> Node:
    """A `Commit`."""
    item = repo.git.commit(sha)

    def person(signature: Signature) -> Node:
        known = account_of(call.site, signature)
        user = account(known) if known and known.type == "User" else None
        return {"name": signature.name, "email": signature.email, "date": iso(signature.at), "user": user}

    def associated(_info: Any, first: int | None = None, **_page: Any) -> Node:
        found = [pull(call, record) for record in pulls_of(repo, sha)]
        return connection(found[:first])

    return {
        "__typename": "Commit",
        "id": f"C_{sha}",
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "url": f"{HTML}/{repo.full_name}/commit/{sha}",
        "message": item.message,
        "messageHeadline": item.headline,
        "messageBody": item.message.partition("\n")[2].strip(),
        "authoredDate": iso(item.author.at),
        "committedDate": iso(item.committer.at),
        "author": person(item.author),
        "committer": person(item.committer),
        "blame": lambda _info, path: _blame(call, repo, sha, path),
        "associatedPullRequests": associated,
        "statusCheckRollup": lambda _info: rollup(repo, sha),
    }


def _blame(call: Call, repo: Repository, sha: str, path: str) -> Node:
    if repo.git.entry(repo.git.commit(sha).tree, path) is None:
        return {"ranges": []}
    found = repo.git.blame(sha, path)
    times = sorted({repo.git.commit(item.commit).committer.at for item in found}, reverse=True)

    def shown(item: BlameRange) -> Node:
        place = times.index(repo.git.commit(item.commit).committer.at)
        return {
            "age": 1 + place * (_OLDEST - 1) // max(1, len(times) - 1),
            "startingLine": item.start,
            "endingLine": item.end,
            "commit": commit(call, repo, item.commit),
        }

    return {"ranges": [shown(item) for item in found]}


def ref(call: Call, repo: Repository, name: str) -> Node | None:
    """A `Ref`, by its short or full name."""
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    sha = repo.git.ref(full)
    if sha is None:
        return None
    prefix, short = full[: full.index("/", 5) + 1], full[full.index("/", 5) + 1 :]
    return {
        "__typename": "Ref",
        "id": f"REF_{repo.id}_{full}",
        "name": short,
        "prefix": prefix,
        "target": lambda _info: object_at(call, repo, sha),
        "branchProtectionRule": lambda _info: _protection(call, repo, short),
        "refUpdateRule": lambda _info: _update_rule(repo, short),
    }


def _protection(call: Call, repo: Repository, branch: str) -> Node | None:
    record = repo.protection.get(branch)
    # Classic protection is the administrators' business; others see `refUpdateRule`.
    token = call.token
    app_without = (
        token is not None and token.permissions is not None and not token.grants("administration", "read")
    )
    if record is None or app_without:
        return None
    checks = record.checks or []
    known = [call.site.apps.get(check.app_id or 0) for check in checks]
    return {
        "__typename": "BranchProtectionRule",
        "id": f"BPR_{repo.id}_{branch}",
        "pattern": branch,
        "allowsDeletions": record.allow_deletions,
        "allowsForcePushes": record.allow_force_pushes,
        "dismissesStaleReviews": record.dismiss_stale_reviews,
        "isAdminEnforced": record.enforce_admins,
        "requiredApprovingReviewCount": record.approvals,
        "requiredStatusCheckContexts": [check.context for check in checks],
        "requiredStatusChecks": [
            {"context": check.context, "app": app_node(app) if app else None}
            for check, app in zip(checks, known, strict=True)
        ],
        "requiresApprovingReviews": record.approvals is not None,
        "requiresCodeOwnerReviews": record.code_owner_reviews,
        "requiresLinearHistory": record.linear_history,
        "requiresStatusChecks": record.checks is not None,
        "requiresStrictStatusChecks": record.strict,
    }


def _update_rule(repo: Repository, branch: str) -> Node | None:
    record = repo.protection.get(branch)
    if record is None:
        return None
    return {
        "pattern": branch,
        "allowsDeletions": record.allow_deletions,
        "allowsForcePushes": record.allow_force_pushes,
        "requiredApprovingReviewCount": record.approvals,
        "requiredStatusCheckContexts": [check.context for check in record.checks or []],
        "requiresCodeOwnerReviews": record.code_owner_reviews,
        "requiresLinearHistory": record.linear_history,
        "viewerCanPush": record.approvals is None and not record.checks,
    }
