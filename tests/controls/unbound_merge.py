"""Merging and arming name no commit: whatever the branch holds at that moment is merged."""

from __future__ import annotations

from app.clients.github import RepositoryClient, documents

UNBOUND = """
mutation EnableAutoMerge($pull: ID!, $headline: String!, $body: String!) {
  enablePullRequestAutoMerge(
    input: { pullRequestId: $pull, mergeMethod: SQUASH, commitHeadline: $headline, commitBody: $body }
  ) { pullRequest { number } }
}
"""


async def merge(self: RepositoryClient, number: int, head_sha: str, headline: str, body: str) -> None:
    """The head is not sent."""
    del head_sha
    data = {"merge_method": "squash", "commit_title": headline, "commit_message": body}
    await self._api.put(f"{self._root}/pulls/{number}/merge", data)


async def enable_auto_merge(
    self: RepositoryClient, pull_node_id: str, head_sha: str, headline: str, body: str
) -> None:
    """The head is not sent."""
    del head_sha
    await self._api.graphql(UNBOUND, pull=pull_node_id, headline=headline, body=body)


def pytest_configure() -> None:
    """The client's verbs are replaced."""
    assert "expectedHeadOid" in documents.ENABLE_AUTO_MERGE
    RepositoryClient.merge = merge  # type: ignore[method-assign]  # the break
    RepositoryClient.enable_auto_merge = enable_auto_merge  # type: ignore[method-assign]  # the break
