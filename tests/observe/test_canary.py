"""Which errors and which traffic stand against each other while a canary runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest

from app.clients.tracker import Tracker
from app.core.counts import Counts, filled
from app.core.model import Finding
from app.observe.canary import side_by_side
from app.observe.judge import Canary
from samples import FINDING

START, END = 1_800_000_000.0, 1_800_000_600.0
NEW = "shop@2"
# Environment and release, None for all releases: all errors, ours among them, and requests.
Side = tuple[int, int, int]
KEY = tuple[str | None, str | None]


@dataclass
class Counted:
    """A tracker that counted so much on each side."""

    sides: dict[KEY, Side]
    of: dict[KEY, str] = field(default_factory=dict)
    complete_until: float = END
    knows_errors: bool = True

    def _counts(self, finding: Finding, release: str | None, which: int, of: str) -> Counts:
        number = self.sides.get((finding.environment, release), (0, 0, 0))[which]
        moments = [START + (END - START) * (at + 0.5) / number for at in range(number)]
        return filled(of, ((at, 1) for at in moments), START, END, complete_until=self.complete_until)

    async def all_errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        assert (start.timestamp(), end.timestamp()) == (START, END)
        return self._counts(finding, release, 0, "errors") if self.knows_errors else None

    async def errors(self, finding: Finding, *, release: str | None = None, **_when: Any) -> Counts:
        return self._counts(finding, release, 1, "errors")

    async def traffic(self, finding: Finding, *, release: str | None = None, **_when: Any) -> Counts | None:
        key = (finding.environment, release)
        return self._counts(finding, release, 2, self.of.get(key, "requests")) if key in self.sides else None


async def seen(counted: Counted, environment: str | None = "canary", end: float = END) -> Canary | None:
    return await side_by_side(cast("Tracker", counted), FINDING, NEW, START, end, environment)


BOTH: dict[KEY, Side] = {("production", None): (100, 60, 5_000), ("production", NEW): (10, 2, 1_000)}


async def test_all_other_errors_of_both_sides_and_the_share_of_the_traffic() -> None:
    assert await seen(Counted(BOTH)) == Canary(canary=8, baseline=32, share=0.2)


async def test_a_canary_whose_program_names_an_environment_of_its_own() -> None:
    apart: dict[KEY, Side] = {
        ("production", None): (90, 60, 4_000),
        ("production", NEW): (0, 0, 0),
        ("canary", NEW): (10, 2, 1_000),
    }
    assert await seen(Counted(apart)) == Canary(canary=8, baseline=30, share=0.2)
    assert await seen(Counted(apart), environment=None) is None
    assert await seen(Counted(apart, of={("canary", NEW): "sessions"})) is None


async def test_only_what_is_complete_counts() -> None:
    half = await seen(Counted(BOTH, complete_until=START + 300))
    assert half == Canary(canary=4, baseline=16, share=0.2)
    assert await seen(Counted(BOTH, complete_until=START)) is None


@pytest.mark.parametrize(
    "counted",
    [
        Counted(BOTH, knows_errors=False),
        Counted({}),
        Counted({("production", None): (100, 60, 5_000)}),
        Counted(BOTH | {("production", None): (100, 60, 1_000)}),
        Counted(BOTH | {("production", NEW): (1_200, 2, 1_000)}),
    ],
)
async def test_where_that_is_not_known_nothing_is_said(counted: Counted) -> None:
    assert await seen(counted) is None


async def test_before_it_began_nothing_is_asked() -> None:
    assert await seen(Counted(BOTH), end=START) is None
