"""The proof of a pull request of ours: our check on our head, for as long as both still count."""

from __future__ import annotations

from app.clients import Clients
from app.core.model import CaseFile, Evidence, Stop
from app.merge import overtaken
from app.verify.check import verified


async def proven(clients: Clients, case: CaseFile) -> Evidence | Stop | None:
    """The proof on our head; a Stop if there can be none, or if the base has moved on; None while it is made."""
    return await overtaken(clients, case) or await verified(clients, case)
