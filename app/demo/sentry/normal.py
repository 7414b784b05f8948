"""Brings an event into order before it is kept, as Sentry does: values of a wrong type are dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_EVENT: Final = {
    **dict.fromkeys(("event_id", "platform", "level", "release", "environment", "dist"), str),
    **dict.fromkeys(("transaction", "server_name"), str),
    **dict.fromkeys(("user", "contexts", "sdk", "extra", "modules", "request", "_meta"), dict),
    "fingerprint": list,
}
_EXCEPTION: Final = {"type": str, "module": str, "mechanism": dict}
_FRAME: Final = {
    **dict.fromkeys(("filename", "abs_path", "module", "function", "context_line"), str),
    **dict.fromkeys(("lineno", "colno"), int),
    **dict.fromkeys(("pre_context", "post_context"), list),
    "vars": dict,
    "in_app": bool,
}


def normalised(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The event with known fields of their documented types, exceptions under `values`, tags as a mapping."""
    event = _typed(raw, _EVENT)
    for key in ("message", "logentry"):
        if not isinstance(event.get(key), str):
            event[key] = _typed(event.get(key), {"message": str, "formatted": str})
    for key, value in (
        ("tags", _tags(raw.get("tags"))),
        ("exception", {"values": [_exception(value) for value in _values(raw.get("exception"))]}),
        ("breadcrumbs", {"values": _values(raw.get("breadcrumbs"))}),
        ("stacktrace", _stacktrace(raw.get("stacktrace"))),
    ):
        event[key] = value
    return {key: value for key, value in event.items() if value not in (None, {}, {"values": []})}


def _typed(value: object, types: Mapping[str, type]) -> dict[str, Any]:
    """The entries whose type is the documented one; true is no number."""
    if not isinstance(value, Mapping):
        return {}
    return {key: item for key, item in value.items() if key not in types or type(item) is types[key]}


def _values(holder: object) -> list[dict[str, Any]]:
    """The objects in a list, or in the `values` of an object."""
    values = holder.get("values") if isinstance(holder, Mapping) else holder
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    exception = _typed(value, _EXCEPTION)
    said = value.get("value")
    exception["value"] = str(said) if isinstance(said, str | int | float) else None
    exception["stacktrace"] = _stacktrace(value.get("stacktrace"))
    return exception


def _stacktrace(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    frames = [_typed(frame, _FRAME) for frame in _values(value.get("frames"))]
    return {**value, "frames": frames} if frames else None


def _tags(tags: object) -> dict[str, str]:
    if isinstance(tags, Mapping):
        tags = list(tags.items())
    pairs = [tag for tag in tags if isinstance(tag, list | tuple)] if isinstance(tags, list) else []
    return {str(tag[0]): str(tag[1]) for tag in pairs if len(tag) == 2 and tag[1] is not None}  # noqa: PLR2004 - pairs
