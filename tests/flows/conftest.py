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
from app.demo.world import World
from contracts import load_contract

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
            settings: Mapping[str, str] | None = None,
            before: Callable[[World], None] = lambda _: None,
        ) -> tuple[World, Story]:
            display = Display(Console())
            world = World(
                tmp_path, SCENARIOS[name], shop=shop, tell=display.line, settings=settings, rate=RATE
            )
            await stack.enter_async_context(world)
            worlds.append(world)
            before(world)
            story, _ = await play(world, display, random.Random(SEED), after_seconds=AFTER_SECONDS)
            return world, story

        yield run
        found = [text for world in worlds for text in violations(world)]
        assert not found, "\n".join(found)


def violations(world: World) -> list[str]:
    """Where our requests, the stand-in's answers or its webhooks differ from GitHub's own descriptions."""
    contract, hooks = load_contract(closed_answers=True), load_contract()
    found: set[str] = set()
    for exchange in world.github.journal:
        method, path = exchange.method, exchange.path
        query = {name: [value] for name, value in exchange.query.items()}
        sent, answered = exchange.request_headers, exchange.response_headers
        found.update(contract.check_request(method, path, query, sent, exchange.request_body))
        found.update(contract.check_response(method, path, exchange.status, answered, exchange.response_body))
    for delivery in world.github.deliveries:
        found.update(hooks.check_webhook(delivery.event, delivery.payload))
    return sorted(found)
