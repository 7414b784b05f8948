"""Reads the breadcrumbs of a Sentry event, in the REST API's shape or the SDK's. All is data, and sizes are bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from app.core.model import Breadcrumb
from app.core.sentry_event import clean, utc_time

MOST: Final = 20
LONGEST: Final = 300
_WORD: Final = 60
# Never more of a request than this: queries, headers and bodies hold what nobody should read here.
_SHOWN: Final = ("method", "status_code", "reason")


def breadcrumbs(event: Mapping[str, object]) -> tuple[Breadcrumb, ...]:
    """The newest breadcrumbs before the failure, oldest first."""
    values = _values(event)
    found = [_crumb(value) for value in values[-MOST:] if isinstance(value, Mapping)]
    return tuple(crumb for crumb in found if crumb.text or crumb.category)


def _values(event: Mapping[str, object]) -> list[object]:
    holders: list[object] = [event.get("breadcrumbs")]
    entries = event.get("entries")
    if isinstance(entries, list):
        holders += [
            entry.get("data")
            for entry in entries
            if isinstance(entry, Mapping) and entry.get("type") == "breadcrumbs"
        ]
    for holder in holders:
        values = holder.get("values") if isinstance(holder, Mapping) else holder
        if isinstance(values, list) and values:
            return values
    return []


def _crumb(value: Mapping[str, object]) -> Breadcrumb:
    data = value.get("data")
    parts = [_word(value.get("message"), LONGEST), *(_request(data) if isinstance(data, Mapping) else ())]
    return Breadcrumb(
        utc_time(value.get("timestamp")),
        _word(value.get("category")) or _word(value.get("type")),
        _word(value.get("level")),
        clean(" ".join(part for part in parts if part), LONGEST),
    )


def _request(data: Mapping[str, object]) -> list[str]:
    words = [_word(data.get(name)) for name in _SHOWN]
    return [words[0], _address(data.get("url")), *words[1:]]


def _address(value: object) -> str:
    """An address without its query, its fragment, and who asked."""
    if not isinstance(value, str):
        return ""
    try:
        parts = urlsplit(value[:2_000])
        host = parts.hostname or ""
    except ValueError:
        return ""
    return clean(f"{parts.scheme}://{host}{parts.path}" if host else parts.path, LONGEST)


def _word(value: object, limit: int = _WORD) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return clean(str(value), limit)
