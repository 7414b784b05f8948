"""Chats, mails and pagers, through Apprise: https://appriseit.com/services lists what it can address.

A message goes to the addresses of the server's settings and nowhere else: no redirect is followed. An address is a
secret, so nothing that is logged or shown holds one.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from app.core.calling import Severity
from app.core.errors import AutofixError
from app.core.markdown import visible
from app.core.scrub import scrub_text
from app.settings import THIS_MACHINE

if TYPE_CHECKING:
    import apprise

CONNECT_SECONDS: Final = 5.0
# For one address, throttling included. The receiver may have taken a message whose answer comes later than that.
ANSWER_SECONDS: Final = 15.0
CALL_SECONDS: Final = 60.0
# Apprise's own formats for any receiver: these travel unencrypted, and the ones with an `s` behind them do not.
_UNENCRYPTED = {"json", "xml", "form"}
_SHORTEST_SECRET = 4
_LONGEST_NOTE = 300


class BadTarget(AutofixError):
    """A target cannot be used; the text says which and why, and holds no address."""


class Sent(StrEnum):
    """What became of a message. UNSURE ones may have arrived, so they are not sent again."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, and why, in words that hold no secret."""

    sent: Sent
    note: str = ""


class Notifier:
    """The targets of this server, by name."""

    def __init__(
        self, targets: Mapping[str, Sequence[str]], *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Every address is understood.

        Raises:
            BadTarget: if one is not, or if Apprise is not installed.
        """
        self._targets = {
            name: _service(name, addresses, answer_seconds) for name, addresses in targets.items()
        }
        self._addresses = {name: tuple(addresses) for name, addresses in targets.items()}

    @property
    def names(self) -> frozenset[str]:
        """The targets that there are."""
        return frozenset(self._targets)

    async def send(self, target: str, title: str, text: str, severity: Severity) -> Receipt:
        """The message was sent to every address of the target; `title` and `text` are shown as they are.

        A target of several addresses counts as reached if one of them was, because the others alone cannot be tried
        again.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await asyncio.to_thread(self._send, target, title, text, severity)
        except TimeoutError:
            return Receipt(Sent.UNSURE, f"no answer within {CALL_SECONDS:.0f} seconds")

    def _send(self, target: str, title: str, text: str, severity: Severity) -> Receipt:
        from apprise import AppriseResultStatus, NotifyFormat, NotifyType  # noqa: PLC0415 - see `_service`

        kind = {
            Severity.INFO: NotifyType.INFO,
            Severity.WARNING: NotifyType.WARNING,
            Severity.URGENT: NotifyType.FAILURE,
        }[severity]
        result = self._targets[target].notify(
            body=text, title=title, notify_type=kind, body_format=NotifyFormat.TEXT
        )
        note = self._without_secrets(target, "; ".join(entry.message for entry in result.logs()))
        statuses = {one.status for one in result.results}
        if AppriseResultStatus.SUCCESS in statuses:
            return Receipt(Sent.DELIVERED, note)
        if AppriseResultStatus.TIMEOUT in statuses:
            return Receipt(Sent.UNSURE, note or "no answer in time")
        return Receipt(Sent.FAILED, note or "Apprise could not send it")

    def _without_secrets(self, target: str, note: str) -> str:
        """`note` without any part of the target's addresses, their hosts included."""
        parts = {
            part
            for address in self._addresses[target]
            for form in (address, unquote(address))
            for part in re.split(r"[/@:?&=#,+\s]+", form)[1:]
            if len(part) >= _SHORTEST_SECRET
        }
        for part in sorted(parts, key=len, reverse=True):
            note = note.replace(part, "…")
        return " ".join(visible(scrub_text(note)).split())[:_LONGEST_NOTE]


def _service(name: str, addresses: Sequence[str], answer_seconds: float) -> apprise.Apprise:
    # Imported where it is needed: it is optional, and slow to import.
    try:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415
    except ImportError as fault:
        raise BadTarget("AUTOFIX_NOTIFY_TARGETS needs Apprise: pip install 'autofix-app[notify]'") from fault
    _hush()
    asset = AppriseAsset(
        app_id="Autofix",
        app_desc="Autofix",
        app_url="",
        async_mode=False,
        http_redirects=False,
        image_url_mask="",
        image_url_logo="",
        interpret_emojis=False,
        interpret_escapes=False,
        service_timeout=answer_seconds,
        storage_mode="memory",
    )
    service = Apprise(asset=asset)
    for number, address in enumerate(addresses, 1):
        try:
            parts = urlsplit(address)
        except ValueError as fault:
            raise BadTarget(f"target {name}, address {number}: it is no address") from fault
        if parts.scheme in _UNENCRYPTED and parts.hostname not in THIS_MACHINE:
            raise BadTarget(
                f"target {name}, address {number}: {parts.scheme}:// is not encrypted; use {parts.scheme}s://"
            )
        if not service.add(address):
            raise BadTarget(
                f"target {name}, address {number}: Apprise does not understand {parts.scheme}://..."
            )
    for one in service:
        one.redirects = False
        one.socket_connect_timeout = CONNECT_SECONDS
        # Longer than we wait, so that a late answer is never taken for a failure, and the message sent twice.
        one.socket_read_timeout = 2 * answer_seconds
    return service


def _hush() -> None:
    """Apprise's own log is not shown: it may hold addresses. What matters of it is in the receipts."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
