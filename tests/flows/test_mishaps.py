"""What goes wrong around an incident: lost webhooks, a person who steps in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from app.demo.github import Actor, Event, issues
from app.demo.story import Story
from app.demo.world import World
from postgres import binaries, cluster

Play = Callable[..., Awaitable[tuple[World, Story]]]


async def test_w13_every_webhook_but_the_first_is_lost_and_the_fix_still_arrives(played: Play) -> None:
    def lose_the_rest(world: World) -> None:
        world.github.faults.drop(lambda event: event.name != "issues", times=None)

    world, story = await played("fixed", before=lose_the_rest)

    assert story.outcome == "fixed", story.summary
    delivered = [delivery.event for delivery in world.github.deliveries]
    assert set(delivered[delivered.index("issues") :]) == {"issues"}


async def test_a_person_who_closes_the_issue_stops_the_automation(played: Play) -> None:
    def close_it_once_there_is_a_pull_request(world: World) -> None:
        def close(event: Event) -> None:
            if (event.name, event.action) == ("pull_request", "auto_merge_enabled"):
                site = world.github.site
                issues.close(site, world.repository.issues[1], Actor(site.accounts["ada"]))

        world.github.on_event(close)

    world, story = await played("fixed", before=close_it_once_there_is_a_pull_request)

    assert (story.outcome, story.reason) == ("escalated", "stopped"), story.summary
    (pull,) = world.repository.pulls.values()
    assert pull.open
    assert pull.auto_merge is None


@pytest.mark.skipif(binaries() is None, reason="Postgres is not installed on this machine")
async def test_on_postgres_two_kills_leave_one_fix(played: Play) -> None:
    programs = binaries()
    assert programs is not None
    with cluster(programs) as url:
        world, story = await played("crash", settings={"AUTOFIX_DATABASE_URL": url})

        assert story.outcome == "fixed", story.summary
        assert world.server.starts == 3
        assert len(world.repository.pulls) == 1
        await world.server.stop()
