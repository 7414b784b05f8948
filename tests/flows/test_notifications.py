"""An incident that needs a person reaches one: on the issue, and in a chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.demo.story import Story
from app.demo.world import World
from receiver import receiving

Play = Callable[..., Awaitable[tuple[World, Story]]]


async def test_a_person_who_is_needed_learns_of_it_in_a_chat_once(played: Play) -> None:
    async with receiving() as receiver:
        world, story = await played(
            "novel", settings={"AUTOFIX_NOTIFY_TARGETS": f"default=json://{receiver.host}/hook"}
        )
        async with asyncio.timeout(30):
            await receiver.arrived.wait()
    (said,) = receiver.bodies("/hook")
    name, (issue,) = world.repository.full_name, world.repository.issues.values()
    assert said["title"] == f"{name} #{issue.number}: needs a person ({story.reason})"
    assert said["type"] == "warning"
    assert said["message"].splitlines()[0] == story.summary
    assert said["message"].endswith(f"/{name}/issues/{issue.number}")
    escalated = [comment.body for comment in issue.comments if "Autofix needs a person" in comment.body]
    assert len(escalated) == 1
    assert "<details><summary>Timeline</summary>" in escalated[0]
