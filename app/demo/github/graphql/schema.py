"""The part of GitHub's GraphQL schema that the stand-in answers, under GitHub's own names."""

from __future__ import annotations

from functools import cache

from graphql import GraphQLSchema, build_schema

SDL = """
scalar DateTime
scalar URI
scalar GitObjectID
scalar GitTimestamp
scalar Base64String
scalar GitRefname

interface Node { id: ID! }
interface Actor { login: String! url: URI! }
interface GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! }

type User implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int name: String }
type Bot implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int }
type Organization implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int name: String }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type RateLimit { limit: Int! cost: Int! remaining: Int! used: Int! resetAt: DateTime! }

type Query {
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  node(id: ID!): Node
  viewer: User!
}

type Repository implements Node {
  id: ID!
  databaseId: Int
  name: String!
  nameWithOwner: String!
  isPrivate: Boolean!
  autoMergeAllowed: Boolean!
  defaultBranchRef: Ref
  pullRequest(number: Int!): PullRequest
  issue(number: Int!): Issue
  object(expression: String, oid: GitObjectID): GitObject
  ref(qualifiedName: String!): Ref
}

type Issue implements Node {
  id: ID! number: Int! title: String! body: String! state: IssueState! closed: Boolean!
  url: URI! author: Actor
}
enum IssueState { OPEN CLOSED }

enum PullRequestState { OPEN CLOSED MERGED }
enum MergeableState { MERGEABLE CONFLICTING UNKNOWN }
enum MergeStateStatus { DIRTY UNKNOWN BLOCKED BEHIND DRAFT UNSTABLE HAS_HOOKS CLEAN }
enum PullRequestReviewDecision { CHANGES_REQUESTED APPROVED REVIEW_REQUIRED }
enum PullRequestMergeMethod { MERGE SQUASH REBASE }
enum StatusState { EXPECTED ERROR FAILURE PENDING SUCCESS }
enum CheckStatusState { REQUESTED QUEUED IN_PROGRESS COMPLETED WAITING PENDING }
enum CheckConclusionState {
  ACTION_REQUIRED TIMED_OUT CANCELLED FAILURE SUCCESS NEUTRAL SKIPPED STARTUP_FAILURE STALE
}

type AutoMergeRequest {
  authorEmail: String
  commitBody: String
  commitHeadline: String
  enabledAt: DateTime
  enabledBy: Actor
  mergeMethod: PullRequestMergeMethod!
  pullRequest: PullRequest!
}

type PullRequest implements Node {
  id: ID!
  databaseId: Int
  number: Int!
  title: String!
  body: String!
  url: URI!
  author: Actor
  state: PullRequestState!
  isDraft: Boolean!
  closed: Boolean!
  closedAt: DateTime
  merged: Boolean!
  mergedAt: DateTime
  mergedBy: Actor
  mergeable: MergeableState!
  mergeStateStatus: MergeStateStatus!
  mergeCommit: Commit
  reviewDecision: PullRequestReviewDecision
  headRefOid: GitObjectID!
  headRefName: String!
  baseRefName: String!
  baseRefOid: GitObjectID!
  baseRef: Ref
  headRepository: Repository
  createdAt: DateTime!
  commits(first: Int, after: String, last: Int, before: String): PullRequestCommitConnection!
  latestOpinionatedReviews(
    first: Int, after: String, last: Int, before: String, writersOnly: Boolean = false
  ): PullRequestReviewConnection
  reviewRequests(first: Int, after: String, last: Int, before: String): ReviewRequestConnection
  isCrossRepository: Boolean!
  isInMergeQueue: Boolean!
  isMergeQueueEnabled: Boolean!
  mergeQueueEntry: MergeQueueEntry
  autoMergeRequest: AutoMergeRequest
  statusCheckRollup: StatusCheckRollup
  viewerCanEnableAutoMerge: Boolean!
  viewerCanDisableAutoMerge: Boolean!
}
type PullRequestCommit implements Node { id: ID! commit: Commit! }
type PullRequestCommitConnection { nodes: [PullRequestCommit] totalCount: Int! pageInfo: PageInfo! }
enum PullRequestReviewState { PENDING COMMENTED APPROVED CHANGES_REQUESTED DISMISSED }
type PullRequestReview implements Node {
  id: ID! state: PullRequestReviewState! author: Actor body: String! submittedAt: DateTime commit: Commit
}
type PullRequestReviewConnection { nodes: [PullRequestReview] totalCount: Int! pageInfo: PageInfo! }
union RequestedReviewer = Bot | User
type ReviewRequest implements Node { id: ID! requestedReviewer: RequestedReviewer }
type ReviewRequestConnection { nodes: [ReviewRequest] totalCount: Int! pageInfo: PageInfo! }
enum MergeQueueEntryState { AWAITING_CHECKS LOCKED MERGEABLE QUEUED UNMERGEABLE }
type MergeQueueEntry implements Node {
  id: ID! state: MergeQueueEntryState! position: Int! enqueuedAt: DateTime! enqueuer: Actor!
  baseCommit: Commit headCommit: Commit pullRequest: PullRequest
}
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! pageInfo: PageInfo! }

enum OrderDirection { ASC DESC }
enum PullRequestOrderField { CREATED_AT UPDATED_AT }
input PullRequestOrder { direction: OrderDirection! field: PullRequestOrderField! }

type App implements Node { id: ID! databaseId: Int name: String! slug: String! }
type CheckSuite implements Node { id: ID! app: App }
type CheckRun implements Node {
  id: ID! databaseId: Int name: String! status: CheckStatusState! conclusion: CheckConclusionState
  detailsUrl: URI checkSuite: CheckSuite!
  isRequired(pullRequestId: ID, pullRequestNumber: Int): Boolean!
}
type StatusContext implements Node {
  id: ID! context: String! state: StatusState! targetUrl: URI description: String creator: Actor
  isRequired(pullRequestId: ID, pullRequestNumber: Int): Boolean!
}
union StatusCheckRollupContext = CheckRun | StatusContext
type StatusCheckRollupContextConnection {
  nodes: [StatusCheckRollupContext] totalCount: Int! pageInfo: PageInfo!
}
type StatusCheckRollup {
  state: StatusState!
  contexts(first: Int, after: String, last: Int, before: String): StatusCheckRollupContextConnection!
}

type GitActor { name: String email: String date: GitTimestamp user: User }
type BlameRange { age: Int! commit: Commit! startingLine: Int! endingLine: Int! }
type Blame { ranges: [BlameRange!]! }
type Commit implements Node & GitObject {
  id: ID!
  oid: GitObjectID!
  abbreviatedOid: String!
  url: URI!
  message: String!
  messageHeadline: String!
  messageBody: String!
  authoredDate: DateTime!
  committedDate: DateTime!
  author: GitActor
  committer: GitActor
  blame(path: String!): Blame!
  associatedPullRequests(
    first: Int, after: String, last: Int, before: String, orderBy: PullRequestOrder
  ): PullRequestConnection
  statusCheckRollup: StatusCheckRollup
}
type Tree implements Node & GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! }
type Blob implements Node & GitObject {
  id: ID! oid: GitObjectID! abbreviatedOid: String! byteSize: Int! isBinary: Boolean text: String
}

type Ref implements Node {
  id: ID!
  name: String!
  prefix: String!
  target: GitObject
  branchProtectionRule: BranchProtectionRule
  refUpdateRule: RefUpdateRule
}
type RequiredStatusCheckDescription { context: String! app: App }
type BranchProtectionRule implements Node {
  id: ID!
  pattern: String!
  allowsDeletions: Boolean!
  allowsForcePushes: Boolean!
  dismissesStaleReviews: Boolean!
  isAdminEnforced: Boolean!
  requiredApprovingReviewCount: Int
  requiredStatusCheckContexts: [String]
  requiredStatusChecks: [RequiredStatusCheckDescription!]
  requiresApprovingReviews: Boolean!
  requiresCodeOwnerReviews: Boolean!
  requiresLinearHistory: Boolean!
  requiresStatusChecks: Boolean!
  requiresStrictStatusChecks: Boolean!
}
type RefUpdateRule {
  pattern: String!
  allowsDeletions: Boolean!
  allowsForcePushes: Boolean!
  requiredApprovingReviewCount: Int
  requiredStatusCheckContexts: [String]
  requiresCodeOwnerReviews: Boolean!
  requiresLinearHistory: Boolean!
  viewerCanPush: Boolean!
}

type Mutation {
  enablePullRequestAutoMerge(input: EnablePullRequestAutoMergeInput!): EnablePullRequestAutoMergePayload
  disablePullRequestAutoMerge(input: DisablePullRequestAutoMergeInput!): DisablePullRequestAutoMergePayload
  mergePullRequest(input: MergePullRequestInput!): MergePullRequestPayload
  convertPullRequestToDraft(input: ConvertPullRequestToDraftInput!): ConvertPullRequestToDraftPayload
  markPullRequestReadyForReview(
    input: MarkPullRequestReadyForReviewInput!
  ): MarkPullRequestReadyForReviewPayload
  createCommitOnBranch(input: CreateCommitOnBranchInput!): CreateCommitOnBranchPayload
  enqueuePullRequest(input: EnqueuePullRequestInput!): EnqueuePullRequestPayload
  dequeuePullRequest(input: DequeuePullRequestInput!): DequeuePullRequestPayload
  updateRefs(input: UpdateRefsInput!): UpdateRefsPayload
}

input UpdateRefsInput { clientMutationId: String refUpdates: [RefUpdate!]! repositoryId: ID! }
input RefUpdate { afterOid: GitObjectID! beforeOid: GitObjectID force: Boolean = false name: GitRefname! }
type UpdateRefsPayload { clientMutationId: String }

input EnqueuePullRequestInput {
  clientMutationId: String expectedHeadOid: GitObjectID jump: Boolean pullRequestId: ID!
}
type EnqueuePullRequestPayload { clientMutationId: String mergeQueueEntry: MergeQueueEntry }
input DequeuePullRequestInput { clientMutationId: String id: ID! }
type DequeuePullRequestPayload { clientMutationId: String mergeQueueEntry: MergeQueueEntry }

input EnablePullRequestAutoMergeInput {
  authorEmail: String
  clientMutationId: String
  commitBody: String
  commitHeadline: String
  expectedHeadOid: GitObjectID
  mergeMethod: PullRequestMergeMethod = MERGE
  pullRequestId: ID!
}
type EnablePullRequestAutoMergePayload { actor: Actor clientMutationId: String pullRequest: PullRequest }
input DisablePullRequestAutoMergeInput { clientMutationId: String pullRequestId: ID! }
type DisablePullRequestAutoMergePayload { actor: Actor clientMutationId: String pullRequest: PullRequest }
input MergePullRequestInput {
  authorEmail: String
  clientMutationId: String
  commitBody: String
  commitHeadline: String
  expectedHeadOid: GitObjectID
  mergeMethod: PullRequestMergeMethod = MERGE
  pullRequestId: ID!
}
type MergePullRequestPayload { actor: Actor clientMutationId: String pullRequest: PullRequest }
input ConvertPullRequestToDraftInput { clientMutationId: String pullRequestId: ID! }
type ConvertPullRequestToDraftPayload { clientMutationId: String pullRequest: PullRequest }
input MarkPullRequestReadyForReviewInput { clientMutationId: String pullRequestId: ID! }
type MarkPullRequestReadyForReviewPayload { clientMutationId: String pullRequest: PullRequest }

input CommittableBranch { id: ID branchName: String repositoryNameWithOwner: String }
input CommitMessage { headline: String! body: String }
input FileAddition { path: String! contents: Base64String! }
input FileDeletion { path: String! }
input FileChanges { additions: [FileAddition!] = [] deletions: [FileDeletion!] = [] }
input CreateCommitOnBranchInput {
  branch: CommittableBranch!
  clientMutationId: String
  expectedHeadOid: GitObjectID!
  fileChanges: FileChanges
  message: CommitMessage!
}
type CreateCommitOnBranchPayload { clientMutationId: String commit: Commit ref: Ref }
"""


@cache
def schema() -> GraphQLSchema:
    """The schema, built once."""
    return build_schema(SDL)
