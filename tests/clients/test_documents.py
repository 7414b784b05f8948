from __future__ import annotations

import pytest

from app.clients.github import documents
from contracts import load_contract

SHA = "a" * 40
VARIABLES: dict[str, dict[str, object]] = {
    "PULL_STATE": {"owner": "acme", "name": "shop", "number": 9},
    "BLAME": {"owner": "acme", "name": "shop", "commit": SHA, "path": "shop/cart.py"},
    "ENABLE_AUTO_MERGE": {"pull": "PR_9", "head": SHA, "headline": "Fix it", "body": "Because"},
    "DISABLE_AUTO_MERGE": {"pull": "PR_9"},
    "ENQUEUE": {"pull": "PR_9", "head": SHA},
    "DEQUEUE": {"pull": "PR_9"},
    "MOVE_BRANCH": {"repository": "R_1", "branch": "refs/heads/autofix/x", "before": SHA, "after": SHA},
}
DOCUMENTS = {name: text for name, text in vars(documents).items() if name.isupper()}


def test_every_document_is_known_here() -> None:
    assert set(DOCUMENTS) == set(VARIABLES)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_github_understands_the_document(name: str) -> None:
    assert load_contract().check_graphql(DOCUMENTS[name], VARIABLES[name]) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_variable_is_needed_and_no_other_is_taken(name: str) -> None:
    contract = load_contract()
    for variable in VARIABLES[name]:
        rest = {key: value for key, value in VARIABLES[name].items() if key != variable}
        assert contract.check_graphql(DOCUMENTS[name], rest) != []
    assert contract.check_graphql(DOCUMENTS[name], {**VARIABLES[name], "other": 1}) != []


def test_auto_merge_is_bound_to_a_head_and_squashes() -> None:
    assert "expectedHeadOid: $head" in documents.ENABLE_AUTO_MERGE
    assert "mergeMethod: SQUASH" in documents.ENABLE_AUTO_MERGE
    assert "expectedHeadOid: $head" in documents.ENQUEUE
