"""Revert: a pull request that takes a merged fix of ours back, proven by the same gate as a fix is.

A person asks for it, or production shows that the fix is no help. Who merges it, the policy says (`revert`).
"""

from __future__ import annotations

from dataclasses import replace

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import GitCommit
from app.core import messages, replies
from app.core.category import REVERT
from app.core.errors import Refused
from app.core.model import (
    Action,
    CaseFile,
    Decision,
    FileChange,
    Pull,
    Reason,
    RegressionTest,
    Stage,
    Stop,
    given,
)
from app.core.policy import POLICY_PATH, granted

BRANCH = "autofix/revert-{}"


async def revert(clients: Clients, case: CaseFile, because: str) -> Pull | Stop:
    """The open pull request that takes the fix back: one commit with both files exactly as they were before.

    `because` says who or what wants it, and who merges it. A Stop if the default branch no longer holds the files as
    we merged them: then a person must do it.
    """
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    base_branch = given(case.cause).base_branch
    branch = BRANCH.format(case.incident.id)
    bot = await repo.account(await clients.github.bot())
    head = await repo.branch_sha(branch)
    # After a first try that came no further, the base is the one that it built on.
    base = await repo.branch_sha(base_branch) if head is None else await _parent(repo, head)
    if base is None:
        why = f"there is no branch `{base_branch}`"
        return _stop(why if head is None else f"the branch `{branch}` exists and holds something else")
    pull = await repo.find_pull(branch)
    ours = await _commit(repo, case, base)
    if isinstance(ours, Stop):
        return ours
    if head is None:
        try:
            await repo.create_branch(branch, ours.sha)
            head = ours.sha
        except Refused:  # made in between by a first try whose answer was lost
            head = await repo.branch_sha(branch)
    if head is None or not _same(await repo.git_commit(head), ours):
        return _stop(f"the branch `{branch}` exists and holds something else")
    if pull is None:
        title = replies.revert_title(messages.pull_title(case))
        body = replies.revert_body(case, because)
        pull = await repo.open_pull(branch=branch, base=base_branch, title=title, body=body)
    if pull.user is None or pull.user.id != bot.id or not pull.from_here:
        return _stop(f"#{pull.number} of `{branch}` was not opened by {bot.login}")
    return Pull(
        pull.number, pull.node_id, pull.html_url, branch, head, base, ours.tree.sha, bot.id, ours.message
    )


def turned_round(case: CaseFile, pull: Pull) -> CaseFile:
    """The revert as a case of its own, which goes the way of a fix to its merge: its patch is the fix, turned round."""
    patch, cause = given(case.patch), given(case.cause)
    fix, test = _reversed(patch.fix), patch.test
    # What is wrong now is what the fix has brought in.
    brought = [
        line for line in patch.fix.after.splitlines() if line not in (patch.fix.before or "").splitlines()
    ]
    culprit = replace(cause.culprit, path=fix.path, code=brought[0].strip() if brought else "")
    back = CaseFile(case.incident, case.opened_at, finding=case.finding, pull=pull)
    back.cause = replace(cause, path=fix.path, frames=(culprit,))
    back.patch = replace(
        patch,
        category=REVERT.id,
        fix=fix,
        test=RegressionTest(_reversed(test.change), test.test_id, test.function),
    )
    return back


async def may_merge(clients: Clients, case: CaseFile, doubt: str, now: float) -> Decision | Stop:
    """How far the policy of the default branch lets the revert of the case's fix go at `now` (epoch seconds).

    With a `doubt` about what production shows, a person merges.
    """
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    policy = granted(await repo.text(POLICY_PATH), Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy
    action = policy.action(REVERT.id)
    because = [f"the policy sets {REVERT.id} to {action}"]
    against = doubt or ("shadow mode is on" if policy.shadow else policy.closed(now))
    if against and action is Action.AUTOMERGE:
        action = Action.PROPOSE
        because.append(f"propose at most: {against}")
    decision = given(case.decision)
    return replace(decision, category=REVERT.id, action=action, because=tuple(because), would_merge=False)


def _reversed(change: FileChange) -> FileChange:
    return FileChange(change.path, change.after, change.before or "", change.mode)


async def _parent(repo: RepositoryClient, head: str) -> str | None:
    parents = (await repo.git_commit(head)).parents
    return parents[0].sha if len(parents) == 1 else None


async def _commit(repo: RepositoryClient, case: CaseFile, base: str) -> GitCommit | Stop:
    patch = given(case.patch)
    fix, test = patch.fix, patch.test.change
    tree = await repo.tree(base)
    now = await repo.files(tree, (fix.path, test.path))
    modes = {entry.path: entry.mode for entry in tree.tree}
    for change in (fix, test):
        if now.get(change.path) != change.after or modes.get(change.path) != change.mode:
            return _stop(f"`{change.path}` is no longer as it was merged, so a person must take the fix back")
    restored = [
        FileChange(change.path, change.after, change.before, change.mode)
        for change in (fix, test)
        if change.before is not None
    ]
    removed = [change.path for change in (fix, test) if change.before is None]
    merge, number = given(case.merged).sha, given(case.pull).number
    message = replies.revert_message(messages.pull_title(case), case.incident.id, merge, number)
    return await repo.commit(base, restored, message, removed=removed)


def _same(commit: GitCommit, ours: GitCommit) -> bool:
    return commit.tree.sha == ours.tree.sha and commit.message.strip() == ours.message.strip()


def _stop(detail: str) -> Stop:
    return Stop(Stage.MERGE, Reason.HANDED_OVER, detail)
