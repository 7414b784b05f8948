"""Reads an answer tolerantly: what is missing becomes empty, what no caller can do without is `Malformed`.

`what` names the answer for the error, as in "Sentry's issue".
"""

from __future__ import annotations

from pydantic import JsonValue

from app.clients.rest import MAX_TEXT, JsonObject
from app.core.errors import Malformed
from app.core.sentry_event import clean

MAX_COUNT = 2**53


def an_object(value: JsonValue, what: str) -> dict[str, JsonValue]:
    """The object, or `Malformed`."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object")
    return value


def a_list(value: JsonValue, what: str) -> list[JsonValue]:
    """The list, or `Malformed`."""
    if not isinstance(value, list):
        raise Malformed(f"{what} is not a list")
    return value


def objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    """The objects of a list; nothing if it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def nested(value: JsonObject, *keys: str) -> JsonObject:
    """The object that lies under the keys, or an empty one."""
    for key in keys:
        item = value.get(key)
        if not isinstance(item, dict):
            return {}
        value = item
    return value


def text(value: JsonObject, key: str) -> str:
    """The text, or an empty one."""
    item = value.get(key)
    return clean(item, MAX_TEXT) if isinstance(item, str) else ""


def whole(value: JsonValue) -> int:
    """A count that may be given as a number or as digits; 0 if it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def a_count(value: JsonValue, what: str) -> int:
    """A count, which may be an estimate with a fraction; what is no count is `Malformed` and never zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_COUNT:
        raise Malformed(f"{what} is not a number")
    return round(value)


def a_time(value: JsonValue, what: str) -> float:
    """A number that is a moment, in the unit of the answer; what is none is `Malformed`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_COUNT:
        raise Malformed(f"{what} is not a time")
    return float(value)
