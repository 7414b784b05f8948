"""Proposals that wait for people are looked at now and then, because the webhook of their merge may get lost."""

from __future__ import annotations

import asyncio

import structlog

from app.clients import Clients
from app.core.errors import ClientError
from app.store import Store
from app.web.handling import settle_pull

log = structlog.get_logger(__name__)

# People take their time; a look costs one request for each proposal.
LOOKS_APART = 10


class Proposals:
    """Looks at what waits."""

    name = "proposals"

    def __init__(self, clients: Clients, store: Store) -> None:
        self._clients, self._store = clients, store

    async def look(self) -> None:
        """What people did since the last look is on record."""
        for identity in await asyncio.to_thread(self._store.ledger.unanswered):
            row = await asyncio.to_thread(self._store.incident, identity)
            if row is None:
                continue
            try:
                for note in await settle_pull(self._clients, self._store, row):
                    log.info("a webhook was lost", found=note)
            except ClientError as fault:
                log.warning("a proposal cannot be looked at", incident=identity, fault=str(fault))
