"""What the demo's world needs of an error tracker. Each vendor is one class in `trackers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.demo.github import GitHubStandIn


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a tracker's alarm can go: GitHub, and the Autofix server. `tell` says what happens."""

    github: GitHubStandIn
    autofix_url: str
    tell: Callable[[str], None]


class Tracker(Protocol):
    """An error tracker of the demo: the shop reports to it, Autofix reads it, its alarm reaches one of the two."""

    async def start(self) -> None:
        """It takes what the shop reports, and answers."""
        ...

    async def stop(self) -> None:
        """Nothing of it runs any more. What went wrong with an alarm is raised here."""
        ...

    def shop_variables(self) -> Mapping[str, str]:
        """What each version of the shop finds in its environment, so that it reports here."""
        ...

    def server_settings(self) -> Mapping[str, str]:
        """The settings with which the Autofix server reads it, and believes it."""
        ...

    def alert_through(self, reach: Reach) -> None:
        """From now on it raises its alarms there; nothing was reported to it before."""
        ...
