"""GraphQL: fields, fragments, aliases, variables; blame, protection, commits; and its errors."""

from __future__ import annotations

import base64
from typing import Any

_PULL = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pull: pullRequest(number: $number) {
      ...State
      mergeCommit { oid }
      autoMergeRequest { enabledAt enabledBy { login } mergeMethod }
      statusCheckRollup { state contexts(first: 10) { nodes {
        __typename
        ... on CheckRun { name conclusion isRequired(pullRequestNumber: $number) }
        ... on StatusContext { context state }
      } } }
    }
  }
}
fragment State on PullRequest {
  id number state isDraft merged mergedAt mergeable mergeStateStatus reviewDecision
  headRefOid headRefName baseRefName baseRefOid isCrossRepository
}"""


async def test_a_pull_request_in_one_question(world: Any) -> None:
    await world.protect("ci")
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    pull = await world.open_pull(token)
    await world.check(world.actions(), sha)
    variables = {"owner": "acme", "name": "shop", "number": pull["number"]}
    await world.graphql(token, _PULL, **variables)
    answer = await world.graphql(token, _PULL, **variables)
    shown = answer["data"]["repository"]["pull"]
    assert (shown["id"], shown["state"], shown["headRefOid"]) == (pull["node_id"], "OPEN", sha)
    assert (shown["mergeable"], shown["mergeStateStatus"], shown["reviewDecision"]) == (
        "MERGEABLE",
        "CLEAN",
        None,
    )
    assert shown["statusCheckRollup"]["contexts"]["nodes"] == [
        {"__typename": "CheckRun", "name": "ci", "conclusion": "SUCCESS", "isRequired": True}
    ]


async def test_blame_leads_to_the_commit_and_its_pull_request(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 1\nb = None\nc = 3\nd = 4\ne = 5\n"}, login="bob", message="Lose b")
    pull = await world.open_pull(token)
    await world.call(
        "PUT", f"/repos/acme/shop/pulls/{pull['number']}/merge", token, {"merge_method": "squash"}
    )
    query = """query($path: String!) { repository(owner: "acme", name: "shop") { object(expression: "main") {
      __typename ... on Commit { oid blame(path: $path) { ranges { startingLine endingLine age commit {
        oid messageHeadline committedDate author { name email user { login } }
        associatedPullRequests(first: 1) { nodes { number url } } } } } } } } }"""
    answer = await world.graphql(token, query, path="app.py")
    shown = answer["data"]["repository"]["object"]
    assert (shown["__typename"], shown["oid"]) == ("Commit", world.repo.git.branch("main"))
    ranges = shown["blame"]["ranges"]
    assert [(item["startingLine"], item["endingLine"]) for item in ranges] == [(1, 1), (2, 2), (3, 5)]
    blamed = ranges[1]["commit"]
    assert blamed["messageHeadline"] == f"Lose b (#{pull['number']})"
    assert blamed["associatedPullRequests"]["nodes"][0]["number"] == pull["number"]
    assert ranges[0]["commit"]["author"]["user"] == {"login": "alice"}


async def test_protection_is_outlined_to_apps(world: Any) -> None:
    protection = {
        "required_status_checks": {"strict": True, "checks": [{"context": "ci"}]},
        "enforce_admins": None,
        "required_pull_request_reviews": {"required_approving_review_count": 2},
        "restrictions": None,
    }
    path = "/repos/acme/shop/branches/main/protection"
    assert (await world.call("PUT", path, world.user("alice"), protection)).status_code == 200
    query = """{ repository(owner: "acme", name: "shop") { ref(qualifiedName: "refs/heads/main") {
      name target { oid } branchProtectionRule { requiresStrictStatusChecks requiredStatusChecks { context } }
      refUpdateRule { requiredStatusCheckContexts requiredApprovingReviewCount } } } }"""
    seen = (await world.graphql(await world.app_token(), query))["data"]["repository"]["ref"]
    assert seen["branchProtectionRule"] is None
    assert seen["refUpdateRule"] == {"requiredStatusCheckContexts": ["ci"], "requiredApprovingReviewCount": 2}
    seen = (await world.graphql(world.user("alice"), query))["data"]["repository"]["ref"]
    assert seen["branchProtectionRule"]["requiredStatusChecks"] == [{"context": "ci"}]


async def test_a_commit_on_a_branch_wants_the_expected_head(world: Any) -> None:
    token = await world.app_token()
    head = world.push("fix", {"app.py": "a = 2\n"})
    query = """mutation($input: CreateCommitOnBranchInput!) {
      createCommitOnBranch(input: $input) { commit { oid messageHeadline } } }"""
    contents = base64.b64encode(b"new\n").decode()
    sent = {
        "branch": {"repositoryNameWithOwner": "acme/shop", "branchName": "fix"},
        "expectedHeadOid": head,
        "message": {"headline": "Two at once", "body": "Why"},
        "fileChanges": {
            "additions": [{"path": "n.txt", "contents": contents}],
            "deletions": [{"path": "app.py"}],
        },
    }
    answer = await world.graphql(token, query, input=sent)
    oid = answer["data"]["createCommitOnBranch"]["commit"]["oid"]
    git = world.repo.git
    assert (git.branch("fix"), sorted(git.files(git.commit(oid).tree))) == (oid, ["README.md", "n.txt"])
    assert oid in world.repo.verified
    stale = await world.graphql(token, query, input=sent)
    assert stale["errors"][0]["type"] == "STALE_DATA"


async def test_errors_come_with_200_and_a_type(world: Any) -> None:
    token = await world.app_token()
    missing = await world.graphql(token, '{ repository(owner: "acme", name: "no") { id } }')
    assert missing["data"] == {"repository": None}
    assert missing["errors"][0]["type"] == "NOT_FOUND"
    assert missing["errors"][0]["message"] == "Could not resolve to a Repository with the name 'acme/no'."
    unknown = await world.graphql(token, "{ repository { nothing } }")
    assert "data" not in unknown
    assert unknown["errors"]
    node = await world.graphql(token, 'query { node(id: "X") { id } }')
    assert node["errors"][0]["message"] == "Could not resolve to a node with the global id of 'X'"
    assert (await world.http.post("/graphql", json={"query": "{ viewer { login } }"})).status_code == 401
