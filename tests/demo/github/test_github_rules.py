"""Classic protection and rulesets: what they show, and what they forbid."""

from __future__ import annotations

from typing import Any

_BRANCH = "/repos/acme/shop/branches/main"
CLASSIC = {
    "required_status_checks": {"strict": False, "checks": [{"context": "ci", "app_id": 15368}]},
    "enforce_admins": True,
    "required_pull_request_reviews": None,
    "restrictions": None,
}


async def test_a_required_check_is_bound_to_its_app(world: Any) -> None:
    await world.protect("ci", app_id=15368)
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    merge = f"/repos/acme/shop/pulls/{number}/merge"
    await world.check(token, sha, "ci")
    status = {"state": "success", "context": "ci"}
    await world.call("POST", f"/repos/acme/shop/statuses/{sha}", world.user("bob"), status)
    refused = await world.call("PUT", merge, token, {})
    assert refused.status_code == 405
    assert 'Required status check "ci" is expected.' in refused.json()["message"]
    await world.check(world.actions(), sha, "ci", "failure")
    refused = await world.call("PUT", merge, token, {})
    assert 'Required status check "ci" is failing.' in refused.json()["message"]
    await world.check(world.actions(), sha, "ci")
    assert (await world.call("PUT", merge, token, {})).status_code == 200


async def test_the_check_counts_on_the_head_only(world: Any) -> None:
    await world.protect("ci")
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    await world.check(world.actions(), sha, "ci")
    assert (await world.pull(token, number))["mergeable_state"] == "clean"
    world.push("fix", {"app.py": "a = 3\n"})
    assert (await world.pull(token, number))["mergeable_state"] == "blocked"


async def test_classic_protection_is_seen_by_administrators_and_outlined_to_others(world: Any) -> None:
    token, admin = await world.app_token(), world.user("alice")
    assert (await world.call("GET", f"{_BRANCH}/protection", token)).status_code == 403
    assert (await world.call("GET", f"{_BRANCH}/protection", world.user("bob"))).status_code == 404
    absent = await world.call("GET", f"{_BRANCH}/protection", admin)
    assert (absent.status_code, absent.json()["message"]) == (404, "Branch not protected")
    assert (await world.call("PUT", f"{_BRANCH}/protection", admin, CLASSIC)).status_code == 200
    shown = (await world.call("GET", f"{_BRANCH}/protection", admin)).json()
    assert shown["required_status_checks"]["contexts"] == ["ci"]
    branch = (await world.call("GET", _BRANCH, token)).json()
    assert branch["protected"]
    assert branch["protection"]["required_status_checks"] == {
        "enforcement_level": "everyone",
        "contexts": ["ci"],
        "checks": [{"context": "ci", "app_id": 15368}],
    }
    rules = await world.call("GET", "/repos/acme/shop/rules/branches/main", token)
    assert rules.json() == []
    assert (await world.call("DELETE", f"{_BRANCH}/protection", admin)).status_code == 204
    assert not (await world.call("GET", _BRANCH, token)).json()["protected"]


async def test_rulesets_show_their_active_rules_to_all_who_read(world: Any) -> None:
    rules = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    await world.protect("ci", app_id=15368, rules=rules)
    token, admin = await world.app_token(), world.user("alice")
    path = "/repos/acme/shop/rules/branches/main"
    shown = (await world.call("GET", path, token)).json()
    assert [rule["type"] for rule in shown] == ["required_status_checks", "deletion", "non_fast_forward"]
    assert shown[0]["parameters"]["required_status_checks"] == [{"context": "ci", "integration_id": 15368}]
    (listed,) = (await world.call("GET", "/repos/acme/shop/rulesets", admin)).json()
    one = f"/repos/acme/shop/rulesets/{listed['id']}"
    assert (await world.call("GET", one, admin)).json()["rules"][1:] == rules
    assert (await world.call("PUT", one, token, {"enforcement": "disabled"})).status_code == 403
    await world.call("PUT", one, admin, {"enforcement": "evaluate"})
    assert (await world.call("GET", path, token)).json() == []
    assert (await world.call("DELETE", one, admin)).status_code == 204


async def test_a_protected_branch_is_not_written_to(world: Any) -> None:
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 0}}
    await world.protect("ci", rules=[rule, {"type": "deletion"}])
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    path = "/repos/acme/shop/git/refs/heads/main"
    answer = await world.call("PATCH", path, token, {"sha": sha})
    assert answer.status_code == 422
    assert "Changes must be made through a pull request." in answer.json()["message"]
    assert 'Required status check "ci" is expected.' in answer.json()["message"]
    assert (await world.call("DELETE", path, token)).status_code == 422


async def test_stale_approvals_are_dismissed_when_the_rule_says_so(world: Any) -> None:
    parameters = {"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": True}
    await world.protect(rules=[{"type": "pull_request", "parameters": parameters}])
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    reviews = f"/repos/acme/shop/pulls/{number}/reviews"
    await world.call("POST", reviews, world.user("bob"), {"event": "APPROVE"})
    world.push("fix", {"app.py": "a = 3\n"}, login="bob")
    assert (await world.pull(token, number))["mergeable_state"] == "blocked"
