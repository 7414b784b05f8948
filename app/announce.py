"""Announce: the people whom the policy names learn of a change outside of GitHub.

Here it is only put into the outbox, once for each change of an incident; `app.web.messenger` sends it.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from app.clients import Clients
from app.clients.pygithub import web_url
from app.core.calling import Notify
from app.core.errors import ClientError, PolicyError, StoreUnavailable
from app.core.model import CaseFile, Outcome
from app.core.notice import Notice, notice_of, recipients
from app.core.policy import POLICY_PATH, parse_policy
from app.settings import Settings
from app.store import Store
from app.store.outbox import NoticeState

log = structlog.get_logger(__name__)


async def announce(
    clients: Clients, store: Store, settings: Settings, case: CaseFile, outcome: Outcome | None = None
) -> None:
    """The change that the case has come to waits in the outbox. Whatever fails here stops nothing."""
    notice = notice_of(case, outcome, web_url(settings.github_url))
    if notice is None:
        return
    known = settings.notify_targets.keys()
    due, unknown = recipients(await _rules(clients, case), known, notice.severity, time.time())
    try:
        for one in due:
            await asyncio.to_thread(store.outbox.put, notice, one.target, one.at)
        for name in unknown:
            await _miss(store, notice, name)
    except StoreUnavailable as fault:
        log.error("a change could not be announced", incident=notice.incident, fault=str(fault))  # noqa: TRY400 - the type says it


async def _rules(clients: Clients, case: CaseFile) -> Notify | None:
    """What the policy of the default branch says now; None if it says nothing, or cannot be read."""
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    try:
        text = await repo.text(POLICY_PATH)
        return parse_policy((text or "").encode("utf-8", errors="surrogateescape")).notify
    except (ClientError, PolicyError):
        return None


async def _miss(store: Store, notice: Notice, name: str) -> None:
    """It is on record that the policy names a target that this server does not have."""
    log.warning(
        "the policy names a target that this server does not know", target=name, incident=notice.incident
    )
    await asyncio.to_thread(store.outbox.put, notice, name, time.time(), NoticeState.UNKNOWN)
