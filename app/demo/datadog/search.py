"""Datadog's search terms and time ranges, as far as the stand-in knows them; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Final, Protocol

from app.demo.datadog.answers import bad_request

_TERM = re.compile(r'\s*(-?)(@?[A-Za-z_][\w.-]*):("(?:[^"\\]|\\.)*"|[^\s"()]+)(?=\s|$)')
_AGO = re.compile(r"now(?:-([0-9]{1,6})([smhdw]))?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MILLISECONDS = re.compile(r"[0-9]{1,15}")


class Faceted(Protocol):
    """What a search looks at: something that has values by facet, as `service` or `@usr.id`."""

    def value(self, facet: str) -> str | None:
        """The value, None if it has none."""
        ...


Matches = Callable[[Faceted], bool]


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to `end`, in Unix seconds."""

    start: float
    end: float


def parse(text: object) -> Matches:
    """What a search takes: terms `facet:value`, all of which must hold; `-` before one turns it round.

    A value of `*` takes everything that has the facet.
    """
    if not isinstance(text, str):
        raise bad_request("Invalid query")
    wanted: list[tuple[str, str | None, bool]] = []
    position = 0
    while (rest := text[position:].strip()) and rest != "*":
        if rest.startswith("AND "):
            position = text.index("AND ", position) + 4
            continue
        term = _TERM.match(text, position)
        if term is None:
            raise bad_request(f"Invalid query. This stand-in does not know: {rest[:80]}")
        value: str | None = term[3]
        quoted = term[3].startswith('"')
        if not quoted and re.search(r"(?<!\\)[*?]", term[3]):
            if term[3] != "*":
                raise bad_request("Invalid query. This stand-in knows no wildcards.")
            value = None
        elif value is not None:
            value = re.sub(r"\\(.)", r"\1", value[1:-1] if quoted else value)
        wanted.append((term[2], value, not term[1]))
        position = term.end()

    def matches(item: Faceted) -> bool:
        return all(_holds(item.value(facet), value) is holds for facet, value, holds in wanted)

    return matches


def _holds(found: str | None, wanted: str | None) -> bool:
    return found is not None and wanted in (None, found)


def period(given: Mapping[str, Any], now: float) -> Period:
    """The time range of a filter: `from` and `to`, by default the last 15 minutes. What ends `now` holds now."""
    start, end = given.get("from", "now-15m"), given.get("to", "now")
    return Period(_moment(start, now), inf if end == "now" else _moment(end, now))


def _moment(value: object, now: float) -> float:
    text = str(value)
    if ago := _AGO.fullmatch(text):
        return now - (int(ago[1]) * _SECONDS[ago[2]] if ago[1] else 0)
    if _MILLISECONDS.fullmatch(text):
        return int(text) / 1_000
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid time {text[:40]!r}") from None
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()
