"""The repository of an incident, by its number: a name may lead to another repository tomorrow."""

from __future__ import annotations

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.core.errors import Moved
from app.core.model import CaseFile, Reason, Stage, Stop


async def home(clients: Clients, case: CaseFile) -> RepositoryClient | Stop:
    """The repository that the incident was found in; a Stop if its name leads elsewhere by now."""
    incident = case.incident
    repo = clients.github.repository(incident.repository, incident.installation_id)
    try:
        facts = await repo.facts()
    except Moved:
        return _moved(f"`{incident.repository}` was renamed or transferred while the incident was on its way")
    if facts.id != incident.repository_id:
        return _moved(f"`{incident.repository}` is the name of another repository now")
    return repo


def _moved(detail: str) -> Stop:
    return Stop(Stage.MERGE, Reason.MOVED, detail)
