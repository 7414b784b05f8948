"""Learn: how each pattern's fixes ended, per repository. Trust is earned and lost here."""

from __future__ import annotations

import asyncio

from app.core.model import CaseFile, Incident, Outcome, Patch, Reason, TrackRecord
from app.store import Store

# Ends that speak against the pattern, not against the circumstances.
BLAMED = (Reason.ROLLED_BACK, Reason.NOT_FIXED, Reason.CHECK_FAILED)


async def recall(store: Store, incident: Incident, patch: Patch) -> TrackRecord:
    """How the pattern of `patch` has done in this repository so far."""
    return await asyncio.to_thread(store.track_record, incident.repository_id, patch.pattern, BLAMED)


async def learn(store: Store, case: CaseFile, outcome: Outcome) -> None:
    """The outcome is on record: for the incident, and for the pattern if there was a patch."""
    if case.patch is not None:
        await asyncio.to_thread(
            store.remember, case.incident, case.patch.category, case.patch.pattern, outcome
        )
    await asyncio.to_thread(store.end_incident, case.incident.id, outcome)
