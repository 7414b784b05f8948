"""Every GraphQL document that Autofix sends; a test holds each against GitHub's schema."""

PULL_STATE = """
query PullState($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name, followRenames: false) {
    id
    pullRequest(number: $number) {
      author { ...Who }
      headRepository { id }
      state
      createdAt
      isDraft
      merged
      mergedAt
      mergeable
      mergeStateStatus
      headRefOid
      commits(first: 1) { totalCount }
      baseRefName
      baseRef { target { oid } }
      mergeCommit { oid }
      autoMergeRequest { enabledBy { ...Who } }
      isInMergeQueue
      mergeQueueEntry { state enqueuer { ...Who } }
      reviewDecision
      latestOpinionatedReviews(first: 100, writersOnly: true) { nodes { state author { ...Who } } }
      reviewRequests(first: 100) { nodes { requestedReviewer { ... on User { login } } } }
    }
  }
}
fragment Who on Actor {
  __typename
  login
  ... on Bot { databaseId }
  ... on User { databaseId }
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

ENQUEUE = """
mutation Enqueue($pull: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: { pullRequestId: $pull, expectedHeadOid: $head }) {
    mergeQueueEntry { state }
  }
}
"""

DEQUEUE = """
mutation Dequeue($pull: ID!) {
  dequeuePullRequest(input: { id: $pull }) {
    mergeQueueEntry { state }
  }
}
"""

MOVE_BRANCH = """
mutation MoveBranch($repository: ID!, $branch: GitRefname!, $before: GitObjectID!, $after: GitObjectID!) {
  updateRefs(
    input: {
      repositoryId: $repository
      refUpdates: [{ name: $branch, beforeOid: $before, afterOid: $after, force: true }]
    }
  ) {
    clientMutationId
  }
}
"""
