"""Asks what else speaks for an event, as far as the policy wants to know, and lets the pure judgement decide."""

from __future__ import annotations

import time

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core.corroboration import Facts, corroborated
from app.core.model import CaseFile, Finding, Stage, Stop, given
from app.core.policy import granted

# GitHub turns a success inactive when the next deployment succeeds.
LIVE = frozenset({"success", "inactive"})


async def corroborate(clients: Clients, case: CaseFile, policy_text: str | None) -> Finding | Stop:
    """The finding with what confirms it; a Stop if too little does."""
    finding, cause = given(case.finding), given(case.cause)
    policy = granted(policy_text, Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy
    environment, deployed = policy.observe.environment, None
    if policy.intake.deployed and case.incident.vouched_by is None:
        repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
        deployed = await _was_live(repo, cause.deployed_sha, environment)
    facts = Facts(time.time(), environment, case.incident.vouched_by, deployed)
    return corroborated(policy.intake, finding, cause, facts)


async def _was_live(repo: RepositoryClient, sha: str, environment: str) -> bool:
    for deployment in await repo.rollouts.deployments(environment, sha=sha):
        if any(status.state in LIVE for status in await repo.rollouts.deployment_statuses(deployment.id)):
            return True
    return False
