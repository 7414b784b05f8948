"""Pull requests: heads that move, mergeability that is computed, merges that are real."""

from __future__ import annotations

from typing import Any

import pytest

_PULLS = "/repos/acme/shop/pulls"


async def test_the_head_moves_with_a_push(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    sha = world.push("fix", {"app.py": "a = 3\n"})
    await world.github.settle()
    shown = await world.pull(token, pull["number"])
    assert shown["head"]["sha"] == sha
    assert world.repo.git.ref(f"refs/pull/{pull['number']}/head") == sha
    moved = next(item for item in world.github.deliveries if item.action == "synchronize")
    assert (moved.payload["before"], moved.payload["after"]) == (pull["head"]["sha"], sha)
    files = (await world.call("GET", f"{_PULLS}/{pull['number']}/files", token)).json()
    assert [(item["filename"], item["additions"], item["deletions"]) for item in files] == [("app.py", 1, 5)]
    commits = (await world.call("GET", f"{_PULLS}/{pull['number']}/commits", token)).json()
    assert [item["sha"] for item in commits] == [pull["head"]["sha"], sha]
    listed = (await world.call("GET", f"{_PULLS}?head=acme:fix&state=open", token)).json()
    assert [item["number"] for item in listed] == [pull["number"]]
    assert (await world.call("GET", f"{_PULLS}?head=acme:other", token)).json() == []
    of_commit = (await world.call("GET", f"/repos/acme/shop/commits/{sha}/pulls", token)).json()
    assert [item["number"] for item in of_commit] == [pull["number"]]


async def test_doubles_and_empty_pull_requests_are_refused(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    await world.open_pull(token)
    body = {"title": "Again", "head": "fix", "base": "main"}
    again = await world.call("POST", _PULLS, token, body)
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for acme:fix."
    world.repo.git.set_ref("refs/heads/same", world.repo.git.branch("main"))
    empty = await world.call("POST", _PULLS, token, {**body, "head": "same"})
    assert empty.json()["errors"][0]["message"] == "No commits between main and same"
    missing = await world.call("POST", _PULLS, token, {**body, "head": "nothing"})
    assert missing.json()["errors"][0] == {"resource": "PullRequest", "field": "head", "code": "invalid"}


async def test_mergeable_is_unknown_at_first_and_then_computed(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    assert (pull["mergeable"], pull["mergeable_state"]) == (None, "unknown")
    shown = (await world.call("GET", f"{_PULLS}/{pull['number']}", token)).json()
    assert (shown["mergeable"], shown["mergeable_state"]) == (True, "clean")
    assert world.repo.git.ref(f"refs/pull/{pull['number']}/merge") == shown["merge_commit_sha"]
    world.push("main", {"app.py": "a = 9\n"})
    shown = (await world.call("GET", f"{_PULLS}/{pull['number']}", token)).json()
    assert shown["mergeable"] is None
    shown = (await world.call("GET", f"{_PULLS}/{pull['number']}", token)).json()
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")
    answer = await world.call("PUT", f"{_PULLS}/{pull['number']}/merge", token, {})
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is not mergeable")


async def test_mergeable_states(world: Any) -> None:
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    await world.check(world.actions(), sha, "lint", "failure")
    assert (await world.pull(token, number))["mergeable_state"] == "unstable"
    await world.protect("ci", strict=True)
    assert (await world.pull(token, number))["mergeable_state"] == "blocked"
    await world.check(world.actions(), sha, "ci")
    await world.check(world.actions(), sha, "lint")
    assert (await world.pull(token, number))["mergeable_state"] == "clean"
    world.repo.rulesets.clear()
    world.push("main", {"other.py": "1\n"})
    await world.protect("ci", strict=True)
    assert (await world.pull(token, number))["mergeable_state"] == "behind"
    answer = await world.call("PUT", f"{_PULLS}/{number}/update-branch", token, {"expected_head_sha": sha})
    assert answer.status_code == 202
    assert (await world.pull(token, number))["mergeable_state"] == "blocked"


@pytest.mark.parametrize(
    ("method", "parents", "commits"), [("merge", 2, 3), ("squash", 1, 1), ("rebase", 1, 2)]
)
async def test_every_method_writes_real_commits(world: Any, method: str, parents: int, commits: int) -> None:
    token = await world.app_token()
    base = world.push("main", {"notes.txt": "1\n2\n3\n4\n5\n6\n7\n"})
    world.push("fix", {"notes.txt": "one\n2\n3\n4\n5\n6\n7\n"}, message="First\n\nBody")
    world.push("fix", {"app.py": "a = 2\n"}, message="Second")
    number = (await world.open_pull(token))["number"]
    base = world.push("main", {"notes.txt": "1\n2\n3\n4\n5\n6\nseven\n"})
    answer = await world.call("PUT", f"{_PULLS}/{number}/merge", token, {"merge_method": method})
    assert answer.status_code == 200, answer.text
    git, sha = world.repo.git, answer.json()["sha"]
    assert git.branch("main") == sha
    assert len(git.commit(sha).parents) == parents
    assert len(git.log(sha, [base])) == commits
    notes = git.files(git.commit(sha).tree)["notes.txt"]
    assert git.blob(notes.sha) == b"one\n2\n3\n4\n5\n6\nseven\n"
    assert git.branch("fix") is not None
    assert (await world.call("GET", f"{_PULLS}/{number}/merge", token)).status_code == 204
    assert (await world.call("PUT", f"{_PULLS}/{number}/merge", token, {})).status_code == 405


async def test_a_merge_is_bound_to_the_head_it_was_asked_for(world: Any) -> None:
    token = await world.app_token()
    old = world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    world.push("fix", {"app.py": "a = 3\n"})
    answer = await world.call("PUT", f"{_PULLS}/{number}/merge", token, {"sha": old})
    assert answer.status_code == 409
    assert answer.json()["message"] == "Head branch was modified. Review and try the merge again."


async def test_approvals_come_from_others_who_may_write(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    await world.protect(rules=[rule])
    number = (await world.open_pull(token))["number"]
    reviews, merge = f"{_PULLS}/{number}/reviews", f"{_PULLS}/{number}/merge"
    own = await world.call("POST", reviews, token, {"event": "APPROVE"})
    assert own.json()["errors"] == ["Can not approve your own pull request"]
    await world.call("POST", reviews, world.user("mallory"), {"event": "APPROVE"})
    answer = await world.call("PUT", merge, token, {})
    assert answer.status_code == 405
    assert (
        "At least 1 approving review is required by reviewers with write access." in answer.json()["message"]
    )
    given = (
        await world.call("POST", reviews, world.user("bob"), {"event": "APPROVE", "body": "Good"})
    ).json()
    assert (await world.pull(token, number))["mergeable_state"] == "clean"
    dismissal = f"{reviews}/{given['id']}/dismissals"
    gone = await world.call("PUT", dismissal, world.user("alice"), {"message": "Wait"})
    assert gone.json()["state"] == "DISMISSED"
    assert (await world.pull(token, number))["mergeable_state"] == "blocked"
    asked = await world.call("POST", f"{_PULLS}/{number}/requested_reviewers", token, {"reviewers": ["bob"]})
    assert [user["login"] for user in asked.json()["requested_reviewers"]] == ["bob"]
    assert len((await world.call("GET", reviews, token)).json()) == 2
    assert (await world.call("GET", f"{reviews}/{given['id']}", token)).json()["body"] == "Good"
    reviewers = f"{_PULLS}/{number}/requested_reviewers"
    assert len((await world.call("GET", reviewers, token)).json()["users"]) == 1
    await world.call("DELETE", reviewers, token, {"reviewers": ["bob"]})
    assert (await world.call("GET", reviewers, token)).json()["users"] == []


async def test_closes_n_closes_the_issue(world: Any) -> None:
    token = await world.app_token()
    issue = world.github.open_issue("acme/shop", login="sentry[bot]", title="TypeError")
    world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token, body=f"Fixes #{issue.number}"))["number"]
    await world.call("PATCH", f"{_PULLS}/{number}", token, {"title": "Better"})
    await world.call("PUT", f"{_PULLS}/{number}/merge", token, {})
    assert (issue.state, issue.state_reason) == ("closed", "completed")


async def test_a_pull_request_is_closed_and_opened_again(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    closed = await world.call("PATCH", f"{_PULLS}/{number}", token, {"state": "closed"})
    assert closed.json()["state"] == "closed"
    opened = await world.call("PATCH", f"{_PULLS}/{number}", token, {"state": "open"})
    assert opened.json()["state"] == "open"
    as_issue = await world.call("GET", f"/repos/acme/shop/issues/{number}", token)
    assert as_issue.json()["pull_request"]["merged_at"] is None
