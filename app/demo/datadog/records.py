"""What Datadog indexes: spans, logs and events, each with the facets that a search can ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.demo.datadog.search import Matches, Period

KEPT: Final = 200_000


@dataclass(frozen=True, slots=True)
class Record:
    """A span, a log or an event; queries see it from `visible` on.

    `reserved` are the facets without `@`, `custom` what stands under it, nested. Tags are `key:value`.
    """

    id: str
    at: float
    visible: float
    reserved: Mapping[str, str]
    custom: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    message: str = ""

    def value(self, facet: str) -> str | None:
        """The value of `@usr.id`, of `service`, or of a tag; None if there is none."""
        if facet.startswith("@"):
            found: Any = self.custom
            for key in facet[1:].split("."):
                found = found.get(key) if isinstance(found, Mapping) else None
            return None if found is None or isinstance(found, Mapping) else str(found)
        known = self.reserved.get(facet)
        tagged = (tag.partition(":")[2] for tag in self.tags if tag.startswith(f"{facet}:"))
        return known if known is not None else next(tagged, None)


@dataclass(slots=True)
class Track:
    """The latest records of one kind, oldest first."""

    items: deque[Record] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, record: Record) -> None:
        """The record is the newest."""
        self.items.append(record)

    def select(self, matches: Matches, within: Period, *, now: float) -> Iterator[Record]:
        """The records of the period that match and are visible `now`, newest first."""
        for record in reversed(self.items):
            if within.start <= record.at < within.end and record.visible <= now and matches(record):
                yield record


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`{"error.type": ...}` as `{"error": {"type": ...}}`, as Datadog indexes what spans carry."""
    found: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        place = found
        for key in above:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[last] = value
    return found
