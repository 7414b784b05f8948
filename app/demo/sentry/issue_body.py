"""The body that Sentry's GitHub integration gives an issue, rendered from an event as the SDK sent it.

The forms: created by an alert rule, created by hand, about a performance problem. They hold no release, no
environment and no locals; whoever wants those has to ask Sentry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.demo.sentry.grouping import exceptions, frames, in_app, message

EXCEPTION_FRAMES: Final = 5
STACKTRACE_FRAMES: Final = 10
EVIDENCE_LENGTH: Final = 50
REFERRER: Final = "?referrer=github_integration"

Event = Mapping[str, Any]


def alert_body(event: Event, short_id: str, permalink: str, *, rule: str, rule_url: str) -> str:
    """The body of an issue that an alert rule opened: no referrer, and a footer that names the rule."""
    footer = f"\nThis issue was automatically created by Sentry via [{rule}]({rule_url})"
    return _body(event, short_id, permalink) + footer


def manual_body(event: Event, short_id: str, permalink: str) -> str:
    """The body of an issue that somebody opened from Sentry's page."""
    return _body(event, short_id, permalink + REFERRER)


def performance_body(evidence: Sequence[Mapping[str, Any]], short_id: str, permalink: str) -> str:
    """The body of an issue about a performance problem; `evidence` is the occurrence's `evidenceDisplay`.

    Every value is cut short and the last row lacks its closing pipe, as in the original.
    """
    rows = "".join(f"| **{item['name']}** | {_cut(str(item['value']))} |\n" for item in evidence)
    table = "|  |  |\n| ------------- | --------------- |\n" + rows
    return f"Sentry Issue: [{short_id}]({permalink}{REFERRER})\n{table[:-2]}"


def _body(event: Event, short_id: str, permalink: str) -> str:
    link = f"Sentry Issue: [{short_id}]({permalink})"
    text = _text(event)
    return f"{link}\n\n```\n{text}\n```" if text else link


def _text(event: Event) -> str:
    platform = event.get("platform")
    blocks = [_exception(value, platform) for value in exceptions(event)]
    if not blocks and message(event):
        blocks.append(message(event))
    if frames(event):
        stack = _stack(frames(event), platform, STACKTRACE_FRAMES)
        blocks.append(f"Stacktrace (most recent call last):\n\n{stack}")
    return "\n\n".join(blocks)


def _exception(value: Mapping[str, Any], platform: str | None) -> str:
    head = f"{value.get('type')}: {value['value']}" if value.get("value") else str(value.get("type"))
    found = frames(value)
    return f"{head}\n{_stack(found, platform, EXCEPTION_FRAMES)}" if found else head


def _stack(found: list[dict[str, Any]], platform: str | None, limit: int) -> str:
    """The application's frames; Python's oldest first, every other platform's newest first.

    The note counts the system's frames too, so it overstates what is missing. That is Sentry's doing.
    """
    oldest_first = platform in ("python", None)
    shown = in_app(found)
    shown = shown[-limit:] if oldest_first else shown[::-1][:limit]
    lines = [line for frame in shown for line in _lines(frame, platform)]
    note = f"({len(found) - limit} additional frame(s) were not displayed)"
    if len(found) > limit:
        lines = [note, "...", *lines] if oldest_first else [*lines, "...", note]
    return "\n".join(lines)


def _lines(frame: Mapping[str, Any], platform: str | None) -> list[str]:
    if platform == "javascript":
        where = f"{frame.get('filename') or frame.get('abs_path')}:{frame.get('lineno')}:{frame.get('colno')}"
        return [f"  at {frame.get('function') or '?'} ({where})"]
    if platform == "java":
        where = f"{frame.get('filename')}:{frame.get('lineno')}"
        return [f"    at {frame.get('module')}.{frame.get('function')}({where})"]
    filename = frame.get("filename")
    head = f'  File "{filename}"' if filename else f'  Module "{frame.get("module")}"'
    if frame.get("lineno") is not None:
        head += f", line {frame['lineno']}"
    if frame.get("function"):
        head += f", in {frame['function']}"
    code = frame.get("context_line")
    return [head, f"    {code.strip()}"] if code else [head]


def _cut(text: str) -> str:
    return text if len(text) <= EVIDENCE_LENGTH else text[: EVIDENCE_LENGTH - 3] + "..."
