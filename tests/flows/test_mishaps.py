"""What goes wrong around an incident: lost webhooks, a person who steps in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from app.core.policy import POLICY_PATH
from app.demo.github import Actor, Event, issues
from app.demo.github.git.objects import Entry, Signature
from app.demo.scenario import TEMPLATE
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


def push_file(world: World, path: str, text: str) -> None:
    """Ada's own push to the default branch; the stand-in lets her, as an admin who may bypass the rules."""
    git, main = world.repository.git, "refs/heads/main"
    before = git.branch("main")
    assert before is not None
    files = git.files(git.commit(before).tree)
    files[path] = Entry(0o100644, git.write_blob(text.encode()))
    ada = Signature("Ada", "ada@example.com", int(world.github.site.clock()))
    after = git.write_commit(git.write_tree(files), [before], f"Change {path}", ada, ada)
    git.set_ref(main, after)
    world.repository.after_push(main, before, after, world.github.site.accounts["ada"])


async def test_m21_a_pause_by_comment_stops_a_fix_that_is_about_to_merge(played: Play) -> None:
    def write(world: World) -> None:
        def pause(event: Event) -> None:
            if (event.name, event.action) == ("pull_request", "auto_merge_enabled"):
                world.github.comment(world.repository.issues[1], login="ada", body="/autofix pause")

        world.github.on_event(pause)

    world, story = await played("fixed", before=write)

    assert (story.outcome, story.reason) == ("escalated", "paused"), story.summary
    (pull,) = world.repository.pulls.values()
    assert pull.open
    assert pull.auto_merge is None
    (comment,) = [one for one in world.repository.issues[1].comments if one.user.login == "ada"]
    assert [one.content for one in comment.reactions] == ["eyes", "rocket"]


@pytest.mark.timeout(400)  # two rounds of checks
async def test_a_base_that_moves_on_is_followed_and_the_fix_is_proven_anew(played: Play) -> None:
    moved: list[World] = []

    def move_the_base(world: World) -> None:
        def move(event: Event) -> None:
            if (event.name, event.action) == ("pull_request", "auto_merge_enabled") and not moved:
                moved.append(world)
                push_file(world, "NOTES.md", "Somebody else's work.\n")

        world.github.on_event(move)

    world, story = await played("fixed", before=move_the_base)

    assert story.outcome == "fixed", story.summary
    assert moved == [world]
    git, (pull,) = world.repository.git, world.repository.pulls.values()
    merge = git.commit(git.branch("main") or "")
    before = git.commit(merge.parents[0])
    assert "NOTES.md" in git.files(merge.tree)
    assert before.headline == "Change NOTES.md"
    assert git.commit(pull.head_sha).parents == (merge.parents[0],), "our commit was built anew on it"
    assert merge.tree == git.commit(pull.head_sha).tree, "and what was merged is what was tested"


@pytest.mark.parametrize("how", ["enabled: false\n", "no_such_key: 1\n"])
async def test_m21_the_policy_stops_a_fix_that_is_about_to_merge(played: Play, how: str) -> None:
    def pull_the_brake(world: World) -> None:
        def brake(event: Event) -> None:
            if (event.name, event.action) == ("pull_request", "auto_merge_enabled"):
                policy = (TEMPLATE / POLICY_PATH).read_text(encoding="utf-8")
                push_file(world, POLICY_PATH, policy + how)

        world.github.on_event(brake)

    world, story = await played("fixed", before=pull_the_brake)

    reason = "paused" if "enabled" in how else "policy-invalid"
    assert (story.outcome, story.reason) == ("escalated", reason), story.summary
    (pull,) = world.repository.pulls.values()
    assert pull.open
    assert pull.auto_merge is None
    said = [comment.body for comment in world.repository.issues[1].comments]
    assert any("enabled: false" in text or "no_such_key" in text for text in said), said


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
