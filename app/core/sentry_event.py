"""Reads a Sentry event, in the REST API's shape or the SDK's, into the model's values.

Whoever knows the project's public key can write an event, so all of it is data: every size is bounded, and
nothing raises. What a limit cuts never looks whole: a container is kept entire or becomes the string `CUT`.

Sentry stores frames oldest call first and chained exceptions root first, for every platform; so does the
model.
Locals arrive already cut by the SDK, without a mark: see `BREADTH` in `app.core.recorded`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from app.core.model import Finding, Frame, Raised

CUT: Final = "[cut]"
UNKNOWN: Final = "<unknown>"

MAX_EXCEPTIONS: Final = 50
MAX_FRAMES: Final = 10_000
MAX_LINE: Final = 2**31 - 1
MAX_PATH: Final = 4_096
MAX_CODE: Final = 4_096
MAX_NAME: Final = 512
MAX_MESSAGE: Final = 10_000
MAX_TEXT: Final = 10_000
MAX_CONTAINER: Final = 1_000
MAX_DEPTH: Final = 12
MAX_VALUES: Final = 20_000
MAX_CHARACTERS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class SentryIssue:
    """A Sentry issue as its API describes it.

    Times are ISO 8601 in UTC or empty. `type` is `error`, `performance_...` or `feedback`. `resolved_in` is
    the release in which it was resolved, if it is resolved in one.
    """

    id: str
    short_id: str
    title: str
    culprit: str
    url: str
    status: str
    substatus: str | None
    level: str
    platform: str
    project: str
    project_id: str
    type: str
    events: int
    users: int
    first_seen: str
    last_seen: str
    first_release: str | None
    last_release: str | None
    resolved_in: str | None


def raised_chain(event: Mapping[str, object]) -> tuple[Raised, ...]:
    """The event's exceptions, root first, with their frames oldest first; empty if it reports none.

    Frames without a usable file or line number are left out. Of too many frames the newest are kept.
    """
    values = [value for value in _exceptions(event) if isinstance(value, Mapping)]
    if len(values) > MAX_EXCEPTIONS:
        values = [values[0], *values[-(MAX_EXCEPTIONS - 1) :]]
    budget = _Budget()
    per_exception = MAX_FRAMES // max(1, len(values))
    # Outermost and newest first, so that the budget is spent where the failure is.
    newest_first = [_raised(value, per_exception, budget) for value in reversed(values)]
    return tuple(raised for raised in reversed(newest_first) if raised is not None)


def finding_from_event(
    event: Mapping[str, object], issue: SentryIssue, *, organization: str
) -> Finding | None:
    """What production reported, from an issue and one of its events; None if the event holds no exception."""
    chain = raised_chain(event)
    if not chain:
        return None
    tags = _tags(event)
    return Finding(
        source="sentry",
        organization=organization,
        project=issue.project,
        group=issue.id,
        short_id=issue.short_id,
        url=issue.url,
        event_id=event_id(event),
        title=issue.title,
        platform=_text(event.get("platform"), MAX_NAME) or issue.platform,
        release=_release(event.get("release")) or tags.get("release"),
        environment=_text(event.get("environment"), MAX_NAME) or tags.get("environment"),
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        events=issue.events,
        users=issue.users,
        chain=chain,
        transaction=tags.get("transaction") or _text(event.get("transaction"), MAX_NAME),
    )


def event_id(event: Mapping[str, object]) -> str:
    """The event's id in either shape, or an empty string."""
    found = first_of(event, "eventID", "event_id", "id")
    return _text(found, MAX_NAME) or ""


def utc_time(value: object) -> str:
    """A time, given as ISO 8601 or as Unix seconds, as ISO 8601 in UTC; an empty string if it is neither."""
    try:
        if isinstance(value, str) and len(value) <= MAX_NAME:
            at = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            at = datetime.fromtimestamp(value, UTC)
        else:
            return ""
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return at.isoformat().replace("+00:00", "Z")


def clean(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, without those that databases refuse: NUL and lone surrogates."""
    text = text[:limit]
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def first_of(value: Mapping[str, object], *names: str) -> object:
    """The first of several entries that is there and not null."""
    return next((value[name] for name in names if value.get(name) is not None), None)


@dataclass(slots=True)
class _Budget:
    """How much of all frames' locals may still be kept."""

    values: int = MAX_VALUES
    characters: int = MAX_CHARACTERS

    def take(self, characters: int = 0) -> bool:
        self.values -= 1
        self.characters -= characters
        return self.values >= 0 and self.characters >= 0


def _exceptions(event: Mapping[str, object]) -> Sequence[object]:
    data = event.get("exception")
    if data is None:
        data = next(
            (entry.get("data") for entry in _entries(event) if entry.get("type") == "exception"), None
        )
    if isinstance(data, Mapping):
        values = data.get("values")
        return values if isinstance(values, list | tuple) else [data]
    return data if isinstance(data, list | tuple) else ()


def _entries(event: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    entries = event.get("entries")
    if isinstance(entries, list | tuple):
        yield from (entry for entry in entries if isinstance(entry, Mapping))


def _raised(value: Mapping[str, object], limit: int, budget: _Budget) -> Raised | None:
    name = _text(value.get("type"), MAX_NAME)
    message = _scalar(value.get("value"), MAX_MESSAGE)
    stack = value.get("stacktrace")
    frames = stack.get("frames") if isinstance(stack, Mapping) else None
    if not name and not message and not isinstance(frames, list | tuple):
        return None
    return Raised(
        type=name or UNKNOWN,
        message=message,
        frames=_frames(frames if isinstance(frames, list | tuple) else (), limit, budget),
        module=_text(value.get("module"), MAX_NAME),
    )


def _frames(frames: Sequence[object], limit: int, budget: _Budget) -> tuple[Frame, ...]:
    newest_first = (_frame(frame, budget) for frame in reversed(frames[-limit:]))
    return tuple(frame for frame in newest_first if frame is not None)[::-1]


def _frame(frame: object, budget: _Budget) -> Frame | None:
    if not isinstance(frame, Mapping):
        return None
    line = first_of(frame, "lineNo", "lineno")
    # `type` and not `isinstance`: true is no line number.
    if type(line) is not int or not 1 <= line <= MAX_LINE:
        return None
    absolute = _path(first_of(frame, "absPath", "abs_path"))
    path = _path(frame.get("filename")) or absolute
    if path is None:
        return None
    return Frame(
        path=path,
        function=_text(frame.get("function"), MAX_NAME) or UNKNOWN,
        line=line,
        code=_code(frame, line),
        variables=_variables(frame.get("vars"), budget),
        in_app=first_of(frame, "inApp", "in_app") is not False,
        module=_text(frame.get("module"), MAX_NAME),
        absolute_path=absolute,
    )


def _path(value: object) -> str | None:
    """A path that is too long is no path: a piece of it would name another file."""
    return clean(value, MAX_PATH) if isinstance(value, str) and 0 < len(value) <= MAX_PATH else None


def _code(frame: Mapping[str, object], line: int) -> str | None:
    """The source line: `context_line` of the SDK, or the numbered pair of the API."""
    code = frame.get("context_line")
    context = frame.get("context")
    if code is None and isinstance(context, list | tuple):
        code = next((text for number, text in _pairs(context) if number == line), None)
    return clean(code, MAX_CODE) if isinstance(code, str) and len(code) <= MAX_CODE else None


def _pairs(items: Iterable[object]) -> Iterator[tuple[object, object]]:
    """The items that are lists of two."""
    for item in items:
        match item:
            case [first, second]:
                yield first, second
            case _:
                pass


def _variables(value: object, budget: _Budget) -> Mapping[str, JsonValue]:
    if not isinstance(value, Mapping) or len(value) > MAX_CONTAINER:
        return {}
    return {clean(str(name), MAX_NAME): _value(item, budget) for name, item in value.items()}


def _value(value: object, budget: _Budget, depth: int = 1) -> JsonValue:
    """A JSON value within the budget; whatever does not fit becomes `CUT` as a whole."""
    kept: JsonValue = CUT
    match value:
        case None | bool():
            kept = value if budget.take() else CUT
        case int():
            # Longer integers cannot be stored or shown: SQL and the interpreter's digit limit refuse them.
            kept = value if budget.take() and abs(value) < 2**63 else CUT
        case float():
            kept = value if budget.take() and math.isfinite(value) else CUT
        case str():
            kept = clean(value, MAX_TEXT) if len(value) <= MAX_TEXT and budget.take(len(value)) else CUT
        case Mapping() if depth < MAX_DEPTH and len(value) <= MAX_CONTAINER and budget.take():
            kept = {clean(str(key), MAX_NAME): _value(item, budget, depth + 1) for key, item in value.items()}
        case list() | tuple() if depth < MAX_DEPTH and len(value) <= MAX_CONTAINER and budget.take():
            kept = [_value(item, budget, depth + 1) for item in value]
        case _:
            pass
    return kept


def _tags(event: Mapping[str, object]) -> dict[str, str]:
    """The tags in any of Sentry's three spellings: a mapping, pairs, or `{key, value}` objects."""
    tags = event.get("tags")
    found: Iterable[tuple[object, object]] = ()
    if isinstance(tags, Mapping):
        found = tags.items()
    elif isinstance(tags, list | tuple):
        objects = ((tag.get("key"), tag.get("value")) for tag in tags if isinstance(tag, Mapping))
        found = [*objects, *_pairs(tags)]
    return {
        key: clean(value, MAX_NAME) for key, value in found if isinstance(key, str) and isinstance(value, str)
    }


def _release(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("version")
    return _text(value, MAX_NAME)


def _text(value: object, limit: int) -> str | None:
    return clean(value, limit) if isinstance(value, str) and value else None


def _scalar(value: object, limit: int) -> str:
    """An exception's value, which Sentry lets be a number too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else ""
    return _text(value, limit) or ""
