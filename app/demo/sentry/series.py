"""What happened when: a bounded record of occurrences, counted by time, release and environment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

KEPT: Final = 200_000


class Occurred(NamedTuple):
    """`weight` occurrences at once; `name` is a group's id, a transaction, or the status of a session.

    `user` is who met an error, if the event says so.
    """

    at: float
    visible: float
    release: str | None
    environment: str | None
    name: str
    weight: int = 1
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which occurrences count: from `start` up to `end`, of one release, environment or name if set.

    `with_user` leaves out those that name no user.
    """

    start: float = -inf
    end: float = inf
    release: str | None = None
    environment: str | None = None
    name: str | None = None
    with_user: bool = False

    def takes(self, item: Occurred) -> bool:
        """True if the occurrence counts."""
        return (
            self.start <= item.at < self.end
            and self.release in (None, item.release)
            and self.environment in (None, item.environment)
            and self.name in (None, item.name)
            and (item.user is not None or not self.with_user)
        )


@dataclass(slots=True)
class Series:
    """The latest occurrences, oldest first."""

    items: deque[Occurred] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, item: Occurred) -> None:
        """`item` is the newest occurrence."""
        self.items.append(item)

    def select(self, selection: Selection, *, now: float = inf) -> Iterator[Occurred]:
        """The occurrences that the selection takes and that are visible `now`, newest first."""
        for item in reversed(self.items):
            if item.at < selection.start:
                break
            if item.visible <= now and selection.takes(item):
                yield item

    def count(self, selection: Selection, *, now: float = inf) -> int:
        """How many occurrences the selection takes."""
        return sum(item.weight for item in self.select(selection, now=now))
