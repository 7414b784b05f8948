"""Auto-merge: what it waits for, who it merges as, and every way in which GitHub refuses it."""

from __future__ import annotations

from typing import Any


async def armed_pull(world: Any, token: str) -> Any:
    await world.protect("ci", app_id=15368)
    world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    answer = await world.arm(token, pull, mergeMethod="SQUASH")
    assert "errors" not in answer, answer
    return pull


def refusal(answer: Any) -> tuple[str, str]:
    (error,) = answer["errors"]
    assert answer["data"] == {"enablePullRequestAutoMerge": None}
    assert error["path"] == ["enablePullRequestAutoMerge"]
    return error["type"], error["message"]


async def test_waits_for_the_required_check_and_merges_as_the_app(world: Any) -> None:
    token = await world.app_token()
    pull = await armed_pull(world, token)
    sha = pull["head"]["sha"]
    shown = await world.pull(token, pull["number"])
    assert (shown["mergeable_state"], shown["auto_merge"]["merge_method"]) == ("blocked", "squash")
    pushes: list[Any] = []
    world.github.on_event(lambda event: pushes.append(event) if event.name == "push" else None)
    await world.check(token, sha)
    assert not (await world.pull(token, pull["number"]))["merged"]
    await world.check(world.actions(), sha)
    await world.github.settle()
    merged = await world.pull(token, pull["number"])
    assert (merged["state"], merged["merged_by"]["login"]) == ("closed", "autofix[bot]")
    assert merged["auto_merge"] is None
    (push,) = pushes
    assert (push.payload["ref"], push.payload["after"]) == ("refs/heads/main", merged["merge_commit_sha"])
    assert push.starts_workflows
    names = [(item.event, item.action) for item in world.github.deliveries]
    order = [
        ("pull_request", "auto_merge_enabled"),
        ("check_run", "completed"),
        ("pull_request", "closed"),
        ("push", None),
    ]
    assert [name for name in dict.fromkeys(names[3:]) if name in order] == order


async def test_a_review_completes_it_too(world: Any) -> None:
    token = await world.app_token()
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    await world.protect(rules=[rule])
    world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    await world.arm(token, pull)
    path = f"/repos/acme/shop/pulls/{pull['number']}/reviews"
    await world.call("POST", path, world.user("bob"), {"event": "APPROVE"})
    assert (await world.pull(token, pull["number"]))["merged"]


async def test_a_writers_push_keeps_it_and_a_strangers_push_drops_it(world: Any) -> None:
    token = await world.app_token()
    pull = await armed_pull(world, token)
    world.push("fix", {"app.py": "a = 3\n"}, login="bob")
    assert (await world.pull(token, pull["number"]))["auto_merge"]
    world.push("fix", {"app.py": "a = 4\n"}, login="mallory")
    assert (await world.pull(token, pull["number"]))["auto_merge"] is None
    await world.github.settle()
    dropped = [item for item in world.github.deliveries if item.action == "auto_merge_disabled"]
    assert dropped[0].payload["reason"] == "A user without write access pushed to the head branch"


async def test_another_base_drops_it(world: Any) -> None:
    token = await world.app_token()
    pull = await armed_pull(world, token)
    world.push("next", {"next.txt": "1"})
    path = f"/repos/acme/shop/pulls/{pull['number']}"
    assert (await world.call("PATCH", path, token, {"base": "next"})).json()["auto_merge"] is None


async def test_it_is_disarmed_on_request(world: Any) -> None:
    token = await world.app_token()
    pull = await armed_pull(world, token)
    query = """mutation($id: ID!) {
      disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { autoMergeRequest { enabledAt } } }
    }"""
    answer = await world.graphql(token, query, id=pull["node_id"])
    assert answer["data"]["disablePullRequestAutoMerge"]["pullRequest"]["autoMergeRequest"] is None
    answer = await world.graphql(token, query, id=pull["node_id"])
    assert answer["errors"][0]["message"] == "Can't disable auto-merge for this pull request"


async def test_refused_where_there_is_nothing_to_wait_for(world: Any) -> None:
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    text = "Pull request Protected branch rules not configured for this branch"
    assert refusal(await world.arm(token, pull)) == ("UNPROCESSABLE", text)
    await world.protect("ci")
    await world.check(world.actions(), sha)
    assert refusal(await world.arm(token, pull))[1] == "Pull request is in clean status"
    await world.check(world.actions(), sha, "lint", "failure")
    assert refusal(await world.arm(token, pull))[1] == "Pull request is in unstable status"


async def test_refused_for_the_pull_requests_own_sake(world: Any) -> None:
    await world.protect("ci")
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token, draft=True)
    assert refusal(await world.arm(token, pull))[1] == "Pull request is in draft status"
    ready = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"
    await world.graphql(token, ready, id=pull["node_id"])
    moved = await world.arm(token, pull, expectedHeadOid="0" * 40)
    assert refusal(moved)[1] == "Head branch was modified. Review and try the merge again."
    world.repo.allow_auto_merge = False
    text = "Pull request Auto merge is not allowed for this repository"
    assert refusal(await world.arm(token, pull))[1] == text
    world.repo.allow_auto_merge = True
    assert "errors" not in await world.arm(token, pull, expectedHeadOid=sha)
    draft = (
        "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { clientMutationId } }"
    )
    assert "errors" in await world.graphql(token, draft, id=pull["node_id"])
    await world.call("PATCH", f"/repos/acme/shop/pulls/{pull['number']}", token, {"state": "closed"})
    text = "Pull request is not in the correct state to enable auto-merge"
    assert refusal(await world.arm(token, pull))[1] == text


async def test_refused_without_the_permissions(world: Any) -> None:
    await world.protect("ci")
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    narrow = await world.app_token(permissions={"contents": "read", "pull_requests": "write"})
    expected = ("FORBIDDEN", "Resource not accessible by integration")
    assert refusal(await world.arm(narrow, pull)) == expected
    world.push("fix", {".github/workflows/ci.yml": "on: push\n"})
    text = refusal(await world.arm(token, pull))[1]
    assert text.startswith("refusing to allow a GitHub App to create or update workflow")
