"""Asks what else speaks for an event, as far as the policy wants to know, and lets the pure judgement decide."""

from __future__ import annotations

import time

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core.corroboration import Facts, corroborated, unmet
from app.core.model import CaseFile, Finding, Stage, Stop, given
from app.core.policy import POLICY_PATH, granted
from app.investigate.frames import map_frames
from app.investigate.mapping import culprit_exception

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


async def doubted(clients: Clients, case: CaseFile) -> str:
    """Why what production shows of the release may be made up; empty if enough speaks for it.

    Whoever knows the tracker's public key can send errors. So there must be traffic to hold them against, an event of
    the release itself whose lines are that release's own, and what the policy asks of an event.
    """
    finding, verdict, release = given(case.finding), case.verdict, case.release
    if release is None:
        return "the fix never reached production"
    if verdict is None or verdict.after.unit == "seconds":
        return "there is no traffic to hold the errors against"
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    policy = granted(await repo.text(POLICY_PATH), Stage.DECIDE)
    if isinstance(policy, Stop):
        return policy.detail
    newest = await clients.tracker(finding.source).read(finding.organization, finding.group)
    if newest is None or newest.release != release.version:
        return f"the newest event of the error is not one of {release.version}"
    tree = await repo.tree(release.sha)
    frames = await map_frames(repo, culprit_exception(newest.chain, tree.files).frames, tree)
    if isinstance(frames, Stop):
        return frames.detail
    return "; ".join(unmet(policy.intake, newest, time.time()))


async def _was_live(repo: RepositoryClient, sha: str, environment: str) -> bool:
    for deployment in await repo.rollouts.deployments(environment, sha=sha):
        if any(status.state in LIVE for status in await repo.rollouts.deployment_statuses(deployment.id)):
            return True
    return False
