from __future__ import annotations

from typing import Any


async def test_waits_for_the_required_check_and_merges_as_the_app(world: Any) -> None:
    await world.protect("ci", app_id=15368)
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)

    armed = await world.arm(token, pull, mergeMethod="SQUASH", expectedHeadOid=sha)
    assert "errors" not in armed, armed
    assert armed["data"]["enablePullRequestAutoMerge"]["pullRequest"]["autoMergeRequest"] == {
        "enabledBy": {"login": "autofix"},
        "mergeMethod": "SQUASH",
    }
    shown = await world.pull(token, pull["number"])
    assert (shown["mergeable_state"], shown["auto_merge"]["merge_method"]) == ("blocked", "squash")

    pushes: list[Any] = []
    world.github.on_event(lambda event: pushes.append(event) if event.name == "push" else None)
    await world.check(world.actions(), sha)
    await world.github.settle()

    merged = await world.pull(token, pull["number"])
    assert (merged["state"], merged["merged"], merged["merged_by"]["login"]) == (
        "closed",
        True,
        "autofix[bot]",
    )
    assert merged["auto_merge"] is None
    (push,) = pushes
    assert (push.payload["ref"], push.payload["after"]) == ("refs/heads/main", merged["merge_commit_sha"])
    assert push.starts_workflows
    names = [(item.event, item.action) for item in world.github.deliveries]
    assert ("pull_request", "auto_merge_enabled") in names
    assert names.index(("check_run", "completed")) < names.index(("pull_request", "closed"))
