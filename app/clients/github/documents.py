"""Every GraphQL document that Autofix sends; a test holds each against GitHub's schema."""

PULL_STATE = """
query PullState($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      state
      isDraft
      merged
      mergedAt
      mergeStateStatus
      headRefOid
      baseRefName
      mergeCommit { oid }
      autoMergeRequest { enabledAt }
    }
  }
}
"""

BLAME = """
query Blame($owner: String!, $name: String!, $commit: String!, $path: String!) {
  repository(owner: $owner, name: $name) {
    object(expression: $commit) {
      ... on Commit {
        blame(path: $path) {
          ranges {
            startingLine
            endingLine
            commit {
              oid
              messageHeadline
              committedDate
              author { name user { login } }
              associatedPullRequests(first: 1) { nodes { number } }
            }
          }
        }
      }
    }
  }
}
"""

ENABLE_AUTO_MERGE = """
mutation EnableAutoMerge($pull: ID!, $head: GitObjectID!, $headline: String!, $body: String!) {
  enablePullRequestAutoMerge(
    input: {
      pullRequestId: $pull
      expectedHeadOid: $head
      mergeMethod: SQUASH
      commitHeadline: $headline
      commitBody: $body
    }
  ) {
    pullRequest { number }
  }
}
"""

DISABLE_AUTO_MERGE = """
mutation DisableAutoMerge($pull: ID!) {
  disablePullRequestAutoMerge(input: { pullRequestId: $pull }) {
    pullRequest { number }
  }
}
"""
