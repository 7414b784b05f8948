"""The contract lets good calls through and names what is wrong with bad ones."""

import json
import time
from typing import Any

import pytest

from contracts import Contract, load_contract

REPO = "/repos/octo/shop"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


def _request(contract: Contract, method: str, path: str, body: object = None, **query: str) -> list[str]:
    encoded = b"" if body is None else json.dumps(body).encode()
    return contract.check_request(
        method, path, {name: [value] for name, value in query.items()}, JSON, encoded
    )


def _response(contract: Contract, method: str, path: str, status: int, body: object = None) -> list[str]:
    return contract.check_response(
        method, path, status, JSON, b"" if body is None else json.dumps(body).encode()
    )


def _ref(**changed: object) -> dict[str, object]:
    target = {"type": "commit", "sha": SHA, "url": f"https://api.github.com{REPO}/git/commits/{SHA}"}
    url = f"https://api.github.com{REPO}/git/refs/heads/main"
    return {"ref": "refs/heads/main", "node_id": "R_1", "url": url, "object": target, **changed}


class TestRequest:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", f"{REPO}/contents/src/app.py"),
            ("GET", f"{REPO}/contents/src%2Fapp.py"),
            ("GET", f"{REPO}/git/ref/heads/autofix/a/b"),
            ("DELETE", f"{REPO}/git/refs/heads/autofix/a/b"),
            ("GET", f"{REPO}/compare/main...autofix/a/b"),
            ("GET", f"{REPO}/branches/autofix/a/b"),
            ("GET", f"{REPO}/branches/autofix/a/b/protection"),
            ("GET", f"{REPO}/rules/branches/autofix/a/b"),
            ("GET", f"{REPO}/commits/heads/a/b/check-runs"),
            ("GET", f"{REPO}/actions/workflows/ci.yml"),
            ("get", "/app"),
        ],
    )
    def test_described_path(self, contract: Contract, method: str, path: str) -> None:
        assert _request(contract, method, path) == []

    @pytest.mark.parametrize(
        ("method", "path", "says"),
        [
            ("GET", f"{REPO}/pull/1", "the path is not described"),
            ("GET", f"{REPO}/labels/a/b", "the path is not described"),
            ("GET", "/app/", "the path is not described"),
            ("PUT", f"{REPO}/pulls/1", "PUT is not described"),
            ("GET", f"{REPO}/pulls/one", "path pull_number: 'one' is not of type 'integer'"),
        ],
    )
    def test_wrong_path(self, contract: Contract, method: str, path: str, says: str) -> None:
        assert says in "\n".join(_request(contract, method, path))

    def test_query(self, contract: Contract) -> None:
        assert _request(contract, "GET", f"{REPO}/pulls", state="all", per_page="100", head="octo:a/b") == []

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ({"state": "merged"}, "query state: 'merged' is not one of"),
            ({"per_page": "many"}, "query per_page: 'many' is not of type 'integer'"),
            ({"sate": "open"}, "query sate: not described"),
        ],
    )
    def test_wrong_query(self, contract: Contract, query: dict[str, str], says: str) -> None:
        assert says in "\n".join(_request(contract, "GET", f"{REPO}/pulls", None, **query))

    def test_repeated_query(self, contract: Contract) -> None:
        found = contract.check_request("GET", f"{REPO}/pulls", {"state": ["open", "closed"]}, {}, b"")
        assert found == ["GET /repos/{owner}/{repo}/pulls: query state: given 2 times"]

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/check-runs", {"name": "autofix", "head_sha": SHA, "status": "in_progress"}),
            ("PATCH", "/check-runs/7", {"status": "completed", "conclusion": "success"}),
            ("PUT", "/pulls/7/merge", {"merge_method": "squash", "sha": SHA}),
            ("PUT", "/pulls/7/merge", None),
            ("POST", "/issues/7/labels", {"labels": ["autofix"]}),
            ("POST", "/deployments", {"ref": "main", "payload": {"any": 1}, "required_contexts": []}),
            ("POST", "/dispatches", {"event_type": "autofix", "client_payload": {"any": {"thing": 1}}}),
            ("POST", "/git/trees", {"tree": [{"path": "a", "mode": "100644", "type": "blob", "sha": None}]}),
            ("POST", "/actions/runs/7/rerun-failed-jobs", {}),
        ],
    )
    def test_body(self, contract: Contract, method: str, path: str, body: object) -> None:
        assert _request(contract, method, REPO + path, body) == []

    @pytest.mark.parametrize(
        ("method", "path", "body", "says"),
        [
            ("POST", "/check-runs", {"name": "autofix"}, "'head_sha' is a required property"),
            ("POST", "/check-runs", {"name": "a", "head_sha": SHA, "status": "done"}, "body.status: 'done'"),
            ("PUT", "/pulls/7/merge", {"merge_method": "fast"}, "body.merge_method: 'fast' is not one of"),
            ("PUT", "/pulls/7/merge", {"expected_sha": SHA}, "body: 'expected_sha' is not described"),
            ("POST", "/issues/7/labels", ["autofix"], "body: ['autofix'] is not of type 'object'"),
            ("POST", "/issues", {"title": "t", "labels": "bug"}, "body.labels: 'bug' is not of type 'array'"),
            ("POST", "/git/trees", {"tree": [{"path": "a", "mode": "777"}]}, "body.tree[0].mode: '777'"),
            ("POST", "/git/trees", {"tree": [{"paths": "a"}]}, "body.tree[0]: 'paths' is not described"),
            ("PUT", "/environments/prod", {"timer": 1}, "'timer' was unexpected"),
            ("POST", "/pulls", None, "the body is required"),
            ("GET", "/pulls", {"state": "open"}, "a body where GitHub reads none"),
        ],
    )
    def test_wrong_body(self, contract: Contract, method: str, path: str, body: object, says: str) -> None:
        assert says in "\n".join(_request(contract, method, REPO + path, body))

    def test_body_that_is_no_json(self, contract: Contract) -> None:
        assert "not JSON" in contract.check_request("POST", f"{REPO}/pulls", {}, JSON, b"title=t")[0]
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert "content type" in contract.check_request("POST", f"{REPO}/pulls", {}, form, b"title=t")[0]

    def test_api_version(self, contract: Contract) -> None:
        for version, count in (("2022-11-28", 0), ("2026-03-10", 1)):
            found = contract.check_request("GET", "/app", {}, {"X-GitHub-Api-Version": version}, b"")
            assert len(found) == count


class TestResponse:
    def test_described(self, contract: Contract) -> None:
        assert _response(contract, "GET", f"{REPO}/git/ref/heads/main", 200, _ref()) == []
        assert _response(contract, "DELETE", f"{REPO}/git/refs/heads/main", 204) == []
        merged = {"sha": SHA, "merged": True, "message": "merged"}
        assert _response(contract, "PUT", f"{REPO}/pulls/7/merge", 200, merged) == []

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"ref": None}, "body.ref: None is not of type 'string'"),
            ({"url": "not a link"}, "body.url: 'not a link' is not a 'uri'"),
            ({"object": {"type": "commit", "sha": SHA}}, "body.object: 'url' is a required property"),
            ({"object": []}, "body.object: [] is not of type 'object'"),
        ],
    )
    def test_wrong_member(self, contract: Contract, changed: dict[str, object], says: str) -> None:
        found = _response(contract, "GET", f"{REPO}/git/ref/heads/main", 200, _ref(**changed))
        assert says in "\n".join(found)

    def test_undescribed_member_is_reported_on_demand(self, contract: Contract) -> None:
        call = ("GET", f"{REPO}/git/ref/heads/main", 200, _ref(protected=True))
        assert _response(contract, *call) == []
        assert "'protected' is not described" in _response(load_contract(closed_answers=True), *call)[0]

    def test_enum_and_null(self, contract: Contract) -> None:
        label: dict[str, object] = {"id": 1, "node_id": "L", "url": "https://api.github.com/l", "name": "bug"}
        label |= {"description": None, "color": "ff0000", "default": False}
        assert _response(contract, "GET", f"{REPO}/labels/bug", 200, label) == []
        reaction = {
            "id": 1,
            "node_id": "R",
            "user": None,
            "content": "+1",
            "created_at": "2026-01-02T03:04:05Z",
        }
        path = f"{REPO}/issues/1/reactions"
        assert _response(contract, "POST", path, 201, reaction) == []
        assert "'ok' is not one of" in _response(contract, "POST", path, 201, reaction | {"content": "ok"})[0]
        assert (
            "date-time" in _response(contract, "POST", path, 201, reaction | {"created_at": "2026-01-02"})[0]
        )

    @pytest.mark.parametrize("status", [202, 204, 301])
    def test_undocumented_status(self, contract: Contract, status: int) -> None:
        found = _response(contract, "GET", f"{REPO}/git/ref/heads/main", status)
        assert "the status is not described; known are 200, 404, 409" in found[0]

    @pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500, 503])
    def test_error(self, contract: Contract, status: int) -> None:
        error = {
            "message": "Not Found",
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        assert _response(contract, "GET", "/app", status, error) == []
        assert _response(contract, "GET", "/app", status, {"error": "no"})
        assert _response(contract, "GET", "/app", status, {"message": 1})

    def test_empty_and_unreadable(self, contract: Contract) -> None:
        assert "GitHub sends none" in _response(contract, "DELETE", f"{REPO}/git/refs/heads/main", 204, {})[0]
        assert "not JSON" in _response(contract, "GET", "/app", 200)[0]
        assert contract.check_response("GET", "/app", 304, {}, b"") == []
        assert contract.check_response("GET", "/app", 304, {}, b"{}")
        html = {"content-type": "text/html"}
        assert "content type text/html" in contract.check_response("GET", "/app", 200, html, b"<p>")[0]


AUTO_MERGE = """mutation($pull: ID!, $oid: GitObjectID!, $method: PullRequestMergeMethod) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull, expectedHeadOid: $oid, mergeMethod: $method}) {
    pullRequest { id autoMergeRequest { mergeMethod enabledBy { login } } }
  }
}"""
PULL = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { number mergeStateStatus author { login ... on User { databaseId } } }
  }
}"""
VALID: dict[str, object] = {"pull": "PR_1", "oid": SHA, "method": "SQUASH"}


class TestGraphql:
    def test_described(self, contract: Contract) -> None:
        assert contract.check_graphql(AUTO_MERGE, VALID) == []
        assert contract.check_graphql(PULL, {"owner": "octo", "name": "shop", "number": 7}) == []

    @pytest.mark.parametrize(
        "document",
        [
            "query($id: ID!) { node(id: $id) { ... on PullRequest { mergeQueueEntry { state } } } }",
            """query($o: String!, $n: String!, $ref: String!, $path: String!) {
               repository(owner: $o, name: $n) {
                 object(expression: $ref) { ... on Commit { blame(path: $path) { ranges {
                   startingLine endingLine commit { oid authoredDate author { user { login } } } } } } }
                 ref(qualifiedName: $ref) {
                   branchProtectionRule { requiredStatusChecks { context app { databaseId } } }
                   refUpdateRule { requiredStatusCheckContexts requiredApprovingReviewCount } } } }""",
            "mutation($i: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $i) { commit { oid } } }",
            "mutation($i: EnqueuePullRequestInput!) { enqueuePullRequest(input: $i) { clientMutationId } }",
            "mutation($i: AddReactionInput!) { addReaction(input: $i) { reaction { content } } }",
            """mutation($i: DisablePullRequestAutoMergeInput!) {
                 disablePullRequestAutoMerge(input: $i) { pullRequest { id } } }""",
        ],
    )
    def test_documents_that_are_sent(self, contract: Contract, document: str) -> None:
        found = contract.check_graphql(document, {})
        assert all(line.startswith("graphql: Variable '$") for line in found), found

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("autoMergeRequest", "autoMergeRequests", "Cannot query field 'autoMergeRequests'"),
            ("enablePullRequestAutoMerge", "enableAutoMerge", "Cannot query field 'enableAutoMerge'"),
            ("expectedHeadOid", "expectedOid", "'expectedOid'"),
            ("$pull: ID!", "$pull: Int!", "used in position expecting type 'ID!'"),
            ("mergeMethod: $method", "mergeMethod: FAST", "Value 'FAST' does not exist"),
            ("$oid, mergeMethod", '"main", mergeMethod', "GitObjectID"),
            ("}\n}", "}", "Syntax Error"),
        ],
    )
    def test_wrong_document(self, contract: Contract, old: str, new: str, says: str) -> None:
        assert says in "\n".join(contract.check_graphql(AUTO_MERGE.replace(old, new, 1), VALID))

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"method": "FAST"}, "Value 'FAST' does not exist"),
            ({"oid": "main"}, "GitObjectID cannot represent 'main'"),
            ({"oid": None}, "$oid"),
            ({"pull": 1.5}, "ID cannot represent"),
            ({"other": 1}, "$other is not declared"),
        ],
    )
    def test_wrong_variables(self, contract: Contract, changed: dict[str, object], says: str) -> None:
        assert says in "\n".join(contract.check_graphql(AUTO_MERGE, VALID | changed))

    def test_two_operations(self, contract: Contract) -> None:
        assert contract.check_graphql("query A { viewer { login } } query B { viewer { login } }", {})

    def test_answer(self, contract: Contract) -> None:
        variables = {"owner": "octo", "name": "shop", "number": 7}
        pull: dict[str, object] = {
            "number": 7,
            "mergeStateStatus": "CLEAN",
            "author": {"login": "a", "databaseId": 1},
        }

        def judged(**changed: object) -> str:
            data = {"repository": {"pullRequest": pull | changed}}
            return "\n".join(contract.check_graphql_answer(PULL, variables, data))

        assert judged() == ""
        assert judged(author=None) == ""
        assert "cannot represent value" in judged(mergeStateStatus="clean")
        assert "Int cannot represent" in judged(number="seven")
        assert "non-nullable" in judged(number=None)
        assert "author.login: is asked for and missing" in judged(author={})

    def test_over_http(self, contract: Contract) -> None:
        call = {"query": AUTO_MERGE, "variables": VALID}
        assert _request(contract, "POST", "/graphql", call) == []
        assert _request(contract, "POST", "/graphql", call | {"query": "{ nothing }"})
        assert _request(contract, "POST", "/graphql", {"document": AUTO_MERGE})
        assert _response(contract, "POST", "/graphql", 200, {"data": {}}) == []
        assert (
            _response(contract, "POST", "/graphql", 200, {"data": None, "errors": [{"message": "no"}]}) == []
        )
        assert _response(contract, "POST", "/graphql", 200, {"data": None})
        assert _response(contract, "POST", "/graphql", 502, {})


class TestWebhook:
    @pytest.fixture
    def ping(self) -> dict[str, Any]:
        return {"zen": "Keep it logically awesome.", "hook_id": 1}

    def test_described(self, contract: Contract, ping: dict[str, Any]) -> None:
        assert contract.check_webhook("ping", ping) == []

    @pytest.mark.parametrize(
        ("event", "payload", "says"),
        [
            ("ping", {"hook_id": "one"}, "payload.hook_id: 'one' is not of type 'integer'"),
            ("gollum", {}, "not described"),
            ("check_run", {"action": "done"}, "known actions are completed, created"),
            ("check_run", {}, "check_run/: not described"),
            ("pull_request", {"action": "auto_merge_enabled"}, "'pull_request' is a required property"),
            (
                "installation_repositories",
                {"action": "added", "repository_selection": "some"},
                "'some' is not",
            ),
        ],
    )
    def test_wrong(self, contract: Contract, event: str, payload: dict[str, object], says: str) -> None:
        assert says in "\n".join(contract.check_webhook(event, payload))


def test_is_quick() -> None:
    started = time.perf_counter()
    contract = Contract()
    assert time.perf_counter() - started < 5
    started = time.perf_counter()
    for _ in range(20):
        assert _response(contract, "GET", f"{REPO}/git/ref/heads/main", 200, _ref()) == []
    assert time.perf_counter() - started < 5
