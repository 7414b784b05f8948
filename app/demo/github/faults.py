"""What goes wrong on a bad day: lost, doubled and late deliveries, failing calls, secondary limits.

Every fault holds for the next `times` matches (`None`: for ever). Nothing is random.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from app.demo.github.site import Event

EventMatch = Callable[[Event], bool]
Mishap = Literal["drop", "duplicate", "hold"]


def named(name: str, action: str | None = None) -> EventMatch:
    """A match for events of that name, and of that action if one is given."""
    return lambda event: event.name == name and action in {None, event.action}


@dataclass
class _Planned:
    match: EventMatch
    mishap: Mishap
    times: int | None


@dataclass
class CallFault:
    """One API call that will fail. `after` lets it take effect first: the 502 that did merge."""

    methods: frozenset[str]
    path: re.Pattern[str]
    status: int | None
    after: bool
    times: int | None
    body: dict[str, str]
    headers: dict[str, str]


@dataclass
class Faults:
    """The plan of what goes wrong next; empty is a good day."""

    planned: list[_Planned] = field(default_factory=list)
    calls: list[CallFault] = field(default_factory=list)

    def drop(self, match: EventMatch, *, times: int | None = 1) -> None:
        """Matching events are never delivered, nor listed: GitHub lost them."""
        self.planned.append(_Planned(match, "drop", times))

    def duplicate(self, match: EventMatch, *, times: int | None = 1) -> None:
        """Matching events are delivered twice, under the same GUID."""
        self.planned.append(_Planned(match, "duplicate", times))

    def hold(self, match: EventMatch, *, times: int | None = 1) -> None:
        """Matching events wait until the stand-in's `release`; later ones overtake them."""
        self.planned.append(_Planned(match, "hold", times))

    def fail(
        self,
        method: str,
        path: str,
        status: int | None = 502,
        *,
        after: bool = False,
        times: int | None = 1,
        message: str = "Server Error",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Calls of a method ("PUT", "PUT|POST") whose path matches a regular expression fail.

        A status of None cuts the line without an answer.
        """
        body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        pattern = re.compile(path)
        self.calls.append(
            CallFault(
                frozenset(method.upper().split("|")), pattern, status, after, times, body, headers or {}
            )
        )

    def secondary_limit(
        self, *, status: int = 403, retry_after: int | None = 60, path: str = "", times: int | None = 1
    ) -> None:
        """The next writes run into the secondary rate limit."""
        text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.fail("POST|PUT|PATCH|DELETE", path, status, times=times, message=text, headers=headers)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.planned.clear()
        self.calls.clear()

    def mishap(self, event: Event) -> Mishap | None:
        """What happens to the delivery of `event`; uses up one of the planned times."""
        for plan in self.planned:
            if plan.match(event):
                plan.times = None if plan.times is None else plan.times - 1
                if plan.times == 0:
                    self.planned.remove(plan)
                return plan.mishap
        return None

    def failure(self, method: str, path: str) -> CallFault | None:
        """How this call fails; uses up one of the planned times."""
        for fault in self.calls:
            if method in fault.methods and fault.path.search(path):
                fault.times = None if fault.times is None else fault.times - 1
                if fault.times == 0:
                    self.calls.remove(fault)
                return fault
        return None
