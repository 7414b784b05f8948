"""Learn: how fixes ended, per repository, category and pattern. Trust is earned and lost here."""

from __future__ import annotations

import asyncio

from app.clients import Clients
from app.core.case_file import dump_case, load_case
from app.core.model import (
    CaseFile,
    Held,
    Incident,
    Outcome,
    Patch,
    Reason,
    Result,
    Stage,
    Standing,
    Stop,
    Trust,
)
from app.core.policy import Policy, granted
from app.core.trust import trust
from app.store import IncidentRow, Store

# Ends that speak against the pattern, not against the circumstances.
BLAMED = (
    Reason.ROLLED_BACK,
    Reason.NOT_FIXED,
    Reason.REGRESSED,
    Reason.RECURRED,
    Reason.CHECK_FAILED,
)


async def recall(
    clients: Clients, store: Store, incident: Incident, policy_text: str | None, patch: Patch
) -> Standing | Stop:
    """What the past and the present say about this patch."""
    policy = granted(policy_text, Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy
    repo = clients.github.repository(incident.repository, incident.installation_id)
    bot = await clients.github.bot()
    opened = [pull for pull in await repo.open_pulls() if pull.user is not None and pull.user.login == bot]
    return await asyncio.to_thread(_standing, store, incident, policy, patch, len(opened))


def _standing(store: Store, incident: Incident, policy: Policy, patch: Patch, open_pulls: int) -> Standing:
    ledger, repository = store.ledger, incident.repository_id
    return Standing(
        pattern=ledger.track_record(repository, patch.pattern, BLAMED),
        trust=trust_in(store, repository, patch.category, policy),
        open_pulls=open_pulls,
        merges_today=ledger.merges_today(repository),
        attempts=ledger.fixes_of(incident),
        file_merged_at=ledger.file_merged_at(repository, patch.fix.path),
    )


def trust_in(store: Store, repository_id: int, category: str, policy: Policy) -> Trust:
    """What `category` has earned in the repository under its policy."""
    return trust(
        category,
        store.ledger.attempts(repository_id),
        start=policy.trust.start,
        earn=policy.trust.earn,
        since=store.ledger.pardoned_at(repository_id, category),
    )


async def keep(store: Store, case: CaseFile) -> None:
    """What is known so far is kept, for people who ask and for what comes after the end."""
    pull = case.pull.number if case.pull else None
    path = case.patch.fix.path if case.patch else None
    await asyncio.to_thread(store.keep_case, case.incident.id, dump_case(case), pull, path)
    if case.merged is not None:
        await asyncio.to_thread(store.note_merge, case.incident.id, case.merged.sha, case.merged.merged_at)


async def count(store: Store, case: CaseFile, outcome: Outcome) -> None:
    """The outcome counts for its category and pattern, if there was a patch; the incident itself has not ended."""
    if case.patch is not None:
        await asyncio.to_thread(_remember, store, case, case.patch, outcome)


async def learn(store: Store, case: CaseFile, outcome: Outcome) -> None:
    """The incident has ended with the outcome, which counts for its category and pattern."""
    await count(store, case, outcome)
    await asyncio.to_thread(store.end_incident, case.incident.id, outcome)


async def known(store: Store, incident: IncidentRow) -> CaseFile:
    """What is on record of the incident; little if it has no pull request yet, or if another version wrote it."""
    kept = await asyncio.to_thread(store.case_file, incident.id)
    bare = CaseFile(incident.identity, incident.opened_at)
    try:
        return bare if kept is None else load_case(kept)
    except ValueError:
        return bare


async def taken_back(store: Store, incident: IncidentRow) -> None:
    """The fix of the incident was taken back, or a person wants that: its category has lost what it had earned."""
    patch = (await known(store, incident)).patch
    await asyncio.to_thread(_take_back, store, incident, patch)


def _take_back(store: Store, incident: IncidentRow, patch: Patch | None) -> None:
    if incident.ended_at is None and patch is not None:  # still watched: what is marked must be on record
        stop = Stop(Stage.OBSERVE, Reason.STOPPED, "the fix was taken back")
        outcome = Outcome(Result.ESCALATED, stop.detail, stop, incident.pull_request)
        store.ledger.remember(incident.identity, patch.category, patch.pattern, outcome)
    store.ledger.reverted(incident.id)


def _remember(store: Store, case: CaseFile, patch: Patch, outcome: Outcome) -> None:
    held = case.armed.stop.reason if isinstance(case.armed, Held) else None
    proven = case.evidence is not None and held is Reason.NEEDS_REVIEW
    would_merge = proven and case.decision is not None and case.decision.would_merge
    store.ledger.remember(case.incident, patch.category, patch.pattern, outcome, would_merge=would_merge)
