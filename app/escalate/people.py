"""Whom to call, asked of GitHub: who owns the file, who has access, who is assigned already."""

from __future__ import annotations

import structlog

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core.calling import Escalation
from app.core.code_owners import Owner, owners_of
from app.core.commands import role_of
from app.core.errors import ClientError, PolicyError
from app.core.model import CaseFile
from app.core.people import Called, Candidate, candidates, may_be_called, room
from app.core.policy import POLICY_PATH, parse_policy

log = structlog.get_logger(__name__)


async def call(clients: Clients, case: CaseFile) -> tuple[Called, ...]:
    """Who is called now. Assigning is tried: what GitHub refuses is logged, and the incident goes on without it.

    Where no valid policy allows it, nobody is called.
    """
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    try:
        rules = await _rules(repo)
        if rules is None:
            return ()
        present = await repo.people.assigned(case.incident.issue)
        left = room(rules, present)
        if not left:
            return ()
        chosen = await _with_access(repo, await _candidates(repo, case, rules, present), left)
    except ClientError as fault:
        log.warning("nobody could be called", incident=case.incident.id, fault=str(fault))
        return ()
    assigned = await _assign(repo, case, chosen) if rules.assign else frozenset()
    return tuple(
        Called(one.name, one.why, assigned=one.name.lower() in assigned, mentioned=rules.mention)
        for one in chosen
        if rules.mention or one.name.lower() in assigned
    )


async def _rules(repo: RepositoryClient) -> Escalation | None:
    """What the policy of the default branch says; None if there is no valid one."""
    text = await repo.text(POLICY_PATH)
    if text is None:
        return None
    try:
        return parse_policy(text.encode("utf-8", errors="surrogateescape")).escalation
    except PolicyError:
        return None


async def _candidates(
    repo: RepositoryClient, case: CaseFile, rules: Escalation, present: tuple[str, ...]
) -> tuple[Candidate, ...]:
    cause = case.cause
    owners: tuple[Owner, ...] = ()
    if rules.code_owners and cause is not None:
        text = await repo.people.code_owners(cause.base_sha)
        owners = () if text is None else owners_of(text, cause.path)
    organization = case.incident.repository.partition("/")[0]
    return candidates(rules, organization, cause.suspect if cause else None, owners, present)


async def _with_access(
    repo: RepositoryClient, named: tuple[Candidate, ...], most: int
) -> tuple[Candidate, ...]:
    """The first `most` who may change the repository. GitHub itself keeps a mention from teams without access."""
    chosen: list[Candidate] = []
    for one in named:
        if len(chosen) == most:
            break
        if one.is_team or await _has_access(repo, one.name):
            chosen.append(one)
    return tuple(chosen)


async def _has_access(repo: RepositoryClient, login: str) -> bool:
    found = await repo.permission(login)
    if found is None or found.user is None:
        return False
    return may_be_called(found.user.type, role_of(found.permission, found.role_name))


async def _assign(repo: RepositoryClient, case: CaseFile, chosen: tuple[Candidate, ...]) -> frozenset[str]:
    """The logins, in small letters, of those who are assigned now."""
    logins = [one.name for one in chosen if not one.is_team]
    if not logins:
        return frozenset()
    try:
        assigned = await repo.people.assign(case.incident.issue, logins)
    except ClientError as fault:
        log.warning("nobody could be assigned", incident=case.incident.id, fault=str(fault))
        return frozenset()
    return frozenset(login.lower() for login in assigned)
