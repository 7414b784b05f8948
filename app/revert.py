"""Revert: a pull request that takes a merged fix of ours back. A person merges it, or does not."""

from __future__ import annotations

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import GitCommit, PullFacts
from app.core import messages, replies
from app.core.errors import Refused
from app.core.model import CaseFile, FileChange, Reason, Stage, Stop, given

BRANCH = "autofix/revert-{}"


async def revert(clients: Clients, case: CaseFile, person: str) -> PullFacts | Stop:
    """The open pull request that takes the fix back: one commit with both files exactly as they were before.

    A Stop if the default branch no longer holds them as we merged them: then a person must do it.
    """
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    base_branch = given(case.cause).base_branch
    branch = BRANCH.format(case.incident.id)
    known = await repo.find_pull(branch)
    if known is not None:
        return known
    base = await repo.branch_sha(base_branch)
    if base is None:
        return _stop(f"there is no branch `{base_branch}`")
    head = await repo.branch_sha(branch)
    if head is not None:  # a first try that came no further
        parents = (await repo.git_commit(head)).parents
        base = parents[0].sha if len(parents) == 1 else base
    ours = await _commit(repo, case, base)
    if isinstance(ours, Stop):
        return ours
    if head is None:
        try:
            await repo.create_branch(branch, ours.sha)
        except Refused:  # made in between by a first try whose answer was lost
            head = await repo.branch_sha(branch)
    if head is not None and not _same(await repo.git_commit(head), ours):
        return _stop(f"the branch `{branch}` exists and holds something else")
    title = replies.revert_title(messages.pull_title(case))
    return await repo.open_pull(
        branch=branch, base=base_branch, title=title, body=replies.revert_body(case, person)
    )


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
