"""The mutations: what REST has no word for, auto-merge above all."""

from __future__ import annotations

import base64
from typing import Any

from app.demo.github import auto_merge, events, merge_queue, merges
from app.demo.github.errors import MutationRefused, Refusal
from app.demo.github.git.objects import Entry, Signature
from app.demo.github.graphql import nodes
from app.demo.github.graphql.accounts import account
from app.demo.github.pushes import guard_workflows, move
from app.demo.github.rest.routing import Call
from app.demo.github.state import AutoMerge, Pull, Repository

Payload = dict[str, Any]
NOT_ACCESSIBLE = "Resource not accessible by integration"


def may(call: Call, repo: Repository, *needs: str) -> None:
    """Refuse a caller that lacks one of the permissions on `repo`."""
    owner, name = repo.owner.login, repo.name
    call = Call(
        call.site,
        call.route,
        {"owner": owner, "repo": name},
        call.query,
        call.headers,
        call.raw,
        call.path,
        call.token,
        call.app,
    )
    if not all(call.allows(*need.split(":")) for need in needs):
        raise MutationRefused(NOT_ACCESSIBLE, "FORBIDDEN")


def found(call: Call, wanted: str) -> Pull:
    """The pull request that a global id names, if the caller may see it."""
    node = call.site.node(wanted)
    if not isinstance(node, Pull):
        raise MutationRefused(f"Could not resolve to a node with the global id of '{wanted}'", "NOT_FOUND")
    try:
        call.visible(node.repository)
    except Refusal as refusal:
        text = f"Could not resolve to a node with the global id of '{wanted}'"
        raise MutationRefused(text, "NOT_FOUND") from refusal
    return node


def _payload(call: Call, pull: Pull, sent: Payload) -> Payload:
    return {
        "actor": account(call.viewer),
        "clientMutationId": sent.get("clientMutationId"),
        "pullRequest": nodes.pull(call, pull),
    }


def enable_auto_merge(call: Call, sent: Payload) -> Payload:
    """`enablePullRequestAutoMerge`."""
    pull = found(call, sent["pullRequestId"])
    repo = pull.repository
    may(call, repo, "contents:write", "pull_requests:write")
    if not call.may_write_workflows:
        try:
            guard_workflows(repo, repo.git.merge_base(pull.base_sha, pull.head_sha), pull.head_sha)
        except Refusal as refusal:
            raise MutationRefused(refusal.message, "FORBIDDEN") from refusal
    armed = AutoMerge(
        call.actor,
        call.site.clock(),
        sent["mergeMethod"].lower(),
        sent.get("commitHeadline"),
        sent.get("commitBody"),
        sent.get("authorEmail"),
    )
    auto_merge.enable(call.site, pull, armed, sent.get("expectedHeadOid"))
    return _payload(call, pull, sent)


def disable_auto_merge(call: Call, sent: Payload) -> Payload:
    """`disablePullRequestAutoMerge`."""
    pull = found(call, sent["pullRequestId"])
    may(call, pull.repository, "contents:write", "pull_requests:write")
    auto_merge.disable(call.site, pull, call.actor)
    return _payload(call, pull, sent)


def merge_pull(call: Call, sent: Payload) -> Payload:
    """`mergePullRequest`."""
    pull = found(call, sent["pullRequestId"])
    may(call, pull.repository, "contents:write", "pull_requests:write")
    try:
        merges.merge(
            call.site,
            pull,
            call.actor,
            method=sent["mergeMethod"].lower(),
            sha=sent.get("expectedHeadOid"),
            wording=merges.Wording(sent.get("commitHeadline"), sent.get("commitBody")),
            may_write_workflows=call.may_write_workflows,
        )
    except Refusal as refusal:
        raise MutationRefused(refusal.message) from refusal
    return _payload(call, pull, sent)


def to_draft(call: Call, sent: Payload) -> Payload:
    """`convertPullRequestToDraft`: draft and auto-merge exclude each other."""
    pull = found(call, sent["pullRequestId"])
    may(call, pull.repository, "pull_requests:write")
    if pull.auto_merge is not None or not pull.open:
        raise MutationRefused("Can't convert this pull request to draft")
    pull.draft = True
    events.pull_request(call.site, pull, "converted_to_draft", call.actor)
    return _payload(call, pull, sent)


def ready_for_review(call: Call, sent: Payload) -> Payload:
    """`markPullRequestReadyForReview`."""
    pull = found(call, sent["pullRequestId"])
    may(call, pull.repository, "pull_requests:write")
    if pull.draft:
        pull.draft = False
        events.pull_request(call.site, pull, "ready_for_review", call.actor)
    return _payload(call, pull, sent)


def commit_on_branch(call: Call, sent: Payload) -> Payload:
    """`createCommitOnBranch`: signed by GitHub, and only on top of the head that was expected."""
    named = sent["branch"]
    repo = call.site.repositories.get((named.get("repositoryNameWithOwner") or "").lower())
    branch = (named.get("branchName") or "").removeprefix("refs/heads/")
    head = repo.git.branch(branch) if repo else None
    if repo is None or head is None:
        raise MutationRefused("Could not resolve to a branch", "NOT_FOUND")
    call.visible(repo)
    may(call, repo, "contents:write")
    expected = sent["expectedHeadOid"]
    if head != expected:
        text = f'Expected branch to point to "{expected}" but it points to "{head}". Pull and try again.'
        raise MutationRefused(text, "STALE_DATA")
    sha = _write(call, repo, head, sent)
    try:
        move(
            call.site,
            repo,
            f"refs/heads/{branch}",
            sha,
            call.actor,
            may_write_workflows=call.may_write_workflows,
        )
    except Refusal as refusal:
        raise MutationRefused(refusal.message) from refusal
    return {
        "clientMutationId": sent.get("clientMutationId"),
        "commit": nodes.commit(call, repo, sha),
        "ref": nodes.ref(call, repo, branch),
    }


def _write(call: Call, repo: Repository, head: str, sent: Payload) -> str:
    git, changes = repo.git, sent.get("fileChanges") or {}
    files = git.files(git.commit(head).tree)
    for deletion in changes.get("deletions", []):
        if files.pop(deletion["path"], None) is None:
            text = f'A path was requested for deletion which does not exist: "{deletion["path"]}"'
            raise MutationRefused(text)
    for addition in changes.get("additions", []):
        known = files.get(addition["path"])
        blob = git.write_blob(base64.b64decode(addition["contents"]))
        files[addition["path"]] = Entry(known.mode if known else 0o100644, blob)
    words = [sent["message"]["headline"], sent["message"].get("body") or ""]
    user, now = call.viewer, int(call.site.clock())
    author = Signature(user.name or user.login, user.email or user.noreply, now)
    by = Signature("GitHub", "noreply@github.com", now)
    sha = git.write_commit(git.write_tree(files), [head], "\n\n".join(words).strip(), author, by)
    repo.verified.add(sha)
    return sha


def enqueue(call: Call, sent: Payload) -> Payload:
    """`enqueuePullRequest`."""
    pull = found(call, sent["pullRequestId"])
    may(call, pull.repository, "contents:write", "pull_requests:write")
    try:
        merge_queue.enqueue(call.site, pull, call.actor, sent.get("expectedHeadOid"))
    except Refusal as refusal:
        raise MutationRefused(refusal.message) from refusal
    return _place(call, pull, sent)


def dequeue(call: Call, sent: Payload) -> Payload:
    """`dequeuePullRequest`."""
    pull = found(call, sent["id"])
    may(call, pull.repository, "contents:write", "pull_requests:write")
    answer = _place(call, pull, sent)
    merge_queue.leave(call.site, pull, call.actor, "MANUAL")
    return answer


def _place(call: Call, pull: Pull, sent: Payload) -> Payload:
    return {
        "clientMutationId": sent.get("clientMutationId"),
        "mergeQueueEntry": nodes.queue_entry(call, pull),
    }


def update_refs(call: Call, sent: Payload) -> Payload:
    """`updateRefs`: all of them, or none if one does not point where the caller thinks."""
    repo = call.site.node(sent["repositoryId"])
    if not isinstance(repo, Repository):
        text = f"Could not resolve to a node with the global id of '{sent['repositoryId']}'"
        raise MutationRefused(text, "NOT_FOUND")
    may(call, repo, "contents:write")
    for update in sent["refUpdates"]:
        expected = update.get("beforeOid")
        if expected is not None and repo.git.ref(update["name"]) != expected:
            raise MutationRefused(f"Reference {update['name']} does not point to {expected}")
    for update in sent["refUpdates"]:
        try:
            move(
                call.site,
                repo,
                update["name"],
                update["afterOid"],
                call.actor,
                force=update.get("force", False),
                may_write_workflows=call.may_write_workflows,
            )
        except Refusal as refusal:
            raise MutationRefused(refusal.message) from refusal
    return {"clientMutationId": sent.get("clientMutationId")}


BY_NAME = {
    "enablePullRequestAutoMerge": enable_auto_merge,
    "disablePullRequestAutoMerge": disable_auto_merge,
    "mergePullRequest": merge_pull,
    "convertPullRequestToDraft": to_draft,
    "markPullRequestReadyForReview": ready_for_review,
    "createCommitOnBranch": commit_on_branch,
    "enqueuePullRequest": enqueue,
    "dequeuePullRequest": dequeue,
    "updateRefs": update_refs,
}
