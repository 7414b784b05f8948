"""An error event as the REST API shows it, from the event as the SDK sent it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.demo.sentry import grouping
from app.demo.sentry.groups import Event, Group
from app.demo.sentry.times import iso

Raw = Mapping[str, Any]

# What the API names in every frame and Python's SDK never sends.
_UNSET = (
    *("package", "platform", "instructionAddr", "symbolAddr", "rawFunction", "symbol"),
    *("parentIndex", "sampleCount", "trust", "errors", "lock", "sourceLink"),
)


def event_json(
    event: Event, group: Group, project_id: int, release: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The whole event; `release` is its release in the API's shape."""
    raw = event.raw
    kept = [kept.id for kept in group.events]
    position = kept.index(event.id) if event.id in kept else 0
    return {
        "id": event.id,
        "groupID": group.id,
        "eventID": event.id,
        "projectID": str(project_id),
        "size": len(json.dumps(raw)),
        "entries": entries(raw),
        "dist": raw.get("dist"),
        "message": grouping.message(raw),
        "title": grouping.title(raw),
        "culprit": grouping.culprit(raw),
        "location": grouping.metadata(raw).get("filename"),
        "metadata": grouping.metadata(raw),
        "user": raw.get("user"),
        "contexts": _contexts(raw),
        "sdk": {key: _mapping(raw.get("sdk")).get(key) for key in ("name", "version")},
        "context": raw.get("extra") or {},
        "packages": raw.get("modules") or {},
        "type": "error" if grouping.exceptions(raw) else "default",
        "platform": group.platform,
        "tags": [{"key": key, "value": value} for key, value in sorted(tags(event).items())],
        "errors": [],
        "crashFile": None,
        "dateCreated": iso(event.at),
        "dateReceived": iso(event.at),
        "fingerprints": [group.fingerprint],
        "groupingConfig": {"id": "newstyle:2026-01-20"},
        "release": release,
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "nextEventID": kept[position + 1] if position + 1 < len(kept) else None,
        "previousEventID": kept[position - 1] if position > 0 else None,
        "occurrence": None,
        "_meta": raw.get("_meta") or {},
    }


def event_summary(event: Event, group: Group, project_id: int) -> dict[str, Any]:
    """The event as a list shows it unless `full=true` is asked for."""
    return {
        "id": event.id,
        "event.type": "error",
        "groupID": group.id,
        "eventID": event.id,
        "projectID": str(project_id),
        "message": grouping.message(event.raw),
        "title": grouping.title(event.raw),
        "location": grouping.metadata(event.raw).get("filename"),
        "culprit": grouping.culprit(event.raw),
        "user": event.raw.get("user"),
        "tags": [{"key": key, "value": value} for key, value in sorted(tags(event).items())],
        "platform": group.platform,
        "dateCreated": iso(event.at),
        "crashFile": None,
        "metadata": grouping.metadata(event.raw),
    }


def tags(event: Event) -> dict[str, str]:
    """The tags that were set, and those that Sentry makes of other fields."""
    raw = event.raw
    runtime = _mapping(_mapping(raw.get("contexts")).get("runtime"))
    found: dict[str, Any] = {
        **_mapping(raw.get("tags")),
        "environment": event.environment,
        "release": event.release,
        "level": raw.get("level"),
        "server_name": raw.get("server_name"),
        "transaction": raw.get("transaction"),
        "url": _mapping(raw.get("request")).get("url"),
        "runtime": f"{runtime.get('name')} {runtime.get('version')}" if runtime else None,
    }
    mechanism = _mapping((grouping.exceptions(raw) or [{}])[-1].get("mechanism"))
    if mechanism:
        handled = mechanism.get("handled")
        found["handled"] = None if handled is None else "yes" if handled else "no"
        found["mechanism"] = mechanism.get("type")
    return {key: str(value) for key, value in found.items() if value}


def entries(raw: Raw) -> list[dict[str, Any]]:
    """The event's parts in the API's spelling."""
    found: list[dict[str, Any]] = []
    values = [_exception(value) for value in grouping.exceptions(raw)]
    if values:
        system = any(value["stacktrace"] and value["stacktrace"]["hasSystemFrames"] for value in values)
        found.append(
            {"type": "exception", "data": {"values": values, "excOmitted": None, "hasSystemFrames": system}}
        )
    if raw.get("stacktrace"):
        found.append({"type": "stacktrace", "data": _stacktrace(raw)})
    if grouping.message(raw):
        found.append({"type": "message", "data": {"formatted": grouping.message(raw)}})
    crumbs = _mapping(raw.get("breadcrumbs")).get("values") or []
    if crumbs:
        found.append({"type": "breadcrumbs", "data": {"values": [_crumb(crumb) for crumb in crumbs]}})
    if raw.get("request"):
        found.append({"type": "request", "data": _request(_mapping(raw["request"]))})
    return found


def _exception(value: Raw) -> dict[str, Any]:
    return {
        "type": value.get("type"),
        "value": value.get("value"),
        "mechanism": value.get("mechanism"),
        "threadId": None,
        "module": value.get("module"),
        "stacktrace": _stacktrace(value),
        "rawStacktrace": None,
        "rawValue": None,
        "rawModule": None,
        "rawType": None,
    }


def _stacktrace(holder: Raw) -> dict[str, Any] | None:
    if not holder.get("stacktrace"):
        return None
    found = [_frame(frame) for frame in grouping.frames(holder)]
    system = any(frame["inApp"] for frame in found)
    return {"frames": found, "framesOmitted": None, "registers": None, "hasSystemFrames": system}


def _frame(frame: Raw) -> dict[str, Any]:
    return {
        "filename": frame.get("filename"),
        "absPath": frame.get("abs_path"),
        "module": frame.get("module"),
        "function": frame.get("function"),
        "context": _context(frame),
        "lineNo": frame.get("lineno"),
        "colNo": frame.get("colno"),
        "inApp": frame.get("in_app"),
        "vars": frame.get("vars"),
        **dict.fromkeys(_UNSET),
    }


def _context(frame: Raw) -> list[list[Any]]:
    before, line = frame.get("pre_context") or [], frame.get("lineno")
    if frame.get("context_line") is None or not isinstance(line, int):
        return []
    lines = [*before, frame["context_line"], *(frame.get("post_context") or [])]
    return [[number, text] for number, text in enumerate(lines, line - len(before))]


def _crumb(crumb: Raw) -> dict[str, Any]:
    return {
        "type": crumb.get("type", "default"),
        "timestamp": crumb.get("timestamp"),
        "level": crumb.get("level", "info"),
        "message": crumb.get("message"),
        "category": crumb.get("category"),
        "data": crumb.get("data") or None,
        "event_id": None,
    }


def _request(request: Raw) -> dict[str, Any]:
    query = request.get("query_string") or ""
    return {
        "fragment": None,
        "cookies": [],
        "inferredContentType": None,
        "env": request.get("env"),
        "headers": [[key, value] for key, value in _mapping(request.get("headers")).items()],
        "url": request.get("url"),
        "query": [list(pair) for pair in parse_qsl(str(query), keep_blank_values=True)],
        "data": request.get("data"),
        "method": request.get("method"),
        "apiTarget": None,
    }


def _contexts(raw: Raw) -> dict[str, Any]:
    known = ("trace", "runtime", "os")
    contexts = _mapping(raw.get("contexts"))
    return {
        key: {**_mapping(item), "type": key if key in known else "default"} for key, item in contexts.items()
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
