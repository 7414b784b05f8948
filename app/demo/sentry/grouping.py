"""Which group an error event belongs to, and how Sentry would title it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

TITLE_LENGTH: Final = 100
DEFAULT: Final = frozenset({"{{ default }}", "{{default}}"})
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Event = Mapping[str, Any]


def fingerprint(event: Event) -> str:
    """The hash of what makes two events the same: their own fingerprint, or exceptions and in-app calls.

    Line numbers, messages and values do not count, so a moved line or another customer opens no new group.
    """
    parts: list[str] = []
    custom = event.get("fingerprint")
    for part in custom if isinstance(custom, list) and custom else ["{{ default }}"]:
        parts += _default(event) if str(part) in DEFAULT else [str(part)]
    return hashlib.sha1("\0".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def exceptions(event: Event) -> list[dict[str, Any]]:
    """The event's exceptions, root first."""
    found = event.get("exception")
    values = found.get("values") if isinstance(found, Mapping) else found
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def frames(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The frames of an exception or of an event, oldest first."""
    stack = holder.get("stacktrace")
    found = stack.get("frames") if isinstance(stack, Mapping) else None
    return [frame for frame in found if isinstance(frame, dict)] if isinstance(found, list) else []


def in_app(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The application's own frames, or all of them if it has none."""
    return [frame for frame in found if frame.get("in_app") is not False] or list(found)


def message(event: Event) -> str:
    """The text of an event that reports no exception."""
    for key in ("logentry", "message"):
        entry = event.get(key)
        if isinstance(entry, Mapping):
            entry = entry.get("formatted") or entry.get("message")
        if entry:
            return str(entry)
    return ""


def title(event: Event) -> str:
    """`Type: first line of the value`, the value cut as Sentry cuts it."""
    values = exceptions(event)
    if not values:
        return _first_line(message(event)) or "<unlabeled event>"
    kind, value = str(values[-1].get("type") or "Error"), _first_line(str(values[-1].get("value") or ""))
    return f"{kind}: {value}" if value else kind


def metadata(event: Event) -> dict[str, Any]:
    """What Sentry shows under the title: the outermost exception and where it was raised."""
    values = exceptions(event)
    if not values:
        return {"title": title(event)}
    last = values[-1]
    all_frames = frames(last)
    own = [frame for frame in all_frames if frame.get("in_app")]
    top = (own or all_frames or [{}])[-1]
    mix = "in-app-only" if len(own) == len(all_frames) else "mixed" if own else "system-only"
    return {
        "type": last.get("type"),
        "value": str(last.get("value") or ""),
        "filename": top.get("filename"),
        "function": top.get("function"),
        "in_app_frame_mix": mix,
    }


def culprit(event: Event) -> str:
    """The transaction, or the module and function that raised."""
    if event.get("transaction"):
        return str(event["transaction"])
    values = exceptions(event)
    own = in_app(frames(values[-1])) if values else []
    if not own:
        return ""
    return f"{own[-1].get('module') or own[-1].get('filename')} in {own[-1].get('function')}"


def short_id(project: str, number: int) -> str:
    """The project's name and a number in base 32 without I, L, O and U, so that people can read it out."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_CROCKFORD))
        digits = _CROCKFORD[digit] + digits
    return f"{project.upper()}-{digits}"


def _default(event: Event) -> list[str]:
    values = exceptions(event)
    if not values:
        entry = event.get("logentry")
        template = entry.get("message") if isinstance(entry, Mapping) else None
        calls = in_app(frames(event))
        return ["message", str(template or message(event)), *(_call(frame) for frame in calls)]
    parts: list[str] = []
    for value in values:
        calls = in_app(frames(value))
        parts.append(str(value.get("type")))
        # Without a stack the value is all there is to tell two failures apart.
        parts += [_call(frame) for frame in calls] or [str(value.get("value"))]
    return parts


def _call(frame: Mapping[str, Any]) -> str:
    return f"{frame.get('module') or frame.get('filename')}.{frame.get('function')}"


def _first_line(text: str) -> str:
    lines = text.splitlines()
    return lines[0][:TITLE_LENGTH] if lines else ""
