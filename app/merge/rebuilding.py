"""The same fix on a base that has moved on: a new commit of ours in place of the old one, to be proven anew."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import GitCommit
from app.core import messages
from app.core.errors import Refused
from app.core.model import Armed, CaseFile, Pull, Reason, Stage, Stop, given
from app.merge.auto_merge import Pause, look
from app.merge.facts import Ours, read_facts
from app.merge.home import home
from app.merge.proposal import same_commit
from app.merge.standing import State, standing


async def overtaken(clients: Clients, case: CaseFile, *, pause: Pause = asyncio.sleep) -> Stop | None:
    """A Stop if an armed pull request must not merge any more, though GitHub's own rules may still let it.

    The base has moved on, a person objects, the rules were loosened, somebody pushed. What checks say is not looked
    at here: ours belongs to the verification, and the others may get their second chance.
    """
    if not isinstance(case.armed, Armed):
        return None
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return repo
    _, found = await look(repo, Ours.of(case), pause)
    return None if found.state in {State.RED, State.NEVER_STARTED} else found.stop


async def rebuild(clients: Clients, case: CaseFile) -> Pull | Stop:
    """Our pull request holds the same change on the base's present tip.

    A Stop if the fixed file is another one there, if the branch is no longer ours, or if the pull request cannot be
    merged for another reason than its old base.
    """
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return repo
    pull, patch, ours = given(case.pull), given(case.patch), Ours.of(case)
    tip = await repo.branch_sha(ours.base_branch)
    tree = await repo.tree(tip) if tip is not None else None
    if tip is None or tree is None:
        return _stop(Reason.HANDED_OVER, f"the base branch `{ours.base_branch}` is gone")
    texts = await repo.files(tree, (patch.fix.path,))
    if texts.get(patch.fix.path) != patch.fix.before or patch.test.change.path in tree.files:
        detail = f"`{patch.fix.path}` has changed on `{ours.base_branch}` since the fix was built"
        return _stop(Reason.CONFLICT, f"{detail}; a fix of the new text needs a new look")
    commit = await repo.commit(tip, patch.changes, messages.commit_message(case))
    stop = await _put_in_place(repo, ours, commit)
    if stop is not None:
        return stop
    head = await repo.branch_sha(pull.branch)
    taken = commit if head == commit.sha else await repo.git_commit(head or commit.sha)
    if head is None or not same_commit(taken, commit):
        return _stop(Reason.HANDED_OVER, "the branch holds another commit; the pull request is theirs now")
    return replace(pull, head_sha=head, base_sha=tip, tree_sha=taken.tree.sha, message=commit.message)


async def _put_in_place(repo: RepositoryClient, ours: Ours, commit: GitCommit) -> Stop | None:
    """The branch points to `commit`, unless it has been moved by somebody, or by a first try, before.

    A Stop if something else than the old base keeps the pull request from being merged.
    """
    pull = ours.pull
    if await repo.branch_sha(pull.branch) != pull.head_sha:
        return None
    found = standing(await read_facts(repo, ours), ours)
    if found.state is not State.BEHIND:
        return found.stop or _stop(Reason.BEHIND, "the base moved while the fix was built on it anew")
    with contextlib.suppress(Refused):  # moved in between; what it points to is looked at next
        await repo.move_branch(pull.branch, pull.head_sha, commit.sha)
    return None


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.MERGE, reason, detail)
