"""Who may deliver: one function for each sender, which lets a delivery in under a name of its own or turns it away.

Names of trackers' deliveries hold a dot, GitHub's never do: no header can make one of the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

from pydantic import SecretStr

from app.settings import Settings
from app.web.signature import is_secret, is_signed, is_signed_plainly

# How far a sender's clock may be from ours, and how late a delivery may come.
SENTRY_WINDOW_SECONDS: Final = 600.0
MAX_HEADER_LENGTH: Final = 64
SECRET_HEADER: Final = "X-Autofix-Secret"  # noqa: S105 - its name, not its value
_EVENT = re.compile(r"[a-z_]{1,64}")
_RESOURCE = re.compile(r"[a-z_]{1,40}")
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,50}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery that may come in: the id that makes it one however often it comes, and what it is about."""

    guid: str
    event: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why a delivery may not come in."""

    status: HTTPStatus
    text: str


Door: TypeAlias = Callable[[Mapping[str, str], bytes, Settings, float], Letter | TurnedAway]


def github(headers: Mapping[str, str], body: bytes, settings: Settings, _now: float) -> Letter | TurnedAway:
    """GitHub's own signature over the raw bytes."""
    secret = settings.webhook_secret.get_secret_value()
    if not is_signed(body, headers.get("X-Hub-Signature-256"), secret):
        return TurnedAway(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong")
    guid, event = headers.get("X-GitHub-Delivery", ""), headers.get("X-GitHub-Event", "")
    if not _plain(guid) or not _EVENT.fullmatch(event):
        return TurnedAway(HTTPStatus.BAD_REQUEST, "X-GitHub-Delivery and X-GitHub-Event are needed")
    return Letter(guid, event)


def sentry(headers: Mapping[str, str], body: bytes, settings: Settings, now: float) -> Letter | TurnedAway:
    """The signature of a Sentry integration over the raw bytes, and a time that is not long ago.

    The time is not signed, so it only keeps out what is replayed as it was; the body's digest keeps out the rest.
    """
    secret = _given(settings.sentry_webhook_secret)
    if secret is None or not is_signed_plainly(body, headers.get("Sentry-Hook-Signature"), secret):
        return TurnedAway(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong")
    at = headers.get("Sentry-Hook-Timestamp", "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or abs(now - int(at)) > SENTRY_WINDOW_SECONDS:  # noqa: PLR2004
        return TurnedAway(HTTPStatus.UNAUTHORIZED, "Sentry-Hook-Timestamp is missing, or too far from now")
    request, resource = headers.get("Request-ID", ""), headers.get("Sentry-Hook-Resource", "")
    if not _REQUEST_ID.fullmatch(request) or not _RESOURCE.fullmatch(resource):
        return TurnedAway(HTTPStatus.BAD_REQUEST, "Request-ID and Sentry-Hook-Resource are needed")
    return Letter(f"sentry:{request}", f"sentry.{resource}")


def datadog(headers: Mapping[str, str], body: bytes, settings: Settings, _now: float) -> Letter | TurnedAway:
    """The secret header that our template sends: Datadog signs nothing."""
    secret = _given(settings.datadog_webhook_secret)
    if secret is None or not is_secret(headers.get(SECRET_HEADER), secret):
        return TurnedAway(HTTPStatus.UNAUTHORIZED, f"{SECRET_HEADER} is missing or wrong")
    return Letter(f"datadog:{_cycle(body)}", "datadog.monitor")


def _cycle(body: bytes) -> str:
    """The same for every delivery of one alarm's transition, if the body says which; else of the same body."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    known = read if isinstance(read, dict) else {}
    named = [known.get(name) for name in ("monitor_id", "cycle", "transition")]
    # Datadog leaves the name of a variable that it does not know.
    if all(isinstance(one, str) and one and not one.startswith("$") for one in named):
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:40]
    return hashlib.sha256(body).hexdigest()[:40]


def _given(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _plain(header: str) -> bool:
    return (
        0 < len(header) <= MAX_HEADER_LENGTH
        and header.isascii()
        and header.isprintable()
        and ":" not in header
    )


DOORS: Final[Mapping[str, Door]] = {
    "/webhooks/github": github,
    "/webhooks/sentry": sentry,
    "/webhooks/datadog": datadog,
}


def open_doors(settings: Settings) -> dict[str, Door]:
    """The paths that take deliveries: a tracker's only if its secret is set."""
    shut = {
        "/webhooks/sentry": settings.sentry_webhook_secret is None,
        "/webhooks/datadog": settings.datadog_webhook_secret is None,
    }
    return {path: door for path, door in DOORS.items() if not shut.get(path, False)}
