"""Merge: our commit, the pull request, and auto-merge by the branch's own rules.

Everything is bound to the one head commit that we pushed. A foreign push hands the pull request over.
"""

from __future__ import annotations

from datetime import datetime

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import CheckRun, GitCommit, PullState, RequiredCheck
from app.core import messages
from app.core.errors import Refused
from app.core.model import Action, Armed, CaseFile, Held, Merged, Pull, Reason, Stage, Stop, given

BRANCH_PREFIX = "autofix/"
FAILED = {"failure", "cancelled", "timed_out", "action_required", "startup_failure", "stale"}


async def propose(clients: Clients, case: CaseFile) -> Pull | Stop:
    """The fix and its test are one signed commit on a branch of ours, with a pull request into the base branch."""
    repo = _repository(clients, case)
    cause, patch = given(case.cause), given(case.patch)
    branch = BRANCH_PREFIX + case.incident.id
    # A commit that no branch points to changes nothing, so a second try may make it once more.
    ours = await repo.commit(cause.base_sha, patch.changes, messages.commit_message(case))
    head = await repo.branch_sha(branch)
    if head is None:
        head = ours.sha
        try:
            await repo.create_branch(branch, head)
        except Refused:  # created in between by a first try whose answer was lost
            head = await repo.branch_sha(branch) or head
    commit = ours if head == ours.sha else await repo.git_commit(head)
    if not same_commit(commit, ours):
        return _stop(
            Reason.HANDED_OVER,
            f"the branch `{branch}` exists and does not hold our commit; nothing was overwritten",
        )
    pull = await repo.find_pull(branch)
    if pull is None:
        title, body = messages.pull_title(case), messages.pull_body(case)
        pull = await repo.open_pull(branch=branch, base=cause.base_branch, title=title, body=body)
    return Pull(pull.number, pull.node_id, pull.html_url, branch, head, cause.base_sha, commit.tree.sha)


def same_commit(commit: GitCommit, ours: GitCommit) -> bool:
    """True if `commit` holds what we meant to push, on the same base and with our message; only times may differ."""
    return (
        commit.tree.sha == ours.tree.sha
        and [parent.sha for parent in commit.parents] == [parent.sha for parent in ours.parents]
        and commit.message.strip() == ours.message.strip()
    )


async def arm(clients: Clients, case: CaseFile) -> Armed | Held:
    """GitHub's auto-merge is on for exactly our head, or the reason why it is not.

    Refused unless the branch's own rules require both our verification check and at least one other check (the
    repository's tests): without them auto-merge would merge something that nobody tested.
    """
    repo = _repository(clients, case)
    pull, decision, cause = given(case.pull), given(case.decision), given(case.cause)
    if not decision.action.allows(Action.AUTOMERGE):
        return Held(_stop(Reason.NEEDS_REVIEW, "; ".join(decision.because)))
    required = await repo.required_checks(cause.base_branch)
    refusal = unready(required, decision.verify_check, cause.base_branch)
    if refusal is not None:
        return Held(_stop(Reason.UNPROTECTED, refusal))
    state = await repo.pull_state(pull.number)
    changed = changed_by_others(state, pull, cause.base_branch)
    if changed is not None:
        return Held(changed)
    rules = tuple(sorted({check.context for check in required}))
    if state.merged or state.auto_merge is not None:
        return Armed(pull.head_sha, rules)
    headline, body = messages.merge_message(case)
    try:
        await repo.enable_auto_merge(pull.node_id, pull.head_sha, headline, body)
    except Refused as fault:
        if "clean status" not in str(fault):
            return Held(_stop(Reason.AUTO_MERGE_REFUSED, f"GitHub says: {fault}"))
        # Every rule is met already, so there is nothing to wait for; GitHub applies the same rules to this call.
        await repo.merge(pull.number, pull.head_sha, headline, body)
    return Armed(pull.head_sha, rules)


def unready(required: list[RequiredCheck], verify_check: str, branch: str) -> str | None:
    """Why the branch's rules do not allow autonomy, with the setting to change; None if they do."""
    contexts = {check.context for check in required}
    if not contexts:
        return (
            f"`{branch}` has no required checks, so auto-merge would merge untested code. "
            f"Require `{verify_check}` and your tests in the branch's rules"
        )
    if verify_check not in contexts:
        return f"the rules of `{branch}` do not require the check `{verify_check}`"
    if all(check.integration_id is None for check in required if check.context == verify_check):
        return f"the required check `{verify_check}` accepts any app; bind it to GitHub Actions"
    if contexts == {verify_check}:
        return f"the rules of `{branch}` require only `{verify_check}`; require the check that runs your tests too"
    return None


async def merged(clients: Clients, case: CaseFile) -> Merged | Stop | None:
    """The merge once GitHub has done it; a Stop if it cannot happen any more; None while it may."""
    repo, pull, cause = _repository(clients, case), given(case.pull), given(case.cause)
    state = await repo.pull_state(pull.number)
    refusal = changed_by_others(state, pull, cause.base_branch)
    if refusal is not None:
        return refusal
    if state.merged:
        return await _merge_facts(repo, state, pull)
    required = await repo.required_checks(cause.base_branch)
    red = failed_checks(await repo.check_runs(pull.head_sha), required)
    if red:
        names = ", ".join(f"`{run.name}` ({run.conclusion}) {run.html_url or ''}".strip() for run in red)
        return _stop(Reason.CHECK_FAILED, f"required checks are red on {pull.head_sha[:7]}: {names}")
    if state.auto_merge is None:
        return _stop(
            Reason.HANDED_OVER, "auto-merge was switched off; the pull request is left to whoever did that"
        )
    return None


async def disarm(clients: Clients, case: CaseFile) -> None:
    """Nothing of ours merges any more: auto-merge is off for our pull request, if there is an open one."""
    if case.pull is None or case.merged is not None:
        return
    repo = _repository(clients, case)
    state = await repo.pull_state(case.pull.number)
    if state.auto_merge is not None and not state.merged:
        await repo.disable_auto_merge(case.pull.node_id)


def changed_by_others(state: PullState, pull: Pull, base_branch: str) -> Stop | None:
    """Why the pull request is no longer ours to merge; None while it is as we left it."""
    if state.head_sha != pull.head_sha:
        return _stop(
            Reason.HANDED_OVER,
            f"someone pushed {state.head_sha[:7]} to the branch; the pull request is theirs now",
        )
    if state.base_branch != base_branch:
        return _stop(Reason.HANDED_OVER, f"the base was changed to `{state.base_branch}`")
    if state.is_draft:
        return _stop(Reason.HANDED_OVER, "the pull request was made a draft")
    if state.state == "CLOSED":
        return _stop(Reason.CLOSED, "the pull request was closed without merging")
    return None


def failed_checks(runs: list[CheckRun], required: list[RequiredCheck]) -> list[CheckRun]:
    """The required checks that are red: the name and, where the rule says so, the app must match."""
    wanted = {(check.context, check.integration_id) for check in required}
    return [
        run
        for run in runs
        if run.conclusion in FAILED
        and ((run.name, run.app.id if run.app else None) in wanted or (run.name, None) in wanted)
    ]


async def _merge_facts(repo: RepositoryClient, state: PullState, pull: Pull) -> Merged | Stop:
    if state.merge_commit is None:
        return _stop(Reason.HANDED_OVER, "GitHub reports a merge without a merge commit")
    commit = await repo.git_commit(state.merge_commit.oid)
    at = datetime.fromisoformat(state.merged_at or "").timestamp()
    return Merged(state.merge_commit.oid, at, tree_matches=commit.tree.sha == pull.tree_sha)


def _repository(clients: Clients, case: CaseFile) -> RepositoryClient:
    return clients.github.repository(case.incident.repository, case.incident.installation_id)


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.MERGE, reason, detail)
