"""Auto-merge by the branch's own rules, for exactly our head: switched on, waited for, switched off.

Every step looks before it acts, and a refusal is believed only when a second look, a moment later, gives one too:
GitHub's answers may lag behind its webhooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core import messages
from app.core.errors import ClientError, Malformed, Refused, Unavailable
from app.core.model import Action, Armed, CaseFile, Held, Merged, Reason, Stage, Stop, given
from app.merge.checks import assess, remarks
from app.merge.facts import Facts, Ours, read_facts
from app.merge.flaky import second_chance
from app.merge.home import home
from app.merge.standing import Standing, State, standing

LAG_SECONDS = 2.0
LOOKS_WHILE_COMPUTING = 5
# GitHub's words for "there is nothing to wait for", where auto-merge cannot be switched on.
NOTHING_TO_WAIT_FOR = ("clean status", "unstable status")

Pause = Callable[[float], Awaitable[None]]


async def arm(clients: Clients, case: CaseFile, *, pause: Pause = asyncio.sleep) -> Armed | Held:
    """GitHub's auto-merge is on for exactly our head, or the reason why it is not."""
    decision = given(case.decision)
    if not decision.action.allows(Action.AUTOMERGE):
        return Held(Stop(Stage.MERGE, Reason.NEEDS_REVIEW, "; ".join(decision.because)))
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return Held(repo)
    ours = Ours.of(case)
    facts, found = await look(repo, ours, pause)
    if found.stop is not None:
        return Held(found.stop)
    armed = Armed(ours.pull.head_sha, tuple(sorted({check.context for check in facts.rules.checks})))
    if facts.state.auto_merge is not None or found.state in {State.MERGED, State.QUEUED}:
        return armed
    stop = await _switch_on(repo, case, ours, pause)
    return armed if stop is None else Held(stop)


async def merged(clients: Clients, case: CaseFile, *, pause: Pause = asyncio.sleep) -> Merged | Stop | None:
    """The merge once GitHub has done it; a Stop if it cannot happen any more; None while it may."""
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return repo
    ours = Ours.of(case)
    facts, found = await look(repo, ours, pause)
    if found.state is State.MERGED:
        return await _merge_facts(repo, facts, ours)
    if found.state is State.RED and await second_chance(repo, facts, ours):
        return None
    return found.stop


async def disarm(clients: Clients, case: CaseFile) -> None:
    """Nothing of ours merges any more: what we switched on for our pull request is off. What others did stays."""
    if case.pull is None or case.merged is not None:
        return
    repo = await home(clients, case)
    if isinstance(repo, Stop):
        return
    state = await repo.pull_state(case.pull.number)
    if state.merged:
        return
    by = state.auto_merge.enabled_by if state.auto_merge else None
    if by is not None and by.id == case.pull.author_id:
        await repo.disable_auto_merge(case.pull.node_id)
    by = state.queue_entry.enqueuer if state.queue_entry else None
    if by is not None and by.id == case.pull.author_id:
        await repo.dequeue(case.pull.node_id)


async def look(repo: RepositoryClient, ours: Ours, pause: Pause) -> tuple[Facts, Standing]:
    """The facts and how the pull request stands; an end of the automation is looked at twice."""
    facts = await read_facts(repo, ours)
    found = standing(facts, ours)
    if found.stop is not None:
        await pause(LAG_SECONDS)
        facts = await read_facts(repo, ours)
        found = standing(facts, ours)
    return facts, found


async def _switch_on(repo: RepositoryClient, case: CaseFile, ours: Ours, pause: Pause) -> Stop | None:
    """Auto-merge is on; where there is nothing to wait for, the pull request is merged. The Stop if neither."""
    headline, body = messages.merge_message(case)
    try:
        await repo.enable_auto_merge(ours.pull.node_id, ours.pull.head_sha, headline, body)
    except Refused as fault:
        if any(text in str(fault) for text in NOTHING_TO_WAIT_FOR):
            return await _merge_now(repo, case, ours, pause)
        return await _refused(repo, ours, pause, fault)
    return None


async def _merge_now(repo: RepositoryClient, case: CaseFile, ours: Ours, pause: Pause) -> Stop | None:
    """The pull request that waits for nothing is merged, or queued, at our head; the Stop if it is not.

    GitHub holds the branch's rules against this call as well. Checks that are red but not required do not stop it:
    auto-merge would not wait for them either.

    Raises:
        Unavailable: if the answer was lost and no merge is to be seen; whoever tries again looks first.
    """
    facts, found = await look(repo, ours, pause)
    for _ in range(LOOKS_WHILE_COMPUTING):
        if found.state is not State.UNKNOWN:
            break
        await pause(LAG_SECONDS)
        facts, found = await look(repo, ours, pause)
    if found.state in {State.MERGED, State.QUEUED} or found.stop is not None:
        return found.stop
    if found.state not in {State.READY, State.UNSTABLE}:
        detail = f"GitHub says that nothing is left to wait for, but the pull request is {found.state}: {found.detail}"
        return Stop(Stage.MERGE, Reason.AUTO_MERGE_REFUSED, detail)
    headline, body = messages.merge_message(case)
    try:
        if facts.rules.merge_queue:
            await repo.enqueue(ours.pull.node_id, ours.pull.head_sha)
        else:
            await repo.merge(ours.pull.number, ours.pull.head_sha, headline, body)
    except (Refused, Unavailable, Malformed) as fault:
        return await _refused(repo, ours, pause, fault)
    return None


async def _refused(repo: RepositoryClient, ours: Ours, pause: Pause, fault: ClientError) -> Stop | None:
    """What follows from a call that failed: it may have taken effect all the same, or somebody was quicker.

    Raises:
        ClientError: `fault` itself, if it was no refusal and nothing has changed.
    """
    _, found = await look(repo, ours, pause)
    if found.state in {State.MERGED, State.QUEUED} or found.stop is not None:
        return found.stop
    if not isinstance(fault, Refused):
        raise fault
    return Stop(Stage.MERGE, Reason.AUTO_MERGE_REFUSED, f"GitHub says: {fault}")


async def _merge_facts(repo: RepositoryClient, facts: Facts, ours: Ours) -> Merged | Stop:
    """The merge, if what was merged is what was tested."""
    state, pull = facts.state, ours.pull
    if state.merge_commit is None:
        detail = "GitHub reports a merge without a merge commit"
        return Stop(Stage.MERGE, Reason.HANDED_OVER, detail)
    sha = state.merge_commit.oid
    commit = await repo.git_commit(sha)
    if commit.tree.sha != pull.tree_sha and not await _tested_in_queue(repo, facts, ours, sha):
        detail = (
            f"#{pull.number} was merged as {sha[:7]}, whose tree is not the one that was tested: "
            f"`{ours.base_branch}` had moved on. Nobody has tested the combination, so it is not called verified"
        )
        return Stop(Stage.MERGE, Reason.TREE_DIFFERS, detail)
    at = datetime.fromisoformat(state.merged_at or "").timestamp()
    runs = await repo.check_runs(pull.head_sha, earlier=True)
    said = remarks(facts.rules.checks, runs, ours.verify_check)
    return Merged(sha, at, said)


async def _tested_in_queue(repo: RepositoryClient, facts: Facts, ours: Ours, sha: str) -> bool:
    """True if a merge queue tested the very commit that it merged: all required checks, ours too, are green on it."""
    if not facts.rules.merge_queue:
        return False
    runs, statuses = await repo.check_runs(sha), await repo.commit_statuses(sha)
    return assess(facts.rules.checks, ours.verify_check, sha, runs, statuses).all_green
