"""Is this delivery genuine? HMAC-SHA256 over the raw bytes, and for GitHub nothing else counts.

The legacy SHA-1 header is never looked at. See
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
"""

from __future__ import annotations

import hashlib
import hmac

PREFIX = b"sha256="


def is_signed(body: bytes, header: str | None, secret: str) -> bool:
    """True if `header` is the `X-Hub-Signature-256` of exactly `body`; compared in constant time, as bytes."""
    if header is None:
        return False
    given = header.encode("utf-8", "surrogateescape")
    expected = PREFIX + hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest().encode("ascii")
    return hmac.compare_digest(given, expected)


def is_signed_plainly(body: bytes, header: str | None, secret: str) -> bool:
    """True if `header` is the HMAC of exactly `body` as Sentry writes it: hexadecimal, without a prefix."""
    if header is None:
        return False
    expected = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest().encode("ascii")
    return hmac.compare_digest(header.encode("utf-8", "surrogateescape"), expected)


def is_secret(header: str | None, secret: str) -> bool:
    """True if `header` is the secret; compared in constant time, also for another length."""
    if header is None:
        return False
    given, expected = header.encode("utf-8", "surrogateescape"), secret.encode("utf-8")
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())
