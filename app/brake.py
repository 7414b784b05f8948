"""Brake: what stops an incident at once, looked at before every step, on the default branch as it is now.

A person pauses with the policy (`enabled: false`), with `/autofix pause`, or for every repository with
`autofix pause`. Each is seen within one step or one look of a wait.
"""

from __future__ import annotations

import asyncio
import time

from app.clients import Clients
from app.core.model import Action, Armed, CaseFile, Reason, Stage, Stop
from app.core.policy import POLICY_PATH, Policy, granted
from app.store import Store

_BEFORE_DECIDE = {Stage.DETECT, Stage.INVESTIGATE, Stage.DECIDE}


async def brake(clients: Clients, store: Store, case: CaseFile, stage: Stage) -> Stop | None:
    """Why the incident must not go on; None if it may."""
    incident = case.incident
    by = await asyncio.to_thread(store.ledger.paused_by, incident.repository_id)
    if by is not None:
        return Stop(stage, Reason.PAUSED, f"paused by {by}")
    repo = clients.github.repository(incident.repository, incident.installation_id)
    policy = granted(await repo.text(POLICY_PATH), stage)
    if isinstance(policy, Stop):
        # A missing or wrong policy is told by `decide`, once it is known whose anomaly this is.
        return policy if policy.reason is Reason.PAUSED or stage not in _BEFORE_DECIDE else None
    return _withdrawn(policy, case, stage, time.time())


def _withdrawn(policy: Policy, case: CaseFile, stage: Stage, now: float) -> Stop | None:
    """Why an armed fix may no longer merge by itself, though nothing else is stopped."""
    waits = isinstance(case.armed, Armed) and case.merged is None and case.approved_by is None
    if not waits or case.patch is None:
        return None
    closed = policy.closed(now)
    if closed is not None:
        return Stop(stage, Reason.NEEDS_REVIEW, closed)
    action = policy.action(case.patch.category)
    if policy.shadow or not action.allows(Action.AUTOMERGE):
        why = f"the policy now sets {case.patch.category} to {action}{' in shadow mode' if policy.shadow else ''}"
        return Stop(stage, Reason.NEEDS_REVIEW, why)
    return None
