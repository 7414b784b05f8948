"""Is this delivery from GitHub? HMAC-SHA256 over the raw bytes, and nothing else counts.

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
