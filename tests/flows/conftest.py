"""The flow tests' stage: the demo's own world, whose every exchange is held against GitHub's descriptions."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from rich.console import Console

from app.demo.display import Display
from app.demo.run import play
from app.demo.scenario import SCENARIOS
from app.demo.story import Story
from app.demo.tracker import Tracker
from app.demo.world import World
from contracts.journal import violations

SEED = 7
# More customers and a shorter look back than in the demo: the same stories in less time.
RATE = 24.0
AFTER_SECONDS = 2.0
Play = Callable[..., Awaitable[tuple[World, Story]]]


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[Play]:
    """Plays a scenario to its end and leaves its world up for the test to look at."""
    worlds: list[World] = []
    async with AsyncExitStack() as stack:

        async def run(
            name: str,
            *,
            shop: Path | None = None,
            tracker: Tracker | None = None,
            settings: Mapping[str, str] | None = None,
            variables: Mapping[str, str] | None = None,
            rate: float = RATE,
            before: Callable[[World], None] = lambda _: None,
        ) -> tuple[World, Story]:
            display = Display(Console())
            world = World(
                tmp_path,
                SCENARIOS[name],
                shop=shop,
                tracker=tracker,
                tell=display.line,
                settings=settings,
                variables=variables,
                rate=rate,
            )
            await stack.enter_async_context(world)
            worlds.append(world)
            before(world)
            story, _ = await play(world, display, random.Random(SEED), after_seconds=AFTER_SECONDS)
            return world, story

        yield run
        found = [text for world in worlds for text in violations(world.github)]
        assert not found, "\n".join(found)
