"""Moments as Sentry writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at: float) -> str:
    """Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def iso_or_none(at: float | None) -> str | None:
    """The same, for what may not have happened."""
    return None if at is None else iso(at)
