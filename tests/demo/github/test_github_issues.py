"""Issues, comments, labels and reactions."""

from __future__ import annotations

from typing import Any

_ISSUES = "/repos/acme/shop/issues"


async def test_an_issue_lives_and_is_announced(world: Any) -> None:
    token = await world.app_token()
    body = {"title": "Boom", "body": "Trace", "labels": ["bug", "new"], "assignees": ["bob"]}
    made = await world.call("POST", _ISSUES, token, body)
    assert made.status_code == 201
    issue = made.json()
    assert (issue["user"]["login"], issue["author_association"]) == ("autofix[bot]", "NONE")
    assert [label["name"] for label in issue["labels"]] == ["bug", "new"]
    path = f"{_ISSUES}/{issue['number']}"
    closed = await world.call("PATCH", path, token, {"state": "closed", "state_reason": "not_planned"})
    assert closed.json()["state_reason"] == "not_planned"
    reopened = await world.call("PATCH", path, token, {"state": "open", "title": "Bang"})
    assert (reopened.json()["state_reason"], reopened.json()["title"]) == ("reopened", "Bang")
    assert (await world.call("GET", f"{_ISSUES}?labels=bug&state=all", token)).json()[0]["number"] == 1
    assert (await world.call("GET", f"{_ISSUES}?state=closed", token)).json() == []
    added = await world.call("POST", f"{path}/labels", token, {"labels": ["autofix: fixing"]})
    assert [label["name"] for label in added.json()] == ["bug", "new", "autofix: fixing"]
    await world.call("DELETE", f"{path}/labels/autofix:%20fixing", token)
    assert (await world.call("DELETE", f"{path}/labels/none", token)).status_code == 404
    await world.call("PUT", f"{path}/labels", token, {"labels": ["bug"]})
    assert len((await world.call("GET", f"{path}/labels", token)).json()) == 1
    await world.call("DELETE", f"{path}/assignees", token, {"assignees": ["bob"]})
    again = await world.call("POST", f"{path}/assignees", token, {"assignees": ["alice", "nobody"]})
    assert [user["login"] for user in again.json()["assignees"]] == ["alice"]
    await world.github.settle()
    actions = [item.action for item in world.github.deliveries if item.event == "issues"]
    assert actions[:3] == ["opened", "labeled", "labeled"]
    assert {"closed", "reopened", "edited", "unlabeled"} <= set(actions)


async def test_comments_are_edited_by_their_author_only(world: Any) -> None:
    token = await world.app_token()
    issue = world.github.open_issue("acme/shop", login="sentry[bot]", title="TypeError", body="trace")
    path = f"{_ISSUES}/{issue.number}/comments"
    mine = (await world.call("POST", path, token, {"body": "Looking"})).json()
    theirs = world.github.comment(issue, login="bob", body="Me too")
    edited = await world.call("PATCH", f"{_ISSUES}/comments/{mine['id']}", token, {"body": "Done"})
    assert edited.json()["body"] == "Done"
    refused = await world.call("PATCH", f"{_ISSUES}/comments/{theirs.id}", token, {"body": "Mine"})
    assert refused.status_code == 403
    listed = (await world.call("GET", path, token)).json()
    assert [(item["body"], item["author_association"]) for item in listed] == [
        ("Done", "NONE"),
        ("Me too", "MEMBER"),
    ]
    assert (await world.call("GET", f"{_ISSUES}/comments/{mine['id']}", token)).json()["body"] == "Done"
    assert (await world.call("DELETE", f"{_ISSUES}/comments/{mine['id']}", token)).status_code == 204
    assert (await world.call("POST", path, token, {"body": " "})).status_code == 422


async def test_a_reaction_is_given_once(world: Any) -> None:
    token = await world.app_token()
    issue = world.github.open_issue("acme/shop", login="bob", title="x")
    comment = world.github.comment(issue, login="bob", body="/autofix")
    for path in (f"{_ISSUES}/{issue.number}/reactions", f"{_ISSUES}/comments/{comment.id}/reactions"):
        first = await world.call("POST", path, token, {"content": "eyes"})
        assert (first.status_code, first.json()["content"]) == (201, "eyes")
        assert (await world.call("POST", path, token, {"content": "eyes"})).status_code == 200
        assert len((await world.call("GET", path, token)).json()) == 1
        assert (await world.call("DELETE", f"{path}/{first.json()['id']}", token)).status_code == 204
        assert (await world.call("POST", path, token, {"content": "wow"})).status_code == 422


async def test_labels_of_the_repository(world: Any) -> None:
    token = await world.app_token()
    path = "/repos/acme/shop/labels"
    made = await world.call("POST", path, token, {"name": "autofix", "color": "0e8a16"})
    assert (made.status_code, made.json()["color"]) == (201, "0e8a16")
    double = await world.call("POST", path, token, {"name": "Autofix"})
    assert double.json()["errors"][0]["code"] == "already_exists"
    assert (await world.call("GET", f"{path}/autofix", token)).status_code == 200
    assert len((await world.call("GET", path, token)).json()) == 4
