"""Our commit on a branch of ours, and its pull request. What is there already is taken up only if it is ours."""

from __future__ import annotations

from app.clients import Clients
from app.clients.github.answers import GitCommit, PullFacts
from app.core import messages
from app.core.errors import Refused
from app.core.model import CaseFile, Pull, Reason, Stage, Stop, given
from app.merge.home import home

BRANCH_PREFIX = "autofix/"


async def propose(clients: Clients, case: CaseFile) -> Pull | Stop:
    """The fix and its test are one signed commit on a branch of ours, with a pull request into the base branch."""
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return repo
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
        return _handed_over(
            f"the branch `{branch}` exists and does not hold our commit; nothing was overwritten"
        )
    bot = await repo.account(await clients.github.bot())
    pull = await repo.find_pull(branch)
    if pull is None:
        title, body = messages.pull_title(case), messages.pull_body(case)
        pull = await repo.open_pull(branch=branch, base=cause.base_branch, title=title, body=body)
    if not opened_by(pull, bot.id):
        return _handed_over(
            f"#{pull.number} of `{branch}` was not opened by {bot.login}; nothing was changed"
        )
    return Pull(
        pull.number,
        pull.node_id,
        pull.html_url,
        branch,
        head,
        cause.base_sha,
        commit.tree.sha,
        bot.id,
        ours.message,
    )


def same_commit(commit: GitCommit, ours: GitCommit) -> bool:
    """True if `commit` holds what we meant to push, as signed as ours, on the same base and with our message.

    Only times may differ. Names and mail addresses of authors prove nothing and are not looked at.
    """
    return (
        commit.tree.sha == ours.tree.sha
        and [parent.sha for parent in commit.parents] == [parent.sha for parent in ours.parents]
        and commit.message.strip() == ours.message.strip()
        and commit.verification == ours.verification
    )


def opened_by(pull: PullFacts, account_id: int) -> bool:
    """True if that account opened the pull request, from a branch of the same repository."""
    return pull.user is not None and pull.user.id == account_id and pull.from_here


def _handed_over(detail: str) -> Stop:
    return Stop(Stage.MERGE, Reason.HANDED_OVER, detail)
