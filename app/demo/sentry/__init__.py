"""A stand-in for Sentry on loopback: it takes real SDK envelopes and answers the REST calls of Autofix."""

from __future__ import annotations

from app.demo.sentry.gate import ApiCall, Faults
from app.demo.sentry.server import SELF_HOSTED, Alert, SentryStandIn

__all__ = ["SELF_HOSTED", "Alert", "ApiCall", "Faults", "SentryStandIn"]
